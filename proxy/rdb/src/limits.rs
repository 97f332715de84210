//! How much of an RDB may be held at once.

/// Bounds on what the decoder holds. Memory follows the bytes received, up to these; a length that an RDB merely
/// announces allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Values of more bytes than this (as encoded in the RDB) are not shown whole: [`crate::Event::Big`] asks whether
    /// to expand or to discard them. Default 8 MiB. Module values are always shown whole, having no other form.
    pub opaque_bytes_max: usize,
    /// About how many bytes of commands a [`crate::Event::Piece`] holds; one element more may be in it. Default 256 KiB.
    pub piece_bytes: usize,
    /// The longest string, packed or unpacked, and the longest module value. Default 513 MiB: the 512 MiB that
    /// `proto-max-bulk-len` allows by default, and some slack for what is packed into one string.
    pub string_bytes_max: u64,
    /// The longest key. Default 512 MiB, as Redis itself has it.
    pub key_bytes_max: u64,
    /// The longest name or value of an AUX field. Default 64 MiB: Redis 5 and 6 put whole Lua scripts there.
    pub aux_bytes_max: u64,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            opaque_bytes_max: 8 << 20,
            piece_bytes: 256 << 10,
            string_bytes_max: 513 << 20,
            key_bytes_max: 512 << 20,
            aux_bytes_max: 64 << 20,
        }
    }
}
