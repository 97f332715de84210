//! Reads a migration's settings, from a file or from two URLs. Never touches files, environment or sockets itself.
//!
//! What was written ([`url`], a TOML file, flags) becomes [`Settings`]: every default filled in, every value in its
//! range, secrets resolved. Nothing behind this room has to check a setting again. Secrets are a type that does not
//! show itself.

mod endpoint;
mod sections;

pub use endpoint::{Address, Endpoint, Secret, Tls, Verify};
pub use sections::{
    Admin, FLUSH_WORDS, Limits, Log, LogFormat, Mode, OnError, OnExisting, Protocol, Replica, ReplicaCommand, Snapshot,
    Source, Target, Timeouts, VERIFY_OFF_WORDS,
};

/// A migration as it is meant.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the migration is called in logs, metrics and client names.
    pub name: String,
    /// When it ends.
    pub mode: Mode,
    pub on_error: OnError,
    pub source: Source,
    pub target: Target,
    pub limits: Limits,
    pub snapshot: Snapshot,
    pub timeouts: Timeouts,
    pub admin: Admin,
    pub log: Log,
}
