//! Turns flags into the plan document that the component takes (`docs/formats.md`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::args::{ByArg, ColumnKnots, DialectArgs, FitArgs, KnotsArg, Names, ReadArgs, RoleArgs, SchemaArg, ShareArgs, SumArgs};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::input::reading;
use crate::input::record_ends::{PassedLines, RecordEnds};
use crate::ports::digest::InputFile;
use crate::ports::engine::Engine;
use crate::ports::files::Files;
use crate::source::{CsvLayout, Format, Source};
use crate::text::json;

/// The format of the schema that `--target-name` makes.
const SCHEMA_FORMAT: &str = "samefit-schema/1";

/// The keys that say how CSV is written.
const DIALECT_KEYS: &[&str] = &["delimiter", "decimal", "thousands", "header", "skip", "comment"];

/// A plan, built key by key.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    document: Map<String, Value>,
    /// The keys that say how CSV is written. They are not in the document, because they concern CSV only.
    dialect: Map<String, Value>,
    /// The schema's file, for errors and provenance.
    schema: Option<InputFile>,
}

impl Plan {
    /// An empty plan: the component's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// A plan that the engine made. It says nothing about how the data are written.
    pub fn of_engine(text: &str) -> Result<Self> {
        match json::parse_ours(text)? {
            Value::Object(mut document) => {
                DIALECT_KEYS.iter().for_each(|key| drop(document.remove(*key)));
                Ok(Self { document, ..Self::default() })
            }
            _ => Err(Error::Trap("a plan that is not an object".to_owned())),
        }
    }

    /// Adds how data are read, and the schema, whose file is read.
    pub fn reading(self, files: &dyn Files, args: &ReadArgs) -> Result<Self> {
        self.missing(args.missing.as_deref()).dialect(&args.dialect).schema(files, &args.schema)
    }

    /// Adds what to do with missing values.
    #[must_use]
    pub fn missing(mut self, missing: Option<&str>) -> Self {
        self.set("missing", missing.map(Value::from));
        self
    }

    /// Adds how data are written.
    #[must_use]
    pub fn dialect(mut self, args: &DialectArgs) -> Self {
        let DialectArgs { delimiter, decimal, thousands, na, header, skip, comment } = args;
        let character = |c: &Option<char>| c.map(|c| Value::from(c.to_string()));
        let keys = [
            ("delimiter", character(delimiter)),
            ("decimal", character(decimal)),
            ("thousands", character(thousands)),
            ("header", header.as_ref().map(list)),
            ("skip", skip.map(Value::from)),
            ("comment", character(comment)),
        ];
        self.dialect.extend(keys.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        self.set("na", (!na.is_empty()).then(|| json!(na)));
        self
    }

    /// Returns the lines of CSV that are passed over.
    pub(crate) fn passed_lines(&self) -> PassedLines {
        let comment = self.dialect.get("comment").and_then(Value::as_str);
        PassedLines {
            skip: self.dialect.get("skip").and_then(Value::as_u64).unwrap_or(0),
            comment: comment.and_then(|comment| comment.bytes().next()),
        }
    }

    /// Returns how CSV of this format is written.
    pub(crate) fn layout_of(&self, format: Format) -> CsvLayout {
        let PassedLines { skip, comment } = self.passed_lines();
        let named = self.dialect.get("delimiter").and_then(Value::as_str).and_then(|delimiter| delimiter.bytes().next());
        let delimiter = match format {
            Format::Tsv => named.unwrap_or(b'\t'),
            Format::Workbook => b',',
            _ => named.unwrap_or(b','),
        };
        CsvLayout { delimiter, skip, comment }
    }

    /// Whether CSV has no header, because its names are given.
    pub(crate) fn has_given_header(&self) -> bool {
        self.dialect.contains_key("header")
    }

    /// Finds the ends of records in a file of this format.
    pub(crate) fn record_ends(&self, format: Format) -> RecordEnds {
        RecordEnds::new(format, self.passed_lines())
    }

    /// Adds the schema, whose file is read.
    pub fn schema(mut self, files: &dyn Files, args: &SchemaArg) -> Result<Self> {
        if let Some(path) = &args.schema {
            let (text, input) = reading::text(files, path)?;
            self.set("schema", Some(json::parse(&text, path)?));
            self.schema = Some(input);
        }
        Ok(self)
    }

    /// Adds what to sum.
    #[must_use]
    pub fn summing(mut self, args: &SumArgs) -> Self {
        self.set("columns", args.columns.as_ref().map(list));
        self.set("terms", args.terms.as_ref().map(list));
        self.set("distribution", args.no_distribution.then_some(Value::Bool(false)));
        self.roles(&args.roles)
    }

    /// Adds which columns are categories, and which holds weights or counts.
    #[must_use]
    pub fn roles(mut self, args: &RoleArgs) -> Self {
        self.set("categories", args.categories.as_ref().map(list));
        let other: Map<String, Value> = args.other.iter().map(|kept| (kept.0.clone(), json!(kept.1))).collect();
        self.set("other", (!other.is_empty()).then_some(Value::Object(other)));
        self.set("weights", args.weights.as_deref().map(Value::from));
        self.set("counts", args.counts.as_deref().map(Value::from));
        self
    }

    /// Adds the column that divides the rows into groups.
    #[must_use]
    pub fn dividing(self, args: &ByArg) -> Self {
        self.with("by", args.by.as_deref().map(Value::from))
    }

    /// Whether the rows are divided into groups.
    pub fn is_grouped(&self) -> bool {
        self.get("by").is_some()
    }

    /// Lets columns of words that features name be categories.
    #[must_use]
    pub fn finding_categories(self) -> Self {
        self.with("find_categories", Some(Value::Bool(true)))
    }

    /// Adds how the statistics are released.
    #[must_use]
    pub fn sharing(mut self, args: &ShareArgs) -> Self {
        self.set("share", args.share.then_some(Value::Bool(true)));
        self.set("decimals", args.decimals.as_ref().map(|decimals| json!(decimals.0)));
        self
    }

    /// Adds the columns whose features become splines, with the number of knots to choose for each.
    ///
    /// # Errors
    /// A column that is named twice.
    pub fn choosing_knots(mut self, args: &KnotsArg) -> Result<Self> {
        let mut knots = Map::new();
        for ColumnKnots { column, count } in &args.knots {
            if knots.insert(column.clone(), Value::from(*count)).is_some() {
                let sentence = format!("`--knots` names the column `{}` twice", samefit_text::name(column));
                return Err(Error::usage(sentence, "give one number of knots for each column"));
            }
        }
        self.set("knots", Some(Value::Object(knots)).filter(|_| !args.knots.is_empty()));
        Ok(self)
    }

    /// Whether the statistics are to be released. All rows are then judged together.
    pub fn is_for_release(&self) -> bool {
        self.get("share").is_some()
    }

    /// Whether this plan is for a first pass that chooses knots, and not for one that sums.
    pub fn chooses_knots(&self) -> bool {
        self.get("knots").and_then(Value::as_object).is_some_and(|knots| knots.values().any(Value::is_number))
    }

    /// Whether the rows of all tables count together, so that tables give states and not statistics.
    pub fn has_states(&self) -> bool {
        self.is_for_release() || self.chooses_knots()
    }

    /// Whether this plan is for the first of two passes.
    pub fn is_first_pass(&self) -> bool {
        self.is_for_release() && self.get("shared").is_none() || self.chooses_knots()
    }

    /// Adds what to fit.
    #[must_use]
    pub fn fitting(mut self, args: &FitArgs) -> Self {
        self.set("target", args.target.as_deref().map(Value::from));
        if let (Some(column), Some(name)) = (&args.target, &args.target_name) {
            self = self.naming_target(column, name);
        }
        self.set("features", args.features.as_ref().map(list));
        self.set("formula", args.formula.as_deref().map(Value::from));
        self.set("reference", args.reference.as_ref().map(|levels| json!(levels.0)));
        self.set("collinear", args.collinear.as_deref().map(Value::from));
        self.set("intercept", args.no_intercept.then_some(Value::Bool(false)));
        self.set("near_collinear", args.near_collinear.as_deref().map(Value::from));
        self
    }

    /// Adds the target's name in predictions, as a schema that has only a target. Such a schema does not list columns, so the features must be
    /// named.
    #[must_use]
    pub fn naming_target(self, column: &str, name: &str) -> Self {
        self.with("schema", Some(json!({"format": SCHEMA_FORMAT, "target": {"column": column, "name": name}})))
    }

    /// Adds a key, if there is a value.
    #[must_use]
    pub fn with(mut self, key: &str, value: Option<Value>) -> Self {
        self.set(key, value);
        self
    }

    /// Leaves out a key.
    #[must_use]
    pub fn without(mut self, key: &str) -> Self {
        self.document.remove(key);
        self
    }

    /// Returns the value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.document.get(key)
    }

    /// Returns the schema's file, if the plan has one.
    pub fn schema_input(&self) -> Option<&InputFile> {
        self.schema.as_ref()
    }

    /// Returns the document for data in this format.
    pub fn text_for(&self, format: Format) -> String {
        let mut document = self.document.clone();
        document.insert("format".to_owned(), Value::from(format.name()));
        if format == Format::Tsv {
            document.insert("delimiter".to_owned(), Value::from("\t"));
        }
        if format.is_csv() {
            document.extend(self.dialect.clone());
        }
        if format == Format::Workbook {
            // a sheet has cells and not text, so only what concerns its lines
            let lines = self.dialect.iter().filter(|(key, _)| matches!(key.as_str(), "header" | "skip" | "comment"));
            document.extend(lines.map(|(key, value)| (key.clone(), value.clone())));
        }
        Value::Object(document).to_string()
    }

    /// Returns the columns that data for this plan need to have; `None` if any column may count.
    pub(crate) fn needed_columns(&self, engine: &dyn Engine) -> Result<Option<BTreeSet<String>>> {
        engine.needed_columns(&self.text()).map_err(|error| self.blame(error))
    }

    /// Returns the document where no data are read.
    pub fn text(&self) -> String {
        Value::Object(self.document.clone()).to_string()
    }

    /// Adds the schema's path to an error in the schema. Other errors stay as they are.
    #[must_use]
    pub fn blame(&self, error: Error) -> Error {
        match (&self.schema, error) {
            (Some(schema), Error::Data { path: None, fault }) if matches!(fault.code, Code::Schema | Code::Decimals) => {
                fault.in_file(&schema.path)
            }
            (_, error) => error,
        }
    }

    /// Adds a path to an error: the schema's if the error is in the schema, else that of `source`.
    #[must_use]
    pub fn blame_or(&self, error: Error, source: &Source) -> Error {
        self.blame(error).in_file(&source.path)
    }

    fn set(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.document.insert(key.to_owned(), value);
        }
    }
}

/// Converts names into a JSON array.
pub(crate) fn list(names: &Names) -> Value {
    json!(names.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Kept, Levels, Names, SheetArg};
    use crate::error::InputError;
    use crate::testing::MemoryFiles;
    use std::collections::BTreeMap;

    fn names(names: &[&str]) -> Option<Names> {
        Some(Names(names.iter().map(|name| (*name).to_owned()).collect()))
    }

    #[test]
    fn no_flags_make_an_empty_plan() {
        let plan = Plan::new().missing(None).dialect(&DialectArgs::default()).summing(&SumArgs::default()).fitting(&FitArgs::default());
        assert_eq!(plan.text(), "{}");
        assert_eq!(plan.text_for(Format::JsonLines), r#"{"format":"jsonl"}"#);
    }

    #[test]
    fn every_flag_sets_its_key() {
        let files = MemoryFiles::of(&[("s.json", r#"{"target": {"column": "y"}}"#)]);
        let read = ReadArgs {
            missing: Some("drop".into()),
            dialect: DialectArgs {
                delimiter: Some(';'),
                decimal: Some(','),
                thousands: Some('.'),
                na: vec!["?".into()],
                header: names(&["a", "y"]),
                skip: Some(2),
                comment: Some('#'),
            },
            sheet: SheetArg::default(),
            schema: SchemaArg { schema: Some("s.json".into()) },
        };
        let roles = RoleArgs {
            categories: names(&["site"]),
            other: vec![Kept("site".into(), vec!["b".into(), "c".into()])],
            weights: Some("w".into()),
            counts: Some("n".into()),
        };
        let sum = SumArgs { columns: names(&["a", "y"]), terms: names(&["a^2"]), no_distribution: true, roles };
        let fit = FitArgs {
            target: Some("y".into()),
            features: names(&["a", "a^2"]),
            formula: Some("y ~ a".into()),
            reference: Some(Levels(BTreeMap::from([("site".to_owned(), "b".to_owned())]))),
            no_intercept: true,
            near_collinear: Some("error".into()),
            collinear: Some("drop".into()),
            target_name: None,
        };
        let plan = Plan::new().reading(&files, &read).unwrap().summing(&sum).fitting(&fit);
        let expected = r##"{"missing":"drop","na":["?"],"schema":{"target":{"column":"y"}},"columns":["a","y"],"terms":["a^2"],"distribution":false,"categories":["site"],"other":{"site":["b","c"]},"weights":"w","counts":"n","target":"y","features":["a","a^2"],"formula":"y ~ a","reference":{"site":"b"},"collinear":"drop","intercept":false,"near_collinear":"error","format":"csv","delimiter":";","decimal":",","thousands":".","header":["a","y"],"skip":2,"comment":"#"}"##;
        assert_eq!(plan.text_for(Format::Csv), expected);
        assert_eq!(plan.schema_input().unwrap().path, "s.json");
        assert!(!plan.text_for(Format::Parquet).contains("delimiter") && !plan.text_for(Format::JsonLines).contains("header"));
    }

    #[test]
    fn names_of_files_tell_tabs_unless_a_flag_tells_otherwise() {
        let text = |delimiter| Plan::new().dialect(&DialectArgs { delimiter, ..DialectArgs::default() }).text_for(Format::Tsv);
        assert_eq!(text(None), r#"{"format":"csv","delimiter":"\t"}"#);
        assert_eq!(text(Some(';')), r#"{"format":"csv","delimiter":";"}"#);
    }

    #[test]
    fn knots_are_chosen_once_for_each_column() {
        let knots = |columns: &[(&str, usize)]| {
            let knots = columns.iter().map(|&(column, count)| ColumnKnots { column: column.to_owned(), count });
            Plan::new().choosing_knots(&KnotsArg { knots: knots.collect() })
        };
        assert_eq!(knots(&[]).unwrap().text(), "{}");
        let plan = knots(&[("bmi", 3), ("age", 5)]).unwrap();
        assert_eq!(plan.text(), r#"{"knots":{"bmi":3,"age":5}}"#);
        assert!(plan.chooses_knots() && plan.has_states() && plan.is_first_pass());
        let second = plan.with("knots", Some(json!({"age": ["1", "2", "3"]})));
        assert!(!second.chooses_knots() && !second.has_states() && !second.is_first_pass());
        let error = knots(&[("age", 5), ("age", 4)]).unwrap_err();
        assert_eq!(error.to_string(), "error: `--knots` names the column `age` twice\nhelp: give one number of knots for each column");
    }

    #[test]
    fn a_target_name_becomes_a_schema_with_a_target() {
        let fit =
            FitArgs { target: Some("y".into()), target_name: Some("progression".into()), features: names(&["a"]), ..FitArgs::default() };
        let plan = Plan::new().fitting(&fit);
        let schema = r#"{"format":"samefit-schema/1","target":{"column":"y","name":"progression"}}"#;
        assert_eq!(plan.text(), format!(r#"{{"target":"y","schema":{schema},"features":["a"]}}"#));
        // no file of the user is at fault for it
        assert!(plan.schema_input().is_none());
    }

    #[test]
    fn an_error_in_the_schema_names_its_file() {
        let files = MemoryFiles::of(&[("s.json", "{}"), ("bad.json", "{")]);
        let schema = |path: &str| SchemaArg { schema: Some(path.into()) };
        let plan = Plan::new().schema(&files, &schema("s.json")).unwrap();
        let error = |code: Code| Error::from(InputError::new(code, "x", "y"));
        assert_eq!(plan.blame(error(Code::Schema)).to_string(), "error: s.json: x\nhelp: y");
        assert_eq!(plan.blame(error(Code::Other("term".into()))).to_string(), "error: x\nhelp: y");
        let error = Plan::new().schema(&files, &schema("bad.json")).unwrap_err();
        assert!(error.to_string().starts_with("error: bad.json: the JSON is cut off"), "{error}");
    }
}
