//! One change of the live stream under the rules: db, command, type, then its keys.

use std::borrow::Cow;

use commands::{Access, Class, Group, Key, KeySpec, Keys, OtherDb, Table};
use record::{Db, Escaped};

use super::matching::{self, payload_kind};
use super::{ChangeVerdict, Refusal, Rewritten, Rules};

/// A command on its way through the rules.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change<'a> {
    pub(super) spec: &'a commands::Spec,
    /// The db that is selected.
    pub(super) db: Db,
    pub(super) args: &'a [&'a [u8]],
}

/// What the type rules say of a command.
enum Kind {
    Carried,
    LeftOut,
}

impl Rules {
    /// What becomes of a change: a command of the stream with the db that was selected for it. `out` is used where the
    /// verdict says so. `SELECT`, `MULTI` and their like are always kept; following them is the caller's work.
    ///
    /// # Errors
    /// Where the change cannot be carried as the rules ask. Never under rules that are the identity.
    pub fn change(&self, table: &Table, db: Db, args: &[&[u8]], out: &mut Rewritten) -> Result<ChangeVerdict, Refusal> {
        out.clear();
        if self.identity {
            return Ok(ChangeVerdict::Keep { db });
        }
        let Some(spec) = table.resolve(args) else { return self.unknown(args) };
        let change = Change { spec, db, args };
        if spec.class() == Class::Control {
            return Ok(ChangeVerdict::Keep { db: self.dbs.target(db) });
        }
        if !self.command_passes(spec.name()) {
            return Ok(ChangeVerdict::Drop);
        }
        match spec.class() {
            Class::Barrier => self.whole(&change, out),
            Class::Server if spec.group() == Group::Unknown => self.keyed(&change, out),
            // What they are and why they are here is for the lanes to say; the rules have no part in it.
            Class::Server | Class::Publish | Class::Admin | Class::Control => {
                Ok(ChangeVerdict::Keep { db: self.dbs.target(db) })
            }
            Class::Write | Class::Read | Class::Script => self.keyed(&change, out),
        }
    }

    /// A command that no table has: all that can be done with it is to leave it out, where a rule names it.
    fn unknown(&self, args: &[&[u8]]) -> Result<ChangeVerdict, Refusal> {
        let text = |at: usize| args.get(at).map(|arg| String::from_utf8_lossy(arg).into_owned()).unwrap_or_default();
        let names = [text(0), format!("{}|{}", text(0), text(1))];
        let is_listed = |list: &[String]| names.iter().any(|name| matching::names(list, name));
        let (include, exclude) = (&self.include.commands, &self.exclude.commands);
        if is_listed(exclude) || !include.is_empty() && !is_listed(include) {
            return Ok(ChangeVerdict::Drop);
        }
        let command = Escaped(args.first().copied().unwrap_or_default()).to_string();
        Err(Refusal::Unknown { command })
    }

    fn keyed(&self, change: &Change<'_>, out: &mut Rewritten) -> Result<ChangeVerdict, Refusal> {
        let other = change.spec.other_db(change.args)?;
        match (other, change.spec.name()) {
            (Some(OtherDb::Into { db: into, at }), "MOVE") => return self.moved(change, into, at, out),
            (other, "COPY") => return self.copied(change, other, out),
            _ => {}
        }
        if !self.dbs.passes(change.db) {
            return Ok(ChangeVerdict::Drop);
        }
        let db = self.dbs.target(change.db);
        if !self.touches_keys() {
            return Ok(ChangeVerdict::Keep { db });
        }
        let keys = change.spec.keys(change.args)?;
        if keys.is_empty() {
            return change.without_keys(db);
        }
        match self.kind(change, &keys)? {
            Kind::LeftOut => Ok(self.overwritten(change, &keys, out)),
            Kind::Carried => self.by_keys(change, &keys, out),
        }
    }

    /// All keys pass, none does, or some do.
    fn by_keys(&self, change: &Change<'_>, keys: &Keys, out: &mut Rewritten) -> Result<ChangeVerdict, Refusal> {
        let passing = keys.iter().filter(|key| self.key_passes(change.at(key.position))).count();
        if passing == 0 {
            return Ok(ChangeVerdict::Drop);
        }
        if passing < keys.len() {
            return self.project(change, keys, out);
        }
        self.check_patterns(change, keys)?;
        Ok(self.rename_keys(change, keys, out))
    }

    fn rename_keys(&self, change: &Change<'_>, keys: &Keys, out: &mut Rewritten) -> ChangeVerdict {
        let db = self.dbs.target(change.db);
        if self.rename.is_empty() {
            return ChangeVerdict::Keep { db };
        }
        out.start_from(change.args);
        let mut changed = false;
        for key in keys.iter() {
            if let Cow::Owned(name) = self.renamed(change.at(key.position)) {
                out.set(key.position, &name);
                changed = true;
            }
        }
        if changed { ChangeVerdict::Rewritten { db } } else { ChangeVerdict::Keep { db } }
    }

    /// The types that a command is about. See the module's "Types in the stream".
    fn kind(&self, change: &Change<'_>, keys: &Keys) -> Result<Kind, Refusal> {
        if self.kinds.is_all() {
            return Ok(Kind::Carried);
        }
        let verdict = |passes: bool| if passes { Kind::Carried } else { Kind::LeftOut };
        let overwrites = keys.iter().any(|key| key.access == Access::Overwrite);
        match change.spec.group() {
            _ if matches!(change.spec.name(), "RESTORE" | "RESTORE-ASKING") => {
                let kind = payload_kind(change.at(3));
                let kind =
                    kind.ok_or_else(|| change.kind_refusal("the type of its payload is not known to keyferry"))?;
                Ok(verdict(self.kinds.has(kind)))
            }
            Group::Value(kind) => {
                let sources = change.spec.source_types();
                if overwrites && self.kinds.has(kind) && sources.iter().any(|source| !self.kinds.has(*source)) {
                    return Err(change.kind_refusal("its sources may be of another type than its result"));
                }
                Ok(verdict(self.kinds.has(kind)))
            }
            Group::Generic if overwrites => {
                Err(change.kind_refusal("it takes over a value whose type it does not tell"))
            }
            Group::Generic => Ok(Kind::Carried),
            Group::Unknown => Err(change.kind_refusal("it may work on values of any type")),
        }
    }

    /// A command whose result is of a type that is left out. The keys that it overwrites held something that may have
    /// been carried, and is gone.
    fn overwritten(&self, change: &Change<'_>, keys: &Keys, out: &mut Rewritten) -> ChangeVerdict {
        out.start(b"DEL");
        let gone = |key: &Key| key.access == Access::Overwrite && self.key_passes(change.at(key.position));
        for key in keys.iter().filter(gone) {
            out.push_key(key.position, self.renamed(change.at(key.position)));
        }
        if out.len() == 1 {
            out.clear();
            return ChangeVerdict::Drop;
        }
        ChangeVerdict::Rewritten { db: self.dbs.target(change.db) }
    }

    /// `SORT … BY w_* GET v_* STORE …` reads keys that it makes up from elements; their names, and whether the target
    /// has them, are out of the rules' reach.
    fn check_patterns(&self, change: &Change<'_>, keys: &Keys) -> Result<(), Refusal> {
        if change.spec.key_spec() != KeySpec::Sort || !keys.iter().any(|key| key.access.is_write()) {
            return Ok(());
        }
        let is = |option: &[u8], name: &[u8]| option.eq_ignore_ascii_case(name);
        let by_pattern = change.args.windows(2).skip(2).any(|pair| {
            matches!(pair, [option, pattern] if (is(option, b"BY") || is(option, b"GET")) && pattern.contains(&b'*'))
        });
        if by_pattern {
            let command = change.spec.name().to_owned();
            return Err(Refusal::Unnamed { command, why: "its BY and GET patterns make up names of keys" });
        }
        Ok(())
    }
}

impl Change<'_> {
    /// The argument at this position.
    pub(super) fn at(&self, position: usize) -> &[u8] {
        self.args.get(position).copied().unwrap_or_default()
    }

    /// Under rules about keys, a command that names none: only one of which we know that it has no effect passes.
    fn without_keys(&self, db: Db) -> Result<ChangeVerdict, Refusal> {
        let command = self.spec.name().to_owned();
        match (self.spec.class(), self.spec.group()) {
            (Class::Script, _) => Err(Refusal::Unnamed { command, why: "it is a script, called without keys" }),
            (_, Group::Unknown) => Err(Refusal::Unnamed { command, why: "it is a module's, and names no key" }),
            _ => Ok(ChangeVerdict::Keep { db }),
        }
    }

    pub(super) fn kind_refusal(&self, why: &'static str) -> Refusal {
        let first = self.spec.keys(self.args).ok().and_then(|keys| keys.iter().next());
        let key = Escaped(first.map(|key| self.at(key.position)).unwrap_or_default()).to_string();
        Refusal::Kind { command: self.spec.name().to_owned(), key, why }
    }
}
