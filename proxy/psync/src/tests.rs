use super::*;
use proptest::prelude::*;
use record::{Position, ReplId};

const ID: &str = "8371b4fb1155b71f4a04d3e1bc3e18c4a990aeeb";
const OTHER: &str = "0123456789abcdef0123456789abcdef01234567";
const MARK: &str = "9a1e6a642bb88f9f63db4c55c3694415c42aa34f";

/// An event as text, neighbouring data joined.
#[derive(Clone, Debug, Default, PartialEq)]
struct Told {
    events: Vec<String>,
    snapshot: Vec<u8>,
    stream: Vec<u8>,
    sent: Vec<u8>,
}

impl Told {
    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::SnapshotData(data) => self.snapshot.extend_from_slice(data),
            Event::Stream(data) => self.stream.extend_from_slice(data),
            other => self.events.push(format!("{other:?}")),
        }
    }
}

/// Lets a machine read a source's bytes, which arrive in the given steps. The error is that of the machine, or that of
/// the connection's end.
fn converse(config: &Config, bytes: &[u8], steps: impl IntoIterator<Item = usize>) -> (Told, Error) {
    let mut machine = Machine::new(config.clone());
    let mut told = Told::default();
    machine.take_output(&mut told.sent);
    let (mut start, mut end) = (0, 0);
    let mut steps = steps.into_iter();
    loop {
        match machine.feed(&bytes[start..end]) {
            Err(error) => {
                machine.take_output(&mut told.sent);
                return (told, error);
            }
            Ok((consumed, event)) => {
                machine.take_output(&mut told.sent);
                start += consumed;
                assert!(start <= end);
                if let Some(event) = event {
                    told.take(event);
                    continue;
                }
                assert!(end - start <= LINE_BYTES_MAX, "more is held back than a line");
                if end == bytes.len() {
                    return (told, machine.eof());
                }
                end = steps.next().map_or(bytes.len(), |step| (end + step).min(bytes.len()));
            }
        }
    }
}

/// The same bytes whole, in halves and one at a time: what came of them all three times.
fn each_way(config: &Config, bytes: &[u8]) -> (Told, Error) {
    let whole = converse(config, bytes, []);
    assert_eq!(comparable(converse(config, bytes, [bytes.len() / 2])), comparable(whole.clone()), "in halves");
    assert_eq!(comparable(converse(config, bytes, std::iter::repeat(1))), comparable(whole.clone()), "bytewise");
    whole
}

/// Without what depends on how much had arrived when something went wrong.
fn comparable((told, error): (Told, Error)) -> (Told, Error) {
    let error = match error {
        Error::Garbage { stage, expected, .. } => Error::Garbage { stage, expected, found: String::new() },
        other => other,
    };
    (told, error)
}

fn with_password() -> Config {
    Config { auth: Some(Auth { username: None, password: b"s3cret".to_vec() }), ..Config::default() }
}

fn with_user() -> Config {
    let auth = Auth { username: Some(b"ferry".to_vec()), password: b"s3cret".to_vec() };
    Config { auth: Some(auth), ip_address: Some("10.0.0.9".into()), listening_port: 7001, ..Config::default() }
}

fn resuming() -> Config {
    let position = Position { id: ReplId::parse(ID.as_bytes()).unwrap(), offset: Offset(41) };
    Config { resume: Some(position), ..Config::default() }
}

/// The commands in what was sent, as words.
fn commands(sent: &[u8]) -> Vec<String> {
    let mut scanner = resp::CommandScanner::new(resp::Limits::default());
    let mut found = Vec::new();
    let mut rest = sent;
    while let resp::Scanned::Command { len } = scanner.scan(rest).unwrap() {
        let words: Vec<_> = scanner.args().iter().map(|arg| String::from_utf8_lossy(arg.of(rest))).collect();
        found.push(words.join(" "));
        rest = &rest[len..];
    }
    assert!(rest.is_empty());
    found
}

const CAPA: &str = "REPLCONF capa eof capa psync2";

#[test]
fn a_sized_snapshot_is_carried_and_the_stream_behind_it() {
    let bytes = format!("+PONG\r\n+OK\r\n+OK\r\n\n\n+FULLRESYNC {ID} 7\r\n\n\n$5\r\nREDIS*1\r\n");
    let (told, end) = each_way(&Config::default(), bytes.as_bytes());
    assert_eq!(commands(&told.sent), ["PING", "REPLCONF listening-port 0", CAPA, "PSYNC ? -1"]);
    let begins = "SnapshotBegins(Sized(5))";
    let resync = format!("FullResync(Position {{ id: {ID}, offset: Offset(7) }})");
    assert_eq!(told.events, [resync.as_str(), begins, "SnapshotEnds"]);
    assert_eq!((told.snapshot.as_slice(), told.stream.as_slice()), (&b"REDIS"[..], &b"*1\r\n"[..]));
    assert_eq!(end, Error::Closed { stage: Stage::Stream, missing: None });
}

#[test]
fn the_mark_is_found_wherever_it_is_cut_and_the_stream_may_stand_behind_it() {
    // Data that begins like the mark, up to its last byte but one, before the mark itself.
    let snapshot = [b"REDIS".as_slice(), &MARK.as_bytes()[..39], b"\r\n", &MARK.as_bytes()[..20]].concat();
    let head = format!("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC {ID} 0\r\n$EOF:{MARK}\r\n").into_bytes();
    let bytes = [head.as_slice(), &snapshot, MARK.as_bytes(), b"\n*1\r\n"].concat();
    for cut in 0..=bytes.len() {
        let (told, end) = converse(&Config::default(), &bytes, [cut]);
        assert_eq!(told.events[1..], ["SnapshotBegins(Marked)", "SnapshotEnds"]);
        assert_eq!(told.snapshot, snapshot, "cut at {cut}");
        assert_eq!(told.stream, b"\n*1\r\n", "cut at {cut}");
        assert_eq!(commands(&told.sent).last().unwrap(), "REPLCONF ACK 0", "the source waits for it");
        assert_eq!(end, Error::Closed { stage: Stage::Stream, missing: None });
    }
    each_way(&Config::default(), &bytes);
}

#[test]
fn a_mark_that_repeats_itself_is_found_at_its_first_place() {
    let mark = "ab".repeat(20);
    let head = format!("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC {ID} 0\r\n$EOF:{mark}\r\nxab{mark}ab");
    let (told, _) = each_way(&Config::default(), head.as_bytes());
    assert_eq!((told.snapshot.as_slice(), told.stream.as_slice()), (&b"x"[..], &b"abab"[..]));
}

#[test]
fn an_empty_snapshot_ends_at_once() {
    let bytes = format!("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC {ID} 0\r\n$0\r\nrest");
    let (told, _) = each_way(&Config::default(), bytes.as_bytes());
    assert_eq!(told.events[1..], ["SnapshotBegins(Sized(0))", "SnapshotEnds"]);
    assert_eq!((told.snapshot.len(), told.stream.as_slice()), (0, &b"rest"[..]));
    // A snapshot that came whole is told to be complete without another byte.
    let bytes = format!("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC {ID} 0\r\n$2\r\nab");
    assert_eq!(each_way(&Config::default(), bytes.as_bytes()).0.events[2], "SnapshotEnds");
}

#[test]
fn all_that_is_set_is_said_in_the_order_of_redis() {
    let bytes = b"-NOAUTH Authentication required.\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n";
    let (told, end) = each_way(&with_user(), bytes);
    let expect = [
        "PING",
        "AUTH ferry s3cret",
        "REPLCONF listening-port 7001",
        "REPLCONF ip-address 10.0.0.9",
        CAPA,
        "PSYNC ? -1",
    ];
    assert_eq!(commands(&told.sent), expect);
    assert_eq!(end, Error::Closed { stage: Stage::Psync, missing: None });
}

#[test]
fn capabilities_that_are_switched_off_are_not_announced() {
    let check = |capa_eof, capa_psync2, expect: Option<&str>| {
        let config = Config { capa_eof, capa_psync2, ..Config::default() };
        let (told, _) = converse(&config, b"+PONG\r\n+OK\r\n+OK\r\n", []);
        let said = commands(&told.sent).into_iter().find(|command| command.contains("capa"));
        assert_eq!(said.as_deref(), expect);
    };
    check(true, true, Some(CAPA));
    check(true, false, Some("REPLCONF capa eof"));
    check(false, true, Some("REPLCONF capa psync2"));
    check(false, false, None);
}

#[test]
fn resuming_asks_for_the_byte_behind_the_position() {
    let hello = "+PONG\r\n+OK\r\n+OK\r\n\n";
    for (answer, id) in [
        ("+CONTINUE\r\n".to_owned(), "None".to_owned()),
        (format!("+CONTINUE {OTHER}\r\n"), format!("Some({OTHER})")),
        ("+CONTINUE 12\r\n".to_owned(), "None".to_owned()),
    ] {
        let (told, end) = each_way(&resuming(), format!("{hello}{answer}*1\r\n").as_bytes());
        assert_eq!(commands(&told.sent).last().unwrap(), &format!("PSYNC {ID} 42"));
        assert_eq!(told.events, [format!("Continue {{ id: {id} }}")]);
        assert_eq!(told.stream, b"*1\r\n");
        assert_eq!(end.retry(), Retry::Later);
    }
    // The source may have forgotten what we lack.
    let (told, _) = each_way(&resuming(), format!("{hello}+FULLRESYNC {OTHER} 99\r\n").as_bytes());
    assert_eq!(told.events, [format!("FullResync(Position {{ id: {OTHER}, offset: Offset(99) }})")]);
    // It cannot let us continue what we have not begun.
    let (_, error) = each_way(&Config::default(), format!("{hello}+CONTINUE\r\n").as_bytes());
    assert!(matches!(error, Error::Garbage { stage: Stage::Psync, .. }), "{error}");
}

#[test]
fn an_old_source_is_asked_by_sync() {
    let bytes = b"+PONG\r\n-ERR unknown command\r\n-ERR Unrecognized REPLCONF option: capa\r\n-ERR unknown command 'PSYNC'\r\n\n$2\r\nabX";
    let (told, _) = each_way(&Config::default(), bytes);
    assert_eq!(commands(&told.sent)[3..], ["PSYNC ? -1", "SYNC"]);
    assert_eq!(told.events, ["FullResyncUnknown", "SnapshotBegins(Sized(2))", "SnapshotEnds"]);
    assert_eq!((told.snapshot.as_slice(), told.stream.as_slice()), (&b"ab"[..], &b"X"[..]));
    let config = Config { sync_only: true, ..resuming() };
    let (told, _) = each_way(&config, b"+PONG\r\n+OK\r\n+OK\r\n$1\r\n");
    assert_eq!(commands(&told.sent), ["PING", "REPLCONF listening-port 0", CAPA, "SYNC"]);
    assert_eq!(told.events, ["FullResyncUnknown", "SnapshotBegins(Sized(1))"]);
}

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_said() {
    use Retry::{Later, Never};
    let hello = "+PONG\r\n+OK\r\n+OK\r\n";
    let waiting = format!("{hello}+FULLRESYNC {ID} 0\r\n");
    let check = |before: &str, line: &str, retry: Retry, text: &str| {
        let (_, error) = each_way(&Config::default(), format!("{before}{line}\r\nmore").as_bytes());
        assert_eq!(error.to_string(), text);
        assert_eq!(error.retry(), retry, "{text}");
    };
    check("", "-LOADING Redis is loading", Later, r#"the source refused PING: "LOADING Redis is loading""#);
    check(
        "",
        "-ERR max number of clients reached",
        Later,
        r#"the source refused PING: "ERR max number of clients reached""#,
    );
    check("", "-DENIED protected mode", Never, r#"the source refused PING: "DENIED protected mode""#);
    check("", "-NOAUTH Auth", Never, r#"the source wants a password and none is set: "NOAUTH Auth""#);
    check(
        "",
        "-ERR operation not permitted",
        Never,
        r#"the source wants a password and none is set: "ERR operation not permitted""#,
    );
    check("-NOPERM no ping\r\n", "-NOPERM x", Never, r#"the source refused REPLCONF: "NOPERM x""#);
    check("+PONG\r\n", "-BUSY x", Later, r#"the source refused REPLCONF: "BUSY x""#);
    check(hello, "-NOMASTERLINK x", Later, r#"the source refused PSYNC: "NOMASTERLINK x""#);
    check(hello, "-LOADING x", Later, r#"the source refused PSYNC: "LOADING x""#);
    check(hello, "-BUSY x", Later, r#"the source refused PSYNC: "BUSY x""#);
    check(
        hello,
        "-ERR Can't SYNC while not connected with my master",
        Later,
        r#"the source refused PSYNC: "ERR Can't SYNC while not connected with my master""#,
    );
    check(hello, "-NOPERM this user", Never, r#"the source refused PSYNC: "NOPERM this user""#);
    check(
        &waiting,
        "-ERR BGSAVE failed, replication can't continue",
        Later,
        r#"the source sent no snapshot: "ERR BGSAVE failed, replication can't continue""#,
    );
    check(&waiting, "-NOPERM x", Never, r#"the source sent no snapshot: "NOPERM x""#);
    check(
        &format!("{hello}-ERR no\r\n"),
        "-ERR unknown command 'SYNC'",
        Never,
        r#"the source sent no snapshot: "ERR unknown command 'SYNC'""#,
    );
}

#[test]
fn a_refused_password_is_never_repeated() {
    let check = |config: &Config, line: &str, text: &str| {
        let (_, error) = each_way(config, format!("-NOAUTH\r\n{line}\r\n").as_bytes());
        assert_eq!(error.to_string(), text);
        assert!(!format!("{error:?}").contains("s3cret"));
        assert_eq!(error.retry(), Retry::Never);
    };
    check(
        &with_user(),
        "-WRONGPASS invalid username-password pair or user is disabled.",
        r#"the source refused to let us in as the user given: "WRONGPASS invalid username-password pair or user is disabled.""#,
    );
    check(
        &with_password(),
        "-ERR unknown command `AUTH`, with args beginning with: `s3cret`, ",
        r#"the source refused to let us in: "ERR unknown command `AUTH`""#,
    );
    check(
        &with_password(),
        "-ERR s3cret is wrong",
        "the source refused to let us in: (its words are withheld, since they repeat the password)",
    );
    check(
        &with_user(),
        "-ERR wrong number of arguments for 'auth' command",
        r#"the source refused to let us in as the user given: "ERR wrong number of arguments for 'auth' command"; servers before Redis 6.0 know no users: leave the user name out"#,
    );
    check(
        &with_password(),
        "-ERR Client sent AUTH, but no password is set",
        r#"the source refused to let us in: "ERR Client sent AUTH, but no password is set"; the source needs no password: leave it out"#,
    );
    assert!(!format!("{:?}", Machine::new(with_user())).contains("s3cret"));
}

#[test]
fn a_short_password_does_not_hide_the_words_of_redis() {
    let config = Config { auth: Some(Auth { username: None, password: b"a".to_vec() }), ..Config::default() };
    let (_, error) = converse(&config, b"-NOAUTH\r\n-ERR invalid password\r\n", []);
    assert_eq!(error.to_string(), r#"the source refused to let us in: "ERR invalid password""#);
}

#[test]
fn garbage_is_shown_and_not_tried_again() {
    let hello = "+PONG\r\n+OK\r\n+OK\r\n";
    let check = |before: &str, bytes: &[u8], text: &str| {
        let (_, error) = each_way(&Config::default(), &[before.as_bytes(), bytes].concat());
        assert_eq!(error.to_string(), text);
        assert_eq!(error.retry(), Retry::Never);
    };
    let answer = "expected an answer, which begins with '+' or '-', the source sent";
    check("", b"HTTP/1.1 400 Bad", &format!("while waiting for the answer to PING: {answer} \"HTTP/1.1 400 Bad\""));
    check("", b"\x15\x03\x01", &format!("while waiting for the answer to PING: {answer} \"\\x15\\x03\\x01\""));
    check("+PONG\r\n", b"$1\r\n", &format!("while waiting for the answer to REPLCONF: {answer} \"$1\""));
    let resync = "while waiting for the answer to PSYNC: expected '+FULLRESYNC', a replication id and an offset, the source sent";
    for bad in [
        "+FULLRESYNC",
        "+FULLRESYNC x 0",
        &format!("+FULLRESYNC {ID}"),
        &format!("+FULLRESYNC {ID} -1"),
        &format!("+FULLRESYNC {ID} 1 2"),
    ] {
        check(hello, format!("{bad}\r\n").as_bytes(), &format!("{resync} \"{bad}\""));
    }
    let length = "while waiting for the snapshot: expected '$' and the snapshot's length, or '$EOF:' and a mark of 40 bytes, the source sent";
    let waiting = format!("{hello}+FULLRESYNC {ID} 0\r\n");
    for bad in ["$", "$-1", "$1x", "$EOF:abc", "+OK"] {
        check(&waiting, format!("{bad}\r\n").as_bytes(), &format!("{length} \"{bad}\""));
    }
    let long = [b"+".as_slice(), &[b'a'; 5000]].concat();
    let (_, error) = each_way(&Config::default(), &long);
    assert!(error.to_string().contains("expected a line of at most 4096 bytes"), "{error}");
}

#[test]
fn a_connection_that_ends_says_where() {
    let head = format!("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC {ID} 0\r\n");
    let check = |bytes: &str, text: &str| {
        let (_, error) = each_way(&Config::default(), bytes.as_bytes());
        assert_eq!(error.to_string(), text);
        assert_eq!(error.retry(), Retry::Later);
    };
    check("", "the source closed the connection while we were waiting for the answer to PING");
    check("+PON", "the source closed the connection while we were waiting for the answer to PING");
    check(
        &head,
        "the source closed the connection while we were waiting for the snapshot; its log says why: often a background save that failed",
    );
    let why = "; its log says why: often client-output-buffer-limit for replicas, or repl-timeout";
    check(
        &format!("{head}$10\r\nabc"),
        &format!("the source closed the connection while we were receiving the snapshot, 7 bytes before its end{why}"),
    );
    check(
        &format!("{head}$EOF:{MARK}\r\nabc"),
        &format!("the source closed the connection while we were receiving the snapshot{why}"),
    );
    check(
        &format!("{head}$0\r\n"),
        &format!("the source closed the connection while we were following the stream{why}"),
    );
}

#[test]
fn an_ack_is_a_command_with_the_offset() {
    let mut out = Vec::new();
    ack(&mut out, Offset(1234));
    assert_eq!(out, b"*3\r\n$8\r\nREPLCONF\r\n$3\r\nACK\r\n$4\r\n1234\r\n");
}

/// Bytes that are likely to be nearly a source's.
fn near_sources() -> impl Strategy<Value = Vec<u8>> {
    let pieces: Vec<Vec<u8>> = vec![
        b"+OK\r\n".to_vec(),
        b"\n".to_vec(),
        b"-ERR x\r\n".to_vec(),
        b"-NOAUTH\r\n".to_vec(),
        format!("+FULLRESYNC {ID} 5\r\n").into_bytes(),
        b"+CONTINUE\r\n".to_vec(),
        b"$7\r\n".to_vec(),
        format!("$EOF:{MARK}\r\n").into_bytes(),
        MARK.as_bytes().to_vec(),
        MARK.as_bytes()[..17].to_vec(),
    ];
    let piece = prop_oneof![4 => prop::sample::select(pieces), 1 => prop::collection::vec(any::<u8>(), 0..4)];
    let hello = prop_oneof![Just(&b""[..]), Just(&b"+PONG\r\n+OK\r\n+OK\r\n"[..])];
    (hello, prop::collection::vec(piece, 0..16)).prop_map(|(hello, pieces)| [hello, &pieces.concat()].concat())
}

proptest! {
    #[test]
    fn cuts_change_nothing(bytes in near_sources(), steps in prop::collection::vec(1_usize..50, 0..40)) {
        for config in [Config::default(), with_user(), resuming()] {
            let whole = comparable(converse(&config, &bytes, []));
            prop_assert_eq!(&comparable(converse(&config, &bytes, std::iter::repeat(1))), &whole);
            prop_assert_eq!(&comparable(converse(&config, &bytes, steps.clone())), &whole);
        }
    }

    #[test]
    fn a_marked_snapshot_arrives_whole(
        snapshot in prop::collection::vec(prop_oneof![Just(b'9'), Just(b'a'), any::<u8>()], 0..300),
        stream in prop::collection::vec(any::<u8>(), 0..100),
        steps in prop::collection::vec(1_usize..80, 0..40),
    ) {
        let head = format!("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC {ID} 0\r\n$EOF:{MARK}\r\n");
        let bytes = [head.as_bytes(), &snapshot, MARK.as_bytes(), &stream].concat();
        let (told, _) = converse(&Config::default(), &bytes, steps);
        prop_assert_eq!(told.snapshot, snapshot);
        prop_assert_eq!(told.stream, stream);
    }
}
