//! The program under test: found or built, started, listened to, signalled, ended.
//!
//! ```no_run
//! use keyferry_testkit::{Keyferry, Server, process::Signal};
//! use std::time::Duration;
//!
//! let (source, target) = (Server::start_default(), Server::start_default());
//! let sync = Keyferry::sync(&[&source.url(), &target.url()]).spawn();
//! sync.signal(Signal::TERM);
//! assert_eq!(sync.wait(Duration::from_secs(10)).code(), Some(0), "{}", sync.stderr());
//! ```

mod binary;
mod http;
mod running;
#[cfg(test)]
mod tests;

pub use binary::keyferry_binary;
pub use http::Response;
pub use running::Running;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A command line of keyferry, before it is started.
#[derive(Clone, Debug)]
pub struct Keyferry {
    program: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
    http: Option<SocketAddr>,
}

/// What a finished run said.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The exit code; `None` for one that a signal ended.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Keyferry {
    /// `keyferry` with these arguments.
    pub fn command(args: &[&str]) -> Keyferry {
        Keyferry::program(keyferry_binary(), args)
    }

    /// `keyferry sync` with these arguments.
    pub fn sync(args: &[&str]) -> Keyferry {
        Keyferry::command(&["sync"]).args(args)
    }

    /// `keyferry check` with these arguments.
    pub fn check(args: &[&str]) -> Keyferry {
        Keyferry::command(&["check"]).args(args)
    }

    /// Any program, guarded in the same way: for rivals in a comparison.
    pub fn program(program: PathBuf, args: &[&str]) -> Keyferry {
        Keyferry { program, args: Vec::new(), env: Vec::new(), http: None }.args(args)
    }

    /// Further arguments.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `flag` with a free loopback address, for [`Running::http_get`] to ask there.
    #[must_use]
    pub fn http(self, flag: &str) -> Self {
        let addr = SocketAddr::from(([127, 0, 0, 1], crate::free_port()));
        self.args(&[flag, &addr.to_string()]).http_at(addr)
    }

    /// Where it will listen for HTTP, where the arguments or the file already say so.
    #[must_use]
    pub fn http_at(mut self, addr: SocketAddr) -> Self {
        self.http = Some(addr);
        self
    }

    /// Starts it. The value that comes back ends it when dropped.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn spawn(self) -> Running {
        Running::start(self)
    }

    /// Starts it and waits for its end.
    ///
    /// # Panics
    /// When it runs longer than `timeout`.
    pub fn run(self, timeout: Duration) -> Finished {
        let running = self.spawn();
        let code = running.wait(timeout).code();
        Finished { code, stdout: running.stdout(), stderr: running.stderr() }
    }
}
