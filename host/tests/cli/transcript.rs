//! Runs the transcripts; `main.rs` describes their format.

use std::path::{Path, PathBuf};

use crate::test_folder::TestFolder;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli");

#[test]
fn transcripts_show_what_the_program_prints() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(!paths.is_empty(), "there are no transcripts");
    let differences: Vec<String> = paths.iter().filter_map(|path| difference(path)).collect();
    assert!(differences.is_empty(), "{}\n\n(SAMEFIT_BLESS=1 writes the output)", differences.join("\n"));
}

fn difference(path: &Path) -> Option<String> {
    let expected = std::fs::read_to_string(path).unwrap();
    let actual = run(&expected);
    if actual == expected {
        return None;
    }
    if std::env::var_os("SAMEFIT_BLESS").is_some() {
        std::fs::write(path, actual).unwrap();
        return None;
    }
    let at = expected.lines().zip(actual.lines()).take_while(|(a, b)| a == b).count();
    let rest = |text: &str| text.lines().skip(at).take(12).collect::<Vec<_>>().join("\n");
    Some(format!("{} line {}: expected\n{}\n\ngot\n{}\n", path.display(), at + 1, rest(&expected), rest(&actual)))
}

/// Returns the transcript with the actual output of its commands.
fn run(transcript: &str) -> String {
    let folder = TestFolder::new();
    let is_output = |line: &str| ["| ", "! ", "? "].iter().any(|mark| line.starts_with(mark)) || matches!(line, "|" | "!");
    let mut actual = String::new();
    for line in transcript.lines().filter(|line| !is_output(line)) {
        actual.push_str(line);
        actual.push('\n');
        if let Some(command) = line.strip_prefix("$ ") {
            actual.push_str(&output(&folder, command));
        }
    }
    actual
}

/// Returns the lines of the transcript that follow a command.
fn output(folder: &TestFolder, command: &str) -> String {
    let ran = folder.shell(command);
    let marked =
        |mark: &str, text: &str| text.lines().map(|line| format!("{mark} {line}").trim_end().to_owned() + "\n").collect::<String>();
    let code = if ran.code() == 0 { String::new() } else { format!("? {}\n", ran.code()) };
    marked("|", &ran.stdout()) + &marked("!", &ran.stderr()) + &code
}
