//! Headers, opcodes, ends, limits: one thing wrong at a time, and what is said of it.

use record::{Db, Deadline, Eviction};

use super::sample::LZF_ABC;
use crate::{Checksum, Decoder, Error, Event, Limits, Step, encode};

/// What an RDB of these bytes behind a header of version 10 comes to: the error's text.
fn error_of(body: &[u8], limits: Limits) -> String {
    let mut decoder = Decoder::new(limits);
    decoder.feed(b"REDIS0010");
    decoder.feed(body);
    loop {
        match decoder.next() {
            Ok(Step::Event(_)) => {}
            Ok(Step::NeedMore) => panic!("no error"),
            Err(error) => {
                assert_eq!(decoder.next().unwrap_err(), error, "an error repeats");
                assert_eq!(decoder.finish(), Err(error.clone()));
                return error.to_string();
            }
        }
    }
}

#[test]
fn errors_say_where_and_what_was_expected() {
    let limits = Limits { key_bytes_max: 10, aux_bytes_max: 20, string_bytes_max: 50, ..Limits::default() };
    let key = b"\x00\x01k";
    let with_key = |value: &[u8]| [key.as_slice(), value].concat();
    for (body, expect) in [
        (vec![0, 0x82], "byte 10: expected a length, found 0x82"),
        (vec![0, 0xc4], "byte 10: expected a string, found 0xc4"),
        (vec![0, 11], "byte 10: a key of 11 bytes is over the limit of 10 bytes"),
        (vec![250, 21], "byte 10: the name of an AUX field of 21 bytes is over the limit of 20 bytes"),
        (with_key(&[51]), "byte 12: a string of 51 bytes is over the limit of 50 bytes"),
        (vec![0, 0xc3, 1, 9, 0, 0], "byte 10: a key of"),
        (with_key(b"\xc3\x01\x40\x99"), "byte 12: a string of 153 bytes is over the limit of 50 bytes"),
        (vec![254, 0x81, 0, 0, 0, 1, 0, 0, 0, 0], "byte 10: expected the number of a database, found 0x100000000"),
        (vec![6], "byte 9: a value of RDB type 6 cannot be read: it is a module value as only the release candidates"),
        (vec![24], "byte 9: a value of RDB type 24 cannot be read: it is a hash whose fields expire, which Redis 7.4"),
        (vec![8], "byte 9: a value of RDB type 8 cannot be read: no Redis up to 7.4 and no Valkey up to 8 writes"),
        (vec![243], "byte 9: a value of RDB type 243 cannot be read"),
        (vec![246], "byte 9: expected a record that a release of Redis writes (this is a function of a 7.0 release"),
        (b"\x07\x01k\x01\x06".to_vec(), "byte 13: expected an item of a module's value, 0 to 5, found 0x6"),
        (vec![255, 1, 2, 3, 4, 5, 6, 7, 8], "the bytes were damaged on their way: their CRC-64 is"),
    ] {
        let limits = if expect.ends_with("a key of") { Limits::default() } else { limits };
        let expect =
            if expect.ends_with("a key of") { "the string at byte 13 cannot be read: 0 bytes into" } else { expect };
        let error = error_of(&body, limits);
        assert!(error.starts_with(expect), "{body:?}\n    {error}\n    {expect}");
    }
}

#[test]
fn what_lzf_can_never_unpack_to_is_refused_before_it_is_allocated() {
    let error = error_of(b"\x00\xc3\x01\x80\x10\x00\x00\x00\x00", Limits::default());
    assert_eq!(error, "byte 10: expected a length that LZF can unpack to, found 0x10000000");
}

#[test]
fn a_modules_value_over_the_limit_is_refused() {
    let body = [b"\x07\x01k\x01".as_slice(), &[5, 20], &[b'x'; 20], &[5, 20], &[b'x'; 20], &[0]].concat();
    let error = error_of(&body, Limits { string_bytes_max: 40, ..Limits::default() });
    assert!(
        error.starts_with("byte 12: a module's value, which only the module could take apart, of at least 41 bytes")
    );
}

#[test]
fn headers_of_other_files_and_versions_are_told() {
    for (header, expect) in [
        (b"REDIS0000", "RDB version 0 (no release of Redis) cannot be read; known are 1 to 11"),
        (b"REDIS0012", "RDB version 12 (Redis 7.4 and later) cannot be read; known are 1 to 11"),
        (b"REDIS0080", "RDB version 80 (Valkey 9 and later) cannot be read"),
        (b"REDIS00x1", "this is not an RDB: it should begin with REDIS and four digits, but begins with \"REDIS00x1\""),
        (b"-ERR no, ", "this is not an RDB: it should begin with REDIS and four digits, but begins with \"-ERR no, \""),
    ] {
        let mut decoder = Decoder::new(Limits::default());
        decoder.feed(header);
        let error = decoder.next().unwrap_err().to_string();
        assert!(error.starts_with(expect), "{error}");
    }
}

/// The end of an RDB of this version with these bytes behind the header.
fn end_of(header: &[u8], end: &[u8]) -> Result<Checksum, Error> {
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(header);
    decoder.feed(end);
    decoder.feed(b"behind");
    loop {
        if let Step::Event(Event::End { checksum }) = decoder.next()? {
            assert_eq!(decoder.next(), Ok(Step::NeedMore));
            assert_eq!(decoder.remaining(), b"behind");
            assert_eq!(decoder.finish(), Ok(()));
            assert_eq!(decoder.position(), (header.len() + end.len()) as u64);
            return Ok(checksum);
        }
    }
}

#[test]
fn an_rdb_ends_with_a_checksum_or_zero_or_none() {
    let mut with = Vec::new();
    encode::header(&mut with, 9);
    encode::end(&mut with);
    assert_eq!(end_of(b"REDIS0009", &with[9..]), Ok(Checksum::Verified));
    assert_eq!(end_of(b"REDIS0010", b"\xff\0\0\0\0\0\0\0\0"), Ok(Checksum::Disabled));
    assert_eq!(end_of(b"REDIS0004", b"\xff"), Ok(Checksum::Absent));
    assert!(matches!(end_of(b"REDIS0010", &with[9..]), Err(Error::Checksum { .. })));
}

#[test]
fn a_key_has_the_deadline_and_eviction_said_before_it_and_the_next_has_none() {
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(b"REDIS0010\xfe\x07");
    for (before, deadline, eviction) in [
        (b"\xfc\x01\x02\0\0\0\0\0\0".as_slice(), Some(Deadline(0x201)), None),
        (b"\xfd\x01\x02\0\0\xf9\x7f", Some(Deadline(0x201 * 1000)), Some(Eviction::Freq(127))),
        (b"\xf8\x41\x00", None, Some(Eviction::Idle(256))),
        (b"\xfc\xff\xff\xff\xff\xff\xff\xff\xff", None, None),
        (b"\xfc\xfe\xff\xff\xff\xff\xff\xff\xff", Some(Deadline(0)), None),
        (b"\xfd\xff\xff\xff\xff", None, None),
        (b"", None, None),
    ] {
        decoder.feed(before);
        decoder.feed(b"\x00\x01k\x01v");
        let entry = loop {
            if let Step::Event(Event::Entry(entry)) = decoder.next().unwrap() {
                break entry;
            }
        };
        assert_eq!((entry.head.deadline, entry.head.eviction), (deadline, eviction), "{before:?}");
        assert_eq!((entry.head.db, entry.head.key, entry.raw), (Db(7), b"k".as_slice(), b"\x01v".as_slice()));
    }
}

#[test]
fn keys_that_are_integers_or_compressed_are_shown_as_their_text() {
    let mut decoder = Decoder::new(Limits::default());
    decoder.feed(b"REDIS0010");
    for (key, expect) in [
        (b"\xc0\x80".as_slice(), b"-128".as_slice()),
        (b"\xc1\x00\x80", b"-32768"),
        (b"\xc2\xff\xff\xff\x7f", b"2147483647"),
        (LZF_ABC, b"abcabcabcabcabcabcabcabcabcabc"),
    ] {
        decoder.feed(&[&[0], key, &[0]].concat());
        let entry = loop {
            if let Step::Event(Event::Entry(entry)) = decoder.next().unwrap() {
                break entry;
            }
        };
        assert_eq!((entry.head.key, entry.raw), (expect, [0].as_slice()));
    }
}
