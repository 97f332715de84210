//! The log: lines to one writer, as text or JSON.

use settings::{Log, LogFormat};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// A log that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The filter is no filter.
    #[error(
        "log.level {filter:?} is neither a level (error, warn, info, debug, trace) nor a list such as info,keyferry_link=debug: {reason}"
    )]
    Filter { filter: String, reason: String },
    /// A process has one log.
    #[error("the log is set up already")]
    Twice,
}

/// Sets up the log of this process. Lines go to `writer`, each in one write: a writer that hides a progress
/// display for that moment keeps both whole.
pub fn init<W>(log: &Log, writer: W) -> Result<(), Error>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = filter(&log.filter)?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let result = match log.format {
        LogFormat::Text => lines.with_ansi(false).finish().try_init(),
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init(),
    };
    result.map_err(|_| Error::Twice)
}

fn filter(text: &str) -> Result<EnvFilter, Error> {
    let refused = |reason: String| Error::Filter { filter: text.to_owned(), reason };
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    // A word alone would be taken for the name of a module, and then nothing would be logged at all.
    match parts.iter().find(|part| part.is_empty() || !part.contains('=') && part.parse::<LevelFilter>().is_err()) {
        Some(part) => Err(refused(format!("{part:?} is no level"))),
        None => EnvFilter::try_new(parts.join(",")).map_err(|error| refused(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn filters_are_levels_or_lists() {
        for good in ["info", "debug", "warn,keyferry_link=trace", "info, keyferry_replicate=debug", "off"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for wrong in ["loud", "keyferry", "info,x=loud", ""] {
            let said = filter(wrong).map(|_| ()).unwrap_err().to_string();
            assert!(said.starts_with("log.level"), "{wrong}: {said}");
        }
    }
}
