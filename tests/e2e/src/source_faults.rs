//! The link to the source breaks, falls silent, trickles; the source cannot save, loads, has lost its own master.

use std::time::Duration;
use std::{fs, thread};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use testkit::fault::{Cut, Direction};
use testkit::server::Data;
use testkit::workload::Family;
use testkit::{Dataset, FaultProxy, Running, Server, Workload, assert_equal, wait_until};

use crate::setup::{self, between, expect, phase, seed, soaks, status, stop, sync, wait_applied};

/// A change applied twice or left out shows for good. Deadlines that pass while a link is down are `expiry`'s business.
const TELLING: [Family; 6] =
    [Family::Counters, Family::Lists, Family::Strings, Family::Streams, Family::Transactions, Family::Scripts];

fn reconnects(sync: &Running) -> u64 {
    status(sync)["source"]["reconnects"].as_u64().expect("a number")
}

fn snapshots(sync: &Running) -> u64 {
    status(sync)["snapshot"]["begun"].as_u64().expect("a number")
}

#[test]
fn a_cut_link_to_the_source_is_taken_up_where_it_broke() {
    for lanes in ["1", "4"] {
        let (source, target) = (Server::start_default(), Server::start_default());
        let link = FaultProxy::to(&source.addr());
        let seed = seed();
        Dataset::new(seed).keys_per_kind(1).large_values(false).load(&source);
        let sync = sync(&link.url(), &target.url()).args(&["--lanes", lanes]).spawn();
        sync.wait_ready(setup::LONG);
        let load = Workload::new(seed).rate(4_000).families(&TELLING).no_expiry().start(&source);
        for round in 0..6 {
            load.wait_for(1_000);
            match round % 3 {
                0 => link.cut(Cut::Close),
                1 => link.cut(Cut::Reset),
                _ => link.cut_after(Direction::ToClient, 10_000, Cut::Reset),
            }
        }
        load.wait_for(2_000);
        load.stop();
        wait_applied(&source, &sync);
        assert!(reconnects(&sync) >= 3, "{:#}", status(&sync));
        assert_eq!(snapshots(&sync), 1, "the source kept its backlog: one snapshot is enough");
        assert_equal(&source, &target);
        stop(&sync);
    }
}

#[test]
fn a_link_that_breaks_in_the_middle_of_the_snapshot_means_another_one() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&source.addr());
    let seed = seed();
    Dataset::new(seed).load(&source);
    link.cut_after(Direction::ToClient, 3_000_000, Cut::Reset);
    // What is only ever added to: keys that are deleted between two snapshots are the next test's business.
    let load = Workload::new(seed).counters().start(&source);
    let sync = sync(&link.url(), &target.url()).spawn();
    sync.wait_ready(setup::LONG);
    load.wait_for(2_000);
    load.stop();
    wait_applied(&source, &sync);
    assert!(snapshots(&sync) >= 2, "{:#}", status(&sync));
    assert_equal(&source, &target);
    stop(&sync);
}

/// Not only must the key go: what is written under its name later must not be added to what was there.
#[test]
#[ignore = "not done yet, and docs/MIGRATING.md says so: keys that the source lost before a second snapshot stay"]
fn keys_that_the_source_lost_between_two_snapshots_are_gone_from_the_target() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&source.addr());
    source.run::<()>(&["CONFIG", "SET", "repl-backlog-size", "16kb"]);
    source.run::<()>(&["SADD", "deleted", "1"]);
    source.run::<()>(&["SADD", "made anew", "1"]);
    let sync = sync(&link.url(), &target.url()).spawn();
    wait_applied(&source, &sync);
    link.refuse();
    link.cut(Cut::Reset);
    source.run::<()>(&["DEL", "deleted", "made anew"]);
    // More than the backlog reaches: the stream cannot be taken up.
    source.run::<()>(&["SET", "long", &"x".repeat(1 << 20)]);
    link.pass();
    expect("a second snapshot begins", &sync, || snapshots(&sync) == 2);
    wait_applied(&source, &sync);
    source.run::<()>(&["SADD", "made anew", "2"]);
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_source_that_falls_silent_is_left_and_found_again() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&source.addr());
    source.run::<()>(&["CONFIG", "SET", "repl-ping-replica-period", "1"]);
    let idle = ["--set", "timeouts.source_idle=3s", "--set", "timeouts.connect=1s"];
    let sync = sync(&link.url(), &target.url()).args(&idle).spawn();
    sync.wait_ready(setup::LONG);
    let load = Workload::new(seed()).rate(1_000).families(&TELLING).no_expiry().start(&source);
    load.wait_for(500);
    link.half_open();
    load.wait_for(500);
    expect("the silence is noticed", &sync, || sync.stderr().contains("not a byte from the source"));
    link.pass();
    load.wait_for(500);
    load.stop();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_slow_link_to_the_source_is_no_reason_to_give_up() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&source.addr());
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).dbs([0, 3]).large_values(false).load(&source);
    link.throttle(300_000);
    let load = Workload::new(seed).no_short_lives().rate(500).start(&source);
    let sync = sync(&link.url(), &target.url()).spawn();
    sync.wait_ready(setup::LONG);
    load.wait_for(1_000);
    load.stop();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_source_that_throws_its_replicas_out_is_connected_to_again() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    let load = Workload::new(seed()).rate(2_000).families(&TELLING).no_expiry().start(&source);
    for _ in 0..4 {
        load.wait_for(1_000);
        source.run::<()>(&["CLIENT", "KILL", "TYPE", "replica"]);
    }
    load.wait_for(1_000);
    load.stop();
    wait_applied(&source, &sync);
    assert!(reconnects(&sync) >= 2, "{:#}", status(&sync));
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_source_that_cannot_save_is_asked_again_until_it_can() {
    let (source, target) = (Server::builder().config("repl-diskless-sync", "no").start(), Server::start_default());
    Dataset::new(seed()).keys_per_kind(1).dbs([0]).large_values(false).load(&source);
    // A folder in the place of the dump: it cannot be renamed over.
    let dump = source.dir().join("dump.rdb");
    fs::create_dir_all(dump.join("in the way")).expect("the source's folder can be written");
    let sync = between(&source, &target).spawn();
    expect("the failure is told", &sync, || sync.stderr().contains("link to the source lost"));
    assert!(sync.exit_status().is_none(), "{}", sync.stderr());
    fs::remove_dir_all(&dump).expect("the folder is ours");
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_source_that_is_loading_is_waited_for() {
    // Each key takes 3 ms to load: some seconds, in which the source answers -LOADING.
    let slow = [("key-load-delay", "3000"), ("loading-process-events-interval-bytes", "1024")];
    let source = slow.iter().fold(Server::builder(), |builder, (name, value)| builder.config(name, value)).start();
    let target = Server::start_default();
    let seed = seed();
    Dataset::new(seed).large_values(false).load(&source);
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    source.restart(Data::Kept);
    assert_eq!(source.info("loading"), "1", "the test wants a source that is still loading");
    expect("-LOADING is told", &sync, || sync.stderr().contains("LOADING"));
    expect("the source has loaded", &sync, || source.info("loading") == "0");
    let load = Workload::new(seed).no_short_lives().start(&source);
    load.wait_for(500);
    load.stop();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_source_that_was_restarted_is_followed_on() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).dbs([0, 1]).load(&source);
    let sync = between(&source, &target).spawn();
    wait_applied(&source, &sync);
    source.restart(Data::Kept);
    expect("the source has loaded", &sync, || source.info("loading") == "0");
    let load = Workload::new(seed).no_short_lives().start(&source);
    load.wait_for(2_000);
    load.stop();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_replica_can_be_the_source_and_is_waited_for_while_it_has_no_master() {
    let (master, replica, target) = (Server::start_default(), Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&master.addr());
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).dbs([0, 1]).large_values(false).load(&master);
    link.refuse();
    replica.run::<()>(&["REPLICAOF", "127.0.0.1", &link.port().to_string()]);
    let sync = between(&replica, &target).args(&["--skip-check", "start-without-check"]).spawn();
    expect("the missing master is told", &sync, || sync.stderr().contains("NOMASTERLINK"));
    link.pass();
    let load = Workload::new(seed).no_short_lives().start(&master);
    load.wait_for(2_000);
    sync.wait_ready(setup::LONG);
    // The master's stream breaks and goes on; the replica passes on what it gets.
    link.cut(Cut::Reset);
    load.wait_for(2_000);
    load.stop();
    wait_applied(&master, &sync);
    assert_equal(&master, &target);
    stop(&sync);
}

#[test]
fn a_replica_that_is_promoted_while_it_is_the_source_is_followed_on() {
    let (master, replica, target) = (Server::start_default(), Server::start_default(), Server::start_default());
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).dbs([0, 1]).large_values(false).load(&master);
    replica.run::<()>(&["REPLICAOF", "127.0.0.1", &master.port().to_string()]);
    assert!(wait_until(setup::LONG, || replica.info("master_link_status") == "up"), "the replica has no master");
    let load = Workload::new(seed).no_short_lives().start(&master);
    let sync = between(&replica, &target).spawn();
    sync.wait_ready(setup::LONG);
    load.wait_for(2_000);
    load.stop();
    wait_applied(&master, &sync);
    replica.run::<()>(&["REPLICAOF", "NO", "ONE"]);
    let load = Workload::new(seed + 1).no_short_lives().start(&replica);
    load.wait_for(2_000);
    // The history has changed under the stream: a broken link is taken up in the new one.
    replica.run::<()>(&["CLIENT", "KILL", "TYPE", "replica"]);
    load.wait_for(2_000);
    load.stop();
    wait_applied(&replica, &sync);
    assert_equal(&replica, &target);
    stop(&sync);
}

#[test]
fn a_link_to_the_source_that_fails_at_random_loses_and_doubles_nothing() {
    let seed = seed();
    let mut rng = StdRng::seed_from_u64(seed);
    let (source, target) = (Server::start_default(), Server::start_default());
    source.run::<()>(&["CONFIG", "SET", "repl-backlog-size", "32mb"]);
    let link = FaultProxy::to(&source.addr());
    let args = ["--set", "timeouts.source_idle=2s", "--set", "timeouts.connect=1s"];
    source.run::<()>(&["CONFIG", "SET", "repl-ping-replica-period", "1"]);
    let sync = sync(&link.url(), &target.url()).args(&args).spawn();
    sync.wait_ready(setup::LONG);
    let load = Workload::new(seed).rate(3_000).families(&TELLING).no_expiry().start(&source);
    for _ in 0..if soaks() { 400 } else { 25 } {
        match rng.random_range(0..6) {
            0 => link.cut(Cut::Close),
            1 => link.cut(Cut::Reset),
            2 => link.cut_after(Direction::ToClient, rng.random_range(1..50_000), Cut::Reset),
            3 => link.delay(Duration::from_millis(rng.random_range(1..50))),
            4 => link.throttle(rng.random_range(50_000..500_000)),
            _ => link.pass(),
        }
        thread::sleep(Duration::from_millis(rng.random_range(50..500)));
    }
    link.pass();
    load.stop();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    assert_eq!(phase(&sync), "following");
    stop(&sync);
}
