//! The data set that every snapshot figure speaks of, and its writing.

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{Rng as _, RngCore as _, SeedableRng as _};
use testkit::redis::{Connection, Pipeline, pipe};

/// How many keys of each type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Of 100 bytes each.
    pub(crate) strings: u64,
    /// Of 20 fields each, values of 16 bytes.
    pub(crate) hashes: u64,
    /// Of 50 members each, 10 bytes and a score with fraction.
    pub(crate) sorted_sets: u64,
    /// Of 100 items each, 12 bytes.
    pub(crate) lists: u64,
}

impl Shape {
    /// What the published figures are measured with.
    pub(crate) const REFERENCE: Shape =
        Shape { strings: 2_000_000, hashes: 100_000, sorted_sets: 50_000, lists: 20_000 };

    /// The same mix, larger or smaller.
    pub(crate) fn scaled(self, scale: f64) -> Shape {
        let times = |keys: u64| ((keys as f64 * scale).round() as u64).max(1);
        Shape {
            strings: times(self.strings),
            hashes: times(self.hashes),
            sorted_sets: times(self.sorted_sets),
            lists: times(self.lists),
        }
    }

    /// Keys of all types.
    pub(crate) fn keys(self) -> u64 {
        self.strings + self.hashes + self.sorted_sets + self.lists
    }
}

/// Writes the data set; the same seed writes the same data.
///
/// # Errors
/// When the server refuses or is gone.
pub(crate) fn fill(client: &mut Connection, shape: Shape, seed: u64) -> Result<()> {
    let mut rng = StdRng::seed_from_u64(seed);
    in_batches(client, shape.strings, 500, |batch, number| {
        batch.cmd("SET").arg(format!("string:{number}")).arg(text(&mut rng, 100));
    })?;
    in_batches(client, shape.hashes, 50, |batch, number| {
        batch.cmd("HSET").arg(format!("hash:{number}"));
        for field in 0..20 {
            batch.arg(format!("field:{field:02}")).arg(text(&mut rng, 16));
        }
    })?;
    in_batches(client, shape.sorted_sets, 50, |batch, number| {
        batch.cmd("ZADD").arg(format!("zset:{number}"));
        for _ in 0..50 {
            batch.arg(f64::from(rng.random_range(0..100_000_000)) / 1000.0).arg(text(&mut rng, 10));
        }
    })?;
    in_batches(client, shape.lists, 50, |batch, number| {
        batch.cmd("RPUSH").arg(format!("list:{number}"));
        for _ in 0..100 {
            batch.arg(text(&mut rng, 12));
        }
    })
}

/// Writes `keys` keys, so many in one round trip.
fn in_batches(
    client: &mut Connection,
    keys: u64,
    batch_keys: u64,
    mut add: impl FnMut(&mut Pipeline, u64),
) -> Result<()> {
    let mut number = 0;
    while number < keys {
        let end = keys.min(number + batch_keys);
        let mut batch = pipe();
        for key in number..end {
            add(&mut batch, key);
            batch.ignore();
        }
        batch.exec(client)?;
        number = end;
    }
    Ok(())
}

/// Letters and digits without pattern: nothing that the server's compression could make smaller.
pub(crate) fn text(rng: &mut StdRng, len: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = vec![0; len];
    rng.fill_bytes(&mut bytes);
    for byte in &mut bytes {
        *byte = LETTERS[usize::from(*byte & 63)];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::digest;
    use crate::tools;

    #[test]
    fn a_scaled_shape_keeps_the_mix_and_every_type() {
        let tenth = Shape { strings: 200_000, hashes: 10_000, sorted_sets: 5_000, lists: 2_000 };
        assert_eq!(Shape::REFERENCE.scaled(0.1), tenth);
        assert_eq!(tenth.keys(), 217_000);
        assert_eq!(Shape::REFERENCE.scaled(0.000_001).keys(), 5);
    }

    #[test]
    fn the_data_set_is_what_it_is_said_to_be_and_depends_on_the_seed_alone() {
        let shape = Shape { strings: 1_100, hashes: 60, sorted_sets: 55, lists: 3 };
        let filled = |seed| {
            let server = tools::server();
            fill(&mut tools::client(&server).unwrap(), shape, seed).unwrap();
            server
        };
        let server = filled(7);
        assert_eq!(server.run::<u64>(&["DBSIZE"]), shape.keys());
        for (words, expected) in [
            (["STRLEN", "string:1099"], 100),
            (["HLEN", "hash:59"], 20),
            (["ZCARD", "zset:54"], 50),
            (["LLEN", "list:2"], 100),
        ] {
            assert_eq!(server.run::<u64>(&words), expected, "{words:?}");
        }
        let of_seed_7 = digest(&server).unwrap();
        assert_eq!(digest(&filled(7)).unwrap(), of_seed_7);
        assert_ne!(digest(&filled(8)).unwrap(), of_seed_7);
    }
}
