use super::*;
use proptest::prelude::*;

/// What came of a whole buffer: each reply as it prints, then how many bytes were left over, or the error.
pub(super) type Outcome = (Vec<String>, Result<usize, Error>);

/// Scans a buffer that grows by the given steps.
pub(super) fn scan_in_steps(limits: Limits, bytes: &[u8], steps: impl IntoIterator<Item = usize>) -> Outcome {
    let mut scanner = ReplyScanner::new(limits);
    let mut found = Vec::new();
    let (mut start, mut end) = (0, 0);
    let mut steps = steps.into_iter();
    loop {
        match scanner.scan(&bytes[start..end]) {
            Err(error) => return (found, Err(error)),
            Ok(ReplyStep::NeedMore { at_least }) => {
                assert!(at_least > 0);
                if end == bytes.len() {
                    return (found, Ok(end - start));
                }
                end = steps.next().map_or(bytes.len(), |step| (end + step).min(bytes.len()));
            }
            Ok(ReplyStep::Reply { reply, len }) => {
                assert!(len > 0);
                found.push(show(reply));
                start += len;
            }
        }
        assert!(start <= end);
    }
}

/// A reply as text: an aggregate as its kind, its length, its first error and its elements.
fn show(reply: Reply<'_>) -> String {
    let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
    match reply {
        Reply::Simple(bytes) => format!("+{}", text(bytes)),
        Reply::Error(bytes) => format!("-{}", text(bytes)),
        Reply::Integer(number) => format!(":{number}"),
        Reply::Bulk(Some(bytes)) => format!("${}", text(bytes)),
        Reply::Bulk(None) => "$null".into(),
        Reply::Null => "null".into(),
        Reply::Boolean(value) => value.to_string(),
        Reply::Double(bytes) => format!(",{}", text(bytes)),
        Reply::BigNumber(bytes) => format!("({}", text(bytes)),
        Reply::Verbatim { format, text: bytes } => format!("={}:{}", text(format), text(bytes)),
        Reply::Aggregate { kind, len: None, .. } => format!("{kind:?} null"),
        Reply::Aggregate { kind, len: Some(len), raw, first_error } => {
            let parts: Vec<Reply> = children(raw).collect::<Result<_, _>>().expect("a scanned reply is whole");
            assert_eq!(parts.len() as u64, if kind.has_pairs() { len * 2 } else { len });
            let error = first_error.map(|error| format!(" !{}", text(error))).unwrap_or_default();
            let shown: Vec<String> = parts.into_iter().map(show).collect();
            format!("{kind:?}{error} [{}]", shown.join(" "))
        }
    }
}

/// Whole, in halves and one byte at a time.
fn check(bytes: &[u8], found: &[&str], result: Result<usize, &str>) {
    let half = bytes.len() / 2;
    for (how, steps) in [("whole", vec![]), ("halves", vec![half]), ("bytes", vec![1; bytes.len()])] {
        let (scanned, end) = scan_in_steps(Limits::default(), bytes, steps);
        assert_eq!(scanned, found, "{how}");
        assert_eq!(end.map_err(|error| error.to_string()), result.map_err(String::from), "{how}");
    }
}

#[test]
fn pipelined_replies_come_one_by_one() {
    check(
        b"+OK\r\n:42\r\n-ERR no\r\n$3\r\na\r\n\r\n$-1\r\n$0\r\n\r\n+QUEUED\r\n:-9223372036854775808\r\n+OK\r",
        &["+OK", ":42", "-ERR no", "$a\\r\\n", "$null", "$", "+QUEUED", ":-9223372036854775808"],
        Ok(4),
    );
}

#[test]
fn every_type_of_resp3_is_known() {
    check(
        b"_\r\n#t\r\n#f\r\n,1.5e3\r\n,-inf\r\n(123456789012345678901234567890\r\n=7\r\ntxt:abc\r\n!9\r\nERR a\r\nbc\r\n",
        &["null", "true", "false", ",1.5e3", ",-inf", "(123456789012345678901234567890", "=txt:abc", "-ERR a\\r\\nbc"],
        Ok(0),
    );
    check(
        b"%2\r\n+a\r\n:1\r\n$1\r\nb\r\n_\r\n~1\r\n#t\r\n>2\r\n+pubsub\r\n*0\r\n|1\r\n+ttl\r\n:3\r\n+OK\r\n",
        &["Map [+a :1 $b null]", "Set [true]", "Push [+pubsub Array []]", "Attribute [+ttl :3]", "+OK"],
        Ok(0),
    );
}

#[test]
fn an_aggregate_is_one_reply_and_tells_its_first_error() {
    check(
        b"*3\r\n+OK\r\n*2\r\n:1\r\n-WRONGTYPE a\r\n!3\r\nERR\r\n*-1\r\n*0\r\n",
        &["Array !WRONGTYPE a [+OK Array !WRONGTYPE a [:1 -WRONGTYPE a] -ERR]", "Array null", "Array []"],
        Ok(0),
    );
    check(b"*1\r\n*1\r\n!5\r\nERR x\r\n", &["Array !ERR x [Array !ERR x [-ERR x]]"], Ok(0));
}

#[test]
fn an_attribute_is_no_element() {
    check(b"*2\r\n|1\r\n+k\r\n*1\r\n:1\r\n:5\r\n|0\r\n:6\r\n", &["Array [:5 :6]"], Ok(0));
    check(b"*1\r\n|1\r\n+k\r\n:1\r\n", &[], Ok(16));
    check(b"*1\r\n*0\r\n+OK\r\n", &["Array [Array []]", "+OK"], Ok(0));
}

#[test]
fn what_is_no_reply_is_refused_with_its_place() {
    let table: &[(&[u8], &str)] = &[
        (b"HTTP", "at byte 0: expected the first byte of a reply ('+', '-', ':', '$', '*' …), found 'H'"),
        (b":12a\r\n", "at byte 1: expected an integer of 64 bits, found '1'"),
        (b":+1\r\n", "at byte 1: expected an integer of 64 bits, found '+'"),
        (b"#x\r\n", "at byte 1: expected an empty null, or a boolean 't' or 'f', found 'x'"),
        (b"_x\r\n", "at byte 1: expected an empty null, or a boolean 't' or 'f', found 'x'"),
        (b"$3\r\nabcd", "at byte 7: expected a carriage return and line feed, found 'd'"),
        (b"%-1\r\n", "at byte 1: expected a length in digits, found '-'"),
        (b"!-1\r\n", "at byte 1: expected a length in digits, found '-'"),
        (b"=2\r\nab\r\n", "at byte 4: expected three letters and ':' before a verbatim text, found 'a'"),
        (b"*2\r\n:1\r\nx", "at byte 8: expected the first byte of a reply ('+', '-', ':', '$', '*' …), found 'x'"),
        (b"$?\r\n", "at byte 0: a streamed reply, of a length not announced, which is not supported"),
        (b"*1\r\n*?\r\n", "at byte 4: a streamed reply, of a length not announced, which is not supported"),
        (b"*1\r\n.\r\n", "at byte 4: a streamed reply, of a length not announced, which is not supported"),
        (b"$537919489\r\n", "at byte 0: a reply's length in bytes of 537919489 exceeds the limit of 537919488"),
    ];
    for (bytes, expect) in table {
        check(bytes, &[], Err(expect));
    }
}

#[test]
fn limits_hold() {
    let limits = Limits { line_bytes_max: 4, depth_max: 2, reply_bytes_max: 24, ..Limits::default() };
    let scan = |bytes: &[u8]| {
        let whole = scan_in_steps(limits, bytes, []);
        assert_eq!(scan_in_steps(limits, bytes, vec![1; bytes.len()]), whole);
        whole.1.map_err(|error| error.to_string())
    };
    assert_eq!(scan(b"+abcd\r\n"), Ok(0));
    let line = "at byte 0: the length in bytes of a line of 5 exceeds the limit of 4";
    assert_eq!(scan(b"+abcde\r\n"), Err(line.into()));
    assert_eq!(scan(b"+abcdef"), Err(line.into()));
    assert_eq!(scan(b"*1\r\n*1\r\n:1\r\n"), Ok(0));
    let deep = "at byte 8: replies are nested deeper than the limit of 2";
    assert_eq!(scan(b"*1\r\n*1\r\n*1\r\n:1\r\n"), Err(deep.into()));
    let whole = "at byte 16: a whole reply's length in bytes of 25 exceeds the limit of 24";
    assert_eq!(scan(b"*4\r\n:0\r\n:0\r\n:0\r\n$3\r\nabc\r\n"), Err(whole.into()));
}

#[test]
fn deep_nesting_ends_in_an_error_not_in_a_full_stack() {
    let bytes = b"*1\r\n".repeat(100_000);
    let (_, end) = scan_in_steps(Limits::default(), &bytes, []);
    assert_eq!(end, Err(Error::TooDeep { at: 512, limit: 128 }));
}

#[test]
fn a_giant_announced_count_takes_no_memory() {
    let mut scanner = ReplyScanner::new(Limits::default());
    let step = scanner.scan(b"%9999999999999999999\r\n|9999999999999999999\r\n").unwrap();
    assert_eq!(step, ReplyStep::NeedMore { at_least: 1 });
    assert!(scanner.open.capacity() <= 8);
}

#[test]
fn children_of_what_is_no_aggregate_are_one_error() {
    let check = |raw: &[u8], expect: &[Result<Reply, Error>]| {
        assert_eq!(children(raw).collect::<Vec<_>>(), expect, "{raw:?}");
    };
    check(b"*-1\r\n", &[]);
    check(b"", &[Err(Error::Truncated { at: 0 })]);
    check(b"*2\r", &[Err(Error::Truncated { at: 3 })]);
    check(b"+OK\r\n", &[Err(Error::Unexpected { at: 0, expected: "an aggregate", found: b'+' })]);
    check(b"*3\r\n:1\r\n:2", &[Ok(Reply::Integer(1)), Err(Error::Truncated { at: 10 })]);
    let integer = "an integer of 64 bits";
    check(
        b"*3\r\n:1\r\n:x\r\n",
        &[Ok(Reply::Integer(1)), Err(Error::Unexpected { at: 9, expected: integer, found: b'x' })],
    );
}

#[test]
fn replies_tell_what_they_are() {
    let push = Reply::Aggregate { kind: Aggregate::Push, len: Some(0), raw: b">0\r\n", first_error: Some(b"E") };
    assert!(push.is_out_of_band() && !push.is_null() && push.error() == Some(b"E"));
    let null = Reply::Aggregate { kind: Aggregate::Array, len: None, raw: b"*-1\r\n", first_error: None };
    assert!(!null.is_out_of_band() && null.is_null() && null.error().is_none());
    assert_eq!(Reply::Error(b"ERR").error(), Some(&b"ERR"[..]));
    assert_eq!((Reply::Simple(b"a").text(), Reply::Integer(1).text()), (Some(&b"a"[..]), None));
}

/// Bytes that are likely to be nearly a reply.
pub(super) fn near_replies() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            &b"*1\r\n"[..],
            b"*2\r\n",
            b"*0\r\n",
            b"*-1\r\n",
            b"%1\r\n",
            b"|1\r\n",
            b"~2\r\n",
            b">1\r\n",
            b"$0\r\n",
            b"$1\r\n",
            b"$-1\r\n",
            b"!3\r\n",
            b"=5\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b"a",
            b"abc",
            b"+OK\r\n",
            b":1\r\n",
            b"-E\r\n",
            b",1\r\n",
            b"(1\r\n",
            b"#t\r\n",
            b"_\r\n",
            b"$?\r\n",
            b"txt:a",
        ])
        .prop_map(<[u8]>::to_vec),
        prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn cuts_change_nothing(bytes in near_replies(), steps in prop::collection::vec(1_usize..9, 0..40)) {
        let whole = scan_in_steps(Limits::default(), &bytes, []);
        prop_assert_eq!(&scan_in_steps(Limits::default(), &bytes, std::iter::repeat(1)), &whole);
        prop_assert_eq!(&scan_in_steps(Limits::default(), &bytes, steps), &whole);
    }
}
