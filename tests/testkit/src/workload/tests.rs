use super::generator::Generator;
use super::*;
use crate::compare::{Options, compare};
use crate::server::{Data, Kind};
use crate::wait_until;
use std::collections::BTreeSet;
use std::time::Duration;

fn wait_for_replica(source: &Server, target: &Server) {
    let caught_up = || {
        target.info("master_link_status") == "up"
            && target.info("slave_repl_offset") == source.info("master_repl_offset")
    };
    assert!(wait_until(Duration::from_secs(30), caught_up), "the replica does not catch up");
}

/// Writes to a server of this kind before, while and after its own replica attaches, and compares the two: each is
/// an oracle for the other, the replica for the comparison under load, the comparison for the replica.
fn check_replica(kind: Kind, workload: Workload, commands: u64) -> (Counts, usize) {
    let (source, target) = (Server::builder().kind(kind).start(), Server::builder().kind(kind).start());
    let load = workload.max_rate().start(&source);
    load.wait_for(3_000);
    target.run::<()>(&["REPLICAOF", "127.0.0.1", &source.port().to_string()]);
    assert!(wait_until(Duration::from_secs(30), || target.info("master_link_status") == "up"));
    load.wait_for(commands);
    let counts = load.stop();
    wait_for_replica(&source, &target);
    target.run::<()>(&["REPLICAOF", "NO", "ONE"]);
    let tolerance = if kind.is_7_or_later() { Duration::ZERO } else { Duration::from_secs(5) };
    let options = Options::new().deadline_tolerance(tolerance).idle_consumers(kind != Kind::Valkey80);
    let report = compare(&source, &target, &options);
    report.assert_equal();
    println!("{kind}: {:.0} commands/s, {} of {} refused; {report}", counts.rate(), counts.errors, counts.commands);
    (counts, report.compared)
}

#[test]
fn under_every_operation_on_keys_a_replica_of_every_kind_stays_equal() {
    for kind in Kind::ALL {
        let (counts, compared) = check_replica(kind, Workload::new(21), 12_000);
        assert!(compared > 300, "{kind}: {compared} keys");
        assert!(counts.errors < counts.commands / 10, "{kind}: {counts:?}");
        let missing: Vec<&&str> = COMMANDS.iter().filter(|name| counts.of(name) == 0).collect();
        assert!(missing.is_empty(), "{kind}: never sent: {missing:?}");
    }
}

#[test]
fn under_operations_on_whole_databases_a_replica_stays_equal() {
    let families = [Family::Databases, Family::Strings, Family::Streams, Family::Transactions];
    let (counts, _) = check_replica(Kind::Redis70, Workload::new(31).families(&families), 60_000);
    assert!(["SWAPDB", "FLUSHDB", "FLUSHALL"].iter().all(|name| counts.of(name) > 0), "{counts:?}");
}

/// Commands that any load of some length must have sent, on all servers.
const COMMANDS: [&str; 40] = [
    "SET",
    "APPEND",
    "SETRANGE",
    "GETDEL",
    "GETEX",
    "INCR",
    "INCRBYFLOAT",
    "BITOP",
    "PFADD",
    "PFMERGE",
    "LPUSH",
    "RPOPLPUSH",
    "LMOVE",
    "BLPOP",
    "SPOP",
    "SMOVE",
    "SINTERSTORE",
    "SORT",
    "ZADD",
    "ZPOPMIN",
    "ZRANGESTORE",
    "HINCRBYFLOAT",
    "GEOADD",
    "XADD",
    "XDEL",
    "XTRIM",
    "XGROUP",
    "XREADGROUP",
    "XACK",
    "XCLAIM",
    "XAUTOCLAIM",
    "UNLINK",
    "RENAME",
    "COPY",
    "MOVE",
    "PEXPIRE",
    "EXEC",
    "EVAL",
    "EVALSHA",
    "PUBLISH",
];

fn names(workload: Workload, server: &Server) -> BTreeSet<String> {
    let load = workload.max_rate().start(server);
    load.wait_for(3_000);
    load.stop().by_name.into_keys().collect()
}

#[test]
fn options_narrow_the_operations() {
    let server = Server::start_default();
    let only = names(Workload::new(22).families(&[Family::HyperLogLogs]).dbs([0]), &server);
    assert_eq!(only.into_iter().collect::<Vec<_>>(), ["PFADD", "PFMERGE"]);
    let idempotent = names(Workload::new(23).idempotent_only(), &server);
    for name in ["INCR", "APPEND", "LPUSH", "SPOP", "RENAME", "EVAL"] {
        assert!(!idempotent.contains(name), "{name}");
    }
    let counters = names(Workload::new(24).counters(), &server);
    assert!(counters.contains("INCR") && counters.contains("APPEND") && !counters.contains("SET"), "{counters:?}");
    let mut all = names(Workload::new(25).without(&[Family::Streams, Family::Scripts]), &server);
    all.retain(|name| name.starts_with('X') || name.starts_with("EVAL") || name.starts_with("FLUSH"));
    assert!(all.is_empty(), "{all:?}");
}

#[test]
fn without_expiry_no_key_gets_a_deadline() {
    let server = Server::start_default();
    names(Workload::new(26).no_expiry().dbs([0]), &server);
    let keyspace = server.info("db0");
    assert!(keyspace.contains(",expires=0,"), "{keyspace}");
}

#[test]
fn keys_begin_with_the_prefix_and_lie_in_the_databases_asked_for() {
    let server = Server::start_default();
    names(Workload::new(27).prefix(b"other:").dbs([2, 4]).keys(5), &server);
    let mut found = BTreeSet::new();
    for db in 0..16 {
        let keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut server.client_db(db)).unwrap();
        assert!(keys.iter().all(|key| key.starts_with("other:")), "{keys:?}");
        if !keys.is_empty() {
            found.insert(db);
        }
    }
    assert_eq!(found, BTreeSet::from([2, 4]));
}

#[test]
fn a_rate_is_kept() {
    let server = Server::start_default();
    let load = Workload::new(28).rate(1_000).start(&server);
    std::thread::sleep(Duration::from_millis(1500));
    let rate = load.stop().rate();
    assert!((200.0..1200.0).contains(&rate), "{rate}");
}

#[test]
fn one_seed_gives_the_same_commands() {
    let commands = |seed: u64| {
        let families = [Family::Strings, Family::Sets, Family::Lists];
        let workload = Workload::new(seed).families(&families);
        let mut generator = Generator::new(seed, workload.ops(true), 40, b"w:".to_vec(), vec![0, 1]);
        generator.next(500).iter().flat_map(redis::Cmd::get_packed_command).collect::<Vec<u8>>()
    };
    assert!(commands(5) == commands(5));
    assert!(commands(5) != commands(6));
}

#[test]
fn a_load_that_may_reconnect_survives_a_restart_and_another_does_not() {
    let server = Server::start_default();
    let steady = Workload::new(29).families(&[Family::Counters]).reconnect().start(&server);
    let fragile = Workload::new(30).families(&[Family::Counters]).start(&server);
    steady.wait_for(100);
    server.restart(Data::Kept);
    steady.wait_for(100);
    assert_eq!(steady.stop().reconnects, 1);
    let stopped = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| fragile.stop()));
    assert!(stopped.unwrap_err().downcast_ref::<String>().unwrap().contains("lost its connection"));
}
