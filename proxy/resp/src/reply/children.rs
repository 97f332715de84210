//! The elements of an aggregate.

use super::{Aggregate, Reply, ReplyScanner, ReplyStep};
use crate::header::{self, Length};
use crate::{Error, Limits};

/// The direct elements of an aggregate, from its [`Reply::Aggregate`]'s `raw`: for a map, keys and values by turns.
/// Attributes are left out. Bytes that hold no aggregate yield one error; so does an element that is not whole.
///
/// ```
/// # use keyferry_resp as resp;
/// use resp::reply::{Reply, children};
/// let parts: Result<Vec<_>, _> = children(b"*2\r\n:7\r\n*1\r\n+OK\r\n").collect();
/// assert_eq!(parts.unwrap()[0], Reply::Integer(7));
/// ```
pub fn children(raw: &[u8]) -> Children<'_> {
    let (left, start, error) = match first_line(raw) {
        Ok((left, start)) => (left, start, None),
        Err(error) => (1, 0, Some(error)),
    };
    Children { raw, at: start, left, error, scanner: ReplyScanner::new(Limits::none()) }
}

/// How many elements the aggregate at the front of `raw` has, and where the first begins.
fn first_line(raw: &[u8]) -> Result<(u64, usize), Error> {
    let pairs = match raw.first() {
        Some(b'*' | b'~' | b'>') => false,
        Some(b'%' | b'|') => true,
        Some(&found) => return Err(Error::Unexpected { at: 0, expected: "an aggregate", found }),
        None => return Err(Error::Truncated { at: 0 }),
    };
    match header::length(raw, 1)? {
        Length::Partial => Err(Error::Truncated { at: raw.len() }),
        Length::Negative { end } => Ok((0, end)),
        Length::Is { value, end } => Ok((if pairs { value.saturating_mul(2) } else { value }, end)),
    }
}

/// An iterator over the elements of an aggregate: see [`children`].
#[derive(Debug)]
pub struct Children<'a> {
    raw: &'a [u8],
    at: usize,
    left: u64,
    error: Option<Error>,
    scanner: ReplyScanner,
}

impl<'a> Children<'a> {
    fn step(&mut self) -> Result<Reply<'a>, Error> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        loop {
            let rest = self.raw.get(self.at..).unwrap_or_default();
            let (reply, len) = match self.scanner.scan(rest).map_err(|error| error.moved(self.at))? {
                ReplyStep::Reply { reply, len } => (reply, len),
                ReplyStep::NeedMore { .. } => return Err(Error::Truncated { at: self.raw.len() }),
            };
            self.at += len;
            if !matches!(reply, Reply::Aggregate { kind: Aggregate::Attribute, .. }) {
                return Ok(reply);
            }
        }
    }
}

impl<'a> Iterator for Children<'a> {
    type Item = Result<Reply<'a>, Error>;

    fn next(&mut self) -> Option<Result<Reply<'a>, Error>> {
        self.left = self.left.checked_sub(1)?;
        let step = self.step();
        if step.is_err() {
            self.left = 0;
        }
        Some(step)
    }
}
