//! Strings that stand in an RDB as they are.

/// The text of a string value (type 0) that stands in `raw` as it is: neither compressed nor written as an integer.
/// `None` for every other, and where `raw` is no such string. Layout: rdb.h, RDB_6BITLEN and its like.
pub fn plain_string(raw: &[u8]) -> Option<&[u8]> {
    let (first, rest) = raw.split_first()?;
    let (length, text) = match (first >> 6, first) {
        (0, _) => (u64::from(first & 0x3f), rest),
        (1, _) => {
            let (second, text) = rest.split_first()?;
            (u64::from(first & 0x3f) << 8 | u64::from(*second), text)
        }
        (2, 0x80) => {
            let (length, text) = rest.split_first_chunk::<4>()?;
            (u64::from(u32::from_be_bytes(*length)), text)
        }
        (2, 0x81) => {
            let (length, text) = rest.split_first_chunk::<8>()?;
            (u64::from_be_bytes(*length), text)
        }
        _ => return None,
    };
    (length == text.len() as u64).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strings_that_stand_there_as_they_are_are_shown() {
        let long = [&[0x41, 0x00][..], &[b'x'; 256]].concat();
        for (raw, expected) in [
            (&b"\x03abc"[..], Some(&b"abc"[..])),
            (b"\x00", Some(b"")),
            (&long, Some(&[b'x'; 256][..])),
            (b"\x80\x00\x00\x00\x01y", Some(b"y")),
            (b"\x81\x00\x00\x00\x00\x00\x00\x00\x01z", Some(b"z")),
            (b"\xc0\x05", None),
            (b"\xc3\x02\x05ab", None),
            (b"\x03ab", None),
            (b"\x03abcd", None),
            (b"\x82a", None),
            (b"\x41", None),
            (b"", None),
        ] {
            assert_eq!(plain_string(raw), expected, "{raw:?}");
        }
    }
}
