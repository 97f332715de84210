//! Reads a migration's settings, from a file or from two URLs. Never touches files, environment or sockets itself.
//!
//! [`load`] takes what was written ([`Input`]: a TOML file's text, flags, or both) and a [`Lookup`] for the world
//! outside, and gives [`Settings`]: every default filled in, every value in its range, secrets resolved. Nothing
//! behind this room has to check a setting again.
//!
//! Underneath: `node` makes one tree of file and flags, each value with its place; `section` reads fields out of
//! it and refuses what is left; `kind` knows what a size, a time or a word is; `ends`, `rules` and `read` define
//! each field by the line that reads it. [`reference()`] runs the same lines to write the reference page.

mod endpoint;
mod ends;
mod error;
mod kind;
mod lookup;
mod node;
mod read;
mod reference;
mod rules;
mod section;
mod sections;
mod url;

#[cfg(test)]
mod tests;

pub use endpoint::{Address, Endpoint, Secret, Tls, Verify};
pub use error::{Error, Place, UrlProblem};
pub use lookup::{Given, Lookup};
pub use reference::reference;
pub use sections::{
    Admin, FLUSH_WORDS, Limits, Log, LogFormat, Mode, OnError, OnExisting, Protocol, Replica, ReplicaCommand, Snapshot,
    Source, Target, Timeouts, VERIFY_OFF_WORDS,
};
pub use url::{PORT_DEFAULT, parse as parse_url, redacted as redacted_url};

use std::fmt;

use node::{Table, Text};
use section::{Described, Section};

/// A migration as it is meant.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What the migration is called in logs, metrics and client names.
    pub name: String,
    /// When it ends.
    pub mode: Mode,
    pub on_error: OnError,
    pub source: Source,
    pub target: Target,
    /// What is carried, to which db, under which name. Known to compile.
    pub rules: route::rules::Spec,
    pub limits: Limits,
    pub snapshot: Snapshot,
    pub timeouts: Timeouts,
    pub admin: Admin,
    pub log: Log,
}

/// Settings as written. What a flag says takes the place of what the file says.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    /// The file's name, for messages and as the base of relative paths, and its text.
    pub file: Option<(&'a str, &'a str)>,
    /// In the order of the command line.
    pub flags: &'a [Flag],
}

/// A setting as given on the command line.
#[derive(Clone, PartialEq, Eq)]
pub struct Flag {
    /// What it is called there, for messages: `--lanes`, `SOURCE`.
    pub name: String,
    /// The setting's dotted path: `limits.lanes`.
    pub path: String,
    /// The words given: one, or several where the flag may be repeated.
    pub values: Vec<String>,
}

/// Without the file's text, which may hold a password.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.file.map_or("no file", |(name, _)| name), self.flags)
    }
}

/// Without the values, which may hold a password.
impl fmt::Debug for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.path)
    }
}

/// Reads the settings; the first thing that is wrong with them is the error.
pub fn load(input: &Input<'_>, lookup: &dyn Lookup) -> Result<Settings, Error> {
    load_described(input, lookup).map(|(settings, _)| settings)
}

fn load_described(input: &Input<'_>, lookup: &dyn Lookup) -> Result<(Settings, Vec<Described>), Error> {
    let mut tree = match input.file {
        Some((name, text)) => Text { name, text }.tree()?,
        None => Table::default(),
    };
    for flag in input.flags {
        tree.put(flag)?;
    }
    let mut described = Vec::new();
    let mut document = Section::document(tree, &mut described);
    let (name, mode, on_error) = read::migration(&mut document)?;
    let settings = Settings {
        name,
        mode,
        on_error,
        source: ends::source(&mut document, lookup)?,
        target: ends::target(&mut document, lookup)?,
        rules: rules::rules(&mut document, mode)?,
        limits: read::limits(&mut document)?,
        snapshot: read::snapshot(&mut document)?,
        timeouts: read::timeouts(&mut document)?,
        admin: read::admin(&mut document)?,
        log: read::log(&mut document)?,
    };
    document.finish()?;
    Ok((settings, described))
}
