//! Paths to files, and the text of a file to its JSON documents.
//!
//! *Limits*: a file of at most [`SPEC_BYTES_MAX`].

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use samefit_formats::keys::UniqueKeys;
use serde_json::Value;

use super::problem::{Findings, Problem};

/// Longest file of specs: thousands of times as long as the longest we know of.
const SPEC_BYTES_MAX: u64 = 16 << 20;

/// The files themselves, and of each folder those whose names end in `.json`, by name.
pub(super) fn files(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        match below(path) {
            Ok(found) if found.is_empty() => {
                report(problems, path, "a folder without a `.json` file", "name the folder that holds the specs")
            }
            Ok(found) => files.extend(found),
            Err(error) => report(problems, path, &error.to_string(), "check the path"),
        }
    }
    files
}

fn below(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json") && file.is_file());
    files.sort();
    Ok(files)
}

/// The documents of a file: one or several, one behind the other, or in an array.
pub(super) fn documents(file: &Path, problems: &mut Vec<Problem>) -> Vec<Value> {
    let text = match read(file) {
        Ok(text) => text,
        Err(error) => {
            report(problems, file, &error.to_string(), "check the path");
            return Vec::new();
        }
    };
    match parse(&text) {
        Ok(documents) if documents.is_empty() => report(problems, file, "no document", "write a pipeline spec there"),
        Ok(documents) => return documents,
        Err(error) => {
            report(problems, file, &format!("text that is not sound JSON ({error})"), "write the spec as JSON; YAML is not read here")
        }
    }
    Vec::new()
}

/// The text of a file, however long the system says it is: a device may have no end.
fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(SPEC_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 <= SPEC_BYTES_MAX {
        return Ok(text);
    }
    Err(io::Error::other(format!("more than {} MiB, too large for pipeline specs", SPEC_BYTES_MAX >> 20)))
}

fn parse(text: &str) -> serde_json::Result<Vec<Value>> {
    serde_json::Deserializer::from_str(text).into_iter::<UniqueKeys>().try_for_each(|document| document.map(drop))?;
    let documents = serde_json::Deserializer::from_str(text).into_iter::<Value>().collect::<serde_json::Result<Vec<_>>>()?;
    let flat = documents.into_iter().flat_map(|document| match document {
        Value::Array(documents) => documents,
        document => vec![document],
    });
    Ok(flat.collect())
}

fn report(problems: &mut Vec<Problem>, file: &Path, found: &str, help: &str) {
    let mut findings = Findings::new(file, None);
    findings.problem("", found, "a pipeline spec, several, or a list of them", help);
    problems.append(&mut findings.problems);
}
