//! Finds commands: `*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n`, or, from a person at a terminal, `SET k v\n`.
//!
//! Feed [`CommandScanner::scan`] a buffer that begins with a command; take the places of its arguments from
//! [`CommandScanner::args`]; go on behind it. Where the command is not all there, read more behind the same bytes and
//! scan again: what was scanned is not scanned again.

mod inline;
#[cfg(test)]
mod tests;

use crate::header::{self, Length};
use crate::{Error, Limits};

/// What a scan found at the front of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// The command is not all there. Call again with the same bytes and more behind them.
    NeedMore {
        /// How many further bytes are missing at the least, 1 or more. It is what the peer announces: a hint for the
        /// next read, which the caller caps before it reserves memory.
        at_least: usize,
    },
    /// A command of `len` bytes; its arguments are [`CommandScanner::args`], in the scanned buffer.
    Command {
        /// Bytes on the wire.
        len: usize,
    },
    /// A command typed as a line of `len` bytes; its arguments are [`CommandScanner::args`], in
    /// [`CommandScanner::canonical`].
    Inline {
        /// Bytes on the wire.
        len: usize,
    },
    /// `len` bytes that ask for nothing: an empty line, which a server sends to keep a link alive, or a command of no
    /// arguments (`*0`). They count in a replication offset like any others.
    Blank {
        /// Bytes on the wire.
        len: usize,
    },
}

/// Where an argument lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first byte, from the command's first byte.
    pub start: u32,
    /// How many.
    pub len: u32,
}

impl Span {
    /// The argument's bytes, out of the buffer that was scanned; empty where it is not that buffer.
    #[inline]
    pub fn of(self, buf: &[u8]) -> &[u8] {
        let start = self.start as usize;
        buf.get(start..start.saturating_add(self.len as usize)).unwrap_or_default()
    }
}

/// Scans commands one after the other, and remembers how far it came in one that is not all there.
#[derive(Debug)]
pub struct CommandScanner {
    limits: Limits,
    /// Whether commands typed as a line are taken.
    lines: bool,
    args: Vec<Span>,
    canonical: Vec<u8>,
    state: State,
}

/// How far the scan of the current command has come.
#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing is known.
    Start,
    /// A line without a line feed in its first `searched` bytes.
    Line { searched: usize },
    /// `left` arguments are missing, the first of them at `at`.
    Args { at: usize, left: u32, body: Option<u32> },
}

/// After a command of more arguments than this its list is given back to the allocator.
const ARGS_KEPT: usize = 64 << 10;

// === impl CommandScanner ===

impl CommandScanner {
    /// For a replication stream or a file: commands typed as a line are refused, as Redis refuses them of its master.
    pub fn new(limits: Limits) -> CommandScanner {
        // Places are kept in 32 bits.
        let limits = Limits { command_bytes_max: limits.command_bytes_max.min(u64::from(u32::MAX)), ..limits };
        CommandScanner { limits, lines: false, args: Vec::new(), canonical: Vec::new(), state: State::Start }
    }

    /// For clients: commands typed as a line are taken too.
    pub fn with_lines(limits: Limits) -> CommandScanner {
        CommandScanner { lines: true, ..CommandScanner::new(limits) }
    }

    /// Looks for a whole command at the front of `buf`. After [`Scanned::NeedMore`] the next call takes the same bytes
    /// with more behind them; after anything else it takes the bytes behind the `len` that were found.
    ///
    /// # Errors
    /// Where the bytes are no command, or one beyond a limit. What follows cannot be told from them: the connection is
    /// to be closed.
    #[inline]
    pub fn scan(&mut self, buf: &[u8]) -> Result<Scanned, Error> {
        let scanned = match self.state {
            State::Start => self.start(buf),
            State::Line { searched } => self.line(buf, searched),
            State::Args { at, left, body } => self.arguments(buf, at, left, body),
        };
        if scanned.is_err() {
            self.state = State::Start;
        }
        scanned
    }

    /// Where the arguments of the last command lie, its name being the first.
    #[inline]
    pub fn args(&self) -> &[Span] {
        &self.args
    }

    /// The last command that was typed as a line, as the same command in the protocol's own form.
    pub fn canonical(&self) -> &[u8] {
        &self.canonical
    }

    #[inline]
    fn start(&mut self, buf: &[u8]) -> Result<Scanned, Error> {
        self.args.clear();
        if self.args.capacity() > ARGS_KEPT {
            self.args = Vec::new();
        }
        match buf.first() {
            Some(b'*') => match header::length(buf, 1)? {
                Length::Partial => Ok(Scanned::NeedMore { at_least: 1 }),
                Length::Is { value: 0, end } | Length::Negative { end } => Ok(Scanned::Blank { len: end }),
                Length::Is { value, end } => {
                    let left = self.within(1, "a count of arguments", value, u64::from(self.limits.args_max))?;
                    self.arguments(buf, end, left, None)
                }
            },
            None => Ok(Scanned::NeedMore { at_least: 1 }),
            Some(_) if self.lines => self.line(buf, 0),
            Some(b'\n') => Ok(Scanned::Blank { len: 1 }),
            Some(b'\r') => Ok(match header::line_end(buf, 0)? {
                Some(len) => Scanned::Blank { len },
                None => Scanned::NeedMore { at_least: 1 },
            }),
            Some(&found) => Err(Error::Unexpected { at: 0, expected: "a command, which begins with '*'", found }),
        }
    }

    /// Scans the arguments from `at`, where a `$` stands, or the body of one whose length is known.
    #[inline]
    fn arguments(&mut self, buf: &[u8], mut at: usize, mut left: u32, mut body: Option<u32>) -> Result<Scanned, Error> {
        while left > 0 {
            let len = match body.take() {
                Some(len) => len,
                None => match self.announced(buf, at)? {
                    Some((len, start)) => {
                        at = start;
                        len
                    }
                    None => {
                        self.state = State::Args { at, left, body: None };
                        return Ok(Scanned::NeedMore { at_least: 1 });
                    }
                },
            };
            let end = at.saturating_add(len as usize);
            match buf.get(end..) {
                Some([b'\r', b'\n', ..]) => {}
                rest => {
                    self.state = State::Args { at, left, body: Some(len) };
                    return body_missing(buf, end, rest);
                }
            }
            // `at` is below `command_bytes_max`, which fits 32 bits.
            self.args.push(Span { start: at as u32, len });
            at = end + 2;
            left -= 1;
        }
        self.state = State::Start;
        Ok(Scanned::Command { len: at })
    }

    /// The length of the argument at `at` and where its bytes begin, or `None` where that is not all there.
    #[inline]
    fn announced(&self, buf: &[u8], at: usize) -> Result<Option<(u32, usize)>, Error> {
        match buf.get(at) {
            None => return Ok(None),
            Some(b'$') => {}
            Some(&found) => {
                return Err(Error::Unexpected { at, expected: "an argument, which begins with '$'", found });
            }
        }
        match header::length(buf, at + 1)? {
            Length::Partial => Ok(None),
            Length::Negative { .. } => {
                Err(Error::Unexpected { at: at + 1, expected: "a length in digits", found: b'-' })
            }
            Length::Is { value, end } => {
                self.within(at + 1, "an argument's length in bytes", value, self.limits.bulk_bytes_max)?;
                let whole = (end as u64).saturating_add(value).saturating_add(2);
                self.within(at + 1, "a command's length in bytes", whole, self.limits.command_bytes_max)?;
                Ok(Some((value as u32, end)))
            }
        }
    }

    #[inline]
    fn within(&self, at: usize, what: &'static str, announced: u64, limit: u64) -> Result<u32, Error> {
        match u32::try_from(announced) {
            Ok(number) if announced <= limit => Ok(number),
            _ => Err(Error::TooLarge { at, what, announced, limit }),
        }
    }
}

/// What to answer where an argument's bytes are not followed by CR LF: they are not all there, or they are wrong.
#[cold]
fn body_missing(buf: &[u8], end: usize, rest: Option<&[u8]>) -> Result<Scanned, Error> {
    if rest.is_some() {
        header::line_end(buf, end)?;
    }
    Ok(Scanned::NeedMore { at_least: end.saturating_add(2).saturating_sub(buf.len()).max(1) })
}
