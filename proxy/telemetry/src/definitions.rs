//! Every metric, once: name, help, kind, and where in a [`Status`] it stands.
//!
//! Units are the base units of Prometheus, last in the name. Label values are bounded sets: phases, sides, error
//! codes, numbers of lanes; never keys, addresses or anything else that a user or a peer chooses.

use crate::{Phase, Status};

/// How a metric behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows within a run.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Quantiles, a sum and a count.
    Summary,
}

/// One metric.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub help: &'static str,
    pub kind: Kind,
    /// Name of its one label; none where it is empty.
    pub label: &'static str,
    /// Its samples, each with its label's value.
    pub read: fn(&Status) -> Vec<(String, f64)>,
}

/// The latency of batches is the one summary; its sum and count are read where it is rendered.
pub const APPLY_LATENCY: &str = "keyferry_apply_latency_seconds";

const fn counter(name: &'static str, help: &'static str, read: fn(&Status) -> Vec<(String, f64)>) -> Metric {
    Metric { name, help, kind: Kind::Counter, label: "", read }
}

const fn gauge(name: &'static str, help: &'static str, read: fn(&Status) -> Vec<(String, f64)>) -> Metric {
    Metric { name, help, kind: Kind::Gauge, label: "", read }
}

const fn labelled(label: &'static str, metric: Metric) -> Metric {
    Metric { label, ..metric }
}

/// Every metric, in the order in which `/metrics` shows them.
pub const METRICS: &[Metric] = &[
    labelled(
        "phase",
        gauge("keyferry_phase", "1 for the phase that the run is in, 0 for all others.", |status| {
            Phase::ALL.iter().map(|phase| (phase.name().to_owned(), flag(*phase == status.phase))).collect()
        }),
    ),
    gauge("keyferry_phase_seconds", "How long the run has been in its phase.", |s| one(s.phase_seconds)),
    gauge("keyferry_uptime_seconds", "How long the run has lasted.", |s| one(s.uptime_seconds)),
    gauge("keyferry_ready", "1 where the target has caught up with the source.", |s| one(flag(s.ready))),
    gauge(
        "keyferry_paused_lanes",
        "Lanes that stand still: the target does not accept a write, or is out of reach.",
        |s| one(s.paused.len() as f64),
    ),
    // --- the snapshot: gauges, since they start anew where a link was lost and a second snapshot is needed ---
    counter(
        "keyferry_snapshots_total",
        "Snapshots that were begun; more than one means that a link was lost for too long.",
        |s| one(s.snapshot.begun as f64),
    ),
    gauge("keyferry_snapshot_read_bytes", "Bytes of the current snapshot that were read.", |s| {
        one(s.snapshot.bytes_read as f64)
    }),
    gauge("keyferry_snapshot_size_bytes", "Size of the current snapshot, where the source says it.", |s| {
        maybe(s.snapshot.bytes_total)
    }),
    gauge(
        "keyferry_snapshot_keys_expected",
        "Keys that the current snapshot has announced so far, where it does at all.",
        |s| maybe(s.snapshot.keys_expected),
    ),
    labelled(
        "outcome",
        gauge(
            "keyferry_snapshot_keys",
            "Keys of the current snapshot by what became of them: read, applied, filtered by the rules, skipped since the target had them.",
            |s| {
                let keys = &s.snapshot;
                several([
                    ("read", keys.keys_read),
                    ("applied", keys.keys_applied),
                    ("filtered", keys.keys_filtered),
                    ("skipped", keys.keys_skipped),
                ])
            },
        ),
    ),
    // --- the live stream ---
    labelled(
        "outcome",
        counter(
            "keyferry_changes_total",
            "Commands of the live stream by what became of them: read, applied, filtered by the rules.",
            |s| several([("read", s.changes.read), ("applied", s.changes.applied), ("filtered", s.changes.filtered)]),
        ),
    ),
    gauge("keyferry_backlog_bytes", "Bytes read from the source that are held in memory and not yet applied.", |s| {
        one(s.changes.backlog_bytes as f64)
    }),
    gauge(
        "keyferry_backlog_limit_bytes",
        "Bytes of the live stream that may be held in memory (limits.backlog_bytes).",
        |s| one(s.changes.backlog_bytes_max as f64),
    ),
    gauge("keyferry_received_offset_bytes", "Replication offset up to which the source's stream was received.", |s| {
        one(s.lag.received_offset as f64)
    }),
    gauge(
        "keyferry_frontier_offset_bytes",
        "Replication offset up to which everything is applied and acknowledged.",
        |s| one(s.lag.frontier_offset as f64),
    ),
    gauge("keyferry_lag_bytes", "Bytes of the stream that are received and not yet applied.", |s| {
        one(s.lag.bytes as f64)
    }),
    gauge("keyferry_lag_seconds", "How long the oldest byte that is not yet applied has been waiting.", |s| {
        one(s.lag.seconds)
    }),
    // --- the links ---
    counter("keyferry_source_read_bytes_total", "Bytes read from the source.", |s| one(s.source.bytes_read as f64)),
    counter("keyferry_target_sent_bytes_total", "Bytes sent to the target.", |s| one(s.target.bytes_sent as f64)),
    labelled(
        "side",
        counter("keyferry_reconnects_total", "Links that were lost and stand again, by side.", |s| {
            several([("source", s.source.reconnects), ("target", s.target.reconnects)])
        }),
    ),
    labelled(
        "lane",
        gauge("keyferry_lane_in_flight_bytes", "Bytes sent to the target and not yet acknowledged, by lane.", |s| {
            let lanes = s.target.lanes_in_flight_bytes.iter().enumerate();
            lanes.map(|(lane, bytes)| (lane.to_string(), *bytes as f64)).collect()
        }),
    ),
    labelled(
        "code",
        counter("keyferry_error_replies_total", "Error replies of the target, by their first word.", |s| {
            s.errors.iter().map(|(code, count)| ((*code).to_owned(), *count as f64)).collect()
        }),
    ),
    labelled(
        "quantile",
        Metric {
            name: APPLY_LATENCY,
            help: "Time from sending a batch to the target until all its replies are there.",
            kind: Kind::Summary,
            label: "",
            read: |s| {
                let latency = &s.latency;
                [
                    ("0.5", latency.p50_seconds),
                    ("0.99", latency.p99_seconds),
                    ("0.999", latency.p999_seconds),
                    ("1", latency.max_seconds),
                ]
                .map(|(part, seconds)| (part.to_owned(), seconds))
                .into()
            },
        },
    ),
];

fn one(value: f64) -> Vec<(String, f64)> {
    vec![(String::new(), value)]
}

fn maybe(value: Option<u64>) -> Vec<(String, f64)> {
    value.map(|value| (String::new(), value as f64)).into_iter().collect()
}

fn several<const N: usize>(values: [(&str, u64); N]) -> Vec<(String, f64)> {
    values.map(|(label, value)| (label.to_owned(), value as f64)).into()
}

fn flag(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}
