//! Runs every `console` block of the README, the guide and the operator's pages, and compares the output with what the page shows.
//!
//! The blocks of one page run in order, in one folder. A line that begins with `$ ` is a command. The lines up to the next command are what it
//! prints to stdout and stderr.

use std::path::{Path, PathBuf};

use crate::test_folder::TestFolder;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const OPEN: &str = "```console";
const CLOSE: &str = "```";

#[test]
fn pages_show_what_the_program_prints() {
    let mut pages = vec![Path::new(ROOT).join("README.md")];
    for folder in ["docs/guide", "pachyderm"] {
        let found = std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(found.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    let differences: Vec<String> = pages.iter().filter_map(difference).collect();
    assert!(differences.is_empty(), "{}\n\n(SAMEFIT_BLESS=1 writes the output)", differences.join("\n"));
}

fn difference(path: &PathBuf) -> Option<String> {
    let page = std::fs::read_to_string(path).unwrap();
    let actual = run(&page);
    if actual == page {
        return None;
    }
    if std::env::var_os("SAMEFIT_BLESS").is_some() {
        std::fs::write(path, actual).unwrap();
        return None;
    }
    let (line, (want, got)) =
        page.lines().zip(actual.lines()).enumerate().find(|(_, (a, b))| a != b).unwrap_or((0, ("", "another length")));
    Some(format!("{} line {}: expected\n{want}\ngot\n{got}\n", path.display(), line + 1))
}

/// Returns the page with the actual output of its commands.
fn run(page: &str) -> String {
    let folder = TestFolder::new();
    let (mut actual, mut in_block) = (String::new(), false);
    for line in page.lines() {
        in_block = (in_block && line != CLOSE) || line == OPEN;
        if in_block && line != OPEN && !line.starts_with("$ ") {
            continue;
        }
        actual.push_str(line);
        actual.push('\n');
        if let Some(command) = line.strip_prefix("$ ").filter(|_| in_block) {
            actual.push_str(&folder.shell(&format!("{{ {command}; }} 2>&1")).stdout());
        }
    }
    actual
}
