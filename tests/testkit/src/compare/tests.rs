use super::*;
use crate::dataset::Dataset;
use crate::server::Kind;
use crate::wait_until;
use std::time::{Duration, Instant};

/// Carries everything by the server's own replication, which is what a perfect migration looks like.
fn replicate(source: &Server, target: &Server) {
    target.run::<()>(&["REPLICAOF", "127.0.0.1", &source.port().to_string()]);
    let caught_up = || {
        target.info("master_link_status") == "up"
            && target.info("slave_repl_offset") == source.info("master_repl_offset")
    };
    assert!(wait_until(Duration::from_secs(30), caught_up), "the replica does not catch up");
    target.run::<()>(&["REPLICAOF", "NO", "ONE"]);
}

fn apply(server: &Server, commands: &[&str]) {
    for line in commands {
        server.run::<redis::Value>(&line.split(' ').collect::<Vec<_>>());
    }
}

/// Applies `both` to two servers and `planted` to the target alone, and expects exactly one difference that is
/// described with the words of `expected`.
fn check(both: &[&str], planted: &[&str], expected: &str) {
    let (source, target) = (Server::start_default(), Server::start_default());
    apply(&source, both);
    apply(&target, both);
    assert_equal(&source, &target);
    apply(&target, planted);
    let report = compare(&source, &target, &Options::default());
    assert_eq!(report.differences.len(), 1, "{planted:?}: {report}");
    assert!(report.to_string().contains(expected), "{planted:?}: {report}");
}

#[test]
fn a_replica_of_every_kind_equals_its_source_and_bookkeeping_too() {
    for kind in Kind::ALL {
        let (source, target) = (Server::builder().kind(kind).start(), Server::builder().kind(kind).start());
        let loaded = Dataset::new(11).load(&source);
        replicate(&source, &target);
        let report = compare(&source, &target, &Options::new().group_bookkeeping(true));
        report.assert_equal();
        assert_eq!(report.compared, loaded.keys, "{kind}: {report}");
    }
}

#[test]
fn a_newer_replica_of_an_older_source_is_equal() {
    for (older, newer) in [(Kind::Redis62, Kind::Redis70), (Kind::Redis70, Kind::Valkey80)] {
        let (source, target) = (Server::builder().kind(older).start(), Server::builder().kind(newer).start());
        Dataset::new(12).keys_per_kind(2).dbs([0, 3]).large_values(false).load(&source);
        replicate(&source, &target);
        assert_equal(&source, &target);
    }
}

#[test]
fn a_planted_difference_in_a_key_is_found() {
    check(&["SET k v"], &["DEL k"], "db 0 `k`: missing on the target");
    check(&["SET k v"], &["SET extra v"], "db 0 `extra`: a string on the target that should not be");
    check(&["SET k v"], &["DEL k", "RPUSH k v"], "db 0 `k`: string on the source, list on the target");
    let deadline = "SET k v PXAT 4102444800000";
    check(&[deadline], &["PEXPIREAT k 4102444800001"], "4102444800000 ms, on the target it expires at 4102444800001");
    check(&[deadline], &["PERSIST k"], "on the target it does not expire");
    check(&["SET k v"], &["PEXPIREAT k 4102444800000"], "on the source it does not expire");
}

#[test]
fn a_planted_difference_in_a_value_is_found() {
    check(&["SET k v"], &["APPEND k w"], "the value is `v` on the source, `vw` on the target");
    check(&["RPUSH k a b c"], &["RPOP k"], "element 2 is only on the source");
    check(&["RPUSH k a b c"], &["LSET k 1 x"], "element 1 is `b` on the source, `x` on the target");
    check(&["SADD k a b c"], &["SREM k b"], "member `b` is only on the source");
    check(&["SADD k a b c"], &["SADD k bb"], "member `bb` is only on the target");
    check(&["HSET k f 1 g 2"], &["HSET k g 3"], "field `g` is `2` on the source, `3` on the target");
    check(&["HSET k f 1 g 2"], &["HDEL k f"], "field `f` is only on the source");
    check(
        &["ZADD k 1 a 2 b"],
        &["ZADD k 1.0000000000000002 a"],
        "member `a` is `1.0` on the source, `1.0000000000000002`",
    );
    let long = "m".repeat(70);
    check(&[&format!("ZADD k -0 {long}")], &[&format!("ZADD k 5 {long}"), &format!("ZADD k 0 {long}")], "is `-0.0` on");
}

#[test]
fn a_planted_difference_in_a_stream_is_found() {
    let entries = ["XADD k 1-1 f v", "XADD k 2-1 f v g w", "XADD k 3-1 f v"];
    check(&entries, &["XADD k 4-1 f v"], "entries-added is `3` on the source, `4`");
    check(&entries, &["XSETID k 9-0 ENTRIESADDED 3"], "last-generated-id is `3-1` on the source, `9-0`");
    check(&entries, &["XDEL k 2-1"], "entry 2-1 is only on the source");
    let group = [
        &entries[..],
        &["XGROUP CREATE k grp 0 ENTRIESREAD 0", "XCLAIM k grp anna 0 1-1 2-1 TIME 1600000000000 FORCE"],
    ]
    .concat();
    check(&group, &["XACK k grp 2-1"], "group `grp`, consumer `anna`, pel-count is `2` on the source, `1`");
    let again = "XCLAIM k grp anna 0 1-1 TIME 1600000000000 RETRYCOUNT 5";
    check(&group, &[again], "consumer `anna`, pending 1-1 is `1600000000000 2` on the source");
    check(&group, &["XGROUP CREATECONSUMER k grp bert"], "group `grp`, consumer `bert` is only on the target");
    check(&group, &["XGROUP SETID k grp 2-1 ENTRIESREAD 0"], "group `grp`, last-delivered-id is `0-0`");
    check(&entries, &["XGROUP CREATE k other 0"], "group `other` is only on the target");
}

#[test]
fn a_consumer_without_pending_entries_counts_unless_it_is_told_not_to() {
    let (source, target) = (Server::start_default(), Server::start_default());
    for server in [&source, &target] {
        apply(server, &["XADD k 1-1 f v", "XGROUP CREATE k grp 0", "XGROUP CREATECONSUMER k grp both"]);
        apply(server, &["XCLAIM k grp anna 0 1-1 TIME 1600000000000 FORCE"]);
    }
    apply(&source, &["XGROUP CREATECONSUMER k grp bert"]);
    assert!(!compare(&source, &target, &Options::new()).is_equal());
    compare(&source, &target, &Options::new().idle_consumers(false)).assert_equal();
    apply(&target, &["XGROUP DELCONSUMER k grp anna"]);
    assert!(!compare(&source, &target, &Options::new().idle_consumers(false)).is_equal());
}

#[test]
fn deadlines_may_differ_by_the_tolerance_and_no_more() {
    let (source, target) = (Server::start_default(), Server::start_default());
    apply(&source, &["SET k v PXAT 4102444800000"]);
    apply(&target, &["SET k v PXAT 4102444800005"]);
    let within =
        |ms| compare(&source, &target, &Options::new().deadline_tolerance(Duration::from_millis(ms))).is_equal();
    assert!(within(5) && !within(4));
    apply(&target, &["PERSIST k"]);
    assert!(!within(5));
}

#[test]
fn planted_differences_in_functions_are_found() {
    let load = |server: &Server, code: &str| server.run::<()>(&["FUNCTION", "LOAD", "REPLACE", code]);
    let code = |body: &str| format!("#!lua name=lib\nredis.register_function('f', function() return {body} end)");
    let (source, target) = (Server::start_default(), Server::start_default());
    let found = || compare(&source, &target, &Options::default()).differences.pop().map(|difference| difference.what);
    load(&source, &code("1"));
    assert_eq!(found(), Some(What::FunctionsMissing));
    load(&target, &code("2"));
    assert_eq!(found(), Some(What::FunctionsDiffer));
    load(&target, &code("1"));
    assert_eq!(found(), None);
    source.run::<()>(&["FUNCTION", "FLUSH"]);
    assert_eq!(found(), Some(What::FunctionsExtra));
    assert!(compare(&source, &target, &Options::new().functions(false)).is_equal());
}

#[test]
fn databases_keys_and_filters_are_mapped_as_the_options_say() {
    let (source, target) = (Server::start_default(), Server::start_default());
    apply(&source, &["SET a 1", "SET tmp:b 2"]);
    redis::cmd("SET").arg("in-one").arg("3").exec(&mut source.client_db(1)).unwrap();
    let mut third = target.client_db(3);
    redis::cmd("SET").arg("new:a").arg("1").exec(&mut third).unwrap();
    let options = || {
        Options::new()
            .db_map(|db| (db == 0).then_some(3))
            .key_map(|key| [b"new:", key].concat())
            .filter(|_, key| !key.starts_with(b"tmp:"))
            .ignore_on_target(|db, _| db == 7)
    };
    compare(&source, &target, &options()).assert_equal();
    redis::cmd("SET").arg("before").arg("1").exec(&mut target.client_db(7)).unwrap();
    compare(&source, &target, &options()).assert_equal();
    redis::cmd("SET").arg("new:tmp:b").arg("2").exec(&mut third).unwrap();
    let report = compare(&source, &target, &options());
    let extra = Difference { db: 3, key: b"new:tmp:b".to_vec(), what: What::Extra { type_name: "string".into() } };
    assert_eq!(report.differences, [extra]);
}

#[test]
fn a_key_that_expires_during_the_comparison_is_no_difference() {
    let (source, target) = (Server::start_default(), Server::start_default());
    // The target's key goes a little earlier, which is a difference until the source's deadline has passed.
    let soon = |server: &Server, ms: &str| server.run::<()>(&["SET", "k", "v", "PX", ms]);
    soon(&source, "600");
    soon(&target, "300");
    assert!(!compare(&source, &target, &Options::default()).is_equal());
    let equal = || compare(&source, &target, &Options::default()).is_equal();
    assert!(wait_until(Duration::from_secs(5), equal));
}

#[test]
fn lists_longer_than_a_piece_are_compared_to_their_end() {
    let (source, target) = (Server::start_default(), Server::start_default());
    for server in [&source, &target] {
        let script = "for i = 1, 20000 do redis.call('RPUSH', KEYS[1], i) end";
        server.run::<()>(&["EVAL", script, "1", "k"]);
    }
    assert_equal(&source, &target);
    target.run::<()>(&["LSET", "k", "-1", "x"]);
    let report = compare(&source, &target, &Options::default());
    assert!(report.to_string().contains("element 19999 is `20000` on the source, `x` on the target"), "{report}");
}

#[test]
fn a_hundred_thousand_keys_take_seconds() {
    let (source, target) = (Server::start_default(), Server::start_default());
    source.run::<()>(&["DEBUG", "POPULATE", "100000", "key", "100"]);
    replicate(&source, &target);
    let start = Instant::now();
    let report = compare(&source, &target, &Options::default());
    let took = start.elapsed();
    report.assert_equal();
    assert_eq!(report.compared, 100_000);
    println!("100000 keys compared in {took:?}");
    assert!(took < Duration::from_secs(30), "{took:?}");
}
