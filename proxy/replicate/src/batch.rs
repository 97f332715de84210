//! What travels from the source's task to a lane: commands as the target takes them, and where each unit in them ends.

use record::{Db, Offset};
use route::frontier::Ticket;

/// Commands of one lane in the order in which they are to be applied, encoded back to back.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The commands, RESP arrays of bulk strings.
    pub(crate) bytes: Vec<u8>,
    /// Where each unit ends in `bytes`. What stands between two ends is one unit.
    pub(crate) units: Vec<Unit>,
    /// The units' commands as the source sent them, where rules rewrote any; empty where `bytes` is what it sent.
    /// Needed to ask the source for a key whose name on the target is another.
    pub(crate) origin: Vec<u8>,
    /// How many replies the target owes for `bytes`.
    pub(crate) replies: u32,
    /// What to close at the frontier when every unit is applied.
    pub(crate) tickets: Vec<Ticket>,
    /// Memory that it is booked with in the budget.
    pub(crate) held: usize,
    /// It settles what was uncertain: nothing follows before it is known to be applied.
    pub(crate) settled: bool,
}

/// One unit within a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    /// The source's offset at the unit's end; for what a snapshot holds, the snapshot's own offset.
    pub(crate) end: Offset,
    /// Where its bytes end in the batch.
    pub(crate) bytes_end: u32,
    /// Where its bytes end in the batch's origin; 0 where there is none.
    pub(crate) origin_end: u32,
    /// Replies that the target owes for it.
    pub(crate) replies: u32,
    /// The db it belongs to at the source, and at the target.
    pub(crate) source_db: Db,
    pub(crate) target_db: Db,
    /// What it is, which decides how an unknown outcome is settled.
    pub(crate) kind: Kind,
}

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A key of the snapshot, whole: sending it again is harmless, for nothing else speaks of that key yet.
    Entry,
    /// A part of a big key of the snapshot.
    Piece,
    /// Functions or scripts of the snapshot.
    Library,
    /// A change without keys that may have been applied before: what it asks for may be there already.
    Again,
    /// A change, or a whole transaction.
    Change,
    /// A key as a state copy has it; the unit's end is the copy's offset.
    Copy,
}

/// Memory that one unit's bookkeeping takes.
const UNIT_BYTES: usize = size_of::<Unit>();

// === impl Batch ===

impl Batch {
    /// What unit `index` was added with.
    pub(crate) fn head(&self, index: usize) -> Option<UnitHead> {
        let unit = self.units.get(index)?;
        Some(UnitHead { end: unit.end, source_db: unit.source_db, target_db: unit.target_db, kind: unit.kind })
    }

    /// Memory that the batch holds, for the budget.
    pub(crate) fn held_bytes(&self) -> usize {
        self.bytes.len() + self.origin.len() + self.units.len() * UNIT_BYTES
    }

    /// The bytes of unit `index` as they go to the target.
    pub(crate) fn unit_bytes(&self, index: usize) -> &[u8] {
        let begin = index.checked_sub(1).and_then(|before| self.units.get(before)).map_or(0, |unit| unit.bytes_end);
        let end = self.units.get(index).map_or(begin, |unit| unit.bytes_end);
        self.bytes.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// The bytes of unit `index` as the source sent them.
    pub(crate) fn unit_origin(&self, index: usize) -> &[u8] {
        if self.origin.is_empty() {
            return self.unit_bytes(index);
        }
        let begin = index.checked_sub(1).and_then(|before| self.units.get(before)).map_or(0, |unit| unit.origin_end);
        let end = self.units.get(index).map_or(begin, |unit| unit.origin_end);
        self.origin.get(begin as usize..end as usize).unwrap_or_default()
    }

    /// The offset of the first unit's end.
    pub(crate) fn offset_first(&self) -> Option<Offset> {
        self.units.first().map(|unit| unit.end)
    }
}

/// Builds a lane's next batch.
#[derive(Debug)]
pub(crate) struct Builder {
    batch: Batch,
    /// The db that the lane's connection has selected, always.
    home: Db,
    /// Whether units carry their source form along.
    keeps_origin: bool,
}

/// Which unit is being added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitHead {
    pub(crate) end: Offset,
    pub(crate) source_db: Db,
    pub(crate) target_db: Db,
    pub(crate) kind: Kind,
}

// === impl Builder ===

impl Builder {
    pub(crate) fn new(home: Db, keeps_origin: bool) -> Builder {
        Builder { batch: Batch::default(), home, keeps_origin }
    }

    /// Bytes waiting to be sealed.
    pub(crate) fn len(&self) -> usize {
        self.batch.bytes.len() + self.batch.origin.len()
    }

    /// Units waiting to be sealed.
    pub(crate) fn units(&self) -> usize {
        self.batch.units.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batch.units.is_empty()
    }

    /// Adds one unit: `write` appends its commands and says how many replies they will have. `origin` is the unit as the
    /// source sent it.
    ///
    /// A unit of another db than the lane's goes as a transaction that selects it and comes back: were its `SELECT` refused
    /// (a right that was taken away, a script that keeps the server busy), a command that stands alone behind it would be
    /// applied in the wrong db, while a transaction is then refused as a whole (`multi.c`, flagTransaction).
    pub(crate) fn add(&mut self, head: UnitHead, origin: &[u8], write: impl FnOnce(&mut Vec<u8>) -> u32) {
        let is_abroad = head.target_db != self.home;
        let out = &mut self.batch.bytes;
        if is_abroad {
            resp::encode::command(out, &[b"MULTI"]);
            encode_select(out, head.target_db);
        }
        let mut replies = write(out);
        if is_abroad {
            encode_select(out, self.home);
            resp::encode::command(out, &[b"EXEC"]);
            replies += 4;
        }
        self.close(head, origin, replies);
    }

    /// Adds a unit that another builder of this lane has made.
    pub(crate) fn add_again(&mut self, head: UnitHead, origin: &[u8], bytes: &[u8], replies: u32) {
        self.batch.bytes.extend_from_slice(bytes);
        self.close(head, origin, replies);
    }

    fn close(&mut self, head: UnitHead, origin: &[u8], replies: u32) {
        if self.keeps_origin {
            self.batch.origin.extend_from_slice(origin);
        }
        self.batch.replies += replies;
        self.batch.units.push(Unit {
            end: head.end,
            bytes_end: self.batch.bytes.len() as u32,
            origin_end: self.batch.origin.len() as u32,
            replies,
            source_db: head.source_db,
            target_db: head.target_db,
            kind: head.kind,
        });
    }

    /// Takes what has been added, leaving the builder ready for what follows.
    pub(crate) fn seal(&mut self) -> Batch {
        // The next batch is likely to be as large as this one: grown from nothing it would be copied several times, and
        // end with up to twice the memory that is counted.
        let next = Batch {
            bytes: Vec::with_capacity(self.batch.bytes.len()),
            units: Vec::with_capacity(self.batch.units.len()),
            ..Batch::default()
        };
        std::mem::replace(&mut self.batch, next)
    }
}

/// Appends `SELECT db`.
pub(crate) fn encode_select(out: &mut Vec<u8>, db: Db) {
    resp::encode::command_header(out, 2);
    resp::encode::bulk(out, b"SELECT");
    resp::encode::bulk_unsigned(out, u64::from(db.0));
}
