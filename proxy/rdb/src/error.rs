//! What can be wrong with an RDB, where, and what was expected there.

/// Why an RDB, a DUMP payload or a value cannot be read. Offsets (`at`) count bytes from the first byte of what is
/// read: the RDB, the payload, or the value handed to [`crate::expand`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The first nine bytes are not the magic word and a version.
    #[error("this is not an RDB: it should begin with REDIS and four digits, but begins with {found}")]
    NotRdb { found: String },
    /// The version is one whose format is not known here.
    #[error("RDB version {version} ({writer}) cannot be read; known are 1 to {max}, written by Redis up to 7.2 and Valkey up to 8", max = crate::VERSION_MAX)]
    Version { version: u32, writer: &'static str },
    /// The type of a value is one that is not known here.
    #[error("byte {at}: a value of RDB type {rdb_type} cannot be read: {why}")]
    Type { at: u64, rdb_type: u8, why: &'static str },
    /// Other bytes than the format has in this place.
    #[error("byte {at}: expected {expected}, found {found:#x}")]
    Malformed { at: u64, expected: &'static str, found: u64 },
    /// Other bytes than the value's type has in this place.
    #[error("byte {at}: expected {expected}")]
    Expected { at: u64, expected: &'static str },
    /// A string that is there, but does not hold what it should.
    #[error("the string at byte {at} cannot be read: {inside} bytes into its {container}, expected {expected}")]
    Packed { at: u64, inside: u64, container: &'static str, expected: &'static str },
    /// A length over a limit of [`crate::Limits`].
    #[error("byte {at}: {what} {size} bytes is over the limit of {limit} bytes")]
    TooLarge { at: u64, what: &'static str, size: u64, limit: u64 },
    /// The bytes end too early.
    #[error("the data ends at byte {at}, in the middle of {inside}")]
    Truncated { at: u64, inside: &'static str },
    /// The checksum does not fit the bytes.
    #[error(
        "the bytes were damaged on their way: their CRC-64 is {computed:016x}, but {stored:016x} stands behind them"
    )]
    Checksum { computed: u64, stored: u64 },
    /// A value that has no form as plain commands.
    #[error("a value of RDB type {rdb_type} cannot be expressed in plain commands: {why}")]
    Unexpandable { rdb_type: u8, why: &'static str },
    /// [`crate::Decoder::next`] was called although [`crate::Event::Big`] awaited an answer.
    #[error("byte {at}: a big value begins here, and neither expand nor discard was called for it")]
    Unanswered { at: u64 },
}
