//! Values as plain commands, in pieces: for targets that cannot take a payload, and for values too large to hold.
//!
//! ```text
//! value ─Program→ strings, numbers ─┬ Collection ─┐
//!                  └ packed nodes ──┼ Stream ─────┼→ Pieces → SET, APPEND, RPUSH, SADD, ZADD, HSET, XADD …
//!                                   └ plain text ─┘
//! ```
//! [`Expander`] follows a value's layout as the walker does, but looks at every item. It stops where bytes are missing,
//! and where a piece is full. Where it stops for bytes leaves no trace: pieces are the same however the value was fed.

mod collection;
mod entries;
mod node;
mod pieces;
mod stream;

use ::record::{Deadline, ValueType};

use crate::formats::{self, Op, Part, Program, Role};
use crate::packed::Container;
use crate::read::{Place, Text, View};
use crate::{Error, Limits};
use collection::Collection;
use node::Node;
use pieces::Pieces;
use stream::Stream;

/// The version of the target, as far as commands differ by it. Default 7.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dialect {
    pub major: u8,
    pub minor: u8,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect { major: 7, minor: 0 }
    }
}

impl Dialect {
    fn at_least(self, major: u8, minor: u8) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}

/// How to expand a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// The first command is `DEL key`: whatever the target holds there goes.
    pub replace: bool,
    /// The last command is `PEXPIREAT key` with this. Usually the [`crate::Head`]'s.
    pub deadline: Option<Deadline>,
    /// The target that the commands are for.
    pub dialect: Dialect,
}

/// Expands a whole value: `rdb_type` and `raw` as in an [`crate::Entry`], onto `key`.
///
/// Calls `sink` with RESP-encoded commands and their number, once per piece. Errors where the bytes are not a value
/// of this type (offsets count from the value's first byte), and for a module's value, which has no commands. After an
/// error the pieces given to `sink` so far are the beginning of the value.
pub fn expand(
    rdb_type: u8,
    raw: &[u8],
    key: &[u8],
    how: Expansion,
    limits: &Limits,
    mut sink: impl FnMut(&[u8], u32),
) -> Result<(), Error> {
    let mut expander = Expander::new(rdb_type, key, how, limits)?;
    let mut at = 0;
    loop {
        let view = View { bytes: raw.get(at..).unwrap_or(&[]), base: at as u64 };
        let (used, progress) = expander.run(view)?;
        at += used;
        match progress {
            Progress::NeedMore => return Err(Error::Truncated { at: raw.len() as u64, inside: "a value" }),
            Progress::Piece { count, last } => {
                sink(expander.piece_mut(), count);
                if last && at < raw.len() {
                    return Err(Error::Expected { at: at as u64, expected: "the end of the value" });
                }
                if last {
                    return Ok(());
                }
            }
        }
    }
}

/// What [`Expander::run`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    NeedMore,
    /// So many commands are in [`Expander::piece_mut`].
    Piece {
        count: u32,
        last: bool,
    },
}

/// Reads one value and writes commands.
#[derive(Debug)]
pub(crate) struct Expander {
    program: Program,
    body: Body,
    pieces: Pieces,
    deadline: Option<Deadline>,
    string_bytes_max: u64,
    /// A node of which items are still to be read, with its bytes and their offset.
    node: Option<Node>,
    node_bytes: Vec<u8>,
    node_at: u64,
    /// How the quicklist node that comes next holds its elements.
    node_kind: u64,
    scratch: Vec<u8>,
}

/// What the value is, and how far it is written.
#[derive(Debug)]
enum Body {
    /// A string: whether SET was written, so that APPEND goes on.
    Text {
        begun: bool,
    },
    Collection(Collection),
    Stream(Box<Stream>),
}

impl Expander {
    /// Errors for a type that has no commands.
    pub(crate) fn new(rdb_type: u8, key: &[u8], how: Expansion, limits: &Limits) -> Result<Expander, Error> {
        let (kind, program) = Program::new(rdb_type).ok_or_else(|| formats::unknown(0, rdb_type))?;
        let body = match kind {
            ValueType::String => Body::Text { begun: false },
            ValueType::Stream => Body::Stream(Box::new(Stream::new(&how))),
            ValueType::Module => {
                return Err(Error::Unexpandable { rdb_type, why: "only the module itself can read it" });
            }
            _ => Body::Collection(Collection::new(kind, how.dialect)),
        };
        let mut pieces = Pieces::new(key, limits.piece_bytes);
        if how.replace {
            pieces.command(b"DEL", &[]);
        }
        Ok(Expander {
            program,
            body,
            pieces,
            deadline: how.deadline,
            string_bytes_max: limits.string_bytes_max,
            node: None,
            node_bytes: Vec::new(),
            node_at: 0,
            node_kind: 0,
            scratch: Vec::new(),
        })
    }

    /// The commands of the piece. To be emptied or taken before the next run.
    pub(crate) fn piece_mut(&mut self) -> &mut Vec<u8> {
        &mut self.pieces.out
    }

    /// Goes on over the bytes of the value that are here. Answers how many of them are done with.
    pub(crate) fn run(&mut self, view: View<'_>) -> Result<(usize, Progress), Error> {
        let mut at = 0;
        self.pieces.begin_piece();
        loop {
            let op = if self.node.is_some() { None } else { self.program.op() };
            if op.is_none() && self.node.is_none() {
                let count = self.end(view.offset(at))?;
                return Ok((at, Progress::Piece { count, last: true }));
            }
            if self.pieces.full() && !self.half() {
                let count = self.pieces.close();
                return Ok((at, Progress::Piece { count, last: false }));
            }
            let next = match op {
                Some(op) => self.item(op, view, at)?,
                None => self.node_step(view, at)?,
            };
            match next {
                Some(next) => at = next,
                None => return Ok((at, Progress::NeedMore)),
            }
        }
    }

    /// Whether half of a pair is written.
    fn half(&self) -> bool {
        matches!(&self.body, Body::Collection(collection) if collection.half())
    }

    /// All of the value is read: the deadline, and the last piece.
    fn end(&mut self, at: u64) -> Result<u32, Error> {
        if self.half() {
            return Err(Error::Expected { at, expected: "the second half of a pair" });
        }
        if let Some(Deadline(unix_ms)) = self.deadline {
            self.pieces.command(b"PEXPIREAT", &[unix_ms.to_string().as_bytes()]);
        }
        Ok(self.pieces.close())
    }

    /// One item of the layout: the index behind it, or `None` where it is not all here.
    fn item(&mut self, op: Op, view: View<'_>, at: usize) -> Result<Option<usize>, Error> {
        let base = view.offset(at);
        let expected = |expected| Error::Expected { at: base, expected };
        let next = match op {
            Op::Text(role) => return self.text(role, view, at),
            Op::Count(role) => {
                let Some((count, next)) = view.length(at)? else { return Ok(None) };
                self.number(role, count).map_err(expected)?;
                self.program.repeat(count);
                return Ok(Some(next));
            }
            Op::Length(role) => {
                let Some((value, next)) = view.length(at)? else { return Ok(None) };
                self.number(role, value).map_err(expected)?;
                next
            }
            Op::Raw(len, role) => {
                let Some(bytes) = view.raw(at, len) else { return Ok(None) };
                self.raw(role, bytes).map_err(expected)?;
                at + len
            }
            Op::OldScore => {
                let Some((score, next)) = old_score(view, at) else { return Ok(None) };
                self.element(score).map_err(expected)?;
                next
            }
            // Modules are refused in `new`, and `Program::op` never shows a Repeat.
            Op::ModuleItem | Op::Repeat => at,
        };
        self.program.pass();
        Ok(Some(next))
    }

    fn number(&mut self, role: Role, value: u64) -> Result<(), &'static str> {
        match (&mut self.body, role) {
            (Body::Stream(stream), Role::Stream(part)) => stream.number(part, value, &mut self.pieces),
            (_, Role::NodeKind) => {
                self.node_kind = value;
                if matches!(value, 1 | 2) { Ok(()) } else { Err("1 (plain) or 2 (listpack) as the form of a node") }
            }
            _ => Ok(()),
        }
    }

    fn raw(&mut self, role: Role, bytes: &[u8]) -> Result<(), &'static str> {
        match (&mut self.body, role) {
            (Body::Stream(stream), Role::Stream(part)) => stream.raw(part, bytes, &mut self.pieces),
            (Body::Collection(collection), Role::Score) => {
                let score = bytes.first_chunk::<8>().map_or(f64::NAN, |bytes| f64::from_le_bytes(*bytes));
                collection.push_score(score, &mut self.pieces)
            }
            _ => Ok(()),
        }
    }

    fn element(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        match &mut self.body {
            Body::Collection(collection) => collection.push(bytes, &mut self.pieces),
            _ => Ok(()),
        }
    }

    /// A string: an element, or a node to be taken apart.
    fn text(&mut self, role: Role, view: View<'_>, at: usize) -> Result<Option<usize>, Error> {
        let Some(text) = view.text(at, self.string_bytes_max, "a string of")? else { return Ok(None) };
        if let (Role::Value, Text::Raw { from, len }) = (role, text) {
            self.node = Some(Node::Input(len));
            self.program.pass();
            return Ok(Some(from));
        }
        let Some(place) = view.place(text, &mut self.scratch)? else { return Ok(None) };
        let base = view.offset(at);
        match role {
            Role::Packed(container) => self.open(container, place, view, base)?,
            Role::Node if self.node_kind == 2 => self.open(Container::Listpack, place, view, base)?,
            Role::Stream(Part::Node) => self.open_entries(place, view, base)?,
            Role::Value => {
                self.keep(place, view, base);
                self.node = Some(Node::Text(0));
            }
            _ => self.plain(role, place, view).map_err(|expected| Error::Expected { at: base, expected })?,
        }
        self.program.pass();
        Ok(Some(text.end()))
    }

    /// A string that is what it is: an element, a name.
    fn plain(&mut self, role: Role, place: Place, view: View<'_>) -> Result<(), &'static str> {
        let bytes = view.at_place(place, &self.scratch);
        match (role, &mut self.body) {
            (Role::Stream(part), Body::Stream(stream)) => stream.text(part, bytes),
            (_, Body::Collection(collection)) => collection.push(bytes, &mut self.pieces),
            _ => Ok(()),
        }
    }
}

/// A score as text and the index behind it (rdb.c, rdbLoadDoubleValue).
fn old_score(view: View<'_>, at: usize) -> Option<(&[u8], usize)> {
    let [len] = view.array(at)?;
    match len {
        253 => Some((b"nan", at + 1)),
        254 => Some((b"inf", at + 1)),
        255 => Some((b"-inf", at + 1)),
        len => Some((view.raw(at + 1, usize::from(len))?, at + 1 + usize::from(len))),
    }
}
