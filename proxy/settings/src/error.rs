//! What can be wrong with settings, and how it is told.

use std::fmt;

/// Where a setting was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file; lines and columns count from 1, columns in characters.
    File { name: String, line: usize, column: usize },
    /// On the command line, by the flag or argument of this name.
    Flag(String),
}

/// Settings that cannot be used. No variant holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The file is no TOML.
    #[error("{place}: this is not valid TOML: {message}")]
    Syntax { place: Place, message: String },

    /// A value of the wrong type or out of its range.
    #[error("{place}: {setting} is {found}; expected {expected}")]
    Value { place: Place, setting: String, found: String, expected: String },

    /// A name that no setting has.
    #[error("{place}: there is no setting {setting}{}; known here: {known}", .nearest.as_ref().map(|near| format!(", did you mean {near}?")).unwrap_or_default())]
    Unknown { place: Place, setting: String, nearest: Option<String>, known: String },

    /// A URL that cannot be used. The URL is shown without user and password.
    #[error("{place}: {setting} {shown:?}: {problem}")]
    Url { place: Place, setting: String, shown: String, problem: UrlProblem },

    /// A setting without which nothing can begin.
    #[error("{setting} is missing: {advice}")]
    Missing { setting: String, advice: String },

    /// Two settings that contradict each other, or one that needs another.
    #[error("{place}: {problem}")]
    Conflict { place: Place, problem: String },

    /// A secret that could not be fetched from where the settings say that it is.
    #[error("{place}: {setting}: {problem}")]
    Secret { place: Place, setting: String, problem: String },
}

/// What is wrong with a URL, without the URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlProblem {
    #[error("there is no `://`; write redis://host:port, rediss://host:port (TLS) or unix:///path/to/socket")]
    NoScheme,
    #[error("{0} is not supported by this version; it knows redis://, rediss:// (TLS) and unix://")]
    NotYet(&'static str),
    #[error("the scheme {0:?} is not known; write redis://, rediss:// (TLS) or unix://")]
    Scheme(String),
    #[error(
        "user and password hold one of `@ / ? # [ ]` as it is; in a URL write it as % and two hexadecimal digits (@ is %40, / is %2F, # is %23), or give the password by file or environment"
    )]
    UserinfoReserved,
    #[error(
        "{0} has a % that two hexadecimal digits do not follow, or does not decode to UTF-8; a % itself is written %25"
    )]
    PercentCoding(&'static str),
    #[error("the host is missing")]
    HostMissing,
    #[error("the host holds {0:?}, which no host name has")]
    HostCharacter(char),
    #[error("the IPv6 address is not one, or not within brackets; write redis://[2001:db8::1]:6379")]
    Ipv6,
    #[error("the port is not a number from 1 to 65535")]
    Port,
    #[error("behind the host only a db number may follow, as in redis://host:6379/3")]
    Db,
    #[error("parameters behind `?` or `#` are not understood here")]
    Parameters,
    #[error(
        "a unix URL has three slashes and an absolute path, as in unix:///run/redis.sock or unix:///run/redis.sock?db=3"
    )]
    UnixPath,
    #[error("of the parameters behind `?` only db=number is known, as in unix:///run/redis.sock?db=3")]
    UnixParameters,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { name, line, column } => write!(f, "{name}:{line}:{column}"),
            Place::Flag(name) => f.write_str(name),
        }
    }
}
