//! Deadlines: exact to the millisecond, and no key gone that the source has kept.

use std::thread;
use std::time::Duration;

use testkit::{Dataset, Server, Workload, assert_equal};

use crate::setup::{self, between, seed, stop, wait_applied};

/// A key whose deadline is put off in time on the source must not be gone on a target that hears of it late.
#[test]
#[ignore = "not done yet: the target ends a key whose later renewal is still on its way"]
fn a_deadline_that_is_put_off_while_the_target_stands_still_loses_no_key() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).spawn();
    source.run::<()>(&["RPUSH", "kept", "a"]);
    source.run::<()>(&["SET", "counter", "41"]);
    source.run::<()>(&["HSET", "renewed", "f", "v"]);
    for key in ["kept", "counter", "renewed"] {
        source.run::<()>(&["PEXPIRE", key, "1500"]);
    }
    wait_applied(&source, &sync);
    target.pause();
    source.run::<()>(&["PERSIST", "kept"]);
    source.run::<()>(&["PERSIST", "counter"]);
    source.run::<()>(&["INCR", "counter"]);
    source.run::<()>(&["EXPIRE", "renewed", "10000"]);
    thread::sleep(Duration::from_millis(2_500));
    target.resume();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

/// The same while the snapshot is on its way: it names a deadline that a later change puts off.
#[test]
#[ignore = "not done yet: the target ends a key whose later renewal is still on its way"]
fn a_deadline_that_passes_during_the_snapshot_and_was_put_off_loses_no_key() {
    let (source, target) = (Server::start_default(), Server::start_default());
    Dataset::new(seed()).keys_per_kind(3).dbs([1]).large_values(false).load(&source);
    for number in 0..50 {
        let key = format!("renewed{number}");
        source.run::<()>(&["SET", &key, "1", "PX", "2500"]);
    }
    // Slow enough that the deadlines pass before the snapshot is through.
    let slow = ["--set", "limits.commands_per_second=50", "--set", "limits.lanes=1"];
    let sync = between(&source, &target).args(&slow).spawn();
    setup::expect("the snapshot begins", &sync, || setup::is_reachable(&sync) && setup::phase(&sync) == "snapshot");
    for number in 0..50 {
        let key = format!("renewed{number}");
        source.run::<()>(&["EXPIRE", &key, "10000"]);
        source.run::<()>(&["INCR", &key]);
    }
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

/// The source renamed it before its deadline, so the target must too, however late it hears of it.
#[test]
#[ignore = "not done yet: the target ends a key whose renaming is still on its way, and the run ends with it"]
fn a_key_that_is_renamed_just_before_its_deadline_does_not_end_the_run() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).spawn();
    source.run::<()>(&["SET", "old name", "1", "PX", "1000"]);
    wait_applied(&source, &sync);
    target.pause();
    source.run::<()>(&["RENAME", "old name", "new name"]);
    thread::sleep(Duration::from_millis(1_500));
    target.resume();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn short_deadlines_that_come_and_go_leave_both_sides_equal() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    let load = Workload::new(seed()).rate(2_000).families(&[testkit::workload::Family::Expiry]).start(&source);
    load.wait_for(6_000);
    load.stop();
    wait_applied(&source, &sync);
    // What has passed by now is gone on both.
    thread::sleep(Duration::from_millis(500));
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_deadline_in_the_past_deletes() {
    let (source, target) = (Server::start_default(), Server::start_default());
    for number in 0..100 {
        source.run::<()>(&["SET", &format!("k{number}"), "v"]);
    }
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    for number in 0..50 {
        let how = [["EXPIRE", "-1"], ["PEXPIREAT", "1"], ["EXPIREAT", "1000000"]][number % 3];
        source.run::<()>(&[how[0], &format!("k{number}"), how[1]]);
    }
    wait_applied(&source, &sync);
    assert_eq!(target.run::<u64>(&["DBSIZE"]), 50);
    assert_equal(&source, &target);
    stop(&sync);
}
