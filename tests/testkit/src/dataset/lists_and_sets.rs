//! Lists and sets.

use super::batch::Batch;
use super::keys::{compressible, random_bytes};
use rand::Rng;
use rand::rngs::StdRng;
use redis::cmd;

pub(super) fn list_small(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let mut rpush = cmd("RPUSH");
    rpush.arg(key).arg("").arg("12").arg("012").arg("-");
    for _ in 0..rng.random_range(0..20) {
        let len = rng.random_range(0..100);
        rpush.arg(random_bytes(rng, len));
    }
    batch.push(&rpush);
}

/// A packed list holds integers in six widths.
pub(super) fn list_of_integers(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let mut rpush = cmd("RPUSH");
    rpush.arg(key);
    for bits in [0, 6, 7, 8, 12, 13, 15, 16, 23, 24, 31, 32, 62] {
        let bound = 1_i64 << bits;
        rpush.arg(bound - 1).arg(bound).arg(-bound).arg(-bound - 1).arg(rng.random_range(-bound..=bound));
    }
    rpush.arg(i64::MAX).arg(i64::MIN);
    batch.push(&rpush);
}

/// Several times the 8 KB that one node holds.
pub(super) fn list_many_nodes(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    for _ in 0..4 {
        let mut rpush = cmd("RPUSH");
        rpush.arg(key);
        for i in 0..60 {
            // Both lengths of a long element in a packed list (12 and 32 bits), compressible nodes and others.
            let len = rng.random_range(0..300);
            rpush.arg(if i % 2 == 0 { random_bytes(rng, len) } else { compressible(rng, len) });
        }
        rpush.arg(compressible(rng, 5000));
        batch.push(&rpush);
    }
}

/// Large elements get nodes of their own; by default only from 1 GB on, so the bound is lowered for the moment.
pub(super) fn list_plain_nodes(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    batch.push(cmd("DEBUG").arg("QUICKLIST-PACKED-THRESHOLD").arg("10000b"));
    let mut rpush = cmd("RPUSH");
    rpush.arg(key).arg(random_bytes(rng, 12_000)).arg("small").arg(compressible(rng, 15_000)).arg(7);
    batch.push(&rpush);
    batch.push(cmd("DEBUG").arg("QUICKLIST-PACKED-THRESHOLD").arg("0"));
}

pub(super) fn set_16(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let members: Vec<i16> = (0..rng.random_range(1..50)).map(|_| rng.random()).collect();
    batch.push(cmd("SADD").arg(key).arg(i16::MIN).arg(members));
}

pub(super) fn set_32(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let members: Vec<i32> = (0..rng.random_range(1..50)).map(|_| rng.random()).collect();
    batch.push(cmd("SADD").arg(key).arg(i32::MAX).arg(members));
}

pub(super) fn set_64(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let members: Vec<i64> = (0..rng.random_range(1..50)).map(|_| rng.random()).collect();
    batch.push(cmd("SADD").arg(key).arg(i64::MIN).arg(members));
}

pub(super) fn set_small(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    batch.push(cmd("SADD").arg(key).arg("").arg("word").arg(rng.random::<i32>()).arg(random_bytes(rng, 20)));
}

pub(super) fn set_large(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let members: Vec<Vec<u8>> =
        (0..200).map(|i| [format!("m{i}").into_bytes(), random_bytes(rng, 8)].concat()).collect();
    batch.push(cmd("SADD").arg(key).arg(members));
}
