//! Strings: integers, short and long ones, compressible ones, bitmaps and HyperLogLogs.

use super::batch::Batch;
use super::keys::{compressible, random_bytes};
use rand::Rng;
use rand::rngs::StdRng;
use redis::cmd;

fn set(key: &[u8], value: &[u8], batch: &mut Batch) {
    batch.push(cmd("SET").arg(key).arg(value));
}

/// Numbers around the bounds of each width that an RDB file stores integers in.
pub(super) fn integer(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    const BOUNDS: [i64; 14] = [
        0,
        -1,
        127,
        128,
        -128,
        -129,
        32_767,
        32_768,
        -32_769,
        2_147_483_647,
        2_147_483_648,
        -2_147_483_649,
        i64::MAX,
        i64::MIN,
    ];
    let value = if rng.random_bool(0.7) { BOUNDS[rng.random_range(0..BOUNDS.len())] } else { rng.random() };
    set(key, value.to_string().as_bytes(), batch);
}

/// At most 44 bytes are stored in one piece with their object. The first byte keeps it from being a number.
pub(super) fn short(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let len = rng.random_range(0..43);
    let value = [b"v".to_vec(), random_bytes(rng, len)].concat();
    set(key, &value, batch);
}

pub(super) fn random(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    // 63/64 and 16383/16384 are where the length of a string takes another form in an RDB file.
    let len = [45, 63, 64, 65, 16_383, 16_384, rng.random_range(45..20_000)][rng.random_range(0..7)];
    set(key, &random_bytes(rng, len), batch);
}

pub(super) fn words(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let len = rng.random_range(100..20_000);
    set(key, &compressible(rng, len), batch);
}

pub(super) fn large_random(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let len = rng.random_range(1 << 20..4 << 20);
    set(key, &random_bytes(rng, len), batch);
}

pub(super) fn large_words(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let len = rng.random_range(4 << 20..8 << 20);
    set(key, &compressible(rng, len), batch);
}

pub(super) fn empty(_: &mut StdRng, key: &[u8], batch: &mut Batch) {
    set(key, b"", batch);
}

pub(super) fn bitmap(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    for _ in 0..20 {
        batch.push(cmd("SETBIT").arg(key).arg(rng.random_range(500..100_000)).arg(1));
    }
}

pub(super) fn hyperloglog_sparse(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    batch.push(cmd("PFADD").arg(key).arg((0..20).map(|_| rng.random::<u64>()).collect::<Vec<_>>()));
}

/// Thousands of elements outgrow the sparse form (`hll-sparse-max-bytes`, 3000).
pub(super) fn hyperloglog_dense(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    batch.push(cmd("PFADD").arg(key).arg((0..5000).map(|_| rng.random::<u64>()).collect::<Vec<_>>()));
}
