//! Paths to files, and the text of a file to its JSON documents.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::problem::{Findings, Problem};

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
    let text = match fs::read_to_string(file) {
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

fn parse(text: &str) -> serde_json::Result<Vec<Value>> {
    serde_json::Deserializer::from_str(text).into_iter::<NoKeyTwice>().try_for_each(|document| document.map(drop))?;
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

/// Any document in which no object has a key twice: of two values one would be passed over.
struct NoKeyTwice;

impl<'de> Deserialize<'de> for NoKeyTwice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for NoKeyTwice {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    /// A number of arbitrary precision comes here too: one key, and the digits as its value.
    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        let mut keys = BTreeSet::new();
        while let Some(key) = fields.next_key::<String>()? {
            if keys.contains(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` a second time")));
            }
            fields.next_value::<Self>()?;
            keys.insert(key);
        }
        Ok(self)
    }
}
