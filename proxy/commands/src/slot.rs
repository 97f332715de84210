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

/// Four bytes at a time, since every change of the stream passes here: each of the four looks up what it leaves
/// behind after the bytes that follow it in the group, and a remainder is the exclusive or of its parts.
fn crc16(bytes: &[u8]) -> u16 {
    let [last, third, second, first] = &TABLES;
    let (groups, rest) = bytes.as_chunks::<4>();
    let crc = groups.iter().fold(0, |crc: u16, [a, b, c, d]| {
        let [high, low] = crc.to_be_bytes();
        first[usize::from(a ^ high)] ^ second[usize::from(b ^ low)] ^ third[usize::from(*c)] ^ last[usize::from(*d)]
    });
    rest.iter().fold(crc, |crc, byte| {
        let [high, low] = crc.to_be_bytes();
        u16::from_be_bytes([low, 0]) ^ last[usize::from(high ^ byte)]
    })
}

/// The remainder by the XMODEM polynomial x¹⁶ + x¹² + x⁵ + 1 of each byte with 0, 1, 2 and 3 zero bytes behind it.
static TABLES: [[u16; 256]; 4] = {
    let mut tables = [[0; 256]; 4];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut zeros = 0;
        while zeros < 4 {
            let mut bit = 0;
            while bit < 8 {
                crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
                bit += 1;
            }
            tables[zeros][byte] = crc;
            zeros += 1;
        }
        byte += 1;
    }
    tables
};
