//! From the facts of both sides and the settings to findings. Pure: equal facts, equal findings.
//!
//! Each module judges one matter, in the order in which an operator would ask: [`servers`] (which programs, how they
//! stand to each other), [`rules`], [`keys`] (what the target holds), [`memory`], [`replication`] (how the source is set
//! up for a replica), [`writes`] (what would make the target refuse writes), [`clocks`], [`rights`].

mod clocks;
mod keys;
mod memory;
mod replication;
mod rights;
mod rules;
mod servers;
mod writes;

use settings::Settings;

use crate::facts::Facts;
use crate::finding::{Finding, Subject};

/// What a migration from `source` to `target` with these settings would run into.
pub fn judge(source: &Facts, target: &Facts, settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    readable(source, Subject::Source, &mut findings);
    readable(target, Subject::Target, &mut findings);
    servers::judge(source, target, &mut findings);
    let dbs = rules::judge(source, settings, &mut findings);
    keys::judge(source, target, settings, &dbs, &mut findings);
    memory::judge(source, target, settings, &mut findings);
    replication::judge(source, settings, &mut findings);
    writes::judge(target, &mut findings);
    clocks::judge(source, target, &mut findings);
    rights::judge(source, target, settings, &mut findings);
    findings
}

/// What could not be looked at.
fn readable(facts: &Facts, subject: Subject, findings: &mut Vec<Finding>) {
    if !facts.has_info {
        let message =
            format!("INFO of {} cannot be read: versions, memory, roles and keys are not checked.", facts.address);
        findings.push(Finding::warning("info-unreadable", subject, message).advice("give the user the right to INFO"));
    }
    let missing: Vec<&str> = match subject {
        Subject::Target => vec!["databases"],
        _ => vec!["client-output-buffer-limit", "repl-backlog-size", "repl-timeout"],
    };
    let missing: Vec<&str> = missing.into_iter().filter(|name| !facts.config.contains_key(*name)).collect();
    if !missing.is_empty() {
        let message = format!("CONFIG GET does not tell: {}. These settings are not checked.", missing.join(", "));
        findings.push(Finding::info("config-unreadable", subject, message));
    }
}

/// "1.5 GiB": sizes as people read them.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (bytes as f64, "bytes");
    for larger in UNITS {
        if value < 1024.0 {
            break;
        }
        (value, unit) = (value / 1024.0, larger);
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{value:.1} {unit}") }
}

/// "12 keys", "1 key".
fn keys_text(keys: u64) -> String {
    format!("{keys} key{}", if keys == 1 { "" } else { "s" })
}
