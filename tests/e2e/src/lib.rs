//! The program `keyferry` between real servers, seen from outside: what goes in, what arrives, what it says. Never
//! looks into the product: it depends on no crate of it.
//!
//! Every test starts its own servers through `testkit` and compares whole data sets, deadlines to the millisecond.
//! Random tests print their seed; `KEYFERRY_SEED=<number>` replays one. `KEYFERRY_SOAK=1` makes the random ones last.
//!
//! - `setup`: how a run is started, waited for and ended; `words`: what every test may say in a line.
//! - `carry`, `transactions`, `values`, `functions`, `versions`, `expiry`: that everything arrives.
//! - `rules`, `target_state`: what was asked to be left out, renamed, kept.
//! - `access`, `mistakes`: how servers are reached, and what is said when they are not.
//! - `source_faults`, `target_faults`, `refusals`, `backlog`: what breaks, and that nothing is lost by it.
//! - `stopping`, `pages`: how a run ends, and what it tells meanwhile.

#[cfg(test)]
mod access;
#[cfg(test)]
mod backlog;
#[cfg(test)]
mod carry;
#[cfg(test)]
mod expiry;
#[cfg(test)]
mod functions;
#[cfg(test)]
mod mistakes;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod setup;
#[cfg(test)]
mod source_faults;
#[cfg(test)]
mod stopping;
#[cfg(test)]
mod target_faults;
#[cfg(test)]
mod target_state;
#[cfg(test)]
mod transactions;
#[cfg(test)]
mod values;
#[cfg(test)]
mod versions;
