//! Problems in specs, and notes about specs that are right.

use std::fmt;
use std::path::{Path, PathBuf};

use samefit_text::line;

use samefit_text::message::Message;

/// The help about a feature that only a cluster has.
pub(super) const CLUSTER_ONLY: &str = "a Pachyderm cluster runs this; `samefit pipeline` does not";

/// Something wrong in a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file that holds the spec.
    pub file: PathBuf,
    /// The pipeline's name, if it could be read.
    pub pipeline: Option<String>,
    /// The path of the field, such as `input.cross[1].pfs.glob`; empty for the whole document.
    pub field: String,
    /// What the field holds.
    pub found: String,
    /// What the field should hold.
    pub expected: String,
    /// What to write instead.
    pub help: String,
}

impl Problem {
    /// Returns ``file: pipeline `infer`, field `input.pfs.glob`: found .., expected ..`` with the help.
    pub fn message(&self) -> Message {
        let pipeline = self.pipeline.iter().map(|name| format!("pipeline `{}`", samefit_text::name(name)));
        let field = Some(&self.field).filter(|field| !field.is_empty()).map(|field| format!("field `{}`", samefit_text::name(field)));
        let place: Vec<String> = pipeline.chain(field).collect();
        let place = if place.is_empty() { String::new() } else { format!("{}: ", place.join(", ")) };
        let sentence = format!("{}: {place}found {}, expected {}", samefit_text::path(&self.file), line(&self.found), line(&self.expected));
        Message::new(sentence, &self.help)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message().fmt(f)
    }
}

/// Something that an operator should know about a spec that is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file that holds the spec.
    pub file: PathBuf,
    /// The pipeline's name.
    pub pipeline: String,
    /// The path of the field, such as `input.cross[1].pfs.glob`.
    pub field: String,
    /// What the field does here.
    pub text: String,
    /// What to write instead, if another value would be better.
    pub help: Option<String>,
}

/// Writes ``note: file: pipeline `infer`, field `input.pfs.glob`: ..`` and the help on a line of its own.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [pipeline, field] = [&self.pipeline, &self.field].map(|name| samefit_text::name(name));
        let sentence = format!("note: {}: pipeline `{pipeline}`, field `{field}`: {}", samefit_text::path(&self.file), self.text);
        Message { help: self.help.clone(), ..Message::without_help(sentence) }.fmt(f)
    }
}

/// Collects the problems and notes of one document.
pub(super) struct Findings<'f> {
    pub(super) file: &'f Path,
    pub(super) pipeline: Option<String>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<Note>,
}

impl<'f> Findings<'f> {
    pub(super) fn new(file: &'f Path, pipeline: Option<String>) -> Self {
        Self { file, pipeline, problems: Vec::new(), notes: Vec::new() }
    }

    pub(super) fn add_problem(&mut self, field: &str, found: impl Into<String>, expected: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            pipeline: self.pipeline.clone(),
            field: field.to_owned(),
            found: found.into(),
            expected: expected.into(),
            help: help.into(),
        });
    }

    pub(super) fn add_note(&mut self, field: &str, text: impl Into<String>) {
        let pipeline = self.pipeline.clone().unwrap_or_default();
        self.notes.push(Note { file: self.file.to_owned(), pipeline, field: field.to_owned(), text: text.into(), help: None });
    }
}
