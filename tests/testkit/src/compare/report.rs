//! What a comparison found.

use std::fmt;

/// How many differences are shown.
const SHOWN: usize = 20;
/// How many bytes of a key or a value are shown.
const BYTES_SHOWN: usize = 80;

/// The outcome of a comparison.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Keys whose values were compared.
    pub compared: usize,
    /// Keys left out because they expired while they were looked at.
    pub expired_meanwhile: usize,
    /// Everything that differs. One key may be here twice, for its value and its deadline.
    pub differences: Vec<Difference>,
}

/// One thing that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The database: of the source, or of the target for an extra key.
    pub db: u32,
    /// The key (or the name of a function library), as it is called there.
    pub key: Vec<u8>,
    /// What differs.
    pub what: What,
}

/// How a key differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The target lacks it.
    Missing,
    /// The target has it, and should not.
    Extra {
        /// Its type on the target.
        type_name: String,
    },
    /// The types differ.
    Type {
        /// As TYPE names it.
        source: String,
        /// As TYPE names it.
        target: String,
    },
    /// The values differ.
    Value {
        /// The type of both.
        type_name: String,
        /// The first difference in words.
        text: String,
    },
    /// The deadlines differ. Unix time in milliseconds; `None` for a key that does not expire.
    Deadline {
        /// On the source.
        source: Option<i64>,
        /// On the target.
        target: Option<i64>,
    },
    /// The target lacks a function library.
    FunctionsMissing,
    /// The target has a function library that the source has not.
    FunctionsExtra,
    /// The code of a function library differs.
    FunctionsDiffer,
}

impl Report {
    /// Whether nothing differs.
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }

    /// Fails with a list of the differences, if there are any.
    ///
    /// # Panics
    /// When something differs.
    #[track_caller]
    pub fn assert_equal(&self) {
        assert!(self.is_equal(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (compared, expired) = (self.compared, self.expired_meanwhile);
        write!(f, "{} differences; {compared} keys compared, {expired} expired meanwhile", self.differences.len())?;
        for difference in self.differences.iter().take(SHOWN) {
            write!(f, "\n  {difference}")?;
        }
        match self.differences.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "\n  … and {more} more"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (db, key) = (self.db, shown(&self.key));
        match &self.what {
            What::Missing => write!(f, "db {db} `{key}`: missing on the target"),
            What::Extra { type_name } => write!(f, "db {db} `{key}`: a {type_name} on the target that should not be"),
            What::Type { source, target } => {
                write!(f, "db {db} `{key}`: {source} on the source, {target} on the target")
            }
            What::Value { type_name, text } => write!(f, "db {db} `{key}` ({type_name}): {text}"),
            What::Deadline { source, target } => {
                let (source, target) = (deadline(*source), deadline(*target));
                write!(f, "db {db} `{key}`: on the source {source}, on the target {target}")
            }
            What::FunctionsMissing => write!(f, "function library `{key}`: missing on the target"),
            What::FunctionsExtra => write!(f, "function library `{key}`: only on the target"),
            What::FunctionsDiffer => write!(f, "function library `{key}`: other code on the target"),
        }
    }
}

fn deadline(ms: Option<i64>) -> String {
    ms.map_or("it does not expire".to_owned(), |ms| format!("it expires at {ms} ms"))
}

/// Bytes as text with escapes, shortened.
pub(super) fn shown(bytes: &[u8]) -> String {
    match bytes.get(..BYTES_SHOWN) {
        Some(start) if bytes.len() > BYTES_SHOWN => format!("{}… ({} bytes)", start.escape_ascii(), bytes.len()),
        _ => bytes.escape_ascii().to_string(),
    }
}
