//! From snapshot bytes to units on lanes.

use record::{Db, Deadline, Offset, ValueType};
use route::rules::{EntryVerdict, EntryView};
use settings::OnExisting;

use crate::batch::{Builder, Kind, UnitHead};
use crate::copier::Copied;
use crate::existing::Existing;
use crate::restore::Value;
use crate::router::Router;
use crate::shared::Shared;
use crate::{Error, Place};

/// One snapshot on its way.
#[derive(Debug)]
pub(crate) struct Snapshot {
    decoder: rdb::Decoder,
    /// The offset that the snapshot stands at.
    at: Offset,
    /// The RDB version that it is written in.
    version: u16,
    /// A payload of `FUNCTION RESTORE`, as far as it has come.
    functions: Vec<u8>,
    /// The big key whose pieces follow.
    big: Option<Big>,
    /// The db that the stream behind the snapshot has selected. A source that is a replica itself passes its master's
    /// stream on as it is, and its master said long ago which db it is about (rdb.c, rdbSaveInfoAuxFields).
    stream_db: Option<Db>,
}

/// A key that comes in pieces.
#[derive(Debug)]
struct Big {
    head: UnitHead,
    key: Vec<u8>,
    /// A command that names the key as the source has it, for [`crate::touch`].
    origin: Vec<u8>,
}

/// What has to be decided before more can be decoded.
enum Next {
    /// More bytes are needed.
    Bytes,
    /// A big key begins.
    Big { db: Db, key: Vec<u8>, kind: ValueType, deadline: Option<Deadline> },
    /// A key has to go as plain commands, if it may.
    Expand(Box<Whole>),
    /// The snapshot is complete.
    End,
}

/// A whole entry taken out of the decoder.
struct Whole {
    db: Db,
    target_db: Db,
    key: Vec<u8>,
    target_key: Vec<u8>,
    rdb_type: u8,
    raw: Vec<u8>,
    deadline: Option<Deadline>,
}

// === impl Snapshot ===

impl Snapshot {
    /// A snapshot that stands at offset `at` of its source.
    pub(crate) fn new(shared: &Shared, at: Offset) -> Snapshot {
        let decoder = rdb::Decoder::new(shared.rdb_limits);
        Snapshot { decoder, at, version: 0, functions: Vec::new(), big: None, stream_db: None }
    }

    /// Takes bytes of the snapshot. True when it is complete.
    pub(crate) async fn feed(
        &mut self,
        bytes: &[u8],
        shared: &Shared,
        router: &mut Router,
        existing: &mut Existing,
    ) -> Result<bool, Error> {
        self.decoder.feed(bytes);
        loop {
            match self.advance(shared, router)? {
                Next::Bytes => return Ok(false),
                Next::End => {
                    self.libraries(shared, router);
                    return Ok(true);
                }
                Next::Big { db, key, kind, deadline } => {
                    self.begin_big(shared, existing, (db, key), kind, deadline).await?;
                }
                Next::Expand(whole) => self.expand(shared, router, existing, *whole).await?,
            }
        }
    }

    /// Everything was fed: an error where the snapshot is not complete.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        self.decoder.finish().map_err(|error| unreadable(&self.decoder, &error))
    }

    /// The db that the stream behind the snapshot begins in.
    pub(crate) fn stream_db(&self) -> Db {
        self.stream_db.unwrap_or_default()
    }

    /// Decodes until something has to be waited for.
    fn advance(&mut self, shared: &Shared, router: &mut Router) -> Result<Next, Error> {
        loop {
            let at = self.decoder.position();
            let step = match self.decoder.next() {
                Ok(step) => step,
                Err(error) => return Err(Error::Snapshot { at, reason: error.to_string() }),
            };
            let rdb::Step::Event(event) = step else { return Ok(Next::Bytes) };
            match event {
                rdb::Event::Header { version } => self.version = version as u16,
                rdb::Event::Aux { name: b"repl-stream-db", value } => {
                    self.stream_db = crate::touch::parse_db(value);
                }
                rdb::Event::Aux { name, value } => script(name, value, self.at, router),
                rdb::Event::SelectDb(_) => {}
                rdb::Event::ResizeDb { keys, .. } => shared.progress.keys_announced(keys),
                rdb::Event::Function { raw } => self.functions.extend_from_slice(raw),
                rdb::Event::ModuleAux { module } => {
                    tracing::warn!(
                        ?module,
                        "the snapshot holds data of a module beside its keys; no command carries it, it is left out"
                    );
                }
                rdb::Event::Entry(entry) => {
                    if let Some(whole) = put_entry(shared, router, entry, self.at, self.version)? {
                        return Ok(Next::Expand(Box::new(whole)));
                    }
                }
                rdb::Event::Big(head) => {
                    let (db, key, kind, deadline) = (head.db, head.key.to_vec(), head.kind, head.deadline);
                    return Ok(Next::Big { db, key, kind, deadline });
                }
                rdb::Event::Piece { commands, count, last } => {
                    if let Some(big) = &self.big
                        && count > 0
                    {
                        router.snapshot_unit(big.head, &big.key, &big.origin, |out| {
                            out.extend_from_slice(commands);
                            count
                        });
                    }
                    if last {
                        shared.progress.entries_read(1);
                        self.big = None;
                    }
                }
                rdb::Event::End { .. } => return Ok(Next::End),
            }
        }
    }

    /// Decides about a key that comes in pieces.
    async fn begin_big(
        &mut self,
        shared: &Shared,
        existing: &mut Existing,
        (db, key): (Db, Vec<u8>),
        kind: ValueType,
        deadline: Option<Deadline>,
    ) -> Result<(), Error> {
        // Its size is not known yet, but it is beyond this.
        let value_bytes = shared.rdb_limits.opaque_bytes_max as u64;
        let view = EntryView { db, key: &key, kind, deadline, value_bytes };
        let EntryVerdict::Keep { db: target_db, key: target_key } = shared.rules.entry(&view) else {
            shared.progress.entries_filtered(1);
            self.decoder.discard();
            return Ok(());
        };
        let target_key = target_key.into_owned();
        if !existing.admits(shared, target_db, &target_key).await? {
            self.decoder.discard();
            return Ok(());
        }
        let how = rdb::Expansion { replace: true, deadline, dialect: shared.understands.dialect };
        self.decoder.expand(&target_key, how);
        let head = UnitHead { end: self.at, source_db: db, target_db, kind: Kind::Piece };
        self.big = Some(Big { head, key: target_key, origin: naming(&key) });
        Ok(())
    }

    /// An entry that the target's RESTORE would not understand.
    async fn expand(
        &mut self,
        shared: &Shared,
        router: &mut Router,
        existing: &mut Existing,
        whole: Whole,
    ) -> Result<(), Error> {
        if !existing.admits(shared, whole.target_db, &whole.target_key).await? {
            return Ok(());
        }
        let mut commands = Vec::new();
        let value = Value {
            rdb_type: whole.rdb_type,
            raw: &whole.raw,
            version: self.version,
            deadline: whole.deadline,
            eviction: None,
        };
        let replies = shared
            .understands
            .encode(&mut commands, &whole.target_key, value, true, &shared.rdb_limits)
            .map_err(|error| unreadable(&self.decoder, &error))?;
        let head = UnitHead { end: self.at, source_db: whole.db, target_db: whole.target_db, kind: Kind::Piece };
        router.snapshot_unit(head, &whole.target_key, &naming(&whole.key), |out| {
            out.extend_from_slice(&commands);
            replies
        });
        shared.progress.entries_read(1);
        Ok(())
    }

    /// The functions, once all have come.
    fn libraries(&mut self, shared: &Shared, router: &mut Router) {
        if self.functions.is_empty() {
            return;
        }
        let mut payload = std::mem::take(&mut self.functions);
        rdb::dump::footer(&mut payload, 0, self.version.min(shared.understands.rdb_version));
        let policy: &[u8] =
            if shared.settings.target.on_existing == OnExisting::Replace { b"REPLACE" } else { b"APPEND" };
        let head = UnitHead { end: self.at, source_db: Db(0), target_db: Db(0), kind: Kind::Library };
        router.snapshot_unit(head, b"", &[], |out| {
            resp::encode::command(out, &[b"FUNCTION", b"RESTORE", &payload, policy]);
            1
        });
    }
}

fn unreadable(decoder: &rdb::Decoder, error: &rdb::Error) -> Error {
    Error::Snapshot { at: decoder.position(), reason: error.to_string() }
}

/// Puts an entry on its lane, or gives it back where plain commands are needed.
fn put_entry(
    shared: &Shared,
    router: &mut Router,
    entry: rdb::Entry<'_>,
    at: Offset,
    version: u16,
) -> Result<Option<Whole>, Error> {
    let head = entry.head;
    let view = EntryView {
        db: head.db,
        key: head.key,
        kind: head.kind,
        deadline: head.deadline,
        value_bytes: entry.raw.len() as u64,
    };
    let EntryVerdict::Keep { db: target_db, key } = shared.rules.entry(&view) else {
        shared.progress.entries_filtered(1);
        return Ok(None);
    };
    if !shared.understands.restores(head.rdb_type) {
        return Ok(Some(Whole {
            db: head.db,
            target_db,
            key: head.key.to_vec(),
            target_key: key.into_owned(),
            rdb_type: head.rdb_type,
            raw: entry.raw.to_vec(),
            deadline: head.deadline,
        }));
    }
    let eviction = head.eviction.filter(|_| shared.settings.snapshot.carry_eviction);
    let value = Value { rdb_type: head.rdb_type, raw: entry.raw, version, deadline: head.deadline, eviction };
    let replace = shared.settings.target.on_existing == OnExisting::Replace;
    let unit = UnitHead { end: at, source_db: head.db, target_db, kind: Kind::Entry };
    let mut encoded = Ok(1);
    let origin = if router.keeps_origin() { naming(head.key) } else { Vec::new() };
    router.snapshot_unit(unit, &key, &origin, |out| {
        encoded = shared.understands.encode(out, &key, value, replace, &shared.rdb_limits);
        1
    });
    shared.progress.entries_read(1);
    encoded.map(|_| None).map_err(|error| Error::Snapshot { at: 0, reason: error.to_string() })
}

/// Redis up to 6 puts the scripts of its cache into the snapshot, for an `EVALSHA` that may come in the stream.
fn script(name: &[u8], value: &[u8], at: Offset, router: &mut Router) {
    if name == b"lua" {
        let head = UnitHead { end: at, source_db: Db(0), target_db: Db(0), kind: Kind::Library };
        router.snapshot_unit(head, b"", &[], |out| {
            resp::encode::command(out, &[b"SCRIPT", b"LOAD", value]);
            1
        });
    }
}

/// A command that names a key and nothing else.
fn naming(key: &[u8]) -> Vec<u8> {
    let mut command = Vec::with_capacity(key.len() + 32);
    resp::encode::command(&mut command, &[b"DEL", key]);
    command
}

/// Adds what brings the target's key to a state copy.
pub(crate) fn apply_copy(shared: &Shared, builder: &mut Builder, copied: &Copied) -> Result<(), Error> {
    let unreadable = |error: String| Error::Source {
        reason: format!("its DUMP of {} cannot be read: {error}", Place::at(copied.at, &[b"the key", &copied.key])),
    };
    let parts =
        copied.payload.as_deref().map(rdb::dump::parse).transpose().map_err(|error| unreadable(error.to_string()))?;
    let kind = parts.as_ref().and_then(|parts| rdb::value_type(parts.rdb_type)).unwrap_or(ValueType::String);
    let value_bytes = parts.as_ref().map_or(0, |parts| parts.raw.len() as u64);
    let view = EntryView { db: copied.db, key: &copied.key, kind, deadline: copied.deadline, value_bytes };
    let EntryVerdict::Keep { db: target_db, key } = shared.rules.entry(&view) else { return Ok(()) };
    let head = UnitHead { end: copied.at, source_db: copied.db, target_db, kind: Kind::Copy };
    let mut encoded = Ok(1);
    builder.add(head, &naming(&copied.key), |out| {
        encoded = match &parts {
            None => {
                resp::encode::command(out, &[b"DEL", &key]);
                Ok(1)
            }
            Some(parts) => {
                let value = Value {
                    rdb_type: parts.rdb_type,
                    raw: parts.raw,
                    version: parts.version,
                    deadline: copied.deadline,
                    eviction: None,
                };
                shared.understands.encode(out, &key, value, true, &shared.rdb_limits)
            }
        };
        *encoded.as_ref().unwrap_or(&0)
    });
    encoded.map(|_| ()).map_err(|error| unreadable(error.to_string()))
}
