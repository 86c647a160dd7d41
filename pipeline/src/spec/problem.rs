//! What is wrong with a spec, and what is worth knowing of one that is right, as a person reads it.

use std::fmt;
use std::path::{Path, PathBuf};

use samefit_text::line;

/// What is wrong with a spec, where, and what to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The pipeline, if its name could be read.
    pub pipeline: Option<String>,
    /// `input.cross[1].pfs.glob`; empty for the document itself.
    pub field: String,
    /// What stands there.
    pub found: String,
    /// What should stand there.
    pub expected: String,
    /// What to do.
    pub help: String,
}

/// ``file: pipeline `infer`, field `input.pfs.glob`: found .., expected ..``, then what to do on a line of its own.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pipeline = self.pipeline.iter().map(|name| format!("pipeline `{}`", samefit_text::name(name)));
        let field = Some(&self.field).filter(|field| !field.is_empty()).map(|field| format!("field `{}`", samefit_text::name(field)));
        let place: Vec<String> = pipeline.chain(field).collect();
        write!(f, "{}: ", samefit_text::path(&self.file))?;
        if !place.is_empty() {
            write!(f, "{}: ", place.join(", "))?;
        }
        write!(f, "found {}, expected {}\nhelp: {}", line(&self.found), line(&self.expected), line(&self.help))
    }
}

/// Something worth knowing about a spec that is no problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The file.
    pub file: PathBuf,
    /// The pipeline.
    pub pipeline: String,
    /// `input.cross[1].pfs.glob`.
    pub field: String,
    /// What it means, and after a line break what to do.
    pub text: String,
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text.replacen('\n', "\nhelp: ", 1);
        let [pipeline, field] = [&self.pipeline, &self.field].map(|name| samefit_text::name(name));
        write!(f, "note: {}: pipeline `{pipeline}`, field `{field}`: {text}", samefit_text::path(&self.file))
    }
}

/// What reading one document found.
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

    pub(super) fn problem(&mut self, field: &str, found: impl Into<String>, expected: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem {
            file: self.file.to_owned(),
            pipeline: self.pipeline.clone(),
            field: field.to_owned(),
            found: found.into(),
            expected: expected.into(),
            help: help.into(),
        });
    }

    pub(super) fn note(&mut self, field: &str, text: impl Into<String>) {
        let pipeline = self.pipeline.clone().unwrap_or_default();
        self.notes.push(Note { file: self.file.to_owned(), pipeline, field: field.to_owned(), text: text.into() });
    }
}
