//! Which keys were copied from the source's present state, and at which offset.
//!
//! A key of unknown outcome is settled by a state copy: its value at the source, true at offset X. From then on
//! units of that key at or below X have to be dropped, for the copied value has them already. This table knows
//! the X of each such key until the frontier has passed them all.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use record::{Db, Offset};

/// The offsets of copied keys, by db and key at the source.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    keys: Mutex<HashMap<(Db, Vec<u8>), Offset>>,
    /// The highest offset in the table; 0 is an empty table. Read for every batch, so no lock is taken.
    highest: AtomicU64,
}

/// What the table says of a unit's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// No key was copied: the unit is to be applied.
    None,
    /// Every key was copied at or behind the unit: it is in the copies already.
    All,
    /// Some were: applied, it would double what they have; dropped, the others would lose it.
    Some,
}

// === impl Copies ===

impl Copies {
    /// Whether a unit that ends at `end` may concern a copied key.
    pub(crate) fn reach(&self, end: Offset) -> bool {
        end.0 <= self.highest.load(Ordering::Acquire)
    }

    /// Notes that a key was copied at an offset.
    pub(crate) fn insert(&self, db: Db, key: &[u8], at: Offset) {
        self.lock().insert((db, key.to_vec()), at);
        self.highest.fetch_max(at.0, Ordering::AcqRel);
    }

    /// At which offset a key was copied.
    pub(crate) fn at(&self, key: &(Db, Vec<u8>)) -> Option<Offset> {
        self.lock().get(key).copied()
    }

    /// What is known of the keys of a unit that ends at `end`.
    pub(crate) fn coverage(&self, keys: &[(Db, Vec<u8>)], end: Offset) -> Coverage {
        let table = self.lock();
        let covered = keys.iter().filter(|key| table.get(*key).is_some_and(|at| end <= *at)).count();
        match covered {
            0 => Coverage::None,
            all if all == keys.len() => Coverage::All,
            _ => Coverage::Some,
        }
    }

    /// The keys copied at or behind `end`, in one db or in all: what a flush that ends there must not take away.
    pub(crate) fn behind(&self, end: Offset, db: Option<Db>) -> Vec<(Db, Vec<u8>)> {
        let table = self.lock();
        let behind = table.iter().filter(|(key, at)| **at >= end && db.is_none_or(|db| key.0 == db));
        behind.map(|(key, _)| key.clone()).collect()
    }

    /// Forgets what the frontier has passed.
    pub(crate) fn forget_below(&self, frontier: Offset) {
        let highest = self.highest.load(Ordering::Acquire);
        if highest == 0 || frontier.0 < highest {
            return;
        }
        let mut table = self.lock();
        table.retain(|_, at| *at > frontier);
        let left = table.values().map(|at| at.0).max().unwrap_or(0);
        self.highest.store(left, Ordering::Release);
    }

    /// Forgets everything: offsets of another history follow.
    pub(crate) fn clear(&self) {
        let mut table = self.lock();
        table.clear();
        self.highest.store(0, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(Db, Vec<u8>), Offset>> {
        // A poisoned lock only means that another thread died; the table's entries are each whole.
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> (Db, Vec<u8>) {
        (Db(0), name.as_bytes().to_vec())
    }

    #[test]
    fn a_unit_is_covered_up_to_the_offset_of_the_copy_and_no_further() {
        let copies = Copies::default();
        assert!(!copies.reach(Offset(1)));
        copies.insert(Db(0), b"a", Offset(100));
        assert!(copies.reach(Offset(100)) && !copies.reach(Offset(101)));
        for (keys, end, expected) in [
            (vec![key("a")], 100, Coverage::All),
            (vec![key("a")], 101, Coverage::None),
            (vec![key("a"), key("b")], 50, Coverage::Some),
            (vec![key("b")], 50, Coverage::None),
            (vec![(Db(1), b"a".to_vec())], 50, Coverage::None),
        ] {
            assert_eq!(copies.coverage(&keys, Offset(end)), expected, "{keys:?} at {end}");
        }
    }

    #[test]
    fn what_the_frontier_has_passed_is_forgotten() {
        let copies = Copies::default();
        copies.insert(Db(0), b"a", Offset(100));
        copies.insert(Db(1), b"b", Offset(200));
        copies.forget_below(Offset(150));
        assert!(copies.reach(Offset(200)), "not before the highest is passed");
        copies.forget_below(Offset(200));
        assert!(!copies.reach(Offset(1)));
    }

    #[test]
    fn a_flush_takes_only_what_was_copied_before_it() {
        let copies = Copies::default();
        copies.insert(Db(0), b"a", Offset(100));
        copies.insert(Db(1), b"b", Offset(200));
        assert_eq!(copies.behind(Offset(150), None), vec![(Db(1), b"b".to_vec())]);
        assert!(copies.behind(Offset(50), Some(Db(0))).contains(&key("a")));
        assert!(copies.behind(Offset(50), Some(Db(2))).is_empty());
    }
}
