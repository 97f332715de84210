//! The main job: every type and encoding in many databases, with writes before, during and after the snapshot.
//!
//! Keys that expire while the load still runs are `expiry`'s business: docs/MIGRATING.md says what holds of them.

use testkit::workload::Family;
use testkit::{Dataset, Keyferry, Server, Workload, assert_equal};

use crate::setup::{self, between, done, seed, stop, wait_applied};

/// A source that sends its snapshot from memory, or by way of its disk.
fn source(diskless: bool) -> Server {
    Server::builder().config("repl-diskless-sync", if diskless { "yes" } else { "no" }).start()
}

fn lanes(keyferry: Keyferry, count: usize) -> Keyferry {
    keyferry.args(&["--lanes", &count.to_string()])
}

/// All types and encodings, a mixed load before, during and after the snapshot, and a stop behind it.
fn follows_a_mixed_load(diskless: bool, lane_count: usize) {
    let (source, target) = (source(diskless), Server::start_default());
    let seed = seed();
    Dataset::new(seed).load(&source);
    let load = Workload::new(seed).no_short_lives().rate(3_000).start(&source);
    load.wait_for(2_000);
    let sync = lanes(between(&source, &target), lane_count).spawn();
    sync.wait_ready(setup::LONG);
    load.wait_for(10_000);
    let counts = load.stop();
    println!("{} commands at {:.0}/s", counts.commands, counts.rate());
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
    assert_equal(&source, &target);
}

#[test]
fn a_mixed_load_is_followed_from_a_diskless_source_by_one_lane() {
    follows_a_mixed_load(true, 1);
}

#[test]
fn a_mixed_load_is_followed_from_a_diskless_source_by_four_lanes() {
    follows_a_mixed_load(true, 4);
}

#[test]
fn a_mixed_load_is_followed_from_a_disk_based_source_by_one_lane() {
    follows_a_mixed_load(false, 1);
}

#[test]
fn a_mixed_load_is_followed_from_a_disk_based_source_by_four_lanes() {
    follows_a_mixed_load(false, 4);
}

/// Emptied and exchanged databases concern every key: lanes have to wait for each other.
fn follows_whole_databases(lane_count: usize) {
    let (source, target) = (source(true), Server::start_default());
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).large_values(false).load(&source);
    let load = Workload::new(seed).no_short_lives().whole_databases().rate(3_000).dbs([0, 1, 2, 9]).start(&source);
    load.wait_for(1_000);
    let sync = lanes(between(&source, &target), lane_count).spawn();
    sync.wait_ready(setup::LONG);
    load.wait_for(15_000);
    let counts = load.stop();
    for name in ["SWAPDB", "FLUSHDB", "FLUSHALL"] {
        println!("{name}: {}", counts.of(name));
    }
    assert!(counts.of("SWAPDB") > 0 && counts.of("FLUSHDB") + counts.of("FLUSHALL") > 0, "{counts:?}");
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn emptied_and_swapped_databases_keep_their_place_with_one_lane() {
    follows_whole_databases(1);
}

#[test]
fn emptied_and_swapped_databases_keep_their_place_with_four_lanes() {
    follows_whole_databases(4);
}

#[test]
fn a_quiet_source_is_carried_until_caught_up() {
    for diskless in [true, false] {
        let (source, target) = (source(diskless), Server::start_default());
        Dataset::new(seed()).load(&source);
        done(between(&source, &target).args(&["--until-caught-up"]));
        assert_equal(&source, &target);
    }
}

#[test]
fn a_busy_source_is_caught_up_with_and_lacks_nothing_that_was_there_at_the_start() {
    let (source, target) = (source(true), Server::start_default());
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).load(&source);
    let load = Workload::new(seed).rate(5_000).without(&[Family::Keys]).start(&source);
    load.wait_for(1_000);
    source.run::<()>(&["SET", "counted", "0"]);
    let started: i64 = source.run(&["INCR", "counted"]);
    done(between(&source, &target).args(&["--until-caught-up"]));
    let arrived: i64 = target.run(&["GET", "counted"]);
    assert_eq!(arrived, started);
    load.stop();
    let options = testkit::compare::Options::new().filter(|_, key| !key.starts_with(b"w:"));
    testkit::compare(&source, &target, &options.ignore_on_target(|_, key| key.starts_with(b"w:"))).assert_equal();
}

#[test]
fn a_second_run_brings_a_target_that_has_fallen_behind_up_to_date() {
    let (source, target) = (source(true), Server::start_default());
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).load(&source);
    done(between(&source, &target).args(&["--until-caught-up"]));
    let load = Workload::new(seed).max_rate().without(&[Family::Keys, Family::Expiry]).start(&source);
    load.wait_for(5_000);
    load.stop();
    done(between(&source, &target).args(&["--until-caught-up", "--flush-target", "delete-all-keys-on-target"]));
    assert_equal(&source, &target);
}

#[test]
fn messages_and_scripts_reach_the_target() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    let mut listener = target.client();
    let mut subscription = listener.as_pubsub();
    subscription.set_read_timeout(Some(setup::LONG)).expect("a timeout can be set");
    subscription.subscribe("news").expect("the target takes subscriptions");
    source.run::<()>(&["PUBLISH", "news", "hello"]);
    let message = subscription.get_message().expect("the message comes");
    assert_eq!(message.get_payload::<String>().expect("it is text"), "hello");
    drop(subscription);
    let script =
        "redis.call('SET', KEYS[1], ARGV[1]); redis.call('EXPIRE', KEYS[1], 1000); return redis.call('INCR', KEYS[2])";
    let sha: String = source.run(&["SCRIPT", "LOAD", script]);
    source.run::<()>(&["EVAL", script, "2", "one", "count", "x"]);
    source.run::<()>(&["EVALSHA", &sha, "2", "two", "count", "y"]);
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}
