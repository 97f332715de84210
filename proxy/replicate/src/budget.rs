//! How much the pipeline holds in memory, and who waits for it to become less.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Bytes held between the source's socket and the target's acknowledgements.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    held: AtomicUsize,
    released: Notify,
}

// === impl Budget ===

impl Budget {
    /// Counts bytes as held and returns how many are held now.
    pub(crate) fn hold(&self, bytes: usize) -> usize {
        self.held.fetch_add(bytes, Ordering::AcqRel) + bytes
    }

    /// Counts bytes as released.
    pub(crate) fn release(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::AcqRel);
        self.released.notify_waiters();
    }

    /// Bytes held now.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }

    /// Waits until fewer than `limit` bytes are held. Losing this future loses nothing.
    pub(crate) async fn below(&self, limit: usize) {
        loop {
            let released = self.released.notified();
            if self.held() < limit {
                return;
            }
            released.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_waiter_goes_on_when_enough_is_released() {
        let budget = Arc::new(Budget::default());
        assert_eq!(budget.hold(100), 100);
        let waiter = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { budget.below(50).await }
        });
        budget.release(40);
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        budget.release(20);
        waiter.await.unwrap();
        assert_eq!(budget.held(), 40);
    }
}
