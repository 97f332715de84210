//! How fast a snapshot passes the handshake machine: `cargo bench -p keyferry-bench-micro --bench psync`.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use psync::{Config, Event, Machine};

fn main() {
    divan::main();
}

const HELLO: &str = "+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC 8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb 0\r\n";
const MARK: &str = "9a1e6a642bb88f9f63db4c55c3694415c42aa34f";
const SNAPSHOT_BYTES: usize = 16 << 20;
/// What one read of a socket may bring.
const READ_BYTES: usize = 64 << 10;

/// A machine that waits for its snapshot.
fn waiting(announcement: &str) -> Machine {
    let mut machine = Machine::new(Config::default());
    let bytes = format!("{HELLO}{announcement}\r\n");
    let mut rest = bytes.as_bytes();
    while let (consumed, Some(_)) = machine.feed(rest).expect("a handshake that is in order") {
        rest = &rest[consumed..];
    }
    machine
}

/// Data of which much looks like the mark: hexadecimal digits, which many applications keep in their values.
fn snapshot(kind: &str) -> Vec<u8> {
    let mut state = 1_u64;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let byte = (state >> 56) as u8;
        if kind == "hex" { b"0123456789abcdef"[usize::from(byte & 15)] } else { byte }
    })
    .take(SNAPSHOT_BYTES)
    .collect()
}

fn pass(mut machine: Machine, data: &[u8]) -> usize {
    let (mut start, mut end, mut seen) = (0, 0, 0);
    while end < data.len() {
        end = (end + READ_BYTES).min(data.len());
        while let (consumed, Some(event)) = machine.feed(black_box(&data[start..end])).expect("snapshot bytes") {
            start += consumed;
            if let Event::SnapshotData(data) = event {
                seen += data.len();
            }
        }
    }
    seen
}

/// A snapshot that ends at a mark, which has to be looked for.
#[divan::bench(args = ["random", "hex"])]
fn marked(bencher: Bencher, kind: &str) {
    let mut data = snapshot(kind);
    data.extend_from_slice(MARK.as_bytes());
    bencher
        .counter(BytesCount::new(data.len()))
        .with_inputs(|| waiting(&format!("$EOF:{MARK}")))
        .bench_local_values(|machine| assert_eq!(pass(machine, &data), SNAPSHOT_BYTES));
}
