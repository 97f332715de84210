//! Commands and replies: scanning never panics, says the same however the bytes are cut, and finds in commands exactly
//! what they were written from.

use ::resp::reply::{self, Reply, ReplyScanner, ReplyStep};
use ::resp::{CommandScanner, Error, Limits, Scanned, encode};

/// Checks the scanners on one connection's bytes.
///
/// # Panics
/// Where a property does not hold.
pub fn check(data: &[u8]) {
    let small = Limits {
        args_max: 5,
        bulk_bytes_max: 40,
        command_bytes_max: 60,
        inline_bytes_max: 30,
        line_bytes_max: 20,
        reply_bytes_max: 60,
        depth_max: 3,
    };
    for limits in [Limits::default(), small] {
        for scanner in [CommandScanner::new, CommandScanner::with_lines] {
            equal_in_every_cut(data, |steps| commands(scanner(limits), data, steps));
        }
        equal_in_every_cut(data, |steps| replies(limits, data, steps));
    }
    walk(data);
}

/// How much arrives at once: the next number is as many bytes.
type Steps<'a> = &'a mut dyn Iterator<Item = usize>;

fn equal_in_every_cut<T: PartialEq + std::fmt::Debug>(data: &[u8], run: impl Fn(Steps<'_>) -> T) {
    let whole = run(&mut std::iter::once(data.len()));
    assert_eq!(run(&mut std::iter::repeat(1)), whole, "one byte at a time");
    let mut uneven = data.iter().map(|&byte| usize::from(byte % 13) + 1).chain(std::iter::repeat(7));
    assert_eq!(run(&mut uneven), whole, "in uneven pieces");
}

/// What a scan came to: what was found, each with its length, and how many bytes were left over or what was wrong.
type Outcome<T> = (Vec<(T, usize)>, Result<usize, Error>);

fn commands(mut scanner: CommandScanner, data: &[u8], steps: Steps<'_>) -> Outcome<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    let (mut start, mut end) = (0, 0);
    loop {
        let buf = &data[start..end];
        let (args, len) = match scanner.scan(buf) {
            Err(error) => return (found, Err(error)),
            Ok(Scanned::NeedMore { at_least }) => {
                assert!(at_least > 0);
                match steps.next().filter(|_| end < data.len()) {
                    None => return (found, Ok(end - start)),
                    Some(step) => end = (end + step).min(data.len()),
                }
                continue;
            }
            Ok(Scanned::Blank { len }) => (Vec::new(), len),
            Ok(Scanned::Command { len }) => {
                let args: Vec<&[u8]> = scanner.args().iter().map(|arg| arg.of(buf)).collect();
                assert_eq!(written(&args), buf[..len], "a command has one form only");
                (args.into_iter().map(<[u8]>::to_vec).collect(), len)
            }
            Ok(Scanned::Inline { len }) => {
                let args: Vec<&[u8]> = scanner.args().iter().map(|arg| arg.of(scanner.canonical())).collect();
                assert_eq!(written(&args), scanner.canonical());
                (args.into_iter().map(<[u8]>::to_vec).collect(), len)
            }
        };
        assert!(len > 0 && len <= buf.len());
        start += len;
        found.push((args, len));
    }
}

fn written(args: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    encode::command(&mut out, args);
    assert_eq!(out.len(), encode::command_len(args));
    out
}

fn replies(limits: Limits, data: &[u8], steps: Steps<'_>) -> Outcome<String> {
    let mut scanner = ReplyScanner::new(limits);
    let mut found = Vec::new();
    let (mut start, mut end) = (0, 0);
    loop {
        match scanner.scan(&data[start..end]) {
            Err(error) => return (found, Err(error)),
            Ok(ReplyStep::NeedMore { at_least }) => {
                assert!(at_least > 0);
                match steps.next().filter(|_| end < data.len()) {
                    None => return (found, Ok(end - start)),
                    Some(step) => end = (end + step).min(data.len()),
                }
            }
            Ok(ReplyStep::Reply { reply, len }) => {
                assert!(len > 0 && len <= end - start);
                assert_eq!(reply.error(), first_error(reply));
                start += len;
                found.push((format!("{reply:?}"), len));
            }
        }
    }
}

/// The first error in a reply, found by walking it.
fn first_error<'a>(outer: Reply<'a>) -> Option<&'a [u8]> {
    match outer {
        Reply::Error(text) => Some(text),
        // An attribute's own errors count in the reply, but it is left out of a walk: there is nothing to compare.
        Reply::Aggregate { raw, first_error, .. } if raw.contains(&b'|') => first_error,
        // The depth of what is scanned is limited, so that this may recurse.
        Reply::Aggregate { raw, .. } => {
            reply::children(raw).find_map(|child| first_error(child.expect("what is scanned is whole")))
        }
        _ => None,
    }
}

/// Walking bytes that were never scanned ends, and in one error at most.
fn walk(data: &[u8]) {
    let errors = reply::children(data).filter(Result::is_err).count();
    assert!(errors <= 1);
}
