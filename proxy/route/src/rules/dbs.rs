//! Dbs: which pass, where they go, and what it means to empty or swap one.

use record::Db;

use super::Error;
use super::spec::{DbPattern, Spec};

/// The rules about dbs.
#[derive(Clone, Debug)]
pub(super) struct Dbs {
    include: Vec<Db>,
    exclude: Vec<Db>,
    /// Exact mappings, each source once.
    map: Vec<(Db, Db)>,
    /// Where the dbs go that `map` does not name; `None`: they keep their number.
    rest: Option<Db>,
}

/// What `FLUSHALL` on the source means for the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FlushAll {
    /// The same: every db of the target is one of ours.
    All,
    /// Emptying these dbs.
    Each(Vec<Db>),
    /// Dbs that cannot be counted.
    Untold,
}

impl Dbs {
    pub(super) fn compile(spec: &Spec) -> Result<Dbs, Error> {
        let mut dbs =
            Dbs { include: spec.include.db.clone(), exclude: spec.exclude.db.clone(), map: Vec::new(), rest: None };
        for (pattern, target) in &spec.db_map {
            let before = match pattern {
                DbPattern::Any => dbs.rest.replace(*target),
                DbPattern::One(source) => {
                    let known = dbs.map.iter().find(|(db, _)| db == source).map(|(_, target)| *target);
                    if known.is_none() {
                        dbs.map.push((*source, *target));
                    }
                    known
                }
            };
            if before.is_some_and(|before| before != *target) {
                let pattern = match pattern {
                    DbPattern::Any => "*".to_owned(),
                    DbPattern::One(db) => db.to_string(),
                };
                return Err(Error::DbMap { pattern });
            }
        }
        Ok(dbs)
    }

    /// True where every db passes and keeps its number.
    pub(super) fn is_identity(&self) -> bool {
        self.pass_all() && self.rest.is_none() && self.map.iter().all(|(source, target)| source == target)
    }

    fn pass_all(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    pub(super) fn passes(&self, db: Db) -> bool {
        (self.include.is_empty() || self.include.contains(&db)) && !self.exclude.contains(&db)
    }

    /// The target's db for a source db that passes.
    pub(super) fn target(&self, db: Db) -> Db {
        let mapped = self.map.iter().find(|(source, _)| *source == db).map(|(_, target)| *target);
        mapped.or(self.rest).unwrap_or(db)
    }

    /// Whether a source db other than this one goes to the same db of the target.
    pub(super) fn is_shared(&self, db: Db) -> bool {
        let target = self.target(db);
        let other = |source: Db| source != db && self.passes(source) && self.target(source) == target;
        if !self.include.is_empty() {
            return self.include.iter().any(|source| other(*source));
        }
        // All the dbs that no exact mapping names go to `rest`, and there is no end of them; without a `rest`, only
        // the db of the same number may come here unmapped.
        self.rest == Some(target) || other(target) || self.map.iter().any(|(source, _)| other(*source))
    }

    /// What emptying all of the source comes to.
    pub(super) fn flush_all(&self) -> FlushAll {
        let mut targets: Vec<Db> = match (self.include.is_empty(), self.rest) {
            (false, _) => self.include.iter().filter(|db| self.passes(**db)).map(|db| self.target(*db)).collect(),
            (true, Some(rest)) => {
                let mapped = self.map.iter().filter(|(source, _)| self.passes(*source)).map(|(_, target)| *target);
                mapped.chain([rest]).collect()
            }
            (true, None) if self.pass_all() && self.is_permutation() => return FlushAll::All,
            (true, None) => return FlushAll::Untold,
        };
        targets.sort_unstable();
        targets.dedup();
        FlushAll::Each(targets)
    }

    /// Whether the mapping only exchanges dbs, so that each db of the target is one of the source.
    fn is_permutation(&self) -> bool {
        let mut sources: Vec<Db> = self.map.iter().map(|(source, _)| *source).collect();
        let mut targets: Vec<Db> = self.map.iter().map(|(_, target)| *target).collect();
        sources.sort_unstable();
        targets.sort_unstable();
        sources == targets
    }

    /// The rule by which a db does not pass, as settings write it.
    pub(super) fn why_not(&self, db: Db) -> Option<String> {
        if self.exclude.contains(&db) {
            return Some(format!("exclude.db has {db}"));
        }
        (!self.passes(db)).then(|| format!("include.db lacks {db}"))
    }
}
