//! Named numbers in an order.

use serde::{Serialize, Serializer};

/// What one run showed, in the order in which it is shown. Units stand last in the names.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Figures(Vec<(&'static str, f64)>);

impl Figures {
    /// Adds a figure behind the others.
    pub(crate) fn add(&mut self, name: &'static str, value: f64) {
        self.0.push((name, value));
    }

    /// Adds a figure, if there is one.
    pub(crate) fn add_some(&mut self, name: &'static str, value: Option<f64>) {
        self.0.extend(value.map(|value| (name, value)));
    }

    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|(name, _)| *name)
    }
}

impl Serialize for Figures {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}
