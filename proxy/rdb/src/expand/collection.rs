//! Lists, sets, sorted sets and hashes: their elements, one after the other, become arguments.

use record::ValueType;

use resp::number::Digits;

use super::Dialect;
use super::pieces::Pieces;
use crate::packed::Item;

/// Takes a collection's parts in the order of the RDB: items; members; members and scores; fields and values.
#[derive(Debug)]
pub(crate) struct Collection {
    kind: ValueType,
    verb: &'static [u8],
    /// The member whose score is to come.
    member: Vec<u8>,
    /// Whether half of a pair has come.
    half: bool,
}

const SCORE: &str = "a score, which is a number and not nan";

impl Collection {
    pub(crate) fn new(kind: ValueType, dialect: Dialect) -> Collection {
        let verb: &[u8] = match kind {
            ValueType::List => b"RPUSH",
            ValueType::Set => b"SADD",
            ValueType::Zset => b"ZADD",
            // HSET takes many pairs since 4.0; HMSET always did.
            _ if dialect.at_least(4, 0) => b"HSET",
            _ => b"HMSET",
        };
        Collection { kind, verb, member: Vec::new(), half: false }
    }

    pub(crate) fn push_item(&mut self, item: Item<'_>, pieces: &mut Pieces) -> Result<(), &'static str> {
        match item {
            Item::Bytes(bytes) => self.push(bytes, pieces),
            Item::Int(value) => self.push(Digits::signed(value).as_bytes(), pieces),
        }
    }

    /// The next part. Errors with what was expected instead.
    pub(crate) fn push(&mut self, bytes: &[u8], pieces: &mut Pieces) -> Result<(), &'static str> {
        match self.kind {
            ValueType::Zset if !self.half => {
                self.member.clear();
                self.member.extend_from_slice(bytes);
                self.half = true;
            }
            ValueType::Zset => {
                let score = std::str::from_utf8(bytes).ok().and_then(|text| text.trim_start().parse::<f64>().ok());
                if score.is_none_or(f64::is_nan) {
                    return Err(SCORE);
                }
                pieces.arg(self.verb, bytes);
                pieces.arg(self.verb, &self.member);
                self.half = false;
            }
            ValueType::Hash => {
                pieces.arg(self.verb, bytes);
                self.half = !self.half;
            }
            _ => pieces.arg(self.verb, bytes),
        }
        if !self.half {
            pieces.element_end();
        }
        Ok(())
    }

    /// The score of the member that came last.
    pub(crate) fn push_score(&mut self, score: f64, pieces: &mut Pieces) -> Result<(), &'static str> {
        if score.is_nan() {
            return Err(SCORE);
        }
        // `Debug` is the shortest text that reads back as the same double, and uses exponents where digits would be many.
        self.push(format!("{score:?}").as_bytes(), pieces)
    }

    /// Whether half of a pair has come: no command may end here, nor the value.
    pub(crate) fn half(&self) -> bool {
        self.half
    }
}
