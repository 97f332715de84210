//! Decides what of a source's data goes where: rules, lanes, frontier. No IO, no clock, no threads.
//!
//! ```text
//! entry, change ─► rules (drop, keep, rewrite) ─► lanes (which ordered connections) ─► … applied ─► frontier
//! ```
//!
//! [`rules`] are the native filters and renames of a migration; [`lanes`] spreads keys over ordered connections so
//! that a key always meets the same one; [`frontier`] is the arithmetic of what may be acknowledged to the source.

pub mod frontier;
pub mod lanes;
pub mod rules;

#[cfg(test)]
mod tests;
