//! One piece of a reply: a whole one, or the first line of an aggregate.

use super::{Aggregate, Reply};
use crate::header::{self, Length};
use crate::{Error, Limits, number};

/// A piece of a reply.
#[derive(Debug)]
pub(super) enum Token<'a> {
    /// It is not all there; `searched` of its bytes are known to hold no line end.
    Partial { at_least: usize, searched: usize },
    /// A reply that holds no others.
    Whole { reply: Reply<'a>, end: usize },
    /// An aggregate of `len` elements or pairs begins.
    Open { kind: Aggregate, len: u64, end: usize },
}

/// What nearly every write answers, where it is all there: `+OK`, or a number that is not negative and of no more than
/// 18 digits. `None` says nothing of what else it is.
#[inline]
pub(super) fn frequent(buf: &[u8]) -> Option<(Reply<'_>, usize)> {
    match buf {
        [b'+', b'O', b'K', b'\r', b'\n', ..] => Some((Reply::Simple(buf.get(1..3)?), 5)),
        [b':', b'1'..=b'9', ..] => {
            let mut value = 0_i64;
            for place in 1..=18 {
                let digit = buf.get(place)?.wrapping_sub(b'0');
                if digit > 9 {
                    let ends = buf.get(place..place + 2)? == b"\r\n";
                    return ends.then_some((Reply::Integer(value), place + 2));
                }
                value = value * 10 + i64::from(digit);
            }
            None
        }
        _ => None,
    }
}

/// Reads the piece at `at`, of which `searched` bytes are known to hold no line end.
#[inline]
pub(super) fn token<'a>(buf: &'a [u8], at: usize, searched: usize, limits: &Limits) -> Result<Token<'a>, Error> {
    let Some(&kind) = buf.get(at) else { return Ok(Token::Partial { at_least: 1, searched: 0 }) };
    match kind {
        b'$' | b'!' | b'=' => bulk(buf, at, kind, limits),
        b'*' => aggregate(buf, at, Aggregate::Array, limits),
        b'%' => aggregate(buf, at, Aggregate::Map, limits),
        b'~' => aggregate(buf, at, Aggregate::Set, limits),
        b'>' => aggregate(buf, at, Aggregate::Push, limits),
        b'|' => aggregate(buf, at, Aggregate::Attribute, limits),
        b'+' | b'-' | b':' | b',' | b'(' | b'#' | b'_' => line(buf, at, searched, limits, |text| match kind {
            b'+' => Ok(Reply::Simple(text)),
            b'-' => Ok(Reply::Error(text)),
            b':' => number::parse_i64(text).map(Reply::Integer).ok_or("an integer of 64 bits"),
            b',' => Ok(Reply::Double(text)),
            b'(' => Ok(Reply::BigNumber(text)),
            b'_' if text.is_empty() => Ok(Reply::Null),
            b'#' if text == b"t" => Ok(Reply::Boolean(true)),
            b'#' if text == b"f" => Ok(Reply::Boolean(false)),
            _ => Err("an empty null, or a boolean 't' or 'f'"),
        }),
        b';' | b'.' => Err(Error::Streamed { at }),
        found => {
            Err(Error::Unexpected { at, expected: "the first byte of a reply ('+', '-', ':', '$', '*' …)", found })
        }
    }
}

/// Reads a reply that is one line: up to the first CR LF, as hiredis does.
#[inline]
fn line<'a>(
    buf: &'a [u8],
    at: usize,
    searched: usize,
    limits: &Limits,
    reply: impl FnOnce(&'a [u8]) -> Result<Reply<'a>, &'static str>,
) -> Result<Token<'a>, Error> {
    let start = at + 1;
    let body = buf.get(start..).unwrap_or_default();
    let found = line_length(body, searched);
    if found.unwrap_or(body.len().saturating_sub(1)) > limits.line_bytes_max {
        let limit = limits.line_bytes_max as u64;
        return Err(Error::TooLarge { at, what: "the length in bytes of a line", announced: limit + 1, limit });
    }
    let Some(length) = found else { return Ok(Token::Partial { at_least: 1, searched: body.len() }) };
    let end = start + length + 2;
    within_reply(at, end as u64, limits)?;
    let text = body.get(..length).unwrap_or_default();
    match reply(text) {
        Ok(reply) => Ok(Token::Whole { reply, end }),
        Err(expected) => {
            Err(Error::Unexpected { at: start, expected, found: body.first().copied().unwrap_or_default() })
        }
    }
}

/// How many bytes stand before the first CR LF; none of the first `searched` bytes ends one but perhaps the last.
#[inline]
fn line_length(body: &[u8], searched: usize) -> Option<usize> {
    let mut from = searched;
    loop {
        let feed = from + memchr::memchr(b'\n', body.get(from..)?)?;
        match feed.checked_sub(1) {
            Some(before) if body.get(before) == Some(&b'\r') => return Some(before),
            _ => from = feed + 1,
        }
    }
}

/// Reads a reply whose length is announced: a bulk, an error or a verbatim text.
#[inline]
fn bulk<'a>(buf: &'a [u8], at: usize, kind: u8, limits: &Limits) -> Result<Token<'a>, Error> {
    let (length, start) = match header::length(buf, at + 1)? {
        Length::Partial => return Ok(Token::Partial { at_least: 1, searched: 0 }),
        Length::Negative { end } if kind == b'$' => return Ok(Token::Whole { reply: Reply::Bulk(None), end }),
        Length::Negative { .. } => {
            return Err(Error::Unexpected { at: at + 1, expected: "a length in digits", found: b'-' });
        }
        Length::Is { value, end } => (value, end),
    };
    if length > limits.bulk_bytes_max {
        let what = "a reply's length in bytes";
        return Err(Error::TooLarge { at, what, announced: length, limit: limits.bulk_bytes_max });
    }
    within_reply(at, (start as u64).saturating_add(length).saturating_add(2), limits)?;
    let end = usize::try_from(length).unwrap_or(usize::MAX).saturating_add(start);
    let Some(end_of_line) = buf.get(end..).map_or(Ok(None), |_| header::line_end(buf, end))? else {
        let at_least = end.saturating_add(2).saturating_sub(buf.len()).max(1);
        return Ok(Token::Partial { at_least, searched: 0 });
    };
    let text = buf.get(start..end).unwrap_or_default();
    let reply = match (kind, text) {
        (b'$', _) => Reply::Bulk(Some(text)),
        (b'!', _) => Reply::Error(text),
        (_, [_, _, _, b':', rest @ ..]) => Reply::Verbatim { format: text.get(..3).unwrap_or_default(), text: rest },
        _ => {
            let found = text.get(3).or(text.first()).copied().unwrap_or(b'\r');
            return Err(Error::Unexpected {
                at: start,
                expected: "three letters and ':' before a verbatim text",
                found,
            });
        }
    };
    Ok(Token::Whole { reply, end: end_of_line })
}

/// Reads the first line of an aggregate.
fn aggregate<'a>(buf: &'a [u8], at: usize, kind: Aggregate, limits: &Limits) -> Result<Token<'a>, Error> {
    match header::length(buf, at + 1)? {
        Length::Partial => Ok(Token::Partial { at_least: 1, searched: 0 }),
        Length::Is { value, end } => {
            within_reply(at, end as u64, limits)?;
            Ok(Token::Open { kind, len: value, end })
        }
        Length::Negative { end } if kind == Aggregate::Array => {
            let raw = buf.get(at..end).unwrap_or_default();
            Ok(Token::Whole { reply: Reply::Aggregate { kind, len: None, raw, first_error: None }, end })
        }
        Length::Negative { .. } => Err(Error::Unexpected { at: at + 1, expected: "a length in digits", found: b'-' }),
    }
}

#[inline]
fn within_reply(at: usize, whole: u64, limits: &Limits) -> Result<(), Error> {
    if whole > limits.reply_bytes_max {
        let what = "a whole reply's length in bytes";
        return Err(Error::TooLarge { at, what, announced: whole, limit: limits.reply_bytes_max });
    }
    Ok(())
}
