//! What a run tells: HTTP pages, progress for people and machines, help.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use testkit::{Dataset, Keyferry, Server};

use crate::setup::{self, between, done, expect, fails, is_reachable, seed, status, stop, wait_applied};

/// Samples by name, after every line has been found to be what Prometheus reads.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let mut samples = BTreeMap::new();
    let (mut helped, mut typed) = (Vec::new(), Vec::new());
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("HELP has a text");
            assert!(!help.is_empty() && !helped.contains(&name), "{line}");
            helped.push(name);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("TYPE has a kind");
            assert!(["counter", "gauge", "summary"].contains(&kind) && helped.contains(&name), "{line}");
            typed.push(name);
        } else {
            let (name, value) = line.rsplit_once(' ').expect("a sample has a value");
            let bare = name.split('{').next().unwrap_or_default();
            let family = bare.trim_end_matches("_sum").trim_end_matches("_count");
            assert!(typed.contains(&bare) || typed.contains(&family), "{line} has no TYPE");
            assert!(bare.starts_with("keyferry_"), "{line}");
            let value: f64 = value.parse().expect("a sample is a number");
            assert!(samples.insert(name.to_owned(), value).is_none(), "{line} comes twice");
        }
    }
    samples
}

#[test]
fn metrics_and_status_tell_what_happened() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let loaded = Dataset::new(seed()).keys_per_kind(1).dbs([0, 1]).load(&source);
    let sync = between(&source, &target).args(&["--lanes", "3"]).spawn();
    sync.wait_ready(setup::LONG);
    for number in 0..100 {
        source.run::<()>(&["SET", &format!("key{number}"), "v"]);
    }
    wait_applied(&source, &sync);
    let answer = sync.http_get("/metrics").expect("it is served");
    let kind = answer.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
    assert!(kind.is_some_and(|kind| kind.starts_with("text/plain")), "{kind:?}");
    let samples = samples(&answer.body);
    let keys = loaded.keys as f64;
    for (name, expected) in [
        ("keyferry_phase{phase=\"following\"}", 1.0),
        ("keyferry_phase{phase=\"snapshot\"}", 0.0),
        ("keyferry_ready", 1.0),
        ("keyferry_paused_lanes", 0.0),
        ("keyferry_snapshots_total", 1.0),
        ("keyferry_snapshot_keys{outcome=\"applied\"}", keys),
        ("keyferry_snapshot_keys{outcome=\"read\"}", keys),
        ("keyferry_changes_total{outcome=\"applied\"}", 100.0),
        ("keyferry_backlog_bytes", 0.0),
        ("keyferry_lag_bytes", 0.0),
        ("keyferry_reconnects_total{side=\"target\"}", 0.0),
        ("keyferry_lane_in_flight_bytes{lane=\"2\"}", 0.0),
    ] {
        assert_eq!(samples.get(name), Some(&expected), "{name} in:\n{}", answer.body);
    }
    let sent = samples["keyferry_target_sent_bytes_total"];
    assert!(sent > 1e6 && samples["keyferry_source_read_bytes_total"] > 1e6, "{sent}");
    assert!(samples["keyferry_apply_latency_seconds_count"] > 0.0);
    let status = status(&sync);
    assert_eq!(status["phase"], "following");
    assert_eq!((&status["ready"], &status["snapshot"]["complete"]), (&Value::Bool(true), &Value::Bool(true)));
    assert_eq!(status["snapshot"]["keys_applied"], loaded.keys as u64);
    assert_eq!(status["changes"]["applied"], 100);
    assert_eq!(status["target"]["lanes_in_flight_bytes"].as_array().map(Vec::len), Some(3));
    stop(&sync);
}

#[test]
fn it_is_ready_once_it_has_caught_up_and_not_before() {
    let (source, target) = (Server::start_default(), Server::start_default());
    Dataset::new(seed()).keys_per_kind(2).dbs([0]).large_values(false).load(&source);
    let sync = between(&source, &target).args(&["--set", "limits.commands_per_second=50"]).spawn();
    expect("the pages are served", &sync, || is_reachable(&sync));
    let answer = sync.http_get("/readyz").expect("it is served");
    assert_eq!(answer.status, 503);
    assert!(!answer.body.trim().is_empty(), "it does not say why not");
    sync.wait_ready(setup::LONG);
    assert!(setup::status(&sync)["snapshot"]["keys_applied"].as_u64() >= Some(50));
    for (path, code) in [("/healthz", 200), ("/readyz", 200), ("/", 200), ("/no-such-page", 404)] {
        assert_eq!(sync.http_get(path).expect("it is served").status, code, "{path}");
    }
    let pages = sync.http_get("/").expect("it is served").body;
    for page in ["/metrics", "/status", "/healthz", "/readyz"] {
        assert!(pages.contains(page), "{page} is not in the list:\n{pages}");
    }
    stop(&sync);
}

#[test]
fn pages_that_cannot_be_served_end_the_run_before_it_begins() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let taken = source.addr();
    let finished = Keyferry::sync(&[&source.url(), &target.url(), "--listen", &taken]).run(setup::LONG);
    fails(&finished, 64, &[&taken, "admin.listen"]);
}

#[test]
fn progress_for_machines_is_one_object_a_line() {
    let (source, target) = (Server::start_default(), Server::start_default());
    Dataset::new(seed()).keys_per_kind(1).dbs([0]).load(&source);
    let slow = ["--set", "limits.commands_per_second=30", "--progress-interval", "200ms"];
    let finished = Keyferry::sync(&[&source.url(), &target.url(), "--until-caught-up", "--format", "json"])
        .args(&slow)
        .run(Duration::from_secs(60));
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let lines: Vec<Value> = finished
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert!(lines.len() >= 3, "{}", finished.stdout);
    assert!(lines.iter().all(Value::is_object));
    let text = &finished.stdout;
    assert!(text.contains("\"phase\":\"snapshot\""), "no line tells of the snapshot:\n{text}");
}

#[test]
fn progress_for_people_is_a_line_an_interval() {
    let (source, target) = (Server::start_default(), Server::start_default());
    Dataset::new(seed()).keys_per_kind(1).dbs([0]).load(&source);
    let slow = ["--until-caught-up", "--set", "limits.commands_per_second=30", "--progress-interval", "200ms"];
    let finished = done(Keyferry::sync(&[&source.url(), &target.url()]).args(&slow));
    let snapshots = finished.stdout.lines().filter(|line| line.starts_with("snapshot")).count();
    assert!(snapshots >= 2, "{}", finished.stdout);
    assert!(finished.stdout.lines().last().is_some_and(|line| line.contains("complete up to its offset")));
    assert!(!finished.stdout.contains('\u{1b}'), "escape sequences in a pipe: {:?}", finished.stdout);
}

#[test]
fn help_tells_every_exit_code_and_the_reference_is_up_to_date() {
    for args in [&["--help"][..], &["sync", "--help"], &["check", "--help"]] {
        let help = Keyferry::command(args).run(setup::LONG);
        assert_eq!(help.code, Some(0));
        // The help of `sync` is long enough: it says where they are.
        if help.stdout.contains("`keyferry --help` lists the exit codes") {
            continue;
        }
        for code in ["64", "65", "69", "70", "74", "75", "130", "143"] {
            assert!(help.stdout.contains(code), "{args:?} does not mention {code}:\n{}", help.stdout);
        }
    }
    let reference = Keyferry::command(&["settings-reference"]).run(setup::LONG);
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SETTINGS.md");
    let written = fs::read_to_string(page).expect("docs/SETTINGS.md is there");
    assert_eq!(reference.stdout, written, "docs/SETTINGS.md is not what `keyferry settings-reference` writes");
}

#[test]
fn logs_for_machines_are_one_object_a_line() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let finished =
        done(between(&source, &target).args(&["--until-caught-up", "--log-format", "json", "--log-level", "debug"]));
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert!(lines.len() > 3, "{}", finished.stderr);
    for line in lines {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line.is_object());
    }
}
