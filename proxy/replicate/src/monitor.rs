//! Knows how far the target is behind.
//!
//! The source is asked for its offset a few times a second. When the frontier reaches an offset that the source had after
//! the snapshot, the target has caught up with that moment; from then on it follows.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use link::{Connection, Protocol};
use record::Offset;
use telemetry::Phase;

use crate::shared::Shared;

/// How often the source is asked.
const INTERVAL: Duration = Duration::from_millis(100);

/// Follows the frontier until the target has caught up for the first time, and goes on telling the phase after that.
///
/// Ends only where `until_caught_up` is set: with the target having everything that the source had at a moment after
/// the snapshot was applied.
pub(crate) async fn run(shared: Arc<Shared>, until_caught_up: bool) {
    let mut asked: Option<Connection> = None;
    // The source's offset when it was last asked, of the history that the frontier counts in.
    let mut mark: Option<Offset> = None;
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let frontier = shared.frontier.current();
        shared.progress.frontier(frontier);
        shared.copies.forget_below(frontier);
        match shared.progress.current_phase() {
            Phase::CatchingUp => {}
            // With an offset of 0, which only an unknown position has, the frontier cannot tell.
            Phase::Snapshot if shared.snapshot_read.load(Ordering::Acquire) && shared.is_applied() => {
                shared.progress.phase(Phase::CatchingUp, Instant::now());
            }
            Phase::Following if !until_caught_up => continue,
            _ => {
                mark = None;
                continue;
            }
        }
        match mark {
            None => mark = source_offset(&shared, &mut asked).await,
            Some(reached) if frontier >= reached => {
                shared.progress.phase(Phase::Following, Instant::now());
                if until_caught_up {
                    return;
                }
                mark = None;
            }
            Some(_) => {}
        }
    }
}

/// What the source says of its offset; `None` where it cannot be asked now.
async fn source_offset(shared: &Shared, asked: &mut Option<Connection>) -> Option<Offset> {
    let attempt = async {
        let mut connection = match asked.take() {
            Some(connection) => connection,
            None => {
                let settings = &shared.settings;
                let name = format!("keyferry-{}-lag", settings.name);
                Connection::open(&settings.source.endpoint, &settings.timeouts, Protocol::Resp2, &name).await?
            }
        };
        let info = connection.info("replication").await?;
        // A replica counts what it has of its master's stream, which is what it sends on.
        Ok::<_, link::Error>((connection, info.number("master_repl_offset")))
    };
    match attempt.await {
        Ok((connection, offset)) => {
            *asked = Some(connection);
            offset.map(Offset)
        }
        Err(error) => {
            tracing::debug!(%error, "the source's offset is not known");
            None
        }
    }
}
