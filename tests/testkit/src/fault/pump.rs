//! One proxied connection: two threads, one for each direction, that carry bytes as the mode says.

use super::{Cut, Direction, Mode, Shared, TICK, lock};
use socket2::SockRef;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::thread;
use std::time::{Duration, Instant};

const PIECE_MAX: usize = 64 << 10;
/// A throttled connection sends this often in a second, so that its bytes trickle rather than gush.
const THROTTLE_STEPS: u64 = 50;

/// One connection with its two sockets, which close when both threads have let go of it.
#[derive(Debug)]
pub(crate) struct Link {
    client: TcpStream,
    server: TcpStream,
    ended: Mutex<Option<Cut>>,
    /// Bytes were lost: the connection must not go on as if nothing had been.
    lost_bytes: AtomicBool,
}

impl Link {
    /// Starts both threads. The link lives as long as one of them.
    pub(super) fn start(shared: &Arc<Shared>, client: TcpStream, server: TcpStream) -> io::Result<Weak<Link>> {
        for socket in [&client, &server] {
            socket.set_nodelay(true)?;
            socket.set_read_timeout(Some(TICK))?;
            socket.set_write_timeout(Some(TICK))?;
        }
        let link = Arc::new(Link { client, server, ended: Mutex::new(None), lost_bytes: AtomicBool::new(false) });
        for direction in [Direction::ToServer, Direction::ToClient] {
            let pump = Pump { shared: shared.clone(), link: link.clone(), direction };
            thread::spawn(move || pump.run());
        }
        Ok(Arc::downgrade(&link))
    }

    /// Ends the connection: its threads see it within moments, and let the sockets close.
    pub(super) fn end(&self, how: Cut) {
        let mut ended = lock(&self.ended);
        if ended.is_some() {
            return;
        }
        *ended = Some(how);
        for socket in [&self.client, &self.server] {
            match how {
                // Lingering for no time makes the close a reset. A socket that is gone already needs none.
                Cut::Reset => SockRef::from(socket).set_linger(Some(Duration::ZERO)).ok(),
                Cut::Close => socket.shutdown(Shutdown::Both).ok(),
            };
        }
    }

    fn has_ended(&self) -> bool {
        lock(&self.ended).is_some()
    }
}

struct Pump {
    shared: Arc<Shared>,
    link: Arc<Link>,
    direction: Direction,
}

impl Pump {
    fn run(self) {
        let mut buffer = vec![0; PIECE_MAX];
        while !self.link.has_ended() {
            let mode = self.shared.mode();
            let lost_bytes = self.link.lost_bytes.load(Ordering::SeqCst);
            if lost_bytes && mode != Mode::Swallow {
                self.link.end(Cut::Reset);
            } else if mode == Mode::Freeze {
                thread::sleep(TICK);
            } else if !self.carry(mode, &mut buffer) {
                return;
            }
        }
    }

    /// Carries one piece, if there is one; answers whether there may be more.
    fn carry(&self, mode: Mode, buffer: &mut [u8]) -> bool {
        let most = match mode {
            Mode::Throttle(rate) => (rate / THROTTLE_STEPS).clamp(1, PIECE_MAX as u64) as usize,
            _ => PIECE_MAX,
        };
        let [mut from, to] = self.sockets();
        match from.read(&mut buffer[..most]) {
            // One direction may end before the other.
            Ok(0) if mode != Mode::Swallow => {
                to.shutdown(Shutdown::Write).ok();
                false
            }
            Ok(0) => {
                self.link.lost_bytes.store(true, Ordering::SeqCst);
                thread::sleep(TICK);
                true
            }
            Ok(len) => self.pass_on(&mut buffer[..len]),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => true,
                _ => {
                    self.link.end(Cut::Reset);
                    false
                }
            },
        }
    }

    fn pass_on(&self, piece: &mut [u8]) -> bool {
        // The mode may be another than when we began to wait for this piece.
        while self.shared.mode() == Mode::Freeze && !self.link.has_ended() {
            thread::sleep(TICK);
        }
        match self.shared.mode() {
            Mode::Swallow => {
                self.link.lost_bytes.store(true, Ordering::SeqCst);
                return true;
            }
            mode @ Mode::Delay(time) => self.hold(mode, time),
            mode @ Mode::Throttle(rate) => self.hold(mode, Duration::from_secs_f64(piece.len() as f64 / rate as f64)),
            Mode::Pass | Mode::Freeze => {}
        }
        let (len, cut) = self.spring_traps(piece);
        let written = self.write(&piece[..len]);
        if let Some(how) = cut {
            self.link.end(how);
        }
        written && cut.is_none()
    }

    /// Waits for so long, or until the mode changes or the connection ends.
    fn hold(&self, mode: Mode, time: Duration) {
        let end = Instant::now() + time;
        while self.shared.mode() == mode && !self.link.has_ended() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(TICK));
        }
    }

    /// Corrupts the piece if that is due; answers how much of it is to be passed, and how it ends if it does.
    fn spring_traps(&self, piece: &mut [u8]) -> (usize, Option<Cut>) {
        let mut trap = lock(&self.shared.traps[self.direction as usize]);
        let len = piece.len() as u64;
        if let Some(left) = trap.corrupt_after {
            match usize::try_from(left).ok().and_then(|at| piece.get_mut(at)) {
                Some(byte) => {
                    *byte = !*byte;
                    trap.corrupt_after = None;
                }
                None => trap.corrupt_after = Some(left - len),
            }
        }
        match trap.cut_after {
            Some((left, how)) if left <= len => {
                trap.cut_after = None;
                (left as usize, Some(how))
            }
            Some((left, how)) => {
                trap.cut_after = Some((left - len, how));
                (piece.len(), None)
            }
            None => (piece.len(), None),
        }
    }

    /// Writes all of it, unless the connection ends or freezes for good meanwhile.
    fn write(&self, mut piece: &[u8]) -> bool {
        let [_, mut to] = self.sockets();
        while !piece.is_empty() && !self.link.has_ended() {
            match to.write(piece) {
                Ok(len) => {
                    piece = &piece[len..];
                    self.shared.bytes[self.direction as usize].fetch_add(len as u64, Ordering::SeqCst);
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted => {}
                    _ => {
                        self.link.end(Cut::Reset);
                        return false;
                    }
                },
            }
        }
        piece.is_empty()
    }

    /// Where this direction reads, and where it writes.
    fn sockets(&self) -> [&TcpStream; 2] {
        match self.direction {
            Direction::ToServer => [&self.link.client, &self.link.server],
            Direction::ToClient => [&self.link.server, &self.link.client],
        }
    }
}
