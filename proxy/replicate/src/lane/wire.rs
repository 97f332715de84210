//! A lane's connection: bytes both ways.

use std::io::{self, IoSlice};

use bytes::{Buf, BytesMut};
use link::{Connection, ReadHalf, WriteHalf};
use record::Db;
use resp::{Limits, ReplyScanner};
use settings::{Endpoint, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::flight::Flight;

/// A lane's connection to the target.
#[derive(Debug)]
pub(super) struct Wire {
    /// Which run of which server it is connected to.
    pub(super) run: Option<String>,
    pub(super) incoming: Incoming,
    pub(super) outgoing: Outgoing,
}

/// The direction from the target.
#[derive(Debug)]
pub(super) struct Incoming {
    half: ReadHalf,
    /// What has been received and not consumed.
    pub(super) received: BytesMut,
    pub(super) scanner: ReplyScanner,
}

/// The direction to the target.
#[derive(Debug)]
pub(super) struct Outgoing {
    half: WriteHalf,
    /// Of what was written, TLS may hold a part until the socket has room, and sends it only when told.
    unflushed: bool,
}

/// What one read asks for: replies are short, and thousands of them fit.
const READ_BYTES: usize = 64 << 10;

/// How many batches one write takes along.
const SLICES_MAX: usize = 16;

// === impl Wire ===

impl Wire {
    /// Connects and selects the lane's db, for good.
    pub(super) async fn open(settings: &Settings, home: Db) -> Result<Wire, link::Error> {
        let target = &settings.target;
        let endpoint = Endpoint { db: home, ..target.endpoint.clone() };
        let name = format!("keyferry-{}", settings.name);
        let mut connection = Connection::open(&endpoint, &settings.timeouts, target.protocol, &name).await?;
        let run = connection.info("server").await?.get("run_id").map(str::to_owned);
        let (stream, received) = connection.into_stream();
        let (reader, writer) = stream.split();
        Ok(Wire {
            run,
            incoming: Incoming { half: reader, received, scanner: ReplyScanner::new(Limits::default()) },
            outgoing: Outgoing { half: writer, unflushed: false },
        })
    }
}

// === impl Incoming ===

impl Incoming {
    /// Reads what is there; 0 is the end of the connection. Losing this future loses nothing.
    pub(super) async fn read(&mut self) -> io::Result<usize> {
        self.received.reserve(READ_BYTES);
        self.half.read_buf(&mut self.received).await
    }

    pub(super) fn consume(&mut self, bytes: usize) {
        self.received.advance(bytes);
    }
}

// === impl Outgoing ===

impl Outgoing {
    /// Whether there is something to be sent: of the flight, or what TLS holds of what it was given.
    pub(super) fn has_more(&self, flight: &Flight) -> bool {
        self.unflushed || flight.has_unwritten()
    }

    /// Writes some of what the flight has to be written; 0 where all of it is on its way. Losing this future loses
    /// nothing.
    pub(super) async fn write(&mut self, flight: &Flight) -> io::Result<usize> {
        if !flight.has_unwritten() {
            self.half.flush().await?;
            self.unflushed = false;
            return Ok(0);
        }
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let count = flight.unwritten(&mut slices);
        match self.half.write_vectored(slices.get(..count).unwrap_or_default()).await? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            written => {
                self.unflushed = true;
                Ok(written)
            }
        }
    }
}
