use std::collections::HashSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::Glob;
use crate::tests::server::{Reply, Server};

#[test]
fn patterns_match_as_redis_matches() {
    let cases: &[(&str, &str, bool)] = &[
        ("*", "", true),
        ("*", "anything", true),
        ("", "", true),
        ("", "a", false),
        ("h?llo", "hello", true),
        ("h?llo", "hllo", false),
        ("h*llo", "heeeello", true),
        ("h[ae]llo", "hallo", true),
        ("h[ae]llo", "hillo", false),
        ("h[^e]llo", "hallo", true),
        ("h[^e]llo", "hello", false),
        ("h[a-b]llo", "hbllo", true),
        ("h[b-a]llo", "hallo", true),
        ("user:*:name", "user:1:name", true),
        ("user:*:name", "user:1:name:x", false),
        ("\\*", "*", true),
        ("\\*", "a", false),
        ("a\\", "a\\", true),
        ("[\\]]", "]", true),
        ("[abc", "b", true),
        ("[", "[", false),
        ("[^", "x", true),
        ("a*b*c", "a_b_b_c", true),
        ("a**", "a", true),
        ("**", "", false),
        ("A", "a", false),
    ];
    for (pattern, text, wanted) in cases {
        assert_eq!(Glob::new(pattern.as_bytes()).matches(text.as_bytes()), *wanted, "{pattern} on {text}");
    }
}

#[test]
fn a_hostile_pattern_takes_no_exponential_time() {
    let pattern = Glob::new("a*".repeat(200).as_bytes());
    let mut text = vec![b'a'; 20_000];
    assert!(pattern.matches(&text));
    text.fill(b'b');
    assert!(!pattern.matches(&text));
    let pattern = Glob::new(format!("{}b", "a*".repeat(200)).as_bytes());
    text.fill(b'a');
    assert!(!pattern.matches(&text));
}

#[test]
fn random_patterns_match_the_keys_that_a_real_server_finds() {
    let mut server = Server::start(false);
    let mut runner = TestRunner::deterministic();
    let letter = || prop::sample::select(b"ab]-^\\[*?\n\xff".to_vec());
    let keys = prop::collection::vec(prop::collection::vec(letter(), 0..5), 400);
    let keys: HashSet<Vec<u8>> = keys.new_tree(&mut runner).unwrap().current().into_iter().collect();
    for key in &keys {
        assert_eq!(server.ask(&[b"SET", key, b"v"]), Reply::Text(b"OK".to_vec()));
    }
    let part = prop_oneof![
        4 => letter().prop_map(|byte| vec![byte]),
        2 => Just(b"*".to_vec()),
        1 => Just(b"?".to_vec()),
        1 => Just(b"[a-b]".to_vec()),
        1 => Just(b"[^a]".to_vec()),
        1 => Just(b"[]-a\\-]".to_vec()),
    ];
    let patterns = prop::collection::vec(prop::collection::vec(part, 0..7), 1500);
    for pattern in patterns.new_tree(&mut runner).unwrap().current() {
        let pattern = pattern.concat();
        let found = server.ask(&[b"KEYS", &pattern]);
        let mut theirs: Vec<&[u8]> = found.array().iter().map(Reply::bytes).collect();
        let glob = Glob::new(&pattern);
        let mut ours: Vec<&[u8]> = keys.iter().map(Vec::as_slice).filter(|key| glob.matches(key)).collect();
        theirs.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, theirs, "{}", record::Escaped(&pattern));
    }
}
