//! A server's answer that owns its bytes.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;

use crate::error::{beginning, printable};

/// An answer in RESP2 or RESP3. The two protocols' ways to say one thing (a missing value, a table as a flat array or
/// as a map) look the same through the methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// `+OK`: a short text.
    Simple(Bytes),
    /// `-ERR …` or `!`: the server's refusal.
    Error(ReplyError),
    /// `:42`
    Integer(i64),
    /// `$5`: any bytes.
    Bulk(Bytes),
    /// `$-1`, `*-1` or `_`: nothing there.
    Null,
    /// `*3`
    Array(Vec<Reply>),
    /// `%2`: pairs in the server's order.
    Map(Vec<(Reply, Reply)>),
    /// `~3`, in the server's order.
    Set(Vec<Reply>),
    /// `>3`: sent without a question. [`crate::Connection`] skips these.
    Push(Vec<Reply>),
    /// `#t`
    Boolean(bool),
    /// `,1.5`: the number as the server wrote it.
    Double(Bytes),
    /// `(123…`: the number as the server wrote it.
    BigNumber(Bytes),
    /// `=15`: a text, without the three letters of its format.
    Verbatim(Bytes),
}

/// A server's error: a code such as `WRONGTYPE`, then words.
#[derive(Clone, PartialEq, Eq)]
pub struct ReplyError(Bytes);

impl Reply {
    /// The text or bytes of an answer that is one: simple, bulk, verbatim, or a number that came as text.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Reply::Simple(bytes)
            | Reply::Bulk(bytes)
            | Reply::Verbatim(bytes)
            | Reply::Double(bytes)
            | Reply::BigNumber(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// [`Reply::as_bytes`] as text; bytes that are not UTF-8 become `�`.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        self.as_bytes().map(String::from_utf8_lossy)
    }

    /// The number, where the answer is one, or is the decimal text of one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Reply::Integer(number) => Some(*number),
            Reply::Boolean(truth) => Some(i64::from(*truth)),
            Reply::Simple(text) | Reply::Bulk(text) => std::str::from_utf8(text).ok()?.parse().ok(),
            _ => None,
        }
    }

    /// The members of an array, set or push.
    pub fn as_array(&self) -> Option<&[Reply]> {
        match self {
            Reply::Array(members) | Reply::Set(members) | Reply::Push(members) => Some(members),
            _ => None,
        }
    }

    /// The pairs of a map, or of an array that lists names and values in turn (a map's form in RESP2).
    pub fn as_pairs(&self) -> Option<Vec<(&Reply, &Reply)>> {
        match self {
            Reply::Map(pairs) => Some(pairs.iter().map(|(name, value)| (name, value)).collect()),
            Reply::Array(members) if members.len().is_multiple_of(2) => {
                Some(members.chunks_exact(2).filter_map(|pair| Some((pair.first()?, pair.get(1)?))).collect())
            }
            _ => None,
        }
    }

    /// The value of a name in [`Reply::as_pairs`].
    pub fn field(&self, name: &str) -> Option<&Reply> {
        let pairs = self.as_pairs()?;
        pairs.into_iter().find(|(key, _)| key.as_bytes() == Some(name.as_bytes())).map(|(_, value)| value)
    }

    /// The server's refusal, where the answer is one. Errors inside an array (EXEC) are its members'.
    pub fn error(&self) -> Option<&ReplyError> {
        match self {
            Reply::Error(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the answer says that there is nothing.
    pub fn is_null(&self) -> bool {
        matches!(self, Reply::Null)
    }

    /// Whether the answer is `+OK`.
    pub fn is_ok(&self) -> bool {
        matches!(self, Reply::Simple(text) if text.as_ref() == b"OK")
    }
}

/// For messages: the kind of answer and the beginning of what it holds.
impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Simple(text) => write!(f, "the text {}", beginning(text)),
            Reply::Error(error) => write!(f, "the error {error}"),
            Reply::Integer(number) => write!(f, "the number {number}"),
            Reply::Bulk(bytes) => write!(f, "the {} bytes {}", bytes.len(), beginning(bytes)),
            Reply::Null => f.write_str("nothing (null)"),
            Reply::Array(members) => write!(f, "an array of {}", members.len()),
            Reply::Map(pairs) => write!(f, "a map of {}", pairs.len()),
            Reply::Set(members) => write!(f, "a set of {}", members.len()),
            Reply::Push(members) => write!(f, "a push message of {}", members.len()),
            Reply::Boolean(truth) => write!(f, "the boolean {truth}"),
            Reply::Double(text) | Reply::BigNumber(text) => write!(f, "the number {}", beginning(text)),
            Reply::Verbatim(text) => write!(f, "the text {}", beginning(text)),
        }
    }
}

impl ReplyError {
    /// Keeps a server's words (without the leading `-`).
    pub fn new(text: impl Into<Bytes>) -> ReplyError {
        ReplyError(text.into())
    }

    /// The words as they came.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The first word, by which errors are told apart: `ERR`, `WRONGTYPE`, `NOPERM` …
    pub fn code(&self) -> &str {
        let end = self.0.iter().position(|byte| *byte == b' ').unwrap_or(self.0.len());
        self.0.get(..end).and_then(|word| std::str::from_utf8(word).ok()).unwrap_or("")
    }
}

/// The words on one printable line of bounded length.
impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&printable(&self.0))
    }
}

impl fmt::Debug for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
