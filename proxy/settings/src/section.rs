//! Reads one section: each field is defined by the line that reads it, and the reference is made from the same line.

use crate::error::{Error, Place};
use crate::kind::{Kind, listed, nearest};
use crate::node::{Node, Table, Value};

/// One setting: what it is called, what it takes, what holds where it is left out, and what it does.
#[derive(Clone, Debug)]
pub(crate) struct Field<K: Kind> {
    pub(crate) name: &'static str,
    pub(crate) kind: K,
    pub(crate) default: K::Value,
    /// What it is for.
    pub(crate) about: &'static str,
    /// What happens at the edge of its range, or where it does not hold.
    pub(crate) edge: &'static str,
}

/// A section or a setting as the reference page tells it.
#[derive(Clone, Debug)]
pub(crate) enum Described {
    Section {
        path: String,
        about: &'static str,
    },
    Field {
        section: String,
        name: &'static str,
        expects: String,
        default: String,
        about: &'static str,
        edge: &'static str,
    },
}

/// A value and where it was written; a default was written nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) place: Option<Place>,
}

/// A section that is being read. What is left in it at the end was never asked for, hence is unknown.
#[derive(Debug)]
pub(crate) struct Section<'d> {
    path: String,
    place: Option<Place>,
    table: Table,
    known: Vec<&'static str>,
    described: &'d mut Vec<Described>,
}

impl<'d> Section<'d> {
    /// The whole document, whose settings are its sections.
    pub(crate) fn document(table: Table, described: &'d mut Vec<Described>) -> Section<'d> {
        Section { path: String::new(), place: None, table, known: Vec::new(), described }
    }

    /// Reads the section of this name by `read`, then refuses whatever `read` did not ask for.
    pub(crate) fn section<T>(
        &mut self,
        name: &'static str,
        about: &'static str,
        read: impl FnOnce(&mut Section<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.known.push(name);
        let path = self.path_of(name);
        let (place, table) = match self.table.take(name) {
            None => (None, Table::default()),
            Some(Node { place, value: Value::Table(table) }) => (Some(place), table),
            Some(node) => {
                let (found, place) = (node.found(), node.place);
                return Err(Error::Value { place, setting: path, found, expected: "a table of settings".to_owned() });
            }
        };
        self.described.push(Described::Section { path: path.clone(), about });
        let mut inner = Section { path, place, table, known: Vec::new(), described: &mut *self.described };
        let result = read(&mut inner)?;
        inner.finish()?;
        Ok(result)
    }

    /// Reads one setting.
    pub(crate) fn read<K: Kind>(&mut self, field: Field<K>) -> Result<K::Value, Error> {
        self.placed(field).map(|placed| placed.value)
    }

    /// Reads one setting and keeps where it was written, for what has to be judged later.
    pub(crate) fn placed<K: Kind>(&mut self, field: Field<K>) -> Result<Placed<K::Value>, Error> {
        self.known.push(field.name);
        self.described.push(Described::Field {
            section: self.path.clone(),
            name: field.name,
            expects: field.kind.expects(),
            default: field.kind.show(&field.default),
            about: field.about,
            edge: field.edge,
        });
        let Some(node) = self.table.take(field.name) else {
            return Ok(Placed { value: field.default, place: None });
        };
        match field.kind.read(&node) {
            Ok(value) => Ok(Placed { value, place: Some(node.place) }),
            Err(wrong) => Err(Error::Value {
                place: wrong.place.clone(),
                setting: self.path_of(field.name),
                found: if field.kind.hidden() { "not usable".to_owned() } else { wrong.found() },
                expected: field.kind.expects(),
            }),
        }
    }

    /// The dotted path of a setting of this section.
    pub(crate) fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// Where the section begins, where it was written.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// Whether nothing of the section was written.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.0.is_empty()
    }

    /// Refuses what nobody asked for.
    pub(crate) fn finish(self) -> Result<(), Error> {
        match self.table.0.first() {
            None => Ok(()),
            Some((name, node)) => Err(Error::Unknown {
                place: node.place.clone(),
                setting: self.path_of(name),
                nearest: nearest(name, self.known.iter().copied()).map(|near| self.path_of(near)),
                known: listed(&self.known),
            }),
        }
    }
}
