//! Intset (intset.c): bytes of one member (u32 LE: 2, 4 or 8), members (u32 LE), then the members, little-endian.

use super::{Fault, Found, integer};

/// Verifies the header: the index of the first member.
pub(super) fn begin(bytes: &[u8]) -> Result<usize, Fault> {
    let width = width(bytes)?;
    let members = bytes.get(4..8).and_then(|count| count.first_chunk::<4>()).map(|count| u32::from_le_bytes(*count));
    let wanted = members.and_then(|members| (members as usize).checked_mul(width)?.checked_add(8));
    if wanted != Some(bytes.len()) {
        return Err(Fault { inside: 4, expected: "as many members as fill it" });
    }
    Ok(8)
}

pub(super) fn item(bytes: &[u8], at: usize) -> Found<'_> {
    if at >= bytes.len() {
        return Ok(None);
    }
    integer(bytes, at, width(bytes)?).map(Some)
}

fn width(bytes: &[u8]) -> Result<usize, Fault> {
    match bytes.first_chunk::<4>().map(|width| u32::from_le_bytes(*width)) {
        Some(width @ (2 | 4 | 8)) => Ok(width as usize),
        _ => Err(Fault { inside: 0, expected: "2, 4 or 8 bytes for a member" }),
    }
}
