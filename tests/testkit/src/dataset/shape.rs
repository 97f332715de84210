//! The table of shapes: what is generated, how often, and in which encoding the server must then hold it.

use super::batch::Batch;
use super::{hashes_and_zsets, lists_and_sets, streams, strings};
use crate::server::Kind;
use rand::rngs::StdRng;
use redis::Value;

/// One shape of value (or of key).
pub(super) struct Shape {
    pub(super) name: &'static str,
    pub(super) many: Many,
    /// Where the key itself is what is special.
    pub(super) fixed_key: Option<fn() -> Vec<u8>>,
    /// The encoding that OBJECT ENCODING must name.
    pub(super) encoding: fn(Kind) -> &'static str,
    /// A command that looks deeper, without its key; empty for none.
    pub(super) probe: &'static [&'static str],
    pub(super) probe_holds: fn(&Value) -> bool,
    /// Whether the server has it.
    pub(super) exists: fn(Kind) -> bool,
    /// Writes one key.
    pub(super) make: fn(&mut StdRng, &[u8], &mut Batch),
}

/// How often a shape occurs.
pub(super) enum Many {
    /// As often as asked for.
    InEveryDb,
    OnceInEveryDb,
    /// So often in the first database, if large values are wanted.
    Large(usize),
}

type Make = fn(&mut StdRng, &[u8], &mut Batch);

const fn shape(name: &'static str, encoding: fn(Kind) -> &'static str, make: Make) -> Shape {
    Shape {
        name,
        many: Many::InEveryDb,
        fixed_key: None,
        encoding,
        probe: &[],
        probe_holds: |_| true,
        exists: |_| true,
        make,
    }
}

impl Shape {
    const fn large(mut self, count: usize) -> Shape {
        self.many = Many::Large(count);
        self
    }

    const fn at(mut self, key: fn() -> Vec<u8>) -> Shape {
        self.fixed_key = Some(key);
        self.many = Many::OnceInEveryDb;
        self
    }

    const fn probed(mut self, probe: &'static [&'static str], holds: fn(&Value) -> bool) -> Shape {
        self.probe = probe;
        self.probe_holds = holds;
        self
    }

    const fn only_if(mut self, exists: fn(Kind) -> bool) -> Shape {
        self.exists = exists;
        self
    }
}

/// Small hashes and sorted sets are one packed value.
fn packed(kind: Kind) -> &'static str {
    if kind.is_7_or_later() { "listpack" } else { "ziplist" }
}

fn small_list(kind: Kind) -> &'static str {
    if kind.has_listpack_sets() { "listpack" } else { "quicklist" }
}

/// Whether a payload of DUMP has this byte at this place.
fn dump_has(payload: &Value, at: usize, test: fn(u8) -> bool) -> bool {
    matches!(payload, Value::BulkString(bytes) if bytes.get(at).is_some_and(|&byte| test(byte)))
}

/// In a payload of DUMP, byte 1 of a string is its length, or 0xC3 where it is compressed.
fn is_compressed(payload: &Value) -> bool {
    dump_has(payload, 1, |byte| byte == 0xC3)
}

/// A list's payload: type 18, number of nodes (one byte below 64), and for each node 1 = plain, 2 = packed.
fn starts_with_plain_node(payload: &Value) -> bool {
    dump_has(payload, 0, |byte| byte == 18) && dump_has(payload, 2, |byte| byte == 1)
}

fn says(reply: &Value, word: &str) -> bool {
    match reply {
        Value::SimpleString(text) => text == word,
        Value::BulkString(text) => text == word.as_bytes(),
        _ => false,
    }
}

pub(super) static SHAPES: &[Shape] = &[
    shape("string-int", |_| "int", strings::integer),
    shape("string-embstr", |_| "embstr", strings::short),
    shape("string-raw", |_| "raw", strings::random),
    shape("string-compressible", |_| "raw", strings::words).probed(&["DUMP"], is_compressed),
    shape("string-large-random", |_| "raw", strings::large_random).large(2),
    shape("string-large-compressible", |_| "raw", strings::large_words).large(2).probed(&["DUMP"], is_compressed),
    shape("string-empty-value", |_| "embstr", strings::empty),
    shape("string-at-empty-key", |_| "embstr", strings::short).at(Vec::new),
    shape("string-at-64k-key", |_| "embstr", strings::short).at(|| b"0123456789abcdef".repeat(4096)),
    shape("string-bitmap", |_| "raw", strings::bitmap),
    shape("hyperloglog-sparse", |_| "raw", strings::hyperloglog_sparse)
        .probed(&["PFDEBUG", "ENCODING"], |reply| says(reply, "sparse")),
    shape("hyperloglog-dense", |_| "raw", strings::hyperloglog_dense)
        .probed(&["PFDEBUG", "ENCODING"], |reply| says(reply, "dense")),
    shape("list-small", small_list, lists_and_sets::list_small),
    shape("list-of-integers", small_list, lists_and_sets::list_of_integers),
    shape("list-many-nodes", |_| "quicklist", lists_and_sets::list_many_nodes),
    shape("list-plain-nodes", |_| "quicklist", lists_and_sets::list_plain_nodes)
        .probed(&["DUMP"], starts_with_plain_node)
        .only_if(Kind::is_7_or_later),
    shape("set-intset-16", |_| "intset", lists_and_sets::set_16),
    shape("set-intset-32", |_| "intset", lists_and_sets::set_32),
    shape("set-intset-64", |_| "intset", lists_and_sets::set_64),
    shape(
        "set-small",
        |kind| if kind.has_listpack_sets() { "listpack" } else { "hashtable" },
        lists_and_sets::set_small,
    ),
    shape("set-hashtable", |_| "hashtable", lists_and_sets::set_large),
    shape("hash-small", packed, hashes_and_zsets::hash_small),
    shape("hash-long-value", |_| "hashtable", hashes_and_zsets::hash_long_value),
    shape("hash-many-fields", |_| "hashtable", hashes_and_zsets::hash_many_fields),
    shape("zset-small", packed, hashes_and_zsets::zset_small),
    shape("zset-special-scores", packed, hashes_and_zsets::zset_special_scores),
    shape("zset-skiplist", |_| "skiplist", hashes_and_zsets::zset_many),
    shape("zset-skiplist-special-scores", |_| "skiplist", hashes_and_zsets::zset_long_member_special_scores),
    shape("zset-geo", packed, hashes_and_zsets::geo),
    shape("stream-plain", |_| "stream", streams::plain),
    shape("stream-many-nodes-some-deleted", |_| "stream", streams::many_nodes_some_deleted),
    shape("stream-groups", |_| "stream", streams::groups)
        .probed(&["XINFO", "GROUPS"], |reply| matches!(reply, Value::Array(groups) if groups.len() == 3)),
    shape("stream-empty-with-group", |_| "stream", streams::empty_with_group)
        .probed(&["XLEN"], |reply| *reply == Value::Int(0)),
    shape("stream-emptied", |_| "stream", streams::emptied).probed(&["XLEN"], |reply| *reply == Value::Int(0)),
];
