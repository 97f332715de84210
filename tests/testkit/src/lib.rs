//! Real servers, data sets, write loads, faults and an independent comparison for tests. Never product code: it
//! depends on no crate of the product, so that what it finds is not what the product believes.
//!
//! A test reads like this:
//!
//! ```no_run
//! use keyferry_testkit::process::Signal;
//! use keyferry_testkit::{Dataset, Keyferry, Server, Workload, assert_equal};
//! use std::time::Duration;
//!
//! let (source, target) = (Server::start_default(), Server::start_default());
//! Dataset::new(1).load(&source);
//! let load = Workload::new(1).start(&source);
//! let sync = Keyferry::sync(&[&source.url(), &target.url()]).spawn();
//! // … wait until it follows …
//! load.stop();
//! sync.signal(Signal::TERM);
//! sync.wait(Duration::from_secs(10));
//! assert_equal(&source, &target);
//! ```
//!
//! The tour, in the order in which a test meets them:
//! - [`Server`]: a Redis or Valkey on a free loopback port, ended by its process id when dropped;
//! - [`Certs`]: an authority and certificates for servers and clients that speak TLS;
//! - [`Dataset`]: seeded keys of every type and encoding, checked on the server that holds them;
//! - [`Workload`]: a seeded mixed write load in the background;
//! - [`FaultProxy`]: a TCP proxy that cuts, refuses, freezes, loses, slows and corrupts on demand;
//! - [`Keyferry`]: the program under test, started, listened to, signalled, ended;
//! - [`compare()`]: a full comparison of two servers, both ways;
//! - [`process`], [`wait_until`], [`free_port`]: the small things.
//!
//! Helpers fail as tests do: they panic with a message that names the server, the key or the file. Seeds are
//! printed, so that a failing test shows them.

pub mod compare;
pub mod dataset;
pub mod fault;
pub mod keyferry;
pub mod process;
pub mod server;
pub mod tls;
mod wait;
pub mod workload;

pub use compare::{assert_equal, compare};
pub use dataset::{Dataset, Loaded};
pub use fault::FaultProxy;
pub use keyferry::{Keyferry, Running, keyferry_binary};
pub use redis;
pub use server::{Kind, Server};
pub use tls::Certs;
pub use wait::{free_port, wait_until};
pub use workload::Workload;
