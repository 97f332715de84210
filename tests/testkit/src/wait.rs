//! Waiting for conditions, and ports to listen on.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

/// Waits until `condition` holds, asking every few milliseconds; answers whether it came to hold within `timeout`.
///
/// The condition is asked at least once, and once more after the time is up.
#[must_use = "a condition that did not come to hold is what a test is about"]
pub fn wait_until(timeout: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + timeout;
    let mut pause = Duration::from_millis(1);
    loop {
        let late = Instant::now() >= end;
        if condition() {
            return true;
        }
        if late {
            return false;
        }
        thread::sleep(pause.min(end.saturating_duration_since(Instant::now())));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// A loopback port on which nobody listens now.
///
/// It lies below the range from which the kernel takes ports of outgoing connections, so that a server that is
/// stopped and started again finds its port still free. Another process may still take it: whoever listens on it
/// must be ready to ask for another.
///
/// # Panics
/// When no free port is found, which means that something leaks listeners.
pub fn free_port() -> u16 {
    for _ in 0..1000 {
        let port = rand::random_range(10_000..32_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free loopback port between 10000 and 32000");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_asked_until_it_holds_or_the_time_is_up() {
        let mut asked = 0;
        assert!(wait_until(Duration::from_secs(5), || {
            asked += 1;
            asked == 4
        }));
        assert_eq!(asked, 4);
        let start = Instant::now();
        assert!(!wait_until(Duration::from_millis(30), || false));
        assert!(start.elapsed() >= Duration::from_millis(30));
        assert!(wait_until(Duration::ZERO, || true));
    }

    #[test]
    fn a_free_port_can_be_listened_on() {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        assert_eq!(listener.local_addr().unwrap().port(), port);
    }
}
