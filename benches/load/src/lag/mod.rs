//! How long until a write is seen on the target, under a steady load.
//!
//! Each run has a fresh source and a fresh target. While [`load`] writes to the source at a steady rate, a [`marker`] is
//! written there every 10 ms and looked for on the target; the time is from before the write is sent to after the
//! reply that shows it. With nobody following, it is looked for on the source: that is the part of every time that
//! belongs to this program and to the source.

mod load;
mod marker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Result, anyhow};
use hdrhistogram::Histogram;
use serde_json::json;
use testkit::Server;

use crate::burst::further_syncs;
use crate::contender::Contender;
use crate::digest::{digest, ensure_equal};
use crate::follower::{Follower, Program};
use crate::machine::Machine;
use crate::options::{Common, Lag};
use crate::report::{Claim, Figures, Goal, Report};
use crate::rounds;
use crate::tools::{client, server, wait_for};
use crate::usage::Usage;
use load::Load;
use marker::Markers;

const DEFAULT: &[Contender] = &[Contender::Alone, Contender::Native, Contender::Keyferry];

/// Load before the first marker, so that every buffer has its size and every path is warm.
const WARM_UP: Duration = Duration::from_secs(2);

const P50: &str = "p50_ms";
const P99: &str = "p99_ms";

const CLAIMS: &[Claim] = &[seen("p50, keyferry / native", P50), seen("p99, keyferry / native", P99)];

const fn seen(words: &'static str, figure: &'static str) -> Claim {
    let (of, to) = ((Contender::Keyferry, figure), Some((Contender::Native, figure)));
    Claim { words, of, to, goal: Goal::AtMost(1.5) }
}

/// Observes markers under load by every contender in turn.
///
/// # Errors
/// When a contender or a server fails, a marker is never seen, or a copy is not equal.
pub(crate) fn measure(common: &Common, options: &Lag) -> Result<Report> {
    let contenders = common.contenders(DEFAULT, &[])?;
    let keyferry = common.program(&contenders)?;
    let machine = Machine::look(&server(), keyferry.as_ref());
    let runs = rounds::run(common, &contenders, |contender| run(contender, keyferry.as_ref(), common.seed, options))?;
    let settings = json!({
        "writes_per_s": options.rate,
        "seconds": options.seconds,
        "poll_us": options.poll_us,
        "seed": common.seed,
    });
    Ok(Report { benchmark: "lag", settings, machine, runs, claims: CLAIMS })
}

fn run(contender: Contender, keyferry: Option<&Program>, seed: u64, options: &Lag) -> Result<Figures> {
    let (source, target) = (server(), server());
    let follower = Follower::start(contender, &source, &target, keyferry)?;
    if let Some(follower) = &follower {
        wait_for("it follows", || follower.is_following())?;
    }
    let seen_on = if follower.is_some() { &target } else { &source };
    let observed = observe(&source, seen_on, follower.as_ref(), seed, options)?;
    let mut figures = Figures::default();
    for (name, nanos) in [
        (P50, observed.times.value_at_quantile(0.5)),
        (P99, observed.times.value_at_quantile(0.99)),
        ("max_ms", observed.times.max()),
    ] {
        figures.add(name, nanos as f64 / 1e6);
    }
    figures.add("writes_per_s", observed.writes_per_s);
    figures.add_some("tool_cpu_s", observed.tool_cpu_s);
    figures.add("source_cpu_s", observed.source_cpu_s);
    if let Some(follower) = follower {
        figures.add_some("tool_rss_mib", follower.peak_rss_mib()?);
        figures.add("further_syncs", further_syncs(&source));
        follower.wait_caught_up()?;
        follower.end()?;
        ensure_equal(&digest(&source)?, &target)?;
    }
    Ok(figures)
}

/// What was seen while markers were written. Processor times are of these seconds alone.
struct Observed {
    /// Nanoseconds.
    times: Histogram<u64>,
    writes_per_s: f64,
    tool_cpu_s: Option<f64>,
    source_cpu_s: f64,
}

fn observe(
    source: &Server,
    seen_on: &Server,
    follower: Option<&Follower<'_>>,
    seed: u64,
    options: &Lag,
) -> Result<Observed> {
    let tool_cpu = || follower.map(Follower::cpu_s).transpose().map(Option::flatten);
    let markers = Markers::new(Duration::from_secs(u64::from(options.seconds)));
    let mut load = Load::new(client(source)?, seed, options.rate);
    let (mut writer, mut looker) = (client(source)?, client(seen_on)?);
    let poll = Duration::from_micros(options.poll_us);
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let load = scope.spawn(|| load.run(&stop));
        // The scope waits for its threads, also where an error leaves it early.
        let loading = StopOnDrop(&stop);
        thread::sleep(WARM_UP);
        let before = (Usage::of(source.pid())?.total_s(), tool_cpu()?);
        let looker = scope.spawn(|| markers.look(&mut looker, poll));
        let written = markers.write(&mut writer);
        let after = (Usage::of(source.pid()).map(|usage| usage.total_s()), tool_cpu());
        drop(loading);
        let times = looker.join().map_err(|_| anyhow!("the marker's looker panicked"))?;
        let writes_per_s = load.join().map_err(|_| anyhow!("the load panicked"))??;
        written?;
        Ok(Observed {
            times: times?,
            writes_per_s,
            tool_cpu_s: after.1?.zip(before.1).map(|(after, before)| after - before),
            source_cpu_s: after.0? - before.0,
        })
    })
}

/// Tells the load to stop when it goes.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_is_seen_alone_and_behind_a_native_replica() {
        let options = Lag { rate: 2_000, seconds: 1, poll_us: 50 };
        for contender in [Contender::Alone, Contender::Native] {
            let figures = run(contender, None, 1, &options).unwrap();
            let [p50, p99, max] = [P50, P99, "max_ms"].map(|name| figures.get(name).unwrap());
            assert!(0.0 < p50 && p50 <= p99 && p99 <= max, "{contender:?} {figures:?}");
            assert!(figures.get("writes_per_s").is_some_and(|rate| rate > 500.0), "{contender:?} {figures:?}");
        }
    }
}
