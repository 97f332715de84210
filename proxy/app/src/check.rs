//! `keyferry check`: looks at both servers and reports.

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

/// What the check finds.
pub(crate) async fn report(settings: &Settings) -> Result<preflight::Report, Failure> {
    preflight::run(settings).await.map_err(Failure::of(Exit::Unreachable))
}
