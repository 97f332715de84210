//! The line that announces a length: `$16\r\n` after its first byte.

use crate::Error;

/// What stands behind the byte that names a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// The line is not all there.
    Partial,
    /// A length, and where the line ends (the first byte behind its line feed).
    Is { value: u64, end: usize },
    /// A negative length, where RESP2 says null (`$-1`) and an old client says "no command" (`*-1`).
    Negative { end: usize },
}

/// As many digits as can never overflow.
const DIGITS_MAX: usize = 19;

/// Reads the digits at `at` and the CR LF behind them.
#[inline]
pub(crate) fn length(buf: &[u8], at: usize) -> Result<Length, Error> {
    let mut value = 0_u64;
    let mut place = at;
    loop {
        let Some(&byte) = buf.get(place) else { return Ok(Length::Partial) };
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        let count = place - at;
        if (count > 0 && value == 0) || count >= DIGITS_MAX {
            return Err(Error::Unexpected { at: place, expected: "the end of a length", found: byte });
        }
        value = value * 10 + u64::from(digit);
        place += 1;
    }
    if place == at {
        return negative(buf, at);
    }
    Ok(match line_end(buf, place)? {
        Some(end) => Length::Is { value, end },
        None => Length::Partial,
    })
}

#[cold]
fn negative(buf: &[u8], at: usize) -> Result<Length, Error> {
    match buf.get(at) {
        None => return Ok(Length::Partial),
        Some(b'-') => {}
        Some(b'?') => return Err(Error::Streamed { at: at.saturating_sub(1) }),
        Some(&found) => return Err(Error::Unexpected { at, expected: "a length in digits", found }),
    }
    // `-1` is all that any server or client sends.
    match buf.get(at + 1) {
        None => Ok(Length::Partial),
        Some(b'1') => Ok(match line_end(buf, at + 2)? {
            Some(end) => Length::Negative { end },
            None => Length::Partial,
        }),
        Some(&found) => Err(Error::Unexpected { at: at + 1, expected: "the length -1", found }),
    }
}

/// Where a CR LF that begins at `at` ends, or `None` where it is not all there.
#[inline]
pub(crate) fn line_end(buf: &[u8], at: usize) -> Result<Option<usize>, Error> {
    match buf.get(at..) {
        Some([b'\r', b'\n', ..]) => Ok(Some(at + 2)),
        Some([b'\r', found, ..]) => Err(Error::Unexpected { at: at + 1, expected: "a line feed", found: *found }),
        Some([] | [b'\r']) | None => Ok(None),
        Some([found, ..]) => Err(Error::Unexpected { at, expected: "a carriage return and line feed", found: *found }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_digits_and_a_line_end() {
        let check = |text: &[u8], expect: Result<Length, Error>| assert_eq!(length(text, 1), expect, "{text:?}");
        check(b"$0\r\n", Ok(Length::Is { value: 0, end: 4 }));
        check(b"$16\r\nrest", Ok(Length::Is { value: 16, end: 5 }));
        check(b"*-1\r\n", Ok(Length::Negative { end: 5 }));
        check(b"$1234567890123456789\r\n", Ok(Length::Is { value: 1_234_567_890_123_456_789, end: 22 }));
        for part in ["$", "$1", "$16", "$16\r", "$-", "$-1", "$-1\r"] {
            check(part.as_bytes(), Ok(Length::Partial));
        }
        let unexpected = |at, expected, found| Err(Error::Unexpected { at, expected, found });
        check(b"$01\r\n", unexpected(2, "the end of a length", b'1'));
        check(b"$12345678901234567890\r\n", unexpected(20, "the end of a length", b'0'));
        check(b"$+1\r\n", unexpected(1, "a length in digits", b'+'));
        check(b"$\r\n", unexpected(1, "a length in digits", b'\r'));
        check(b"$-2\r\n", unexpected(2, "the length -1", b'2'));
        check(b"$1 \r\n", unexpected(2, "a carriage return and line feed", b' '));
        check(b"$1\n", unexpected(2, "a carriage return and line feed", b'\n'));
        check(b"$1\rx", unexpected(3, "a line feed", b'x'));
        check(b"$?\r\n", Err(Error::Streamed { at: 0 }));
    }
}
