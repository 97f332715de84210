//! Shows how far a run has come: bars on a terminal, a line an interval in a pipe, JSON objects for machines.
//!
//! All of them read the same [`Status`]; [`pace`] makes rates of two of them, [`words`] makes
//! text. What is for the reader of the run goes to standard output, bars and log to standard error.

mod bars;
mod pace;
mod words;

#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::Serialize;
use telemetry::{Progress, Status};
use tokio_util::sync::CancellationToken;

use crate::cli::{ProgressFormat, Run};
use crate::exit::{Exit, Failure};

pub(crate) use bars::{Bars, LogWriter};
use pace::Pace;

/// How often bars are redrawn.
const REDRAW: Duration = Duration::from_millis(200);

/// A display of a run.
#[derive(Debug)]
pub(crate) struct Show {
    kind: Kind,
    interval: Duration,
}

#[derive(Debug)]
enum Kind {
    Bars(Bars),
    Lines,
    Json,
}

/// What `--format json` writes, one object a line, told apart by `type`.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Line<'a> {
    /// The check's findings, before the run begins.
    Check(&'a preflight::Report),
    /// How far the run has come.
    Status(&'a Status),
    /// How it ended; the last line.
    End { code: u8, error: Option<&'a str>, status: &'a Status },
}

impl Show {
    /// The display that the command line asks for.
    pub(crate) fn new(run: &Run) -> Show {
        let on_terminal = io::stdout().is_terminal() && io::stderr().is_terminal();
        let kind = match run.format {
            ProgressFormat::Bars => Kind::Bars(Bars::new()),
            ProgressFormat::Auto if on_terminal => Kind::Bars(Bars::new()),
            ProgressFormat::Auto | ProgressFormat::Lines => Kind::Lines,
            ProgressFormat::Json => Kind::Json,
        };
        Show { kind, interval: run.progress_interval }
    }

    /// Where log lines go so that they do not tear the display.
    pub(crate) fn log_writer(&self) -> LogWriter {
        match &self.kind {
            Kind::Bars(bars) => bars.log_writer(),
            Kind::Lines | Kind::Json => LogWriter::plain(),
        }
    }

    /// Shows what the check found: everything to machines, errors and warnings to people.
    pub(crate) fn check(&self, report: &preflight::Report) -> Result<(), Failure> {
        match self.kind {
            Kind::Json => print(&json(&Line::Check(report))?),
            Kind::Bars(_) | Kind::Lines => Ok(()),
        }
    }

    /// Shows the run until `ended`.
    pub(crate) async fn run(&self, progress: &Arc<Progress>, ended: &CancellationToken) -> Result<(), Failure> {
        let every = match self.kind {
            Kind::Bars(_) => REDRAW.min(self.interval),
            Kind::Lines | Kind::Json => self.interval,
        };
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut pace = Pace::default();
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = ended.cancelled() => return Ok(()),
            }
            let now = Instant::now();
            let status = progress.status(now);
            pace.note(&status, now);
            match &self.kind {
                Kind::Bars(bars) => bars.draw(&status, &pace),
                Kind::Lines => print(&(words::line(&status, &pace) + "\n"))?,
                Kind::Json => print(&json(&Line::Status(&status))?)?,
            }
        }
    }

    /// Takes the display away and says how the run ended. People are told nothing where nothing had begun.
    pub(crate) fn end(&self, status: &Status, exit: Exit, error: Option<&str>) -> Result<(), Failure> {
        if let Kind::Bars(bars) = &self.kind {
            bars.clear();
        }
        match &self.kind {
            Kind::Json => print(&json(&Line::End { code: exit.code(), error, status })?),
            Kind::Lines | Kind::Bars(_) if status.snapshot.begun == 0 && status.changes.read == 0 => Ok(()),
            Kind::Lines | Kind::Bars(_) => print(&(words::summary(status) + "\n")),
        }
    }
}

fn json(line: &Line<'_>) -> Result<String, Failure> {
    serde_json::to_string(line).map(|text| text + "\n").map_err(Failure::of(Exit::Internal))
}

/// Writes to standard output. A reader that has gone away (`| head`) is no failure of ours.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => {
            result.map_err(|error| Failure::new(Exit::Data, format!("standard output cannot be written: {error}")))
        }
    }
}
