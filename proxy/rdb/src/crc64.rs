//! The checksum of RDBs and DUMP payloads: CRC-64 with the Jones polynomial (crc64.c).

use crc_fast::{CrcAlgorithm, Digest};

/// A checksum over bytes that arrive in parts.
pub(crate) struct Crc64(Digest);

impl Crc64 {
    pub(crate) fn new() -> Crc64 {
        Crc64(Digest::new(CrcAlgorithm::Crc64Redis))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn value(&self) -> u64 {
        self.0.finalize()
    }
}

impl std::fmt::Debug for Crc64 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Crc64({:016x})", self.value())
    }
}

/// The checksum of one short piece of bytes.
pub(crate) fn of(bytes: &[u8]) -> u64 {
    crc_fast::checksum(CrcAlgorithm::Crc64Redis, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_redis_comes_out() {
        // crc64.c: crc64(0, "123456789", 9)
        assert_eq!(of(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        let mut parts = Crc64::new();
        parts.update(b"12345");
        parts.update(b"6789");
        assert_eq!(parts.value(), 0xe9c6_d914_c4b8_d9ca);
    }
}
