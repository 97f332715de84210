//! The program beside real servers: how it ends, and what it tells of itself on the way.

use std::path::PathBuf;
use std::time::Duration;

use testkit::process::Signal;
use testkit::{Keyferry, Running, Server};

const PATIENCE: Duration = Duration::from_secs(20);

fn keyferry(words: &[&str]) -> Keyferry {
    Keyferry::program(PathBuf::from(env!("CARGO_BIN_EXE_keyferry")), words)
}

/// A source with some keys, and an empty target.
fn servers() -> (Server, Server) {
    let (source, target) = (Server::start_default(), Server::start_default());
    for key in 0..100 {
        source.run::<()>(&["SET", &format!("key:{key}"), "value"]);
    }
    (source, target)
}

/// A run that follows, whose target then takes nothing more while the source has more to say.
fn stuck(source: &Server, target: &Server, drain: &str) -> Running {
    let drain = format!("timeouts.drain={drain}");
    let run = keyferry(&["sync", &source.url(), &target.url(), "--set", &drain]).http("--listen").spawn();
    run.wait_ready(PATIENCE);
    target.pause();
    source.run::<()>(&["SET", "late", "value"]);
    let lag = || run.http_get("/metrics").is_ok_and(|metrics| !metrics.body.contains("\nkeyferry_lag_bytes 0\n"));
    assert!(testkit::wait_until(PATIENCE, lag), "the write that the target does not take is seen");
    run
}

#[test]
fn runs_that_have_an_end_of_their_own_end_with_zero() {
    for mode in ["--snapshot-only", "--until-caught-up"] {
        let (source, target) = servers();
        let end = keyferry(&["sync", &source.url(), &target.url(), mode]).run(PATIENCE);
        assert_eq!(end.code, Some(0), "{mode}: {end:?}");
        assert_eq!(target.run::<u64>(&["DBSIZE"]), 100);
        assert!(end.stdout.lines().last().unwrap().contains("100 keys"), "{mode}: {end:?}");
    }
}

#[test]
fn a_run_that_follows_ends_with_zero_when_told_to() {
    let (source, target) = servers();
    let run = keyferry(&["sync", &source.url(), &target.url()]).http("--listen").spawn();
    run.wait_ready(PATIENCE);
    source.run::<()>(&["SET", "late", "value"]);
    run.signal(Signal::TERM);
    assert_eq!(run.wait(PATIENCE).code(), Some(0), "{}", run.stderr());
}

#[test]
fn what_could_not_be_applied_in_time_is_told_by_the_code() {
    let (source, target) = servers();
    let run = stuck(&source, &target, "300ms");
    run.signal(Signal::INT);
    assert_eq!(run.wait(PATIENCE).code(), Some(75), "{}", run.stderr());
    assert!(run.stderr().contains("timeouts.drain"), "{}", run.stderr());
    target.resume();
}

#[test]
fn a_second_signal_ends_at_once() {
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let (source, target) = servers();
        let run = stuck(&source, &target, "1h");
        run.signal(Signal::TERM);
        run.wait_for_output("told to stop", PATIENCE);
        run.signal(signal);
        assert_eq!(run.wait(PATIENCE).code(), Some(code), "{}", run.stderr());
        target.resume();
    }
}

#[test]
fn errors_of_the_check_stop_a_run_before_it_begins() {
    let (source, _) = servers();
    let check = keyferry(&["check", &source.url(), &source.url()]).run(PATIENCE);
    assert_eq!(check.code, Some(65), "{check:?}");
    let sync = keyferry(&["sync", &source.url(), &source.url()]).run(PATIENCE);
    assert!(sync.code == Some(65) && sync.stderr.contains("nothing was started"), "{sync:?}");
}

#[test]
fn a_check_that_finds_nothing_wrong_ends_with_zero_as_text_and_as_json() {
    let (source, target) = servers();
    let text = keyferry(&["check", &source.url(), &target.url()]).run(PATIENCE);
    assert_eq!(text.code, Some(0), "{text:?}");
    let json = keyferry(&["check", &source.url(), &target.url(), "--format", "json"]).run(PATIENCE);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(json.code == Some(0) && report["findings"].is_array(), "{json:?}");
}

#[test]
fn a_key_that_may_not_stand_on_the_target_ends_the_run_as_a_fault_of_data() {
    let (source, target) = servers();
    target.run::<()>(&["SET", "key:1", "other"]);
    let words = ["sync", &source.url(), &target.url(), "--on-existing", "error", "--skip-check", "start-without-check"];
    let end = keyferry(&words).run(PATIENCE);
    assert!(end.code == Some(74) && end.stderr.contains("key:1"), "{end:?}");
    assert_eq!(target.run::<String>(&["GET", "key:1"]), "other");
}

#[test]
fn progress_as_json_is_an_object_a_line_told_apart_by_type() {
    let (source, target) = servers();
    let words = ["sync", &source.url(), &target.url(), "--until-caught-up", "--format", "json"];
    let end = keyferry(&words).run(PATIENCE);
    let lines: Vec<serde_json::Value> = end.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let types: Vec<&str> = lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(types.len(), lines.len(), "{end:?}");
    assert!(types.contains(&"check") && types.contains(&"status"), "{types:?}");
    let last = lines.last().unwrap();
    assert_eq!((&last["type"], &last["code"], &last["error"]), (&"end".into(), &0.into(), &serde_json::Value::Null));
    assert_eq!(last["status"]["snapshot"]["keys_applied"], 100);
    assert_eq!(last["status"]["phase"], "done");
}

#[test]
fn passwords_open_the_door_and_are_never_shown() {
    let protected = || Server::builder().config("requirepass", "sEcReT").client_auth("default", "sEcReT").start();
    let (source, target) = (protected(), protected());
    source.run::<()>(&["SET", "key", "value"]);
    let url = |server: &Server, password: &str| format!("redis://:{password}@{}", server.addr());

    let wrong = keyferry(&["sync", &url(&source, "sEcReTs"), &url(&target, "sEcReT")]).run(PATIENCE);
    assert_eq!(wrong.code, Some(69), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("sEcReT"), "{wrong:?}");

    let run = keyferry(&["sync", &source.url(), &url(&target, "sEcReT"), "--log-level", "trace"])
        .env("KEYFERRY_SOURCE_PASSWORD", "sEcReT")
        .http("--listen")
        .spawn();
    run.wait_ready(PATIENCE);
    let pages = ["/", "/status", "/metrics"].map(|page| run.http_get(page).unwrap().body);
    run.signal(Signal::TERM);
    assert_eq!(run.wait(PATIENCE).code(), Some(0), "{}", run.stderr());
    let shown = format!("{pages:?}{}{}", run.stdout(), run.stderr());
    assert!(shown.contains("keyferry_ready 1") && !shown.contains("sEcReT"), "{shown}");
}
