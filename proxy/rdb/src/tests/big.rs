//! Values larger than may be held: they pass in constant memory, as commands or not at all.

use record::Deadline;
use resp::{CommandScanner, Scanned};

use crate::{Decoder, Error, Event, Expansion, Limits, Step, encode, expand};

const PART: usize = 4096;

fn limits() -> Limits {
    Limits { opaque_bytes_max: 1 << 16, piece_bytes: 1 << 14, ..Limits::default() }
}

/// The arguments of every command.
fn commands(mut bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut scanner = CommandScanner::new(resp::Limits::default());
    let mut found = Vec::new();
    while let Scanned::Command { len } = scanner.scan(bytes).unwrap() {
        found.push(scanner.args().iter().map(|arg| arg.of(bytes).to_vec()).collect());
        bytes = &bytes[len..];
    }
    assert!(bytes.is_empty());
    found
}

/// Feeds an RDB of one key, `big`, with this value, asserting that little of it is held at any time. All commands.
fn expanded(rdb_type: u8, value: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut rdb = Vec::new();
    encode::header(&mut rdb, 10);
    encode::deadline(&mut rdb, 12345);
    encode::key(&mut rdb, rdb_type, b"big");
    rdb.extend_from_slice(value);
    encode::end(&mut rdb);
    let mut decoder = Decoder::new(limits());
    let mut found = Vec::new();
    let mut lasts = 0;
    for part in rdb.chunks(PART) {
        decoder.feed(part);
        let mut big = None;
        while let Step::Event(event) = decoder.next().unwrap() {
            match event {
                Event::Big(head) => big = Some(head.deadline),
                Event::Entry(entry) => panic!("{} bytes held", entry.raw.len()),
                Event::Piece { commands: piece, count, last } => {
                    assert!(piece.len() < 2 * limits().piece_bytes, "{} bytes in a piece", piece.len());
                    let piece = commands(piece);
                    assert_eq!(piece.len(), count as usize);
                    assert!(count > 0);
                    found.extend(piece);
                    lasts += usize::from(last);
                }
                _ => {}
            }
            if let Some(deadline) = big.take() {
                decoder.expand(b"renamed", Expansion { replace: true, deadline, ..Expansion::default() });
            }
        }
        assert!(decoder.buffered() <= limits().opaque_bytes_max + 2 * PART, "{} held", decoder.buffered());
    }
    decoder.finish().unwrap();
    assert_eq!(lasts, 1);
    found
}

/// The arguments behind `verb renamed` in all commands but the first and last, which are checked too.
fn arguments(commands: Vec<Vec<Vec<u8>>>, verbs: &[&str]) -> Vec<Vec<u8>> {
    let (first, rest) = commands.split_first().unwrap();
    let (last, middle) = rest.split_last().unwrap();
    assert_eq!(first.join(&b' '), b"DEL renamed");
    assert_eq!(last.join(&b' '), b"PEXPIREAT renamed 12345");
    assert!(middle.len() > 1);
    let mut all = Vec::new();
    for (index, command) in middle.iter().enumerate() {
        assert_eq!(String::from_utf8_lossy(&command[0]), verbs[index.min(verbs.len() - 1)]);
        assert_eq!(command[1], b"renamed");
        assert!(command.len() <= 2 + 512 + 1);
        all.extend_from_slice(&command[2..]);
    }
    all
}

fn numbered(count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|number| format!("element number {number}").into_bytes()).collect()
}

fn counted(count: usize, strings: &[Vec<u8>]) -> Vec<u8> {
    let mut value = Vec::new();
    encode::length(&mut value, count as u64);
    strings.iter().for_each(|string| encode::string(&mut value, string));
    value
}

#[test]
fn a_big_list_and_set_and_hash_pass_in_constant_memory() {
    let elements = numbered(50_000);
    assert_eq!(arguments(expanded(1, &counted(50_000, &elements)), &["RPUSH"]), elements);
    assert_eq!(arguments(expanded(2, &counted(50_000, &elements)), &["SADD"]), elements);
    assert_eq!(arguments(expanded(4, &counted(25_000, &elements)), &["HSET"]), elements);
}

#[test]
fn a_big_sorted_set_keeps_every_bit_of_its_scores() {
    let scores =
        [0.1 + 0.2, 1e300, -5e-324, 0.0, f64::INFINITY, f64::NEG_INFINITY, 1.0, 9_007_199_254_740_993.0, f64::MAX];
    let mut value = Vec::new();
    encode::length(&mut value, 20_000);
    for number in 0..20_000 {
        encode::string(&mut value, format!("member {number}").as_bytes());
        value.extend(scores[number % scores.len()].to_le_bytes());
    }
    let pairs = arguments(expanded(5, &value), &["ZADD"]);
    assert_eq!(pairs.len(), 40_000);
    for (number, pair) in pairs.chunks(2).enumerate() {
        let score: f64 = String::from_utf8_lossy(&pair[0]).parse().unwrap();
        assert_eq!(score.to_bits(), scores[number % scores.len()].to_bits());
        assert_eq!(pair[1], format!("member {number}").as_bytes());
    }
}

#[test]
fn a_big_string_is_set_and_appended_to() {
    let text: Vec<u8> = (0..300_000_u32).map(|number| (number * 7 % 251) as u8).collect();
    let mut value = Vec::new();
    encode::string(&mut value, &text);
    assert_eq!(arguments(expanded(0, &value), &["SET", "APPEND"]).concat(), text);
}

#[test]
fn a_big_quicklist_passes_node_by_node() {
    let elements = numbered(20_000);
    let mut value = Vec::new();
    encode::length(&mut value, 200);
    for node in elements.chunks(100) {
        encode::length(&mut value, 2);
        encode::listpack(&mut value, node.iter().map(Vec::as_slice));
    }
    assert_eq!(arguments(expanded(18, &value), &["RPUSH"]), elements);
}

#[test]
fn a_value_that_is_not_wanted_passes_in_constant_memory() {
    let mut decoder = Decoder::new(limits());
    decoder.feed(b"REDIS0010\x00\x03big\x80\x10\x00\x00\x00");
    let mut left = 0x1000_0000_usize;
    assert!(matches!(decoder.next(), Ok(Step::Event(Event::Header { version: 10 }))));
    // The length alone says that it is big.
    assert!(matches!(decoder.next(), Ok(Step::Event(Event::Big(head))) if head.key == b"big"));
    decoder.discard();
    let part = vec![b'x'; 1 << 20];
    while left > 0 {
        let now = left.min(part.len());
        decoder.feed(&part[..now]);
        left -= now;
        assert_eq!(decoder.next(), Ok(Step::NeedMore));
        assert_eq!(decoder.buffered(), 0);
    }
    decoder.feed(b"\x00\x01k\x01v\xff\0\0\0\0\0\0\0\0");
    assert!(matches!(decoder.next(), Ok(Step::Event(Event::Entry(entry))) if entry.raw == b"\x01v"));
    assert!(matches!(decoder.next(), Ok(Step::Event(Event::End { .. }))));
}

#[test]
fn a_big_value_wants_an_answer() {
    let mut decoder = Decoder::new(Limits { opaque_bytes_max: 3, ..Limits::default() });
    decoder.feed(b"REDIS0010\x00\x01k\x05value");
    assert!(matches!(decoder.next(), Ok(Step::Event(Event::Header { .. }))));
    assert!(matches!(decoder.next(), Ok(Step::Event(Event::Big(_)))));
    assert_eq!(decoder.next(), Err(Error::Unanswered { at: 9 }));
}

#[test]
fn what_cannot_be_expanded_says_why() {
    let how = Expansion { deadline: Some(Deadline(1)), ..Expansion::default() };
    let mut nan = vec![1, 1, b'm'];
    nan.extend(f64::NAN.to_le_bytes());
    for (rdb_type, raw, expect) in [
        (
            7,
            vec![1, 0],
            "a value of RDB type 7 cannot be expressed in plain commands: only the module itself can read it",
        ),
        (22, vec![0], "byte 0: a value of RDB type 22 cannot be read: it is a hash whose fields expire"),
        (5, nan, "byte 3: expected a score, which is a number and not nan"),
        (3, b"\x01\x01m\xfd".to_vec(), "byte 3: expected a score, which is a number and not nan"),
        (
            12,
            b"\x10\x10\0\0\0\x0a\0\0\0\x01\0\x00\x01mxx\xff".to_vec(),
            "the string at byte 0 cannot be read: 16 bytes into its ziplist",
        ),
        (0, b"\x01ab".to_vec(), "byte 2: expected the end of the value"),
        (0, b"\x02a".to_vec(), "the data ends at byte 2, in the middle of a value"),
        (18, b"\x01\x03\x01a".to_vec(), "byte 1: expected 1 (plain) or 2 (listpack) as the form of a node"),
        (16, b"\x09\x09\0\0\0\x01\0\x07\x01\xff".to_vec(), "byte 10: expected the second half of a pair"),
        (11, b"\x08\x03\0\0\0\0\0\0\0".to_vec(), "the string at byte 0 cannot be read: 0 bytes into its intset"),
    ] {
        let error = expand(rdb_type, &raw, b"k", how, &Limits::default(), |_, _| {}).unwrap_err().to_string();
        assert!(error.starts_with(expect), "{rdb_type}\n    {error}\n    {expect}");
    }
}
