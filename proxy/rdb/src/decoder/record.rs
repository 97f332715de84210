//! One record: its opcode, and what stands before a value.

use ::record::{Db, Deadline, Eviction};

use super::{Checksum, Decoder, Key, Mark, ModuleName, Outcome, Shown, State};
use crate::formats::{self, Program};
use crate::read::{Text, View};
use crate::walk::Walker;
use crate::{Error, VERSION_MAX};

/// RDB_OPCODE_* of rdb.h.
mod opcode {
    pub(super) const SLOT_INFO: u8 = 244;
    pub(super) const FUNCTION2: u8 = 245;
    pub(super) const FUNCTION_PRE_GA: u8 = 246;
    pub(super) const MODULE_AUX: u8 = 247;
    pub(super) const IDLE: u8 = 248;
    pub(super) const FREQ: u8 = 249;
    pub(super) const AUX: u8 = 250;
    pub(super) const RESIZEDB: u8 = 251;
    pub(super) const EXPIRETIME_MS: u8 = 252;
    pub(super) const EXPIRETIME: u8 = 253;
    pub(super) const SELECTDB: u8 = 254;
    pub(super) const EOF: u8 = 255;
}

impl Decoder {
    /// `REDIS` and four digits.
    pub(super) fn header(&mut self) -> Result<Outcome, Error> {
        const MAGIC: &[u8; 5] = b"REDIS";
        let view = self.input.view();
        let (Some(magic), Some(digits)) = (view.array::<5>(0), view.array::<4>(MAGIC.len())) else {
            return Ok(Outcome::NeedMore);
        };
        let not_rdb = || {
            let found = [magic.as_slice(), digits.as_slice()].concat();
            Error::NotRdb { found: ::record::Escaped(&found).to_string() }
        };
        if magic != *MAGIC {
            return Err(not_rdb());
        }
        let version = digits
            .iter()
            .try_fold(0, |number: u32, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')));
        let version = version.ok_or_else(not_rdb)?;
        if version == 0 || version > VERSION_MAX {
            return Err(Error::Version { version, writer: writer_of(version) });
        }
        self.version = Some(version);
        self.input.consume(MAGIC.len() + digits.len());
        self.state = State::Record;
        Ok(Outcome::Show(Shown::Header(version)))
    }

    /// An opcode, or a type with its key. What is not all here is read again from its first byte when there is more:
    /// a record without its value is short, or its length says at once that it is not all here.
    #[inline]
    pub(super) fn record(&mut self) -> Result<Outcome, Error> {
        let view = self.input.view();
        let [opcode, ..] = *view.bytes else { return Ok(Outcome::NeedMore) };
        match opcode {
            0..=243 => self.key(opcode),
            opcode::EXPIRETIME_MS => self.deadline(view.array(1).map(i64::from_le_bytes), 9),
            opcode::EXPIRETIME => {
                let seconds = view.array(1).map(i32::from_le_bytes);
                // -1 is "none", here as in milliseconds.
                self.deadline(seconds.map(|s| if s == -1 { -1 } else { i64::from(s) * 1000 }), 5)
            }
            opcode::FREQ => {
                let Some([freq]) = view.array(1) else { return Ok(Outcome::NeedMore) };
                self.eviction(Eviction::Freq(freq), 2)
            }
            opcode::IDLE => {
                let Some((seconds, next)) = view.length(1)? else { return Ok(Outcome::NeedMore) };
                self.eviction(Eviction::Idle(seconds), next)
            }
            opcode::SELECTDB => self.select(),
            opcode::RESIZEDB => {
                let Some(([keys, expires], next)) = lengths(view)? else { return Ok(Outcome::NeedMore) };
                self.shown(next, Shown::ResizeDb { keys, expires })
            }
            opcode::AUX => self.aux(),
            opcode::FUNCTION2 => self.function(),
            opcode::SLOT_INFO => {
                // slot, keys, keys that expire: sizes for a cluster node's dictionaries
                let Some((_, next)) = lengths::<3>(view)? else { return Ok(Outcome::NeedMore) };
                self.input.consume(next);
                Ok(Outcome::On)
            }
            opcode::MODULE_AUX => self.module_aux(),
            opcode::EOF => self.end(),
            opcode::FUNCTION_PRE_GA => Err(Error::Malformed {
                at: view.base,
                expected: "a record that a release of Redis writes (this is a function of a 7.0 release candidate)",
                found: u64::from(opcode),
            }),
        }
    }

    #[inline]
    fn key(&mut self, rdb_type: u8) -> Result<Outcome, Error> {
        let view = self.input.view();
        let Some((kind, program)) = Program::new(rdb_type) else { return Err(formats::unknown(view.base, rdb_type)) };
        let Some(text) = view.text(1, self.limits.key_bytes_max, "a key of")? else { return Ok(Outcome::NeedMore) };
        let Some(place) = view.place(text, &mut self.scratch[0])? else { return Ok(Outcome::NeedMore) };
        self.key = Key {
            rdb_type,
            kind,
            deadline: self.deadline.take(),
            eviction: self.eviction.take(),
            place,
            value: text.end(),
        };
        self.state = State::Value(Walker::new(program, self.limits.string_bytes_max));
        Ok(Outcome::On)
    }

    fn deadline(&mut self, unix_ms: Option<i64>, next: usize) -> Result<Outcome, Error> {
        let Some(unix_ms) = unix_ms else { return Ok(Outcome::NeedMore) };
        // -1 is how Redis says "none"; any other time before 1970 is as past as 1970.
        self.deadline = (unix_ms != -1).then(|| Deadline(u64::try_from(unix_ms).unwrap_or(0)));
        self.input.consume(next);
        Ok(Outcome::On)
    }

    fn eviction(&mut self, eviction: Eviction, next: usize) -> Result<Outcome, Error> {
        self.eviction = Some(eviction);
        self.input.consume(next);
        Ok(Outcome::On)
    }

    fn select(&mut self) -> Result<Outcome, Error> {
        let view = self.input.view();
        let Some((number, next)) = view.length(1)? else { return Ok(Outcome::NeedMore) };
        let number = u32::try_from(number).map_err(|_| view.malformed(1, "the number of a database", number))?;
        self.db = Db(number);
        self.shown(next, Shown::SelectDb)
    }

    fn aux(&mut self) -> Result<Outcome, Error> {
        let view = self.input.view();
        let max = self.limits.aux_bytes_max;
        let Some(name) = view.text(1, max, "the name of an AUX field of")? else { return Ok(Outcome::NeedMore) };
        let value = view.text(name.end(), max, "the value of an AUX field of")?;
        let Some(value) = value.filter(|value| value.end() <= view.bytes.len()) else { return Ok(Outcome::NeedMore) };
        let [names, values] = &mut self.scratch;
        let (Some(name), Some(value), next) = (view.place(name, names)?, view.place(value, values)?, value.end())
        else {
            return Ok(Outcome::NeedMore);
        };
        let (name, value) = (
            self.mark(name),
            match self.mark(value) {
                Mark::Scratch(_) => Mark::Scratch(1),
                input => input,
            },
        );
        self.shown(next, Shown::Aux { name, value })
    }

    fn function(&mut self) -> Result<Outcome, Error> {
        let view = self.input.view();
        let code = view.text(1, self.limits.string_bytes_max, "a function library of")?;
        let Some(end) = code.map(Text::end).filter(|end| *end <= view.bytes.len()) else {
            return Ok(Outcome::NeedMore);
        };
        let raw = Mark::Input { mark: self.input.mark(0), len: end };
        self.shown(end, Shown::Function(raw))
    }

    /// A module's id, then items up to its end as in a module's value (rdb.c, rdbSaveSingleModuleAux).
    fn module_aux(&mut self) -> Result<Outcome, Error> {
        let view = self.input.view();
        let Some((id, _)) = view.length(1)? else { return Ok(Outcome::NeedMore) };
        let Some((_, program)) = Program::new(formats::MODULE_2_TYPE) else { return Ok(Outcome::NeedMore) };
        self.input.consume(1);
        self.state = State::Discarding(Walker::new(program, self.limits.string_bytes_max));
        Ok(Outcome::Show(Shown::ModuleAux(ModuleName::of_id(id))))
    }

    /// The end, and since version 5 the checksum of all before.
    fn end(&mut self) -> Result<Outcome, Error> {
        if self.version.is_some_and(|version| version < 5) {
            self.state = State::Ended;
            return self.shown(1, Shown::End(Checksum::Absent));
        }
        let Some(stored) = self.input.view().array(1).map(u64::from_le_bytes) else { return Ok(Outcome::NeedMore) };
        self.input.consume(1);
        let computed = self.input.checksum();
        let checksum = match stored {
            0 => Checksum::Disabled,
            _ if stored == computed => Checksum::Verified,
            _ => return Err(Error::Checksum { computed, stored }),
        };
        self.state = State::Ended;
        self.shown(8, Shown::End(checksum))
    }

    fn shown(&mut self, next: usize, shown: Shown) -> Result<Outcome, Error> {
        self.input.consume(next);
        Ok(Outcome::Show(shown))
    }
}

/// So many lengths behind an opcode, and the index behind them.
fn lengths<const N: usize>(view: View<'_>) -> Result<Option<([u64; N], usize)>, Error> {
    let mut all = [0; N];
    let mut at = 1;
    for value in &mut all {
        let Some((length, next)) = view.length(at)? else { return Ok(None) };
        (*value, at) = (length, next);
    }
    Ok(Some((all, at)))
}

/// Who writes RDBs of a version that is not read here.
fn writer_of(version: u32) -> &'static str {
    match version {
        0 => "no release of Redis",
        12 => "Redis 7.4 and later",
        13.. if version < 80 => "a Redis later than 7.4",
        80.. => "Valkey 9 and later",
        _ => "an unknown server",
    }
}
