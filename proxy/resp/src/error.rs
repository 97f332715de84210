use std::fmt;

/// Why bytes are not a command or a reply. Places count from the first byte of the command or reply, which is byte 0.
///
/// The bytes themselves are not shown beyond one: an argument may be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The protocol has something else here.
    #[error("at byte {at}: expected {expected}, found {}", Byte(*.found))]
    Unexpected {
        /// Where.
        at: usize,
        /// What would have been right, in words.
        expected: &'static str,
        /// The byte that stands there.
        found: u8,
    },
    /// A length or a count is beyond its limit.
    #[error("at byte {at}: {what} of {announced} exceeds the limit of {limit}")]
    TooLarge {
        /// Where the length was announced or exceeded.
        at: usize,
        /// Of what: "an argument's length in bytes", "a count of arguments" …
        what: &'static str,
        /// What the peer announced, or, where it announced nothing, what it had sent when the limit was passed.
        announced: u64,
        /// The limit, of [`crate::Limits`].
        limit: u64,
    },
    /// Replies are nested deeper than [`crate::Limits::depth_max`].
    #[error("at byte {at}: replies are nested deeper than the limit of {limit}")]
    TooDeep {
        /// Where the aggregate that is too deep begins.
        at: usize,
        /// The limit.
        limit: usize,
    },
    /// A reply of no announced length (`$?`, `*?`, chunks): RESP3 allows them, no server is known to send them.
    #[error("at byte {at}: a streamed reply, of a length not announced, which is not supported")]
    Streamed {
        /// Where it begins.
        at: usize,
    },
    /// An inline command's quotes do not close, or text follows a closing quote without a space between.
    #[error("at byte {at}: unbalanced quotes in a command typed as a line")]
    UnbalancedQuotes {
        /// Where the quoted text stopped making sense.
        at: usize,
    },
    /// Bytes that should have been a whole reply end before its end.
    #[error("at byte {at}: the reply ends here, before it is complete")]
    Truncated {
        /// How many bytes there were.
        at: usize,
    },
}

impl Error {
    /// The same error, of bytes that begin `by` bytes later in the whole.
    pub(crate) fn moved(mut self, by: usize) -> Error {
        match &mut self {
            Error::Unexpected { at, .. }
            | Error::TooLarge { at, .. }
            | Error::TooDeep { at, .. }
            | Error::Streamed { at }
            | Error::UnbalancedQuotes { at }
            | Error::Truncated { at } => *at = at.saturating_add(by),
        }
        self
    }
}

/// A byte in a message: printable ones as they are, others in hexadecimal.
struct Byte(u8);

impl fmt::Display for Byte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\r' => f.write_str("a carriage return"),
            b'\n' => f.write_str("a line feed"),
            b' '..=b'~' => write!(f, "'{}'", char::from(self.0)),
            other => write!(f, "byte 0x{other:02x}"),
        }
    }
}
