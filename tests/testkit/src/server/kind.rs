//! The servers that tests can start, and what tells them apart.

use std::path::{Path, PathBuf};
use std::{env, fmt};

/// A server program and its version. `tests/install-servers.sh` installs one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Kind {
    /// Redis 7.0: the reference, writes RDB version 10.
    #[default]
    Redis70,
    /// Redis 6.2: ziplists instead of listpacks, no functions, RDB version 9. Built without TLS.
    Redis62,
    /// Valkey 8.0: RDB version 11.
    Valkey80,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 3] = [Kind::Redis70, Kind::Redis62, Kind::Valkey80];

    /// The name that the install script gives it, such as `redis-7.0`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Redis70 => "redis-7.0",
            Kind::Redis62 => "redis-6.2",
            Kind::Valkey80 => "valkey-8.0",
        }
    }

    /// Whether it has FUNCTION, and PEXPIRETIME, and the other commands that came with Redis 7.0.
    pub fn is_7_or_later(self) -> bool {
        !matches!(self, Kind::Redis62)
    }

    /// Whether it keeps small sets of strings as listpacks (Redis 7.2 and what descends from it).
    pub fn has_listpack_sets(self) -> bool {
        matches!(self, Kind::Valkey80)
    }

    /// Whether the build at hand speaks TLS.
    pub fn has_tls(self) -> bool {
        !matches!(self, Kind::Redis62)
    }

    /// The program's path.
    ///
    /// # Panics
    /// When it is not installed; the message says what to run.
    pub fn binary(self) -> PathBuf {
        let program = match self {
            Kind::Redis70 | Kind::Redis62 => "redis-server",
            Kind::Valkey80 => "valkey-server",
        };
        let installed = servers_folder().join(self.name()).join("bin").join(program);
        let distribution = PathBuf::from("/usr/bin/redis-server");
        if installed.is_file() {
            installed
        } else if self == Kind::Redis70 && distribution.is_file() {
            distribution
        } else {
            panic!("{self} is not at {}: run tests/install-servers.sh as root", installed.display())
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where the install script puts servers: `KEYFERRY_SERVERS`, or `.servers` at the root of the repository.
fn servers_folder() -> PathBuf {
    match env::var_os("KEYFERRY_SERVERS") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.servers"),
    }
}
