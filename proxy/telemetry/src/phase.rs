//! How far a run has come.

use std::fmt;

use serde::Serialize;

/// One end of a migration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    Source,
    Target,
}

/// How far a run has come. That a lane waits for the target is no phase
/// ([`Progress::paused`](crate::Progress::paused)): it can happen in several of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Connecting to both ends and checking them.
    #[default]
    Connecting,
    /// Introducing ourselves to the source as a replica.
    Handshake,
    /// The source prepares its snapshot (BGSAVE).
    WaitingForSnapshot,
    /// The snapshot arrives and is applied.
    Snapshot,
    /// The snapshot is applied; changes that came meanwhile are not yet all applied.
    CatchingUp,
    /// Caught up; changes are applied as they come.
    Following,
    /// The link to one end is lost and is being made again.
    Reconnecting { side: Side },
    /// Told to stop: what was read is still being applied.
    Stopping,
    /// Ended as it was meant to.
    Done,
}

impl Phase {
    /// Every phase, in the order in which a run goes through them.
    pub const ALL: [Phase; 10] = [
        Phase::Connecting,
        Phase::Handshake,
        Phase::WaitingForSnapshot,
        Phase::Snapshot,
        Phase::CatchingUp,
        Phase::Following,
        Phase::Reconnecting { side: Side::Source },
        Phase::Reconnecting { side: Side::Target },
        Phase::Stopping,
        Phase::Done,
    ];

    /// The phase's name in metrics and JSON: stable, lower case, with dashes.
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Connecting => "connecting",
            Phase::Handshake => "handshake",
            Phase::WaitingForSnapshot => "waiting-for-snapshot",
            Phase::Snapshot => "snapshot",
            Phase::CatchingUp => "catching-up",
            Phase::Following => "following",
            Phase::Reconnecting { side: Side::Source } => "reconnecting-source",
            Phase::Reconnecting { side: Side::Target } => "reconnecting-target",
            Phase::Stopping => "stopping",
            Phase::Done => "done",
        }
    }

    /// Whether the target holds everything the source held but for the lag.
    pub const fn is_ready(self) -> bool {
        matches!(self, Phase::Following | Phase::Done)
    }
}

/// The phase for people.
impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Phase::WaitingForSnapshot => "waiting for BGSAVE",
            Phase::CatchingUp => "catching up",
            Phase::Reconnecting { side: Side::Source } => "reconnecting to the source",
            Phase::Reconnecting { side: Side::Target } => "reconnecting to the target",
            other => other.name(),
        })
    }
}
