//! Wrong addresses and passwords: what is said, and that no secret is.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use testkit::keyferry::Finished;
use testkit::{Keyferry, Server, free_port};

use crate::setup::{self, expect, fails, is_reachable, stop, sync, wait_applied};

const SECRET: &str = "p@ss:w#rd/%x&y";
const SECRET_IN_URL: &str = "p%40ss%3Aw%23rd%2F%25x%26y";

/// Answers everything with the same bytes; nothing where there are none. Lasts as long as the test.
fn stranger(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let addr = listener.local_addr().expect("a listener has an address");
    thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { continue };
            thread::spawn(move || {
                let mut asked = [0; 1024];
                while let Ok(1..) = client.read(&mut asked) {
                    if !answer.is_empty() && client.write_all(answer).is_err() {
                        return;
                    }
                }
            });
        }
    });
    format!("redis://{addr}")
}

/// Runs `check` and `sync` with `bad` as the source, then as the target.
fn both_sides(bad: &str, good: &str) -> Vec<(&'static str, Finished)> {
    let quick = ["--set", "timeouts.connect=1s", "--set", "timeouts.reply=1s"];
    let run = |keyferry: Keyferry| keyferry.args(&quick).run(setup::LONG);
    vec![
        ("source", run(sync(bad, good))),
        ("target", run(sync(good, bad))),
        ("source", run(Keyferry::check(&[bad, good]))),
        ("target", run(Keyferry::check(&[good, bad]))),
        (
            "source",
            run(sync(bad, good).args(&["--skip-check", "start-without-check", "--set", "timeouts.reconnect_for=1s"])),
        ),
        (
            "target",
            run(sync(good, bad).args(&["--skip-check", "start-without-check", "--set", "timeouts.reconnect_for=1s"])),
        ),
    ]
}

#[test]
fn what_cannot_be_reached_is_said_with_its_side_and_its_address() {
    let good = Server::start_default();
    let closed = format!("redis://127.0.0.1:{}", free_port());
    let cases = [
        ("redis://no-such-host.invalid:6379".to_owned(), "no-such-host.invalid"),
        (closed.clone(), "refused"),
        (stranger(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "127.0.0.1"),
        (stranger(b"\0\0\0\x12\x04\xff\x15\x04garbage"), "127.0.0.1"),
        (stranger(b""), "127.0.0.1"),
        ("unix:///no/such/socket".to_owned(), "/no/such/socket"),
        (closed.replace("redis://", "rediss://"), "refused"),
        (good.url().replace("redis://", "rediss://"), "TLS"),
    ];
    for (bad, said) in cases {
        for (side, finished) in both_sides(&bad, &good.url()) {
            println!("{bad} as the {side}: {}", finished.stderr.lines().last().unwrap_or_default());
            fails(&finished, 69, &[said]);
            assert!(finished.stderr.contains(side), "{bad}: the {side} is not named:\n{}", finished.stderr);
        }
    }
}

#[test]
fn a_wrong_password_is_said_and_is_not_shown() {
    let good = Server::start_default();
    let locked = Server::builder().config("requirepass", "the-right-one").start();
    let with_wrong = locked.url().replace("redis://", &format!("redis://:{SECRET_IN_URL}@"));
    let unknown_user = locked.url().replace("redis://", &format!("redis://somebody:{SECRET_IN_URL}@"));
    for (url, said) in [(with_wrong, "WRONGPASS"), (unknown_user, "WRONGPASS"), (locked.url(), "NOAUTH")] {
        for (side, finished) in both_sides(&url, &good.url()) {
            println!("{side}: {}", finished.stderr.lines().last().unwrap_or_default());
            fails(&finished, 69, &[said]);
            assert!(finished.stderr.contains(side), "the {side} is not named:\n{}", finished.stderr);
            for output in [&finished.stdout, &finished.stderr] {
                assert!(
                    !output.contains(SECRET) && !output.contains(SECRET_IN_URL),
                    "the password is shown:\n{output}"
                );
            }
        }
    }
}

/// With the right password and everything logged that can be.
#[test]
fn no_secret_is_shown_anywhere() {
    let locked = || Server::builder().config("requirepass", &format!("\"{SECRET}\"")).client_auth("default", SECRET);
    let (source, target) = (locked().start(), locked().start());
    for format in ["text", "json"] {
        let in_url = target.url().replace("redis://", &format!("redis://:{SECRET_IN_URL}@"));
        let sync = sync(&source.url(), &in_url)
            .env("KEYFERRY_SOURCE_PASSWORD", SECRET)
            .args(&["--log-level", "trace", "--log-format", format])
            .spawn();
        expect("the pages are served", &sync, || is_reachable(&sync));
        source.run::<()>(&["SET", "key", "value"]);
        wait_applied(&source, &sync);
        assert_eq!(target.run::<String>(&["GET", "key"]), "value");
        let mut shown: Vec<String> =
            ["/status", "/metrics", "/"].iter().map(|path| sync.http_get(path).expect("it is served").body).collect();
        // A password in a URL is on the command line because the test put it there: it is warned of.
        assert!(sync.stderr().contains("command line"), "{}", sync.stderr());
        // What breaks is logged too.
        source.run::<()>(&["CLIENT", "KILL", "TYPE", "replica"]);
        target.run::<()>(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        source.run::<()>(&["INCR", "count"]);
        wait_applied(&source, &sync);
        thread::sleep(Duration::from_millis(100));
        stop(&sync);
        shown.extend([sync.stdout(), sync.stderr()]);
        for text in shown {
            assert!(!text.contains(SECRET) && !text.contains(SECRET_IN_URL), "the password is shown:\n{text}");
        }
    }
}

#[test]
fn a_password_from_the_environment_or_a_file_is_not_on_the_command_line() {
    let locked = || Server::builder().config("requirepass", &format!("\"{SECRET}\"")).client_auth("default", SECRET);
    let (source, target) = (locked().start(), locked().start());
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("password");
    std::fs::write(&file, format!("{SECRET}\n")).expect("the folder can be written");
    let sync = sync(&source.url(), &target.url())
        .env("OWN_NAME", SECRET)
        .args(&["--source-password-env", "OWN_NAME", "--target-password-file", &file.display().to_string()])
        .spawn();
    sync.wait_ready(setup::LONG);
    let line = std::fs::read(format!("/proc/{}/cmdline", sync.pid())).expect("it runs");
    assert!(!String::from_utf8_lossy(&line).contains(SECRET));
    source.run::<()>(&["SET", "key", "value"]);
    wait_applied(&source, &sync);
    testkit::assert_equal(&source, &target);
    stop(&sync);
}

#[test]
fn a_command_line_that_means_nothing_is_refused_with_64_before_anything_is_done() {
    let target = Server::start_default();
    target.run::<()>(&["SET", "precious", "1"]);
    let (a, b) = ("redis://127.0.0.1:1", target.url());
    let cases: [(&[&str], &str); 10] = [
        (&[], "SOURCE"),
        (&[a], "TARGET"),
        (&["no-such-file.toml"], "no-such-file.toml"),
        (&[a, &b, "--no-such-flag"], "--no-such-flag"),
        (&[a, &b, "--lanes", "0"], "from 1 to 64"),
        (&[a, &b, "--flush-target", "yes"], "delete-all-keys-on-target"),
        (&[a, &b, "--on-existing", "maybe"], "replace"),
        (&[a, &b, "--source-tls-verify", "no"], "accept-any-certificate"),
        (&[a, &b, "--set", "rules.include.regex=("], "regex"),
        (&["redis-cluster://127.0.0.1:1", &b], "not supported"),
    ];
    for (args, said) in cases {
        fails(&Keyferry::sync(args).run(setup::LONG), 64, &[said]);
    }
    assert_eq!(target.run::<u64>(&["DBSIZE"]), 1);
}

#[test]
fn a_source_that_goes_bad_in_the_middle_is_refused_in_words() {
    let (source, target) = (Server::start_default(), Server::start_default());
    let link = testkit::FaultProxy::to(&source.addr());
    let sync = sync(&link.url(), &target.url()).spawn();
    sync.wait_ready(setup::LONG);
    link.corrupt_after(testkit::fault::Direction::ToClient, 0);
    source.run::<()>(&["SET", "key", "value"]);
    let finished = setup::ended(&sync);
    fails(&finished, 74, &["the source's replication stream cannot be read near offset"]);
    assert_eq!(target.run::<u64>(&["DBSIZE"]), 0);
}
