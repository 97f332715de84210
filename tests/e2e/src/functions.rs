//! Libraries of functions, in the snapshot and in the stream.

use testkit::{Server, assert_equal};

use crate::setup::{self, between, fails, stop, wait_applied};

fn library(name: &str, text: &str) -> String {
    format!("#!lua name={name}\nredis.register_function('{name}_f', function(keys, args) {text} end)")
}

#[test]
fn functions_are_carried_with_the_snapshot_and_changed_by_the_stream() {
    let (source, target) = (Server::start_default(), Server::start_default());
    for name in ["one", "two", "three"] {
        source.run::<()>(&["FUNCTION", "LOAD", &library(name, "return redis.call('INCR', keys[1])")]);
    }
    target.run::<()>(&["FUNCTION", "LOAD", &library("two", "return 'an older one'")]);
    let sync = between(&source, &target).spawn();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    assert_eq!(target.run::<u64>(&["FCALL", "two_f", "1", "of the target"]), 1);
    target.run::<()>(&["DEL", "of the target"]);

    source.run::<()>(&["FCALL", "one_f", "1", "count"]);
    source.run::<()>(&["FUNCTION", "LOAD", &library("four", "return redis.call('APPEND', keys[1], args[1])")]);
    source.run::<()>(&["FUNCTION", "LOAD", "REPLACE", &library("one", "return redis.call('DECR', keys[1])")]);
    source.run::<()>(&["FUNCTION", "DELETE", "three"]);
    source.run::<()>(&["FCALL", "one_f", "1", "count"]);
    source.run::<()>(&["FCALL", "four_f", "1", "text", "abc"]);
    wait_applied(&source, &sync);
    assert_equal(&source, &target);

    let dump: Vec<u8> = source.run(&["FUNCTION", "DUMP"]);
    source.run::<()>(&["FUNCTION", "FLUSH"]);
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    testkit::redis::cmd("FUNCTION").arg("RESTORE").arg(dump).exec(&mut source.client()).expect("it is its own dump");
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_library_that_stands_in_the_way_is_an_error_where_nothing_may_be_replaced() {
    let (source, target) = (Server::start_default(), Server::start_default());
    source.run::<()>(&["FUNCTION", "LOAD", &library("one", "return 1")]);
    target.run::<()>(&["FUNCTION", "LOAD", &library("one", "return 2")]);
    let finished = between(&source, &target).args(&["--on-existing", "error", "--until-caught-up"]).run(setup::LONG);
    fails(&finished, 74, &["one"]);
}
