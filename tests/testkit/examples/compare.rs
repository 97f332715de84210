//! Compares two servers completely and says what differs: `compare SOURCE_URL TARGET_URL`.
//!
//! Ends with 0 where nothing differs, with 1 where something does, and with 2 where a server does not let it in. Both
//! servers must be at rest. What is compared is said in `testkit::compare`; nothing of the product is asked.

use keyferry_testkit::compare::{Options, compare_connections};
use keyferry_testkit::redis::{Client, Connection, RedisResult};
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let [source, target] = urls.as_slice() else {
        eprintln!("usage: compare SOURCE_URL TARGET_URL");
        return ExitCode::from(2);
    };
    match open(source).and_then(|source| Ok((source, open(target)?))) {
        Ok((source, target)) => {
            let report = compare_connections(source, target, &Options::new());
            println!("{report}");
            ExitCode::from(u8::from(!report.is_equal()))
        }
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::from(2)
        }
    }
}

/// Servers answer within seconds even where a value is long.
const TIMEOUT: Duration = Duration::from_secs(30);

fn open(url: &str) -> RedisResult<Connection> {
    let connection = Client::open(url)?.get_connection_with_timeout(TIMEOUT)?;
    connection.set_read_timeout(Some(TIMEOUT))?;
    Ok(connection)
}
