//! Rates, the time to go, and the words for people.

use std::time::{Duration, Instant};

use record::Offset;
use settings::{Flag, Given, Input};
use telemetry::{Phase, Progress};

use super::pace::{Pace, Rates, part};
use super::words;

fn progress(now: Instant) -> Progress {
    let flags = ["source.url", "target.url"].map(|path| Flag {
        name: path.into(),
        path: path.into(),
        values: vec!["redis://a".into()],
    });
    let settings = settings::load(&Input { file: None, flags: &flags }, &Given::default()).unwrap();
    Progress::new(&settings, now)
}

#[test]
fn numbers_are_written_for_people() {
    for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1234567, "1,234,567"), (100_000, "100,000")] {
        assert_eq!(words::grouped(number), text);
    }
    for (bytes, text) in [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1_048_575, "1.0 MiB"),
        (1_300_000, "1.2 MiB"),
        (u64::MAX, "16.0 EiB"),
    ] {
        assert_eq!(words::bytes(bytes), text);
    }
    for (seconds, text) in [(7, "0:07"), (123, "2:03"), (3723, "1:02:03"), (360_000, "100:00:00")] {
        assert_eq!(words::time(Duration::from_secs(seconds)), text);
    }
}

#[test]
fn rates_are_those_of_the_last_seconds_and_tell_the_time_to_go() {
    let start = Instant::now();
    let progress = progress(start);
    progress.phase(Phase::Snapshot, start);
    progress.snapshot_begins(Some(10_000));
    let mut pace = Pace::default();
    assert_eq!((pace.rates(), pace.remaining()), (Rates::default(), None), "nothing is known of nothing");
    // Ten seconds of nothing, then ten at 100 bytes and 5 keys a second.
    for second in 0..=20_u64 {
        let now = start + Duration::from_secs(second);
        if second > 10 {
            progress.snapshot_read(100);
            progress.source_bytes(100);
            progress.applied(5, 0);
        }
        pace.note(&progress.status(now), now);
    }
    let rates = pace.rates();
    assert_eq!((rates.keys, rates.bytes, rates.changes), (5.0, 100.0, 0.0));
    let remaining = pace.remaining().unwrap().as_secs_f64();
    assert!((remaining - 90.0).abs() < 0.01, "9,000 bytes at 100 a second: {remaining}");

    progress.snapshot_begins(None);
    let now = start + Duration::from_secs(21);
    pace.note(&progress.status(now), now);
    assert_eq!((pace.rates(), pace.remaining()), (Rates::default(), None), "a second snapshot counts anew");
}

#[test]
fn the_part_of_the_snapshot_is_told_by_bytes_or_by_keys() {
    let start = Instant::now();
    let progress = progress(start);
    assert_eq!(part(&progress.status(start)), None);
    progress.phase(Phase::Snapshot, start);
    progress.snapshot_begins(Some(200));
    progress.snapshot_read(50);
    assert_eq!(part(&progress.status(start)), Some(0.25));
    progress.snapshot_begins(None);
    assert_eq!(part(&progress.status(start)), None);
    progress.keys_announced(10);
    progress.applied(2, 0);
    progress.entries_filtered(1);
    progress.entries_skipped(1);
    assert_eq!(part(&progress.status(start)), Some(0.4));
    progress.applied(40, 0);
    assert_eq!(part(&progress.status(start)), Some(1.0), "more keys than announced are no more than all");
    progress.phase(Phase::Following, start);
    assert_eq!(part(&progress.status(start)), Some(1.0));
}

#[test]
fn each_phase_has_its_words() {
    let start = Instant::now();
    let now = start + Duration::from_secs(65);
    let progress = progress(start);
    let shown = |progress: &Progress| words::line(&progress.status(now), &Pace::default());
    progress.phase(Phase::WaitingForSnapshot, start);
    assert_eq!(shown(&progress), "waiting for BGSAVE  for 1:05");
    progress.phase(Phase::Snapshot, start);
    progress.snapshot_begins(Some(1000));
    progress.snapshot_read(333);
    progress.applied(1234, 0);
    progress.backlog(2048);
    assert_eq!(shown(&progress), "snapshot  33.3%  1,234 keys  0 keys/s  0 B/s  2.0 KiB held");
    progress.phase(Phase::Following, start);
    progress.offsets_begin(Offset(0));
    assert_eq!(shown(&progress), "following  0 changes  0/s  0 B/s  no lag");
    progress.received(Offset(4096), now - Duration::from_millis(300));
    assert_eq!(shown(&progress), "following  0 changes  0/s  0 B/s  lag 4.0 KiB 0.3s");
    progress.target_reconnect();
    progress.paused(2, "the target refused SET \"k\": OOM");
    progress.paused(3, "the same");
    let line = shown(&progress);
    assert!(
        line.ends_with("1 reconnects  STANDS STILL: the target refused SET \"k\": OOM (and 1 lanes more)"),
        "{line}"
    );
    progress.phase(Phase::Done, now);
    progress.frontier(Offset(4096));
    progress.changes_filtered(3);
    let summary = words::summary(&progress.status(now));
    assert_eq!(
        summary,
        "done after 1:05: 1,234 keys, 0 changes applied, 3 changes left out by rules, 0 B read from the source, complete up to its offset 4096"
    );
}
