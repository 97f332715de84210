//! Sorted sets and hashes, small (packed) and large.

use super::batch::Batch;
use super::keys::{compressible, random_bytes};
use rand::Rng;
use rand::rngs::StdRng;
use redis::cmd;

/// More than this many entries outgrow the packed form of a hash (`hash-max-listpack-entries`).
const HASH_PACKED_MAX: usize = 512;
/// More than this many entries outgrow the packed form of a sorted set (`zset-max-listpack-entries`).
const ZSET_PACKED_MAX: usize = 128;

/// Scores at the edges of what a double can be, as text that Redis reads.
const SPECIAL_SCORES: [&str; 14] = [
    "-0",
    "0",
    "inf",
    "-inf",
    "0.1",
    "-0.30000000000000004",
    "1e300",
    "-1e-300",
    "5e-324",
    "1.7976931348623157e308",
    "9007199254740993",
    "-9223372036854775808",
    "3.0000000000000004",
    "123456789.125",
];

pub(super) fn hash_small(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let mut hset = cmd("HSET");
    hset.arg(key).arg("empty").arg("").arg("int").arg(rng.random::<i64>()).arg("").arg("at the empty field");
    for i in 0..rng.random_range(0..20) {
        let len = rng.random_range(0..64);
        hset.arg(format!("field{i}")).arg(random_bytes(rng, len));
    }
    batch.push(&hset);
}

/// One value of more than 64 bytes is enough to leave the packed form.
pub(super) fn hash_long_value(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let len = rng.random_range(65..2000);
    batch.push(cmd("HSET").arg(key).arg("long").arg(compressible(rng, len)).arg(random_bytes(rng, 30)).arg("binary"));
}

pub(super) fn hash_many_fields(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let mut hset = cmd("HSET");
    hset.arg(key);
    for i in 0..=HASH_PACKED_MAX {
        hset.arg(format!("f{i}")).arg(rng.random::<i32>());
    }
    batch.push(&hset);
}

pub(super) fn zset_small(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let mut zadd = cmd("ZADD");
    zadd.arg(key).arg(0).arg("");
    for i in 0..rng.random_range(1..20) {
        zadd.arg(rng.random_range(-1000..1000)).arg(format!("member{i}"));
    }
    batch.push(&zadd);
}

pub(super) fn zset_special_scores(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let mut zadd = cmd("ZADD");
    zadd.arg(key).arg(rng.random::<f64>()).arg("random");
    for score in SPECIAL_SCORES {
        zadd.arg(score).arg(format!("m{score}"));
    }
    batch.push(&zadd);
}

pub(super) fn zset_many(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let mut zadd = cmd("ZADD");
    zadd.arg(key);
    for i in 0..=ZSET_PACKED_MAX {
        zadd.arg((rng.random::<f64>() - 0.5) * 1e6).arg(format!("member{i}"));
    }
    batch.push(&zadd);
}

/// One member of more than 64 bytes is enough for a skiplist, which, unlike the packed form, keeps -0.
pub(super) fn zset_long_member_special_scores(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    batch.push(cmd("ZADD").arg(key).arg(1).arg(random_bytes(rng, 100)));
    zset_special_scores(rng, key, batch);
}

pub(super) fn geo(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    let mut geoadd = cmd("GEOADD");
    geoadd.arg(key);
    for i in 0..10 {
        geoadd.arg(rng.random_range(-180.0..180.0)).arg(rng.random_range(-85.0..85.0)).arg(format!("place{i}"));
    }
    batch.push(&geoadd);
}
