//! Whether two servers hold the same data, by the server's own digest of all of it.

use anyhow::{Result, ensure};
use testkit::Server;
use testkit::redis::cmd;

use crate::tools::client;

/// `DEBUG DIGEST`: one number over all databases, keys and values. Deadlines are not part of it.
///
/// # Errors
/// When the server does not answer.
pub(crate) fn digest(server: &Server) -> Result<String> {
    Ok(cmd("DEBUG").arg("DIGEST").query(&mut client(server)?)?)
}

/// # Errors
/// When the target does not hold exactly the data behind `expected`.
pub(crate) fn ensure_equal(expected: &str, target: &Server) -> Result<()> {
    let found = digest(target)?;
    ensure!(found == expected, "the target does not hold the source's data: digest {found}, expected {expected}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::server;

    #[test]
    fn servers_are_equal_until_one_value_differs() {
        let (one, other) = (server(), server());
        for server in [&one, &other] {
            server.run::<()>(&["SET", "k", "v"]);
        }
        ensure_equal(&digest(&one).unwrap(), &other).unwrap();
        other.run::<()>(&["SET", "k", "w"]);
        assert!(ensure_equal(&digest(&one).unwrap(), &other).is_err());
    }
}
