//! What the target holds already, how much it is given at once, and what the check says of it.

use std::time::{Duration, Instant};

use testkit::compare::Options;
use testkit::workload::Family;
use testkit::{Dataset, Keyferry, Server, Workload, assert_equal, compare};

use crate::setup::{self, between, done, ended, fails, seed, status, stop, wait_applied};

/// Both hold `shared`, each something of its own.
fn overlapping() -> (Server, Server) {
    let (source, target) = (Server::start_default(), Server::start_default());
    source.run::<()>(&["SET", "shared", "of the source"]);
    source.run::<()>(&["RPUSH", "only at the source", "1"]);
    target.run::<()>(&["HSET", "shared", "of", "the target"]);
    target.run::<()>(&["SET", "only at the target", "1"]);
    (source, target)
}

#[test]
fn existing_keys_are_replaced_and_others_left_alone() {
    let (source, target) = overlapping();
    let finished = done(between(&source, &target).args(&["--until-caught-up"]));
    assert!(finished.stderr.contains("target"), "a target that is not empty is warned of: {}", finished.stderr);
    let others = Options::new().ignore_on_target(|_, key| key == b"only at the target");
    compare(&source, &target, &others).assert_equal();
    assert_eq!(target.run::<String>(&["GET", "only at the target"]), "1");
}

#[test]
fn existing_keys_are_skipped_and_counted() {
    let (source, target) = overlapping();
    let sync = between(&source, &target).args(&["--on-existing", "skip"]).spawn();
    wait_applied(&source, &sync);
    assert_eq!(target.run::<String>(&["HGET", "shared", "of"]), "the target");
    assert_eq!(target.run::<u64>(&["LLEN", "only at the source"]), 1);
    assert_eq!(status(&sync)["snapshot"]["keys_skipped"], 1);
    stop(&sync);
}

#[test]
fn an_existing_key_is_an_error_that_names_it() {
    let (source, target) = overlapping();
    let finished = between(&source, &target).args(&["--on-existing", "error", "--until-caught-up"]).run(setup::LONG);
    assert!(matches!(finished.code, Some(65 | 74)), "{finished:?}");
    assert!(finished.stderr.contains("on-existing") || finished.stderr.contains("on_existing"), "{}", finished.stderr);
    assert_eq!(target.run::<String>(&["HGET", "shared", "of"]), "the target");
}

#[test]
fn existing_keys_are_judged_alike_where_values_go_in_pieces() {
    for (policy, expected) in [("skip", "string"), ("replace", "list")] {
        let (source, target) = (Server::start_default(), Server::start_default());
        let elements: Vec<String> = (0..20_000).map(|number| format!("element number {number}")).collect();
        for part in elements.chunks(1_000) {
            let words: Vec<&str> = ["RPUSH", "large"].into_iter().chain(part.iter().map(String::as_str)).collect();
            source.run::<()>(&words);
        }
        target.run::<()>(&["SET", "large", "of the target"]);
        let pieces = ["--set", "limits.value_bytes_max=64KiB", "--on-existing", policy, "--until-caught-up"];
        done(between(&source, &target).args(&pieces));
        assert_eq!(target.run::<String>(&["TYPE", "large"]), expected, "{policy}");
        if policy == "replace" {
            assert_equal(&source, &target);
        }
    }
}

#[test]
fn the_target_is_emptied_only_when_told_in_words() {
    let (source, target) = overlapping();
    for words in ["yes", "true", "delete-all-keys", "DELETE-ALL-KEYS-ON-TARGET"] {
        let finished = between(&source, &target).args(&["--flush-target", words, "--until-caught-up"]).run(setup::LONG);
        fails(&finished, 64, &["delete-all-keys-on-target"]);
        assert_eq!(target.run::<u64>(&["DBSIZE"]), 2, "emptied by `{words}`");
    }
    done(between(&source, &target).args(&["--flush-target", "delete-all-keys-on-target", "--until-caught-up"]));
    assert_equal(&source, &target);
}

#[test]
fn a_snapshot_alone_is_exact_down_to_what_groups_have_read() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let seed = seed();
    Dataset::new(seed).load(&source);
    let load = Workload::new(seed).rate(5_000).families(&[Family::Streams]).start(&source);
    load.wait_for(3_000);
    load.stop();
    let finished = done(between(&source, &target).args(&["--snapshot-only"]));
    assert!(finished.stdout.contains("done"), "{}", finished.stdout);
    compare(&source, &target, &Options::new().group_bookkeeping(true)).assert_equal();
}

/// Counted by the server over a while; the bounds are wide, since this machine is shared.
#[test]
fn no_more_commands_a_second_are_sent_than_allowed() {
    let (source, target) = (Server::start_default(), Server::start_default());
    for number in 0..3_000 {
        source.run::<()>(&["SET", &format!("key{number}"), "v"]);
    }
    let start = Instant::now();
    let finished =
        done(between(&source, &target).args(&["--set", "limits.commands_per_second=1000", "--snapshot-only"]));
    let (took, applied) = (start.elapsed(), sets(&target));
    println!("{applied} commands in {took:?}");
    assert_eq!(applied, 3_000, "{}", finished.stdout);
    assert!(took >= Duration::from_millis(2_400), "{took:?}: too fast");
    assert!(took <= Duration::from_secs(12), "{took:?}: too slow");
    assert_equal(&source, &target);
}

/// Plain strings are set.
fn sets(server: &Server) -> u64 {
    let calls = server.info("cmdstat_set");
    calls.split("calls=").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok()).expect("calls is a number")
}

#[test]
fn no_more_bytes_a_second_are_sent_than_allowed() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let value = "x".repeat(1_000);
    for number in 0..1_000 {
        source.run::<()>(&["SETRANGE", &format!("key{number}"), &number.to_string(), &value]);
    }
    source.run::<()>(&["CONFIG", "SET", "rdbcompression", "no"]);
    let start = Instant::now();
    done(between(&source, &target).args(&["--set", "limits.bytes_per_second=700KiB", "--snapshot-only"]));
    let took = start.elapsed();
    // 1000 values of 1000 to 2000 bytes: 1.5 MB.
    assert!((1_600..12_000).contains(&took.as_millis()), "{took:?}");
    assert_equal(&source, &target);
}

#[test]
fn the_check_says_what_it_found_for_people_and_for_machines() {
    let (source, target) = overlapping();
    let text = Keyferry::check(&[&source.url(), &target.url()]).run(setup::LONG);
    assert_eq!(text.code, Some(0), "{text:?}");
    assert!(text.stdout.contains("the migration can start"), "{}", text.stdout);
    let json = Keyferry::check(&[&source.url(), &target.url(), "--format", "json"]).run(setup::LONG);
    let report: serde_json::Value = serde_json::from_str(&json.stdout).expect("it is JSON");
    let findings = report["findings"].as_array().expect("a list");
    assert!(!findings.is_empty());
    for finding in findings {
        for field in ["severity", "code", "subject", "message", "advice"] {
            assert!(finding[field].is_string(), "{field} of {finding}");
        }
        assert!(text.stdout.contains(finding["code"].as_str().unwrap_or("?")), "{finding} is not in the text");
    }
}

#[test]
fn the_check_refuses_a_server_that_is_its_own_target() {
    let server = Server::builder().unix_socket(true).start();
    let socket = format!("unix://{}", server.unix_socket().display());
    for (source, target) in [(server.url(), server.url()), (server.url(), socket.clone()), (socket, server.url())] {
        let check = Keyferry::check(&[&source, &target]).run(setup::LONG);
        assert_eq!(check.code, Some(65), "{check:?}");
        fails(&setup::sync(&source, &target).run(setup::LONG), 65, &["same server"]);
    }
}

#[test]
fn the_check_refuses_too_few_databases_and_too_little_memory() {
    let source = Server::start_default();
    Dataset::new(seed()).keys_per_kind(2).load(&source);
    let few = Server::builder().config("databases", "4").start();
    fails(&between(&source, &few).run(setup::LONG), 65, &["db"]);
    let small = Server::builder().config("maxmemory", "3mb").start();
    let check = Keyferry::check(&[&source.url(), &small.url()]).run(setup::LONG);
    assert!(check.stdout.contains("maxmemory"), "{}", check.stdout);
    assert_eq!((few.run::<u64>(&["DBSIZE"]), small.run::<u64>(&["DBSIZE"])), (0, 0));
}

#[test]
fn a_run_that_may_not_be_checked_starts_all_the_same_when_told_in_words() {
    let (source, target) = overlapping();
    let sync = between(&source, &target).args(&["--skip-check", "start-without-check"]).spawn();
    sync.wait_ready(setup::LONG);
    stop(&sync);
    let finished = ended(&between(&source, &target).args(&["--skip-check", "yes"]).spawn());
    fails(&finished, 64, &["start-without-check"]);
}
