//! One ordered, pipelined connection to the target, and what happens to it.
//!
//! A lane takes batches from its queue, writes them, reads a reply for every command, and closes their tickets at the
//! frontier. While all goes well that is [`Lane::drive`]. When the link breaks, or the target refuses a unit, the lane
//! takes nothing more from its queue until what is uncertain is settled ([`settle`]); its queue keeps the rest.
//!
//! In reading order: [`flight`] (what is on its way, no IO), [`wire`] (the connection), this file (the loop), [`settle`]
//! (refused and unknown outcomes), [`sift`] (units that a state copy has made needless).

mod flight;
mod settle;
mod sift;
mod wire;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use link::Backoff;
use record::Db;
use resp::{Reply, ReplyStep};
use settings::OnExisting;
use telemetry::Side;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Interval, MissedTickBehavior};

use crate::batch::{Batch, Kind};
use crate::copier::Copier;
use crate::rendezvous::Rendezvous;
use crate::router::Item;
use crate::shared::Shared;
use crate::{Error, Place};

use flight::{Answered, Flight, Left, Trouble, is_expected};
use wire::Wire;

/// One ordered connection to the target.
#[derive(Debug)]
pub(crate) struct Lane {
    /// Which lane it is, of all.
    index: usize,
    /// The db of its connection, and of its units.
    home: Db,
    shared: Arc<Shared>,
    copier: Arc<Copier>,
    queue: UnboundedReceiver<Item>,
    /// The source's task has ended: nothing more will come.
    closed: bool,
    /// Batches to be sent before anything in the queue.
    waiting: VecDeque<Batch>,
    /// State copies are on their way: nothing follows before they are known to be applied.
    settling: bool,
    /// Changes of the stream have been sent, behind the snapshot's entries.
    changes_sent: bool,
    flight: Flight,
    gate: Gate,
    /// Batches of which units were refused, until everything else in flight is answered.
    refused: Vec<Trouble>,
    wire: Option<Wire>,
    backoff: Backoff,
    tick: Interval,
    answered_at: Instant,
    /// What was last told of the bytes in flight.
    told: u64,
}

/// Whether the lane may go on in its queue.
#[derive(Debug)]
enum Gate {
    Open,
    /// It has to meet others first; it brings the unit where it is the executor.
    Meeting(Arc<Rendezvous>, Option<Batch>),
    /// It began after a meeting of all lanes was called, and has to wait for its end.
    After(Arc<Rendezvous>),
    /// It is the executor, and the unit is on its way.
    Executing(Arc<Rendezvous>),
}

/// Why [`Lane::drive`] came to an end.
enum Stopped {
    /// The queue is closed and everything is applied.
    Drained,
    /// The link is lost.
    Lost(String),
    /// Everything in flight is answered, and something was refused.
    Refused,
}

// === impl Lane ===

impl Lane {
    pub(crate) fn new(
        (index, home): (usize, Db),
        shared: Arc<Shared>,
        copier: Arc<Copier>,
        queue: UnboundedReceiver<Item>,
    ) -> Lane {
        let timeouts = &shared.settings.timeouts;
        let backoff = Backoff::new(timeouts.backoff_min, timeouts.backoff_max, index as u64 + 1);
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Lane {
            index,
            home,
            copier,
            queue,
            closed: false,
            waiting: VecDeque::new(),
            settling: false,
            changes_sent: false,
            flight: Flight::default(),
            gate: Gate::Open,
            refused: Vec::new(),
            wire: None,
            backoff,
            tick,
            answered_at: Instant::now(),
            told: 0,
            shared,
        }
    }

    /// Applies what comes, until the queue is closed and everything in it is applied.
    pub(crate) async fn run(mut self) -> Result<(), Error> {
        loop {
            if self.wire.is_none() {
                self.connect().await?;
            }
            match self.drive().await? {
                Stopped::Drained => return Ok(()),
                Stopped::Lost(reason) => self.lost(&reason).await?,
                Stopped::Refused => self.refused().await?,
            }
        }
    }

    /// The loop while all goes well.
    async fn drive(&mut self) -> Result<Stopped, Error> {
        self.answered_at = Instant::now();
        loop {
            if self.flight.is_empty() {
                if !self.refused.is_empty() {
                    return Ok(Stopped::Refused);
                }
                self.pass_gate().await?;
            }
            self.fill().await?;
            if self.closed && self.flight.is_empty() && self.waiting.is_empty() && matches!(self.gate, Gate::Open) {
                return Ok(Stopped::Drained);
            }
            if self.flight.is_empty() && self.waiting.is_empty() && !matches!(self.gate, Gate::Open) {
                // Nothing is on its way that would have to come first; or the unit of a meeting was needless, and the
                // others wait for us to say so.
                continue;
            }
            self.tell_in_flight();
            if let Some(reason) = self.exchange().await? {
                return Ok(Stopped::Lost(reason));
            }
        }
    }

    /// Waits for the first thing that happens: replies, room to write, a new batch, a second gone by. Losing any
    /// of them to another loses nothing: reads and writes say what they did, the queue keeps what it holds.
    async fn exchange(&mut self) -> Result<Option<String>, Error> {
        let takes = self.takes_more();
        let now = Instant::now();
        let throttled = self.shared.throttle.wait_until(now);
        let Some(wire) = &mut self.wire else { return Ok(Some("not connected".to_owned())) };
        let writes = wire.outgoing.has_more(&self.flight);
        tokio::select! {
            biased;
            read = wire.incoming.read() => match read {
                Ok(0) => return Ok(Some("the target closed the connection".to_owned())),
                Ok(_) => return self.replies(),
                Err(error) => return Ok(Some(error.to_string())),
            },
            wrote = wire.outgoing.write(&self.flight), if writes => match wrote {
                Ok(count) => {
                    self.flight.wrote(count);
                    self.shared.progress.sent_bytes(count as u64);
                }
                Err(error) => return Ok(Some(error.to_string())),
            },
            () = tokio::time::sleep_until(throttled.unwrap_or(now).into()), if throttled.is_some() && !writes => {}
            item = self.queue.recv(), if takes && throttled.is_none() => self.take(item).await?,
            _ = self.tick.tick() => {
                let silent = now.saturating_duration_since(self.answered_at);
                if !self.flight.is_empty() && silent > self.shared.settings.timeouts.reply {
                    return Ok(Some(format!("no reply for {} s", silent.as_secs())));
                }
            }
        }
        Ok(None)
    }

    /// Whether the window has room and nothing stands in the way of the queue.
    fn takes_more(&self) -> bool {
        let window = self.shared.settings.limits.in_flight_bytes as usize / self.shared.settings.limits.lanes.max(1);
        !self.closed
            && !self.settling
            && self.refused.is_empty()
            && self.waiting.is_empty()
            && matches!(self.gate, Gate::Open)
            && (self.flight.bytes() < window || self.flight.is_empty())
    }

    /// Takes what can be had without waiting.
    async fn fill(&mut self) -> Result<(), Error> {
        while self.refused.is_empty() && !self.settling {
            let Some(batch) = self.waiting.pop_front() else { break };
            self.send(batch).await?;
        }
        while self.takes_more() && !self.shared.throttle.is_limiting() {
            let Ok(item) = self.queue.try_recv() else { break };
            self.take(Some(item)).await?;
        }
        Ok(())
    }

    async fn take(&mut self, item: Option<Item>) -> Result<(), Error> {
        match item {
            None => self.closed = true,
            Some(Item::Batch(batch)) => self.send(batch).await?,
            Some(Item::Meeting(meeting, batch)) => self.gate = Gate::Meeting(meeting, batch),
            Some(Item::After(meeting)) => self.gate = Gate::After(meeting),
        }
        Ok(())
    }

    /// Puts a batch on its way, without what state copies have made needless.
    async fn send(&mut self, batch: Batch) -> Result<(), Error> {
        let batch = self.sift(batch).await?;
        if batch.units.is_empty() {
            self.applied(&batch);
            return Ok(());
        }
        let now = Instant::now();
        if self.flight.is_empty() {
            self.answered_at = now;
        }
        self.settling |= batch.settled;
        self.changes_sent |= batch.units.last().is_some_and(|unit| matches!(unit.kind, Kind::Change | Kind::Copy));
        self.shared.throttle.spend(now, batch.units.len() as u64, batch.bytes.len() as u64);
        self.flight.push(batch, now);
        Ok(())
    }

    /// Everything in flight is answered: if the lane has to meet others, it does now.
    async fn pass_gate(&mut self) -> Result<(), Error> {
        match std::mem::replace(&mut self.gate, Gate::Open) {
            Gate::Open => {}
            Gate::After(meeting) => meeting.finished().await,
            Gate::Executing(meeting) if self.waiting.is_empty() => meeting.finish(),
            Gate::Executing(meeting) => self.gate = Gate::Executing(meeting),
            Gate::Meeting(meeting, batch) => {
                if !self.waiting.is_empty() {
                    // What was taken back stands before the meeting.
                    self.gate = Gate::Meeting(meeting, batch);
                    return Ok(());
                }
                meeting.arrive();
                if meeting.is_executor(self.index) {
                    meeting.all_arrived().await;
                    if let Some(batch) = batch {
                        self.send(batch).await?;
                    }
                    self.gate = Gate::Executing(meeting);
                } else {
                    meeting.finished().await;
                }
            }
        }
        Ok(())
    }

    /// Reads every whole reply that has come. Returns why the link is of no further use, if so.
    fn replies(&mut self) -> Result<Option<String>, Error> {
        self.answered_at = Instant::now();
        let skips_existing = self.shared.settings.target.on_existing == OnExisting::Skip;
        let Some(mut wire) = self.wire.take() else { return Ok(None) };
        let mut taken = 0;
        let mut broken = None;
        loop {
            let rest = wire.incoming.received.get(taken..).unwrap_or_default();
            match wire.incoming.scanner.scan(rest) {
                Ok(ReplyStep::NeedMore { .. }) => break,
                Ok(ReplyStep::Reply { reply, len }) => {
                    taken += len;
                    // A push (RESP3) is no answer to anything that we asked.
                    if !reply.is_out_of_band() && !self.reply(&reply, skips_existing) {
                        broken = Some("the target sent a reply that was not asked for".to_owned());
                        break;
                    }
                }
                Err(error) => {
                    broken = Some(format!("what the target sent is no reply: {error}"));
                    break;
                }
            }
        }
        wire.incoming.consume(taken);
        self.wire = Some(wire);
        Ok(broken)
    }

    /// One reply. False where nothing was asked.
    fn reply(&mut self, reply: &Reply<'_>, skips_existing: bool) -> bool {
        let mut error = reply.error();
        if let Some(text) = error
            && let Some((batch, unit)) = self.flight.next_unit()
            && let Some(kind) = batch.units.get(unit).map(|unit| unit.kind)
            && is_expected(kind, text, skips_existing)
        {
            if kind == Kind::Entry {
                self.shared.progress.entries_skipped(1);
            }
            error = None;
        }
        match self.flight.answer(error) {
            Answered::Waiting => true,
            Answered::Unasked => false,
            Answered::Applied { batch, sent } => {
                self.shared.progress.apply_latency(sent.elapsed());
                if self.refused.is_empty() {
                    self.settling = false;
                    if self.backoff.attempts() > 0 {
                        self.backoff.reset();
                        self.shared.progress.resumed(self.index);
                    }
                }
                self.applied(&batch);
                true
            }
            Answered::Refused(trouble) => {
                self.count(&trouble.batch, &trouble.left);
                self.refused.push(trouble);
                true
            }
        }
    }

    /// A batch is applied, whole.
    fn applied(&self, batch: &Batch) {
        self.count(batch, &[]);
        for ticket in &batch.tickets {
            self.shared.frontier.done(*ticket);
        }
        // Last: who waits for the budget to be empty may begin a new frontier.
        self.shared.release(batch);
    }

    /// Tells how many bytes are on their way. Lanes of several dbs share a number.
    fn tell_in_flight(&mut self) {
        let (now, before) = (self.flight.bytes() as u64, self.told);
        if now != before {
            self.told = now;
            self.shared.in_flight(self.index % self.shared.settings.limits.lanes.max(1), before, now);
        }
    }

    /// Counts what of a batch is applied: all but what is left.
    fn count(&self, batch: &Batch, left: &[Left]) {
        let of = |kind| batch.units.iter().filter(|unit| unit.kind == kind).count();
        let left_of =
            |kind| left.iter().filter(|left| batch.units.get(left.unit).is_some_and(|unit| unit.kind == kind)).count();
        let (entries, changes) = (of(Kind::Entry) - left_of(Kind::Entry), of(Kind::Change) - left_of(Kind::Change));
        self.shared.progress.applied(entries as u64, changes as u64);
    }

    /// Connects, however long that takes, unless it can never succeed.
    async fn connect(&mut self) -> Result<(), Error> {
        let since = Instant::now();
        let mut is_lost = false;
        let result = loop {
            match Wire::open(&self.shared.settings, self.home).await {
                // What it had acknowledged before may be lost: its memory was, and what it loads may be older.
                Ok(wire) if wire.run != self.shared.target_run => break Err(Error::TargetRestarted),
                Ok(wire) => {
                    self.wire = Some(wire);
                    break Ok(());
                }
                Err(error) if error.retry() == link::Retry::Never => {
                    break Err(Error::Target { reason: error.to_string() });
                }
                Err(error) => {
                    if let Some(limit) = self.shared.settings.timeouts.reconnect_for
                        && since.elapsed() >= limit
                    {
                        break Err(Error::OutOfReach { side: Side::Target, for_: limit, reason: error.to_string() });
                    }
                    if !is_lost {
                        self.shared.lane_lost(true);
                        is_lost = true;
                    }
                    let delay = self.backoff.next_delay();
                    tracing::warn!(lane = self.index, %error, ?delay, "the target cannot be reached");
                    tokio::time::sleep(delay).await;
                }
            }
        };
        if is_lost {
            self.shared.lane_lost(false);
        }
        result
    }

    /// Says what the target refuses, and waits a while.
    async fn pause(&mut self, place: &Place, error: &str) {
        let delay = self.backoff.next_delay();
        tracing::warn!(lane = self.index, attempt = self.backoff.attempts(), ?delay, %place, error, "the target refuses writes; the lane pauses");
        self.shared.progress.paused(self.index, &format!("the target refuses {place}: {error}"));
        tokio::time::sleep(delay).await;
    }
}
