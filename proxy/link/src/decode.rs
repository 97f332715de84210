//! From received bytes to answers. The scanner of [`resp`] bounds size and depth before anything is built.

use bytes::{Buf, Bytes, BytesMut};
use resp::reply::{Children, children};
use resp::{Aggregate, Limits, ReplyScanner, ReplyStep};

use crate::{Reply, reply::ReplyError};

/// Takes answers off the front of a buffer, one at a time.
#[derive(Debug)]
pub(crate) struct Decoder {
    scanner: ReplyScanner,
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder { scanner: ReplyScanner::new(Limits::default()) }
    }
}

impl Decoder {
    /// The next answer, whose bytes are taken off `received`; `None` where it is not all there yet. Between two calls
    /// bytes may only be added behind.
    pub(crate) fn next(&mut self, received: &mut BytesMut) -> Result<Option<Reply>, resp::Error> {
        loop {
            let (reply, len) = match self.scanner.scan(received)? {
                ReplyStep::NeedMore { .. } => return Ok(None),
                ReplyStep::Reply { reply, len } => (build(reply)?, len),
            };
            received.advance(len);
            // `None` is an attribute: about the answer that follows, and no answer itself.
            if reply.is_some() {
                return Ok(reply);
            }
        }
    }
}

/// An aggregate whose members are being built.
struct Open<'a> {
    kind: Aggregate,
    members: Vec<Reply>,
    rest: Children<'a>,
}

/// A scanned reply with its own bytes. Iterative: the peer decides how deep replies nest.
fn build(reply: resp::Reply<'_>) -> Result<Option<Reply>, resp::Error> {
    let mut stack: Vec<Open<'_>> = Vec::new();
    let mut built = begin(reply, &mut stack);
    loop {
        let Some(open) = stack.last_mut() else { return Ok(built) };
        if let Some(member) = built.take() {
            open.members.push(member);
        }
        match open.rest.next() {
            Some(child) => built = begin(child?, &mut stack),
            None => built = stack.pop().and_then(end),
        }
    }
}

/// A reply that is whole, or `None` where an aggregate was opened on the stack.
fn begin<'a>(reply: resp::Reply<'a>, stack: &mut Vec<Open<'a>>) -> Option<Reply> {
    let own = Bytes::copy_from_slice;
    Some(match reply {
        resp::Reply::Simple(text) => Reply::Simple(own(text)),
        resp::Reply::Error(text) => Reply::Error(ReplyError::new(own(text))),
        resp::Reply::Integer(number) => Reply::Integer(number),
        resp::Reply::Bulk(Some(bytes)) => Reply::Bulk(own(bytes)),
        resp::Reply::Bulk(None) | resp::Reply::Null => Reply::Null,
        resp::Reply::Boolean(truth) => Reply::Boolean(truth),
        resp::Reply::Double(text) => Reply::Double(own(text)),
        resp::Reply::BigNumber(text) => Reply::BigNumber(own(text)),
        resp::Reply::Verbatim { text, .. } => Reply::Verbatim(own(text)),
        resp::Reply::Aggregate { len: None, .. } => Reply::Null,
        resp::Reply::Aggregate { kind, raw, .. } => {
            stack.push(Open { kind, members: Vec::new(), rest: children(raw) });
            return None;
        }
    })
}

/// An aggregate whose members are all there; `None` for an attribute, which is dropped.
fn end(open: Open<'_>) -> Option<Reply> {
    match open.kind {
        Aggregate::Array => Some(Reply::Array(open.members)),
        Aggregate::Set => Some(Reply::Set(open.members)),
        Aggregate::Push => Some(Reply::Push(open.members)),
        Aggregate::Map => {
            let mut pairs = Vec::with_capacity(open.members.len() / 2);
            let mut members = open.members.into_iter();
            while let (Some(name), Some(value)) = (members.next(), members.next()) {
                pairs.push((name, value));
            }
            Some(Reply::Map(pairs))
        }
        Aggregate::Attribute => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &'static str) -> Reply {
        Reply::Bulk(Bytes::from_static(text.as_bytes()))
    }

    /// Fed whole, in halves and byte by byte, the answers are the same.
    fn check(wire: &[u8], expect: &[Reply]) {
        for step in [wire.len(), wire.len().div_ceil(2), 1] {
            let (mut decoder, mut received, mut replies) = (Decoder::default(), BytesMut::new(), Vec::new());
            for chunk in wire.chunks(step) {
                received.extend_from_slice(chunk);
                while let Some(reply) = decoder.next(&mut received).unwrap() {
                    replies.push(reply);
                }
            }
            assert_eq!(replies, expect, "in steps of {step}");
            assert!(received.is_empty());
        }
    }

    #[test]
    fn every_kind_of_answer_gets_bytes_of_its_own() {
        check(
            b"+OK\r\n-ERR no\r\n:-7\r\n$3\r\na\r\n\r\n$-1\r\n*-1\r\n_\r\n#t\r\n,1.50\r\n(99999999999999999999\r\n=7\r\ntxt:abc\r\n",
            &[
                Reply::Simple("OK".into()),
                Reply::Error(ReplyError::new("ERR no")),
                Reply::Integer(-7),
                bulk("a\r\n"),
                Reply::Null,
                Reply::Null,
                Reply::Null,
                Reply::Boolean(true),
                Reply::Double("1.50".into()),
                Reply::BigNumber("99999999999999999999".into()),
                Reply::Verbatim("abc".into()),
            ],
        );
    }

    #[test]
    fn aggregates_keep_their_order_and_their_nesting() {
        let inner =
            Reply::Map(vec![(bulk("b"), Reply::Integer(1)), (bulk("a"), Reply::Set(vec![bulk("x"), bulk("x")]))]);
        check(
            b"*3\r\n*0\r\n%2\r\n$1\r\nb\r\n:1\r\n$1\r\na\r\n~2\r\n$1\r\nx\r\n$1\r\nx\r\n+end\r\n>1\r\n+news\r\n",
            &[
                Reply::Array(vec![Reply::Array(vec![]), inner, Reply::Simple("end".into())]),
                Reply::Push(vec![Reply::Simple("news".into())]),
            ],
        );
    }

    #[test]
    fn attributes_are_dropped_at_the_top_and_inside() {
        check(
            b"|1\r\n+ttl\r\n:5\r\n*2\r\n|1\r\n+a\r\n*1\r\n:9\r\n:1\r\n:2\r\n",
            &[Reply::Array(vec![Reply::Integer(1), Reply::Integer(2)])],
        );
    }

    #[test]
    fn nesting_beyond_the_limit_is_an_error_and_no_overflow() {
        let mut received = BytesMut::from("*1\r\n".repeat(100_000).as_str());
        assert!(Decoder::default().next(&mut received).is_err());
    }
}
