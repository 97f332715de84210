//! Real servers, data sets, write loads, faults and an independent comparison for tests. Never product code: it
//! depends on no crate of the product, so that what it finds is not what the product believes.
//!
//! A test reads like this:
//!
//! ```no_run
//! use keyferry_testkit::Server;
//!
//! let source = Server::builder().config("maxmemory", "64mb").start();
//! let mut client = source.client();
//! redis::cmd("SET").arg("greeting").arg("hello").exec(&mut client).unwrap();
//! ```
//!
//! The tour, in the order in which a test meets them:
//! - [`Server`]: a Redis or Valkey on a free loopback port, ended by its process id when dropped;
//! - [`process`]: signals, processor time and memory of a process;
//! - [`wait_until`], [`free_port`]: the small things.
//!
//! Helpers fail as tests do: they panic with a message that names the server, the key or the file.

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
