use record::{Db, Deadline, ValueType};

use super::{exclude, include, map, prefix, rename};
use crate::rules::{EntryVerdict, EntryView, Matchers, Rename, Rules, SizeMatch, Spec, TtlMatch};

const ENTRY: EntryView<'static> =
    EntryView { db: Db(1), key: b"user:1", kind: ValueType::Hash, deadline: None, value_bytes: 100 };

fn carried(spec: Spec, entry: EntryView<'_>) -> Option<(u32, String)> {
    match Rules::compile(spec).unwrap().entry(&entry) {
        EntryVerdict::Drop => None,
        EntryVerdict::Keep { db, key } => Some((db.0, String::from_utf8_lossy(&key).into_owned())),
    }
}

#[test]
fn an_entry_passes_where_every_dimension_does() {
    let with = |change: fn(&mut Matchers)| {
        let mut matchers = Matchers::default();
        change(&mut matchers);
        matchers
    };
    let cases: [(Matchers, bool); 15] = [
        (with(|m| m.db = vec![Db(0), Db(1)]), true),
        (with(|m| m.db = vec![Db(0)]), false),
        (with(|m| m.kind = vec![ValueType::Hash]), true),
        (with(|m| m.kind = vec![ValueType::Set]), false),
        (with(|m| m.prefix = vec![b"user:".to_vec()]), true),
        (with(|m| m.suffix = vec![b":2".to_vec(), b":1".to_vec()]), true),
        (with(|m| m.suffix = vec![b"longer than the key:1".to_vec()]), false),
        (with(|m| m.glob = vec![b"u[r-t]er:?".to_vec()]), true),
        (with(|m| m.regex = vec!["r:\\d".to_owned()]), true),
        (with(|m| m.regex = vec!["^r:\\d".to_owned()]), false),
        (with(|m| m.ttl = Some(TtlMatch::Absent)), true),
        (with(|m| m.ttl = Some(TtlMatch::Present)), false),
        (with(|m| m.size = Some(SizeMatch { min: Some(100), max: Some(100) })), true),
        (with(|m| m.size = Some(SizeMatch { min: Some(101), max: None })), false),
        (with(|m| m.size = Some(SizeMatch { min: None, max: Some(99) })), false),
    ];
    for (matchers, matches) in cases {
        assert_eq!(carried(include(matchers.clone()), ENTRY).is_some(), matches, "include {matchers:?}");
        assert_eq!(carried(exclude(matchers.clone()), ENTRY).is_some(), !matches, "exclude {matchers:?}");
    }
    // Commands are of the stream: a snapshot has none.
    assert!(carried(include(with(|m| m.command = vec!["SET".to_owned()])), ENTRY).is_some());
    let expiring = EntryView { deadline: Some(Deadline(5)), ..ENTRY };
    assert!(carried(include(with(|m| m.ttl = Some(TtlMatch::Present))), expiring).is_some());
}

#[test]
fn patterns_see_bytes_and_the_name_before_the_rename() {
    let key: &[u8] = b"\xff\n\x00";
    let entry = EntryView { key, ..ENTRY };
    let regex = |pattern: &str| include(Matchers { regex: vec![pattern.to_owned()], ..Matchers::default() });
    assert!(carried(regex("^...$"), entry).is_some());
    assert!(carried(regex(r"^\xff\n"), entry).is_some());
    assert!(carried(regex("^..$"), entry).is_none());
    let renamed = Spec { rename: vec![Rename::StripPrefix(b"user:".to_vec())], ..include(prefix(&["user:"])) };
    assert_eq!(carried(renamed, ENTRY), Some((1, "1".to_owned())));
}

#[test]
fn an_entry_goes_where_db_and_name_are_mapped() {
    assert_eq!(carried(map(&[(None, 0)]), ENTRY), Some((0, "user:1".to_owned())));
    assert_eq!(carried(map(&[(None, 0), (Some(1), 4)]), ENTRY), Some((4, "user:1".to_owned())));
    assert_eq!(carried(map(&[(Some(2), 4)]), ENTRY), Some((1, "user:1".to_owned())));
    assert_eq!(carried(Spec::default(), ENTRY), Some((1, "user:1".to_owned())));
    let add = rename(&[Rename::AddPrefix(b"x".to_vec()), Rename::AddPrefix(b"y".to_vec())]);
    assert_eq!(carried(add, ENTRY), Some((1, "yxuser:1".to_owned())));
}
