//! How a run ends when it is told to, and what the source knows of it before.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use testkit::process::Signal;
use testkit::redis;
use testkit::{Server, Workload, assert_equal};

use crate::setup::{self, between, ended, expect, fails, frontier, seed, stop, wait_applied};

/// One writer numbers its writes: the target must hold the first so many of them, and no other.
#[test]
fn a_stop_in_the_middle_of_a_load_leaves_the_target_with_everything_up_to_a_moment() {
    for (lanes, signal) in [("1", Signal::TERM), ("4", Signal::TERM), ("4", Signal::INT)] {
        let (source, target) = (Server::start_default(), Server::start_default());
        let (end, written) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            let sync = between(&source, &target).args(&["--lanes", lanes]).spawn();
            sync.wait_ready(setup::LONG);
            scope.spawn(|| {
                let mut client = source.client();
                while !end.load(Ordering::SeqCst) {
                    let first = written.load(Ordering::SeqCst);
                    let mut pipeline = redis::pipe();
                    for number in first..first + 50 {
                        pipeline.cmd("RPUSH").arg(format!("list{}", number % 7)).arg(number);
                    }
                    pipeline.exec(&mut client).expect("the source takes it");
                    written.fetch_add(50, Ordering::SeqCst);
                }
            });
            expect("some is written", &sync, || written.load(Ordering::SeqCst) > 5_000);
            sync.signal(signal);
            let finished = ended(&sync);
            end.store(true, Ordering::SeqCst);
            assert_eq!(finished.code, Some(0), "{}", finished.stderr);
            assert!(finished.stdout.contains("complete up to its offset"), "{}", finished.stdout);
        });
        let mut arrived: Vec<u64> = Vec::new();
        for list in 0..7 {
            arrived.extend(target.run::<Vec<u64>>(&["LRANGE", &format!("list{list}"), "0", "-1"]));
        }
        println!("{} written, {} arrived", written.load(Ordering::SeqCst), arrived.len());
        assert!(arrived.len() > 1_000);
        arrived.sort_unstable();
        assert_eq!(arrived, (0..arrived.len() as u64).collect::<Vec<_>>(), "not the first so many writes");
    }
}

#[test]
fn the_source_knows_how_far_everything_is_applied() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    let mut client = source.client();
    for number in 0..20 {
        let key = format!("key{number}");
        redis::cmd("SET").arg(&key).arg("v").exec(&mut client).expect("the source takes it");
        let held: u64 = redis::cmd("WAIT").arg(1).arg(5_000).query(&mut client).expect("WAIT answers");
        assert_eq!(held, 1, "WAIT was not told");
        assert_eq!(target.run::<String>(&["GET", &key]), "v", "WAIT was told before it was true");
    }
    wait_applied(&source, &sync);
    expect("INFO replication shows the frontier", &sync, || {
        let replica = source.info("slave0");
        let offset = replica.split("offset=").nth(1).and_then(|rest| rest.split(',').next()?.parse::<u64>().ok());
        offset.is_some_and(|offset| Some(offset) >= frontier(&sync))
    });
    target.pause();
    redis::cmd("SET").arg("late").arg("v").exec(&mut client).expect("the source takes it");
    let held: u64 = redis::cmd("WAIT").arg(1).arg(700).query(&mut client).expect("WAIT answers");
    assert_eq!(held, 0, "the target stands still, and WAIT was told that it has the write");
    target.resume();
    let held: u64 = redis::cmd("WAIT").arg(1).arg(10_000).query(&mut client).expect("WAIT answers");
    assert_eq!((held, target.run::<String>(&["GET", "late"])), (1, "v".to_owned()));
    stop(&sync);
}

#[test]
fn a_second_signal_ends_at_once() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let (source, target) = (Server::start_default(), Server::start_default());
        let sync = between(&source, &target).spawn();
        sync.wait_ready(setup::LONG);
        target.pause();
        source.run::<()>(&["SET", "key", "value"]);
        thread::sleep(Duration::from_millis(300));
        sync.signal(signal);
        thread::sleep(Duration::from_millis(500));
        assert!(sync.exit_status().is_none(), "it did not wait for the target");
        sync.signal(signal);
        assert_eq!(sync.wait(Duration::from_secs(5)).code(), Some(code));
        target.resume();
    }
}

#[test]
fn a_target_that_does_not_take_the_rest_in_time_is_said_with_how_far_it_is() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).args(&["--set", "timeouts.drain=1s"]).spawn();
    sync.wait_ready(setup::LONG);
    target.pause();
    source.run::<()>(&["SET", "key", "value"]);
    thread::sleep(Duration::from_millis(300));
    sync.signal(Signal::TERM);
    fails(&ended(&sync), 75, &["could not be applied within 1s", "complete up to offset"]);
    target.resume();
}

#[test]
fn a_run_that_is_stopped_before_it_is_complete_says_so() {
    let (source, target) = (Server::start_default(), Server::start_default());
    testkit::Dataset::new(seed()).keys_per_kind(1).large_values(false).load(&source);
    for mode in ["--until-caught-up", "--snapshot-only", "--lanes=2"] {
        let slow = ["--set", "limits.commands_per_second=100", mode];
        let sync = between(&source, &target).args(&slow).spawn();
        expect("the snapshot begins", &sync, || setup::is_reachable(&sync) && setup::phase(&sync) == "snapshot");
        sync.signal(Signal::TERM);
        fails(&ended(&sync), 75, &["told to stop before the target had"]);
    }
}

#[test]
fn after_a_stop_a_new_run_makes_both_equal() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let seed = seed();
    let load = Workload::new(seed).rate(3_000).no_expiry().start(&source);
    for _ in 0..3 {
        let sync = between(&source, &target).args(&["--flush-target", "delete-all-keys-on-target"]).spawn();
        sync.wait_ready(setup::LONG);
        load.wait_for(1_500);
        stop(&sync);
    }
    load.stop();
    setup::done(between(&source, &target).args(&["--until-caught-up", "--flush-target", "delete-all-keys-on-target"]));
    assert_equal(&source, &target);
}
