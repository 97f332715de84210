//! The pages themselves.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use telemetry::{Phase, Progress, Status};

const INDEX: &str = "keyferry

/status   what the run does, as JSON
/metrics  the same for Prometheus
/healthz  200 while the process is alive
/readyz   200 once the target has caught up, 503 before
";

pub(crate) fn router(progress: Arc<Progress>) -> Router {
    Router::new()
        .route("/", get(|| async { INDEX }))
        .route("/status", get(status))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .fallback(|| async { (StatusCode::NOT_FOUND, "no such page; the list is at /\n") })
        .with_state(progress)
}

async fn status(State(progress): State<Arc<Progress>>) -> Response {
    match serde_json::to_string_pretty(&progress.status(Instant::now())) {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json + "\n").into_response(),
        Err(error) => failed("status", &error),
    }
}

async fn metrics(State(progress): State<Arc<Progress>>) -> Response {
    match telemetry::render(&progress.status(Instant::now())) {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response(),
        Err(error) => failed("metrics", &error),
    }
}

async fn ready(State(progress): State<Arc<Progress>>) -> Response {
    let status = progress.status(Instant::now());
    match not_ready(&status) {
        None => "ready: the target has caught up\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response(),
    }
}

/// Why the target cannot be relied upon yet, or `None`.
fn not_ready(status: &Status) -> Option<String> {
    if let Some(pause) = status.paused.first() {
        return Some(format!("lane {} stands still for {:.0} s: {}", pause.lane, pause.seconds, pause.reason));
    }
    match status.phase {
        phase if phase.is_ready() => None,
        Phase::Stopping => Some("the run is ending".to_owned()),
        phase => Some(format!("{phase} for {:.0} s", status.phase_seconds)),
    }
}

fn failed(page: &str, error: &dyn std::error::Error) -> Response {
    tracing::error!(page, %error, "page could not be made");
    (StatusCode::INTERNAL_SERVER_ERROR, format!("this page could not be made: {error}\n")).into_response()
}
