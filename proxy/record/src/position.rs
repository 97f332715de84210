//! Where we are in a source's replication stream.

use std::fmt;
use std::ops::{Add, Sub};

/// A replication offset in bytes, as the source counts them in `master_repl_offset`: the stream's bytes up to and
/// including this one have been sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Offset(pub u64);

impl Add<u64> for Offset {
    type Output = Offset;
    fn add(self, bytes: u64) -> Offset {
        Offset(self.0 + bytes)
    }
}

impl Sub for Offset {
    type Output = u64;
    /// How many bytes lie between two offsets; 0 where `earlier` is the later one.
    fn sub(self, earlier: Offset) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A replication id: 40 hexadecimal digits that name one history of a data set (`master_replid`).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplId([u8; 40]);

/// What a text was that is not a replication id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a replication id has 40 hexadecimal digits, this has {length} bytes{}", if *.length == 40 { ", not all of them hexadecimal" } else { "" })]
pub struct ReplIdError {
    length: usize,
}

impl ReplId {
    /// Reads the 40 digits.
    pub fn parse(text: &[u8]) -> Result<ReplId, ReplIdError> {
        let error = ReplIdError { length: text.len() };
        let digits: [u8; 40] = text.try_into().map_err(|_| error.clone())?;
        if digits.iter().all(u8::is_ascii_hexdigit) { Ok(ReplId(digits)) } else { Err(error) }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("")
    }
}

impl fmt::Debug for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for ReplId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A place in one shard's stream. Offsets of two positions are comparable only where the ids are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The history that the offset counts in.
    pub id: ReplId,
    /// Bytes of that history.
    pub offset: Offset,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replication_ids_are_forty_hex_digits() {
        let id = "8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb";
        assert_eq!(ReplId::parse(id.as_bytes()).unwrap().as_str(), id);
        assert_eq!(
            ReplId::parse(b"8371").unwrap_err().to_string(),
            "a replication id has 40 hexadecimal digits, this has 4 bytes"
        );
        assert!(ReplId::parse(&[b'x'; 40]).unwrap_err().to_string().ends_with("not all of them hexadecimal"));
    }

    #[test]
    fn the_distance_between_offsets_never_wraps() {
        assert_eq!(Offset(10) - Offset(3), 7);
        assert_eq!(Offset(3) - Offset(10), 0);
    }
}
