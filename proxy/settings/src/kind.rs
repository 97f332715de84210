//! Kinds of settings: what each takes, how that is said, and how it is read.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::Secret;
use crate::node::{Node, Value};

/// A kind of setting: reads what was written, and describes itself for errors and for the reference.
pub(crate) trait Kind {
    type Value;

    /// What is expected, as it follows "expected": type and range.
    fn expects(&self) -> String;

    /// The value; the node that does not fit where there is none.
    fn read<'n>(&self, node: &'n Node) -> Result<Self::Value, &'n Node>;

    /// The value as it would be written in the file.
    fn show(&self, value: &Self::Value) -> String;

    /// Whether what was written must not be shown.
    fn hidden(&self) -> bool {
        false
    }
}

/// Any text but the empty one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text;
/// A password, taken as it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hidden;
/// A text that is read elsewhere and may hold a password: a URL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Url;
/// A path of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File;
/// `true` or `false`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct YesNo;
/// A whole number.
#[derive(Clone, Debug)]
pub(crate) struct Count(pub(crate) RangeInclusive<u64>);
/// A number of bytes.
#[derive(Clone, Debug)]
pub(crate) struct Size(pub(crate) RangeInclusive<u64>);
/// A length of time.
#[derive(Clone, Debug)]
pub(crate) struct Time(pub(crate) RangeInclusive<Duration>);
/// One of a few words.
#[derive(Clone, Debug)]
pub(crate) struct Choice<T: 'static>(pub(crate) &'static [(&'static str, T)]);
/// An address to listen on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listen;
/// A setting that may be left out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maybe<K>(pub(crate) K);
/// Any number of values; a single one needs no brackets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct List<K>(pub(crate) K);

// === impl Kind ===

impl Kind for Text {
    type Value = String;
    fn expects(&self) -> String {
        "a text".to_owned()
    }
    fn read<'n>(&self, node: &'n Node) -> Result<String, &'n Node> {
        text(node).filter(|text| !text.is_empty()).map(str::to_owned).ok_or(node)
    }
    fn show(&self, value: &String) -> String {
        format!("{value:?}")
    }
}

impl Kind for Hidden {
    type Value = Secret;
    fn expects(&self) -> String {
        "a text".to_owned()
    }
    fn read<'n>(&self, node: &'n Node) -> Result<Secret, &'n Node> {
        Text.read(node).map(Secret::new)
    }
    fn show(&self, _: &Secret) -> String {
        "***".to_owned()
    }
    fn hidden(&self) -> bool {
        true
    }
}

impl Kind for Url {
    type Value = String;
    fn expects(&self) -> String {
        "a URL: redis://, rediss:// or unix://".to_owned()
    }
    fn read<'n>(&self, node: &'n Node) -> Result<String, &'n Node> {
        Text.read(node)
    }
    fn show(&self, value: &String) -> String {
        format!("{:?}", crate::url::redacted(value))
    }
    fn hidden(&self) -> bool {
        true
    }
}

impl Kind for File {
    type Value = PathBuf;
    fn expects(&self) -> String {
        "a path".to_owned()
    }
    fn read<'n>(&self, node: &'n Node) -> Result<PathBuf, &'n Node> {
        Text.read(node).map(|text| node.path(&text))
    }
    fn show(&self, value: &PathBuf) -> String {
        format!("{:?}", value.display().to_string())
    }
}

impl Kind for YesNo {
    type Value = bool;
    fn expects(&self) -> String {
        "true or false".to_owned()
    }
    fn read<'n>(&self, node: &'n Node) -> Result<bool, &'n Node> {
        match (&node.value, typed(node)) {
            (Value::Bool(yes), _) => Ok(*yes),
            (_, Some("true")) => Ok(true),
            (_, Some("false")) => Ok(false),
            _ => Err(node),
        }
    }
    fn show(&self, value: &bool) -> String {
        value.to_string()
    }
}

impl Kind for Count {
    type Value = u64;
    fn expects(&self) -> String {
        match (self.0.start(), self.0.end()) {
            (0, &u64::MAX) => "a whole number".to_owned(),
            (least, &u64::MAX) => format!("a whole number from {least} on"),
            (least, most) => format!("a whole number from {least} to {most}"),
        }
    }
    fn read<'n>(&self, node: &'n Node) -> Result<u64, &'n Node> {
        let number = match &node.value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            _ => typed(node).and_then(digits),
        };
        number.filter(|number| self.0.contains(number)).ok_or(node)
    }
    fn show(&self, value: &u64) -> String {
        value.to_string()
    }
}

impl Kind for Size {
    type Value = u64;
    fn expects(&self) -> String {
        let (least, most) = (bytes_shown(*self.0.start()), bytes_shown(*self.0.end()));
        match *self.0.end() {
            u64::MAX => format!("a size such as \"64MiB\", {least} or more"),
            _ => format!("a size such as \"64MiB\", from {least} to {most}"),
        }
    }
    fn read<'n>(&self, node: &'n Node) -> Result<u64, &'n Node> {
        let bytes = match &node.value {
            Value::Integer(number) => u64::try_from(*number).ok(),
            _ => text(node).and_then(bytes_read),
        };
        bytes.filter(|bytes| self.0.contains(bytes)).ok_or(node)
    }
    fn show(&self, value: &u64) -> String {
        format!("{:?}", bytes_shown(*value))
    }
}

impl Kind for Time {
    type Value = Duration;
    fn expects(&self) -> String {
        let shown = |time: &Duration| humantime::format_duration(*time).to_string();
        format!("a time such as \"5s\" or \"250ms\", from {} to {}", shown(self.0.start()), shown(self.0.end()))
    }
    fn read<'n>(&self, node: &'n Node) -> Result<Duration, &'n Node> {
        let time = text(node).and_then(|text| humantime::parse_duration(text).ok());
        time.filter(|time| self.0.contains(time)).ok_or(node)
    }
    fn show(&self, value: &Duration) -> String {
        format!("\"{}\"", humantime::format_duration(*value))
    }
}

impl<T: Copy + PartialEq> Kind for Choice<T> {
    type Value = T;
    fn expects(&self) -> String {
        let words: Vec<String> = self.0.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        words.join(" or ")
    }
    fn read<'n>(&self, node: &'n Node) -> Result<T, &'n Node> {
        let said = text(node).ok_or(node)?;
        self.0.iter().find(|(word, _)| *word == said).map(|(_, value)| *value).ok_or(node)
    }
    fn show(&self, value: &T) -> String {
        self.0.iter().find(|(_, known)| known == value).map(|(word, _)| format!("\"{word}\"")).unwrap_or_default()
    }
}

impl Kind for Listen {
    type Value = SocketAddr;
    fn expects(&self) -> String {
        "an IP address and a port, such as \"127.0.0.1:9100\"".to_owned()
    }
    fn read<'n>(&self, node: &'n Node) -> Result<SocketAddr, &'n Node> {
        text(node).and_then(|text| text.parse().ok()).ok_or(node)
    }
    fn show(&self, value: &SocketAddr) -> String {
        format!("\"{value}\"")
    }
}

impl<K: Kind> Kind for Maybe<K> {
    type Value = Option<K::Value>;
    fn expects(&self) -> String {
        self.0.expects()
    }
    fn read<'n>(&self, node: &'n Node) -> Result<Self::Value, &'n Node> {
        self.0.read(node).map(Some)
    }
    fn show(&self, value: &Self::Value) -> String {
        value.as_ref().map(|value| self.0.show(value)).unwrap_or_else(|| "none".to_owned())
    }
    fn hidden(&self) -> bool {
        self.0.hidden()
    }
}

impl<K: Kind> Kind for List<K> {
    type Value = Vec<K::Value>;
    fn expects(&self) -> String {
        format!("a list, each of it {}", self.0.expects())
    }
    fn read<'n>(&self, node: &'n Node) -> Result<Self::Value, &'n Node> {
        match &node.value {
            Value::List(items) => items.iter().map(|item| self.0.read(item)).collect(),
            Value::Typed(words) => {
                let one = |word: &String| Node { place: node.place.clone(), value: Value::Typed(vec![word.clone()]) };
                words.iter().map(|word| self.0.read(&one(word)).map_err(|_| node)).collect()
            }
            _ => Ok(vec![self.0.read(node)?]),
        }
    }
    fn show(&self, value: &Self::Value) -> String {
        let items: Vec<String> = value.iter().map(|item| self.0.show(item)).collect();
        format!("[{}]", items.join(", "))
    }
}

// === numbers and words ===

/// The text of a string, or the one word of a command line.
pub(crate) fn text(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Text(text) => Some(text),
        _ => typed(node),
    }
}

/// The one word of a command line.
pub(crate) fn typed(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Typed(words) => match words.as_slice() {
            [word] => Some(word),
            _ => None,
        },
        _ => None,
    }
}

/// Digits alone: no sign, no blank, as `str::parse` would take.
pub(crate) fn digits<N: std::str::FromStr>(text: &str) -> Option<N> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// Factors as redis.conf has them: `k` is 1000, `kb` and `KiB` are 1024. Longest first.
const UNITS: [(&str, u64); 13] = [
    ("kib", 1 << 10),
    ("mib", 1 << 20),
    ("gib", 1 << 30),
    ("tib", 1 << 40),
    ("kb", 1 << 10),
    ("mb", 1 << 20),
    ("gb", 1 << 30),
    ("tb", 1 << 40),
    ("k", 1_000),
    ("m", 1_000_000),
    ("g", 1_000_000_000),
    ("t", 1_000_000_000_000),
    ("b", 1),
];

fn bytes_read(text: &str) -> Option<u64> {
    let lower = text.trim().to_ascii_lowercase();
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| lower.strip_suffix(unit).map(|number| (number.trim_end(), *factor)))
        .unwrap_or((&lower, 1));
    if number.is_empty() { None } else { digits::<u64>(number)?.checked_mul(factor) }
}

fn bytes_shown(bytes: u64) -> String {
    let unit = [("TiB", 1_u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        .into_iter()
        .find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor));
    match unit {
        Some((name, factor)) => format!("{}{name}", bytes / factor),
        None => format!("{bytes}B"),
    }
}

/// One of `words` that `wrong` was probably meant to be.
pub(crate) fn nearest<'w>(wrong: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let distance_max = wrong.chars().count() / 3 + 1;
    words.map(|word| (distance(wrong, word), word)).filter(|(far, _)| *far <= distance_max).min().map(|(_, word)| word)
}

/// Letters to insert, delete or exchange to make one word of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, b) in row.iter_mut().skip(1).zip(other.chars()) {
            let above = *cell;
            left = (above + 1).min(left + 1).min(diagonal + usize::from(a != b));
            *cell = left;
            diagonal = above;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Joins words as prose does: commas.
pub(crate) fn listed<T: Display>(words: impl IntoIterator<Item = T>) -> String {
    words.into_iter().map(|word| word.to_string()).collect::<Vec<_>>().join(", ")
}
