//! What is asked of both ends, and done to the target, before anything is carried.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use commands::{ServerCommand, Table};
use link::{Connection, Protocol, Reply};
use settings::Settings;

use crate::Error;
use crate::restore::Understands;

/// What has to be known of the source.
#[derive(Debug)]
pub(crate) struct AtSource {
    /// The commands that we know, and those that the source's own table adds.
    pub(crate) table: Table,
    /// Major and minor.
    pub(crate) version: (u8, u8),
    /// How many milliseconds its clock is ahead of ours.
    pub(crate) ahead_ms: i64,
}

/// What has to be known of the target.
#[derive(Debug)]
pub(crate) struct AtTarget {
    pub(crate) understands: Understands,
    /// Names this run of the server's process.
    pub(crate) run_id: Option<String>,
}

/// A connection to the target for questions.
pub(crate) async fn open_target(settings: &Settings, what: &str) -> Result<Connection, link::Error> {
    let name = format!("keyferry-{}-{what}", settings.name);
    Connection::open(&settings.target.endpoint, &settings.timeouts, Protocol::Resp2, &name).await
}

/// Learns what the target understands, and empties it where the settings say so.
pub(crate) async fn target(settings: &Settings) -> Result<AtTarget, Error> {
    let failed = |error: link::Error| Error::Target { reason: error.to_string() };
    let mut connection = open_target(settings, "prepare").await.map_err(failed)?;
    let info = connection.info("server").await.map_err(failed)?;
    let understands = Understands::of_version(info.get("redis_version").unwrap_or_default());
    if settings.target.flush {
        let reply = connection.call(&[b"FLUSHALL"]).await.map_err(failed)?;
        if let Some(error) = reply.error() {
            return Err(Error::Target {
                reason: format!("FLUSHALL, which target.flush asks for, was refused: {error}"),
            });
        }
        tracing::warn!("every key on the target was deleted, as target.flush asks for");
    }
    Ok(AtTarget { understands, run_id: info.get("run_id").map(str::to_owned) })
}

/// Learns the source's commands, version and clock. What it does not let us ask is taken as it mostly is.
pub(crate) async fn source(settings: &Settings) -> Result<AtSource, Error> {
    let failed = |error: link::Error| Error::Source { reason: error.to_string() };
    let name = format!("keyferry-{}-prepare", settings.name);
    let opened = Connection::open(&settings.source.endpoint, &settings.timeouts, Protocol::Resp2, &name).await;
    let mut connection = opened.map_err(failed)?;
    let asked = Instant::now();
    let time = connection.call(&[b"TIME"]).await.map_err(failed)?;
    let ahead_ms = milliseconds(&time).map_or(0, |theirs| ahead(theirs, asked));
    let version = match connection.info("server").await {
        Ok(info) => Understands::of_version(info.get("redis_version").unwrap_or("7.0")).dialect,
        Err(_) => rdb::Dialect::default(),
    };
    let mut table = Table::builtin();
    match connection.command_table().await {
        Ok(rows) => {
            let theirs: Vec<ServerCommand> = rows.into_iter().map(server_command).collect();
            table.merge(&theirs);
        }
        // Without it only commands of modules are unknown, and those are refused in words when they come.
        Err(error) => {
            tracing::warn!(%error, "the source's COMMAND table cannot be read; commands of modules are not known")
        }
    }
    Ok(AtSource { table, version: (version.major, version.minor), ahead_ms })
}

/// How far a clock that was read between `asked` and now is ahead of ours.
fn ahead(theirs_ms: u64, asked: Instant) -> i64 {
    let half_way = SystemTime::now().checked_sub(asked.elapsed() / 2).unwrap_or(UNIX_EPOCH);
    let ours = half_way.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    i64::try_from(theirs_ms).unwrap_or(0).saturating_sub(i64::try_from(ours).unwrap_or(0))
}

/// An answer of `TIME` in milliseconds.
pub(crate) fn milliseconds(time: &Reply) -> Option<u64> {
    let part = |reply: &Reply| reply.as_bytes().and_then(resp::number::parse_u64);
    let [seconds, microseconds] = time.as_array()? else { return None };
    Some(part(seconds)? * 1000 + part(microseconds)? / 1000)
}

fn server_command(row: link::CommandRow) -> ServerCommand {
    ServerCommand {
        name: row.name,
        arity: row.arity,
        flags: row.flags,
        first_key: row.first_key,
        last_key: row.last_key,
        step: row.step,
    }
}
