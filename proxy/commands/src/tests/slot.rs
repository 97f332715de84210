use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::tests::server::Server;
use crate::{hash_tag, slot};

#[test]
fn slots_are_those_of_the_cluster_specification() {
    let cases: &[(&[u8], u16)] = &[
        // "123456789" is the check text of CRC-16/XMODEM: 0x31C3.
        (b"123456789", 0x31C3),
        (b"", 0),
        (b"foo", 12182),
        (b"somekey", 11058),
        (b"foo{hash_tag}", 2515),
        (b"bar{hash_tag}", 2515),
    ];
    for (key, wanted) in cases {
        assert_eq!(slot(key).number(), *wanted, "{}", record::Escaped(key));
    }
}

#[test]
fn a_hash_tag_is_the_first_pair_of_braces_with_something_between() {
    let cases: &[(&[u8], &[u8])] = &[
        (b"{user1000}.following", b"user1000"),
        (b"foo{}{bar}", b"foo{}{bar}"),
        (b"foo{{bar}}zap", b"{bar"),
        (b"foo{bar}{zap}", b"bar"),
        (b"foo{bar", b"foo{bar"),
        (b"foo}bar{", b"foo}bar{"),
        (b"}{a}", b"a"),
    ];
    for (key, wanted) in cases {
        assert_eq!(hash_tag(key), *wanted, "{}", record::Escaped(key));
    }
}

#[test]
fn slots_of_random_keys_are_those_of_a_real_cluster() {
    let mut server = Server::start(true);
    let mut runner = TestRunner::deterministic();
    let byte = prop_oneof![3 => any::<u8>(), 1 => Just(b'{'), 1 => Just(b'}')];
    let keys = prop::collection::vec(prop::collection::vec(byte, 0..40), 2000);
    let keys = keys.new_tree(&mut runner).unwrap().current();
    for key in &keys {
        server.send(&[b"CLUSTER", b"KEYSLOT", key]);
    }
    for key in &keys {
        assert_eq!(i64::from(slot(key).number()), server.receive().integer(), "{}", record::Escaped(key));
    }
}
