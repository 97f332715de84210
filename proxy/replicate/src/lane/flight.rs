//! What a lane has sent, or is sending, and has no answer to yet. No IO: bytes out, replies in.
//!
//! Batches leave in order and replies come in the same order, so one counter per batch tells which unit a reply
//! belongs to. A batch whose replies are all in is either applied or has units that were refused.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Instant;

use crate::batch::{Batch, Kind};

/// Batches between the lane and its target.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    batches: VecDeque<Flying>,
    /// Bytes of the batches in flight.
    bytes: usize,
    /// Index of the first batch that is not wholly written.
    writing: usize,
}

/// One batch in flight.
#[derive(Debug)]
struct Flying {
    batch: Batch,
    written: usize,
    answered: u32,
    refusals: Vec<Left>,
    sent: Instant,
}

/// A unit that is not known to be applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    /// Its index in the batch.
    pub(crate) unit: usize,
    /// The target's error; `None` where no answer came.
    pub(crate) refusal: Option<String>,
}

/// A batch of which not every unit is known to be applied.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) batch: Batch,
    pub(crate) left: Vec<Left>,
}

/// What a reply brought about.
#[derive(Debug)]
pub(crate) enum Answered {
    /// Its batch has more to come.
    Waiting,
    /// Every unit of the batch is applied.
    Applied { batch: Batch, sent: Instant },
    /// Every reply of the batch is in, and some are refusals.
    Refused(Trouble),
    /// Nothing was asked.
    Unasked,
}

/// What was in flight when the link broke.
#[derive(Debug)]
pub(crate) struct Wreck {
    /// Batches of which a part may have arrived.
    pub(crate) uncertain: Vec<Trouble>,
    /// Batches of which no byte was written.
    pub(crate) unsent: VecDeque<Batch>,
}

// === impl Flight ===

impl Flight {
    pub(crate) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Bytes of the batches in flight.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there are bytes to write.
    pub(crate) fn has_unwritten(&self) -> bool {
        self.writing < self.batches.len()
    }

    pub(crate) fn push(&mut self, batch: Batch, now: Instant) {
        self.bytes += batch.bytes.len();
        self.batches.push_back(Flying { batch, written: 0, answered: 0, refusals: Vec::new(), sent: now });
    }

    /// The bytes to write next, as many pieces as `slices` holds at most. Returns how many it holds.
    pub(crate) fn unwritten<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let pending = self.batches.iter().skip(self.writing);
        let mut count = 0;
        for (slot, flying) in slices.iter_mut().zip(pending) {
            *slot = IoSlice::new(flying.batch.bytes.get(flying.written..).unwrap_or_default());
            count += 1;
        }
        count
    }

    /// So many of those bytes have been written.
    pub(crate) fn wrote(&mut self, mut count: usize) {
        while let Some(flying) = self.batches.get_mut(self.writing) {
            let left = flying.batch.bytes.len() - flying.written;
            if count < left {
                flying.written += count;
                return;
            }
            flying.written += left;
            count -= left;
            self.writing += 1;
        }
    }

    /// The next reply has come; `error` is its text where it is one that counts.
    pub(crate) fn answer(&mut self, error: Option<&[u8]>) -> Answered {
        let Some(flying) = self.batches.front_mut() else { return Answered::Unasked };
        if let Some(text) = error {
            flying.refuse(text);
        }
        flying.answered += 1;
        if flying.answered < flying.batch.replies {
            return Answered::Waiting;
        }
        // A reply cannot come before its command is written, but a hostile server is no reason to underflow.
        self.writing = self.writing.saturating_sub(1);
        match self.batches.pop_front() {
            None => Answered::Unasked,
            Some(Flying { batch, refusals, sent, .. }) => {
                self.bytes -= batch.bytes.len();
                if refusals.is_empty() {
                    Answered::Applied { batch, sent }
                } else {
                    Answered::Refused(Trouble { batch, left: refusals })
                }
            }
        }
    }

    /// Which unit the next reply belongs to: the batch, and the unit's index.
    pub(crate) fn next_unit(&self) -> Option<(&Batch, usize)> {
        let flying = self.batches.front()?;
        Some((&flying.batch, flying.unit_at(flying.answered)))
    }

    /// The link is lost: what is left of everything in flight.
    pub(crate) fn break_off(&mut self) -> Wreck {
        let mut wreck = Wreck { uncertain: Vec::new(), unsent: VecDeque::new() };
        for flying in self.batches.drain(..) {
            if flying.written == 0 {
                wreck.unsent.push_back(flying.batch);
            } else {
                wreck.uncertain.push(flying.lost());
            }
        }
        self.bytes = 0;
        self.writing = 0;
        wreck
    }
}

// === impl Flying ===

impl Flying {
    /// The unit that reply number `reply` belongs to.
    fn unit_at(&self, reply: u32) -> usize {
        let mut seen = 0;
        for (index, unit) in self.batch.units.iter().enumerate() {
            seen += unit.replies;
            if reply < seen {
                return index;
            }
        }
        self.batch.units.len()
    }

    /// Notes the error of the next reply. A transaction may answer with several: the first says what was wrong.
    fn refuse(&mut self, text: &[u8]) {
        let unit = self.unit_at(self.answered);
        if self.refusals.last().is_none_or(|last| last.unit != unit) {
            self.refusals.push(Left { unit, refusal: Some(told(text)) });
        }
    }

    /// What is not known to be applied when no more replies will come.
    fn lost(mut self) -> Trouble {
        let mut seen = 0;
        for (index, unit) in self.batch.units.iter().enumerate() {
            seen += unit.replies;
            if seen > self.answered && self.refusals.last().is_none_or(|last| last.unit != index) {
                self.refusals.push(Left { unit: index, refusal: None });
            }
        }
        Trouble { batch: self.batch, left: self.refusals }
    }
}

/// A target's error as it may be shown: where it does not know a command it repeats arguments, which may be values
/// (server.c, rejectCommandFormat).
fn told(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let end = text.find("with args beginning with").unwrap_or(text.len());
    text.get(..end).unwrap_or_default().trim_end_matches([' ', ',']).to_owned()
}

/// Whether an error only says what the settings or the unit's kind expect: `skip` on keys that exist, libraries
/// that are loaded already.
pub(crate) fn is_expected(kind: Kind, text: &[u8], skips_existing: bool) -> bool {
    match kind {
        Kind::Entry => skips_existing && text.starts_with(b"BUSYKEY"),
        Kind::Library => skips_existing && contains(text, b"already exists"),
        Kind::Again => contains(text, b"already exists") || contains(text, b"not found"),
        Kind::Piece | Kind::Change | Kind::Copy => false,
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{Builder, UnitHead};
    use record::{Db, Offset};

    /// A batch of units with so many replies each; each unit's bytes are as many letters as it has replies.
    fn batch(units: &[u32]) -> Batch {
        let mut builder = Builder::new(Db(0), false);
        for (index, replies) in units.iter().enumerate() {
            let end = Offset(index as u64 + 1);
            let head = UnitHead { end, source_db: Db(0), target_db: Db(0), kind: Kind::Change };
            builder.add(head, b"", |out| {
                out.extend(std::iter::repeat_n(b'a' + index as u8, *replies as usize));
                *replies
            });
        }
        builder.seal()
    }

    fn flying(batches: &[&[u32]]) -> Flight {
        let mut flight = Flight::default();
        for units in batches {
            flight.push(batch(units), Instant::now());
        }
        flight
    }

    fn left(trouble: &Trouble) -> Vec<(usize, Option<&str>)> {
        trouble.left.iter().map(|left| (left.unit, left.refusal.as_deref())).collect()
    }

    #[test]
    fn writes_go_on_where_they_stopped_across_batches() {
        let mut flight = flying(&[&[2], &[1, 1]]);
        let mut written = Vec::new();
        for step in [1, 2, 1] {
            let mut slices = [IoSlice::new(&[]); 4];
            let count = flight.unwritten(&mut slices);
            let bytes: Vec<u8> = slices[..count].iter().flat_map(|slice| slice.to_vec()).collect();
            written.extend_from_slice(&bytes[..step]);
            flight.wrote(step);
        }
        assert_eq!(written, b"aaab");
        assert!(!flight.has_unwritten() && !flight.is_empty());
    }

    #[test]
    fn a_batch_is_applied_with_its_last_reply() {
        let mut flight = flying(&[&[1, 2]]);
        flight.wrote(3);
        assert!(matches!(flight.answer(None), Answered::Waiting));
        assert!(matches!(flight.answer(None), Answered::Waiting));
        assert!(matches!(flight.answer(None), Answered::Applied { .. }));
        assert!(matches!(flight.answer(None), Answered::Unasked));
        assert_eq!(flight.bytes(), 0);
    }

    #[test]
    fn a_refusal_names_its_unit_once_and_the_others_are_applied() {
        let mut flight = flying(&[&[1, 3, 1]]);
        flight.wrote(5);
        flight.answer(None);
        flight.answer(Some(b"OOM one"));
        flight.answer(None);
        flight.answer(Some(b"EXECABORT two"));
        let Answered::Refused(trouble) = flight.answer(None) else { panic!("not refused") };
        assert_eq!(left(&trouble), [(1, Some("OOM one"))]);
    }

    #[test]
    fn a_broken_link_leaves_what_was_not_answered_and_what_was_not_sent_apart() {
        let mut flight = flying(&[&[1, 2, 1], &[1], &[1]]);
        flight.wrote(4 + 1);
        flight.answer(None);
        flight.answer(None);
        let wreck = flight.break_off();
        let uncertain: Vec<_> = wreck.uncertain.iter().map(left).collect();
        assert_eq!(uncertain, [vec![(1, None), (2, None)], vec![(0, None)]]);
        assert_eq!(wreck.unsent.len(), 1);
        assert!(flight.is_empty() && !flight.has_unwritten());
    }

    #[test]
    fn an_error_is_told_without_the_arguments_that_it_repeats() {
        let unknown = b"ERR unknown command `X`, with args beginning with: `key`, `value`, ";
        assert_eq!(told(unknown), "ERR unknown command `X`");
        assert_eq!(told(b"OOM command not allowed"), "OOM command not allowed");
    }

    #[test]
    fn only_the_errors_that_the_settings_expect_are_passed_over() {
        for (kind, text, skips, expected) in [
            (Kind::Entry, "BUSYKEY Target key name already exists.", true, true),
            (Kind::Entry, "BUSYKEY Target key name already exists.", false, false),
            (Kind::Change, "BUSYKEY Target key name already exists.", true, false),
            (Kind::Entry, "OOM command not allowed", true, false),
            (Kind::Again, "ERR Library 'l' already exists", false, true),
            (Kind::Library, "ERR Library 'l' already exists", false, false),
        ] {
            assert_eq!(is_expected(kind, text.as_bytes(), skips), expected, "{kind:?} {text} {skips}");
        }
    }
}
