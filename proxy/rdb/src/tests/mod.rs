//! The decoder and what it feeds, on RDBs made here; `server` holds the tests against a real server.

mod big;
mod records;
mod sample;
mod server;
mod splits;
