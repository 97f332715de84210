//! The layout of every value type as a table: what the walker steps over and the expander reads (rdb.c,
//! rdbSaveObject and rdbLoadObject).
//!
//! A [`Layout`] is a flat list of [`Op`]s; repetition is an op with a count, never a call. A [`Program`] is a
//! layout and how far it is done, so that reading a value can stop after any op and go on when more bytes are here.

use record::ValueType;

use crate::Error;

/// One item of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// A length: how often the ops down to the matching [`Op::Repeat`] follow.
    Count(Role),
    /// The end of a repeated part. Takes no bytes.
    Repeat,
    /// A length that counts or names something.
    Length(Role),
    /// A string.
    Text(Role),
    /// So many bytes.
    Raw(usize, Role),
    /// A score as text, one byte of length before it (zset of RDB version < 8).
    OldScore,
    /// One annotated item of a module's value, or the mark that ends the value.
    ModuleItem,
}

/// What an item means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The whole of a string value.
    Value,
    /// A list's item, a set's member, a hash's field or value, a sorted set's member.
    Element,
    /// A sorted set's score in 8 bytes.
    Score,
    /// How many elements follow.
    Elements,
    /// A string that holds elements in this form.
    Packed(Container),
    /// How the next node of a quicklist holds its elements: 1 = it is one, 2 = as a listpack.
    NodeKind,
    /// A node of a quicklist.
    Node,
    ModuleId,
    Stream(Part),
}

/// The compact forms that stand in a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    Listpack,
    Ziplist,
    Intset,
    Zipmap,
}

/// The parts of a stream, in the order in which they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Nodes,
    NodeId,
    Node,
    Length,
    LastMs,
    LastSeq,
    FirstMs,
    FirstSeq,
    DeletedMs,
    DeletedSeq,
    Added,
    Groups,
    Group,
    GroupMs,
    GroupSeq,
    GroupRead,
    Pending,
    PendingId,
    PendingTime,
    PendingTries,
    Consumers,
    Consumer,
    SeenTime,
    ActiveTime,
    Owned,
    OwnedId,
}

pub(crate) type Layout = &'static [Op];

use Op::{Count, Length, ModuleItem, OldScore, Raw, Repeat, Text};
use Role::{Element, Elements, Node, NodeKind, Packed, Score, Stream, Value};

static STRING: Layout = &[Text(Value)];
static ELEMENTS: Layout = &[Count(Elements), Text(Element), Repeat];
static PAIRS: Layout = &[Count(Elements), Text(Element), Text(Element), Repeat];
static ZSET: Layout = &[Count(Elements), Text(Element), OldScore, Repeat];
static ZSET_2: Layout = &[Count(Elements), Text(Element), Raw(8, Score), Repeat];
static MODULE_2: Layout = &[Length(Role::ModuleId), ModuleItem];
static ZIPMAP: Layout = &[Text(Packed(Container::Zipmap))];
static ZIPLIST: Layout = &[Text(Packed(Container::Ziplist))];
static INTSET: Layout = &[Text(Packed(Container::Intset))];
static LISTPACK: Layout = &[Text(Packed(Container::Listpack))];
static QUICKLIST: Layout = &[Count(Elements), Text(Packed(Container::Ziplist)), Repeat];
static QUICKLIST_2: Layout = &[Count(Elements), Length(NodeKind), Text(Node), Repeat];

/// A stream's layout: the parts that newer versions added are given.
macro_rules! stream {
    (head: [$($head:ident),*], group: [$($group:ident),*], consumer: [$($consumer:ident),*]) => {
        &[
            Count(Stream(Part::Nodes)),
            Text(Stream(Part::NodeId)),
            Text(Stream(Part::Node)),
            Repeat,
            Length(Stream(Part::Length)),
            Length(Stream(Part::LastMs)),
            Length(Stream(Part::LastSeq)),
            $(Length(Stream(Part::$head)),)*
            Count(Stream(Part::Groups)),
            Text(Stream(Part::Group)),
            Length(Stream(Part::GroupMs)),
            Length(Stream(Part::GroupSeq)),
            $(Length(Stream(Part::$group)),)*
            Count(Stream(Part::Pending)),
            Raw(16, Stream(Part::PendingId)),
            Raw(8, Stream(Part::PendingTime)),
            Length(Stream(Part::PendingTries)),
            Repeat,
            Count(Stream(Part::Consumers)),
            Text(Stream(Part::Consumer)),
            Raw(8, Stream(Part::SeenTime)),
            $(Raw(8, Stream(Part::$consumer)),)*
            Count(Stream(Part::Owned)),
            Raw(16, Stream(Part::OwnedId)),
            Repeat,
            Repeat,
            Repeat,
        ]
    };
}

static STREAM: Layout = stream!(head: [], group: [], consumer: []);
static STREAM_2: Layout =
    stream!(head: [FirstMs, FirstSeq, DeletedMs, DeletedSeq, Added], group: [GroupRead], consumer: []);
static STREAM_3: Layout =
    stream!(head: [FirstMs, FirstSeq, DeletedMs, DeletedSeq, Added], group: [GroupRead], consumer: [ActiveTime]);

/// Everything known of one value type: what it is, since which RDB version, and how it is laid out.
struct Format {
    kind: ValueType,
    since: u32,
    layout: Layout,
}

fn format(rdb_type: u8) -> Option<Format> {
    use ValueType::{Hash, List, Module, Set, String, Zset};
    let (kind, since, layout) = match rdb_type {
        0 => (String, 1, STRING),
        1 => (List, 1, ELEMENTS),
        2 => (Set, 1, ELEMENTS),
        3 => (Zset, 1, ZSET),
        4 => (Hash, 1, PAIRS),
        5 => (Zset, 8, ZSET_2),
        MODULE_2_TYPE => (Module, 8, MODULE_2),
        9 => (Hash, 2, ZIPMAP),
        10 => (List, 2, ZIPLIST),
        11 => (Set, 2, INTSET),
        12 => (Zset, 2, ZIPLIST),
        13 => (Hash, 4, ZIPLIST),
        14 => (List, 7, QUICKLIST),
        15 => (ValueType::Stream, 9, STREAM),
        16 => (Hash, 10, LISTPACK),
        17 => (Zset, 10, LISTPACK),
        18 => (List, 10, QUICKLIST_2),
        19 => (ValueType::Stream, 10, STREAM_2),
        20 => (Set, 11, LISTPACK),
        21 => (ValueType::Stream, 11, STREAM_3),
        _ => return None,
    };
    Some(Format { kind, since, layout })
}

/// What a value of this RDB type is to users; `None` for a type that this crate does not read.
pub fn value_type(rdb_type: u8) -> Option<ValueType> {
    format(rdb_type).map(|format| format.kind)
}

/// The first RDB version that knows this type: a target whose own version is lower refuses a payload of it. `None`
/// for a type that this crate does not read.
pub fn type_min_version(rdb_type: u8) -> Option<u32> {
    format(rdb_type).map(|format| format.since)
}

/// Why a type has no format here.
pub(crate) fn unknown(at: u64, rdb_type: u8) -> Error {
    let why = match rdb_type {
        6 => "it is a module value as only the release candidates of Redis 4.0 wrote it",
        22 | 23 => "it is a hash whose fields expire, as only the release candidates of Redis 7.4 wrote it",
        24 | 25 => "it is a hash whose fields expire, which Redis 7.4 and later write",
        _ => {
            "no Redis up to 7.4 and no Valkey up to 8 writes this type; are the bytes damaged, or from a newer server?"
        }
    };
    Error::Type { at, rdb_type, why }
}

/// The RDB type of a module's value, whose items module data beside the keys have too.
pub(crate) const MODULE_2_TYPE: u8 = 7;

/// How often the rest of a repeated part follows.
#[derive(Clone, Copy, Debug, Default)]
struct Round {
    body: usize,
    left: u64,
}

/// How far a layout is done.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    layout: Layout,
    next: usize,
    /// Rounds within rounds: at most groups, their consumers, and what those own.
    rounds: [Round; 3],
    depth: usize,
}

impl Program {
    /// The beginning of a value of this type, if the type is known.
    pub(crate) fn new(rdb_type: u8) -> Option<(ValueType, Program)> {
        let format = format(rdb_type)?;
        Some((format.kind, Program { layout: format.layout, next: 0, rounds: [Round::default(); 3], depth: 0 }))
    }

    /// The item that stands next, or `None` at the value's end.
    #[inline]
    pub(crate) fn op(&mut self) -> Option<Op> {
        loop {
            let op = *self.layout.get(self.next)?;
            if op != Repeat {
                return Some(op);
            }
            self.next += 1;
            let Some(round) = self.depth.checked_sub(1).and_then(|top| self.rounds.get_mut(top)) else { continue };
            round.left = round.left.saturating_sub(1);
            if round.left == 0 {
                self.depth -= 1;
            } else {
                self.next = round.body;
            }
        }
    }

    /// The item is done.
    #[inline]
    pub(crate) fn pass(&mut self) {
        self.next += 1;
    }

    /// The item was a [`Op::Count`] of so many rounds.
    pub(crate) fn repeat(&mut self, left: u64) {
        self.next += 1;
        if left == 0 {
            self.skip_part();
        } else if let Some(round) = self.rounds.get_mut(self.depth) {
            *round = Round { body: self.next, left };
            self.depth += 1;
        }
    }

    /// Goes behind the `Repeat` that closes the part which begins here.
    fn skip_part(&mut self) {
        let mut open = 1_u32;
        while open > 0 {
            match self.layout.get(self.next) {
                Some(Count(_)) => open += 1,
                Some(Repeat) => open -= 1,
                Some(_) => {}
                None => return,
            }
            self.next += 1;
        }
    }
}
