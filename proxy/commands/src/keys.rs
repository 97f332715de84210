//! Finds the keys among the arguments of one command.
//!
//! [`Spec::keys`] turns a [`KeySpec`] and arguments into [`Keys`]: at most two runs of positions, so that `DEL` of a
//! million keys costs no memory. [`Spec::other_db`] tells of the commands that name a db in their arguments.

use record::{Db, Escaped};

use crate::spec::{Access, KeySpec, Range, Spec};

/// The keys of one command, as positions among its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keys {
    runs: [Run; 2],
}

/// One key of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its place among the arguments; the command's name is 0. Always a place that the arguments have.
    pub position: usize,
    /// What the command does to it.
    pub access: Access,
}

/// Goes over [`Keys`] in the order of `COMMAND GETKEYS`.
#[derive(Clone, Debug)]
pub struct KeyIter {
    runs: [Run; 2],
}

/// A db that a command names in its arguments, beside the one that is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherDb {
    /// `MOVE key db`, `COPY … DB db`: where the key goes.
    Into {
        /// The db.
        db: Db,
        /// The position of its number among the arguments.
        at: usize,
    },
    /// `SWAPDB first second`.
    Swap {
        /// The db at position 1.
        first: Db,
        /// The db at position 2.
        second: Db,
    },
}

/// Why the keys of a command cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("{command} takes {}{} arguments (its name counted), not {given}", if *.arity < 0 { "at least " } else { "" }, .arity.unsigned_abs())]
    Arity { command: String, arity: i32, given: usize },
    #[error("{command}: argument {position} must be a number of keys, at most as many as follow it, not {found}")]
    Count { command: String, position: usize, found: String },
    #[error("{command}: argument {position} must be {expected}, not {found}")]
    Syntax { command: String, position: usize, expected: &'static str, found: String },
    #[error("{command}: no key at argument {position}, the command has {given} arguments (its name counted)")]
    Range { command: String, position: usize, given: usize },
    #[error("{command} has keys at places that only the server's own code knows; its COMMAND table says no more")]
    Unmapped { command: String },
}

impl Spec {
    /// The keys of a command with these arguments, the first of which is its name.
    ///
    /// # Errors
    /// Where the arguments are not as the command takes them, or a count of keys is no number or too big.
    pub fn keys(&self, args: &[&[u8]]) -> Result<Keys, Error> {
        self.check_arity(args)?;
        match self.keys {
            KeySpec::None => Ok(Keys::new(Run::NONE, Run::NONE)),
            KeySpec::Ranges(first, None) => Ok(Keys::new(self.range(first, args)?, Run::NONE)),
            KeySpec::Ranges(first, Some(second)) => Ok(Keys::new(self.range(first, args)?, self.range(second, args)?)),
            KeySpec::Counted { at, access, store } => {
                let store = if store { Run::one(1, Access::Overwrite) } else { Run::NONE };
                Ok(Keys::new(store, self.counted(at, access, args)?))
            }
            KeySpec::Sort => Ok(Keys::new(Run::one(1, Access::Read), sort_store(args))),
            KeySpec::GeoRadius { options } => Ok(Keys::new(Run::one(1, Access::Read), geo_store(options, args))),
            KeySpec::Streams(access) => Ok(Keys::new(self.streams(access, args)?, Run::NONE)),
            KeySpec::Migrate => Ok(Keys::new(migrate(args), Run::NONE)),
            KeySpec::Unmapped => Err(Error::Unmapped { command: self.name().to_owned() }),
        }
    }

    /// The db that a command names in its arguments: of `MOVE`, `COPY … DB` and `SWAPDB`; `None` of all others.
    ///
    /// # Errors
    /// Where the place of a db holds no number of a db.
    pub fn other_db(&self, args: &[&[u8]]) -> Result<Option<OtherDb>, Error> {
        match self.name() {
            "MOVE" => Ok(Some(OtherDb::Into { db: self.db(2, args)?, at: 2 })),
            "SWAPDB" => Ok(Some(OtherDb::Swap { first: self.db(1, args)?, second: self.db(2, args)? })),
            "COPY" => {
                let mut found = None;
                let mut at = 3;
                while let Some(option) = args.get(at) {
                    if option.eq_ignore_ascii_case(b"DB") {
                        at += 1;
                        found = Some(OtherDb::Into { db: self.db(at, args)?, at });
                    }
                    at += 1;
                }
                Ok(found)
            }
            _ => Ok(None),
        }
    }

    fn check_arity(&self, args: &[&[u8]]) -> Result<(), Error> {
        let given = args.len();
        let wanted = usize::try_from(self.arity.unsigned_abs()).unwrap_or(usize::MAX);
        if if self.arity < 0 { given >= wanted } else { given == wanted } {
            return Ok(());
        }
        Err(Error::Arity { command: self.name().to_owned(), arity: self.arity, given })
    }

    fn range(&self, range: Range, args: &[&[u8]]) -> Result<Run, Error> {
        let missing = |position| Error::Range { command: self.name().to_owned(), position, given: args.len() };
        let back = usize::try_from(range.last.unsigned_abs()).unwrap_or(usize::MAX);
        let last =
            if range.last < 0 { args.len().checked_sub(back).ok_or_else(|| missing(range.first))? } else { back };
        if last >= args.len() {
            return Err(missing(last));
        }
        // `PFMERGE target` and its like: the second run may be empty.
        let count = (last + 1).checked_sub(range.first).map_or(0, |width| width.div_ceil(range.step.max(1)));
        Ok(Run { first: range.first, step: range.step, count, access: range.access })
    }

    fn counted(&self, at: usize, access: Access, args: &[&[u8]]) -> Result<Run, Error> {
        let text = args.get(at).copied().unwrap_or_default();
        let count = number(text).and_then(|count| usize::try_from(count).ok());
        match count.filter(|count| *count <= args.len().saturating_sub(at + 1)) {
            Some(count) => Ok(Run { first: at + 1, step: 1, count, access }),
            None => {
                let found = Escaped(text).to_string();
                Err(Error::Count { command: self.name().to_owned(), position: at, found })
            }
        }
    }

    /// `[COUNT n] [BLOCK ms] [GROUP group consumer] [NOACK] STREAMS key … id …`: as many ids as keys.
    fn streams(&self, access: Access, args: &[&[u8]]) -> Result<Run, Error> {
        let mut at = 1;
        while let Some(option) = args.get(at) {
            at += match () {
                () if option.eq_ignore_ascii_case(b"STREAMS") => {
                    let rest = args.len().saturating_sub(at + 1);
                    if rest == 0 || !rest.is_multiple_of(2) {
                        return Err(self.syntax(at, "STREAMS and as many ids as keys", option));
                    }
                    return Ok(Run { first: at + 1, step: 1, count: rest / 2, access });
                }
                () if option.eq_ignore_ascii_case(b"COUNT") || option.eq_ignore_ascii_case(b"BLOCK") => 2,
                () if option.eq_ignore_ascii_case(b"GROUP") => 3,
                () => 1,
            };
        }
        Err(self.syntax(args.len(), "STREAMS", b""))
    }

    fn db(&self, at: usize, args: &[&[u8]]) -> Result<Db, Error> {
        let text = args.get(at).copied().unwrap_or_default();
        number(text).map(Db).ok_or_else(|| self.syntax(at, "the number of a db", text))
    }

    fn syntax(&self, position: usize, expected: &'static str, found: &[u8]) -> Error {
        Error::Syntax { command: self.name().to_owned(), position, expected, found: Escaped(found).to_string() }
    }
}

/// The last `STORE` among SORT's options (`sortCommand`: a later one replaces an earlier one).
fn sort_store(args: &[&[u8]]) -> Run {
    let mut found = Run::NONE;
    let mut at = 2;
    while let Some(option) = args.get(at) {
        let is = |word: &[u8]| option.eq_ignore_ascii_case(word);
        if is(b"STORE") && at + 1 < args.len() {
            found = Run::one(at + 1, Access::Overwrite);
            at += 1;
        } else if is(b"LIMIT") {
            at += 2;
        } else if is(b"GET") || is(b"BY") {
            at += 1;
        }
        at += 1;
    }
    found
}

fn geo_store(options: usize, args: &[&[u8]]) -> Run {
    let mut found = Run::NONE;
    let mut at = options;
    while let Some(option) = args.get(at) {
        let is_store = option.eq_ignore_ascii_case(b"STORE") || option.eq_ignore_ascii_case(b"STOREDIST");
        if is_store && at + 1 < args.len() {
            found = Run::one(at + 1, Access::Overwrite);
            at += 1;
        }
        at += 1;
    }
    found
}

/// `MIGRATE host port key db timeout [COPY] [REPLACE] [AUTH …] [AUTH2 …] [KEYS key …]`
fn migrate(args: &[&[u8]]) -> Run {
    let mut at = 6;
    while let Some(option) = args.get(at) {
        let is = |word: &[u8]| option.eq_ignore_ascii_case(word);
        if is(b"KEYS") && args.get(3).is_some_and(|key| key.is_empty()) {
            let count = args.len().saturating_sub(at + 1);
            return Run { first: at + 1, step: 1, count, access: Access::Update };
        }
        at += if is(b"AUTH") {
            2
        } else if is(b"AUTH2") {
            3
        } else {
            1
        };
    }
    Run::one(3, Access::Update)
}

/// A decimal number as Redis takes it: digits and nothing else.
fn number(text: &[u8]) -> Option<u32> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

// === impl Keys ===

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: usize,
    step: usize,
    count: usize,
    access: Access,
}

impl Run {
    const NONE: Run = Run { first: 0, step: 1, count: 0, access: Access::Read };

    fn one(position: usize, access: Access) -> Run {
        Run { first: position, step: 1, count: 1, access }
    }

    fn take(&mut self) -> Option<Key> {
        self.count = self.count.checked_sub(1)?;
        let key = Key { position: self.first, access: self.access };
        self.first += self.step;
        Some(key)
    }
}

impl Keys {
    fn new(first: Run, second: Run) -> Keys {
        Keys { runs: [first, second] }
    }

    /// The keys, in the order of `COMMAND GETKEYS`.
    pub fn iter(&self) -> KeyIter {
        KeyIter { runs: self.runs }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.runs.iter().map(|run| run.count).sum()
    }

    /// True where the command names no key.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl IntoIterator for Keys {
    type Item = Key;
    type IntoIter = KeyIter;

    fn into_iter(self) -> KeyIter {
        self.iter()
    }
}

impl Iterator for KeyIter {
    type Item = Key;

    fn next(&mut self) -> Option<Key> {
        self.runs.iter_mut().find_map(Run::take)
    }
}
