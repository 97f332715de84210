//! Who is measured.

use clap::ValueEnum;
use serde::{Serialize, Serializer};

/// A way to bring the source's data to the target, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    /// No follower: what the source, or this harness, does by itself
    Alone,
    /// The target replicates by itself, with default settings: `REPLICAOF`
    Native,
    /// The same, its snapshot parsed from the socket: `repl-diskless-load on-empty-db`
    NativeDiskless,
    /// `redis-cli --pipe` of RESTORE commands made before: what the target's part costs at least
    RestorePipe,
    /// `keyferry sync`
    Keyferry,
}

impl Contender {
    /// Its name on the command line and in reports.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Contender::Alone => "alone",
            Contender::Native => "native",
            Contender::NativeDiskless => "native-diskless",
            Contender::RestorePipe => "restore-pipe",
            Contender::Keyferry => "keyferry",
        }
    }
}

impl Serialize for Contender {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_command_line() {
        for contender in Contender::value_variants() {
            assert_eq!(Contender::from_str(contender.name(), false), Ok(*contender));
        }
    }
}
