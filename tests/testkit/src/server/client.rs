//! Connections of the test's own to a server, and what the server says of itself.

use super::Server;
use redis::{Client, RedisResult};
use redis::{Connection, ConnectionAddr, ConnectionInfo, FromRedisValue, IntoConnectionInfo, RedisConnectionInfo};
use std::time::Duration;

/// A test that waits longer than this for one reply has found something.
const REPLY_TIMEOUT: Duration = Duration::from_secs(30);

impl Server {
    /// A new connection to database 0, with the credentials that the builder knows.
    ///
    /// # Panics
    /// When the server cannot be reached or refuses.
    pub fn client(&self) -> Connection {
        self.client_db(0)
    }

    /// A new connection to a database.
    ///
    /// # Panics
    /// When the server cannot be reached or refuses.
    pub fn client_db(&self, db: u32) -> Connection {
        self.try_client(db).unwrap_or_else(|error| panic!("{} does not let us in: {error}", self.kind()))
    }

    /// A new connection to a database, or why there is none.
    ///
    /// # Errors
    /// What the server or the system says.
    pub fn try_client(&self, db: u32) -> RedisResult<Connection> {
        let connection = Client::open(self.connection_info(db))?.get_connection_with_timeout(REPLY_TIMEOUT)?;
        connection.set_read_timeout(Some(REPLY_TIMEOUT))?;
        Ok(connection)
    }

    /// Address and credentials of the test's own connections, for further ones elsewhere.
    pub fn connection_info(&self, db: u32) -> ConnectionInfo {
        let addr = match &self.socket {
            Some(socket) if self.builder.tls_only => ConnectionAddr::Unix(socket.clone()),
            _ => ConnectionAddr::Tcp("127.0.0.1".into(), self.port),
        };
        // CLIENT SETINFO is unknown to Redis 7.0 and would show up in the error counters that tests look at.
        let mut login = RedisConnectionInfo::default().set_db(i64::from(db)).set_skip_set_lib_name();
        if let Some(auth) = &self.builder.auth {
            login = login.set_password(&auth.password);
            if let Some(user) = &auth.user {
                login = login.set_username(user);
            }
        }
        addr.into_connection_info().expect("an address is one already").set_redis_settings(login)
    }

    /// Runs one command on a connection of its own, in database 0.
    ///
    /// # Panics
    /// When the server answers with an error, or with another type of reply.
    pub fn run<T: FromRedisValue>(&self, words: &[&str]) -> T {
        self.try_run(words).unwrap_or_else(|error| panic!("{words:?} on {}: {error}", self.kind()))
    }

    /// Runs one command on a connection of its own, in database 0.
    ///
    /// # Errors
    /// The server's error, a broken connection, another type of reply.
    pub fn try_run<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        let (name, args) = words.split_first().expect("a command has a name");
        let mut command = redis::cmd(name);
        for arg in args {
            command.arg(*arg);
        }
        command.query(&mut self.try_client(0)?)
    }

    /// One field of INFO, as text.
    ///
    /// # Panics
    /// When the server does not answer or has no such field.
    pub fn info(&self, field: &str) -> String {
        let text: String = self.run(&["INFO", "everything"]);
        info_field(&text, field).unwrap_or_else(|| panic!("INFO of {} has no {field}", self.kind()))
    }

    /// Bytes that the server has allocated for data and buffers (`used_memory`).
    pub fn used_memory(&self) -> u64 {
        self.info("used_memory").parse().expect("used_memory is a number")
    }

    /// The offset up to which the server has written its replication stream (`master_repl_offset`).
    pub fn repl_offset(&self) -> u64 {
        self.info("master_repl_offset").parse().expect("master_repl_offset is a number")
    }
}

pub(super) fn info_field(text: &str, field: &str) -> Option<String> {
    let rest = text.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    Some(rest.trim_end().to_owned())
}
