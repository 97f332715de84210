//! Error replies counted by code: a bounded set, whatever a server answers.

use std::sync::atomic::{AtomicU64, Ordering};

/// The codes that are counted under their own name: the first words of Redis's error replies (server.c, cluster.c,
/// acl.c, script.c). All others count as `other`, the last.
pub const CODES: [&str; 24] = [
    "ERR",
    "OOM",
    "READONLY",
    "NOPERM",
    "NOAUTH",
    "WRONGPASS",
    "LOADING",
    "MISCONF",
    "WRONGTYPE",
    "BUSY",
    "BUSYKEY",
    "BUSYGROUP",
    "NOGROUP",
    "NOSCRIPT",
    "EXECABORT",
    "NOREPLICAS",
    "MASTERDOWN",
    "MOVED",
    "ASK",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "TRYAGAIN",
    "NOPROTO",
    "other",
];

/// How often each code was answered.
#[derive(Debug, Default)]
pub(crate) struct Errors([AtomicU64; CODES.len()]);

impl Errors {
    /// Counts an error reply by its first word; `-` and what follows the word may stand there or not.
    pub(crate) fn count(&self, reply: &[u8]) {
        let reply = reply.strip_prefix(b"-").unwrap_or(reply);
        let word = reply.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
        let known = CODES.iter().position(|code| code.as_bytes() == word).unwrap_or(CODES.len() - 1);
        if let Some(count) = self.0.get(known) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Codes that were answered at least once, and how often.
    pub(crate) fn counted(&self) -> Vec<(&'static str, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        CODES.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect()
    }
}
