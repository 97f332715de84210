//! Which commands the user of each side may not run.

use settings::{Mode, Settings};

use crate::facts::Facts;
use crate::finding::{Finding, Subject};
use crate::needs::{Need, When};
use crate::rights::Right;

pub(super) fn judge(source: &Facts, target: &Facts, settings: &Settings, findings: &mut Vec<Finding>) {
    for (facts, subject) in [(source, Subject::Source), (target, Subject::Target)] {
        side(facts, subject, settings, findings);
    }
    if settings.target.flush {
        flush(target, settings, findings);
    }
}

/// Codes of one side's findings: rights that are always needed, rights for some commands, keys, unknown.
struct Codes {
    missing: &'static str,
    partly: &'static str,
    keys: &'static str,
    unknown: &'static str,
}

fn side(facts: &Facts, subject: Subject, settings: &Settings, findings: &mut Vec<Finding>) {
    let codes = match subject {
        Subject::Target => Codes {
            missing: "target-rights-missing",
            partly: "target-rights-partly",
            keys: "target-keys-restricted",
            unknown: "target-rights-unknown",
        },
        _ => Codes {
            missing: "source-rights-missing",
            partly: "source-rights-partly",
            keys: "source-keys-restricted",
            unknown: "source-rights-unknown",
        },
    };
    let name = user_name(facts, subject, settings);
    let user = format!("user {name:?}");
    let needed =
        |need: &Need| need.when == When::Always || (need.when == When::Changes && settings.mode != Mode::SnapshotOnly);
    let names = |right: Right, must: bool| -> Vec<String> {
        let list = facts.rights.list.iter().filter(|(need, known)| *known == right && needed(need) == must);
        list.map(|(need, _)| need.name()).collect()
    };
    let missing = names(Right::Missing, true);
    if !missing.is_empty() {
        let message = format!("{user} may not run: {}. The migration needs these.", missing.join(", "));
        findings.push(Finding::error(codes.missing, subject, capital(&message)).advice(grant(name, &missing)));
    }
    let partly = names(Right::Missing, false);
    if !partly.is_empty() {
        let message =
            format!("{user} may not run: {}. Where one of these is needed, the migration stops.", partly.join(", "));
        findings.push(Finding::warning(codes.partly, subject, capital(&message)).advice(grant(name, &partly)));
    }
    if facts.rights.list.iter().any(|(_, right)| *right == Right::SomeKeys) {
        let consequence = match subject {
            Subject::Target => "The first other key stops the migration.",
            _ => "A key that has to be read again after a lost link must be one of them.",
        };
        let message = format!("{user} may touch only some keys. {consequence}");
        let advice = "give the user all keys (~*), or carry only keys that it may touch";
        findings.push(Finding::warning(codes.keys, subject, capital(&message)).advice(advice));
    }
    let unknown: Vec<String> = [names(Right::Unknown, true), names(Right::Unknown, false)].concat();
    if !unknown.is_empty() {
        let message = format!("Whether {user} may run these could not be found out: {}.", unknown.join(", "));
        let advice = "give the user the right to ACL|WHOAMI and ACL|DRYRUN (Redis 7.0) to have it checked";
        findings.push(Finding::info(codes.unknown, subject, message).advice(advice));
    }
}

/// Whom the server takes us for, or, where it does not tell, whom the settings name.
fn user_name<'a>(facts: &'a Facts, subject: Subject, settings: &'a Settings) -> &'a str {
    let endpoint = match subject {
        Subject::Target => &settings.target.endpoint,
        _ => &settings.source.endpoint,
    };
    facts.rights.user.as_deref().or(endpoint.username.as_deref()).unwrap_or("default")
}

/// A flush that was asked for in words has to be possible.
fn flush(target: &Facts, settings: &Settings, findings: &mut Vec<Finding>) {
    let refused = target.rights.list.iter().any(|(need, right)| need.name() == "FLUSHALL" && *right == Right::Missing);
    if refused {
        let message = "The settings ask for the target to be emptied, and the user may not run FLUSHALL.";
        let advice = grant(user_name(target, Subject::Target, settings), &["FLUSHALL".to_owned()]);
        findings.push(Finding::error("target-flush-not-allowed", Subject::Target, message).advice(advice));
    }
}

/// The words of ACL SETUSER that give these rights.
fn grant(user: &str, names: &[String]) -> String {
    let rules: Vec<String> = names.iter().map(|name| format!("+{}", name.to_lowercase().replace(' ', "|"))).collect();
    format!("on the server: ACL SETUSER {user} {}", rules.join(" "))
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
