//! The picture of a run at one moment, as every display shows it.

use serde::{Serialize, Serializer};

use crate::Phase;

/// The picture of a run. Times are seconds, sizes bytes. As JSON it is what `/status` answers and what
/// `--format json` writes, one object a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// `migration.name`.
    pub name: String,
    #[serde(serialize_with = "phase_name")]
    pub phase: Phase,
    /// How long it has been in this phase.
    pub phase_seconds: f64,
    pub uptime_seconds: f64,
    /// Whether the target has caught up.
    pub ready: bool,
    pub snapshot: SnapshotStatus,
    pub changes: ChangesStatus,
    pub lag: LagStatus,
    pub source: SourceStatus,
    pub target: TargetStatus,
    pub latency: LatencyStatus,
    /// Error replies of the target by their first word; those never seen are left out.
    #[serde(serialize_with = "as_map")]
    pub errors: Vec<(&'static str, u64)>,
    /// Lanes that stand still, and why.
    pub paused: Vec<PauseStatus>,
}

/// The snapshot that is being carried, or was.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SnapshotStatus {
    /// How many snapshots were begun in this run.
    pub begun: u64,
    /// Whether the current one is on the target in whole: it has been caught up with, or is being.
    pub complete: bool,
    pub bytes_read: u64,
    /// Unknown where the source sends the snapshot without writing it to disk first.
    pub bytes_total: Option<u64>,
    /// Keys that the snapshot has announced so far: db by db, where it does at all.
    pub keys_expected: Option<u64>,
    pub keys_read: u64,
    pub keys_applied: u64,
    /// Left out by the rules.
    pub keys_filtered: u64,
    /// Left out since the target had them.
    pub keys_skipped: u64,
}

/// The live stream, in commands.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ChangesStatus {
    pub read: u64,
    pub applied: u64,
    pub filtered: u64,
    /// Bytes read from the source, of snapshot and stream, held in memory and not yet applied.
    pub backlog_bytes: u64,
    /// What may be held of the stream.
    pub backlog_bytes_max: u64,
}

/// How far the target is behind.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LagStatus {
    /// The source's stream is received up to here.
    pub received_offset: u64,
    /// All of it up to here is applied and acknowledged.
    pub frontier_offset: u64,
    /// What lies between.
    pub bytes: u64,
    /// How long the oldest byte between has been waiting.
    pub seconds: f64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SourceStatus {
    /// Without user and password.
    pub url: String,
    pub bytes_read: u64,
    pub reconnects: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TargetStatus {
    /// Without user and password.
    pub url: String,
    pub bytes_sent: u64,
    pub reconnects: u64,
    /// Bytes sent and not yet acknowledged, lane by lane.
    pub lanes_in_flight_bytes: Vec<u64>,
}

/// How long batches take from being sent to being acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LatencyStatus {
    pub batches: u64,
    pub sum_seconds: f64,
    pub p50_seconds: f64,
    pub p99_seconds: f64,
    pub p999_seconds: f64,
    pub max_seconds: f64,
}

/// A lane that stands still.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PauseStatus {
    pub lane: usize,
    /// What the target does not accept, or that it is out of reach.
    pub reason: String,
    /// For how long.
    pub seconds: f64,
}

fn phase_name<S: Serializer>(phase: &Phase, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(phase.name())
}

fn as_map<S: Serializer>(errors: &[(&'static str, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(errors.iter().copied())
}
