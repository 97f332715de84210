//! The bytes that are here and not yet consumed, and the checksum of those consumed.

use crate::crc64::Crc64;
use crate::read::View;

/// A buffer over which the RDB passes. Bytes are appended at its end and consumed at its front; they are moved only
/// when at least as many can be dropped, so that every byte is moved once at most on average.
#[derive(Debug)]
pub(crate) struct Input {
    bytes: Vec<u8>,
    /// Index of the first byte not consumed.
    start: usize,
    /// Offset in the RDB of `bytes[0]`.
    dropped: u64,
    /// Index of the first byte that is not in the checksum; never behind `start`. Checksums are made late, over long
    /// stretches, since each call costs as much as hundreds of bytes.
    summed: usize,
    checksum: Crc64,
}

/// A buffer that a big value has grown past this is given back when it is next nearly empty.
const KEEP_BYTES: usize = 1 << 20;

impl Input {
    pub(crate) fn new() -> Input {
        Input { bytes: Vec::new(), start: 0, dropped: 0, summed: 0, checksum: Crc64::new() }
    }

    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        if self.start >= self.len() {
            self.compact();
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// Bytes here and not consumed.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// The bytes not consumed.
    #[inline]
    pub(crate) fn view(&self) -> View<'_> {
        View { bytes: self.bytes.get(self.start..).unwrap_or(&[]), base: self.position() }
    }

    /// The bytes not consumed, but for the first `skip`.
    #[inline]
    pub(crate) fn view_from(&self, skip: usize) -> View<'_> {
        let view = self.view();
        View { bytes: view.tail(skip), base: view.offset(skip) }
    }

    /// How many bytes were consumed.
    #[inline]
    pub(crate) fn position(&self) -> u64 {
        self.dropped + self.start as u64
    }

    /// Consumes bytes. They stay readable by [`Input::slice`] until the next [`Input::feed`].
    #[inline]
    pub(crate) fn consume(&mut self, bytes: usize) {
        self.start = self.start.saturating_add(bytes).min(self.bytes.len());
    }

    /// The place for [`Input::slice`] of what stands `at` bytes behind those consumed.
    #[inline]
    pub(crate) fn mark(&self, at: usize) -> usize {
        self.start.saturating_add(at)
    }

    /// Bytes at a mark.
    #[inline]
    pub(crate) fn slice(&self, mark: usize, len: usize) -> &[u8] {
        self.bytes.get(mark..mark.saturating_add(len)).unwrap_or(&[])
    }

    /// The checksum of all bytes consumed.
    pub(crate) fn checksum(&mut self) -> u64 {
        self.sum();
        self.checksum.value()
    }

    fn sum(&mut self) {
        self.checksum.update(self.bytes.get(self.summed..self.start).unwrap_or(&[]));
        self.summed = self.start;
    }

    /// Drops what is consumed.
    fn compact(&mut self) {
        self.sum();
        self.dropped += self.start as u64;
        self.bytes.drain(..self.start);
        self.start = 0;
        self.summed = 0;
        if self.bytes.capacity() > KEEP_BYTES && self.bytes.len() < KEEP_BYTES / 4 {
            self.bytes.shrink_to(KEEP_BYTES);
        }
    }
}
