//! Cuts the replication stream into units.
//!
//! Bytes come as they were read; commands leave to the [`Router`] with the offset at which each ends. `SELECT` is followed,
//! `MULTI` … `EXEC` is held together, pings and `REPLCONF GETACK` only count. Replication protocol: `replication.c`,
//! `replicationFeedReplicas`; every byte of the stream counts in the offset, whatever it says.

use record::{Db, Offset};
use resp::{CommandScanner, Limits, Scanned, Span};

use crate::Error;
use crate::router::{Change, Router, Transaction};

/// Longest transaction that is held together: it has to stand in memory until its `EXEC` has come.
const TRANSACTION_BYTES_MAX: usize = 1 << 30;

/// A source may send as many arguments as its clients may (`networking.c`: a multi bulk length up to `INT_MAX`); what
/// bounds them is a command's length.
fn limits() -> Limits {
    Limits { args_max: i32::MAX as u32, ..Limits::default() }
}

/// Cuts one source's stream into units.
#[derive(Debug)]
pub(crate) struct Assembler {
    scanner: CommandScanner,
    /// The db selected in the stream.
    db: Db,
    /// Where the stream stands behind the last command that was taken.
    offset: Offset,
    open: Option<Open>,
    /// Offsets at which the source asked for an acknowledgement that has not been given yet.
    asked: Option<Offset>,
    /// Commands taken since the last time somebody counted.
    count: u64,
}

/// A transaction whose `EXEC` has not come.
#[derive(Debug)]
struct Open {
    db_before: Db,
    raw: Vec<u8>,
    commands: u32,
    inner: Vec<Inner>,
    /// It may concern more than the db at its beginning.
    is_wide: bool,
}

/// A command within a transaction: where it stands in `raw`.
#[derive(Debug)]
struct Inner {
    db: Db,
    begin: usize,
    end: usize,
}

/// What a command means to the stream itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    Select,
    Multi,
    Exec,
    Ping,
    Replconf,
    None,
}

// === impl Assembler ===

impl Assembler {
    /// A stream that begins behind a snapshot, with db 0 selected.
    pub(crate) fn new(offset: Offset) -> Assembler {
        let scanner = CommandScanner::new(limits());
        Assembler { scanner, db: Db(0), offset, open: None, asked: None, count: 0 }
    }

    /// The stream begins with this db selected.
    pub(crate) fn begin_in(&mut self, db: Db) {
        self.db = db;
    }

    /// Where the stream stands behind the last command that was taken.
    pub(crate) fn offset(&self) -> Offset {
        self.offset
    }

    /// The offset at which the source asked for an acknowledgement, until taken.
    pub(crate) fn take_asked(&mut self) -> Option<Offset> {
        self.asked.take()
    }

    /// How many commands were taken since the last call.
    pub(crate) fn take_count(&mut self) -> u64 {
        std::mem::take(&mut self.count)
    }

    /// Takes every whole command at the beginning of `bytes` and returns how many bytes that was. The rest must
    /// come again, with more behind it.
    pub(crate) fn feed(&mut self, bytes: &[u8], router: &mut Router) -> Result<usize, Error> {
        let mut taken = 0;
        loop {
            let rest = bytes.get(taken..).unwrap_or_default();
            let scanned = self
                .scanner
                .scan(rest)
                .map_err(|error| Error::Stream { offset: self.offset, reason: error.to_string() })?;
            let length = match scanned {
                Scanned::NeedMore { .. } => return Ok(taken),
                Scanned::Blank { len } | Scanned::Command { len } | Scanned::Inline { len } => len,
            };
            let Some(raw) = rest.get(..length) else { return Ok(taken) };
            taken += length;
            self.offset = self.offset + length as u64;
            if matches!(scanned, Scanned::Command { .. }) {
                self.count += 1;
                self.command(raw, router)?;
            }
        }
    }

    fn command(&mut self, raw: &[u8], router: &mut Router) -> Result<(), Error> {
        let name = self.arg(raw, 0);
        let control = control(name);
        if let Some(open) = &mut self.open {
            open.commands += 1;
            let begin = open.raw.len();
            open.raw.extend_from_slice(raw);
            if open.raw.len() > TRANSACTION_BYTES_MAX {
                return Err(Error::Stream {
                    offset: self.offset,
                    reason: format!("a transaction is longer than {TRANSACTION_BYTES_MAX} bytes"),
                });
            }
            open.is_wide |= control == Control::Select || is_wide(name);
            if control == Control::None {
                open.inner.push(Inner { db: self.db, begin, end: begin + raw.len() });
            }
        }
        match control {
            Control::None if self.open.is_some() => Ok(()),
            Control::None => self.change(raw, router),
            Control::Select => {
                self.select(raw)?;
                self.needless(router);
                Ok(())
            }
            Control::Multi if self.open.is_some() => Err(self.garbled("MULTI within a transaction")),
            Control::Multi => {
                self.open = Some(Open {
                    db_before: self.db,
                    raw: raw.to_vec(),
                    commands: 1,
                    inner: Vec::new(),
                    is_wide: false,
                });
                Ok(())
            }
            Control::Exec => self.exec(router),
            Control::Ping | Control::Replconf => {
                if control == Control::Replconf && self.arg(raw, 1).eq_ignore_ascii_case(b"GETACK") {
                    self.asked = Some(self.offset);
                }
                self.needless(router);
                Ok(())
            }
        }
    }

    /// The last command has nothing for the target; within a transaction the whole of it is waited for.
    fn needless(&self, router: &mut Router) {
        if self.open.is_none() {
            router.passed(self.offset);
        }
    }

    fn change(&mut self, raw: &[u8], router: &mut Router) -> Result<(), Error> {
        if router.is_plain() && !is_wide(self.arg(raw, 0)) {
            router.verbatim(self.db, self.offset, raw, 1);
            return Ok(());
        }
        let args: Vec<&[u8]> = self.scanner.args().iter().map(|span: &Span| span.of(raw)).collect();
        router.change(self.offset, Change { db: self.db, raw, args: &args })
    }

    fn select(&mut self, raw: &[u8]) -> Result<(), Error> {
        let number = resp::number::parse_u64(self.arg(raw, 1)).and_then(|number| u32::try_from(number).ok());
        self.db = Db(number.ok_or_else(|| self.garbled("SELECT without a db number"))?);
        Ok(())
    }

    fn exec(&mut self, router: &mut Router) -> Result<(), Error> {
        let Some(open) = self.open.take() else { return Err(self.garbled("EXEC without MULTI")) };
        if router.is_plain() && !open.is_wide {
            router.verbatim(open.db_before, self.offset, &open.raw, open.commands);
            return Ok(());
        }
        let transaction = Transaction { db_before: open.db_before, raw: &open.raw };
        let mut spans = Vec::with_capacity(open.inner.len());
        for inner in &open.inner {
            let raw = open.raw.get(inner.begin..inner.end).unwrap_or_default();
            spans.push((inner.db, raw, arguments(raw, self.offset)?));
        }
        let inner: Vec<Change<'_>> = spans.iter().map(|(db, raw, args)| Change { db: *db, raw, args }).collect();
        router.transaction(self.offset, transaction, &inner)
    }

    fn arg<'a>(&self, raw: &'a [u8], index: usize) -> &'a [u8] {
        self.scanner.args().get(index).map_or(&[], |span| span.of(raw))
    }

    fn garbled(&self, what: &str) -> Error {
        Error::Stream { offset: self.offset, reason: format!("unexpected {what}") }
    }
}

/// Whether a command may concern more than the keys of one db.
fn is_wide(name: &[u8]) -> bool {
    let is = |word: &[u8]| name.eq_ignore_ascii_case(word);
    match name.len() {
        4 => is(b"MOVE") || is(b"COPY") || is(b"EVAL"),
        5 => is(b"FCALL"),
        6 => is(b"SWAPDB") || is(b"SCRIPT"),
        7 => is(b"EVALSHA"),
        8 => is(b"FLUSHALL") || is(b"FUNCTION"),
        _ => false,
    }
}

fn control(name: &[u8]) -> Control {
    // The length alone rules out almost every command.
    match name.len() {
        4 if name.eq_ignore_ascii_case(b"EXEC") => Control::Exec,
        4 if name.eq_ignore_ascii_case(b"PING") => Control::Ping,
        5 if name.eq_ignore_ascii_case(b"MULTI") => Control::Multi,
        6 if name.eq_ignore_ascii_case(b"SELECT") => Control::Select,
        8 if name.eq_ignore_ascii_case(b"REPLCONF") => Control::Replconf,
        _ => Control::None,
    }
}

/// The commands that stand in `bytes`, each as its arguments.
pub(crate) fn commands(bytes: &[u8], offset: Offset) -> Result<Vec<Vec<&[u8]>>, Error> {
    let mut scanner = CommandScanner::new(limits());
    let mut found = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        match scanner.scan(rest).map_err(|error| Error::Stream { offset, reason: error.to_string() })? {
            Scanned::Command { len } => {
                found.push(scanner.args().iter().map(|span| span.of(rest)).collect());
                rest = rest.get(len..).unwrap_or_default();
            }
            Scanned::Blank { len } | Scanned::Inline { len } => rest = rest.get(len..).unwrap_or_default(),
            Scanned::NeedMore { .. } => {
                return Err(Error::Stream { offset, reason: "a command is cut off".to_owned() });
            }
        }
    }
    Ok(found)
}

/// The arguments of the one command that `raw` is.
fn arguments(raw: &[u8], offset: Offset) -> Result<Vec<&[u8]>, Error> {
    Ok(commands(raw, offset)?.into_iter().next().unwrap_or_default())
}
