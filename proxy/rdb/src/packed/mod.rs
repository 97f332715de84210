//! The compact forms in which small collections stand in one string: read item by item, never trusted.
//!
//! [`Cursor`] holds the place; the bytes are handed to it at every step, so that it can be kept between steps.

mod intset;
mod listpack;
mod ziplist;
mod zipmap;

pub(crate) use crate::formats::Container;
pub(crate) use listpack::back_length_bytes;

/// One item of a packed form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item<'a> {
    Bytes(&'a [u8]),
    /// Stands for its decimal digits.
    Int(i64),
}

/// Where the bytes are not what the form has, and what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) inside: usize,
    pub(crate) expected: &'static str,
}

/// A place in packed bytes: before an item, or at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    container: Container,
    at: usize,
    /// Of a zipmap, whether the next item is a value: those have one byte more before them.
    value: bool,
}

impl Container {
    /// What it is called in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Container::Listpack => "listpack",
            Container::Ziplist => "ziplist",
            Container::Intset => "intset",
            Container::Zipmap => "zipmap",
        }
    }

    /// Verifies the header and stands before the first item.
    pub(crate) fn begin(self, bytes: &[u8]) -> Result<Cursor, Fault> {
        let at = match self {
            Container::Listpack => listpack::begin(bytes)?,
            Container::Ziplist => ziplist::begin(bytes)?,
            Container::Intset => intset::begin(bytes)?,
            Container::Zipmap => zipmap::begin(bytes)?,
        };
        Ok(Cursor { container: self, at, value: false })
    }
}

impl Cursor {
    /// The next item, or `None` at the end. `bytes` are those given to [`Container::begin`].
    pub(crate) fn item<'a>(&mut self, bytes: &'a [u8]) -> Result<Option<Item<'a>>, Fault> {
        let found = match self.container {
            Container::Listpack => listpack::item(bytes, self.at)?,
            Container::Ziplist => ziplist::item(bytes, self.at)?,
            Container::Intset => intset::item(bytes, self.at)?,
            Container::Zipmap => zipmap::item(bytes, self.at, self.value)?,
        };
        let Some((item, next)) = found else { return Ok(None) };
        self.at = next;
        self.value = !self.value;
        Ok(Some(item))
    }

    /// Whether the end is here: the next [`Cursor::item`] is `None`.
    pub(crate) fn at_end(&self, bytes: &[u8]) -> bool {
        match self.container {
            Container::Intset => self.at >= bytes.len(),
            Container::Listpack | Container::Ziplist => matches!(tail(bytes, self.at), [0xff, ..]),
            Container::Zipmap => !self.value && matches!(tail(bytes, self.at), [0xff, ..]),
        }
    }

    /// Index of the next item, for messages.
    pub(crate) fn at(&self) -> usize {
        self.at
    }
}

/// An item and the index behind it; `None` at the end.
type Found<'a> = Result<Option<(Item<'a>, usize)>, Fault>;

/// Bytes from `at` on.
fn tail(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(at..).unwrap_or(&[])
}

/// A string of `len` bytes at `at`.
fn string(bytes: &[u8], at: usize, len: usize) -> Result<(Item<'_>, usize), Fault> {
    let end = at.saturating_add(len);
    let text = bytes.get(at..end).ok_or(Fault { inside: at, expected: "a string that ends within it" })?;
    Ok((Item::Bytes(text), end))
}

/// A little-endian signed integer of 1 to 8 bytes at `at`.
fn integer(bytes: &[u8], at: usize, len: usize) -> Result<(Item<'static>, usize), Fault> {
    let end = at.saturating_add(len);
    let digits = bytes.get(at..end).ok_or(Fault { inside: at, expected: "an integer that ends within it" })?;
    // Into the upper bytes, then down again, so that the sign comes along.
    let value = digits.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let unused = 64_u32.saturating_sub(8 * digits.len() as u32);
    Ok((Item::Int((value << unused) as i64 >> unused), end))
}

#[cfg(test)]
mod tests;
