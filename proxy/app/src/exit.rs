//! How the program ends: its exit codes, and an end before the end.

use std::fmt;

/// An exit code. Where `sysexits.h` has a name for the case, it is that one's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// What was asked for is done; for a run that follows, it was told to stop and everything read is applied.
    Done,
    /// The command line or the settings cannot be used.
    Settings,
    /// The check found errors; nothing was started.
    Refused,
    /// A server cannot be reached, or does not let us in.
    Unreachable,
    /// A mistake of ours.
    Internal,
    /// What was to be carried cannot be.
    Data,
    /// Told to stop before what was asked for was complete.
    Stopped,
}

impl Exit {
    /// Every code, with what it means to the one who reads `--help`.
    pub(crate) const ALL: [(Exit, &'static str); 7] = [
        (Exit::Done, "done; for a run that follows: told to stop, and everything read from the source is applied"),
        (Exit::Settings, "the command line or the settings cannot be used; nothing was done"),
        (Exit::Refused, "the check of both servers found errors; nothing was carried"),
        (Exit::Unreachable, "a server cannot be reached, or does not let keyferry in"),
        (Exit::Internal, "a mistake of keyferry's own; please report it"),
        (Exit::Data, "what was to be carried cannot be: refused by the target or the rules, unreadable, or too much"),
        (Exit::Stopped, "told to stop before the target was complete, or before everything read was applied"),
    ];

    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Settings => 64,
            Exit::Refused => 65,
            Exit::Unreachable => 69,
            Exit::Internal => 70,
            Exit::Data => 74,
            Exit::Stopped => 75,
        }
    }

    /// The table of codes for `--help`.
    pub(crate) fn table() -> String {
        let mut table = "Exit codes:\n".to_owned();
        for (exit, meaning) in Exit::ALL {
            table.push_str(&format!("  {:>3}  {meaning}\n", exit.code()));
        }
        table.push_str("  130  ended at once by a second SIGINT (Ctrl-C); 143 by a second SIGTERM\n");
        table
    }
}

/// Why a command ended before its end: a message for the operator, and the code for the shell.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) message: String,
}

impl Failure {
    /// A failure with this code. The message is the error's own text.
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Failure {
        Failure { exit, message: message.to_string() }
    }

    /// For `map_err`: turns an error into a failure with this code.
    pub(crate) fn of<E: fmt::Display>(exit: Exit) -> impl FnOnce(E) -> Failure {
        move |error| Failure::new(exit, error)
    }
}
