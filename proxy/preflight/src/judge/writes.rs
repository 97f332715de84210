//! What would make the target refuse writes by and by.

use crate::facts::Facts;
use crate::finding::{Finding, Subject};

pub(super) fn judge(target: &Facts, findings: &mut Vec<Finding>) {
    if target.persistence.last_bgsave_ok == Some(false) && target.is_on("stop-writes-on-bgsave-error") != Some(false) {
        let message = "The target's last snapshot (BGSAVE) failed, and it may refuse writes for it (-MISCONF).";
        let advice =
            "put right what its log names, then run BGSAVE on it; or CONFIG SET stop-writes-on-bgsave-error no";
        findings.push(Finding::error("target-bgsave-failed", Subject::Target, message).advice(advice));
    }
    let wanted = target.number("min-replicas-to-write").unwrap_or(0);
    let good = target.replication.good_replicas.unwrap_or(target.replication.replicas);
    if wanted > good {
        let message = format!(
            "The target takes writes only with {wanted} good replicas (min-replicas-to-write) and has {good}: it would refuse them (-NOREPLICAS)."
        );
        let advice = "attach its replicas first, or CONFIG SET min-replicas-to-write 0 until the migration has ended";
        findings.push(Finding::error("target-lacks-replicas", Subject::Target, message).advice(advice));
    }
}
