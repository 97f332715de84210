//! Carries one source's data set and its changes to a target. Never applies a unit whose outcome is unknown twice.
//!
//! ```text
//! source ─bytes→ Source ─┬─ Snapshot (rdb) ──entries─┐
//!                        └─ Assembler (resp) ─units──┴→ Router ─batches→ Lane 0 … n ─commands→ target
//!            ◄─ REPLCONF ACK ── frontier ◄── tickets of batches that are applied ──┘
//! ```
//!
//! In reading order:
//! - `source`: the link to the source; `snapshot` and `assemble`: from its bytes to units.
//! - `batch`, `router`: units on their way to the lane of their keys; `rendezvous`: units of several lanes.
//! - `lane`: one pipelined connection to the target; within it `flight`, `wire`, `settle`, `sift`.
//! - `copier`, `copies`, `touch`: state copies, which settle what is uncertain.
//! - `frontier`, `budget`, `throttle`, `monitor`: how far, how much, how fast, how far behind.
//!
//! Order: a key's units go through one lane. Memory: what is read and not applied is counted by the budget. Loss: a
//! ticket closes only when every reply of its batch is in and none was a refusal.

mod assemble;
mod batch;
mod budget;
mod copier;
mod copies;
mod crew;
mod dialect;
mod ends;
mod error;
mod existing;
mod frontier;
mod lane;
mod monitor;
mod phases;
mod rendezvous;
mod restore;
mod router;
mod shared;
mod snapshot;
mod source;
mod throttle;
mod touch;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use record::Offset;
use route::lanes::Lanes;
use settings::{Mode, Settings};
use telemetry::{Phase, Progress};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use error::{Error, ExitKind, Place};

use copier::Copier;
use crew::{Crew, Watch};
use router::Router;
use shared::Shared;
use source::{Ended, Source};

/// How a migration ended that ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Why it ended.
    pub reason: Reason,
    /// The source's offset up to which everything is applied on the target; 0 where the source told none.
    pub frontier: Offset,
}

/// Why a migration ended well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Told to stop; everything that was read is applied.
    Stopped,
    /// The snapshot is applied, and nothing more was asked for.
    SnapshotApplied,
    /// The target has everything that the source had, and nothing more was asked for.
    CaughtUp,
}

/// Runs a migration until what its mode asks for is done, or `stop` is cancelled, or it cannot go on.
///
/// On `stop` nothing more is read from the source, and what was read is applied, within `timeouts.drain`. An error
/// leaves the target with what was applied so far: each key in the state of some moment, none beyond the source's.
pub async fn run(settings: Arc<Settings>, progress: Arc<Progress>, stop: CancellationToken) -> Result<Outcome, Error> {
    // As a task of its own it shares a worker thread with the lanes: a change then goes from the source's socket to the
    // target's without waking another thread, unless all are busy. Dropped with this future.
    let mut task = JoinSet::new();
    task.spawn(carry(settings, progress, stop));
    match task.join_next().await {
        Some(Ok(result)) => result,
        Some(Err(error)) => Err(Error::Internal(format!("the pipeline's task failed: {error}"))),
        None => Err(Error::Internal("the pipeline's task is missing".to_owned())),
    }
}

async fn carry(settings: Arc<Settings>, progress: Arc<Progress>, stop: CancellationToken) -> Result<Outcome, Error> {
    // A token of our own: being caught up stops the source's task too, without touching the caller's.
    let shared = Arc::new(prepare(settings, progress, stop.child_token()).await?);
    let lanes = Lanes::new(shared.settings.limits.lanes).map_err(|error| Error::Internal(error.to_string()))?;
    let (history, known_history) = watch::channel(None);
    let copier = Arc::new(Copier::new(Arc::clone(&shared.settings), known_history.clone()));
    let (crew, mut watch) = Crew::new(Arc::clone(&shared), copier);
    let router = Router::new(Arc::clone(&shared), lanes, Box::new(crew));
    let mut source = Source::new(Arc::clone(&shared), router, history);
    let monitor = monitor::run(Arc::clone(&shared), known_history, shared.settings.mode == Mode::UntilCaughtUp);
    let reason = tokio::select! {
        ended = source.run() => match ended? {
            Ended::Stopped => Reason::Stopped,
            Ended::Complete => Reason::SnapshotApplied,
        },
        () = monitor => Reason::CaughtUp,
        error = watch.failure() => return Err(error),
    };
    drain(&shared, &mut source, &mut watch).await?;
    shared.enter(Phase::Done);
    Ok(Outcome { reason, frontier: shared.frontier.current() })
}

/// Asks both ends what has to be known before anything is carried.
async fn prepare(settings: Arc<Settings>, progress: Arc<Progress>, stop: CancellationToken) -> Result<Shared, Error> {
    progress.phase(Phase::Connecting, Instant::now());
    let target = ends::target(&settings).await?;
    let source = ends::source(&settings).await?;
    Shared::new(settings, progress, (source, target), stop)
}

/// Lets the lanes apply what was read, and tells the source.
async fn drain(shared: &Arc<Shared>, source: &mut Source, watch: &mut Watch) -> Result<(), Error> {
    shared.enter(Phase::Stopping);
    source.close();
    let within = shared.settings.timeouts.drain;
    let result = tokio::time::timeout(within, watch.drained()).await;
    shared.progress.frontier(shared.frontier.current());
    source.farewell().await;
    result.unwrap_or_else(|_| {
        Err(Error::NotDrained { bytes: shared.budget.held(), within, frontier: shared.frontier.current() })
    })
}
