//! How fast commands and replies are scanned and written: `cargo bench -p keyferry-bench-micro --bench resp`.

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use resp::{CommandScanner, Limits, ReplyScanner, ReplyStep, Scanned, encode};

fn main() {
    divan::main();
}

const COMMANDS: usize = 10_000;

/// `SET key:<11 digits> <value>`, as a source's stream has it.
fn sets(value_bytes: usize) -> Vec<u8> {
    let value = vec![b'v'; value_bytes];
    let mut out = Vec::new();
    for number in 0..COMMANDS {
        encode::command(&mut out, &[b"SET", format!("key:{number:012}").as_bytes(), &value]);
    }
    out
}

/// The stream that the speed of following is judged by: 16-byte keys, values of this many bytes.
#[divan::bench(args = [3, 100, 1000])]
fn scan_sets(bencher: Bencher, value_bytes: usize) {
    let stream = sets(value_bytes);
    let mut scanner = CommandScanner::new(Limits::default());
    bencher.counter(BytesCount::new(stream.len())).counter(ItemsCount::new(COMMANDS)).bench_local(|| {
        let mut rest = black_box(stream.as_slice());
        let mut seen = 0;
        while let Ok(Scanned::Command { len }) = scanner.scan(rest) {
            // The key is what routing looks at.
            seen += scanner.args().get(1).map_or(0, |key| key.of(rest).len());
            rest = &rest[len..];
        }
        assert_eq!(seen, COMMANDS * 16);
    });
}

/// The same stream in reads of 16 KiB, most of which end within a command.
#[divan::bench]
fn scan_sets_in_reads(bencher: Bencher) {
    let stream = sets(100);
    let mut scanner = CommandScanner::new(Limits::default());
    bencher.counter(BytesCount::new(stream.len())).counter(ItemsCount::new(COMMANDS)).bench_local(|| {
        let (mut start, mut end, mut count) = (0, 0, 0);
        while end < stream.len() {
            end = (end + (16 << 10)).min(stream.len());
            while let Ok(Scanned::Command { len }) = scanner.scan(black_box(&stream[start..end])) {
                start += len;
                count += 1;
            }
        }
        assert_eq!(count, COMMANDS);
    });
}

#[divan::bench]
fn write_sets(bencher: Bencher) {
    let value = [b'v'; 100];
    let mut out = Vec::new();
    let len = encode::command_len(&[b"SET", b"key:000000000001", &value]);
    bencher.counter(BytesCount::new(len * COMMANDS)).counter(ItemsCount::new(COMMANDS)).bench_local(|| {
        out.clear();
        for _ in 0..COMMANDS {
            encode::command(&mut out, black_box(&[b"SET", b"key:000000000001", &value]));
        }
        out.len()
    });
}

/// What a target answers to a pipeline of writes, and what a client reads.
#[divan::bench(args = ["status", "integer", "bulk", "array"])]
fn scan_replies(bencher: Bencher, kind: &str) {
    let reply = match kind {
        "status" => "+OK\r\n",
        "integer" => ":1234\r\n",
        "bulk" => "$3\r\nabc\r\n",
        _ => "*3\r\n+OK\r\n:1\r\n$1\r\na\r\n",
    };
    let replies = reply.repeat(COMMANDS);
    let mut scanner = ReplyScanner::new(Limits::default());
    bencher.counter(BytesCount::new(replies.len())).counter(ItemsCount::new(COMMANDS)).bench_local(|| {
        let mut rest = black_box(replies.as_bytes());
        let mut count = 0;
        while let Ok(ReplyStep::Reply { reply, len }) = scanner.scan(rest) {
            assert!(reply.error().is_none());
            rest = &rest[len..];
            count += 1;
        }
        assert_eq!(count, COMMANDS);
    });
}
