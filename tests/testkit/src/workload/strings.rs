//! Strings, counters, bitmaps and HyperLogLogs.

use super::op::Family::{Bitmaps, Counters, HyperLogLogs, Strings};
use super::op::{Op, op};

const STR: &str = "str";
const INT: &str = "int";
const FLOAT: &str = "float";
const BITS: &str = "bits";
const HLL: &str = "hll";
/// Only ever appended to, so that one piece more or less shows.
const LOG: &str = "log";

pub(super) const OPS: &[Op] = &[
    op(Strings, |g| {
        let (key, value) = (g.key(STR), g.value());
        g.run("SET", |c| c.arg(key).arg(value));
    })
    .weight(300)
    .idempotent(),
    op(Strings, |g| {
        let (key, value) = (g.key(STR), g.value());
        g.run("SET", |c| c.arg(key).arg(value).arg("XX").arg("KEEPTTL").arg("GET"));
    }),
    op(Strings, |g| {
        let (key, value) = (g.key(STR), g.value());
        g.run("SETNX", |c| c.arg(key).arg(value));
    })
    .idempotent(),
    op(Strings, |g| {
        let (key, value) = (g.key(STR), g.value());
        g.run("GETSET", |c| c.arg(key).arg(value));
    })
    .idempotent(),
    op(Strings, |g| {
        let pairs: Vec<_> = (0..3).map(|_| (g.key(STR), g.value())).collect();
        g.run("MSET", |c| c.arg(pairs));
    })
    .idempotent(),
    op(Strings, |g| {
        let pairs: Vec<_> = (0..2).map(|_| (g.key(STR), g.value())).collect();
        g.run("MSETNX", |c| c.arg(pairs));
    }),
    op(Strings, |g| {
        let (key, value) = (g.key(STR), g.value());
        g.run("APPEND", |c| c.arg(key).arg(value));
    }),
    op(Strings, |g| {
        let key = g.key(LOG);
        g.run("APPEND", |c| c.arg(key).arg("+"));
    })
    .counter(),
    op(Strings, |g| {
        let (key, offset, value) = (g.key(STR), g.number(300), g.value());
        g.run("SETRANGE", |c| c.arg(key).arg(offset).arg(value));
    })
    .idempotent(),
    op(Strings, |g| {
        let key = g.key(STR);
        g.run("GETDEL", |c| c.arg(key));
    })
    .idempotent(),
    op(Counters, |g| {
        let key = g.key(INT);
        g.run("INCR", |c| c.arg(key));
    })
    .weight(200)
    .counter(),
    op(Counters, |g| {
        let (name, key, by) = (g.one_of(&["INCRBY", "DECRBY"]), g.key(INT), g.number(1000));
        g.run(name, |c| c.arg(key).arg(by + 1));
    })
    .counter(),
    op(Counters, |g| {
        let key = g.key(INT);
        g.run("DECR", |c| c.arg(key));
    })
    .counter(),
    op(Counters, |g| {
        let (key, by) = (g.key(FLOAT), g.float());
        g.run("INCRBYFLOAT", |c| c.arg(key).arg(by));
    }),
    op(Bitmaps, |g| {
        let (key, bit, value) = (g.key(BITS), g.number(3000), g.number(2));
        g.run("SETBIT", |c| c.arg(key).arg(bit).arg(value));
    })
    .idempotent(),
    op(Bitmaps, |g| {
        let (name, keys) = (g.one_of(&["AND", "OR", "XOR"]), [g.key(BITS), g.key(BITS), g.key(BITS)]);
        g.run("BITOP", |c| c.arg(name).arg(&keys));
    }),
    op(Bitmaps, |g| {
        let (key, at, by) = (g.key(BITS), g.number(100), g.number(9));
        g.run("BITFIELD", |c| {
            c.arg(key).arg(&["INCRBY", "u8"]).arg(format!("#{at}")).arg(by).arg(&["SET", "i16", "#3"]).arg(by)
        });
    }),
    op(HyperLogLogs, |g| {
        let (key, element) = (g.key(HLL), g.number(100_000));
        g.run("PFADD", |c| c.arg(key).arg(element).arg(element + 1));
    })
    .idempotent(),
    op(HyperLogLogs, |g| {
        let keys = [g.key(HLL), g.key(HLL), g.key(HLL)];
        g.run("PFMERGE", |c| c.arg(&keys));
    })
    .weight(30)
    .idempotent(),
];
