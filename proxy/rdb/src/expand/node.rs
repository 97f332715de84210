//! Parts of a value that are taken in small steps, so that a piece can end within them.

use super::entries::Entries;
use super::{Body, Expander};
use crate::Error;
use crate::packed::{Container, Cursor, Fault};
use crate::read::{Place, View};

/// Such a part, and how far it is written.
#[derive(Debug)]
pub(super) enum Node {
    /// Elements in a packed form.
    Items(Container, Cursor),
    /// Entries of a stream.
    Entries(Entries),
    /// An unpacked string: index of the first byte to be written.
    Text(usize),
    /// A string that stands in the input as it is: how many bytes of it are to come.
    Input(usize),
}

impl Expander {
    /// Begins a packed form: its bytes are kept until its last element is written.
    pub(super) fn open(&mut self, container: Container, place: Place, view: View<'_>, at: u64) -> Result<(), Error> {
        self.keep(place, view, at);
        let cursor = container.begin(&self.node_bytes).map_err(|fault| self.fault(container, fault))?;
        self.node = Some(Node::Items(container, cursor));
        Ok(())
    }

    /// Begins a node of a stream.
    pub(super) fn open_entries(&mut self, place: Place, view: View<'_>, at: u64) -> Result<(), Error> {
        self.keep(place, view, at);
        let entries = Entries::begin(&self.node_bytes).map_err(|fault| self.fault(Container::Listpack, fault))?;
        self.node = Some(Node::Entries(entries));
        Ok(())
    }

    /// Keeps a string's bytes: the input passes on while they are still read.
    pub(super) fn keep(&mut self, place: Place, view: View<'_>, at: u64) {
        self.node_at = at;
        match place {
            Place::Scratch => std::mem::swap(&mut self.node_bytes, &mut self.scratch),
            Place::Input { from, len } => {
                self.node_bytes.clear();
                self.node_bytes.extend_from_slice(view.raw(from, len).unwrap_or(&[]));
            }
        }
    }

    /// One step: the index of the first byte not used, or `None` where the next is not here.
    pub(super) fn node_step(&mut self, view: View<'_>, at: usize) -> Result<Option<usize>, Error> {
        let Some(mut node) = self.node.take() else { return Ok(Some(at)) };
        let mut next = Some(at);
        let more = match &mut node {
            Node::Items(container, cursor) => self.item_step(*container, cursor)?,
            Node::Entries(entries) => self.entry_step(entries)?,
            Node::Text(from) => self.text_step(from),
            Node::Input(left) => {
                next = self.input_step(view, at, left);
                *left > 0 || next.is_none()
            }
        };
        if more {
            self.node = Some(node);
        }
        Ok(next)
    }

    fn item_step(&mut self, container: Container, cursor: &mut Cursor) -> Result<bool, Error> {
        let inside = cursor.at();
        let Body::Collection(collection) = &mut self.body else { return Ok(false) };
        let pushed = match cursor.item(&self.node_bytes) {
            Ok(None) => return Ok(false),
            Ok(Some(item)) => collection.push_item(item, &mut self.pieces),
            Err(fault) => return Err(self.fault(container, fault)),
        };
        match pushed {
            // The end is looked for here, so that a piece which fills at the last element is the last.
            Ok(()) => Ok(!cursor.at_end(&self.node_bytes)),
            Err(expected) => Err(self.fault(container, Fault { inside, expected })),
        }
    }

    fn entry_step(&mut self, entries: &mut Entries) -> Result<bool, Error> {
        let Body::Stream(stream) = &mut self.body else { return Ok(false) };
        let more = entries.entry(&self.node_bytes, stream, &mut self.pieces);
        more.map_err(|fault| self.fault(Container::Listpack, fault))
    }

    /// Writes as much of an unpacked string as a piece holds.
    fn text_step(&mut self, from: &mut usize) -> bool {
        let len = self.pieces.piece_bytes().min(self.node_bytes.len().saturating_sub(*from));
        let bytes = std::mem::take(&mut self.node_bytes);
        self.write_text(bytes.get(*from..*from + len).unwrap_or(&[]));
        self.node_bytes = bytes;
        *from += len;
        *from < self.node_bytes.len()
    }

    /// Writes as much of a string in the input as a piece holds: always that much, so that where the input was cut does
    /// not show.
    fn input_step(&mut self, view: View<'_>, at: usize, left: &mut usize) -> Option<usize> {
        let len = self.pieces.piece_bytes().min(*left);
        let bytes = view.raw(at, len)?;
        self.write_text(bytes);
        *left -= len;
        Some(at + len)
    }

    fn write_text(&mut self, bytes: &[u8]) {
        let Body::Text { begun } = &mut self.body else { return };
        let verb: &[u8] = if std::mem::replace(begun, true) { b"APPEND" } else { b"SET" };
        self.pieces.command(verb, &[bytes]);
    }

    fn fault(&self, container: Container, Fault { inside, expected }: Fault) -> Error {
        Error::Packed { at: self.node_at, inside: inside as u64, container: container.name(), expected }
    }
}
