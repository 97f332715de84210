//! Rates and the time to go, from the statuses of the last seconds.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use telemetry::{Phase, Status};

/// The statuses of the last seconds, as far as rates need them.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    notes: VecDeque<Note>,
}

#[derive(Clone, Copy, Debug)]
struct Note {
    at: Instant,
    snapshots: u64,
    done: Done,
    /// How much of the snapshot is read, 0 to 1, where that can be told.
    part: Option<f64>,
}

/// Counts that rates are made of.
#[derive(Clone, Copy, Debug, Default)]
struct Done {
    keys: u64,
    changes: u64,
    read: u64,
}

/// What happens a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Rates {
    pub(crate) keys: f64,
    pub(crate) changes: f64,
    /// Bytes read from the source.
    pub(crate) bytes: f64,
}

impl Pace {
    /// Rates are means over this time: long enough to be read, short enough to be true.
    const SPAN: Duration = Duration::from_secs(5);

    /// Notes a status.
    pub(crate) fn note(&mut self, status: &Status, now: Instant) {
        let keys = &status.snapshot;
        let done = Done {
            keys: settled(status),
            changes: status.changes.applied + status.changes.filtered,
            read: status.source.bytes_read,
        };
        // A second snapshot counts anew: rates across its begin would be nonsense.
        if self.notes.back().is_some_and(|last| last.snapshots != keys.begun) {
            self.notes.clear();
        }
        self.notes.push_back(Note { at: now, snapshots: keys.begun, done, part: part(status) });
        // One note from before the span stays, so that a slow interval has something to compare with.
        while self.notes.get(1).is_some_and(|second| now.saturating_duration_since(second.at) >= Pace::SPAN) {
            self.notes.pop_front();
        }
    }

    /// What happens a second.
    pub(crate) fn rates(&self) -> Rates {
        let Some((first, last, seconds)) = self.span() else { return Rates::default() };
        let rate = |count: fn(&Done) -> u64| count(&last.done).saturating_sub(count(&first.done)) as f64 / seconds;
        Rates { keys: rate(|done| done.keys), changes: rate(|done| done.changes), bytes: rate(|done| done.read) }
    }

    /// How long the snapshot will still take at this pace, where that can be told.
    pub(crate) fn remaining(&self) -> Option<Duration> {
        let (first, last, seconds) = self.span()?;
        let (before, now) = (first.part?, last.part?);
        let pace = (now - before) / seconds;
        let remaining = (1.0 - now) / pace;
        // Beyond some days it is a guess that nobody needs; it also keeps infinity and NaN out.
        (pace > 0.0 && (0.0..1e6).contains(&remaining)).then(|| Duration::from_secs_f64(remaining))
    }

    fn span(&self) -> Option<(&Note, &Note, f64)> {
        let (first, last) = (self.notes.front()?, self.notes.back()?);
        let seconds = last.at.saturating_duration_since(first.at).as_secs_f64();
        (seconds > 0.0).then_some((first, last, seconds))
    }
}

/// Keys of the snapshot that nothing more will happen to.
fn settled(status: &Status) -> u64 {
    let keys = &status.snapshot;
    keys.keys_applied + keys.keys_filtered + keys.keys_skipped
}

/// How much of the snapshot has come, 0 to 1: by bytes where its size is known, else by the keys it announces.
pub(crate) fn part(status: &Status) -> Option<f64> {
    let snapshot = &status.snapshot;
    match status.phase {
        Phase::CatchingUp | Phase::Following | Phase::Done => return Some(1.0).filter(|_| snapshot.begun > 0),
        Phase::Snapshot => {}
        _ => return None,
    }
    let ratio = |done: u64, all: u64| (done as f64 / all as f64).clamp(0.0, 1.0);
    match (snapshot.bytes_total, snapshot.keys_expected) {
        (Some(all), _) => Some(ratio(snapshot.bytes_read, all)),
        (None, Some(all)) => Some(ratio(settled(status), all)),
        (None, None) => None,
    }
}
