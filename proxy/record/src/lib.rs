//! The nouns that every room shares: numbers of the replication stream, keys, types.
//! No IO, no clock, no allocation beyond what a value needs.
//!
//! A position in a source's stream is a [`ReplId`] and an [`Offset`]; a key lives in a [`Db`] and, where the
//! deployment is a cluster, in a [`Slot`]; its value has a [`ValueType`]. Each number is a type of its own, since
//! an offset taken for a length, or a db for a slot, is the kind of mistake that loses data.

mod escape;
mod position;
mod value;

pub use escape::Escaped;
pub use position::{Offset, Position, ReplId, ReplIdError};
pub use value::{Deadline, Eviction, ValueType};

use std::fmt;

/// A logical database of a Redis server, as `SELECT` counts them: 0 to `databases` - 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Db(pub u32);

impl fmt::Display for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A hash slot of Redis Cluster: 0 to 16383 (cluster specification, "Key distribution model").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot(u16);

impl Slot {
    /// How many slots a cluster has.
    pub const COUNT: u16 = 16384;

    /// The slot of this number, or `None` where it is 16384 or more.
    pub const fn new(number: u16) -> Option<Slot> {
        if number < Slot::COUNT { Some(Slot(number)) } else { None }
    }

    /// The slot that a CRC-16 falls into: its low 14 bits.
    pub const fn from_crc16(crc: u16) -> Slot {
        Slot(crc & (Slot::COUNT - 1))
    }

    /// The slot's number, 0 to 16383.
    pub const fn number(self) -> u16 {
        self.0
    }
}
