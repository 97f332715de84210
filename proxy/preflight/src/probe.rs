//! Asks one side for its facts. Only questions: nothing is written, nothing is set.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use link::{Connection, Error, Info, Reply};

use crate::facts::{Clock, Facts};
use crate::needs::Need;
use crate::rights::Rights;

/// The settings that the judgement looks at.
pub(crate) const SETTINGS: [&str; 8] = [
    "databases",
    "client-output-buffer-limit",
    "repl-backlog-size",
    "repl-timeout",
    "repl-diskless-sync",
    "repl-diskless-sync-delay",
    "stop-writes-on-bgsave-error",
    "min-replicas-to-write",
];

/// Of how many questions for the time the quickest counts.
const CLOCK_ROUNDS: usize = 3;

/// All facts of the side that the connection leads to. What will be needed there may hang on what it is.
pub(crate) async fn facts(
    connection: &mut Connection,
    needs: impl FnOnce(&Facts) -> Vec<Need>,
) -> Result<Facts, Error> {
    let mut facts = Facts { address: connection.address().to_owned(), ..Facts::default() };
    let info = connection.call(&[b"INFO"]).await?;
    // An error, such as for a user without the right, leaves everything in it unknown.
    if let (None, Some(text)) = (info.error(), info.as_text()) {
        facts.read_info(&Info::parse(&text));
    }
    facts.modules = modules(connection).await?;
    if facts.libraries.is_none() {
        facts.libraries = libraries(connection).await?;
    }
    for name in SETTINGS {
        if let Some(value) = connection.config_get(name).await? {
            facts.config.insert(name.to_owned(), value);
        }
    }
    facts.clock = clock(connection).await?;
    let needs = needs(&facts);
    facts.rights = Rights::probe(connection, facts.server, needs).await?;
    Ok(facts)
}

async fn modules(connection: &mut Connection) -> Result<Option<Vec<String>>, Error> {
    let reply = connection.call(&[b"MODULE", b"LIST"]).await?;
    let names = |modules: &[Reply]| {
        let names = modules.iter().filter_map(|module| module.field("name")?.as_text().map(|name| name.into_owned()));
        names.collect()
    };
    Ok(reply.as_array().map(names))
}

/// How many libraries of functions there are, for servers whose INFO does not tell. Those before Redis 7.0, and those
/// that do not let us ask, answer with an error.
async fn libraries(connection: &mut Connection) -> Result<Option<u64>, Error> {
    let reply = connection.call(&[b"FUNCTION", b"LIST"]).await?;
    Ok(reply.as_array().map(|libraries| libraries.len() as u64))
}

/// The quickest of a few questions is the most exact.
async fn clock(connection: &mut Connection) -> Result<Option<Clock>, Error> {
    let mut best: Option<Clock> = None;
    for _ in 0..CLOCK_ROUNDS {
        let (asked, started) = (SystemTime::now(), Instant::now());
        let reply = connection.call(&[b"TIME"]).await?;
        let round_trip = started.elapsed();
        let Some(theirs) = time(&reply) else { return Ok(None) };
        // Their answer is as old as half of the way there and back, as far as anyone can tell.
        let ours = milliseconds(asked + round_trip / 2);
        let clock = Clock { ahead_ms: theirs.saturating_sub(ours), round_trip };
        if best.is_none_or(|best| clock.round_trip < best.round_trip) {
            best = Some(clock);
        }
    }
    Ok(best)
}

/// The answer to TIME, seconds and microseconds, in milliseconds.
fn time(reply: &Reply) -> Option<i64> {
    let parts = reply.as_array()?;
    let seconds = parts.first()?.as_int()?;
    let microseconds = parts.get(1)?.as_int()?;
    seconds.checked_mul(1000)?.checked_add(microseconds / 1000)
}

fn milliseconds(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
