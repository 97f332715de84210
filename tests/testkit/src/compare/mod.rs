//! Compares two servers completely, both ways: keys, types, values, deadlines to the millisecond, functions.
//!
//! It asks the servers for everything in plain commands (GET, LRANGE, HGETALL, XINFO STREAM FULL …) and shares
//! nothing with the product. Both servers must be at rest; the passing of time is allowed for: a key whose deadline
//! passes while it is looked at is left out, and counted.
//!
//! [`compare`] → [`Report`], which lists each [`Difference`]; [`assert_equal`] is what most tests want. [`Options`]
//! say what the migration was told to change: databases, keys, filters.

mod options;
mod report;
mod side;
mod stream;
#[cfg(test)]
mod tests;
mod value;

pub use options::Options;
pub use report::{Difference, Report, What};

use crate::server::Server;
use redis::Connection;
use side::{Head, Side};
use std::collections::{BTreeMap, HashSet};

/// Keys looked at in one round trip.
const KEYS_AT_ONCE: usize = 500;

/// Compares what `target` holds with what it should hold, given what `source` holds.
///
/// # Panics
/// When one of the servers does not answer.
pub fn compare(source: &Server, target: &Server, options: &Options) -> Report {
    compare_connections(source.client(), target.client(), options)
}

/// As [`compare`], for servers that are not ours: connections that may read everything.
///
/// # Panics
/// When one of the servers does not answer.
pub fn compare_connections(source: Connection, target: Connection, options: &Options) -> Report {
    let sides = (Side::new(source), Side::new(target));
    let mut run = Run { source: sides.0, target: sides.1, options, report: Report::default() };
    let expected = run.compare_expected();
    run.find_extra(&expected);
    if options.functions {
        run.compare_functions();
    }
    run.report
}

/// Fails with a list of the differences unless both hold the same.
///
/// # Panics
/// When they differ, or one of them does not answer.
#[track_caller]
pub fn assert_equal(source: &Server, target: &Server) {
    compare(source, target, &Options::default()).assert_equal();
}

/// Per database of the target, the keys that it should have.
type Expected = BTreeMap<u32, HashSet<Vec<u8>>>;

/// A key of the source and where it should be on the target.
struct Pair {
    source_key: Vec<u8>,
    target_key: Vec<u8>,
}

struct Run<'a> {
    source: Side,
    target: Side,
    options: &'a Options,
    report: Report,
}

impl Run<'_> {
    /// Goes through the source's keys and compares each with its place on the target.
    fn compare_expected(&mut self) -> Expected {
        let mut expected = Expected::new();
        for source_db in self.source.dbs() {
            let Some(target_db) = (self.options.db_map)(source_db) else { continue };
            self.source.select(source_db);
            self.target.select(target_db);
            let mut keys = self.source.keys();
            keys.retain(|key| (self.options.filter)(source_db, key));
            for part in keys.chunks(KEYS_AT_ONCE) {
                let pair = |key: &Vec<u8>| Pair { source_key: key.clone(), target_key: (self.options.key_map)(key) };
                let pairs: Vec<Pair> = part.iter().map(pair).collect();
                let present = self.compare_pairs(source_db, pairs);
                expected.entry(target_db).or_default().extend(present);
            }
        }
        expected
    }

    /// Compares some keys of the selected databases; answers the target's names of those that the source has still.
    fn compare_pairs(&mut self, db: u32, pairs: Vec<Pair>) -> Vec<Vec<u8>> {
        let source_heads = self.source.heads(pairs.iter().map(|pair| &pair.source_key));
        let target_heads = self.target.heads(pairs.iter().map(|pair| &pair.target_key));
        let mut same_type: BTreeMap<String, Vec<(&Pair, [Head; 2])>> = BTreeMap::new();
        let mut found = Vec::new();
        for (pair, heads) in pairs.iter().zip(source_heads.into_iter().zip(target_heads)) {
            match heads {
                // Gone since the keys were listed. If the target has it still, that is found as an extra key.
                (None, _) => self.report.expired_meanwhile += 1,
                (Some(source), None) => found.push((pair, [source.deadline, None], What::Missing)),
                (Some(source), Some(target)) => {
                    let deadlines = [source.deadline, target.deadline];
                    if !self.options.same_deadline(source.deadline, target.deadline) {
                        let what = What::Deadline { source: source.deadline, target: target.deadline };
                        found.push((pair, deadlines, what));
                    }
                    if source.type_name == target.type_name {
                        same_type.entry(source.type_name.clone()).or_default().push((pair, [source, target]));
                    } else {
                        let what = What::Type { source: source.type_name, target: target.type_name };
                        found.push((pair, deadlines, what));
                    }
                }
            }
        }
        for (type_name, keys) in &same_type {
            self.report.compared += keys.len();
            let source = self.source.values(type_name, keys.iter().map(|(pair, _)| &pair.source_key));
            let target = self.target.values(type_name, keys.iter().map(|(pair, _)| &pair.target_key));
            let rules = self.value_rules();
            for ((pair, heads), (source, target)) in keys.iter().zip(source.into_iter().zip(target)) {
                if let Some(text) = value::difference(type_name, source, target, rules) {
                    let deadlines = [heads[0].deadline, heads[1].deadline];
                    found.push((pair, deadlines, What::Value { type_name: type_name.clone(), text }));
                }
            }
        }
        self.keep(db, found);
        pairs.into_iter().map(|pair| pair.target_key).collect()
    }

    /// Reports what was found, apart from keys whose deadline has passed on either side by now.
    fn keep(&mut self, db: u32, found: Vec<(&Pair, [Option<i64>; 2], What)>) {
        if found.is_empty() {
            return;
        }
        let now = self.source.now().max(self.target.now());
        for (pair, deadlines, what) in found {
            if deadlines.iter().flatten().any(|&deadline| deadline <= now) {
                self.report.expired_meanwhile += 1;
            } else {
                self.report.differences.push(Difference { db, key: pair.source_key.clone(), what });
            }
        }
    }

    /// Goes through the target's keys for those that nobody expects.
    fn find_extra(&mut self, expected: &Expected) {
        for db in self.target.dbs() {
            self.target.select(db);
            let mut keys = self.target.keys();
            keys.retain(|key| !expected.get(&db).is_some_and(|keys| keys.contains(key)));
            keys.retain(|key| !(self.options.ignore_on_target)(db, key));
            for part in keys.chunks(KEYS_AT_ONCE) {
                for (key, head) in part.iter().zip(self.target.heads(part.iter())) {
                    // One that has expired since it was listed is no surplus.
                    let Some(head) = head else { continue };
                    let what = What::Extra { type_name: head.type_name };
                    self.report.differences.push(Difference { db, key: key.clone(), what });
                }
            }
        }
    }

    fn compare_functions(&mut self) {
        let (mut source, mut target) = (self.source.libraries(), self.target.libraries());
        let names: HashSet<Vec<u8>> = source.keys().chain(target.keys()).cloned().collect();
        for name in names {
            let what = match (source.remove(&name), target.remove(&name)) {
                (source, target) if source == target => continue,
                (Some(_), None) => What::FunctionsMissing,
                (None, _) => What::FunctionsExtra,
                (Some(_), Some(_)) => What::FunctionsDiffer,
            };
            self.report.differences.push(Difference { db: 0, key: name, what });
        }
    }

    fn value_rules(&self) -> value::Rules {
        value::Rules {
            stream_counters: self.source.is_7_or_later() && self.target.is_7_or_later(),
            group_bookkeeping: self.options.group_bookkeeping,
            idle_consumers: self.options.idle_consumers,
        }
    }
}
