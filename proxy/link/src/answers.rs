//! Questions that many rooms ask a server, and their answers as plain data.

use std::collections::BTreeMap;

use record::Db;

use crate::{Connection, Error, Reply};

/// The fields of an `INFO` answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info(BTreeMap<String, String>);

/// What a db holds, as `INFO keyspace` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DbKeys {
    /// The db.
    pub db: Db,
    /// Keys in it, expired ones that are not yet removed included.
    pub keys: u64,
    /// Those of them that have a deadline.
    pub expires: u64,
}

/// What a server is to others, as `ROLE` tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// It takes writes.
    Master {
        /// Bytes of its replication stream so far.
        offset: u64,
        /// How many replicas are attached.
        replicas: usize,
    },
    /// It follows another server.
    Replica {
        /// The host that it follows.
        host: String,
        /// The port that it follows.
        port: u16,
        /// `connect`, `connecting`, `sync` or `connected`.
        state: String,
        /// Bytes of its master's stream that it has applied; `None` before the first.
        offset: Option<u64>,
    },
    /// A Sentinel: it holds no data.
    Sentinel,
}

/// One command of a server's own table, as `COMMAND` lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRow {
    /// The name in lower case, as the server gives it.
    pub name: String,
    /// How many words, the name included; negative for "at least so many".
    pub arity: i64,
    /// `write`, `readonly`, `denyoom`, `movablekeys` …
    pub flags: Vec<String>,
    /// Place of the first key; 0 where there is none.
    pub first_key: i64,
    /// Place of the last key; negative counts from the end.
    pub last_key: i64,
    /// From key to key.
    pub step: i64,
}

impl Connection {
    /// `INFO section`; an empty section asks for the server's default ones.
    pub async fn info(&mut self, section: &str) -> Result<Info, Error> {
        let reply = if section.is_empty() {
            self.call(&[b"INFO"]).await?
        } else {
            self.call(&[b"INFO", section.as_bytes()]).await?
        };
        self.granted(&reply, "INFO")?;
        let text = reply.as_text().ok_or_else(|| self.unexpected("INFO", "a text", &reply))?;
        Ok(Info::parse(&text))
    }

    /// `ROLE` (Redis 2.8.12 and later).
    pub async fn role(&mut self) -> Result<Role, Error> {
        let reply = self.call(&[b"ROLE"]).await?;
        self.granted(&reply, "ROLE")?;
        Role::read(&reply).ok_or_else(|| self.unexpected("ROLE", "a role and its details", &reply))
    }

    /// A setting's value by `CONFIG GET`. `None` where the server does not know the setting, or does not let us ask:
    /// managed services forbid or rename CONFIG.
    pub async fn config_get(&mut self, name: &str) -> Result<Option<String>, Error> {
        let reply = self.call(&[b"CONFIG", b"GET", name.as_bytes()]).await?;
        if let Some(error) = reply.error() {
            tracing::debug!(name, %error, "setting cannot be read");
        }
        Ok(reply.field(name).and_then(Reply::as_text).map(|value| value.into_owned()))
    }

    /// Every command that the server knows, those of its modules included.
    pub async fn command_table(&mut self) -> Result<Vec<CommandRow>, Error> {
        let reply = self.call(&[b"COMMAND"]).await?;
        self.granted(&reply, "COMMAND")?;
        let rows = reply.as_array().and_then(|rows| rows.iter().map(CommandRow::read).collect());
        rows.ok_or_else(|| self.unexpected("COMMAND", "an array of command descriptions", &reply))
    }
}

impl Info {
    /// Reads the lines of an `INFO` answer: `# Section`, empty lines, `name:value`. Where a name occurs twice the
    /// last one counts.
    pub fn parse(text: &str) -> Info {
        let fields = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
        Info(fields.map(|(name, value)| (name.to_owned(), value.trim_end().to_owned())).collect())
    }

    /// A field's text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A field's number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    /// The dbs that hold keys, by number (`db0:keys=10,expires=2,avg_ttl=0`).
    pub fn keyspace(&self) -> Vec<DbKeys> {
        let mut dbs: Vec<DbKeys> = self.0.iter().filter_map(|(name, value)| db_keys(name, value)).collect();
        dbs.sort_by_key(|db| db.db);
        dbs
    }
}

fn db_keys(name: &str, value: &str) -> Option<DbKeys> {
    let db = Db(name.strip_prefix("db")?.parse().ok()?);
    let number = |wanted: &str| {
        let (_, number) = value.split(',').filter_map(|part| part.split_once('=')).find(|(name, _)| *name == wanted)?;
        number.parse().ok()
    };
    Some(DbKeys { db, keys: number("keys")?, expires: number("expires").unwrap_or(0) })
}

impl Role {
    fn read(reply: &Reply) -> Option<Role> {
        let parts = reply.as_array()?;
        let number = |at: usize| parts.get(at).and_then(Reply::as_int);
        let text = |at: usize| parts.get(at).and_then(Reply::as_text).map(|text| text.into_owned());
        match text(0)?.as_str() {
            "master" => Some(Role::Master {
                offset: u64::try_from(number(1)?).ok()?,
                replicas: parts.get(2).and_then(Reply::as_array)?.len(),
            }),
            "slave" => Some(Role::Replica {
                host: text(1)?,
                port: u16::try_from(number(2)?).ok()?,
                state: text(3)?,
                offset: u64::try_from(number(4)?).ok(),
            }),
            "sentinel" => Some(Role::Sentinel),
            _ => None,
        }
    }
}

impl CommandRow {
    fn read(reply: &Reply) -> Option<CommandRow> {
        let parts = reply.as_array()?;
        let number = |at: usize| parts.get(at).and_then(Reply::as_int);
        let flags = parts.get(2)?.as_array()?.iter().filter_map(Reply::as_text);
        Some(CommandRow {
            name: parts.first()?.as_text()?.into_owned(),
            arity: number(1)?,
            flags: flags.map(|flag| flag.into_owned()).collect(),
            first_key: number(3)?,
            last_key: number(4)?,
            step: number(5)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_is_read_line_by_line() {
        let info = Info::parse(
            "# Server\r\nredis_version:7.0.15\r\nexecutable:/usr/bin/a:b\r\n\r\n# Keyspace\r\n\
             db10:keys=3,expires=1,avg_ttl=5\r\ndb2:keys=7,expires=0,avg_ttl=0,subexpiry=0\r\ndbx:keys=1\r\n",
        );
        assert_eq!(info.get("redis_version"), Some("7.0.15"));
        assert_eq!(info.get("executable"), Some("/usr/bin/a:b"));
        assert_eq!(info.number("redis_version"), None);
        let expect = [DbKeys { db: Db(2), keys: 7, expires: 0 }, DbKeys { db: Db(10), keys: 3, expires: 1 }];
        assert_eq!(info.keyspace(), expect);
    }

    #[test]
    fn roles_are_read_and_other_shapes_refused() {
        let bulk = |text: &'static str| Reply::Bulk(text.into());
        let master = Reply::Array(vec![bulk("master"), Reply::Integer(42), Reply::Array(vec![Reply::Null])]);
        assert_eq!(Role::read(&master), Some(Role::Master { offset: 42, replicas: 1 }));
        let replica = |offset| {
            Reply::Array(vec![
                bulk("slave"),
                bulk("db"),
                Reply::Integer(6379),
                bulk("connected"),
                Reply::Integer(offset),
            ])
        };
        let expect =
            |offset| Some(Role::Replica { host: "db".to_owned(), port: 6379, state: "connected".to_owned(), offset });
        assert_eq!(Role::read(&replica(7)), expect(Some(7)));
        assert_eq!(Role::read(&replica(-1)), expect(None));
        for odd in
            [Reply::Null, Reply::Array(vec![]), Reply::Array(vec![bulk("king")]), Reply::Array(vec![bulk("master")])]
        {
            assert_eq!(Role::read(&odd), None, "{odd}");
        }
    }
}
