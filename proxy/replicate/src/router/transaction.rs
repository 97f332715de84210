//! Transactions: what of one passes the rules stays one.

use record::{Db, Offset};
use route::rules::ChangeVerdict;

use super::{Change, Reach, Router, judge, said};
use crate::Error;
use crate::batch::{Kind, UnitHead, encode_select};

/// A transaction of the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transaction<'a> {
    /// The db selected at its `MULTI`.
    pub(crate) db_before: Db,
    /// From `MULTI` to `EXEC`, as it came.
    pub(crate) raw: &'a [u8],
}

/// What of a transaction has passed the rules.
#[derive(Default)]
struct Passed {
    /// The commands, without `MULTI` and `EXEC`.
    encoded: Vec<u8>,
    replies: u32,
    /// The db that it begins in, and the one that it has selected last.
    first_db: Option<Db>,
    selected: Db,
    reach: Reach,
}

// === impl Router ===

impl Router {
    /// A transaction: one unit, one transaction at the target. What of it passes the rules stays together.
    pub(crate) fn transaction(
        &mut self,
        end: Offset,
        transaction: Transaction<'_>,
        inner: &[Change<'_>],
    ) -> Result<(), Error> {
        let mut rewritten = std::mem::take(&mut self.rewritten);
        let mut passed = Passed::default();
        for change in inner {
            let words = self.shared.translate(change.args);
            let own = words.as_ref().map(said);
            let change = match &own {
                None => *change,
                Some((raw, args)) => Change { raw, args, ..*change },
            };
            match judge(&self.shared, change, end, &mut rewritten)? {
                ChangeVerdict::Drop => self.shared.progress.changes_filtered(1),
                ChangeVerdict::Keep { db } => {
                    passed.reach.join(self.reach(db, change.args, end)?);
                    passed.add(db, |out| out.extend_from_slice(change.raw));
                }
                ChangeVerdict::Rewritten { db } => {
                    let args: Vec<&[u8]> = rewritten.args(change.args).collect();
                    passed.reach.join(self.reach(db, &args, end)?);
                    passed.add(db, |out| resp::encode::command(out, &args));
                }
                ChangeVerdict::FlushEach => {
                    let args: Vec<&[u8]> = rewritten.args(change.args).collect();
                    for db in rewritten.dbs() {
                        passed.reach.join(self.reach(*db, &args, end)?);
                        passed.add(*db, |out| resp::encode::command(out, &args));
                    }
                }
            }
        }
        self.rewritten = rewritten;
        if let Some(target_db) = passed.first_db {
            // Without a source form of its own, what is sent has to tell the keys, and it begins in this db.
            let source_db = if self.keeps_origin() { transaction.db_before } else { target_db };
            let head = UnitHead { end, source_db, target_db, kind: Kind::Change };
            let reach = std::mem::take(&mut passed.reach);
            self.send(reach, head, transaction.raw, |out| passed.write(out));
        }
        self.passed(end);
        Ok(())
    }
}

// === impl Passed ===

impl Passed {
    fn add(&mut self, db: Db, write: impl FnOnce(&mut Vec<u8>)) {
        // The lane has the first db selected.
        if self.first_db.is_none() {
            self.first_db = Some(db);
        } else if self.selected != db {
            encode_select(&mut self.encoded, db);
            self.replies += 1;
        }
        self.selected = db;
        write(&mut self.encoded);
        self.replies += 1;
    }

    /// Appends the whole transaction, which leaves the lane in its db, and tells the number of its replies.
    fn write(&self, out: &mut Vec<u8>) -> u32 {
        resp::encode::command(out, &[b"MULTI"]);
        out.extend_from_slice(&self.encoded);
        let mut replies = self.replies + 2;
        if let Some(home) = self.first_db.filter(|home| *home != self.selected) {
            encode_select(out, home);
            replies += 1;
        }
        resp::encode::command(out, &[b"EXEC"]);
        replies
    }
}
