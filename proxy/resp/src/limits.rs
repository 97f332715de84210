/// What a peer may ask us to hold. Beyond a limit a scan ends in [`crate::Error::TooLarge`] or
/// [`crate::Error::TooDeep`]; nothing is ever allocated for a length that was only announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Arguments of one command, its name included. Default 1,048,576, what Redis up to 6.2 allows its clients; a
    /// source of 7.0 or later may send up to 2,147,483,647 (its `networking.c`, `processMultibulkBuffer`).
    pub args_max: u32,
    /// Bytes of one argument, or of one bulk reply. Default 512 MiB (Redis's `proto-max-bulk-len`) and 1 MiB of slack
    /// for what a server adds around a value, as in the payload of `DUMP`.
    pub bulk_bytes_max: u64,
    /// Bytes of one whole command as it stands on the wire. Default 1 GiB; values above 4 GiB - 1 count as that.
    pub command_bytes_max: u64,
    /// Bytes of a command typed as a line (inline). Default 64 KiB, Redis's `PROTO_INLINE_MAX_SIZE`.
    pub inline_bytes_max: usize,
    /// Bytes of a reply that is one line: simple string, error, number. Default 64 KiB.
    pub line_bytes_max: usize,
    /// Bytes of one whole reply as it stands on the wire. Default 1 GiB.
    pub reply_bytes_max: u64,
    /// How deep replies may nest: arrays in arrays. Default 128; `COMMAND DOCS` needs about 10.
    pub depth_max: usize,
}

impl Limits {
    /// Every limit as far as its type goes, but for the depth, which keeps its default: for bytes that have been
    /// scanned once already.
    pub const fn none() -> Limits {
        Limits {
            args_max: u32::MAX,
            bulk_bytes_max: u64::MAX,
            command_bytes_max: u64::MAX,
            inline_bytes_max: usize::MAX,
            line_bytes_max: usize::MAX,
            reply_bytes_max: u64::MAX,
            depth_max: 128,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            args_max: 1 << 20,
            bulk_bytes_max: (512 << 20) + (1 << 20),
            command_bytes_max: 1 << 30,
            inline_bytes_max: 64 << 10,
            line_bytes_max: 64 << 10,
            reply_bytes_max: 1 << 30,
            depth_max: 128,
        }
    }
}
