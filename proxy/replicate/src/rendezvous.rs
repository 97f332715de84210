//! Where lanes meet for a unit that concerns several of them.
//!
//! The unit stands in the queue of each lane that it concerns. A lane that reaches it waits until all it has sent
//! is acknowledged, and arrives. When all have arrived, one of them, the executor, applies the unit; the others go on
//! only when it is applied. So the unit keeps its place in every lane's order, and lanes that it does not
//! concern never wait.

use tokio::sync::watch;

/// One unit's meeting of lanes.
#[derive(Debug)]
pub(crate) struct Rendezvous {
    lanes: usize,
    executor: usize,
    state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    arrived: usize,
    finished: bool,
}

// === impl Rendezvous ===

impl Rendezvous {
    /// A meeting of `lanes` lanes, at which lane number `executor` applies the unit.
    pub(crate) fn new(lanes: usize, executor: usize) -> Rendezvous {
        Rendezvous { lanes, executor, state: watch::Sender::new(State::default()) }
    }

    /// Whether this lane applies the unit.
    pub(crate) fn is_executor(&self, lane: usize) -> bool {
        self.executor == lane
    }

    /// A lane has everything before the unit acknowledged.
    pub(crate) fn arrive(&self) {
        self.state.send_modify(|state| state.arrived += 1);
    }

    /// The executor has the unit acknowledged.
    pub(crate) fn finish(&self) {
        self.state.send_modify(|state| state.finished = true);
    }

    /// Whether the unit is applied.
    pub(crate) fn is_finished(&self) -> bool {
        self.state.borrow().finished
    }

    /// Waits until every lane has arrived. Losing this future loses nothing.
    pub(crate) async fn all_arrived(&self) {
        self.until(|state| state.arrived >= self.lanes).await;
    }

    /// Waits until the unit is applied. Losing this future loses nothing.
    pub(crate) async fn finished(&self) {
        self.until(|state| state.finished).await;
    }

    async fn until(&self, reached: impl FnMut(&State) -> bool) {
        let mut seen = self.state.subscribe();
        // The sender lives in `self`, so the wait can only end by what it waits for.
        if seen.wait_for(reached).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn nobody_passes_before_the_executor_has_finished() {
        let meeting = Arc::new(Rendezvous::new(2, 0));
        let other = tokio::spawn({
            let meeting = Arc::clone(&meeting);
            async move {
                meeting.arrive();
                meeting.finished().await;
            }
        });
        tokio::task::yield_now().await;
        assert!(meeting.is_executor(0) && !meeting.is_executor(1));
        meeting.arrive();
        meeting.all_arrived().await;
        assert!(!other.is_finished());
        meeting.finish();
        other.await.unwrap();
    }
}
