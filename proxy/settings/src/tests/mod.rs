//! Tables over what is written and what is meant.

mod file;
mod rules;
mod urls;

use crate::{Error, Flag, Given, Input, Settings, load};

/// A world in which nothing exists but these variables and files.
fn world(env: &[(&str, &str)], files: &[(&str, &str)]) -> Given {
    Given {
        env: env.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
        files: files.iter().map(|(path, text)| (path.into(), text.as_bytes().to_vec())).collect(),
    }
}

fn read_in(world: &Given, text: &str, flags: &[Flag]) -> Result<Settings, Error> {
    load(&Input { file: Some(("dir/m.toml", text)), flags }, world)
}

/// Two ends and then this.
fn read(text: &str) -> Result<Settings, Error> {
    read_in(&Given::default(), &with_ends(text), &[])
}

/// The two ends take the first four lines, so that the text's first line is line 5.
fn with_ends(text: &str) -> String {
    format!("[source]\nurl = \"redis://a\"\n[target]\nurl = \"redis://b\"\n{text}")
}

fn flag(name: &str, path: &str, values: &[&str]) -> Flag {
    Flag { name: name.into(), path: path.into(), values: values.iter().map(|value| value.to_string()).collect() }
}

/// The text that a stranger reads.
fn refusal(text: &str) -> String {
    read(text).unwrap_err().to_string()
}
