//! Reads `[rules]`: what is carried, to which db, under which name. What the rules mean is said in `route::rules`.

use record::{Db, ValueType};
use route::rules::{DbPattern, Matchers, Rename, Rules, SizeMatch, Spec, TtlMatch};

use crate::Mode;
use crate::error::{Error, Place};
use crate::kind::{Choice, Count, Kind, List, Maybe, Size, Text, digits};
use crate::node::{Node, Table, Value};
use crate::section::{Field, Section};

/// Dbs as `SELECT` counts them.
const DBS: Count = Count(0..=u32::MAX as u64);

const TYPES: Choice<ValueType> = Choice(&[
    ("string", ValueType::String),
    ("list", ValueType::List),
    ("set", ValueType::Set),
    ("zset", ValueType::Zset),
    ("hash", ValueType::Hash),
    ("stream", ValueType::Stream),
    ("module", ValueType::Module),
]);

/// Reads `[rules]`.
pub(crate) fn rules(document: &mut Section<'_>, mode: Mode) -> Result<Spec, Error> {
    document.section("rules", "What is carried, to which db and under which name. Without rules, everything as it is.", |section| {
        let db_map = section.read(Field {
            name: "db_map",
            kind: DbMap,
            default: Vec::new(),
            about: "Target db by source db, `\"*\"` for all that are not named: `db_map = { 1 = 0, \"*\" = 0 }`. Flag `--db-map 1=0`.",
            edge: "A db that is not named keeps its number. Where two dbs become one, keys of the same name overwrite each other.",
        })?;
        let rename = section.read(Field {
            name: "rename",
            kind: Renames,
            default: Vec::new(),
            about: "Changes of key names, in order: put a prefix before every key, take one away, or put one in another's place.",
            edge: "A key without the prefix in question keeps its name. Two keys that come to the same name overwrite each other. Keys within the text of a script are not renamed.",
        })?;
        let include = section.section(
            "include",
            "What is carried. Of each setting that is given, one element has to match; of `prefix`, `suffix`, `glob` and `regex` together one.",
            matchers,
        )?;
        let exclude = section.section(
            "exclude",
            "What is not carried, though it is included: whatever one element of one setting matches.",
            matchers,
        )?;
        let spec = Spec { include, exclude, db_map, rename };
        check(&spec, mode, section.place())?;
        Ok(spec)
    })
}

fn matchers(section: &mut Section<'_>) -> Result<Matchers, Error> {
    let db = section.read(list("db", DBS, "Source dbs.", "A db that the source does not have matches nothing."))?;
    let (prefix, suffix, glob, regex) = keys(section)?;
    let kind = section.read(list(
        "type",
        TYPES,
        "Types of values.",
        "On the live stream judged by the command (`LPUSH` is of lists). Commands of any type (`DEL`, `EXPIRE` …) pass; where the outcome hangs on a type that cannot be seen (`RENAME`, `COPY … REPLACE`, scripts) the run ends and says so.",
    ))?;
    let command = section.read(list(
        "command",
        Text,
        "Commands of the live stream, also with a sub-command: `XGROUP|CREATE`. The snapshot is not judged by it.",
        "A name that no server knows matches nothing; commands that steer the stream (`SELECT`, `MULTI`, `EXEC` …) are refused here.",
    ))?;
    let ttl = section.read(Field {
        name: "ttl",
        kind: Maybe(Choice(&[("present", TtlMatch::Present), ("absent", TtlMatch::Absent)])),
        default: None,
        about: "Whether a key expires.",
        edge: "The live stream cannot be judged by it: only with `mode = \"snapshot-only\"`.",
    })?;
    let size =
        section.section("size", "Size of the value, in bytes as the snapshot holds it, both ends within.", size)?;
    let dbs = db.into_iter().filter_map(|db| u32::try_from(db).ok().map(Db)).collect();
    Ok(Matchers { db: dbs, prefix, suffix, glob, regex, kind, command, ttl, size })
}

type KeyPatterns = (Vec<Vec<u8>>, Vec<Vec<u8>>, Vec<Vec<u8>>, Vec<String>);

fn keys(section: &mut Section<'_>) -> Result<KeyPatterns, Error> {
    let bytes = |texts: Vec<String>| texts.into_iter().map(String::into_bytes).collect();
    let prefix =
        section.read(list("prefix", Text, "First letters of keys.", "Compared byte by byte; letters are UTF-8."))?;
    let suffix =
        section.read(list("suffix", Text, "Last letters of keys.", "Compared byte by byte; letters are UTF-8."))?;
    let glob = section.read(list(
        "glob",
        Text,
        "Patterns of keys by Redis's own rules, as for `KEYS` and `SCAN`: `*`, `?`, `[a-z]`, `[^x]`, `\\`.",
        "Matches the whole key.",
    ))?;
    let regex = section.read(list(
        "regex",
        Text,
        "Regular expressions, found anywhere in the key unless anchored by `^` and `$`.",
        "They see bytes: `\\xff` is a byte, `.` any one byte. Look-around and back-references are not known.",
    ))?;
    Ok((bytes(prefix), bytes(suffix), bytes(glob), regex))
}

fn size(section: &mut Section<'_>) -> Result<Option<SizeMatch>, Error> {
    let mut bound = |name, about| {
        section.read(Field {
            name,
            kind: Maybe(Size(0..=u64::MAX)),
            default: None,
            about,
            edge: "The live stream cannot be judged by it: only with `mode = \"snapshot-only\"`.",
        })
    };
    let size = SizeMatch { min: bound("min", "At least this.")?, max: bound("max", "At most this.")? };
    Ok(Some(size).filter(|size| *size != SizeMatch::default()))
}

/// A list that is empty unless it is given.
fn list<K: Kind>(name: &'static str, kind: K, about: &'static str, edge: &'static str) -> Field<List<K>> {
    Field { name, kind: List(kind), default: Vec::new(), about, edge }
}

/// Refuses rules that do not compile, and those that a live stream cannot be judged by where there will be one.
fn check(spec: &Spec, mode: Mode, place: Option<&Place>) -> Result<(), Error> {
    let refused = |problem: String| Error::Conflict {
        place: place.cloned().unwrap_or_else(|| Place::Flag("rules".to_owned())),
        problem,
    };
    let rules = Rules::compile(spec.clone()).map_err(|error| refused(error.to_string()))?;
    match rules.snapshot_only_reason() {
        Some(reason) if mode != Mode::SnapshotOnly => {
            Err(refused(format!("{reason}; leave it out, or carry the snapshot alone (snapshot-only)")))
        }
        _ => Ok(()),
    }
}

// === kinds of settings that only rules have ===

/// Source dbs and the target dbs they become.
#[derive(Clone, Copy, Debug)]
struct DbMap;

impl Kind for DbMap {
    type Value = Vec<(DbPattern, Db)>;

    fn expects(&self) -> String {
        "a table of dbs, such as { 1 = 0, \"*\" = 0 }, each source db once; as a flag 1=0".to_owned()
    }

    fn read<'n>(&self, node: &'n Node) -> Result<Self::Value, &'n Node> {
        let pairs: Option<Self::Value> = match &node.value {
            Value::Table(Table(pairs)) => pairs.iter().map(|(from, to)| pair(from, db(to)?)).collect(),
            Value::Typed(words) => words
                .iter()
                .map(|word| word.split_once('=').and_then(|(from, to)| pair(from.trim(), Db(digits(to.trim())?))))
                .collect(),
            _ => None,
        };
        let pairs = pairs.ok_or(node)?;
        let twice =
            pairs.iter().enumerate().any(|(at, (from, _))| pairs.iter().take(at).any(|(other, _)| other == from));
        if twice { Err(node) } else { Ok(pairs) }
    }

    fn show(&self, value: &Self::Value) -> String {
        let shown = |(from, to): &(DbPattern, Db)| match from {
            DbPattern::One(db) => format!("{db} = {to}"),
            DbPattern::Any => format!("\"*\" = {to}"),
        };
        let pairs: Vec<String> = value.iter().map(shown).collect();
        if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
    }
}

fn pair(from: &str, to: Db) -> Option<(DbPattern, Db)> {
    match from {
        "*" => Some((DbPattern::Any, to)),
        "" => None,
        number => Some((DbPattern::One(Db(digits(number)?)), to)),
    }
}

fn db(node: &Node) -> Option<Db> {
    DBS.read(node).ok().and_then(|number| u32::try_from(number).ok()).map(Db)
}

/// Changes of key names, in order.
#[derive(Clone, Copy, Debug)]
struct Renames;

impl Kind for Renames {
    type Value = Vec<Rename>;

    fn expects(&self) -> String {
        "a list, each of it { add_prefix = \"new:\" } or { strip_prefix = \"old:\" } or { from = \"old:\", to = \"new:\" }"
            .to_owned()
    }

    fn read<'n>(&self, node: &'n Node) -> Result<Self::Value, &'n Node> {
        match &node.value {
            Value::List(items) => items.iter().map(|item| rename(item).ok_or(item)).collect(),
            Value::Table(_) => Ok(vec![rename(node).ok_or(node)?]),
            _ => Err(node),
        }
    }

    fn show(&self, value: &Self::Value) -> String {
        let shown = |rename: &Rename| {
            let text = |bytes: &[u8]| format!("{:?}", String::from_utf8_lossy(bytes));
            match rename {
                Rename::AddPrefix(prefix) => format!("{{ add_prefix = {} }}", text(prefix)),
                Rename::StripPrefix(prefix) => format!("{{ strip_prefix = {} }}", text(prefix)),
                Rename::ReplacePrefix { from, to } => format!("{{ from = {}, to = {} }}", text(from), text(to)),
            }
        };
        format!("[{}]", value.iter().map(shown).collect::<Vec<_>>().join(", "))
    }
}

fn rename(node: &Node) -> Option<Rename> {
    let Value::Table(Table(pairs)) = &node.value else { return None };
    let text = |name: &str| {
        let (_, node) = pairs.iter().find(|(known, _)| known == name)?;
        Text.read(node).ok().map(String::into_bytes)
    };
    // The names come in order, so that the patterns below are all there are.
    match pairs.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().as_slice() {
        ["add_prefix"] => text("add_prefix").map(Rename::AddPrefix),
        ["strip_prefix"] => text("strip_prefix").map(Rename::StripPrefix),
        ["from", "to"] => Some(Rename::ReplacePrefix { from: text("from")?, to: text("to")? }),
        _ => None,
    }
}
