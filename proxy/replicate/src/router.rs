//! Sends each unit to the lane that its keys belong to.
//!
//! Units come one by one in the source's order, are encoded into the builder of their lane, and leave as batches at the
//! end of each read from the source ([`Router::flush`]). Each db has lanes of its own, begun when it is first needed, so
//! that no lane ever has to select another. A unit of several lanes goes to each of them as a meeting.
//! The router never waits for a lane: what a slow target cannot take yet is held in the lanes' queues, counted by
//! the budget.

mod transaction;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use commands::OtherDb;
use record::{Db, Offset};
use route::lanes::{Lanes, Placement};
use route::rules::{ChangeVerdict, Rewritten};
use tokio::sync::mpsc::UnboundedSender;

use crate::batch::{Batch, Builder, Kind, UnitHead};
use crate::dialect::Words;
use crate::rendezvous::Rendezvous;
use crate::shared::Shared;
use crate::{Error, Place};

pub(crate) use transaction::Transaction;

/// What stands in a lane's queue.
#[derive(Debug)]
pub(crate) enum Item {
    /// Units of this lane alone.
    Batch(Batch),
    /// A unit of several lanes; the executor's item holds it.
    Meeting(Arc<Rendezvous>, Option<Batch>),
    /// The first of a lane that begins while all others meet: it has to wait for the end.
    After(Arc<Rendezvous>),
}

/// Starts the lanes' tasks.
pub(crate) trait Start: Send + fmt::Debug {
    /// Starts lane number `index`, of the db `home`; what is put into the queue is applied in its order.
    fn start(&mut self, index: usize, home: Db) -> UnboundedSender<Item>;
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

/// Routes units to lanes.
#[derive(Debug)]
pub(crate) struct Router {
    shared: Arc<Shared>,
    start: Box<dyn Start>,
    /// Every lane; those of one db stand together.
    ends: Vec<End>,
    /// The first lane of each db that was needed so far, and the one that was asked for last.
    firsts: HashMap<Db, usize>,
    last: Option<(Db, usize)>,
    /// Meetings of all lanes that may not be over.
    meetings: Vec<Arc<Rendezvous>>,
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

/// Our end of a lane.
#[derive(Debug)]
struct End {
    queue: UnboundedSender<Item>,
    builder: Builder,
    db: Db,
}

/// The lanes that a unit concerns.
#[derive(Clone, Debug, Default)]
struct Reach {
    lanes: BTreeSet<usize>,
    /// Every lane there is, and those that begin before the unit is applied.
    all: bool,
}

/// A batch is sealed beyond this, so that a lane can begin while more is decoded.
const BATCH_BYTES: usize = 128 << 10;

// === impl Router ===

impl Router {
    pub(crate) fn new(shared: Arc<Shared>, lanes: Lanes, start: Box<dyn Start>) -> Router {
        let plain = shared.rules.is_identity() && lanes.count() == 1 && shared.dialect.is_identity();
        Router {
            start,
            ends: Vec::new(),
            firsts: HashMap::new(),
            last: None,
            meetings: Vec::new(),
            lanes,
            plain,
            rewritten: Rewritten::default(),
            end: Offset(0),
            is_full: false,
            batch_bytes_max: BATCH_BYTES.min(shared.throttle.batch_bytes_max()),
            batch_units_max: shared.throttle.batch_commands_max(),
            shared,
        }
    }

    /// The first lane of a db.
    fn first(&mut self, db: Db) -> usize {
        if let Some((last, first)) = self.last
            && last == db
        {
            return first;
        }
        let first = self.firsts.get(&db).copied().unwrap_or_else(|| self.begin(db));
        self.last = Some((db, first));
        first
    }

    /// Starts the lanes of a db that is needed for the first time.
    fn begin(&mut self, db: Db) -> usize {
        let first = self.ends.len();
        self.meetings.retain(|meeting| !meeting.is_finished());
        for index in first..first + self.lanes.count() {
            let queue = self.start.start(index, db);
            let builder = Builder::new(db, self.keeps_origin());
            self.ends.push(End { queue, builder, db });
            for meeting in &self.meetings {
                self.push(index, Item::After(Arc::clone(meeting)));
            }
        }
        self.firsts.insert(db, first);
        first
    }

    /// Whether units have to carry their source form along.
    pub(crate) fn keeps_origin(&self) -> bool {
        !self.shared.rules.is_identity()
    }

    /// Whether commands may be handed over without being taken apart ([`Router::verbatim`]).
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// A change or transaction that needs neither rules nor a choice of lane, with so many replies.
    pub(crate) fn verbatim(&mut self, db: Db, end: Offset, raw: &[u8], replies: u32) {
        let head = UnitHead { end, source_db: db, target_db: db, kind: Kind::Change };
        let lane = self.first(db);
        self.put(lane, head, &[], |out| {
            out.extend_from_slice(raw);
            replies
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
                let reach = self.reach(db, change.args, end)?;
                self.send(reach, head(db), change.raw, |out| {
                    out.extend_from_slice(change.raw);
                    1
                });
            }
            ChangeVerdict::Rewritten { db } => {
                let args: Vec<&[u8]> = rewritten.args(change.args).collect();
                let reach = self.reach(db, &args, end)?;
                self.send(reach, head(db), change.raw, |out| {
                    resp::encode::command(out, &args);
                    1
                });
            }
            ChangeVerdict::FlushEach => {
                let args: Vec<&[u8]> = rewritten.args(change.args).collect();
                for db in rewritten.dbs() {
                    let reach = self.reach(*db, &args, end)?;
                    self.send(reach, head(*db), change.raw, |out| {
                        resp::encode::command(out, &args);
                        1
                    });
                }
            }
        }
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
        let lane = self.first(head.target_db) + self.lanes.lane_of(key);
        self.put(lane, head, origin, write);
        self.flush_if_full();
    }

    /// Which lanes a command concerns, that is to be applied in this db of the target.
    fn reach(&mut self, db: Db, args: &[&[u8]], end: Offset) -> Result<Reach, Error> {
        let refused = |reason: String| Error::NotUnderstood { place: Place::at(end, args), reason };
        let shared = Arc::clone(&self.shared);
        let spec = shared.table.resolve(args).ok_or_else(|| {
            refused(
                "neither we nor the source's COMMAND table know this command, so its keys cannot be told".to_owned(),
            )
        })?;
        let first = self.first(db);
        let mut reach = Reach::default();
        match self.lanes.place(spec, args).map_err(|error| refused(error.to_string()))? {
            Placement::All if spec.container() == "FLUSHDB" => reach.lanes.extend(first..first + self.lanes.count()),
            Placement::All => reach.all = true,
            Placement::Any => reach.lanes.extend([first]),
            Placement::One(lane) => reach.lanes.extend([first + lane]),
            Placement::Several(lanes) => reach.lanes.extend(lanes.iter().map(|lane| first + lane)),
        }
        if let Some(OtherDb::Into { db: other, .. }) =
            spec.other_db(args).map_err(|error| refused(error.to_string()))?
        {
            let first = self.first(other);
            for key in spec.keys(args).map_err(|error| refused(error.to_string()))? {
                let name = args.get(key.position).copied().unwrap_or_default();
                reach.lanes.extend([first + self.lanes.lane_of(name)]);
            }
        }
        Ok(reach)
    }

    /// Adds a unit to its lane, or makes the lanes that it concerns meet.
    fn send(&mut self, reach: Reach, head: UnitHead, origin: &[u8], write: impl FnOnce(&mut Vec<u8>) -> u32) {
        let home = self.first(head.target_db);
        let lanes: Vec<usize> =
            if reach.all { (0..self.ends.len()).collect() } else { reach.lanes.into_iter().collect() };
        // One whose connection has the db selected that the unit begins in.
        let executor =
            lanes.iter().copied().find(|lane| self.ends.get(*lane).is_some_and(|end| end.db == head.target_db));
        let executor = executor.unwrap_or(home);
        if !reach.all && lanes.len() <= 1 {
            self.put(executor, head, origin, write);
            return;
        }
        self.flush();
        let Some(end) = self.ends.get_mut(executor) else { return };
        end.builder.add(head, origin, write);
        let mut batch = end.builder.seal();
        batch.tickets.push(self.shared.frontier.open(self.end, 1));
        self.shared.hold(&mut batch);
        let meeting = Arc::new(Rendezvous::new(lanes.len(), executor));
        if reach.all {
            self.meetings.retain(|meeting| !meeting.is_finished());
            self.meetings.push(Arc::clone(&meeting));
        }
        let mut batch = Some(batch);
        for lane in lanes {
            let own = if lane == executor { batch.take() } else { None };
            self.push(lane, Item::Meeting(Arc::clone(&meeting), own));
        }
    }

    /// Adds a unit to a lane's builder.
    fn put(&mut self, lane: usize, head: UnitHead, origin: &[u8], write: impl FnOnce(&mut Vec<u8>) -> u32) {
        let Some(End { builder, .. }) = self.ends.get_mut(lane) else { return };
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
        let parts = self.ends.iter().filter(|end| !end.builder.is_empty()).count();
        if parts == 0 {
            self.shared.frontier.idle(self.end);
            return;
        }
        let ticket = self.shared.frontier.open(self.end, parts as u32);
        for lane in 0..self.ends.len() {
            let Some(end) = self.ends.get_mut(lane).filter(|end| !end.builder.is_empty()) else { continue };
            let mut batch = end.builder.seal();
            batch.tickets.push(ticket);
            self.shared.hold(&mut batch);
            self.push(lane, Item::Batch(batch));
        }
    }

    /// A lane whose queue is closed has ended with an error, and the run ends with it: what it was to get is never
    /// acknowledged, so it is not lost.
    fn push(&self, lane: usize, item: Item) {
        if let Some(end) = self.ends.get(lane)
            && end.queue.send(item).is_err()
        {
            tracing::debug!(lane, "the lane has ended");
        }
    }

    /// Gives up the lanes' queues: the lanes end when they have drained.
    pub(crate) fn close(&mut self) {
        self.flush();
        self.ends.clear();
        self.firsts.clear();
        self.last = None;
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

// === impl Reach ===

impl Reach {
    fn join(&mut self, other: Reach) {
        self.lanes.extend(other.lanes);
        self.all |= other.all;
    }
}

/// What the rules make of a change; `rewritten` holds it where they changed it.
fn judge(shared: &Shared, change: Change<'_>, end: Offset, rewritten: &mut Rewritten) -> Result<ChangeVerdict, Error> {
    shared
        .rules
        .change(&shared.table, change.db, change.args, rewritten)
        .map_err(|refusal| Error::RuleRefusal { place: Place::at(end, change.args), reason: refusal.to_string() })
}
