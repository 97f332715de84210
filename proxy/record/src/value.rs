//! What a key holds, and until when.

use std::fmt;

/// The type of a value, as the command `TYPE` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueType {
    String,
    List,
    Set,
    Zset,
    Hash,
    Stream,
    /// A module's own type; `TYPE` answers with the module's name for it.
    Module,
}

impl ValueType {
    /// Every type, in the order of this enum.
    pub const ALL: [ValueType; 7] = [
        ValueType::String,
        ValueType::List,
        ValueType::Set,
        ValueType::Zset,
        ValueType::Hash,
        ValueType::Stream,
        ValueType::Module,
    ];

    /// The word that `TYPE` answers with; `module` for a module's type.
    pub const fn name(self) -> &'static str {
        match self {
            ValueType::String => "string",
            ValueType::List => "list",
            ValueType::Set => "set",
            ValueType::Zset => "zset",
            ValueType::Hash => "hash",
            ValueType::Stream => "stream",
            ValueType::Module => "module",
        }
    }

    /// The type of this name, or `None`.
    pub fn from_name(name: &str) -> Option<ValueType> {
        ValueType::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// When a key expires: milliseconds since the Unix epoch, always absolute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline(pub u64);

/// What a snapshot says of a key's use, for the server's eviction (`OBJECT IDLETIME`, `OBJECT FREQ`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eviction {
    /// Seconds since the key was last used.
    Idle(u64),
    /// The logarithmic access counter of an LFU policy.
    Freq(u8),
}
