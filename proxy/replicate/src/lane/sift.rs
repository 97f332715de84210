//! Takes units out of a batch that state copies have made needless.
//!
//! Only asked while copied keys are not yet passed by the frontier. A unit all of whose keys were copied at or behind it
//! is in the copies already. One of which only some were can be neither applied nor dropped: the others are copied
//! too, now, and then it is in the copies as well. A flush is applied, and what was copied from behind it is copied
//! once more.

use std::collections::BTreeSet;

use record::Offset;

use super::Lane;
use super::settle::Remedy;
use crate::batch::{Batch, Builder, Kind, Unit};
use crate::copies::Coverage;
use crate::touch::Touch;
use crate::{Error, Place};

/// What becomes of a unit.
enum Fate {
    Keep,
    Drop,
    /// What the remedy holds takes its place, or follows on it.
    Replace {
        keep: bool,
    },
}

// === impl Lane ===

impl Lane {
    /// The batch without what is in state copies already.
    pub(super) async fn sift(&mut self, batch: Batch) -> Result<Batch, Error> {
        if !batch.offset_first().is_some_and(|first| self.shared.copies.reach(first)) {
            return Ok(batch);
        }
        let mut remedy = Remedy { builder: Builder::new(self.home, true), dirty: BTreeSet::new(), end: Offset(0) };
        for (index, unit) in batch.units.iter().enumerate() {
            let (bytes, origin) = (batch.unit_bytes(index), batch.unit_origin(index));
            let fate = self.fate(unit, origin, &mut remedy)?;
            if matches!(fate, Fate::Keep | Fate::Replace { keep: true })
                && let Some(head) = batch.head(index)
            {
                remedy.builder.add_again(head, origin, bytes, unit.replies);
            }
            if matches!(fate, Fate::Replace { .. }) {
                remedy.end = unit.end;
                self.copy(&mut remedy).await?;
            }
        }
        let mut sifted = remedy.builder.seal();
        sifted.tickets = batch.tickets;
        sifted.held = batch.held;
        sifted.settled = batch.settled;
        Ok(sifted)
    }

    fn fate(&self, unit: &Unit, origin: &[u8], remedy: &mut Remedy) -> Result<Fate, Error> {
        if !self.shared.copies.reach(unit.end) || matches!(unit.kind, Kind::Library | Kind::Again) {
            return Ok(Fate::Keep);
        }
        let touch = Touch::of(&self.shared.table, origin, unit.source_db, unit.end)?;
        if unit.kind == Kind::Copy {
            let newer = touch.keys.iter().any(|key| self.shared.copies.at(key).is_some_and(|at| at > unit.end));
            return Ok(if newer { Fate::Drop } else { Fate::Keep });
        }
        if touch.swaps {
            let args = crate::assemble::commands(origin, unit.end)?;
            let place = Place::at(unit.end, args.first().map(Vec::as_slice).unwrap_or_default());
            return Err(Error::Unsettled { place });
        }
        for db in &touch.flushes {
            remedy.dirty.extend(self.shared.copies.behind(unit.end, *db));
        }
        if touch.keys.is_empty() {
            return Ok(if remedy.dirty.is_empty() { Fate::Keep } else { Fate::Replace { keep: true } });
        }
        match self.shared.copies.coverage(&touch.keys, unit.end) {
            Coverage::None if remedy.dirty.is_empty() => Ok(Fate::Keep),
            Coverage::All if touch.is_keys_only() => Ok(Fate::Drop),
            // With flushes, functions or messages beside keys: applied as it is, and every key copied behind it.
            Coverage::None | Coverage::All | Coverage::Some => {
                remedy.dirty.extend(touch.keys.iter().cloned());
                Ok(Fate::Replace { keep: !touch.is_keys_only() })
            }
        }
    }
}
