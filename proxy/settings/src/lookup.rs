//! What lies outside the settings: environment variables and the files that secrets are kept in.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Answers for the world outside. The program answers from the real environment and disk; tests from a
/// [`Given`].
pub trait Lookup {
    /// The value of an environment variable; `None` where it is not set or is not UTF-8.
    fn env(&self, name: &str) -> Option<String>;

    /// The whole content of a file.
    fn file(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// A world that is given in full: nothing else exists.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub env: BTreeMap<String, String>,
    pub files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Lookup for Given {
    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}
