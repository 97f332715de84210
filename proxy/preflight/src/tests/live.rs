//! The whole check, on real servers.

use testkit::{Kind, Server, free_port};

use super::{codes, message, settings};
use crate::{Report, Severity, Subject, run};

async fn check(source: &Server, target: &Server) -> Report {
    check_urls(&source.url(), &target.url()).await
}

async fn check_urls(source: &str, target: &str) -> Report {
    run(&settings(source, target, "")).await.unwrap()
}

fn errors(report: &Report) -> Vec<&'static str> {
    codes(&report.findings, Severity::Error)
}

fn warnings(report: &Report) -> Vec<&'static str> {
    codes(&report.findings, Severity::Warning)
}

/// The URL of a server for one of its users.
fn url_of(server: &Server, user: &str) -> String {
    format!("redis://{user}:pw@127.0.0.1:{}", server.port())
}

#[tokio::test]
async fn two_fresh_servers_are_ready() {
    let (source, target) = (Server::start_default(), Server::start_default());
    source.run::<()>(&["SET", "k", "v"]);
    let report = check(&source, &target).await;
    assert!(report.is_ok() && warnings(&report).is_empty(), "{}", report.render_text());
    assert!(message(&report.findings, "source-keys").contains("1 key (db 0: 1)"), "{}", report.render_text());
    assert!(report.render_text().ends_with("no errors, no warnings: the migration is ready to start\n"));
    // Nothing was written, nothing was started.
    assert_eq!((target.run::<u64>(&["DBSIZE"]), source.info("sync_full").as_str()), (0, "0"));
}

#[tokio::test]
async fn every_kind_of_server_can_be_looked_at() {
    let target = Server::builder().kind(Kind::Valkey80).start();
    for kind in [Kind::Redis62, Kind::Redis70, Kind::Valkey80] {
        let source = Server::builder().kind(kind).start();
        let report = check(&source, &target).await;
        assert!(report.is_ok() && warnings(&report).is_empty(), "{kind}: {}", report.render_text());
        let unknown = codes(&report.findings, Severity::Info);
        assert!(!unknown.contains(&"source-rights-unknown"), "{kind}: {}", report.render_text());
    }
}

#[tokio::test]
async fn an_older_target_is_told_with_both_versions() {
    let (source, target) = (Server::builder().kind(Kind::Valkey80).start(), Server::start_default());
    let report = check(&source, &target).await;
    assert_eq!((errors(&report), warnings(&report)), (vec![], vec!["target-older"]), "{}", report.render_text());
    let text = message(&report.findings, "target-older");
    assert!(
        text.contains("(Redis 7.0") && text.contains("version 10, not 11") && text.contains("(Valkey 8.0"),
        "{text}"
    );
}

#[tokio::test]
async fn one_server_behind_two_addresses_is_found_out() {
    let server = Server::builder().unix_socket(true).start();
    let socket = format!("unix://{}", server.unix_socket().display());
    assert_eq!(errors(&check_urls(&server.url(), &socket).await), ["same-server"]);
}

#[tokio::test]
async fn replicas_are_no_targets_and_no_source_may_follow_its_target() {
    let master = Server::start_default();
    let replica = Server::builder().config("replicaof", &format!("127.0.0.1 {}", master.port())).start();
    let linked = testkit::wait_until(std::time::Duration::from_secs(20), || replica.info("master_link_status") == "up");
    assert!(linked);
    assert_eq!(errors(&check(&master, &replica).await), ["target-is-replica"]);
    assert_eq!(errors(&check(&replica, &master).await), ["source-follows-target"]);
    let other = Server::start_default();
    let chained = check(&replica, &other).await;
    assert!(chained.is_ok(), "{}", chained.render_text());
    assert!(codes(&chained.findings, Severity::Info).contains(&"source-is-replica"));
}

#[tokio::test]
async fn a_small_target_that_holds_keys_and_evicts_is_described() {
    let source = Server::start_default();
    let target = Server::builder().config("maxmemory", "3mb").config("maxmemory-policy", "allkeys-lru").start();
    source.run::<()>(&["SETRANGE", "big", "8000000", "x"]);
    target.run::<()>(&["SET", "mine", "x"]);
    let report = check(&source, &target).await;
    assert_eq!(errors(&report), ["target-memory-too-small"], "{}", report.render_text());
    assert_eq!(warnings(&report), ["target-not-empty", "target-evicts"], "{}", report.render_text());
}

#[tokio::test]
async fn dbs_that_the_target_lacks_are_found() {
    let (source, target) = (Server::start_default(), Server::builder().config("databases", "4").start());
    redis_set(&source, 9);
    assert_eq!(errors(&check(&source, &target).await), ["target-databases-too-few"]);
}

fn redis_set(server: &Server, db: u32) {
    testkit::redis::cmd("SET").arg("k").arg("v").exec(&mut server.client_db(db)).unwrap();
}

/// Users with and without the right to ask for their rights lead to the same findings.
#[tokio::test]
async fn users_who_lack_rights_hear_which() {
    let server = || {
        Server::builder()
            .config("user", "asks on >pw ~* &* +@all -psync -restore -sadd -flushall")
            .config("user", "tries on >pw ~* &* +@all -psync -restore -sadd -flushall -acl")
            .config("user", "little on >pw ~app:* +ping +select +info")
            .start()
    };
    let (source, target) = (server(), server());
    for user in ["asks", "tries"] {
        let report = check_urls(&url_of(&source, user), &url_of(&target, user)).await;
        assert_eq!(errors(&report), ["source-rights-missing", "target-rights-missing"], "{}", report.render_text());
        assert!(
            message(&report.findings, "source-rights-missing")
                .contains(&format!("User \"{user}\" may not run: PSYNC.")),
            "{}",
            report.render_text()
        );
        let on_target = message(&report.findings, "target-rights-missing");
        assert!(on_target.contains("may not run: RESTORE, SADD."), "{}", report.render_text());
    }
    let report = check_urls(&url_of(&source, "little"), &url_of(&target, "little")).await;
    assert_eq!(errors(&report)[..1], ["source-rights-missing"], "{}", report.render_text());
    assert_eq!((target.run::<u64>(&["DBSIZE"]), source.info("sync_full").as_str()), (0, "0"));
}

#[tokio::test]
async fn rights_on_some_keys_are_told_apart_from_rights_to_commands() {
    let source = Server::start_default();
    for rights in ["+@all", "+@all -acl"] {
        let target = Server::builder().config("user", &format!("app on >pw ~app:* &* {rights}")).start();
        let report = check_urls(&source.url(), &url_of(&target, "app")).await;
        assert!(report.is_ok(), "{}", report.render_text());
        assert_eq!(warnings(&report), ["target-keys-restricted"], "{}", report.render_text());
        assert_eq!(target.run::<u64>(&["DBSIZE"]), 0);
    }
}

const LIBRARY: &str = "#!lua name=lib\nredis.register_function('f', function() return 1 end)";

#[tokio::test]
async fn functions_are_found_with_and_without_info() {
    let source = Server::builder().config("user", "noinfo on >pw ~* &* +@all -info").start();
    let target = Server::builder().kind(Kind::Redis62).start();
    for url in [source.url(), url_of(&source, "noinfo")] {
        source.run::<()>(&["FUNCTION", "FLUSH"]);
        let report = check_urls(&url, &target.url()).await;
        assert!(report.is_ok(), "{}", report.render_text());
        source.run::<()>(&["FUNCTION", "LOAD", LIBRARY]);
        let report = check_urls(&url, &target.url()).await;
        assert_eq!(errors(&report), ["target-lacks-functions"], "{}", report.render_text());
        let report = check_urls(&url, &Server::start_default().url()).await;
        assert!(report.is_ok(), "{}", report.render_text());
    }
    assert!(check(&target, &source).await.is_ok());
}

/// The rights of the manual's `ACL SETUSER` lines, for the source and for the target.
fn rights_of_the_manual() -> [Vec<String>; 2] {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/MIGRATING.md");
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("ACL SETUSER keyferry on >password "));
    let lines: Vec<Vec<String>> = lines.map(|line| line.split(' ').map(str::to_owned).collect()).collect();
    lines.try_into().unwrap()
}

#[tokio::test]
async fn the_rights_that_the_manual_gives_are_enough_and_named_when_taken_away() {
    let [on_source, on_target] = rights_of_the_manual();
    let unknown_to_6 = ["+pexpiretime", "+spublish", "+acl|dryrun"];
    let with = |kind: Kind, rights: &[String], without: &[&str]| {
        let words = rights.iter().map(String::as_str).filter(|word| !without.contains(word));
        let words: Vec<&str> = words.filter(|word| kind.is_7_or_later() || !unknown_to_6.contains(word)).collect();
        Server::builder().kind(kind).config("user", &format!("ferry on >pw {}", words.join(" "))).start()
    };
    for kind in Kind::ALL {
        let (source, target) = (with(kind, &on_source, &[]), with(kind, &on_target, &[]));
        let (source, target) = (url_of(&source, "ferry"), url_of(&target, "ferry"));
        let skip = "on_existing = \"skip\"";
        let report = run(&settings(&source, &target, skip)).await.unwrap();
        assert!(report.is_ok() && warnings(&report).is_empty(), "{kind}: {}", report.render_text());

        let deadline = if kind.is_7_or_later() { "+pexpiretime" } else { "+pttl" };
        let taken = ["+select", "+multi", "+dump", deadline, "+time", "+role", "+exec", "+info"];
        let source = with(kind, &on_source, &taken);
        let report = check_urls(&url_of(&source, "ferry"), &target).await;
        let text = message(&report.findings, "source-rights-partly");
        for right in taken {
            assert!(text.contains(&right[1..].to_uppercase()), "{kind} {right}: {}", report.render_text());
        }
    }
}

#[tokio::test]
async fn settings_that_may_not_be_read_leave_a_note() {
    let source = Server::builder().config("rename-command", "CONFIG \"\"").start();
    let report = check(&source, &Server::start_default()).await;
    assert!(report.is_ok());
    assert!(
        message(&report.findings, "config-unreadable").contains("client-output-buffer-limit"),
        "{}",
        report.render_text()
    );
}

#[tokio::test]
async fn a_side_that_is_not_there_is_an_error_that_names_it() {
    let server = Server::start_default();
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let error = run(&settings(&server.url(), &nobody, "")).await.unwrap_err();
    assert_eq!(error.side, Subject::Target);
    assert!(error.to_string().starts_with(&format!("target: {}: cannot connect", &nobody[8..])), "{error}");
    let error = run(&settings(&format!("redis://:wrong@{}", server.addr()), &nobody, "")).await.unwrap_err();
    assert_eq!(error.side, Subject::Source);
    assert!(!error.to_string().contains("wrong@"), "{error}");
}
