//! A steady load of writes in small pipelines, one every millisecond.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use testkit::redis::{Connection, Pipeline, pipe};

use crate::dataset::text;

/// A pipeline is due this often.
const TICK: Duration = Duration::from_millis(1);
/// After a pause of server or machine, what is owed is sent in pipelines no longer than this.
const BATCH_MAX: u64 = 500;

/// Writes at a rate. Of ten writes eight are SETs of 20 to 200 bytes, one is INCR, one HSET.
pub(super) struct Load {
    client: Connection,
    rng: StdRng,
    rate: u32,
}

impl Load {
    pub(super) fn new(client: Connection, seed: u64, rate: u32) -> Load {
        Load { client, rng: StdRng::seed_from_u64(seed), rate }
    }

    /// Writes until told to stop; answers how many writes a second it came to. It keeps to its rate over the whole
    /// time: what a pause kept it from sending is sent after it.
    ///
    /// # Errors
    /// When the server refuses a write or is gone.
    pub(super) fn run(&mut self, stop: &AtomicBool) -> Result<f64> {
        let begin = Instant::now();
        let mut sent = 0;
        while !stop.load(Ordering::Relaxed) {
            let due = (begin.elapsed().as_secs_f64() * f64::from(self.rate)) as u64;
            let batch = due.saturating_sub(sent).min(BATCH_MAX);
            if batch > 0 {
                self.batch(sent, batch).exec(&mut self.client)?;
                sent += batch;
            }
            if sent >= due {
                thread::sleep(TICK);
            }
        }
        Ok(sent as f64 / begin.elapsed().as_secs_f64())
    }

    fn batch(&mut self, first: u64, writes: u64) -> Pipeline {
        let mut batch = pipe();
        for number in first..first + writes {
            let key: u32 = self.rng.random_range(0..100_000);
            match number % 10 {
                8 => batch.cmd("INCR").arg(format!("counter:{key}")),
                9 => {
                    let (field, value) = (self.rng.random_range(0..20), text(&mut self.rng, 16));
                    batch.cmd("HSET").arg(format!("hash:{key}")).arg(format!("field:{field:02}")).arg(value)
                }
                _ => {
                    let len = self.rng.random_range(20..=200);
                    batch.cmd("SET").arg(format!("key:{key}")).arg(text(&mut self.rng, len))
                }
            };
            batch.ignore();
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::{client, server};
    use std::sync::Arc;

    #[test]
    fn the_load_keeps_its_rate_and_its_mix() {
        let server = server();
        let stop = Arc::new(AtomicBool::new(false));
        let load = thread::spawn({
            let (client, stop) = (client(&server).unwrap(), stop.clone());
            move || Load::new(client, 1, 1_000).run(&stop).unwrap()
        });
        thread::sleep(Duration::from_millis(500));
        stop.store(true, Ordering::Relaxed);
        let rate = load.join().unwrap();
        assert!((300.0..=1_001.0).contains(&rate), "{rate}");
        let calls = |command: &str| {
            let stats = server.info(&format!("cmdstat_{command}"));
            stats.split(',').find_map(|stat| stat.strip_prefix("calls=")?.parse::<u64>().ok()).unwrap()
        };
        let (set, incr, hset) = (calls("set"), calls("incr"), calls("hset"));
        assert!(incr.abs_diff(hset) <= 1 && set.abs_diff(8 * incr) <= 8, "{set} {incr} {hset}");
    }
}
