//! Our scanner beside redis-protocol: what it writes we scan to the same length and the same parts; where both accept
//! bytes, both say where the reply ends. It recurses as deep as its input nests, so inputs here nest little.

use super::tests::near_replies;
use super::*;
use proptest::prelude::*;
use redis_protocol::resp2::{self, types::OwnedFrame as Frame2, types::Resp2Frame};
use redis_protocol::resp3::{self, types::OwnedFrame as Frame3, types::Resp3Frame, types::VerbatimStringFormat};

/// A reply with what it holds; the parts of maps and sets are sorted, since the oracle keeps no order.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tree {
    Leaf(u8, Vec<u8>),
    Node(u8, Vec<Tree>),
}

const NULL: Tree = Tree::Leaf(b'_', Vec::new());

fn leaf(kind: u8, bytes: impl AsRef<[u8]>) -> Tree {
    Tree::Leaf(kind, bytes.as_ref().to_vec())
}

fn sorted(kind: u8, mut parts: Vec<Tree>) -> Tree {
    parts.sort();
    Tree::Node(kind, parts)
}

fn pairs(parts: impl Iterator<Item = (Tree, Tree)>) -> Tree {
    sorted(b'%', parts.map(|(key, value)| Tree::Node(b'p', vec![key, value])).collect())
}

/// What we scanned.
fn ours(reply: Reply<'_>) -> Tree {
    match reply {
        Reply::Simple(text) => leaf(b'+', text),
        Reply::Error(text) => leaf(b'-', text),
        Reply::Integer(number) => leaf(b':', number.to_string()),
        Reply::Bulk(Some(bytes)) => leaf(b'$', bytes),
        Reply::Boolean(value) => leaf(b'#', value.to_string()),
        // Compared as numbers: the digits are the writer's choice. What is no number the oracle refuses.
        Reply::Double(text) => match std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok()) {
            Some(number) => leaf(b',', number.to_string()),
            None => leaf(b',', text),
        },
        Reply::BigNumber(text) => leaf(b'(', text),
        Reply::Verbatim { format, text } => leaf(b'=', [format, text].concat()),
        Reply::Bulk(None) | Reply::Null | Reply::Aggregate { len: None, .. } => NULL,
        Reply::Aggregate { kind, raw, .. } => {
            let mut parts = children(raw).map(|part| ours(part.unwrap()));
            match kind {
                Aggregate::Array => Tree::Node(b'*', parts.collect()),
                Aggregate::Push => Tree::Node(b'>', parts.collect()),
                Aggregate::Set => sorted(b'~', parts.collect()),
                Aggregate::Map | Aggregate::Attribute => {
                    pairs(std::iter::from_fn(|| Some((parts.next()?, parts.next().unwrap()))))
                }
            }
        }
    }
}

fn theirs_2(frame: &Frame2) -> Tree {
    match frame {
        Frame2::SimpleString(text) => leaf(b'+', text),
        Frame2::Error(text) => leaf(b'-', text),
        Frame2::Integer(number) => leaf(b':', number.to_string()),
        Frame2::BulkString(bytes) => leaf(b'$', bytes),
        Frame2::Array(parts) => Tree::Node(b'*', parts.iter().map(theirs_2).collect()),
        Frame2::Null => NULL,
    }
}

fn theirs_3(frame: &Frame3) -> Tree {
    match frame {
        Frame3::SimpleString { data, .. } => leaf(b'+', data),
        Frame3::SimpleError { data, .. } => leaf(b'-', data),
        Frame3::BlobError { data, .. } => leaf(b'-', data),
        Frame3::Number { data, .. } => leaf(b':', data.to_string()),
        Frame3::BlobString { data, .. } => leaf(b'$', data),
        Frame3::Boolean { data, .. } => leaf(b'#', data.to_string()),
        Frame3::Double { data, .. } => leaf(b',', data.to_string()),
        Frame3::BigNumber { data, .. } => leaf(b'(', data),
        Frame3::VerbatimString { data, format, .. } => {
            let format = if *format == VerbatimStringFormat::Text { b"txt" } else { b"mkd" };
            leaf(b'=', [format.as_slice(), data].concat())
        }
        Frame3::Null => NULL,
        Frame3::Array { data, .. } => Tree::Node(b'*', data.iter().map(theirs_3).collect()),
        Frame3::Push { data, .. } => Tree::Node(b'>', data.iter().map(theirs_3).collect()),
        Frame3::Set { data, .. } => sorted(b'~', data.iter().map(theirs_3).collect()),
        Frame3::Map { data, .. } => pairs(data.iter().map(|(key, value)| (theirs_3(key), theirs_3(value)))),
        Frame3::Hello { .. } | Frame3::ChunkedString(_) => panic!("no reply"),
    }
}

/// The reply that `bytes` begin with, and its length; attributes before it count as its own, as the oracle has it.
fn scan(bytes: &[u8]) -> Option<(Tree, usize)> {
    let mut scanner = ReplyScanner::new(Limits::default());
    let mut start = 0;
    loop {
        match scanner.scan(&bytes[start..]).ok()? {
            ReplyStep::NeedMore { .. } => return None,
            ReplyStep::Reply { reply: Reply::Aggregate { kind: Aggregate::Attribute, .. }, len } => start += len,
            ReplyStep::Reply { reply, len } => return Some((ours(reply), start + len)),
        }
    }
}

fn text() -> impl Strategy<Value = String> {
    "[ -~]{0,12}"
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..20)
}

fn frames_2() -> impl Strategy<Value = Frame2> {
    let leaf = prop_oneof![
        text().prop_map(|text| Frame2::SimpleString(text.into_bytes())),
        text().prop_map(Frame2::Error),
        any::<i64>().prop_map(Frame2::Integer),
        bytes().prop_map(Frame2::BulkString),
        Just(Frame2::Null),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| prop::collection::vec(inner, 0..6).prop_map(Frame2::Array))
}

fn leaves_3() -> impl Strategy<Value = Frame3> {
    prop_oneof![
        text().prop_map(|text| Frame3::SimpleString { data: text.into_bytes(), attributes: None }),
        text().prop_map(|data| Frame3::SimpleError { data, attributes: None }),
        bytes().prop_map(|data| Frame3::BlobError { data, attributes: None }),
        any::<i64>().prop_map(|data| Frame3::Number { data, attributes: None }),
        bytes().prop_map(|data| Frame3::BlobString { data, attributes: None }),
        any::<bool>().prop_map(|data| Frame3::Boolean { data, attributes: None }),
        (-1e12..1e12).prop_map(|data| Frame3::Double { data, attributes: None }),
        "-?[1-9][0-9]{0,40}".prop_map(|digits| Frame3::BigNumber { data: digits.into_bytes(), attributes: None }),
        bytes().prop_map(|data| {
            Frame3::VerbatimString { data, format: VerbatimStringFormat::Markdown, attributes: None }
        }),
        Just(Frame3::Null),
        Just(Frame3::Array { data: vec![], attributes: None }),
    ]
}

/// What the oracle can keep as a key of a map.
fn keys_3() -> impl Strategy<Value = Frame3> {
    prop_oneof![
        bytes().prop_map(|data| Frame3::BlobString { data, attributes: None }),
        any::<i64>().prop_map(|data| Frame3::Number { data, attributes: None }),
    ]
}

fn frames_3() -> impl Strategy<Value = Frame3> {
    leaves_3().prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|data| Frame3::Array { data, attributes: None }),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|data| Frame3::Push { data, attributes: None }),
            prop::collection::vec(keys_3(), 0..6)
                .prop_map(|data| Frame3::Set { data: data.into_iter().collect(), attributes: None }),
            prop::collection::vec((keys_3(), inner), 0..6)
                .prop_map(|data| Frame3::Map { data: data.into_iter().collect(), attributes: None }),
        ]
    })
}

proptest! {
    #[test]
    fn what_the_oracle_writes_in_resp2_we_read(frame in frames_2(), behind in bytes()) {
        let mut wire = vec![0; frame.encode_len(false)];
        let len = resp2::encode::encode(&mut wire, &frame, false).unwrap();
        prop_assert_eq!(len, wire.len());
        wire.extend(behind);
        prop_assert_eq!(scan(&wire), Some((theirs_2(&frame), len)));
        prop_assert_eq!(scan(&wire[..len - 1]), None);
    }

    #[test]
    fn what_the_oracle_writes_in_resp3_we_read(frame in frames_3(), behind in bytes()) {
        let mut wire = vec![0; frame.encode_len(false)];
        let len = resp3::encode::complete::encode(&mut wire, &frame, false).unwrap();
        prop_assert_eq!(len, wire.len());
        wire.extend(behind);
        prop_assert_eq!(scan(&wire), Some((theirs_3(&frame), len)));
        prop_assert_eq!(scan(&wire[..len - 1]), None);
    }

    #[test]
    fn what_both_accept_ends_at_the_same_byte(bytes in near_replies()) {
        let ours = scan(&bytes).map(|(_, len)| len);
        if let (Some(ours), Ok(Some((_, theirs)))) = (ours, resp2::decode::decode(&bytes)) {
            prop_assert_eq!(ours, theirs);
        }
        if let (Some(ours), Ok(Some((_, theirs)))) = (ours, resp3::decode::complete::decode(&bytes)) {
            prop_assert_eq!(ours, theirs);
        }
    }
}
