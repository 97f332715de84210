use std::sync::LazyLock;

use proptest::prelude::*;
use record::Db;

use crate::tests::args;
use crate::{Access, Error, OtherDb, Table};

static TABLE: LazyLock<Table> = LazyLock::new(Table::builtin);

fn keys(line: &str) -> Result<Vec<(usize, Access)>, Error> {
    let args = args(line);
    let spec = TABLE.resolve(&args).unwrap_or_else(|| panic!("{line} is not known"));
    Ok(spec.keys(&args)?.iter().map(|key| (key.position, key.access)).collect())
}

#[test]
fn each_key_is_found_with_what_is_done_to_it() {
    use Access::{Overwrite, Read, Remove, Update};
    let cases: &[(&str, &[(usize, Access)])] = &[
        ("get k", &[(1, Read)]),
        ("SET k v EX 10", &[(1, Overwrite)]),
        ("DEL a b c", &[(1, Remove), (2, Remove), (3, Remove)]),
        ("MSET a 1 b 2", &[(1, Overwrite), (3, Overwrite)]),
        ("RENAME a b", &[(1, Update), (2, Overwrite)]),
        ("BLPOP a b 0", &[(1, Update), (2, Update)]),
        ("PFMERGE t", &[(1, Update)]),
        ("PFMERGE t a b", &[(1, Update), (2, Read), (3, Read)]),
        ("BITOP AND t a b", &[(2, Overwrite), (3, Read), (4, Read)]),
        ("ZUNIONSTORE t 2 a b WEIGHTS 1 2", &[(1, Overwrite), (3, Read), (4, Read)]),
        ("EVAL script 0 a", &[]),
        ("FCALL f 1 k a", &[(3, Update)]),
        ("BLMPOP 0 2 a b LEFT", &[(3, Update), (4, Update)]),
        ("SORT k STORE t", &[(1, Read), (3, Overwrite)]),
        // Of several the last is meant (`georadiusGeneric`).
        ("GEORADIUS k 1 2 3 m STORE s STOREDIST t", &[(1, Read), (9, Overwrite)]),
        ("GEORADIUSBYMEMBER k m 3 km STOREDIST t STORE s", &[(1, Read), (8, Overwrite)]),
        // A key of this name misleads the server's own GETKEYS, but not SORT.
        ("SORT k STORE store ALPHA", &[(1, Read), (3, Overwrite)]),
        ("XGROUP CREATE k g $", &[(2, Update)]),
        ("COPY a b DB 2", &[(1, Read), (2, Overwrite)]),
        ("FLUSHALL", &[]),
        ("HPEXPIREAT k 5 FIELDS 1 f", &[(1, Update)]),
    ];
    for (line, wanted) in cases {
        assert_eq!(keys(line).as_deref(), Ok(*wanted), "{line}");
    }
}

#[test]
fn arguments_that_are_not_as_the_command_takes_them_are_named() {
    let cases = [
        ("GET", "GET takes 2 arguments (its name counted), not 1"),
        ("MSET a", "MSET takes at least 3 arguments (its name counted), not 2"),
        ("EVAL s 2 a", "EVAL: argument 2 must be a number of keys, at most as many as follow it, not \"2\""),
        ("EVAL s -1 a", "EVAL: argument 2 must be a number of keys, at most as many as follow it, not \"-1\""),
        (
            "ZUNIONSTORE t x a",
            "ZUNIONSTORE: argument 2 must be a number of keys, at most as many as follow it, not \"x\"",
        ),
        ("XREAD COUNT 5 k", "XREAD: argument 4 must be STREAMS, not \"\""),
        ("XREAD STREAMS a b 0", "XREAD: argument 1 must be STREAMS and as many ids as keys, not \"STREAMS\""),
    ];
    for (line, wanted) in cases {
        assert_eq!(keys(line).unwrap_err().to_string(), wanted);
    }
}

#[test]
fn a_db_among_the_arguments_is_found() {
    let other = |line: &str| {
        let args = args(line);
        TABLE.resolve(&args).unwrap().other_db(&args)
    };
    assert_eq!(other("MOVE k 3"), Ok(Some(OtherDb::Into { db: Db(3), at: 2 })));
    assert_eq!(other("COPY a b REPLACE db 7"), Ok(Some(OtherDb::Into { db: Db(7), at: 5 })));
    assert_eq!(other("COPY a b"), Ok(None));
    assert_eq!(other("SWAPDB 0 1"), Ok(Some(OtherDb::Swap { first: Db(0), second: Db(1) })));
    assert_eq!(other("SET k 3"), Ok(None));
    let error = other("MOVE k x").unwrap_err();
    assert_eq!(error.to_string(), "MOVE: argument 2 must be the number of a db, not \"x\"");
}

#[test]
fn a_million_keys_are_told_without_memory() {
    let mut args: Vec<&[u8]> = vec![b"k"; 1_000_001];
    args[0] = b"UNLINK";
    let keys = TABLE.resolve(&args).unwrap().keys(&args).unwrap();
    assert_eq!(keys.len(), 1_000_000);
    assert_eq!(keys.iter().last().map(|key| key.position), Some(1_000_000));
    assert!(size_of_val(&keys) <= 64);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever the arguments: no panic, and every position is one that the arguments have.
    #[test]
    fn positions_are_always_among_the_arguments(
        command in 0..TABLE.iter().count(),
        rest in prop::collection::vec(prop_oneof![
            "[a-z]{0,3}", "[0-9]{1,3}", Just("STREAMS".to_owned()), Just("STORE".to_owned()),
            Just("KEYS".to_owned()), Just("DB".to_owned()), Just(String::new()), Just("99999999999999999999".to_owned()),
        ], 0..9),
    ) {
        let spec = TABLE.iter().nth(command).unwrap();
        let args: Vec<&[u8]> = spec.name().split('|').map(str::as_bytes).chain(rest.iter().map(String::as_bytes)).collect();
        if let Ok(keys) = spec.keys(&args) {
            prop_assert_eq!(keys.iter().count(), keys.len());
            prop_assert!(keys.iter().all(|key| (1..args.len()).contains(&key.position)));
        }
        // An error is as good as a db here.
        drop(spec.other_db(&args));
    }
}
