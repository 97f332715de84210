//! Says how two values of one type differ.
//!
//! Each value becomes a sorted list of facts, a name and what is under it: the index of a list's element, the field
//! of a hash, the member of a sorted set … The first fact that is not on both sides is the difference.

use super::report::shown;
use super::stream;
use redis::Value;

/// What counts as a difference.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// Both servers count a stream's entries (`entries-added` …).
    pub(super) stream_counters: bool,
    /// What groups keep for information must be equal.
    pub(super) group_bookkeeping: bool,
    /// A stream's consumers without pending entries must be equal.
    pub(super) idle_consumers: bool,
}

/// A part of a value, by which two values are laid side by side.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    Whole,
    Element(usize),
    Member(Vec<u8>),
    Field(Vec<u8>),
    Of(String),
}

pub(super) type Fact = (Name, Vec<u8>);

/// The first difference in words; `None` if there is none.
pub(super) fn difference(type_name: &str, source: Value, target: Value, rules: Rules) -> Option<String> {
    // True of most, and cheap. A stream's reply holds times that may differ, a set's order may.
    if source == target {
        return None;
    }
    let (source, target) = (facts(type_name, source, rules), facts(type_name, target, rules));
    // Both are sorted: at the first place where they differ, the lesser name is missing on the other side.
    let alike = source.iter().zip(&target).take_while(|(one, other)| one == other).count();
    let only = |(name, _): &Fact, side: &str| {
        let (parts, other_parts) = (source.len(), target.len());
        format!("{} is only on the {side} (parts: {parts} on the source, {other_parts} on the target)", text(name))
    };
    match (source.get(alike), target.get(alike)) {
        (None, None) => None,
        (Some((name, one)), Some((other_name, other))) if name == other_name => {
            Some(format!("{} is `{}` on the source, `{}` on the target", text(name), shown(one), shown(other)))
        }
        (Some(one), Some(other)) if other.0 < one.0 => Some(only(other, "target")),
        (Some(one), _) => Some(only(one, "source")),
        (None, Some(other)) => Some(only(other, "target")),
    }
}

fn text(name: &Name) -> String {
    match name {
        Name::Whole => "the value".to_owned(),
        Name::Element(at) => format!("element {at}"),
        Name::Member(member) => format!("member `{}`", shown(member)),
        Name::Field(field) => format!("field `{}`", shown(field)),
        Name::Of(path) => path.clone(),
    }
}

fn facts(type_name: &str, reply: Value, rules: Rules) -> Vec<Fact> {
    let mut facts = match (type_name, reply) {
        ("list", Value::Array(elements)) => elements.into_iter().enumerate().map(element).collect(),
        ("set", Value::Array(members)) => {
            members.iter().map(|member| (Name::Member(bytes(member)), Vec::new())).collect()
        }
        ("hash", Value::Array(flat)) => in_pairs(&flat, |field, value| (Name::Field(field), value)),
        ("zset", Value::Array(flat)) => in_pairs(&flat, |member, score| (Name::Member(member), exact_score(&score))),
        ("stream", reply @ Value::Array(_)) => stream::facts(&reply, rules),
        (_, reply) => vec![(Name::Whole, bytes(&reply))],
    };
    facts.sort_unstable();
    facts
}

fn element((at, value): (usize, Value)) -> Fact {
    (Name::Element(at), bytes(&value))
}

fn in_pairs(flat: &[Value], fact: impl Fn(Vec<u8>, Vec<u8>) -> Fact) -> Vec<Fact> {
    flat.chunks_exact(2).map(|pair| fact(bytes(&pair[0]), bytes(&pair[1]))).collect()
}

/// Servers write one double in different ways (0.1, 0.10000000000000001), but -0 is not 0. Rust writes the shortest
/// text that means this very double, with its sign.
fn exact_score(text: &[u8]) -> Vec<u8> {
    let score = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    score.map_or_else(|| text.to_vec(), |score| format!("{score:?}").into_bytes())
}

/// A reply's bytes; anything that is not plain text as Rust shows it.
pub(super) fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::BulkString(bytes) => bytes.clone(),
        Value::SimpleString(text) => text.clone().into_bytes(),
        Value::Int(number) => number.to_string().into_bytes(),
        other => format!("{other:?}").into_bytes(),
    }
}
