//! Knows how far the target is behind.
//!
//! The source is asked for its offset a few times a second. When the frontier reaches an offset that the source had after
//! the snapshot, the target has caught up with that moment; from then on it follows.

use std::sync::Arc;
use std::time::{Duration, Instant};

use link::{Connection, Protocol, Role};
use record::{Offset, ReplId};
use telemetry::Phase;
use tokio::sync::watch;

use crate::shared::Shared;

/// How often is looked how far everything is applied. What is shown as lag is true to this.
const LOOK: Duration = Duration::from_millis(100);

/// How often the source is asked once the target has caught up.
const FOLLOWING: Duration = Duration::from_secs(1);

/// A target that lags this far behind follows no longer, it has to catch up again.
const LAG_MAX: Duration = Duration::from_secs(10);

/// Follows the frontier and tells the phases behind the snapshot.
///
/// Ends only where `until_caught_up` is set: with the target having everything that the source had at a moment after
/// the snapshot was applied.
pub(crate) async fn run(shared: Arc<Shared>, history: watch::Receiver<Option<ReplId>>, until_caught_up: bool) {
    let mut asked: Option<Connection> = None;
    // The source's offset when it was last asked, and when that was.
    let mut mark: Option<(Offset, Instant)> = None;
    let mut caught_up_at = Instant::now();
    loop {
        let phase = shared.phase();
        tokio::time::sleep(LOOK).await;
        let frontier = shared.frontier.current();
        shared.progress.frontier(frontier);
        shared.copies.forget_below(frontier);
        match phase {
            Phase::Snapshot if shared.snapshot_is_applied() => {
                shared.enter(Phase::CatchingUp);
            }
            Phase::CatchingUp | Phase::Following => {}
            _ => {
                mark = None;
                continue;
            }
        }
        let caught_up = match mark {
            // A source that tells no offsets is caught up with when nothing of it is left to apply.
            _ if history.borrow().is_none() => shared.budget.held() == 0,
            None if phase == Phase::Following && caught_up_at.elapsed() < FOLLOWING => continue,
            None => {
                mark = source_offset(&shared, &mut asked).await.map(|offset| (offset, Instant::now()));
                false
            }
            Some((reached, _)) => frontier >= reached,
        };
        if caught_up {
            mark = None;
            caught_up_at = Instant::now();
            shared.enter(Phase::Following);
            if until_caught_up {
                return;
            }
        } else if phase == Phase::Following && mark.is_some_and(|(_, since)| since.elapsed() > LAG_MAX) {
            shared.enter(Phase::CatchingUp);
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
        // A replica counts what it has of its master's stream, which is what it sends on.
        let offset = match connection.info("replication").await {
            Ok(info) => info.number("master_repl_offset"),
            // A user without the right to INFO may have that to ROLE, which state copies need.
            Err(link::Error::Refused { .. }) => match connection.role().await? {
                Role::Master { offset, .. } => Some(offset),
                Role::Replica { offset, .. } => offset,
                Role::Sentinel => None,
            },
            Err(error) => return Err(error),
        };
        Ok::<_, link::Error>((connection, offset))
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
