//! What is left out, what goes to another db, what gets another name; and what cannot be told apart.

use testkit::compare::Options;
use testkit::redis::{self, Connection};
use testkit::workload::Family;
use testkit::{Dataset, Server, Workload, assert_equal, compare, wait_until};

use crate::setup::{self, SettingsFile, ended, fails, seed, status, stop, wait_applied};

/// Writes keys of every type under names that rules can tell apart.
fn write(source: &Server, round: &str) {
    for db in [0, 1, 2, 9] {
        let mut client = source.client_db(db);
        for place in ["app:", "tmp:", "a", ""] {
            for number in 0..6 {
                one_of_each_type(&mut client, place, &format!("{round}{number}"));
            }
        }
    }
}

fn one_of_each_type(client: &mut Connection, place: &str, name: &str) {
    let key = |kind: &str| format!("{place}{kind}:{name}");
    let mut pipeline = redis::pipe();
    pipeline.cmd("SET").arg(key("string")).arg(name);
    pipeline.cmd("INCR").arg(key("string:count"));
    pipeline.cmd("RPUSH").arg(key("list")).arg(name).arg("b");
    pipeline.cmd("SADD").arg(key("set")).arg(name).arg(1);
    pipeline.cmd("ZADD").arg(key("zset")).arg(1.5).arg(name);
    pipeline.cmd("HSET").arg(key("hash")).arg("f").arg(name);
    pipeline.cmd("XADD").arg(key("stream")).arg("*").arg("f").arg(name);
    pipeline.cmd("PEXPIRE").arg(key("hash")).arg(10_000_000);
    pipeline.exec(client).expect("the source takes every write");
}

/// Changes keys one by one, and several at once where a part of the keys may pass.
fn change(source: &Server) {
    write(source, "live");
    for db in [0, 1, 2, 9] {
        let mut client = source.client_db(db);
        let mut pipeline = redis::pipe();
        let mixed = |kind: &str, number: u32| ["app:", "tmp:", "a", ""].map(|place| format!("{place}{kind}:{number}"));
        pipeline.cmd("DEL").arg(&mixed("string", 0)[..]);
        pipeline.cmd("UNLINK").arg(&mixed("list", 1)[..]);
        pipeline.cmd("TOUCH").arg(&mixed("list", 2)[..]);
        let pairs: Vec<(String, &str)> = mixed("string", 3).into_iter().map(|key| (key, "by MSET")).collect();
        pipeline.cmd("MSET").arg(&pairs[..]);
        for key in mixed("zset", 4) {
            pipeline.cmd("PEXPIRE").arg(&key).arg(20_000_000);
            pipeline.cmd("ZINCRBY").arg(&key).arg(2).arg("4");
        }
        pipeline.cmd("MULTI");
        mixed("string", 5).iter().for_each(|key| {
            pipeline.cmd("APPEND").arg(key).arg("in a transaction");
        });
        pipeline.cmd("EXEC");
        pipeline.exec(&mut client).expect("the source takes every change");
    }
}

/// Carries under rules, changes the source meanwhile, and compares under what the rules should mean.
fn carries(rules: &str, options: Options) {
    let (source, target) = (Server::start_default(), Server::start_default());
    write(&source, "");
    let file = SettingsFile::new(&source.url(), &target.url(), rules);
    let sync = file.sync().spawn();
    sync.wait_ready(setup::LONG);
    change(&source);
    wait_applied(&source, &sync);
    let report = compare(&source, &target, &options);
    println!("{rules}\n  {report}");
    assert!(report.compared > 10, "nothing was carried under {rules}");
    report.assert_equal();
    stop(&sync);
}

fn only(wanted: impl Fn(u32, &[u8]) -> bool + 'static) -> Options {
    Options::new().filter(wanted)
}

#[test]
fn keys_are_chosen_by_how_they_begin_and_end() {
    carries("rules.include.prefix = [\"app:\", \"tmp:\"]", only(|_, key| has_prefix(key, &["app:", "tmp:"])));
    carries("rules.exclude.prefix = \"tmp:\"", only(|_, key| !has_prefix(key, &["tmp:"])));
    carries("rules.include.suffix = [\"1\", \"3\"]", only(|_, key| key.ends_with(b"1") || key.ends_with(b"3")));
    carries("rules.exclude.suffix = \":5\"", only(|_, key| !key.ends_with(b":5")));
}

fn has_prefix(key: &[u8], prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| key.starts_with(prefix.as_bytes()))
}

#[test]
fn keys_are_chosen_by_patterns() {
    carries("rules.include.glob = \"a*:[0-3]\"", only(|_, key| key[0] == b'a' && ends_in(key, b"0123")));
    carries(
        "rules.exclude.glob = [\"*list*\", \"?mp:*\"]",
        only(|_, key| !contains(key, "list") && !has_prefix(key, &["tmp:"])),
    );
    carries(
        "rules.include.regex = '^(app|tmp):.*[024]$'",
        only(|_, key| has_prefix(key, &["app:", "tmp:"]) && matches!(key.last(), Some(b'0' | b'2' | b'4'))),
    );
    carries("rules.exclude.regex = 'live'", only(|_, key| !contains(key, "live")));
}

/// Whether it ends in a colon and one of these.
fn ends_in(key: &[u8], last: &[u8]) -> bool {
    key.len() > 2 && key[key.len() - 2] == b':' && last.contains(&key[key.len() - 1])
}

fn contains(key: &[u8], part: &str) -> bool {
    key.windows(part.len()).any(|window| window == part.as_bytes())
}

#[test]
fn databases_and_types_are_chosen() {
    carries("rules.include.db = [0, 9]", only(|db, _| db == 0 || db == 9));
    carries("rules.exclude.db = 1", only(|db, _| db != 1));
    carries("rules.include.type = [\"hash\", \"zset\"]", only(|_, key| contains(key, "hash") || contains(key, "zset")));
    carries("rules.exclude.type = \"string\"", only(|_, key| !contains(key, "string")));
    carries(
        "rules.include.prefix = \"app:\"\nrules.include.db = [0, 1]\nrules.exclude.suffix = \"2\"",
        only(|db, key| db < 2 && has_prefix(key, &["app:"]) && !key.ends_with(b"2")),
    );
}

#[test]
fn commands_are_chosen_in_the_stream_alone() {
    let (source, target) = (Server::start_default(), Server::start_default());
    source.run::<()>(&["SADD", "set", "of the snapshot"]);
    let file = SettingsFile::new(&source.url(), &target.url(), "rules.exclude.command = [\"SADD\", \"xgroup|create\"]");
    let sync = file.sync().spawn();
    sync.wait_ready(setup::LONG);
    source.run::<()>(&["SADD", "set", "left out"]);
    source.run::<()>(&["RPUSH", "list", "carried"]);
    source.run::<()>(&["XADD", "stream", "1-1", "f", "v"]);
    source.run::<()>(&["XGROUP", "CREATE", "stream", "g", "$"]);
    wait_applied(&source, &sync);
    assert_eq!(target.run::<Vec<String>>(&["SMEMBERS", "set"]), ["of the snapshot"]);
    assert_eq!(target.run::<u64>(&["LLEN", "list"]), 1);
    assert_eq!(target.run::<Vec<redis::Value>>(&["XINFO", "GROUPS", "stream"]).len(), 0);
    assert_eq!(status(&sync)["changes"]["filtered"], 2);
    stop(&sync);
}

#[test]
fn a_snapshot_is_chosen_by_deadline_and_size() {
    let (source, target) = (Server::start_default(), Server::start_default());
    write(&source, "");
    source.run::<()>(&["CONFIG", "SET", "rdbcompression", "no"]);
    source.run::<()>(&["SET", "large", &"x".repeat(5_000)]);
    for (rules, options) in [
        ("rules.include.ttl = \"present\"", only(|_, key| contains(key, "hash"))),
        ("rules.include.ttl = \"absent\"", only(|_, key| !contains(key, "hash"))),
        ("rules.exclude.size.min = 1000", only(|_, key| key != b"large")),
    ] {
        target.run::<()>(&["FLUSHALL"]);
        let file = SettingsFile::new(&source.url(), &target.url(), rules);
        // The stream cannot be judged by them: refused, and said why.
        fails(&file.sync().run(setup::LONG), 64, &["snapshot-only"]);
        setup::done(file.sync().args(&["--snapshot-only"]));
        compare(&source, &target, &options).assert_equal();
    }
}

#[test]
fn databases_are_carried_to_others() {
    // Emptied dbs of the source, and such that would meet, are kept apart by the rules for what goes where.
    let map = |from: u32, to: u32| move |db: u32| Some(if db == from { to } else { db });
    carries("rules.db_map = { 1 = 5 }", Options::new().db_map(map(1, 5)));
    let only_two = "rules.include.db = 2\nrules.db_map = { \"*\" = 0 }";
    carries(only_two, only(|db, _| db == 2).db_map(|db| (db == 2).then_some(0)));
    let swapped = Options::new().db_map(|db| Some([1, 0].get(db as usize).copied().unwrap_or(db)));
    carries("rules.db_map = { 0 = 1, 1 = 0 }", swapped);
}

#[test]
fn databases_become_one_where_names_do_not_meet() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = setup::between(&source, &target).args(&["--db-map", "*=0"]).spawn();
    sync.wait_ready(setup::LONG);
    let loads: Vec<_> = [0, 1, 9]
        .map(|db| {
            let load = Workload::new(seed()).rate(500).dbs([db]).prefix(format!("db{db}:").as_bytes());
            load.without(&[Family::Expiry, Family::Keys]).start(&source)
        })
        .into();
    for load in loads {
        load.wait_for(500);
        load.stop();
    }
    wait_applied(&source, &sync);
    // FLUSHDB of one source db, where others go to the same target db, cannot be carried; DEL can.
    compare(&source, &target, &Options::new().db_map(|_| Some(0))).assert_equal();
    stop(&sync);
}

#[test]
fn keys_get_other_names() {
    let add = |key: &[u8]| [b"new:", key].concat();
    carries("rules.rename = [{ add_prefix = \"new:\" }]", Options::new().key_map(add));
    let strip = |key: &[u8]| key.strip_prefix(b"app:").unwrap_or(key).to_vec();
    let stripped = "rules.exclude.prefix = [\"string\", \"list\", \"set\", \"zset\", \"hash\", \"stream\"]\nrules.rename = [{ strip_prefix = \"app:\" }]";
    let kept = |_: u32, key: &[u8]| !has_prefix(key, &["string", "list", "set", "zset", "hash", "stream"]);
    carries(stripped, only(kept).key_map(strip));
    let replace = |key: &[u8]| match key.strip_prefix(b"tmp:") {
        Some(rest) => [b"scratch/", rest].concat(),
        None => key.to_vec(),
    };
    carries("rules.rename = [{ from = \"tmp:\", to = \"scratch/\" }]", Options::new().key_map(replace));
    let both = |key: &[u8]| [b"x:", key.strip_prefix(b"app:").unwrap_or(key)].concat();
    let chosen =
        "rules.include.prefix = \"app:\"\nrules.rename = [{ strip_prefix = \"app:\" }, { add_prefix = \"x:\" }]";
    carries(chosen, only(|_, key| has_prefix(key, &["app:"])).key_map(both));
}

#[test]
fn a_whole_load_and_a_whole_data_set_are_renamed_and_moved() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).dbs([0, 1, 9]).load(&source);
    let load = Workload::new(seed).rate(2_000).without(&[Family::Expiry]).start(&source);
    load.wait_for(500);
    let rules = "rules.db_map = { 1 = 11, 9 = 3 }\nrules.rename = [{ add_prefix = \"p:\" }]\nlimits.lanes = 4";
    let file = SettingsFile::new(&source.url(), &target.url(), rules);
    let sync = file.sync().spawn();
    sync.wait_ready(setup::LONG);
    load.wait_for(4_000);
    load.stop();
    wait_applied(&source, &sync);
    let moved = |db: u32| {
        Some(if db == 1 {
            11
        } else if db == 9 {
            3
        } else {
            db
        })
    };
    compare(&source, &target, &Options::new().db_map(moved).key_map(|key| [b"p:", key].concat())).assert_equal();
    stop(&sync);
}

/// Both sides of a border: `app:` is carried.
fn along_a_border() -> (Server, Server, testkit::Running) {
    let (source, target) = (Server::start_default(), Server::start_default());
    for place in ["app:", "elsewhere:"] {
        source.run::<()>(&["SADD", &format!("{place}set"), "1", "2"]);
        source.run::<()>(&["RPUSH", &format!("{place}list"), "3", "4"]);
    }
    let sync = setup::between(&source, &target).args(&["--include-prefix", "app:"]).spawn();
    sync.wait_ready(setup::LONG);
    (source, target, sync)
}

#[test]
fn what_leaves_the_border_of_the_rules_is_gone_from_the_target() {
    let (source, target, sync) = along_a_border();
    source.run::<()>(&["RENAME", "app:set", "elsewhere:renamed"]);
    source.run::<()>(&["MOVE", "elsewhere:set", "3"]);
    source.run::<()>(&["COPY", "app:list", "elsewhere:copy"]);
    source.run::<()>(&["COPY", "app:list", "app:copy"]);
    source.run::<()>(&["MOVE", "app:copy", "5"]);
    wait_applied(&source, &sync);
    compare(&source, &target, &only(|_, key| has_prefix(key, &["app:"]))).assert_equal();
    stop(&sync);
}

#[test]
fn what_enters_the_border_of_the_rules_ends_the_run_and_is_named() {
    let cases: [&[&str]; 6] = [
        &["RENAME", "elsewhere:set", "app:new"],
        &["SUNIONSTORE", "app:set", "app:set", "elsewhere:set"],
        &["LMOVE", "elsewhere:list", "app:list", "LEFT", "LEFT"],
        &["SMOVE", "elsewhere:set", "app:other", "1"],
        &["COPY", "elsewhere:set", "app:set", "REPLACE"],
        &["ZUNIONSTORE", "app:z", "1", "elsewhere:set"],
    ];
    for words in cases {
        let (source, target, sync) = along_a_border();
        let refused = compare(&source, &target, &only(|_, key| has_prefix(key, &["app:"])));
        refused.assert_equal();
        source.run::<redis::Value>(words);
        let applied = wait_until(setup::LONG, || {
            sync.exit_status().is_some() || setup::frontier(&sync) >= Some(source.repl_offset())
        });
        assert!(applied, "{words:?} is neither applied nor refused");
        if sync.exit_status().is_none() {
            // Its exact effect was carried.
            println!("{words:?} was carried");
            compare(&source, &target, &only(|_, key| has_prefix(key, &["app:"]))).assert_equal();
            stop(&sync);
            continue;
        }
        let finished = ended(&sync);
        println!("{words:?}: {}", finished.stderr.lines().last().unwrap_or_default());
        fails(&finished, 74, &[words[0], "app:", "elsewhere:"]);
    }
}

#[test]
fn without_rules_nothing_is_refused_whatever_it_touches() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let sync = setup::between(&source, &target).spawn();
    sync.wait_ready(setup::LONG);
    source.run::<()>(&["SADD", "a", "1"]);
    source.run::<()>(&["RENAME", "a", "b"]);
    source.run::<()>(&["EVAL", "redis.call('SET', 'undeclared', 1)", "0"]);
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}
