//! The command line.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::{Args, Parser, Subcommand};

use crate::contender::Contender;
use crate::follower::Program;

/// Measures keyferry beside the server's own replication, on servers that it starts itself on loopback.
#[derive(Debug, Parser)]
#[command(name = "keyferry-load", max_term_width = 100)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) benchmark: Benchmark,
    #[command(flatten)]
    pub(crate) common: Common,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Benchmark {
    /// How long until every key is on the target
    Snapshot(Snapshot),
    /// How long until a write is seen on the target, under a steady load
    Lag(Lag),
    /// What the source loses to its follower at full speed, and how far behind that one is after it
    Burst(Burst),
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// How often each contender runs; medians are shown
    #[arg(long, global = true, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Who runs, in this order in the first round; each later round begins with the next one. Each benchmark has a
    /// default and says which others it takes
    #[arg(long, global = true, value_enum, value_delimiter = ',')]
    pub(crate) contenders: Vec<Contender>,
    /// The keyferry to measure; else KEYFERRY_BINARY, or the one of this build, made if need be
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) keyferry: Option<PathBuf>,
    /// A further argument for `keyferry sync`; repeatable
    #[arg(long, global = true, value_name = "ARG", allow_hyphen_values = true)]
    pub(crate) keyferry_arg: Vec<String>,
    /// Seed of all data and loads
    #[arg(long, global = true, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Writes every run, the medians and the ratios there too
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Snapshot {
    /// Part of the reference data set: 2,000,000 strings, 100,000 hashes, 50,000 sorted sets, 20,000 lists
    #[arg(long, default_value_t = 1.0, value_parser = scale)]
    pub(crate) scale: f64,
}

#[derive(Debug, Args)]
pub(crate) struct Lag {
    /// Writes a second
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1_000..=1_000_000))]
    pub(crate) rate: u32,
    /// How long each contender is measured, after two seconds of the same load
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(crate) seconds: u32,
    /// Pause of the poller between two looks at the target, in microseconds
    #[arg(long, default_value_t = 50)]
    pub(crate) poll_us: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Burst {
    /// Part of the 3,000,000 requests of each command
    #[arg(long, default_value_t = 1.0, value_parser = scale)]
    pub(crate) scale: f64,
}

impl Options {
    /// An unoptimised keyferry says nothing about an optimised one.
    ///
    /// # Errors
    /// Where this is a debug build and would therefore measure one.
    pub(crate) fn refuse_debug_build(&self) -> Result<()> {
        ensure!(
            !cfg!(debug_assertions) || self.common.keyferry.is_some(),
            "this is a debug build and would measure a debug build of keyferry: use `cargo run --release`, or name \
             the program to measure with --keyferry"
        );
        Ok(())
    }
}

impl Common {
    /// Who runs: those asked for, if this benchmark knows them all, or else `default`.
    ///
    /// # Errors
    /// For a contender that the benchmark has no use for, or one named twice.
    pub(crate) fn contenders(&self, default: &[Contender], further: &[Contender]) -> Result<Vec<Contender>> {
        if self.contenders.is_empty() {
            return Ok(default.to_vec());
        }
        for (at, contender) in self.contenders.iter().enumerate() {
            let known: Vec<&str> = default.iter().chain(further).map(|known| known.name()).collect();
            ensure!(
                known.contains(&contender.name()),
                "{} does not run here; these do: {}",
                contender.name(),
                known.join(", ")
            );
            ensure!(!self.contenders[..at].contains(contender), "{} is named twice", contender.name());
        }
        Ok(self.contenders.clone())
    }

    /// The order of a round, counted from 0. It turns, so that nobody always follows the same one.
    pub(crate) fn order(contenders: &[Contender], round: u32) -> impl Iterator<Item = Contender> {
        let begin = round as usize % contenders.len().max(1);
        contenders.iter().cycle().skip(begin).take(contenders.len()).copied()
    }

    /// The program to measure, if it is among the contenders; it is built if need be.
    ///
    /// # Errors
    /// When there is no file where it should be.
    pub(crate) fn program(&self, contenders: &[Contender]) -> Result<Option<Program>> {
        if !contenders.contains(&Contender::Keyferry) {
            return Ok(None);
        }
        let path = self.keyferry.clone().unwrap_or_else(testkit::keyferry_binary);
        ensure!(path.is_file(), "there is no keyferry at {}", path.display());
        Ok(Some(Program { path, args: self.keyferry_arg.clone() }))
    }
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if (0.0001..=100.0).contains(&scale) => Ok(scale),
        _ => Err("a number from 0.0001 to 100 is needed; 1 is the size of the reference".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Contender::{Alone, Keyferry, Native, NativeDiskless};

    fn parsed(args: &[&str]) -> Result<Options, clap::Error> {
        Options::try_parse_from(["keyferry-load"].iter().chain(args))
    }

    #[test]
    fn options_stand_before_or_behind_the_benchmark() {
        for args in [["--rounds", "5", "burst", "--scale=0.1"], ["burst", "--rounds", "5", "--scale=0.1"]] {
            let options = parsed(&args).unwrap();
            assert_eq!(options.common.rounds, 5);
            assert!(matches!(options.benchmark, Benchmark::Burst(Burst { scale }) if scale == 0.1), "{args:?}");
        }
        for bad in ["--scale=0", "--scale=NaN", "--scale=-1", "--rounds=0", "--contenders=nobody"] {
            assert!(parsed(&["snapshot", bad]).is_err(), "{bad}");
        }
    }

    #[test]
    fn contenders_are_the_default_or_those_asked_for_if_they_run_here() {
        let chosen = |args: &[&str]| parsed(args).unwrap().common.contenders(&[Native, Keyferry], &[NativeDiskless]);
        assert_eq!(chosen(&["snapshot"]).unwrap(), [Native, Keyferry]);
        let own = chosen(&["snapshot", "--contenders", "keyferry,native-diskless"]);
        assert_eq!(own.unwrap(), [Keyferry, NativeDiskless]);
        let error = chosen(&["snapshot", "--contenders", "alone"]).unwrap_err().to_string();
        assert_eq!(error, "alone does not run here; these do: native, keyferry, native-diskless");
        let error = chosen(&["snapshot", "--contenders", "native,native"]).unwrap_err().to_string();
        assert_eq!(error, "native is named twice");
    }

    #[test]
    fn keyferry_is_needed_only_where_it_runs() {
        let common = parsed(&["snapshot", "--keyferry", "/none", "--keyferry-arg=--lanes"]).unwrap().common;
        assert!(common.program(&[Native]).unwrap().is_none());
        assert_eq!(common.program(&[Keyferry]).unwrap_err().to_string(), "there is no keyferry at /none");
        let common = Common { keyferry: Some("/bin/sh".into()), ..common };
        assert_eq!(common.program(&[Native, Keyferry]).unwrap().unwrap().args, ["--lanes"]);
    }

    #[test]
    fn each_round_begins_with_the_next_contender() {
        let order = |round| Common::order(&[Alone, Native, Keyferry], round).collect::<Vec<_>>();
        assert_eq!(order(0), [Alone, Native, Keyferry]);
        assert_eq!(order(1), [Native, Keyferry, Alone]);
        assert_eq!(order(5), [Keyferry, Alone, Native]);
    }
}
