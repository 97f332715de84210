//! A status in words, the same in every display for people.

use std::time::Duration;

use telemetry::{Phase, Status};

use super::pace::{Pace, part};

/// One line: the phase and what matters in it.
pub(crate) fn line(status: &Status, pace: &Pace) -> String {
    let mut words = vec![status.phase.to_string()];
    words.extend(details(status, pace));
    words.join("  ")
}

/// What matters in this phase, without its name.
pub(crate) fn details(status: &Status, pace: &Pace) -> Vec<String> {
    let rates = pace.rates();
    let mut words = match status.phase {
        Phase::Snapshot => snapshot(status, pace),
        Phase::CatchingUp | Phase::Following | Phase::Stopping => vec![
            format!("{} changes", grouped(status.changes.applied)),
            format!("{}/s", grouped(rates.changes as u64)),
            format!("{}/s", bytes(rates.bytes as u64)),
            lag(status),
        ],
        Phase::Done => vec![],
        _ => vec![format!("for {}", time(Duration::from_secs_f64(status.phase_seconds.max(0.0))))],
    };
    let reconnects = status.source.reconnects + status.target.reconnects;
    if reconnects > 0 {
        words.push(format!("{} reconnects", grouped(reconnects)));
    }
    if let Some(pause) = status.paused.first() {
        let more = match status.paused.len() {
            1 => String::new(),
            lanes => format!(" (and {} lanes more)", lanes - 1),
        };
        words.push(format!("STANDS STILL: {}{more}", pause.reason));
    }
    words
}

/// The last line of a run.
pub(crate) fn summary(status: &Status) -> String {
    let (keys, changes) = (&status.snapshot, &status.changes);
    let mut words =
        vec![format!("{} keys", grouped(keys.keys_applied)), format!("{} changes applied", grouped(changes.applied))];
    for (count, what) in [
        (keys.keys_skipped, "keys skipped"),
        (keys.keys_filtered, "keys left out by rules"),
        (changes.filtered, "changes left out by rules"),
    ] {
        if count > 0 {
            words.push(format!("{} {what}", grouped(count)));
        }
    }
    words.push(format!("{} read from the source", bytes(status.source.bytes_read)));
    words.push(format!("complete up to its offset {}", status.lag.frontier_offset));
    let took = time(Duration::from_secs_f64(status.uptime_seconds.max(0.0)));
    format!("{} after {took}: {}", status.phase, words.join(", "))
}

fn snapshot(status: &Status, pace: &Pace) -> Vec<String> {
    let rates = pace.rates();
    let mut words = Vec::new();
    if let Some(part) = part(status) {
        words.push(format!("{:.1}%", part * 100.0));
    }
    words.push(format!("{} keys", grouped(status.snapshot.keys_applied)));
    words.push(format!("{} keys/s", grouped(rates.keys as u64)));
    words.push(format!("{}/s", bytes(rates.bytes as u64)));
    if let Some(remaining) = pace.remaining() {
        words.push(format!("{} to go", time(remaining)));
    }
    if status.changes.backlog_bytes > 0 {
        words.push(format!("{} held", bytes(status.changes.backlog_bytes)));
    }
    words
}

fn lag(status: &Status) -> String {
    match status.lag.bytes {
        0 => "no lag".to_owned(),
        behind => format!("lag {} {:.1}s", bytes(behind), status.lag.seconds),
    }
}

/// 1234567 as 1,234,567.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// 1234567 bytes as 1.2 MiB.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut amount = bytes as f64;
    let mut unit = "B";
    for larger in UNITS {
        // Below this it would be rounded to 1024.0 of its own unit.
        if amount < 1023.95 {
            break;
        }
        amount /= 1024.0;
        unit = larger;
    }
    if unit == "B" { format!("{bytes} B") } else { format!("{amount:.1} {unit}") }
}

/// Hours, minutes and seconds as far as there are any: 1:02:03, 2:03, 0:07.
pub(crate) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        _ => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
