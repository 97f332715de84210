//! From the command line to settings: which file is read, which flag stands for which setting.

use std::io;
use std::path::Path;

use settings::{Flag, Input, Lookup, Settings};

use crate::cli::{Migration, Run};
use crate::exit::{Exit, Failure};

/// The real environment and the real disk.
#[derive(Debug)]
struct World;

impl Lookup for World {
    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn file(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }
}

/// The settings that a command line means.
pub(crate) fn settings(migration: &Migration, run: Option<&Run>) -> Result<Settings, Failure> {
    let (file, mut flags) = ends(migration)?;
    flags.extend(carried(migration));
    flags.extend(singles(&migration.source_end.settings()));
    flags.extend(singles(&migration.target_end.settings()));
    flags.extend(singles(&[
        ("--log-level", "log.level", &migration.log_level),
        ("--log-format", "log.format", &migration.log_format),
    ]));
    if let Some(run) = run {
        flags.extend(singles(&[("--listen", "admin.listen", &run.listen)]));
    }
    flags.extend(set(&migration.set)?);
    let text = match &file {
        Some(name) => Some(std::fs::read_to_string(name).map_err(|error| {
            Failure::new(Exit::Settings, format!("{name}: the settings file cannot be read: {error}"))
        })?),
        None => None,
    };
    let input = Input { file: file.as_deref().zip(text.as_deref()), flags: &flags };
    settings::load(&input, &World).map_err(Failure::of(Exit::Settings))
}

/// Warns of a password on the command line, where every user of the machine can read it.
pub(crate) fn warn_of_password(migration: &Migration) {
    if shows_password(migration) {
        tracing::warn!(
            "a password stands on the command line, where `ps` shows it to every user of this machine; give it by KEYFERRY_SOURCE_PASSWORD, KEYFERRY_TARGET_PASSWORD, --source-password-file or --target-password-file"
        );
    }
}

fn shows_password(migration: &Migration) -> bool {
    let urls = [Some(&migration.source), migration.target.as_ref()];
    let in_url = urls
        .into_iter()
        .flatten()
        .any(|url| settings::parse_url(url).is_ok_and(|endpoint| endpoint.password.is_some()));
    in_url || migration.set.iter().any(|set| set.starts_with("source.password=") || set.starts_with("target.password="))
}

/// One argument that is no URL is a file; two are the URLs of the ends.
fn ends(migration: &Migration) -> Result<(Option<String>, Vec<Flag>), Failure> {
    let is_url = |text: &str| text.contains("://");
    let usage = |message: String| Failure::new(Exit::Settings, message);
    match (&migration.source, &migration.target) {
        (source, Some(target)) => {
            let unlike = [("SOURCE", source), ("TARGET", target)].into_iter().find(|(_, text)| !is_url(text));
            match unlike {
                None => Ok((None, vec![flag("SOURCE", "source.url", source), flag("TARGET", "target.url", target)])),
                Some((what, _)) => Err(usage(format!(
                    "{what} is no URL; two arguments are the URLs of source and target, such as redis://host:6379 (a settings file stands alone)"
                ))),
            }
        }
        (source, None) if is_url(source) => Err(usage(
            "TARGET is missing; write keyferry sync SOURCE TARGET, such as redis://old:6379 redis://new:6379"
                .to_owned(),
        )),
        (file, None) => Ok((Some(file.clone()), Vec::new())),
    }
}

fn carried(migration: &Migration) -> Vec<Flag> {
    let carried = &migration.carried;
    let mut flags = singles(&[
        ("--on-existing", "target.on_existing", &carried.on_existing),
        ("--flush-target", "target.flush", &carried.flush_target),
        ("--lanes", "limits.lanes", &carried.lanes),
    ]);
    for (given, name, mode) in [
        (carried.snapshot_only, "--snapshot-only", "snapshot-only"),
        (carried.until_caught_up, "--until-caught-up", "until-caught-up"),
    ] {
        if given {
            flags.push(flag(name, "migration.mode", mode));
        }
    }
    for (name, path, values) in [
        ("--include-db", "rules.include.db", &carried.include_db),
        ("--include-prefix", "rules.include.prefix", &carried.include_prefix),
        ("--exclude-db", "rules.exclude.db", &carried.exclude_db),
        ("--exclude-prefix", "rules.exclude.prefix", &carried.exclude_prefix),
        ("--db-map", "rules.db_map", &carried.db_map),
    ] {
        if !values.is_empty() {
            flags.push(Flag { name: name.to_owned(), path: path.to_owned(), values: values.clone() });
        }
    }
    flags
}

/// `--set name=value`; values of the same name are the elements of a list.
fn set(given: &[String]) -> Result<Vec<Flag>, Failure> {
    let mut flags: Vec<Flag> = Vec::new();
    for text in given {
        let (path, value) = text.split_once('=').ok_or_else(|| {
            Failure::new(Exit::Settings, "--set: a setting is given as name=value, such as limits.lanes=8")
        })?;
        match flags.iter_mut().find(|flag| flag.path == path) {
            Some(flag) => flag.values.push(value.to_owned()),
            None => flags.push(flag(&format!("--set {path}"), path, value)),
        }
    }
    Ok(flags)
}

fn singles(given: &[(&str, &str, &Option<String>)]) -> Vec<Flag> {
    given.iter().filter_map(|(name, path, value)| value.as_ref().map(|value| flag(name, path, value))).collect()
}

fn flag(name: &str, path: &str, value: &str) -> Flag {
    Flag { name: name.to_owned(), path: path.to_owned(), values: vec![value.to_owned()] }
}
