//! What a source's one-line answers mean.

use crate::{Auth, Error, LINE_BYTES_MAX, Retry, Stage};
use record::{Escaped, Offset, Position, ReplId};
use resp::number;

/// A line of the source, without what ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'a> {
    /// Empty for a keep-alive.
    pub(crate) text: &'a [u8],
    /// Bytes of the line with its end.
    pub(crate) len: usize,
}

/// Takes the line at the front of `bytes`, or `None` where it is not all there. A lone line feed ends a line as well as
/// CR LF does (`syncio.c`, `syncReadLine`). A first byte that begins no answer is refused at once, since what speaks
/// another protocol may never send a line.
pub(crate) fn line(bytes: &[u8], stage: Stage) -> Result<Option<Line<'_>>, Error> {
    let window = bytes.get(..LINE_BYTES_MAX).unwrap_or(bytes);
    if let Some(first) = window.first()
        && !b"+-$\r\n".contains(first)
    {
        return Err(garbage(stage, expected(stage), bytes));
    }
    match memchr::memchr(b'\n', window) {
        Some(feed) => {
            let text = window.get(..feed).unwrap_or_default();
            Ok(Some(Line { text: text.strip_suffix(b"\r").unwrap_or(text), len: feed + 1 }))
        }
        None if window.len() == LINE_BYTES_MAX => Err(garbage(stage, "a line of at most 4096 bytes", bytes)),
        None => Ok(None),
    }
}

/// What the protocol has at a stage, in words.
pub(crate) fn expected(stage: Stage) -> &'static str {
    match stage {
        Stage::Ping | Stage::Auth | Stage::Replconf => "an answer, which begins with '+' or '-'",
        Stage::Psync => "'+FULLRESYNC', '+CONTINUE' or an error",
        Stage::WaitingForSnapshot => "'$' and the snapshot's length, or '$EOF:' and a mark of 40 bytes",
        Stage::Snapshot | Stage::Stream => "bytes of any kind",
    }
}

/// The error of bytes that do not belong there.
pub(crate) fn garbage(stage: Stage, expected: &'static str, found: &[u8]) -> Error {
    // What was fed beyond the first line's limit depends on how much one read brought: it is not shown.
    let found = found.get(..LINE_BYTES_MAX).unwrap_or(found);
    Error::Garbage { stage, expected, found: shown(found) }
}

/// What a source said, fit for a message.
pub(crate) fn shown(text: &[u8]) -> String {
    Escaped(text).to_string()
}

/// What an answer to `PSYNC` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Psync {
    FullResync(Position),
    Continue {
        id: Option<ReplId>,
    },
    /// The source does not know `PSYNC`.
    Unknown,
}

/// Reads the answer to `PSYNC`. Where we asked for a snapshot, `resuming` is false and a `+CONTINUE` makes no sense.
pub(crate) fn psync(text: &[u8], resuming: bool) -> Result<Psync, Error> {
    if let Some(rest) = text.strip_prefix(b"+FULLRESYNC") {
        let expected = "'+FULLRESYNC', a replication id and an offset";
        return full_resync(rest).map(Psync::FullResync).ok_or_else(|| garbage(Stage::Psync, expected, text));
    }
    if let Some(rest) = text.strip_prefix(b"+CONTINUE")
        && resuming
    {
        // Sources before 4.0 send no id; anything that is none is ignored, as Redis does.
        return Ok(Psync::Continue { id: ReplId::parse(rest.trim_ascii()).ok() });
    }
    let Some(message) = text.strip_prefix(b"-") else {
        return Err(garbage(Stage::Psync, expected(Stage::Psync), text));
    };
    if retry(message) == Retry::Later || is_denial(message) {
        return Err(refused("PSYNC", message));
    }
    Ok(Psync::Unknown)
}

fn full_resync(rest: &[u8]) -> Option<Position> {
    let mut words = rest.strip_prefix(b" ")?.split(|&byte| byte == b' ');
    let id = ReplId::parse(words.next()?).ok()?;
    let offset = Offset(number::parse_u64(words.next()?)?);
    words.next().is_none().then_some(Position { id, offset })
}

/// The error of a command that was answered with one; the text is without its `-`.
pub(crate) fn refused(command: &'static str, message: &[u8]) -> Error {
    if message.starts_with(b"NOAUTH") || message.starts_with(NOT_PERMITTED) {
        return Error::PasswordMissing { answer: shown(message) };
    }
    Error::Refused { command, answer: shown(message), retry: retry(message) }
}

/// What servers before 2.6 say where later ones say NOAUTH.
pub(crate) const NOT_PERMITTED: &[u8] = b"ERR operation not permitted";

/// Whether an error says that we may not, rather than that the source cannot.
pub(crate) fn is_denial(message: &[u8]) -> bool {
    [b"NOAUTH", b"NOPERM", b"DENIED"].iter().any(|code| message.starts_with(*code))
        || message.starts_with(NOT_PERMITTED)
}

/// Whether an error is of the kind that passes.
pub(crate) fn retry(message: &[u8]) -> Retry {
    const CODES: [&[u8]; 7] =
        [b"LOADING", b"BUSY", b"NOMASTERLINK", b"MASTERDOWN", b"TRYAGAIN", b"CLUSTERDOWN", b"MISCONF"];
    // Texts under the code ERR; the last is what NOMASTERLINK was before 4.0.
    const TEXTS: [&[u8]; 4] =
        [b"max number of clients", b"BGSAVE failed", b"background save", b"Can't SYNC while not connected"];
    let passes = CODES.iter().any(|code| message.starts_with(code))
        || TEXTS.iter().any(|text| memchr::memmem::find(message, text).is_some());
    if passes { Retry::Later } else { Retry::Never }
}

/// The error of a source that does not let us in. Nothing of the password is in it, although servers quote the
/// arguments of a command they do not know (`AUTH` may be renamed).
pub(crate) fn auth_refused(message: &[u8], auth: &Auth) -> Error {
    let hint = match message {
        _ if holds(message, b"wrong number of arguments") && auth.username.is_some() => {
            "; servers before Redis 6.0 know no users: leave the user name out"
        }
        _ if holds(message, b"without any password") || holds(message, b"no password is set") => {
            "; the source needs no password: leave it out"
        }
        _ => "",
    };
    let cut = memchr::memmem::find(message, b", with args").unwrap_or(message.len());
    let said = message.get(..cut).unwrap_or_default();
    let answer = match said {
        _ if is_stock(said) => shown(said),
        _ if holds(said, &auth.password) => "(its words are withheld, since they repeat the password)".to_owned(),
        _ => shown(said),
    };
    Error::AuthRefused { with_username: auth.username.is_some(), answer, hint, retry: retry(message) }
}

/// Whether an answer to `AUTH` is one that Redis has in its code, word for word: a short password may occur in it.
fn is_stock(said: &[u8]) -> bool {
    const STOCK: [&[u8]; 5] = [
        b"WRONGPASS invalid username-password pair or user is disabled.",
        b"ERR invalid password",
        b"ERR Client sent AUTH, but no password is set",
        b"ERR AUTH <password> called without any password configured for the default user. \
          Are you sure your configuration is correct?",
        b"ERR wrong number of arguments for 'auth' command",
    ];
    STOCK.contains(&said)
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && memchr::memmem::find(text, part).is_some()
}
