//! Where a key lives in a cluster (cluster specification, "Key distribution model" and "Hash tags").

use record::Slot;

/// The slot of a key: CRC-16 (XMODEM) of its hash tag, modulo 16384.
pub fn slot(key: &[u8]) -> Slot {
    Slot::from_crc16(crc16(hash_tag(key)))
}

/// The part of a key that decides its slot: what stands between the first `{` and the next `}` behind it; the whole
/// key where there is no such pair or nothing between.
pub fn hash_tag(key: &[u8]) -> &[u8] {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let inner = key.get(open + 1..)?;
        let close = inner.iter().position(|byte| *byte == b'}')?;
        inner.get(..close)
    });
    tag.filter(|tag| !tag.is_empty()).unwrap_or(key)
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc: u16, byte| {
        let [high, low] = crc.to_be_bytes();
        (u16::from(low) << 8) ^ TABLE[usize::from(high ^ byte)]
    })
}

/// The remainder of each byte by the XMODEM polynomial x¹⁶ + x¹² + x⁵ + 1.
static TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};
