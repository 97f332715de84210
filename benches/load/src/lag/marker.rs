//! Markers: numbered writes to one key, and when each was seen elsewhere.
//!
//! A marker that the next one overtook before anybody looked is not lost from the figures: it counts as seen when the
//! next one was, which is the time that a reader would have waited for it. Markers are due at fixed times, so that a
//! slow one does not spare the following ones.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use hdrhistogram::Histogram;
use testkit::redis::{Connection, cmd};

const KEY: &str = "keyferry-load:marker";
const INTERVAL: Duration = Duration::from_millis(10);
/// A marker that takes longer will not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// All markers of a run.
pub(super) struct Markers {
    count: usize,
    /// When each was sent; the first is number 1.
    sent: Mutex<Vec<Instant>>,
}

impl Markers {
    /// As many as are due in this time.
    pub(super) fn new(time: Duration) -> Markers {
        let count = (time.as_nanos() / INTERVAL.as_nanos()) as usize;
        Markers { count, sent: Mutex::new(Vec::with_capacity(count)) }
    }

    /// Writes each marker when it is due.
    ///
    /// # Errors
    /// When the server refuses or is gone.
    pub(super) fn write(&self, client: &mut Connection) -> Result<()> {
        let begin = Instant::now();
        for number in 1..=self.count {
            let due = begin + INTERVAL * u32::try_from(number - 1)?;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(Instant::now());
            cmd("SET").arg(KEY).arg(number).exec(client)?;
        }
        Ok(())
    }

    /// Looks until the last one is seen, with a pause after each look; answers the nanoseconds that each took.
    ///
    /// # Errors
    /// When the server is gone, or nothing new is seen for a long time.
    pub(super) fn look(&self, client: &mut Connection, pause: Duration) -> Result<Histogram<u64>> {
        let mut times = Histogram::new(3)?;
        let mut seen = 0;
        let mut news = Instant::now();
        while seen < self.count {
            let number = cmd("GET").arg(KEY).query::<Option<usize>>(client)?.unwrap_or_default();
            let now = Instant::now();
            if number > seen {
                let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
                for sent in sent.get(seen..number).context("a marker was seen that nobody wrote")? {
                    times.record(u64::try_from((now - *sent).as_nanos())?)?;
                }
                (seen, news) = (number, now);
            } else if news.elapsed() > PATIENCE {
                bail!("marker {} of {} is not seen after {} s", seen + 1, self.count, PATIENCE.as_secs());
            }
            thread::sleep(pause);
        }
        Ok(times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{client, server};

    #[test]
    fn every_marker_is_timed_even_if_the_next_one_overtook_it() {
        let server = server();
        let markers = Markers::new(Duration::from_millis(200));
        let (mut writer, mut looker) = (client(&server).unwrap(), client(&server).unwrap());
        let times = thread::scope(|scope| {
            let looker = scope.spawn(|| markers.look(&mut looker, Duration::from_millis(35)).unwrap());
            markers.write(&mut writer).unwrap();
            looker.join().unwrap()
        });
        assert_eq!(times.len(), 20);
        // Three or four markers are seen at a time, so that some have waited for the looker about as long as it slept.
        assert!(times.max() >= 20_000_000, "{} ns", times.max());
    }

    #[test]
    fn a_marker_of_somebody_else_is_an_error() {
        let server = server();
        server.run::<()>(&["SET", KEY, "3"]);
        let error = Markers::new(Duration::from_millis(50)).look(&mut client(&server).unwrap(), Duration::ZERO);
        assert_eq!(error.unwrap_err().to_string(), "a marker was seen that nobody wrote");
    }
}
