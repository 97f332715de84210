//! How far the clocks of the two sides are apart. Deadlines are carried as points in time, so a key on a target whose
//! clock is ahead expires early by the difference.

use crate::facts::{Clock, Facts};
use crate::finding::{Finding, Subject};

/// More is told: applications that rely on short deadlines notice it.
const TOLD_MS: u64 = 1_000;
/// More is refused: clocks that are kept by NTP are never so far apart, so one of them is simply wrong, and keys with
/// deadlines of minutes would be lost or outlive their time.
const REFUSED_MS: u64 = 60_000;

pub(super) fn judge(source: &Facts, target: &Facts, findings: &mut Vec<Finding>) {
    let (Some(source), Some(target)) = (source.clock, target.clock) else { return };
    let difference = target.ahead_ms.saturating_sub(source.ahead_ms);
    let sure = difference.unsigned_abs().saturating_sub(uncertainty_ms(source, target));
    if sure <= TOLD_MS {
        return;
    }
    let (stands, keys) = match difference > 0 {
        true => ("ahead of", "Keys with a deadline expire that much too early there."),
        false => ("behind", "Keys with a deadline live that much too long there."),
    };
    let seconds = difference.unsigned_abs() as f64 / 1000.0;
    let message = format!("The target's clock is {seconds:.1} s {stands} the source's. {keys}");
    let finding = match sure > REFUSED_MS {
        true => Finding::error("clock-difference", Subject::Both, message),
        false => Finding::warning("clock-difference", Subject::Both, message),
    };
    findings.push(finding.advice("set the clocks of both machines (NTP)"));
}

/// Each clock was read somewhere between question and answer.
fn uncertainty_ms(source: Clock, target: Clock) -> u64 {
    let half = (source.round_trip.saturating_add(target.round_trip)) / 2;
    u64::try_from(half.as_millis()).unwrap_or(u64::MAX)
}
