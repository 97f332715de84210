//! What can go wrong between here and a server, in words for someone who did not write this program.

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use record::Escaped;

/// A failure of a connection. Every message names the address (never user or password) and what was being done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host's name has no address.
    #[error("{address}: cannot find the host's address: {cause}")]
    Resolve {
        /// Host and port as the settings give them.
        address: String,
        /// What the resolver said.
        #[source]
        cause: io::Error,
    },
    /// No connection came about.
    #[error("{address}: cannot connect: {cause}{}", connect_advice(.cause))]
    Connect {
        /// Host and port, or the socket's path.
        address: String,
        /// What the operating system said.
        #[source]
        cause: io::Error,
    },
    /// The other side was silent for too long.
    #[error("{address}: no answer within {} while {doing}", seconds(.after))]
    Timeout {
        /// Host and port, or the socket's path.
        address: String,
        /// What we were waiting for.
        doing: Cow<'static, str>,
        /// How long we waited.
        after: Duration,
    },
    /// The settings for TLS cannot be used: a file that is missing, holds no certificate, does not fit its key.
    #[error("{address}: TLS cannot be set up: {problem}")]
    TlsSettings {
        /// Host and port.
        address: String,
        /// What is wrong with which setting or file.
        problem: String,
    },
    /// The TLS handshake failed, or the server ended the TLS session with an alert.
    #[error("{address}: TLS: {problem}")]
    Tls {
        /// Host and port.
        address: String,
        /// What is wrong, and which setting may put it right.
        problem: String,
        /// False where only a change of settings or certificates can help.
        passing: bool,
    },
    /// The server ended the connection.
    #[error("{address}: the server closed the connection while {doing}{hint}")]
    Closed {
        /// Host and port, or the socket's path.
        address: String,
        /// What we were doing.
        doing: Cow<'static, str>,
        /// What may be behind it, or nothing.
        hint: &'static str,
    },
    /// The connection broke.
    #[error("{address}: the connection broke while {doing}: {cause}{hint}")]
    Broken {
        /// Host and port, or the socket's path.
        address: String,
        /// What we were doing.
        doing: Cow<'static, str>,
        /// What the operating system said.
        #[source]
        cause: io::Error,
        /// What may be behind it, or nothing.
        hint: &'static str,
    },
    /// The server answered with an error where the connection cannot be used without.
    #[error("{address}: the server refused {doing}: {reply}{}", refusal_advice(.reply))]
    Refused {
        /// Host and port, or the socket's path.
        address: String,
        /// What we asked for.
        doing: Cow<'static, str>,
        /// The server's words, without any secret.
        reply: String,
    },
    /// The bytes that came are no Redis protocol.
    #[error("{address}: this is no answer of a Redis server, while {doing}: {problem}")]
    Garbage {
        /// Host and port, or the socket's path.
        address: String,
        /// What we were waiting for.
        doing: Cow<'static, str>,
        /// What was expected, and what came.
        problem: String,
    },
    /// The answer is well-formed, but not of the shape that this command has.
    #[error("{address}: the answer to {doing} should be {expected}, but is {got}")]
    Unexpected {
        /// Host and port, or the socket's path.
        address: String,
        /// What we asked.
        doing: Cow<'static, str>,
        /// The shape that we expected.
        expected: &'static str,
        /// The answer, shortened.
        got: String,
    },
    /// The connection was used again after a failure, or after a question whose answer nobody waited for: what comes
    /// next on it may belong to an earlier question.
    #[error("{address}: this connection is out of step after an earlier failure and cannot be used any more")]
    OutOfStep {
        /// Host and port, or the socket's path.
        address: String,
    },
}

/// Whether trying the same again can help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The fault may pass by itself: wait (see [`crate::Backoff`]) and try again.
    Later,
    /// Only a change of settings, rights or certificates can help.
    Never,
}

impl Error {
    /// Whether the server is there and says itself that it will be ready later: it loads its data, or waits for its
    /// master.
    pub fn is_not_ready(&self) -> bool {
        matches!(self, Error::Refused { .. }) && self.retry() == Retry::Later
    }

    /// Whether trying the same again can help.
    pub fn retry(&self) -> Retry {
        match self {
            Error::Connect { cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => Retry::Never,
            Error::Tls { passing: false, .. } | Error::TlsSettings { .. } => Retry::Never,
            Error::Garbage { .. } | Error::Unexpected { .. } => Retry::Never,
            Error::Refused { reply, .. } => refusal_retry(reply),
            Error::Resolve { .. }
            | Error::Connect { .. }
            | Error::Timeout { .. }
            | Error::Tls { .. }
            | Error::Closed { .. }
            | Error::Broken { .. }
            | Error::OutOfStep { .. } => Retry::Later,
        }
    }
}

/// A server's error replies that pass by themselves (server.c, networking.c), by their first words.
const PASSING: [&str; 7] =
    ["LOADING", "BUSY ", "MASTERDOWN", "NOMASTERLINK", "TRYAGAIN", "CLUSTERDOWN", "ERR max number of clients"];

fn refusal_retry(reply: &str) -> Retry {
    if PASSING.iter().any(|start| reply.starts_with(start)) { Retry::Later } else { Retry::Never }
}

/// What to do about a server's refusal; empty where its own words say enough.
fn refusal_advice(reply: &str) -> &'static str {
    const ADVICE: [(&str, &str); 8] = [
        ("WRONGPASS", " (check user name and password)"),
        ("ERR invalid password", " (check the password)"),
        ("NOAUTH", " (the server asks for a password: give one in the URL, the environment or the migration file)"),
        ("NOPERM", " (this ACL user lacks a right: `ACL SETUSER` on the server can give it)"),
        (
            "ERR AUTH <password> called without any password",
            " (the server has no password: leave it out of the settings)",
        ),
        ("ERR Client sent AUTH, but no password", " (the server has no password: leave it out of the settings)"),
        (
            "ERR wrong number of arguments for 'auth'",
            " (servers before 6.0 know no user names: leave the user name out)",
        ),
        ("DENIED", " (protected mode: give the server a password or a `bind` address, or connect from its own host)"),
    ];
    ADVICE.iter().find(|(start, _)| reply.starts_with(start)).map_or("", |(_, advice)| advice)
}

fn connect_advice(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::ConnectionRefused => "; nothing listens there: is the server up, is the port right?",
        io::ErrorKind::NotFound => "; there is no such socket file: is the server up, is the path right?",
        io::ErrorKind::PermissionDenied => "; this user may not open it: see `unixsocketperm`",
        _ => "",
    }
}

/// "2 s", "1.5 s": durations as people write them.
fn seconds(duration: &Duration) -> String {
    format!("{} s", (duration.as_secs_f64() * 1000.0).round() / 1000.0)
}

/// At most this much of a server's error text is kept: a hostile one can be megabytes long.
const REFUSAL_BYTES_MAX: usize = 300;

/// A server's error text as one printable line.
pub(crate) fn printable(text: &[u8]) -> String {
    let shown = text.get(..REFUSAL_BYTES_MAX).unwrap_or(text);
    let mut line: String =
        String::from_utf8_lossy(shown).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if shown.len() < text.len() {
        line.push('…');
    }
    line
}

/// The first bytes of what came instead of an answer.
pub(crate) fn beginning(bytes: &[u8]) -> String {
    Escaped(bytes.get(..64).unwrap_or(bytes)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(reply: &str) -> Error {
        Error::Refused { address: "db:6379".to_owned(), doing: "AUTH".into(), reply: reply.to_owned() }
    }

    #[test]
    fn refusals_that_pass_are_retried_and_others_are_not() {
        for (reply, expect) in [
            ("LOADING Redis is loading the dataset in memory", Retry::Later),
            ("BUSY Redis is busy running a script.", Retry::Later),
            ("MASTERDOWN Link with MASTER is down", Retry::Later),
            ("ERR max number of clients reached", Retry::Later),
            ("WRONGPASS invalid username-password pair or user is disabled.", Retry::Never),
            ("NOAUTH Authentication required.", Retry::Never),
            ("NOPERM this user has no permissions to run the 'ping' command", Retry::Never),
            ("DENIED Redis is running in protected mode", Retry::Never),
            ("ERR DB index is out of range", Retry::Never),
        ] {
            assert_eq!(refused(reply).retry(), expect, "{reply}");
        }
    }

    #[test]
    fn messages_say_where_what_and_what_to_do() {
        let connect = Error::Connect { address: "db:6379".to_owned(), cause: io::ErrorKind::ConnectionRefused.into() };
        assert_eq!(
            connect.to_string(),
            "db:6379: cannot connect: connection refused; nothing listens there: is the server up, is the port right?"
        );
        assert_eq!(connect.retry(), Retry::Later);
        assert_eq!(
            refused("WRONGPASS invalid username-password pair").to_string(),
            "db:6379: the server refused AUTH: WRONGPASS invalid username-password pair (check user name and password)"
        );
        let timeout = Error::Timeout {
            address: "db:6379".to_owned(),
            doing: "waiting for the answer to PING".into(),
            after: Duration::from_millis(1500),
        };
        assert_eq!(timeout.to_string(), "db:6379: no answer within 1.5 s while waiting for the answer to PING");
    }

    #[test]
    fn a_server_can_neither_flood_nor_break_a_line() {
        assert_eq!(printable(b"ERR a\r\nb\x1b[31m"), "ERR a  b [31m");
        assert_eq!(printable(&[b'x'; 400]).chars().count(), REFUSAL_BYTES_MAX + 1);
    }
}
