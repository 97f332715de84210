//! Matchers, compiled: keys, types and commands against the lists of one side (include or exclude).

use ahash::AHashSet;
use commands::Glob;
use record::{Escaped, ValueType};
use regex::bytes::{RegexBuilder, RegexSet, RegexSetBuilder};

use super::Error;
use super::spec::Matchers;

/// The key patterns of one side: a key matches where any of them does.
#[derive(Clone, Debug)]
pub(super) struct KeyPatterns {
    prefixes: Affixes,
    suffixes: Affixes,
    globs: Vec<(Vec<u8>, Glob)>,
    regexes: RegexSet,
}

/// Prefixes or suffixes. One look-up for each length there is, so that thousands of tenants' prefixes cost no more
/// than one.
#[derive(Clone, Debug, Default)]
struct Affixes {
    lengths: Vec<usize>,
    texts: AHashSet<Vec<u8>>,
}

/// A set of value types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kinds([bool; ValueType::ALL.len()]);

impl KeyPatterns {
    /// Compiles the patterns of the side that settings call `side` (`include`, `exclude`).
    pub(super) fn compile(side: &'static str, matchers: &Matchers) -> Result<KeyPatterns, Error> {
        Ok(KeyPatterns {
            prefixes: Affixes::compile(side, "prefix", &matchers.prefix)?,
            suffixes: Affixes::compile(side, "suffix", &matchers.suffix)?,
            globs: matchers.glob.iter().map(|pattern| (pattern.clone(), Glob::new(pattern))).collect(),
            regexes: regexes(side, &matchers.regex)?,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.prefixes.texts.is_empty()
            && self.suffixes.texts.is_empty()
            && self.globs.is_empty()
            && self.regexes.is_empty()
    }

    pub(super) fn matches(&self, key: &[u8]) -> bool {
        self.prefixes.of_front(key).is_some()
            || self.suffixes.of_back(key).is_some()
            || self.globs.iter().any(|(_, glob)| glob.matches(key))
            || (!self.regexes.is_empty() && self.regexes.is_match(key))
    }

    /// The first pattern that matches, as settings write it: `prefix "tmp:"`.
    pub(super) fn name_match(&self, key: &[u8]) -> Option<String> {
        if let Some(prefix) = self.prefixes.of_front(key) {
            return Some(format!("prefix {}", Escaped(prefix)));
        }
        if let Some(suffix) = self.suffixes.of_back(key) {
            return Some(format!("suffix {}", Escaped(suffix)));
        }
        if let Some((pattern, _)) = self.globs.iter().find(|(_, glob)| glob.matches(key)) {
            return Some(format!("glob {}", Escaped(pattern)));
        }
        let first = self.regexes.matches(key).iter().next()?;
        self.regexes.patterns().get(first).map(|pattern| format!("regex {pattern:?}"))
    }
}

impl Affixes {
    fn compile(side: &'static str, list: &'static str, texts: &[Vec<u8>]) -> Result<Affixes, Error> {
        if let Some(index) = texts.iter().position(Vec::is_empty) {
            return Err(Error::Empty { field: field(side, list, index) });
        }
        let mut lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Ok(Affixes { lengths, texts: texts.iter().cloned().collect() })
    }

    fn of_front<'a>(&self, key: &'a [u8]) -> Option<&'a [u8]> {
        self.find(self.lengths.iter().map_while(|length| key.get(..*length)))
    }

    fn of_back<'a>(&self, key: &'a [u8]) -> Option<&'a [u8]> {
        self.find(self.lengths.iter().map_while(|length| key.get(key.len().checked_sub(*length)?..)))
    }

    fn find<'a>(&self, mut parts: impl Iterator<Item = &'a [u8]>) -> Option<&'a [u8]> {
        parts.find(|part| self.texts.contains(*part))
    }
}

/// Compiles each by itself first, so that an error names the one that is wrong.
fn regexes(side: &'static str, patterns: &[String]) -> Result<RegexSet, Error> {
    for (index, pattern) in patterns.iter().enumerate() {
        let one = RegexBuilder::new(pattern).unicode(false).dot_matches_new_line(true).build();
        if let Err(error) = one {
            return Err(Error::Regex { field: field(side, "regex", index), error });
        }
    }
    let all = RegexSetBuilder::new(patterns).unicode(false).dot_matches_new_line(true).build();
    all.map_err(|error| Error::Regex { field: format!("rules.{side}.regex"), error })
}

/// How settings call an element of a list.
pub(super) fn field(side: &str, list: &str, index: usize) -> String {
    format!("rules.{side}.{list}[{index}]")
}

// === impl Kinds ===

impl Kinds {
    /// The types that pass: those included (all, where none is listed) and not excluded.
    pub(super) fn passing(include: &[ValueType], exclude: &[ValueType]) -> Kinds {
        Kinds(ValueType::ALL.map(|kind| (include.is_empty() || include.contains(&kind)) && !exclude.contains(&kind)))
    }

    pub(super) fn has(self, kind: ValueType) -> bool {
        ValueType::ALL.iter().zip(self.0).any(|(each, passes)| *each == kind && passes)
    }

    pub(super) fn is_all(self) -> bool {
        self.0.iter().all(|passes| *passes)
    }
}

/// The type of value that a DUMP payload holds, by its first byte (rdb.h, `RDB_TYPE_*`); `None` where we do not know
/// the byte.
pub(super) fn payload_kind(payload: &[u8]) -> Option<ValueType> {
    Some(match payload.first()? {
        0 => ValueType::String,
        1 | 10 | 14 | 18 => ValueType::List,
        2 | 11 | 20 => ValueType::Set,
        3 | 5 | 12 | 17 => ValueType::Zset,
        // 22 to 25 are hashes whose fields expire, of Redis 7.4 on.
        4 | 9 | 13 | 16 | 22..=25 => ValueType::Hash,
        6 | 7 => ValueType::Module,
        15 | 19 | 21 => ValueType::Stream,
        _ => return None,
    })
}

/// Whether a list of commands names this command, or the container it is a sub-command of. `|` and `-` are one
/// between a command and its sub-command, as other tools write it either way.
pub(super) fn names(list: &[String], command: &str) -> bool {
    let container = command.split_once('|').map_or(command, |(container, _)| container);
    list.iter().any(|listed| same(listed, command) || same(listed, container))
}

fn same(a: &str, b: &str) -> bool {
    let fold = |byte: u8| if byte == b'|' { b'-' } else { byte.to_ascii_uppercase() };
    a.len() == b.len() && a.bytes().zip(b.bytes()).all(|(a, b)| fold(a) == fold(b))
}
