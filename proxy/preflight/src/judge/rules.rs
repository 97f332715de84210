//! What the migration's own rules make of the source as it is.

use record::{Db, ValueType};
use route::rules::{EntryVerdict, EntryView, Matchers, Rules, Spec};
use settings::{Mode, Settings};

use crate::facts::Facts;
use crate::finding::{Finding, Subject};

/// A db of the source that is carried, and where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Carried {
    pub(super) source: Db,
    pub(super) target: Db,
}

/// Judges the rules, and tells which of the dbs that hold keys go where.
pub(super) fn judge(source: &Facts, settings: &Settings, findings: &mut Vec<Finding>) -> Vec<Carried> {
    if settings.mode != Mode::SnapshotOnly {
        findings.extend(snapshot_only(&settings.rules));
    }
    let dbs = carried(source, &settings.rules);
    if source.keys() > 0 && dbs.is_empty() {
        let message = "The rules leave out every db of the source that holds keys.";
        let advice = "look at rules.include.db and rules.exclude.db";
        findings.push(Finding::warning("rules-carry-nothing", Subject::Rules, message).advice(advice));
    }
    findings.extend(merged(&dbs));
    dbs
}

/// Whether the rules leave anything out.
pub(super) fn leave_out(spec: &Spec) -> bool {
    spec.include != Matchers::default() || spec.exclude != Matchers::default()
}

/// Settings that are read from a file or from flags have been refused for this already; others are built in code.
fn snapshot_only(spec: &Spec) -> Option<Finding> {
    let reason = match Rules::compile(spec.clone()) {
        Ok(rules) => rules.snapshot_only_reason()?,
        Err(error) => {
            let finding =
                Finding::error("rules-invalid", Subject::Rules, format!("The rules cannot be used: {error}."));
            return Some(finding.advice("put the rule right"));
        }
    };
    let message = format!("The rules cannot be kept on the live stream: {}.", reason.trim_end_matches('.'));
    let advice = "carry the snapshot only, or leave these rules out";
    Some(Finding::error("rules-need-snapshot-only", Subject::Rules, message).advice(advice))
}

/// The rules about dbs alone, asked for each db that holds keys: whatever else they say, this is where its keys go.
fn carried(source: &Facts, spec: &Spec) -> Vec<Carried> {
    let dbs_only = |matchers: &Matchers| Matchers { db: matchers.db.clone(), ..Matchers::default() };
    let spec = Spec {
        include: dbs_only(&spec.include),
        exclude: dbs_only(&spec.exclude),
        db_map: spec.db_map.clone(),
        rename: Vec::new(),
    };
    let Ok(rules) = Rules::compile(spec) else { return Vec::new() };
    let target = |db| {
        let entry = EntryView { db, key: b"", kind: ValueType::String, deadline: None, value_bytes: 0 };
        match rules.entry(&entry) {
            EntryVerdict::Keep { db: target, .. } => Some(Carried { source: db, target }),
            EntryVerdict::Drop => None,
        }
    };
    source.keyspace.iter().filter_map(|db| target(db.db)).collect()
}

/// Dbs that hold keys and become one.
fn merged(dbs: &[Carried]) -> Option<Finding> {
    let into = |target: Db| dbs.iter().filter(move |db| db.target == target).map(|db| db.source.to_string());
    let target = dbs.iter().map(|db| db.target).find(|target| into(*target).count() > 1)?;
    let sources: Vec<String> = into(target).collect();
    let message = format!(
        "Keys of the dbs {} go to db {target} of the target: where two of them have the same name, the later write wins.",
        sources.join(", ")
    );
    let advice = "make sure that their names differ, or map the dbs to different ones";
    Some(Finding::warning("dbs-merged", Subject::Rules, message).advice(advice))
}
