use crate::Stage;

/// Whether another attempt, on a new connection, may succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// The source is not ready, or the link broke: wait, and try again.
    Later,
    /// Somebody has to change something first.
    Never,
}

/// Why a source did not become ours to follow. What a source said is quoted, escaped and bounded; secrets are not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A command was answered with an error.
    #[error("the source refused {command}: {answer}")]
    Refused {
        /// The command, without its arguments.
        command: &'static str,
        /// What the source said.
        answer: String,
        /// Whether it may say otherwise later.
        retry: Retry,
    },
    /// The source did not accept the password, or the user.
    #[error("the source refused to let us in{}: {answer}{hint}", if *.with_username { " as the user given" } else { "" })]
    AuthRefused {
        /// Whether a user was named.
        with_username: bool,
        /// What the source said, without anything that may repeat the password.
        answer: String,
        /// What may be done, or nothing.
        hint: &'static str,
        /// Whether it may say otherwise later.
        retry: Retry,
    },
    /// The source wants a password, and none is set.
    #[error("the source wants a password and none is set: {answer}")]
    PasswordMissing {
        /// What the source said.
        answer: String,
    },
    /// In place of a snapshot came an error: the source could not make one.
    #[error("the source sent no snapshot: {answer}")]
    NoSnapshot {
        /// What the source said.
        answer: String,
        /// Whether it may make one later.
        retry: Retry,
    },
    /// The source's bytes are not of the replication protocol: it is perhaps no Redis server.
    #[error("while {stage}: expected {expected}, the source sent {found}")]
    Garbage {
        /// Where we stood.
        stage: Stage,
        /// What the protocol has there.
        expected: &'static str,
        /// The first bytes that came, escaped.
        found: String,
    },
    /// The connection ended.
    #[error("the source closed the connection while we were {stage}{}{}", missing_text(*.missing), closed_hint(*.stage))]
    Closed {
        /// Where we stood.
        stage: Stage,
        /// How many bytes of the snapshot had not come, where its length was known.
        missing: Option<u64>,
    },
}

impl Error {
    /// Whether another attempt may succeed.
    pub fn retry(&self) -> Retry {
        match self {
            Error::Refused { retry, .. } | Error::AuthRefused { retry, .. } | Error::NoSnapshot { retry, .. } => *retry,
            Error::PasswordMissing { .. } | Error::Garbage { .. } => Retry::Never,
            Error::Closed { .. } => Retry::Later,
        }
    }
}

fn missing_text(missing: Option<u64>) -> String {
    missing.map(|bytes| format!(", {bytes} bytes before its end")).unwrap_or_default()
}

/// The usual reason, where there is one.
fn closed_hint(stage: Stage) -> &'static str {
    match stage {
        Stage::Snapshot | Stage::Stream => {
            "; its log says why: often client-output-buffer-limit for replicas, or repl-timeout"
        }
        Stage::WaitingForSnapshot => "; its log says why: often a background save that failed",
        Stage::Ping | Stage::Auth | Stage::Replconf | Stage::Psync => "",
    }
}
