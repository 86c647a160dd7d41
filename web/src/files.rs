//! The person's own files, and what the component answered about them.

use std::collections::BTreeSet;

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

/// A table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The file.
    pub file: Handle,
    /// The file's name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// How its bytes are written: the keys of a plan from `format` to `comment`.
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
    /// The canonical text, which equal statistics have in common however their files are written; empty before the component accepted them.
    pub canonical: String,
    /// Number of rows, as the file says.
    pub rows: String,
    /// Names of the columns of numbers.
    pub columns: Vec<String>,
    /// The categories.
    pub categories: Vec<SummedCategory>,
}

/// A category of statistics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SummedCategory {
    /// The column.
    pub column: String,
    /// Its levels.
    pub levels: Vec<String>,
}

impl StatisticsFile {
    /// Reads what the page shows of statistics that the component accepts.
    #[must_use]
    pub fn new(name: String, text: String, document: &Value) -> Self {
        let texts = |entries: &Value, key: &str| -> Vec<String> {
            list(entries).iter().filter_map(|entry| Some(entry[key].as_str()?.to_owned())).collect()
        };
        let category = |entry: &Value| {
            let column = entry["column"].as_str()?.to_owned();
            Some(SummedCategory { column, levels: texts(&entry["levels"], "level") })
        };
        let categories = list(&document["categories"]).iter().filter_map(category).collect();
        let rows = document["rows"].as_str().unwrap_or_default().to_owned();
        Self { name, text, canonical: String::new(), rows, columns: texts(&document["columns"], "name"), categories }
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
    /// The columns that the person calls categories.
    pub categories: Vec<String>,
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

    /// Returns the columns that a model may use: those that have values in every table; without tables, the columns of the first statistics.
    #[must_use]
    pub fn columns(&self) -> Vec<DataColumn<'_>> {
        let Some((first, others)) = self.profiles.split_first() else { return self.summed_columns() };
        let in_all = |name| {
            let entries = std::iter::once(first).chain(others).map(|profile| entry(profile, name));
            entries.collect::<Option<Vec<&Value>>>()
        };
        let names = list(&first["columns"]).iter().filter_map(|column| column["name"].as_str());
        names.filter_map(|name| self.column(name, &in_all(name)?)).collect()
    }

    /// Returns the columns of the first statistics. The others have the same.
    fn summed_columns(&self) -> Vec<DataColumn<'_>> {
        let Some(first) = self.statistics.first() else { return Vec::new() };
        let levels_in_all = |column: &str| {
            let same = self.statistics.iter().flat_map(|one| &one.categories).filter(|category| category.column == column);
            same.flat_map(|category| &category.levels).collect::<BTreeSet<&String>>().len()
        };
        let numbers = first.columns.iter().map(|name| DataColumn::new(name, ColumnKind::Number));
        let category = |column| DataColumn { levels: Some(levels_in_all(column)), ..DataColumn::new(column, ColumnKind::Category) };
        numbers.chain(first.categories.iter().map(|one| category(one.column.as_str()))).collect()
    }

    /// Returns what a column of tables is, from its entries in the profiles. None if it has no value in one of them.
    fn column<'a>(&self, name: &'a str, entries: &[&'a Value]) -> Option<DataColumn<'a>> {
        let cells: Vec<Cells> = entries.iter().copied().map(Cells::of).collect::<Option<_>>()?;
        let cells = cells.iter().copied().reduce(|a, b| if a == b { a } else { Cells::Other })?;
        if let Some(listed) = self.schema_levels(name) {
            return Some(DataColumn { levels: listed, ..DataColumn::new(name, ColumnKind::Category) });
        }
        let levels = if cells == Cells::Numbers { whole_values(entries) } else { None };
        let can_be_marked = cells == Cells::Other || levels.is_some();
        let kind = match cells {
            Cells::Words => ColumnKind::Words,
            _ if can_be_marked && contains(&self.choice.categories, name) => ColumnKind::Marked,
            Cells::Numbers => ColumnKind::Number,
            Cells::Other => ColumnKind::Text,
        };
        let first_text = entries.iter().find_map(|entry| entry["first_text"].as_str());
        Some(DataColumn { name, kind, levels, can_be_marked, first_text })
    }

    /// Returns the number of levels that the schema lists for a category, if it lists them. None if the schema does not call it a category.
    fn schema_levels(&self, name: &str) -> Option<Option<usize>> {
        let field = entry(&self.schema.as_ref()?.document, name).filter(|field| field["kind"] == "category")?;
        Some(field["categories"].as_array().map(Vec::len))
    }

    /// Returns the plan of the choice, as `samefit train` writes it for the same flags.
    ///
    /// Tables tell whether a column of words is a category. Statistics say so themselves; those to share have to be told.
    #[must_use]
    pub fn plan(&self) -> Value {
        let used: Vec<DataColumn<'_>> = self.columns().into_iter().filter(|column| contains(&self.choice.features, column.name)).collect();
        let features: Vec<&str> = used.iter().map(|column| column.name).collect();
        let is_told = |kind| kind == ColumnKind::Marked || (kind == ColumnKind::Words && self.choice.share);
        let categories: Vec<&str> = used.iter().filter(|column| is_told(column.kind)).map(|column| column.name).collect();
        let mut plan = json!({"target": self.choice.target, "features": features});
        if !categories.is_empty() {
            plan["categories"] = json!(categories);
        }
        if !self.profiles.is_empty() && !self.choice.share {
            plan["find_categories"] = json!(true);
        }
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
        let columns: Vec<&str> = self.columns().into_iter().map(|column| column.name).filter(chosen).collect();
        let mut plan = self.plan();
        if let Some(plan) = plan.as_object_mut() {
            plan.remove("target");
            plan.remove("features");
        }
        plan["columns"] = json!(columns);
        plan["share"] = json!(true);
        plan
    }

    /// Preselects the schema's target, else the last column of numbers, and all other columns of numbers and known categories to predict
    /// from. Words may be names or notes, so the person chooses them.
    pub fn preselect(&mut self) {
        let columns = self.columns();
        let schema = self.schema.as_ref().map(|schema| &schema.document);
        let numbers = || columns.iter().filter(|column| column.kind == ColumnKind::Number).map(|column| column.name);
        let named = schema.and_then(|schema| schema["target"]["column"].as_str()).filter(|name| numbers().any(|column| column == *name));
        let target = named.or_else(|| numbers().next_back()).unwrap_or_default();
        let is_known = |column: &&DataColumn<'_>| matches!(column.kind, ColumnKind::Number | ColumnKind::Category);
        let is_described = |name: &&str| schema.is_none_or(|schema| entry(schema, name).is_some());
        let names = columns.iter().filter(is_known).map(|column| column.name);
        let features = names.filter(|name| *name != target).filter(is_described).map(str::to_owned).collect();
        let target = target.to_owned();
        self.choice.features = features;
        self.choice.target = target;
    }
}

/// A column of the person's data that a model may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataColumn<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is to a model.
    pub kind: ColumnKind,
    /// Number of levels, or of different numbers that may be levels. None if it is not known or there are many.
    pub levels: Option<usize>,
    /// Whether the person may say that it is a category, or no longer.
    pub can_be_marked: bool,
    /// The first of its texts that is no number. None for a column of numbers.
    pub first_text: Option<&'a str>,
}

impl<'a> DataColumn<'a> {
    /// A column that is what it is, whatever the person says.
    fn new(name: &'a str, kind: ColumnKind) -> Self {
        Self { name, kind, levels: None, can_be_marked: false, first_text: None }
    }
}

/// Returns the id of the control that calls the column with this number a category.
#[must_use]
pub fn category_control(at: usize) -> String {
    format!("as-category-{at}")
}

/// What a column of the person's data is to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers. Only such a column can be predicted.
    Number,
    /// A category, as the schema or the statistics say.
    Category,
    /// A category, because it holds words.
    Words,
    /// A category, because the person says so.
    Marked,
    /// Text that is neither a number nor a word everywhere. It is of use only as a category.
    Text,
}

/// What the cells of a column hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cells {
    Numbers,
    Words,
    Other,
}

impl Cells {
    /// Reads a column's entry in a profile. None for a column without values.
    fn of(column: &Value) -> Option<Self> {
        let (numbers, texts) = (column["numbers"].as_u64() > Some(0), column["text"].as_u64() > Some(0));
        match (numbers, texts) {
            (false, false) => None,
            (true, false) => Some(Self::Numbers),
            (false, true) if is_word(column["first_text"].as_str().unwrap_or_default()) => Some(Self::Words),
            _ => Some(Self::Other),
        }
    }
}

/// Whether a text begins as a word does, and not as a number or an amount of money. The component judges every cell; this is for the first.
fn is_word(text: &str) -> bool {
    // the component's own signs and currencies
    let begins_number = |c: char| {
        c.is_ascii_digit()
            || matches!(c, '+' | '-' | '\u{2212}' | '.')
            || matches!(c, '$' | '\u{a2}'..='\u{a5}' | '\u{e3f}' | '\u{20a0}'..='\u{20cf}' | '\u{fe69}' | '\u{ff04}' | '\u{ffe0}' | '\u{ffe1}' | '\u{ffe5}' | '\u{ffe6}')
    };
    !text.trim_start().starts_with(begins_number)
}

/// Most different numbers of a column that is offered as a category.
const CODES_MAX: usize = 20;

/// Returns how many different numbers a column has in all tables, if all are whole and they are few.
fn whole_values(entries: &[&Value]) -> Option<usize> {
    let is_whole = |value: &Value| value.as_f64().is_some_and(|value| value.fract() == 0.0);
    // quantiles of whole numbers are exact as long as no bin holds two of them
    let is_exact = |quantile: &Value| is_whole(&quantile["value"]) && quantile["error"].as_f64() == Some(0.0);
    let mut values = BTreeSet::new();
    for entry in entries {
        let distribution = &entry["distribution"];
        let parts =
            if distribution["values"].is_object() { ["values", "bins"].map(|key| &distribution[key]).to_vec() } else { vec![distribution] };
        let names: Vec<&String> = parts.into_iter().filter_map(Value::as_object).flat_map(|counts| counts.keys()).collect();
        let are_whole = names.iter().all(|name| name.parse::<f64>().is_ok_and(|number| number.fract() == 0.0));
        if !are_whole || !list(&entry["quantiles"]).iter().all(is_exact) || names.is_empty() {
            return None;
        }
        values.extend(names);
    }
    Some(values.len()).filter(|count| *count <= CODES_MAX)
}

/// Returns the entry of a column in a profile or a schema.
fn entry<'a>(document: &'a Value, name: &str) -> Option<&'a Value> {
    list(&document["columns"]).iter().find(|column| column["name"] == name)
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

/// Returns the format of a table, which the ending of its name tells, as a key of a plan.
#[must_use]
pub fn table_format(name: &str) -> Value {
    let name = name.to_ascii_lowercase();
    let name = name.trim_end_matches(".gz");
    let ends_with = |ending: &&str| name.ends_with(*ending);
    match () {
        () if [".jsonl", ".ndjson"].iter().any(ends_with) => json!({"format": "jsonl"}),
        () if name.ends_with(".json") => json!({"format": "json"}),
        () => json!({"format": "csv"}),
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
    fn a_name_tells_the_format() {
        let formats = ["a.csv", "a.tsv", "a.csv.gz", "a", "a.JSONL.gz", "a.ndjson", "a.json"].map(table_format);
        assert_eq!(
            formats.map(|read| read["format"].as_str().map(str::to_owned)).map(Option::unwrap_or_default),
            ["csv", "csv", "csv", "csv", "jsonl", "jsonl", "json"]
        );
    }

    #[test]
    fn predictions_are_named_after_their_table() {
        let table = |name: &str| Table { name: name.to_owned(), read: table_format(name), ..Table::default() };
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

    fn column(name: &str, numbers: u64, text: &str) -> Value {
        let texts = u64::from(!text.is_empty());
        json!({"name": name, "numbers": numbers, "text": texts, "first_text": text})
    }

    fn codes(name: &str, values: &[&str]) -> Value {
        let bins: serde_json::Map<_, _> = values.iter().map(|value| ((*value).to_owned(), json!(2))).collect();
        json!({"name": name, "numbers": 9, "text": 0, "distribution": bins, "quantiles": [{"value": 1.0, "error": 0.0}]})
    }

    fn data(columns: &[Value]) -> Data {
        let mut data = Data { profiles: vec![json!({"columns": columns})], ..Data::default() };
        data.preselect();
        data
    }

    fn kinds(data: &Data) -> Vec<(&str, ColumnKind)> {
        data.columns().iter().map(|column| (column.name, column.kind)).collect()
    }

    #[test]
    fn the_plan_is_that_of_the_same_flags() {
        let mut data = data(&[column("b", 3, ""), column("a", 3, ""), column("word", 0, "north"), column("y", 3, ""), column("z", 0, "")]);
        assert_eq!(data.plan(), json!({"target": "y", "features": ["b", "a"], "find_categories": true}));
        data.choice.drop_missing = true;
        data.choice.features.retain(|name| name != "b");
        data.choice.features.push("word".to_owned());
        assert_eq!(data.plan(), json!({"features": ["a", "word"], "target": "y", "missing": "drop", "find_categories": true}));
        data.choice.share = true;
        let shared = json!({"columns": ["a", "word", "y"], "categories": ["word"], "share": true, "missing": "drop"});
        assert_eq!(data.share_plan(), shared, "statistics to share are told of every category");
        assert_eq!(data.plan()["categories"], json!(["word"]));
        assert!(data.plan().get("find_categories").is_none());
    }

    #[test]
    fn values_of_a_grid_may_be_codes_too() {
        let on_grid = json!({"name": "ward", "numbers": 3, "text": 0, "distribution": {"values": {"1": 2, "2": 1}, "bins": {}},
            "quantiles": [{"value": 1.0, "error": 0.0}]});
        assert_eq!(whole_values(&[&on_grid, &codes("ward", &["2", "3"])]), Some(3));
        let with_fractions = json!({"distribution": {"values": {"1": 2, "1.5": 1}, "bins": {}}, "quantiles": []});
        assert_eq!(whole_values(&[&with_fractions]), None);
        assert_eq!(whole_values(&[&json!({"distribution": {"values": {}, "bins": {}}, "quantiles": []})]), None);
    }

    #[test]
    fn codes_are_numbers_until_the_person_calls_them_a_category() {
        let mut data = data(&[codes("ward", &["1", "2", "3"]), codes("dose", &["1", "1.5"]), column("bed", 4, "3a"), column("y", 3, "")]);
        assert_eq!(
            kinds(&data),
            [("ward", ColumnKind::Number), ("dose", ColumnKind::Number), ("bed", ColumnKind::Text), ("y", ColumnKind::Number)]
        );
        let markable: Vec<_> = data.columns().iter().map(|column| (column.can_be_marked, column.levels)).collect();
        assert_eq!(markable, [(true, Some(3)), (false, None), (true, None), (false, None)]);
        assert_eq!(data.choice.features, ["ward", "dose"]);
        data.choice.categories = ["bed", "ward", "dose"].map(str::to_owned).to_vec();
        data.choice.features.push("bed".to_owned());
        assert_eq!(kinds(&data)[..3], [("ward", ColumnKind::Marked), ("dose", ColumnKind::Number), ("bed", ColumnKind::Marked)]);
        assert_eq!(data.plan()["categories"], json!(["ward", "bed"]));
        data.choice.features.retain(|name| name == "dose");
        assert!(data.plan().get("categories").is_none(), "what is not used need not be told");
    }

    #[test]
    fn a_table_with_more_codes_counts_for_all() {
        let table = |columns: &[Value]| json!({"columns": columns});
        let many: Vec<String> = (0..19).map(|code| code.to_string()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let first = table(&[codes("ward", &["1", "30"]), column("site", 0, "north"), codes("bed", &["1", "2"]), column("note", 0, "x")]);
        let second = table(&[codes("ward", &many), column("site", 0, "south"), column("bed", 0, "3a"), column("other", 0, "x")]);
        let mut data = Data { profiles: vec![first, second], ..Data::default() };
        let found: Vec<_> = data.columns().iter().map(|column| (column.name, column.kind, column.levels)).collect();
        assert_eq!(found, [("ward", ColumnKind::Number, Some(20)), ("site", ColumnKind::Words, None), ("bed", ColumnKind::Text, None)]);
        data.profiles[0]["columns"][0] = codes("ward", &["1", "30", "31"]);
        assert_eq!(data.columns()[0].levels, None);
    }

    #[test]
    fn what_the_schema_calls_a_category_is_one() {
        let listed = json!([{"value": "1", "title": "A"}, {"value": "2", "title": "B"}]);
        let columns = json!([{"name": "sex", "kind": "category", "categories": listed}, {"name": "site", "kind": "category"}]);
        let schema = SchemaFile { document: json!({"target": {"column": "y"}, "columns": columns}), ..SchemaFile::default() };
        let mut data = data(&[codes("sex", &["1", "2"]), column("site", 0, "north"), column("ward", 0, "a"), column("y", 3, "")]);
        data.schema = Some(schema);
        data.preselect();
        assert_eq!(kinds(&data)[..2], [("sex", ColumnKind::Category), ("site", ColumnKind::Category)]);
        assert_eq!(data.columns()[0].levels, Some(2));
        assert_eq!(data.choice.features, ["sex", "site"]);
        assert!(data.plan().get("categories").is_none(), "the schema is in the plan");
    }

    #[test]
    fn statistics_say_which_columns_are_categories() {
        let statistics = |levels: Value| {
            let document =
                json!({"rows": "9", "columns": [{"name": "x"}, {"name": "y"}], "categories": [{"column": "site", "levels": levels}]});
            StatisticsFile::new("a.json".to_owned(), String::new(), &document)
        };
        let level = |level: &str| json!({"level": level, "moments": []});
        let all = [json!([level("north"), level("south")]), json!([level("south"), level("west")])];
        let mut data = Data { statistics: all.map(statistics).to_vec(), ..Data::default() };
        data.preselect();
        assert_eq!(data.plan(), json!({"target": "y", "features": ["x", "site"]}));
        let site = DataColumn { levels: Some(3), ..DataColumn::new("site", ColumnKind::Category) };
        assert_eq!(data.columns()[2], site);
    }

    #[test]
    fn words_are_told_from_numbers_by_their_first_character() {
        assert!(["north", "É1", "(2)", "<5"].into_iter().all(is_word));
        assert!(!["2l.6", "-", ".5", "$5", "€ 5", " 7", "\u{2212}3"].into_iter().any(is_word));
    }
}
