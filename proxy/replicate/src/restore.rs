//! A key's value as commands for the target.
//!
//! Usually one `RESTORE key deadline payload REPLACE ABSTTL`: the value's bytes stand in the payload as they stand in the
//! snapshot. A target too old for the value's encoding, or for `ABSTTL` (before 5.0), gets plain commands.

use record::{Deadline, Eviction};

/// What a target understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Understands {
    /// The newest RDB version that its `RESTORE` takes.
    pub(crate) rdb_version: u16,
    pub(crate) dialect: rdb::Dialect,
}

/// The first RDB version whose servers know `RESTORE … ABSTTL` (Redis 5.0).
const ABSTTL_RDB_VERSION: u16 = 9;

/// A value as a snapshot or `DUMP` has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a> {
    pub(crate) rdb_type: u8,
    pub(crate) raw: &'a [u8],
    pub(crate) version: u16,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) eviction: Option<Eviction>,
}

// === impl Value ===

impl<'a> Value<'a> {
    /// A string without a deadline that stands in the value as it is. `SET` brings the target to the same, encoding
    /// included, and spares it the checksum of a `RESTORE`.
    fn as_plain_string(&self) -> Option<&'a [u8]> {
        let is_bare = self.rdb_type == 0 && self.deadline.is_none() && self.eviction.is_none();
        is_bare.then(|| rdb::plain_string(self.raw)).flatten()
    }
}

// === impl Understands ===

impl Understands {
    /// What a server of this version understands, `redis_version` as its INFO has it.
    pub(crate) fn of_version(version: &str) -> Understands {
        let mut parts = version.split('.').map(|part| part.parse::<u8>().unwrap_or(0));
        let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        let rdb_version = match (major, minor) {
            (0..=2, _) | (3, 0..=1) => 6,
            (3, _) => 7,
            (4, _) => 8,
            (5 | 6, _) => 9,
            (7, 0..=1) => 10,
            (7, 2..=3) => 11,
            (7, _) => 12,
            _ => 12,
        };
        Understands { rdb_version, dialect: rdb::Dialect { major, minor } }
    }

    /// Whether a value of this type can go as one `RESTORE`.
    pub(crate) fn restores(&self, rdb_type: u8) -> bool {
        self.rdb_version >= ABSTTL_RDB_VERSION
            && rdb::type_min_version(rdb_type).is_some_and(|first| first <= u32::from(self.rdb_version))
    }

    /// Appends what sets `key` to `value`, and tells how many replies that will have.
    pub(crate) fn encode(
        &self,
        out: &mut Vec<u8>,
        key: &[u8],
        value: Value<'_>,
        replace: bool,
        limits: &rdb::Limits,
    ) -> Result<u32, rdb::Error> {
        if replace && let Some(text) = value.as_plain_string() {
            resp::encode::command(out, &[b"SET", key, text]);
            return Ok(1);
        }
        if self.restores(value.rdb_type) {
            self.restore(out, key, value, replace);
            return Ok(1);
        }
        let how = rdb::Expansion { replace, deadline: value.deadline, dialect: self.dialect };
        let mut replies = 0;
        rdb::expand(value.rdb_type, value.raw, key, how, limits, |commands, count| {
            out.extend_from_slice(commands);
            replies += count;
        })?;
        Ok(replies)
    }

    fn restore(&self, out: &mut Vec<u8>, key: &[u8], value: Value<'_>, replace: bool) {
        let absolute = value.deadline.is_some();
        let words = 4 + usize::from(replace) + usize::from(absolute) + 2 * usize::from(value.eviction.is_some());
        resp::encode::command_header(out, words);
        resp::encode::bulk(out, b"RESTORE");
        resp::encode::bulk(out, key);
        // 0 would mean no deadline: the first millisecond of 1970 is past all the same.
        resp::encode::bulk_unsigned(out, value.deadline.map_or(0, |deadline| deadline.0.max(1)));
        resp::encode::bulk_header(out, rdb::dump::payload_len(value.raw.len()) as u64);
        rdb::dump::payload(out, value.rdb_type, value.raw, value.version.min(self.rdb_version));
        out.extend_from_slice(b"\r\n");
        if replace {
            resp::encode::bulk(out, b"REPLACE");
        }
        if absolute {
            resp::encode::bulk(out, b"ABSTTL");
        }
        match value.eviction {
            None => {}
            Some(Eviction::Idle(seconds)) => {
                resp::encode::bulk(out, b"IDLETIME");
                resp::encode::bulk_unsigned(out, seconds);
            }
            Some(Eviction::Freq(frequency)) => {
                resp::encode::bulk(out, b"FREQ");
                resp::encode::bulk_unsigned(out, u64::from(frequency));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(deadline: Option<u64>, eviction: Option<Eviction>) -> Value<'static> {
        Value { rdb_type: 0, raw: b"\x01v", version: 11, deadline: deadline.map(Deadline), eviction }
    }

    fn words(version: &str, value: Value<'_>, replace: bool) -> Vec<String> {
        let mut out = Vec::new();
        let replies = Understands::of_version(version).encode(&mut out, b"k", value, replace, &rdb::Limits::default());
        let commands = crate::assemble::commands(&out, record::Offset(0)).unwrap();
        assert_eq!(replies.unwrap() as usize, commands.len());
        let text = |word: &&[u8]| word.escape_ascii().to_string();
        commands.iter().map(|args| args.iter().map(text).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn a_value_goes_as_restore_in_the_older_version_of_the_two() {
        let sent = words("7.0.15", value(None, None), false);
        assert!(sent[0].starts_with("RESTORE k 0 \\x00\\x01v\\n\\x00"), "{sent:?}");
        let list = Value { rdb_type: 1, raw: b"\x01\x01v", ..value(None, None) };
        assert!(words("7.0.15", list, true)[0].ends_with("REPLACE"));
        let sent = words("7.0.15", value(Some(5000), Some(Eviction::Idle(7))), false);
        assert!(sent[0].starts_with("RESTORE k 5000 ") && sent[0].ends_with("ABSTTL IDLETIME 7"), "{sent:?}");
        let sent = words("7.0.15", value(Some(0), Some(Eviction::Freq(3))), true);
        assert!(sent[0].starts_with("RESTORE k 1 ") && sent[0].ends_with("REPLACE ABSTTL FREQ 3"), "{sent:?}");
    }

    #[test]
    fn a_string_that_stands_there_as_it_is_goes_as_set_where_it_may_replace() {
        assert_eq!(words("7.0.15", value(None, None), true), ["SET k v"]);
        let integer = Value { raw: b"\xc0\x05", ..value(None, None) };
        assert!(words("7.0.15", integer, true)[0].starts_with("RESTORE k 0 "));
    }

    #[test]
    fn a_target_too_old_for_the_value_gets_plain_commands() {
        assert_eq!(words("4.0.14", value(Some(5000), None), true), ["DEL k", "SET k v", "PEXPIREAT k 5000"]);
        assert!(Understands::of_version("7.0.0").restores(16) && !Understands::of_version("6.2.5").restores(16));
    }
}
