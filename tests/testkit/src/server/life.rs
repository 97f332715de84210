//! A server's life: started, stopped, killed, frozen, started again, ended.

use super::builder::Builder;
use super::{Server, client};
use crate::process::{self, Signal};
use crate::{free_port, wait_until};
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Child;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// A server under valgrind on a loaded machine is slow; one that needs longer than this is stuck.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How often another port is tried when somebody else took the one that was free.
const PORT_ATTEMPTS: usize = 5;
/// How much of the log is shown when a test fails.
const LOG_LINES_SHOWN: usize = 40;

/// What becomes of the data when a server is restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Data {
    /// It is saved before the stop and loaded at the start. Redis then keeps its replication id too.
    Kept,
    /// The server comes back empty, with a new replication id.
    Dropped,
}

/// Why a start failed.
enum StartError {
    PortTaken,
    Failed(String),
}

impl Server {
    pub(super) fn start(builder: Builder) -> Server {
        for _ in 0..PORT_ATTEMPTS {
            let server = Server::prepare(builder.clone());
            match server.launch() {
                Ok(()) => return server,
                Err(StartError::PortTaken) => {}
                Err(StartError::Failed(why)) => panic!("{why}"),
            }
        }
        panic!("{}: every port tried was taken by somebody else", builder.kind);
    }

    /// Chooses ports and writes the configuration, without starting anything.
    fn prepare(builder: Builder) -> Server {
        let dir = tempfile::Builder::new().prefix("kf-").tempdir().expect("a temporary folder");
        let (port, tls_port) = (free_port(), free_port());
        let socket = (builder.unix_socket || builder.tls_only).then(|| dir.path().join("s"));
        let config = builder.config_file(dir.path(), port, tls_port, socket.as_deref());
        fs::write(dir.path().join("server.conf"), config).expect("the configuration can be written");
        Server { builder, port, tls_port, socket, child: Mutex::new(None), dir }
    }

    /// Starts the process and waits until it answers.
    fn launch(&self) -> Result<(), StartError> {
        let kind = self.kind();
        let log = File::options().create(true).append(true).open(self.log_path()).expect("a log file");
        let log_before = self.log().len();
        let errors = log.try_clone().expect("a second handle of the log");
        let (config, args) = (self.dir.path().join("server.conf"), self.builder.args.clone());
        let child = process::spawn(&kind.binary(), move |command| {
            command.arg(config).args(args).stdin(std::process::Stdio::null()).stdout(log).stderr(errors);
        });
        *self.child() = Some(child.unwrap_or_else(|error| panic!("{kind} cannot be started: {error}")));

        let answered = wait_until(START_TIMEOUT, || self.has_exited() || self.answers());
        if answered && !self.has_exited() {
            return Ok(());
        }
        self.kill();
        let log = self.log().split_off(log_before);
        if log.contains("Address already in use") || log.contains("Failed listening") {
            return Err(StartError::PortTaken);
        }
        Err(StartError::Failed(format!("{kind} did not come up; its log:\n{}", tail(&log))))
    }

    /// Whether the process behind the port is ours and serves. One that refuses to tell us who it is counts as ours
    /// when our own process is still there a moment later: had it lost the port to another, it would have ended.
    fn answers(&self) -> bool {
        let info = self.try_run::<String>(&["INFO", "server"]);
        match info {
            Ok(text) => client::info_field(&text, "process_id") == Some(self.pid().to_string()),
            Err(error) => match error.code() {
                Some("NOAUTH" | "WRONGPASS" | "NOPERM") => {
                    thread::sleep(Duration::from_millis(100));
                    !self.has_exited()
                }
                _ => false,
            },
        }
    }

    fn has_exited(&self) -> bool {
        match self.child().as_mut().map(Child::try_wait) {
            None | Some(Ok(Some(_))) => true,
            Some(Ok(None)) => false,
            Some(Err(error)) => panic!("cannot ask for the state of {}: {error}", self.kind()),
        }
    }

    /// Whether its process is there, serving or frozen.
    pub fn is_running(&self) -> bool {
        !self.has_exited()
    }

    /// Ends the process at once, as a crash would (SIGKILL), and waits for its end. Nothing if it has ended.
    pub fn kill(&self) {
        if let Some(mut child) = self.child().take() {
            // It may have ended by itself, which is as good.
            child.kill().ok();
            child.wait().expect("the end of a child can be waited for");
        }
    }

    /// Lets the server shut down in order, without saving (SHUTDOWN NOSAVE), and waits for its end.
    pub fn stop(&self) {
        self.shut_down("NOSAVE");
    }

    /// Starts a stopped or killed server again: same port, same folder, same configuration. It loads the dump in
    /// its folder, if there is one.
    ///
    /// # Panics
    /// When it runs already or does not come up.
    pub fn start_again(&self) {
        assert!(!self.is_running(), "{} runs already", self.kind());
        match self.launch() {
            Ok(()) => {}
            Err(StartError::PortTaken) => panic!("port {} of {} was taken meanwhile", self.port, self.kind()),
            Err(StartError::Failed(why)) => panic!("{why}"),
        }
    }

    /// Stops the server in order and starts it again on the same port.
    ///
    /// # Panics
    /// When it does not stop or does not come up.
    pub fn restart(&self, data: Data) {
        match data {
            Data::Kept => self.shut_down("SAVE"),
            Data::Dropped => {
                self.shut_down("NOSAVE");
                // There is none unless the test made the server save.
                fs::remove_file(self.dir.path().join("dump.rdb")).ok();
            }
        }
        self.start_again();
    }

    /// Freezes the process (SIGSTOP): connections stay, nothing answers.
    pub fn pause(&self) {
        process::signal(self.pid(), Signal::STOP);
    }

    /// Lets a frozen process go on (SIGCONT).
    pub fn resume(&self) {
        process::signal(self.pid(), Signal::CONT);
    }

    fn shut_down(&self, how: &str) {
        // No reply comes: the server closes the connection. Whether it ended is seen below.
        self.try_run::<redis::Value>(&["SHUTDOWN", how]).ok();
        let ended = wait_until(START_TIMEOUT, || self.has_exited());
        self.kill();
        assert!(ended, "{} did not shut down; its log:\n{}", self.kind(), tail(&self.log()));
    }

    pub(super) fn child(&self) -> MutexGuard<'_, Option<Child>> {
        // The value is whole at any moment: a panic elsewhere must not keep us from ending the process.
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Copies the log out of the folder that is about to go.
    fn keep_log(&self) -> Option<PathBuf> {
        let folder = std::env::temp_dir().join("keyferry-test-logs");
        let kept = folder.join(format!("{}-{}-{}.log", self.kind(), std::process::id(), self.port));
        fs::create_dir_all(&folder).ok()?;
        fs::copy(self.log_path(), &kept).ok()?;
        Some(kept)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if thread::panicking() {
            let kept = self.keep_log().map(|path| format!(" (all of it: {})", path.display())).unwrap_or_default();
            eprintln!("--- log of {} on port {}{kept}\n{}\n---", self.kind(), self.port, tail(&self.log()));
        }
    }
}

fn tail(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
