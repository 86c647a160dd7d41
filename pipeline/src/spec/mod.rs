//! Reads pipeline specs from JSON files into [`Spec`]s, or returns the [`Problem`]s in them.
//!
//! | module | does |
//! |---|---|
//! | `documents` | reads files into JSON documents |
//! | `fields` | lists every field of Pachyderm's specs, with its type and what happens to it here |
//! | `normalize` | checks a document against that list |
//! | `values` | parses names, times and amounts of memory |
//! | `build` | builds a [`Spec`] ([`types`]) |
//! | [`mod@lint`] | notes about specs that are right |
//!
//! *Invariants*: Pachyderm accepts every spec that is accepted here. A field that changes a result is either used or refused. A field that only
//! changes how a cluster works is ignored, and [`lint`](lint::lint) says so.
//!
//! *Not here*: the order of several pipelines ([`crate::graph`]).

mod build;
mod documents;
mod fields;
pub mod lint;
mod normalize;
mod problem;
pub mod types;
mod values;

use std::path::{Path, PathBuf};

pub use self::lint::lint;
pub use self::problem::{Note, Problem};
pub use self::types::{Input, Pfs, Spec, Transform};
pub use self::values::is_name;

/// Reads every pipeline of these files, and of the `.json` files in these folders. A file holds one document, several, or an array.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Spec>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut specs = Vec::new();
    for file in documents::files(paths, &mut problems) {
        for document in documents::read(&file, &mut problems) {
            match from_document(&document, &file) {
                Ok(spec) => specs.push(spec),
                Err(found) => problems.extend(found),
            }
        }
    }
    if problems.is_empty() { Ok(specs) } else { Err(problems) }
}

/// Reads one document. `file` is where it came from, for messages.
pub fn from_document(document: &serde_json::Value, file: &Path) -> Result<Spec, Vec<Problem>> {
    build::spec(document, file)
}

#[cfg(test)]
mod tests;
