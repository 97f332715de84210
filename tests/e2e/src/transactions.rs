//! A transaction of the source is one on the target: nobody sees half of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use testkit::redis::{self, Connection};
use testkit::{Server, assert_equal};

use crate::setup::{self, between, stop, wait_applied};

/// Enough that, with four lanes, the keys of most pairs lie on different ones.
const PAIRS: u32 = 40;

/// Sets both keys of each pair to one number in a transaction, again and again.
fn write_pairs(mut client: Connection, stop: &AtomicBool) -> u64 {
    let mut number = 0;
    while !stop.load(Ordering::SeqCst) {
        number += 1;
        let mut pipeline = redis::pipe();
        for pair in 0..PAIRS {
            pipeline.cmd("MULTI");
            pipeline.cmd("SET").arg(format!("a{pair}")).arg(number);
            pipeline.cmd("SET").arg(format!("b{pair}")).arg(number);
            pipeline.cmd("EXEC");
        }
        pipeline.exec(&mut client).expect("the source takes transactions");
        thread::sleep(Duration::from_millis(2));
    }
    number
}

/// Reads pairs on the target until told to stop; answers how many pairs it saw, and how many different numbers.
fn read_pairs(mut client: Connection, stop: &AtomicBool) -> (u64, u64) {
    let (mut seen, mut numbers, mut last) = (0, 0, 0);
    while !stop.load(Ordering::SeqCst) {
        for pair in 0..PAIRS {
            let keys = (format!("a{pair}"), format!("b{pair}"));
            // One command: the target answers with both at one moment.
            let values: (Option<u64>, Option<u64>) =
                redis::cmd("MGET").arg(&keys.0).arg(&keys.1).query(&mut client).expect("the target answers");
            let (Some(a), Some(b)) = values else { continue };
            assert_eq!(a, b, "{keys:?}: half of a transaction is to be seen");
            seen += 1;
            if a != last {
                (numbers, last) = (numbers + 1, a);
            }
        }
    }
    (seen, numbers)
}

fn half_a_transaction_is_never_seen(lanes: usize) {
    let (source, target) = (Server::start_default(), Server::start_default());
    let end = AtomicBool::new(false);
    thread::scope(|scope| {
        let writer = scope.spawn(|| write_pairs(source.client(), &end));
        let sync = between(&source, &target).args(&["--lanes", &lanes.to_string()]).spawn();
        sync.wait_ready(setup::LONG);
        let reader = scope.spawn(|| read_pairs(target.client(), &end));
        let until = Instant::now() + Duration::from_secs(3);
        while Instant::now() < until && !reader.is_finished() {
            thread::sleep(Duration::from_millis(20));
        }
        end.store(true, Ordering::SeqCst);
        let written = writer.join().expect("the writer does not panic");
        let (seen, numbers) = reader.join().expect("the reader found nothing wrong");
        println!("{written} rounds written, {seen} pairs read, {numbers} different numbers");
        assert!(seen > 100 && numbers > 10, "too little was seen: {seen} pairs, {numbers} numbers");
        wait_applied(&source, &sync);
        assert_equal(&source, &target);
        stop(&sync);
    });
}

#[test]
fn a_transaction_is_atomic_on_the_target_with_one_lane() {
    half_a_transaction_is_never_seen(1);
}

#[test]
fn a_transaction_over_keys_of_several_lanes_is_atomic_on_the_target() {
    half_a_transaction_is_never_seen(4);
}

#[test]
fn a_transaction_that_changes_databases_stays_one() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    let mut client = source.client_db(2);
    for number in 0..200 {
        let mut pipeline = redis::pipe();
        pipeline.cmd("MULTI").cmd("INCR").arg(format!("a{number}"));
        pipeline.cmd("SELECT").arg(5).cmd("RPUSH").arg("list").arg(number);
        pipeline.cmd("MOVE").arg("list").arg(6).cmd("MOVE").arg("list").arg(7);
        pipeline.cmd("SELECT").arg(2).cmd("DEL").arg(format!("a{}", number / 2)).cmd("EXEC");
        pipeline.exec(&mut client).expect("the source takes it");
    }
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}
