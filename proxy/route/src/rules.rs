//! The native rules: what of a source's data is carried, to which db, under which name.
//!
//! ```text
//! Spec (as meant) ─► Rules::compile ─► entry(snapshot)  ─► drop | keep, db and name as mapped
//!                                  └─► change(stream)   ─► drop | keep | rewritten | refused, and why
//! ```
//!
//! **What passes.** The dimensions are db, key (prefix, suffix, glob, regex together), type, command, TTL and size. A
//! key passes where every *include* dimension that is filled in matches by at least one of its members, and no
//! *exclude* member matches at all. So `include.prefix = ["a:", "b:"]` with `include.db = [0]` is "in db 0, and
//! beginning with a: or b:"; `exclude.db = [3]` with `exclude.prefix = ["tmp:"]` leaves out all of db 3 and every tmp:
//! key. Exclude wins. Key patterns see the source's name, before any rename.
//!
//! **What can be judged when.** Of an entry of the snapshot everything but the command. Of a change in the live stream
//! db, key and command always; the type by the command (`LPUSH` is of lists), or by the payload of a `RESTORE`. TTL
//! and size never: rules with them are for a migration of a snapshot only, which
//! [`Rules::snapshot_only_reason`] says. Whether the target has a key never plays a part.
//!
//! **Types in the stream.** A command of a type that is left out is dropped, but where it overwrites a key of any type
//! (`SET`, `SUNIONSTORE`) it becomes `DEL`, since what the target holds under that name is gone from the source.
//! Commands of every type (`DEL`, `EXPIRE`, `MOVE` …) pass: on a key that the target lacks they do nothing. Where the
//! outcome hangs on a type that cannot be seen (`RENAME`, `COPY … REPLACE`, scripts), the change is refused.
//!
//! **Commands of several keys.** Where only some pass, the command is cut down where its meaning allows (`DEL`,
//! `UNLINK`, `TOUCH`, `EXISTS`, `PFCOUNT`, `MGET`, `MSET`, `MSETNX`), turned into its effect on the keys that pass
//! (`SMOVE` to `SREM` or `SADD`, `RENAME` to `DEL`, `LMOVE` to `LPOP` or `RPOP`), dropped where all it writes is left
//! out (`SUNIONSTORE`), and refused otherwise.
//!
//! **Scripts.** `EVAL`, `EVALSHA` and `FCALL` are judged by the keys that they name, which are renamed too; their
//! bodies are not looked into. One that names no key is refused under rules about keys. Since 7.0 a source replicates
//! what scripts did instead of the scripts, so this is about older ones.
//!
//! **Whole dbs.** `FLUSHDB`, `FLUSHALL` and `SWAPDB` pass, with dbs as mapped, where the db of the target is made from
//! exactly one of the source; under rules about keys, types or names they are refused, as the target's db may hold
//! keys of others. `FUNCTION`, `SCRIPT` and `PUBLISH` pass unless the command is excluded.
//!
//! **Names that meet.** A rename or a db map may give two keys of the source one name on the target (stripping `a:`
//! where both `a:x` and `x` exist; `* -> 0` with `x` in two dbs). The later one wins, as their commands arrive; the
//! rules see one command at a time and cannot know. `MOVE` between dbs that are mapped to one is dropped, since the
//! key is there already; a `COPY` that would copy a key onto itself is refused.

mod change;
mod dbs;
mod matching;
mod project;
mod refusal;
mod rewritten;
mod spec;
mod whole;

use std::borrow::Cow;

use record::{Db, Deadline, ValueType};

pub use refusal::Refusal;
pub use rewritten::Rewritten;
pub use spec::{DbPattern, Matchers, Rename, SizeMatch, Spec, TtlMatch};

use dbs::Dbs;
use matching::{KeyPatterns, Kinds};

/// The rules of a migration, compiled.
#[derive(Clone, Debug)]
pub struct Rules {
    dbs: Dbs,
    include: Side,
    exclude: Side,
    kinds: Kinds,
    rename: Vec<Rename>,
    identity: bool,
}

/// What one of include and exclude says, dbs and types apart.
#[derive(Clone, Debug)]
struct Side {
    keys: KeyPatterns,
    commands: Vec<String>,
    ttl: Option<TtlMatch>,
    size: Option<SizeMatch>,
}

/// An entry of a snapshot, as the rules see it.
#[derive(Clone, Copy, Debug)]
pub struct EntryView<'a> {
    /// The source's db.
    pub db: Db,
    /// The source's name of it.
    pub key: &'a [u8],
    /// The type of its value.
    pub kind: ValueType,
    /// When it expires.
    pub deadline: Option<Deadline>,
    /// Bytes of the value as the snapshot holds it.
    pub value_bytes: u64,
}

/// What becomes of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryVerdict<'a> {
    /// It is not carried.
    Drop,
    /// It is carried.
    Keep {
        /// The target's db.
        db: Db,
        /// The target's name of it.
        key: Cow<'a, [u8]>,
    },
}

/// What becomes of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeVerdict {
    /// It is not carried.
    Drop,
    /// It is carried as it is.
    Keep {
        /// The target's db.
        db: Db,
    },
    /// It is carried as [`Rewritten::args`] has it.
    Rewritten {
        /// The target's db.
        db: Db,
    },
    /// It is carried as [`Rewritten::args`] has it (a `FLUSHDB`), once in each of [`Rewritten::dbs`].
    FlushEach,
}

/// What is wrong with rules. Fields are named as settings write them.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A regular expression that does not compile.
    #[error("{field} is not a regular expression that can be used: {error}")]
    Regex {
        /// Where it stands.
        field: String,
        /// What the regex crate says.
        error: regex::Error,
    },
    /// A prefix or suffix that every key has.
    #[error("{field} is empty, so every key matches; leave the list out if that is meant")]
    Empty {
        /// Where it stands.
        field: String,
    },
    /// One db mapped twice.
    #[error("rules.db_map gives two targets for \"{pattern}\"; a db goes to one")]
    DbMap {
        /// The pattern.
        pattern: String,
    },
    /// A command that carries no data.
    #[error("{field}: {command} steers the stream and carries no data, it cannot be filtered")]
    Command {
        /// Where it stands.
        field: String,
        /// The command.
        command: String,
    },
    /// A range of sizes with nothing in it.
    #[error("rules.{side}.size: at least {min} bytes and at most {max} bytes is no size at all")]
    Size {
        /// `include` or `exclude`.
        side: &'static str,
        /// The lower end.
        min: u64,
        /// The upper end.
        max: u64,
    },
}

impl Rules {
    /// Compiles rules.
    ///
    /// # Errors
    /// Names the field that cannot be used, and why.
    pub fn compile(spec: Spec) -> Result<Rules, Error> {
        let dbs = Dbs::compile(&spec)?;
        let include = Side::compile("include", &spec.include)?;
        let exclude = Side::compile("exclude", &spec.exclude)?;
        let kinds = Kinds::passing(&spec.include.kind, &spec.exclude.kind);
        let rename: Vec<Rename> = spec.rename.into_iter().filter(|rename| rename.from() != rename.to()).collect();
        let identity =
            dbs.is_identity() && include.is_empty() && exclude.is_empty() && kinds.is_all() && rename.is_empty();
        Ok(Rules { dbs, include, exclude, kinds, rename, identity })
    }

    /// True where everything is carried as it is.
    pub fn is_identity(&self) -> bool {
        self.identity
    }

    /// Why these rules are for a migration of a snapshot only, where they are.
    pub fn snapshot_only_reason(&self) -> Option<String> {
        let sides = [("include", &self.include), ("exclude", &self.exclude)];
        let fields: Vec<String> = sides
            .iter()
            .flat_map(|(name, side)| {
                let ttl = side.ttl.map(|_| format!("rules.{name}.ttl"));
                let size = side.size.map(|_| format!("rules.{name}.size"));
                ttl.into_iter().chain(size)
            })
            .collect();
        (!fields.is_empty()).then(|| {
            format!(
                "{} cannot be judged on a change in the live stream, which shows neither a key's expiry nor its size; \
                 such rules are for a migration of a snapshot only",
                fields.join(" and ")
            )
        })
    }

    /// What becomes of an entry of a snapshot.
    pub fn entry<'a>(&self, entry: &EntryView<'a>) -> EntryVerdict<'a> {
        let key = entry.key;
        let passes = self.identity
            || (self.dbs.passes(entry.db)
                && self.kinds.has(entry.kind)
                && self.key_passes(key)
                && self.include.ttl.is_none_or(|ttl| ttl.matches(entry))
                && self.include.size.is_none_or(|size| size.matches(entry))
                && !self.exclude.ttl.is_some_and(|ttl| ttl.matches(entry))
                && !self.exclude.size.is_some_and(|size| size.matches(entry)));
        if !passes {
            return EntryVerdict::Drop;
        }
        EntryVerdict::Keep { db: self.dbs.target(entry.db), key: self.renamed(key) }
    }

    fn key_passes(&self, key: &[u8]) -> bool {
        (self.include.keys.is_empty() || self.include.keys.matches(key)) && !self.exclude.keys.matches(key)
    }

    fn command_passes(&self, name: &str) -> bool {
        (self.include.commands.is_empty() || matching::names(&self.include.commands, name))
            && !matching::names(&self.exclude.commands, name)
    }

    /// The target's name of a key.
    fn renamed<'a>(&self, key: &'a [u8]) -> Cow<'a, [u8]> {
        let mut name = Cow::Borrowed(key);
        for rename in &self.rename {
            if let Some(rest) = name.strip_prefix(rename.from()) {
                name = Cow::Owned([rename.to(), rest].concat());
            }
        }
        name
    }

    /// True where some keys may be left out by their name.
    fn filters_keys(&self) -> bool {
        !self.include.keys.is_empty() || !self.exclude.keys.is_empty()
    }

    /// True where a command is judged or changed by more than its db and its name.
    fn touches_keys(&self) -> bool {
        self.filters_keys() || !self.kinds.is_all() || !self.rename.is_empty()
    }

    /// The rule that leaves this key out, as settings write it.
    fn why_not(&self, db: Db, key: &[u8]) -> String {
        let excluded = || self.exclude.keys.name_match(key).map(|pattern| format!("exclude.{pattern}"));
        let by_db = self.dbs.why_not(db);
        by_db.or_else(excluded).unwrap_or_else(|| "no include pattern matches it".to_owned())
    }
}

impl Side {
    fn compile(name: &'static str, matchers: &Matchers) -> Result<Side, Error> {
        const CONTROL: [&str; 6] = ["SELECT", "MULTI", "EXEC", "DISCARD", "PING", "REPLCONF"];
        let is_control = |listed: &String| CONTROL.iter().any(|name| name.eq_ignore_ascii_case(listed));
        if let Some(index) = matchers.command.iter().position(is_control) {
            let command = matchers.command.get(index).cloned().unwrap_or_default();
            return Err(Error::Command { field: matching::field(name, "command", index), command });
        }
        if let Some(SizeMatch { min: Some(min), max: Some(max) }) = matchers.size
            && min > max
        {
            return Err(Error::Size { side: name, min, max });
        }
        let keys = KeyPatterns::compile(name, matchers)?;
        Ok(Side { keys, commands: matchers.command.clone(), ttl: matchers.ttl, size: matchers.size })
    }

    fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.commands.is_empty() && self.ttl.is_none() && self.size.is_none()
    }
}

impl TtlMatch {
    fn matches(self, entry: &EntryView<'_>) -> bool {
        (self == TtlMatch::Present) == entry.deadline.is_some()
    }
}

impl SizeMatch {
    fn matches(self, entry: &EntryView<'_>) -> bool {
        self.min.is_none_or(|min| entry.value_bytes >= min) && self.max.is_none_or(|max| entry.value_bytes <= max)
    }
}
