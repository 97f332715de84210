//! From an endpoint to a stream of bytes: name look-up, TCP or Unix socket, TLS, each step under one deadline.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use settings::{Address, Endpoint, Timeouts, Tls};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpSocket, TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use crate::tls;
use crate::{Error, Stream};

/// How a TCP socket is set up. The defaults suit every use here but a bulk reader's.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Size of the kernel's receive buffer, set before the connection stands so that the TCP window can follow it.
    /// `None` (default) leaves it to the kernel, which grows it as needed.
    pub receive_buffer_bytes: Option<usize>,
    /// Silence after which the kernel asks whether the other side still lives (default 15 s), then every 5 s,
    /// three times. It finds the dead peers that send no RST: powered off, or behind a firewall that forgot us.
    pub keepalive_after: Duration,
    /// How long sent bytes may stay unacknowledged before the connection counts as broken (default 60 s; Linux).
    /// Keep-alive alone does not end a connection that has bytes under way.
    pub unacknowledged_max: Duration,
}

impl Default for Tuning {
    fn default() -> Tuning {
        Tuning {
            receive_buffer_bytes: None,
            keepalive_after: Duration::from_secs(15),
            unacknowledged_max: Duration::from_secs(60),
        }
    }
}

/// Opens a connection, TLS included, within `timeouts.connect`. Sends no word of Redis's protocol.
pub async fn connect(endpoint: &Endpoint, timeouts: &Timeouts) -> Result<Stream, Error> {
    connect_with(endpoint, timeouts, &Tuning::default()).await
}

/// [`connect`] with sockets set up as `tuning` says.
pub async fn connect_with(endpoint: &Endpoint, timeouts: &Timeouts, tuning: &Tuning) -> Result<Stream, Error> {
    Dial::new(endpoint, timeouts.connect).stream(endpoint, tuning).await
}

/// One attempt to connect, with the deadline of all its steps.
#[derive(Debug)]
pub(crate) struct Dial {
    pub(crate) address: String,
    pub(crate) deadline: Instant,
    pub(crate) limit: Duration,
}

impl Dial {
    pub(crate) fn new(endpoint: &Endpoint, limit: Duration) -> Dial {
        Dial { address: endpoint.address.to_string(), deadline: Instant::now() + limit, limit }
    }

    pub(crate) async fn stream(&self, endpoint: &Endpoint, tuning: &Tuning) -> Result<Stream, Error> {
        match (&endpoint.address, &endpoint.tls) {
            (Address::Tcp { host, port }, None) => Ok(Stream::Tcp(self.tcp(host, *port, tuning).await?)),
            (Address::Tcp { host, port }, Some(tls)) => {
                // The files are read first: a wrong path is told whether or not the server is up.
                let (connector, name) = self.connector(tls, host).await?;
                let socket = self.tcp(host, *port, tuning).await?;
                self.tls(connector, name, socket).await
            }
            (Address::Unix(path), None) => Ok(Stream::Unix(self.unix(path).await?)),
            (Address::Unix(_), Some(_)) => {
                Err(self.tls_settings("a Unix socket does not leave this machine and is used without TLS".to_owned()))
            }
        }
    }

    /// Tries the host's addresses one after the other; each gets an equal share of what is left of the time, so that
    /// one that never answers does not use it up.
    async fn tcp(&self, host: &str, port: u16, tuning: &Tuning) -> Result<TcpStream, Error> {
        let lookup = self.within(self.deadline, "looking up the host's address", tokio::net::lookup_host((host, port)));
        let addresses: Vec<SocketAddr> = lookup.await?.map_err(|cause| self.resolve(cause))?.collect();
        let mut outcome = Err(self.resolve(io::Error::new(io::ErrorKind::NotFound, "the name has no address")));
        let mut left = addresses.len();
        for address in addresses {
            let share = self.deadline.saturating_duration_since(Instant::now()) / u32::try_from(left).unwrap_or(1);
            let attempt = self.within(Instant::now() + share, "connecting", open(address, tuning));
            outcome = attempt.await.and_then(|opened| opened.map_err(|cause| self.connect(cause)));
            if outcome.is_ok() {
                break;
            }
            left = left.saturating_sub(1).max(1);
        }
        outcome
    }

    async fn unix(&self, path: &Path) -> Result<UnixStream, Error> {
        let attempt = self.within(self.deadline, "connecting", UnixStream::connect(path));
        attempt.await?.map_err(|cause| self.connect(cause))
    }

    /// The TLS configuration, and the name the certificate must hold.
    async fn connector(
        &self,
        tls: &Tls,
        host: &str,
    ) -> Result<(TlsConnector, rustls_pki_types::ServerName<'static>), Error> {
        let name = tls.server_name.as_deref().unwrap_or(host);
        let name = tls::server_name(name).map_err(|problem| self.tls_settings(problem))?;
        let tls = tls.clone();
        let config = tokio::task::spawn_blocking(move || tls::client_config(&tls))
            .await
            .map_err(|error| self.tls_settings(format!("reading its files was cut off: {error}")))?
            .map_err(|problem| self.tls_settings(problem))?;
        Ok((TlsConnector::from(Arc::new(config)), name))
    }

    async fn tls(
        &self,
        connector: TlsConnector,
        name: rustls_pki_types::ServerName<'static>,
        socket: TcpStream,
    ) -> Result<Stream, Error> {
        // A Redis without TLS takes the handshake for the beginning of a long line, and waits for its end.
        let doing = "waiting for the TLS handshake (if this port speaks no TLS, write redis:// instead of rediss://)";
        let handshake = self.within(self.deadline, doing, connector.connect(name, socket));
        match handshake.await? {
            Ok(stream) => Ok(Stream::Tls(Box::new(stream))),
            Err(cause) => Err(broken(&self.address, "the TLS handshake", cause, "")),
        }
    }

    async fn within<T>(&self, until: Instant, doing: &'static str, what: impl Future<Output = T>) -> Result<T, Error> {
        timeout_at(until.min(self.deadline), what).await.map_err(|_| Error::Timeout {
            address: self.address.clone(),
            doing: doing.into(),
            after: self.limit,
        })
    }

    fn resolve(&self, cause: io::Error) -> Error {
        Error::Resolve { address: self.address.clone(), cause }
    }

    fn connect(&self, cause: io::Error) -> Error {
        Error::Connect { address: self.address.clone(), cause }
    }

    fn tls_settings(&self, problem: String) -> Error {
        Error::TlsSettings { address: self.address.clone(), problem }
    }
}

/// A failure of a connection that stood: TLS, the end of it, or a broken socket.
pub(crate) fn broken(address: &str, doing: &str, cause: io::Error, hint: &'static str) -> Error {
    let address = address.to_owned();
    if let Some((problem, passing)) = tls::explain(&cause) {
        return Error::Tls { address, problem, passing };
    }
    match cause.kind() {
        // tokio-rustls says so where the peer closes without TLS's own goodbye; Redis always does.
        io::ErrorKind::UnexpectedEof => Error::Closed { address, doing: doing.to_owned().into(), hint },
        _ => Error::Broken { address, doing: doing.to_owned().into(), cause, hint },
    }
}

async fn open(address: SocketAddr, tuning: &Tuning) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(bytes) = tuning.receive_buffer_bytes {
        socket.set_recv_buffer_size(u32::try_from(bytes).unwrap_or(u32::MAX))?;
    }
    let stream = socket.connect(address).await?;
    // Every write here is a whole batch: waiting for more to fill a packet would only add delay.
    stream.set_nodelay(true)?;
    let keepalive =
        TcpKeepalive::new().with_time(tuning.keepalive_after).with_interval(Duration::from_secs(5)).with_retries(3);
    let socket = SockRef::from(&stream);
    socket.set_tcp_keepalive(&keepalive)?;
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(tuning.unacknowledged_max))?;
    Ok(stream)
}
