//! Which program a server is, in which version, and which RDB version it writes and reads.

use std::fmt;

use link::Info;

/// The program behind the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Redis, or one that says nothing else of itself.
    Redis,
    /// Valkey.
    Valkey,
    /// KeyDB.
    KeyDb,
    /// Dragonfly.
    Dragonfly,
    /// Apache Kvrocks.
    Kvrocks,
}

/// A version's first three numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

/// A program and its version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Server {
    /// Which program.
    pub kind: Kind,
    /// Its own version, not the one of Redis that it claims to be compatible with.
    pub version: Version,
}

impl Server {
    /// Reads the `server` section of INFO. `None` where it names no version.
    pub fn read(info: &Info) -> Option<Server> {
        let own = |name: &str| info.get(name).and_then(Version::parse);
        let redis = own("redis_version");
        let (kind, version) = if let Some(version) = own("dragonfly_version") {
            (Kind::Dragonfly, version)
        } else if let Some(version) = own("kvrocks_version") {
            (Kind::Kvrocks, version)
        } else if let Some(version) = own("valkey_version") {
            (Kind::Valkey, version)
        } else if info.get("mvcc_depth").is_some() || info.get("executable").is_some_and(|path| path.contains("keydb"))
        {
            (Kind::KeyDb, redis?)
        } else {
            (Kind::Redis, redis?)
        };
        Some(Server { kind, version })
    }

    /// The RDB version that it writes in snapshots and in DUMP, and the highest that its RESTORE takes
    /// (`RDB_VERSION` in rdb.h of each release). `None` where it is not known: other programs, or versions to come.
    pub fn rdb_version(&self) -> Option<u32> {
        /// From this version on, this RDB version.
        const REDIS: [(Version, u32); 11] = [
            (Version(2, 6, 0), 6),
            (Version(3, 2, 0), 7),
            (Version(4, 0, 0), 8),
            (Version(5, 0, 0), 9),
            (Version(7, 0, 0), 10),
            (Version(7, 2, 0), 11),
            (Version(7, 4, 0), 12),
            (Version(8, 6, 0), 13),
            (Version(8, 8, 0), 14),
            (Version(8, 10, 0), 15),
            (Version(8, 11, 0), 0),
        ];
        const VALKEY: [(Version, u32); 3] = [(Version(7, 2, 0), 11), (Version(9, 0, 0), 80), (Version(9, 1, 0), 0)];
        const KEYDB: [(Version, u32); 2] = [(Version(5, 0, 0), 9), (Version(7, 0, 0), 0)];
        let table: &[(Version, u32)] = match self.kind {
            Kind::Redis => &REDIS,
            Kind::Valkey => &VALKEY,
            Kind::KeyDb => &KEYDB,
            Kind::Dragonfly | Kind::Kvrocks => return None,
        };
        let (_, rdb_version) = table.iter().rev().find(|(from, _)| *from <= self.version)?;
        // 0 stands where our knowledge ends.
        (*rdb_version > 0).then_some(*rdb_version)
    }

    /// Whether a malformed PSYNC is refused before anything is done for it (syncCommand in replication.c, from Redis
    /// 7.0 on, and all of Valkey): only then may the right to PSYNC be tried out.
    pub(crate) fn refuses_malformed_psync(&self) -> bool {
        match self.kind {
            Kind::Redis => self.version >= Version(7, 0, 0),
            Kind::Valkey => true,
            Kind::KeyDb | Kind::Dragonfly | Kind::Kvrocks => false,
        }
    }

    /// Whether it has users and rights at all.
    pub(crate) fn has_access_list(&self) -> bool {
        self.kind != Kind::Redis || self.version >= Version(6, 0, 0)
    }
}

impl Version {
    /// Reads `7.0.15`, `df-v1.21.4`, `8.2`, `255.255.255`: what stands before the first digit and behind the third
    /// number does not count. `None` where there is no number.
    pub fn parse(text: &str) -> Option<Version> {
        let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
        let mut numbers = digits.split('.').map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            part.get(..end).and_then(|number| number.parse().ok())
        });
        let major = numbers.next().flatten()?;
        let mut next = || numbers.next().flatten().unwrap_or(0);
        Some(Version(major, next(), next()))
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Redis => "Redis",
            Kind::Valkey => "Valkey",
            Kind::KeyDb => "KeyDB",
            Kind::Dragonfly => "Dragonfly",
            Kind::Kvrocks => "Kvrocks",
        };
        write!(f, "{kind} {}", self.version)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(info: &str, expect: &str, rdb_version: Option<u32>) {
        let server = Server::read(&Info::parse(info)).unwrap();
        assert_eq!((server.to_string().as_str(), server.rdb_version()), (expect, rdb_version), "{info}");
    }

    #[test]
    fn servers_are_known_by_their_own_version() {
        check("redis_version:2.8.24", "Redis 2.8.24", Some(6));
        check("redis_version:4.0.14", "Redis 4.0.14", Some(8));
        check("redis_version:6.2.5\nexecutable:/usr/bin/redis-server", "Redis 6.2.5", Some(9));
        check("redis_version:7.0.15", "Redis 7.0.15", Some(10));
        check("redis_version:7.2.0", "Redis 7.2.0", Some(11));
        check("redis_version:8.4.1", "Redis 8.4.1", Some(12));
        check("redis_version:8.10.0", "Redis 8.10.0", Some(15));
        check("redis_version:9.0.0", "Redis 9.0.0", None);
        check("redis_version:255.255.255", "Redis 255.255.255", None);
        check("redis_version:7.2.4\nserver_name:valkey\nvalkey_version:8.0.1", "Valkey 8.0.1", Some(11));
        check("redis_version:7.2.4\nvalkey_version:9.0.0", "Valkey 9.0.0", Some(80));
        check("redis_version:6.3.4\nmvcc_depth:0", "KeyDB 6.3.4", Some(9));
        check("redis_version:7.2.0\ndragonfly_version:df-v1.21.4", "Dragonfly 1.21.4", None);
        check("redis_version:4.0.0\nkvrocks_version:2.9.0", "Kvrocks 2.9.0", None);
    }

    #[test]
    fn what_names_no_version_is_no_server() {
        for info in ["", "redis_version:", "redis_version:unknown", "tcp_port:6379"] {
            assert_eq!(Server::read(&Info::parse(info)), None, "{info}");
        }
    }
}
