//! A command as the rules have changed it, in buffers that are used again for the next.

use std::borrow::Cow;

use record::Db;

/// What [`super::Rules::change`] made of a command. Values are not copied: the new arguments refer to the old ones
/// wherever they are the same.
#[derive(Clone, Debug, Default)]
pub struct Rewritten {
    parts: Vec<Part>,
    bytes: Vec<u8>,
    pub(super) dbs: Vec<Db>,
}

#[derive(Clone, Copy, Debug)]
enum Part {
    /// An argument of the original, by its position.
    Original(usize),
    /// A stretch of `bytes`.
    Own { from: usize, to: usize },
}

impl Rewritten {
    /// Empty buffers.
    pub fn new() -> Rewritten {
        Rewritten::default()
    }

    /// How many arguments the new command has, its name counted.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// True where nothing was rewritten.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The new command's arguments. `original` must be what [`super::Rules::change`] was given.
    pub fn args<'a>(&'a self, original: &'a [&'a [u8]]) -> impl ExactSizeIterator<Item = &'a [u8]> {
        self.parts.iter().map(move |part| match part {
            Part::Original(position) => original.get(*position).copied().unwrap_or_default(),
            Part::Own { from, to } => self.bytes.get(*from..*to).unwrap_or_default(),
        })
    }

    /// The dbs of [`super::ChangeVerdict::FlushEach`].
    pub fn dbs(&self) -> &[Db] {
        &self.dbs
    }

    pub(super) fn clear(&mut self) {
        self.parts.clear();
        self.bytes.clear();
        self.dbs.clear();
    }

    /// Starts from the original's arguments, all of them.
    pub(super) fn start_from(&mut self, args: &[&[u8]]) {
        self.clear();
        self.parts.extend((0..args.len()).map(Part::Original));
    }

    /// Starts a command of this name.
    pub(super) fn start(&mut self, name: &[u8]) {
        self.clear();
        self.push(name);
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let part = self.own(bytes);
        self.parts.push(part);
    }

    pub(super) fn push_original(&mut self, position: usize) {
        self.parts.push(Part::Original(position));
    }

    /// Adds a key, which stood at `position` under its old name.
    pub(super) fn push_key(&mut self, position: usize, key: Cow<'_, [u8]>) {
        match key {
            Cow::Borrowed(_) => self.push_original(position),
            Cow::Owned(key) => self.push(&key),
        }
    }

    /// Replaces the argument at `position`.
    pub(super) fn set(&mut self, position: usize, bytes: &[u8]) {
        let own = self.own(bytes);
        if let Some(part) = self.parts.get_mut(position) {
            *part = own;
        }
    }

    fn own(&mut self, bytes: &[u8]) -> Part {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        Part::Own { from, to: self.bytes.len() }
    }
}
