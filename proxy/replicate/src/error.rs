//! Why a migration ended before its end.

use std::fmt;
use std::time::Duration;

use record::{Db, Escaped, Offset};
use telemetry::Side;

/// Why a migration ended before its end. The text is for the operator: what happened, where, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source cannot be reached or let in, and trying again will not change that.
    #[error("source: {reason}")]
    Source { reason: String },
    /// The same of the target.
    #[error("target: {reason}")]
    Target { reason: String },
    /// What the source sent as its snapshot is none.
    #[error("the source's snapshot cannot be read at byte {at}: {reason}")]
    Snapshot { at: u64, reason: String },
    /// What the source sent as its stream is none.
    #[error("the source's replication stream cannot be read near offset {offset}: {reason}")]
    Stream { offset: Offset, reason: String },
    /// A command whose keys cannot be told.
    #[error(
        "{place}: {reason}; exclude the command by rules.exclude.command, or run without rules and with limits.lanes = 1"
    )]
    NotUnderstood { place: Place, reason: String },
    /// A command of which the rules pass only a part.
    #[error("{place}: {reason}")]
    RuleRefusal { place: Place, reason: String },
    /// The target refused a write for good.
    #[error(
        "the target refused {place}: {error}. Nothing behind it was applied to its keys; mend the cause and start again"
    )]
    Refused { place: Place, error: String },
    /// A key of the snapshot stands on the target already, and the settings say that this is an error.
    #[error("key {} in db {db} exists on the target already, and target.on_existing is \"error\"; choose \"replace\" or \"skip\", or empty the target", Escaped(.key))]
    Exists { db: Db, key: Vec<u8> },
    /// A write whose outcome is not known cannot be settled.
    #[error(
        "{place} was on its way when the link to the target broke, and whether it was applied cannot be found out; start again with a new snapshot"
    )]
    Unsettled { place: Place },
    /// The target's process is another than at the beginning.
    #[error(
        "the target was restarted, or another server stands in its place: writes that it had acknowledged may be lost, and which ones nobody can tell. Start again: a new snapshot brings every key anew (keys that the source deletes in between stay, unless the target is emptied first)"
    )]
    TargetRestarted,
    /// A second snapshot is needed, and keys of the first cannot be told from those that were there before.
    #[error(
        "the source has to send its snapshot again, and with target.on_existing other than \"replace\" the keys that the first one wrote cannot be told from those that were there before; start again, with an empty target or with \"replace\""
    )]
    SnapshotAgain,
    /// More changes came than the target took and the memory holds.
    #[error(
        "the backlog is full: {held} bytes of changes wait for the target and limits.backlog_bytes is {limit}; the target takes changes more slowly than the source makes them. Raise limits.backlog_bytes, or start again when the source is quieter"
    )]
    BacklogFull { held: usize, limit: u64 },
    /// A link stayed lost for longer than the settings allow.
    #[error("the {} stayed out of reach for {for_:?} (timeouts.reconnect_for): {reason}", side_name(*.side))]
    OutOfReach { side: Side, for_: Duration, reason: String },
    /// Told to stop, but the target did not take what was on its way in time.
    #[error(
        "stopped, but {bytes} bytes of changes could not be applied within {within:?} (timeouts.drain); the target is complete up to offset {frontier} of the source"
    )]
    NotDrained { bytes: usize, within: Duration, frontier: Offset },
    /// A mistake of ours.
    #[error("internal error: {0}; please report it")]
    Internal(String),
}

/// What kind of end an error is, for the program's exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitKind {
    /// A server cannot be reached, or does not let us in.
    Unreachable,
    /// What was to be carried cannot be: refused by the target or by the rules, unreadable, or too much.
    Data,
    /// Told to stop, with changes left over.
    NotDrained,
    /// A mistake of ours.
    Internal,
}

/// A command in the stream, for messages: its name and first key, never its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    command: String,
    key: Option<Vec<u8>>,
    offset: Offset,
}

// === impl Error ===

impl Error {
    /// Which exit code fits.
    pub fn exit_kind(&self) -> ExitKind {
        match self {
            Error::Source { .. } | Error::Target { .. } | Error::OutOfReach { .. } => ExitKind::Unreachable,
            Error::NotDrained { .. } => ExitKind::NotDrained,
            Error::Internal(_) => ExitKind::Internal,
            Error::Snapshot { .. }
            | Error::Stream { .. }
            | Error::NotUnderstood { .. }
            | Error::RuleRefusal { .. }
            | Error::Refused { .. }
            | Error::Exists { .. }
            | Error::Unsettled { .. }
            | Error::SnapshotAgain
            | Error::TargetRestarted
            | Error::BacklogFull { .. } => ExitKind::Data,
        }
    }
}

// === impl Place ===

impl Place {
    /// The command of these arguments. The first argument is taken for its key, as it is for nearly all, behind a
    /// sub-command the second; a value is never shown.
    pub fn at(offset: Offset, args: &[&[u8]]) -> Place {
        let name = args.first().copied().unwrap_or_default();
        let command = String::from_utf8_lossy(name.get(..name.len().min(64)).unwrap_or_default()).to_ascii_uppercase();
        let key_at = match command.as_str() {
            "EVAL" | "EVALSHA" | "FCALL" | "FUNCTION" | "SCRIPT" | "AUTH" | "HELLO" | "CONFIG" | "PUBLISH"
            | "SPUBLISH" => None,
            "XGROUP" => Some(2),
            _ => Some(1),
        };
        Place { command, key: key_at.and_then(|at: usize| args.get(at)).map(|key| key.to_vec()), offset }
    }

    /// The command's name, upper case.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// Its first key.
    pub fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.command)?;
        if let Some(key) = &self.key {
            write!(f, " {}", Escaped(key))?;
        }
        write!(f, " (offset {})", self.offset)
    }
}

fn side_name(side: Side) -> &'static str {
    match side {
        Side::Source => "source",
        Side::Target => "target",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_names_command_and_key_and_never_a_value() {
        for (args, expected) in [
            (&[&b"set"[..], b"k", b"secret"][..], "SET \"k\" (offset 7)"),
            (&[b"XGROUP", b"CREATE", b"s", b"g"], "XGROUP \"s\" (offset 7)"),
            (&[b"EVAL", b"secret", b"0"], "EVAL (offset 7)"),
            (&[b"PUBLISH", b"c", b"secret"], "PUBLISH (offset 7)"),
            (&[b"FLUSHALL"], "FLUSHALL (offset 7)"),
        ] {
            assert_eq!(Place::at(Offset(7), args).to_string(), expected);
        }
    }
}
