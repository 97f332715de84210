//! One of the two servers, asked for keys, deadlines and values in pipelined plain commands.

use redis::{Connection, FromRedisValue, Pipeline, Value, cmd};
use std::collections::{BTreeMap, HashSet};

/// Elements of a list read in one reply.
const LIST_PIECE: isize = 10_000;

/// What TYPE and PEXPIRETIME say of a key.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) type_name: String,
    /// Unix time in milliseconds.
    pub(super) deadline: Option<i64>,
}

pub(super) struct Side {
    connection: Connection,
    is_7_or_later: bool,
}

impl Side {
    pub(super) fn new(mut connection: Connection) -> Side {
        let known: Vec<Value> = cmd("COMMAND").arg("INFO").arg("PEXPIRETIME").query(&mut connection).expect("COMMAND");
        Side { connection, is_7_or_later: known.iter().any(|entry| *entry != Value::Nil) }
    }

    /// Whether it has PEXPIRETIME, functions and the counters in streams.
    pub(super) fn is_7_or_later(&self) -> bool {
        self.is_7_or_later
    }

    fn ask<T: FromRedisValue>(&mut self, command: &redis::Cmd) -> T {
        command.query(&mut self.connection).unwrap_or_else(|error| panic!("comparing: {error}"))
    }

    fn ask_all<T: FromRedisValue>(&mut self, pipeline: &Pipeline) -> Vec<T> {
        if pipeline.is_empty() {
            return Vec::new();
        }
        pipeline.query(&mut self.connection).unwrap_or_else(|error| panic!("comparing: {error}"))
    }

    /// The databases that hold keys.
    pub(super) fn dbs(&mut self) -> Vec<u32> {
        let text: String = self.ask(cmd("INFO").arg("keyspace"));
        text.lines().filter_map(|line| line.strip_prefix("db")?.split(':').next()?.parse().ok()).collect()
    }

    pub(super) fn select(&mut self, db: u32) {
        self.ask::<()>(cmd("SELECT").arg(db));
    }

    /// Every key of the selected database, once.
    pub(super) fn keys(&mut self) -> Vec<Vec<u8>> {
        let mut keys = HashSet::new();
        let mut cursor = "0".to_owned();
        loop {
            let (next, some): (String, Vec<Vec<u8>>) = self.ask(cmd("SCAN").arg(&cursor).arg("COUNT").arg(1000));
            keys.extend(some);
            if next == "0" {
                return keys.into_iter().collect();
            }
            cursor = next;
        }
    }

    /// The server's clock: Unix time in milliseconds.
    pub(super) fn now(&mut self) -> i64 {
        let (seconds, micros): (i64, i64) = self.ask(&cmd("TIME"));
        seconds * 1000 + micros / 1000
    }

    /// Type and deadline of each key; `None` for one that is not there.
    pub(super) fn heads<'a>(&mut self, keys: impl Iterator<Item = &'a Vec<u8>> + Clone) -> Vec<Option<Head>> {
        let mut types = redis::pipe();
        keys.clone().for_each(|key| {
            types.cmd("TYPE").arg(key);
        });
        let types: Vec<String> = self.ask_all(&types);
        let deadlines = if self.is_7_or_later { self.deadlines(keys) } else { self.deadlines_by_clock(keys) };
        let head = |(type_name, deadline): (String, i64)| match deadline {
            // It expired between the two questions, or was not there at the first.
            -2 => None,
            _ if type_name == "none" => None,
            deadline => Some(Head { type_name, deadline: (deadline != -1).then_some(deadline) }),
        };
        types.into_iter().zip(deadlines).map(head).collect()
    }

    fn deadlines<'a>(&mut self, keys: impl Iterator<Item = &'a Vec<u8>>) -> Vec<i64> {
        let mut pipeline = redis::pipe();
        keys.for_each(|key| {
            pipeline.cmd("PEXPIRETIME").arg(key);
        });
        self.ask_all(&pipeline)
    }

    /// Without PEXPIRETIME a deadline is the clock plus PTTL. The clock is read before and after: only if it shows
    /// the same millisecond is the sum exact, else that key is asked for again.
    fn deadlines_by_clock<'a>(&mut self, keys: impl Iterator<Item = &'a Vec<u8>>) -> Vec<i64> {
        let keys: Vec<&Vec<u8>> = keys.collect();
        let mut known: BTreeMap<usize, i64> = BTreeMap::new();
        while known.len() < keys.len() {
            let missing: Vec<usize> = (0..keys.len()).filter(|at| !known.contains_key(at)).collect();
            let mut pipeline = redis::pipe();
            for &at in &missing {
                pipeline.cmd("TIME").cmd("PTTL").arg(keys[at]).cmd("TIME");
            }
            let replies: Vec<Value> = self.ask_all(&pipeline);
            for (at, reply) in missing.into_iter().zip(replies.chunks_exact(3)) {
                let ttl = i64::from_redis_value(reply[1].clone()).expect("PTTL answers a number");
                let (before, after) = (clock_ms(&reply[0]), clock_ms(&reply[2]));
                match ttl {
                    -1 | -2 => known.insert(at, ttl),
                    ttl if before == after => known.insert(at, before + ttl),
                    _ => None,
                };
            }
        }
        known.into_values().collect()
    }

    /// The values of keys that are all of one type, as the server replies.
    pub(super) fn values<'a>(
        &mut self,
        type_name: &str,
        keys: impl Iterator<Item = &'a Vec<u8>> + Clone,
    ) -> Vec<Value> {
        let mut pipeline = redis::pipe();
        keys.clone().for_each(|key| {
            match type_name {
                "string" => pipeline.cmd("GET").arg(key),
                "list" => pipeline.cmd("LRANGE").arg(key).arg(0).arg(LIST_PIECE - 1),
                "set" => pipeline.cmd("SMEMBERS").arg(key),
                "hash" => pipeline.cmd("HGETALL").arg(key),
                "zset" => pipeline.cmd("ZRANGE").arg(key).arg(0).arg(-1).arg("WITHSCORES"),
                "stream" => pipeline.cmd("XINFO").arg("STREAM").arg(key).arg("FULL").arg("COUNT").arg(0),
                // A module's value: opaque to us, but its payload is the same where the module is.
                _ => pipeline.cmd("DUMP").arg(key),
            };
        });
        // A key that expires just now answers an error in XINFO; it is left out later, by its deadline.
        let replies = pipeline.ignore_errors().query(&mut self.connection);
        let mut values: Vec<Value> = replies.unwrap_or_else(|error| panic!("comparing: {error}"));
        if type_name == "list" {
            keys.zip(&mut values).for_each(|(key, value)| self.read_rest_of_list(key, value));
        }
        values
    }

    fn read_rest_of_list(&mut self, key: &[u8], value: &mut Value) {
        let Value::Array(elements) = value else { return };
        let mut last_piece = elements.len();
        while last_piece == LIST_PIECE as usize {
            let (start, end) = (elements.len(), elements.len() + last_piece - 1);
            let piece: Vec<Value> = self.ask(cmd("LRANGE").arg(key).arg(start).arg(end));
            last_piece = piece.len();
            elements.extend(piece);
        }
    }

    /// Function libraries: code by name.
    pub(super) fn libraries(&mut self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        if !self.is_7_or_later {
            return BTreeMap::new();
        }
        let libraries: Vec<Value> = self.ask(cmd("FUNCTION").arg("LIST").arg("WITHCODE"));
        libraries
            .into_iter()
            .map(|library| (field(&library, "library_name"), field(&library, "library_code")))
            .collect()
    }
}

fn clock_ms(reply: &Value) -> i64 {
    let (seconds, micros): (i64, i64) =
        FromRedisValue::from_redis_value(reply.clone()).expect("TIME answers two numbers");
    seconds * 1000 + micros / 1000
}

/// One field of a reply that alternates names and values.
fn field(reply: &Value, name: &str) -> Vec<u8> {
    let fields: Vec<(Vec<u8>, Value)> = FromRedisValue::from_redis_value(reply.clone()).expect("names and values");
    let found = fields.into_iter().find(|(found, _)| found == name.as_bytes());
    found.and_then(|(_, value)| Vec::from_redis_value(value).ok()).unwrap_or_default()
}
