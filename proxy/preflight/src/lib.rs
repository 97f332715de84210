//! Looks at source and target before any data moves, and says what would go wrong and what to do about it. Never
//! changes anything on either side.
//!
//! The flow: [`run`] connects to both sides → `probe` asks each what it is, what it holds, how it is set up and what
//! we may do there, and keeps the answers as [`Facts`] → [`judge`], which is pure, turns the facts of both sides and the
//! settings into [`Finding`]s → a [`Report`], as text for people ([`Report::render_text`]) or as JSON by serde.
//!
//! Only a side that cannot be reached, or does not let us in, is an [`Error`]: there is nothing to judge then.

mod facts;
mod finding;
mod judge;
mod needs;
mod probe;
mod rights;
mod server;

#[cfg(test)]
mod tests;

pub use facts::{Clock, Facts, Memory, Persistence, Replication};
pub use finding::{Finding, Report, Severity, Subject};
pub use judge::judge;
pub use needs::{Need, When};
pub use rights::{Right, Rights};
pub use server::{Kind, Server, Version};

use settings::{Protocol, Settings};

/// The name that our connections carry in the servers' CLIENT LIST.
const CLIENT_NAME: &str = "keyferry-check";

/// A side that nothing can be said about.
#[derive(Debug, thiserror::Error)]
#[error("{side}: {cause}")]
pub struct Error {
    /// Which side.
    pub side: Subject,
    /// What went wrong there.
    #[source]
    pub cause: link::Error,
}

impl Error {
    /// Whether trying again later can help.
    pub fn retry(&self) -> link::Retry {
        self.cause.retry()
    }
}

/// Looks at both sides.
///
/// # Errors
/// Where a side cannot be reached or does not let us in. Everything else is a finding in the report.
pub async fn run(settings: &Settings) -> Result<Report, Error> {
    // One after the other, so that the errors of two bad addresses come in a fixed order.
    let source = side(settings, Subject::Source).await?;
    let target = side(settings, Subject::Target).await?;
    Ok(Report::new(judge(&source, &target, settings)))
}

async fn side(settings: &Settings, side: Subject) -> Result<Facts, Error> {
    let (endpoint, protocol) = match side {
        Subject::Target => (&settings.target.endpoint, settings.target.protocol),
        _ => (&settings.source.endpoint, Protocol::Resp2),
    };
    let needs = |facts: &Facts| match side {
        Subject::Target => needs::on_target(settings.target.on_existing),
        _ => needs::on_source(settings.source.replica.command, facts.has_commands_of_7()),
    };
    let failed = |cause| Error { side, cause };
    let opened = link::Connection::open(endpoint, &settings.timeouts, protocol, CLIENT_NAME).await;
    let mut connection = opened.map_err(failed)?;
    probe::facts(&mut connection, needs).await.map_err(failed)
}
