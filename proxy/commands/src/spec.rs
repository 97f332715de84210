//! The vocabulary: what a table says of one command.

use std::borrow::Cow;

use record::ValueType;

/// One command, or one sub-command, as the table knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    pub(crate) name: Cow<'static, str>,
    pub(crate) arity: i32,
    pub(crate) class: Class,
    pub(crate) group: Group,
    pub(crate) keys: KeySpec,
}

/// What a replication pipeline has to do with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Changes the keys that it names: ordered per key.
    Write,
    /// Has no effect on the data. A source replicates none of these; where one does come in a stream, the source saw
    /// an effect (`PFCOUNT` before 7.0 was of this kind), so it is forwarded like a write and not dropped.
    Read,
    /// A script or function call: names its keys by a count, and may write each of them.
    Script,
    /// Touches a whole db or server: `FLUSHDB`, `FLUSHALL`, `SWAPDB`. Everything before it must be applied first.
    Barrier,
    /// Changes the server beside its keys (`SCRIPT LOAD`, `FUNCTION …`, module commands that write and name no key):
    /// goes to every node, as a barrier.
    Server,
    /// A message: `PUBLISH`, `SPUBLISH`. In no order with any key; in order with the channel's other messages.
    Publish,
    /// Steers the stream itself: `SELECT`, `MULTI`, `EXEC`, `DISCARD`, `PING`, `REPLCONF`.
    Control,
    /// About a connection or the server's running. Never part of a stream.
    Admin,
}

/// The type of value that a command works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// The keys it updates have this type, and those it overwrites have it afterwards (`SORT … STORE`: a list).
    Value(ValueType),
    /// Works on keys of every type, or on none.
    Generic,
    /// A command that only the server's own table told us of: its type is not known.
    Unknown,
}

/// What a command does to one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Reads the value; the key stays as it is.
    Read,
    /// Changes a value that it needs to be of its type, or creates it.
    Update,
    /// Replaces whatever was there, of any type, without looking at it.
    Overwrite,
    /// Removes the key, whatever its type.
    Remove,
}

impl Access {
    /// True where the key may be another one afterwards.
    pub const fn is_write(self) -> bool {
        !matches!(self, Access::Read)
    }
}

/// Where a command's keys stand among its arguments. Positions count from the command's name, which is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeySpec {
    /// It has no keys.
    None,
    /// One or two runs of keys at fixed places.
    Ranges(Range, Option<Range>),
    /// The argument at `at` counts the keys right behind it; `store` says that argument 1 is a key that is overwritten.
    Counted {
        /// Position of the count.
        at: usize,
        /// What it does to the counted keys.
        access: Access,
        /// `ZUNIONSTORE` and its like: the target stands at 1.
        store: bool,
    },
    /// `SORT`: the key at 1, and the last `STORE`.
    Sort,
    /// `GEORADIUS`, `GEORADIUSBYMEMBER`: the key at 1, and the last `STORE` or `STOREDIST` from `options` on.
    GeoRadius {
        /// Position of the first option.
        options: usize,
    },
    /// `XREAD`, `XREADGROUP`: the first half of what follows `STREAMS`.
    Streams(Access),
    /// `MIGRATE`: the key at 3, or where that is empty all that follows `KEYS`.
    Migrate,
    /// It has keys, and only the server could say where (`movablekeys` of a command we do not know).
    Unmapped,
}

/// A run of keys: `first`, `first + step`, … up to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Position of the first key, 1 or more.
    pub first: usize,
    /// Position of the last; negative: counted from the end, -1 is the last argument (as `COMMAND` writes it).
    pub last: i32,
    /// Distance from one key to the next, 1 or more.
    pub step: usize,
    /// What the command does to these keys.
    pub access: Access,
}

impl Spec {
    /// The name in upper case; a sub-command's is `XGROUP|CREATE`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many arguments it takes, its name counted: exactly so many, or where negative at least so many.
    pub fn arity(&self) -> i32 {
        self.arity
    }

    /// What a pipeline has to do with it.
    pub fn class(&self) -> Class {
        self.class
    }

    /// The type of value it works on.
    pub fn group(&self) -> Group {
        self.group
    }

    /// Where its keys stand. [`Spec::keys`] applies this to arguments.
    pub fn key_spec(&self) -> KeySpec {
        self.keys
    }

    /// True where the sources of this store command may be sets and sorted sets alike, or lists too: the result has
    /// [`Spec::group`]'s type, and its sources any of the returned ones.
    pub fn source_types(&self) -> &'static [ValueType] {
        match &*self.name {
            "ZUNIONSTORE" | "ZINTERSTORE" | "ZDIFFSTORE" => &[ValueType::Set, ValueType::Zset],
            "SORT" => &[ValueType::List, ValueType::Set, ValueType::Zset],
            _ => &[],
        }
    }

    /// The name without its sub-command: `XGROUP` of `XGROUP|CREATE`.
    pub fn container(&self) -> &str {
        self.name.split_once('|').map_or(&*self.name, |(container, _)| container)
    }
}
