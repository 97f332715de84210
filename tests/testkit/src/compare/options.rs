//! What a comparison takes into account.

use std::fmt;
use std::time::Duration;

type DbMap = dyn Fn(u32) -> Option<u32>;
type KeyMap = dyn Fn(&[u8]) -> Vec<u8>;
type KeyTest = dyn Fn(u32, &[u8]) -> bool;

/// What the target should hold, given the source: by default the same.
pub struct Options {
    pub(super) db_map: Box<DbMap>,
    pub(super) key_map: Box<KeyMap>,
    pub(super) filter: Box<KeyTest>,
    pub(super) ignore_on_target: Box<KeyTest>,
    pub(super) functions: bool,
    pub(super) group_bookkeeping: bool,
    pub(super) idle_consumers: bool,
    pub(super) deadline_tolerance: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            db_map: Box::new(Some),
            key_map: Box::new(<[u8]>::to_vec),
            filter: Box::new(|_, _| true),
            ignore_on_target: Box::new(|_, _| false),
            functions: true,
            group_bookkeeping: false,
            idle_consumers: true,
            deadline_tolerance: Duration::ZERO,
        }
    }
}

impl Options {
    /// Source and target should hold the same.
    pub fn new() -> Options {
        Options::default()
    }

    /// In which database of the target a database of the source should be; `None`: in none.
    #[must_use]
    pub fn db_map(mut self, map: impl Fn(u32) -> Option<u32> + 'static) -> Self {
        self.db_map = Box::new(map);
        self
    }

    /// What a key of the source should be called on the target.
    #[must_use]
    pub fn key_map(mut self, map: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Self {
        self.key_map = Box::new(map);
        self
    }

    /// Which keys of the source should be on the target. One that should not, and is, is reported as extra.
    #[must_use]
    pub fn filter(mut self, wanted: impl Fn(u32, &[u8]) -> bool + 'static) -> Self {
        self.filter = Box::new(wanted);
        self
    }

    /// Which keys of the target are none of the source's business, such as those that it held before.
    #[must_use]
    pub fn ignore_on_target(mut self, ignored: impl Fn(u32, &[u8]) -> bool + 'static) -> Self {
        self.ignore_on_target = Box::new(ignored);
        self
    }

    /// Whether function libraries are compared; they are by default.
    #[must_use]
    pub fn functions(mut self, wanted: bool) -> Self {
        self.functions = wanted;
        self
    }

    /// Whether what streams' groups keep for information must be equal: when a consumer was last seen, and how many
    /// entries a group has read. By default it need not: Redis's own replicas differ there, since XREADGROUP reaches
    /// them as XCLAIM. A snapshot alone carries it
    /// exactly, between servers of one version.
    #[must_use]
    pub fn group_bookkeeping(mut self, wanted: bool) -> Self {
        self.group_bookkeeping = wanted;
        self
    }

    /// Whether consumers without a pending entry are compared; they are by default. Valkey 8.0 does not tell its
    /// replicas of a consumer that XREADGROUP, XCLAIM or XAUTOCLAIM created without giving it anything.
    #[must_use]
    pub fn idle_consumers(mut self, wanted: bool) -> Self {
        self.idle_consumers = wanted;
        self
    }

    /// By how much deadlines may differ; by nothing unless told. A source before Redis 7.0 says EXPIRE and SET … EX to
    /// its replicas in relative times, so that no replica knows the exact moment.
    #[must_use]
    pub fn deadline_tolerance(mut self, tolerance: Duration) -> Self {
        self.deadline_tolerance = tolerance;
        self
    }

    pub(super) fn same_deadline(&self, source: Option<i64>, target: Option<i64>) -> bool {
        match (source, target) {
            (Some(source), Some(target)) => u128::from(source.abs_diff(target)) <= self.deadline_tolerance.as_millis(),
            (source, target) => source == target,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Options");
        shown.field("functions", &self.functions).field("group_bookkeeping", &self.group_bookkeeping);
        shown.field("idle_consumers", &self.idle_consumers);
        shown.field("deadline_tolerance", &self.deadline_tolerance).finish_non_exhaustive()
    }
}
