//! From the source's words to the target's, where their versions say the same thing differently. No IO, no clock.
//!
//! - A source before 7.0 sends times as its clients gave them, relative: `EXPIRE key 10` means ten seconds after the
//!   source executed it, not after the target hears of it. They become absolute (`expire.c`, `t_string.c`; from 7.0 on
//!   the source does that itself).
//! - A target before 7.0 does not know words that a source from 7.0 on adds: the condition of an `EXPIRE` (which has held,
//!   or the source would not have sent the command), and the counts of a stream and its groups, which only inform.

use std::borrow::Cow;

/// What has to be said differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The source's times are relative, and the target knows `SET … PXAT` (6.2).
    absolute_times: bool,
    /// The target is from before 7.0, the source is not.
    older_words: bool,
}

/// A command's words, some of them new.
pub(crate) type Words<'a> = Vec<Cow<'a, [u8]>>;

// === impl Dialect ===

impl Dialect {
    /// Between servers of these versions, each as (major, minor).
    pub(crate) fn between(source: (u8, u8), target: (u8, u8)) -> Dialect {
        Dialect {
            absolute_times: source < (7, 0) && target >= (6, 2),
            older_words: target < (7, 0) && source >= (7, 0),
        }
    }

    /// Whether every command can go as it came.
    pub(crate) fn is_identity(self) -> bool {
        self == Dialect::default()
    }

    /// The command as the target takes it; `None` is as it came. `now_ms` is the source's clock when it sent the
    /// command, in milliseconds of the Unix epoch.
    pub(crate) fn translate<'a>(self, args: &[&'a [u8]], now_ms: u64) -> Option<Words<'a>> {
        let name = args.first()?;
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        if self.absolute_times {
            let absolute = match name.len() {
                3 if is("SET") => option(args, 3, now_ms),
                5 if is("GETEX") => option(args, 2, now_ms),
                5 if is("SETEX") => set(args, 1000, now_ms),
                6 if is("PSETEX") => set(args, 1, now_ms),
                6 if is("EXPIRE") => expire(args, 1000, now_ms),
                7 if is("PEXPIRE") => expire(args, 1, now_ms),
                7 if is("RESTORE") => restore(args, now_ms),
                _ => None,
            };
            if absolute.is_some() {
                return absolute;
            }
        }
        if self.older_words {
            let keep = match name.len() {
                6 if is("EXPIRE") => 3,
                7 if is("PEXPIRE") => 3,
                8 if is("EXPIREAT") => 3,
                9 if is("PEXPIREAT") => 3,
                6 if is("XSETID") => 3,
                6 if is("XGROUP") => before(args, b"ENTRIESREAD")?,
                _ => return None,
            };
            return (args.len() > keep).then(|| words(args.get(..keep).unwrap_or_default()));
        }
        None
    }
}

fn words<'a>(args: &[&'a [u8]]) -> Words<'a> {
    args.iter().copied().map(Cow::Borrowed).collect()
}

/// Where an option stands.
fn before(args: &[&[u8]], option: &[u8]) -> Option<usize> {
    args.iter().position(|word| word.eq_ignore_ascii_case(option))
}

/// `now` and so many units of `unit_ms` milliseconds later, in digits; `None` where it is no number in range.
fn later(amount: &[u8], unit_ms: i64, now_ms: u64) -> Option<Cow<'static, [u8]>> {
    let amount = resp::number::parse_i64(amount)?.checked_mul(unit_ms)?;
    let at = i64::try_from(now_ms).ok()?.checked_add(amount)?;
    Some(Cow::Owned(at.to_string().into_bytes()))
}

/// `EXPIRE key amount` → `PEXPIREAT key at`.
fn expire<'a>(args: &[&'a [u8]], unit_ms: i64, now_ms: u64) -> Option<Words<'a>> {
    let [_, key, amount] = args else { return None };
    Some(vec![Cow::Borrowed(b"PEXPIREAT"), Cow::Borrowed(key), later(amount, unit_ms, now_ms)?])
}

/// `SETEX key amount value` → `SET key value PXAT at`.
fn set<'a>(args: &[&'a [u8]], unit_ms: i64, now_ms: u64) -> Option<Words<'a>> {
    let [_, key, amount, value] = args else { return None };
    let at = later(amount, unit_ms, now_ms)?;
    Some(vec![Cow::Borrowed(b"SET"), Cow::Borrowed(key), Cow::Borrowed(value), Cow::Borrowed(b"PXAT"), at])
}

/// `EX amount` or `PX amount`, from position `from` on → `PXAT at`.
fn option<'a>(args: &[&'a [u8]], from: usize, now_ms: u64) -> Option<Words<'a>> {
    let is = |word: &[u8], option: &[u8]| word.eq_ignore_ascii_case(option);
    let found = args.iter().skip(from).position(|word| is(word, b"EX") || is(word, b"PX"))? + from;
    let unit_ms = if is(args.get(found)?, b"EX") { 1000 } else { 1 };
    let at = later(args.get(found + 1)?, unit_ms, now_ms)?;
    let mut out = words(args);
    *out.get_mut(found)? = Cow::Borrowed(b"PXAT");
    *out.get_mut(found + 1)? = at;
    Some(out)
}

/// `RESTORE key ttl payload …` → the same with an absolute time.
fn restore<'a>(args: &[&'a [u8]], now_ms: u64) -> Option<Words<'a>> {
    let [_, _, ttl, _, options @ ..] = args else { return None };
    if *ttl == b"0" || before(options, b"ABSTTL").is_some() {
        return None;
    }
    let mut out = words(args);
    *out.get_mut(2)? = later(ttl, 1, now_ms)?;
    out.push(Cow::Borrowed(b"ABSTTL"));
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(dialect: Dialect, command: &str, expected: Option<&str>) {
        let args: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
        let said = dialect.translate(&args, 1_000_000);
        let said =
            said.map(|words| words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>().join(" "));
        assert_eq!(said.as_deref(), expected, "{command}");
    }

    #[test]
    fn relative_times_become_absolute() {
        let dialect = Dialect::between((6, 2), (7, 0));
        for (command, expected) in [
            ("EXPIRE k 10", Some("PEXPIREAT k 1010000")),
            ("pexpire k 10", Some("PEXPIREAT k 1000010")),
            ("EXPIRE k -1", Some("PEXPIREAT k 999000")),
            ("SETEX k 10 v", Some("SET k v PXAT 1010000")),
            ("PSETEX k 10 v", Some("SET k v PXAT 1000010")),
            ("SET k v NX EX 10", Some("SET k v NX PXAT 1010000")),
            ("SET k EX PX 10", Some("SET k EX PXAT 1000010")),
            ("GETEX k PX 10", Some("GETEX k PXAT 1000010")),
            ("RESTORE k 10 p REPLACE", Some("RESTORE k 1000010 p REPLACE ABSTTL")),
            ("RESTORE k 0 p", None),
            ("RESTORE k 10 p ABSTTL", None),
            ("SET k v", None),
            ("SET EX PX", None),
            ("EXPIRE k x", None),
            ("EXPIRE k 9223372036854775807", None),
            ("PEXPIREAT k 10", None),
        ] {
            check(dialect, command, expected);
        }
    }

    #[test]
    fn words_that_an_older_target_does_not_know_are_left_out() {
        let dialect = Dialect::between((7, 0), (6, 2));
        for (command, expected) in [
            ("PEXPIREAT k 10 GT", Some("PEXPIREAT k 10")),
            ("PEXPIREAT k 10", None),
            ("XGROUP SETID s g 1-1 ENTRIESREAD 4", Some("XGROUP SETID s g 1-1")),
            ("XGROUP CREATE s g $ MKSTREAM ENTRIESREAD 4", Some("XGROUP CREATE s g $ MKSTREAM")),
            ("XGROUP SETID s g 1-1", None),
            ("XSETID s 1-1 ENTRIESADDED 4 MAXDELETEDID 0-1", Some("XSETID s 1-1")),
            ("SET k v", None),
        ] {
            check(dialect, command, expected);
        }
    }

    #[test]
    fn between_equal_versions_nothing_changes() {
        assert!(Dialect::between((7, 0), (7, 2)).is_identity());
        assert!(Dialect::between((6, 2), (6, 0)).is_identity(), "a target that does not know PXAT");
    }
}
