//! The source's side: connects as a replica, takes the snapshot, then the stream, and acknowledges what is applied.
//!
//! The link is read whenever it has bytes, so that the source's output buffer for us stays empty. Only a snapshot that
//! the target takes more slowly than the source sends it is left on the link, once `limits.snapshot_buffer_bytes`
//! are held; changes behind it are always taken, up to `limits.backlog_bytes`.

mod uplink;

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use link::Backoff;
use psync::{Event, Machine, Stage, Transfer};
use record::{Offset, Position, ReplId};
use settings::{Mode, OnExisting, ReplicaCommand};
use telemetry::{Phase, Side};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior};

use crate::Error;
use crate::assemble::Assembler;
use crate::existing::Existing;
use crate::frontier::reached;
use crate::router::Router;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use uplink::{Failure, Uplink};

/// The source's side of one migration.
#[derive(Debug)]
pub(crate) struct Source {
    shared: Arc<Shared>,
    router: Router,
    existing: Existing,
    /// The history that the stream's offsets count in; `None` before the first answer, and always under `SYNC`.
    history: watch::Sender<Option<ReplId>>,
    /// Bytes of the stream that were read and not taken: less than a command, between two reads. They outlive a link.
    stream: BytesMut,
    assembler: Assembler,
    snapshot: Option<Snapshot>,
    /// Behind a whole snapshot, so that a broken link can be taken up where it broke.
    resumable: bool,
    /// An acknowledgement that the source asked for, at this offset of the frontier.
    asked: Option<Offset>,
    link: Option<Uplink>,
    backoff: Backoff,
    tick: Interval,
    /// The snapshot has ended and no byte of the stream has come. A diskless source sends none before it has heard an
    /// acknowledgement, and does not hear one that comes before it has reaped its child (replication.c, replconfCommand).
    unheard: bool,
    nudge: Interval,
}

/// How the source's side ends when all is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Told to stop.
    Stopped,
    /// The snapshot is all that was asked for, and it has come.
    Complete,
}

// === impl Source ===

impl Source {
    pub(crate) fn new(shared: Arc<Shared>, router: Router, history: watch::Sender<Option<ReplId>>) -> Source {
        let timeouts = &shared.settings.timeouts;
        let backoff = Backoff::new(timeouts.backoff_min, timeouts.backoff_max, 7);
        // A replica acknowledges once a second (replication.c, replicationCron).
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut nudge = tokio::time::interval(Duration::from_millis(100));
        nudge.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Source {
            router,
            existing: Existing::default(),
            history,
            stream: BytesMut::new(),
            assembler: Assembler::new(Offset(0)),
            snapshot: None,
            resumable: false,
            asked: None,
            link: None,
            backoff,
            tick,
            unheard: false,
            nudge,
            shared,
        }
    }

    /// Reads until told to stop, or until all that was asked for has come. Broken links are made anew.
    pub(crate) async fn run(&mut self) -> Result<Ended, Error> {
        let mut lost_since = Instant::now();
        loop {
            let before = self.backoff.attempts();
            let failure = match self.session().await {
                Ok(ended) => return Ok(ended),
                Err(Failure::Fatal(error)) => return Err(error),
                Err(Failure::Lost(reason)) => reason,
            };
            self.link = None;
            if self.backoff.attempts() <= before {
                lost_since = Instant::now();
            }
            if let Some(limit) = self.shared.settings.timeouts.reconnect_for
                && lost_since.elapsed() >= limit
            {
                return Err(Error::OutOfReach { side: Side::Source, for_: limit, reason: failure });
            }
            let delay = self.backoff.next_delay();
            tracing::warn!(reason = failure, attempt = self.backoff.attempts(), ?delay, "link to the source lost");
            self.shared.source_lost(true);
            tokio::select! {
                () = tokio::time::sleep(delay) => {}
                () = self.shared.stop.cancelled() => return Ok(Ended::Stopped),
            }
        }
    }

    /// Tells the source how far everything is applied, one last time.
    pub(crate) async fn farewell(&mut self) {
        let streaming = self.link.as_ref().is_some_and(|link| link.machine.stage() == Stage::Stream);
        if streaming && let Err(Failure::Lost(reason)) = self.acknowledge().await {
            tracing::debug!(reason, "the last acknowledgement did not reach the source");
        }
    }

    /// Gives up the lanes' queues, so that the lanes end when they have drained.
    pub(crate) fn close(&mut self) {
        self.router.close();
    }

    /// One connection, from its beginning to its end.
    async fn session(&mut self) -> Result<Ended, Failure> {
        self.connect().await?;
        let mut frontier = self.shared.frontier.subscribe();
        loop {
            let Some(link) = &mut self.link else { return Err(Failure::Lost("not connected".to_owned())) };
            link.send().await?;
            let asked = self.asked.unwrap_or_default();
            tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return Ok(Ended::Stopped),
                read = link.read(&mut self.stream) => {
                    self.shared.progress.source_bytes(read? as u64);
                    if self.take().await? {
                        return Ok(Ended::Complete);
                    }
                }
                // A GETACK is answered when everything before it is applied, as a replica would answer it.
                () = reached(&mut frontier, asked), if self.asked.is_some() => {
                    self.asked = None;
                    self.acknowledge().await?;
                }
                _ = self.tick.tick() => self.keep_alive().await?,
                _ = self.nudge.tick(), if self.unheard => self.acknowledge().await?,
            }
        }
    }

    async fn connect(&mut self) -> Result<(), Failure> {
        let settings = &self.shared.settings;
        let endpoint = &settings.source.endpoint;
        let stream = link::connect(endpoint, &settings.timeouts).await.map_err(Failure::of_link)?;
        if !self.resumable {
            self.shared.source_lost(false);
            self.shared.enter(Phase::Handshake);
        }
        let auth = endpoint.password.as_ref().map(|password| psync::Auth {
            username: endpoint.username.as_ref().map(|name| name.as_bytes().to_vec()),
            password: password.expose().as_bytes().to_vec(),
        });
        let replica = &settings.source.replica;
        let machine = Machine::new(psync::Config {
            auth,
            listening_port: replica.announced_port,
            ip_address: replica.announced_ip.clone(),
            resume: self.position(),
            sync_only: replica.command == ReplicaCommand::Sync,
            ..psync::Config::default()
        });
        self.link = Some(Uplink::new(stream, machine));
        Ok(())
    }

    /// The position up to which every byte is held.
    fn position(&self) -> Option<Position> {
        let id = (*self.history.borrow()).filter(|_| self.resumable)?;
        Some(Position { id, offset: self.assembler.offset() + self.stream.len() as u64 })
    }

    /// Takes what was read. True where all that was asked for has come.
    async fn take(&mut self) -> Result<bool, Failure> {
        let Some(link) = &mut self.link else { return Ok(false) };
        let mut answers = std::mem::take(&mut link.answers);
        loop {
            let Some(link) = &mut self.link else { return Ok(false) };
            let before = link.machine.stage();
            let (used, event) = link.machine.feed(&answers).map_err(Failure::of_handshake)?;
            if before != Stage::WaitingForSnapshot && link.machine.stage() == Stage::WaitingForSnapshot {
                self.shared.enter(Phase::WaitingForSnapshot);
            }
            let Some(event) = event else {
                answers.advance(used);
                break;
            };
            if self.event(event).await? {
                return Ok(true);
            }
            answers.advance(used);
        }
        if let Some(link) = &mut self.link {
            link.answers = answers;
        }
        self.take_stream()?;
        Ok(false)
    }

    /// What the source did. True where all that was asked for has come.
    async fn event(&mut self, event: Event<'_>) -> Result<bool, Failure> {
        match event {
            Event::FullResync(position) => self.begin_snapshot(Some(position)).await?,
            Event::FullResyncUnknown => self.begin_snapshot(None).await?,
            Event::Continue { id } => self.go_on(id),
            Event::SnapshotBegins(transfer) => {
                let total = if let Transfer::Sized(bytes) = transfer { Some(bytes) } else { None };
                self.shared.progress.snapshot_begins(total);
                self.shared.enter(Phase::Snapshot);
            }
            Event::SnapshotData(bytes) => self.take_snapshot(bytes).await?,
            Event::SnapshotEnds => return self.end_snapshot(),
            Event::Stream(bytes) => self.stream.extend_from_slice(bytes),
        }
        Ok(false)
    }

    /// A snapshot will come: what is on its way of an earlier history has to be applied before.
    async fn begin_snapshot(&mut self, position: Option<Position>) -> Result<(), Failure> {
        let again = self.snapshot.is_some() || self.resumable;
        if again && self.shared.settings.target.on_existing != OnExisting::Replace {
            return Err(Failure::Fatal(Error::SnapshotAgain));
        }
        if again {
            tracing::warn!("the source sends a new snapshot; keys that it has deleted meanwhile stay on the target");
        }
        self.resumable = false;
        self.shared.snapshot_begins();
        self.shared.source_lost(false);
        self.stream.clear();
        self.asked = None;
        let at = position.map_or(Offset(0), |position| position.offset);
        self.history.send_replace(position.map(|position| position.id));
        tokio::select! {
            () = self.shared.budget.below(1) => {}
            () = self.shared.stop.cancelled() => return Err(Failure::Lost("told to stop".to_owned())),
        }
        self.shared.frontier.restart();
        self.shared.copies.clear();
        self.router.restart();
        self.shared.progress.offsets_begin(at);
        self.assembler = Assembler::new(at);
        self.snapshot = Some(Snapshot::new(&self.shared, at));
        tracing::info!(offset = at.0, "the source prepares a snapshot");
        Ok(())
    }

    /// The stream goes on where it broke.
    fn go_on(&mut self, id: Option<ReplId>) {
        if let Some(id) = id.filter(|id| Some(*id) != *self.history.borrow()) {
            tracing::info!(%id, "the source goes on under a new replication id");
            self.history.send_replace(Some(id));
        }
        self.backoff.reset();
        self.shared.progress.source_reconnect();
        self.shared.source_lost(false);
        self.shared.enter(Phase::CatchingUp);
        tracing::info!(offset = self.assembler.offset().0, "the stream goes on where it broke");
    }

    /// Bytes of the snapshot. Waits where the target is behind by more than may be held.
    async fn take_snapshot(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let Some(snapshot) = &mut self.snapshot else { return Ok(()) };
        self.shared.progress.snapshot_read(bytes.len() as u64);
        snapshot.feed(bytes, &self.shared, &mut self.router, &mut self.existing).await.map_err(Failure::Fatal)?;
        self.router.flush();
        let limit = self.shared.settings.limits.snapshot_buffer_bytes as usize;
        while self.shared.budget.held() >= limit {
            let Some(link) = &mut self.link else { return Ok(()) };
            tokio::select! {
                () = self.shared.budget.below(limit) => {}
                () = self.shared.stop.cancelled() => return Ok(()),
                // The source must not take us for dead while it is us who do not read.
                _ = self.tick.tick() => link.ping().await?,
            }
        }
        // Silence that we made ourselves is not the source's.
        if let Some(link) = &mut self.link {
            link.heard_at = Instant::now();
        }
        Ok(())
    }

    /// The snapshot is here, whole. True where it was all that was asked for.
    fn end_snapshot(&mut self) -> Result<bool, Failure> {
        let Some(snapshot) = self.snapshot.take() else { return Ok(false) };
        snapshot.finish().map_err(Failure::Fatal)?;
        self.assembler.begin_in(snapshot.stream_db());
        self.router.passed(self.assembler.offset());
        self.router.flush();
        self.backoff.reset();
        self.resumable = true;
        self.unheard = true;
        self.shared.snapshot_is_read();
        tracing::info!(offset = self.assembler.offset().0, "the snapshot is read");
        Ok(self.shared.settings.mode == Mode::SnapshotOnly)
    }

    /// Cuts what has come of the stream into units and hands them to the lanes.
    fn take_stream(&mut self) -> Result<(), Failure> {
        if self.stream.is_empty() || !self.resumable {
            return Ok(());
        }
        self.unheard = false;
        let taken = self.assembler.feed(&self.stream, &mut self.router).map_err(Failure::Fatal)?;
        self.stream.advance(taken);
        self.router.flush();
        self.asked = self.assembler.take_asked().or(self.asked);
        self.shared.progress.changes_read(self.assembler.take_count());
        self.shared.progress.received(self.assembler.offset(), Instant::now());
        let limit = self.shared.settings.limits.backlog_bytes;
        let held = self.shared.budget.held();
        if held as u64 > limit {
            return Err(Failure::Fatal(Error::BacklogFull { held, limit }));
        }
        Ok(())
    }

    async fn keep_alive(&mut self) -> Result<(), Failure> {
        let idle = self.shared.settings.timeouts.source_idle;
        let Some(link) = &mut self.link else { return Ok(()) };
        if link.heard_at.elapsed() > idle {
            return Err(Failure::Lost(format!("not a byte from the source for {idle:?}")));
        }
        match link.machine.stage() {
            Stage::Stream => self.acknowledge().await,
            Stage::Snapshot => link.ping().await,
            // A diskless source answers only when it begins to save, repl-diskless-sync-delay later.
            Stage::Psync if !self.resumable => {
                self.shared.enter(Phase::WaitingForSnapshot);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Tells the source how far everything is applied. Under `SYNC` there is no such word.
    async fn acknowledge(&mut self) -> Result<(), Failure> {
        if self.history.borrow().is_none() {
            return Ok(());
        }
        let frontier = self.shared.frontier.current();
        match &mut self.link {
            Some(link) => link.acknowledge(frontier).await,
            None => Ok(()),
        }
    }
}
