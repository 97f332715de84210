//! The sections of a migration as they are meant: typed, in range, every default filled in.
//!
//! What each field is called in the file, its default and its range stand where it is read, in the modules under
//! `read`; the reference page is made from the same lines.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Endpoint;

/// When a migration ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Snapshot, then every change, until told to stop.
    #[default]
    Follow,
    /// Snapshot, then changes until the target has everything that the source had; then stop.
    UntilCaughtUp,
    /// The snapshot alone.
    SnapshotOnly,
}

/// What happens when the target refuses a write for good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Nothing behind the refused write is applied, and the run ends saying which write it was. Never skipped.
    #[default]
    Stop,
}

/// The server that is carried away from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub endpoint: Endpoint,
    /// How we present ourselves as a replica.
    pub replica: Replica,
}

/// How we present ourselves to the source as a replica.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replica {
    /// Port shown in the source's `INFO replication` and `ROLE`; 0 shows none.
    pub announced_port: u16,
    /// Address shown there; `None` is the one that we connect from.
    pub announced_ip: Option<String>,
    /// Which command asks for the stream.
    pub command: ReplicaCommand,
}

/// Which command asks the source for its stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplicaCommand {
    /// `PSYNC`, and `SYNC` where the source does not know it.
    #[default]
    Psync,
    /// `SYNC` at once: a broken link then always means a new snapshot.
    Sync,
}

/// The server that is carried to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub endpoint: Endpoint,
    /// What happens to a key of the snapshot that the target has already.
    pub on_existing: OnExisting,
    /// Whether every key on the target is deleted first. Only by the words in [`FLUSH_WORDS`].
    pub flush: bool,
    /// Protocol spoken with the target.
    pub protocol: Protocol,
}

/// The words that allow a flush of the target.
pub const FLUSH_WORDS: &str = "delete-all-keys-on-target";

/// The words that switch the verification of a certificate off.
pub const VERIFY_OFF_WORDS: &str = "accept-any-certificate";

/// What happens to a key of the snapshot that the target has already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnExisting {
    /// The source's value takes its place.
    #[default]
    Replace,
    /// The target's value stays; changes of the live stream still apply to it.
    Skip,
    /// The run ends and names the key.
    Error,
}

/// Protocol spoken with a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// RESP2: no `HELLO` is sent.
    #[default]
    Resp2,
    /// RESP3 by `HELLO 3`; a server that does not know it is an error.
    Resp3,
    /// RESP3 where the server knows it, RESP2 elsewhere.
    Auto,
}

/// Bounds on memory and speed. Sizes are bytes, speeds are per second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Parallel ordered connections to the target.
    pub lanes: usize,
    /// What may be held of the live stream: read from the source and not yet applied.
    pub backlog_bytes: u64,
    /// What may be held of the snapshot: read from the source and not yet applied.
    pub snapshot_buffer_bytes: u64,
    /// Bytes sent to the target and not yet acknowledged, over all lanes.
    pub in_flight_bytes: u64,
    /// Values above this are carried in pieces instead of as one `RESTORE`.
    pub value_bytes_max: u64,
    /// Commands a second to the target; `None` is as fast as it goes.
    pub commands_per_second: Option<u64>,
    /// Bytes a second to the target; `None` is as fast as it goes.
    pub bytes_per_second: Option<u64>,
}

/// What of the snapshot is carried besides keys, values and deadlines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Whether `RESTORE` carries `IDLETIME`/`FREQ`, so that eviction on the target starts from the source's knowledge.
    pub carry_eviction: bool,
}

/// How long is waited for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection to stand: name look-up, TCP, TLS and log-in together.
    pub connect: Duration,
    /// For a reply that a server owes us.
    pub reply: Duration,
    /// For any byte of the source, before its link counts as lost.
    pub source_idle: Duration,
    /// First pause before a lost link is tried again; it doubles from attempt to attempt.
    pub backoff_min: Duration,
    /// Longest such pause.
    pub backoff_max: Duration,
    /// How long a link may stay lost before the run gives up; `None` is for ever.
    pub reconnect_for: Option<Duration>,
    /// How long a stop waits for the lanes to drain.
    pub drain: Duration,
}

/// The HTTP pages: metrics, status, health.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Admin {
    /// Where they are served; `None` is nowhere.
    pub listen: Option<SocketAddr>,
}

/// What is logged, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// A level, or a list of `room=level` as tracing's filters have them.
    pub filter: String,
    pub format: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

// === the defaults ===

/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            lanes: 1,
            backlog_bytes: 256 * MIB,
            snapshot_buffer_bytes: 8 * MIB,
            in_flight_bytes: 8 * MIB,
            value_bytes_max: 8 * MIB,
            commands_per_second: None,
            bytes_per_second: None,
        }
    }
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(5),
            reply: Duration::from_secs(30),
            // The default of `repl-timeout`: by then the source has given us up as well.
            source_idle: Duration::from_secs(60),
            backoff_min: Duration::from_millis(100),
            backoff_max: Duration::from_secs(10),
            reconnect_for: None,
            drain: Duration::from_secs(30),
        }
    }
}

impl Default for Log {
    fn default() -> Log {
        Log { filter: "info".to_owned(), format: LogFormat::Text }
    }
}
