//! The frontier as the tasks share it: the arithmetic is `route`'s, this adds the lock and the news.

use std::sync::{Mutex, MutexGuard, PoisonError};

use record::Offset;
use route::frontier::{Frontier, Ticket};
use tokio::sync::watch;

/// The highest offset below which every unit is applied and acknowledged.
#[derive(Debug)]
pub(crate) struct SharedFrontier {
    arithmetic: Mutex<Frontier>,
    news: watch::Sender<Offset>,
}

// === impl SharedFrontier ===

impl SharedFrontier {
    pub(crate) fn new() -> SharedFrontier {
        SharedFrontier { arithmetic: Mutex::new(Frontier::new(Offset(0))), news: watch::Sender::new(Offset(0)) }
    }

    /// Opens a ticket for units up to `end`, on `parts` lanes.
    pub(crate) fn open(&self, end: Offset, parts: u32) -> Ticket {
        self.lock().open(end, parts)
    }

    /// One part of a ticket is applied.
    pub(crate) fn done(&self, ticket: Ticket) {
        let moved = self.lock().done(ticket);
        self.tell(moved);
    }

    /// Everything up to `end` has been opened, or needs nothing.
    pub(crate) fn idle(&self, end: Offset) {
        let moved = self.lock().advance_idle(end);
        self.tell(moved);
    }

    /// Where it stands.
    pub(crate) fn current(&self) -> Offset {
        *self.news.borrow()
    }

    /// To be told of each move.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Offset> {
        self.news.subscribe()
    }

    /// Begins anew, before a snapshot: no ticket may be open.
    pub(crate) fn restart(&self) {
        *self.lock() = Frontier::new(Offset(0));
        self.news.send_replace(Offset(0));
    }

    fn tell(&self, moved: Option<Offset>) {
        if let Some(offset) = moved {
            // Two lanes may tell at once, the later first: the value never goes back.
            self.news.send_if_modified(|current| {
                let forward = offset > *current;
                *current = offset.max(*current);
                forward
            });
        }
    }

    fn lock(&self) -> MutexGuard<'_, Frontier> {
        // Poisoned only by a panic within the arithmetic, which has no half-done states to see.
        self.arithmetic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until the frontier has reached an offset. Losing this future loses nothing.
pub(crate) async fn reached(news: &mut watch::Receiver<Offset>, at: Offset) {
    // The sender lives as long as the run; were it gone, the frontier would move no more.
    if news.wait_for(|frontier| *frontier >= at).await.is_err() {
        std::future::pending::<()>().await;
    }
}
