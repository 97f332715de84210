//! Rules: what is written becomes what `route` compiles.

use record::{Db, ValueType};
use route::rules::{DbPattern, Matchers, Rename, SizeMatch, Spec, TtlMatch};

use super::{flag, read, read_in, refusal, with_ends};
use crate::Given;

fn texts(of: &[&str]) -> Vec<Vec<u8>> {
    of.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn every_rule_is_read() {
    let settings = read(
        r#"
        [migration]
        mode = "snapshot-only"
        [rules]
        include.db = [0, 3]
        include.prefix = ["user:", "order:"]
        include.suffix = "!"
        include.glob = "a[0-9]*"
        include.regex = ['^\d+$']
        include.type = ["string", "zset"]
        include.size = { min = "1KiB", max = "8MiB" }
        exclude.command = ["PUBLISH", "XGROUP|CREATE"]
        exclude.ttl = "present"
        db_map = { 3 = 0, "*" = 1 }
        rename = [{ strip_prefix = "old:" }, { add_prefix = "eu:" }, { from = "a:", to = "b:" }]
        "#,
    )
    .unwrap();
    let include = Matchers {
        db: vec![Db(0), Db(3)],
        prefix: texts(&["user:", "order:"]),
        suffix: texts(&["!"]),
        glob: texts(&["a[0-9]*"]),
        regex: vec![r"^\d+$".into()],
        kind: vec![ValueType::String, ValueType::Zset],
        size: Some(SizeMatch { min: Some(1 << 10), max: Some(8 << 20) }),
        ..Matchers::default()
    };
    let exclude = Matchers {
        command: vec!["PUBLISH".into(), "XGROUP|CREATE".into()],
        ttl: Some(TtlMatch::Present),
        ..Matchers::default()
    };
    let mut db_map = settings.rules.db_map.clone();
    db_map.sort_by_key(|(_, to)| *to);
    assert_eq!(db_map, [(DbPattern::One(Db(3)), Db(0)), (DbPattern::Any, Db(1))]);
    assert_eq!((settings.rules.include, settings.rules.exclude), (include, exclude));
    let rename = [
        Rename::StripPrefix(b"old:".to_vec()),
        Rename::AddPrefix(b"eu:".to_vec()),
        Rename::ReplacePrefix { from: b"a:".to_vec(), to: b"b:".to_vec() },
    ];
    assert_eq!(settings.rules.rename, rename);
}

#[test]
fn without_rules_everything_is_carried_as_it_is() {
    assert_eq!(read("").unwrap().rules, Spec::default());
}

#[test]
fn rules_are_given_by_flags_too() {
    let flags = [
        flag("--db-map", "rules.db_map", &["1=0", "*=2"]),
        flag("--include-db", "rules.include.db", &["1", "7"]),
        flag("--exclude-prefix", "rules.exclude.prefix", &["tmp:", "x,y"]),
    ];
    let rules =
        read_in(&Given::default(), &with_ends("[rules]\nexclude.prefix = 'gone'\nexclude.suffix = 's'"), &flags)
            .unwrap()
            .rules;
    assert_eq!(rules.db_map, [(DbPattern::One(Db(1)), Db(0)), (DbPattern::Any, Db(2))]);
    assert_eq!(rules.include.db, [Db(1), Db(7)]);
    assert_eq!((rules.exclude.prefix, rules.exclude.suffix), (texts(&["tmp:", "x,y"]), texts(&["s"])));
}

#[test]
fn a_wrong_rule_is_told_with_its_place() {
    for (text, said) in [
        (
            "[rules]\ninclude.db = [0, -1]",
            "dir/m.toml:6:18: rules.include.db is -1; expected a list, each of it a whole number",
        ),
        ("[rules]\ninclude.type = 'text'", "expected a list, each of it \"string\" or \"list\""),
        ("[rules]\ninclude.prefix = ''", "rules.include.prefix is \"\""),
        ("[rules]\nincludes.prefix = 'a'", "there is no setting rules.includes, did you mean rules.include?"),
        ("[rules]\nexclude.key = 'a'", "there is no setting rules.exclude.key"),
        ("[rules]\ndb_map = { a = 0 }", "expected a table of dbs, such as { 1 = 0"),
        ("[rules]\ndb_map = { 1 = 'x' }", "expected a table of dbs"),
        (
            "[rules]\nrename = [{ add_prefix = 'a', strip_prefix = 'b' }]",
            "dir/m.toml:6:11: rules.rename is a table; expected",
        ),
        ("[rules]\nrename = [{ to = 'b' }]", "{ from = \"old:\", to = \"new:\" }"),
        ("[rules]\ninclude.regex = '('", "regex"),
        ("[rules]\ninclude.size = { min = '1 furlong' }", "rules.include.size.min is \"1 furlong\""),
        ("[rules]\ninclude.ttl = 'present'", "snapshot-only"),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(said), "{text:?}\n  said     {refusal}\n  expected {said}");
    }
    for map in [&["1"][..], &["=1"], &["1=x"], &["1=0", "1=2"]] {
        let error = read_in(&Given::default(), &with_ends(""), &[flag("--db-map", "rules.db_map", map)]).unwrap_err();
        assert!(error.to_string().starts_with("--db-map: rules.db_map is"), "{error}");
    }
}
