//! Writes commands, to the end of a buffer that the caller keeps.
//!
//! ```
//! # use keyferry_resp as resp;
//! let mut out = Vec::new();
//! resp::encode::command(&mut out, &[b"SET", b"k", b"v"]);
//! assert_eq!(out, b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n");
//! ```

use crate::number::Digits;

/// Writes a whole command: its name and arguments, each as it is.
pub fn command(out: &mut Vec<u8>, args: &[&[u8]]) {
    out.reserve(command_len(args));
    command_header(out, args.len());
    for arg in args {
        bulk(out, arg);
    }
}

/// Writes `*<count>`: as many bulks must follow, the command's name being the first.
#[inline]
pub fn command_header(out: &mut Vec<u8>, count: usize) {
    length_line(out, b'*', count as u64);
}

/// Writes one argument.
#[inline]
pub fn bulk(out: &mut Vec<u8>, bytes: &[u8]) {
    length_line(out, b'$', bytes.len() as u64);
    out.extend_from_slice(bytes);
    out.extend_from_slice(b"\r\n");
}

/// Writes `$<length>` alone, for an argument whose bytes the caller writes itself: exactly `length` of them, and a
/// CR LF.
#[inline]
pub fn bulk_header(out: &mut Vec<u8>, length: u64) {
    length_line(out, b'$', length);
}

/// Writes a number as an argument.
pub fn bulk_integer(out: &mut Vec<u8>, number: i64) {
    bulk(out, Digits::signed(number).as_bytes());
}

/// Writes a number without sign as an argument.
pub fn bulk_unsigned(out: &mut Vec<u8>, number: u64) {
    bulk(out, Digits::of(number).as_bytes());
}

/// How many bytes [`command`] writes.
pub fn command_len(args: &[&[u8]]) -> usize {
    header_len(args.len() as u64) + args.iter().map(|arg| bulk_len(arg.len())).sum::<usize>()
}

/// How many bytes [`bulk`] writes for an argument of this many.
pub fn bulk_len(length: usize) -> usize {
    header_len(length as u64) + length + 2
}

fn header_len(number: u64) -> usize {
    1 + Digits::of(number).count() + 2
}

#[inline]
fn length_line(out: &mut Vec<u8>, kind: u8, number: u64) {
    // Lengths below 100 are nearly all: one write of known size each.
    let (tens, ones) = ((number / 10) as u8, (number % 10) as u8);
    match number {
        0..10 => out.extend_from_slice(&[kind, b'0' + ones, b'\r', b'\n']),
        10..100 => out.extend_from_slice(&[kind, b'0' + tens, b'0' + ones, b'\r', b'\n']),
        _ => {
            out.push(kind);
            out.extend_from_slice(Digits::of(number).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CommandScanner, Limits, Scanned};
    use proptest::prelude::*;

    #[test]
    fn numbers_and_headers_are_written_as_arguments() {
        let mut out = Vec::new();
        command_header(&mut out, 104);
        bulk_integer(&mut out, -12);
        bulk_unsigned(&mut out, u64::MAX);
        bulk_header(&mut out, 3);
        assert_eq!(out, b"*104\r\n$3\r\n-12\r\n$20\r\n18446744073709551615\r\n$3\r\n");
    }

    proptest! {
        #[test]
        fn what_is_written_is_scanned(args in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..150), 1..12)) {
            let mut out = b"before".to_vec();
            let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
            command(&mut out, &args);
            let wire = &out[6..];
            prop_assert_eq!(wire.len(), command_len(&args));
            let mut scanner = CommandScanner::new(Limits::default());
            prop_assert_eq!(scanner.scan(wire), Ok(Scanned::Command { len: wire.len() }));
            let scanned: Vec<&[u8]> = scanner.args().iter().map(|span| span.of(wire)).collect();
            prop_assert_eq!(scanned, args);
        }
    }
}
