//! Where a snapshot ends: after a length, or at a mark.

use memchr::memmem::Finder;

/// How many bytes a mark has (`replication.c`, `CONFIG_RUN_ID_SIZE`).
pub(crate) const MARK_BYTES: usize = 40;

/// The 40 random bytes that end a snapshot of unknown length.
#[derive(Debug)]
pub(crate) struct Mark {
    finder: Finder<'static>,
}

/// What stands at the front of fed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Front {
    /// So many bytes of the snapshot, at least 1.
    Data(usize),
    /// The whole mark.
    End,
    /// Nothing, or the beginning of what may be the mark.
    Unclear,
}

impl Mark {
    /// A mark, or `None` where `bytes` are not 40.
    pub(crate) fn new(bytes: &[u8]) -> Option<Mark> {
        (bytes.len() == MARK_BYTES).then(|| Mark { finder: Finder::new(bytes).into_owned() })
    }

    /// Tells data from the mark. The end of the fed bytes is held back where it may be the beginning of the mark.
    pub(crate) fn front(&self, bytes: &[u8]) -> Front {
        let data = match self.finder.find(bytes) {
            Some(0) => return Front::End,
            Some(place) => place,
            None => bytes.len() - self.begun(bytes),
        };
        if data == 0 { Front::Unclear } else { Front::Data(data) }
    }

    /// How many bytes at the end of `bytes` may be the beginning of the mark: 0 to 39.
    fn begun(&self, bytes: &[u8]) -> usize {
        let mark = self.finder.needle();
        (1..MARK_BYTES).rev().find(|&count| mark.get(..count).is_some_and(|part| bytes.ends_with(part))).unwrap_or(0)
    }
}
