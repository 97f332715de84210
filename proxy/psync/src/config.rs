use record::Position;
use std::fmt;

/// How to present ourselves to a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Sent where the source wants a password.
    pub auth: Option<Auth>,
    /// The port that the source shows for us in `INFO replication` and `ROLE`. Default 0: no one can connect to it.
    pub listening_port: u16,
    /// The address that the source shows for us; without one it shows that of the connection.
    pub ip_address: Option<String>,
    /// Whether the source may send a snapshot whose length it does not know (diskless). Default true.
    pub capa_eof: bool,
    /// Whether the source may change its replication id when it lets us continue. Default true.
    pub capa_psync2: bool,
    /// The position up to which everything is held already: the source is asked to go on with the byte behind it.
    /// Default none: a snapshot is asked for.
    pub resume: Option<Position>,
    /// Ask by `SYNC`, as replicas before Redis 2.8 did: always a snapshot, and no position known. Default false.
    pub sync_only: bool,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            auth: None,
            listening_port: 0,
            ip_address: None,
            capa_eof: true,
            capa_psync2: true,
            resume: None,
            sync_only: false,
        }
    }
}

/// What a source is told to let us in.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    /// The user of the source's ACL; without one, the default user, and the only form that servers before 6.0 know.
    pub username: Option<Vec<u8>>,
    /// The password.
    pub password: Vec<u8>,
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("username", &self.username).field("password", &"(hidden)").finish()
    }
}
