//! Finds replies: `+OK\r\n`, `:3\r\n`, `*2\r\n$1\r\na\r\n-ERR …\r\n`, and the types that RESP3 adds.
//!
//! Feed [`ReplyScanner::scan`] a buffer that begins with a reply; it yields the reply as a view of the buffer, with
//! nothing copied. An aggregate is one reply: its bytes and the first error within it are known, and [`children`] walks
//! its elements. Replies that answer nothing stand between those that do: see [`Reply::is_out_of_band`].

mod children;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
mod token;

use crate::{Error, Limits};
use token::Token;

pub use children::{Children, children};

/// The kinds of reply that hold others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// `*`
    Array,
    /// `%`: keys and values by turns.
    Map,
    /// `~`
    Set,
    /// `>`: sent by the server on its own account.
    Push,
    /// `|`: keys and values by turns, said about the reply that follows.
    Attribute,
}

/// A reply, as a view of the buffer that it was scanned in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply<'a> {
    /// `+`: a status such as `OK`, `QUEUED`, `PONG`.
    Simple(&'a [u8]),
    /// `-`, or `!` of RESP3: an error, its code first: `WRONGTYPE Operation against …`.
    Error(&'a [u8]),
    /// `:`
    Integer(i64),
    /// `$`: bytes, or `None` for RESP2's null.
    Bulk(Option<&'a [u8]>),
    /// A reply that holds others.
    Aggregate {
        /// Of which kind.
        kind: Aggregate,
        /// How many elements it has: pairs, for a map or an attribute. `None` for RESP2's null array.
        len: Option<u64>,
        /// All its bytes, those of its first line included: what [`children`] takes.
        raw: &'a [u8],
        /// The first error anywhere within: what a command of a transaction answered to `EXEC`.
        first_error: Option<&'a [u8]>,
    },
    /// `_`: the null of RESP3.
    Null,
    /// `#t` or `#f`.
    Boolean(bool),
    /// `,`: the digits as they were sent, which may be `inf`, `-inf` or `nan`.
    Double(&'a [u8]),
    /// `(`: the digits as they were sent.
    BigNumber(&'a [u8]),
    /// `=`: text and what it is written in.
    Verbatim {
        /// Three letters: `txt` or `mkd`.
        format: &'a [u8],
        /// The text.
        text: &'a [u8],
    },
}

/// What a scan found at the front of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyStep<'a> {
    /// The reply is not all there. Call again with the same bytes and more behind them.
    NeedMore {
        /// How many further bytes are missing at the least, 1 or more; a hint, which the caller caps.
        at_least: usize,
    },
    /// A whole reply.
    Reply {
        /// What it says.
        reply: Reply<'a>,
        /// Its bytes on the wire.
        len: usize,
    },
}

/// Scans replies one after the other, and remembers how far it came in one that is not all there.
#[derive(Debug)]
pub struct ReplyScanner {
    limits: Limits,
    /// Where the next piece of the current reply begins; 0 where none is taken yet.
    at: usize,
    /// How many bytes of that piece are known to hold no line end.
    searched: usize,
    /// The aggregate that is the current reply.
    outer: Option<(Aggregate, u64)>,
    /// Of each aggregate that is open, the outermost first: how many elements are missing.
    open: Vec<u64>,
    /// Where the first error lies.
    error: Option<(usize, usize)>,
}

// === impl Reply ===

impl<'a> Reply<'a> {
    /// Whether the reply answers no command: a push message or an attribute. Whoever matches replies to commands takes
    /// these out first.
    pub fn is_out_of_band(&self) -> bool {
        matches!(self, Reply::Aggregate { kind: Aggregate::Push | Aggregate::Attribute, .. })
    }

    /// The error that the reply is, or the first one within it.
    pub fn error(&self) -> Option<&'a [u8]> {
        match self {
            Reply::Error(text) => Some(text),
            Reply::Aggregate { first_error, .. } => *first_error,
            _ => None,
        }
    }

    /// Whether the reply is a null of any kind.
    pub fn is_null(&self) -> bool {
        matches!(self, Reply::Null | Reply::Bulk(None) | Reply::Aggregate { len: None, .. })
    }

    /// The text of a reply that is a string: simple, bulk or verbatim.
    pub fn text(&self) -> Option<&'a [u8]> {
        match self {
            Reply::Simple(text) | Reply::Bulk(Some(text)) | Reply::Verbatim { text, .. } => Some(text),
            _ => None,
        }
    }
}

// === impl ReplyScanner ===

impl ReplyScanner {
    /// A scanner before its first reply.
    pub fn new(limits: Limits) -> ReplyScanner {
        ReplyScanner { limits, at: 0, searched: 0, outer: None, open: Vec::new(), error: None }
    }

    /// Looks for a whole reply at the front of `buf`. After [`ReplyStep::NeedMore`] the next call takes the same bytes
    /// with more behind them; after a reply it takes the bytes behind the `len` that were found.
    ///
    /// # Errors
    /// Where the bytes are no reply, or one beyond a limit. What follows cannot be told from them: the connection is to
    /// be closed.
    #[inline]
    pub fn scan<'a>(&mut self, buf: &'a [u8]) -> Result<ReplyStep<'a>, Error> {
        if self.at == 0
            && let Some((reply, len)) = token::frequent(buf)
        {
            self.searched = 0;
            return Ok(ReplyStep::Reply { reply, len });
        }
        let scanned = self.pieces(buf);
        if !matches!(scanned, Ok(ReplyStep::NeedMore { .. })) {
            self.reset();
        }
        scanned
    }

    /// Takes piece after piece of the current reply: a piece is a reply that holds no others, or the first line of one
    /// that does.
    fn pieces<'a>(&mut self, buf: &'a [u8]) -> Result<ReplyStep<'a>, Error> {
        loop {
            let (kind, len, end) = match token::token(buf, self.at, self.searched, &self.limits)? {
                Token::Partial { at_least, searched } => {
                    self.searched = searched;
                    return Ok(ReplyStep::NeedMore { at_least });
                }
                Token::Whole { reply, end } => {
                    if self.outer.is_none() {
                        return Ok(ReplyStep::Reply { reply, len: end });
                    }
                    self.element(reply, end);
                    if let Some(left) = self.open.last_mut() {
                        *left = left.saturating_sub(1);
                    }
                    if let Some(reply) = self.close(buf) {
                        return Ok(reply);
                    }
                    continue;
                }
                Token::Open { kind, len, end } => (kind, len, end),
            };
            self.descend(kind, len, end)?;
            if let Some(reply) = self.close(buf) {
                return Ok(reply);
            }
        }
    }

    /// Notes an element that ends at `end`.
    fn element(&mut self, reply: Reply<'_>, end: usize) {
        if let Reply::Error(text) = reply {
            // Both forms of error have their text before the last CR LF.
            let text_end = end.saturating_sub(2);
            self.error.get_or_insert((text_end.saturating_sub(text.len()), text_end));
        }
        self.at = end;
        self.searched = 0;
    }

    /// Enters an aggregate of `len` elements, whose first begins at `end`.
    fn descend(&mut self, kind: Aggregate, len: u64, end: usize) -> Result<(), Error> {
        if self.open.len() >= self.limits.depth_max {
            return Err(Error::TooDeep { at: self.at, limit: self.limits.depth_max });
        }
        match self.open.last_mut() {
            // An attribute is no element of what it stands in: it belongs to the element behind it.
            Some(_) if kind == Aggregate::Attribute => {}
            Some(left) => *left = left.saturating_sub(1),
            None => self.outer = Some((kind, len)),
        }
        self.open.push(if kind.has_pairs() { len.saturating_mul(2) } else { len });
        self.at = end;
        self.searched = 0;
        Ok(())
    }

    /// Leaves the aggregates that are complete, and yields the reply where the outermost is.
    fn close<'a>(&mut self, buf: &'a [u8]) -> Option<ReplyStep<'a>> {
        while let Some(0) = self.open.last() {
            self.open.pop();
        }
        let (kind, len) = self.outer.filter(|_| self.open.is_empty())?;
        let raw = buf.get(..self.at).unwrap_or_default();
        let first_error = self.error.and_then(|(start, end)| buf.get(start..end));
        let reply = Reply::Aggregate { kind, len: Some(len), raw, first_error };
        Some(ReplyStep::Reply { reply, len: self.at })
    }

    fn reset(&mut self) {
        self.at = 0;
        self.searched = 0;
        self.outer = None;
        self.open.clear();
        self.error = None;
    }
}

// === impl Aggregate ===

impl Aggregate {
    /// Whether its length counts pairs.
    pub fn has_pairs(self) -> bool {
        matches!(self, Aggregate::Map | Aggregate::Attribute)
    }
}
