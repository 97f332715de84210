//! The target refuses writes: the run waits, says which write and why, and loses nothing.

use std::fs;

use testkit::server::Data;
use testkit::workload::Family;
use testkit::{Dataset, Running, Server, Workload, assert_equal, wait_until};

use crate::setup::{self, between, done, ended, expect, fails, seed, status, stop, sync, wait_applied};

/// A load of which any write that is lost or doubled shows.
fn load(source: &Server) -> testkit::workload::Running {
    let families = [Family::Counters, Family::Lists, Family::Strings, Family::Streams, Family::Transactions];
    Workload::new(seed()).rate(1_500).families(&families).no_expiry().start(source)
}

/// The reason why a lane stands still, if one does.
fn pause(sync: &Running) -> Option<String> {
    Some(status(sync)["paused"].as_array()?.first()?["reason"].as_str()?.to_owned())
}

/// Lets the target refuse writes in one way and mends it again.
fn is_waited_out(code: &str, target: &Server, sync_url: &str, spoil: impl FnOnce(), mend: impl FnOnce()) {
    let source = Server::start_default();
    Dataset::new(seed()).keys_per_kind(1).dbs([0, 1]).large_values(false).load(&source);
    let sync = sync(&source.url(), sync_url).spawn();
    sync.wait_ready(setup::LONG);
    let load = load(&source);
    load.wait_for(300);
    spoil();
    let mut reason = None;
    expect("the pause is shown", &sync, || {
        reason = pause(&sync);
        reason.is_some()
    });
    let reason = reason.expect("it is shown");
    assert!(reason.contains(code), "not {code}: {reason}");
    assert!(reason.contains("\"w:"), "the key is not named: {reason}");
    assert!(sync.stderr().contains(code), "{}", sync.stderr());
    load.wait_for(300);
    mend();
    load.wait_for(300);
    load.stop();
    wait_applied(&source, &sync);
    assert_eq!(pause(&sync), None);
    assert_equal(&source, target);
    stop(&sync);
}

#[test]
fn a_target_without_memory_is_waited_for() {
    let target = Server::start_default();
    let spoil = || target.run::<()>(&["CONFIG", "SET", "maxmemory", "1000000"]);
    is_waited_out("OOM", &target, &target.url(), spoil, || target.run(&["CONFIG", "SET", "maxmemory", "0"]));
}

#[test]
fn a_target_that_became_a_replica_is_waited_for() {
    let target = Server::start_default();
    // Nobody listens on port 1: it keeps its data, and refuses writes.
    let spoil = || target.run::<()>(&["REPLICAOF", "127.0.0.1", "1"]);
    is_waited_out("READONLY", &target, &target.url(), spoil, || target.run(&["REPLICAOF", "NO", "ONE"]));
}

#[test]
fn a_right_that_is_taken_away_is_waited_for() {
    let target = Server::start_default();
    target.run::<()>(&["ACL", "SETUSER", "ferry", "on", ">pw", "~*", "&*", "+@all"]);
    let url = target.url().replace("redis://", "redis://ferry:pw@");
    let spoil = || target.run::<()>(&["ACL", "SETUSER", "ferry", "-incr", "-incrby", "-rpush", "-append"]);
    let mend = || target.run::<()>(&["ACL", "SETUSER", "ferry", "+@all"]);
    is_waited_out("NOPERM", &target, &url, spoil, mend);
}

#[test]
fn a_target_that_cannot_save_is_waited_for() {
    let target = Server::start_default();
    let dump = target.dir().join("dump.rdb");
    let spoil = || {
        // A folder in the place of the dump: it cannot be renamed over.
        fs::create_dir_all(dump.join("in the way")).expect("the target's folder can be written");
        target.run::<()>(&["CONFIG", "SET", "save", "100000 1"]);
        target.run::<()>(&["BGSAVE"]);
        let failed = wait_until(setup::LONG, || target.info("rdb_last_bgsave_status") == "err");
        assert!(failed, "the target has saved all the same");
    };
    let mend = || {
        fs::remove_dir_all(&dump).expect("the folder is ours");
        // One that is still on its way is waited for.
        assert!(wait_until(setup::LONG, || target.try_run::<()>(&["BGSAVE"]).is_ok()), "the target does not save");
    };
    is_waited_out("MISCONF", &target, &target.url(), spoil, mend);
}

/// A server that takes seconds to load what it has saved.
fn slow_to_load() -> Server {
    let slow = [("key-load-delay", "3000"), ("loading-process-events-interval-bytes", "1024")];
    slow.iter().fold(Server::builder(), |builder, (name, value)| builder.config(name, value)).start()
}

#[test]
fn a_target_that_is_still_loading_is_waited_for() {
    let (source, target) = (Server::start_default(), slow_to_load());
    Dataset::new(seed()).large_values(false).load(&source);
    done(between(&source, &target).args(&["--snapshot-only"]));
    target.restart(Data::Kept);
    assert_eq!(target.info("loading"), "1", "the test wants a target that is still loading");
    source.run::<()>(&["SET", "later", "1"]);
    let sync = between(&source, &target).spawn();
    expect("-LOADING is told", &sync, || sync.stderr().contains("LOADING"));
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

/// What it had acknowledged may be lost, even where it loads data again: a run that went on could leave a hole.
#[test]
fn a_target_that_was_restarted_is_not_taken_for_complete() {
    for data in [Data::Kept, Data::Dropped] {
        let (source, target) = (Server::start_default(), Server::start_default());
        Dataset::new(seed()).keys_per_kind(1).dbs([0]).large_values(false).load(&source);
        let sync = between(&source, &target).spawn();
        wait_applied(&source, &sync);
        target.restart(data);
        source.run::<()>(&["SET", "later", "1"]);
        fails(&ended(&sync), 74, &["the target was restarted", "Start again"]);
    }
}

#[test]
fn a_key_that_somebody_wrote_on_the_target_ends_the_run_and_is_named() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    target.run::<()>(&["SET", "contested", "not a list"]);
    source.run::<()>(&["LPUSH", "contested", "a secret value"]);
    let finished = ended(&sync);
    fails(&finished, 74, &["LPUSH", "contested", "WRONGTYPE"]);
    assert!(!finished.stderr.contains("a secret value"), "a value is shown: {}", finished.stderr);
}
