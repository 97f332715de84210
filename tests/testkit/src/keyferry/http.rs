//! As much of HTTP/1.1 as a test needs: one GET per connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const TIMEOUT: Duration = Duration::from_secs(10);

/// An answer to a GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body, as text.
    pub body: String,
}

/// Asks for a path and reads the answer to the end of the connection.
pub(super) fn get(addr: SocketAddr, path: &str) -> io::Result<Response> {
    let mut connection = TcpStream::connect_timeout(&addr, TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    write!(connection, "GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::other(format!("no HTTP answer: {}", answer.escape_ascii())))
}

fn parse(answer: &[u8]) -> Option<Response> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    let headers: Vec<(String, String)> = lines.filter_map(header).collect();
    let chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if chunked { unchunked(body)? } else { body.to_owned() };
    Some(Response { status, headers, body })
}

/// Each chunk is its length in hexadecimal on a line, then that many bytes and a line end; the last has length 0.
fn unchunked(mut text: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (len, rest) = text.split_once("\r\n")?;
        let len = usize::from_str_radix(len.split(';').next()?.trim(), 16).ok()?;
        if len == 0 {
            return Some(body);
        }
        body.push_str(rest.get(..len)?);
        text = rest.get(len..)?.strip_prefix("\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_chunked_answers_are_read_and_others_refused() {
        let plain = parse(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nhello\r\n").unwrap();
        let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
        assert_eq!(plain, Response { status: 200, headers, body: "hello\r\n".into() });
        let chunked = b"HTTP/1.1 503 X\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1;x\r\n!\r\n0\r\n\r\n";
        let chunked = parse(chunked).unwrap();
        assert_eq!((chunked.status, chunked.body.as_str()), (503, "hello!"));
        for bad in [&b""[..], b"HTTP/1.1 200 OK\r\n", b"-ERR unknown\r\n\r\n"] {
            assert_eq!(parse(bad), None, "{}", bad.escape_ascii());
        }
    }
}
