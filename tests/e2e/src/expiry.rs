//! Deadlines: exact to the millisecond, and no key gone that the source has kept.

use std::thread;
use std::time::Duration;

use testkit::{Server, Workload, assert_equal};

use crate::setup::{self, between, seed, stop, wait_applied};

/// The source renamed it before its deadline, so the target must too, however late it hears of it.
#[test]
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
