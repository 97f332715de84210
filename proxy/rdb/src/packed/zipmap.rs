//! Zipmap (zipmap.c), the small hash of Redis before 2.6: pairs (one byte), then field and value in turn, then 255. Before
//! each its length, one byte or 254 and four (LE); before a value also how many bytes behind it are unused.

use super::{Fault, Found, string, tail};

/// Verifies that there is a header and an end: the index of the first field.
pub(super) fn begin(bytes: &[u8]) -> Result<usize, Fault> {
    if bytes.len() < 2 {
        return Err(Fault { inside: 0, expected: "a count and an end mark" });
    }
    Ok(1)
}

pub(super) fn item(bytes: &[u8], at: usize, value: bool) -> Found<'_> {
    let (len, at) = match *tail(bytes, at) {
        [0xff, ..] if !value => return Ok(None),
        [len @ 0..=0xfd, ..] => (usize::from(len), at + 1),
        [0xfe, a, b, c, d, ..] => (u32::from_le_bytes([a, b, c, d]) as usize, at + 5),
        _ => return Err(Fault { inside: at, expected: "the length of a field or value, or the end mark" }),
    };
    if !value {
        return string(bytes, at, len).map(Some);
    }
    let [unused, ..] = *tail(bytes, at) else {
        return Err(Fault { inside: at, expected: "the count of unused bytes" });
    };
    let (item, end) = string(bytes, at + 1, len)?;
    Ok(Some((item, end.saturating_add(usize::from(unused)))))
}
