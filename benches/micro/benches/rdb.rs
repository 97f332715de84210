//! How fast snapshots are decoded, and DUMP payloads or commands made: `cargo bench -p keyferry-bench-micro --bench rdb`.
//! One thread, everything in memory.
//!
//! The data is a tenth of the reference set of docs/PERFORMANCE.md: strings of 100 bytes, hashes of 20 fields, sorted
//! sets of 50 members and lists of 100 items, 200,000 : 10,000 : 5,000 : 2,000.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use rdb::{Decoder, Event, Limits, Step, dump, encode};

fn main() {
    divan::main();
}

/// What one `read` of a socket brings, about.
const READ_BYTES: usize = 64 << 10;

/// Bytes that do not repeat, so that no predictor learns them.
fn value(number: u64, len: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.push(b'a' + (state % 26) as u8);
    }
    bytes
}

/// A snapshot as Redis 7.0 writes it, its small collections as listpacks.
fn snapshot() -> (Vec<u8>, usize) {
    let mut out = Vec::new();
    encode::header(&mut out, 10);
    encode::aux(&mut out, b"redis-ver", b"7.0.15");
    encode::select(&mut out, 0);
    let mut keys = 0;
    let mut key = |out: &mut Vec<u8>, rdb_type, name: String| {
        keys += 1;
        encode::key(out, rdb_type, name.as_bytes());
    };
    for number in 0..200_000_u64 {
        key(&mut out, 0, format!("key:{number:012}"));
        encode::string(&mut out, &value(number, 100));
    }
    for number in 0..10_000 {
        key(&mut out, 16, format!("hash:{number:012}"));
        listpack(&mut out, 20, |field| [format!("field:{field}").into_bytes(), value(number + field, 10)]);
    }
    for number in 0..5_000 {
        key(&mut out, 17, format!("zset:{number:012}"));
        listpack(&mut out, 50, |member| [value(number + member, 10), (member * 17).to_string().into_bytes()]);
    }
    for number in 0..2_000 {
        key(&mut out, 18, format!("list:{number:012}"));
        encode::length(&mut out, 1);
        encode::length(&mut out, 2);
        listpack(&mut out, 50, |item| [value(number + item, 10), value(number * item, 10)]);
    }
    encode::end(&mut out);
    (out, keys)
}

fn listpack(out: &mut Vec<u8>, pairs: u64, pair: impl Fn(u64) -> [Vec<u8>; 2]) {
    let items: Vec<Vec<u8>> = (0..pairs).flat_map(pair).collect();
    encode::listpack(out, items.iter().map(Vec::as_slice));
}

/// Feeds a snapshot in reads and counts what is shown; `each` sees every entry.
fn decode(snapshot: &[u8], mut each: impl FnMut(&rdb::Entry<'_>)) -> usize {
    let mut decoder = Decoder::new(Limits::default());
    let mut entries = 0;
    for read in snapshot.chunks(READ_BYTES) {
        decoder.feed(read);
        while let Step::Event(event) = decoder.next().expect("the snapshot is sound") {
            if let Event::Entry(entry) = event {
                entries += 1;
                each(&entry);
            }
        }
    }
    decoder.finish().expect("the snapshot is whole");
    entries
}

/// Decoding alone, the file's checksum included.
#[divan::bench(sample_count = 30)]
fn decode_snapshot(bencher: Bencher) {
    let (snapshot, keys) = snapshot();
    bencher.counter(BytesCount::of_slice(&snapshot)).counter(ItemsCount::new(keys)).bench_local(|| {
        let entries = decode(&snapshot, |entry| {
            divan::black_box(entry);
        });
        assert_eq!(entries, keys);
    });
}

/// Decoding, and a DUMP payload of every value.
#[divan::bench(sample_count = 30)]
fn decode_snapshot_to_payloads(bencher: Bencher) {
    let (snapshot, keys) = snapshot();
    let mut payload = Vec::new();
    bencher.counter(BytesCount::of_slice(&snapshot)).counter(ItemsCount::new(keys)).bench_local(|| {
        decode(&snapshot, |entry| {
            payload.clear();
            dump::payload(&mut payload, entry.head.rdb_type, entry.raw, 10);
            divan::black_box(&payload);
        })
    });
}

/// Decoding, and every value as plain commands.
#[divan::bench(sample_count = 10)]
fn decode_snapshot_to_commands(bencher: Bencher) {
    let (snapshot, keys) = snapshot();
    bencher.counter(BytesCount::of_slice(&snapshot)).counter(ItemsCount::new(keys)).bench_local(|| {
        decode(&snapshot, |entry| {
            let rdb::Head { rdb_type, key, .. } = entry.head;
            rdb::expand(rdb_type, entry.raw, key, rdb::Expansion::default(), &Limits::default(), |commands, _| {
                divan::black_box(commands);
            })
            .expect("the value is sound");
        })
    });
}

/// One payload of a value of so many bytes.
#[divan::bench(args = [16, 110, 1000, 10_000])]
fn dump_payload(bencher: Bencher, len: usize) {
    let raw = value(7, len);
    let mut payload = Vec::with_capacity(dump::payload_len(len));
    bencher.counter(BytesCount::new(len)).bench_local(|| {
        payload.clear();
        dump::payload(&mut payload, 0, divan::black_box(&raw), 10);
        divan::black_box(&payload);
    });
}
