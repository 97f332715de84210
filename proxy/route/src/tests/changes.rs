use proptest::prelude::*;
use record::{Db, ValueType};

use super::{args, dbs, exclude, include, kinds, map, prefix, rename, shown, texts};
use crate::rules::{ChangeVerdict, Error, Matchers, Rename, Rewritten, Rules, SizeMatch, Spec, TtlMatch};

/// Each case: db, change, what the target sees.
fn check(spec: Spec, cases: &[(u32, &str, &str)]) {
    let rules = Rules::compile(spec.clone()).unwrap();
    for (db, line, wanted) in cases {
        assert_eq!(shown(&rules, *db, line), *wanted, "{line} in db {db} under {spec:?}");
    }
}

#[test]
fn keys_pass_by_include_and_exclude_wins() {
    let spec = Spec {
        include: Matchers {
            prefix: texts(&["a:", "b:"]),
            suffix: texts(&[":end"]),
            db: vec![Db(0)],
            ..Matchers::default()
        },
        exclude: Matchers { glob: texts(&["*secret*"]), regex: vec!["^a:\\d+$".to_owned()], ..Matchers::default() },
        ..Spec::default()
    };
    check(
        spec,
        &[
            (0, "SET a:x 1", "0: SET a:x 1"),
            (0, "set b:x 1", "0: set b:x 1"),
            (0, "SET c:end 1", "0: SET c:end 1"),
            (0, "SET secret:end 1", "drop"),
            (0, "SET c 1", "drop"),
            (0, "SET a:secret 1", "drop"),
            (0, "SET a:12 1", "drop"),
            (0, "SET a:12x 1", "0: SET a:12x 1"),
            (1, "SET a:x 1", "drop"),
            (0, "MULTI", "0: MULTI"),
            (0, "SELECT 3", "0: SELECT 3"),
            (0, "PUBLISH c m", "0: PUBLISH c m"),
            (0, "FUNCTION DELETE f", "0: FUNCTION DELETE f"),
            (1, "SCRIPT LOAD x", "1: SCRIPT LOAD x"),
        ],
    );
}

#[test]
fn a_command_of_which_some_keys_pass_is_cut_down_or_turned_into_its_effect() {
    let by = "exclude.prefix \"t:\"";
    check(
        exclude(prefix(&["t:"])),
        &[
            (0, "DEL t:1 a t:2 b", "0: DEL a b"),
            (0, "UNLINK t:1 a", "0: UNLINK a"),
            (0, "TOUCH t:1 a", "0: TOUCH a"),
            (0, "DEL t:1 t:2", "drop"),
            (0, "MSET a 1 t:1 2 b 3", "0: MSET a 1 b 3"),
            (0, "MSETNX t:1 2 b 3", "0: MSETNX b 3"),
            (0, "MSET a 1 t:1", &format!("refused: \"a\" but not \"t:1\": {by}")),
            (0, "SMOVE a t:1 m", "0: SREM a m"),
            (0, "SMOVE t:1 a m", "0: SADD a m"),
            (0, "RENAME a t:1", "0: DEL a"),
            (0, "RENAME t:1 a", &format!("refused: \"a\" but not \"t:1\": {by}")),
            (0, "LMOVE a t:1 LEFT RIGHT", "0: LPOP a"),
            (0, "LMOVE a t:1 right LEFT", "0: RPOP a"),
            (0, "LMOVE t:1 a LEFT LEFT", &format!("refused: \"a\" but not \"t:1\": {by}")),
            (0, "RPOPLPUSH a t:1", "0: RPOP a"),
            (0, "SUNIONSTORE t:1 a b", "drop"),
            (0, "SUNIONSTORE a b t:1", &format!("refused: \"a\" but not \"t:1\": {by}")),
            (0, "PFMERGE a t:1", &format!("refused: \"a\" but not \"t:1\": {by}")),
            (0, "SORT a STORE t:1", "drop"),
            (0, "SORT a BY w_* STORE t:1", "drop"),
            (0, "SORT a BY w_* STORE b", "refused: its BY and GET patterns make up names of keys"),
            (0, "SORT a BY nosort GET # STORE b", "0: SORT a BY nosort GET # STORE b"),
            (0, "COPY a t:1", "drop"),
            (0, "COPY t:1 a", &format!("refused: \"a\" in db 0 but not \"t:1\" in db 0: {by}")),
            (0, "EVAL s 2 a b", "0: EVAL s 2 a b"),
            (0, "EVAL s 2 t:1 t:2", "drop"),
            (0, "EVAL s 2 a t:2", &format!("refused: \"a\" but not \"t:2\": {by}")),
            (0, "EVALSHA s 0", "refused: it is a script, called without keys"),
            (
                0,
                "EVAL s 3 a",
                "refused: EVAL: argument 2 must be a number of keys, at most as many as follow it, not \"3\"",
            ),
            (0, "NEXTYEAR a", "refused: unknown"),
            (0, "FLUSHDB", "refused: the rules carry only some of its keys, by their names"),
            (0, "FLUSHALL", "refused: the rules carry only some of its keys, by their names"),
            (0, "SWAPDB 0 1", "refused: the rules carry only some of its keys, by their names"),
        ],
    );
    check(
        include(prefix(&["a"])),
        &[
            (0, "RENAME b a1", "refused: \"a1\" but not \"b\": no include pattern matches it"),
            (0, "DEL a b", "0: DEL a"),
        ],
    );
}

#[test]
fn keys_are_renamed_wherever_they_stand() {
    check(
        rename(&[Rename::AddPrefix(b"n:".to_vec())]),
        &[
            (2, "SET k k", "2: SET n:k k"),
            (0, "MSET a a b b", "0: MSET n:a a n:b b"),
            (0, "ZUNIONSTORE t 2 a b WEIGHTS 1 2", "0: ZUNIONSTORE n:t 2 n:a n:b WEIGHTS 1 2"),
            (0, "XGROUP CREATE k g 0", "0: XGROUP CREATE n:k g 0"),
            (0, "EVAL s 1 k v", "0: EVAL s 1 n:k v"),
            (0, "COPY a b DB 3 REPLACE", "0: COPY n:a n:b DB 3 REPLACE"),
            (0, "MOVE a 3", "0: MOVE n:a 3"),
            (0, "SORT a STORE b", "0: SORT n:a STORE n:b"),
            (0, "FLUSHDB", "refused: the rules rename keys, so that the target may hold others beside them"),
        ],
    );
    let chain =
        [Rename::StripPrefix(b"old:".to_vec()), Rename::ReplacePrefix { from: b"a:".to_vec(), to: b"b:".to_vec() }];
    check(
        Spec { exclude: prefix(&["old:x"]), ..rename(&chain) },
        &[
            (0, "DEL old:a:1 a:2 c old:c old:x", "0: DEL b:1 b:2 c c"),
            (0, "SET c 1", "0: SET c 1"),
            (0, "RENAME old:a:1 old:x", "0: DEL b:1"),
        ],
    );
}

#[test]
fn types_are_judged_by_the_command() {
    use ValueType::{Hash, List, Set, Zset};
    check(
        include(kinds(&[Hash, Zset])),
        &[
            (0, "HSET h f v", "0: HSET h f v"),
            (0, "LPUSH l v", "drop"),
            (0, "SET s v", "0: DEL s"),
            (0, "MSET a 1 b 2", "0: DEL a b"),
            (0, "APPEND s v", "drop"),
            (0, "SUNIONSTORE t a", "0: DEL t"),
            (0, "SORT z STORE t", "0: DEL t"),
            (0, "ZUNIONSTORE t 1 z", "refused: its sources may be of another type than its result"),
            (0, "GEOSEARCHSTORE t z FROMMEMBER m BYRADIUS 1 m", "0: GEOSEARCHSTORE t z FROMMEMBER m BYRADIUS 1 m"),
            (0, "DEL k", "0: DEL k"),
            (0, "PEXPIREAT k 1", "0: PEXPIREAT k 1"),
            (0, "MOVE k 1", "0: MOVE k 1"),
            (0, "COPY a b", "0: COPY a b"),
            (0, "COPY a b REPLACE", "refused: it takes over a value whose type it does not tell"),
            (0, "RENAME a b", "refused: it takes over a value whose type it does not tell"),
            (0, "EVAL s 1 k", "refused: it may work on values of any type"),
            (0, "RESTORE k 0 \u{4}x", "0: RESTORE k 0 \u{4}x"),
            (0, "RESTORE k 0 \u{0}x REPLACE", "0: DEL k"),
            (0, "RESTORE k 0 \u{7f}", "refused: the type of its payload is not known to keyferry"),
            (0, "FLUSHALL", "refused: the rules carry only some of its keys, by their types"),
        ],
    );
    check(
        exclude(kinds(&[Set])),
        &[(0, "ZUNIONSTORE t 1 z", "refused: its sources may be of another type than its result")],
    );
    check(
        include(kinds(&[List, Set, Zset])),
        &[(0, "SORT z STORE t", "0: SORT z STORE t"), (0, "ZUNIONSTORE t 1 z", "0: ZUNIONSTORE t 1 z")],
    );
    let both = Spec { include: kinds(&[Hash]), exclude: prefix(&["t:"]), ..Spec::default() };
    check(both, &[(0, "MSET t:1 1 b 2", "0: DEL b"), (0, "SET t:1 1", "drop")]);
}

#[test]
fn commands_are_matched_with_and_without_their_sub_command() {
    let listed =
        |list: &[&str]| Matchers { command: list.iter().map(|&text| text.to_owned()).collect(), ..Matchers::default() };
    check(
        exclude(listed(&["XGROUP-CREATE", "EVAL", "FUNCTION", "XINFO|STREAM", "NEXTYEAR", "RESTORE-ASKING"])),
        &[
            (0, "XGROUP CREATE k g 0", "drop"),
            (0, "xgroup create k g 0", "drop"),
            (0, "XGROUP DESTROY k g", "0: XGROUP DESTROY k g"),
            (0, "EVAL s 0", "drop"),
            (0, "EVALSHA s 0", "0: EVALSHA s 0"),
            (0, "FUNCTION DELETE f", "drop"),
            (0, "NEXTYEAR k", "drop"),
            (0, "YEARAFTER k", "refused: unknown"),
            (0, "RESTORE ASKING 0 p", "0: RESTORE ASKING 0 p"),
            (0, "RESTORE-ASKING k 0 p", "drop"),
            (0, "FLUSHALL", "0: FLUSHALL"),
        ],
    );
    check(
        include(listed(&["set", "XGROUP", "FOO|BAR"])),
        &[
            (0, "SET a 1", "0: SET a 1"),
            (0, "XGROUP DESTROY k g", "0: XGROUP DESTROY k g"),
            (0, "DEL a", "drop"),
            (0, "PUBLISH c m", "drop"),
            (0, "EXEC", "0: EXEC"),
            (0, "FOO BAR", "refused: unknown"),
            (0, "FOO BAZ", "drop"),
        ],
    );
}

#[test]
fn dbs_are_mapped_and_whole_dbs_only_where_that_is_exact() {
    let merged = "refused: rules.db_map brings several dbs of the source into that db of the target";
    let untold = "refused: the rules do not name each db that is carried, so the target may have dbs that are not \
                  (rules.include.db names them)";
    check(
        map(&[(Some(1), 7), (Some(7), 1)]),
        &[
            (1, "SET a 1", "7: SET a 1"),
            (3, "SET a 1", "3: SET a 1"),
            (1, "FLUSHDB ASYNC", "7: FLUSHDB ASYNC"),
            (1, "FLUSHALL", "7: FLUSHALL"),
            (0, "SWAPDB 1 2", "0: SWAPDB 7 2"),
            (0, "SWAPDB 3 2", "0: SWAPDB 3 2"),
            (1, "MOVE k 7", "7: MOVE k 1"),
            (1, "COPY a b DB 1", "7: COPY a b DB 7"),
            (1, "COPY a b", "7: COPY a b"),
            (0, "NEXTYEAR k", "refused: unknown"),
        ],
    );
    check(
        map(&[(Some(1), 0)]),
        &[(1, "FLUSHDB", merged), (0, "FLUSHDB", merged), (2, "FLUSHDB", "2: FLUSHDB"), (0, "FLUSHALL", untold)],
    );
    check(
        map(&[(Some(1), 5), (None, 0)]),
        &[
            (1, "FLUSHDB", "5: FLUSHDB"),
            (0, "FLUSHDB", merged),
            (0, "FLUSHALL SYNC", "[Db(0), Db(5)]: FLUSHDB SYNC"),
            (0, "SWAPDB 0 1", "refused: rules.db_map brings several dbs of the source into one of the target"),
            (2, "MOVE k 3", "drop"),
            (2, "MOVE k 1", "0: MOVE k 5"),
            (2, "COPY k k DB 3", "refused: \"k\" in db 2 meets \"k\" in db 3"),
            (2, "COPY k l DB 3", "0: COPY k l DB 0"),
        ],
    );
    check(
        Spec { db_map: map(&[(None, 0)]).db_map, ..include(dbs(&[2])) },
        &[(2, "FLUSHDB", "0: FLUSHDB"), (1, "FLUSHDB", "drop"), (1, "FLUSHALL ASYNC", "0: FLUSHDB ASYNC")],
    );
    check(exclude(dbs(&[9])), &[(0, "FLUSHALL", untold), (9, "FLUSHDB", "drop"), (1, "FLUSHDB", "1: FLUSHDB")]);
}

#[test]
fn a_change_between_a_db_that_passes_and_one_that_does_not_is_turned_or_refused() {
    check(
        exclude(dbs(&[9])),
        &[
            (0, "MOVE k 9", "0: DEL k"),
            (9, "MOVE k 0", "refused: \"k\" in db 0 but not \"k\" in db 9: exclude.db has 9"),
            (0, "COPY a b DB 9", "drop"),
            (9, "COPY a b DB 0", "refused: \"b\" in db 0 but not \"a\" in db 9: exclude.db has 9"),
            (9, "COPY a b", "drop"),
            (0, "SWAPDB 0 9", "refused: the rules carry only one of the two dbs"),
            (9, "SWAPDB 0 1", "9: SWAPDB 0 1"),
            (0, "SWAPDB 9 9", "drop"),
            (0, "MOVE k x", "refused: MOVE: argument 2 must be the number of a db, not \"x\""),
        ],
    );
}

#[test]
fn rules_that_cannot_be_used_name_their_field() {
    let error = |spec: Spec| Rules::compile(spec).unwrap_err().to_string();
    let regex = Matchers { regex: vec!["ok".to_owned(), "(".to_owned()], ..Matchers::default() };
    assert!(error(exclude(regex)).starts_with("rules.exclude.regex[1] is not a regular expression that can be used: "));
    assert!(error(include(prefix(&["a", ""]))).starts_with("rules.include.prefix[1] is empty"));
    assert!(error(map(&[(Some(1), 0), (Some(1), 2)])).starts_with("rules.db_map gives two targets for \"1\""));
    assert!(error(map(&[(None, 0), (None, 2)])).starts_with("rules.db_map gives two targets for \"*\""));
    let exec = Matchers { command: vec!["set".to_owned(), "exec".to_owned()], ..Matchers::default() };
    assert!(error(exclude(exec)).starts_with("rules.exclude.command[1]: exec steers the stream"));
    let size = Matchers { size: Some(SizeMatch { min: Some(5), max: Some(4) }), ..Matchers::default() };
    assert_eq!(Rules::compile(include(size)).unwrap_err(), Error::Size { side: "include", min: 5, max: 4 });
}

#[test]
fn rules_that_only_a_snapshot_can_be_judged_by_say_so() {
    assert_eq!(Rules::compile(exclude(prefix(&["a"]))).unwrap().snapshot_only_reason(), None);
    let spec = Spec {
        include: Matchers { ttl: Some(TtlMatch::Present), ..Matchers::default() },
        exclude: Matchers { size: Some(SizeMatch { min: Some(5), max: None }), ..Matchers::default() },
        ..Spec::default()
    };
    let reason = Rules::compile(spec).unwrap().snapshot_only_reason().unwrap();
    assert!(reason.starts_with("rules.include.ttl and rules.exclude.size cannot be judged"), "{reason}");
}

#[test]
fn a_refusal_says_what_to_do() {
    let rules = Rules::compile(exclude(prefix(&["t:"]))).unwrap();
    let args = args("SUNIONSTORE a t:\x01");
    let refusal = rules.change(&commands::Table::builtin(), Db(0), &args, &mut Rewritten::new()).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "SUNIONSTORE names \"a\", which the rules carry, and \"t:\\x01\", which they do not (exclude.prefix \"t:\"); what \
         it does to the one depends on the other. Change the rules so that both or neither pass, or exclude SUNIONSTORE \
         (rules.exclude.command) and carry such keys by a new snapshot"
    );
}

fn any_args() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let name =
        prop::sample::select(commands::Table::builtin().iter().map(|spec| spec.name().to_owned()).collect::<Vec<_>>());
    let arg = prop_oneof!["[ab]:[a-c]", "[0-3]", "STORE", "DB", "REPLACE", "STREAMS", "[a-z]{0,2}"];
    (name, prop::collection::vec(arg, 0..8))
        .prop_map(|(name, rest)| name.split('|').map(str::to_owned).chain(rest).map(String::into_bytes).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn rules_that_are_the_identity_never_change_a_byte(owned in any_args(), db in 0..16_u32) {
        let same = Spec {
            db_map: map(&[(Some(3), 3)]).db_map,
            rename: vec![Rename::AddPrefix(vec![]), Rename::ReplacePrefix { from: b"a".to_vec(), to: b"a".to_vec() }],
            ..Spec::default()
        };
        let args: Vec<&[u8]> = owned.iter().map(Vec::as_slice).collect();
        let table = commands::Table::builtin();
        let mut out = Rewritten::new();
        for spec in [Spec::default(), same] {
            let rules = Rules::compile(spec).unwrap();
            prop_assert!(rules.is_identity());
            prop_assert_eq!(rules.change(&table, Db(db), &args, &mut out), Ok(ChangeVerdict::Keep { db: Db(db) }));
        }
        // A filter that lets every key pass changes nothing either; it may refuse what it cannot judge.
        let rules = Rules::compile(include(Matchers { glob: texts(&["*"]), ..Matchers::default() })).unwrap();
        if let Ok(verdict) = rules.change(&table, Db(db), &args, &mut out) {
            prop_assert_eq!(verdict, ChangeVerdict::Keep { db: Db(db) });
        }
    }

    #[test]
    fn a_prefix_that_is_added_and_taken_away_again_changes_no_byte(owned in any_args()) {
        let args: Vec<&[u8]> = owned.iter().map(Vec::as_slice).collect();
        let there = Rules::compile(rename(&[Rename::AddPrefix(b"p{}:".to_vec())])).unwrap();
        let back = Rules::compile(rename(&[Rename::StripPrefix(b"p{}:".to_vec())])).unwrap();
        let table = commands::Table::builtin();
        let (mut out, mut again) = (Rewritten::new(), Rewritten::new());
        if let Ok(ChangeVerdict::Rewritten { db }) = there.change(&table, Db(1), &args, &mut out) {
            prop_assert_eq!(db, Db(1));
            let renamed: Vec<&[u8]> = out.args(&args).collect();
            prop_assert_eq!(back.change(&table, db, &renamed, &mut again), Ok(ChangeVerdict::Rewritten { db }));
            prop_assert_eq!(&again.args(&renamed).collect::<Vec<_>>(), &args);
        }
    }
}
