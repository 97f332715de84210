//! Our own table: the commands of Redis 7.2, and the hash-field commands of 7.4 and 8.0, as redis.io documents them
//! (name, arity, keys), with the class that a pipeline needs. A test compares it with a real server's `COMMAND`.

use std::borrow::Cow;

use record::ValueType;

use crate::spec::{Access, Class, Group, KeySpec, Range, Spec};

const STRING: Group = Group::Value(ValueType::String);
const LIST: Group = Group::Value(ValueType::List);
const SET: Group = Group::Value(ValueType::Set);
const ZSET: Group = Group::Value(ValueType::Zset);
const HASH: Group = Group::Value(ValueType::Hash);
const STREAM: Group = Group::Value(ValueType::Stream);
const GENERIC: Group = Group::Generic;

// The commonest key specs: one key, at 1.
const READ: KeySpec = at(1, Access::Read);
const UPDATE: KeySpec = at(1, Access::Update);
const OVERWRITE: KeySpec = at(1, Access::Overwrite);
/// `SUNIONSTORE target key …`
const STORE: KeySpec = then(at(1, Access::Overwrite), each(2, -1, 1, Access::Read));
/// `ZUNIONSTORE target numkeys key …`
const STORE_COUNTED: KeySpec = KeySpec::Counted { at: 2, access: Access::Read, store: true };

const fn sub(name: &'static str, arity: i32, class: Class, group: Group, keys: KeySpec) -> Spec {
    Spec { name: Cow::Borrowed(name), arity, class, group, keys }
}

const fn write(name: &'static str, arity: i32, group: Group, keys: KeySpec) -> Spec {
    sub(name, arity, Class::Write, group, keys)
}

const fn read(name: &'static str, arity: i32, group: Group, keys: KeySpec) -> Spec {
    sub(name, arity, Class::Read, group, keys)
}

const fn keyless(name: &'static str, arity: i32, class: Class) -> Spec {
    sub(name, arity, class, GENERIC, KeySpec::None)
}

const fn admin(name: &'static str, arity: i32) -> Spec {
    keyless(name, arity, Class::Admin)
}

const fn range(first: usize, last: i32, step: usize, access: Access) -> Range {
    Range { first, last, step, access }
}

const fn each(first: usize, last: i32, step: usize, access: Access) -> KeySpec {
    KeySpec::Ranges(range(first, last, step, access), None)
}

const fn at(position: usize, access: Access) -> KeySpec {
    each(position, position as i32, 1, access)
}

const fn pair(first: Access, second: Access) -> KeySpec {
    KeySpec::Ranges(range(1, 1, 1, first), Some(range(2, 2, 1, second)))
}

/// Two specs of one range each, one behind the other.
const fn then(first: KeySpec, second: KeySpec) -> KeySpec {
    match (first, second) {
        (KeySpec::Ranges(first, _), KeySpec::Ranges(second, _)) => KeySpec::Ranges(first, Some(second)),
        _ => first,
    }
}

const fn counted(at: usize, access: Access) -> KeySpec {
    KeySpec::Counted { at, access, store: false }
}

/// Every command; a sub-command stands behind its container as `CONTAINER|SUB`. A container without sub-commands
/// here is of one class whatever follows its name.
pub(crate) static COMMANDS: &[Spec] = &[
    // Strings, bitmaps and HyperLogLogs.
    write("APPEND", 3, STRING, UPDATE),
    read("BITCOUNT", -2, STRING, READ),
    write("BITFIELD", -2, STRING, UPDATE),
    read("BITFIELD_RO", -2, STRING, READ),
    write("BITOP", -4, STRING, then(at(2, Access::Overwrite), each(3, -1, 1, Access::Read))),
    read("BITPOS", -3, STRING, READ),
    write("DECR", 2, STRING, UPDATE),
    write("DECRBY", 3, STRING, UPDATE),
    read("GET", 2, STRING, READ),
    read("GETBIT", 3, STRING, READ),
    write("GETDEL", 2, STRING, UPDATE),
    write("GETEX", -2, STRING, UPDATE),
    read("GETRANGE", 4, STRING, READ),
    write("GETSET", 3, STRING, UPDATE),
    write("INCR", 2, STRING, UPDATE),
    write("INCRBY", 3, STRING, UPDATE),
    write("INCRBYFLOAT", 3, STRING, UPDATE),
    read("LCS", -3, STRING, each(1, 2, 1, Access::Read)),
    read("MGET", -2, STRING, each(1, -1, 1, Access::Read)),
    write("MSET", -3, STRING, each(1, -1, 2, Access::Overwrite)),
    write("MSETNX", -3, STRING, each(1, -1, 2, Access::Overwrite)),
    write("PFADD", -2, STRING, UPDATE),
    write("PFCOUNT", -2, STRING, each(1, -1, 1, Access::Update)),
    write("PFMERGE", -2, STRING, then(at(1, Access::Update), each(2, -1, 1, Access::Read))),
    write("PSETEX", 4, STRING, OVERWRITE),
    write("SET", -3, STRING, OVERWRITE),
    write("SETBIT", 4, STRING, UPDATE),
    write("SETEX", 4, STRING, OVERWRITE),
    write("SETNX", 3, STRING, OVERWRITE),
    write("SETRANGE", 4, STRING, UPDATE),
    read("STRLEN", 2, STRING, READ),
    read("SUBSTR", 4, STRING, READ),
    // Lists.
    write("BLMOVE", 6, LIST, pair(Access::Update, Access::Update)),
    write("BLMPOP", -5, LIST, counted(2, Access::Update)),
    write("BLPOP", -3, LIST, each(1, -2, 1, Access::Update)),
    write("BRPOP", -3, LIST, each(1, -2, 1, Access::Update)),
    write("BRPOPLPUSH", 4, LIST, pair(Access::Update, Access::Update)),
    read("LINDEX", 3, LIST, READ),
    write("LINSERT", 5, LIST, UPDATE),
    read("LLEN", 2, LIST, READ),
    write("LMOVE", 5, LIST, pair(Access::Update, Access::Update)),
    write("LMPOP", -4, LIST, counted(1, Access::Update)),
    write("LPOP", -2, LIST, UPDATE),
    read("LPOS", -3, LIST, READ),
    write("LPUSH", -3, LIST, UPDATE),
    write("LPUSHX", -3, LIST, UPDATE),
    read("LRANGE", 4, LIST, READ),
    write("LREM", 4, LIST, UPDATE),
    write("LSET", 4, LIST, UPDATE),
    write("LTRIM", 4, LIST, UPDATE),
    write("RPOP", -2, LIST, UPDATE),
    write("RPOPLPUSH", 3, LIST, pair(Access::Update, Access::Update)),
    write("RPUSH", -3, LIST, UPDATE),
    write("RPUSHX", -3, LIST, UPDATE),
    write("SORT", -2, LIST, KeySpec::Sort),
    // Sets.
    write("SADD", -3, SET, UPDATE),
    read("SCARD", 2, SET, READ),
    read("SDIFF", -2, SET, each(1, -1, 1, Access::Read)),
    write("SDIFFSTORE", -3, SET, STORE),
    read("SINTER", -2, SET, each(1, -1, 1, Access::Read)),
    read("SINTERCARD", -3, SET, counted(1, Access::Read)),
    write("SINTERSTORE", -3, SET, STORE),
    read("SISMEMBER", 3, SET, READ),
    read("SMEMBERS", 2, SET, READ),
    read("SMISMEMBER", -3, SET, READ),
    write("SMOVE", 4, SET, pair(Access::Update, Access::Update)),
    write("SPOP", -2, SET, UPDATE),
    read("SRANDMEMBER", -2, SET, READ),
    write("SREM", -3, SET, UPDATE),
    read("SSCAN", -3, SET, READ),
    read("SUNION", -2, SET, each(1, -1, 1, Access::Read)),
    write("SUNIONSTORE", -3, SET, STORE),
    // Sorted sets and geo sets.
    write("BZMPOP", -5, ZSET, counted(2, Access::Update)),
    write("BZPOPMAX", -3, ZSET, each(1, -2, 1, Access::Update)),
    write("BZPOPMIN", -3, ZSET, each(1, -2, 1, Access::Update)),
    write("GEOADD", -5, ZSET, UPDATE),
    read("GEODIST", -4, ZSET, READ),
    read("GEOHASH", -2, ZSET, READ),
    read("GEOPOS", -2, ZSET, READ),
    write("GEORADIUS", -6, ZSET, KeySpec::GeoRadius { options: 6 }),
    read("GEORADIUS_RO", -6, ZSET, READ),
    write("GEORADIUSBYMEMBER", -5, ZSET, KeySpec::GeoRadius { options: 5 }),
    read("GEORADIUSBYMEMBER_RO", -5, ZSET, READ),
    read("GEOSEARCH", -7, ZSET, READ),
    write("GEOSEARCHSTORE", -8, ZSET, pair(Access::Overwrite, Access::Read)),
    write("ZADD", -4, ZSET, UPDATE),
    read("ZCARD", 2, ZSET, READ),
    read("ZCOUNT", 4, ZSET, READ),
    read("ZDIFF", -3, ZSET, counted(1, Access::Read)),
    write("ZDIFFSTORE", -4, ZSET, STORE_COUNTED),
    write("ZINCRBY", 4, ZSET, UPDATE),
    read("ZINTER", -3, ZSET, counted(1, Access::Read)),
    read("ZINTERCARD", -3, ZSET, counted(1, Access::Read)),
    write("ZINTERSTORE", -4, ZSET, STORE_COUNTED),
    read("ZLEXCOUNT", 4, ZSET, READ),
    write("ZMPOP", -4, ZSET, counted(1, Access::Update)),
    read("ZMSCORE", -3, ZSET, READ),
    write("ZPOPMAX", -2, ZSET, UPDATE),
    write("ZPOPMIN", -2, ZSET, UPDATE),
    read("ZRANDMEMBER", -2, ZSET, READ),
    read("ZRANGE", -4, ZSET, READ),
    read("ZRANGEBYLEX", -4, ZSET, READ),
    read("ZRANGEBYSCORE", -4, ZSET, READ),
    write("ZRANGESTORE", -5, ZSET, pair(Access::Overwrite, Access::Read)),
    read("ZRANK", 3, ZSET, READ),
    write("ZREM", -3, ZSET, UPDATE),
    write("ZREMRANGEBYLEX", 4, ZSET, UPDATE),
    write("ZREMRANGEBYRANK", 4, ZSET, UPDATE),
    write("ZREMRANGEBYSCORE", 4, ZSET, UPDATE),
    read("ZREVRANGE", -4, ZSET, READ),
    read("ZREVRANGEBYLEX", -4, ZSET, READ),
    read("ZREVRANGEBYSCORE", -4, ZSET, READ),
    read("ZREVRANK", 3, ZSET, READ),
    read("ZSCAN", -3, ZSET, READ),
    read("ZSCORE", 3, ZSET, READ),
    read("ZUNION", -3, ZSET, counted(1, Access::Read)),
    write("ZUNIONSTORE", -4, ZSET, STORE_COUNTED),
    // Hashes.
    write("HDEL", -3, HASH, UPDATE),
    read("HEXISTS", 3, HASH, READ),
    read("HGET", 3, HASH, READ),
    read("HGETALL", 2, HASH, READ),
    write("HINCRBY", 4, HASH, UPDATE),
    write("HINCRBYFLOAT", 4, HASH, UPDATE),
    read("HKEYS", 2, HASH, READ),
    read("HLEN", 2, HASH, READ),
    read("HMGET", -3, HASH, READ),
    write("HMSET", -4, HASH, UPDATE),
    read("HRANDFIELD", -2, HASH, READ),
    read("HSCAN", -3, HASH, READ),
    write("HSET", -4, HASH, UPDATE),
    write("HSETNX", 4, HASH, UPDATE),
    read("HSTRLEN", 3, HASH, READ),
    read("HVALS", 2, HASH, READ),
    // Expiry of single fields, from 7.4 on, and the reads and writes of 8.0 that go with it.
    write("HEXPIRE", -6, HASH, UPDATE),
    write("HEXPIREAT", -6, HASH, UPDATE),
    read("HEXPIRETIME", -5, HASH, READ),
    write("HGETDEL", -5, HASH, UPDATE),
    write("HGETEX", -5, HASH, UPDATE),
    write("HPERSIST", -5, HASH, UPDATE),
    write("HPEXPIRE", -6, HASH, UPDATE),
    write("HPEXPIREAT", -6, HASH, UPDATE),
    read("HPEXPIRETIME", -5, HASH, READ),
    read("HPTTL", -5, HASH, READ),
    write("HSETEX", -6, HASH, UPDATE),
    read("HTTL", -5, HASH, READ),
    // Streams.
    write("XACK", -4, STREAM, UPDATE),
    write("XADD", -5, STREAM, UPDATE),
    write("XAUTOCLAIM", -6, STREAM, UPDATE),
    write("XCLAIM", -6, STREAM, UPDATE),
    write("XDEL", -3, STREAM, UPDATE),
    read("XLEN", 2, STREAM, READ),
    read("XPENDING", -3, STREAM, READ),
    read("XRANGE", -4, STREAM, READ),
    read("XREAD", -4, STREAM, KeySpec::Streams(Access::Read)),
    write("XREADGROUP", -7, STREAM, KeySpec::Streams(Access::Update)),
    read("XREVRANGE", -4, STREAM, READ),
    write("XSETID", -3, STREAM, UPDATE),
    write("XTRIM", -4, STREAM, UPDATE),
    admin("XGROUP", -2),
    sub("XGROUP|CREATE", -5, Class::Write, STREAM, at(2, Access::Update)),
    sub("XGROUP|CREATECONSUMER", 5, Class::Write, STREAM, at(2, Access::Update)),
    sub("XGROUP|DELCONSUMER", 5, Class::Write, STREAM, at(2, Access::Update)),
    sub("XGROUP|DESTROY", 4, Class::Write, STREAM, at(2, Access::Update)),
    sub("XGROUP|HELP", 2, Class::Admin, GENERIC, KeySpec::None),
    sub("XGROUP|SETID", -5, Class::Write, STREAM, at(2, Access::Update)),
    admin("XINFO", -2),
    sub("XINFO|CONSUMERS", 4, Class::Read, STREAM, at(2, Access::Read)),
    sub("XINFO|GROUPS", 3, Class::Read, STREAM, at(2, Access::Read)),
    sub("XINFO|HELP", 2, Class::Admin, GENERIC, KeySpec::None),
    sub("XINFO|STREAM", -3, Class::Read, STREAM, at(2, Access::Read)),
    // Keys of any type.
    write("COPY", -3, GENERIC, pair(Access::Read, Access::Overwrite)),
    write("DEL", -2, GENERIC, each(1, -1, 1, Access::Remove)),
    read("DUMP", 2, GENERIC, READ),
    read("EXISTS", -2, GENERIC, each(1, -1, 1, Access::Read)),
    write("EXPIRE", -3, GENERIC, UPDATE),
    write("EXPIREAT", -3, GENERIC, UPDATE),
    read("EXPIRETIME", 2, GENERIC, READ),
    write("MIGRATE", -6, GENERIC, KeySpec::Migrate),
    write("MOVE", 3, GENERIC, UPDATE),
    write("PERSIST", 2, GENERIC, UPDATE),
    write("PEXPIRE", -3, GENERIC, UPDATE),
    write("PEXPIREAT", -3, GENERIC, UPDATE),
    read("PEXPIRETIME", 2, GENERIC, READ),
    read("PTTL", 2, GENERIC, READ),
    write("RENAME", 3, GENERIC, pair(Access::Update, Access::Overwrite)),
    write("RENAMENX", 3, GENERIC, pair(Access::Update, Access::Overwrite)),
    write("RESTORE", -4, GENERIC, OVERWRITE),
    write("RESTORE-ASKING", -4, GENERIC, OVERWRITE),
    read("SORT_RO", -2, GENERIC, READ),
    read("TOUCH", -2, GENERIC, each(1, -1, 1, Access::Read)),
    read("TTL", 2, GENERIC, READ),
    read("TYPE", 2, GENERIC, READ),
    write("UNLINK", -2, GENERIC, each(1, -1, 1, Access::Remove)),
    admin("OBJECT", -2),
    sub("OBJECT|ENCODING", 3, Class::Read, GENERIC, at(2, Access::Read)),
    sub("OBJECT|FREQ", 3, Class::Read, GENERIC, at(2, Access::Read)),
    sub("OBJECT|HELP", 2, Class::Admin, GENERIC, KeySpec::None),
    sub("OBJECT|IDLETIME", 3, Class::Read, GENERIC, at(2, Access::Read)),
    sub("OBJECT|REFCOUNT", 3, Class::Read, GENERIC, at(2, Access::Read)),
    read("DBSIZE", 1, GENERIC, KeySpec::None),
    read("KEYS", 2, GENERIC, KeySpec::None),
    read("RANDOMKEY", 1, GENERIC, KeySpec::None),
    read("SCAN", -2, GENERIC, KeySpec::None),
    // Scripts and functions.
    sub("EVAL", -3, Class::Script, Group::Unknown, counted(2, Access::Update)),
    sub("EVALSHA", -3, Class::Script, Group::Unknown, counted(2, Access::Update)),
    sub("FCALL", -3, Class::Script, Group::Unknown, counted(2, Access::Update)),
    read("EVAL_RO", -3, Group::Unknown, counted(2, Access::Read)),
    read("EVALSHA_RO", -3, Group::Unknown, counted(2, Access::Read)),
    read("FCALL_RO", -3, Group::Unknown, counted(2, Access::Read)),
    admin("FUNCTION", -2),
    keyless("FUNCTION|DELETE", 3, Class::Server),
    keyless("FUNCTION|DUMP", 2, Class::Admin),
    keyless("FUNCTION|FLUSH", -2, Class::Server),
    keyless("FUNCTION|HELP", 2, Class::Admin),
    keyless("FUNCTION|KILL", 2, Class::Admin),
    keyless("FUNCTION|LIST", -2, Class::Admin),
    keyless("FUNCTION|LOAD", -3, Class::Server),
    keyless("FUNCTION|RESTORE", -3, Class::Server),
    keyless("FUNCTION|STATS", 2, Class::Admin),
    admin("SCRIPT", -2),
    keyless("SCRIPT|DEBUG", 3, Class::Admin),
    keyless("SCRIPT|EXISTS", -3, Class::Admin),
    keyless("SCRIPT|FLUSH", -2, Class::Server),
    keyless("SCRIPT|HELP", 2, Class::Admin),
    keyless("SCRIPT|KILL", 2, Class::Admin),
    keyless("SCRIPT|LOAD", 3, Class::Server),
    // Whole dbs.
    keyless("FLUSHALL", -1, Class::Barrier),
    keyless("FLUSHDB", -1, Class::Barrier),
    keyless("SWAPDB", 3, Class::Barrier),
    // Messages.
    keyless("PUBLISH", 3, Class::Publish),
    keyless("SPUBLISH", 3, Class::Publish),
    // What steers a stream.
    keyless("DISCARD", 1, Class::Control),
    keyless("EXEC", 1, Class::Control),
    keyless("MULTI", 1, Class::Control),
    keyless("PING", -1, Class::Control),
    keyless("REPLCONF", -1, Class::Control),
    keyless("SELECT", 2, Class::Control),
    // Connections and administration; never in a stream.
    sub("WATCH", -2, Class::Admin, GENERIC, each(1, -1, 1, Access::Read)),
    sub("PFDEBUG", 3, Class::Admin, STRING, at(2, Access::Update)),
    admin("MEMORY", -2),
    keyless("MEMORY|DOCTOR", 2, Class::Admin),
    keyless("MEMORY|HELP", 2, Class::Admin),
    keyless("MEMORY|MALLOC-STATS", 2, Class::Admin),
    keyless("MEMORY|PURGE", 2, Class::Admin),
    keyless("MEMORY|STATS", 2, Class::Admin),
    sub("MEMORY|USAGE", -3, Class::Read, GENERIC, at(2, Access::Read)),
    admin("ACL", -2),
    admin("ASKING", 1),
    admin("AUTH", -2),
    admin("BGREWRITEAOF", 1),
    admin("BGSAVE", -1),
    admin("CLIENT", -2),
    admin("CLUSTER", -2),
    admin("COMMAND", -1),
    admin("CONFIG", -2),
    admin("DEBUG", -2),
    admin("ECHO", 2),
    admin("FAILOVER", -1),
    admin("HELLO", -1),
    admin("INFO", -1),
    admin("LASTSAVE", 1),
    admin("LATENCY", -2),
    admin("LOLWUT", -1),
    admin("MODULE", -2),
    admin("MONITOR", 1),
    admin("PFSELFTEST", 1),
    admin("PSUBSCRIBE", -2),
    admin("PSYNC", -3),
    admin("PUBSUB", -2),
    admin("PUNSUBSCRIBE", -1),
    admin("QUIT", -1),
    admin("READONLY", 1),
    admin("READWRITE", 1),
    admin("REPLICAOF", 3),
    admin("RESET", 1),
    admin("ROLE", 1),
    admin("SAVE", 1),
    admin("SHUTDOWN", -1),
    admin("SLAVEOF", 3),
    admin("SLOWLOG", -2),
    admin("SSUBSCRIBE", -2),
    admin("SUBSCRIBE", -2),
    admin("SUNSUBSCRIBE", -1),
    admin("SYNC", 1),
    admin("TIME", 1),
    admin("UNSUBSCRIBE", -1),
    admin("UNWATCH", 1),
    admin("WAIT", 3),
    admin("WAITAOF", 4),
];
