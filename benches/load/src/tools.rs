//! Programs that stand beside the server, and servers set up alike for all.

use std::env;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use testkit::Server;
use testkit::redis::{Client, Connection, RedisResult, io::tcp::TcpSettings};

/// How often a state is looked at while it is waited for: all times that are measured so are known to this grain.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// Nothing that is measured here takes this long on any machine that could be used.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(900);

/// A server for either end: no persistence, `repl-diskless-sync-delay 0`, all else as the server has it.
pub(crate) fn server() -> Server {
    Server::builder().start()
}

/// A connection for loads and measurements: no delay in the kernel, and patient where the server computes for long.
///
/// # Errors
/// When the server does not let us in.
pub(crate) fn client(server: &Server) -> RedisResult<Connection> {
    let tcp = TcpSettings::default().set_nodelay(true);
    let info = server.connection_info(0).set_tcp_settings(tcp);
    let client = Client::open(info)?.get_connection_with_timeout(TIMEOUT)?;
    client.set_read_timeout(Some(TIMEOUT))?;
    Ok(client)
}

/// Looks at a state every [`POLL`] until it is there.
///
/// # Errors
/// What the look finds wrong, and that it took longer than [`TIMEOUT`].
pub(crate) fn wait_for(what: &str, mut is_there: impl FnMut() -> Result<bool>) -> Result<()> {
    let begin = Instant::now();
    while !is_there().with_context(|| format!("while waiting: {what}"))? {
        if begin.elapsed() > TIMEOUT {
            bail!("gave up after {} s: {what}", TIMEOUT.as_secs());
        }
        thread::sleep(POLL);
    }
    Ok(())
}

/// Where a program is, by its name.
///
/// # Errors
/// When no folder of PATH has it.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.with_context(|| format!("{name} is not in PATH; on Debian the package redis-tools has it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_or_named_in_the_error() {
        assert!(program("sh").unwrap().is_file());
        assert!(program("no-such-program").unwrap_err().to_string().starts_with("no-such-program is not in PATH"));
    }

    #[test]
    fn what_goes_wrong_while_waiting_says_what_was_waited_for() {
        let mut looks = 0;
        let result = wait_for("three looks", || {
            looks += 1;
            Ok(looks == 3)
        });
        assert!(result.is_ok() && looks == 3);
        let error = wait_for("a miracle", || bail!("no")).unwrap_err();
        assert_eq!(format!("{error:#}"), "while waiting: a miracle: no");
    }
}
