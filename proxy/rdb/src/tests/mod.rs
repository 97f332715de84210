//! The decoder and what it feeds, on RDBs made here; `server` holds the tests against a real server.

mod sample;
mod splits;
