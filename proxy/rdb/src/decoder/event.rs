//! What the decoder shows.

use record::{Db, Deadline, Eviction, ValueType};

/// The answer of [`crate::Decoder::next`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// All that was fed is used up to the last whole item: feed more. Also the answer after [`Event::End`].
    NeedMore,
    /// The next thing in the RDB.
    Event(Event<'a>),
}

/// One thing in an RDB. What is borrowed lives until the next call on the decoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The first nine bytes: the RDB version, 1 to 11.
    Header { version: u32 },
    /// A field about the snapshot, such as `redis-ver`, `repl-id`, or `lua` with a script.
    Aux { name: &'a [u8], value: &'a [u8] },
    /// The database of the entries that follow.
    SelectDb(Db),
    /// How many keys the database holds, and how many of them expire: a hint, for progress.
    ResizeDb { keys: u64, expires: u64 },
    /// A function library: its bytes as they stand, opcode and string. Appended to a buffer and closed by
    /// [`crate::dump::footer`] they are a payload for `FUNCTION RESTORE`.
    Function { raw: &'a [u8] },
    /// A module's data beside the keys. They are passed over: no command could put them into a target.
    ModuleAux { module: ModuleName },
    /// A key with its whole value.
    Entry(Entry<'a>),
    /// A key whose value is larger than `Limits::opaque_bytes_max`. Call [`crate::Decoder::expand`] or
    /// [`crate::Decoder::discard`] before [`crate::Decoder::next`].
    Big(Head<'a>),
    /// Plain commands, RESP-encoded, for a part of the value announced by [`Event::Big`]. `count` commands, one reply
    /// to be expected for each. None in the only piece of a collection without elements, which no sound server saves.
    Piece { commands: &'a [u8], count: u32, last: bool },
    /// The end of the RDB. Bytes behind it are left alone, see [`crate::Decoder::remaining`].
    End { checksum: Checksum },
}

/// A key and all that a snapshot says of it but its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    pub db: Db,
    pub key: &'a [u8],
    /// What the value is to users.
    pub kind: ValueType,
    /// How the value is written: RDB_TYPE_* of rdb.h.
    pub rdb_type: u8,
    /// When the key expires; an RDB may hold keys whose deadline has passed.
    pub deadline: Option<Deadline>,
    /// Of the source's `maxmemory-policy`, where it is one of LRU or LFU.
    pub eviction: Option<Eviction>,
}

/// A key with its value as it stands in the RDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    pub head: Head<'a>,
    /// The value's bytes without the type: what [`crate::dump::payload`] and [`crate::expand`] take.
    pub raw: &'a [u8],
}

/// What the checksum at the end of an RDB said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// It fits the bytes.
    Verified,
    /// The source writes none (`rdbchecksum no`): it is 0.
    Disabled,
    /// RDB versions below 5 have none.
    Absent,
}

/// A module type's name: nine characters, packed six bits each into the upper part of its id (module.c,
/// moduleTypeEncodeId).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ModuleName([u8; 9]);

impl ModuleName {
    pub(crate) fn of_id(id: u64) -> ModuleName {
        const CHARACTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let mut name = [b'?'; 9];
        for (index, character) in name.iter_mut().enumerate() {
            let shift = 64 - 6 * (index + 1);
            *character = CHARACTERS.get((id >> shift & 0x3f) as usize).copied().unwrap_or(b'?');
        }
        ModuleName(name)
    }

    /// The nine characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("")
    }
}

impl std::fmt::Debug for ModuleName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
