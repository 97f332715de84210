//! `FLUSHDB`, `FLUSHALL`, `SWAPDB`: exact only where a db of the target is made from exactly one of the source.

use commands::OtherDb;

use super::change::Change;
use super::dbs::FlushAll;
use super::{ChangeVerdict, Refusal, Rewritten, Rules};

impl Rules {
    pub(super) fn whole(&self, change: &Change<'_>, out: &mut Rewritten) -> Result<ChangeVerdict, Refusal> {
        match change.spec.name() {
            "FLUSHDB" => self.flush_db(change),
            "FLUSHALL" => self.flush_all(change, out),
            _ => self.swap_dbs(change, out),
        }
    }

    fn flush_db(&self, change: &Change<'_>) -> Result<ChangeVerdict, Refusal> {
        if !self.dbs.passes(change.db) {
            return Ok(ChangeVerdict::Drop);
        }
        self.check_whole(change)?;
        if self.dbs.is_shared(change.db) {
            return Err(
                change.whole_refusal("rules.db_map brings several dbs of the source into that db of the target")
            );
        }
        Ok(ChangeVerdict::Keep { db: self.dbs.target(change.db) })
    }

    fn flush_all(&self, change: &Change<'_>, out: &mut Rewritten) -> Result<ChangeVerdict, Refusal> {
        self.check_whole(change)?;
        let dbs = match self.dbs.flush_all() {
            FlushAll::All => return Ok(ChangeVerdict::Keep { db: self.dbs.target(change.db) }),
            FlushAll::Each(dbs) => dbs,
            FlushAll::Untold => {
                return Err(change.whole_refusal(
                    "the rules do not name each db that is carried, so the target may have dbs that are not \
                     (rules.include.db names them)",
                ));
            }
        };
        out.start(b"FLUSHDB");
        // ASYNC or SYNC, where it is given.
        (1..change.args.len()).for_each(|position| out.push_original(position));
        out.dbs = dbs;
        match out.dbs[..] {
            [] => Ok(ChangeVerdict::Drop),
            [db] => Ok(ChangeVerdict::Rewritten { db }),
            _ => Ok(ChangeVerdict::FlushEach),
        }
    }

    fn swap_dbs(&self, change: &Change<'_>, out: &mut Rewritten) -> Result<ChangeVerdict, Refusal> {
        change.spec.keys(change.args)?;
        let db = self.dbs.target(change.db);
        let Some(OtherDb::Swap { first, second }) = change.spec.other_db(change.args)? else {
            return Ok(ChangeVerdict::Keep { db });
        };
        match (self.dbs.passes(first), self.dbs.passes(second)) {
            (false, false) => return Ok(ChangeVerdict::Drop),
            (true, true) => {}
            _ => return Err(change.whole_refusal("the rules carry only one of the two dbs")),
        }
        self.check_whole(change)?;
        if first != second && (self.dbs.is_shared(first) || self.dbs.is_shared(second)) {
            return Err(change.whole_refusal("rules.db_map brings several dbs of the source into one of the target"));
        }
        let targets = (self.dbs.target(first), self.dbs.target(second));
        if targets == (first, second) {
            return Ok(ChangeVerdict::Keep { db });
        }
        out.start_from(change.args);
        out.set(1, targets.0.to_string().as_bytes());
        out.set(2, targets.1.to_string().as_bytes());
        Ok(ChangeVerdict::Rewritten { db })
    }

    /// Refuses where the target's db may hold more than what this migration carries into it.
    fn check_whole(&self, change: &Change<'_>) -> Result<(), Refusal> {
        let why = match () {
            () if self.filters_keys() => "the rules carry only some of its keys, by their names",
            () if !self.kinds.is_all() => "the rules carry only some of its keys, by their types",
            () if !self.rename.is_empty() => "the rules rename keys, so that the target may hold others beside them",
            () => return Ok(()),
        };
        Err(change.whole_refusal(why))
    }
}

impl Change<'_> {
    fn whole_refusal(&self, why: &'static str) -> Refusal {
        Refusal::Whole { command: self.spec.name().to_owned(), db: self.db, why }
    }
}
