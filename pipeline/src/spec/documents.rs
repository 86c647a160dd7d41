//! Finds spec files and reads each into JSON documents.
//!
//! *Limits*: a file has at most [`SPEC_BYTES_MAX`] bytes.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use samefit_formats::keys::UniqueKeys;
use serde_json::Value;
use serde_json::error::Category;

use super::problem::{Findings, Problem};

/// The largest file of specs: thousands of times the longest spec we know of.
const SPEC_BYTES_MAX: u64 = 16 << 20;

/// Returns the paths that are files, and for each folder its files that end in `.json`, sorted by name.
pub(super) fn files(paths: &[PathBuf], problems: &mut Vec<Problem>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in paths {
        match files_at(path) {
            Ok(found) if found.is_empty() => {
                add_problem(problems, path, "a folder without a `.json` file", "name the folder that holds the specs")
            }
            Ok(found) => files.extend(found),
            Err(error) => add_problem(problems, path, &error.to_string(), "check the path"),
        }
    }
    files
}

fn files_at(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json") && file.is_file());
    files.sort();
    Ok(files)
}

/// Returns the documents of a file: one document, several in a row, or the items of an array.
pub(super) fn read(file: &Path, problems: &mut Vec<Problem>) -> Vec<Value> {
    let text = match read_text(file) {
        Ok(text) => text,
        Err(error) => {
            add_problem(problems, file, &error.to_string(), "check the path");
            return Vec::new();
        }
    };
    match parse(&text) {
        Ok(documents) if documents.is_empty() => add_problem(problems, file, "no document", "write a pipeline spec there"),
        Ok(documents) => return documents,
        Err(error) => add_problem(problems, file, &describe(&error), "write the spec as JSON; YAML is not read here"),
    }
    Vec::new()
}

/// Reads a whole file. The limit holds whatever length the system reports, because a device may be endless.
fn read_text(file: &Path) -> io::Result<String> {
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

/// Describes what is wrong with the text. An error of kind `Data` comes from [`UniqueKeys`], which names the key.
fn describe(error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Data => format!("text that is not sound JSON ({error})"),
        _ => format!("text that is not JSON at line {}, column {}", error.line(), error.column()),
    }
}

fn add_problem(problems: &mut Vec<Problem>, file: &Path, found: &str, help: &str) {
    let mut findings = Findings::new(file, None);
    findings.add_problem("", found, "a pipeline spec, several, or a list of them", help);
    problems.append(&mut findings.problems);
}
