//! The two primitives of an RDB: lengths and strings (rdb.h, "Defines related to the dump file format").

use resp::number::Digits;

use crate::{Error, lzf};

/// Bytes of an RDB that are here, and where they stand in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    pub(crate) bytes: &'a [u8],
    /// Offset of the first of them, for messages.
    pub(crate) base: u64,
}

/// A string's header, read: what follows it and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Text {
    /// `len` bytes from `from` on are the string.
    Raw { from: usize, len: usize },
    /// An integer stands for its decimal digits.
    Int { value: i32, end: usize },
    /// `packed` bytes from `from` on unpack to `len` bytes.
    Lzf { from: usize, packed: usize, len: usize },
}

/// Where a string's bytes are to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the view, as they stand.
    Input { from: usize, len: usize },
    /// In the scratch buffer.
    Scratch,
}

impl Text {
    /// Index of the first byte behind the string; the view may end before it.
    pub(crate) fn end(self) -> usize {
        match self {
            Text::Raw { from, len } => from.saturating_add(len),
            Text::Int { end, .. } => end,
            Text::Lzf { from, packed, .. } => from.saturating_add(packed),
        }
    }
}

impl<'a> View<'a> {
    /// The bytes from `at` on; none where `at` lies behind the end.
    pub(crate) fn tail(self, at: usize) -> &'a [u8] {
        self.bytes.get(at..).unwrap_or(&[])
    }

    /// `len` bytes at `at`, or `None` while they are not all here.
    pub(crate) fn raw(self, at: usize, len: usize) -> Option<&'a [u8]> {
        self.bytes.get(at..at.checked_add(len)?)
    }

    /// A fixed number of bytes at `at`, or `None` while they are not all here.
    pub(crate) fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.tail(at).first_chunk::<N>().copied()
    }

    /// The offset in the RDB of the byte at index `at`.
    pub(crate) fn offset(self, at: usize) -> u64 {
        self.base.saturating_add(at as u64)
    }

    /// A length and the index behind it; `None` while it is not all here.
    #[inline]
    pub(crate) fn length(self, at: usize) -> Result<Option<(u64, usize)>, Error> {
        match *self.tail(at) {
            [] => Ok(None),
            [first @ 0..=0x3f, ..] => Ok(Some((u64::from(first), at + 1))),
            [first @ 0x40..=0x7f, low, ..] => Ok(Some((u64::from(first & 0x3f) << 8 | u64::from(low), at + 2))),
            [0x80, a, b, c, d, ..] => Ok(Some((u64::from(u32::from_be_bytes([a, b, c, d])), at + 5))),
            [0x81, ..] => Ok(self.array(at + 1).map(|bytes| (u64::from_be_bytes(bytes), at + 9))),
            [0x40..=0x80, ..] => Ok(None),
            [found, ..] => Err(self.malformed(at, "a length", found)),
        }
    }

    /// A string's header; `None` while it is not all here. A length over `max` is an error that calls it `what`.
    #[inline]
    pub(crate) fn text(self, at: usize, max: u64, what: &'static str) -> Result<Option<Text>, Error> {
        if let [first @ 0xc0..=0xff, rest @ ..] = self.tail(at) {
            return self.special(*first, rest, at, max, what);
        }
        let Some((len, from)) = self.length(at)? else { return Ok(None) };
        Ok(Some(Text::Raw { from, len: self.bounded(at, len, max, what)? }))
    }

    /// A string that is not its own bytes: RDB_ENC_INT8, _INT16, _INT32 or _LZF.
    fn special(self, first: u8, rest: &[u8], at: usize, max: u64, what: &'static str) -> Result<Option<Text>, Error> {
        match (first, rest) {
            (0xc0, [a, ..]) => Ok(Some(Text::Int { value: i32::from(i8::from_le_bytes([*a])), end: at + 2 })),
            (0xc1, [a, b, ..]) => Ok(Some(Text::Int { value: i32::from(i16::from_le_bytes([*a, *b])), end: at + 3 })),
            (0xc2, [a, b, c, d, ..]) => {
                Ok(Some(Text::Int { value: i32::from_le_bytes([*a, *b, *c, *d]), end: at + 5 }))
            }
            (0xc3, _) => {
                let Some((packed, next)) = self.length(at + 1)? else { return Ok(None) };
                let Some((len, from)) = self.length(next)? else { return Ok(None) };
                let packed = self.bounded(at, packed, max, what)?;
                let len = self.bounded(at, len, max, what)?;
                if len > lzf::unpacked_max(packed) {
                    return Err(self.malformed(at, "a length that LZF can unpack to", len as u64));
                }
                Ok(Some(Text::Lzf { from, packed, len }))
            }
            (0xc0..=0xc2, _) => Ok(None),
            _ => Err(self.malformed(at, "a string", u64::from(first))),
        }
    }

    /// Finds a string's bytes, filling `scratch` where they have to be made; `None` while they are not all here.
    pub(crate) fn place(self, text: Text, scratch: &mut Vec<u8>) -> Result<Option<Place>, Error> {
        match text {
            Text::Raw { from, len } => Ok(self.raw(from, len).map(|_| Place::Input { from, len })),
            Text::Int { value, .. } => {
                scratch.clear();
                scratch.extend_from_slice(Digits::signed(i64::from(value)).as_bytes());
                Ok(Some(Place::Scratch))
            }
            Text::Lzf { from, packed, len } => {
                let Some(bytes) = self.raw(from, packed) else { return Ok(None) };
                scratch.clear();
                lzf::unpack(bytes, len, scratch).map_err(|inside| Error::Packed {
                    at: self.offset(from),
                    inside: inside as u64,
                    container: "LZF compression",
                    expected: "a run that fits the announced length",
                })?;
                Ok(Some(Place::Scratch))
            }
        }
    }

    /// The bytes of a string that [`View::place`] found.
    pub(crate) fn at_place<'s>(self, place: Place, scratch: &'s [u8]) -> &'s [u8]
    where
        'a: 's,
    {
        match place {
            Place::Input { from, len } => self.raw(from, len).unwrap_or(&[]),
            Place::Scratch => scratch,
        }
    }

    /// An error about the byte or number found at `at`.
    pub(crate) fn malformed(self, at: usize, expected: &'static str, found: impl Into<u64>) -> Error {
        Error::Malformed { at: self.offset(at), expected, found: found.into() }
    }

    fn bounded(self, at: usize, len: u64, max: u64, what: &'static str) -> Result<usize, Error> {
        let too_large = || Error::TooLarge { at: self.offset(at), what, size: len, limit: max };
        if len > max { Err(too_large()) } else { usize::try_from(len).map_err(|_| too_large()) }
    }
}
