//! Measures keyferry end to end beside the server's own replication, on real servers of one machine. Never part of
//! the product; it only reads what any client or operator can read.
//!
//! Three questions, a module each:
//! - [`snapshot`]: how long until every key is on the target, and what does it cost;
//! - [`lag`]: how long until a write is seen on the target, under a steady load;
//! - [`burst`]: how much does the source lose to its follower at full speed, and how far behind is that one after it.
//!
//! Each runs its [`contender`]s in turn, several rounds of them, in one run of this program: figures of one run can be
//! compared with each other, figures of two runs or two machines cannot. [`follower`] starts a contender and knows how
//! far it is, [`usage`] what it costs, [`report`] makes medians and ratios of it. The data of source and target is
//! compared by digest after every single run: a figure of a copy that is not equal is never shown.

mod burst;
mod contender;
mod dataset;
mod digest;
mod follower;
mod lag;
mod machine;
mod options;
mod report;
mod restores;
mod rounds;
mod snapshot;
mod tools;
mod usage;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;

use options::{Benchmark, Options};

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("keyferry-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: &Options) -> Result<()> {
    options.refuse_debug_build()?;
    let report = match &options.benchmark {
        Benchmark::Snapshot(snapshot) => snapshot::measure(&options.common, snapshot)?,
        Benchmark::Lag(lag) => lag::measure(&options.common, lag)?,
        Benchmark::Burst(burst) => burst::measure(&options.common, burst)?,
    };
    print!("{}", report.table());
    if let Some(path) = &options.common.json {
        let json = serde_json::to_string_pretty(&report.json())?;
        fs::write(path, json + "\n").with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
