//! What is reported is what is shown, in every display.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use record::Offset;
use settings::{Flag, Given, Input};

use crate::definitions::{Kind, METRICS};
use crate::{Phase, Progress, Side, Status, render};

fn progress(now: Instant) -> Progress {
    let flags = [
        ("source.url", "redis://user:secret@a"),
        ("target.url", "redis://b"),
        ("limits.lanes", "2"),
        ("migration.name", "orders"),
    ]
    .map(|(path, value)| Flag { name: path.into(), path: path.into(), values: vec![value.into()] });
    let settings = settings::load(&Input { file: None, flags: &flags }, &Given::default()).unwrap();
    Progress::new(&settings, now)
}

/// A status in which everything has happened, so that every metric has a sample.
fn eventful(start: Instant) -> (Progress, Status) {
    let progress = progress(start);
    let later = start + Duration::from_secs(3);
    progress.phase(Phase::Snapshot, start + Duration::from_secs(1));
    progress.snapshot_begins(Some(1000));
    progress.keys_announced(6);
    progress.keys_announced(4);
    progress.snapshot_read(600);
    progress.entries_read(6);
    progress.entries_filtered(2);
    progress.entries_skipped(1);
    progress.changes_read(30);
    progress.applied(3, 20);
    progress.changes_filtered(5);
    progress.backlog(77);
    progress.offsets_begin(Offset(5000));
    progress.received(Offset(5100), start + Duration::from_secs(1));
    progress.received(Offset(5200), start + Duration::from_secs(2));
    progress.frontier(Offset(5100));
    progress.source_bytes(1600);
    progress.sent_bytes(1700);
    progress.in_flight(1, 42);
    progress.in_flight(9, 42);
    progress.apply_latency(Duration::from_millis(2));
    progress.target_reconnect();
    progress.target_error(b"-OOM command not allowed when used memory > 'maxmemory'.");
    progress.target_error(b"MYMODULE says no");
    progress.paused(1, "the target refused SET: OOM");
    let status = progress.status(later);
    (progress, status)
}

#[test]
fn the_status_shows_what_was_reported() {
    let (progress, status) = eventful(Instant::now());
    assert_eq!((status.phase, status.phase_seconds, status.uptime_seconds), (Phase::Snapshot, 2.0, 3.0));
    assert!(!status.ready);
    let keys = &status.snapshot;
    assert_eq!((keys.bytes_read, keys.bytes_total, keys.keys_expected), (600, Some(1000), Some(10)));
    assert_eq!((keys.keys_read, keys.keys_applied, keys.keys_filtered, keys.keys_skipped), (6, 3, 2, 1));
    assert_eq!((status.lag.bytes, status.lag.seconds, status.lag.frontier_offset), (100, 1.0, 5100));
    assert_eq!(status.target.lanes_in_flight_bytes, [0, 42], "a lane that does not exist is left out");
    assert_eq!(status.errors, [("OOM", 1), ("other", 1)]);
    let paused = &status.paused[0];
    assert_eq!((paused.lane, paused.reason.as_str()), (1, "the target refused SET: OOM"));
    progress.resumed(1);
    assert_eq!(progress.status(Instant::now()).paused, []);
    assert_eq!((status.name.as_str(), status.source.url.as_str()), ("orders", "redis://a:6379"));
    assert_eq!((status.changes.backlog_bytes, status.changes.backlog_bytes_max), (77, 256 << 20));
}

#[test]
fn the_status_is_json_that_says_units_and_names_phases() {
    let (_, status) = eventful(Instant::now());
    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["phase"], "snapshot");
    assert_eq!(json["snapshot"]["bytes_total"], 1000);
    assert_eq!(json["errors"]["OOM"], 1);
    assert_eq!(json["lag"]["seconds"], 1.0);
    assert_eq!(json["paused"][0]["lane"], 1);
}

#[test]
fn metrics_are_rendered_with_the_values_of_the_status() {
    let (_, status) = eventful(Instant::now());
    let text = render(&status).unwrap();
    for line in [
        "keyferry_phase{phase=\"snapshot\"} 1",
        "keyferry_phase{phase=\"following\"} 0",
        "keyferry_snapshot_keys{outcome=\"applied\"} 3",
        "keyferry_changes_total{outcome=\"read\"} 30",
        "keyferry_lag_bytes 100",
        "keyferry_lag_seconds 1",
        "keyferry_lane_in_flight_bytes{lane=\"1\"} 42",
        "keyferry_error_replies_total{code=\"OOM\"} 1",
        "keyferry_apply_latency_seconds_count 1",
        "keyferry_apply_latency_seconds_sum 0.002",
        "keyferry_paused_lanes 1",
        "# TYPE keyferry_source_read_bytes_total counter",
        "# HELP keyferry_ready 1 where the target has caught up with the source.",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line} is not in\n{text}");
    }
    for metric in METRICS {
        assert!(text.contains(&format!("# TYPE {} ", metric.name)), "{} has no sample", metric.name);
    }
    assert!(render(&progress(Instant::now()).status(Instant::now())).is_ok(), "also where nothing happened yet");
}

#[test]
fn metrics_are_named_once_and_by_their_unit() {
    let names: HashSet<_> = METRICS.iter().map(|metric| metric.name).collect();
    assert_eq!(names.len(), METRICS.len());
    for metric in METRICS {
        assert!(metric.name.starts_with("keyferry_"), "{}", metric.name);
        assert_eq!(metric.name.ends_with("_total"), metric.kind == Kind::Counter, "{}", metric.name);
        assert!(metric.help.ends_with('.'), "{}: help is a sentence", metric.name);
        let speaks_of_bytes = metric.help.to_lowercase().starts_with("bytes");
        assert!(!speaks_of_bytes || metric.name.contains("_bytes"), "{}", metric.name);
    }
}

#[test]
fn the_lag_in_time_is_the_age_of_the_oldest_unapplied_byte() {
    let start = Instant::now();
    let at = |ms: u64| start + Duration::from_millis(ms);
    let progress = progress(start);
    let lag = |ms: u64| progress.status(at(ms)).lag;
    assert_eq!((lag(50).bytes, lag(50).seconds), (0, 0.0));
    for step in 1..=10_u64 {
        progress.received(Offset(step * 10), at(step * 100));
    }
    assert_eq!((lag(1100).bytes, lag(1100).seconds), (100, 1.0));
    progress.frontier(Offset(50));
    assert_eq!((lag(1100).bytes, lag(1100).seconds), (50, 0.5), "the note of offset 60 is of 600 ms");
    progress.frontier(Offset(100));
    assert_eq!((lag(1100).bytes, lag(1100).seconds), (0, 0.0));
}

#[test]
fn a_long_lag_is_noted_in_bounded_memory_and_never_understated() {
    let start = Instant::now();
    let progress = progress(start);
    let steps = 100_000_u64;
    for step in 1..=steps {
        progress.received(Offset(step), start + Duration::from_millis(step * 30));
    }
    let end = start + Duration::from_millis(steps * 30);
    for frontier in (0..steps).step_by(997) {
        progress.frontier(Offset(frontier));
        let shown = progress.status(end).lag.seconds;
        let exact = (steps - frontier - 1) as f64 * 0.03;
        assert!(shown + 1e-6 >= exact, "at {frontier}: {shown} s is shown where the oldest byte is {exact} s old");
    }
    progress.frontier(Offset(steps));
    assert_eq!(progress.status(end).lag.seconds, 0.0);
}

#[test]
fn a_second_snapshot_counts_anew() {
    let (progress, status) = eventful(Instant::now());
    assert!(!status.snapshot.complete);
    progress.phase(Phase::CatchingUp, Instant::now());
    progress.phase(Phase::Reconnecting { side: Side::Source }, Instant::now());
    assert!(progress.status(Instant::now()).snapshot.complete, "a lost link takes nothing away");
    progress.snapshot_begins(None);
    assert!(!progress.status(Instant::now()).snapshot.complete);
    let status = progress.status(Instant::now()).snapshot;
    assert_eq!((status.begun, status.bytes_read, status.bytes_total, status.keys_applied), (2, 0, None, 0));
}

#[test]
fn a_run_is_ready_once_it_follows() {
    let progress = progress(Instant::now());
    for phase in Phase::ALL {
        progress.phase(phase, Instant::now());
        let ready = progress.status(Instant::now()).ready;
        assert_eq!(ready, matches!(phase, Phase::Following | Phase::Done), "{phase}");
    }
}
