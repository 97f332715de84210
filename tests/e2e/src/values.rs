//! Values of hundreds of thousands of elements: in pieces, in bounded memory, changed while they are on their way.

use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use testkit::redis::{self, Connection, Pipeline};
use testkit::{Kind, Server, assert_equal};

use crate::setup::{self, between, expect, seed, status, stop, wait_applied};

const ELEMENTS: u32 = 200_000;
const STRING_BYTES: usize = 24 << 20;

/// One value of each type, each far larger than what is held at once.
fn load(source: &Server) {
    let mut client = source.client();
    for part in (0..ELEMENTS).collect::<Vec<_>>().chunks(2_000) {
        let mut pipeline = redis::pipe();
        fill(&mut pipeline, part);
        pipeline.exec(&mut client).expect("the source takes it");
    }
    let mut rng = StdRng::seed_from_u64(1);
    let bytes: Vec<u8> = (0..STRING_BYTES).map(|_| rng.random()).collect();
    redis::cmd("SET").arg("string").arg(bytes).exec(&mut client).expect("the source takes it");
    source.run::<()>(&["PEXPIRE", "list", "100000000"]);
    source.run::<()>(&["PEXPIRE", "string", "100000001"]);
}

fn fill(pipeline: &mut Pipeline, part: &[u32]) {
    let member = |number: &u32| format!("a member with some length, number {number}");
    let members: Vec<String> = part.iter().map(member).collect();
    pipeline.cmd("RPUSH").arg("list").arg(&members[..]);
    pipeline.cmd("SADD").arg("set").arg(&members[..]);
    let pairs: Vec<(&String, &u32)> = members.iter().zip(part).collect();
    pipeline.cmd("HSET").arg("hash").arg(&pairs[..]);
    let scores: Vec<(u32, &String)> =
        part.iter().map(|number| number.wrapping_mul(2_654_435_761)).zip(&members).collect();
    pipeline.cmd("ZADD").arg("zset").arg(&scores[..]);
    for (number, member) in part.iter().zip(&members) {
        pipeline.cmd("XADD").arg("stream").arg(format!("{}-1", number + 1)).arg("f").arg(member);
    }
}

/// Changes every one of these values a little.
fn change(client: &mut Connection, rng: &mut StdRng) {
    let mut pipeline = redis::pipe();
    for _ in 0..10 {
        let number = rng.random_range(0..ELEMENTS);
        let member = format!("a member with some length, number {number}");
        pipeline.cmd("LPUSH").arg("list").arg(number).cmd("LSET").arg("list").arg(number / 2).arg("set");
        pipeline.cmd("SREM").arg("set").arg(&member).cmd("SADD").arg("set").arg(number);
        pipeline.cmd("HDEL").arg("hash").arg(&member).cmd("HINCRBY").arg("hash").arg("count").arg(1);
        pipeline.cmd("ZINCRBY").arg("zset").arg(1.5).arg(&member).cmd("ZPOPMIN").arg("zset");
        pipeline
            .cmd("XADD")
            .arg("stream")
            .arg("*")
            .arg("f")
            .arg(number)
            .cmd("XDEL")
            .arg("stream")
            .arg(format!("{number}-1"));
        pipeline.cmd("SETRANGE").arg("string").arg(number).arg("changed").cmd("APPEND").arg("string").arg("+");
    }
    pipeline.exec(client).expect("the source takes changes");
}

fn carried_in_pieces(from: Kind, to: Kind) {
    let start = |kind: Kind| Server::builder().kind(kind).config("rdbcompression", "no").start();
    let (source, target) = (start(from), start(to));
    load(&source);
    let seed = seed();
    println!("seed: {seed}");
    let bounds = ["limits.value_bytes_max=64KiB", "limits.snapshot_buffer_bytes=1MiB", "limits.in_flight_bytes=1MiB"];
    let keyferry = bounds.iter().fold(between(&source, &target), |keyferry, set| keyferry.args(&["--set", set]));
    // Slowly enough that changes come in the middle of each value.
    let sync = keyferry.args(&["--set", "limits.bytes_per_second=30MiB"]).spawn();
    expect("the snapshot begins", &sync, || setup::is_reachable(&sync) && setup::phase(&sync) == "snapshot");
    let (mut client, mut rng) = (source.client(), StdRng::seed_from_u64(seed));
    let mut rounds = 0;
    while setup::phase(&sync) == "snapshot" {
        change(&mut client, &mut rng);
        rounds += 1;
        thread::sleep(Duration::from_millis(20));
    }
    assert!(rounds > 10, "only {rounds} rounds of changes came during the snapshot");
    change(&mut client, &mut rng);
    wait_applied(&source, &sync);
    let (read, peak) = (status(&sync)["snapshot"]["bytes_read"].as_u64(), sync.peak_rss_bytes());
    println!("{rounds} rounds of changes; a snapshot of {read:?} bytes; at most {peak} bytes of memory");
    assert!(read.is_some_and(|bytes| bytes > 60 << 20), "{read:?}");
    assert!(peak < 48 << 20, "{peak} bytes of memory");
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn large_values_go_in_pieces_and_are_changed_meanwhile() {
    carried_in_pieces(Kind::Redis70, Kind::Redis70);
}

#[test]
fn large_values_go_in_pieces_to_an_older_server() {
    carried_in_pieces(Kind::Valkey80, Kind::Redis62);
}

#[test]
fn a_large_value_whose_key_is_deleted_or_renamed_meanwhile_leaves_nothing_behind() {
    let (source, target) = (Server::start_default(), Server::start_default());
    load(&source);
    let limits = ["--set", "limits.value_bytes_max=64KiB", "--set", "limits.bytes_per_second=30MiB"];
    let sync = between(&source, &target).args(&limits).spawn();
    expect("the snapshot begins", &sync, || setup::is_reachable(&sync) && setup::phase(&sync) == "snapshot");
    for words in [["DEL", "list"], ["UNLINK", "set"], ["PERSIST", "string"]] {
        source.run::<()>(&words);
    }
    source.run::<()>(&["RPUSH", "list", "a new one"]);
    source.run::<()>(&["RENAME", "hash", "renamed"]);
    source.run::<()>(&["MOVE", "zset", "3"]);
    source.run::<()>(&["COPY", "stream", "copied"]);
    assert_eq!(setup::phase(&sync), "snapshot", "too late: the snapshot is applied already");
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}
