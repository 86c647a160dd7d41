//! In which format predictions are written, and what the engine and the host each do for it.

use serde_json::Value;

use crate::plan::Plan;
use crate::ports::columns::ColumnKind;
use crate::source::{Format, Source};
use crate::text::paths::{extension, without_compression, without_extension};

/// The format of predictions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PredictionFormat {
    /// A table with a header.
    Csv,
    /// One object on each line.
    JsonLines,
    /// One object in a file.
    Json,
    /// A file of columns.
    Columns(ColumnKind),
}

impl PredictionFormat {
    /// Returns the format that a command line calls so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "csv" => Some(Self::Csv),
            "jsonl" => Some(Self::JsonLines),
            "parquet" => Some(Self::Columns(ColumnKind::Parquet)),
            "arrow" => Some(Self::Columns(ColumnKind::Arrow)),
            _ => None,
        }
    }

    /// Returns the format of the predictions of a file: `to`, or that of the file.
    pub(crate) fn of(to: Option<Self>, source: &Source) -> Self {
        to.unwrap_or(match source.format {
            Format::Csv | Format::Tsv | Format::Workbook => Self::Csv,
            Format::JsonLines => Self::JsonLines,
            Format::Json => Self::Json,
            Format::Parquet => Self::Columns(ColumnKind::Parquet),
            Format::Arrow => Self::Columns(ColumnKind::Arrow),
        })
    }

    /// Returns the kind of file that the host makes of the engine's rows; none if the engine writes the format itself.
    pub(crate) fn columns(self) -> Option<ColumnKind> {
        if let Self::Columns(kind) = self { Some(kind) } else { None }
    }

    /// Whether the columns of the input come from its file, with their types, and not from the engine's rows.
    pub(crate) fn takes_columns_of(self, source: &Source, with_input: bool) -> bool {
        with_input && self.columns().is_some() && source.format.holds_columns()
    }

    /// Returns the plan with which the engine predicts a file. `to`: the format that is asked for.
    pub(crate) fn plan_for(to: Option<Self>, plan: &Plan, source: &Source) -> String {
        let format = Self::of(to, source);
        let of_engine = match (format, source.format.of_bytes()) {
            (Self::Csv | Self::Columns(_), Format::JsonLines | Format::Json) => Some("csv"),
            // without it, an array of records becomes an array
            (Self::JsonLines, _) => to.map(|_| "jsonl"),
            _ => None,
        };
        let plan = plan.clone().with("to", of_engine.map(Value::from));
        let has_input = plan.get("with_input").is_some();
        let plan = if format.takes_columns_of(source, has_input) { plan.without("with_input") } else { plan };
        plan.text_for(source.format)
    }

    /// Returns the name of the file of predictions: that of the input where its extension is that of the format, else with another extension.
    pub(crate) fn name_for(to: Option<Self>, source: &Source) -> String {
        let format = Self::of(to, source);
        let own = extension(&source.below);
        let (fits, default): (&[&str], &str) = match format {
            Self::Csv => (&["csv"], "csv"),
            Self::JsonLines => (&["jsonl", "ndjson"], "jsonl"),
            Self::Json => (&["json"], "json"),
            Self::Columns(ColumnKind::Parquet) => (&["parquet"], "parquet"),
            Self::Columns(ColumnKind::Arrow) => (&["arrow", "feather"], "arrow"),
        };
        // the name of an input whose bytes go to the engine as they are says what they are
        let is_own = to.is_none() && source.format.of_bytes() == source.format;
        let keeps = is_own || fits.contains(&own.as_str());
        match keeps {
            true => without_compression(&source.below).to_owned(),
            false => format!("{}.{default}", without_extension(&source.below)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::files::Kind;

    fn source(below: &str, format: Format) -> Source {
        Source::new(below, below, format, Kind::File)
    }

    #[test]
    fn a_file_of_predictions_is_called_as_its_input() {
        let name = |below: &str, format: Format, to: Option<&str>| {
            let source = source(below, format);
            PredictionFormat::name_for(to.and_then(PredictionFormat::named), &source)
        };
        assert_eq!(name("a/b.csv.gz", Format::Csv, None), "a/b.csv");
        assert_eq!(name("b.ndjson", Format::JsonLines, None), "b.ndjson");
        assert_eq!(name("data.txt", Format::Csv, None), "data.txt");
        assert_eq!(name("b.tsv.gz", Format::Tsv, None), "b.csv");
        assert_eq!(name("b.xlsx", Format::Workbook, None), "b.csv");
        assert_eq!(name("array.json", Format::JsonLines, None), "array.json");
        assert_eq!(name("array.json", Format::JsonLines, Some("jsonl")), "array.jsonl");
        assert_eq!(name("b.parquet", Format::Parquet, None), "b.parquet");
        assert_eq!(name("b.arrows", Format::Arrow, None), "b.arrow");
        assert_eq!(name("b.parquet", Format::Parquet, Some("csv")), "b.csv");
        assert_eq!(name("b.csv.gz", Format::Csv, Some("parquet")), "b.parquet");
        assert_eq!(name("1.json", Format::Json, Some("jsonl")), "1.jsonl");
    }

    #[test]
    fn the_engine_writes_text_and_the_host_columns() {
        let plan = |format: Format, to: &str| {
            let plan = Plan::new().with("with_input", Some(Value::Bool(true)));
            PredictionFormat::plan_for(PredictionFormat::named(to), &plan, &source("a", format))
        };
        assert_eq!(plan(Format::Csv, "csv"), r#"{"with_input":true,"format":"csv"}"#);
        assert_eq!(plan(Format::Csv, "jsonl"), r#"{"with_input":true,"to":"jsonl","format":"csv"}"#);
        assert_eq!(plan(Format::JsonLines, "jsonl"), r#"{"with_input":true,"to":"jsonl","format":"jsonl"}"#);
        assert_eq!(plan(Format::Csv, "arrow"), r#"{"with_input":true,"format":"csv"}"#);
        assert_eq!(plan(Format::JsonLines, "parquet"), r#"{"with_input":true,"to":"csv","format":"jsonl"}"#);
        assert_eq!(plan(Format::Parquet, "parquet"), r#"{"format":"csv"}"#);
        assert_eq!(plan(Format::Parquet, "jsonl"), r#"{"with_input":true,"to":"jsonl","format":"csv"}"#);
    }
}
