//! The promise of the rules: a target that is given only what they make of the stream holds, at every moment, exactly
//! what they carry of the source. Checked on a small model of a Redis that shares nothing with the rules.

use std::collections::{BTreeMap, VecDeque};

use commands::Table;
use proptest::prelude::*;
use record::{Db, ValueType};

use super::{dbs, exclude, include, kinds, map, prefix, rename};
use crate::rules::{ChangeVerdict, EntryVerdict, EntryView, Rename, Rewritten, Rules, Spec};

#[derive(Clone, Debug, PartialEq)]
enum Value {
    Text(String),
    List(VecDeque<String>),
    Set(Vec<String>),
}

impl Value {
    fn kind(&self) -> ValueType {
        match self {
            Value::Text(_) => ValueType::String,
            Value::List(_) => ValueType::List,
            Value::Set(_) => ValueType::Set,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Value::Text(_) => false,
            Value::List(list) => list.is_empty(),
            Value::Set(set) => set.is_empty(),
        }
    }
}

/// Keys of all dbs.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model(BTreeMap<(u32, String), Value>);

/// A wrong type, a missing key: the command did nothing, and a server would say so.
struct Failed;

impl Model {
    fn list(&mut self, db: u32, key: &str) -> Result<&mut VecDeque<String>, Failed> {
        match self.0.entry((db, key.to_owned())).or_insert_with(|| Value::List(VecDeque::new())) {
            Value::List(list) => Ok(list),
            _ => Err(Failed),
        }
    }

    fn set(&mut self, db: u32, key: &str) -> Result<&mut Vec<String>, Failed> {
        match self.0.entry((db, key.to_owned())).or_insert_with(|| Value::Set(vec![])) {
            Value::Set(set) => Ok(set),
            _ => Err(Failed),
        }
    }

    fn add(set: &mut Vec<String>, member: &str) {
        if !set.iter().any(|have| have == member) {
            set.push(member.to_owned());
            set.sort_unstable();
        }
    }

    /// Runs a command; a failed one changes nothing.
    fn run(&mut self, db: u32, args: &[String]) -> Result<(), Failed> {
        let mut next = self.clone();
        next.apply(db, &args.iter().map(String::as_str).collect::<Vec<_>>())?;
        next.0.retain(|_, value| !value.is_empty());
        *self = next;
        Ok(())
    }

    fn apply(&mut self, db: u32, args: &[&str]) -> Result<(), Failed> {
        let at = |key: &str| (db, key.to_owned());
        match args {
            ["SET", key, value] => drop(self.0.insert(at(key), Value::Text((*value).to_owned()))),
            ["MSET", pairs @ ..] => {
                for pair in pairs.chunks(2) {
                    self.0.insert(at(pair[0]), Value::Text(pair[1].to_owned()));
                }
            }
            ["DEL", keys @ ..] => keys.iter().for_each(|key| drop(self.0.remove(&at(key)))),
            ["SADD", key, member] => Model::add(self.set(db, key)?, member),
            ["SREM", key, member] => self.set(db, key)?.retain(|have| have != member),
            ["SMOVE", from, to, member] => {
                let set = self.set(db, from)?;
                if !set.iter().any(|have| have == member) {
                    return Err(Failed);
                }
                set.retain(|have| have != member);
                Model::add(self.set(db, to)?, member);
            }
            ["SUNIONSTORE", to, from @ ..] => {
                let mut union = vec![];
                for key in from {
                    self.set(db, key)?.iter().for_each(|member| Model::add(&mut union, member));
                }
                self.0.insert(at(to), Value::Set(union));
            }
            ["LPUSH", key, value] => self.list(db, key)?.push_front((*value).to_owned()),
            ["LPOP", key] => drop(self.list(db, key)?.pop_front().ok_or(Failed)?),
            ["RPOP", key] => drop(self.list(db, key)?.pop_back().ok_or(Failed)?),
            ["LMOVE", from, to, end, "RIGHT"] => {
                let list = self.list(db, from)?;
                let value = if *end == "LEFT" { list.pop_front() } else { list.pop_back() };
                let value = value.ok_or(Failed)?;
                self.list(db, to)?.push_back(value);
            }
            ["RENAME", from, to] => {
                let value = self.0.remove(&at(from)).ok_or(Failed)?;
                self.0.insert(at(to), value);
            }
            ["MOVE", key, into] => return self.carry(at(key), (into.parse().unwrap(), (*key).to_owned()), false),
            ["COPY", from, to, "DB", into, rest @ ..] => {
                let to = (into.parse().unwrap(), (*to).to_owned());
                let value = self.0.get(&at(from)).cloned().ok_or(Failed)?;
                if rest.is_empty() && self.0.contains_key(&to) || to == at(from) {
                    return Err(Failed);
                }
                self.0.insert(to, value);
            }
            ["FLUSHDB"] => self.0.retain(|(have, _), _| *have != db),
            ["FLUSHALL"] => self.0.clear(),
            ["SWAPDB", a, b] => {
                let (a, b): (u32, u32) = (a.parse().unwrap(), b.parse().unwrap());
                let swapped = |db| {
                    if db == a {
                        b
                    } else if db == b {
                        a
                    } else {
                        db
                    }
                };
                self.0 = std::mem::take(&mut self.0)
                    .into_iter()
                    .map(|((db, key), value)| ((swapped(db), key), value))
                    .collect();
            }
            other => panic!("the model has no {other:?}"),
        }
        Ok(())
    }

    fn carry(&mut self, from: (u32, String), to: (u32, String), replace: bool) -> Result<(), Failed> {
        if self.0.contains_key(&to) && !replace {
            return Err(Failed);
        }
        let value = self.0.remove(&from).ok_or(Failed)?;
        self.0.insert(to, value);
        Ok(())
    }

    /// What the rules carry of this source, judged as entries of a snapshot.
    fn carried(&self, rules: &Rules) -> Model {
        let carried = self.0.iter().filter_map(|((db, key), value)| {
            let view =
                EntryView { db: Db(*db), key: key.as_bytes(), kind: value.kind(), deadline: None, value_bytes: 1 };
            match rules.entry(&view) {
                EntryVerdict::Drop => None,
                EntryVerdict::Keep { db, key } => {
                    Some(((db.0, String::from_utf8(key.into_owned()).unwrap()), value.clone()))
                }
            }
        });
        Model(carried.collect())
    }
}

/// Gives one change to the target as the rules make it; `false` where they refuse it.
fn replicate(rules: &Rules, table: &Table, target: &mut Model, db: u32, change: &[String]) -> bool {
    let args: Vec<&[u8]> = change.iter().map(String::as_bytes).collect();
    let mut out = Rewritten::new();
    let verdict = rules.change(table, Db(db), &args, &mut out);
    let text = |arg: &[u8]| String::from_utf8(arg.to_vec()).unwrap();
    let rewritten: Vec<String> = out.args(&args).map(text).collect();
    // A command that does nothing on the target (MOVE of a key that it lacks) is no fault: a server answers 0.
    let mut run = |db: Db, args: &[String]| drop(target.run(db.0, args));
    match verdict {
        Ok(ChangeVerdict::Drop) => {}
        Ok(ChangeVerdict::Keep { db }) => run(db, change),
        Ok(ChangeVerdict::Rewritten { db }) => run(db, &rewritten),
        Ok(ChangeVerdict::FlushEach) => out.dbs().iter().for_each(|db| run(*db, &rewritten)),
        Err(_) => return false,
    }
    true
}

fn any_rules() -> impl Strategy<Value = Spec> {
    let list = vec![
        Spec::default(),
        exclude(prefix(&["t"])),
        include(prefix(&["a", "b"])),
        exclude(dbs(&[1])),
        include(dbs(&[0, 2])),
        exclude(kinds(&[ValueType::String])),
        include(kinds(&[ValueType::String, ValueType::List])),
        include(kinds(&[ValueType::Set])),
        map(&[(Some(0), 1), (Some(1), 0)]),
        map(&[(Some(1), 4)]),
        Spec { db_map: map(&[(None, 3)]).db_map, ..include(dbs(&[1])) },
        Spec { db_map: map(&[(Some(1), 0)]).db_map, ..exclude(dbs(&[0])) },
        rename(&[Rename::AddPrefix(b"n:".to_vec())]),
        rename(&[Rename::ReplacePrefix { from: b"t".to_vec(), to: b"u".to_vec() }]),
        Spec {
            include: kinds(&[ValueType::Set, ValueType::List]),
            exclude: prefix(&["b"]),
            rename: vec![Rename::AddPrefix(b"n:".to_vec())],
            db_map: map(&[(Some(2), 5)]).db_map,
        },
    ];
    prop::sample::select(list)
}

fn any_change() -> impl Strategy<Value = (u32, Vec<String>)> {
    let key = || prop::sample::select(vec!["a", "b", "t1", "t2", "c"]);
    let line = prop_oneof![
        key().prop_map(|a| format!("SET {a} v")),
        (key(), key()).prop_map(|(a, b)| format!("MSET {a} v {b} w")),
        (key(), key(), key()).prop_map(|(a, b, c)| format!("DEL {a} {b} {c}")),
        (key(), "[xyz]").prop_map(|(a, m)| format!("SADD {a} {m}")),
        (key(), "[xyz]").prop_map(|(a, m)| format!("SREM {a} {m}")),
        (key(), key(), "[xyz]").prop_map(|(a, b, m)| format!("SMOVE {a} {b} {m}")),
        (key(), key(), key()).prop_map(|(a, b, c)| format!("SUNIONSTORE {a} {b} {c}")),
        (key(), "[xyz]").prop_map(|(a, m)| format!("LPUSH {a} {m}")),
        key().prop_map(|a| format!("LPOP {a}")),
        (key(), key(), "LEFT|RIGHT").prop_map(|(a, b, end)| format!("LMOVE {a} {b} {end} RIGHT")),
        (key(), key()).prop_map(|(a, b)| format!("RENAME {a} {b}")),
        (key(), 0..3_u32).prop_map(|(a, db)| format!("MOVE {a} {db}")),
        (key(), key(), 0..3_u32, "| REPLACE").prop_map(|(a, b, db, end)| format!("COPY {a} {b} DB {db}{end}")),
        Just("FLUSHDB".to_owned()),
        Just("FLUSHALL".to_owned()),
        (0..3_u32, 0..3_u32).prop_map(|(a, b)| format!("SWAPDB {a} {b}")),
    ];
    (0..3_u32, line).prop_map(|(db, line)| (db, line.split(' ').map(str::to_owned).collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_target_holds_what_the_rules_carry_of_the_source(
        spec in any_rules(),
        changes in prop::collection::vec(any_change(), 1..60),
    ) {
        let rules = Rules::compile(spec).unwrap();
        let table = Table::builtin();
        let (mut source, mut target) = (Model::default(), Model::default());
        for (db, change) in &changes {
            // Only what had an effect is replicated; what the rules refuse stops a migration, here it is left out.
            let mut next = source.clone();
            if next.run(*db, change).is_err() || !replicate(&rules, &table, &mut target, *db, change) {
                continue;
            }
            source = next;
            prop_assert_eq!(&target, &source.carried(&rules), "after {:?} in db {}", change, db);
        }
    }
}
