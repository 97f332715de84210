//! Whether the source's data fit into the target.

use settings::Settings;

use super::{rules, size};
use crate::facts::Facts;
use crate::finding::{Finding, Subject};

pub(super) fn judge(source: &Facts, target: &Facts, settings: &Settings, findings: &mut Vec<Finding>) {
    findings.extend(room(source, target, settings));
    findings.extend(eviction(target));
}

/// `data` of the source is what its keys take there; the target's own layout may need somewhat more or less.
fn room(source: &Facts, target: &Facts, settings: &Settings) -> Option<Finding> {
    let data = source.memory.data?;
    let (room, whose) = match (target.memory.max, target.memory.machine) {
        (Some(max), _) if max > 0 => (max, "maxmemory of the target"),
        (_, Some(machine)) => (machine, "all memory of the target's machine"),
        _ => return None,
    };
    let startup = target.memory.startup.unwrap_or(0);
    let own = if settings.target.flush { startup } else { target.memory.used.unwrap_or(startup) };
    let whole =
        format!("The source's data take {}; the target uses {}, and {whose} is {}.", size(data), size(own), size(room));
    let advice = "raise maxmemory of the target, take a larger target, or carry fewer keys";
    if data.saturating_add(startup) > room {
        // What rules leave out is not known before it is carried.
        let weigh = if rules::leave_out(&settings.rules) { Finding::warning } else { Finding::error };
        return Some(weigh("target-memory-too-small", Subject::Target, whole).advice(advice));
    }
    // Where the target has keys already, some of them may be the same keys.
    (data.saturating_add(own) > room / 10 * 9)
        .then(|| Finding::warning("target-memory-tight", Subject::Target, whole).advice(advice))
}

fn eviction(target: &Facts) -> Option<Finding> {
    let policy = target.memory.policy.as_deref()?;
    if target.memory.max? == 0 || policy == "noeviction" {
        return None;
    }
    let message = format!(
        "The target evicts keys when its memory is full (maxmemory-policy {policy}): it would lose keys that the source still has, without an error."
    );
    let advice = "set maxmemory-policy of the target to noeviction until the migration has ended";
    Some(Finding::warning("target-evicts", Subject::Target, message).advice(advice))
}
