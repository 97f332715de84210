//! What XINFO STREAM … FULL says of a stream, as facts: entries, last id, groups, consumers, pending entries.

use super::report::shown;
use super::value::{Fact, Name, Rules, bytes};
use redis::Value;

/// How a server keeps it in memory, which is its own affair, and what it reckons from the other facts.
const LEFT_OUT: [&str; 3] = ["radix-tree-keys", "radix-tree-nodes", "lag"];
/// Counters that came with Redis 7.0.
const COUNTERS: [&str; 3] = ["max-deleted-entry-id", "entries-added", "recorded-first-entry-id"];
/// When a consumer was last seen, when it last got something, how many entries a group has read.
const BOOKKEEPING: [&str; 3] = ["seen-time", "active-time", "entries-read"];

pub(super) fn facts(reply: &Value, rules: Rules) -> Vec<Fact> {
    let mut facts = Facts { rules, facts: Vec::new() };
    facts.stream(reply);
    facts.facts
}

struct Facts {
    rules: Rules,
    facts: Vec<Fact>,
}

impl Facts {
    fn stream(&mut self, reply: &Value) {
        for (name, value) in fields(reply) {
            match name.as_str() {
                "entries" => items(value).iter().for_each(|entry| self.row("entry", entry)),
                "groups" => items(value).iter().for_each(|group| self.group(group)),
                _ => self.plain("", &name, value),
            }
        }
    }

    fn group(&mut self, group: &Value) {
        let path = format!("group `{}`", own_name(group));
        self.facts.push((Name::Of(path.clone()), Vec::new()));
        for (name, value) in fields(group) {
            match name.as_str() {
                "pending" | "pel" if matches!(value, Value::Array(_)) => self.rows(&format!("{path}, pending"), value),
                "consumers" => items(value).iter().for_each(|consumer| self.consumer(&path, consumer)),
                _ => self.plain(&format!("{path}, "), &name, value),
            }
        }
    }

    fn consumer(&mut self, group: &str, consumer: &Value) {
        let is_pending = |(name, value): (String, &Value)| name == "pel-count" && *value != Value::Int(0);
        if !self.rules.idle_consumers && !fields(consumer).any(is_pending) {
            return;
        }
        let path = format!("{group}, consumer `{}`", own_name(consumer));
        self.facts.push((Name::Of(path.clone()), Vec::new()));
        for (name, value) in fields(consumer) {
            match name.as_str() {
                "pending" | "pel" if matches!(value, Value::Array(_)) => self.rows(&format!("{path}, pending"), value),
                _ => self.plain(&format!("{path}, "), &name, value),
            }
        }
    }

    fn rows(&mut self, path: &str, value: &Value) {
        items(value).iter().for_each(|row| self.row(path, row));
    }

    /// A row that starts with an id: an entry with its fields, or a pending entry with consumer, time and count.
    fn row(&mut self, path: &str, row: &Value) {
        let Some((id, rest)) = items(row).split_first() else { return };
        self.facts.push((Name::Of(format!("{path} {}", shown(&bytes(id)))), flat(rest)));
    }

    fn plain(&mut self, prefix: &str, name: &str, value: &Value) {
        let left_out = LEFT_OUT.contains(&name)
            || (COUNTERS.contains(&name) && !self.rules.stream_counters)
            || (BOOKKEEPING.contains(&name) && !self.rules.group_bookkeeping);
        if !left_out {
            self.facts.push((Name::Of(format!("{prefix}{name}")), bytes(value)));
        }
    }
}

fn items(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        _ => &[],
    }
}

/// Names and values in turn.
fn fields(value: &Value) -> impl Iterator<Item = (String, &Value)> {
    items(value).chunks_exact(2).map(|pair| (String::from_utf8_lossy(&bytes(&pair[0])).into_owned(), &pair[1]))
}

fn own_name(value: &Value) -> String {
    fields(value).find(|(name, _)| name == "name").map(|(_, name)| shown(&bytes(name))).unwrap_or_default()
}

/// The cells of a row in one text, escaped down to the spaces, so that no two rows look alike that are not.
fn flat(cells: &[Value]) -> Vec<u8> {
    let cell = |cell: &Value| match cell {
        Value::Array(cells) => format!("[{}]", String::from_utf8_lossy(&flat(cells))),
        cell => bytes(cell).escape_ascii().to_string().replace(' ', "\\x20"),
    };
    cells.iter().map(cell).collect::<Vec<_>>().join(" ").into_bytes()
}
