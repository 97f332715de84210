use super::*;
use std::time::{Duration, Instant};

#[test]
fn every_kind_starts_answers_and_is_ended_when_dropped() {
    for kind in Kind::ALL {
        let server = Server::builder().kind(kind).start();
        assert_eq!(server.run::<String>(&["PING"]), "PONG");
        let version = server.run::<String>(&["INFO", "server"]);
        let expected = kind.name().replace("redis-", "redis_version:").replace("valkey-", "valkey_version:");
        assert!(version.contains(&expected), "{kind} says {version}");
        assert_eq!(server.run::<Vec<String>>(&["CONFIG", "GET", "save"]), ["save", ""]);
        let (pid, dir) = (server.pid(), server.dir().to_owned());
        drop(server);
        assert!(!Path::new(&format!("/proc/{pid}")).exists(), "{kind} still runs as {pid}");
        assert!(!dir.exists(), "{} is still there", dir.display());
    }
}

#[test]
fn two_servers_run_beside_each_other() {
    let (one, other) = (Server::start_default(), Server::start_default());
    one.run::<()>(&["SET", "k", "one"]);
    other.run::<()>(&["SET", "k", "other"]);
    assert_eq!(one.run::<String>(&["GET", "k"]), "one");
    assert_eq!(other.run::<String>(&["GET", "k"]), "other");
    assert_ne!(one.port(), other.port());
}

#[test]
fn a_password_is_used_by_the_own_client_and_asked_of_others() {
    let server = Server::builder().config("requirepass", "s3cret").start();
    assert_eq!(server.run::<String>(&["PING"]), "PONG");
    let stranger = redis::Client::open(server.url()).unwrap().get_connection();
    let refused = stranger.and_then(|mut stranger| redis::cmd("PING").query::<String>(&mut stranger));
    assert_eq!(refused.unwrap_err().code(), Some("NOAUTH"));
}

#[test]
fn a_limited_default_user_does_not_keep_the_server_from_being_ready() {
    let server = Server::builder()
        .config("user", "default off")
        .config("user", "admin on >adminpass ~* &* +@all")
        .client_auth("admin", "adminpass")
        .start();
    assert_eq!(server.run::<String>(&["ACL", "WHOAMI"]), "admin");
}

#[test]
fn a_restart_keeps_or_drops_the_data_as_asked() {
    let server = Server::start_default();
    let port = server.port();
    server.run::<()>(&["SET", "k", "v"]);
    let id = server.info("master_replid");
    server.restart(Data::Kept);
    assert_eq!(server.run::<Option<String>>(&["GET", "k"]).as_deref(), Some("v"));
    server.restart(Data::Dropped);
    assert_eq!(server.run::<Option<String>>(&["GET", "k"]), None);
    assert_ne!(server.info("master_replid"), id);
    assert_eq!(server.port(), port);
}

#[test]
fn a_killed_server_refuses_connections_until_it_is_started_again() {
    let server = Server::start_default();
    server.kill();
    assert!(!server.is_running());
    assert!(server.try_run::<String>(&["PING"]).is_err());
    server.start_again();
    assert_eq!(server.run::<String>(&["PING"]), "PONG");
}

#[test]
fn a_paused_server_answers_when_resumed() {
    let server = Server::start_default();
    let client = server.client();
    client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    let mut client = client;
    server.pause();
    let start = Instant::now();
    assert!(redis::cmd("PING").query::<String>(&mut client).is_err());
    assert!(start.elapsed() >= Duration::from_millis(90));
    server.resume();
    assert_eq!(server.run::<String>(&["PING"]), "PONG");
}

#[test]
fn a_server_that_cannot_start_shows_its_log() {
    let start = || Server::builder().config("no-such-setting", "1").start();
    let panic = std::panic::catch_unwind(start).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("no-such-setting"), "{message}");
}

#[test]
fn a_unix_socket_is_there_when_asked_for() {
    let server = Server::builder().unix_socket(true).start();
    let url = format!("redis+unix://{}", server.unix_socket().display());
    let mut client = redis::Client::open(url).unwrap().get_connection().unwrap();
    assert_eq!(redis::cmd("PING").query::<String>(&mut client).unwrap(), "PONG");
}

#[test]
fn the_figures_of_a_server_are_plausible() {
    let server = Server::start_default();
    let before = server.used_memory();
    server.run::<()>(&["SETRANGE", "big", "4000000", "x"]);
    assert!(server.used_memory() > before + 4_000_000);
    assert!(server.rss_bytes() > 4_000_000 && server.peak_rss_bytes() >= server.rss_bytes());
    assert!(server.cpu_seconds() < 10.0);
    let offset = server.repl_offset();
    assert_eq!(offset, 0, "nobody replicates");
}
