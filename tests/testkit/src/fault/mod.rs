//! A TCP proxy that misbehaves on demand: cut, refused, silent, slow and corrupted connections.
//!
//! ```no_run
//! use keyferry_testkit::{FaultProxy, Server};
//! use keyferry_testkit::fault::{Cut, Direction};
//!
//! let source = Server::start_default();
//! let link = FaultProxy::to(&source.addr());
//! // … connect to link.addr() …
//! link.cut_after(Direction::ToClient, 10_000, Cut::Reset); // once, after so many bytes
//! link.half_open();                                        // until told otherwise
//! link.pass();
//! ```
//!
//! A mode holds for present and for new connections, and for all bytes that are sent after the call has returned.

mod pump;
#[cfg(test)]
mod tests;

use crate::wait_until;
use pump::Link;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often threads look whether they are told something.
const TICK: Duration = Duration::from_millis(5);
/// How long a call waits for its effect.
const EFFECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The way in which bytes flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the client to the server behind the proxy.
    ToServer,
    /// From the server behind the proxy to the client.
    ToClient,
}

/// How connections are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Closed in order (FIN): both ends read an end of stream.
    Close,
    /// Reset (RST): both ends get an error, as when a host or a middlebox drops the connection.
    Reset,
}

/// What happens to bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    Freeze,
    Swallow,
    Delay(Duration),
    Throttle(u64),
}

/// Counts since the start. Bytes are those passed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Connections that clients made.
    pub accepted: u64,
    /// Connections that are there now.
    pub open: usize,
    /// Bytes passed on from clients to the server.
    pub bytes_to_server: u64,
    /// Bytes passed on from the server to clients.
    pub bytes_to_client: u64,
}

/// One thing to happen once, when so many further bytes have passed in one direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trap {
    pub(crate) cut_after: Option<(u64, Cut)>,
    pub(crate) corrupt_after: Option<u64>,
}

#[derive(Debug)]
pub(crate) struct Shared {
    server: SocketAddr,
    mode: Mutex<Mode>,
    traps: [Mutex<Trap>; 2],
    bytes: [AtomicU64; 2],
    accepted: AtomicU64,
    links: Mutex<Vec<Weak<Link>>>,
    refusing: AtomicBool,
    listening: AtomicBool,
    ended: AtomicBool,
}

/// A proxy on a loopback port in front of one server. Dropping it closes everything.
#[derive(Debug)]
pub struct FaultProxy {
    addr: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

impl FaultProxy {
    /// Listens on a free loopback port and passes connections on to `server` (`host:port`).
    ///
    /// # Panics
    /// When the address means nothing, or no port is to be had.
    pub fn to(server: &str) -> FaultProxy {
        let server = server.to_socket_addrs().ok().and_then(|mut addrs| addrs.next());
        let shared = Arc::new(Shared {
            server: server.expect("the server's address is host:port"),
            mode: Mutex::new(Mode::Pass),
            traps: Default::default(),
            bytes: Default::default(),
            accepted: AtomicU64::new(0),
            links: Mutex::default(),
            refusing: AtomicBool::new(false),
            listening: AtomicBool::new(true),
            ended: AtomicBool::new(false),
        });
        let listener = (0..5).find_map(|_| TcpListener::bind(("127.0.0.1", crate::free_port())).ok());
        let listener = listener.expect("a free port");
        let addr = listener.local_addr().expect("a listener has an address");
        let acceptor = thread::spawn({
            let shared = shared.clone();
            move || shared.accept(listener, addr)
        });
        FaultProxy { addr, shared, acceptor: Some(acceptor) }
    }

    /// Where clients connect.
    pub fn port(&self) -> u16 {
        self.addr.port()
    }

    /// Where clients connect, as `127.0.0.1:port`.
    pub fn addr(&self) -> String {
        self.addr.to_string()
    }

    /// Where clients connect, as `redis://127.0.0.1:port`.
    pub fn url(&self) -> String {
        format!("redis://{}", self.addr)
    }

    /// Behaves: takes connections again, passes bytes at full speed. Frozen connections go on where they stopped;
    /// those that lost bytes to [`FaultProxy::half_open`] are reset. Pending cuts and corruptions are forgotten.
    pub fn pass(&self) {
        for trap in &self.shared.traps {
            *lock(trap) = Trap::default();
        }
        self.set(Mode::Pass);
        self.shared.refusing.store(false, Ordering::SeqCst);
        let listens = wait_until(EFFECT_TIMEOUT, || self.shared.listening.load(Ordering::SeqCst));
        assert!(listens, "port {} was taken by somebody else while connections were refused", self.port());
    }

    /// Takes no new connections: the port answers as one on which nobody listens. Present connections go on.
    pub fn refuse(&self) {
        self.shared.refusing.store(true, Ordering::SeqCst);
        let done = wait_until(EFFECT_TIMEOUT, || !self.shared.listening.load(Ordering::SeqCst));
        assert!(done, "the fault proxy still listens");
    }

    /// Cuts all present connections, and waits until they are gone. New ones are taken as before; one over which
    /// nothing has passed yet may count as new.
    pub fn cut(&self, how: Cut) {
        let links = self.shared.links();
        links.iter().for_each(|link| link.end(how));
        // Clients may be back already: only those that were cut are waited for.
        let cut: Vec<Weak<Link>> = links.iter().map(Arc::downgrade).collect();
        drop(links);
        let gone = wait_until(EFFECT_TIMEOUT, || cut.iter().all(|link| link.strong_count() == 0));
        assert!(gone, "the fault proxy still has connections that were cut");
    }

    /// Keeps connections open, takes what is sent and loses it, in both directions: a peer that is gone without a
    /// word, but for which the network still acknowledges.
    pub fn half_open(&self) {
        self.set(Mode::Swallow);
    }

    /// Reads nothing and passes nothing on: what is sent fills the buffers, then blocks its sender. [`Self::pass`]
    /// lets it all go on without a loss.
    pub fn freeze(&self) {
        self.set(Mode::Freeze);
    }

    /// Holds each piece (up to 64 KiB) back for so long before it is passed on.
    pub fn delay(&self, time: Duration) {
        self.set(Mode::Delay(time));
    }

    /// Passes on at most so many bytes per second, for each connection and direction.
    pub fn throttle(&self, bytes_per_second: u64) {
        self.set(Mode::Throttle(bytes_per_second.max(1)));
    }

    /// Cuts the connection over which the byte number `bytes` from now in this direction is passed, just behind that
    /// byte. Once; bytes of all connections count.
    pub fn cut_after(&self, direction: Direction, bytes: u64, how: Cut) {
        lock(&self.shared.traps[direction as usize]).cut_after = Some((bytes, how));
    }

    /// Inverts the bits of one byte in this direction, after `bytes` further bytes. Once.
    pub fn corrupt_after(&self, direction: Direction, bytes: u64) {
        lock(&self.shared.traps[direction as usize]).corrupt_after = Some(bytes);
    }

    /// Counts up to now.
    pub fn stats(&self) -> Stats {
        Stats {
            accepted: self.shared.accepted.load(Ordering::SeqCst),
            open: self.shared.links().len(),
            bytes_to_server: self.shared.bytes[Direction::ToServer as usize].load(Ordering::SeqCst),
            bytes_to_client: self.shared.bytes[Direction::ToClient as usize].load(Ordering::SeqCst),
        }
    }

    fn set(&self, mode: Mode) {
        *lock(&self.shared.mode) = mode;
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        self.shared.links().iter().for_each(|link| link.end(Cut::Close));
        if let Some(acceptor) = self.acceptor.take() {
            // A panic of that thread has been printed already.
            acceptor.join().ok();
        }
    }
}

impl Shared {
    /// Takes connections until the proxy ends. While refusing, there is no listener.
    fn accept(self: &Arc<Self>, listener: TcpListener, addr: SocketAddr) {
        let mut listener = Some(listener);
        while !self.ended.load(Ordering::SeqCst) {
            if self.refusing.load(Ordering::SeqCst) {
                listener = None;
            } else if listener.is_none() {
                listener = TcpListener::bind(addr).ok();
            }
            self.listening.store(listener.is_some(), Ordering::SeqCst);
            match listener.as_ref().map(next_connection) {
                Some(Some(client)) => self.connect(client),
                _ => thread::sleep(TICK),
            }
        }
    }

    fn connect(self: &Arc<Self>, client: TcpStream) {
        self.accepted.fetch_add(1, Ordering::SeqCst);
        // Where the server is not to be had, the client finds its connection closed.
        let Ok(server) = TcpStream::connect(self.server) else { return };
        // Locked before its first byte passes: who has seen a byte through can cut the connection.
        let mut links = lock(&self.links);
        if let Ok(link) = Link::start(self, client, server) {
            links.push(link);
        }
    }

    /// The connections that are there now.
    fn links(&self) -> Vec<Arc<Link>> {
        let mut links = lock(&self.links);
        links.retain(|link| link.strong_count() > 0);
        links.iter().filter_map(Weak::upgrade).collect()
    }

    fn mode(&self) -> Mode {
        *lock(&self.mode)
    }
}

fn next_connection(listener: &TcpListener) -> Option<TcpStream> {
    let accepted = listener.set_nonblocking(true).and_then(|()| listener.accept());
    match accepted {
        Ok((client, _)) => client.set_nonblocking(false).is_ok().then_some(client),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        // The client was gone before it was taken.
        Err(_) => None,
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is under our locks is whole at any moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
