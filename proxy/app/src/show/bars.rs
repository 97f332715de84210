//! Bars on a terminal, and log lines between them.

use std::io::{self, Write};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use telemetry::{Phase, Status};
use tracing_subscriber::fmt::MakeWriter;

use super::pace::{Pace, part};
use super::words;

/// Steps of a bar: a part of the snapshot in tenths of a per cent.
const STEPS: u64 = 1000;

/// A bar for the snapshot above a line for the phase.
#[derive(Debug)]
pub(crate) struct Bars {
    all: MultiProgress,
    snapshot: ProgressBar,
    phase: ProgressBar,
}

/// A writer for log lines: takes the bars away, writes, and draws them again below.
#[derive(Clone, Debug)]
pub(crate) struct LogWriter {
    bars: Option<MultiProgress>,
}

impl Bars {
    pub(crate) fn new() -> Bars {
        let all = MultiProgress::new();
        // A style that could not be read would show as the library's own: not worth ending a migration for.
        let style = |template: &str, own: fn() -> ProgressStyle| {
            ProgressStyle::with_template(template).unwrap_or_else(|_| own()).progress_chars("=> ")
        };
        let snapshot = all.add(ProgressBar::new(STEPS));
        snapshot.set_style(style("snapshot [{bar:40}] {msg}", ProgressStyle::default_bar));
        let phase = all.add(ProgressBar::new_spinner());
        phase.set_style(style("{spinner} {prefix}  {wide_msg}", ProgressStyle::default_spinner));
        Bars { all, snapshot, phase }
    }

    /// Draws the status.
    pub(crate) fn draw(&self, status: &Status, pace: &Pace) {
        let part = part(status);
        let details = words::details(status, pace).join("  ");
        self.phase.set_prefix(status.phase.to_string());
        if let Some(part) = part {
            self.snapshot.set_position((part * STEPS as f64) as u64);
        }
        if status.phase == Phase::Snapshot {
            self.snapshot.set_message(details);
            self.phase.set_message("");
        } else {
            self.snapshot.set_message(format!("{} keys", words::grouped(status.snapshot.keys_applied)));
            self.phase.set_message(details);
        }
        self.phase.tick();
    }

    /// Takes the bars away for good.
    pub(crate) fn clear(&self) {
        self.snapshot.finish_and_clear();
        self.phase.finish_and_clear();
    }

    pub(crate) fn log_writer(&self) -> LogWriter {
        LogWriter { bars: Some(self.all.clone()) }
    }
}

impl LogWriter {
    /// A writer where there are no bars.
    pub(crate) fn plain() -> LogWriter {
        LogWriter { bars: None }
    }
}

impl Write for LogWriter {
    /// Each call is a whole line of the log, or several.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let write = || io::stderr().lock().write_all(line);
        match &self.bars {
            Some(bars) => bars.suspend(write)?,
            None => write()?,
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

impl<'w> MakeWriter<'w> for LogWriter {
    type Writer = LogWriter;

    fn make_writer(&'w self) -> LogWriter {
        self.clone()
    }
}
