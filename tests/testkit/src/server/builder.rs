//! What a server is started with: its settings, its arguments and its addresses.

use super::{Kind, Server};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Collects what a server shall be started with. Everything has a default that suits a test.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    pub(super) kind: Kind,
    pub(super) config: Vec<(String, String)>,
    pub(super) args: Vec<String>,
    pub(super) auth: Option<Auth>,
    pub(super) tls: Option<TlsFiles>,
    pub(super) tls_only: bool,
    pub(super) unix_socket: bool,
}

/// How the test's own connections authenticate.
#[derive(Clone, Debug)]
pub(super) struct Auth {
    pub(super) user: Option<String>,
    pub(super) password: String,
}

/// Paths of PEM files for a server that speaks TLS.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The authority by which the server checks client certificates.
    pub ca: PathBuf,
    /// The server's certificate.
    pub cert: PathBuf,
    /// The server's private key.
    pub key: PathBuf,
    /// Whether a client must show a certificate.
    pub ask_client: bool,
}

impl Builder {
    /// The server program; Redis 7.0 unless told.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// One line of the configuration file. The value is written as given, so it may hold several words; an empty
    /// one is written as `""`. A setting named here replaces the default of this module; naming one several times
    /// writes several lines (`user`, `rename-command`, `save`).
    #[must_use]
    pub fn config(mut self, name: &str, value: &str) -> Self {
        if name == "requirepass" {
            self.auth = Some(Auth { user: None, password: value.to_owned() });
        }
        self.config.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Further arguments on the command line.
    #[must_use]
    pub fn args(mut self, args: &[&str]) -> Self {
        self.args.extend(args.iter().map(|&arg| arg.to_owned()));
        self
    }

    /// How [`Server::client`] authenticates, where `requirepass` does not say it already: for tests that limit or
    /// switch off the default user.
    #[must_use]
    pub fn client_auth(mut self, user: &str, password: &str) -> Self {
        self.auth = Some(Auth { user: Some(user.to_owned()), password: password.to_owned() });
        self
    }

    /// Listens with TLS too, on [`Server::tls_port`].
    #[must_use]
    pub fn tls(mut self, files: &TlsFiles) -> Self {
        self.tls = Some(files.clone());
        self
    }

    /// Listens with TLS and not without (`port 0`). [`Server::client`] then uses a Unix socket.
    #[must_use]
    pub fn tls_only(mut self, files: &TlsFiles) -> Self {
        self.tls_only = true;
        self.tls(files)
    }

    /// Whether it listens on a Unix socket too, at [`Server::unix_socket`].
    #[must_use]
    pub fn unix_socket(mut self, wanted: bool) -> Self {
        self.unix_socket = wanted;
        self
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up; the message shows the end of its log.
    pub fn start(self) -> Server {
        Server::start(self)
    }

    /// The configuration file for a server in `dir` on these ports.
    pub(super) fn config_file(&self, dir: &Path, port: u16, tls_port: u16, socket: Option<&Path>) -> String {
        let plain_port = if self.tls_only { 0 } else { port };
        let mut lines: Vec<(&str, String)> = vec![
            ("bind", "127.0.0.1".into()),
            ("port", plain_port.to_string()),
            ("dir", quoted(dir)),
            ("daemonize", "no".into()),
            ("loglevel", "notice".into()),
            ("save", String::new()),
            ("appendonly", "no".into()),
            // A replica that attaches need not wait for others to come.
            ("repl-diskless-sync-delay", "0".into()),
        ];
        if self.kind.is_7_or_later() {
            lines.push(("enable-debug-command", "yes".into()));
        }
        if let Some(socket) = socket {
            lines.push(("unixsocket", quoted(socket)));
        }
        if let Some(tls) = &self.tls {
            lines.push(("tls-port", tls_port.to_string()));
            lines.push(("tls-cert-file", quoted(&tls.cert)));
            lines.push(("tls-key-file", quoted(&tls.key)));
            lines.push(("tls-ca-cert-file", quoted(&tls.ca)));
            lines.push(("tls-auth-clients", if tls.ask_client { "yes" } else { "no" }.into()));
        }
        lines.retain(|(name, _)| self.config.iter().all(|(own, _)| own != name));
        lines.extend(self.config.iter().map(|(name, value)| (name.as_str(), value.clone())));
        let mut file = String::new();
        for (name, value) in lines {
            let value = if value.is_empty() { "\"\"" } else { &value };
            writeln!(file, "{name} {value}").expect("a String takes everything");
        }
        file
    }
}

fn quoted(path: &Path) -> String {
    format!("\"{}\"", path.display())
}
