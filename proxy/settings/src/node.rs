//! Settings as written: one tree over the file and the flags, each value with the place it was written at.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Flag;
use crate::error::{Error, Place};

/// A value as written, and where.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) place: Place,
    pub(crate) value: Value,
}

/// What was written, before a setting says what it should have been.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Text(String),
    Integer(i128),
    Bool(bool),
    List(Vec<Node>),
    Table(Table),
    /// Words of a command line, which each kind of setting reads in its own way.
    Typed(Vec<String>),
    /// A kind of TOML value that no setting has: a float, a date, an integer of more than 127 bits.
    Other(&'static str),
}

/// Names and values, in the order of the names.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(pub(crate) Vec<(String, Node)>);

/// The file's text and what is needed to name places in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

// === impl Text ===

impl Text<'_> {
    /// Reads the file into a tree. The parser bounds how deep values nest.
    pub(crate) fn tree(&self) -> Result<Table, Error> {
        match DeTable::parse(self.text) {
            Ok(table) => Ok(self.table(table.into_inner())),
            Err(error) => {
                // Not the error's Display: that quotes the line, which may hold a password.
                let place = self.place(error.span().map_or(0, |span| span.start));
                Err(Error::Syntax { place, message: error.message().to_owned() })
            }
        }
    }

    fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Place::File { name: self.name.to_owned(), line, column }
    }

    fn table(&self, table: DeTable<'_>) -> Table {
        Table(table.into_iter().map(|(name, value)| (name.into_inner().into_owned(), self.node(value))).collect())
    }

    fn node(&self, value: Spanned<DeValue<'_>>) -> Node {
        let place = self.place(value.span().start);
        let value = match value.into_inner() {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(number) => match i128::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Other("an integer that is too large"),
            },
            DeValue::Boolean(yes) => Value::Bool(yes),
            DeValue::Array(list) => Value::List(list.into_iter().map(|item| self.node(item)).collect()),
            DeValue::Table(table) => Value::Table(self.table(table)),
            DeValue::Float(_) => Value::Other("a number with a fraction"),
            DeValue::Datetime(_) => Value::Other("a date or time"),
        };
        Node { place, value }
    }
}

// === impl Table ===

impl Table {
    /// Takes the value of this name out.
    pub(crate) fn take(&mut self, name: &str) -> Option<Node> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Puts what a flag says in the place of what the file says.
    pub(crate) fn put(&mut self, flag: &Flag) -> Result<(), Error> {
        /// More than any setting's path has; it bounds how deep the tree grows by a flag.
        const NAMES_MAX: usize = 8;
        let place = Place::Flag(flag.name.clone());
        if flag.path.split('.').count() > NAMES_MAX || flag.path.split('.').any(str::is_empty) {
            let problem = "a setting is named as section.setting, such as limits.lanes".to_owned();
            return Err(Error::Conflict { place, problem });
        }
        let mut table = self;
        let mut names = flag.path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                table.take(name);
                table.0.push((name.to_owned(), Node { place, value: Value::Typed(flag.values.clone()) }));
                return Ok(());
            }
            let at = match table.0.iter().position(|(known, _)| known == name) {
                Some(at) => at,
                None => {
                    let value = Value::Table(Table::default());
                    table.0.push((name.to_owned(), Node { place: place.clone(), value }));
                    table.0.len() - 1
                }
            };
            table = match table.0.get_mut(at).map(|(_, node)| &mut node.value) {
                Some(Value::Table(inner)) => inner,
                _ => {
                    let problem = format!("{} has no settings within, so there is no {}", name, flag.path);
                    return Err(Error::Conflict { place, problem });
                }
            };
        }
        Ok(())
    }
}

// === impl Node ===

impl Node {
    /// What was written, for an error: its type and, where it is short, its text.
    pub(crate) fn found(&self) -> String {
        match &self.value {
            Value::Text(text) => quoted(text),
            Value::Integer(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::List(_) => "a list".to_owned(),
            Value::Table(_) => "a table".to_owned(),
            Value::Typed(words) => quoted(&words.join(",")),
            Value::Other(kind) => (*kind).to_owned(),
        }
    }

    /// A path as it is meant: in a file relative to the file's folder, on a command line to the working directory.
    pub(crate) fn path(&self, text: &str) -> PathBuf {
        match &self.place {
            Place::File { name, .. } => Path::new(name).parent().map_or_else(|| text.into(), |base| base.join(text)),
            Place::Flag(_) => text.into(),
        }
    }
}

fn quoted(text: &str) -> String {
    const SHOWN_MAX: usize = 60;
    if text.chars().count() <= SHOWN_MAX {
        format!("{text:?}")
    } else {
        format!("{:?}…", text.chars().take(SHOWN_MAX).collect::<String>())
    }
}
