//! Real servers for tests: one process each, on a free loopback port, in a temporary folder of its own.
//!
//! [`Server::builder`] collects settings, `start` waits until the server answers. Dropping the value ends the
//! process by its id; when the test is failing, the end of the server's log is printed and the log is kept.
//! All methods take `&self`, so that a server can be shared between the threads of a test.

mod builder;
mod client;
mod kind;
mod life;
#[cfg(test)]
mod tests;

pub use builder::{Builder, TlsFiles};
pub use kind::Kind;
pub use life::Data;

use crate::process;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Mutex;
use tempfile::TempDir;

/// A running server, or one that was stopped and can be started again on the same port.
#[derive(Debug)]
pub struct Server {
    builder: Builder,
    port: u16,
    tls_port: u16,
    socket: Option<PathBuf>,
    child: Mutex<Option<Child>>,
    dir: TempDir,
}

impl Server {
    /// Redis 7.0 with this module's defaults: no persistence, DEBUG allowed, diskless sync without delay.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A server with nothing but defaults.
    pub fn start_default() -> Server {
        Server::builder().start()
    }

    /// Which server it is.
    pub fn kind(&self) -> Kind {
        self.builder.kind
    }

    /// The port without TLS.
    ///
    /// # Panics
    /// When the server listens with TLS only.
    pub fn port(&self) -> u16 {
        assert!(!self.builder.tls_only, "this server listens with TLS only: see tls_port()");
        self.port
    }

    /// The port with TLS.
    ///
    /// # Panics
    /// When the server was started without TLS.
    pub fn tls_port(&self) -> u16 {
        assert!(self.builder.tls.is_some(), "this server speaks no TLS: start it with .tls(…)");
        self.tls_port
    }

    /// Host and port without TLS, as `127.0.0.1:port`.
    pub fn addr(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    /// The address as a URL without credentials and without TLS: `redis://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.addr())
    }

    /// The address as a URL with TLS. The host is `localhost`, which is what certificates are made for.
    pub fn tls_url(&self) -> String {
        format!("rediss://localhost:{}", self.tls_port())
    }

    /// The path of its Unix socket.
    ///
    /// # Panics
    /// When it was started without one.
    pub fn unix_socket(&self) -> &Path {
        self.socket.as_deref().expect("this server has no Unix socket: start it with .unix_socket(true)")
    }

    /// The folder in which it runs: its configuration, its log, its dump.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Everything it has logged, over all its starts.
    pub fn log(&self) -> String {
        fs::read(self.log_path()).map(|log| String::from_utf8_lossy(&log).into_owned()).unwrap_or_default()
    }

    /// The process id.
    ///
    /// # Panics
    /// When it is stopped.
    pub fn pid(&self) -> u32 {
        self.child().as_ref().expect("the server runs").id()
    }

    /// Processor time in seconds that the present process has used, without its children (BGSAVE).
    pub fn cpu_seconds(&self) -> f64 {
        process::cpu_seconds(self.pid())
    }

    /// Resident memory in bytes.
    pub fn rss_bytes(&self) -> u64 {
        process::rss_bytes(self.pid())
    }

    /// The most resident memory that the present process has had, in bytes.
    pub fn peak_rss_bytes(&self) -> u64 {
        process::peak_rss_bytes(self.pid())
    }

    fn log_path(&self) -> PathBuf {
        self.dir.path().join("server.log")
    }
}
