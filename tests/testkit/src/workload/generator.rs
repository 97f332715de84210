//! Makes commands: chooses operations, keys and values from a seeded generator.

use super::op::Op;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use redis::{Arg, Cmd, Value};
use std::collections::VecDeque;

/// How many ids of stream entries are remembered for XDEL, XACK and XCLAIM.
const IDS_MAX: usize = 200;
/// How often, in operations, another database is selected.
const SELECT_EVERY: u32 = 8;

#[derive(Debug)]
pub(super) struct Generator {
    pub(super) rng: StdRng,
    ops: Vec<&'static Op>,
    weights: u32,
    keys: u32,
    prefix: Vec<u8>,
    dbs: Vec<u32>,
    db: u32,
    commands: Vec<Cmd>,
    ids: VecDeque<(Vec<u8>, Vec<u8>)>,
}

impl Generator {
    pub(super) fn new(seed: u64, ops: Vec<&'static Op>, keys: u32, prefix: Vec<u8>, dbs: Vec<u32>) -> Generator {
        assert!(!ops.is_empty(), "the workload's options leave no operation");
        let weights = ops.iter().map(|op| op.weight).sum();
        let db = *dbs.first().expect("a workload writes to at least one database");
        let (commands, ids) = (Vec::new(), VecDeque::new());
        Generator { rng: StdRng::seed_from_u64(seed), ops, weights, keys, prefix, dbs, db, commands, ids }
    }

    /// The database that is selected behind the commands made so far.
    pub(super) fn db(&self) -> u32 {
        self.db
    }

    /// The commands of about so many operations.
    pub(super) fn next(&mut self, operations: usize) -> Vec<Cmd> {
        for _ in 0..operations {
            if self.dbs.len() > 1 && self.rng.random_ratio(1, SELECT_EVERY) {
                self.db = self.other_db();
                let db = self.db;
                self.run("SELECT", |cmd| cmd.arg(db));
            }
            let mut left = self.rng.random_range(0..self.weights);
            let chosen = self.ops.iter().find(|op| match left.checked_sub(op.weight) {
                Some(less) => {
                    left = less;
                    false
                }
                None => true,
            });
            let make = chosen.expect("a number below the sum of the weights falls on one of them").make;
            make(self);
        }
        std::mem::take(&mut self.commands)
    }

    /// Adds a command.
    pub(super) fn run(&mut self, name: &str, args: impl FnOnce(&mut Cmd) -> &mut Cmd) {
        let mut command = redis::cmd(name);
        args(&mut command);
        self.commands.push(command);
    }

    /// A key for values of one sort.
    pub(super) fn key(&mut self, sort: &str) -> Vec<u8> {
        let number = self.rng.random_range(0..self.keys);
        [&self.prefix[..], sort.as_bytes(), b":", number.to_string().as_bytes()].concat()
    }

    /// A value: short, numeric, binary or compressible.
    pub(super) fn value(&mut self) -> Vec<u8> {
        let len = self.rng.random_range(0..60);
        match self.rng.random_range(0..10) {
            0 => self.rng.random::<i32>().to_string().into_bytes(),
            1 => b"abcdefgh".repeat(len * 2),
            2 => Vec::new(),
            _ => (0..len).map(|_| self.rng.random()).collect(),
        }
    }

    /// One of a few members or fields.
    pub(super) fn member(&mut self) -> String {
        format!("m{}", self.rng.random_range(0..60))
    }

    pub(super) fn number(&mut self, bound: i64) -> i64 {
        self.rng.random_range(0..bound)
    }

    pub(super) fn float(&mut self) -> f64 {
        (self.rng.random::<f64>() - 0.5) * 1000.0
    }

    pub(super) fn one_of(&mut self, words: &[&'static str]) -> &'static str {
        words[self.rng.random_range(0..words.len())]
    }

    /// One of the databases.
    pub(super) fn other_db(&mut self) -> u32 {
        self.dbs[self.rng.random_range(0..self.dbs.len())]
    }

    /// A stream and the id of an entry that it had, if any was added so far. It may have it no more, and another
    /// database never had it.
    pub(super) fn stream_and_id(&mut self) -> Option<(Vec<u8>, Vec<u8>)> {
        let at = self.rng.random_range(0..self.ids.len().max(1));
        self.ids.get(at).cloned()
    }

    /// Looks at a reply for what later commands need.
    pub(super) fn learn(&mut self, command: &Cmd, reply: &Value) {
        let mut args = command.args_iter();
        if !matches!(args.next(), Some(Arg::Simple(b"XADD"))) {
            return;
        }
        if let (Some(Arg::Simple(key)), Value::BulkString(id)) = (args.next(), reply) {
            self.ids.push_back((key.to_vec(), id.clone()));
            if self.ids.len() > IDS_MAX {
                self.ids.pop_front();
            }
        }
    }
}
