//! `keyferry check`: looks at both servers and reports.

use std::time::Duration;

use settings::Settings;
use telemetry::log;

use crate::cli::{Check, ReportFormat};
use crate::exit::{Exit, Failure};
use crate::{input, show};

/// Looks at both servers and writes the report to standard output.
pub(crate) async fn run(command: &Check) -> Result<Exit, Failure> {
    let settings = input::settings(&command.migration, None)?;
    log::init(&settings.log, std::io::stderr).map_err(Failure::of(Exit::Settings))?;
    input::warn_of_password(&command.migration);
    let report = report(&settings).await?;
    let text = match command.format {
        ReportFormat::Text => report.render_text(),
        ReportFormat::Json => serde_json::to_string_pretty(&report).map_err(Failure::of(Exit::Internal))? + "\n",
    };
    show::print(&text)?;
    Ok(if report.is_ok() { Exit::Done } else { Exit::Refused })
}

/// How often a server that is there but not ready is asked again.
const WAIT: Duration = Duration::from_secs(1);

/// What the check finds, once both servers answer: one that still loads its data, or has lost its master, is waited for,
/// since it will be ready by itself. One that cannot be reached at all is an error at once: the address may be wrong.
pub(crate) async fn report_when_ready(settings: &Settings) -> Result<preflight::Report, Failure> {
    loop {
        match preflight::run(settings).await {
            Err(error) if error.cause.is_not_ready() => {
                tracing::warn!(%error, "waiting for the server to be ready");
                tokio::time::sleep(WAIT).await;
            }
            result => return result.map_err(Failure::of(Exit::Unreachable)),
        }
    }
}

/// What the check finds.
pub(crate) async fn report(settings: &Settings) -> Result<preflight::Report, Failure> {
    preflight::run(settings).await.map_err(Failure::of(Exit::Unreachable))
}
