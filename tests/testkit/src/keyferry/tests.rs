//! The guard is tried with a shell, so that these tests hold whatever the program under test does.

use super::*;
use crate::process::Signal;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::thread;

const LONG: Duration = Duration::from_secs(10);

fn shell(script: &str) -> Keyferry {
    Keyferry::program(PathBuf::from("/bin/sh"), &["-c", script])
}

fn message(panics: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    panic.downcast_ref::<String>().expect("a formatted message").clone()
}

#[test]
fn a_run_gives_code_and_output() {
    let finished = shell("echo out $1$WORD; echo err >&2; exit 64").env("WORD", "w").run(LONG);
    assert_eq!((finished.code, finished.stdout.as_str(), finished.stderr.as_str()), (Some(64), "out w\n", "err\n"));
}

#[test]
fn a_large_output_does_not_block_the_program() {
    let finished = shell("head -c 1000000 /dev/zero | tr '\\0' x").run(LONG);
    assert_eq!((finished.code, finished.stdout.len()), (Some(0), 1_000_000));
}

#[test]
fn a_signal_reaches_the_program_and_its_output_is_waited_for() {
    let running = shell("trap 'echo bye; exit 3' TERM; echo ready; while :; do sleep 0.01; done").spawn();
    running.wait_for_output("ready", LONG);
    assert_eq!(running.exit_status(), None);
    running.signal(Signal::TERM);
    assert_eq!(running.wait(LONG).code(), Some(3));
    assert_eq!(running.stdout(), "ready\nbye\n");
}

#[test]
fn a_program_that_hangs_or_ends_early_fails_the_test_with_what_it_said() {
    let running = shell("echo working; exec sleep 60").spawn();
    running.wait_for_output("working", LONG);
    let text = message(|| {
        running.wait(Duration::from_millis(50));
    });
    assert!(text.contains("still runs after 50ms") && text.contains("working"), "{text}");
    let text = message(|| shell("echo oops >&2").spawn().wait_for_output("never", LONG));
    assert!(text.contains("`never` was not said") && text.contains("oops"), "{text}");
}

#[test]
fn dropping_ends_the_program() {
    let running = shell("exec sleep 60").spawn();
    let pid = running.pid();
    drop(running);
    assert!(!Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn readiness_is_asked_for_until_it_is_there() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let running = shell("exec sleep 60").http_at(listener.local_addr().unwrap()).spawn();
    let server = thread::spawn(move || {
        for status in ["503 Not Yet", "200 OK"] {
            let mut client = listener.accept().unwrap().0;
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                client.read_exact(&mut byte).unwrap();
                request.extend(byte);
            }
            assert!(request.starts_with(b"GET /readyz HTTP/1.1\r\n"), "{}", request.escape_ascii());
            write!(client, "HTTP/1.1 {status}\r\n\r\n").unwrap();
        }
    });
    running.wait_ready(LONG);
    server.join().unwrap();
    let text = message(|| shell("exit 1").http_at(([127, 0, 0, 1], 1).into()).spawn().wait_ready(LONG));
    assert!(text.contains("ended before it was ready"), "{text}");
}
