//! Reads the sections that are no end of the migration: limits, time-outs, pages, log.

use std::time::Duration;

use crate::error::{Error, Place};
use crate::kind::{Choice, Count, Listen, Maybe, Size, Text, Time, YesNo};
use crate::section::{Field, Section};
use crate::{Admin, Limits, Log, LogFormat, Mode, OnError, Snapshot, Timeouts};

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Reads `[migration]`.
pub(crate) fn migration(document: &mut Section<'_>) -> Result<(String, Mode, OnError), Error> {
    document.section("migration", "What the migration is called and when it ends.", |section| {
        let name = section.read(Field {
            name: "name",
            kind: Text,
            default: "migration".to_owned(),
            about: "What the migration is called in logs, on the status page and in the servers' `CLIENT LIST`.",
            edge: "A server that refuses the name as a client's name goes without it.",
        })?;
        let mode = section.read(Field {
            name: "mode",
            kind: Choice(&[
                ("follow", Mode::Follow),
                ("until-caught-up", Mode::UntilCaughtUp),
                ("snapshot-only", Mode::SnapshotOnly),
            ]),
            default: Mode::Follow,
            about: "When it ends: when told to stop (SIGINT, SIGTERM), when the target has everything that the source had, or after the snapshot alone. Flags `--until-caught-up` and `--snapshot-only`.",
            edge: "`snapshot-only` carries no write that comes after the snapshot began.",
        })?;
        let on_error = section.read(Field {
            name: "on_error",
            kind: Choice(&[("stop", OnError::Stop)]),
            default: OnError::Stop,
            about: "What happens when the target refuses a write for good: nothing behind it is applied, and the run ends saying which write it was.",
            edge: "Errors that pass (`-LOADING`, `-OOM`, `-READONLY` …) are waited out first. Skipping a write is not supported by this version.",
        })?;
        Ok((name, mode, on_error))
    })
}

/// Reads `[limits]`.
pub(crate) fn limits(document: &mut Section<'_>) -> Result<Limits, Error> {
    let default = Limits::default();
    document.section("limits", "Bounds on memory and speed.", |section| {
        let lanes = section.read(Field {
            name: "lanes",
            kind: Count(1..=64),
            default: default.lanes as u64,
            about: "Parallel connections to the target. Writes of one key always take the same one, in order.",
            edge: "For each db that is used. More lanes help where one connection is the limit: a target of several I/O threads, TLS, a long way. Commands of several keys then make lanes wait for each other.",
        })?;
        let backlog_bytes = section.read(Field {
            name: "backlog_bytes",
            kind: Size(MIB..=TIB),
            default: default.backlog_bytes,
            about: "What may be held in memory of the live stream: read from the source and not yet applied.",
            edge: "Above it the run ends with an error that says so; the source is never slowed down. Choose it above what the source writes while the target is busy or out of reach.",
        })?;
        let snapshot_buffer_bytes = section.read(Field {
            name: "snapshot_buffer_bytes",
            kind: Size(64 * KIB..=16 * GIB),
            default: default.snapshot_buffer_bytes,
            about: "What may be held in memory of the snapshot: read from the source and not yet applied.",
            edge: "Full, the rest of the snapshot waits on the link until the target has taken some; the source keeps its changes for us meanwhile, within its `client-output-buffer-limit replica`.",
        })?;
        let in_flight_bytes = section.read(Field {
            name: "in_flight_bytes",
            kind: Size(64 * KIB..=16 * GIB),
            default: default.in_flight_bytes,
            about: "Bytes sent to the target and not yet acknowledged by it, over all lanes.",
            edge: "Full, sending waits for replies. A single command larger than this still goes, alone.",
        })?;
        let value_bytes_max = section.read(Field {
            name: "value_bytes_max",
            kind: Size(64 * KIB..=GIB),
            default: default.value_bytes_max,
            about: "Values whose snapshot form is larger are carried in pieces, by plain commands, instead of as one `RESTORE`.",
            edge: "Smaller values save memory; larger ones keep more values exact to the encoding.",
        })?;
        let (commands_per_second, bytes_per_second) = throttle(section)?;
        let lanes = usize::try_from(lanes).unwrap_or(default.lanes);
        Ok(Limits {
            lanes,
            backlog_bytes,
            snapshot_buffer_bytes,
            in_flight_bytes,
            value_bytes_max,
            commands_per_second,
            bytes_per_second,
        })
    })
}

fn throttle(section: &mut Section<'_>) -> Result<(Option<u64>, Option<u64>), Error> {
    let commands = section.read(Field {
        name: "commands_per_second",
        kind: Maybe(Count(1..=u64::MAX)),
        default: None,
        about: "Commands a second to the target, snapshot and changes together.",
        edge: "Below what the source writes, the backlog grows until it is full.",
    })?;
    let bytes = section.read(Field {
        name: "bytes_per_second",
        kind: Maybe(Size(KIB..=u64::MAX)),
        default: None,
        about: "Bytes a second to the target, snapshot and changes together.",
        edge: "Below what the source writes, the backlog grows until it is full.",
    })?;
    Ok((commands, bytes))
}

/// Reads `[snapshot]`.
pub(crate) fn snapshot(document: &mut Section<'_>) -> Result<Snapshot, Error> {
    document.section("snapshot", "What of the snapshot is carried.", |section| {
        let carry_eviction = section.read(Field {
            name: "carry_eviction",
            kind: YesNo,
            default: Snapshot::default().carry_eviction,
            about: "Whether the idle time or access frequency of a key is carried, for a target that evicts (`maxmemory-policy` with LRU or LFU).",
            edge: "The source writes the one or the other into its snapshot only under such a policy of its own; elsewhere this changes nothing.",
        })?;
        Ok(Snapshot { carry_eviction })
    })
}

/// Reads `[timeouts]`.
pub(crate) fn timeouts(document: &mut Section<'_>) -> Result<Timeouts, Error> {
    let default = Timeouts::default();
    document.section("timeouts", "How long is waited for whom.", |section| {
        let millisecond = Duration::from_millis(1);
        let second = Duration::from_secs(1);
        let connect = section.read(Field {
            name: "connect",
            kind: Time(10 * millisecond..=HOUR),
            default: default.connect,
            about: "For a connection to stand: name look-up, TCP, TLS and log-in together.",
            edge: "Over it, the attempt failed; a first attempt ends the run, a later one is repeated.",
        })?;
        let reply = section.read(Field {
            name: "reply",
            kind: Time(10 * millisecond..=DAY),
            default: default.reply,
            about: "For a reply that a server owes us.",
            edge: "Over it, the link counts as lost. Choose it above the longest script or `FLUSHALL` of the target.",
        })?;
        let source_idle = section.read(Field {
            name: "source_idle",
            kind: Time(second..=DAY),
            default: default.source_idle,
            about: "For any byte of the source, which sends a ping every `repl-ping-replica-period` (10 s).",
            edge: "Over it, the link counts as lost. Best as the source's `repl-timeout`.",
        })?;
        let (backoff_min, backoff_max, reconnect_for) = reconnect(section)?;
        let drain = section.read(Field {
            name: "drain",
            kind: Time(Duration::ZERO..=DAY),
            default: default.drain,
            about: "For the lanes to drain when the run is told to stop.",
            edge: "Over it, the run ends with an error that says how much was left.",
        })?;
        Ok(Timeouts { connect, reply, source_idle, backoff_min, backoff_max, reconnect_for, drain })
    })
}

fn reconnect(section: &mut Section<'_>) -> Result<(Duration, Duration, Option<Duration>), Error> {
    let default = Timeouts::default();
    let millisecond = Duration::from_millis(1);
    let least = section.read(Field {
        name: "backoff_min",
        kind: Time(millisecond..=HOUR),
        default: default.backoff_min,
        about: "First pause before a lost link is tried again; it doubles from attempt to attempt.",
        edge: "Each pause is shortened by chance, so that many runs do not knock at once.",
    })?;
    let most = section.placed(Field {
        name: "backoff_max",
        kind: Time(millisecond..=HOUR),
        default: default.backoff_max,
        about: "Longest such pause.",
        edge: "Below `backoff_min` it is refused.",
    })?;
    let reconnect_for = section.read(Field {
        name: "reconnect_for",
        kind: Maybe(Time(Duration::ZERO..=30 * DAY)),
        default: None,
        about: "How long a link may stay lost before the run gives up. Left out: for ever.",
        edge: "Over it, the run ends with the last error of the link.",
    })?;
    if most.value < least {
        let place =
            most.place.or_else(|| section.place().cloned()).unwrap_or_else(|| Place::Flag("settings".to_owned()));
        return Err(Error::Conflict {
            place,
            problem: "timeouts.backoff_max is below timeouts.backoff_min".to_owned(),
        });
    }
    Ok((least, most.value, reconnect_for))
}

/// Reads `[admin]`.
pub(crate) fn admin(document: &mut Section<'_>) -> Result<Admin, Error> {
    document.section("admin", "The HTTP pages /metrics, /status, /healthz and /readyz.", |section| {
        let listen = section.read(Field {
            name: "listen",
            kind: Maybe(Listen),
            default: None,
            about: "Where the pages are served. Left out: nowhere.",
            edge: "The pages hold no secret, but whoever reaches them can read them: prefer a loopback address. Port 0 takes a free one and logs it.",
        })?;
        Ok(Admin { listen })
    })
}

/// Reads `[log]`.
pub(crate) fn log(document: &mut Section<'_>) -> Result<Log, Error> {
    let default = Log::default();
    document.section("log", "What is logged to standard error, and how.", |section| {
        let filter = section.read(Field {
            name: "level",
            kind: Text,
            default: default.filter,
            about: "`error`, `warn`, `info`, `debug` or `trace`; or a list such as `info,keyferry_link=debug`.",
            edge: "A filter that cannot be read ends the run before it begins.",
        })?;
        let format = section.read(Field {
            name: "format",
            kind: Choice(&[("text", LogFormat::Text), ("json", LogFormat::Json)]),
            default: default.format,
            about: "Lines for people, or one JSON object a line.",
            edge: "Secrets appear in neither.",
        })?;
        Ok(Log { filter, format })
    })
}
