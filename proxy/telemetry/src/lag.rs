//! How far the target is behind, in bytes and in time.
//!
//! A source's stream carries no times. So we note when which offset was received, a few times a second; the oldest
//! note that the frontier has not passed says how long the oldest unapplied byte has been waiting.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use record::Offset;

/// Received offsets with their times, thinned to a bounded number.
#[derive(Debug, Default)]
pub(crate) struct Lag {
    received: Offset,
    frontier: Offset,
    /// Ascending in both; each is the time at which the bytes *behind* the offset before it began to arrive.
    notes: VecDeque<(Offset, Instant)>,
}

impl Lag {
    /// Two notes are at least this far apart, which is then how exact the time is.
    const STEP: Duration = Duration::from_millis(20);
    /// Beyond this every second note is dropped: a lag of hours is known less exactly than one of seconds.
    const NOTES_MAX: usize = 4096;

    /// The stream was received up to here.
    pub(crate) fn received(&mut self, offset: Offset, now: Instant) {
        if offset <= self.received {
            return;
        }
        self.received = offset;
        match self.notes.back_mut() {
            // A later note would make the bytes of this one look younger: its time stays, its offset grows.
            Some((noted, at)) if now.saturating_duration_since(*at) < Lag::STEP => *noted = offset,
            _ => self.notes.push_back((offset, now)),
        }
        if self.notes.len() > Lag::NOTES_MAX {
            self.thin();
        }
    }

    /// Everything up to here is applied and acknowledged.
    pub(crate) fn frontier(&mut self, offset: Offset) {
        self.frontier = offset;
        while self.notes.front().is_some_and(|(noted, _)| *noted <= offset) {
            self.notes.pop_front();
        }
    }

    /// A new history, or a new snapshot of it: offsets begin here.
    pub(crate) fn restart(&mut self, offset: Offset) {
        *self = Lag { received: offset, frontier: offset, notes: VecDeque::new() };
    }

    /// (received, frontier, age of the oldest byte that is received and not yet applied).
    pub(crate) fn read(&self, now: Instant) -> (Offset, Offset, Duration) {
        let age = self.notes.front().map(|(_, at)| now.saturating_duration_since(*at)).unwrap_or_default();
        (self.received, self.frontier, age)
    }

    fn thin(&mut self) {
        // Of each pair the first time and the second offset stay: a lag is then rather overstated than understated.
        let mut kept = VecDeque::with_capacity(Lag::NOTES_MAX);
        let mut notes = self.notes.drain(..);
        while let Some((first, at)) = notes.next() {
            let offset = notes.next().map_or(first, |(second, _)| second);
            kept.push_back((offset, at));
        }
        drop(notes);
        self.notes = kept;
    }
}
