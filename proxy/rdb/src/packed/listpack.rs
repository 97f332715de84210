//! Listpack (listpack.c): total bytes (u32 LE), items (u16 LE), then items, each with its own length behind it, then 255.

use super::{Fault, Found, Item, integer, string, tail};

/// Verifies the header: the index of the first item.
pub(super) fn begin(bytes: &[u8]) -> Result<usize, Fault> {
    let total = bytes.first_chunk::<4>().map(|total| u32::from_le_bytes(*total) as usize);
    if total != Some(bytes.len()) || bytes.len() < 7 {
        return Err(Fault { inside: 0, expected: "its own length in bytes" });
    }
    Ok(6)
}

pub(super) fn item(bytes: &[u8], at: usize) -> Found<'_> {
    let (item, end) = match *tail(bytes, at) {
        [0xff, ..] => return Ok(None),
        [first @ 0..=0x7f, ..] => (Item::Int(i64::from(first)), at + 1),
        [first @ 0x80..=0xbf, ..] => string(bytes, at + 1, usize::from(first & 0x3f))?,
        [first @ 0xc0..=0xdf, low, ..] => {
            let value = i64::from(first & 0x1f) << 8 | i64::from(low);
            (Item::Int(if value < 1 << 12 { value } else { value - (1 << 13) }), at + 2)
        }
        [first @ 0xe0..=0xef, low, ..] => string(bytes, at + 2, usize::from(first & 0x0f) << 8 | usize::from(low))?,
        [0xf0, a, b, c, d, ..] => string(bytes, at + 5, u32::from_le_bytes([a, b, c, d]) as usize)?,
        [0xf1, ..] => integer(bytes, at + 1, 2)?,
        [0xf2, ..] => integer(bytes, at + 1, 3)?,
        [0xf3, ..] => integer(bytes, at + 1, 4)?,
        [0xf4, ..] => integer(bytes, at + 1, 8)?,
        _ => return Err(Fault { inside: at, expected: "an item or the end mark of a listpack" }),
    };
    Ok(Some((item, end.saturating_add(back_length_bytes(end - at)))))
}

/// How many bytes the length behind an item of `len` bytes takes (lpEncodeBacklen).
pub(crate) fn back_length_bytes(len: usize) -> usize {
    match len {
        0..=127 => 1,
        128..=16382 => 2,
        16383..=2_097_150 => 3,
        2_097_151..=268_435_454 => 4,
        _ => 5,
    }
}
