//! The reference page, made from the lines that read the settings.

use crate::section::Described;
use crate::{Error, Given, Input};

/// What stands above the sections.
const HEAD: &str = "# Settings

<!-- Made by `keyferry settings-reference` from the code that reads the settings; not to be edited by hand. -->

A migration is described by a TOML file: `keyferry sync migration.toml`. Each setting can also be given, or given
anew, on the command line: `--set limits.lanes=8`. Names that are not in this list are refused.

- **Sizes** are numbers of bytes or texts such as `\"64MiB\"`, `\"64mb\"` (both 1024 × 1024), `\"64m\"` (1000 × 1000).
- **Times** are texts such as `\"5s\"`, `\"250ms\"`, `\"1m 30s\"`.
- **Lists** of one element need no brackets. On the command line, `--set` is repeated for each element.
- **Files** are relative to the folder of the settings file; on the command line to the working directory.
";

/// The reference page: Markdown, one table a section, with every setting's type, default, range and edge.
pub fn reference() -> Result<String, Error> {
    let example = "[source]\nurl = \"redis://source\"\n[target]\nurl = \"redis://target\"\n";
    let input = Input { file: Some(("example", example)), flags: &[] };
    let (_, described) = crate::load_described(&input, &Given::default())?;
    let mut page = HEAD.to_owned();
    for item in &described {
        if let Described::Section { path, about } = item {
            page.push_str(&format!(
                "\n## [{path}]\n\n{about}\n\n| setting | takes | default | what it does | at the edge |\n|---|---|---|---|---|\n"
            ));
            // A section's own settings stand together, whatever sections were read between them.
            page.extend(described.iter().filter_map(|field| row(field, path)));
        }
    }
    Ok(page)
}

/// The line of a setting in the table of its section.
fn row(item: &Described, of: &str) -> Option<String> {
    match item {
        Described::Field { section, name, expects, default, about, edge } if section == of => {
            let (expects, default, about, edge) = (cell(expects), cell(default), cell(about), cell(edge));
            Some(format!("| `{name}` | {expects} | {} | {about} | {edge} |\n", coded(&default)))
        }
        _ => None,
    }
}

fn coded(default: &str) -> String {
    if default == "none" { "none".to_owned() } else { format!("`{default}`") }
}

/// A text that does not end its cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
