//! How the source is set up for a replica, as which we present ourselves.

use settings::{Mode, Settings};

use super::size;
use crate::facts::Facts;
use crate::finding::{Finding, Subject};

/// Below this much data a snapshot is over before any limit is near.
const SMALL_DATA_BYTES: u64 = 64 << 20;
/// A backlog should bridge a lost link of so many seconds.
const BRIDGED_SECONDS: u64 = 60;
/// The backlog that Redis has unless it is told otherwise; it bridges a few seconds of a busy server.
const DEFAULT_BACKLOG_BYTES: u64 = 1 << 20;
/// Below this, a source gives a replica up that is merely busy.
const REPL_TIMEOUT_SECONDS_MIN: u64 = 30;

pub(super) fn judge(source: &Facts, settings: &Settings, findings: &mut Vec<Finding>) {
    findings.extend(output_buffer(source));
    if settings.mode != Mode::SnapshotOnly {
        findings.extend(backlog(source));
    }
    findings.extend(timeout(source));
    snapshots(source, findings);
    findings.extend(min_replicas(source));
}

/// Changes that arrive while the snapshot travels wait in the source's output buffer for us; beyond its limit the source
/// closes our link and everything starts anew.
fn output_buffer(source: &Facts) -> Option<Finding> {
    let limit = OutputLimit::parse(source.config.get("client-output-buffer-limit")?)?;
    let data = source.memory.data.filter(|data| *data > SMALL_DATA_BYTES)?;
    let tight = [limit.hard, limit.soft].into_iter().filter(|bytes| *bytes > 0 && *bytes < data).min()?;
    let message = format!(
        "The source keeps at most {} of changes for a replica (client-output-buffer-limit replica: hard {}, soft {} for {} s), and \
         its data take {}: a busy source closes the link during the snapshot.",
        size(tight),
        size(limit.hard),
        size(limit.soft),
        limit.soft_seconds,
        size(data)
    );
    let advice = "for the time of the snapshot: CONFIG SET client-output-buffer-limit \"replica 0 0 0\" on the source, if it has the memory";
    Some(Finding::warning("source-output-buffer-small", Subject::Source, message).advice(advice))
}

/// Limits of 0 are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OutputLimit {
    hard: u64,
    soft: u64,
    soft_seconds: u64,
}

impl OutputLimit {
    /// Reads the part for replicas of `normal 0 0 0 slave 268435456 67108864 60 pubsub …`.
    fn parse(value: &str) -> Option<OutputLimit> {
        let mut words = value.split_whitespace().skip_while(|word| !matches!(*word, "slave" | "replica")).skip(1);
        let mut next = || words.next()?.parse().ok();
        Some(OutputLimit { hard: next()?, soft: next()?, soft_seconds: next()? })
    }
}

fn backlog(source: &Facts) -> Option<Finding> {
    let backlog = source.number("repl-backlog-size")?;
    let rate = source.input_bytes_per_second.unwrap_or(0);
    let advice = "CONFIG SET repl-backlog-size on the source, for example 256mb";
    let what = "after a longer break of the link the snapshot starts anew";
    if rate > 0 && backlog / rate < BRIDGED_SECONDS {
        let message = format!(
            "The source's replication backlog of {} bridges about {} s at the present load ({} a second): {what}.",
            size(backlog),
            backlog / rate,
            size(rate)
        );
        return Some(Finding::warning("source-backlog-small", Subject::Source, message).advice(advice));
    }
    (backlog <= DEFAULT_BACKLOG_BYTES).then(|| {
        let message = format!("The source's replication backlog is {}: {what}.", size(backlog));
        Finding::info("source-backlog-small", Subject::Source, message).advice(advice)
    })
}

fn timeout(source: &Facts) -> Option<Finding> {
    let seconds = source.number("repl-timeout").filter(|seconds| *seconds < REPL_TIMEOUT_SECONDS_MIN)?;
    let message = format!("The source gives up a replica that is silent for {seconds} s (repl-timeout).");
    let advice = "CONFIG SET repl-timeout 60 on the source";
    Some(Finding::warning("source-repl-timeout-short", Subject::Source, message).advice(advice))
}

fn snapshots(source: &Facts, findings: &mut Vec<Finding>) {
    let subject = Subject::Source;
    if source.persistence.last_bgsave_ok == Some(false) {
        let message =
            "The source's last snapshot (BGSAVE) failed; the one for the migration may fail for the same reason.";
        let advice = "see the source's log: usually its disk is full, or fork lacks memory (vm.overcommit_memory)";
        findings.push(Finding::warning("source-bgsave-failed", subject, message).advice(advice));
    }
    if source.persistence.bgsave_in_progress {
        let message = "The source writes a snapshot now; the one for the migration may have to wait for its end.";
        findings.push(Finding::info("source-bgsave-running", subject, message));
    }
    if source.is_on("repl-diskless-sync") == Some(true)
        && let Some(delay @ 1..) = source.number("repl-diskless-sync-delay")
    {
        let message = format!(
            "The source waits {delay} s for other replicas before it starts a snapshot (repl-diskless-sync-delay)."
        );
        findings.push(Finding::info("source-snapshot-delay", subject, message));
    }
}

/// We acknowledge offsets as a replica does, so the source counts us among those that it waits for.
fn min_replicas(source: &Facts) -> Option<Finding> {
    let wanted = source.number("min-replicas-to-write").filter(|wanted| *wanted > 0)?;
    let message = format!(
        "The source takes writes only with {wanted} good replicas (min-replicas-to-write), and counts the migration as one of them: \
         when it ends, writes may stop."
    );
    let advice = "make sure that there are enough replicas without it";
    Some(Finding::warning("source-counts-us-as-replica", Subject::Source, message).advice(advice))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_for_replicas_is_found_under_its_old_and_its_new_name() {
        let expect = Some(OutputLimit { hard: 268_435_456, soft: 67_108_864, soft_seconds: 60 });
        for name in ["slave", "replica"] {
            let value = format!("normal 0 0 0 {name} 268435456 67108864 60 pubsub 33554432 8388608 60");
            assert_eq!(OutputLimit::parse(&value), expect);
        }
        for odd in ["", "normal 0 0 0", "slave 1 2", "slave a b c"] {
            assert_eq!(OutputLimit::parse(odd), None, "{odd}");
        }
    }
}
