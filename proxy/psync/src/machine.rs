use crate::answer::{self, Psync};
use crate::snapshot::{Front, MARK_BYTES, Mark};
use crate::{Config, Error, Retry};
use record::{Offset, Position, ReplId};
use resp::encode;
use resp::number::{self, Digits};
use std::fmt;

/// What a source did. Slices are of the bytes that were fed, and never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A snapshot will come; the stream behind it begins after this position. Also the answer where resuming was asked
    /// for and the source no longer can.
    FullResync(Position),
    /// A snapshot will come, from a source that does not say its position: it was asked by `SYNC`.
    FullResyncUnknown,
    /// No snapshot: what follows is the stream, right behind the position that was asked for.
    Continue {
        /// The id that the stream has from here on, where the source says it (4.0 and later): another one than was asked
        /// for, if the source has been promoted since.
        id: Option<ReplId>,
    },
    /// The first byte of the snapshot comes next.
    SnapshotBegins(Transfer),
    /// Bytes of the snapshot.
    SnapshotData(&'a [u8]),
    /// The snapshot is complete; what follows is the stream. Behind a [`Transfer::Marked`] snapshot the source waits for
    /// a word of ours before it sends the stream: the machine has put `REPLCONF ACK 0` into its output, which claims
    /// nothing as applied. The source misses it where its saving child has not yet ended: see [`crate::ack`].
    SnapshotEnds,
    /// Bytes of the stream, each of which counts in the offset.
    Stream(&'a [u8]),
}

/// How a snapshot is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// So many bytes, from a file on the source's disk.
    Sized(u64),
    /// Straight from the source's memory, and a mark behind it.
    Marked,
}

/// Where we stand with a source. As text it goes on "while we are …".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `PING` is sent.
    Ping,
    /// `AUTH` is sent.
    Auth,
    /// One of several `REPLCONF` is sent.
    Replconf,
    /// `PSYNC` is sent.
    Psync,
    /// The source saves its data set, or is about to.
    WaitingForSnapshot,
    /// The snapshot arrives.
    Snapshot,
    /// The stream arrives.
    Stream,
}

/// One connection's conversation with a source, up to and into its stream.
#[derive(Debug)]
pub struct Machine {
    config: Config,
    state: State,
    output: Vec<u8>,
}

#[derive(Debug)]
enum State {
    /// This question is sent, its answer is awaited.
    Asked(Question),
    /// The line that announces the snapshot is awaited.
    Announced,
    Sized {
        left: u64,
    },
    Marked(Box<Mark>),
    Stream,
}

/// In the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    Ping,
    Auth,
    ListeningPort,
    IpAddress,
    Capa,
    Psync,
}

// === impl Machine ===

impl Machine {
    /// A machine for a new connection, with `PING` in its output.
    pub fn new(config: Config) -> Machine {
        let mut machine = Machine { config, state: State::Asked(Question::Ping), output: Vec::new() };
        machine.ask(&[b"PING"]);
        machine
    }

    /// Appends to `out` what is to be sent now, which is often nothing. To be called before each wait for bytes.
    pub fn take_output(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.output);
    }

    /// Where we stand.
    pub fn stage(&self) -> Stage {
        match &self.state {
            State::Asked(question) => question.stage(),
            State::Announced => Stage::WaitingForSnapshot,
            State::Sized { .. } | State::Marked(_) => Stage::Snapshot,
            State::Stream => Stage::Stream,
        }
    }

    /// Takes from the front of `bytes`, which are all those not consumed so far; tells how many it consumed, and what
    /// they said. To be called again, with what is left, even if that is nothing, until there is no event: then it wants
    /// more bytes behind those that are left, at most [`crate::LINE_BYTES_MAX`].
    ///
    /// # Errors
    /// Where the source refuses us, or does not speak the protocol. The connection is of no further use.
    pub fn feed<'a>(&mut self, bytes: &'a [u8]) -> Result<(usize, Option<Event<'a>>), Error> {
        match &mut self.state {
            State::Asked(_) | State::Announced => self.lines(bytes),
            State::Sized { left: 0 } => {
                self.state = State::Stream;
                Ok((0, Some(Event::SnapshotEnds)))
            }
            State::Sized { left } => {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= count as u64;
                Ok(passed(bytes, count, Event::SnapshotData))
            }
            State::Marked(mark) => match mark.front(bytes) {
                Front::Data(count) => Ok(passed(bytes, count, Event::SnapshotData)),
                Front::Unclear => Ok((0, None)),
                Front::End => {
                    self.state = State::Stream;
                    // replication.c, replconfCommand: the first ACK of any offset starts the stream.
                    crate::ack(&mut self.output, Offset(0));
                    Ok((MARK_BYTES, Some(Event::SnapshotEnds)))
                }
            },
            State::Stream => Ok(passed(bytes, bytes.len(), Event::Stream)),
        }
    }

    /// The error of a connection that ends here.
    pub fn eof(&self) -> Error {
        let missing = match &self.state {
            State::Sized { left } => Some(*left),
            State::Asked(_) | State::Announced | State::Marked(_) | State::Stream => None,
        };
        Error::Closed { stage: self.stage(), missing }
    }

    /// Takes lines until one is worth an event.
    fn lines<'a>(&mut self, bytes: &'a [u8]) -> Result<(usize, Option<Event<'a>>), Error> {
        let mut consumed = 0;
        loop {
            let rest = bytes.get(consumed..).unwrap_or_default();
            let Some(line) = answer::line(rest, self.stage())? else { return Ok((consumed, None)) };
            consumed += line.len;
            // A lone line feed says no more than that the source lives: it may stand before any line.
            if line.text.is_empty() {
                continue;
            }
            let event = match self.state {
                State::Asked(question) => self.answered(question, line.text)?,
                _ => Some(self.announced(line.text)?),
            };
            if event.is_some() {
                return Ok((consumed, event));
            }
        }
    }

    /// Takes the answer to a question, and asks the next one.
    fn answered(&mut self, question: Question, text: &[u8]) -> Result<Option<Event<'static>>, Error> {
        match (text, question) {
            (text, Question::Psync) => {
                return match answer::psync(text, self.config.resume.is_some())? {
                    Psync::FullResync(position) => {
                        self.state = State::Announced;
                        Ok(Some(Event::FullResync(position)))
                    }
                    Psync::Continue { id } => {
                        self.state = State::Stream;
                        Ok(Some(Event::Continue { id }))
                    }
                    Psync::Unknown => Ok(Some(self.ask_by_sync())),
                };
            }
            ([b'+', ..], _) => {}
            ([b'-', message @ ..], Question::Ping) => self.ping_refused(message)?,
            ([b'-', message @ ..], Question::Auth) => {
                return Err(match &self.config.auth {
                    Some(auth) => answer::auth_refused(message, auth),
                    None => answer::refused("AUTH", message),
                });
            }
            ([b'-', message @ ..], Question::ListeningPort | Question::IpAddress | Question::Capa) => {
                // A source that does not know the word does without, and we too; not so one that forbids it: without
                // REPLCONF ACK it would drop us later.
                if answer::is_denial(message) || answer::retry(message) == Retry::Later {
                    return Err(answer::refused("REPLCONF", message));
                }
            }
            _ => return Err(answer::garbage(question.stage(), answer::expected(question.stage()), text)),
        }
        Ok(self.go_on(question))
    }

    /// An error to `PING`: most of them say only that we have to come in first.
    fn ping_refused(&self, message: &[u8]) -> Result<(), Error> {
        let auth_will_help = message.starts_with(b"NOAUTH") || message.starts_with(answer::NOT_PERMITTED);
        if (auth_will_help && self.config.auth.is_some()) || message.starts_with(b"NOPERM") {
            return Ok(());
        }
        Err(answer::refused("PING", message))
    }

    /// Asks the question that comes behind this one in our configuration.
    fn go_on(&mut self, question: Question) -> Option<Event<'static>> {
        let mut next = question.next();
        while let Some(question) = next {
            if self.put(question) {
                self.state = State::Asked(question);
                return None;
            }
            next = question.next();
        }
        Some(self.ask_by_sync())
    }

    /// Writes a question; false where there is no call for it.
    fn put(&mut self, question: Question) -> bool {
        let Machine { config, output, .. } = self;
        match question {
            Question::Ping => encode::command(output, &[b"PING"]),
            Question::Auth => match &config.auth {
                None => return false,
                Some(auth) => match &auth.username {
                    Some(username) => encode::command(output, &[b"AUTH", username, &auth.password]),
                    None => encode::command(output, &[b"AUTH", &auth.password]),
                },
            },
            Question::ListeningPort => {
                let port = Digits::of(u64::from(config.listening_port));
                encode::command(output, &[b"REPLCONF", b"listening-port", port.as_bytes()]);
            }
            Question::IpAddress => match &config.ip_address {
                None => return false,
                Some(address) => encode::command(output, &[b"REPLCONF", b"ip-address", address.as_bytes()]),
            },
            Question::Capa => match (config.capa_eof, config.capa_psync2) {
                (false, false) => return false,
                (true, true) => encode::command(output, &[b"REPLCONF", b"capa", b"eof", b"capa", b"psync2"]),
                (true, false) => encode::command(output, &[b"REPLCONF", b"capa", b"eof"]),
                (false, true) => encode::command(output, &[b"REPLCONF", b"capa", b"psync2"]),
            },
            Question::Psync if config.sync_only => return false,
            Question::Psync => match config.resume {
                None => encode::command(output, &[b"PSYNC", b"?", b"-1"]),
                Some(Position { id, offset }) => {
                    // The offset asked for is that of the first byte we lack.
                    let wanted = Digits::of(offset.0.saturating_add(1));
                    encode::command(output, &[b"PSYNC", id.as_str().as_bytes(), wanted.as_bytes()]);
                }
            },
        }
        true
    }

    fn ask_by_sync(&mut self) -> Event<'static> {
        self.ask(&[b"SYNC"]);
        self.state = State::Announced;
        Event::FullResyncUnknown
    }

    fn ask(&mut self, command: &[&[u8]]) {
        encode::command(&mut self.output, command);
    }

    /// Takes the line that announces the snapshot.
    fn announced(&mut self, text: &[u8]) -> Result<Event<'static>, Error> {
        let stage = Stage::WaitingForSnapshot;
        let garbage = || answer::garbage(stage, answer::expected(stage), text);
        if let Some(message) = text.strip_prefix(b"-") {
            // Mostly BGSAVE failed, for want of memory or disk.
            let hopeless = answer::is_denial(message) || message.starts_with(b"ERR unknown command");
            let retry = if hopeless { Retry::Never } else { Retry::Later };
            return Err(Error::NoSnapshot { answer: answer::shown(message), retry });
        }
        let announced = text.strip_prefix(b"$").ok_or_else(garbage)?;
        let transfer = match announced.strip_prefix(b"EOF:") {
            Some(mark) => {
                self.state = State::Marked(Box::new(Mark::new(mark).ok_or_else(garbage)?));
                Transfer::Marked
            }
            None => {
                let left = number::parse_u64(announced).ok_or_else(garbage)?;
                self.state = State::Sized { left };
                Transfer::Sized(left)
            }
        };
        Ok(Event::SnapshotBegins(transfer))
    }
}

/// The first `count` bytes as an event; none of none.
fn passed<'a>(bytes: &'a [u8], count: usize, event: fn(&'a [u8]) -> Event<'a>) -> (usize, Option<Event<'a>>) {
    match bytes.get(..count) {
        Some(data) if !data.is_empty() => (count, Some(event(data))),
        _ => (0, None),
    }
}

// === impl Question ===

impl Question {
    fn next(self) -> Option<Question> {
        match self {
            Question::Ping => Some(Question::Auth),
            Question::Auth => Some(Question::ListeningPort),
            Question::ListeningPort => Some(Question::IpAddress),
            Question::IpAddress => Some(Question::Capa),
            Question::Capa => Some(Question::Psync),
            Question::Psync => None,
        }
    }

    fn stage(self) -> Stage {
        match self {
            Question::Ping => Stage::Ping,
            Question::Auth => Stage::Auth,
            Question::ListeningPort | Question::IpAddress | Question::Capa => Stage::Replconf,
            Question::Psync => Stage::Psync,
        }
    }
}

// === impl Stage ===

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Stage::Ping => "waiting for the answer to PING",
            Stage::Auth => "waiting for the answer to AUTH",
            Stage::Replconf => "waiting for the answer to REPLCONF",
            Stage::Psync => "waiting for the answer to PSYNC",
            Stage::WaitingForSnapshot => "waiting for the snapshot",
            Stage::Snapshot => "receiving the snapshot",
            Stage::Stream => "following the stream",
        })
    }
}
