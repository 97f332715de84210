//! Commands sent in batches, so that a data set of a million keys loads in seconds.

use redis::{Cmd, Connection, Pipeline};

const COMMANDS_MAX: usize = 1000;
const BYTES_MAX: usize = 4 << 20;

/// Collects commands and sends them when enough have come together.
pub(super) struct Batch {
    connection: Connection,
    pipeline: Pipeline,
    bytes: usize,
}

impl Batch {
    pub(super) fn new(connection: Connection) -> Batch {
        Batch { connection, pipeline: redis::pipe(), bytes: 0 }
    }

    /// Adds a command; it must not fail.
    pub(super) fn push(&mut self, command: &Cmd) {
        self.bytes += command.get_packed_command().len();
        self.pipeline.add_command(command.clone());
        if self.bytes > BYTES_MAX || self.pipeline.len() >= COMMANDS_MAX {
            self.send();
        }
    }

    /// Sends what is left and gives the connection back.
    pub(super) fn finish(mut self) -> Connection {
        self.send();
        self.connection
    }

    fn send(&mut self) {
        self.pipeline.exec(&mut self.connection).expect("the server takes every command of the data set");
        self.pipeline.clear();
        self.bytes = 0;
    }
}
