//! Peers that refuse, fall silent, die, or are no Redis at all.

use std::time::{Duration, Instant};

use settings::{Endpoint, Protocol};
use testkit::{Server, free_port};

use super::{endpoint, hasty, open, scripted};
use crate::{Connection, Error, Retry, connect};

#[tokio::test]
async fn a_port_where_nobody_listens_says_so() {
    let error = open(&Endpoint::tcp("127.0.0.1", free_port())).await.unwrap_err();
    assert!(error.to_string().contains("nothing listens there: is the server up, is the port right?"), "{error}");
    assert_eq!(error.retry(), Retry::Later);
}

#[tokio::test]
async fn a_peer_that_accepts_and_is_silent_runs_into_the_connect_timeout() {
    let silent = scripted(b"", false).await;
    let started = Instant::now();
    let error = Connection::open(&silent, &hasty(), Protocol::Resp2, "").await.unwrap_err();
    assert!(matches!(&error, Error::Timeout { doing, .. } if doing.contains("PING")), "{error}");
    assert!(error.to_string().contains("no answer within 0.3 s while waiting for the answer to PING"), "{error}");
    assert_eq!(error.retry(), Retry::Later);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_peer_silent_in_the_tls_handshake_runs_into_the_connect_timeout() {
    let mut silent = scripted(b"", false).await;
    silent.tls = Some(settings::Tls { verify: settings::Verify::Off, ..settings::Tls::default() });
    let error = connect(&silent, &hasty()).await.unwrap_err();
    assert!(matches!(&error, Error::Timeout { doing, .. } if doing.contains("TLS handshake")), "{error}");
}

#[tokio::test]
async fn a_server_that_freezes_runs_into_the_reply_timeout_and_the_connection_is_of_no_more_use() {
    let server = Server::start_default();
    let mut connection = Connection::open(&endpoint(&server), &hasty(), Protocol::Resp2, "").await.unwrap();
    server.pause();
    let error = connection.call(&[b"GET", b"k"]).await.unwrap_err();
    server.resume();
    assert!(matches!(&error, Error::Timeout { doing, .. } if doing.contains("GET")), "{error}");
    // The late answer to GET must not become the answer to this.
    let error = connection.call(&[b"ECHO", b"x"]).await.unwrap_err();
    assert!(matches!(error, Error::OutOfStep { .. }), "{error}");
}

#[tokio::test]
async fn a_question_whose_future_is_dropped_puts_the_connection_out_of_step() {
    let server = Server::start_default();
    let mut connection = open(&endpoint(&server)).await.unwrap();
    let asked = connection.call(&[b"BLPOP", b"never", b"0"]);
    assert!(tokio::time::timeout(Duration::from_millis(50), asked).await.is_err());
    assert!(matches!(connection.call(&[b"PING"]).await, Err(Error::OutOfStep { .. })));
}

#[tokio::test]
async fn a_server_that_dies_in_the_middle_of_a_question_is_told_at_once() {
    let server = Server::start_default();
    let mut connection = open(&endpoint(&server)).await.unwrap();
    let (answer, ()) = tokio::join!(connection.call(&[b"BLPOP", b"never", b"0"]), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.kill();
    });
    let error = answer.unwrap_err();
    assert!(matches!(error, Error::Closed { .. } | Error::Broken { .. }), "{error}");
    assert!(error.to_string().contains("waiting for the answer to BLPOP"), "{error}");
    assert_eq!(error.retry(), Retry::Later);
}

#[tokio::test]
async fn a_full_server_is_tried_again_later() {
    let server = Server::builder().config("maxclients", "1").start();
    let _first = open(&endpoint(&server)).await.unwrap();
    let error = open(&endpoint(&server)).await.unwrap_err();
    assert!(error.to_string().contains("max number of clients reached"), "{error}");
    assert_eq!(error.retry(), Retry::Later);
}

#[tokio::test]
async fn what_is_no_redis_and_what_is_not_ready_are_told_apart() {
    for (words, closes, expect, retry) in [
        (
            b"-LOADING Redis is loading the dataset in memory\r\n".as_slice(),
            false,
            "refused PING: LOADING",
            Retry::Later,
        ),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", false, "this is no answer of a Redis server", Retry::Never),
        (b"+HELLO\r\n", false, "should be PONG, but is the text \"HELLO\"", Retry::Never),
        (b"$99999999999999\r\n", false, "this is no answer of a Redis server", Retry::Never),
        (b"", true, "if this port speaks TLS, write rediss://", Retry::Later),
        (b"+PO", true, "the server closed the connection while waiting for the answer to PING", Retry::Later),
    ] {
        let peer = scripted(words, closes).await;
        let error = Connection::open(&peer, &super::patient(), Protocol::Resp2, "").await.unwrap_err();
        assert!(error.to_string().contains(expect), "{error}");
        assert_eq!(error.retry(), retry, "{error}");
    }
}
