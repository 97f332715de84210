//! What README and docs show is true: commands parse, settings load, links, names, tests and messages exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};
use settings::{Input, Lookup};

use crate::cli::{Cli, Command};
use crate::input;

/// A world in which every variable is set and every file holds one line.
#[derive(Debug)]
struct Plenty;

impl Lookup for Plenty {
    fn env(&self, name: &str) -> Option<String> {
        // The usual ones are not set: a password may be given once.
        (!name.starts_with("KEYFERRY_")).then(|| "something".to_owned())
    }

    fn file(&self, _: &Path) -> std::io::Result<Vec<u8>> {
        Ok(b"something\n".to_vec())
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Every page, by its path from the root.
fn pages() -> Vec<(PathBuf, String)> {
    let mut paths: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(PathBuf::from).into();
    for folder in ["docs", "docs/decisions"] {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let names = entries.map(|entry| Path::new(folder).join(entry.unwrap().file_name()));
        paths.extend(names.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    assert!(paths.len() > 10, "{paths:?}");
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(root().join(path)).unwrap())).collect()
}

/// The blocks fenced as `language`, each with its page.
fn blocks(language: &str) -> Vec<(PathBuf, String)> {
    let fence = format!("```{language}\n");
    let mut found = Vec::new();
    for (path, text) in pages() {
        for rest in text.split(&fence).skip(1) {
            let block = rest.split("```").next().unwrap();
            found.push((path.clone(), block.to_owned()));
        }
    }
    found
}

/// What stands between backticks in the text around blocks.
fn quoted(text: &str) -> Vec<&str> {
    let outside = text.split("```").step_by(2);
    outside.flat_map(|part| part.split('`').skip(1).step_by(2)).collect()
}

/// The words of a command line: split at spaces, quotes taken away, until something that is the shell's.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, ' ') => words.push(std::mem::take(&mut word)),
            _ => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    let end = words.iter().position(|word| ["&", "&&", "|", ";", ">", "#"].contains(&word.as_str()));
    words.truncate(end.unwrap_or(words.len()));
    words
}

#[test]
fn every_command_that_is_shown_parses() {
    let mut seen = 0;
    for (page, block) in blocks("sh") {
        for line in block.replace("\\\n", " ").lines() {
            let line = words(line);
            let is_assignment = |word: &&String| word.contains('=') && !word.starts_with('-');
            let start = line.iter().take_while(is_assignment).count();
            let command: Vec<&str> = line[start..].iter().map(String::as_str).collect();
            if command.first().is_none_or(|word| word.rsplit('/').next() != Some("keyferry")) {
                continue;
            }
            seen += 1;
            let cli = Cli::try_parse_from(&command).unwrap_or_else(|error| panic!("{page:?}: {command:?}: {error}"));
            let (migration, run) = match &cli.command {
                Command::Sync(sync) => (&sync.migration, Some(&sync.run)),
                Command::Check(check) => (&check.migration, None),
                Command::SettingsReference => continue,
            };
            // Files and variables that are only shown cannot be read.
            let reads = start > 0 || line.iter().any(|word| word.ends_with("-file"));
            if migration.target.is_some() && !reads {
                let settings = input::settings(migration, run);
                settings.unwrap_or_else(|failure| panic!("{page:?}: {command:?}: {}", failure.message));
            }
        }
    }
    assert!(seen >= 10, "only {seen} commands were found");
}

#[test]
fn every_settings_file_that_is_shown_loads() {
    let shown = blocks("toml");
    assert!(shown.len() >= 3, "only {} files were found", shown.len());
    for (page, block) in shown {
        let both = "source.url = \"redis://a\"\ntarget.url = \"redis://b\"\n";
        let text = if block.contains("[source]") { block } else { format!("{both}{block}") };
        let input = Input { file: Some(("migration.toml", &text)), flags: &[] };
        settings::load(&input, &Plenty).unwrap_or_else(|error| panic!("{page:?}: {error}\n{text}"));
    }
}

#[test]
fn every_link_leads_somewhere() {
    for (page, text) in pages() {
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let folder = root().join(&page).parent().unwrap().to_owned();
            let path = if file.is_empty() { root().join(&page) } else { folder.join(file) };
            assert!(path.exists(), "{page:?} links to {link}, which is not there");
            if !heading.is_empty() {
                let text = fs::read_to_string(&path).unwrap();
                let mut headings = text.lines().filter(|line| line.starts_with('#')).map(anchor);
                assert!(headings.any(|anchor| anchor == heading), "{page:?} links to {link}: no such heading");
            }
        }
    }
}

/// The name by which a heading is linked to.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    text.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_setting_and_flag_that_is_named_exists() {
    let reference = settings::reference().unwrap();
    let mut known = BTreeSet::new();
    let mut section = "";
    for line in reference.lines() {
        if let Some(name) = line.strip_prefix("## [").and_then(|rest| rest.strip_suffix(']')) {
            section = name;
            known.insert(section.to_owned());
        } else if let Some(name) = line.strip_prefix("| `").and_then(|rest| rest.split('`').next()) {
            known.insert(format!("{section}.{name}"));
        }
    }
    let sections: BTreeSet<&str> = known.iter().map(|name| name.split('.').next().unwrap()).collect();
    let mut flags: BTreeSet<String> = ["--help", "--version"].map(str::to_owned).into();
    for command in Cli::command().get_subcommands() {
        flags.extend(command.get_arguments().filter_map(|arg| arg.get_long()).map(|long| format!("--{long}")));
    }
    for (page, text) in pages() {
        for name in quoted(&text) {
            let name = name.split([' ', '=']).next().unwrap();
            let is_path = name.contains('.') && name.chars().all(|c| c.is_ascii_lowercase() || "._".contains(c));
            if is_path && sections.contains(name.split('.').next().unwrap()) {
                assert!(known.contains(name), "{page:?}: there is no setting {name}");
            }
            if name.starts_with("--") && page.starts_with("docs") {
                assert!(flags.contains(name), "{page:?}: there is no flag {name}");
            }
        }
    }
}

#[test]
fn every_file_and_test_that_is_named_exists() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let (mut file, mut tests) = (String::new(), 0);
    for name in quoted(&text) {
        if name.ends_with(".rs") {
            file = fs::read_to_string(root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        } else if name.matches('_').count() >= 2
            && name.chars().all(|c| c.is_ascii_lowercase() || "_0123456789".contains(c))
        {
            assert!(file.contains(&format!("fn {name}(")), "there is no test {name} in the file named before it");
            tests += 1;
        }
    }
    assert!(tests > 20, "only {tests} tests were found");
}

#[test]
fn every_message_that_is_explained_is_one_of_the_programs() {
    let mut code = String::new();
    read_code(&root().join("proxy"), &mut code);
    let text = fs::read_to_string(root().join("docs/MIGRATING.md")).unwrap();
    let table = text.split("| message |").nth(1).unwrap();
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let messages: Vec<&str> = rows.map(|row| row.split('`').nth(1).unwrap()).collect();
    assert!(messages.len() > 15, "{messages:?}");
    for message in messages {
        assert!(code.contains(message), "no message says {message:?}");
    }
}

/// The text of every source file below a folder but those of tests.
fn read_code(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("tests") {
            read_code(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn pure_rooms_depend_on_nothing_that_does_io() {
    let text = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).unwrap();
    let pure: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("| [`") && line.contains("| P |"))
        .map(|line| line.split('`').nth(1).unwrap())
        .collect();
    assert!(pure.len() >= 7, "{pure:?}");
    for room in pure {
        let manifest = fs::read_to_string(root().join("proxy").join(room).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default().split("\n[").next().unwrap();
        for line in dependencies.lines().filter(|line| !line.trim().is_empty()) {
            let name = line.split(['.', ' ', '=']).next().unwrap();
            let allowed = ["bytes", "memchr", "crc-fast", "regex", "ahash", "thiserror", "toml", "serde", "humantime"];
            let fine = allowed.contains(&name) || name == "percent-encoding" || text.contains(&format!("| [`{name}`]"));
            let io = ["telemetry", "link", "preflight", "replicate", "console", "app"].contains(&name);
            assert!(fine && !io, "{room} is to be pure, and depends on {name}");
        }
    }
}
