//! What a comparison takes into account.

use std::fmt;

type DbMap = dyn Fn(u32) -> Option<u32>;
type KeyMap = dyn Fn(&[u8]) -> Vec<u8>;
type KeyTest = dyn Fn(u32, &[u8]) -> bool;

/// What the target should hold, given the source: by default the same.
pub struct Options {
    pub(super) db_map: Box<DbMap>,
    pub(super) key_map: Box<KeyMap>,
    pub(super) filter: Box<KeyTest>,
    pub(super) ignore_on_target: Box<KeyTest>,
    pub(super) functions: bool,
    pub(super) consumer_times: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            db_map: Box::new(Some),
            key_map: Box::new(<[u8]>::to_vec),
            filter: Box::new(|_, _| true),
            ignore_on_target: Box::new(|_, _| false),
            functions: true,
            consumer_times: false,
        }
    }
}

impl Options {
    /// Source and target should hold the same.
    pub fn new() -> Options {
        Options::default()
    }

    /// In which database of the target a database of the source should be; `None`: in none.
    #[must_use]
    pub fn db_map(mut self, map: impl Fn(u32) -> Option<u32> + 'static) -> Self {
        self.db_map = Box::new(map);
        self
    }

    /// What a key of the source should be called on the target.
    #[must_use]
    pub fn key_map(mut self, map: impl Fn(&[u8]) -> Vec<u8> + 'static) -> Self {
        self.key_map = Box::new(map);
        self
    }

    /// Which keys of the source should be on the target. One that should not, and is, is reported as extra.
    #[must_use]
    pub fn filter(mut self, wanted: impl Fn(u32, &[u8]) -> bool + 'static) -> Self {
        self.filter = Box::new(wanted);
        self
    }

    /// Which keys of the target are none of the source's business, such as those that it held before.
    #[must_use]
    pub fn ignore_on_target(mut self, ignored: impl Fn(u32, &[u8]) -> bool + 'static) -> Self {
        self.ignore_on_target = Box::new(ignored);
        self
    }

    /// Whether function libraries are compared; they are by default.
    #[must_use]
    pub fn functions(mut self, wanted: bool) -> Self {
        self.functions = wanted;
        self
    }

    /// Whether the times at which consumers of streams were last seen must be equal. They are not by default: Redis's
    /// own replicas differ there, since XREADGROUP reaches them as XCLAIM.
    #[must_use]
    pub fn consumer_times(mut self, wanted: bool) -> Self {
        self.consumer_times = wanted;
        self
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = (self.functions, self.consumer_times);
        f.debug_struct("Options").field("functions", &flags.0).field("consumer_times", &flags.1).finish_non_exhaustive()
    }
}
