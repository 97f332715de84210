//! The lanes' tasks: started when their db is first needed, ended together.

use std::sync::Arc;

use record::Db;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::Error;
use crate::copier::Copier;
use crate::lane::Lane;
use crate::router::{Item, Start};
use crate::shared::Shared;

/// Starts lanes.
#[derive(Debug)]
pub(crate) struct Crew {
    shared: Arc<Shared>,
    copier: Arc<Copier>,
    tasks: TaskTracker,
    failed: UnboundedSender<Error>,
    ended: CancellationToken,
}

/// Waits for lanes. Dropped, it ends them where they are.
#[derive(Debug)]
pub(crate) struct Watch {
    tasks: TaskTracker,
    failures: UnboundedReceiver<Error>,
    _ended: DropGuard,
}

// === impl Crew ===

impl Crew {
    pub(crate) fn new(shared: Arc<Shared>, copier: Arc<Copier>) -> (Crew, Watch) {
        let (failed, failures) = mpsc::unbounded_channel();
        let (tasks, ended) = (TaskTracker::new(), CancellationToken::new());
        let watch = Watch { tasks: tasks.clone(), failures, _ended: ended.clone().drop_guard() };
        (Crew { shared, copier, tasks, failed, ended }, watch)
    }
}

impl Start for Crew {
    fn start(&mut self, index: usize, home: Db) -> UnboundedSender<Item> {
        let (queue, items) = mpsc::unbounded_channel();
        let lane = Lane::new((index, home), Arc::clone(&self.shared), Arc::clone(&self.copier), items);
        let (failed, ended) = (self.failed.clone(), self.ended.clone());
        self.tasks.spawn(async move {
            let result = tokio::select! {
                result = lane.run() => result,
                () = ended.cancelled() => Ok(()),
            };
            // Nobody listens any more once the run has ended with another error.
            if let Err(error) = result
                && let Err(unheard) = failed.send(error)
            {
                tracing::debug!(error = %unheard.0, "a lane ended after the run");
            }
        });
        queue
    }
}

// === impl Watch ===

impl Watch {
    /// Waits until a lane fails. Losing this future loses nothing.
    pub(crate) async fn failure(&mut self) -> Error {
        self.failures.recv().await.unwrap_or_else(|| Error::Internal("the lanes' tasks are gone".to_owned()))
    }

    /// Waits until every lane has applied what its queue holds, or one fails. The queues must be closed.
    pub(crate) async fn drained(&mut self) -> Result<(), Error> {
        self.tasks.close();
        tokio::select! {
            biased;
            Some(error) = self.failures.recv() => Err(error),
            () = self.tasks.wait() => match self.failures.try_recv() {
                Ok(error) => Err(error),
                Err(_) => Ok(()),
            },
        }
    }
}
