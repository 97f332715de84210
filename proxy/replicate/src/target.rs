//! What is asked of the target, and done to it, before anything is carried.

use link::{Connection, Protocol};
use settings::Settings;

use crate::Error;
use crate::restore::Understands;

/// A connection to the target for questions.
pub(crate) async fn open(settings: &Settings, what: &str) -> Result<Connection, link::Error> {
    let name = format!("keyferry-{}-{what}", settings.name);
    Connection::open(&settings.target.endpoint, &settings.timeouts, Protocol::Resp2, &name).await
}

/// Learns what the target understands, and empties it where the settings say so.
pub(crate) async fn prepare(settings: &Settings) -> Result<Understands, Error> {
    let failed = |error: link::Error| Error::Target { reason: error.to_string() };
    let mut connection = open(settings, "prepare").await.map_err(failed)?;
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
    Ok(understands)
}
