//! Keys of every sort, unique within a database.

use super::shape::Shape;
use rand::Rng;
use rand::rngs::StdRng;

impl Shape {
    /// The key number `i` of this shape, which stands at `number` in the table.
    ///
    /// Plain text; binary with line ends and zeros; long and compressible; a decimal number, which an RDB file
    /// holds as an integer.
    pub(super) fn key(&self, rng: &mut StdRng, number: usize, i: usize) -> Vec<u8> {
        if let Some(key) = self.fixed_key {
            return key();
        }
        let mut key = format!("{}:{i}:", self.name).into_bytes();
        match i % 4 {
            0 => key.extend_from_slice(format!("user:{}", rng.random::<u32>()).as_bytes()),
            1 => {
                key.extend_from_slice(b"\r\n\0\xff*1\r\n$4\r\n");
                key.extend(random_bytes(rng, 12));
            }
            2 => key.extend(b"long-and-repeated/".repeat(8)),
            _ => return (number * 1_000_003 + i).to_string().into_bytes(),
        }
        key
    }
}

pub(super) fn random_bytes(rng: &mut StdRng, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    rng.fill(bytes.as_mut_slice());
    bytes
}

/// Words that LZF shortens well.
pub(super) fn compressible(rng: &mut StdRng, len: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(len + 16);
    while text.len() < len {
        text.extend_from_slice([&b"carry "[..], b"ferry ", b"target ", b"source "][rng.random_range(0..4)]);
    }
    text.truncate(len);
    text
}
