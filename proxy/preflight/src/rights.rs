//! What the user of a connection may do, found out without doing it.
//!
//! Three ways, the surest first. `ACL DRYRUN` (Redis 7.0) answers for any command, where the user may ask for it; before
//! that `ACL GETUSER` tells whether the user is bound by anything at all. Otherwise commands are tried in a way that
//! cannot have an effect: harmless ones directly, and writes inside a `MULTI` that ends in `DISCARD`, since rights are
//! checked when a command is queued (server.c, processCommand). What no way reaches is unknown, and said to be.

use link::{Connection, Error, Reply};

use crate::needs::{KEY, Need, Trial};
use crate::server::Server;

/// What is known of a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// The command is allowed, or the server does not have it.
    Granted,
    /// The command is not allowed.
    Missing,
    /// The command is allowed, but not on every key.
    SomeKeys,
    /// It could not be found out.
    Unknown,
}

/// The rights of the connection's user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The user's name, where the server tells it.
    pub user: Option<String>,
    /// What is known of each need.
    pub list: Vec<(Need, Right)>,
}

impl Rights {
    /// Finds out what the connection's user may do.
    pub(crate) async fn probe(
        connection: &mut Connection,
        server: Option<Server>,
        needs: Vec<Need>,
    ) -> Result<Rights, Error> {
        if server.is_some_and(|server| !server.has_access_list()) {
            return Ok(Rights { user: None, list: needs.into_iter().map(|need| (need, Right::Granted)).collect() });
        }
        let user = connection.call(&[b"ACL", b"WHOAMI"]).await?.as_text().map(|name| name.into_owned());
        let mut list = match &user {
            Some(user) => ask(connection, user, needs).await?,
            None => needs.into_iter().map(|need| (need, Right::Unknown)).collect(),
        };
        // A user who may not ask for one right may not ask for any: then all are tried.
        if list.iter().all(|(_, right)| *right == Right::Unknown) {
            if let Some(user) = &user
                && may_do_all(connection, user).await?
            {
                list.iter_mut().for_each(|(_, right)| *right = Right::Granted);
                return Ok(Rights { user: Some(user.clone()), list });
            }
            try_direct(connection, server, &mut list).await?;
            try_queued(connection, &mut list).await?;
        }
        Ok(Rights { user, list })
    }
}

async fn ask(connection: &mut Connection, user: &str, needs: Vec<Need>) -> Result<Vec<(Need, Right)>, Error> {
    let question = |need: &Need| [vec![b"ACL".as_slice(), b"DRYRUN", user.as_bytes()], need.args()].concat();
    let questions: Vec<Vec<&[u8]>> = needs.iter().map(question).collect();
    let replies = connection.pipeline(&questions).await?;
    Ok(needs.into_iter().zip(replies).map(|(need, reply)| (need, answer(&reply))).collect())
}

/// What an answer to `ACL DRYRUN` tells.
fn answer(reply: &Reply) -> Right {
    match (reply.error(), reply.as_text()) {
        // The server does not have this command, so its stream cannot hold it either.
        (Some(error), _) if error.to_string().contains("not found") => Right::Granted,
        (Some(_), _) | (None, None) => Right::Unknown,
        (None, Some(text)) => verdict(&text),
    }
}

/// Whether the user is bound by nothing, as `ACL GETUSER` (Redis 6.0) shows it.
async fn may_do_all(connection: &mut Connection, user: &str) -> Result<bool, Error> {
    let reply = connection.call(&[b"ACL", b"GETUSER", user.as_bytes()]).await?;
    let all_commands = reply.field("commands").and_then(Reply::as_bytes) == Some(b"+@all");
    // A list up to 6.2, a text from 7.0 on.
    let all_keys = reply.field("keys").is_some_and(|keys| match keys.as_array() {
        Some(patterns) => patterns.iter().any(|pattern| pattern.as_bytes() == Some(b"*")),
        None => keys.as_bytes() == Some(b"~*"),
    });
    Ok(all_commands && all_keys)
}

/// The words of `ACL DRYRUN`, and of a NOPERM error (acl.c, getAclErrorMessage).
fn verdict(text: &str) -> Right {
    if text == "OK" {
        Right::Granted
    } else if text.contains("key") && text.contains("access") {
        Right::SomeKeys
    } else if text.contains("no permissions") {
        Right::Missing
    } else {
        Right::Unknown
    }
}

async fn try_direct(
    connection: &mut Connection,
    server: Option<Server>,
    list: &mut [(Need, Right)],
) -> Result<(), Error> {
    let psync_is_safe = server.is_some_and(|server| server.refuses_malformed_psync());
    for (need, right) in list {
        if need.trial == Trial::Direct || (need.trial == Trial::MalformedPsync && psync_is_safe) {
            *right = tried(&connection.call(&need.args()).await?);
        }
    }
    Ok(())
}

/// What the answer to a command tells of the right to it: any error but NOPERM is about something else. That of EXEC
/// stands behind EXECABORT (server.c, rejectCommand).
fn tried(reply: &Reply) -> Right {
    let Some(error) = reply.error() else { return Right::Granted };
    let text = error.to_string();
    let refused = error.code() == "NOPERM" || (error.code() == "EXECABORT" && text.contains("NOPERM"));
    match verdict(&text) {
        _ if !refused => Right::Granted,
        Right::SomeKeys => Right::SomeKeys,
        _ => Right::Missing,
    }
}

/// Queues every command in a transaction and discards it. The server must have shown that it queues, and each answer
/// must be `QUEUED` or an error before the next command is sent: one that only pretends to know MULTI would run them.
async fn try_queued(connection: &mut Connection, list: &mut [(Need, Right)]) -> Result<(), Error> {
    if !list.iter().any(|(need, _)| need.trial == Trial::Queued) {
        return Ok(());
    }
    let opened = connection.call(&[b"MULTI"]).await?;
    let may_open = tried(&opened);
    for (need, right) in list.iter_mut().filter(|(need, _)| need.words == ["MULTI"]) {
        debug_assert_eq!(need.trial, Trial::Queued);
        *right = may_open;
    }
    if !opened.is_ok() {
        return Ok(());
    }
    if !queues(connection).await? {
        connection.call(&[b"DISCARD"]).await?;
        return Ok(());
    }
    for (need, right) in list.iter_mut().filter(|(need, _)| need.trial == Trial::Queued && need.words != ["MULTI"]) {
        let reply = connection.call(&need.args()).await?;
        *right = tried(&reply);
        if reply.error().is_none() && !is_queued(&reply) {
            break;
        }
    }
    connection.call(&[b"DISCARD"]).await?;
    Ok(())
}

/// Whether the server holds commands back until EXEC. Seen on commands that would do nothing if it did not; one that
/// the user has no right to tells nothing, and the next is asked.
async fn queues(connection: &mut Connection) -> Result<bool, Error> {
    let harmless: [&[&[u8]]; 3] = [&[b"PING"], &[b"PTTL", KEY.as_bytes()], &[b"DEL", KEY.as_bytes()]];
    for command in harmless {
        let reply = connection.call(command).await?;
        if reply.error().is_none() {
            return Ok(is_queued(&reply));
        }
    }
    Ok(false)
}

fn is_queued(reply: &Reply) -> bool {
    matches!(reply, Reply::Simple(text) if text.as_ref() == b"QUEUED")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_words_are_understood() {
        for (text, expect) in [
            ("OK", Right::Granted),
            ("This user has no permissions to run the 'psync' command", Right::Missing),
            ("User bob has no permissions to run the 'config|get' command", Right::Missing),
            ("This user has no permissions to access the 'zzz' key", Right::SomeKeys),
            ("User bob has no permissions to access the 'k' key", Right::SomeKeys),
            ("NOPERM this user has no permissions to access one of the keys used as arguments", Right::SomeKeys),
            ("This user has no permissions to access the 'c' channel", Right::Missing),
            ("what?", Right::Unknown),
        ] {
            assert_eq!(verdict(text), expect, "{text}");
        }
    }

    #[test]
    fn only_refusals_for_want_of_rights_are_taken_for_such() {
        for (text, expect) in [
            ("NOPERM this user has no permissions to run the 'dump' command or its subcommand", Right::Missing),
            ("NOPERM this user has no permissions to access one of the keys used as arguments", Right::SomeKeys),
            (
                "EXECABORT Transaction discarded because of: NOPERM this user has no permissions to run the 'exec' command",
                Right::Missing,
            ),
            ("EXECABORT Transaction discarded because of previous errors.", Right::Granted),
            ("ERR EXEC without MULTI", Right::Granted),
            ("ERR unknown command `PEXPIRETIME`, with args beginning with: `NOPERM`, ", Right::Granted),
        ] {
            assert_eq!(tried(&Reply::Error(link::ReplyError::new(text))), expect, "{text}");
        }
    }
}
