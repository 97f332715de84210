//! One end of a migration: where it is, who we are there, and how the connection is protected.

use std::fmt;
use std::path::PathBuf;

use record::Db;

/// A server to connect to, with everything needed to be let in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where the server listens.
    pub address: Address,
    /// ACL user; `None` is the server's `default` user.
    pub username: Option<String>,
    /// Password of that user; `None` sends no `AUTH`.
    pub password: Option<Secret>,
    /// The db a connection starts in. On a target that is where commands without a `SELECT` land; a migration
    /// carries every db whatever stands here, unless the rules say otherwise.
    pub db: Db,
    /// How the connection is protected; `None` is plain text.
    pub tls: Option<Tls>,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A TCP port. The host is a name or an IP address, an IPv6 address without its brackets.
    Tcp { host: String, port: u16 },
    /// A Unix socket on this machine.
    Unix(PathBuf),
}

/// A password. It shows itself as `***`; only [`Secret::expose`] gives the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// How a TLS connection is made and what it must prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// PEM file of certificates that may have signed the server's.
    pub ca_file: Option<PathBuf>,
    /// Whether the system's own certificate authorities are trusted too.
    pub system_roots: bool,
    /// PEM files of our own certificate chain and of its private key, for servers that ask for one.
    pub client_cert: Option<(PathBuf, PathBuf)>,
    /// The name the server's certificate must hold; `None` is the host that is connected to.
    pub server_name: Option<String>,
    /// Whether the certificate is looked at.
    pub verify: Verify,
}

/// Whether the server's certificate is looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// Chain, validity and name must be right.
    #[default]
    Full,
    /// Any certificate will do: encrypted, but to whom is not known. Only where the settings say so in words.
    Off,
}

// === impl Endpoint ===

impl Endpoint {
    /// A plain-text TCP endpoint without a user, at db 0.
    pub fn tcp(host: impl Into<String>, port: u16) -> Endpoint {
        let address = Address::Tcp { host: host.into(), port };
        Endpoint { address, username: None, password: None, db: Db(0), tls: None }
    }
}

/// The URL without user and password: fit for logs, errors and status pages.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.address, &self.tls) {
            (Address::Tcp { .. }, None) => write!(f, "redis://{}", self.address)?,
            (Address::Tcp { .. }, Some(_)) => write!(f, "rediss://{}", self.address)?,
            (Address::Unix(_), _) => write!(f, "unix://{}", self.address)?,
        }
        match (&self.address, self.db) {
            (_, Db(0)) => Ok(()),
            (Address::Tcp { .. }, db) => write!(f, "/{db}"),
            (Address::Unix(_), db) => write!(f, "?db={db}"),
        }
    }
}

// === impl Address ===

/// `host:port`, `[v6]:port`, or the socket's path.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Address::Tcp { host, port } => write!(f, "{host}:{port}"),
            Address::Unix(path) => write!(f, "{}", path.display()),
        }
    }
}

// === impl Secret ===

impl Secret {
    /// Keeps a password.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The password itself: for the `AUTH` command and nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

// === impl Tls ===

impl Default for Tls {
    /// The system's authorities, full verification, no certificate of our own.
    fn default() -> Tls {
        Tls { ca_file: None, system_roots: true, client_cert: None, server_name: None, verify: Verify::Full }
    }
}
