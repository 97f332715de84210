//! The judgement on tables of facts, and the whole check on real servers.

mod live;
mod table;

use settings::{Given, Input, Settings};

use crate::{Finding, Severity};

/// The settings of a migration file with these lines in its sections.
fn settings(source: &str, target: &str, more: &str) -> Settings {
    let text = format!("[source]\nurl = \"{source}\"\n[target]\nurl = \"{target}\"\n{more}");
    settings::load(&Input { file: Some(("migration.toml", &text)), flags: &[] }, &Given::default()).unwrap()
}

/// The codes of a severity, in order.
fn codes(findings: &[Finding], severity: Severity) -> Vec<&'static str> {
    findings.iter().filter(|finding| finding.severity == severity).map(|finding| finding.code).collect()
}

/// The message of a code.
fn message<'a>(findings: &'a [Finding], code: &str) -> &'a str {
    findings.iter().find(|finding| finding.code == code).map_or("(no such finding)", |finding| &finding.message)
}
