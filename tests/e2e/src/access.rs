//! How servers are reached: TLS, ACL users, Unix sockets, RESP3.

use std::path::Path;

use testkit::compare::Options;
use testkit::fault::{Cut, Direction};
use testkit::server::Builder;
use testkit::workload::Family;
use testkit::{Certs, Dataset, FaultProxy, Keyferry, Kind, Server, Workload, assert_equal, compare};

use crate::setup::{self, fails, seed, stop, sync, wait_applied};

/// Rights that a user on the source needs, in `ACL SETUSER` form.
const SOURCE_RIGHTS: [&str; 12] = [
    "+psync",
    "+replconf",
    "+ping",
    "+info",
    "+command",
    "+select",
    "+multi",
    "+exec",
    "+dump",
    "+pexpiretime",
    "+time",
    "+role",
];

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// Carries a small data set and a short load between servers reached in some way.
fn carries(source: &Server, target: &Server, keyferry: Keyferry) {
    let seed = seed();
    Dataset::new(seed).keys_per_kind(1).dbs([0, 2]).load(source);
    let load = Workload::new(seed).no_short_lives().rate(1_000).start(source);
    let sync = keyferry.spawn();
    sync.wait_ready(setup::LONG);
    load.wait_for(1_000);
    load.stop();
    wait_applied(source, &sync);
    // Valkey 8.0 does not tell its replicas of a consumer that got nothing.
    let options = Options::new().idle_consumers(source.kind() != Kind::Valkey80);
    compare(source, target, &options).assert_equal();
    stop(&sync);
}

#[test]
fn both_sides_are_reached_by_tls() {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.has_tls()) {
        let certs = Certs::new();
        let server = || Server::builder().kind(kind).tls_only(&certs.server()).start();
        let (source, target) = (server(), server());
        let ca = text(&certs.ca());
        carries(
            &source,
            &target,
            sync(&source.tls_url(), &target.tls_url()).args(&["--source-ca", &ca, "--target-ca", &ca]),
        );
    }
}

#[test]
fn a_server_that_asks_for_a_certificate_gets_ours() {
    let certs = Certs::new();
    let server = || Server::builder().tls_only(&certs.server_asking_clients()).start();
    let (source, target) = (server(), server());
    let [ca, cert, key] = [certs.ca(), certs.client_cert(), certs.client_key()].map(|path| text(&path));
    let authority = ["--source-ca", &ca, "--target-ca", &ca];
    let own = ["--source-cert", &cert, "--source-key", &key, "--target-cert", &cert, "--target-key", &key];
    let keyferry = || sync(&source.tls_url(), &target.tls_url()).args(&authority);
    fails(&keyferry().run(setup::LONG), 69, &["source", "certificate"]);
    fails(&keyferry().args(&own[..4]).run(setup::LONG), 69, &["target", "certificate"]);
    carries(&source, &target, keyferry().args(&own));
}

#[test]
fn a_certificate_of_somebody_else_is_refused_on_either_side() {
    let (certs, others) = (Certs::new(), Certs::new());
    let elsewhere = Certs::for_names(&["elsewhere.test"]);
    let plain = Server::start_default();
    let server = |certs: &Certs| Server::builder().tls_only(&certs.server()).start();
    let (right, misnamed) = (server(&certs), server(&elsewhere));
    let cases = [(&right, text(&others.ca()), "certificate"), (&misnamed, text(&elsewhere.ca()), "elsewhere.test")];
    for (server, ca, said) in cases {
        let url = server.tls_url();
        fails(&sync(&url, &plain.url()).args(&["--source-ca", &ca]).run(setup::LONG), 69, &["source", said]);
        fails(&sync(&plain.url(), &url).args(&["--target-ca", &ca]).run(setup::LONG), 69, &["target", said]);
    }
    // Without a CA of ours, the system's are asked, and none of them knows the test's.
    fails(&sync(&right.tls_url(), &plain.url()).run(setup::LONG), 69, &["source", "certificate"]);
    let ca = text(&elsewhere.ca());
    let named = ["--source-ca", &ca, "--source-server-name", "elsewhere.test"];
    carries(&misnamed, &plain, sync(&misnamed.tls_url(), &plain.url()).args(&named));
}

#[test]
fn verification_is_left_out_only_when_told_in_words() {
    let certs = Certs::new();
    let (source, target) = (Server::builder().tls_only(&certs.server()).start(), Server::start_default());
    for words in ["off", "none", "false", "accept any certificate"] {
        let keyferry = sync(&source.tls_url(), &target.url()).args(&["--source-tls-verify", words]);
        fails(&keyferry.run(setup::LONG), 64, &["accept-any-certificate"]);
    }
    let keyferry = sync(&source.tls_url(), &target.url()).args(&["--source-tls-verify", "accept-any-certificate"]);
    carries(&source, &target, keyferry);
}

#[test]
fn links_by_tls_that_break_lose_and_double_nothing() {
    let certs = Certs::new();
    let server = || Server::builder().tls_only(&certs.server()).start();
    let (source, target) = (server(), server());
    let link = |server: &Server| FaultProxy::to(&format!("127.0.0.1:{}", server.tls_port()));
    let links = [link(&source), link(&target)];
    let urls = [0, 1].map(|side: usize| format!("rediss://127.0.0.1:{}", links[side].port()));
    let ca = text(&certs.ca());
    let sync = sync(&urls[0], &urls[1]).args(&["--source-ca", &ca, "--target-ca", &ca]).spawn();
    sync.wait_ready(setup::LONG);
    let families = [Family::Counters, Family::Lists, Family::Strings, Family::Streams, Family::Transactions];
    let load = Workload::new(seed()).rate(2_000).families(&families).start(&source);
    for round in 0..8 {
        load.wait_for(500);
        let link = &links[round % 2];
        match round % 3 {
            0 => link.cut(Cut::Reset),
            1 => link.cut(Cut::Close),
            _ => link.cut_after(Direction::ToServer, 3_000, Cut::Reset),
        }
    }
    load.wait_for(500);
    load.stop();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn unix_sockets_are_taken_on_both_sides() {
    let server = || Server::builder().unix_socket(true).start();
    let (source, target) = (server(), server());
    let url = |server: &Server| format!("unix://{}", server.unix_socket().display());
    carries(&source, &target, sync(&url(&source), &url(&target)));
}

#[test]
fn a_target_is_spoken_to_in_either_protocol() {
    for kind in Kind::ALL {
        for protocol in ["resp2", "resp3", "auto"] {
            let (source, target) = (Server::start_default(), Server::builder().kind(kind).start());
            Dataset::new(seed()).keys_per_kind(1).dbs([0]).large_values(false).functions(false).load(&source);
            source.run::<()>(&[
                "EVAL",
                "for _, key in ipairs(redis.call('KEYS', 'stream*')) do redis.call('DEL', key) end",
                "0",
            ]);
            let keyferry = sync(&source.url(), &target.url()).args(&["--set", &format!("target.protocol={protocol}")]);
            let sync = keyferry.spawn();
            sync.wait_ready(setup::LONG);
            source.run::<()>(&["HSET", "h", "f", "v"]);
            source.run::<()>(&["ZADD", "z", "1.5", "m"]);
            source.run::<()>(&["SPOP", "nothing"]);
            wait_applied(&source, &sync);
            assert_equal(&source, &target);
            stop(&sync);
        }
    }
}

/// A server on which, beside the default user for the test itself, `ferry` has these rights.
fn with_user(rights: &[&str]) -> Server {
    let server = Builder::default().start();
    let words = [&["ACL", "SETUSER", "ferry", "on", ">f:e#r@r/y%", "~*", "&*"], rights].concat();
    server.run::<()>(&words);
    server
}

fn as_user(server: &Server) -> String {
    server.url().replace("redis://", "redis://ferry@")
}

fn by_user(source: &Server, target: &Server) -> Keyferry {
    let keyferry = sync(&as_user(source), &as_user(target));
    keyferry.env("KEYFERRY_SOURCE_PASSWORD", "f:e#r@r/y%").env("KEYFERRY_TARGET_PASSWORD", "f:e#r@r/y%")
}

#[test]
fn users_with_no_more_rights_than_needed_are_enough_even_when_links_break() {
    let source = with_user(&SOURCE_RIGHTS);
    let target =
        with_user(&["+@all", "-@admin", "-@dangerous", "+info", "+restore", "+flushdb", "+flushall", "+swapdb"]);
    let link = FaultProxy::to(&target.addr());
    let url = as_user(&target).replace(&target.addr(), &link.addr());
    let keyferry = sync(&as_user(&source), &url);
    let keyferry = keyferry.env("KEYFERRY_SOURCE_PASSWORD", "f:e#r@r/y%").env("KEYFERRY_TARGET_PASSWORD", "f:e#r@r/y%");
    let sync = keyferry.spawn();
    sync.wait_ready(setup::LONG);
    let families = [Family::Counters, Family::Lists, Family::Strings, Family::Streams];
    let load = Workload::new(seed()).rate(2_000).families(&families).start(&source);
    for _ in 0..5 {
        load.wait_for(500);
        link.cut_after(Direction::ToServer, 2_000, Cut::Reset);
    }
    load.wait_for(1_000);
    load.stop();
    wait_applied(&source, &sync);
    assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn each_right_that_is_missing_on_the_source_is_named_by_the_check() {
    let target = with_user(&["+@all"]);
    for missing in SOURCE_RIGHTS {
        let rights: Vec<&str> = SOURCE_RIGHTS.into_iter().filter(|&right| right != missing).collect();
        let source = with_user(&rights);
        let check = Keyferry::check(&[&as_user(&source), &as_user(&target)])
            .env("KEYFERRY_SOURCE_PASSWORD", "f:e#r@r/y%")
            .env("KEYFERRY_TARGET_PASSWORD", "f:e#r@r/y%")
            .run(setup::LONG);
        let said = format!("{}{}", check.stdout, check.stderr);
        let name = missing[1..].to_uppercase();
        println!("without {name}: {:?}", check.code);
        assert!(said.contains(&name), "{name} is missing, and the check does not name it:\n{said}");
    }
}

#[test]
fn a_target_user_who_may_not_restore_is_refused_before_anything_is_carried() {
    let (source, target) = (with_user(&["+@all"]), with_user(&["+@all", "-restore"]));
    source.run::<()>(&["SET", "key", "value"]);
    fails(&by_user(&source, &target).run(setup::LONG), 65, &["RESTORE", "ACL"]);
    assert_eq!(target.run::<u64>(&["DBSIZE"]), 0);
}
