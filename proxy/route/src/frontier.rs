//! What of a shard's stream is applied without a gap.
//!
//! ```text
//!            open(40) open(70) open(90)          done(70): nothing yet; done(40): the frontier is 70
//! ───────────┤────────┤────────┤──►  stream
//!         frontier
//! ```
//! The reader [`Frontier::open`]s a ticket for each unit or batch as it hands it to lanes, in stream order, and says how
//! many parts it was split into. Lanes report each part [`Frontier::done`] in any order. The frontier is the end of
//! the last ticket below which every part is done: the offset that may be acknowledged to the source.
//!
//! Every operation takes constant time, amortised; memory is 16 bytes for each open ticket, which the caller bounds by
//! bounding what is in flight.

use std::collections::VecDeque;

use record::Offset;

/// The arithmetic of one shard's acknowledgements.
#[derive(Clone, Debug)]
pub struct Frontier {
    /// Everything up to here is applied.
    at: Offset,
    /// What was opened and lies above the frontier, in stream order.
    open: VecDeque<Open>,
    /// The ticket of the first element of `open`.
    first: u64,
}

/// Names what [`Frontier::open`] opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

#[derive(Clone, Copy, Debug)]
struct Open {
    end: Offset,
    parts_left: u32,
}

impl Frontier {
    /// Everything up to `at` is applied, nothing is under way.
    pub fn new(at: Offset) -> Frontier {
        Frontier { at, open: VecDeque::new(), first: 0 }
    }

    /// The offset up to which everything is applied.
    pub fn at(&self) -> Offset {
        self.at
    }

    /// The end of what was opened: the frontier once all of it is done.
    pub fn end(&self) -> Offset {
        self.open.back().map_or(self.at, |last| last.end)
    }

    /// How many tickets wait for the frontier.
    pub fn waiting(&self) -> usize {
        self.open.len()
    }

    /// Opens the stretch of the stream that ends at `end`, of which `parts` parts are under way. Bytes of which nothing
    /// is under way are for [`Frontier::advance_idle`]; with no parts this does the same, only that the frontier has to
    /// be asked for.
    pub fn open(&mut self, end: Offset, parts: u32) -> Ticket {
        debug_assert!(end >= self.end(), "a stream runs forward: {end} is before {}", self.end());
        let ticket = Ticket(self.first + self.open.len() as u64);
        self.open.push_back(Open { end: end.max(self.end()), parts_left: parts });
        self.advance();
        ticket
    }

    /// One part of a ticket is applied. Answers with the frontier where that moved it.
    pub fn done(&mut self, ticket: Ticket) -> Option<Offset> {
        let place = ticket.0.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let open = place.and_then(|place| self.open.get_mut(place)).filter(|open| open.parts_left > 0);
        debug_assert!(open.is_some(), "{ticket:?} has no part under way");
        open?.parts_left -= 1;
        self.advance()
    }

    /// The stream's bytes up to `end` need nothing (a PING, a unit that the rules drop). Answers with the frontier
    /// where that moved it, which it does unless something before them is under way.
    pub fn advance_idle(&mut self, end: Offset) -> Option<Offset> {
        debug_assert!(end >= self.end(), "a stream runs forward: {end} is before {}", self.end());
        match self.open.back_mut() {
            // They count as applied together with what is before them.
            Some(last) => {
                last.end = last.end.max(end);
                None
            }
            None => {
                let moved = end > self.at;
                self.at = self.at.max(end);
                moved.then_some(self.at)
            }
        }
    }

    fn advance(&mut self) -> Option<Offset> {
        let before = self.at;
        while let Some(open) = self.open.front().filter(|open| open.parts_left == 0) {
            self.at = open.end;
            self.open.pop_front();
            self.first += 1;
        }
        (self.at > before).then_some(self.at)
    }
}
