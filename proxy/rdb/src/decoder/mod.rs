//! The push decoder: bytes in, events out.
//!
//! An RDB is a header and a flat list of records; each begins with a byte that is an opcode or the type of a key's
//! value (rdb.c, rdbLoadRioWithLoadingCtx). [`Decoder`] keeps what is not used yet, stops before whatever is not all
//! here, and goes on there when more is fed; only a [`Walker`] or an expander stops within a record, since a value
//! may be large. Events borrow from the buffer: nothing is allocated or copied per entry, but keys that stand
//! compressed or as integers.

mod event;
mod input;
mod record;

use ::record::{Db, Deadline, Eviction, ValueType};

pub use event::{Checksum, Entry, Event, Head, ModuleName, Step};

use crate::expand::{Expander, Progress};
use crate::formats::Program;
use crate::read::Place;
use crate::walk::{Walk, Walker};
use crate::{Error, Expansion, Limits};
use input::Input;

/// Decodes one RDB. See the crate's documentation for the flow.
///
/// An error is final: every later call of [`Decoder::next`] repeats it.
#[derive(Debug)]
pub struct Decoder {
    limits: Limits,
    input: Input,
    state: State,
    version: Option<u32>,
    db: Db,
    /// Said by the opcodes before a key, for that key.
    deadline: Option<Deadline>,
    eviction: Option<Eviction>,
    /// The key that is being read.
    key: Key,
    /// A key or AUX name that does not stand in the input as it is, and an AUX value.
    scratch: [Vec<u8>; 2],
    failed: Option<Error>,
}

/// What is being read.
#[derive(Debug)]
enum State {
    Header,
    /// An opcode or a type.
    Record,
    /// The value of `key`.
    Value(Walker),
    /// The value of `key` is big, and this says what it is.
    Asking,
    Expanding(Box<Expander>),
    /// Something to be passed over: a big value that is not wanted, a module's data.
    Discarding(Walker),
    Ended,
}

/// The key whose value is being read.
#[derive(Clone, Copy, Debug)]
struct Key {
    rdb_type: u8,
    kind: ValueType,
    deadline: Option<Deadline>,
    eviction: Option<Eviction>,
    /// Relative to the first byte not consumed.
    place: Place,
    /// Index of the value's first byte, likewise.
    value: usize,
}

/// What a state came to.
enum Outcome {
    /// Something was consumed: look again.
    On,
    NeedMore,
    Show(Shown),
}

/// An event with marks in place of slices: these can be kept while the decoder changes.
#[derive(Clone, Copy, Debug)]
enum Shown {
    Header(u32),
    Aux { name: Mark, value: Mark },
    SelectDb,
    ResizeDb { keys: u64, expires: u64 },
    Function(Mark),
    ModuleAux(ModuleName),
    Entry { key: Mark, raw: Mark },
    Big { key: Mark },
    Piece { count: u32, last: bool },
    End(Checksum),
}

/// Bytes in the input, or in one of the scratch buffers.
#[derive(Clone, Copy, Debug)]
enum Mark {
    Input { mark: usize, len: usize },
    Scratch(usize),
}

impl Decoder {
    /// A decoder at the beginning of an RDB.
    pub fn new(limits: Limits) -> Decoder {
        let key = Key {
            rdb_type: 0,
            kind: ValueType::String,
            deadline: None,
            eviction: None,
            place: Place::Input { from: 0, len: 0 },
            value: 0,
        };
        Decoder {
            limits,
            input: Input::new(),
            state: State::Header,
            version: None,
            db: Db(0),
            deadline: None,
            eviction: None,
            key,
            scratch: [Vec::new(), Vec::new()],
            failed: None,
        }
    }

    /// Appends bytes of the RDB, as they come, in parts of any size.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.input.feed(bytes);
    }

    /// The next event, or [`Step::NeedMore`]. Errors are described at [`Error`] and repeat.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend from itself")]
    pub fn next(&mut self) -> Result<Step<'_>, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match self.advance() {
            Ok(Some(shown)) => Ok(Step::Event(self.event(shown))),
            Ok(None) => Ok(Step::NeedMore),
            Err(error) => {
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Bytes held that are not part of an event shown so far.
    pub fn buffered(&self) -> usize {
        self.input.len()
    }

    /// Bytes of the RDB consumed by the events shown so far.
    pub fn position(&self) -> u64 {
        self.input.position()
    }

    /// The RDB version, once the header was shown.
    pub fn version(&self) -> Option<u32> {
        self.version
    }

    /// Whether [`Event::End`] was shown.
    pub fn ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// What was fed behind the end of the RDB: in a file an error, on a link the replication stream.
    pub fn remaining(&self) -> &[u8] {
        if self.ended() { self.input.view().bytes } else { &[] }
    }

    /// To be called when no more bytes will come: errors with [`Error::Truncated`] if the end was not reached, or with
    /// the error that [`Decoder::next`] gave.
    pub fn finish(&self) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let inside = match self.state {
            State::Ended => return Ok(()),
            State::Header => "the header",
            State::Record => "a record, or before the mark that ends an RDB",
            State::Value(_) | State::Asking | State::Expanding(_) => "a key's value",
            State::Discarding(_) => "a value that is passed over",
        };
        Err(Error::Truncated { at: self.position() + self.buffered() as u64, inside })
    }

    /// Answers [`Event::Big`]: the value follows as [`Event::Piece`]s of plain commands on `key`, which may be another
    /// name than the RDB's. Without effect where no `Big` awaits an answer.
    ///
    /// Memory is constant but for one element, the master entries of one stream node, and the pending entries of one
    /// consumer group.
    pub fn expand(&mut self, key: &[u8], how: Expansion) {
        if let State::Asking = self.state {
            self.input.consume(self.key.value);
            match Expander::new(self.key.rdb_type, key, how, &self.limits) {
                Ok(expander) => self.state = State::Expanding(Box::new(expander)),
                Err(error) => self.failed = Some(error),
            }
        }
    }

    /// Answers [`Event::Big`]: the value is passed over, in constant memory. Without effect where no `Big` awaits an
    /// answer.
    pub fn discard(&mut self) {
        if let (State::Asking, Some((_, program))) = (&self.state, Program::new(self.key.rdb_type)) {
            self.input.consume(self.key.value);
            self.state = State::Discarding(Walker::new(program, self.limits.string_bytes_max));
        }
    }

    fn advance(&mut self) -> Result<Option<Shown>, Error> {
        loop {
            let outcome = match &mut self.state {
                State::Record => self.record()?,
                State::Value(_) => self.value()?,
                State::Header => self.header()?,
                State::Asking => return Err(Error::Unanswered { at: self.input.position() }),
                State::Expanding(_) => self.piece()?,
                State::Discarding(_) => self.pass_over()?,
                State::Ended => Outcome::NeedMore,
            };
            match outcome {
                Outcome::On => {}
                Outcome::NeedMore => return Ok(None),
                Outcome::Show(shown) => return Ok(Some(shown)),
            }
        }
    }

    /// Walks on to the end of the value, and shows the entry when it is all here.
    #[inline]
    fn value(&mut self) -> Result<Outcome, Error> {
        let module = self.key.kind == ValueType::Module;
        let max = if module { self.module_bytes_max() } else { self.limits.opaque_bytes_max };
        let State::Value(walker) = &mut self.state else { return Ok(Outcome::On) };
        let len = match walker.run(self.input.view_from(self.key.value), max)? {
            Walk::End(len) => len,
            Walk::NeedMore => return Ok(Outcome::NeedMore),
            Walk::Over if module => return Err(self.module_too_large()),
            Walk::Over => {
                self.state = State::Asking;
                return Ok(Outcome::Show(Shown::Big { key: self.mark(self.key.place) }));
            }
        };
        let key = self.mark(self.key.place);
        let raw = Mark::Input { mark: self.input.mark(self.key.value), len };
        self.input.consume(self.key.value + len);
        self.state = State::Record;
        Ok(Outcome::Show(Shown::Entry { key, raw }))
    }

    /// Only a module knows its values: they are held whole, up to the limit for strings.
    fn module_bytes_max(&self) -> usize {
        usize::try_from(self.limits.string_bytes_max).unwrap_or(usize::MAX)
    }

    fn module_too_large(&self) -> Error {
        let at = self.input.position() + self.key.value as u64;
        let size = self.limits.string_bytes_max.saturating_add(1);
        let what = "a module's value, which only the module could take apart, of at least";
        Error::TooLarge { at, what, size, limit: self.limits.string_bytes_max }
    }

    /// Goes on expanding, and shows a piece when it is full or the last.
    fn piece(&mut self) -> Result<Outcome, Error> {
        let State::Expanding(expander) = &mut self.state else { return Ok(Outcome::On) };
        let (used, progress) = expander.run(self.input.view())?;
        self.input.consume(used);
        Ok(match progress {
            Progress::NeedMore => Outcome::NeedMore,
            Progress::Piece { count, last } => {
                // The event reads the commands there.
                std::mem::swap(&mut self.scratch[1], expander.piece_mut());
                if last {
                    self.state = State::Record;
                }
                Outcome::Show(Shown::Piece { count, last })
            }
        })
    }

    /// Passes over what is not wanted.
    fn pass_over(&mut self) -> Result<Outcome, Error> {
        let State::Discarding(walker) = &mut self.state else { return Ok(Outcome::On) };
        let view = self.input.view();
        let walk = walker.run(view, usize::MAX)?;
        let passed = walker.passed(view);
        walker.forget(passed);
        self.input.consume(passed);
        if !matches!(walk, Walk::End(_)) {
            return Ok(Outcome::NeedMore);
        }
        self.state = State::Record;
        Ok(Outcome::On)
    }

    fn mark(&self, place: Place) -> Mark {
        match place {
            Place::Input { from, len } => Mark::Input { mark: self.input.mark(from), len },
            Place::Scratch => Mark::Scratch(0),
        }
    }

    fn slice(&self, mark: Mark) -> &[u8] {
        match mark {
            Mark::Input { mark, len } => self.input.slice(mark, len),
            Mark::Scratch(which) => self.scratch.get(which).map_or(&[], Vec::as_slice),
        }
    }

    fn event(&self, shown: Shown) -> Event<'_> {
        match shown {
            Shown::Entry { key, raw } => Event::Entry(Entry { head: self.head(key), raw: self.slice(raw) }),
            Shown::Header(version) => Event::Header { version },
            Shown::Aux { name, value } => Event::Aux { name: self.slice(name), value: self.slice(value) },
            Shown::SelectDb => Event::SelectDb(self.db),
            Shown::ResizeDb { keys, expires } => Event::ResizeDb { keys, expires },
            Shown::Function(raw) => Event::Function { raw: self.slice(raw) },
            Shown::ModuleAux(module) => Event::ModuleAux { module },
            Shown::Big { key } => Event::Big(self.head(key)),
            Shown::Piece { count, last } => Event::Piece { commands: self.slice(Mark::Scratch(1)), count, last },
            Shown::End(checksum) => Event::End { checksum },
        }
    }

    fn head(&self, key: Mark) -> Head<'_> {
        let Key { rdb_type, kind, deadline, eviction, .. } = self.key;
        Head { db: self.db, key: self.slice(key), kind, rdb_type, deadline, eviction }
    }
}
