//! Commands gathered into pieces: many elements to a command, many commands to a piece.

use resp::encode;

/// A command takes at most so many elements' arguments, so that a target is not held up by one command …
const ARGS_MAX: usize = 512;
/// … and is closed when its elements fill this.
const ARGS_BYTES: usize = 64 << 10;

/// The piece that is being filled, and the command that still takes elements.
#[derive(Debug)]
pub(crate) struct Pieces {
    key: Vec<u8>,
    piece_bytes: usize,
    pub(crate) out: Vec<u8>,
    count: u32,
    verb: &'static [u8],
    args: Vec<u8>,
    args_count: usize,
    /// Whether `out` holds a piece that was closed.
    closed: bool,
}

impl Pieces {
    pub(crate) fn new(key: &[u8], piece_bytes: usize) -> Pieces {
        // An empty piece is never full, or no value would ever begin.
        let piece_bytes = piece_bytes.max(1);
        let (out, args) = (Vec::new(), Vec::new());
        Pieces { key: key.to_vec(), piece_bytes, out, count: 0, verb: b"", args, args_count: 0, closed: false }
    }

    /// Whether the piece should be shown before more is added.
    pub(crate) fn full(&self) -> bool {
        self.out.len() + self.args.len() >= self.piece_bytes
    }

    /// How many bytes a piece should have.
    pub(crate) fn piece_bytes(&self) -> usize {
        self.piece_bytes
    }

    /// Empties the piece if it was closed.
    pub(crate) fn begin_piece(&mut self) {
        if std::mem::take(&mut self.closed) {
            self.out.clear();
        }
    }

    /// Closes the piece: how many commands it holds.
    pub(crate) fn close(&mut self) -> u32 {
        self.flush();
        self.closed = true;
        std::mem::take(&mut self.count)
    }

    /// One argument of an element of the collection at the key, to be added by `verb`.
    pub(crate) fn arg(&mut self, verb: &'static [u8], bytes: &[u8]) {
        self.verb = verb;
        encode::bulk(&mut self.args, bytes);
        self.args_count += 1;
    }

    /// An element is complete: the command may be closed here.
    pub(crate) fn element_end(&mut self) {
        if self.args_count >= ARGS_MAX || self.args.len() >= ARGS_BYTES {
            self.flush();
        }
    }

    /// `verb key args…`
    pub(crate) fn command(&mut self, verb: &[u8], args: &[&[u8]]) {
        self.begin(&[verb], args.len());
        for arg in args {
            encode::bulk(&mut self.out, arg);
        }
    }

    /// A command that does not begin with a verb and the key.
    pub(crate) fn whole(&mut self, args: &[&[u8]]) {
        self.flush();
        self.count = self.count.saturating_add(1);
        encode::command(&mut self.out, args);
    }

    /// The key that all is for.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Begins `words… key` with so many arguments to follow, which the caller appends to `out`.
    pub(crate) fn begin(&mut self, words: &[&[u8]], args: usize) {
        self.flush();
        self.count = self.count.saturating_add(1);
        encode::command_header(&mut self.out, words.len() + 1 + args);
        for word in words {
            encode::bulk(&mut self.out, word);
        }
        encode::bulk(&mut self.out, &self.key);
    }

    /// Closes the command that takes elements.
    fn flush(&mut self) {
        if self.args_count == 0 {
            return;
        }
        let count = std::mem::take(&mut self.args_count);
        let verb = self.verb;
        self.begin(&[verb], count);
        self.out.append(&mut self.args);
    }
}
