//! Lists, sets, sorted sets, hashes and places.

use super::op::Family::{Geo, Hashes, Lists, Sets, SortedSets};
use super::op::{Op, op};

const LIST: &str = "list";
/// Only ever pushed to, so that one element more or less shows.
const QUEUE: &str = "queue";
const SET: &str = "set";
const ZSET: &str = "zset";
const HASH: &str = "hash";
const GEO: &str = "geo";
/// As short as can be: Redis 6.2 takes 0.001 for 0, which is for ever.
const BLOCK_SECONDS: &str = "0.005";

pub(super) const OPS: &[Op] = &[
    op(Lists, |g| {
        let (name, key, values) = (g.one_of(&["LPUSH", "RPUSH"]), g.key(LIST), [g.value(), g.value(), g.value()]);
        g.run(name, |c| c.arg(key).arg(&values));
    })
    .weight(200),
    op(Lists, |g| {
        let (name, key, value) = (g.one_of(&["LPUSH", "RPUSH"]), g.key(QUEUE), g.number(1_000_000));
        g.run(name, |c| c.arg(key).arg(value));
    })
    .counter(),
    op(Lists, |g| {
        let (name, key, value) = (g.one_of(&["LPUSHX", "RPUSHX"]), g.key(LIST), g.value());
        g.run(name, |c| c.arg(key).arg(value));
    }),
    op(Lists, |g| {
        let (name, key) = (g.one_of(&["LPOP", "RPOP"]), g.key(LIST));
        g.run(name, |c| c.arg(key).arg(2));
    }),
    op(Lists, |g| {
        let keys = [g.key(LIST), g.key(LIST)];
        g.run("RPOPLPUSH", |c| c.arg(&keys));
    }),
    op(Lists, |g| {
        let keys = [g.key(LIST), g.key(LIST)];
        let ends = [g.one_of(&["LEFT", "RIGHT"]), g.one_of(&["LEFT", "RIGHT"])];
        g.run("LMOVE", |c| c.arg(&keys).arg(&ends));
    }),
    op(Lists, |g| {
        let (key, at, value) = (g.key(LIST), g.number(5), g.value());
        g.run("LSET", |c| c.arg(key).arg(at).arg(value));
    }),
    op(Lists, |g| {
        let (key, pivot, value) = (g.key(LIST), g.value(), g.value());
        g.run("LINSERT", |c| c.arg(key).arg("BEFORE").arg(pivot).arg(value));
    }),
    op(Lists, |g| {
        let key = g.key(LIST);
        g.run("LREM", |c| c.arg(key).arg(2).arg(""));
    }),
    op(Lists, |g| {
        let key = g.key(LIST);
        g.run("LTRIM", |c| c.arg(key).arg(0).arg(30));
    })
    .idempotent(),
    op(Lists, |g| {
        let keys = [g.key(LIST), g.key(LIST)];
        g.run("BLPOP", |c| c.arg(&keys).arg(BLOCK_SECONDS));
    })
    .weight(5),
    op(Lists, |g| {
        let keys = [g.key(LIST), g.key(LIST)];
        g.run("BLMOVE", |c| c.arg(&keys).arg("LEFT").arg("LEFT").arg(BLOCK_SECONDS));
    })
    .weight(5),
    op(Lists, |g| {
        let keys = [g.key(LIST), g.key(LIST)];
        g.run("LMPOP", |c| c.arg(2).arg(&keys).arg(&["RIGHT", "COUNT", "3"]));
    })
    .since_7(),
    op(Sets, |g| {
        let (key, members) = (g.key(SET), [g.member(), g.member(), g.member()]);
        g.run("SADD", |c| c.arg(key).arg(&members));
    })
    .weight(200)
    .idempotent(),
    op(Sets, |g| {
        let (key, number) = (g.key(SET), g.number(1000));
        g.run("SADD", |c| c.arg(key).arg(number));
    })
    .idempotent(),
    op(Sets, |g| {
        let (key, members) = (g.key(SET), [g.member(), g.member()]);
        g.run("SREM", |c| c.arg(key).arg(&members));
    })
    .idempotent(),
    op(Sets, |g| {
        let (key, count) = (g.key(SET), g.number(4));
        g.run("SPOP", |c| if count == 0 { c.arg(key) } else { c.arg(key).arg(count) });
    }),
    op(Sets, |g| {
        let (keys, member) = ([g.key(SET), g.key(SET)], g.member());
        g.run("SMOVE", |c| c.arg(&keys).arg(member));
    }),
    op(Sets, |g| {
        let name = g.one_of(&["SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"]);
        let keys = [g.key(SET), g.key(SET), g.key(SET)];
        g.run(name, |c| c.arg(&keys));
    }),
    op(Sets, |g| {
        let (from, to) = (g.key(SET), g.key(LIST));
        g.run("SORT", |c| c.arg(from).arg(&["ALPHA", "LIMIT", "0", "20", "STORE"]).arg(to));
    })
    .weight(30),
    op(SortedSets, |g| {
        let (key, score, member) = (g.key(ZSET), g.float(), g.member());
        g.run("ZADD", |c| c.arg(key).arg(score).arg(member));
    })
    .weight(200)
    .idempotent(),
    op(SortedSets, |g| {
        let (key, flag, score, member) = (g.key(ZSET), g.one_of(&["GT", "LT", "NX", "XX"]), g.float(), g.member());
        g.run("ZADD", |c| c.arg(key).arg(flag).arg("CH").arg(score).arg(member));
    })
    .idempotent(),
    op(SortedSets, |g| {
        let (key, by, member) = (g.key(ZSET), g.number(50), g.member());
        g.run("ZADD", |c| c.arg(key).arg("INCR").arg(by).arg(member));
    }),
    op(SortedSets, |g| {
        let (key, member) = (g.key("score"), g.member());
        g.run("ZINCRBY", |c| c.arg(key).arg(1).arg(member));
    })
    .counter(),
    op(SortedSets, |g| {
        let (name, key) = (g.one_of(&["ZPOPMIN", "ZPOPMAX"]), g.key(ZSET));
        g.run(name, |c| c.arg(key).arg(2));
    }),
    op(SortedSets, |g| {
        let (key, member) = (g.key(ZSET), g.member());
        g.run("ZREM", |c| c.arg(key).arg(member));
    })
    .idempotent(),
    op(SortedSets, |g| {
        let (key, score) = (g.key(ZSET), g.float());
        g.run("ZREMRANGEBYSCORE", |c| c.arg(key).arg(score).arg(score + 20.0));
    })
    .idempotent(),
    op(SortedSets, |g| {
        let keys = [g.key(ZSET), g.key(ZSET)];
        g.run("ZRANGESTORE", |c| c.arg(&keys).arg(&["(-100", "+inf", "BYSCORE", "LIMIT", "0", "20"]));
    }),
    op(SortedSets, |g| {
        let name = g.one_of(&["ZUNIONSTORE", "ZINTERSTORE"]);
        let keys = [g.key(ZSET), g.key(ZSET), g.key(SET)];
        g.run(name, |c| c.arg(&keys[0]).arg(2).arg(&keys[1..]).arg(&["WEIGHTS", "0.5", "2", "AGGREGATE", "MAX"]));
    }),
    op(Hashes, |g| {
        let (key, fields) = (g.key(HASH), [(g.member(), g.value()), (g.member(), g.value())]);
        g.run("HSET", |c| c.arg(key).arg(&fields));
    })
    .weight(200)
    .idempotent(),
    op(Hashes, |g| {
        let (key, field, value) = (g.key(HASH), g.member(), g.value());
        g.run("HSETNX", |c| c.arg(key).arg(field).arg(value));
    })
    .idempotent(),
    op(Hashes, |g| {
        let (key, fields) = (g.key(HASH), [g.member(), g.member()]);
        g.run("HDEL", |c| c.arg(key).arg(&fields));
    })
    .idempotent(),
    op(Hashes, |g| {
        let (key, field) = (g.key("tally"), g.member());
        g.run("HINCRBY", |c| c.arg(key).arg(field).arg(1));
    })
    .counter(),
    op(Hashes, |g| {
        let (key, field, by) = (g.key("sums"), g.member(), g.float());
        g.run("HINCRBYFLOAT", |c| c.arg(key).arg(field).arg(by));
    }),
    op(Geo, |g| {
        let (key, place, member) = (g.key(GEO), [g.float() / 4.0, g.float() / 8.0], g.member());
        g.run("GEOADD", |c| c.arg(key).arg(&place).arg(member));
    })
    .idempotent(),
    op(Geo, |g| {
        let keys = [g.key(GEO), g.key(GEO)];
        let area = ["FROMLONLAT", "0", "0", "BYRADIUS", "5000", "km", "ASC", "COUNT", "10"];
        g.run("GEOSEARCHSTORE", |c| c.arg(&keys).arg(&area));
    })
    .weight(30),
];
