//! What the source loses to its follower at full speed, and how far behind that one is after it.
//!
//! Each run has a fresh source and a fresh target. When the contender follows, `redis-benchmark` writes at full speed
//! (SET, INCR, LPUSH, one after the other, pipelines of 32, 50 connections, 100,000 keys; LPUSH to one list) and says
//! what the source sustained. From its end the clock runs until the target has applied the source's stream up to where
//! it stood then, and has as many keys. Then the digests are compared.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use testkit::Server;

use crate::contender::Contender;
use crate::digest::{digest, ensure_equal};
use crate::follower::{Follower, Program};
use crate::machine::Machine;
use crate::options::{Burst, Common};
use crate::report::{Claim, Figures, Goal, Report};
use crate::rounds;
use crate::tools::{program, server, wait_for};
use crate::usage::Usage;

const DEFAULT: &[Contender] = &[Contender::Alone, Contender::Native, Contender::Keyferry];

/// Of each command, at scale 1.
const REQUESTS: f64 = 3_000_000.0;

/// What redis-benchmark calls them, and the figures.
const COMMANDS: [(&str, &str); 3] = [("SET", SET), ("INCR", INCR), ("LPUSH", LPUSH)];
const SET: &str = "set_ops";
const INCR: &str = "incr_ops";
const LPUSH: &str = "lpush_ops";
const BEHIND: &str = "behind_s";

const CLAIMS: &[Claim] = &[
    sustained("SET/s of the source, keyferry / native", SET),
    sustained("INCR/s of the source, keyferry / native", INCR),
    sustained("LPUSH/s of the source, keyferry / native", LPUSH),
    Claim {
        words: "behind after the end, keyferry, s",
        of: (Contender::Keyferry, BEHIND),
        to: None,
        goal: Goal::AtMost(0.5),
    },
];

const fn sustained(words: &'static str, figure: &'static str) -> Claim {
    let (of, to) = ((Contender::Keyferry, figure), Some((Contender::Native, figure)));
    Claim { words, of, to, goal: Goal::AtLeast(0.85) }
}

/// Writes at full speed to a source followed by every contender in turn.
///
/// # Errors
/// When a contender or a server fails, or a copy is not equal.
pub(crate) fn measure(common: &Common, options: &Burst) -> Result<Report> {
    let contenders = common.contenders(DEFAULT, &[])?;
    let keyferry = common.program(&contenders)?;
    let machine = Machine::look(&server(), keyferry.as_ref());
    let requests = (REQUESTS * options.scale).round() as u64;
    let runs = rounds::run(common, &contenders, |contender| run(contender, keyferry.as_ref(), requests))?;
    let settings = json!({"scale": options.scale, "requests": requests});
    Ok(Report { benchmark: "burst", settings, machine, runs, claims: CLAIMS })
}

fn run(contender: Contender, keyferry: Option<&Program>, requests: u64) -> Result<Figures> {
    let (source, target) = (server(), server());
    let follower = Follower::start(contender, &source, &target, keyferry)?;
    if let Some(follower) = &follower {
        wait_for("it follows", || follower.is_following())?;
    }
    let follower_cpu = || follower.as_ref().map(Follower::cpu_s).transpose().map(Option::flatten);
    let (source_before, target_before) = (Usage::of(source.pid())?, Usage::of(target.pid())?);
    let tool_before = follower_cpu()?;

    let mut figures = write_at_full_speed(&source, requests)?;
    let end = Instant::now();
    if let Some(follower) = &follower {
        follower.wait_caught_up()?;
        figures.add(BEHIND, end.elapsed().as_secs_f64());
    }
    figures.add("source_cpu_s", Usage::of(source.pid())?.total_s() - source_before.total_s());
    if let Some(follower) = follower {
        figures.add("target_cpu_s", Usage::of(target.pid())?.total_s() - target_before.total_s());
        figures.add_some("tool_cpu_s", follower.cpu_s()?.zip(tool_before).map(|(now, before)| now - before));
        figures.add_some("tool_rss_mib", follower.peak_rss_mib()?);
        figures.add("further_syncs", further_syncs(&source));
        follower.end()?;
        ensure_equal(&digest(&source)?, &target)?;
    }
    Ok(figures)
}

/// How often the follower had to begin anew, or to continue after a break. 0 is expected.
pub(crate) fn further_syncs(source: &Server) -> f64 {
    let count = |field: &str| source.info(field).parse::<f64>().unwrap_or_default();
    count("sync_full") + count("sync_partial_ok") - 1.0
}

/// What the source sustained of each command.
fn write_at_full_speed(source: &Server, requests: u64) -> Result<Figures> {
    let mut command = Command::new(program("redis-benchmark")?);
    command.args(["-p", &source.port().to_string(), "-n", &requests.to_string()]);
    command.args(["-t", "set,incr,lpush", "-P", "32", "-c", "50", "-r", "100000", "--csv"]);
    let output = command.output()?;
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "redis-benchmark ended with {}: {said}{errors}", output.status);
    let rates = rates(&said)?;
    let mut figures = Figures::default();
    for (command, name) in COMMANDS {
        let rate = rates.get(command).with_context(|| format!("redis-benchmark did not tell of {command}: {said}"))?;
        figures.add(name, *rate);
    }
    Ok(figures)
}

/// Requests a second by test, from lines such as `"SET","800000.12","1.9",…`; the first line names the columns.
fn rates(csv: &str) -> Result<BTreeMap<String, f64>> {
    let mut rates = BTreeMap::new();
    for line in csv.lines().filter(|line| !line.starts_with("\"test\"")) {
        let mut cells = line.split(',').map(|cell| cell.trim().trim_matches('"'));
        let (name, rate) = cells.next().zip(cells.next()).with_context(|| format!("no rate in {line:?}"))?;
        rates.insert(name.to_owned(), rate.parse().with_context(|| format!("no rate in {line:?}"))?);
    }
    Ok(rates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_from_csv() {
        let csv = "\"test\",\"rps\",\"avg_latency_ms\"\n\"SET\",\"800000.25\",\"1.9\"\n\"INCR\",\"940000\",\"1.7\"\n";
        let expected = [("SET".to_owned(), 800_000.25), ("INCR".to_owned(), 940_000.0)];
        assert_eq!(rates(csv).unwrap(), expected.into());
        for bad in ["\"SET\"", "\"SET\",\"many\""] {
            assert!(rates(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_burst_is_measured_alone_and_with_a_native_replica() {
        for contender in [Contender::Alone, Contender::Native] {
            let figures = run(contender, None, 10_000).unwrap();
            for (_, name) in COMMANDS {
                assert!(figures.get(name).is_some_and(|rate| rate > 100.0), "{contender:?} {figures:?}");
            }
            let expected = (contender == Contender::Native).then_some(0.0);
            assert_eq!(figures.get("further_syncs"), expected, "{contender:?} {figures:?}");
            assert_eq!(figures.get(BEHIND).is_some(), expected.is_some());
        }
    }
}
