//! What is done to keys whatever they hold; transactions, scripts, messages, whole databases.

use super::generator::Generator;
use super::op::Family::{Databases, Expiry, Keys, Messages, Scripts, Transactions};
use super::op::{Op, op};
use std::time::{SystemTime, UNIX_EPOCH};

/// Sorts of keys that operations on any key choose from.
const SORTS: [&str; 9] = ["str", "int", "list", "set", "zset", "hash", "stream", "hll", "geo"];

/// Writes what it draws: a replica must get what was drawn, not the script.
const SCRIPT: &str = "redis.call('SET', KEYS[1], math.random(1000000)) \
    local popped = redis.call('SPOP', KEYS[2]) \
    if popped then redis.call('RPUSH', KEYS[3], popped, redis.call('TIME')[2]) end \
    return redis.call('PEXPIRE', KEYS[1], ARGV[1])";

const FUNCTION: &str = "#!lua name=workload\nredis.register_function('wl_bump', function(keys, args)\n  \
    redis.call('HINCRBY', keys[1], 'n', args[1]) return redis.call('INCR', keys[2])\nend)";

pub(super) const OPS: &[Op] = &[
    op(Keys, |g| {
        let (name, keys) = (g.one_of(&["DEL", "UNLINK"]), [any_key(g), any_key(g)]);
        g.run(name, |c| c.arg(&keys));
    })
    .idempotent(),
    op(Keys, |g| {
        // Within one sort, so that later operations find what they expect.
        let (name, sort) = (g.one_of(&["RENAME", "RENAMENX"]), g.one_of(&SORTS));
        let keys = [g.key(sort), g.key(sort)];
        g.run(name, |c| c.arg(&keys));
    }),
    op(Keys, |g| {
        let sort = g.one_of(&SORTS);
        let (keys, db) = ([g.key(sort), g.key(sort)], g.other_db());
        g.run("COPY", |c| c.arg(&keys).arg("DB").arg(db).arg("REPLACE"));
    }),
    op(Keys, |g| {
        let (key, db) = (any_key(g), g.other_db());
        if db != g.db() {
            g.run("MOVE", |c| c.arg(key).arg(db));
        }
    }),
    op(Expiry, |g| {
        let (key, value, ms) = (g.key("str"), g.value(), short(g));
        g.run("SET", |c| c.arg(key).arg(value).arg("PX").arg(ms));
    })
    .short_lived(),
    op(Expiry, |g| {
        let (key, value) = (g.key("str"), g.value());
        g.run("SETEX", |c| c.arg(key).arg(1).arg(value));
    })
    .short_lived(),
    op(Expiry, |g| {
        let (key, ms) = (any_key(g), short(g));
        g.run("PEXPIRE", |c| c.arg(key).arg(ms));
    })
    .short_lived(),
    op(Expiry, |g| {
        let (key, seconds) = (any_key(g), g.number(100_000) + 1000);
        g.run("EXPIRE", |c| c.arg(key).arg(seconds));
    })
    .weight(200)
    .expiring(),
    op(Expiry, |g| {
        let (key, flag, seconds) = (any_key(g), g.one_of(&["NX", "XX", "GT", "LT"]), g.number(100_000) + 1000);
        g.run("EXPIRE", |c| c.arg(key).arg(seconds).arg(flag));
    })
    .expiring()
    .since_7(),
    op(Expiry, |g| {
        let (key, at) = (any_key(g), now_ms() + 1_000_000 + g.number(100_000_000));
        g.run("PEXPIREAT", |c| c.arg(key).arg(at));
    })
    .idempotent()
    .expiring(),
    op(Expiry, |g| {
        // A deadline that has passed deletes the key.
        let key = any_key(g);
        g.run("EXPIREAT", |c| c.arg(key).arg(1000));
    })
    .weight(20)
    .idempotent()
    .expiring(),
    op(Expiry, |g| {
        let (key, ms) = (g.key("str"), short(g));
        g.run("GETEX", |c| c.arg(key).arg("PX").arg(ms));
    })
    .short_lived(),
    op(Expiry, |g| {
        let key = any_key(g);
        g.run("PERSIST", |c| c.arg(key));
    })
    .idempotent(),
    op(Transactions, |g| {
        let keys = [g.key("list"), g.key("int"), g.key("set"), g.key("hash")];
        let (value, member) = (g.value(), g.member());
        let end = if g.number(10) == 0 { "DISCARD" } else { "EXEC" };
        g.run("MULTI", |c| c);
        g.run("RPUSH", |c| c.arg(&keys[0]).arg(value));
        g.run("INCR", |c| c.arg(&keys[1]));
        g.run("SPOP", |c| c.arg(&keys[2]));
        g.run("HSET", |c| c.arg(&keys[3]).arg(member).arg("in transaction"));
        g.run(end, |c| c);
    })
    .weight(200),
    op(Transactions, |g| {
        // Both or neither: the oracle of a torn transaction.
        let number = g.number(1000);
        let (log, tally) = (g.key("log"), g.key("tally"));
        g.run("WATCH", |c| c.arg(&log));
        g.run("MULTI", |c| c);
        g.run("APPEND", |c| c.arg(&log).arg(number));
        g.run("HINCRBY", |c| c.arg(&tally).arg("sum").arg(number));
        g.run("EXEC", |c| c);
    })
    .counter(),
    op(Transactions, |g| {
        let (db, here, key) = (g.other_db(), g.db(), g.key("int"));
        g.run("MULTI", |c| c);
        g.run("INCR", |c| c.arg(&key));
        g.run("SELECT", |c| c.arg(db));
        g.run("INCR", |c| c.arg(&key));
        g.run("EXEC", |c| c);
        g.run("SELECT", |c| c.arg(here));
    })
    .weight(50)
    .counter(),
    op(Scripts, |g| {
        let (keys, ms) = ([g.key("str"), g.key("set"), g.key("list")], short(g));
        g.run("EVAL", |c| c.arg(SCRIPT).arg(3).arg(&keys).arg(ms));
    })
    .short_lived(),
    op(Scripts, |g| {
        let key = g.key("int");
        g.run("SCRIPT", |c| c.arg("LOAD").arg("return redis.call('INCR', KEYS[1])"));
        // The digest that SCRIPT LOAD answers for this text.
        g.run("EVALSHA", |c| c.arg("61636018f4e6b5817b89791bbed242f93fa089e3").arg(1).arg(key));
    })
    .weight(30)
    .counter(),
    op(Scripts, |g| {
        let keys = [g.key("tally"), g.key("int")];
        g.run("FUNCTION", |c| c.arg("LOAD").arg("REPLACE").arg(FUNCTION));
        g.run("FCALL", |c| c.arg("wl_bump").arg(2).arg(&keys).arg(1));
    })
    .weight(20)
    .counter()
    .since_7(),
    op(Messages, |g| {
        let value = g.value();
        g.run("PUBLISH", |c| c.arg("channel").arg(value));
    })
    .idempotent(),
    op(Messages, |g| {
        let value = g.value();
        g.run("SPUBLISH", |c| c.arg("shard-channel").arg(value));
    })
    .idempotent()
    .since_7(),
    op(Databases, |g| {
        let dbs = [g.other_db(), g.other_db()];
        g.run("SWAPDB", |c| c.arg(&dbs));
    })
    .weight(5),
    op(Databases, |g| g.run("FLUSHDB", |c| c)).weight(3).idempotent(),
    op(Databases, |g| g.run("FLUSHALL", |c| c.arg("ASYNC"))).weight(1).idempotent(),
];

fn any_key(g: &mut Generator) -> Vec<u8> {
    let sort = g.one_of(&SORTS);
    g.key(sort)
}

/// A time in which a key expires while the load still runs.
fn short(g: &mut Generator) -> i64 {
    g.number(1500) + 5
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
