//! The operator's limits on speed: commands and bytes a second, over all lanes.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Two leaky buckets. A batch is sent whole and its cost paid afterwards, so that a batch larger than a second's
/// allowance passes too, just late.
#[derive(Debug)]
pub(crate) struct Throttle {
    commands_per_second: Option<u64>,
    bytes_per_second: Option<u64>,
    /// When the debt of all that was sent is paid.
    free_at: Mutex<Option<Instant>>,
}

// === impl Throttle ===

impl Throttle {
    pub(crate) fn new(commands_per_second: Option<u64>, bytes_per_second: Option<u64>) -> Throttle {
        Throttle { commands_per_second, bytes_per_second, free_at: Mutex::new(None) }
    }

    /// Whether any limit is set.
    pub(crate) fn is_limiting(&self) -> bool {
        self.commands_per_second.is_some() || self.bytes_per_second.is_some()
    }

    /// How many commands a batch should hold at most, so that a slow rate stays smooth: a twentieth of a second's.
    pub(crate) fn batch_commands_max(&self) -> usize {
        self.commands_per_second.map_or(usize::MAX, |rate| usize::try_from(rate / 20).unwrap_or(usize::MAX).max(1))
    }

    /// How many bytes a batch should hold at most, for the same reason.
    pub(crate) fn batch_bytes_max(&self) -> usize {
        self.bytes_per_second.map_or(usize::MAX, |rate| usize::try_from(rate / 20).unwrap_or(usize::MAX).max(1))
    }

    /// When the next batch may be sent; `None` is at once.
    pub(crate) fn wait_until(&self, now: Instant) -> Option<Instant> {
        if !self.is_limiting() {
            return None;
        }
        self.lock().filter(|free_at| *free_at > now)
    }

    /// Books a batch that is sent now.
    pub(crate) fn spend(&self, now: Instant, commands: u64, bytes: u64) {
        let cost = |amount: u64, rate: Option<u64>| {
            rate.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(amount as f64 / rate.max(1) as f64))
        };
        let cost = cost(commands, self.commands_per_second).max(cost(bytes, self.bytes_per_second));
        if cost > Duration::ZERO {
            let mut free_at = self.lock();
            *free_at = Some(free_at.map_or(now, |at| at.max(now)) + cost);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        // A poisoned lock only means that another thread died holding a plain number.
        self.free_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_of_commands_takes_a_second() {
        let throttle = Throttle::new(Some(100), None);
        let start = Instant::now();
        let mut now = start;
        for _ in 0..20 {
            now = throttle.wait_until(now).unwrap_or(now);
            throttle.spend(now, 10, 1_000_000);
        }
        let end = throttle.wait_until(now).unwrap();
        assert_eq!((end - start).as_millis(), 2000);
        assert_eq!(throttle.batch_commands_max(), 5);
    }

    #[test]
    fn the_tighter_limit_counts() {
        let throttle = Throttle::new(Some(1_000_000), Some(1000));
        let now = Instant::now();
        throttle.spend(now, 1, 500);
        assert_eq!((throttle.wait_until(now).unwrap() - now).as_millis(), 500);
        assert!(Throttle::new(None, None).wait_until(now).is_none());
    }
}
