//! The rules as an operator means them: plain data, to be compiled by [`super::Rules::compile`].

use record::{Db, ValueType};

/// All native rules of a migration. The default carries everything as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// What is carried: everything, where no list is filled in.
    pub include: Matchers,
    /// What is not carried, though it is included.
    pub exclude: Matchers,
    /// Which target db a source db goes to. An exact pattern comes before `Any`; a db that no pattern names keeps its
    /// number.
    pub db_map: Vec<(DbPattern, Db)>,
    /// Changes of key names, one after the other in this order.
    pub rename: Vec<Rename>,
}

/// Properties that a key, a value or a command is matched by. An empty list or `None` matches nothing in `exclude`,
/// and demands nothing in `include`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matchers {
    /// Source dbs.
    pub db: Vec<Db>,
    /// First bytes of a key.
    pub prefix: Vec<Vec<u8>>,
    /// Last bytes of a key.
    pub suffix: Vec<Vec<u8>>,
    /// Patterns by Redis's own glob rules ([`commands::Glob`]).
    pub glob: Vec<Vec<u8>>,
    /// Regular expressions of the `regex` crate, found anywhere in a key unless anchored. They see bytes: `.` is any
    /// one byte, a newline too, and `\w` is ASCII.
    pub regex: Vec<String>,
    /// Types of values.
    pub kind: Vec<ValueType>,
    /// Commands of the live stream, with or without a sub-command: `XGROUP`, `XGROUP|CREATE`, `XGROUP-CREATE`.
    pub command: Vec<String>,
    /// Whether a key expires. Only a snapshot can tell.
    pub ttl: Option<TtlMatch>,
    /// Bytes of the value as the snapshot holds it. Only a snapshot can tell.
    pub size: Option<SizeMatch>,
}

/// Which source db a mapping is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DbPattern {
    /// This one.
    One(Db),
    /// Each that no `One` names.
    Any,
}

/// One change of a key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rename {
    /// Puts these bytes before every key.
    AddPrefix(Vec<u8>),
    /// Takes these bytes from the front of the keys that begin with them; others stay.
    StripPrefix(Vec<u8>),
    /// Both at once, for the keys that begin with `from`; others stay.
    ReplacePrefix {
        /// What a key begins with.
        from: Vec<u8>,
        /// What stands there instead.
        to: Vec<u8>,
    },
}

/// Whether a key has a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TtlMatch {
    /// It expires.
    Present,
    /// It does not.
    Absent,
}

/// A range of sizes, both ends within; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SizeMatch {
    /// Bytes, at least.
    pub min: Option<u64>,
    /// Bytes, at most.
    pub max: Option<u64>,
}

impl Rename {
    /// The prefix a key must have for this to change it; empty where it changes every key.
    pub(super) fn from(&self) -> &[u8] {
        match self {
            Rename::AddPrefix(_) => b"",
            Rename::StripPrefix(from) | Rename::ReplacePrefix { from, .. } => from,
        }
    }

    /// What stands before the rest of the key afterwards.
    pub(super) fn to(&self) -> &[u8] {
        match self {
            Rename::StripPrefix(_) => b"",
            Rename::AddPrefix(to) | Rename::ReplacePrefix { to, .. } => to,
        }
    }
}
