//! A seeded, mixed write load on a server, in the background.
//!
//! ```no_run
//! use keyferry_testkit::{Server, Workload};
//!
//! let source = Server::start_default();
//! let load = Workload::new(7).rate(5_000).dbs([0, 3]).start(&source);
//! load.wait_for(10_000);
//! let counts = load.stop();
//! println!("{} commands, {} of them SPOP", counts.commands, counts.of("SPOP"));
//! ```
//!
//! The operations stand in tables, one file for each sort of value; each is chosen at random by weight. The number
//! of keys is bounded, and so are their sizes. An error reply that the operations do not provide for fails the
//! test when the load is stopped.

mod collections;
mod generator;
mod keys;
mod op;
mod running;
mod streams;
mod strings;
#[cfg(test)]
mod tests;

pub use op::Family;
pub use running::{Counts, Running};

use crate::server::Server;
use op::{Op, all_ops};

/// What load to make. Everything but the seed has a default.
#[derive(Clone, Debug)]
pub struct Workload {
    seed: u64,
    rate: Option<u64>,
    pipeline: usize,
    dbs: Vec<u32>,
    keys: u32,
    prefix: Vec<u8>,
    only: Option<Vec<Family>>,
    without: Vec<Family>,
    needs: Needs,
    reconnect: bool,
}

/// What every operation must be.
#[derive(Clone, Copy, Debug, Default)]
struct Needs {
    idempotent: bool,
    counter: bool,
    no_expiry: bool,
    no_short_lives: bool,
}

impl Workload {
    /// All families but [`Family::Databases`], 2,000 commands per second, databases 0, 1 and 9, 40 keys for each
    /// sort of value and database, all beginning with `w:`.
    ///
    /// The seed is printed, and so shown when a test fails. The same seed gives the same commands, apart from those
    /// that use ids of streams from earlier replies.
    pub fn new(seed: u64) -> Workload {
        println!("workload seed: {seed}");
        Workload {
            seed,
            rate: Some(2_000),
            pipeline: 20,
            dbs: vec![0, 1, 9],
            keys: 40,
            prefix: b"w:".to_vec(),
            only: None,
            without: vec![Family::Databases],
            needs: Needs::default(),
            reconnect: false,
        }
    }

    /// So many commands per second.
    #[must_use]
    pub fn rate(mut self, per_second: u64) -> Self {
        self.rate = Some(per_second.max(1));
        self
    }

    /// As many commands as one connection with pipelines takes.
    #[must_use]
    pub fn max_rate(mut self) -> Self {
        self.rate = None;
        self
    }

    /// At most about so many operations in one round trip.
    #[must_use]
    pub fn pipeline(mut self, operations: usize) -> Self {
        self.pipeline = operations.max(1);
        self
    }

    /// The databases written to.
    #[must_use]
    pub fn dbs(mut self, dbs: impl IntoIterator<Item = u32>) -> Self {
        self.dbs = dbs.into_iter().collect();
        self
    }

    /// How many keys there are for each sort of value in each database.
    #[must_use]
    pub fn keys(mut self, count: u32) -> Self {
        self.keys = count.max(1);
        self
    }

    /// What all keys begin with.
    #[must_use]
    pub fn prefix(mut self, prefix: &[u8]) -> Self {
        self.prefix = prefix.to_vec();
        self
    }

    /// Only these families.
    #[must_use]
    pub fn families(mut self, families: &[Family]) -> Self {
        self.only = Some(families.to_vec());
        self.without.clear();
        self
    }

    /// None of these families.
    #[must_use]
    pub fn without(mut self, families: &[Family]) -> Self {
        self.without.extend(families);
        self
    }

    /// SWAPDB, FLUSHDB and FLUSHALL too, now and then. Everything else on the server suffers from them.
    #[must_use]
    pub fn whole_databases(mut self) -> Self {
        self.without.retain(|&family| family != Family::Databases);
        self
    }

    /// Only operations that change nothing when they are applied a second time right after the first.
    #[must_use]
    pub fn idempotent_only(mut self) -> Self {
        self.needs.idempotent = true;
        self
    }

    /// Only operations of which one more or one less shows for good: INCR, APPEND, RPUSH and the like.
    #[must_use]
    pub fn counters(mut self) -> Self {
        self.needs.counter = true;
        self
    }

    /// No operation that sets a deadline.
    #[must_use]
    pub fn no_expiry(mut self) -> Self {
        self.needs.no_expiry = true;
        self
    }

    /// No operation that sets a deadline which passes while the load still runs.
    #[must_use]
    pub fn no_short_lives(mut self) -> Self {
        self.needs.no_short_lives = true;
        self
    }

    /// Connects again when the connection is lost, until told to stop, for tests that restart the server. Otherwise
    /// a lost connection fails the test.
    #[must_use]
    pub fn reconnect(mut self) -> Self {
        self.reconnect = true;
        self
    }

    /// Starts writing. The load ends with [`Running::stop`], or when the value is dropped.
    ///
    /// # Panics
    /// When no operation is left to choose from, or the server does not answer.
    pub fn start(self, server: &Server) -> Running {
        Running::start(self, server)
    }

    /// The operations to choose from.
    fn ops(&self, is_7_or_later: bool) -> Vec<&'static Op> {
        let wanted = |op: &&Op| {
            self.only.as_ref().is_none_or(|only| only.contains(&op.family))
                && !self.without.contains(&op.family)
                && (op.idempotent || !self.needs.idempotent)
                && (op.counter || !self.needs.counter)
                && !(op.expiring && self.needs.no_expiry)
                && !(op.short_lived && self.needs.no_short_lives)
                && (is_7_or_later || !op.since_7)
        };
        all_ops().filter(wanted).collect()
    }
}
