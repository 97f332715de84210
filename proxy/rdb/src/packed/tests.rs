use super::{Container, Fault, Item};

fn items(container: Container, bytes: &[u8]) -> Result<Vec<String>, Fault> {
    let mut cursor = container.begin(bytes)?;
    let mut found = Vec::new();
    let mut ended = cursor.at_end(bytes);
    while let Some(item) = cursor.item(bytes)? {
        assert!(!ended, "an item behind the end");
        ended = cursor.at_end(bytes);
        found.push(match item {
            Item::Int(value) => value.to_string(),
            Item::Bytes(text) => String::from_utf8_lossy(text).into_owned(),
        });
    }
    assert!(ended, "an end that was not foreseen");
    Ok(found)
}

fn check(container: Container, bytes: &[u8], expect: &[&str]) {
    assert_eq!(items(container, bytes).unwrap(), expect, "{container:?} {bytes:?}");
    // Cut anywhere, it is refused: every form says its length or has an end mark.
    for len in 0..bytes.len() {
        assert!(items(container, &bytes[..len]).is_err(), "{container:?} {:?}", &bytes[..len]);
    }
}

#[test]
fn every_integer_width_of_an_intset_is_read() {
    check(Container::Intset, b"\x02\0\0\0\x02\0\0\0\xff\xff\x07\x00", &["-1", "7"]);
    check(Container::Intset, b"\x04\0\0\0\x01\0\0\0\x00\x00\x01\x80", &["-2147418112"]);
    check(Container::Intset, b"\x08\0\0\0\x01\0\0\0\x00\0\0\0\0\0\0\x80", &["-9223372036854775808"]);
}

#[test]
fn a_zipmap_skips_the_unused_bytes_behind_values() {
    // the example of zipmap.c, and the same with two unused bytes behind "bar"
    check(Container::Zipmap, b"\x02\x03foo\x03\x00bar\x05hello\x05\x00world\xff", &["foo", "bar", "hello", "world"]);
    check(Container::Zipmap, b"\x02\x03foo\x03\x02bar??\xfe\x01\0\0\0h\x01\x00w\xff", &["foo", "bar", "h", "w"]);
}

#[test]
fn every_encoding_of_a_ziplist_is_read() {
    let mut bytes = vec![0; 10];
    let entries: [(&[u8], &[u8]); 11] = [
        (&[0x03], b"abc"),
        (&[0x40, 0x02], b"de"),
        (&[0x80, 0, 0, 0, 1], b"f"),
        (&[0xc0], &[0xfe, 0xff]),
        (&[0xd0], &[0, 0, 1, 0x80]),
        (&[0xe0], &[0, 0, 0, 0, 0, 0, 0, 0x80]),
        (&[0xf0], &[0xff, 0xff, 0xff]),
        (&[0xf0], &[0, 0, 0x40]),
        (&[0xfe], &[0x80]),
        (&[0xf1], b""),
        (&[0xfd], b""),
    ];
    for (index, (encoding, data)) in entries.iter().enumerate() {
        // both forms of the length before
        bytes.extend_from_slice(if index % 2 == 0 { &[0] } else { &[0xfe, 0, 0, 0, 0] });
        bytes.extend_from_slice(encoding);
        bytes.extend_from_slice(data);
    }
    bytes.push(0xff);
    let total = bytes.len() as u32;
    bytes[..4].copy_from_slice(&total.to_le_bytes());
    let expect = ["abc", "de", "f", "-2", "-2147418112", "-9223372036854775808", "-1", "4194304", "-128", "0", "12"];
    check(Container::Ziplist, &bytes, &expect);
}

#[test]
fn every_encoding_of_a_listpack_is_read() {
    let mut bytes = vec![0; 6];
    let long = "l".repeat(64);
    let entries: [(&[u8], &[u8]); 11] = [
        (&[0x7f], b""),
        (&[0x83], b"abc"),
        (&[0xc0, 0x80], b""),
        (&[0xdf, 0xff], b""),
        (&[0xd0, 0x00], b""),
        (&[0xe0, 0x40], long.as_bytes()),
        (&[0xf0, 1, 0, 0, 0], b"z"),
        (&[0xf1], &[0xfe, 0xff]),
        (&[0xf2], &[0, 0, 0x80]),
        (&[0xf3], &[0, 0, 1, 0x80]),
        (&[0xf4], &[0, 0, 0, 0, 0, 0, 0, 0x80]),
    ];
    for (encoding, data) in entries {
        bytes.extend_from_slice(encoding);
        bytes.extend_from_slice(data);
        bytes.extend(std::iter::repeat_n(0, super::listpack::back_length_bytes(encoding.len() + data.len())));
    }
    bytes.push(0xff);
    let total = bytes.len() as u32;
    bytes[..4].copy_from_slice(&total.to_le_bytes());
    let expect =
        ["127", "abc", "128", "-1", "-4096", &long, "z", "-2", "-8388608", "-2147418112", "-9223372036854775808"];
    check(Container::Listpack, &bytes, &expect);
}
