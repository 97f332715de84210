//! Finds where a value ends, without looking into it.

use crate::Error;
use crate::formats::{Op, Program};
use crate::read::{Text, View};

/// A walk over one value, resumable at any byte: it remembers the item that it stands before, and the bytes of a
/// string are passed over in one step, whether they are here yet or not.
#[derive(Clone, Debug)]
pub(crate) struct Walker {
    program: Program,
    /// Index in the view of the next item; may lie behind the view's end.
    at: usize,
    string_bytes_max: u64,
}

/// How far a walk came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// To the end of the bytes.
    NeedMore,
    /// To this index, behind the value's last byte.
    End(usize),
    /// The value has more bytes than were allowed. That is known from the lengths in it, before the bytes are here.
    Over,
}

impl Walker {
    /// Begins at the start of the view.
    pub(crate) fn new(program: Program, string_bytes_max: u64) -> Walker {
        Walker { program, at: 0, string_bytes_max }
    }

    /// Goes on over the bytes that are here, but not past `max` bytes of the value.
    #[inline]
    pub(crate) fn run(&mut self, view: View<'_>, max: usize) -> Result<Walk, Error> {
        while self.at <= max {
            if self.at > view.bytes.len() {
                return Ok(Walk::NeedMore);
            }
            let Some(op) = self.program.op() else { return Ok(Walk::End(self.at)) };
            match self.step(op, view)? {
                Some(next) => self.at = next,
                None => return Ok(Walk::NeedMore),
            }
        }
        Ok(Walk::Over)
    }

    /// The `used` first bytes of the view are no longer in it.
    pub(crate) fn forget(&mut self, used: usize) {
        self.at = self.at.saturating_sub(used);
    }

    /// How many of the view's bytes are passed over.
    pub(crate) fn passed(&self, view: View<'_>) -> usize {
        self.at.min(view.bytes.len())
    }

    /// Passes over one item: the index behind it, or `None` where its head is not all here.
    #[inline]
    fn step(&mut self, op: Op, view: View<'_>) -> Result<Option<usize>, Error> {
        let at = self.at;
        let next = match op {
            Op::Text(_) => view.text(at, self.string_bytes_max, "a string of")?.map(Text::end),
            Op::Count(_) => {
                let Some((count, next)) = view.length(at)? else { return Ok(None) };
                self.program.repeat(count);
                return Ok(Some(next));
            }
            Op::Length(_) => view.length(at)?.map(|(_, next)| next),
            Op::Raw(len, _) => Some(at.saturating_add(len)),
            Op::OldScore => old_score(view, at),
            Op::ModuleItem => return self.module_item(view),
            // `Program::op` never shows it.
            Op::Repeat => Some(at),
        };
        if next.is_some() {
            self.program.pass();
        }
        Ok(next)
    }

    /// One item of a module's value: RDB_MODULE_OPCODE_* and what it announces.
    fn module_item(&mut self, view: View<'_>) -> Result<Option<usize>, Error> {
        let Some((kind, at)) = view.length(self.at)? else { return Ok(None) };
        match kind {
            0 => {
                self.program.pass();
                Ok(Some(at))
            }
            1 | 2 => Ok(view.length(at)?.map(|(_, next)| next)),
            3 => Ok(Some(at.saturating_add(4))),
            4 => Ok(Some(at.saturating_add(8))),
            5 => Ok(view.text(at, self.string_bytes_max, "a string of")?.map(Text::end)),
            found => Err(view.malformed(self.at, "an item of a module's value, 0 to 5", found)),
        }
    }
}

/// The index behind a score that is written as text: 253 to 255 stand for nan, inf and -inf, and nothing follows.
fn old_score(view: View<'_>, at: usize) -> Option<usize> {
    let [len] = view.array(at)?;
    let digits = if len >= 253 { 0 } else { usize::from(len) };
    Some(at.saturating_add(1).saturating_add(digits))
}
