//! Flags to the plan document that the component is given (`docs/formats.md`).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::args::{DelimiterArg, FitArgs, Names, ReadArgs, SchemaArg, ShareArgs, SumArgs};
use crate::error::{Error, Result};
use crate::input::reading;
use crate::ports::digest::Input;
use crate::ports::files::Files;
use crate::source::{Format, Source};
use crate::text::json;

const SCHEMA_FORMAT: &str = "samefit-schema/1";

/// A plan as it grows.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    document: Map<String, Value>,
    delimiter: Option<char>,
    schema: Option<Input>,
}

impl Plan {
    /// The plan of no flags.
    pub fn new() -> Self {
        Self::default()
    }

    /// A plan that the engine made, which knows nothing of how bytes are written.
    pub fn of_engine(text: &str) -> Result<Self> {
        match json::parse_ours(text)? {
            Value::Object(document) => Ok(Self { document, ..Self::default() }),
            _ => Err(Error::Trap("a plan that is not an object".to_owned())),
        }
    }

    /// How data are read; reads the schema.
    pub fn reading(self, files: &dyn Files, args: &ReadArgs) -> Result<Self> {
        self.missing(args.missing.as_deref()).delimiter(args.delimiter).schema(files, &args.schema)
    }

    /// What to do with missing values.
    #[must_use]
    pub fn missing(mut self, missing: Option<&str>) -> Self {
        self.set("missing", missing.map(Value::from));
        self
    }

    /// What separates the fields of CSV.
    #[must_use]
    pub fn delimiter(mut self, args: DelimiterArg) -> Self {
        self.delimiter = args.delimiter;
        self
    }

    /// Reads the schema.
    pub fn schema(mut self, files: &dyn Files, args: &SchemaArg) -> Result<Self> {
        if let Some(path) = &args.schema {
            let (text, input) = reading::text(files, path)?;
            self.set("schema", Some(json::parse(&text, path)?));
            self.schema = Some(input);
        }
        Ok(self)
    }

    /// What to sum.
    #[must_use]
    pub fn summing(mut self, args: &SumArgs) -> Self {
        self.set("columns", args.columns.as_ref().map(list));
        self.set("terms", args.terms.as_ref().map(list));
        self.set("distribution", args.no_distribution.then_some(Value::Bool(false)));
        self
    }

    /// What is shared.
    #[must_use]
    pub fn sharing(mut self, args: &ShareArgs) -> Self {
        self.set("share", args.share.then_some(Value::Bool(true)));
        self.set("decimals", args.decimals.as_ref().map(|decimals| json!(decimals.0)));
        self
    }

    /// Whether what is summed is to be shared, so that all of it counts together.
    pub fn shares(&self) -> bool {
        self.get("share").is_some()
    }

    /// Whether it is the first of the two passes that sharing takes.
    pub fn surveys(&self) -> bool {
        self.shares() && self.get("shared").is_none()
    }

    /// What to fit.
    #[must_use]
    pub fn fitting(mut self, args: &FitArgs) -> Self {
        self.set("target", args.target.as_deref().map(Value::from));
        if let (Some(column), Some(name)) = (&args.target, &args.target_name) {
            self = self.naming_target(column, name);
        }
        self.set("features", args.features.as_ref().map(list));
        self.set("intercept", args.no_intercept.then_some(Value::Bool(false)));
        self
    }

    /// Names the target in predictions, by a schema of nothing but the target. The features must be named, for it does not say which columns
    /// there are.
    #[must_use]
    pub fn naming_target(self, column: &str, name: &str) -> Self {
        self.with("schema", Some(json!({"format": SCHEMA_FORMAT, "target": {"column": column, "name": name}})))
    }

    /// The same plan with one key more, if there is a value.
    #[must_use]
    pub fn with(mut self, key: &str, value: Option<Value>) -> Self {
        self.set(key, value);
        self
    }

    /// What the plan says of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.document.get(key)
    }

    /// The schema's file, if the plan has one.
    pub fn schema_input(&self) -> Option<&Input> {
        self.schema.as_ref()
    }

    /// The text for data in this format.
    pub fn text_for(&self, format: Format) -> String {
        let mut document = self.document.clone();
        document.insert("format".to_owned(), Value::from(format.name()));
        document.remove("delimiter");
        if let (Format::Csv, Some(delimiter)) = (format, self.delimiter) {
            document.insert("delimiter".to_owned(), json!(delimiter.to_string()));
        }
        Value::Object(document).to_string()
    }

    /// Names of the columns that the engine may need, if the plan says which; a few more do no harm.
    pub fn named_columns(&self) -> Option<BTreeSet<String>> {
        let texts = |key: &str| self.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let schema = self.get("schema");
        if self.get("columns").is_none() && self.get("features").is_none() && schema.is_none() {
            return None;
        }
        // a term is made of names, `*`, `^` and digits, and no column that is part of one has such characters in its name
        let factors =
            texts("features").chain(texts("terms")).flat_map(|term| term.split('*')).filter_map(|factor| factor.split('^').next());
        let mut names: BTreeSet<String> = texts("columns").chain(factors).map(|name| name.trim().to_owned()).collect();
        let targets = [self.get("target"), schema.and_then(|schema| schema["target"].get("column"))];
        names.extend(targets.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        if self.get("columns").is_none() && self.get("features").is_none() {
            names.extend(
                schema
                    .and_then(|schema| schema["columns"].as_array())
                    .into_iter()
                    .flatten()
                    .filter_map(|column| column["name"].as_str().map(str::to_owned)),
            );
        }
        Some(names)
    }

    /// The text where no bytes are read.
    pub fn text(&self) -> String {
        Value::Object(self.document.clone()).to_string()
    }

    /// Names the file at fault: the schema's if the plan's own text is, else none.
    #[must_use]
    pub fn blame(&self, failure: Error) -> Error {
        match (&self.schema, failure) {
            (Some(schema), Error::Data { path: None, fault }) if ["schema", "decimals"].contains(&fault.code.as_str()) => {
                fault.in_file(&schema.path)
            }
            (_, failure) => failure,
        }
    }

    /// Names the file at fault: the schema's if the plan's own text is, else `source`.
    #[must_use]
    pub fn blame_or(&self, failure: Error, source: &Source) -> Error {
        self.blame(failure).in_file(&source.path)
    }

    fn set(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.document.insert(key.to_owned(), value);
        }
    }
}

pub(crate) fn list(names: &Names) -> Value {
    json!(names.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Names;
    use crate::testing::Memory;

    fn names(names: &[&str]) -> Option<Names> {
        Some(Names(names.iter().map(|name| (*name).to_owned()).collect()))
    }

    #[test]
    fn no_flags_say_nothing() {
        let plan = Plan::new().missing(None).delimiter(DelimiterArg::default()).summing(&SumArgs::default()).fitting(&FitArgs::default());
        assert_eq!(plan.text(), "{}");
        assert_eq!(plan.text_for(Format::JsonLines), r#"{"format":"jsonl"}"#);
    }

    #[test]
    fn every_flag_says_its_key() {
        let files = Memory::of(&[("s.json", r#"{"target": {"column": "y"}}"#)]);
        let read = ReadArgs {
            missing: Some("drop".into()),
            delimiter: DelimiterArg { delimiter: Some(';') },
            schema: SchemaArg { schema: Some("s.json".into()) },
        };
        let sum = SumArgs { columns: names(&["a", "y"]), terms: names(&["a^2"]), no_distribution: true };
        let fit = FitArgs { target: Some("y".into()), features: names(&["a", "a^2"]), no_intercept: true, target_name: None };
        let plan = Plan::new().reading(&files, &read).unwrap().summing(&sum).fitting(&fit);
        let expected = r#"{"missing":"drop","schema":{"target":{"column":"y"}},"columns":["a","y"],"terms":["a^2"],"distribution":false,"target":"y","features":["a","a^2"],"intercept":false,"format":"csv","delimiter":";"}"#;
        assert_eq!(plan.text_for(Format::Csv), expected);
        assert_eq!(plan.schema_input().unwrap().path, "s.json");
    }

    #[test]
    fn a_name_of_the_target_is_a_schema_of_the_target() {
        let fit =
            FitArgs { target: Some("y".into()), target_name: Some("progression".into()), features: names(&["a"]), ..FitArgs::default() };
        let plan = Plan::new().fitting(&fit);
        let schema = r#"{"format":"samefit-schema/1","target":{"column":"y","name":"progression"}}"#;
        assert_eq!(plan.text(), format!(r#"{{"target":"y","schema":{schema},"features":["a"]}}"#));
        // no file of the user's is to blame for it
        assert!(plan.schema_input().is_none());
    }

    #[test]
    fn a_fault_of_the_schema_is_the_schemas() {
        let files = Memory::of(&[("s.json", "{}"), ("bad.json", "{")]);
        let schema = |path: &str| SchemaArg { schema: Some(path.into()) };
        let plan = Plan::new().schema(&files, &schema("s.json")).unwrap();
        let fault = |code: &str| Error::from(crate::error::InputError { code: code.into(), text: "x".into(), ..Default::default() });
        assert_eq!(plan.blame(fault("schema")).to_string(), "error: s.json: x");
        assert_eq!(plan.blame(fault("term")).to_string(), "error: x");
        let failure = Plan::new().schema(&files, &schema("bad.json")).unwrap_err();
        assert!(failure.to_string().starts_with("error: bad.json: the JSON is cut off"), "{failure}");
    }
}
