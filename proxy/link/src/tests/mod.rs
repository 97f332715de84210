//! Against real servers, and against scripted peers where a real server would be too polite.

mod log_in;
mod questions;
mod tls;
mod trouble;

use std::time::Duration;

use record::Db;
use settings::{Endpoint, Protocol, Secret, Timeouts};
use testkit::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::{Connection, Error};

/// Times that suit a loaded test machine.
fn patient() -> Timeouts {
    Timeouts { connect: Duration::from_secs(20), reply: Duration::from_secs(20), ..Timeouts::default() }
}

/// Times for tests that wait for them to run out.
fn hasty() -> Timeouts {
    Timeouts { connect: Duration::from_millis(300), reply: Duration::from_millis(300), ..Timeouts::default() }
}

fn endpoint(server: &Server) -> Endpoint {
    Endpoint::tcp("127.0.0.1", server.port())
}

fn with_user(mut endpoint: Endpoint, user: Option<&str>, password: Option<&str>) -> Endpoint {
    endpoint.username = user.map(str::to_owned);
    endpoint.password = password.map(Secret::new);
    endpoint
}

fn with_db(mut endpoint: Endpoint, db: u32) -> Endpoint {
    endpoint.db = Db(db);
    endpoint
}

async fn open(endpoint: &Endpoint) -> Result<Connection, Error> {
    Connection::open(endpoint, &patient(), Protocol::Resp2, "keyferry-test").await
}

/// A peer that says `words` to whoever connects, whatever is asked, and then closes or stays silent.
async fn scripted(words: &'static [u8], closes: bool) -> Endpoint {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut asked = [0; 4096];
        // At least the first question is read, so that closing is an orderly end and no reset.
        let _read = socket.read(&mut asked).await.unwrap();
        socket.write_all(words).await.unwrap();
        if closes {
            socket.shutdown().await.unwrap();
        }
        // Until the other side has gone.
        while socket.read(&mut asked).await.is_ok_and(|length| length > 0) {}
    });
    Endpoint::tcp("127.0.0.1", port)
}
