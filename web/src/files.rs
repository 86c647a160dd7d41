//! What the person's files are, and what came of them.

use samefit_render::documents::list;
use serde_json::{Value, json};

/// A table, by what its name and its first bytes tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The file's name.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// What a plan says of how its bytes are written.
    pub read: Value,
}

impl Table {
    /// Whether it is one record a line, which can be predicted one by one.
    #[must_use]
    pub fn has_rows(&self) -> bool {
        self.read["format"] != "json"
    }

    /// What its predictions are called.
    #[must_use]
    pub fn predictions_name(&self) -> String {
        let stem = self.name.split('.').next().unwrap_or("data");
        let kind = if self.read["format"] == "csv" { "csv" } else { "jsonl" };
        format!("{stem}.predictions.{kind}")
    }
}

/// Statistics that were dropped.
#[derive(Clone, Debug, Default)]
pub struct Statistics {
    /// The file's name.
    pub name: String,
    /// The text.
    pub text: String,
    /// Number of rows, as it says.
    pub rows: String,
    /// Its columns.
    pub columns: Vec<String>,
}

/// Work that takes its time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Busy {
    /// The file, or files.
    pub name: String,
    /// Bytes done.
    pub done: f64,
    /// Bytes to do.
    pub total: f64,
}

/// How to train.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The column to predict.
    pub target: String,
    /// The columns to predict from.
    pub features: Vec<String>,
    /// Leave rows out that lack a value.
    pub drop_missing: bool,
    /// Make statistics that may be given away.
    pub share: bool,
}

/// What training gave.
#[derive(Clone, Debug, Default)]
pub struct Trained {
    /// Text of `model.json`.
    pub model: String,
    /// Text of `statistics.json`.
    pub statistics: String,
    /// The line of a log about statistics that were made to be shared.
    pub audit: Option<String>,
    /// What the component wants to be told.
    pub notes: Vec<Value>,
    /// Its residuals on the same rows, a table each; none for pooled statistics, which have no rows.
    pub residuals: Vec<Value>,
}

/// Everything about the person's files.
#[derive(Clone, Debug, Default)]
pub struct Data {
    /// Tables, in the order they were dropped.
    pub tables: Vec<Table>,
    /// What was found in them.
    pub profiles: Vec<Value>,
    /// A schema and its file.
    pub schema: Option<(String, Value)>,
    /// Statistics to pool.
    pub statistics: Vec<Statistics>,
    /// Work that goes on.
    pub busy: Option<Busy>,
    /// What went wrong: text of an error record.
    pub fault: Option<String>,
    /// For each table whose rows were predicted, in order, how many fared how (`count`), or what is wrong with it (`fault`).
    pub predicted: Vec<Value>,
    /// How to train.
    pub choice: Choice,
    /// The model.
    pub trained: Option<Trained>,
}

impl Data {
    /// Tables whose rows can be predicted one by one.
    pub fn tables_of_rows(&self) -> impl Iterator<Item = &Table> {
        self.tables.iter().filter(|table| table.has_rows())
    }

    /// Names of the columns that hold numbers in every table.
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
        in_order.filter(|name| has(&own, name) && others.iter().all(|names| has(names, name))).collect()
    }

    /// The plan of what was chosen, as `samefit train` writes it for the same flags.
    #[must_use]
    pub fn plan(&self) -> Value {
        let chosen = |name: &&str| has(&self.choice.features, name);
        let features: Vec<&str> = self.number_columns().into_iter().filter(chosen).collect();
        let mut plan = json!({"target": self.choice.target, "features": features});
        if self.choice.drop_missing {
            plan["missing"] = json!("drop");
        }
        if let Some((_, schema)) = &self.schema {
            plan["schema"] = schema.clone();
        }
        plan
    }

    /// The plan of statistics that are to be given away, as `samefit summarize --share --columns` writes it for the same columns.
    #[must_use]
    pub fn share_plan(&self) -> Value {
        let chosen = |name: &&str| has(&self.choice.features, name) || *name == self.choice.target;
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

    /// Chooses what a person most likely wants: the schema's target, else the last column; everything else to predict from.
    pub fn choose(&mut self) {
        let columns: Vec<String> = self.number_columns().into_iter().map(str::to_owned).collect();
        let schema = self.schema.as_ref().map(|(_, schema)| schema);
        let named =
            schema.and_then(|schema| schema["target"]["column"].as_str()).filter(|name| columns.iter().any(|column| column == name));
        let target = named.map(str::to_owned).or_else(|| columns.last().cloned()).unwrap_or_default();
        let described =
            |name: &&String| schema.is_none_or(|schema| list(&schema["columns"]).iter().any(|column| column["name"] == name.as_str()));
        self.choice.features = columns.iter().filter(|name| **name != target).filter(described).cloned().collect();
        self.choice.target = target;
    }
}

/// What a JSON document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `model.json`
    Model,
    /// `statistics.json`
    Statistics,
    /// `schema.json`
    Schema,
    /// A FHIR record.
    Record,
    /// Records of attributes.
    Table,
}

/// Tells documents apart by what they say of themselves.
#[must_use]
pub fn kind(document: &Value) -> Kind {
    match document["format"].as_str().and_then(|format| format.split('/').next()) {
        Some("samefit-model") => Kind::Model,
        Some("samefit-statistics") => Kind::Statistics,
        Some("samefit-schema") => Kind::Schema,
        _ if document["resourceType"].is_string() => Kind::Record,
        _ if document["coefficients"].is_array() => Kind::Model,
        _ => Kind::Table,
    }
}

/// How the bytes of a table are written: by the file's name, and for CSV by which separator its first line has most of.
#[must_use]
pub fn how_written(name: &str, head: &str) -> Value {
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

/// Whether a name is among these.
#[must_use]
pub fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_seen() {
        assert_eq!(how_written("a.csv", "x,y\n1;2"), json!({"format": "csv"}));
        assert_eq!(how_written("a.CSV", "x;y,z;w\n"), json!({"format": "csv", "delimiter": ";"}));
        assert_eq!(how_written("a.tsv", "x\ty\n"), json!({"format": "csv", "delimiter": "\t"}));
        assert_eq!(how_written("a.jsonl.gz", ""), json!({"format": "jsonl"}));
        assert_eq!(how_written("a.csv.gz", "one\n"), json!({"format": "csv"}));
    }

    #[test]
    fn predictions_are_called_after_their_table() {
        let table = |name: &str| Table { name: name.to_owned(), read: how_written(name, "a,b"), ..Table::default() };
        assert_eq!(table("clinic.csv.gz").predictions_name(), "clinic.predictions.csv");
        assert_eq!(table("clinic.ndjson").predictions_name(), "clinic.predictions.jsonl");
        assert!(table("a.csv").has_rows() && table("a.jsonl").has_rows() && !table("a.json").has_rows());
    }

    #[test]
    fn documents_say_what_they_are() {
        assert_eq!(kind(&json!({"format": "samefit-model/1"})), Kind::Model);
        assert_eq!(kind(&json!({"coefficients": []})), Kind::Model);
        assert_eq!(kind(&json!({"format": "samefit-statistics/1"})), Kind::Statistics);
        assert_eq!(kind(&json!({"resourceType": "Bundle"})), Kind::Record);
        assert_eq!(kind(&json!({"bmi": 1})), Kind::Table);
    }

    #[test]
    fn the_plan_is_that_of_the_same_flags() {
        let column = |name: &str, text: u64| json!({"name": name, "numbers": 3, "text": text});
        let profiles = vec![json!({"columns": [column("b", 0), column("a", 0), column("word", 3), column("y", 0)]})];
        let mut data = Data { profiles, ..Data::default() };
        data.choose();
        assert_eq!(data.plan().to_string(), r#"{"features":["b","a"],"target":"y"}"#);
        data.choice.drop_missing = true;
        data.choice.features.retain(|name| name != "b");
        assert_eq!(data.plan(), json!({"features": ["a"], "target": "y", "missing": "drop"}));
    }
}
