//! A connection that is let in and ready: questions and answers.

use std::fmt;

use bytes::BytesMut;
use settings::{Endpoint, Timeouts};

pub use settings::Protocol;

use crate::dial::{Dial, Tuning};
use crate::error::printable;
use crate::exchange::Exchange;
use crate::{Error, Reply, Retry, Stream};

/// A connection to a server on which a question may be asked at a time: connected, authenticated, its protocol agreed
/// upon, in the endpoint's db.
///
/// Error replies are answers ([`Reply::Error`]); an `Err` means that the connection itself failed. After an `Err`, or
/// after the future of a question was dropped half-way, every further question is [`Error::OutOfStep`].
pub struct Connection {
    exchange: Exchange,
    resp3: bool,
    /// The questions as sent, kept for its room. It may hold a password.
    out: Vec<u8>,
}

impl Connection {
    /// Connects and logs in, all within `timeouts.connect`: `AUTH` where the endpoint has user or password, `HELLO 3`
    /// as `protocol` wants it, `CLIENT SETNAME client_name` (an empty name sends none; a server's refusal is passed
    /// over), `SELECT` where the db is not 0, and a `PING` whose answer proves that the server takes commands.
    ///
    /// Later questions wait up to `timeouts.reply` without a byte from the server.
    pub async fn open(
        endpoint: &Endpoint,
        timeouts: &Timeouts,
        protocol: Protocol,
        client_name: &str,
    ) -> Result<Connection, Error> {
        Connection::open_with(endpoint, timeouts, protocol, client_name, &Tuning::default()).await
    }

    /// [`Connection::open`] on a socket that is set up as `tuning` says.
    pub async fn open_with(
        endpoint: &Endpoint,
        timeouts: &Timeouts,
        protocol: Protocol,
        client_name: &str,
        tuning: &Tuning,
    ) -> Result<Connection, Error> {
        let dial = Dial::new(endpoint, timeouts.connect);
        let stream = dial.stream(endpoint, tuning).await?;
        let exchange = Exchange::new(stream, dial.address, timeouts.reply, (dial.deadline, dial.limit));
        let mut connection = Connection { exchange, resp3: false, out: Vec::new() };
        connection.authenticate(endpoint).await?;
        connection.agree(protocol).await?;
        if !client_name.is_empty() {
            // Servers before 2.6.9, and users without the right, go without a name.
            let reply = connection.call(&[b"CLIENT", b"SETNAME", client_name.as_bytes()]).await?;
            connection.let_in(&reply, "CLIENT SETNAME")?;
        }
        if endpoint.db.0 != 0 {
            let db = endpoint.db.to_string();
            let reply = connection.call(&[b"SELECT", db.as_bytes()]).await?;
            connection.granted(&reply, "SELECT of the db in the settings")?;
        }
        connection.prove().await?;
        connection.exchange.opened();
        Ok(connection)
    }

    /// Asks one command and waits for its answer. `args` is the command's name and its arguments.
    pub async fn call(&mut self, args: &[&[u8]]) -> Result<Reply, Error> {
        let doing = format!("waiting for the answer to {}", name(args));
        self.out.clear();
        resp::encode::command(&mut self.out, args);
        let replies = self.exchange.ask(&self.out, 1, &doing).await?;
        replies.into_iter().next().ok_or_else(|| self.unexpected(&doing, "one answer", &Reply::Null))
    }

    /// Asks several commands at once; the answers come in their order, as many as there were commands.
    pub async fn pipeline(&mut self, commands: &[Vec<&[u8]>]) -> Result<Vec<Reply>, Error> {
        let Some(first) = commands.first() else { return Ok(Vec::new()) };
        let doing = format!("waiting for the answers to {} commands from {} on", commands.len(), name(first));
        self.out.clear();
        for command in commands {
            resp::encode::command(&mut self.out, command);
        }
        self.exchange.ask(&self.out, commands.len(), &doing).await
    }

    /// The bytes themselves, and what has been received beyond the last answer (usually nothing).
    pub fn into_stream(self) -> (Stream, BytesMut) {
        self.exchange.into_stream()
    }

    /// Whether RESP3 is spoken.
    pub fn is_resp3(&self) -> bool {
        self.resp3
    }

    /// Host and port, or the socket's path: for messages.
    pub fn address(&self) -> &str {
        self.exchange.address()
    }

    // === log-in ===

    /// replication.c authenticates a replica in the same way: one argument, or two where there is a user.
    async fn authenticate(&mut self, endpoint: &Endpoint) -> Result<(), Error> {
        let password = endpoint.password.as_ref().map_or("", |secret| secret.expose());
        let reply = match (&endpoint.username, &endpoint.password) {
            (None, None) => return Ok(()),
            (None, Some(_)) => self.call(&[b"AUTH", password.as_bytes()]).await?,
            (Some(user), _) => self.call(&[b"AUTH", user.as_bytes(), password.as_bytes()]).await?,
        };
        match reply.error() {
            None => Ok(()),
            Some(error) => Err(Error::Refused {
                address: self.address().to_owned(),
                doing: "AUTH".into(),
                reply: without_secret(error.as_bytes(), password),
            }),
        }
    }

    async fn agree(&mut self, protocol: Protocol) -> Result<(), Error> {
        if protocol == Protocol::Resp2 {
            return Ok(());
        }
        let reply = self.call(&[b"HELLO", b"3"]).await?;
        self.let_in(&reply, "HELLO 3")?;
        match (reply.error(), protocol) {
            (None, _) => self.resp3 = true,
            (Some(_), Protocol::Resp3) => {
                self.granted(&reply, "HELLO 3 (RESP3; the setting `auto` falls back to RESP2)")?
            }
            (Some(error), _) => tracing::debug!(%error, "no RESP3, going on with RESP2"),
        }
        Ok(())
    }

    /// A server that is full, loading, protected or that wants a password says so here at the latest.
    async fn prove(&mut self) -> Result<(), Error> {
        let reply = self.call(&[b"PING"]).await?;
        match reply.error() {
            // A user without the right to PING is let in all the same (replication.c does so, too).
            Some(error) if error.code() == "NOPERM" => Ok(()),
            Some(_) => self.granted(&reply, "PING"),
            None if reply.as_bytes() == Some(b"PONG") => Ok(()),
            None => Err(self.unexpected("PING", "PONG", &reply)),
        }
    }

    /// An error that is about us or the server, not about the command: it is full, protected, loading. It says so
    /// once, whatever was asked first, and may close the connection right behind it.
    fn let_in(&self, reply: &Reply, doing: &'static str) -> Result<(), Error> {
        match self.granted(reply, doing) {
            Err(error) if error.retry() == Retry::Later => Err(error),
            Err(error) if reply.error().is_some_and(|error| matches!(error.code(), "NOAUTH" | "DENIED")) => Err(error),
            _ => Ok(()),
        }
    }

    /// An error reply as an `Err`.
    pub(crate) fn granted(&self, reply: &Reply, doing: &'static str) -> Result<(), Error> {
        match reply.error() {
            None => Ok(()),
            Some(error) => Err(Error::Refused {
                address: self.address().to_owned(),
                doing: doing.into(),
                reply: error.to_string(),
            }),
        }
    }

    pub(crate) fn unexpected(&self, doing: &str, expected: &'static str, got: &Reply) -> Error {
        Error::Unexpected {
            address: self.address().to_owned(),
            doing: doing.to_owned().into(),
            expected,
            got: got.to_string(),
        }
    }
}

/// Without what was sent and received: a password may be among it.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (address, resp3) = (self.address(), self.resp3);
        f.debug_struct("Connection").field("address", &address).field("resp3", &resp3).finish_non_exhaustive()
    }
}

/// The name of a command for messages. Only the name: the arguments may be secrets or values.
fn name(args: &[&[u8]]) -> String {
    /// Their second word is part of the name.
    const CONTAINERS: [&str; 9] =
        ["ACL", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "FUNCTION", "MODULE", "OBJECT", "SCRIPT"];
    let word = |at: usize| args.get(at).map_or_else(String::new, |word| printable(word).to_ascii_uppercase());
    match word(0) {
        first if CONTAINERS.contains(&first.as_str()) => format!("{first} {}", word(1)).trim_end().to_owned(),
        first => first,
    }
}

/// A refusal of AUTH as printable text. Servers that do not know the command (renamed, or no Redis at all) answer
/// with its arguments, of which the password is one, perhaps cut short: all from there on is left out.
fn without_secret(text: &[u8], secret: &str) -> String {
    let text = String::from_utf8_lossy(text);
    let mut text = text.split("with args").next().unwrap_or("").trim_end_matches([' ', ',']).to_owned();
    if !secret.is_empty() {
        text = text.replace(secret, "***");
    }
    printable(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_the_server_repeats_is_left_out() {
        for (text, secret, expect) in [
            ("ERR unknown command 'AUTH', with args beginning with: 's3cret' ", "s3cret", "ERR unknown command 'AUTH'"),
            (
                "ERR unknown command `auth`, with args beginning with: `a long one, cut sh",
                "a long one, cut short",
                "ERR unknown command `auth`",
            ),
            ("ERR bad password s3cret given", "s3cret", "ERR bad password *** given"),
            ("WRONGPASS invalid username-password pair", "", "WRONGPASS invalid username-password pair"),
        ] {
            assert_eq!(without_secret(text.as_bytes(), secret), expect);
        }
    }

    #[test]
    fn messages_name_commands_and_never_arguments() {
        for (args, expect) in [
            (&[b"AUTH".as_slice(), b"user", b"s3cret"][..], "AUTH"),
            (&[b"config", b"get", b"requirepass"], "CONFIG GET"),
            (&[b"SET", b"key", b"value"], "SET"),
            (&[b"ACL"], "ACL"),
            (&[], ""),
        ] {
            assert_eq!(name(args), expect);
        }
    }
}
