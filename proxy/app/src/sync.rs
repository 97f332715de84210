//! `keyferry sync`: checks both servers, then carries the data and shows how far it is.

use std::sync::Arc;
use std::time::Instant;

use console::Console;
use preflight::Severity;
use replicate::{ExitKind, Outcome, Reason};
use settings::{Mode, Settings};
use telemetry::{Progress, log};
use tokio_util::sync::CancellationToken;

use crate::cli::Sync;
use crate::exit::{Exit, Failure};
use crate::show::Show;
use crate::signals::Signals;
use crate::{check, input};

/// Carries, until done or told to stop.
pub(crate) async fn run(command: &Sync) -> Result<Exit, Failure> {
    let settings = Arc::new(input::settings(&command.migration, Some(&command.run))?);
    let show = Show::new(&command.run);
    log::init(&settings.log, show.log_writer()).map_err(Failure::of(Exit::Settings))?;
    input::warn_of_password(&command.migration);

    let stop = CancellationToken::new();
    let signals = Signals::take().map_err(Failure::of(Exit::Internal))?;
    tokio::spawn(signals.watch(stop.clone()));
    let progress = Arc::new(Progress::new(&settings, Instant::now()));
    let ended = CancellationToken::new();
    let pages = pages(&settings, &progress, &ended).await?;

    let carried = async {
        let result = carry(command, &settings, &progress, &show, stop).await;
        ended.cancel();
        result
    };
    let (result, shown) = tokio::join!(carried, show.run(&progress, &ended));
    if let Some(pages) = pages {
        // What the pages ended with is logged; it does not change how the run ended.
        if let Ok(Err(error)) = pages.await {
            tracing::error!(%error, "pages ended");
        }
    }
    let status = progress.status(Instant::now());
    let (exit, error) = match &result {
        Ok(exit) => (*exit, None),
        Err(failure) => (failure.exit, Some(failure.message.as_str())),
    };
    // Progress that nobody can read is no reason to end a migration, nor to call it failed.
    if let Err(failure) = shown.and_then(|()| show.end(&status, exit, error)) {
        tracing::warn!(error = failure.message, "progress could not be shown");
    }
    result
}

/// Serves the pages, where they are asked for.
async fn pages(
    settings: &Settings,
    progress: &Arc<Progress>,
    ended: &CancellationToken,
) -> Result<Option<tokio::task::JoinHandle<Result<(), console::Error>>>, Failure> {
    let Some(address) = settings.admin.listen else { return Ok(None) };
    let console = Console::bind(address).await.map_err(Failure::of(Exit::Settings))?;
    tracing::info!(address = %console.address(), "pages are served");
    Ok(Some(tokio::spawn(console.serve(progress.clone(), ended.clone()))))
}

async fn carry(
    command: &Sync,
    settings: &Arc<Settings>,
    progress: &Arc<Progress>,
    show: &Show,
    stop: CancellationToken,
) -> Result<Exit, Failure> {
    if command.run.skip_check.is_none() {
        let report = tokio::select! {
            report = check::report_when_ready(settings) => report?,
            () = stop.cancelled() => return Err(Failure::new(Exit::Stopped, "told to stop before anything was carried")),
        };
        show.check(&report)?;
        accept(&report)?;
    }
    match replicate::run(settings.clone(), progress.clone(), stop).await {
        Ok(outcome) => complete(outcome, settings.mode, progress),
        Err(error) => Err(Failure::new(
            match error.exit_kind() {
                ExitKind::Unreachable => Exit::Unreachable,
                ExitKind::Data => Exit::Data,
                ExitKind::NotDrained => Exit::Stopped,
                ExitKind::Internal => Exit::Internal,
            },
            error,
        )),
    }
}

/// A run that was told to stop has done what was asked for only where it was to follow and the snapshot is applied:
/// a script that goes on after exit code 0 must find the target complete.
fn complete(outcome: Outcome, mode: Mode, progress: &Progress) -> Result<Exit, Failure> {
    let snapshot_complete = progress.status(Instant::now()).snapshot.complete;
    let missing = match (outcome.reason, mode) {
        (Reason::SnapshotApplied | Reason::CaughtUp, _) => return Ok(Exit::Done),
        (Reason::Stopped, Mode::Follow) if snapshot_complete => return Ok(Exit::Done),
        (Reason::Stopped, Mode::UntilCaughtUp) if snapshot_complete => "had caught up; it lacks the latest changes",
        (Reason::Stopped, _) => "had the whole snapshot; it lacks keys",
    };
    Err(Failure::new(Exit::Stopped, format!("told to stop before the target {missing}")))
}

/// Logs what the check warns of; errors end the run before it begins.
fn accept(report: &preflight::Report) -> Result<(), Failure> {
    for finding in report.findings.iter().filter(|finding| finding.severity == Severity::Warning) {
        tracing::warn!(code = finding.code, advice = finding.advice, "{}", finding.message);
    }
    if report.is_ok() {
        Ok(())
    } else {
        let message = format!("the check found errors, so nothing was started\n{}", report.render_text());
        Err(Failure::new(Exit::Refused, message))
    }
}
