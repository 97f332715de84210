//! What the rules, lanes and the frontier promise: tables, and properties against models that share nothing with them.

mod changes;
mod entries;
mod frontier;
mod lanes;
mod model;

use record::{Db, ValueType};

use crate::rules::{ChangeVerdict, DbPattern, Matchers, Refusal, Rename, Rewritten, Rules, Spec};

/// Splits a command line at spaces.
fn args(line: &str) -> Vec<&[u8]> {
    line.split(' ').map(str::as_bytes).collect()
}

fn texts(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn include(matchers: Matchers) -> Spec {
    Spec { include: matchers, ..Spec::default() }
}

fn exclude(matchers: Matchers) -> Spec {
    Spec { exclude: matchers, ..Spec::default() }
}

fn prefix(list: &[&str]) -> Matchers {
    Matchers { prefix: texts(list), ..Matchers::default() }
}

fn dbs(list: &[u32]) -> Matchers {
    Matchers { db: list.iter().copied().map(Db).collect(), ..Matchers::default() }
}

fn kinds(list: &[ValueType]) -> Matchers {
    Matchers { kind: list.to_vec(), ..Matchers::default() }
}

/// A db map: `None` is every other db.
fn map(pairs: &[(Option<u32>, u32)]) -> Spec {
    let pattern = |source: Option<u32>| source.map_or(DbPattern::Any, |db| DbPattern::One(Db(db)));
    Spec { db_map: pairs.iter().map(|(source, target)| (pattern(*source), Db(*target))).collect(), ..Spec::default() }
}

fn rename(rename: &[Rename]) -> Spec {
    Spec { rename: rename.to_vec(), ..Spec::default() }
}

/// The change as the target sees it: `drop`, or `db: command …`, or `refused: why`.
fn shown(rules: &Rules, db: u32, line: &str) -> String {
    let args = args(line);
    let mut out = Rewritten::new();
    let table = commands::Table::builtin();
    let join = |args: Vec<&[u8]>| String::from_utf8_lossy(&args.join(&b' ')).into_owned();
    match rules.change(&table, Db(db), &args, &mut out) {
        Ok(ChangeVerdict::Drop) => "drop".to_owned(),
        Ok(ChangeVerdict::Keep { db }) => format!("{db}: {line}"),
        Ok(ChangeVerdict::Rewritten { db }) => format!("{db}: {}", join(out.args(&args).collect())),
        Ok(ChangeVerdict::FlushEach) => format!("{:?}: {}", out.dbs(), join(out.args(&args).collect())),
        Err(refusal) => format!("refused: {}", short(&refusal)),
    }
}

/// The kind of a refusal, and what it says of the rules.
fn short(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Unknown { .. } => "unknown".to_owned(),
        Refusal::Keys(error) => error.to_string(),
        Refusal::Partial { carried, left_out, rule, .. } => format!("{carried} but not {left_out}: {rule}"),
        Refusal::Unnamed { why, .. } | Refusal::Kind { why, .. } | Refusal::Whole { why, .. } => (*why).to_owned(),
        Refusal::Collision { first, second, .. } => format!("{first} meets {second}"),
    }
}
