use super::*;
use std::io::{ErrorKind, Read, Write};
use std::time::Instant;

/// A server that sends back what it gets, and the proxy in front of it.
fn echo() -> (FaultProxy, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = FaultProxy::to(&listener.local_addr().unwrap().to_string());
    thread::spawn(move || {
        for client in listener.incoming() {
            thread::spawn(move || {
                let client = client.unwrap();
                // Ends with the connection, whichever way.
                io::copy(&mut &client, &mut &client).ok();
            });
        }
    });
    let client = client_of(&proxy);
    (proxy, client)
}

fn client_of(proxy: &FaultProxy) -> TcpStream {
    let client = TcpStream::connect(proxy.addr()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    client
}

fn ask(client: &mut TcpStream, text: &[u8]) -> io::Result<Vec<u8>> {
    client.write_all(text)?;
    let mut answer = vec![0; text.len()];
    client.read_exact(&mut answer)?;
    Ok(answer)
}

#[test]
fn bytes_and_connections_pass_and_are_counted() {
    let (proxy, mut client) = echo();
    let text = b"0123456789".repeat(100_000);
    let mut answer = vec![0; text.len()];
    let mut writer = client.try_clone().unwrap();
    let sent = text.clone();
    let sender = thread::spawn(move || writer.write_all(&sent));
    client.read_exact(&mut answer).unwrap();
    sender.join().unwrap().unwrap();
    assert!(answer == text);
    let stats = Stats { accepted: 1, open: 1, bytes_to_server: 1_000_000, bytes_to_client: 1_000_000 };
    // A byte is counted just after it was passed on.
    assert!(wait_until(Duration::from_secs(5), || proxy.stats() == stats), "{:?}", proxy.stats());
    drop(client);
    assert!(wait_until(Duration::from_secs(5), || proxy.stats().open == 0), "a closed connection stays");
}

#[test]
fn refused_means_nobody_listens_until_it_passes_again() {
    let (proxy, mut present) = echo();
    assert_eq!(ask(&mut present, b"before").unwrap(), b"before");
    proxy.refuse();
    assert_eq!(TcpStream::connect(proxy.addr()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    assert_eq!(ask(&mut present, b"present").unwrap(), b"present");
    proxy.pass();
    assert_eq!(ask(&mut client_of(&proxy), b"again").unwrap(), b"again");
}

#[test]
fn a_cut_connection_is_closed_or_reset_and_a_new_one_works() {
    for how in [Cut::Close, Cut::Reset] {
        let (proxy, mut client) = echo();
        ask(&mut client, b"hello").unwrap();
        proxy.cut(how);
        let end = client.read(&mut [0; 10]);
        match how {
            Cut::Close => assert_eq!(end.unwrap(), 0),
            Cut::Reset => assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset),
        }
        assert_eq!(ask(&mut client_of(&proxy), b"new").unwrap(), b"new");
    }
}

#[test]
fn a_cut_after_some_bytes_comes_behind_exactly_that_byte_and_once() {
    for (direction, received) in [(Direction::ToClient, 7), (Direction::ToServer, 7)] {
        let (proxy, mut client) = echo();
        ask(&mut client, b"hello").unwrap();
        proxy.cut_after(direction, 7, Cut::Close);
        client.write_all(b"0123456789").unwrap();
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).unwrap();
        assert!(rest.len() <= received && b"0123456789".starts_with(&rest), "{direction:?}: {rest:?}");
        let stats = proxy.stats();
        let passed = if direction == Direction::ToClient { stats.bytes_to_client } else { stats.bytes_to_server };
        assert_eq!(passed, 5 + 7, "{direction:?}");
        assert_eq!(ask(&mut client_of(&proxy), b"0123456789").unwrap(), b"0123456789");
    }
}

#[test]
fn a_half_open_connection_takes_all_and_answers_nothing_and_is_reset_at_last() {
    let (proxy, mut client) = echo();
    ask(&mut client, b"hello").unwrap();
    proxy.half_open();
    client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert_eq!(ask(&mut client, b"anyone?").unwrap_err().kind(), ErrorKind::WouldBlock);
    client.write_all(&[0; 1 << 20]).unwrap();
    assert_eq!(proxy.stats().bytes_to_server, 5);
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    proxy.pass();
    assert_eq!(client.read(&mut [0; 10]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_frozen_connection_loses_nothing() {
    let (proxy, mut client) = echo();
    ask(&mut client, b"hello").unwrap();
    proxy.freeze();
    client.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert_eq!(ask(&mut client, b"kept").unwrap_err().kind(), ErrorKind::WouldBlock);
    proxy.pass();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut answer = [0; 4];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"kept");
}

#[test]
fn a_delay_and_a_throttle_take_their_time() {
    let (proxy, mut client) = echo();
    proxy.delay(Duration::from_millis(100));
    let start = Instant::now();
    ask(&mut client, b"slow").unwrap();
    assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
    proxy.throttle(20_000);
    let start = Instant::now();
    ask(&mut client, &[7; 10_000]).unwrap();
    // Half a second each way; the ways overlap.
    assert!(start.elapsed() >= Duration::from_millis(480), "{:?}", start.elapsed());
    proxy.pass();
    let start = Instant::now();
    ask(&mut client, &[7; 10_000]).unwrap();
    assert!(start.elapsed() < Duration::from_millis(400), "{:?}", start.elapsed());
}

#[test]
fn one_byte_is_corrupted_where_it_was_asked_for() {
    let (proxy, mut client) = echo();
    ask(&mut client, b"hello").unwrap();
    proxy.corrupt_after(Direction::ToClient, 3);
    assert_eq!(ask(&mut client, b"0123456789").unwrap(), b"012\xcc456789");
    assert_eq!(ask(&mut client, b"0123456789").unwrap(), b"0123456789");
}

#[test]
fn a_dead_server_closes_the_client_and_dropping_the_proxy_too() {
    let port = crate::free_port();
    let proxy = FaultProxy::to(&format!("127.0.0.1:{port}"));
    let mut client = client_of(&proxy);
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    let (proxy, mut client) = echo();
    ask(&mut client, b"hello").unwrap();
    let addr = proxy.addr();
    drop(proxy);
    assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
    assert_eq!(TcpStream::connect(addr).unwrap_err().kind(), ErrorKind::ConnectionRefused);
}
