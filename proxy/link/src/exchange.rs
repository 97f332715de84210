//! Questions out, answers in, over one stream, without ever mixing up which answer belongs to which question.

use std::borrow::Cow;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use crate::decode::Decoder;
use crate::dial::broken;
use crate::error::beginning;
use crate::{Error, Reply, Stream};

/// Bytes asked of the socket at a time.
const READ_BYTES: usize = 16 * 1024;

/// A stream, what has been received of it, and how many answers the server still owes.
#[derive(Debug)]
pub(crate) struct Exchange {
    stream: Stream,
    inbox: Inbox,
    /// Answers owed. Above 0 at the start of a question the connection is out of step: an earlier question failed,
    /// or the future that waited for it was dropped.
    owed: usize,
}

/// The receiving side.
#[derive(Debug)]
struct Inbox {
    address: String,
    received: BytesMut,
    decoder: Decoder,
    /// How long the server may be silent.
    silence_max: Duration,
    /// A deadline for all that goes on, while the connection is being opened.
    deadline: Option<(Instant, Duration)>,
    /// What may be behind a connection that is closed at once, or nothing.
    hint: &'static str,
}

impl Exchange {
    pub(crate) fn new(
        stream: Stream,
        address: String,
        silence_max: Duration,
        deadline: (Instant, Duration),
    ) -> Exchange {
        let hint = match stream {
            Stream::Tcp(_) => " (if this port speaks TLS, write rediss:// instead of redis://)",
            Stream::Unix(_) | Stream::Tls(_) => "",
        };
        let received = BytesMut::with_capacity(READ_BYTES);
        let inbox =
            Inbox { address, received, decoder: Decoder::default(), silence_max, deadline: Some(deadline), hint };
        Exchange { stream, inbox, owed: 0 }
    }

    /// The connection stands: from here on only the server's silence is bounded.
    pub(crate) fn opened(&mut self) {
        self.inbox.deadline = None;
        self.inbox.hint = "";
    }

    pub(crate) fn address(&self) -> &str {
        &self.inbox.address
    }

    pub(crate) fn into_stream(self) -> (Stream, BytesMut) {
        (self.stream, self.inbox.received)
    }

    /// Sends the encoded questions in `out` and waits for `count` answers. It sends and receives at the same time, so
    /// that neither side can block the other by answers that nobody reads.
    pub(crate) async fn ask(&mut self, out: &[u8], count: usize, doing: &str) -> Result<Vec<Reply>, Error> {
        if self.owed > 0 {
            return Err(Error::OutOfStep { address: self.inbox.address.clone() });
        }
        self.owed = count;
        let replies = self.converse(out, count, doing).await?;
        self.owed = 0;
        Ok(replies)
    }

    async fn converse(&mut self, out: &[u8], count: usize, doing: &str) -> Result<Vec<Reply>, Error> {
        let Exchange { stream, inbox, .. } = self;
        let (mut read, mut write) = tokio::io::split(stream);
        let send = async {
            write.write_all(out).await?;
            write.flush().await
        };
        let (address, hint) = (inbox.address.clone(), inbox.hint);
        let receive = inbox.receive(&mut read, count, doing);
        tokio::pin!(receive);
        // Sending first: a small question has left before an early word of the server is looked at. Answers are returned
        // only once both have run to their end, so nothing is lost by losing.
        tokio::select! {
            biased;
            // A server that refuses a connection says why before it closes: its words count, not our broken pipe.
            sent = send => match (receive.await, sent) {
                (Err(Error::Closed { .. } | Error::Timeout { .. }), Err(cause)) => {
                    Err(broken(&address, doing, cause, hint))
                }
                (received, _) => received,
            },
            failed = &mut receive => match failed {
                // All answers before the last question has left: whatever speaks there, it does not listen.
                Ok(_) => Err(Error::Garbage {
                    address,
                    doing: doing.to_owned().into(),
                    problem: "answers came before their questions were sent".to_owned(),
                }),
                Err(error) => Err(error),
            },
        }
    }
}

impl Inbox {
    async fn receive(
        &mut self,
        read: &mut (impl AsyncReadExt + Unpin),
        count: usize,
        doing: &str,
    ) -> Result<Vec<Reply>, Error> {
        // Room follows the answers that come, not the count that was asked for.
        let mut replies = Vec::new();
        while replies.len() < count {
            match self.decoder.next(&mut self.received) {
                Ok(Some(Reply::Push(_))) => tracing::trace!("push message skipped"),
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => self.more(read, doing).await?,
                Err(problem) => return Err(self.garbage(doing, &problem)),
            }
        }
        Ok(replies)
    }

    /// Waits for at least one byte more.
    async fn more(&mut self, read: &mut (impl AsyncReadExt + Unpin), doing: &str) -> Result<(), Error> {
        let silence = (Instant::now() + self.silence_max, self.silence_max);
        let (until, after) = self.deadline.filter(|deadline| deadline.0 < silence.0).unwrap_or(silence);
        self.received.reserve(READ_BYTES);
        match timeout_at(until, read.read_buf(&mut self.received)).await {
            Ok(Ok(0)) => Err(Error::Closed { address: self.address.clone(), doing: owned(doing), hint: self.hint }),
            Ok(Ok(_)) => Ok(()),
            Ok(Err(cause)) => Err(broken(&self.address, doing, cause, self.hint)),
            Err(_) => Err(Error::Timeout { address: self.address.clone(), doing: owned(doing), after }),
        }
    }

    fn garbage(&self, doing: &str, problem: &impl std::fmt::Display) -> Error {
        let problem = format!("{problem}; it begins with {}", beginning(&self.received));
        Error::Garbage { address: self.address.clone(), doing: owned(doing), problem }
    }
}

fn owned(doing: &str) -> Cow<'static, str> {
    doing.to_owned().into()
}
