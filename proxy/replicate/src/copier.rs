//! State copies: a key's value, deadline and the offset at which they are true, taken from the source in one atomic step.
//!
//! `MULTI`, `DUMP key`, `PEXPIRETIME key` (or `PTTL` and `TIME` before 7.0), `ROLE`, `EXEC`: the replies of one
//! `EXEC` belong to one moment, and `ROLE` tells that moment as a replication offset. It is the one way to settle a
//! write of which nobody knows whether the target has it: the copied value replaces whatever there is.

use std::sync::Arc;

use link::{Backoff, Connection, Protocol, Reply};
use record::{Db, Deadline, Offset, ReplId};
use settings::Settings;
use tokio::sync::{Mutex, watch};

use crate::Error;
use crate::ends::milliseconds;

/// One key as it stands at the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copied {
    pub(crate) db: Db,
    pub(crate) key: Vec<u8>,
    /// What `DUMP` answered; `None` where there is no such key.
    pub(crate) payload: Option<Vec<u8>>,
    pub(crate) deadline: Option<Deadline>,
    /// The source's offset at which this is true.
    pub(crate) at: Offset,
}

/// Takes state copies, over a connection to the source of its own.
#[derive(Debug)]
pub(crate) struct Copier {
    settings: Arc<Settings>,
    /// The history that the stream's offsets count in; copies of another are not comparable.
    history: watch::Receiver<Option<ReplId>>,
    connection: Mutex<Option<Asked>>,
}

/// A connection to the source, and what is known of the server.
#[derive(Debug)]
struct Asked {
    connection: Connection,
    /// Whether `PEXPIRETIME` is known (7.0).
    tells_deadlines: bool,
}

/// How many keys are asked for at once: bounds what their values take in memory.
const KEYS_AT_ONCE: usize = 32;

// === impl Copier ===

impl Copier {
    pub(crate) fn new(settings: Arc<Settings>, history: watch::Receiver<Option<ReplId>>) -> Copier {
        Copier { settings, history, connection: Mutex::new(None) }
    }

    /// Copies keys, at most [`KEYS_AT_ONCE`] at a time, handing each to `each`. Tries until the source answers.
    pub(crate) async fn copy(
        &self,
        keys: &[(Db, Vec<u8>)],
        mut each: impl FnMut(Copied) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let timeouts = &self.settings.timeouts;
        let mut backoff = Backoff::new(timeouts.backoff_min, timeouts.backoff_max, 17);
        for chunk in keys.chunks(KEYS_AT_ONCE) {
            loop {
                match self.attempt(chunk).await {
                    Ok(copied) => {
                        copied.into_iter().try_for_each(&mut each)?;
                        backoff.reset();
                        break;
                    }
                    Err(Attempt::Never(reason)) => {
                        return Err(Error::Source { reason: format!("a state copy cannot be taken: {reason}") });
                    }
                    Err(Attempt::Later(reason)) => {
                        tracing::warn!(reason, "a state copy waits for the source");
                        tokio::time::sleep(backoff.next_delay()).await;
                    }
                }
            }
        }
        Ok(())
    }

    async fn attempt(&self, keys: &[(Db, Vec<u8>)]) -> Result<Vec<Copied>, Attempt> {
        let mut held = self.connection.lock().await;
        let mut asked = match held.take() {
            Some(asked) => asked,
            None => self.open().await?,
        };
        let copied = asked.copy(keys).await?;
        *held = Some(asked);
        Ok(copied)
    }

    async fn open(&self) -> Result<Asked, Attempt> {
        let endpoint = &self.settings.source.endpoint;
        let name = format!("keyferry-{}-copy", self.settings.name);
        let mut connection = Connection::open(endpoint, &self.settings.timeouts, Protocol::Resp2, &name).await?;
        let info = connection.info("replication").await?;
        let id = info.get("master_replid").and_then(|id| ReplId::parse(id.as_bytes()).ok());
        let Some(history) = *self.history.borrow() else {
            return Err(Attempt::Never("the source was asked by SYNC, which tells no offsets".to_owned()));
        };
        if id != Some(history) {
            return Err(Attempt::Later("the source's history has changed and the stream does not know yet".to_owned()));
        }
        let server = connection.info("server").await?;
        let version = server.get("redis_version").unwrap_or_default();
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok()).unwrap_or(0);
        Ok(Asked { connection, tells_deadlines: major >= 7 })
    }
}

// === impl Asked ===

impl Asked {
    async fn copy(&mut self, keys: &[(Db, Vec<u8>)]) -> Result<Vec<Copied>, Attempt> {
        let dbs: Vec<String> = keys.iter().map(|(db, _)| db.to_string()).collect();
        let mut commands: Vec<Vec<&[u8]>> = Vec::with_capacity(keys.len() * COMMANDS);
        for ((_, key), db) in keys.iter().zip(&dbs) {
            let deadline: &[u8] = if self.tells_deadlines { b"PEXPIRETIME" } else { b"PTTL" };
            commands.push(vec![b"SELECT", db.as_bytes()]);
            commands.push(vec![b"MULTI"]);
            commands.push(vec![b"DUMP", key]);
            commands.push(vec![deadline, key]);
            commands.push(vec![b"TIME"]);
            commands.push(vec![b"ROLE"]);
            commands.push(vec![b"EXEC"]);
        }
        let replies = self.connection.pipeline(&commands).await?;
        let mut copied = Vec::with_capacity(keys.len());
        for ((db, key), replies) in keys.iter().zip(replies.chunks(COMMANDS)) {
            copied.push(self.read(*db, key, replies)?);
        }
        Ok(copied)
    }

    /// The answers to one key's commands.
    fn read(&self, db: Db, key: &[u8], replies: &[Reply]) -> Result<Copied, Attempt> {
        if let Some(error) = replies.iter().find_map(Reply::error) {
            return Err(Attempt::of_refusal(&error.to_string()));
        }
        let answers = replies.last().and_then(Reply::as_array).unwrap_or_default();
        let [dump, deadline, time, role] = answers else {
            return Err(Attempt::Never(format!("EXEC answered with {} replies, not 4", answers.len())));
        };
        if let Some(error) = answers.iter().find_map(Reply::error) {
            return Err(Attempt::of_refusal(&error.to_string()));
        }
        let at = role_offset(role).ok_or_else(|| Attempt::Later("ROLE tells no offset".to_owned()))?;
        let deadline = match deadline.as_int() {
            Some(number) if number >= 0 && self.tells_deadlines => Some(Deadline(number as u64)),
            Some(left) if left >= 0 => Some(Deadline(milliseconds(time).unwrap_or(0) + left as u64)),
            _ => None,
        };
        let payload = dump.as_bytes().filter(|_| !dump.is_null()).map(<[u8]>::to_vec);
        Ok(Copied { db, key: key.to_vec(), payload, deadline, at })
    }
}

/// Commands sent for each key.
const COMMANDS: usize = 7;

/// The offset in an answer of `ROLE`: of a master the second part, of a replica the fifth.
fn role_offset(role: &Reply) -> Option<Offset> {
    let parts = role.as_array()?;
    let at = match parts.first()?.as_bytes()? {
        b"master" => 1,
        b"slave" => 4,
        _ => return None,
    };
    parts.get(at)?.as_int().and_then(|offset| u64::try_from(offset).ok()).map(Offset)
}

/// Why an attempt came to nothing.
enum Attempt {
    Later(String),
    Never(String),
}

// === impl Attempt ===

impl Attempt {
    /// Rights that are missing stay missing; all else that a server says of itself may pass.
    fn of_refusal(text: &str) -> Attempt {
        if text.starts_with("NOPERM") || text.starts_with("NOAUTH") {
            Attempt::Never(text.to_owned())
        } else {
            Attempt::Later(text.to_owned())
        }
    }
}

impl From<link::Error> for Attempt {
    fn from(error: link::Error) -> Attempt {
        match error.retry() {
            link::Retry::Later => Attempt::Later(error.to_string()),
            link::Retry::Never => Attempt::Never(error.to_string()),
        }
    }
}
