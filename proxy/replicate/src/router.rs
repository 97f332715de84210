//! Sends each unit to the lane that its keys belong to.
//!
//! Units come one by one in the source's order, are encoded into the builder of their lane, and leave as batches at the
//! end of each read from the source ([`Router::flush`]). A unit of several lanes goes to each of them as a meeting.
//! The router never waits for a lane: what a slow target cannot take yet is held in the lanes' queues, counted by
//! the budget.

use std::sync::Arc;

use record::{Db, Offset};
use route::lanes::{Lanes, Placement};
use route::rules::{ChangeVerdict, Rewritten};
use tokio::sync::mpsc::UnboundedSender;

use crate::batch::{Batch, Builder, Kind, UnitHead, encode_select};
use crate::dialect::Words;
use crate::rendezvous::Rendezvous;
use crate::shared::Shared;
use crate::{Error, Place};

/// What stands in a lane's queue.
#[derive(Debug)]
pub(crate) enum Item {
    /// Units of this lane alone.
    Batch(Batch),
    /// A unit of several lanes; the executor's item holds it.
    Meeting(Arc<Rendezvous>, Option<Batch>),
}

/// A command of the stream, taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change<'a> {
    /// The db selected at the source.
    pub(crate) db: Db,
    /// The command as it came.
    pub(crate) raw: &'a [u8],
    /// Its name and arguments.
    pub(crate) args: &'a [&'a [u8]],
}

/// A transaction of the stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transaction<'a> {
    /// The db selected at its `MULTI`, and the one behind its `EXEC`.
    pub(crate) db_before: Db,
    pub(crate) db_after: Db,
    /// From `MULTI` to `EXEC`, as it came.
    pub(crate) raw: &'a [u8],
    /// How many commands `raw` holds, `MULTI`, `EXEC` and `SELECT`s included.
    pub(crate) commands: u32,
}

/// Routes units to lanes.
#[derive(Debug)]
pub(crate) struct Router {
    shared: Arc<Shared>,
    queues: Vec<UnboundedSender<Item>>,
    builders: Vec<Builder>,
    lanes: Lanes,
    /// Neither rules nor several lanes nor another dialect: commands pass as they are.
    plain: bool,
    rewritten: Rewritten,
    /// Where the last unit ended: the offset that everything flushed so far covers.
    end: Offset,
    /// Whether a builder has reached a limit; it is sealed at the next unit's end.
    is_full: bool,
    batch_bytes_max: usize,
    batch_units_max: usize,
}

/// A batch is sealed beyond this, so that a lane can begin while more is decoded.
const BATCH_BYTES: usize = 128 << 10;

// === impl Router ===

impl Router {
    pub(crate) fn new(shared: Arc<Shared>, lanes: Lanes, queues: Vec<UnboundedSender<Item>>) -> Router {
        let identity = shared.rules.is_identity();
        Router {
            builders: queues.iter().map(|_| Builder::new(!identity)).collect(),
            lanes,
            plain: identity && queues.len() == 1 && shared.dialect.is_identity(),
            rewritten: Rewritten::default(),
            end: Offset(0),
            is_full: false,
            batch_bytes_max: BATCH_BYTES.min(shared.throttle.batch_bytes_max()),
            batch_units_max: shared.throttle.batch_commands_max(),
            shared,
            queues,
        }
    }

    /// Whether units have to carry their source form along.
    pub(crate) fn keeps_origin(&self) -> bool {
        !self.shared.rules.is_identity()
    }

    /// Whether commands may be handed over without being taken apart ([`Router::verbatim`]).
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// A change that needs neither rules nor a choice of lane.
    pub(crate) fn verbatim(&mut self, db: Db, end: Offset, raw: &[u8]) {
        let head = UnitHead { end, source_db: db, target_db: db, kind: Kind::Change };
        self.put(0, head, &[], |out| {
            out.extend_from_slice(raw);
            (1, db)
        });
        self.passed(end);
    }

    /// A change under rules, or with lanes to choose from.
    pub(crate) fn change(&mut self, end: Offset, change: Change<'_>) -> Result<(), Error> {
        let mut rewritten = std::mem::take(&mut self.rewritten);
        let done = match self.shared.translate(change.args) {
            None => self.judged_change(end, change, &mut rewritten),
            Some(words) => {
                let (raw, args) = said(&words);
                self.judged_change(end, Change { raw: &raw, args: &args, ..change }, &mut rewritten)
            }
        };
        self.rewritten = rewritten;
        self.passed(end);
        done
    }

    fn judged_change(&mut self, end: Offset, change: Change<'_>, rewritten: &mut Rewritten) -> Result<(), Error> {
        let head = |target_db| UnitHead { end, source_db: change.db, target_db, kind: Kind::Change };
        match judge(&self.shared, change, end, rewritten)? {
            ChangeVerdict::Drop => self.shared.progress.changes_filtered(1),
            ChangeVerdict::Keep { db } => {
                let place = self.place(change.args, end)?;
                self.send(place, head(db), change.raw, |out| {
                    out.extend_from_slice(change.raw);
                    (1, db)
                });
            }
            ChangeVerdict::Rewritten { db } => {
                let args: Vec<&[u8]> = rewritten.args(change.args).collect();
                let place = self.place(&args, end)?;
                self.send(place, head(db), change.raw, |out| {
                    resp::encode::command(out, &args);
                    (1, db)
                });
            }
            ChangeVerdict::FlushEach => {
                let args: Vec<&[u8]> = rewritten.args(change.args).collect();
                for db in rewritten.dbs() {
                    self.send(Placement::All, head(*db), change.raw, |out| {
                        resp::encode::command(out, &args);
                        (1, *db)
                    });
                }
            }
        }
        Ok(())
    }

    /// A transaction: one unit, one transaction at the target.
    pub(crate) fn transaction(
        &mut self,
        end: Offset,
        transaction: Transaction<'_>,
        inner: &[Change<'_>],
    ) -> Result<(), Error> {
        if self.plain {
            let head = UnitHead {
                end,
                source_db: transaction.db_before,
                target_db: transaction.db_before,
                kind: Kind::Change,
            };
            self.put(0, head, &[], |out| {
                out.extend_from_slice(transaction.raw);
                (transaction.commands, transaction.db_after)
            });
        } else {
            self.judged_transaction(end, transaction, inner)?;
        }
        self.passed(end);
        Ok(())
    }

    /// The same through the rules: what passes becomes a transaction of its own.
    fn judged_transaction(
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
                    passed.place = passed.place.join(self.place(change.args, end)?);
                    passed.add(db, |out| out.extend_from_slice(change.raw));
                }
                ChangeVerdict::Rewritten { db } => {
                    let args: Vec<&[u8]> = rewritten.args(change.args).collect();
                    passed.place = passed.place.join(self.place(&args, end)?);
                    passed.add(db, |out| resp::encode::command(out, &args));
                }
                ChangeVerdict::FlushEach => {
                    let args: Vec<&[u8]> = rewritten.args(change.args).collect();
                    passed.place = Placement::All;
                    for db in rewritten.dbs() {
                        passed.add(*db, |out| resp::encode::command(out, &args));
                    }
                }
            }
        }
        self.rewritten = rewritten;
        let Some(target_db) = passed.first_db else { return Ok(()) };
        let head = UnitHead { end, source_db: transaction.db_before, target_db, kind: Kind::Change };
        self.send(passed.place, head, transaction.raw, |out| {
            resp::encode::command(out, &[b"MULTI"]);
            out.extend_from_slice(&passed.encoded);
            resp::encode::command(out, &[b"EXEC"]);
            (passed.replies + 2, passed.selected)
        });
        Ok(())
    }

    /// Everything that the stream holds up to `end` has been handed over, or needs nothing at the target (a ping).
    pub(crate) fn passed(&mut self, end: Offset) {
        self.end = self.end.max(end);
        self.flush_if_full();
    }

    /// A unit of a snapshot: `key` is its name on the target.
    pub(crate) fn snapshot_unit(
        &mut self,
        head: UnitHead,
        key: &[u8],
        origin: &[u8],
        write: impl FnOnce(&mut Vec<u8>) -> u32,
    ) {
        let lane = self.lanes.lane_of(key);
        let db = head.target_db;
        self.put(lane, head, origin, |out| (write(out), db));
        self.flush_if_full();
    }

    /// Where a change belongs.
    fn place(&self, args: &[&[u8]], end: Offset) -> Result<Placement, Error> {
        let refused = |reason: String| Error::NotUnderstood { place: Place::at(end, args), reason };
        let spec = self.shared.table.resolve(args).ok_or_else(|| {
            refused(
                "neither we nor the source's COMMAND table know this command, so its keys cannot be told".to_owned(),
            )
        })?;
        self.lanes.place(spec, args).map_err(|error| refused(error.to_string()))
    }

    /// Adds a unit to one lane, or makes the lanes that it concerns meet.
    fn send(&mut self, place: Placement, head: UnitHead, origin: &[u8], write: impl FnOnce(&mut Vec<u8>) -> (u32, Db)) {
        let lanes: Vec<usize> = match place {
            Placement::Any => vec![0],
            Placement::One(lane) => vec![lane],
            Placement::Several(lanes) => lanes.iter().collect(),
            Placement::All => (0..self.queues.len()).collect(),
        };
        let executor = lanes.first().copied().unwrap_or(0);
        if lanes.len() <= 1 {
            self.put(executor, head, origin, write);
            return;
        }
        self.flush();
        let Some(builder) = self.builders.get_mut(executor) else { return };
        builder.add(head, origin, write);
        let mut batch = builder.seal();
        batch.tickets.push(self.shared.frontier.open(self.end, 1));
        self.shared.hold(&mut batch);
        let meeting = Arc::new(Rendezvous::new(lanes.len(), executor));
        let mut batch = Some(batch);
        for lane in lanes {
            let own = if lane == executor { batch.take() } else { None };
            self.push(lane, Item::Meeting(Arc::clone(&meeting), own));
        }
    }

    /// Adds a unit to a lane's builder.
    fn put(&mut self, lane: usize, head: UnitHead, origin: &[u8], write: impl FnOnce(&mut Vec<u8>) -> (u32, Db)) {
        let Some(builder) = self.builders.get_mut(lane) else { return };
        builder.add(head, origin, write);
        self.is_full |= builder.len() >= self.batch_bytes_max || builder.units() >= self.batch_units_max;
    }

    fn flush_if_full(&mut self) {
        if self.is_full {
            self.flush();
        }
    }

    /// Hands everything added so far to the lanes. The frontier passes the end of the last unit once all is applied.
    pub(crate) fn flush(&mut self) {
        self.is_full = false;
        let parts = self.builders.iter().filter(|builder| !builder.is_empty()).count();
        if parts == 0 {
            self.shared.frontier.idle(self.end);
            return;
        }
        let ticket = self.shared.frontier.open(self.end, parts as u32);
        for lane in 0..self.builders.len() {
            let Some(builder) = self.builders.get_mut(lane).filter(|builder| !builder.is_empty()) else { continue };
            let mut batch = builder.seal();
            batch.tickets.push(ticket);
            self.shared.hold(&mut batch);
            self.push(lane, Item::Batch(batch));
        }
    }

    /// A lane whose queue is closed has ended with an error, which ends the run with it: what it was to get is not
    /// acknowledged, so it is not lost.
    fn push(&self, lane: usize, item: Item) {
        if let Some(queue) = self.queues.get(lane)
            && queue.send(item).is_err()
        {
            self.shared.lane_gone.notify_one();
        }
    }

    /// Gives up the lanes' queues: the lanes end when they have drained.
    pub(crate) fn close(&mut self) {
        self.flush();
        self.queues.clear();
        self.builders.clear();
    }

    /// Begins anew at a snapshot's offset: nothing may be waiting.
    pub(crate) fn restart(&mut self) {
        self.end = Offset(0);
    }
}

/// Words as a command: encoded, and as arguments.
fn said<'a>(words: &'a Words<'_>) -> (Vec<u8>, Vec<&'a [u8]>) {
    let args: Vec<&[u8]> = words.iter().map(AsRef::as_ref).collect();
    let mut raw = Vec::new();
    resp::encode::command(&mut raw, &args);
    (raw, args)
}

/// What of a transaction has passed the rules.
struct Passed {
    /// The commands, without `MULTI` and `EXEC`.
    encoded: Vec<u8>,
    replies: u32,
    first_db: Option<Db>,
    selected: Db,
    place: Placement,
}

// === impl Passed ===

impl Default for Passed {
    fn default() -> Passed {
        Passed { encoded: Vec::new(), replies: 0, first_db: None, selected: Db(0), place: Placement::Any }
    }
}

impl Passed {
    fn add(&mut self, db: Db, write: impl FnOnce(&mut Vec<u8>)) {
        // The first db is selected before MULTI.
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
}

/// What the rules make of a change; `rewritten` holds it where they changed it.
fn judge(shared: &Shared, change: Change<'_>, end: Offset, rewritten: &mut Rewritten) -> Result<ChangeVerdict, Error> {
    shared
        .rules
        .change(&shared.table, change.db, change.args, rewritten)
        .map_err(|refusal| Error::RuleRefusal { place: Place::at(end, change.args), reason: refusal.to_string() })
}
