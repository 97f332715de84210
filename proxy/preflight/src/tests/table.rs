//! One change to a pair of servers that are in order, and what it leads to.

use std::time::Duration;

use link::{DbKeys, Info};
use record::Db;
use settings::{Mode, OnExisting, ReplicaCommand, Settings};

use super::{codes, message, settings};
use crate::{Clock, Facts, Right, Rights, Severity, judge, needs};

/// A server in order: Redis 7.0, 1 GiB of data, everything readable, everything allowed.
fn good(name: &str, needs: Vec<crate::Need>) -> Facts {
    let mut facts = Facts { address: format!("{name}:6379"), ..Facts::default() };
    facts.read_info(&Info::parse(&format!(
        "redis_version:7.0.15\nredis_mode:standalone\nrun_id:{name}\nloading:0\nrole:master\nmaster_replid:{name}\n\
         connected_slaves:0\nused_memory:1074000000\nused_memory_startup:876208\nmaxmemory:0\n\
         maxmemory_policy:noeviction\ntotal_system_memory:25276502016\nrdb_bgsave_in_progress:0\n\
         rdb_last_bgsave_status:ok\ninstantaneous_input_kbps:10.00\n"
    )));
    for (setting, value) in [
        ("databases", "16"),
        ("client-output-buffer-limit", "normal 0 0 0 slave 0 0 0 pubsub 33554432 8388608 60"),
        ("repl-backlog-size", "268435456"),
        ("repl-timeout", "60"),
        ("repl-diskless-sync", "yes"),
        ("repl-diskless-sync-delay", "0"),
        ("stop-writes-on-bgsave-error", "yes"),
        ("min-replicas-to-write", "0"),
    ] {
        facts.config.insert(setting.to_owned(), value.to_owned());
    }
    facts.modules = Some(Vec::new());
    facts.clock = Some(Clock { ahead_ms: 0, round_trip: Duration::from_millis(1) });
    let list = needs.into_iter().map(|need| (need, Right::Granted)).collect();
    facts.rights = Rights { user: Some("ana".to_owned()), list };
    facts
}

fn keys(db: u32, keys: u64) -> DbKeys {
    DbKeys { db: Db(db), keys, expires: 0 }
}

/// A pair in order: the source holds a million keys, the target nothing.
fn pair() -> (Facts, Facts, Settings) {
    let mut source = good("source", needs::on_source(ReplicaCommand::Psync, Some(true)));
    let mut target = good("target", needs::on_target(OnExisting::Replace));
    source.keyspace = vec![keys(0, 1_000_000)];
    target.memory.used = Some(1_000_000);
    (source, target, settings("redis://source", "redis://target", ""))
}

/// Checks that the change leads to exactly these errors and warnings; gives all findings back.
#[track_caller]
fn check(
    change: impl FnOnce(&mut Facts, &mut Facts, &mut Settings),
    errors: &[&str],
    warnings: &[&str],
) -> Vec<crate::Finding> {
    let (mut source, mut target, mut settings) = pair();
    change(&mut source, &mut target, &mut settings);
    let findings = judge(&source, &target, &settings);
    assert_eq!(codes(&findings, Severity::Error), errors, "{findings:#?}");
    assert_eq!(codes(&findings, Severity::Warning), warnings, "{findings:#?}");
    for finding in &findings {
        assert!(finding.message.ends_with('.') && !finding.message.contains("  "), "{}", finding.message);
        assert!(!finding.advice.is_empty() || finding.severity == Severity::Info, "no advice: {finding:?}");
    }
    findings
}

#[test]
fn two_servers_in_order_have_no_errors_and_no_warnings() {
    let findings = check(|_, _, _| {}, &[], &[]);
    assert_eq!(codes(&findings, Severity::Info), ["server-versions", "source-keys", "target-empty"]);
    assert_eq!(
        message(&findings, "server-versions"),
        "From Redis 7.0.15 (RDB version 10) at source:6379 to Redis 7.0.15 (RDB version 10) at target:6379."
    );
    assert_eq!(message(&findings, "source-keys"), "The source holds 1000000 keys (db 0: 1000000).");
}

#[test]
fn one_server_on_both_ends_is_refused() {
    check(|source, target, _| target.run_id = source.run_id.clone(), &["same-server"], &[]);
}

#[test]
fn a_target_that_follows_anybody_is_refused() {
    let findings = check(
        |_, target, _| {
            target.replication.is_replica = true;
            target.replication.master = Some("10.0.0.9:6379".to_owned());
        },
        &["target-is-replica"],
        &[],
    );
    assert!(message(&findings, "target-is-replica").contains("replica of 10.0.0.9:6379"));
    check(
        |source, target, _| {
            target.replication.is_replica = true;
            target.replication.replication_id = source.replication.replication_id.clone();
        },
        &["target-is-replica"],
        &[],
    );
}

#[test]
fn a_source_that_follows_the_target_is_refused_and_one_that_follows_another_is_not() {
    check(
        |source, target, _| {
            source.replication.is_replica = true;
            source.replication.master_link_up = Some(true);
            source.replication.replication_id = target.replication.replication_id.clone();
        },
        &["source-follows-target"],
        &[],
    );
    let chained = check(
        |source, _, _| {
            source.replication.is_replica = true;
            source.replication.master_link_up = Some(true);
        },
        &[],
        &[],
    );
    assert!(codes(&chained, Severity::Info).contains(&"source-is-replica"));
    check(
        |source, _, _| {
            source.replication.is_replica = true;
            source.replication.master_link_up = Some(false);
        },
        &["source-master-link-down"],
        &[],
    );
}

#[test]
fn servers_that_are_no_standalone_or_not_ready_are_refused() {
    check(|source, _, _| source.mode = Some("cluster".to_owned()), &["cluster-not-supported"], &[]);
    check(|_, target, _| target.mode = Some("cluster".to_owned()), &["cluster-not-supported"], &[]);
    check(|source, _, _| source.mode = Some("sentinel".to_owned()), &["sentinel-holds-no-data"], &[]);
    check(|source, _, _| source.loading = true, &["source-loading"], &[]);
    check(|_, target, _| target.loading = true, &["target-loading"], &[]);
}

#[test]
fn formats_must_go_together() {
    let version = |facts: &mut Facts, info: &str| facts.server = crate::Server::read(&Info::parse(info));
    for (source_info, target_info, errors, warnings) in [
        ("redis_version:6.2.5", "redis_version:7.0.15", &[][..], &[][..]),
        ("redis_version:7.0.15", "redis_version:8.10.0", &[], &[]),
        ("redis_version:7.2.4\nvalkey_version:8.0.1", "redis_version:7.2.0", &[], &[]),
        ("redis_version:7.0.15", "redis_version:6.2.5", &[], &["target-older"]),
        ("redis_version:7.2.4\nvalkey_version:8.0.1", "redis_version:7.0.15", &[], &["target-older"]),
        ("redis_version:7.4.0", "redis_version:7.4.0", &["source-format-too-new"], &[]),
        ("redis_version:7.0.15", "redis_version:7.2.0\ndragonfly_version:df-v1.21.4", &[], &["format-unknown"]),
        (
            "redis_version:7.2.0\ndragonfly_version:df-v1.21.4",
            "redis_version:7.0.15",
            &[],
            &["source-kind-untested", "format-unknown"],
        ),
    ] {
        check(
            |source, target, _| {
                version(source, source_info);
                version(target, target_info);
            },
            errors,
            warnings,
        );
    }
}

#[test]
fn modules_that_the_target_lacks_are_named() {
    let findings = check(
        |source, target, _| {
            source.modules = Some(vec!["bf".to_owned(), "ReJSON".to_owned()]);
            target.modules = Some(vec!["bf".to_owned()]);
        },
        &[],
        &["target-modules-missing"],
    );
    assert!(message(&findings, "target-modules-missing").contains("source: ReJSON."));
    check(
        |source, target, _| (source.modules, target.modules) = (Some(vec!["bf".to_owned()]), None),
        &[],
        &["target-modules-unknown"],
    );
}

#[test]
fn functions_need_a_target_that_can_have_them() {
    let on = |libraries: Option<u64>, target_info: &'static str| {
        move |source: &mut Facts, target: &mut Facts, _: &mut Settings| {
            source.libraries = libraries;
            let info = Info::parse(target_info);
            target.server = crate::Server::read(&info);
            target.redis_version = info.get("redis_version").and_then(crate::Version::parse);
        }
    };
    let findings = check(on(Some(2), "redis_version:6.2.14"), &["target-lacks-functions"], &["target-older"]);
    assert_eq!(
        message(&findings, "target-lacks-functions"),
        "The source has 2 libraries of functions, and the target (Redis 6.2.14) cannot have any: functions came with Redis \
         7.0."
    );
    check(on(Some(1), "redis_version:6.3.4\nmvcc_depth:0"), &["target-lacks-functions"], &["target-older"]);
    check(on(Some(1), "redis_version:7.0.0"), &[], &[]);
    check(on(Some(1), "redis_version:7.2.4\nvalkey_version:8.0.1"), &[], &[]);
    for libraries in [None, Some(0)] {
        check(on(libraries, "redis_version:6.2.14"), &[], &["target-older"]);
    }
    let unknown = ["format-unknown", "target-functions-unknown"];
    let findings = check(on(Some(1), "redis_version:4.0.0\nkvrocks_version:2.9.0"), &[], &unknown);
    assert!(message(&findings, "target-functions-unknown").contains("has 1 library of functions; whether"));
    check(on(Some(1), "redis_version:7.4.0\ndragonfly_version:df-v1.30.0"), &[], &unknown);
    check(on(Some(1), ""), &[], &unknown);
}

#[test]
fn what_the_target_holds_is_said_with_what_becomes_of_it() {
    for (on_existing, expect) in [
        (OnExisting::Replace, "(db 0: 4, db 3: 3): a key that the source has too is replaced"),
        (OnExisting::Skip, "keeps the target's value"),
        (OnExisting::Error, "stops at the first key"),
    ] {
        let findings = check(
            |_, target, settings| {
                target.keyspace = vec![keys(0, 4), keys(3, 3)];
                settings.target.on_existing = on_existing;
            },
            &[],
            &["target-not-empty"],
        );
        assert!(message(&findings, "target-not-empty").contains(expect), "{findings:?}");
    }
    check(
        |_, target, settings| {
            target.keyspace = vec![keys(0, 4)];
            settings.target.flush = true;
        },
        &[],
        &["target-flushed"],
    );
}

#[test]
fn every_db_of_the_source_must_exist_on_the_target() {
    let databases = |count: &'static str| {
        move |source: &mut Facts, target: &mut Facts, _: &mut Settings| {
            source.keyspace.push(keys(20, 1));
            target.config.insert("databases".to_owned(), count.to_owned());
        }
    };
    check(databases("16"), &["target-databases-too-few"], &[]);
    check(databases("20"), &["target-databases-too-few"], &[]);
    check(databases("21"), &[], &[]);
}

#[test]
fn dbs_are_looked_at_as_the_rules_map_them() {
    // db 0 holds a million keys, db 20 one.
    let with = |rules: &'static str| {
        move |source: &mut Facts, _: &mut Facts, settings: &mut Settings| {
            source.keyspace.push(keys(20, 1));
            settings.rules = rules_of(rules);
        }
    };
    check(with("db_map = { 20 = 5 }"), &[], &[]);
    check(with("db_map = { 0 = 30, 20 = 5 }"), &["target-databases-too-few"], &[]);
    check(with("exclude.db = [20]"), &[], &[]);
    let findings = check(with("db_map = { \"*\" = 0 }"), &[], &["dbs-merged"]);
    assert!(
        message(&findings, "dbs-merged").contains("Keys of the dbs 0, 20 go to db 0 of the target"),
        "{findings:?}"
    );
    check(with("include.db = [7]"), &[], &["rules-carry-nothing"]);
}

/// The rules of a file with these lines.
fn rules_of(lines: &str) -> route::rules::Spec {
    settings("redis://source", "redis://target", &format!("[rules]\n{lines}")).rules
}

#[test]
fn rules_that_only_a_snapshot_can_follow_are_refused_with_a_stream() {
    let rules = || {
        let file = "[rules]\ninclude.ttl = \"present\"\n[migration]\nmode = \"snapshot-only\"";
        settings("redis://source", "redis://target", file)
    };
    check(|_, _, settings| *settings = rules(), &[], &[]);
    let follow = |_: &mut Facts, _: &mut Facts, settings: &mut Settings| {
        *settings = rules();
        settings.mode = Mode::Follow;
    };
    let findings = check(follow, &["rules-need-snapshot-only"], &[]);
    assert!(message(&findings, "rules-need-snapshot-only").contains("rules.include.ttl"), "{findings:?}");
}

#[test]
fn data_must_fit_into_the_target() {
    let max = |bytes: u64| move |_: &mut Facts, target: &mut Facts, _: &mut Settings| target.memory.max = Some(bytes);
    check(max(512 << 20), &["target-memory-too-small"], &[]);
    let some = |source: &mut Facts, target: &mut Facts, settings: &mut Settings| {
        max(512 << 20)(source, target, settings);
        settings.rules = rules_of("exclude.prefix = [\"tmp:\"]");
    };
    check(some, &[], &["target-memory-too-small"]);
    check(max(1100 << 20), &[], &["target-memory-tight"]);
    check(max(2 << 30), &[], &[]);
    // A target with keys of its own: some may be the same ones, so it is tight and not too small.
    check(
        |_, target, _| (target.memory.max, target.memory.used) = (Some(2 << 30), Some(1800 << 20)),
        &[],
        &["target-memory-tight"],
    );
    // No limit: then the machine is one.
    let findings = check(|_, target, _| target.memory.machine = Some(512 << 20), &["target-memory-too-small"], &[]);
    assert!(
        message(&findings, "target-memory-too-small").ends_with("all memory of the target's machine is 512.0 MiB.")
    );
    check(
        |_, target, _| (target.memory.max, target.memory.policy) = (Some(4 << 30), Some("allkeys-lru".to_owned())),
        &[],
        &["target-evicts"],
    );
}

#[test]
fn a_source_that_would_drop_us_is_told() {
    let set = |name: &'static str, value: &'static str| {
        move |source: &mut Facts, _: &mut Facts, _: &mut Settings| {
            source.config.insert(name.to_owned(), value.to_owned());
        }
    };
    let limit = "client-output-buffer-limit";
    check(set(limit, "slave 268435456 67108864 60"), &[], &["source-output-buffer-small"]);
    check(set(limit, "replica 268435456 0 0"), &[], &["source-output-buffer-small"]);
    check(set(limit, "replica 17179869184 17179869184 60"), &[], &[]);
    check(set("repl-timeout", "10"), &[], &["source-repl-timeout-short"]);
    check(set("repl-backlog-size", "400000"), &[], &["source-backlog-small"]);
    let note = check(set("repl-backlog-size", "1048576"), &[], &[]);
    assert!(codes(&note, Severity::Info).contains(&"source-backlog-small"));
    let note = check(set("repl-diskless-sync-delay", "5"), &[], &[]);
    assert!(message(&note, "source-snapshot-delay").contains("waits 5 s"));
    check(set("min-replicas-to-write", "1"), &[], &["source-counts-us-as-replica"]);
    check(
        |source, _, settings| {
            source.config.insert("repl-backlog-size".to_owned(), "400000".to_owned());
            settings.mode = Mode::SnapshotOnly;
        },
        &[],
        &[],
    );
    check(|source, _, _| source.persistence.last_bgsave_ok = Some(false), &[], &["source-bgsave-failed"]);
    let note = check(|source, _, _| source.persistence.bgsave_in_progress = true, &[], &[]);
    assert!(codes(&note, Severity::Info).contains(&"source-bgsave-running"));
}

#[test]
fn a_target_that_would_refuse_writes_is_refused() {
    check(|_, target, _| target.persistence.last_bgsave_ok = Some(false), &["target-bgsave-failed"], &[]);
    let replicas = |replicas: u64| {
        move |_: &mut Facts, target: &mut Facts, _: &mut Settings| {
            target.config.insert("min-replicas-to-write".to_owned(), "2".to_owned());
            target.replication.good_replicas = Some(replicas);
        }
    };
    check(replicas(1), &["target-lacks-replicas"], &[]);
    check(replicas(2), &[], &[]);
}

#[test]
fn clocks_may_differ_by_a_second_and_by_what_cannot_be_measured() {
    let ahead = |ahead_ms: i64, round_trip_ms: u64| {
        move |_: &mut Facts, target: &mut Facts, _: &mut Settings| {
            target.clock = Some(Clock { ahead_ms, round_trip: Duration::from_millis(round_trip_ms) });
        }
    };
    check(ahead(900, 1), &[], &[]);
    check(ahead(1500, 2000), &[], &[]);
    let findings = check(ahead(1500, 1), &[], &["clock-difference"]);
    assert!(
        message(&findings, "clock-difference").contains("1.5 s ahead of the source's. Keys with a deadline expire")
    );
    let findings = check(ahead(-61_500, 1), &["clock-difference"], &[]);
    assert!(message(&findings, "clock-difference").contains("61.5 s behind the source's. Keys with a deadline live"));
    check(|_, target, _| target.clock = None, &[], &[]);
}

#[test]
fn missing_rights_are_named_with_the_words_that_grant_them() {
    fn put(facts: &mut Facts, names: &[&str], right: Right) {
        let list = facts.rights.list.iter_mut().filter(|(need, _)| names.contains(&need.name().as_str()));
        list.for_each(|entry| entry.1 = right);
    }
    let findings = check(
        |source, _, _| put(source, &["PSYNC", "ROLE"], Right::Missing),
        &["source-rights-missing"],
        &["source-rights-partly"],
    );
    assert_eq!(
        message(&findings, "source-rights-missing"),
        "User \"ana\" may not run: PSYNC. The migration needs these."
    );
    let advice = &findings.iter().find(|finding| finding.code == "source-rights-missing").unwrap().advice;
    assert_eq!(advice, "on the server: ACL SETUSER ana +psync");

    let writes =
        |_: &mut Facts, target: &mut Facts, _: &mut Settings| put(target, &["SADD", "XGROUP CREATE"], Right::Missing);
    let findings = check(writes, &["target-rights-missing"], &[]);
    assert!(findings.iter().any(|finding| finding.advice.ends_with("+sadd +xgroup|create")), "{findings:?}");
    // A snapshot alone needs no commands of the stream.
    let snapshot = |source: &mut Facts, target: &mut Facts, settings: &mut Settings| {
        writes(source, target, settings);
        settings.mode = Mode::SnapshotOnly;
    };
    check(snapshot, &[], &["target-rights-partly"]);
    check(|_, target, _| put(target, &["FLUSHALL"], Right::Missing), &[], &["target-rights-partly"]);
    check(
        |_, target, settings| {
            put(target, &["FLUSHALL"], Right::Missing);
            settings.target.flush = true;
        },
        &["target-flush-not-allowed"],
        &["target-rights-partly"],
    );
    check(|_, target, _| put(target, &["SET"], Right::SomeKeys), &[], &["target-keys-restricted"]);
    let findings = check(|source, _, _| put(source, &["PSYNC"], Right::Unknown), &[], &[]);
    assert!(message(&findings, "source-rights-unknown").ends_with("could not be found out: PSYNC."));
}

#[test]
fn what_could_not_be_read_is_said_and_nothing_is_made_up() {
    let (_, target, settings) = pair();
    let findings = judge(&Facts { address: "source:6379".to_owned(), ..Facts::default() }, &target, &settings);
    assert_eq!(codes(&findings, Severity::Error), [""; 0]);
    assert_eq!(codes(&findings, Severity::Warning), ["info-unreadable", "format-unknown"]);
    assert!(codes(&findings, Severity::Info).contains(&"config-unreadable"));
}
