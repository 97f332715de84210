//! Commands of which only some keys pass, and those whose keys stand in two dbs.

use commands::{Group, Keys, OtherDb};
use record::{Db, Escaped};

use super::change::Change;
use super::{ChangeVerdict, Refusal, Rewritten, Rules};

impl Rules {
    /// Some keys pass and some do not: what is left of the command for those that do.
    pub(super) fn project(
        &self,
        change: &Change<'_>,
        keys: &Keys,
        out: &mut Rewritten,
    ) -> Result<ChangeVerdict, Refusal> {
        let first = self.key_passes(change.at(1));
        let moved_from_end = || change.at(3).eq_ignore_ascii_case(b"RIGHT");
        match (change.spec.name(), first) {
            ("DEL" | "UNLINK" | "TOUCH" | "EXISTS" | "PFCOUNT" | "MGET", _) => self.cut_down(change, keys, 1, out),
            ("MSET" | "MSETNX", _) if change.args.len() % 2 == 1 => self.cut_down(change, keys, 2, out),
            // The source tells of these only where they had their effect: the member was there, so was the key.
            ("SMOVE", true) => self.effect(change, b"SREM", 1, Some(3), out),
            ("SMOVE", false) => self.effect(change, b"SADD", 2, Some(3), out),
            ("RENAME" | "RENAMENX", true) => self.effect(change, b"DEL", 1, None, out),
            ("LMOVE" | "BLMOVE", true) if moved_from_end() => self.effect(change, b"RPOP", 1, None, out),
            ("LMOVE" | "BLMOVE", true) => self.effect(change, b"LPOP", 1, None, out),
            ("RPOPLPUSH" | "BRPOPLPUSH", true) => self.effect(change, b"RPOP", 1, None, out),
            _ if self.writes_nothing_of_ours(change, keys) => return Ok(ChangeVerdict::Drop),
            _ => return Err(self.partial(change, keys)),
        }
        Ok(ChangeVerdict::Rewritten { db: self.dbs.target(change.db) })
    }

    /// Keeps the keys that pass, each with the `width - 1` arguments behind it.
    fn cut_down(&self, change: &Change<'_>, keys: &Keys, width: usize, out: &mut Rewritten) {
        out.clear();
        out.push_original(0);
        for key in keys.iter().filter(|key| self.key_passes(change.at(key.position))) {
            out.push_key(key.position, self.renamed(change.at(key.position)));
            (1..width).for_each(|behind| out.push_original(key.position + behind));
        }
    }

    /// Another command on the one key that passes, which has this effect there.
    fn effect(&self, change: &Change<'_>, name: &[u8], key: usize, behind: Option<usize>, out: &mut Rewritten) {
        out.start(name);
        out.push_key(key, self.renamed(change.at(key)));
        if let Some(position) = behind {
            out.push_original(position);
        }
    }

    fn writes_nothing_of_ours(&self, change: &Change<'_>, keys: &Keys) -> bool {
        let mut written = keys.iter().filter(|key| key.access.is_write());
        change.spec.group() != Group::Unknown && written.all(|key| !self.key_passes(change.at(key.position)))
    }

    fn partial(&self, change: &Change<'_>, keys: &Keys) -> Refusal {
        let find = |passes: bool| {
            let key = keys.iter().map(|key| change.at(key.position)).find(|key| self.key_passes(key) == passes);
            key.unwrap_or_default()
        };
        let left_out = find(false);
        Refusal::Partial {
            command: change.spec.name().to_owned(),
            carried: Escaped(find(true)).to_string(),
            left_out: Escaped(left_out).to_string(),
            rule: self.why_not(change.db, left_out),
        }
    }

    // === Two dbs ===

    /// `MOVE key db`: the key under one name in two dbs. The source tells of it only where the key was there, and was
    /// not yet in the other db.
    pub(super) fn moved(
        &self,
        change: &Change<'_>,
        into: Db,
        at: usize,
        out: &mut Rewritten,
    ) -> Result<ChangeVerdict, Refusal> {
        let key = change.at(1);
        let from_target = self.dbs.target(change.db);
        if !self.key_passes(key) {
            return Ok(ChangeVerdict::Drop);
        }
        match (self.dbs.passes(change.db), self.dbs.passes(into)) {
            (false, false) => Ok(ChangeVerdict::Drop),
            (true, false) => {
                self.effect(change, b"DEL", 1, None, out);
                Ok(ChangeVerdict::Rewritten { db: from_target })
            }
            // Its value was never carried.
            (false, true) => Err(self.apart(change, (into, key), (change.db, key))),
            // Both are one db of the target, where the key stays.
            (true, true) if self.dbs.target(into) == from_target => Ok(ChangeVerdict::Drop),
            (true, true) => Ok(self.as_on_target(change, Some((into, at)), out)),
        }
    }

    /// `COPY source target [DB db] [REPLACE]`.
    pub(super) fn copied(
        &self,
        change: &Change<'_>,
        other: Option<OtherDb>,
        out: &mut Rewritten,
    ) -> Result<ChangeVerdict, Refusal> {
        change.spec.keys(change.args)?;
        let into = match other {
            Some(OtherDb::Into { db, at }) => Some((db, at)),
            _ => None,
        };
        let (from, to) = (change.at(1), change.at(2));
        let to_db = into.map_or(change.db, |(db, _)| db);
        if !self.dbs.passes(to_db) || !self.key_passes(to) {
            return Ok(ChangeVerdict::Drop);
        }
        if !self.dbs.passes(change.db) || !self.key_passes(from) {
            return Err(self.apart(change, (to_db, to), (change.db, from)));
        }
        let replaces = change.args.iter().skip(3).any(|option| option.eq_ignore_ascii_case(b"REPLACE"));
        if replaces && !self.kinds.is_all() {
            return Err(change.kind_refusal("it takes over a value whose type it does not tell"));
        }
        if self.dbs.target(change.db) == self.dbs.target(to_db) && self.renamed(from) == self.renamed(to) {
            let (first, second) = (in_db(change.db, from), in_db(to_db, to));
            return Err(Refusal::Collision { command: change.spec.name().to_owned(), first, second });
        }
        Ok(self.as_on_target(change, into, out))
    }

    /// The command with its keys and its db argument as the target has them.
    fn as_on_target(&self, change: &Change<'_>, into: Option<(Db, usize)>, out: &mut Rewritten) -> ChangeVerdict {
        let db = self.dbs.target(change.db);
        let mapped = into.map(|(into, at)| (into, self.dbs.target(into), at));
        if self.rename.is_empty() && mapped.is_none_or(|(into, target, _)| into == target) {
            return ChangeVerdict::Keep { db };
        }
        out.start_from(change.args);
        // Both commands have their keys from 1 on: MOVE one, COPY two.
        let keys = if change.spec.name() == "COPY" { 1..=2 } else { 1..=1 };
        for position in keys {
            out.set(position, &self.renamed(change.at(position)));
        }
        if let Some((_, target, at)) = mapped {
            out.set(at, target.to_string().as_bytes());
        }
        ChangeVerdict::Rewritten { db }
    }

    fn apart(&self, change: &Change<'_>, carried: (Db, &[u8]), left_out: (Db, &[u8])) -> Refusal {
        Refusal::Partial {
            command: change.spec.name().to_owned(),
            carried: in_db(carried.0, carried.1),
            left_out: in_db(left_out.0, left_out.1),
            rule: self.why_not(left_out.0, left_out.1),
        }
    }
}

fn in_db(db: Db, key: &[u8]) -> String {
    format!("{} in db {db}", Escaped(key))
}
