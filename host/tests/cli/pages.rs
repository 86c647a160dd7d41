//! What the pages for people show: every `console` block is run, in order, in one folder a page, and must give what stands below it.
//!
//! A line that begins with `$ ` is a command; the lines below it, up to the next, are what it prints, on stderr and stdout alike.

use std::path::{Path, PathBuf};

use crate::place::Place;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const OPEN: &str = "```console";
const CLOSE: &str = "```";

#[test]
fn pages_show_what_happens() {
    let mut pages = vec![Path::new(ROOT).join("README.md")];
    for folder in ["docs/guide", "pachyderm"] {
        let found = std::fs::read_dir(Path::new(ROOT).join(folder)).unwrap().map(|entry| entry.unwrap().path());
        pages.extend(found.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    }
    let differences: Vec<String> = pages.iter().filter_map(difference).collect();
    assert!(differences.is_empty(), "{}\n\n(SAMEFIT_BLESS=1 writes what came)", differences.join("\n"));
}

fn difference(path: &PathBuf) -> Option<String> {
    let page = std::fs::read_to_string(path).unwrap();
    let came = run(&page);
    if came == page {
        return None;
    }
    if std::env::var_os("SAMEFIT_BLESS").is_some() {
        std::fs::write(path, came).unwrap();
        return None;
    }
    let (line, (want, got)) = page.lines().zip(came.lines()).enumerate().find(|(_, (a, b))| a != b).unwrap_or((0, ("", "another length")));
    Some(format!("{} line {}: expected\n{want}\ncame\n{got}\n", path.display(), line + 1))
}

/// The page with what came of its commands.
fn run(page: &str) -> String {
    let place = Place::new();
    let (mut came, mut in_block) = (String::new(), false);
    for line in page.lines() {
        in_block = (in_block && line != CLOSE) || line == OPEN;
        if in_block && line != OPEN && !line.starts_with("$ ") {
            continue;
        }
        came.push_str(line);
        came.push('\n');
        if let Some(command) = line.strip_prefix("$ ").filter(|_| in_block) {
            came.push_str(&place.shell(&format!("{{ {command}; }} 2>&1")).stdout());
        }
    }
    came
}
