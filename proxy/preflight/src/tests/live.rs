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
