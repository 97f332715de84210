//! Opens connections to Redis servers: TCP, Unix sockets, TLS, AUTH and HELLO, and asks them simple questions.
//! Never decides what to do about a failure: an [`Error`] says what was being done and whether trying again can help.
//!
//! The flow: an endpoint of the settings → [`connect`] gives a [`Stream`] of bytes → [`Connection::open`] makes it a
//! connection that is authenticated, speaks an agreed protocol and stands in the right db → [`Connection::call`]
//! and [`Connection::pipeline`] ask and wait, each under a time limit → [`Connection::into_stream`] hands the bytes
//! on to whoever speaks more than question and answer (the replica handshake, the lanes).
//!
//! In reading order:
//! - [`Error`], [`Retry`]: what went wrong, in words for a stranger, never with a secret in it.
//! - [`Stream`], [`ReadHalf`], [`WriteHalf`]: bytes, whatever carries them; [`connect`] and [`Tuning`] make one.
//! - [`Connection`], [`Protocol`]: questions and answers; [`Reply`] is an answer that owns its bytes.
//! - [`Info`], [`Role`], [`CommandRow`]: the answers to INFO, ROLE and COMMAND as plain data.
//! - [`Backoff`]: how long to wait before the next attempt.

mod answers;
mod backoff;
mod connection;
mod decode;
mod dial;
mod error;
mod exchange;
mod reply;
mod stream;
mod tls;

#[cfg(test)]
mod tests;

pub use answers::{CommandRow, DbKeys, Info, Role};
pub use backoff::Backoff;
pub use connection::{Connection, Protocol};
pub use dial::{Tuning, connect, connect_with};
pub use error::{Error, Retry};
pub use reply::{Reply, ReplyError};
pub use stream::{ReadHalf, Stream, WriteHalf};
