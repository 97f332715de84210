//! Who is let in, and what the others are told.

use settings::{Address, Endpoint, Protocol};
use testkit::{Kind, Server};

use super::{endpoint, open, patient, with_db, with_user};
use crate::{Connection, Error, Retry};

#[tokio::test]
async fn tcp_and_unix_sockets_lead_to_the_same_server() {
    let server = Server::builder().unix_socket(true).start();
    let mut tcp = open(&endpoint(&server)).await.unwrap();
    let unix = Endpoint { address: Address::Unix(server.unix_socket().to_owned()), ..endpoint(&server) };
    let mut unix = open(&unix).await.unwrap();
    assert!(tcp.call(&[b"SET", b"k", b"\r\n\x00\xff"]).await.unwrap().is_ok());
    assert_eq!(unix.call(&[b"GET", b"k"]).await.unwrap().as_bytes(), Some(b"\r\n\x00\xff".as_slice()));
    let name = tcp.call(&[b"CLIENT", b"GETNAME"]).await.unwrap();
    assert_eq!(name.as_bytes(), Some(b"keyferry-test".as_slice()));
}

#[tokio::test]
async fn host_names_are_looked_up() {
    let server = Server::start_default();
    // `localhost` may have an IPv6 address first, on which this server does not listen: the next one is tried.
    open(&Endpoint::tcp("localhost", server.port())).await.unwrap();
    let error = open(&Endpoint::tcp("no-such-host.invalid", 6379)).await.unwrap_err();
    assert!(matches!(error, Error::Resolve { .. }), "{error}");
    assert!(error.to_string().starts_with("no-such-host.invalid:6379: cannot find the host's address"), "{error}");
}

#[tokio::test]
async fn passwords_may_hold_any_characters() {
    for password in ["simple", "a#b:c@d/e?f%20", "with space", "päß"] {
        let server = Server::builder()
            .config("requirepass", &format!("\"{password}\""))
            .client_auth("default", password)
            .start();
        let mut connection = open(&with_user(endpoint(&server), None, Some(password))).await.unwrap();
        let shown = format!("{connection:?}");
        assert!(shown.contains(&server.addr()) && !shown.contains(password) && !shown.contains("out"), "{shown}");
        assert!(connection.call(&[b"SET", b"k", b"v"]).await.unwrap().is_ok(), "{password}");
        open(&with_user(endpoint(&server), Some("default"), Some(password))).await.unwrap();
    }
}

#[tokio::test]
async fn users_of_the_access_list_come_in_by_name() {
    let server = Server::builder().config("user", "\"ana\" on \">s3:cr#t@\" ~* &* +@all").start();
    let mut connection = open(&with_user(endpoint(&server), Some("ana"), Some("s3:cr#t@"))).await.unwrap();
    assert_eq!(connection.call(&[b"ACL", b"WHOAMI"]).await.unwrap().as_text().unwrap(), "ana");
}

#[tokio::test]
async fn a_user_without_the_right_to_ping_comes_in_too() {
    let server = Server::builder().config("user", "poor on nopass ~* +get").start();
    let mut connection = open(&with_user(endpoint(&server), Some("poor"), None)).await.unwrap();
    assert!(connection.call(&[b"GET", b"k"]).await.unwrap().is_null());
}

#[tokio::test]
async fn who_is_not_let_in_hears_why_and_never_their_password() {
    let open_server = Server::start_default();
    let closed = Server::builder().config("requirepass", "right").start();
    let renamed = Server::builder().config("rename-command", "AUTH \"\"").start();
    let cases = [
        (&closed, None, Some("wr0ng-pw"), "WRONGPASS invalid username-password pair"),
        (&closed, Some("nobody"), Some("wr0ng-pw"), "(check user name and password)"),
        (&closed, None, None, "the server asks for a password"),
        (&open_server, None, Some("wr0ng-pw"), "the server has no password: leave it out"),
        (&renamed, None, Some("wr0ng-pw"), "refused AUTH: ERR unknown command 'AUTH'"),
    ];
    for (server, user, password, expect) in cases {
        let error = open(&with_user(endpoint(server), user, password)).await.unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(text.contains(expect), "{text}");
        assert!(text.contains(&server.addr()), "{text}");
        assert!(!text.contains("wr0ng-pw"), "{text}");
        assert_eq!(error.retry(), Retry::Never, "{text}");
    }
}

#[tokio::test]
async fn a_connection_starts_in_the_db_of_its_endpoint() {
    let server = Server::start_default();
    let mut third = open(&with_db(endpoint(&server), 3)).await.unwrap();
    third.call(&[b"SET", b"k", b"v"]).await.unwrap();
    let keyspace = third.info("keyspace").await.unwrap().keyspace();
    assert_eq!(keyspace.iter().map(|db| (db.db.0, db.keys)).collect::<Vec<_>>(), [(3, 1)]);
    let error = open(&with_db(endpoint(&server), 16)).await.unwrap_err();
    assert!(
        error.to_string().contains("refused SELECT of the db in the settings: ERR DB index is out of range"),
        "{error}"
    );
}

#[tokio::test]
async fn resp3_is_spoken_where_wanted_and_known() {
    let new = Server::start_default();
    let renamed = Server::builder().config("rename-command", "HELLO \"\"").start();
    for (server, protocol, expect) in [
        (&new, Protocol::Resp2, Some(false)),
        (&new, Protocol::Resp3, Some(true)),
        (&new, Protocol::Auto, Some(true)),
        (&renamed, Protocol::Auto, Some(false)),
        (&renamed, Protocol::Resp3, None),
    ] {
        let opened = Connection::open(&endpoint(server), &patient(), protocol, "").await;
        match (opened, expect) {
            (Ok(connection), Some(resp3)) => assert_eq!(connection.is_resp3(), resp3, "{protocol:?}"),
            (Err(error), None) => assert!(error.to_string().contains("refused HELLO 3"), "{error}"),
            (opened, _) => panic!("{protocol:?}: {opened:?}"),
        }
    }
}

#[tokio::test]
async fn every_kind_of_server_lets_us_in() {
    for kind in [Kind::Redis62, Kind::Redis70, Kind::Valkey80] {
        let server = Server::builder().kind(kind).start();
        let mut connection =
            Connection::open(&endpoint(&server), &patient(), Protocol::Auto, "keyferry-test").await.unwrap();
        assert!(connection.is_resp3());
        assert_eq!(connection.call(&[b"HGETALL", b"none"]).await.unwrap().as_pairs(), Some(Vec::new()));
    }
}
