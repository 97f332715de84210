//! Keys in messages: printable, bounded, unambiguous.

use std::fmt;

/// Shows bytes as a quoted text: printable ASCII as it is, all else as `\xNN` (the form of `redis-cli`), and at
/// most [`Escaped::SHOWN_MAX`] bytes of it, so that a hostile key can neither flood nor break a log line.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a [u8]);

impl Escaped<'_> {
    /// How many bytes are shown; the number left out is said.
    pub const SHOWN_MAX: usize = 128;
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = &self.0[..self.0.len().min(Escaped::SHOWN_MAX)];
        f.write_str("\"")?;
        for byte in shown {
            match byte {
                b'"' => f.write_str("\\\"")?,
                b'\\' => f.write_str("\\\\")?,
                b'\n' => f.write_str("\\n")?,
                b'\r' => f.write_str("\\r")?,
                b'\t' => f.write_str("\\t")?,
                b' '..=b'~' => write!(f, "{}", char::from(*byte))?,
                _ => write!(f, "\\x{byte:02x}")?,
            }
        }
        f.write_str("\"")?;
        match self.0.len() - shown.len() {
            0 => Ok(()),
            more => write!(f, "… ({more} bytes more)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_shown_as_redis_cli_shows_them() {
        assert_eq!(Escaped(b"user:1").to_string(), "\"user:1\"");
        assert_eq!(Escaped(b"a\"b\\\r\n\x00\xff").to_string(), "\"a\\\"b\\\\\\r\\n\\x00\\xff\"");
        assert_eq!(Escaped(&[b'k'; 130]).to_string(), format!("\"{}\"… (2 bytes more)", "k".repeat(128)));
    }
}
