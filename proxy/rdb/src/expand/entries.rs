//! The entries in one node of a stream (t_stream.c, "the master entry").
//!
//! ```text
//! master: count · deleted · fields · field … · 0
//! entry:  flags · ms from the node's id · seq from it · (fields · (field · value) … | value …) · items of this entry
//! ```
//! An entry with the master's fields has the values alone.

use resp::encode;
use resp::number::Digits;

use super::pieces::Pieces;
use super::stream::{Id, Stream};
use crate::packed::{Container, Cursor, Fault, Item};

const FLAG_DELETED: i64 = 1;
const FLAG_SAME_FIELDS: i64 = 2;

/// A place in a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entries {
    /// Before the first of the master's fields.
    master: Cursor,
    fields: usize,
    at: Cursor,
}

impl Entries {
    /// Reads the master entry.
    pub(crate) fn begin(bytes: &[u8]) -> Result<Entries, Fault> {
        let mut at = Container::Listpack.begin(bytes)?;
        // How many entries, and how many of them are deleted: the flags say it again.
        integer(&mut at, bytes)?;
        integer(&mut at, bytes)?;
        let fields = count(&mut at, bytes)?;
        let master = at;
        for _ in 0..fields {
            some(&mut at, bytes)?;
        }
        if integer(&mut at, bytes)? != 0 {
            return Err(Fault { inside: at.at(), expected: "the 0 that ends a master entry" });
        }
        Ok(Entries { master, fields, at })
    }

    /// Writes the next entry as a command, unless it is deleted. `false` at the node's end.
    pub(crate) fn entry(&mut self, bytes: &[u8], stream: &mut Stream, pieces: &mut Pieces) -> Result<bool, Fault> {
        let begin = self.at.at();
        let flags = match self.at.item(bytes)? {
            None => return Ok(false),
            Some(Item::Int(flags)) => flags,
            Some(Item::Bytes(_)) => return Err(Fault { inside: begin, expected: "the flags of an entry" }),
        };
        let ms = stream.node.ms.checked_add_signed(integer(&mut self.at, bytes)?);
        let seq = stream.node.seq.checked_add_signed(integer(&mut self.at, bytes)?);
        let (Some(ms), Some(seq)) = (ms, seq) else {
            return Err(Fault { inside: begin, expected: "an id in the range of ids" });
        };
        let same = flags & FLAG_SAME_FIELDS != 0;
        let fields = if same { self.fields } else { count(&mut self.at, bytes)? };
        if flags & FLAG_DELETED != 0 {
            for _ in 0..if same { fields } else { 2 * fields } {
                some(&mut self.at, bytes)?;
            }
        } else {
            let id = Id { ms, seq };
            stream.entries += 1;
            stream.first.get_or_insert(id);
            pieces.begin(&[b"XADD"], 1 + 2 * fields);
            encode::bulk(&mut pieces.out, id.text().as_bytes());
            self.pairs(bytes, fields, same, &mut pieces.out)?;
        }
        // How many items the entry has, for reading backwards.
        integer(&mut self.at, bytes)?;
        Ok(true)
    }

    fn pairs(&mut self, bytes: &[u8], fields: usize, same: bool, out: &mut Vec<u8>) -> Result<(), Fault> {
        let mut master = self.master;
        for _ in 0..fields {
            let names = if same { &mut master } else { &mut self.at };
            argument(out, some(names, bytes)?);
            argument(out, some(&mut self.at, bytes)?);
        }
        Ok(())
    }
}

fn argument(out: &mut Vec<u8>, item: Item<'_>) {
    match item {
        Item::Bytes(text) => encode::bulk(out, text),
        Item::Int(value) => encode::bulk(out, Digits::signed(value).as_bytes()),
    }
}

/// An item that must be there.
fn some<'a>(cursor: &mut Cursor, bytes: &'a [u8]) -> Result<Item<'a>, Fault> {
    let inside = cursor.at();
    cursor.item(bytes)?.ok_or(Fault { inside, expected: "an item of an entry, before the end mark" })
}

/// An integer that must be there.
fn integer(cursor: &mut Cursor, bytes: &[u8]) -> Result<i64, Fault> {
    let inside = cursor.at();
    match some(cursor, bytes)? {
        Item::Int(value) => Ok(value),
        Item::Bytes(_) => Err(Fault { inside, expected: "an integer" }),
    }
}

/// A count of fields: as many items must follow, so it is never more than there are bytes.
fn count(cursor: &mut Cursor, bytes: &[u8]) -> Result<usize, Fault> {
    let inside = cursor.at();
    let count = usize::try_from(integer(cursor, bytes)?).ok().filter(|count| *count <= bytes.len());
    count.ok_or(Fault { inside, expected: "a count of fields" })
}
