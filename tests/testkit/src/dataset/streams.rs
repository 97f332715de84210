//! Streams: nodes, deleted entries, groups, consumers, pending entries, empty ones.

use super::batch::Batch;
use super::keys::random_bytes;
use rand::Rng;
use rand::rngs::StdRng;
use redis::cmd;

/// Ids are fixed, so that the same seed gives the same stream.
fn id(i: usize) -> String {
    format!("{}-{}", 1_600_000_000_000_u64 + (i as u64) * 137, i % 3)
}

fn add(rng: &mut StdRng, key: &[u8], i: usize, batch: &mut Batch) {
    let mut xadd = cmd("XADD");
    xadd.arg(key).arg(id(i)).arg("temperature").arg(rng.random_range(-40..40)).arg("note").arg(random_bytes(rng, 5));
    // Entries with the fields of the first one are stored without them; others with.
    if i % 5 == 4 {
        xadd.arg(format!("extra{i}")).arg("");
    }
    batch.push(&xadd);
}

pub(super) fn plain(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    for i in 0..rng.random_range(1..30) {
        add(rng, key, i, batch);
    }
}

/// A node takes 100 entries. Of the first, all but one are deleted, of the second all, of the third the middle.
pub(super) fn many_nodes_some_deleted(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    for i in 0..350 {
        add(rng, key, i, batch);
    }
    let deleted: Vec<String> = (1..200).chain(220..280).map(id).collect();
    batch.push(cmd("XDEL").arg(key).arg(deleted));
}

/// Groups at the start, in the middle and at the end; consumers with pending entries, with other numbers of
/// deliveries, with none; an entry that is pending and deleted.
pub(super) fn groups(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    for i in 0..40 {
        add(rng, key, i, batch);
    }
    batch.push(cmd("XGROUP").arg("CREATE").arg(key).arg("from start").arg("0"));
    batch.push(cmd("XGROUP").arg("CREATE").arg(key).arg(b"mid\xff\r\n").arg(id(20)));
    batch.push(cmd("XGROUP").arg("CREATE").arg(key).arg("at-end").arg("$"));
    batch.push(cmd("XGROUP").arg("CREATECONSUMER").arg(key).arg("at-end").arg("idle"));
    for (group, consumer) in [("from start", "anna"), ("from start", "bert"), ("from start", "")] {
        batch.push(&read_group(group, consumer, rng.random_range(1..10), key));
    }
    batch.push(cmd("XACK").arg(key).arg("from start").arg(id(0)).arg(id(3)));
    // As after a failover of consumers: delivered 7 times, last at a moment long ago.
    let claim = ["carl", "0", &id(1), "TIME", "1600000100000", "RETRYCOUNT", "7", "FORCE", "JUSTID"];
    batch.push(cmd("XCLAIM").arg(key).arg("from start").arg(&claim[..]));
    batch.push(cmd("XDEL").arg(key).arg(id(2)));
}

fn read_group(group: &str, consumer: &str, count: usize, key: &[u8]) -> redis::Cmd {
    let mut command = cmd("XREADGROUP");
    command.arg("GROUP").arg(group).arg(consumer).arg("COUNT").arg(count).arg("STREAMS").arg(key).arg(">");
    command
}

pub(super) fn empty_with_group(_: &mut StdRng, key: &[u8], batch: &mut Batch) {
    batch.push(cmd("XGROUP").arg("CREATE").arg(key).arg("waiting").arg("$").arg("MKSTREAM"));
}

/// It had entries, and its last id must not be given out again.
pub(super) fn emptied(rng: &mut StdRng, key: &[u8], batch: &mut Batch) {
    for i in 0..3 {
        add(rng, key, i, batch);
    }
    batch.push(cmd("XTRIM").arg(key).arg("MAXLEN").arg(0));
}
