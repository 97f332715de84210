//! What a unit touches: which keys in which dbs, and what beside keys. Only asked when an outcome is uncertain.

use commands::{Class, OtherDb, Table};
use record::{Db, Offset};

use crate::assemble::commands;
use crate::{Error, Place};

/// What a unit touches.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Touch {
    /// Every key that it names, to be read or written, each once.
    pub(crate) keys: Vec<(Db, Vec<u8>)>,
    /// The dbs that it empties; `None` is all of them.
    pub(crate) flushes: Vec<Option<Db>>,
    /// It swaps two dbs: every key of both becomes another.
    pub(crate) swaps: bool,
    /// It holds commands that touch the server beside any key: functions, scripts.
    pub(crate) server: bool,
    /// It sends messages.
    pub(crate) publishes: bool,
}

// === impl Touch ===

impl Touch {
    /// What the unit `bytes` touches, a command or a transaction that begins with `db` selected.
    pub(crate) fn of(table: &Table, bytes: &[u8], db: Db, end: Offset) -> Result<Touch, Error> {
        let mut touch = Touch::default();
        let mut selected = db;
        for args in commands(bytes, end)? {
            let name = args.first().copied().unwrap_or_default();
            if name.eq_ignore_ascii_case(b"SELECT") {
                selected = parse_db(args.get(1).copied().unwrap_or_default()).unwrap_or(selected);
            } else {
                touch.command(table, &args, selected, end)?;
            }
        }
        touch.keys.sort_unstable();
        touch.keys.dedup();
        Ok(touch)
    }

    /// Whether keys are all that it touches.
    pub(crate) fn is_keys_only(&self) -> bool {
        self.flushes.is_empty() && !self.swaps && !self.server && !self.publishes
    }

    fn command(&mut self, table: &Table, args: &[&[u8]], db: Db, end: Offset) -> Result<(), Error> {
        let unknown = |reason: String| Error::NotUnderstood { place: Place::at(end, args), reason };
        let spec = table.resolve(args).ok_or_else(|| unknown("its keys are not known".to_owned()))?;
        let keys = spec.keys(args).map_err(|error| unknown(error.to_string()))?;
        let other = spec.other_db(args).map_err(|error| unknown(error.to_string()))?;
        match spec.class() {
            Class::Control | Class::Admin => return Ok(()),
            Class::Publish => self.publishes = true,
            Class::Server => self.server = true,
            Class::Barrier => match (other, spec.container()) {
                (Some(OtherDb::Swap { .. }), _) => self.swaps = true,
                (_, "FLUSHDB") => self.flushes.push(Some(db)),
                _ => self.flushes.push(None),
            },
            Class::Write | Class::Read | Class::Script => {}
        }
        for key in keys.iter() {
            let name = args.get(key.position).copied().unwrap_or_default();
            self.keys.push((db, name.to_vec()));
            if let Some(OtherDb::Into { db: other, .. }) = other {
                self.keys.push((other, name.to_vec()));
            }
        }
        Ok(())
    }
}

/// A db's number, as `SELECT` takes it.
pub(crate) fn parse_db(digits: &[u8]) -> Option<Db> {
    resp::number::parse_u64(digits).and_then(|number| u32::try_from(number).ok()).map(Db)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(commands: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for command in commands {
            let args: Vec<&[u8]> = command.split(' ').map(str::as_bytes).collect();
            resp::encode::command(&mut bytes, &args);
        }
        bytes
    }

    fn touch(commands: &[&str]) -> Touch {
        Touch::of(&Table::builtin(), &unit(commands), Db(3), Offset(1)).unwrap()
    }

    fn key(db: u32, name: &str) -> (Db, Vec<u8>) {
        (Db(db), name.as_bytes().to_vec())
    }

    #[test]
    fn keys_are_found_in_the_db_that_is_selected_where_they_stand() {
        let touched = touch(&["MULTI", "SET a 1", "SELECT 5", "DEL b a", "SET b 2", "EXEC"]);
        assert_eq!(touched.keys, [key(3, "a"), key(5, "a"), key(5, "b")]);
        assert!(touched.is_keys_only());
    }

    #[test]
    fn a_key_that_is_read_counts_and_so_does_the_db_it_moves_to() {
        assert_eq!(touch(&["SUNIONSTORE t a b"]).keys, [key(3, "a"), key(3, "b"), key(3, "t")]);
        assert_eq!(touch(&["MOVE a 7"]).keys, [key(3, "a"), key(7, "a")]);
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        assert_eq!(touch(&["FLUSHDB"]).flushes, [Some(Db(3))]);
        assert_eq!(touch(&["FLUSHALL ASYNC"]).flushes, [None]);
        assert!(touch(&["SWAPDB 0 1"]).swaps);
        assert!(touch(&["SCRIPT FLUSH"]).server);
        assert!(touch(&["PUBLISH c m"]).publishes);
        assert!(Touch::of(&Table::builtin(), &unit(&["NEWCMD k"]), Db(0), Offset(1)).is_err());
    }
}
