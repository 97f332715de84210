//! What to do about units that were refused, or whose outcome nobody knows.
//!
//! Sending such a unit again would double it if it was applied, and would bring it out of order where later units of
//! its keys were. So its keys are dirty: each is copied from the source as it is now ([`crate::copier`]), which takes
//! the place of every unit of it up to the copy's offset, those in flight and those to come. What is harmless to
//! send again is sent again: a whole key of the snapshot, a flush with nothing behind it. What can be settled by
//! neither ends the run in words.

use std::collections::BTreeSet;

use record::{Db, Offset};
use settings::OnExisting;

use super::Lane;
use super::flight::{Left, Trouble};
use crate::batch::{Batch, Builder, Kind, UnitHead};
use crate::touch::Touch;
use crate::{Error, Place};

/// Errors of the target that pass: memory that is freed, a disk that is mended, a right that is granted, a server that
/// has loaded. Everything else stays as it is however often it is tried.
const PASSING: [&str; 12] = [
    "OOM",
    "READONLY",
    "NOPERM",
    "LOADING",
    "MISCONF",
    "BUSY",
    "MASTERDOWN",
    "NOREPLICAS",
    "CLUSTERDOWN",
    "TRYAGAIN",
    "NOAUTH",
    "UNBLOCKED",
];

/// Errors that a change meets on a key that is gone on the target and was not at the source: its deadline has passed here
/// while the change was on its way. A state copy brings the key to what the source made of it.
const GONE: [&str; 4] = [
    "ERR no such key",
    "NOGROUP",
    "ERR The XGROUP subcommand requires the key to exist",
    "ERR The ID specified in XSETID",
];

/// What has to be sent, and what has to be copied, before a lane may go on.
#[derive(Debug)]
pub(super) struct Remedy {
    pub(super) builder: Builder,
    pub(super) dirty: BTreeSet<(Db, Vec<u8>)>,
    /// The highest offset of the units that the dirty keys are in.
    pub(super) end: Offset,
}

// === impl Lane ===

impl Lane {
    /// The link broke: connects anew and settles what was in flight.
    pub(super) async fn lost(&mut self, reason: &str) -> Result<(), Error> {
        self.wire = None;
        let wreck = self.flight.break_off();
        tracing::warn!(
            lane = self.index,
            reason,
            uncertain = wreck.uncertain.iter().map(|trouble| trouble.left.len()).sum::<usize>(),
            "link to the target lost"
        );
        for batch in wreck.unsent.into_iter().rev() {
            self.waiting.push_front(batch);
        }
        self.settling = false;
        self.refused.extend(wreck.uncertain);
        self.connect().await?;
        self.shared.progress.target_reconnect();
        if self.refused.is_empty() { Ok(()) } else { self.refused().await }
    }

    /// Units were refused, or are of unknown outcome: settles them, after a while where any was refused, unless waiting
    /// cannot help.
    pub(super) async fn refused(&mut self) -> Result<(), Error> {
        let mut first = None;
        for trouble in &self.refused {
            for left in &trouble.left {
                let Some(text) = &left.refusal else { continue };
                self.shared.progress.target_error(text);
                if self.is_gone(trouble, left, text) {
                    tracing::debug!(
                        lane = self.index,
                        error = text,
                        "a key has expired on the target before its change"
                    );
                    continue;
                }
                let place = self.judge(trouble, left, text)?;
                first.get_or_insert((place, text.clone()));
            }
        }
        self.settling = false;
        if let Some((place, error)) = first {
            self.pause(&place, &error).await;
        }
        self.settle().await
    }

    /// Whether a change met a key that is gone.
    fn is_gone(&self, trouble: &Trouble, left: &Left, text: &str) -> bool {
        let kind = trouble.batch.units.get(left.unit).map(|unit| unit.kind);
        kind == Some(Kind::Change) && GONE.iter().any(|start| text.starts_with(start))
    }

    /// Which command was refused, where that may pass; an error where it may not.
    fn judge(&self, trouble: &Trouble, left: &Left, text: &str) -> Result<Place, Error> {
        let unit = trouble.batch.units.get(left.unit);
        let end = unit.map_or(Offset(0), |unit| unit.end);
        let commands = crate::assemble::commands(trouble.batch.unit_bytes(left.unit), end)?;
        let named = |args: &&Vec<&[u8]>| {
            !args
                .first()
                .is_some_and(|name| [&b"SELECT"[..], b"MULTI"].iter().any(|control| name.eq_ignore_ascii_case(control)))
        };
        let args = commands.iter().find(named).or(commands.first()).map(Vec::as_slice).unwrap_or_default();
        if text.starts_with("BUSYKEY")
            && let Some(unit) = unit.filter(|unit| unit.kind == Kind::Entry)
        {
            let key = args.get(1).copied().unwrap_or_default().to_vec();
            return Err(Error::Exists { db: unit.target_db, key });
        }
        let place = Place::at(end, args);
        match text.split(' ').next() {
            Some(code) if PASSING.contains(&code) => Ok(place),
            _ => Err(Error::Refused { place, error: text.to_owned() }),
        }
    }

    /// Makes the batch that settles everything in trouble, and puts it before all else.
    async fn settle(&mut self) -> Result<(), Error> {
        let troubles = std::mem::take(&mut self.refused);
        let mut remedy = Remedy { builder: Builder::new(self.home, true), dirty: BTreeSet::new(), end: Offset(0) };
        let (mut tickets, mut held) = (Vec::new(), 0);
        for trouble in troubles {
            for left in &trouble.left {
                self.remedy(&trouble.batch, left, &mut remedy)?;
            }
            tickets.extend(trouble.batch.tickets);
            held += trouble.batch.held;
        }
        let copied = remedy.dirty.len();
        self.copy(&mut remedy).await?;
        let mut batch = remedy.builder.seal();
        tracing::info!(
            lane = self.index,
            keys = copied,
            units = batch.units.len(),
            "unknown outcomes settled by state copy"
        );
        batch.tickets = tickets;
        batch.held = held;
        batch.settled = true;
        self.waiting.push_front(batch);
        Ok(())
    }

    /// What settles one unit.
    fn remedy(&self, batch: &Batch, left: &Left, remedy: &mut Remedy) -> Result<(), Error> {
        let Some(unit) = batch.units.get(left.unit) else { return Ok(()) };
        let (bytes, origin) = (batch.unit_bytes(left.unit), batch.unit_origin(left.unit));
        let commands = crate::assemble::commands(bytes, unit.end)?;
        let unsettled = || Error::Unsettled {
            place: Place::at(
                unit.end,
                commands.iter().rev().nth(1).or(commands.first()).map(Vec::as_slice).unwrap_or_default(),
            ),
        };
        let head = |kind| UnitHead { end: unit.end, source_db: unit.source_db, target_db: unit.target_db, kind };
        match unit.kind {
            // Without REPLACE, an answer that the key exists would not tell whether it was ours.
            Kind::Entry if left.refusal.is_none() && self.shared.settings.target.on_existing == OnExisting::Error => {
                return Err(unsettled());
            }
            // Nothing else speaks of the key yet, so it can be sent again; once changes have been sent, one may have.
            Kind::Entry if !self.changes_sent => {
                remedy.builder.add_again(head(Kind::Entry), origin, bytes, unit.replies);
            }
            Kind::Library | Kind::Again => {
                let kind = if left.refusal.is_none() { Kind::Again } else { unit.kind };
                remedy.builder.add_again(head(kind), origin, bytes, unit.replies);
            }
            Kind::Entry | Kind::Piece | Kind::Change | Kind::Copy => {
                let touch = Touch::of(&self.shared.table, origin, unit.source_db, unit.end)?;
                if touch.swaps && left.refusal.is_none() {
                    return Err(unsettled());
                }
                if touch.publishes {
                    tracing::warn!(
                        lane = self.index,
                        "a message may not have reached the target; it is not sent twice"
                    );
                }
                // In which db a flush within a transaction stands is not told by the command alone.
                let selects =
                    commands.iter().any(|args| args.first().is_some_and(|name| name.eq_ignore_ascii_case(b"SELECT")));
                if selects && !touch.flushes.is_empty() {
                    return Err(unsettled());
                }
                let kind = if left.refusal.is_none() { Kind::Again } else { Kind::Change };
                for args in self.beside_keys(&commands) {
                    remedy.builder.add(head(kind), origin, |out| {
                        resp::encode::command(out, args);
                        1
                    });
                }
                remedy.dirty.extend(touch.keys);
                remedy.end = remedy.end.max(unit.end);
            }
        }
        Ok(())
    }

    /// Of a unit's commands those that touch no key but the db or the server, and are harmless to repeat.
    fn beside_keys<'a, 'b>(&self, commands: &'a [Vec<&'b [u8]>]) -> impl Iterator<Item = &'a Vec<&'b [u8]>> {
        use commands::Class;
        commands.iter().filter(|args| {
            let class = self.shared.table.resolve(args).map(|spec| spec.class());
            matches!(class, Some(Class::Barrier | Class::Server))
        })
    }

    /// Copies the dirty keys and adds what brings the target to them.
    pub(super) async fn copy(&self, remedy: &mut Remedy) -> Result<(), Error> {
        let keys: Vec<_> = std::mem::take(&mut remedy.dirty).into_iter().collect();
        let (shared, builder, end) = (&self.shared, &mut remedy.builder, remedy.end);
        self.copier
            .copy(&keys, |copied| {
                // Older than a unit that it is to settle: the offsets are those of another history.
                if copied.at < end {
                    let reason = format!("a state copy at offset {} is behind the stream, which is at {end}: the source's history has changed; start again", copied.at);
                    return Err(Error::Source { reason });
                }
                shared.copies.insert(copied.db, &copied.key, copied.at);
                crate::snapshot::apply_copy(shared, builder, &copied)
            })
            .await
    }
}
