//! What is asked, and how its answers come back.

use settings::Protocol;
use testkit::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{endpoint, open, patient};
use crate::{Connection, Reply, Role};

#[tokio::test]
async fn the_answers_to_common_questions_are_the_same_in_both_protocols() {
    let server = Server::builder().config("repl-backlog-size", "2mb").start();
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let mut connection = Connection::open(&endpoint(&server), &patient(), protocol, "").await.unwrap();
        let info = connection.info("server").await.unwrap();
        assert_eq!(info.number("tcp_port"), Some(u64::from(server.port())));
        assert_eq!(info.get("used_memory"), None);
        assert!(connection.info("").await.unwrap().number("used_memory").unwrap() > 0);

        assert_eq!(connection.config_get("repl-backlog-size").await.unwrap().as_deref(), Some("2097152"));
        assert_eq!(connection.config_get("no-such-setting").await.unwrap(), None);
        assert_eq!(connection.role().await.unwrap(), Role::Master { offset: 0, replicas: 0 });

        let table = connection.command_table().await.unwrap();
        let set = table.iter().find(|row| row.name == "mset").unwrap();
        assert_eq!((set.arity, set.first_key, set.last_key, set.step), (-3, 1, -1, 2));
        assert!(set.flags.iter().any(|flag| flag == "write"), "{set:?}");
        assert!(table.len() > 200);
    }
}

#[tokio::test]
async fn a_replica_says_whom_it_follows() {
    let master = Server::start_default();
    let replica = Server::builder().config("replicaof", &format!("127.0.0.1 {}", master.port())).start();
    let mut connection = open(&endpoint(&replica)).await.unwrap();
    match connection.role().await.unwrap() {
        Role::Replica { host, port, .. } => assert_eq!((host.as_str(), port), ("127.0.0.1", master.port())),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn settings_that_may_not_be_read_are_none() {
    let server = Server::builder().config("rename-command", "CONFIG \"\"").start();
    assert_eq!(open(&endpoint(&server)).await.unwrap().config_get("maxmemory").await.unwrap(), None);
}

#[tokio::test]
async fn answers_come_in_the_order_of_their_questions() {
    let server = Server::start_default();
    let mut connection = open(&endpoint(&server)).await.unwrap();
    let texts: Vec<String> = (0..5000).map(|number| number.to_string()).collect();
    let commands: Vec<Vec<&[u8]>> = texts.iter().map(|text| vec![b"ECHO".as_slice(), text.as_bytes()]).collect();
    let replies = connection.pipeline(&commands).await.unwrap();
    assert_eq!(replies.len(), texts.len());
    assert!(replies.iter().zip(&texts).all(|(reply, text)| reply.as_bytes() == Some(text.as_bytes())));
    assert_eq!(connection.pipeline(&[]).await.unwrap(), []);
}

#[tokio::test]
async fn more_answers_than_any_buffer_holds_do_not_block_the_questions() {
    let server = Server::start_default();
    let mut connection = open(&endpoint(&server)).await.unwrap();
    let big = vec![b'x'; 64 * 1024];
    let commands = vec![vec![b"ECHO".as_slice(), &big]; 500];
    let replies = connection.pipeline(&commands).await.unwrap();
    assert!(replies.len() == 500 && replies.iter().all(|reply| reply.as_bytes() == Some(&big)));
}

#[tokio::test]
async fn errors_are_answers_and_the_connection_goes_on() {
    let server = Server::start_default();
    let mut connection = open(&endpoint(&server)).await.unwrap();
    connection.call(&[b"SET", b"k", b"v"]).await.unwrap();
    let reply = connection.call(&[b"LPUSH", b"k", b"x"]).await.unwrap();
    assert_eq!(reply.error().unwrap().code(), "WRONGTYPE");
    let replies = connection
        .pipeline(&[vec![b"MULTI"], vec![b"LPUSH", b"k", b"x"], vec![b"INCR", b"n"], vec![b"EXEC"]])
        .await
        .unwrap();
    let members = replies[3].as_array().unwrap();
    assert_eq!((members[0].error().unwrap().code(), &members[1]), ("WRONGTYPE", &Reply::Integer(1)));
}

#[tokio::test]
async fn the_bytes_can_be_taken_over_and_split() {
    let server = Server::start_default();
    let connection = open(&endpoint(&server)).await.unwrap();
    let (stream, rest) = connection.into_stream();
    assert!(rest.is_empty());
    let (mut read, mut write) = stream.split();
    let writer = tokio::spawn(async move {
        write.write_all(b"*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n").await.unwrap();
        write
    });
    let mut answer = [0; 11];
    read.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"$5\r\nhello\r\n");
    drop(writer.await.unwrap());
    // The writing half's end is the server's end of file, and so ours.
    assert_eq!(read.read(&mut answer).await.unwrap(), 0);
}
