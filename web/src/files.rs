//! The person's own files, and what the component answered about them.

use std::collections::VecDeque;

use samefit_render::documents::list;
use serde_json::{Value, json};

use crate::error::Error;

/// A file of the person, or a file made for the person. The browser holds it under this number; the state knows only the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handle(pub u32);

/// A file that a person dropped or chose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenFile {
    /// The file.
    pub file: Handle,
    /// Its name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
}

/// Files that are being sorted: documents are taken one after another, tables are collected and profiled together at the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Intake {
    /// Files to look at. The first one is being read.
    pub waiting: VecDeque<ChosenFile>,
    /// Tables found so far.
    pub tables: Vec<Table>,
}

impl Intake {
    /// Whether the file is still needed.
    #[must_use]
    pub fn uses(&self, handle: Handle) -> bool {
        self.waiting.iter().any(|file| file.file == handle) || self.tables.iter().any(|table| table.file == handle)
    }
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The file.
    pub file: Handle,
    /// The file's name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// How its bytes are written: the keys `format` and `delimiter` of a plan.
    pub read: Value,
}

impl Table {
    /// Whether each record has its own line or row. Only then its rows can be predicted one by one.
    #[must_use]
    pub fn has_rows(&self) -> bool {
        self.read["format"] != "json"
    }

    /// Returns the name of the file of its predictions.
    #[must_use]
    pub fn predictions_name(&self) -> String {
        let stem = self.name.split('.').next().unwrap_or("data");
        let kind = if self.read["format"] == "csv" { "csv" } else { "jsonl" };
        format!("{stem}.predictions.{kind}")
    }
}

/// A schema that was dropped.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SchemaFile {
    /// The file.
    pub file: Handle,
    /// The file's name.
    pub name: String,
    /// Its content.
    pub document: Value,
}

/// Statistics that were dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatisticsFile {
    /// The file's name.
    pub name: String,
    /// Its text.
    pub text: String,
    /// Number of rows, as the file says.
    pub rows: String,
    /// Names of the columns.
    pub columns: Vec<String>,
}

impl StatisticsFile {
    /// Reads what the page shows of statistics that the component accepts.
    #[must_use]
    pub fn new(name: String, text: String, document: &Value) -> Self {
        let columns = list(&document["columns"]).iter().filter_map(|column| Some(column["name"].as_str()?.to_owned())).collect();
        let rows = document["rows"].as_str().unwrap_or_default().to_owned();
        Self { name, text, rows, columns }
    }
}

/// Long work that goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunningWork {
    /// Names of the files.
    pub name: String,
    /// Bytes done.
    pub done: f64,
    /// Bytes to do.
    pub total: f64,
}

/// How the person wants to train.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrainingChoice {
    /// The column to predict.
    pub target: String,
    /// The columns to predict from.
    pub features: Vec<String>,
    /// Whether rows with a missing value are left out. Otherwise they are an error.
    pub drop_missing: bool,
    /// Whether the statistics are to be shared, so must not single out patients.
    pub share: bool,
}

/// The result of training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainedModel {
    /// Text of `model.json`.
    pub model: String,
    /// Text of `statistics.json`.
    pub statistics: String,
    /// The line for the log, if the statistics are to be shared.
    pub audit: Option<String>,
    /// The component's notes.
    pub notes: Vec<Value>,
    /// Residuals on the same rows, one document a table. Pooled statistics have no rows and no residuals.
    pub residuals: Vec<Value>,
}

/// How many rows of a table ended how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowCounts {
    /// Predicted without a warning.
    pub fine: u64,
    /// Predicted with a warning.
    pub out_of_range: u64,
    /// Not predicted: a value is missing.
    pub missing: u64,
    /// Not predicted: a value is wrong.
    pub error: u64,
}

/// A table with its predictions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredictedTable {
    /// How its rows ended, or why the table cannot be predicted.
    pub result: Result<RowCounts, Error>,
    /// The file of predictions.
    pub file: Handle,
}

impl PredictedTable {
    /// Reads the worker's answer: `{"count": {...}}`, or `{"fault": {...}}` with an error record.
    #[must_use]
    pub fn new(answer: &Value, file: Handle) -> Self {
        let count = |key: &str| answer["count"][key].as_u64().unwrap_or(0);
        let counts =
            RowCounts { fine: count("fine"), out_of_range: count("out of range"), missing: count("missing"), error: count("error") };
        let fault = &answer["fault"];
        Self { result: if fault.is_object() { Err(Error::from_json(fault)) } else { Ok(counts) }, file }
    }
}

/// Everything about the person's files.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Data {
    /// Tables, in the order in which they were dropped.
    pub tables: Vec<Table>,
    /// The component's profile of each table.
    pub profiles: Vec<Value>,
    /// A schema.
    pub schema: Option<SchemaFile>,
    /// Statistics to pool.
    pub statistics: Vec<StatisticsFile>,
    /// Long work that goes on.
    pub work: Option<RunningWork>,
    /// What went wrong last.
    pub error: Option<Error>,
    /// Predictions of the tables that have rows, in the same order.
    pub predicted: Vec<PredictedTable>,
    /// How to train.
    pub choice: TrainingChoice,
    /// The trained model.
    pub trained: Option<TrainedModel>,
}

impl Data {
    /// Returns the tables whose rows can be predicted one by one.
    pub fn tables_of_rows(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.has_rows())
    }

    /// Returns the names of all tables, separated by commas.
    #[must_use]
    pub fn table_names(&self) -> String {
        self.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Whether the file is still needed.
    #[must_use]
    pub fn uses(&self, handle: Handle) -> bool {
        self.tables.iter().any(|table| table.file == handle)
            || self.schema.as_ref().is_some_and(|schema| schema.file == handle)
            || self.predicted.iter().any(|table| table.file == handle)
    }

    /// Returns the names of the columns that hold numbers in every table; without tables, the columns of the first statistics.
    #[must_use]
    pub fn number_columns(&self) -> Vec<&str> {
        let columns = |profile: &'_ Value| -> Vec<String> {
            let numbers = |column: &&Value| column["numbers"].as_u64() > Some(0) && column["text"].as_u64() == Some(0);
            list(&profile["columns"]).iter().filter(numbers).filter_map(|column| Some(column["name"].as_str()?.to_owned())).collect()
        };
        let Some((first, others)) = self.profiles.split_first() else {
            return self.statistics.first().map_or_else(Vec::new, |statistics| statistics.columns.iter().map(String::as_str).collect());
        };
        let others: Vec<_> = others.iter().map(columns).collect();
        let own = columns(first);
        let in_order = list(&first["columns"]).iter().filter_map(|column| column["name"].as_str());
        in_order.filter(|name| contains(&own, name) && others.iter().all(|names| contains(names, name))).collect()
    }

    /// Returns the plan of the choice, as `samefit train` writes it for the same flags.
    #[must_use]
    pub fn plan(&self) -> Value {
        let chosen = |name: &&str| contains(&self.choice.features, name);
        let features: Vec<&str> = self.number_columns().into_iter().filter(chosen).collect();
        let mut plan = json!({"target": self.choice.target, "features": features});
        if self.choice.drop_missing {
            plan["missing"] = json!("drop");
        }
        if let Some(schema) = &self.schema {
            plan["schema"] = schema.document.clone();
        }
        plan
    }

    /// Returns the plan of statistics to share, as `samefit summarize --share --columns` writes it for the same columns.
    #[must_use]
    pub fn share_plan(&self) -> Value {
        let chosen = |name: &&str| contains(&self.choice.features, name) || *name == self.choice.target;
        let columns: Vec<&str> = self.number_columns().into_iter().filter(chosen).collect();
        let mut plan = self.plan();
        if let Some(plan) = plan.as_object_mut() {
            plan.remove("target");
            plan.remove("features");
        }
        plan["columns"] = json!(columns);
        plan["share"] = json!(true);
        plan
    }

    /// Preselects the schema's target, else the last column, and all other columns to predict from.
    pub fn preselect(&mut self) {
        let columns: Vec<String> = self.number_columns().into_iter().map(str::to_owned).collect();
        let schema = self.schema.as_ref().map(|schema| &schema.document);
        let named =
            schema.and_then(|schema| schema["target"]["column"].as_str()).filter(|name| columns.iter().any(|column| column == name));
        let target = named.map(str::to_owned).or_else(|| columns.last().cloned()).unwrap_or_default();
        let described =
            |name: &&String| schema.is_none_or(|schema| list(&schema["columns"]).iter().any(|column| column["name"] == name.as_str()));
        self.choice.features = columns.iter().filter(|name| **name != target).filter(described).cloned().collect();
        self.choice.target = target;
    }
}

/// The kinds of JSON documents that a person may drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    /// `model.json`
    Model,
    /// `statistics.json`
    Statistics,
    /// `schema.json`
    Schema,
    /// A FHIR record.
    Record,
    /// Records of attributes, or any other JSON.
    Table,
}

/// Returns the kind of a document, by its own `format` or by the keys that only this kind has.
#[must_use]
pub fn document_kind(document: &Value) -> DocumentKind {
    match document["format"].as_str().and_then(|format| format.split('/').next()) {
        Some("samefit-model") => DocumentKind::Model,
        Some("samefit-statistics") => DocumentKind::Statistics,
        Some("samefit-schema") => DocumentKind::Schema,
        _ if document["resourceType"].is_string() => DocumentKind::Record,
        _ if document["coefficients"].is_array() => DocumentKind::Model,
        _ => DocumentKind::Table,
    }
}

/// Returns how the bytes of a table are written, as keys of a plan. The file's name tells the format. For CSV the most frequent of comma,
/// semicolon and tab in the first line is the separator.
#[must_use]
pub fn table_format(name: &str, head: &str) -> Value {
    let name = name.to_ascii_lowercase();
    let name = name.trim_end_matches(".gz");
    if name.ends_with(".jsonl") || name.ends_with(".ndjson") {
        return json!({"format": "jsonl"});
    }
    if name.ends_with(".json") {
        return json!({"format": "json"});
    }
    let line = head.lines().next().unwrap_or_default();
    let count = |separator: char| line.matches(separator).count();
    let best = [',', ';', '\t'].into_iter().rev().max_by_key(|separator| count(*separator)).filter(|separator| count(*separator) > 0);
    match best {
        Some(separator) if separator != ',' => json!({"format": "csv", "delimiter": separator.to_string()}),
        _ => json!({"format": "csv"}),
    }
}

/// Whether the names contain this one.
#[must_use]
pub fn contains(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_most_frequent_one() {
        assert_eq!(table_format("a.csv", "x,y\n1;2"), json!({"format": "csv"}));
        assert_eq!(table_format("a.CSV", "x;y,z;w\n"), json!({"format": "csv", "delimiter": ";"}));
        assert_eq!(table_format("a.tsv", "x\ty\n"), json!({"format": "csv", "delimiter": "\t"}));
        assert_eq!(table_format("a.jsonl.gz", ""), json!({"format": "jsonl"}));
        assert_eq!(table_format("a.csv.gz", "one\n"), json!({"format": "csv"}));
    }

    #[test]
    fn predictions_are_named_after_their_table() {
        let table = |name: &str| Table { name: name.to_owned(), read: table_format(name, "a,b"), ..Table::default() };
        assert_eq!(table("clinic.csv.gz").predictions_name(), "clinic.predictions.csv");
        assert_eq!(table("clinic.ndjson").predictions_name(), "clinic.predictions.jsonl");
        assert!(table("a.csv").has_rows() && table("a.jsonl").has_rows() && !table("a.json").has_rows());
    }

    #[test]
    fn documents_are_told_apart_by_their_keys() {
        assert_eq!(document_kind(&json!({"format": "samefit-model/1"})), DocumentKind::Model);
        assert_eq!(document_kind(&json!({"coefficients": []})), DocumentKind::Model);
        assert_eq!(document_kind(&json!({"format": "samefit-statistics/1"})), DocumentKind::Statistics);
        assert_eq!(document_kind(&json!({"resourceType": "Bundle"})), DocumentKind::Record);
        assert_eq!(document_kind(&json!({"bmi": 1})), DocumentKind::Table);
    }

    #[test]
    fn a_table_is_predicted_or_has_an_error() {
        let counted = PredictedTable::new(&json!({"count": {"fine": 3, "out of range": 1, "missing": 0, "error": 2}}), Handle(1));
        assert_eq!(counted.result, Ok(RowCounts { fine: 3, out_of_range: 1, missing: 0, error: 2 }));
        let refused = PredictedTable::new(&json!({"fault": {"code": "duplicate-column", "file": "a.csv"}}), Handle(1));
        assert_eq!(refused.result.map_err(|error| error.code), Err("duplicate-column".to_owned()));
    }

    #[test]
    fn the_plan_is_that_of_the_same_flags() {
        let column = |name: &str, text: u64| json!({"name": name, "numbers": 3, "text": text});
        let profiles = vec![json!({"columns": [column("b", 0), column("a", 0), column("word", 3), column("y", 0)]})];
        let mut data = Data { profiles, ..Data::default() };
        data.preselect();
        assert_eq!(data.plan(), json!({"target": "y", "features": ["b", "a"]}));
        data.choice.drop_missing = true;
        data.choice.features.retain(|name| name != "b");
        assert_eq!(data.plan(), json!({"features": ["a"], "target": "y", "missing": "drop"}));
    }
}
