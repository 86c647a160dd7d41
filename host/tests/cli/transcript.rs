//! Transcripts: see `main.rs`.

use std::path::{Path, PathBuf};

use crate::place::Place;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli");

#[test]
fn transcripts() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(FOLDER).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
    paths.sort();
    assert!(!paths.is_empty(), "there are no transcripts");
    let differences: Vec<String> = paths.iter().filter_map(|path| difference(path)).collect();
    assert!(differences.is_empty(), "{}\n\n(SAMEFIT_BLESS=1 writes what came)", differences.join("\n"));
}

fn difference(path: &Path) -> Option<String> {
    let expected = std::fs::read_to_string(path).unwrap();
    let came = run(&expected);
    if came == expected {
        return None;
    }
    if std::env::var_os("SAMEFIT_BLESS").is_some() {
        std::fs::write(path, came).unwrap();
        return None;
    }
    let at = expected.lines().zip(came.lines()).take_while(|(a, b)| a == b).count();
    let rest = |text: &str| text.lines().skip(at).take(12).collect::<Vec<_>>().join("\n");
    Some(format!("{} line {}: expected\n{}\n\ncame\n{}\n", path.display(), at + 1, rest(&expected), rest(&came)))
}

/// The transcript with what came of its commands.
fn run(transcript: &str) -> String {
    let place = Place::new();
    let is_answer = |line: &str| ["| ", "! ", "? "].iter().any(|mark| line.starts_with(mark)) || matches!(line, "|" | "!");
    let mut came = String::new();
    for line in transcript.lines().filter(|line| !is_answer(line)) {
        came.push_str(line);
        came.push('\n');
        if let Some(command) = line.strip_prefix("$ ") {
            came.push_str(&answer(&place, command));
        }
    }
    came
}

fn answer(place: &Place, command: &str) -> String {
    let ran = place.shell(command);
    let marked =
        |mark: &str, text: &str| text.lines().map(|line| format!("{mark} {line}").trim_end().to_owned() + "\n").collect::<String>();
    let code = if ran.code() == 0 { String::new() } else { format!("? {}\n", ran.code()) };
    marked("|", &ran.stdout()) + &marked("!", &ran.stderr()) + &code
}
