//! Which programs the two sides are, and how they stand to each other.

use crate::facts::Facts;
use crate::finding::{Finding, Subject};
use crate::server::Kind;

pub(super) fn judge(source: &Facts, target: &Facts, findings: &mut Vec<Finding>) {
    findings.push(versions(source, target));
    findings.extend(same(source, target));
    for (facts, subject) in [(source, Subject::Source), (target, Subject::Target)] {
        mode(facts, subject, findings);
    }
    source_role(source, findings);
    target_role(source, target, findings);
    formats(source, target, findings);
    modules(source, target, findings);
    findings.extend(functions(source, target));
}

fn versions(source: &Facts, target: &Facts) -> Finding {
    let side = |facts: &Facts| match facts.server.and_then(|server| server.rdb_version()) {
        Some(version) => format!("{} (RDB version {version}) at {}", facts.name(), facts.address),
        None => format!("{} at {}", facts.name(), facts.address),
    };
    Finding::info("server-versions", Subject::Both, format!("From {} to {}.", side(source), side(target)))
}

/// The same process behind two addresses: the migration would write its own stream into itself, without end.
fn same(source: &Facts, target: &Facts) -> Option<Finding> {
    (source.run_id.is_some() && source.run_id == target.run_id).then(|| {
        let message = format!("{} and {} are the same server (run id equal).", source.address, target.address);
        Finding::error("same-server", Subject::Both, message).advice("name another server as the target")
    })
}

fn mode(facts: &Facts, subject: Subject, findings: &mut Vec<Finding>) {
    let finding = match facts.mode.as_deref() {
        Some("cluster") => Finding::error(
            "cluster-not-supported",
            subject,
            format!("{} is a node of a Redis Cluster, which this version does not support yet.", facts.address),
        )
        .advice("use a standalone server"),
        Some("sentinel") => Finding::error(
            "sentinel-holds-no-data",
            subject,
            format!("{} is a Sentinel: it watches servers and holds no data.", facts.address),
        )
        .advice("name the master that it watches (SENTINEL get-master-addr-by-name)"),
        _ => return,
    };
    findings.push(finding);
}

fn source_role(source: &Facts, findings: &mut Vec<Finding>) {
    let subject = Subject::Source;
    if source.loading {
        let message = "The source is still loading its data set.";
        findings.push(
            Finding::error("source-loading", subject, message).advice("wait until it has loaded, then try again"),
        );
    }
    if !source.replication.is_replica {
        return;
    }
    let master = source.replication.master.as_deref().unwrap_or("another server");
    if source.replication.master_link_up == Some(false) {
        let message =
            format!("The source is a replica of {master}, and its link to it is down: it serves no replicas.");
        let advice = "bring the link up, or take the master itself as the source";
        findings.push(Finding::error("source-master-link-down", subject, message).advice(advice));
    } else {
        let message = format!("The source is a replica of {master}: its data are as fresh as its link to it.");
        findings.push(Finding::info("source-is-replica", subject, message));
    }
}

fn target_role(source: &Facts, target: &Facts, findings: &mut Vec<Finding>) {
    let history = |facts: &Facts| facts.replication.replication_id.clone();
    let related = history(source).is_some() && history(source) == history(target) && source.run_id != target.run_id;
    if related && source.replication.is_replica && !target.replication.is_replica {
        let message =
            "The source is a replica of the target: what is written to the target would come back as new changes.";
        let advice = "detach the source first (REPLICAOF NO ONE), or exchange source and target";
        findings.push(Finding::error("source-follows-target", Subject::Both, message).advice(advice));
    }
    if target.replication.is_replica {
        let master = target.replication.master.as_deref().unwrap_or("another server");
        let of = if related { "the source, or shares its master," } else { master };
        let message = format!("The target is a replica of {of} and takes no writes of others.");
        let advice = "take its master as the target, or detach it first (REPLICAOF NO ONE)";
        findings.push(Finding::error("target-is-replica", Subject::Target, message).advice(advice));
    }
    if target.loading {
        let message = "The target is still loading its data set.";
        findings.push(
            Finding::error("target-loading", Subject::Target, message)
                .advice("wait until it has loaded, then try again"),
        );
    }
}

/// Values travel in the format that the source dumps them in, where the target's RESTORE knows it.
fn formats(source: &Facts, target: &Facts, findings: &mut Vec<Finding>) {
    let version = |facts: &Facts| facts.server.and_then(|server| server.rdb_version());
    let (written, read) = (version(source), version(target));
    if let Some(server) = source.server.filter(|server| matches!(server.kind, Kind::Dragonfly | Kind::Kvrocks)) {
        let message = format!("The source is {server}: it may not answer PSYNC as Redis does.");
        let advice = "try a small data set first";
        findings.push(Finding::warning("source-kind-untested", Subject::Source, message).advice(advice));
    }
    match (written, read) {
        (Some(written), _) if written > rdb::VERSION_MAX => {
            let message = format!(
                "The source ({}) writes RDB version {written}; this version of keyferry reads up to {}.",
                source.name(),
                rdb::VERSION_MAX
            );
            let advice = "use a newer keyferry";
            findings.push(Finding::error("source-format-too-new", Subject::Source, message).advice(advice));
        }
        (Some(written), Some(read)) if read < written => {
            let message = format!(
                "The target ({}) is older than the source ({}): it restores values up to RDB version {read}, not {written}. Values that \
                 it cannot restore are carried as plain commands, which takes longer; a command that it does not know stops \
                 the migration.",
                target.name(),
                source.name()
            );
            let advice =
                "upgrade the target at least to the source's version, or make sure that no newer commands are used";
            findings.push(Finding::warning("target-older", Subject::Target, message).advice(advice));
        }
        (Some(_), Some(_)) => {}
        (None, _) | (_, None) => {
            let message = format!(
                "Whether {} restores what {} dumps is not known: their RDB versions are not both known.",
                target.name(),
                source.name()
            );
            let advice = "try a small data set first";
            findings.push(Finding::warning("format-unknown", Subject::Both, message).advice(advice));
        }
    }
}

fn modules(source: &Facts, target: &Facts, findings: &mut Vec<Finding>) {
    let Some(modules) = source.modules.as_ref().filter(|modules| !modules.is_empty()) else { return };
    let Some(present) = &target.modules else {
        let message = format!("The source has modules ({}); those of the target are not known.", modules.join(", "));
        let advice = "make sure that the target has them";
        findings.push(Finding::warning("target-modules-unknown", Subject::Target, message).advice(advice));
        return;
    };
    let missing: Vec<&str> = modules.iter().filter(|name| !present.contains(name)).map(String::as_str).collect();
    if !missing.is_empty() {
        let message = format!(
            "The target lacks modules of the source: {}. Their values and commands would stop the migration.",
            missing.join(", ")
        );
        let advice = "load them into the target, or exclude the keys that use them";
        findings.push(Finding::warning("target-modules-missing", Subject::Target, message).advice(advice));
    }
}

/// The snapshot's functions are given to the target by FUNCTION RESTORE.
fn functions(source: &Facts, target: &Facts) -> Option<Finding> {
    let libraries = source.libraries.filter(|libraries| *libraries > 0)?;
    let held = format!("{libraries} {} of functions", if libraries == 1 { "library" } else { "libraries" });
    // What others claim to be compatible with tells little of their functions.
    let claim_holds = target.server.is_some_and(|server| !matches!(server.kind, Kind::Dragonfly | Kind::Kvrocks));
    match target.has_commands_of_7().filter(|_| claim_holds) {
        Some(true) => None,
        Some(false) => {
            let message = format!(
                "The source has {held}, and the target ({}) cannot have any: functions came with Redis 7.0.",
                target.name()
            );
            let advice = "upgrade the target to Redis 7.0 or later; or, where nothing calls them any more, delete them on the \
                          source (FUNCTION LIST shows them, FUNCTION DELETE takes one away)";
            Some(Finding::error("target-lacks-functions", Subject::Target, message).advice(advice))
        }
        None => {
            let message =
                format!("The source has {held}; whether the target ({}) takes them is not known.", target.name());
            let advice = "make sure that it knows FUNCTION RESTORE: where it does not, the migration stops";
            Some(Finding::warning("target-functions-unknown", Subject::Target, message).advice(advice))
        }
    }
}
