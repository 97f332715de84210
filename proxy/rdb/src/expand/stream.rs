//! Streams as commands: the entries by XADD under their ids, then XSETID, then groups, consumers and what is pending.
//!
//! The commands are those of Redis's own AOF rewrite (aof.c, rewriteStreamObject). What no command can set is lost:
//! when a consumer was last seen, and, on targets from 7.0 on, pending entries whose message is deleted (XCLAIM drops
//! them there).

use resp::encode;

use super::pieces::Pieces;
use super::{Dialect, Expansion};
use crate::formats::Part;

/// An entry's id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) ms: u64,
    pub(crate) seq: u64,
}

impl Id {
    /// As keys of a stream's nodes and pending lists have it: 16 bytes, big-endian.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Id> {
        let (ms, seq) = bytes.split_first_chunk::<8>()?;
        let seq = seq.first_chunk::<8>().filter(|_| bytes.len() == 16)?;
        Some(Id { ms: u64::from_be_bytes(*ms), seq: u64::from_be_bytes(*seq) })
    }

    pub(crate) fn text(self) -> String {
        format!("{}-{}", self.ms, self.seq)
    }
}

/// An entry delivered to a consumer and not acknowledged.
#[derive(Clone, Copy, Debug)]
struct Pending {
    id: Id,
    delivered_ms: u64,
    tries: u64,
}

/// What is known of a stream so far.
#[derive(Debug)]
pub(crate) struct Stream {
    dialect: Dialect,
    /// Node that is read next: the id that its entries are relative to.
    pub(crate) node: Id,
    /// Entries given to XADD, and the first of them.
    pub(crate) entries: u64,
    pub(crate) first: Option<Id>,
    length: u64,
    last: Id,
    deleted: Id,
    added: Option<u64>,
    group: Vec<u8>,
    group_last: Id,
    group_read: Option<u64>,
    /// The group's pending entries in the order of their ids: which consumer owns one comes later.
    pending: Vec<Pending>,
    consumer: Vec<u8>,
}

impl Stream {
    pub(crate) fn new(how: &Expansion) -> Stream {
        Stream {
            dialect: how.dialect,
            node: Id::default(),
            entries: 0,
            first: None,
            length: 0,
            last: Id::default(),
            deleted: Id::default(),
            added: None,
            group: Vec::new(),
            group_last: Id::default(),
            group_read: None,
            pending: Vec::new(),
            consumer: Vec::new(),
        }
    }

    /// A number: a count of what follows, or a field.
    pub(crate) fn number(&mut self, part: Part, value: u64, pieces: &mut Pieces) -> Result<(), &'static str> {
        match part {
            Part::Length => self.length = value,
            Part::LastMs => self.last.ms = value,
            Part::LastSeq => self.last.seq = value,
            Part::DeletedMs => self.deleted.ms = value,
            Part::DeletedSeq => self.deleted.seq = value,
            Part::Added => self.added = Some(value),
            Part::GroupMs => self.group_last.ms = value,
            Part::GroupSeq => self.group_last.seq = value,
            Part::GroupRead => self.group_read = Some(value),
            Part::PendingTries => {
                if let Some(pending) = self.pending.last_mut() {
                    pending.tries = value;
                }
            }
            Part::Groups => self.set_id(pieces)?,
            // Commands are written at the last item that they hang on, so that after the last of them the value ends.
            Part::Consumers => {
                // All pending entries are known here, and are looked up by the consumers.
                self.pending.sort_unstable_by_key(|pending| pending.id);
                self.create_group(pieces);
            }
            Part::Owned => self.create_consumer(pieces),
            _ => {}
        }
        Ok(())
    }

    /// A string.
    pub(crate) fn text(&mut self, part: Part, bytes: &[u8]) -> Result<(), &'static str> {
        match part {
            Part::NodeId => self.node = Id::from_bytes(bytes).ok_or("an entry id of 16 bytes as the name of a node")?,
            Part::Group => {
                bytes.clone_into(&mut self.group);
                self.group_read = None;
                self.pending.clear();
            }
            Part::Consumer => bytes.clone_into(&mut self.consumer),
            _ => {}
        }
        Ok(())
    }

    /// Bytes of a fixed number.
    pub(crate) fn raw(&mut self, part: Part, bytes: &[u8], pieces: &mut Pieces) -> Result<(), &'static str> {
        match part {
            Part::PendingId => {
                let id = Id::from_bytes(bytes).ok_or("an entry id of 16 bytes")?;
                self.pending.push(Pending { id, delivered_ms: 0, tries: 0 });
            }
            Part::PendingTime => {
                if let (Some(pending), Some(time)) = (self.pending.last_mut(), bytes.first_chunk::<8>()) {
                    pending.delivered_ms = u64::from_le_bytes(*time);
                }
            }
            Part::OwnedId => {
                let id = Id::from_bytes(bytes).ok_or("an entry id of 16 bytes")?;
                let found = self.pending.binary_search_by_key(&id, |pending| pending.id);
                let pending = found.ok().and_then(|index| self.pending.get(index)).copied();
                self.claim(pending.ok_or("the id of an entry that is pending in the group")?, pieces);
            }
            // When a consumer was last seen: no command sets that.
            _ => {}
        }
        Ok(())
    }

    /// The entries are through: brings an empty stream into being, and sets what entries alone do not say.
    fn set_id(&mut self, pieces: &mut Pieces) -> Result<(), &'static str> {
        if self.entries != self.length {
            return Err("as many entries in the nodes as the stream counts");
        }
        if self.entries == 0 {
            // Leaves a stream without entries; any id will do, since XSETID follows.
            pieces.command(b"XADD", &[b"MAXLEN", b"0", b"0-1", b"x", b"y"]);
        }
        let last = self.last.text();
        if !self.dialect.at_least(7, 0) {
            pieces.command(b"XSETID", &[last.as_bytes()]);
            return Ok(());
        }
        let (added, deleted) = (self.added().to_string(), self.deleted.text());
        let counts: [&[u8]; 5] =
            [last.as_bytes(), b"ENTRIESADDED", added.as_bytes(), b"MAXDELETEDID", deleted.as_bytes()];
        pieces.command(b"XSETID", &counts);
        Ok(())
    }

    /// How many entries were ever added; before 7.0 nobody counted, and Redis 7.0 takes the length then.
    fn added(&self) -> u64 {
        self.added.unwrap_or(self.length)
    }

    fn create_group(&mut self, pieces: &mut Pieces) {
        let id = self.group_last.text();
        let counted = self.dialect.at_least(7, 0);
        pieces.begin(&[b"XGROUP", b"CREATE"], if counted { 4 } else { 2 });
        encode::bulk(&mut pieces.out, &self.group);
        encode::bulk(&mut pieces.out, id.as_bytes());
        if counted {
            encode::bulk(&mut pieces.out, b"ENTRIESREAD");
            let read = self.group_read.map_or_else(|| self.estimate_read(), |read| i64::try_from(read).ok());
            // -1 is how Redis says that it does not know (SCG_INVALID_ENTRIES_READ).
            encode::bulk_integer(&mut pieces.out, read.unwrap_or(-1));
        }
    }

    /// How many entries a group has read that stands at `group_last`, as Redis 7.0 guesses it for an older stream, which
    /// has no deletions on record (t_stream.c, streamEstimateDistanceFromFirstEverEntry).
    fn estimate_read(&self) -> Option<i64> {
        let added = self.added();
        let first = self.first.unwrap_or_default();
        let read = match self.group_last.cmp(&self.last) {
            _ if added == 0 => 0,
            std::cmp::Ordering::Equal => added,
            std::cmp::Ordering::Less if self.length == 0 => added,
            std::cmp::Ordering::Greater => return None,
            std::cmp::Ordering::Less if self.group_last < first => added.saturating_sub(self.length),
            std::cmp::Ordering::Less if self.group_last == first => added.saturating_sub(self.length) + 1,
            std::cmp::Ordering::Less => return None,
        };
        i64::try_from(read).ok()
    }

    fn create_consumer(&self, pieces: &mut Pieces) {
        if self.dialect.at_least(6, 2) {
            pieces.begin(&[b"XGROUP", b"CREATECONSUMER"], 2);
            encode::bulk(&mut pieces.out, &self.group);
            encode::bulk(&mut pieces.out, &self.consumer);
            return;
        }
        // Before 6.2 a consumer comes into being by reading; its own history, still empty, changes nothing else.
        let key = pieces.key().to_vec();
        pieces.whole(&[b"XREADGROUP", b"GROUP", &self.group, &self.consumer, b"COUNT", b"1", b"STREAMS", &key, b"0"]);
    }

    fn claim(&self, pending: Pending, pieces: &mut Pieces) {
        let (id, time, tries) = (pending.id.text(), pending.delivered_ms.to_string(), pending.tries.to_string());
        let args: [&[u8]; 10] = [
            &self.group,
            &self.consumer,
            b"0",
            id.as_bytes(),
            b"TIME",
            time.as_bytes(),
            b"RETRYCOUNT",
            tries.as_bytes(),
            b"FORCE",
            b"JUSTID",
        ];
        pieces.command(b"XCLAIM", &args);
    }
}
