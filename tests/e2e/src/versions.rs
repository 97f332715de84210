//! From one server to another of another version.

use std::thread;
use std::time::Duration;

use testkit::compare::Options;
use testkit::redis;
use testkit::workload::Family;
use testkit::{Dataset, Kind, Server, Workload, assert_equal, compare};

use crate::setup::{self, between, done, ended, fails, seed, stop, wait_applied};

/// What can be equal between these two, seen from what the source tells its replicas.
fn equality(from: Kind) -> Options {
    match from {
        // EXPIRE and SET … EX reach its replicas as they were said: in times relative to when they hear of it.
        Kind::Redis62 => Options::new().deadline_tolerance(Duration::from_secs(2)),
        // It does not tell of a consumer that got nothing.
        Kind::Valkey80 => Options::new().idle_consumers(false),
        Kind::Redis70 => Options::new(),
    }
}

/// A pending entry whose message is deleted cannot be made by commands, from 7.0 on: XCLAIM drops it.
fn acknowledge_what_is_deleted(source: &Server, dbs: &[u32]) {
    for db in dbs {
        let mut client = source.client_db(*db);
        let keys: Vec<Vec<u8>> = redis::cmd("KEYS").arg("stream-groups*").query(&mut client).expect("KEYS answers");
        for key in keys {
            let pending: Vec<(String, String, u64, u64)> = redis::cmd("XPENDING")
                .arg(&key)
                .arg(&["from start", "-", "+", "100"])
                .query(&mut client)
                .expect("XPENDING answers");
            for (id, ..) in pending {
                let found: Vec<redis::Value> =
                    redis::cmd("XRANGE").arg(&key).arg(&id).arg(&id).query(&mut client).expect("XRANGE answers");
                if found.is_empty() {
                    redis::cmd("XACK").arg(&key).arg("from start").arg(&id).exec(&mut client).expect("XACK answers");
                }
            }
        }
    }
}

/// Everything that the source has, with a load before and after the snapshot.
fn carries(from: Kind, to: Kind, without: &[Family]) {
    const DBS: [u32; 3] = [0, 1, 9];
    for lanes in ["1", "4"] {
        let (source, target) = (Server::builder().kind(from).start(), Server::builder().kind(to).start());
        println!("from {from} to {to}");
        let seed = seed();
        let both_know_functions = from.is_7_or_later() && to.is_7_or_later();
        Dataset::new(seed).dbs(DBS).functions(both_know_functions).load(&source);
        acknowledge_what_is_deleted(&source, &DBS);
        let load = Workload::new(seed)
            .no_short_lives()
            .rate(2_000)
            .without(without)
            .without(&[Family::Streams])
            .start(&source);
        load.wait_for(500);
        let sync = between(&source, &target).args(&["--lanes", lanes]).spawn();
        sync.wait_ready(setup::LONG);
        if !without.contains(&Family::Streams) {
            let streams = Workload::new(seed).rate(1_000).prefix(b"s:").families(&[Family::Streams]).start(&source);
            streams.wait_for(500);
            streams.stop();
        }
        load.wait_for(3_000);
        load.stop();
        wait_applied(&source, &sync);
        compare(&source, &target, &equality(from)).assert_equal();
        stop(&sync);
    }
}

#[test]
fn from_redis_6_2_to_7_0() {
    carries(Kind::Redis62, Kind::Redis70, &[]);
}

#[test]
fn from_redis_6_2_to_6_2() {
    carries(Kind::Redis62, Kind::Redis62, &[]);
}

#[test]
fn from_redis_6_2_to_valkey_8_0() {
    carries(Kind::Redis62, Kind::Valkey80, &[]);
}

#[test]
fn from_redis_7_0_to_valkey_8_0() {
    carries(Kind::Redis70, Kind::Valkey80, &[]);
}

#[test]
fn from_valkey_8_0_to_valkey_8_0() {
    carries(Kind::Valkey80, Kind::Valkey80, &[]);
}

#[test]
fn from_valkey_8_0_back_to_redis_7_0() {
    carries(Kind::Valkey80, Kind::Redis70, &[]);
}

/// What 6.2 does not know: functions, shard channels, EXPIRE with a condition, XGROUP SETID … ENTRIESREAD. And 6.2.5
/// leaves the destination of GEOSEARCHSTORE where it is when the source is empty (mended in 6.2.6).
const UNKNOWN_TO_6_2: [Family; 5] = [Family::Scripts, Family::Messages, Family::Expiry, Family::Streams, Family::Geo];

#[test]
fn from_redis_7_0_back_to_6_2() {
    carries(Kind::Redis70, Kind::Redis62, &UNKNOWN_TO_6_2);
}

#[test]
fn from_valkey_8_0_back_to_redis_6_2() {
    carries(Kind::Valkey80, Kind::Redis62, &UNKNOWN_TO_6_2);
}

#[test]
fn what_an_older_target_does_not_know_ends_the_run_and_is_named() {
    let (source, target) = (Server::start_default(), Server::builder().kind(Kind::Redis62).start());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    source.run::<()>(&["SPUBLISH", "channel", "message"]);
    let finished = ended(&sync);
    fails(&finished, 74, &["SPUBLISH", "unknown command"]);
}

#[test]
fn functions_that_the_target_cannot_have_are_said_before_anything_is_carried() {
    let (source, target) = (Server::start_default(), Server::builder().kind(Kind::Redis62).start());
    Dataset::new(seed()).keys_per_kind(1).dbs([0]).large_values(false).load(&source);
    let finished = between(&source, &target).args(&["--until-caught-up"]).run(setup::LONG);
    let said = format!("{}{}", finished.stdout, finished.stderr).to_lowercase();
    assert!(said.contains("function"), "{said}");
    assert!(matches!(finished.code, Some(0 | 65)), "{:?}: {said}", finished.code);
}

/// The source has judged the condition already, and tells of the command only where it held.
#[test]
fn a_deadline_with_a_condition_is_carried_to_an_older_target() {
    let (source, target) = (Server::start_default(), Server::builder().kind(Kind::Redis62).start());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    source.run::<()>(&["SET", "key", "value"]);
    source.run::<()>(&["EXPIRE", "key", "1000", "NX"]);
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

/// XREADGROUP reaches replicas as XCLAIM and, since 7.0, XGROUP SETID … ENTRIESREAD: a count that is for information.
#[test]
fn what_groups_read_is_carried_to_an_older_target() {
    let (source, target) = (Server::start_default(), Server::builder().kind(Kind::Redis62).start());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    source.run::<()>(&["XADD", "stream", "1-1", "f", "v"]);
    source.run::<()>(&["XGROUP", "CREATE", "stream", "group", "0"]);
    source.run::<()>(&["XREADGROUP", "GROUP", "group", "anna", "STREAMS", "stream", ">"]);
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

/// A relative time counts from when the source said it, not from when the target hears of it.
#[test]
fn a_relative_deadline_is_right_on_a_target_that_hears_of_it_late() {
    let (source, target) = (Server::builder().kind(Kind::Redis62).start(), Server::start_default());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    for key in ["a", "b"] {
        source.run::<()>(&["SET", key, "1"]);
    }
    wait_applied(&source, &sync);
    target.pause();
    source.run::<()>(&["EXPIRE", "a", "1000"]);
    source.run::<()>(&["SETEX", "b", "1000", "2"]);
    source.run::<()>(&["SET", "c", "3", "PX", "1000000"]);
    thread::sleep(Duration::from_secs(4));
    target.resume();
    wait_applied(&source, &sync);
    compare(&source, &target, &Options::new().deadline_tolerance(Duration::from_secs(1))).assert_equal();
    stop(&sync);
}

/// Redis 6.2 can be told to send scripts as such, and keeps those of its cache in the snapshot.
#[test]
fn scripts_that_are_sent_as_scripts_are_run_as_scripts() {
    let (source, target) =
        (Server::builder().kind(Kind::Redis62).config("lua-replicate-commands", "no").start(), Server::start_default());
    let script = "return redis.call('APPEND', KEYS[1], ARGV[1])";
    let before: String = source.run(&["SCRIPT", "LOAD", script]);
    source.run::<()>(&["EVALSHA", &before, "1", "log", "a"]);
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    source.run::<()>(&["EVALSHA", &before, "1", "log", "b"]);
    source.run::<()>(&["EVAL", "return redis.call('RPUSH', KEYS[1], KEYS[2])", "2", "list", "other"]);
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_source_asked_by_sync_is_carried_too() {
    for kind in Kind::ALL {
        let (source, target) = (Server::builder().kind(kind).start(), Server::builder().kind(kind).start());
        Dataset::new(seed()).keys_per_kind(1).dbs([0, 1]).load(&source);
        done(between(&source, &target).args(&["--set", "source.replica.command=sync", "--until-caught-up"]));
        assert_equal(&source, &target);
    }
}
