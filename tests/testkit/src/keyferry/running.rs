//! A started program: what it has said so far, signals, its end.

use super::Keyferry;
use super::http::{self, Response};
use crate::process::{self, Signal};
use crate::wait_until;
use std::io::{self, Read};
use std::net::SocketAddr;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How much of each output is shown when a test fails.
const LINES_SHOWN: usize = 60;

/// A running (or finished) program. Dropping it ends it; in a failing test, what it said is printed.
#[derive(Debug)]
pub struct Running {
    child: Mutex<Child>,
    command_line: String,
    stdout: Output,
    stderr: Output,
    http: Option<SocketAddr>,
}

/// What comes out of a pipe, collected by a thread, so that the program never waits for us.
#[derive(Debug)]
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: Mutex<Option<JoinHandle<()>>>,
}

impl Running {
    pub(super) fn start(command: Keyferry) -> Running {
        let command_line = format!("{} {}", command.program.display(), command.args.join(" "));
        let (args, env) = (command.args, command.env);
        let child = process::spawn(&command.program, move |program| {
            program.args(args).envs(env).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        });
        let mut child = child.unwrap_or_else(|error| panic!("cannot start {command_line}: {error}"));
        let stdout = Output::collect(child.stdout.take().expect("its output is a pipe"));
        let stderr = Output::collect(child.stderr.take().expect("its output is a pipe"));
        Running { child: Mutex::new(child), command_line, stdout, stderr, http: command.http }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child().id()
    }

    /// Sends a signal.
    ///
    /// # Panics
    /// When the program has ended.
    pub fn signal(&self, signal: Signal) {
        assert!(self.exit_status().is_none(), "{} has ended already: {}", self.command_line, self.tails());
        process::signal(self.pid(), signal);
    }

    /// How it ended, if it has.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.child().try_wait().unwrap_or_else(|error| panic!("cannot ask for {}: {error}", self.command_line))
    }

    /// Waits for its end; all that it said is then there to read.
    ///
    /// # Panics
    /// When it runs longer than `timeout`.
    pub fn wait(&self, timeout: Duration) -> ExitStatus {
        let mut status = None;
        let ended = wait_until(timeout, || {
            status = self.exit_status();
            status.is_some()
        });
        assert!(ended, "{} still runs after {timeout:?}:\n{}", self.command_line, self.tails());
        self.stdout.finish();
        self.stderr.finish();
        status.expect("it has ended")
    }

    /// Ends it at once, as a crash would (SIGKILL), and waits for its end.
    pub fn kill(&self) {
        let mut child = self.child();
        // It may have ended by itself.
        child.kill().ok();
        child.wait().expect("the end of a child can be waited for");
    }

    /// What it has written to standard output so far.
    pub fn stdout(&self) -> String {
        self.stdout.text()
    }

    /// What it has written to standard error so far.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits until standard output or standard error holds `text`.
    ///
    /// # Panics
    /// When it does not come in time, or the program ends without it.
    pub fn wait_for_output(&self, text: &str, timeout: Duration) {
        let said = || self.stdout().contains(text) || self.stderr().contains(text);
        let found = wait_until(timeout, || said() || self.exit_status().is_some());
        assert!(found && wait_until(Duration::from_secs(1), said), "`{text}` was not said:\n{}", self.tails());
    }

    /// GET of a path on its HTTP address.
    ///
    /// # Errors
    /// When it cannot be reached or does not speak HTTP.
    ///
    /// # Panics
    /// When it was started without an HTTP address.
    pub fn http_get(&self, path: &str) -> io::Result<Response> {
        http::get(self.http.expect("an HTTP address: start it with .http(…) or .http_at(…)"), path)
    }

    /// Waits until `/readyz` answers 200: everything is caught up.
    ///
    /// # Panics
    /// When that does not happen in time, or the program ends.
    pub fn wait_ready(&self, timeout: Duration) {
        let is_ready = || self.http_get("/readyz").is_ok_and(|response| response.status == 200);
        let mut ready = false;
        let settled = wait_until(timeout, || {
            ready = is_ready();
            ready || self.exit_status().is_some()
        });
        let why = if settled { "ended before it was ready" } else { "is not ready in time" };
        assert!(ready, "{} {why}:\n{}", self.command_line, self.tails());
    }

    /// Processor time in seconds that it has used.
    pub fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.pid())
    }

    /// The most resident memory that it has had, in bytes.
    pub fn peak_rss_bytes(&self) -> u64 {
        process::peak_rss_bytes(self.pid())
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        // A panic elsewhere must not keep us from ending the process.
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tails(&self) -> String {
        format!("--- stdout\n{}\n--- stderr\n{}\n---", tail(&self.stdout()), tail(&self.stderr()))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            eprintln!("--- {}\n{}", self.command_line, self.tails());
        }
    }
}

impl Output {
    fn collect(mut pipe: impl Read + Send + 'static) -> Output {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let reader = thread::spawn({
            let bytes = bytes.clone();
            move || {
                let mut piece = [0; 8192];
                while let Ok(len @ 1..) = pipe.read(&mut piece) {
                    bytes.lock().expect("no holder panics").extend_from_slice(&piece[..len]);
                }
            }
        });
        Output { bytes, reader: Mutex::new(Some(reader)) }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().expect("no holder panics")).into_owned()
    }

    /// Waits for the end of the pipe, which comes with the end of the program.
    fn finish(&self) {
        if let Some(reader) = self.reader.lock().expect("no holder panics").take() {
            reader.join().expect("the reader does not panic");
        }
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
}
