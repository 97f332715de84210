//! What the table, the key finder, slots and globs promise, against tables and against a real server.

mod against_server;
mod glob;
mod keys;
mod server;
mod slot;
mod table;

/// Splits a command line at spaces; `''` is the empty argument.
fn args(line: &str) -> Vec<&[u8]> {
    line.split(' ').map(|arg| if arg == "''" { &b""[..] } else { arg.as_bytes() }).collect()
}
