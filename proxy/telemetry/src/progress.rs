//! The one place that the pipeline reports to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use record::Offset;
use settings::Settings;

use crate::Phase;
use crate::errors::Errors;
use crate::lag::Lag;
use crate::status::{
    ChangesStatus, LagStatus, LatencyStatus, PauseStatus, SnapshotStatus, SourceStatus, Status, TargetStatus,
};

/// What a run has done so far. Shared by `Arc`; every method takes `&self` and none blocks for longer than a copy.
#[derive(Debug)]
pub struct Progress {
    about: About,
    phase: Mutex<(Phase, Instant)>,
    snapshot: Snapshot,
    changes: Changes,
    links: Links,
    lag: Mutex<Lag>,
    latency: Mutex<Latency>,
    errors: Errors,
    /// Lanes that stand still, why, and since when.
    paused: Mutex<BTreeMap<usize, (String, Instant)>>,
}

/// What does not change during a run.
#[derive(Debug)]
struct About {
    name: String,
    source: String,
    target: String,
    backlog_bytes_max: u64,
    started: Instant,
}

#[derive(Debug, Default)]
struct Snapshot {
    bytes_read: AtomicU64,
    /// 0 where the source did not say.
    bytes_total: AtomicU64,
    /// By the snapshot itself, db by db, so that it grows; 0 where it says nothing.
    keys_announced: AtomicU64,
    read: AtomicU64,
    applied: AtomicU64,
    filtered: AtomicU64,
    skipped: AtomicU64,
    /// Whether the current one is on the target in whole.
    complete: AtomicBool,
    /// How many snapshots were begun: more than one where a link was lost beyond the source's backlog.
    begun: AtomicU64,
}

#[derive(Debug, Default)]
struct Changes {
    read: AtomicU64,
    applied: AtomicU64,
    filtered: AtomicU64,
    backlog_bytes: AtomicU64,
}

/// Latencies of batches, in microseconds.
#[derive(Debug)]
struct Latency {
    quantiles: Histogram<u64>,
    /// Exact, where the histogram rounds: a sum that Prometheus makes rates of must never shrink.
    sum_us: u64,
}

#[derive(Debug)]
struct Links {
    source_bytes: AtomicU64,
    target_bytes: AtomicU64,
    source_reconnects: AtomicU64,
    target_reconnects: AtomicU64,
    /// Bytes sent and not yet acknowledged, by lane.
    in_flight_bytes: Vec<AtomicU64>,
}

/// The longest latency that is told apart, in microseconds: an hour.
const LATENCY_US_MAX: u64 = 3_600_000_000;
/// Two digits: a latency is known to one per cent, in some 30 KiB.
const LATENCY_DIGITS: u8 = 2;

// === impl Progress ===

impl Progress {
    /// A run of these settings that begins at `now`.
    pub fn new(settings: &Settings, now: Instant) -> Progress {
        let latency = Histogram::new_with_max(LATENCY_US_MAX, LATENCY_DIGITS);
        Progress {
            about: About {
                name: settings.name.clone(),
                // An endpoint shows itself without user and password.
                source: settings.source.endpoint.to_string(),
                target: settings.target.endpoint.to_string(),
                backlog_bytes_max: settings.limits.backlog_bytes,
                started: now,
            },
            phase: Mutex::new((Phase::default(), now)),
            snapshot: Snapshot::default(),
            changes: Changes::default(),
            links: Links::new(settings.limits.lanes),
            lag: Mutex::new(Lag::default()),
            latency: Mutex::new(Latency {
                quantiles: latency.expect("both bounds are constants that a histogram accepts"),
                sum_us: 0,
            }),
            errors: Errors::default(),
            paused: Mutex::new(BTreeMap::new()),
        }
    }

    /// The run is in this phase from `now` on. Saying the same phase again changes nothing.
    pub fn phase(&self, phase: Phase, now: Instant) {
        if matches!(phase, Phase::CatchingUp | Phase::Following) {
            self.snapshot.complete.store(true, Ordering::Relaxed);
        }
        let mut current = lock(&self.phase);
        if current.0 != phase {
            tracing::info!(phase = phase.name(), from = current.0.name(), "phase");
            *current = (phase, now);
        }
    }

    /// The phase that the run is in.
    pub fn current_phase(&self) -> Phase {
        lock(&self.phase).0
    }

    // --- the snapshot ---

    /// A snapshot begins, of this many bytes where the source says how many. Counts of an earlier one start anew.
    pub fn snapshot_begins(&self, bytes_total: Option<u64>) {
        let snapshot = &self.snapshot;
        for count in [
            &snapshot.bytes_read,
            &snapshot.read,
            &snapshot.applied,
            &snapshot.filtered,
            &snapshot.skipped,
            &snapshot.keys_announced,
        ] {
            count.store(0, Ordering::Relaxed);
        }
        snapshot.bytes_total.store(bytes_total.unwrap_or(0), Ordering::Relaxed);
        snapshot.complete.store(false, Ordering::Relaxed);
        add(&snapshot.begun, 1);
    }

    /// The snapshot says that this many more keys are to come, db by db.
    pub fn keys_announced(&self, keys: u64) {
        add(&self.snapshot.keys_announced, keys);
    }

    /// More bytes of the snapshot were read.
    pub fn snapshot_read(&self, bytes: u64) {
        add(&self.snapshot.bytes_read, bytes);
    }

    /// More keys were decoded out of the snapshot.
    pub fn entries_read(&self, count: u64) {
        add(&self.snapshot.read, count);
    }

    /// More keys of the snapshot were left out by the rules.
    pub fn entries_filtered(&self, count: u64) {
        add(&self.snapshot.filtered, count);
    }

    /// More keys of the snapshot were left out since the target had them (`on_existing = "skip"`).
    pub fn entries_skipped(&self, count: u64) {
        add(&self.snapshot.skipped, count);
    }

    // --- the live stream ---

    /// More commands were read from the live stream.
    pub fn changes_read(&self, count: u64) {
        add(&self.changes.read, count);
    }

    /// More of them were left out by the rules.
    pub fn changes_filtered(&self, count: u64) {
        add(&self.changes.filtered, count);
    }

    /// So many bytes are read from the source, held in memory and not yet applied.
    pub fn backlog(&self, bytes: u64) {
        self.changes.backlog_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Offsets begin here: a snapshot's offset, or a history that goes on under another id.
    pub fn offsets_begin(&self, offset: Offset) {
        lock(&self.lag).restart(offset);
    }

    /// The stream was received up to here.
    pub fn received(&self, offset: Offset, now: Instant) {
        lock(&self.lag).received(offset, now);
    }

    /// Everything up to here is applied and acknowledged.
    pub fn frontier(&self, offset: Offset) {
        lock(&self.lag).frontier(offset);
    }

    // --- the links ---

    /// More bytes came from the source, of whatever kind.
    pub fn source_bytes(&self, bytes: u64) {
        add(&self.links.source_bytes, bytes);
    }

    /// More bytes went to the target, of whatever kind.
    pub fn sent_bytes(&self, bytes: u64) {
        add(&self.links.target_bytes, bytes);
    }

    /// So many bytes of this lane are sent and not yet acknowledged. A lane that does not exist is left out.
    pub fn in_flight(&self, lane: usize, bytes: u64) {
        if let Some(gauge) = self.links.in_flight_bytes.get(lane) {
            gauge.store(bytes, Ordering::Relaxed);
        }
    }

    /// A batch of so many keys of the snapshot and commands of the stream is applied and acknowledged.
    pub fn applied(&self, entries: u64, changes: u64) {
        add(&self.snapshot.applied, entries);
        add(&self.changes.applied, changes);
    }

    /// A batch is acknowledged this long after it was sent.
    pub fn apply_latency(&self, after: Duration) {
        let micros = u64::try_from(after.as_micros()).unwrap_or(u64::MAX).min(LATENCY_US_MAX);
        let mut latency = lock(&self.latency);
        latency.quantiles.saturating_record(micros);
        latency.sum_us = latency.sum_us.saturating_add(micros);
    }

    /// The link to the source was lost and stands again.
    pub fn source_reconnect(&self) {
        add(&self.links.source_reconnects, 1);
    }

    /// A lane's link to the target was lost and stands again.
    pub fn target_reconnect(&self) {
        add(&self.links.target_reconnects, 1);
    }

    // --- errors ---

    /// The target answered with an error: counted by its first word.
    pub fn target_error(&self, reply: impl AsRef<[u8]>) {
        self.errors.count(reply.as_ref());
    }

    /// A lane stands still, for this reason: a write that the target does not accept now, or a target out of reach.
    /// The reason holds no value and no secret. A lane that stood still already keeps its time.
    pub fn paused(&self, lane: usize, reason: &str) {
        let mut paused = lock(&self.paused);
        let since = paused.get(&lane).map_or_else(Instant::now, |(_, since)| *since);
        paused.insert(lane, (reason.to_owned(), since));
    }

    /// A lane moves again.
    pub fn resumed(&self, lane: usize) {
        lock(&self.paused).remove(&lane);
    }

    // --- the picture ---

    /// The picture of the run at `now`. Counts are read one by one: two of them may be a batch apart.
    pub fn status(&self, now: Instant) -> Status {
        let (phase, since) = *lock(&self.phase);
        Status {
            name: self.about.name.clone(),
            phase,
            phase_seconds: seconds(now, since),
            uptime_seconds: seconds(now, self.about.started),
            ready: phase.is_ready(),
            snapshot: self.snapshot.status(),
            changes: self.changes.status(self.about.backlog_bytes_max),
            lag: self.lag_status(now),
            source: SourceStatus {
                url: self.about.source.clone(),
                bytes_read: load(&self.links.source_bytes),
                reconnects: load(&self.links.source_reconnects),
            },
            target: self.target_status(),
            latency: self.latency_status(),
            errors: self.errors.counted(),
            paused: self.paused_status(now),
        }
    }

    fn lag_status(&self, now: Instant) -> LagStatus {
        let (received, frontier, age) = lock(&self.lag).read(now);
        LagStatus {
            received_offset: received.0,
            frontier_offset: frontier.0,
            bytes: received - frontier,
            seconds: age.as_secs_f64(),
        }
    }

    fn target_status(&self) -> TargetStatus {
        TargetStatus {
            url: self.about.target.clone(),
            bytes_sent: load(&self.links.target_bytes),
            reconnects: load(&self.links.target_reconnects),
            lanes_in_flight_bytes: self.links.in_flight_bytes.iter().map(load).collect(),
        }
    }

    fn paused_status(&self, now: Instant) -> Vec<PauseStatus> {
        let paused = lock(&self.paused);
        let shown = |(lane, (reason, since)): (&usize, &(String, Instant))| PauseStatus {
            lane: *lane,
            reason: reason.clone(),
            seconds: seconds(now, *since),
        };
        paused.iter().map(shown).collect()
    }

    fn latency_status(&self) -> LatencyStatus {
        let latency = lock(&self.latency);
        let quantile = |part: f64| latency.quantiles.value_at_quantile(part) as f64 / 1e6;
        LatencyStatus {
            batches: latency.quantiles.len(),
            sum_seconds: latency.sum_us as f64 / 1e6,
            p50_seconds: quantile(0.5),
            p99_seconds: quantile(0.99),
            p999_seconds: quantile(0.999),
            max_seconds: latency.quantiles.max() as f64 / 1e6,
        }
    }
}

// === impl Snapshot, Changes, Links ===

impl Snapshot {
    fn status(&self) -> SnapshotStatus {
        SnapshotStatus {
            begun: load(&self.begun),
            complete: self.complete.load(Ordering::Relaxed),
            bytes_read: load(&self.bytes_read),
            bytes_total: Some(load(&self.bytes_total)).filter(|bytes| *bytes > 0),
            keys_expected: Some(load(&self.keys_announced)).filter(|keys| *keys > 0),
            keys_read: load(&self.read),
            keys_applied: load(&self.applied),
            keys_filtered: load(&self.filtered),
            keys_skipped: load(&self.skipped),
        }
    }
}

impl Changes {
    fn status(&self, backlog_bytes_max: u64) -> ChangesStatus {
        ChangesStatus {
            read: load(&self.read),
            applied: load(&self.applied),
            filtered: load(&self.filtered),
            backlog_bytes: load(&self.backlog_bytes),
            backlog_bytes_max,
        }
    }
}

impl Links {
    fn new(lanes: usize) -> Links {
        Links {
            source_bytes: AtomicU64::new(0),
            target_bytes: AtomicU64::new(0),
            source_reconnects: AtomicU64::new(0),
            target_reconnects: AtomicU64::new(0),
            in_flight_bytes: (0..lanes).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

fn seconds(now: Instant, since: Instant) -> f64 {
    now.saturating_duration_since(since).as_secs_f64()
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

fn load(count: &AtomicU64) -> u64 {
    count.load(Ordering::Relaxed)
}

/// What is behind these locks is a plain value that is never half written: a panic elsewhere does not spoil it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
