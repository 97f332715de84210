//! How long until every key is on the target, and what it costs.
//!
//! One source is filled once and serves every run; each run has a fresh target. The clock runs from the contender's
//! start (the REPLICAOF command, the program's start with all its checks) until DBSIZE of the target is the source's
//! and a replica's link is up. Costs of target and tool are taken at that moment, the source's when the child that
//! wrote the snapshot has ended. Then the digests are compared.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::json;
use testkit::Server;
use testkit::redis::{Connection, cmd};

use crate::contender::Contender;
use crate::dataset::{Shape, fill};
use crate::digest::{digest, ensure_equal};
use crate::follower::{Follower, Program};
use crate::machine::Machine;
use crate::options::{Common, Snapshot};
use crate::report::{Claim, Figures, Goal, Report};
use crate::tools::{client, server, wait_for};
use crate::usage::Usage;
use crate::{restores, rounds};

const DEFAULT: &[Contender] = &[Contender::Native, Contender::Keyferry];
const FURTHER: &[Contender] = &[Contender::NativeDiskless, Contender::RestorePipe];

const WALL: &str = "wall_s";
const SOURCE_CPU: &str = "source_cpu_s";
const TARGET_CPU: &str = "target_cpu_s";
const TOOL_CPU: &str = "tool_cpu_s";
const TOOL_RSS: &str = "tool_rss_mib";

const CLAIMS: &[Claim] = &[
    Claim {
        words: "wall, keyferry / native",
        of: (Contender::Keyferry, WALL),
        to: Some((Contender::Native, WALL)),
        goal: Goal::AtMost(0.9),
    },
    Claim {
        words: "processor time, keyferry / its target",
        of: (Contender::Keyferry, TOOL_CPU),
        to: Some((Contender::Keyferry, TARGET_CPU)),
        goal: Goal::AtMost(0.6),
    },
    Claim {
        words: "peak memory of keyferry, MiB",
        of: (Contender::Keyferry, TOOL_RSS),
        to: None,
        goal: Goal::AtMost(64.0),
    },
];

/// The last run's target gives its memory back and its files go, before the next one starts.
const SETTLE: Duration = Duration::from_millis(500);

/// What all runs share.
struct Bench {
    source: Server,
    source_digest: String,
    keys: u64,
    keyferry: Option<Program>,
    /// The source as RESTORE commands, where somebody needs them.
    restores: Option<PathBuf>,
}

/// Fills a source and carries it to a target by every contender in turn.
///
/// # Errors
/// When a contender or a server fails, or a copy is not equal.
pub(crate) fn measure(common: &Common, options: &Snapshot) -> Result<Report> {
    let contenders = common.contenders(DEFAULT, FURTHER)?;
    let keyferry = common.program(&contenders)?;
    let source = server();
    let machine = Machine::look(&source, keyferry.as_ref());
    let shape = Shape::REFERENCE.scaled(options.scale);
    eprintln!("filling the source with {} keys", shape.keys());
    fill(&mut client(&source)?, shape, common.seed)?;
    let restores = match contenders.contains(&Contender::RestorePipe) {
        true => Some(source.dir().join("restores")),
        false => None,
    };
    if let Some(path) = &restores {
        restores::write(&source, path)?;
    }
    let bench = Bench { source_digest: digest(&source)?, source, keys: shape.keys(), keyferry, restores };
    let runs = rounds::run(common, &contenders, |contender| bench.run(contender))?;
    let settings = json!({"scale": options.scale, "keys": bench.keys, "seed": common.seed});
    Ok(Report { benchmark: "snapshot", settings, machine, runs, claims: CLAIMS })
}

impl Bench {
    fn run(&self, contender: Contender) -> Result<Figures> {
        thread::sleep(SETTLE);
        let target = server();
        let mut looker = client(&target)?;
        let (source_before, target_before) = (Usage::of(self.source.pid())?, Usage::of(target.pid())?);
        let begin = Instant::now();
        let follower = self.start(contender, &target)?;
        wait_for("all keys are on the target", || {
            follower.ensure_alive()?;
            Ok(keys(&mut looker)? == Some(self.keys)
                && (contender == Contender::Keyferry || follower.is_following()?))
        })?;
        let mut figures = Figures::default();
        figures.add(WALL, begin.elapsed().as_secs_f64());
        let target_cpu = Usage::of(target.pid())?.total_s() - target_before.total_s();
        let (tool_cpu, tool_rss) = (follower.cpu_s()?, follower.peak_rss_mib()?);
        wait_for("the source's child has ended", || Ok(self.source.info("rdb_bgsave_in_progress") == "0"))?;
        figures.add(SOURCE_CPU, Usage::of(self.source.pid())?.total_s() - source_before.total_s());
        figures.add(TARGET_CPU, target_cpu);
        figures.add_some(TOOL_CPU, tool_cpu);
        figures.add_some(TOOL_RSS, tool_rss);
        if contender != Contender::RestorePipe {
            wait_for("it follows", || follower.is_following())?;
            follower.wait_caught_up()?;
        }
        follower.end()?;
        ensure_equal(&self.source_digest, &target)?;
        Ok(figures)
    }

    fn start<'a>(&'a self, contender: Contender, target: &'a Server) -> Result<Follower<'a>> {
        match &self.restores {
            Some(file) if contender == Contender::RestorePipe => Follower::pipe(&self.source, target, file),
            _ => Follower::start(contender, &self.source, target, self.keyferry.as_ref())?
                .context("nobody carries anything"),
        }
    }
}

/// How many keys the server has; `None` while it loads.
fn keys(client: &mut Connection) -> Result<Option<u64>> {
    match cmd("DBSIZE").query(client) {
        Ok(keys) => Ok(Some(keys)),
        Err(error) if error.code() == Some("LOADING") => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use clap::Parser as _;

    #[test]
    fn contenders_that_need_no_keyferry_bring_every_key() {
        let words = "keyferry-load --rounds 1 --contenders native,native-diskless,restore-pipe";
        let options = Options::parse_from(words.split(' ').chain(["snapshot"]));
        let report = measure(&options.common, &Snapshot { scale: 0.001 }).unwrap().json();
        assert_eq!(report["settings"]["keys"], 2170);
        for contender in ["native", "native-diskless", "restore-pipe"] {
            assert!(report["medians"][contender][WALL].as_f64().is_some_and(|wall| wall > 0.0), "{report}");
        }
        assert!(report["medians"]["restore-pipe"][TOOL_CPU].is_number(), "{report}");
    }
}
