//! What is known of one side: plain data, read from its answers.

use std::collections::BTreeMap;
use std::time::Duration;

use link::{DbKeys, Info};

use crate::rights::Rights;
use crate::server::{Server, Version};

/// What one side told of itself. What it did not tell, or did not let us ask, is `None` or missing: managed services
/// forbid CONFIG, small users may not even ask for INFO.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Host and port, or the socket's path.
    pub address: String,
    /// Whether INFO could be read: without it hardly anything below is known.
    pub has_info: bool,
    /// Program and version.
    pub server: Option<Server>,
    /// The version of Redis whose commands it has, as it claims: for programs other than Redis not their own version.
    pub redis_version: Option<Version>,
    /// `standalone`, `cluster` or `sentinel`.
    pub mode: Option<String>,
    /// 40 hexadecimal digits that name this run of the process.
    pub run_id: Option<String>,
    /// Whether it is still reading its data set from disk or from its master.
    pub loading: bool,
    /// Its part in replication.
    pub replication: Replication,
    /// Its memory.
    pub memory: Memory,
    /// Its snapshots.
    pub persistence: Persistence,
    /// Keys by db.
    pub keyspace: Vec<DbKeys>,
    /// Bytes a second that clients send it at the moment.
    pub input_bytes_per_second: Option<u64>,
    /// Names of the loaded modules.
    pub modules: Option<Vec<String>>,
    /// How many libraries of functions it holds.
    pub libraries: Option<u64>,
    /// The settings that could be read, of those in `probe::SETTINGS`.
    pub config: BTreeMap<String, String>,
    /// Its clock.
    pub clock: Option<Clock>,
    /// What we may do there.
    pub rights: Rights,
}

/// A server's part in replication.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replication {
    /// Whether it follows another server.
    pub is_replica: bool,
    /// Whom it follows: `host:port`.
    pub master: Option<String>,
    /// Whether its link to whom it follows is up.
    pub master_link_up: Option<bool>,
    /// The name of its history.
    pub replication_id: Option<String>,
    /// How many replicas it has.
    pub replicas: u64,
    /// How many of its replicas are near enough to count for `min-replicas-to-write`; only told where that is set.
    pub good_replicas: Option<u64>,
}

/// A server's memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What it uses, buffers for clients and replicas included.
    pub used: Option<u64>,
    /// What its data take: `used` without what it used empty, and without buffers.
    pub data: Option<u64>,
    /// What it used when it had started, empty.
    pub startup: Option<u64>,
    /// How much it may use; 0 is no limit.
    pub max: Option<u64>,
    /// What it does when it has reached the limit.
    pub policy: Option<String>,
    /// The memory of its machine.
    pub machine: Option<u64>,
}

/// A server's snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Persistence {
    /// Whether it writes a snapshot now.
    pub bgsave_in_progress: bool,
    /// Whether its last snapshot came about.
    pub last_bgsave_ok: Option<bool>,
}

/// A server's clock beside ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// How many milliseconds it is ahead of ours; negative where it is behind.
    pub ahead_ms: i64,
    /// How long question and answer took: the difference is known to half of that.
    pub round_trip: Duration,
}

impl Facts {
    /// Takes all that INFO tells.
    pub fn read_info(&mut self, info: &Info) {
        let yes = |name: &str| info.get(name).is_some_and(|value| value == "1");
        self.has_info = true;
        self.server = Server::read(info);
        self.redis_version = info.get("redis_version").and_then(Version::parse);
        // Valkey calls it by another name, and keeps the old one only where told to.
        self.mode = info.get("redis_mode").or(info.get("server_mode")).map(str::to_owned);
        self.run_id = info.get("run_id").map(str::to_owned);
        self.loading = yes("loading") || yes("async_loading");
        self.replication = Replication::read(info);
        self.memory = Memory::read(info);
        self.persistence = Persistence {
            bgsave_in_progress: yes("rdb_bgsave_in_progress"),
            last_bgsave_ok: info.get("rdb_last_bgsave_status").map(|status| status == "ok"),
        };
        self.keyspace = info.keyspace();
        self.libraries = info.number("number_of_libraries");
        self.input_bytes_per_second = info
            .get("instantaneous_input_kbps")
            .and_then(|rate| rate.parse::<f64>().ok())
            .map(|kibibytes| (kibibytes.clamp(0.0, 1e12) * 1024.0) as u64);
    }

    /// All keys of all dbs.
    pub fn keys(&self) -> u64 {
        self.keyspace.iter().fold(0, |sum, db| sum.saturating_add(db.keys))
    }

    /// A setting's value as a number of bytes or seconds.
    pub fn number(&self, setting: &str) -> Option<u64> {
        self.config.get(setting)?.parse().ok()
    }

    /// Whether a setting is `yes`.
    pub fn is_on(&self, setting: &str) -> Option<bool> {
        self.config.get(setting).map(|value| value == "yes")
    }

    /// Whether it has the commands that came with Redis 7.0, PEXPIRETIME and FUNCTION among them.
    pub fn has_commands_of_7(&self) -> Option<bool> {
        self.redis_version.map(|version| version >= Version(7, 0, 0))
    }

    /// Program and version for messages.
    pub fn name(&self) -> String {
        self.server.map_or_else(|| "a server that does not tell its version".to_owned(), |server| server.to_string())
    }
}

impl Replication {
    fn read(info: &Info) -> Replication {
        let port = info.get("master_port").unwrap_or("?");
        Replication {
            is_replica: info.get("role") == Some("slave"),
            master: info.get("master_host").map(|host| format!("{host}:{port}")),
            master_link_up: info.get("master_link_status").map(|status| status == "up"),
            replication_id: info.get("master_replid").map(str::to_owned),
            replicas: info.number("connected_slaves").unwrap_or(0),
            good_replicas: info.number("min_slaves_good_slaves"),
        }
    }
}

impl Memory {
    fn read(info: &Info) -> Memory {
        let (used, startup) = (info.number("used_memory"), info.number("used_memory_startup"));
        // What is no data and does not move: buffers of clients and replicas, and the backlog.
        let buffers = ["mem_clients_normal", "mem_clients_slaves", "mem_replication_backlog", "mem_aof_buffer"]
            .iter()
            .filter_map(|name| info.number(name))
            .fold(startup.unwrap_or(0), u64::saturating_add);
        Memory {
            used,
            data: used.map(|used| used.saturating_sub(buffers)),
            startup,
            max: info.number("maxmemory"),
            policy: info.get("maxmemory_policy").map(str::to_owned),
            machine: info.number("total_system_memory").filter(|bytes| *bytes > 0),
        }
    }
}
