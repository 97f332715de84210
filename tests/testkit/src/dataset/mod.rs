//! Seeded data sets: every type in every encoding, in many databases, under every sort of key.
//!
//! [`Dataset::new`] takes the seed, [`Dataset::load`] writes the keys and then asks the server, by OBJECT ENCODING,
//! whether each of them is stored as it was meant to be. The same seed gives the same keys and values; deadlines
//! are relative to the moment of loading.

mod batch;
mod functions;
mod hashes_and_zsets;
mod keys;
mod lists_and_sets;
mod shape;
mod streams;
mod strings;
#[cfg(test)]
mod tests;

use crate::server::{Kind, Server};
use batch::Batch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use redis::{Connection, Value};
use shape::{Many, SHAPES, Shape};
use std::collections::BTreeMap;

/// What to generate. Everything but the seed has a default.
#[derive(Clone, Debug)]
pub struct Dataset {
    seed: u64,
    keys_per_shape: usize,
    dbs: Vec<u32>,
    large_values: bool,
    expiries: bool,
    functions: bool,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// Number of keys over all databases.
    pub keys: usize,
    /// How many keys have a deadline.
    pub with_deadline: usize,
    /// How many keys there are of each shape (`hash-small`, `zset-skiplist` …).
    pub shapes: BTreeMap<&'static str, usize>,
    /// How many keys have each encoding, as `type/encoding` in the server's own words.
    pub encodings: BTreeMap<String, usize>,
}

/// One key that was written, until its encoding has been checked.
struct Written {
    shape: &'static Shape,
    key: Vec<u8>,
}

impl Dataset {
    /// Three keys of each shape in each of 16 databases, large values once, deadlines on a part, two libraries.
    ///
    /// The seed is printed, and so shown when a test fails.
    pub fn new(seed: u64) -> Dataset {
        println!("data set seed: {seed}");
        let dbs = (0..16).collect();
        Dataset { seed, keys_per_shape: 3, dbs, large_values: true, expiries: true, functions: true }
    }

    /// How many keys of each of some 30 shapes are written to each database.
    #[must_use]
    pub fn keys_per_kind(mut self, count: usize) -> Self {
        self.keys_per_shape = count;
        self
    }

    /// Which databases are written to. Shapes that occur once occur in the first of them.
    #[must_use]
    pub fn dbs(mut self, dbs: impl IntoIterator<Item = u32>) -> Self {
        self.dbs = dbs.into_iter().collect();
        self
    }

    /// Whether there are values of megabytes (some 15 MB in all).
    #[must_use]
    pub fn large_values(mut self, wanted: bool) -> Self {
        self.large_values = wanted;
        self
    }

    /// Whether a part of the keys gets a deadline: minutes, hours or years ahead, to the millisecond.
    #[must_use]
    pub fn expiries(mut self, wanted: bool) -> Self {
        self.expiries = wanted;
        self
    }

    /// Whether function libraries are loaded, where the server knows functions.
    #[must_use]
    pub fn functions(mut self, wanted: bool) -> Self {
        self.functions = wanted;
        self
    }

    /// Writes the data set, and checks that the server stores each key in the encoding it was made for.
    ///
    /// # Panics
    /// When the server refuses a command or stores a key in another encoding.
    pub fn load(&self, server: &Server) -> Loaded {
        let mut loaded = Loaded::default();
        for (at, &db) in self.dbs.iter().enumerate() {
            // A generator per database: taking away a database leaves the others as they are.
            let mut rng = StdRng::seed_from_u64(self.seed ^ (u64::from(db) << 32));
            let mut batch = Batch::new(server.client_db(db));
            let shapes = SHAPES.iter().enumerate().filter(|(_, shape)| (shape.exists)(server.kind()));
            let mut written = Vec::new();
            for (number, shape) in shapes {
                for i in 0..self.count(shape, at == 0) {
                    let key = shape.key(&mut rng, number, i);
                    (shape.make)(&mut rng, &key, &mut batch);
                    loaded.with_deadline += usize::from(self.expiries && set_deadline(&mut rng, &key, &mut batch));
                    written.push(Written { shape, key });
                }
            }
            let mut connection = batch.finish();
            loaded.check(server.kind(), &mut connection, &written);
        }
        if self.functions && server.kind().is_7_or_later() {
            functions::load(&mut server.client());
        }
        loaded
    }

    /// How many keys of a shape go into one database.
    fn count(&self, shape: &Shape, first_db: bool) -> usize {
        match shape.many {
            Many::InEveryDb => self.keys_per_shape,
            Many::OnceInEveryDb => 1,
            Many::Large(count) if first_db && self.large_values => count,
            Many::Large(_) => 0,
        }
    }
}

/// Gives about a third of the keys a deadline; answers whether this one got it.
fn set_deadline(rng: &mut StdRng, key: &[u8], batch: &mut Batch) -> bool {
    const MINUTE_MS: i64 = 60_000;
    let ms = match rng.random_range(0..9) {
        // Nearer ones would pass during a slow test, and its comparison would have to leave them out.
        0 => rng.random_range(15 * MINUTE_MS..60 * MINUTE_MS),
        1 => rng.random_range(60 * MINUTE_MS..10_000 * MINUTE_MS),
        2 => rng.random_range(10_000 * MINUTE_MS..50_000_000 * MINUTE_MS),
        _ => return false,
    };
    batch.push(redis::cmd("PEXPIRE").arg(key).arg(ms));
    true
}

impl Loaded {
    /// Counts keys and compares their encodings with those they were made for.
    fn check(&mut self, kind: Kind, connection: &mut Connection, written: &[Written]) {
        for part in written.chunks(1000) {
            let mut ask = redis::pipe();
            for Written { key, shape } in part {
                ask.cmd("TYPE").arg(key).cmd("OBJECT").arg("ENCODING").arg(key);
                ask.cmd(shape.probe.first().unwrap_or(&"EXISTS"))
                    .arg(shape.probe.get(1..).unwrap_or_default())
                    .arg(key);
            }
            let answers: Vec<(String, String, Value)> = ask.query(connection).expect("the server knows its keys");
            for (Written { shape, key }, (type_name, encoding, probe)) in part.iter().zip(answers) {
                let key = key.escape_ascii();
                assert_eq!(encoding, (shape.encoding)(kind), "encoding of {key} ({}) on {kind}", shape.name);
                assert!((shape.probe_holds)(&probe), "{key} ({}) on {kind} is not as meant: {probe:?}", shape.name);
                *self.encodings.entry(format!("{type_name}/{encoding}")).or_default() += 1;
                *self.shapes.entry(shape.name).or_default() += 1;
                self.keys += 1;
            }
        }
    }
}
