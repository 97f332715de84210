//! Commands typed as a line, with Redis's rules of quoting (`sds.c`, `sdssplitargs`).

use super::{CommandScanner, Scanned, Span, State};
use crate::{Error, encode};

impl CommandScanner {
    /// Takes a line, of whose first `searched` bytes none is a line feed.
    pub(super) fn line(&mut self, buf: &[u8], searched: usize) -> Result<Scanned, Error> {
        let limit = self.limits.inline_bytes_max;
        let found = memchr::memchr(b'\n', buf.get(searched..).unwrap_or_default()).map(|place| searched + place);
        if found.unwrap_or(buf.len()) > limit {
            let what = "the length in bytes of a command typed as a line";
            return Err(Error::TooLarge { at: limit, what, announced: limit as u64 + 1, limit: limit as u64 });
        }
        let Some(feed) = found else {
            self.state = State::Line { searched: buf.len() };
            return Ok(Scanned::NeedMore { at_least: 1 });
        };
        self.args.clear();
        let text = split(buf.get(..feed).unwrap_or_default(), &mut self.args)?;
        self.state = State::Start;
        let len = feed + 1;
        if self.args.is_empty() {
            return Ok(Scanned::Blank { len });
        }
        self.canonize(&text);
        Ok(Scanned::Inline { len })
    }

    /// Writes the command whose arguments lie in `text`, and lets them lie in what was written instead.
    fn canonize(&mut self, text: &[u8]) {
        self.canonical.clear();
        encode::command_header(&mut self.canonical, self.args.len());
        for arg in &mut self.args {
            encode::bulk(&mut self.canonical, arg.of(text));
            let end = self.canonical.len().saturating_sub(2);
            // A line's length is limited to far less than 32 bits.
            arg.start = end.saturating_sub(arg.len as usize) as u32;
        }
    }
}

/// Splits a line into its arguments: their bytes, one behind the other, are returned, their places go to `args`.
fn split(line: &[u8], args: &mut Vec<Span>) -> Result<Vec<u8>, Error> {
    let mut text = Vec::with_capacity(line.len());
    let mut at = 0;
    while let Some(&byte) = line.get(at) {
        if is_space(byte) {
            at += 1;
            continue;
        }
        let start = text.len();
        at = word(line, at, &mut text)?;
        args.push(Span { start: start as u32, len: (text.len() - start) as u32 });
    }
    Ok(text)
}

/// Takes one argument from `at`, and returns where it ends. Quotes may begin within it, and end it.
fn word(line: &[u8], mut at: usize, text: &mut Vec<u8>) -> Result<usize, Error> {
    while let Some(&byte) = line.get(at) {
        match byte {
            // Redis takes a zero byte for the end of the whole line, and so runs another command than was sent.
            0 => return Err(Error::Unexpected { at, expected: "text", found: 0 }),
            b'"' | b'\'' => return quoted(line, at, byte, text),
            _ if is_space(byte) => break,
            _ => text.push(byte),
        }
        at += 1;
    }
    Ok(at)
}

/// Takes quoted text, whose opening quote is at `open`, and returns where the argument ends.
fn quoted(line: &[u8], open: usize, quote: u8, text: &mut Vec<u8>) -> Result<usize, Error> {
    let mut at = open + 1;
    loop {
        let rest = line.get(at..).unwrap_or_default();
        match (quote, rest) {
            (_, []) => return Err(Error::UnbalancedQuotes { at }),
            (b'"', [b'\\', b'x', high, low, ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                text.push(hex(*high) << 4 | hex(*low));
                at += 4;
            }
            (b'"', [b'\\', escaped, ..]) => {
                text.push(unescape(*escaped));
                at += 2;
            }
            (b'\'', [b'\\', b'\'', ..]) => {
                text.push(b'\'');
                at += 2;
            }
            (_, [byte, next @ ..]) if *byte == quote => {
                return match next.first() {
                    Some(&behind) if !is_space(behind) => Err(Error::UnbalancedQuotes { at: at + 1 }),
                    _ => Ok(at + 1),
                };
            }
            (_, [byte, ..]) => {
                text.push(*byte);
                at += 1;
            }
        }
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

fn hex(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

/// What C's `isspace` says.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}
