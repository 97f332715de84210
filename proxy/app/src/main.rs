//! The program `keyferry`: reads the command line, wires the rooms together, says how it ended. Carries nothing itself.
//!
//! `cli` is the command line as typed; `input` makes settings of it; `sync` and `check` are the commands; `show` is
//! what a run looks like; `signals` ends it; `exit` knows the codes.

mod check;
mod cli;
mod exit;
mod input;
mod show;
mod signals;
mod sync;

#[cfg(test)]
mod tests;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::exit::{Exit, Failure};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    match run(cli) {
        Ok(exit) => ExitCode::from(exit.code()),
        Err(failure) => {
            eprintln!("keyferry: {}", failure.message.trim_end());
            ExitCode::from(failure.exit.code())
        }
    }
}

fn run(cli: Cli) -> Result<Exit, Failure> {
    // One provider for the process; a second installation, which cannot happen, would change nothing.
    let installed = rustls::crypto::ring::default_provider().install_default();
    debug_assert!(installed.is_ok(), "nobody installs a provider before main");
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::of(Exit::Internal))?;
    runtime.block_on(async {
        match cli.command {
            Command::Sync(command) => sync::run(&command).await,
            Command::Check(command) => check::run(&command).await,
            Command::SettingsReference => reference(),
        }
    })
}

fn reference() -> Result<Exit, Failure> {
    let page = settings::reference().map_err(Failure::of(Exit::Internal))?;
    show::print(&page).map(|()| Exit::Done)
}

/// Help and version are what was asked for; all else is a command line that cannot be used.
fn usage(error: &clap::Error) -> ExitCode {
    if error.print().is_err() {
        // Nobody is there to read it: the code alone has to say it.
        return ExitCode::from(Exit::Settings.code());
    }
    ExitCode::from(if error.use_stderr() { Exit::Settings.code() } else { Exit::Done.code() })
}
