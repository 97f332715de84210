//! One connection to the source: bytes both ways, and the handshake that stands before the stream.

use std::time::Instant;

use bytes::BytesMut;
use link::{ReadHalf, WriteHalf};
use psync::{Machine, Stage};
use record::Offset;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::Error;

/// One connection to the source.
#[derive(Debug)]
pub(super) struct Uplink {
    reader: ReadHalf,
    writer: WriteHalf,
    pub(super) machine: Machine,
    /// Bytes that were read before the stream began and not taken.
    pub(super) answers: BytesMut,
    pub(super) heard_at: Instant,
}

/// What a session ended with.
pub(super) enum Failure {
    /// The link is of no further use; another may be.
    Lost(String),
    /// The run cannot go on.
    Fatal(Error),
}

/// What one read asks for. As much as the source writes in one go, several times over.
const READ_BYTES: usize = 256 << 10;

// === impl Uplink ===

impl Uplink {
    pub(super) fn new(stream: link::Stream, machine: Machine) -> Uplink {
        let (reader, writer) = stream.split();
        Uplink { reader, writer, machine, answers: BytesMut::new(), heard_at: Instant::now() }
    }

    /// Reads what is there: the stream's bytes into `stream`, what comes before it into the link's own buffer. Losing
    /// this future loses nothing.
    pub(super) async fn read(&mut self, stream: &mut BytesMut) -> Result<usize, Failure> {
        let buffer = if self.machine.stage() == Stage::Stream { stream } else { &mut self.answers };
        buffer.reserve(READ_BYTES);
        let count = self.reader.read_buf(buffer).await.map_err(|error| Failure::Lost(error.to_string()))?;
        if count == 0 {
            return Err(Failure::Lost(self.machine.eof().to_string()));
        }
        self.heard_at = Instant::now();
        Ok(count)
    }

    /// Sends what the handshake has to say.
    pub(super) async fn send(&mut self) -> Result<(), Failure> {
        let mut output = Vec::new();
        self.machine.take_output(&mut output);
        if output.is_empty() { Ok(()) } else { self.write(&output).await }
    }

    pub(super) async fn acknowledge(&mut self, frontier: Offset) -> Result<(), Failure> {
        let mut output = Vec::new();
        psync::ack(&mut output, frontier);
        self.write(&output).await
    }

    /// An empty line, which a replica sends while it loads (replication.c, replicationSendNewlineToMaster).
    pub(super) async fn ping(&mut self) -> Result<(), Failure> {
        self.write(b"\n").await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let lost = |error: std::io::Error| Failure::Lost(error.to_string());
        self.writer.write_all(bytes).await.map_err(lost)?;
        // TLS may hold a part of it until it is flushed.
        self.writer.flush().await.map_err(lost)
    }
}

// === impl Failure ===

impl Failure {
    pub(super) fn of_link(error: link::Error) -> Failure {
        match error.retry() {
            link::Retry::Later => Failure::Lost(error.to_string()),
            link::Retry::Never => Failure::Fatal(Error::Source { reason: error.to_string() }),
        }
    }

    pub(super) fn of_handshake(error: psync::Error) -> Failure {
        match error.retry() {
            psync::Retry::Later => Failure::Lost(error.to_string()),
            psync::Retry::Never => Failure::Fatal(Error::Source { reason: error.to_string() }),
        }
    }
}
