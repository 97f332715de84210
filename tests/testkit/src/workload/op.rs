//! One operation: what it is, how often it is chosen, how it is made.

use super::generator::Generator;
use super::{collections, keys, streams, strings};

/// A sort of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// SET, APPEND, SETRANGE, MSET, GETDEL …
    Strings,
    /// INCR, INCRBYFLOAT …
    Counters,
    /// LPUSH, LMOVE, LTRIM, BLPOP …
    Lists,
    /// SADD, SPOP, SINTERSTORE …
    Sets,
    /// ZADD, ZPOPMIN, ZRANGESTORE …
    SortedSets,
    /// HSET, HINCRBYFLOAT …
    Hashes,
    /// XADD, XDEL, XREADGROUP, XCLAIM …
    Streams,
    /// PFADD, PFMERGE.
    HyperLogLogs,
    /// SETBIT, BITOP, BITFIELD.
    Bitmaps,
    /// GEOADD, GEOSEARCHSTORE.
    Geo,
    /// DEL, UNLINK, RENAME, COPY, MOVE.
    Keys,
    /// Relative and absolute deadlines, short and long, and their removal.
    Expiry,
    /// MULTI … EXEC over several keys.
    Transactions,
    /// EVAL, EVALSHA and functions.
    Scripts,
    /// PUBLISH and SPUBLISH.
    Messages,
    /// SWAPDB, FLUSHDB, FLUSHALL.
    Databases,
}

/// An operation of one or several commands.
#[derive(Debug)]
pub(super) struct Op {
    pub(super) family: Family,
    pub(super) weight: u32,
    pub(super) idempotent: bool,
    pub(super) counter: bool,
    pub(super) expiring: bool,
    pub(super) short_lived: bool,
    pub(super) since_7: bool,
    /// Adds its commands to the generator's.
    pub(super) make: fn(&mut Generator),
}

pub(super) const fn op(family: Family, make: fn(&mut Generator)) -> Op {
    Op {
        family,
        weight: 100,
        idempotent: false,
        counter: false,
        expiring: false,
        short_lived: false,
        since_7: false,
        make,
    }
}

impl Op {
    pub(super) const fn weight(mut self, weight: u32) -> Op {
        self.weight = weight;
        self
    }

    pub(super) const fn idempotent(mut self) -> Op {
        self.idempotent = true;
        self
    }

    pub(super) const fn counter(mut self) -> Op {
        self.counter = true;
        self
    }

    pub(super) const fn expiring(mut self) -> Op {
        self.expiring = true;
        self
    }

    /// Its keys expire while the load still runs.
    pub(super) const fn short_lived(mut self) -> Op {
        self.short_lived = true;
        self.expiring()
    }

    pub(super) const fn since_7(mut self) -> Op {
        self.since_7 = true;
        self
    }
}

pub(super) fn all_ops() -> impl Iterator<Item = &'static Op> {
    [strings::OPS, collections::OPS, streams::OPS, keys::OPS].into_iter().flatten()
}
