//! Snapshots: decoding never panics and says the same however the bytes are cut; a value that can be expanded ends
//! where the walk over it ends; its commands are whole, as many as said, and the same in pieces of any size.

use ::rdb::{Decoder, Error, Event, Expansion, Limits, Step, dump, expand};
use ::resp::{CommandScanner, Scanned};
use record::Deadline;

/// Checks a value, if the first byte is a type (0 to 25), or what follows the header of a snapshot.
///
/// # Panics
/// Where a property does not hold.
pub fn check(data: &[u8]) {
    match data.split_first() {
        Some((&rdb_type @ 0..=25, raw)) => value(rdb_type, raw),
        Some((_, records)) => snapshot(&[b"REDIS0011", records].concat()),
        None => {}
    }
}

const HOW: Expansion =
    Expansion { replace: true, deadline: Some(Deadline(7)), dialect: rdb::Dialect { major: 7, minor: 0 } };

/// Limits under which nearly every value is big, and every piece full.
fn small() -> Limits {
    Limits { opaque_bytes_max: 3, piece_bytes: 20, string_bytes_max: 500, key_bytes_max: 50, aux_bytes_max: 50 }
}

fn snapshot(data: &[u8]) {
    for limits in [Limits::default(), small()] {
        let whole = events(limits, std::iter::once(data));
        assert_eq!(events(limits, data.chunks(1)), whole, "one byte at a time");
        assert_eq!(events(limits, data.chunks(7)), whole, "seven bytes at a time");
    }
}

/// What was shown, and why it ended.
fn events<'a>(limits: Limits, parts: impl Iterator<Item = &'a [u8]>) -> (Vec<String>, Option<Error>) {
    let mut decoder = Decoder::new(limits);
    let mut shown = Vec::new();
    let mut fed = 0;
    for part in parts {
        decoder.feed(part);
        fed += part.len() as u64;
        loop {
            let mut big = None;
            match decoder.next() {
                Err(error) => return (shown, Some(error)),
                Ok(Step::NeedMore) => break,
                Ok(Step::Event(event)) => {
                    shown.push(format!("{event:?}"));
                    match event {
                        Event::Big(head) => big = Some(head.key.to_vec()),
                        Event::Piece { commands, count, .. } => assert_eq!(count_commands(commands), count),
                        _ => {}
                    }
                }
            }
            assert!(decoder.position() + decoder.buffered() as u64 == fed, "no byte is lost");
            if let Some(key) = big {
                if key.len() % 2 == 0 { decoder.discard() } else { decoder.expand(&key, HOW) }
            }
        }
    }
    let end = decoder.finish().err();
    (shown, end)
}

fn value(rdb_type: u8, raw: &[u8]) {
    let whole = expanded(rdb_type, raw, Limits { piece_bytes: usize::MAX, ..Limits::default() });
    let pieces = expanded(rdb_type, raw, Limits { piece_bytes: 20, ..Limits::default() });
    assert_eq!(whole.as_ref().map(|_| ()), pieces.as_ref().map(|_| ()));
    let Ok(commands) = whole else { return };
    // SET and APPEND come in the size of the pieces; all else is the same commands, fewer arguments to each.
    assert!(commands >= 1);

    let mut payload = Vec::new();
    dump::payload(&mut payload, rdb_type, raw, 11);
    assert_eq!(payload.len(), dump::payload_len(raw.len()));
    assert_eq!(dump::parse(&payload), Ok(dump::Parts { rdb_type, raw, version: 11 }));

    // The walk ends where the expansion does.
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(b"REDIS0011");
    decoder.feed(&[rdb_type, 1, b'k']);
    decoder.feed(raw);
    assert!(matches!(decoder.next(), Ok(Step::Event(Event::Header { .. }))));
    match decoder.next() {
        Ok(Step::Event(Event::Entry(entry))) => assert_eq!(entry.raw, raw),
        other => panic!("{other:?}"),
    }
    assert_eq!(decoder.buffered(), 0);
}

/// How many commands a value makes.
fn expanded(rdb_type: u8, raw: &[u8], limits: Limits) -> Result<u32, Error> {
    let mut commands = 0;
    expand(rdb_type, raw, b"key", HOW, &limits, |piece, count| {
        assert_eq!(count_commands(piece), count);
        commands += count;
    })?;
    Ok(commands)
}

fn count_commands(mut piece: &[u8]) -> u32 {
    let mut scanner = CommandScanner::new(::resp::Limits::default());
    let mut count = 0;
    while !piece.is_empty() {
        match scanner.scan(piece) {
            Ok(Scanned::Command { len }) => piece = &piece[len..],
            other => panic!("{other:?} in a piece"),
        }
        count += 1;
    }
    count
}
