//! The link to the target breaks in the middle of writes whose doubling or loss would show for good.

use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use testkit::compare::Options;
use testkit::fault::{Cut, Direction};
use testkit::redis;
use testkit::workload::Family;
use testkit::{Dataset, FaultProxy, Running, Server, Workload, assert_equal, compare};

use crate::setup::{self, SettingsFile, expect, seed, soaks, status, stop, sync, wait_applied};

/// INCR, LPUSH, APPEND, XADD and the like: no write of them may be lost or doubled. Deadlines that pass while the
/// target is away are `expiry`'s business.
const TELLING: [Family; 8] = [
    Family::Counters,
    Family::Lists,
    Family::Strings,
    Family::Streams,
    Family::Transactions,
    Family::Scripts,
    Family::SortedSets,
    Family::Keys,
];

fn reconnects(sync: &Running) -> u64 {
    status(sync)["target"]["reconnects"].as_u64().expect("a number")
}

fn target_cut_in_the_middle_of_writes(lanes: &str) {
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&target.addr());
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).large_values(false).load(&source);
    let load = Workload::new(seed).rate(4_000).pipeline(50).families(&TELLING).no_expiry().start(&source);
    let sync = sync(&source.url(), &link.url()).args(&["--lanes", lanes]).spawn();
    sync.wait_ready(setup::LONG);
    for round in 0..12 {
        load.wait_for(700);
        match round % 4 {
            0 => link.cut(Cut::Close),
            1 => link.cut_after(Direction::ToServer, 5_000, Cut::Reset),
            2 => link.cut_after(Direction::ToClient, 50, Cut::Reset),
            _ => link.cut(Cut::Reset),
        }
    }
    load.wait_for(2_000);
    load.stop();
    wait_applied(&source, &sync);
    assert!(reconnects(&sync) >= 6, "{:#}", status(&sync));
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_target_cut_off_in_the_middle_of_writes_gets_each_of_them_once_over_one_lane() {
    target_cut_in_the_middle_of_writes("1");
}

#[test]
fn a_target_cut_off_in_the_middle_of_writes_gets_each_of_them_once_over_four_lanes() {
    target_cut_in_the_middle_of_writes("4");
}

#[test]
fn a_target_cut_off_in_the_middle_of_the_snapshot_gets_all_of_it() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&target.addr());
    let seed = seed();
    Dataset::new(seed).load(&source);
    let load = Workload::new(seed).rate(1_000).families(&TELLING).no_expiry().start(&source);
    link.throttle(4_000_000);
    link.cut_after(Direction::ToServer, 2_000_000, Cut::Reset);
    let sync = sync(&source.url(), &link.url()).spawn();
    expect("the link breaks", &sync, || sync.stderr().contains("link to the target lost"));
    link.cut_after(Direction::ToServer, 2_000_000, Cut::Close);
    sync.wait_ready(setup::LONG);
    load.wait_for(1_000);
    load.stop();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_target_that_falls_silent_is_left_and_found_again() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&target.addr());
    let patience = ["--set", "timeouts.reply=2s", "--set", "timeouts.connect=1s"];
    let sync = sync(&source.url(), &link.url()).args(&patience).spawn();
    sync.wait_ready(setup::LONG);
    let load = Workload::new(seed()).rate(2_000).families(&TELLING).no_expiry().start(&source);
    load.wait_for(1_000);
    link.half_open();
    load.wait_for(1_000);
    expect("the silence is noticed", &sync, || sync.stderr().contains("no reply for"));
    link.pass();
    load.wait_for(1_000);
    load.stop();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_slow_target_slows_nobody_but_us() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&target.addr());
    let sync = sync(&source.url(), &link.url()).spawn();
    sync.wait_ready(setup::LONG);
    link.throttle(100_000);
    let load = Workload::new(seed()).max_rate().families(&TELLING).no_expiry().start(&source);
    load.wait_for(20_000);
    let replica = source.run::<String>(&["CLIENT", "LIST", "TYPE", "replica"]);
    let waiting = replica.split("omem=").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u64>().ok());
    // A block of the replication buffer counts as a whole while a part of it is on its way.
    assert!(waiting.is_some_and(|bytes| bytes < 1 << 20), "the source keeps our changes for us: {replica}");
    load.stop();
    link.pass();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

fn both_links_at_random(lanes: &str) {
    let seed = seed();
    let mut rng = StdRng::seed_from_u64(seed);
    let (source, target) = (Server::start_default(), Server::start_default());
    source.run::<()>(&["CONFIG", "SET", "repl-backlog-size", "32mb"]);
    source.run::<()>(&["CONFIG", "SET", "repl-ping-replica-period", "1"]);
    let links = [FaultProxy::to(&source.addr()), FaultProxy::to(&target.addr())];
    let patience = [
        "--lanes",
        lanes,
        "--set",
        "timeouts.source_idle=3s",
        "--set",
        "timeouts.reply=2s",
        "--set",
        "timeouts.connect=1s",
    ];
    Dataset::new(seed).keys_per_kind(1).large_values(false).load(&source);
    let sync = sync(&links[0].url(), &links[1].url()).args(&patience).spawn();
    sync.wait_ready(setup::LONG);
    let load = Workload::new(seed).rate(3_000).families(&TELLING).no_expiry().start(&source);
    for _ in 0..if soaks() { 600 } else { 40 } {
        let link = &links[rng.random_range(0..2)];
        let direction = if rng.random() { Direction::ToServer } else { Direction::ToClient };
        match rng.random_range(0..9) {
            0 => link.cut(Cut::Close),
            1 | 2 => link.cut(Cut::Reset),
            3 | 4 => link.cut_after(direction, rng.random_range(1..20_000), Cut::Reset),
            5 => link.delay(Duration::from_millis(rng.random_range(1..50))),
            6 => link.throttle(rng.random_range(50_000..500_000)),
            7 => link.refuse(),
            _ => link.pass(),
        }
        thread::sleep(Duration::from_millis(rng.random_range(20..600)));
        if rng.random() {
            link.pass();
        }
    }
    links.iter().for_each(FaultProxy::pass);
    load.stop();
    wait_applied(&source, &sync);
    println!("links to the target made anew: {}", reconnects(&sync));
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn links_that_fail_at_random_on_both_sides_lose_and_double_nothing_over_one_lane() {
    both_links_at_random("1");
}

#[test]
fn links_that_fail_at_random_on_both_sides_lose_and_double_nothing_over_four_lanes() {
    both_links_at_random("4");
}

/// Every operation that there is, but for deadlines and exchanged databases, under other names in other databases.
#[test]
fn a_target_cut_off_at_random_gets_each_write_once_under_rules_too() {
    let seed = seed();
    let mut rng = StdRng::seed_from_u64(seed);
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = FaultProxy::to(&target.addr());
    let rules = "rules.db_map = { 1 = 11, 9 = 3 }\nrules.rename = [{ add_prefix = \"p:\" }]";
    let file = SettingsFile::new(&source.url(), &link.url(), rules);
    Dataset::new(seed).keys_per_kind(1).dbs([0, 1, 9]).large_values(false).load(&source);
    let sync = file.sync().spawn();
    sync.wait_ready(setup::LONG);
    let load = Workload::new(seed).rate(2_500).without(&[Family::Expiry]).no_expiry().start(&source);
    for _ in 0..if soaks() { 200 } else { 25 } {
        load.wait_for(rng.random_range(50..600));
        match rng.random_range(0..4) {
            0 => link.cut(Cut::Close),
            1 => link.cut(Cut::Reset),
            2 => link.cut_after(Direction::ToServer, rng.random_range(1..8_000), Cut::Reset),
            _ => link.cut_after(Direction::ToClient, rng.random_range(1..300), Cut::Reset),
        }
    }
    load.stop();
    link.pass();
    wait_applied(&source, &sync);
    let moved = |db: u32| {
        Some(if db == 1 {
            11
        } else if db == 9 {
            3
        } else {
            db
        })
    };
    compare(&source, &target, &Options::new().db_map(moved).key_map(|key| [b"p:", key].concat())).assert_equal();
    stop(&sync);
}

/// Counts, empties and counts on, while the target is cut off again and again.
#[test]
fn databases_that_are_emptied_while_the_target_is_cut_off_hold_what_came_after() {
    for lanes in ["1", "4"] {
        let seed = seed();
        println!("seed: {seed}");
        let mut rng = StdRng::seed_from_u64(seed);
        let (source, target) = (Server::start_default(), Server::start_default());
        let link = FaultProxy::to(&target.addr());
        let sync = sync(&source.url(), &link.url()).args(&["--lanes", lanes]).spawn();
        sync.wait_ready(setup::LONG);
        for round in 0..120 {
            let mut client = source.client_db(round % 3);
            let mut pipeline = redis::pipe();
            for _ in 0..40 {
                let key = rng.random_range(0..12);
                match rng.random_range(0..40) {
                    0 => pipeline.cmd("FLUSHDB"),
                    1 if key == 0 => pipeline.cmd("FLUSHALL").arg("ASYNC"),
                    2 => pipeline
                        .cmd("MULTI")
                        .cmd("RPUSH")
                        .arg("list")
                        .arg(key)
                        .cmd("FLUSHDB")
                        .cmd("INCR")
                        .arg(key)
                        .cmd("EXEC"),
                    3..20 => pipeline.cmd("INCR").arg(format!("count{key}")),
                    _ => pipeline.cmd("RPUSH").arg(format!("list{key}")).arg(round),
                };
            }
            pipeline.exec(&mut client).expect("the source takes it");
            match rng.random_range(0..5) {
                0 => link.cut(Cut::Reset),
                1 => link.cut_after(Direction::ToServer, rng.random_range(1..2_000), Cut::Reset),
                2 => link.cut_after(Direction::ToClient, rng.random_range(1..100), Cut::Reset),
                _ => thread::sleep(Duration::from_millis(5)),
            }
        }
        link.pass();
        wait_applied(&source, &sync);
        assert_equal(&source, &target);
        stop(&sync);
    }
}
