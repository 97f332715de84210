//! Ziplist (ziplist.c), the listpack of Redis before 7.0: total bytes (u32 LE), offset of the last item (u32 LE), items
//! (u16 LE), then items, each with the length of the one before it, then 255.

use super::{Fault, Found, Item, integer, string, tail};

/// Verifies the header: the index of the first item.
pub(super) fn begin(bytes: &[u8]) -> Result<usize, Fault> {
    let total = bytes.first_chunk::<4>().map(|total| u32::from_le_bytes(*total) as usize);
    if total != Some(bytes.len()) || bytes.len() < 11 {
        return Err(Fault { inside: 0, expected: "its own length in bytes" });
    }
    Ok(10)
}

pub(super) fn item(bytes: &[u8], at: usize) -> Found<'_> {
    // The length of the item before: one byte, or 254 and four.
    let at = match *tail(bytes, at) {
        [0xff, ..] => return Ok(None),
        [0..=0xfd, ..] => at + 1,
        [0xfe, _, _, _, _, ..] => at + 5,
        _ => return Err(Fault { inside: at, expected: "the length of the item before, or the end mark" }),
    };
    let found = match *tail(bytes, at) {
        [first @ 0..=0x3f, ..] => string(bytes, at + 1, usize::from(first))?,
        [first @ 0x40..=0x7f, low, ..] => string(bytes, at + 2, usize::from(first & 0x3f) << 8 | usize::from(low))?,
        [0x80..=0xbf, a, b, c, d, ..] => string(bytes, at + 5, u32::from_be_bytes([a, b, c, d]) as usize)?,
        [0xc0, ..] => integer(bytes, at + 1, 2)?,
        [0xd0, ..] => integer(bytes, at + 1, 4)?,
        [0xe0, ..] => integer(bytes, at + 1, 8)?,
        [0xf0, ..] => integer(bytes, at + 1, 3)?,
        [0xfe, ..] => integer(bytes, at + 1, 1)?,
        [first @ 0xf1..=0xfd, ..] => (Item::Int(i64::from(first) - 0xf1), at + 1),
        _ => return Err(Fault { inside: at, expected: "the encoding of an item of a ziplist" }),
    };
    Ok(Some(found))
}
