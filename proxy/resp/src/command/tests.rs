use super::*;
use crate::encode;
use proptest::prelude::*;

/// What came of a whole buffer: each command's arguments, or `None` for a blank; then how many bytes were left over,
/// or the error.
type Outcome = (Vec<Option<Vec<Vec<u8>>>>, Result<usize, Error>);

/// Scans a buffer that grows by the given steps.
fn scan_in_steps(mut scanner: CommandScanner, bytes: &[u8], steps: impl IntoIterator<Item = usize>) -> Outcome {
    let mut found = Vec::new();
    let (mut start, mut end) = (0, 0);
    let mut steps = steps.into_iter();
    loop {
        let buf = &bytes[start..end];
        match scanner.scan(buf) {
            Err(error) => return (found, Err(error)),
            Ok(Scanned::NeedMore { at_least }) => {
                assert!(at_least > 0);
                if end == bytes.len() {
                    return (found, Ok(end - start));
                }
                end = steps.next().map_or(bytes.len(), |step| (end + step).min(bytes.len()));
            }
            Ok(Scanned::Blank { len }) => {
                found.push(None);
                start += len;
            }
            Ok(Scanned::Command { len }) => {
                found.push(Some(scanner.args().iter().map(|arg| arg.of(buf).to_vec()).collect()));
                start += len;
            }
            Ok(Scanned::Inline { len }) => {
                let canonical = scanner.canonical();
                let args: Vec<Vec<u8>> = scanner.args().iter().map(|arg| arg.of(canonical).to_vec()).collect();
                let mut expected = Vec::new();
                encode::command(&mut expected, &args.iter().map(Vec::as_slice).collect::<Vec<_>>());
                assert_eq!(canonical, expected);
                found.push(Some(args));
                start += len;
            }
        }
        assert!(start <= end);
    }
}

fn client() -> CommandScanner {
    CommandScanner::with_lines(Limits::default())
}

fn stream() -> CommandScanner {
    CommandScanner::new(Limits::default())
}

fn words(words: &[&str]) -> Option<Vec<Vec<u8>>> {
    Some(words.iter().map(|word| word.as_bytes().to_vec()).collect())
}

/// Whole, in halves and one byte at a time.
fn check(scanner: fn() -> CommandScanner, bytes: &[u8], expect: &Outcome) {
    assert_eq!(scan_in_steps(scanner(), bytes, []), *expect, "whole");
    assert_eq!(scan_in_steps(scanner(), bytes, [bytes.len() / 2]), *expect, "in halves");
    assert_eq!(scan_in_steps(scanner(), bytes, std::iter::repeat(1)), *expect, "one byte at a time");
}

#[test]
fn commands_follow_one_another_and_the_last_may_be_cut() {
    let bytes = b"*1\r\n$4\r\nPING\r\n*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\n\r\n\r\n\r\n*2\r\n$3\r\nGET\r\n$9\r\nab";
    check(stream, bytes, &(vec![words(&["PING"]), words(&["SET", "", "\r\n\r\n"])], Ok(19)));
}

#[test]
fn an_empty_line_or_an_empty_command_is_blank() {
    let found = vec![None, None, None, None, words(&["PING"])];
    check(stream, b"\n\r\n*0\r\n*-1\r\n*1\r\n$4\r\nPING\r\n", &(found.clone(), Ok(0)));
    check(client, b"\n \r\n*0\r\n*-1\r\nPING\n", &(found, Ok(0)));
}

#[test]
fn lines_follow_the_quoting_of_redis() {
    let table: &[(&str, &[&str])] = &[
        ("PING\r\n", &["PING"]),
        ("  set \t k  v \n", &["set", "k", "v"]),
        (r#"set "a b" 'c d'"#, &["set", "a b", "c d"]),
        (r#"set "\x41\n\r\t\\\"\q" '\n\'x'"#, &["set", "A\n\r\t\\\"q", r"\n'x"]),
        (r#"set ab"cd" """#, &["set", "abcd", ""]),
        (r#"set "\x4z""#, &["set", "x4z"]),
        (r#"set "\b\a" ''"#, &["set", "\x08\x07", ""]),
    ];
    for (line, expect) in table {
        let line = if line.ends_with('\n') { line.to_string() } else { format!("{line}\r\n") };
        check(client, line.as_bytes(), &(vec![words(expect)], Ok(0)));
    }
    for (line, at) in [("set \"a\n", 6), ("set 'a\n", 6), ("\"a\"b\n", 3), ("'a'b\n", 3), ("\"a\\\n", 3)] {
        let (found, result) = scan_in_steps(client(), line.as_bytes(), []);
        assert_eq!((found, result), (vec![], Err(Error::UnbalancedQuotes { at })), "{line}");
    }
}

#[test]
fn what_is_no_command_is_refused_with_its_place() {
    let table: &[(&[u8], &str)] = &[
        (b"SET k v\r\n", "at byte 0: expected a command, which begins with '*', found 'S'"),
        (b"\rX", "at byte 1: expected a line feed, found 'X'"),
        (b"*x", "at byte 1: expected a length in digits, found 'x'"),
        (b"*1\r\n:5\r\n", "at byte 4: expected an argument, which begins with '$', found ':'"),
        (b"*1\r\n$-1\r\n", "at byte 5: expected a length in digits, found '-'"),
        (b"*1\r\n$1\r\nabc", "at byte 9: expected a carriage return and line feed, found 'b'"),
        (b"*1\r\n$1\r\na\rc", "at byte 10: expected a line feed, found 'c'"),
        (b"*1048577\r\n", "at byte 1: a count of arguments of 1048577 exceeds the limit of 1048576"),
        (
            b"*1\r\n$537919489\r\n",
            "at byte 5: an argument's length in bytes of 537919489 exceeds the limit of 537919488",
        ),
    ];
    for (bytes, expect) in table {
        for steps in [1, 2, usize::MAX] {
            let (found, result) = scan_in_steps(stream(), bytes, std::iter::repeat_n(steps, bytes.len()));
            assert_eq!(found, vec![]);
            assert_eq!(result.unwrap_err().to_string(), *expect);
        }
    }
    let zero = scan_in_steps(client(), b"GET a\0b\r\n", []).1.unwrap_err();
    assert_eq!(zero.to_string(), "at byte 5: expected text, found byte 0x00");
}

#[test]
fn a_command_is_limited_as_a_whole() {
    let limits = Limits { command_bytes_max: 30, inline_bytes_max: 8, ..Limits::default() };
    let scan = |bytes: &[u8]| scan_in_steps(CommandScanner::with_lines(limits), bytes, []).1;
    assert_eq!(scan(b"*2\r\n$10\r\n0123456789\r\n$1\r\na\r\n"), Ok(0));
    let error = scan(b"*2\r\n$10\r\n0123456789\r\n$4\r\n").unwrap_err().to_string();
    assert_eq!(error, "at byte 22: a command's length in bytes of 31 exceeds the limit of 30");
    assert_eq!(scan(b"GET abcd\n"), Ok(0));
    let expect =
        Error::TooLarge { at: 8, what: "the length in bytes of a command typed as a line", announced: 9, limit: 8 };
    assert_eq!(scan(b"GET abcde\n"), Err(expect.clone()));
    assert_eq!(scan(b"GET abcde"), Err(expect));
}

#[test]
fn the_bytes_asked_for_are_those_that_are_missing() {
    let check = |bytes: &[u8], at_least| {
        assert_eq!(stream().scan(bytes), Ok(Scanned::NeedMore { at_least }), "{bytes:?}");
    };
    check(b"", 1);
    check(b"*1\r\n$100\r", 1);
    check(b"*1\r\n$100\r\n", 102);
    check(b"*1\r\n$100\r\nabc", 99);
    check(b"*1\r\n$1\r\na\r", 1);
}

#[test]
fn a_million_announced_arguments_take_no_memory() {
    let mut scanner = stream();
    assert_eq!(scanner.scan(b"*1048576\r\n$5"), Ok(Scanned::NeedMore { at_least: 1 }));
    assert_eq!(scanner.args.capacity(), 0);
}

#[test]
fn the_list_of_a_giant_command_is_given_back() {
    let count = ARGS_KEPT + 1;
    let mut bytes = Vec::new();
    encode::command(&mut bytes, &vec![&b"x"[..]; count]);
    let mut scanner = stream();
    assert_eq!(scanner.scan(&bytes), Ok(Scanned::Command { len: bytes.len() }));
    assert_eq!(scanner.args().len(), count);
    assert_eq!(scanner.scan(b"*1\r\n$4\r\nPING\r\n"), Ok(Scanned::Command { len: 14 }));
    assert!(scanner.args.capacity() <= ARGS_KEPT);
}

#[test]
fn a_span_of_another_buffer_is_empty() {
    assert_eq!(Span { start: 3, len: 4 }.of(b"abcde"), b"");
    assert_eq!(Span { start: u32::MAX, len: u32::MAX }.of(b"abcde"), b"");
}

/// Bytes that are likely to be nearly a command.
fn near_commands() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            &b"*1\r\n"[..],
            b"*2\r\n",
            b"*0\r\n",
            b"$0\r\n",
            b"$1\r\n",
            b"$3\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b"a",
            b"abc",
            b"$",
            b"*",
            b"-1",
            b"\"",
            b"'",
            b"\\x",
            b"GET ",
            b"*1\r\n$4\r\nPING\r\n",
        ])
        .prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cuts_change_nothing(bytes in near_commands(), steps in prop::collection::vec(1_usize..9, 0..40)) {
        for scanner in [stream, client] {
            let whole = scan_in_steps(scanner(), &bytes, []);
            prop_assert_eq!(&scan_in_steps(scanner(), &bytes, std::iter::repeat(1)), &whole);
            prop_assert_eq!(&scan_in_steps(scanner(), &bytes, steps.clone()), &whole);
        }
    }
}
