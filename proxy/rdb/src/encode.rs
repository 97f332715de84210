//! Writes an RDB: records, lengths and strings as rdb.c does. For tests, benches, and whoever saves a snapshot.
//!
//! ```
//! # use keyferry_rdb as rdb;
//! use rdb::encode;
//! let mut out = Vec::new();
//! encode::header(&mut out, 10);
//! encode::select(&mut out, 0);
//! encode::key(&mut out, 0, b"greeting");
//! encode::string(&mut out, b"hello");
//! encode::end(&mut out);
//! ```

use resp::number::parse_i64;

use crate::crc64;
use crate::packed::back_length_bytes;

/// `REDIS` and the version in four digits.
pub fn header(out: &mut Vec<u8>, version: u16) {
    out.extend_from_slice(format!("REDIS{version:04}").as_bytes());
}

/// A field about the snapshot.
pub fn aux(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.push(250);
    string(out, name);
    string(out, value);
}

/// The database of the keys that follow.
pub fn select(out: &mut Vec<u8>, db: u32) {
    out.push(254);
    length(out, u64::from(db));
}

/// The deadline of the key that follows, in milliseconds since the Unix epoch.
pub fn deadline(out: &mut Vec<u8>, unix_ms: u64) {
    out.push(252);
    out.extend_from_slice(&unix_ms.to_le_bytes());
}

/// A key's type and name; its value must follow.
pub fn key(out: &mut Vec<u8>, rdb_type: u8, name: &[u8]) {
    out.push(rdb_type);
    string(out, name);
}

/// The end of an RDB that begins with the buffer, with its checksum.
pub fn end(out: &mut Vec<u8>) {
    out.push(255);
    let checksum = crc64::of(out);
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// A length, in the shortest form.
pub fn length(out: &mut Vec<u8>, value: u64) {
    match value {
        0..=0x3f => out.push(value as u8),
        0x40..=0x3fff => out.extend_from_slice(&(0x4000 | value as u16).to_be_bytes()),
        0x4000..=0xffff_ffff => {
            out.push(0x80);
            out.extend_from_slice(&(value as u32).to_be_bytes());
        }
        _ => {
            out.push(0x81);
            out.extend_from_slice(&value.to_be_bytes());
        }
    }
}

/// A string, as its bytes: neither as an integer nor compressed, both of which are optional.
pub fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    length(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// A string that holds a listpack of these items (listpack.c). As Redis does it, an item that is the text of an integer
/// becomes one.
///
/// A listpack of 4 GiB and more has no encoding: its total wraps, and no server will read it.
pub fn listpack<'a>(out: &mut Vec<u8>, items: impl IntoIterator<Item = &'a [u8]>) {
    let mut pack = vec![0; 6];
    let mut count = 0_u64;
    for item in items {
        let begin = pack.len();
        match parse_i64(item) {
            Some(value) => listpack_integer(&mut pack, value),
            None => listpack_string(&mut pack, item),
        }
        back_length(&mut pack, begin);
        count += 1;
    }
    pack.push(0xff);
    let (total, count) = (pack.len() as u32, u16::try_from(count).unwrap_or(u16::MAX));
    let head = total.to_le_bytes().into_iter().chain(count.to_le_bytes());
    pack.iter_mut().zip(head).for_each(|(byte, head)| *byte = head);
    string(out, &pack);
}

fn listpack_string(pack: &mut Vec<u8>, item: &[u8]) {
    match item.len() {
        len @ 0..=0x3f => pack.push(0x80 | len as u8),
        len @ 0x40..=0xfff => pack.extend_from_slice(&(0xe000 | len as u16).to_be_bytes()),
        len => {
            pack.push(0xf0);
            pack.extend_from_slice(&(len as u32).to_le_bytes());
        }
    }
    pack.extend_from_slice(item);
}

fn listpack_integer(pack: &mut Vec<u8>, value: i64) {
    let (mark, bytes) = match value {
        0..=127 => return pack.push(value as u8),
        -4096..=4095 => return pack.extend_from_slice(&(0xc000 | (value as u16 & 0x1fff)).to_be_bytes()),
        -0x8000..=0x7fff => (0xf1, 2),
        -0x80_0000..=0x7f_ffff => (0xf2, 3),
        -0x8000_0000..=0x7fff_ffff => (0xf3, 4),
        _ => (0xf4, 8),
    };
    pack.push(mark);
    pack.extend(value.to_le_bytes().into_iter().take(bytes));
}

/// The length of the item from `begin` on, seven bits a byte, to be read from behind (lpEncodeBacklen).
fn back_length(pack: &mut Vec<u8>, begin: usize) {
    let len = pack.len() - begin;
    let bytes = back_length_bytes(len);
    for index in (0..bytes).rev() {
        let more = if index + 1 == bytes { 0 } else { 0x80 };
        pack.push((len >> (7 * index) & 0x7f) as u8 | more);
    }
}
