//! A small RDB that has one of everything.

use crate::encode;

/// `abcabcabcabc…` of 30 bytes as LZF: a literal of 3, then a run of 27 from 3 back.
pub(super) const LZF_ABC: &[u8] = b"\xc3\x07\x1e\x02abc\xe0\x12\x02";

/// A list of bytes as a string.
fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    encode::string(&mut out, bytes);
    out
}

fn listpack(items: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    encode::listpack(&mut out, items.iter().map(|item| item.as_bytes()));
    out
}

/// A ziplist of short strings (ziplist.c).
pub(super) fn ziplist(items: &[&str]) -> Vec<u8> {
    let mut pack = vec![0; 10];
    let mut before = 0;
    let mut last = 10;
    for item in items {
        last = pack.len();
        pack.push(before);
        pack.push(item.len() as u8);
        pack.extend_from_slice(item.as_bytes());
        before = item.len() as u8 + 2;
    }
    pack.push(0xff);
    let total = pack.len() as u32;
    pack[..4].copy_from_slice(&total.to_le_bytes());
    pack[4..8].copy_from_slice(&(last as u32).to_le_bytes());
    pack[8..10].copy_from_slice(&(items.len() as u16).to_le_bytes());
    string(&pack)
}

fn lengths(values: &[u64]) -> Vec<u8> {
    let mut out = Vec::new();
    values.iter().for_each(|value| encode::length(&mut out, *value));
    out
}

fn id(ms: u64, seq: u64) -> Vec<u8> {
    [ms.to_be_bytes(), seq.to_be_bytes()].concat()
}

/// A stream as types 15, 19 and 21 have it: entries 5-1 (f=1), 5-2 deleted, 6-0 (g=h i=j); a group at 5-1 with a consumer
/// who has 5-1 pending, and one who has nothing.
pub(super) fn stream(rdb_type: u8) -> Vec<u8> {
    let mut out = lengths(&[1]);
    out.extend(string(&id(5, 1)));
    out.extend(listpack(&[
        "2", "1", "1", "f", "0", // master: entries, deleted, fields, field, end
        "2", "0", "0", "1", "4", // same fields
        "3", "0", "1", "2", "4", // deleted
        "0", "1", "-1", "2", "g", "h", "i", "j", "8",
    ]));
    out.extend(lengths(&[2, 6, 0]));
    if rdb_type >= 19 {
        out.extend(lengths(&[5, 1, 5, 2, 3]));
    }
    out.extend(lengths(&[1]));
    out.extend(string(b"group"));
    out.extend(lengths(&[5, 1]));
    if rdb_type >= 19 {
        out.extend(lengths(&[1]));
    }
    out.extend(lengths(&[1]));
    out.extend(id(5, 1));
    out.extend(1_600_000_000_000_u64.to_le_bytes());
    out.extend(lengths(&[3]));
    out.extend(lengths(&[2]));
    for (name, owned) in [(b"alice", 1), (b"bobby", 0)] {
        out.extend(string(name));
        out.extend(1_600_000_000_001_u64.to_le_bytes());
        if rdb_type == 21 {
            out.extend(1_600_000_000_002_u64.to_le_bytes());
        }
        out.extend(lengths(&[owned]));
        out.extend((0..owned).flat_map(|_| id(5, 1)));
    }
    out
}

fn elements(parts: &[&[u8]], per_element: usize) -> Vec<u8> {
    let mut out = lengths(&[(parts.len() / per_element) as u64]);
    parts.iter().for_each(|part| out.extend(string(part)));
    out
}

/// Two members: scores as text and as the mark for infinity.
fn old_zset() -> Vec<u8> {
    let mut out = lengths(&[2]);
    out.extend(string(b"one"));
    out.extend(b"\x031.5");
    out.extend(string(b"two"));
    out.extend([254]);
    out
}

fn zset_2() -> Vec<u8> {
    let mut out = lengths(&[2]);
    for (member, score) in [(b"one", 0.1_f64), (b"two", f64::NEG_INFINITY)] {
        out.extend(string(member));
        out.extend(score.to_le_bytes());
    }
    out
}

fn module() -> Vec<u8> {
    let mut out = lengths(&[0x0123_4567_89ab_cdef, 1, 7, 2, 8, 3]);
    out.extend([0; 4]);
    out.extend(lengths(&[4]));
    out.extend([0; 8]);
    out.extend(lengths(&[5]));
    out.extend(string(b"text"));
    out.extend(lengths(&[0]));
    out
}

/// One value of every type: also what the old types look like that no server of today writes.
pub(super) fn values() -> Vec<(u8, Vec<u8>)> {
    let quicklist = [lengths(&[2]), ziplist(&["a", "b"]), ziplist(&["c"])].concat();
    let quicklist_2 =
        [lengths(&[3, 2]), listpack(&["a", "-7"]), lengths(&[1]), string(b"plain"), lengths(&[2]), listpack(&["c"])];
    vec![
        (0, string(b"hello")),
        (0, vec![0xc0, 0xfe]),
        (0, vec![0xc1, 0x00, 0x80]),
        (0, vec![0xc2, 0xff, 0xff, 0xff, 0x7f]),
        (0, LZF_ABC.to_vec()),
        (0, string(&[b'x'; 300])),
        (0, string(b"")),
        (1, elements(&[b"a", b"b", b"c"], 1)),
        (2, elements(&[b"a", b"b"], 1)),
        (3, old_zset()),
        (4, elements(&[b"f", b"v", b"g", b"w"], 2)),
        (5, zset_2()),
        (7, module()),
        (9, string(b"\x02\x03foo\x03\x00bar\x05hello\x05\x02world??\xff")),
        (10, ziplist(&["a", "b", "c"])),
        (11, string(b"\x02\0\0\0\x02\0\0\0\xff\xff\x07\x00")),
        (12, ziplist(&["one", "1", "two", "2.5"])),
        (13, ziplist(&["f", "v", "g", "w"])),
        (14, quicklist),
        (15, stream(15)),
        (16, listpack(&["f", "v", "g", "300"])),
        (17, listpack(&["one", "-1", "two", "inf"])),
        (18, quicklist_2.concat()),
        (19, stream(19)),
        (20, listpack(&["a", "100000", "-5000000000"])),
        (21, stream(21)),
    ]
}

/// An RDB of version 11 with every record and every type.
pub(super) fn everything() -> Vec<u8> {
    let mut out = Vec::new();
    encode::header(&mut out, 11);
    encode::aux(&mut out, b"redis-ver", b"7.2.0");
    out.extend(b"\xfa\x05ctime\xc2\x00\x00\x00\x60");
    out.extend([LZF_ABC, LZF_ABC].iter().fold(vec![250], |mut aux, text| {
        aux.extend_from_slice(text);
        aux
    }));
    out.extend([&[245][..], &string(b"#!lua name=lib")].concat());
    out.push(247);
    out.extend(module());
    encode::select(&mut out, 3);
    out.extend([251, 30, 2]);
    out.extend([&[244][..], &lengths(&[16383, 30, 2])].concat());
    for (index, (rdb_type, value)) in values().into_iter().enumerate() {
        match index % 5 {
            1 => encode::deadline(&mut out, 1_900_000_000_123),
            2 => out.extend(b"\xfd\x00\x00\x00\x70"),
            3 => out.extend([249, 77]),
            4 => out.extend([248, 0x41, 0x00]),
            _ => {}
        }
        match index {
            6 => out.extend([&[rdb_type], LZF_ABC].concat()),
            7 => out.extend([rdb_type, 0xc0, 0x2a]),
            _ => encode::key(&mut out, rdb_type, format!("key:{index}").as_bytes()),
        }
        out.extend(value);
    }
    encode::end(&mut out);
    out
}
