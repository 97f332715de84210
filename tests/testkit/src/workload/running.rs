//! The thread that writes, and what it counts.

use super::Workload;
use super::generator::Generator;
use crate::server::Server;
use crate::wait_until;
use redis::{Arg, Client, Cmd, Connection, ConnectionInfo, RedisResult, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REPLY_TIMEOUT: Duration = Duration::from_secs(30);
const WAIT_TIMEOUT: Duration = Duration::from_secs(60);
/// Errors that the operations provide for: they act on what may not be there.
const TOLERATED: [&str; 6] =
    ["no such key", "index out of range", "BUSYGROUP", "NOGROUP", "objects are the same", "requires the key to exist"];
const UNEXPECTED_MAX: usize = 5;

/// What a load did.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Commands that were answered, SELECT and MULTI among them.
    pub commands: u64,
    /// The same, by name.
    pub by_name: BTreeMap<String, u64>,
    /// Error replies that the operations provide for, such as RENAME of a key that is gone.
    pub errors: u64,
    /// How often the connection was lost and made again.
    pub reconnects: u64,
    /// How long it ran.
    pub elapsed: Duration,
    /// Error replies that nobody expects, with their commands: the first few.
    unexpected: Vec<String>,
}

impl Counts {
    /// How often a command was answered.
    pub fn of(&self, name: &str) -> u64 {
        self.by_name.get(name).copied().unwrap_or_default()
    }

    /// Commands per second.
    pub fn rate(&self) -> f64 {
        self.commands as f64 / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// A load that is being written. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    writer: Option<JoinHandle<RedisResult<Counts>>>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    sent: AtomicU64,
}

impl Running {
    pub(super) fn start(workload: Workload, server: &Server) -> Running {
        let ops = workload.ops(server.kind().is_7_or_later());
        let db = workload.dbs.first().copied().unwrap_or_default();
        let Workload { seed, keys, prefix, dbs, .. } = workload.clone();
        let mut writer = Writer {
            generator: Generator::new(seed, ops, keys, prefix, dbs),
            address: server.connection_info(db),
            connection: server.client_db(db),
            workload,
            shared: Arc::default(),
            counts: Counts::default(),
        };
        let shared = writer.shared.clone();
        let writer = thread::spawn(move || writer.write().map(|()| writer.counts));
        Running { shared, writer: Some(writer) }
    }

    /// Commands answered so far.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// Waits until so many further commands have been answered.
    ///
    /// # Panics
    /// When the load ends, or does not get that far in a minute.
    pub fn wait_for(&self, commands: u64) {
        let goal = self.sent() + commands;
        let has_ended = || self.writer.as_ref().is_none_or(JoinHandle::is_finished);
        let done = wait_until(WAIT_TIMEOUT, || self.sent() >= goal || has_ended());
        assert!(done && self.sent() >= goal, "the load wrote only {} of {goal} commands", self.sent());
    }

    /// Ends the load. All that it sent has then been answered.
    ///
    /// # Panics
    /// When the connection was lost, or the server answered with an error that the operations do not provide for.
    pub fn stop(mut self) -> Counts {
        self.shared.stop.store(true, Ordering::SeqCst);
        let writer = self.writer.take().expect("it is taken once");
        let counts = writer.join().expect("the load's thread panicked, see above");
        let counts = counts.unwrap_or_else(|error| panic!("the load lost its connection: {error}"));
        assert!(counts.unexpected.is_empty(), "the load met errors: {:#?}", counts.unexpected);
        counts
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        if let Some(writer) = self.writer.take() {
            // The test fails for another reason, or does not care.
            writer.join().ok();
        }
    }
}

struct Writer {
    generator: Generator,
    address: ConnectionInfo,
    connection: Connection,
    workload: Workload,
    shared: Arc<Shared>,
    counts: Counts,
}

impl Writer {
    fn write(&mut self) -> RedisResult<()> {
        let start = Instant::now();
        while !self.shared.stop.load(Ordering::SeqCst) {
            let operations = self.operations_due(start.elapsed());
            if operations == 0 {
                thread::sleep(Duration::from_millis(1));
                continue;
            }
            let commands = self.generator.next(operations);
            match self.send(&commands) {
                Ok(replies) => self.count(&commands, &replies),
                Err(error) if self.workload.reconnect => self.connect_again(&error),
                Err(error) => return Err(error),
            }
        }
        self.counts.elapsed = start.elapsed();
        Ok(())
    }

    /// How many operations to send now. One of them is a little more than one command, which evens out.
    fn operations_due(&self, elapsed: Duration) -> usize {
        let Some(rate) = self.workload.rate else { return self.workload.pipeline };
        let due = (elapsed.as_secs_f64() * rate as f64) as u64;
        usize::try_from(due.saturating_sub(self.counts.commands)).unwrap_or(usize::MAX).min(self.workload.pipeline)
    }

    fn send(&mut self, commands: &[Cmd]) -> RedisResult<Vec<Value>> {
        let mut pipeline = redis::pipe();
        pipeline.ignore_errors();
        for command in commands {
            pipeline.add_command(command.clone());
        }
        if commands.is_empty() { Ok(Vec::new()) } else { pipeline.query(&mut self.connection) }
    }

    fn count(&mut self, commands: &[Cmd], replies: &[Value]) {
        for (command, reply) in commands.iter().zip(replies) {
            self.generator.learn(command, reply);
            *self.counts.by_name.entry(name(command)).or_default() += 1;
            self.look_for_errors(command, reply);
        }
        self.counts.commands += replies.len() as u64;
        self.shared.sent.store(self.counts.commands, Ordering::SeqCst);
    }

    fn look_for_errors(&mut self, command: &Cmd, reply: &Value) {
        match reply {
            Value::ServerError(error) => {
                let error = error.to_string();
                if TOLERATED.iter().any(|known| error.contains(known)) {
                    self.counts.errors += 1;
                } else if self.counts.unexpected.len() < UNEXPECTED_MAX {
                    let command = command.get_packed_command().escape_ascii().to_string();
                    self.counts.unexpected.push(format!("{error} to {command}"));
                }
            }
            // What EXEC answers.
            Value::Array(replies) => replies.iter().for_each(|reply| self.look_for_errors(command, reply)),
            _ => {}
        }
    }

    fn connect_again(&mut self, error: &redis::RedisError) {
        println!("the load connects again after: {error}");
        self.counts.reconnects += 1;
        while !self.shared.stop.load(Ordering::SeqCst) {
            match connect(&self.address, self.generator.db()) {
                Ok(connection) => {
                    self.connection = connection;
                    return;
                }
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

fn connect(address: &ConnectionInfo, db: u32) -> RedisResult<Connection> {
    let mut connection = Client::open(address.clone())?.get_connection_with_timeout(CONNECT_TIMEOUT)?;
    connection.set_read_timeout(Some(REPLY_TIMEOUT))?;
    redis::cmd("SELECT").arg(db).exec(&mut connection)?;
    Ok(connection)
}

fn name(command: &Cmd) -> String {
    match command.args_iter().next() {
        Some(Arg::Simple(name)) => String::from_utf8_lossy(name).into_owned(),
        _ => String::new(),
    }
}
