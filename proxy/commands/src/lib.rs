//! Knows what each Redis command does to which keys. It never runs a command, and does no IO.
//!
//! ```text
//! args ─► Table::resolve ─► Spec ─► Spec::keys ─► positions and access of the keys ─► slot
//!         (ours + COMMAND)   │
//!                            └─► class: what a pipeline has to do with it
//! ```
//!
//! Reading order: [`Spec`], [`Class`] and [`Access`] are the vocabulary; [`Table`] holds every data command of Redis
//! 7.2 (and the field-expiry commands of 7.4 and 8.0) and learns what else a server has from its own `COMMAND` reply;
//! [`Spec::keys`] finds the keys of one command without allocating; [`slot()`] says where a key lives in a cluster;
//! [`Glob`] matches keys by Redis's own glob rules.

mod builtin;
mod glob;
mod keys;
mod slot;
mod spec;
mod table;

#[cfg(test)]
mod tests;

pub use glob::Glob;
pub use keys::{Error, Key, KeyIter, Keys, OtherDb};
pub use slot::{hash_tag, slot};
pub use spec::{Access, Class, Group, KeySpec, Range, Spec};
pub use table::{ServerCommand, Table};
