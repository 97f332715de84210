//! How long to wait before the next attempt: doubling, capped, with jitter.

use std::time::Duration;

/// Delays that double from `first` up to `max`. Each is drawn from the upper half of its step (half of it up to all
/// of it), so that many lanes that lost one server do not come back in one instant.
///
/// The randomness is a small generator that the caller seeds: equal seeds give equal delays.
#[derive(Clone, Debug)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    attempts: u32,
    random: u64,
}

impl Backoff {
    /// Delays from `first` to `max`. A `max` below `first` counts as `first`.
    pub fn new(first: Duration, max: Duration, seed: u64) -> Backoff {
        // xorshift stands still at 0, so the seed is mixed with a constant that is not.
        let random = (seed ^ 0x9e37_79b9_7f4a_7c15).max(1);
        Backoff { first, max: max.max(first), attempts: 0, random }
    }

    /// The delay before the next attempt; counts that attempt.
    pub fn next_delay(&mut self) -> Duration {
        let doubled = self.first.saturating_mul(1u32.checked_shl(self.attempts).unwrap_or(u32::MAX));
        self.attempts = self.attempts.saturating_add(1);
        let step = doubled.min(self.max);
        // A share of 0 to 65535 of the step's upper half.
        let share = u32::from(self.draw() as u16);
        let half = step / 2;
        half.saturating_add((step.saturating_sub(half) / 65535).saturating_mul(share)).min(step)
    }

    /// How many delays were given since the start or the last [`Backoff::reset`].
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// To be called when an attempt has succeeded: the next failure starts from `first` again.
    pub fn reset(&mut self) {
        self.attempts = 0;
    }

    /// xorshift64 (Marsaglia, 2003): not for secrets, good enough to spread delays.
    fn draw(&mut self) -> u64 {
        let mut x = self.random;
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.random = x;
        x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn delays_double_up_to_the_cap_and_stay_in_their_upper_half() {
        for seed in [0, 1, 0x9e37_79b9_7f4a_7c15, u64::MAX] {
            let mut backoff = Backoff::new(100 * MS, 1000 * MS, seed);
            for step in [100, 200, 400, 800, 1000, 1000, 1000] {
                let delay = backoff.next_delay();
                assert!(delay >= step * MS / 2 && delay <= step * MS, "seed {seed}: {delay:?} for a step of {step} ms");
            }
        }
    }

    #[test]
    fn a_reset_starts_from_the_first_delay() {
        let mut backoff = Backoff::new(100 * MS, 10_000 * MS, 7);
        (0..9).for_each(|_| assert!(backoff.next_delay() >= 50 * MS));
        assert_eq!(backoff.attempts(), 9);
        backoff.reset();
        assert!(backoff.next_delay() <= 100 * MS);
        assert_eq!(backoff.attempts(), 1);
    }

    #[test]
    fn seeds_spread_and_are_repeatable() {
        let delays = |seed| (0..8).map(move |_| Backoff::new(1000 * MS, 1000 * MS, seed).next_delay()).next();
        assert_eq!(delays(5), delays(5));
        let spread: std::collections::BTreeSet<_> = (0..50).map(delays).collect();
        assert!(spread.len() > 40, "{} different delays of 50 seeds", spread.len());
    }

    #[test]
    fn a_thousand_failures_do_not_overflow() {
        let mut backoff = Backoff::new(100 * MS, Duration::MAX, 3);
        (0..1000).for_each(|_| assert!(backoff.next_delay() > Duration::ZERO));
        assert_eq!(Backoff::new(Duration::ZERO, Duration::ZERO, 1).next_delay(), Duration::ZERO);
        assert!(Backoff::new(5 * MS, MS, 1).next_delay() >= 2 * MS);
    }
}
