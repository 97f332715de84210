//! Speaks to a source as its replica, up to where its stream begins. No IO, no clock, no snapshot decoding: feed bytes,
//! take events and the bytes to send.
//!
//! ```text
//! PING ─► AUTH ─► REPLCONF… ─► PSYNC ─┬─► +CONTINUE ───────────────────────────────┬─► stream
//!                                └► SYNC ┴► $<length> or $EOF:<mark> ─► snapshot ──┘
//! ```
//!
//! A [`Machine`] is made from a [`Config`] for each connection. Whoever owns the socket turns in one loop: send what
//! [`Machine::take_output`] gives, read, and call [`Machine::feed`] with all unconsumed bytes until it yields no
//! [`Event`] and so wants more of them. Bytes that are not consumed are fed again, with more behind them: at most
//! [`LINE_BYTES_MAX`]. Snapshot and stream are passed on as slices of what was fed; nothing is copied or kept. An
//! [`Error`] ends the connection and says whether another attempt may go better ([`Error::retry`]).
//!
//! Once the stream may begin the source wants to hear [`ack`] every second.
//!
//! Source of the protocol: `replication.c` of Redis 2.8 to 7.2 (`syncWithMaster`, `slaveTryPartialResynchronization`,
//! `readSyncBulkPayload`).

mod answer;
mod config;
mod error;
mod machine;
mod snapshot;
#[cfg(test)]
mod tests;

pub use config::{Auth, Config};
pub use error::{Error, Retry};
pub use machine::{Event, Machine, Stage, Transfer};

use record::Offset;
use resp::number::Digits;

/// The longest line that a source may send before its snapshot. Redis's own lines are below 256 bytes; a buffer that is
/// fed from must be able to hold this many.
pub const LINE_BYTES_MAX: usize = 4096;

/// Writes the message by which a replica tells its source that everything up to and including `offset` is applied:
/// what the source counts for `WAIT` and `min-replicas-to-write`.
///
/// To be sent every second from [`Event::SnapshotEnds`] or [`Event::Continue`] on, with offset 0 as long as the snapshot
/// is not applied: a source closes the connection after its `repl-timeout` without one, and behind a
/// [`Transfer::Marked`] snapshot it sends nothing of its stream before the first that finds its saving child ended
/// (`replication.c`, `replconfCommand`). Until a byte of the stream has come, every 100 ms is better than every second.
pub fn ack(out: &mut Vec<u8>, offset: Offset) {
    resp::encode::command(out, &[b"REPLCONF", b"ACK", Digits::of(offset.0).as_bytes()]);
}
