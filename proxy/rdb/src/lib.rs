//! Decodes RDB snapshots into entries, and writes what a target takes: DUMP payloads and plain commands. No IO, no
//! clock, no threads: feed bytes, take events.
//!
//! ```text
//! bytes ─feed→ Decoder ─next→ Event::Entry  (a whole value as it stands)   ─dump::payload→ RESTORE
//!                           └ Event::Big    (larger than a limit) ─expand→ Event::Piece → plain commands
//! ```
//!
//! Reading order: [`Decoder`] and its [`Event`]s; [`dump`] for the payloads of `RESTORE` and `FUNCTION RESTORE`;
//! [`expand`] for values as plain commands, which older targets need; [`encode`] writes an RDB. Inside, `formats` has
//! every value type's layout as a table, which the walker (finds a value's end) and the expander (reads its elements)
//! both follow; `packed` reads the compact forms (listpack, ziplist, intset, zipmap) that stand inside strings.
//!
//! What is read: RDB versions 1 to 11, that is everything written by Redis up to 7.2 and Valkey up to 8. A value is
//! not validated where it passes through whole: the target's `RESTORE` does that (`sanitize-dump-payload`).
//!
//! Source of the format: rdb.h, rdb.c, listpack.c, ziplist.c, intset.c, zipmap.c and t_stream.c of Redis 7.0.

mod crc64;
mod decoder;
pub mod dump;
pub mod encode;
mod error;
mod expand;
mod formats;
mod limits;
mod lzf;
mod packed;
mod plain;
mod read;
mod walk;

pub use decoder::{Checksum, Decoder, Entry, Event, Head, ModuleName, Step};
pub use error::Error;
pub use expand::{Dialect, Expansion, expand};
pub use formats::{type_min_version, value_type};
pub use limits::Limits;
pub use plain::plain_string;

/// The newest RDB version that this crate reads: Redis 7.2, Valkey 7.2 to 8.
pub const VERSION_MAX: u32 = 11;

#[cfg(test)]
mod tests;
