use std::collections::HashSet;

use record::ValueType;

use crate::tests::args;
use crate::{Class, Error, Group, KeySpec, ServerCommand, Table};

fn command(name: &str, flags: &str, keys: (i64, i64, i64)) -> ServerCommand {
    let flags = flags.split_whitespace().map(str::to_owned).collect();
    ServerCommand { name: name.to_owned(), arity: -2, flags, first_key: keys.0, last_key: keys.1, step: keys.2 }
}

#[test]
fn every_name_is_there_once_and_is_found_in_any_case() {
    let table = Table::builtin();
    let names: HashSet<&str> = table.iter().map(|spec| spec.name()).collect();
    assert_eq!(names.len(), table.iter().count());
    for spec in table.iter() {
        let lower = spec.name().to_lowercase();
        let args: Vec<&[u8]> = lower.split('|').map(str::as_bytes).collect();
        assert_eq!(table.lookup(args[0]).unwrap().name(), spec.container());
        if args.len() == 2 {
            assert_eq!(table.resolve(&args).unwrap().name(), spec.name());
        }
    }
    for unknown in [&b""[..], b"GE", b"GETT", b"XGROUP|CREATE", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff", &[b'x'; 4000]]
    {
        assert!(table.lookup(unknown).is_none());
    }
}

#[test]
fn classes_say_what_a_pipeline_has_to_do() {
    let cases = [
        ("set k v", Class::Write),
        ("GET k", Class::Read),
        ("EVALSHA x 0", Class::Script),
        ("FLUSHALL ASYNC", Class::Barrier),
        ("SWAPDB 0 1", Class::Barrier),
        ("SCRIPT LOAD x", Class::Server),
        ("SCRIPT EXISTS x", Class::Admin),
        ("function load x", Class::Server),
        ("FUNCTION LIST", Class::Admin),
        ("SPUBLISH c m", Class::Publish),
        ("SELECT 3", Class::Control),
        ("REPLCONF GETACK *", Class::Control),
        ("XGROUP SETID k g 0", Class::Write),
        ("XINFO GROUPS k", Class::Read),
        ("CONFIG SET a b", Class::Admin),
        ("CLIENT LIST", Class::Admin),
    ];
    let table = Table::builtin();
    for (line, class) in cases {
        assert_eq!(table.resolve(&args(line)).map(|spec| spec.class()), Some(class), "{line}");
    }
    assert!(table.resolve(&args("XGROUP NEXTYEAR k")).is_none());
    assert!(table.resolve(&args("XGROUP")).is_none());
    assert!(table.resolve(&[]).is_none());
}

#[test]
fn groups_tell_the_type_that_a_write_needs_or_leaves() {
    let cases = [
        ("PFADD k a", Group::Value(ValueType::String)),
        ("SORT k STORE t", Group::Value(ValueType::List)),
        ("GEOADD k 1 2 m", Group::Value(ValueType::Zset)),
        ("XGROUP CREATE k g 0", Group::Value(ValueType::Stream)),
        ("DEL k", Group::Generic),
        ("EVAL s 0", Group::Unknown),
    ];
    for (line, group) in cases {
        assert_eq!(Table::builtin().resolve(&args(line)).unwrap().group(), group, "{line}");
    }
}

#[test]
fn a_servers_own_commands_are_learnt() {
    let mut table = Table::builtin();
    table.merge(&[
        command("json.set", "write denyoom module", (1, 1, 1)),
        command("json.mget", "readonly module", (1, -2, 1)),
        command("ft.create", "write module", (0, 0, 0)),
        command("graph.move", "write module movablekeys", (1, 1, 1)),
        command("xgroup|nextyear", "write", (2, 2, 1)),
        command("cf", "", (0, 0, 0)),
        command("cf|load", "write", (2, 2, 1)),
        command("get", "readonly", (9, 9, 9)),
    ]);
    let resolve = |line: &str| table.resolve(&args(line)).unwrap();
    let positions = |line: &str| -> Vec<usize> {
        resolve(line).keys(&args(line)).unwrap().iter().map(|key| key.position).collect()
    };
    assert_eq!(resolve("JSON.SET k $ 1").class(), Class::Write);
    assert_eq!(resolve("JSON.SET k $ 1").group(), Group::Unknown);
    assert_eq!(positions("JSON.SET k $ 1"), [1]);
    assert_eq!(resolve("JSON.MGET a b $").class(), Class::Read);
    assert_eq!(positions("JSON.MGET a b $"), [1, 2]);
    assert_eq!((resolve("FT.CREATE i").class(), resolve("FT.CREATE i").key_spec()), (Class::Server, KeySpec::None));
    let unmapped = resolve("GRAPH.MOVE a b").keys(&args("GRAPH.MOVE a b")).unwrap_err();
    assert_eq!(unmapped, Error::Unmapped { command: "GRAPH.MOVE".to_owned() });
    assert_eq!(positions("XGROUP NEXTYEAR k"), [2]);
    assert_eq!(positions("CF LOAD k"), [2]);
    // Ours is richer than what COMMAND tells; only the arity is the server's.
    assert_eq!(positions("GET k"), [1]);
    assert_eq!(resolve("GET k").arity(), -2);
}

#[test]
fn hostile_numbers_of_a_server_do_no_harm() {
    let extremes = [i64::MIN, -1, 0, 1, i64::MAX];
    let mut commands = Vec::new();
    for (number, first) in extremes.into_iter().enumerate() {
        for last in extremes {
            for step in extremes {
                let mut command = command(&format!("m{number}.{last}.{step}"), "write", (first, last, step));
                command.arity = last;
                commands.push(command);
            }
        }
    }
    let mut table = Table::builtin();
    table.merge(&commands);
    for command in &commands {
        for args in [&[command.name.as_bytes()][..], &[command.name.as_bytes(), b"a", b"b"]] {
            if let Ok(keys) = table.resolve(args).unwrap().keys(args) {
                assert!(keys.iter().all(|key| (1..args.len()).contains(&key.position)), "{}", command.name);
            }
        }
    }
}
