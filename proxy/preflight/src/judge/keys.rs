//! What the target holds already, and whether it has room for the source's dbs.

use record::Db;
use settings::{OnExisting, Settings};

use super::keys_text;
use super::rules::Carried;
use crate::facts::Facts;
use crate::finding::{Finding, Subject};

pub(super) fn judge(source: &Facts, target: &Facts, settings: &Settings, dbs: &[Carried], findings: &mut Vec<Finding>) {
    if source.has_info {
        findings.push(Finding::info("source-keys", Subject::Source, format!("The source holds {}.", by_db(source))));
    }
    if target.has_info {
        findings.push(present(target, settings));
    }
    databases(dbs, target, findings);
}

fn present(target: &Facts, settings: &Settings) -> Finding {
    let subject = Subject::Target;
    let held = by_db(target);
    if target.keys() == 0 {
        return Finding::info("target-empty", subject, "The target is empty.");
    }
    if settings.target.flush {
        let message =
            format!("The target holds {held}: all of it is deleted before the migration, as the settings ask.");
        return Finding::warning("target-flushed", subject, message).advice("make sure that nobody needs these keys");
    }
    let (becomes, advice) = match settings.target.on_existing {
        OnExisting::Replace => (
            "a key that the source has too is replaced, the others stay",
            "empty the target, or set on_existing to \"skip\" or \"error\", if these keys matter",
        ),
        OnExisting::Skip => (
            "a key that the source has too keeps the target's value, but live changes of the source still apply to it",
            "empty the target, if both sides must be equal in the end",
        ),
        OnExisting::Error => (
            "the migration stops at the first key that the source has too",
            "empty the target, or choose another on_existing, if the same keys may occur",
        ),
    };
    Finding::warning("target-not-empty", subject, format!("The target holds {held}: {becomes}.")).advice(advice)
}

/// "7 keys (db 0: 4, db 3: 3)".
fn by_db(facts: &Facts) -> String {
    let dbs: Vec<String> = facts.keyspace.iter().map(|db| format!("db {}: {}", db.db, db.keys)).collect();
    match dbs.is_empty() {
        true => "no keys".to_owned(),
        false => format!("{} ({})", keys_text(facts.keys()), dbs.join(", ")),
    }
}

/// A key in a db that the target does not have cannot be written. Only dbs that hold keys now are known; the source's
/// clients may turn to others later.
fn databases(dbs: &[Carried], target: &Facts, findings: &mut Vec<Finding>) {
    let Some(Db(highest)) = dbs.iter().map(|db| db.target).max() else { return };
    let Some(databases) = target.number("databases") else { return };
    if u64::from(highest) >= databases {
        let message = format!(
            "The source's keys need db {highest} of the target, which has only {databases} dbs (0 to {}).",
            databases.saturating_sub(1)
        );
        let advice = format!(
            "set `databases` of the target to {} or more and restart it, or map the db by rules.db_map",
            u64::from(highest) + 1
        );
        findings.push(Finding::error("target-databases-too-few", Subject::Target, message).advice(advice));
    }
}
