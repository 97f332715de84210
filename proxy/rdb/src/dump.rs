//! DUMP payloads: what `DUMP` answers and `RESTORE` takes (cluster.c, createDumpPayload and verifyDumpPayload), and the
//! same footer for `FUNCTION RESTORE`.
//!
//! ```text
//! type (1 byte) · value as in an RDB · RDB version (2 bytes, little-endian) · CRC-64 of all before (8 bytes, little-endian)
//! ```

use crate::{Error, crc64};

/// Bytes behind the value: version and checksum.
const FOOTER_BYTES: usize = 10;

/// How many bytes [`payload`] writes for a value of so many.
pub const fn payload_len(raw_len: usize) -> usize {
    1 + raw_len + FOOTER_BYTES
}

/// Appends the payload of a value.
///
/// `rdb_type` and `raw` are an [`crate::Entry`]'s. A target refuses a `version` above its own; one that is at least
/// [`crate::type_min_version`] and at most the target's is always right.
pub fn payload(out: &mut Vec<u8>, rdb_type: u8, raw: &[u8], version: u16) {
    let begin = out.len();
    out.reserve(payload_len(raw.len()));
    out.push(rdb_type);
    out.extend_from_slice(raw);
    footer(out, begin, version);
}

/// Appends the footer over what `out` holds from `begin` on: for functions, the raw bytes of one or more
/// [`crate::Event::Function`]s make the payload of `FUNCTION RESTORE`.
pub fn footer(out: &mut Vec<u8>, begin: usize, version: u16) {
    out.extend_from_slice(&version.to_le_bytes());
    let checksum = crc64::of(out.get(begin..).unwrap_or(&[]));
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// A payload taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts<'a> {
    /// RDB type of the value.
    pub rdb_type: u8,
    /// The value as in an RDB, without the type.
    pub raw: &'a [u8],
    /// RDB version of the server that wrote it.
    pub version: u16,
}

/// Takes a payload apart and verifies its checksum.
///
/// Errors where it is shorter than a payload can be, or where the checksum differs. The value itself is not looked at.
pub fn parse(payload: &[u8]) -> Result<Parts<'_>, Error> {
    let truncated = || Error::Truncated { at: payload.len() as u64, inside: "a DUMP payload" };
    let (body, stored) = payload.split_last_chunk::<8>().ok_or_else(truncated)?;
    let (value, version) = body.split_last_chunk::<2>().ok_or_else(truncated)?;
    let (rdb_type, raw) = value.split_first().ok_or_else(truncated)?;
    let (stored, computed) = (u64::from_le_bytes(*stored), crc64::of(body));
    // A server accepts 0 as "not computed" only from itself (`rdbchecksum no` concerns files), so it is none here.
    if stored != computed {
        return Err(Error::Checksum { computed, stored });
    }
    Ok(Parts { rdb_type: *rdb_type, raw, version: u16::from_le_bytes(*version) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_what_a_server_dumps() {
        // `SET k 1` then `DUMP k` on Redis 7.0.15
        let dumped = b"\x00\xc0\x01\n\x00&x\xe7\xb6\xd1\x01\x11\xfc";
        let mut out = b"before".to_vec();
        payload(&mut out, 0, b"\xc0\x01", 10);
        assert_eq!(out.len(), 6 + payload_len(2));
        assert_eq!(&out[6..], dumped);
        assert_eq!(parse(dumped).unwrap(), Parts { rdb_type: 0, raw: b"\xc0\x01", version: 10 });
    }

    #[test]
    fn a_damaged_payload_is_told() {
        let mut out = Vec::new();
        payload(&mut out, 0, b"\x03abc", 10);
        for len in 0..11 {
            assert!(matches!(parse(&out[..len]), Err(Error::Truncated { .. })), "{len}");
        }
        for byte in 0..out.len() {
            let mut flipped = out.clone();
            flipped[byte] ^= 0x10;
            assert!(matches!(parse(&flipped), Err(Error::Checksum { .. })), "{byte}");
        }
    }
}
