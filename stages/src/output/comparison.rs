//! Compares a model's file with the model made again, and describes the result.

use samefit_text::name;
use serde_json::{Value, json};

use crate::error::Message;
use crate::text::differences::{Difference, differences, key_path};
use crate::text::json;
use crate::text::numbers::counted;

/// Most parts that are listed as not verified, each with a note; `--json` lists all.
const NOTED_MAX: usize = 20;

/// A model that was made again.
pub(crate) struct Remade {
    /// Its text.
    pub(crate) model: String,
    /// What it was made of, in words.
    pub(crate) made_from: String,
    /// Number of rows it was fitted on.
    pub(crate) rows: Value,
    /// The verdict of quality control, if records were given.
    pub(crate) judged: Option<Judgement>,
    /// Parts that were copied from the file.
    pub(crate) copied: Vec<CopiedPart>,
}

/// The verdict of quality control.
pub(crate) struct Judgement {
    pub(crate) rows: u64,
    pub(crate) accepted: bool,
    /// The verdict in words.
    pub(crate) text: String,
}

/// A part of a model that cannot be made again, because what it was made of is not given.
#[derive(Debug, PartialEq)]
pub(crate) struct CopiedPart {
    /// Its path in the model, such as `columns[0].schema`.
    path: String,
    value: Value,
    needs: Needs,
}

/// The flags that would verify a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needs {
    TargetNameOrSchema,
    Schema,
    RecordsAndThreshold,
}

/// A model's file compared with the model made again.
pub(crate) struct Comparison {
    /// The file's path as it may be shown.
    path: String,
    file: String,
    remade: Remade,
    differences: Vec<Difference>,
}

/// The result of a comparison.
pub(crate) enum Outcome {
    /// Every byte was made again. The text says so.
    Same(String),
    /// All bytes are equal, but some parts were copied: a note for each.
    NotVerified(Vec<String>, Message),
    /// A byte differs.
    Different(Message),
}

impl Needs {
    const ALL: [Self; 3] = [Self::TargetNameOrSchema, Self::Schema, Self::RecordsAndThreshold];

    fn flags(self) -> &'static str {
        match self {
            Self::TargetNameOrSchema => "--target-name or --schema",
            Self::Schema => "--schema",
            Self::RecordsAndThreshold => "--records and --threshold",
        }
    }
}

/// Returns the parts of a model that come from a schema; none if it was trained without one.
pub(crate) fn schema_parts(model: &Value) -> Vec<CopiedPart> {
    if model.get("fields").is_none() {
        return Vec::new();
    }
    let part = |path: String, value: &Value| CopiedPart { path, value: value.clone(), needs: Needs::Schema };
    let target = model["target"].as_object().into_iter().flatten().filter(|(key, _)| *key != "column");
    let mut parts: Vec<CopiedPart> = target.map(|(key, value)| part(key_path("target", key), value)).collect();
    let columns = model["columns"].as_array().into_iter().flatten().enumerate();
    parts.extend(columns.filter_map(|(at, column)| Some(part(format!("columns[{at}].schema"), column.get("schema")?))));
    let keys = ["fields", "schema_title"];
    parts.extend(keys.into_iter().filter_map(|key| Some(part(key.to_owned(), model.get(key)?))));
    // a schema that has only a target may be the one that `--target-name` makes
    if parts.iter().all(|part| part.path == "target.name" || part.path == "fields" && part.value == json!([])) {
        parts.iter_mut().for_each(|part| part.needs = Needs::TargetNameOrSchema);
    }
    parts
}

/// Returns the parts of a model that come from quality control.
pub(crate) fn acceptance_parts(model: &Value) -> impl Iterator<Item = CopiedPart> {
    let part = |key: &str| CopiedPart { path: key.to_owned(), value: model[key].clone(), needs: Needs::RecordsAndThreshold };
    ["rmse", "qc"].into_iter().map(part)
}

impl Comparison {
    /// Compares the text of the file at `path` with the model made again.
    pub(crate) fn new(path: &str, file: String, remade: Remade) -> Self {
        let differences = differences(&file, &remade.model);
        Self { path: samefit_text::line(path).into_owned(), file, remade, differences }
    }

    pub(crate) fn outcome(&self) -> Outcome {
        match (self.differences.first(), self.remade.copied.is_empty()) {
            (None, true) => Outcome::Same(self.same()),
            (None, false) => Outcome::NotVerified(self.notes(), self.not_verified()),
            (Some(first), _) => Outcome::Different(self.different(first)),
        }
    }

    /// Returns the result for `--json`.
    pub(crate) fn document(&self) -> String {
        let part = |part: &CopiedPart| json!({"path": part.path, "value": part.value, "flags": part.needs.flags()});
        let parts: Vec<Value> = self.remade.copied.iter().map(part).collect();
        let differences: Vec<Value> = self.differences.iter().map(Difference::document).collect();
        json::document(&json!({
            "equal": differences.is_empty() && parts.is_empty(),
            "rows": self.remade.rows,
            "differences": differences,
            "not_verified": parts,
        }))
    }

    fn same(&self) -> String {
        let Self { path, remade: Remade { made_from, .. }, .. } = self;
        format!("{path} is the model of {made_from}: {} gives the same {}", self.done(), self.size())
    }

    fn not_verified(&self) -> Message {
        let Self { path, remade: Remade { made_from, copied, .. }, .. } = self;
        let needed = Needs::ALL.into_iter().filter(|needs| copied.iter().any(|part| part.needs == *needs));
        let flags: Vec<&str> = needed.map(Needs::flags).collect();
        let (are, them) = if copied.len() == 1 { ("is", "it") } else { ("are", "them") };
        let sentence = format!(
            "{path}: {} {are} not verified; with {them} copied from the file, {} gives the same {}, from {made_from}",
            counted(copied.len() as u64, "part"),
            self.done(),
            self.size(),
        );
        Message::new(sentence, format!("give {} to make every part again", flags.join(", and ")))
    }

    fn different(&self, first: &Difference) -> Message {
        let Self { path, remade: Remade { made_from, judged, .. }, differences, .. } = self;
        let help = match judged {
            Some(judged) if !judged.accepted => format!("quality control now gives another verdict: {}", judged.text),
            _ => "it was made of something else, or changed since; `--json` lists every difference".to_owned(),
        };
        let which = match differences.len() {
            1 => "the difference".to_owned(),
            more => format!("the first of {more} differences"),
        };
        let sentence = format!("{path} is not the model of {made_from} ({} rows); {which}: {}", self.remade.rows, first.text());
        Message::new(sentence, help)
    }

    /// Returns a note for each part that is not verified.
    fn notes(&self) -> Vec<String> {
        let parts = &self.remade.copied;
        let note = |part: &CopiedPart| {
            format!("note: {}: not verified without {}: {} = {}", self.path, part.needs.flags(), part.path, name(&json::line(&part.value)))
        };
        let mut notes: Vec<String> = parts.iter().take(NOTED_MAX).map(note).collect();
        if let Some(more) = parts.len().checked_sub(NOTED_MAX + 1) {
            notes.push(format!("note: {}: not verified: {}; `--json` lists all", self.path, counted(more as u64 + 1, "more part")));
        }
        notes
    }

    /// Returns what was done, in words.
    fn done(&self) -> String {
        let judged = self.remade.judged.as_ref().map(|judged| format!(" and judging by {}", counted(judged.rows, "record")));
        format!("training again on {} rows{}", self.remade.rows, judged.unwrap_or_default())
    }

    /// Returns the length of the file, in words.
    fn size(&self) -> String {
        format!("{} bytes", self.file.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_that_come_from_a_schema_are_listed() {
        let paths =
            |model: Value| schema_parts(&model).iter().map(|part| format!("{} {}", part.path, part.needs.flags())).collect::<Vec<_>>();
        let model = json!({
            "target": {"column": "y", "name": "p", "unit": "a"},
            "columns": [{"name": "bmi", "schema": {"name": "bmi"}}, {"name": "y"}],
            "fields": [], "schema_title": "t",
        });
        let all = ["target.name", "target.unit", "columns[0].schema", "fields", "schema_title"];
        assert_eq!(paths(model), all.map(|place| format!("{place} --schema")));
        let named = json!({"target": {"column": "y", "name": "p"}, "columns": [{"name": "y"}], "fields": []});
        assert_eq!(paths(named), ["target.name", "fields"].map(|place| format!("{place} --target-name or --schema")));
        assert!(paths(json!({"target": {"column": "y", "name": "p"}, "columns": []})).is_empty());
    }
}
