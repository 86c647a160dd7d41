//! `profile`: describes each column of a table.
//!
//! *Limits*: the table is streamed, so memory does not grow with its rows.

use clap::Args;
use samefit_render::pages;
use samefit_text::line;
use serde_json::Value;

use crate::args::{DialectArgs, SchemaArg, SheetArg};
use crate::error::{Error, InputError, Result};
use crate::input::selected_columns::is_data;
use crate::input::sources;
use crate::input::sources::Wanted;
use crate::input::{column_csv, reading};
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::plan::Plan;
use crate::ports::columns::ValueForm;
use crate::ports::engine::Stream;
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::text::json;
use crate::text::numbers::{counted, shown, within};
use crate::text::table::table;
use crate::work::record_files::push_record;

/// Flags of `profile`.
#[derive(Args, Clone, Debug)]
pub struct ProfileArgs {
    /// Table (.csv, .tsv, .jsonl, each also .gz or .zst; .parquet, .arrow, .arrows, .feather), a folder with it, or a folder of .json files with one record each
    #[arg(value_name = "DATA")]
    pub data: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub schema: SchemaArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub dialect: DialectArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sheet: SheetArg,
    /// Write the profile as an HTML page with charts to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<String>,
    /// Write the profile as JSON to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<String>,
}

/// A profile and what it was made of.
pub struct Profile {
    /// Text of the profile document.
    pub text: String,
    /// The files that were read, the schema too. None of them may be overwritten.
    pub paths: Vec<String>,
}

/// Describes the columns on stdout, and as JSON and HTML in files.
pub fn run(stage: &mut Stage<'_>, args: &ProfileArgs) -> Result<()> {
    let profile = profile(stage, args)?;
    let mut outputs = Outputs::new(stage.files, profile.paths.iter().map(String::as_str));
    if let Some(path) = &args.json {
        outputs.put(&outputs::file(stage.files, path.clone())?, &profile.text)?;
    }
    let document = json::parse_ours(&profile.text)?;
    if let Some(path) = &args.html {
        outputs.put(&outputs::file(stage.files, path.clone())?, pages::profile(&document, &args.data))?;
    }
    let written = outputs.commit()?;
    notes(&document, &args.data).iter().for_each(|note| stage.report.note(note));
    stage.report.print(&(described(&document) + "\n"))?;
    stage.say_written(&written);
    Ok(())
}

/// Reads the table and returns its profile.
pub fn profile(stage: &mut Stage<'_>, args: &ProfileArgs) -> Result<Profile> {
    let plan = Plan::new().dialect(&args.dialect).schema(stage.files, &args.schema)?;
    stage.use_sheet(&args.sheet);
    let sources = sources::find(stage, std::slice::from_ref(&args.data), args.json.as_deref(), Wanted::Data)?;
    let text = if sources.iter().all(|source| source.format == Format::Json) {
        records(stage, &plan, &sources)?
    } else {
        table_of(stage, &plan, only_source(&args.data, &sources)?)?
    };
    let schema = plan.schema_input().map(|input| input.path.clone());
    Ok(Profile { text, paths: sources.into_iter().map(|source| source.path).chain(schema).collect() })
}

fn only_source<'a>(path: &str, sources: &'a [Source]) -> Result<&'a Source> {
    match sources {
        [source] => Ok(source),
        more => {
            let sentence = format!("`{}` holds {} data files, and a profile describes one table", line(path), more.len());
            Err(Error::usage(sentence, "name the file"))
        }
    }
}

fn table_of(stage: &mut Stage<'_>, plan: &Plan, source: &Source) -> Result<String> {
    let blame = |error| plan.blame_or(error, source);
    let mut stream = stage.engine.profiler(&plan.text_for(source.format)).map_err(blame)?;
    let mut progress = stage.begin_progress(&[source]);
    progress.file = 1;
    if source.format.holds_columns() {
        column_csv::left_out(stage.files, source, is_data)?.iter().for_each(|note| stage.report.note(note));
        column_csv::each_chunk(
            stage.files,
            source,
            |field| is_data(field).then_some(ValueForm::Data),
            |chunk| stream.push(chunk).map(drop).map_err(blame),
        )?;
    } else {
        reading::each_chunk_at(stage.files, source, |chunk, bytes| {
            progress.bytes = bytes;
            stage.report.progress(&progress);
            stream.push(chunk).map(drop).map_err(blame)
        })?;
    }
    finish(stream.as_mut()).map_err(blame)
}

/// Profiles files with one record each as one table.
fn records(stage: &mut Stage<'_>, plan: &Plan, sources: &[Source]) -> Result<String> {
    let mut stream = stage.engine.profiler(&plan.text_for(Format::JsonLines)).map_err(|error| plan.blame(error))?;
    let mut flat = Vec::new();
    for source in sources {
        push_record(stage.files, source, stream.as_mut(), &mut flat).map_err(|error| without_row(error).in_file(&source.path))?;
    }
    finish(stream.as_mut())
}

/// Removes the row from an error, because each file is one row.
fn without_row(error: Error) -> Error {
    match error {
        Error::Data { path, fault } => Error::Data { path, fault: InputError { row: None, ..fault } },
        other => other,
    }
}

fn finish(stream: &mut dyn Stream) -> Result<String> {
    String::from_utf8(stream.finish()?).map_err(|_| Error::Trap("a profile that is not UTF-8".to_owned()))
}

/// Returns what the user should know about the table with this path.
fn notes(profile: &Value, path: &str) -> Vec<String> {
    let notes = profile["notes"].as_array().into_iter().flatten().filter_map(|note| note["text"].as_str());
    notes.map(|text| format!("note: {}: {text}", line(path))).collect()
}

/// Describes a profile for people.
fn described(profile: &Value) -> String {
    let columns: Vec<&Value> = profile["columns"].as_array().into_iter().flatten().collect();
    let head = ["", "kind", "values", "missing", "min", "25 %", "median", "75 %", "max", "mean", "sd"].map(str::to_owned);
    let rows: Vec<[String; 11]> = std::iter::once(head).chain((1..).zip(&columns).map(|(place, column)| row(column, place))).collect();
    let count = |key: &str| profile[key].as_u64().unwrap_or_default();
    let mut lines =
        vec![format!("{} of {}", counted(count("rows"), "row"), counted(columns.len() as u64, "column")), String::new(), table(&rows)];
    let remarks: Vec<String> = columns.iter().flat_map(|column| remarks(column)).chain(absent(profile)).collect();
    if !remarks.is_empty() {
        lines.push(String::new());
        lines.extend(remarks);
    }
    lines.join("\n")
}

/// `place`: which column it is, from 1 on.
fn row(column: &Value, place: usize) -> [String; 11] {
    let quantile = |share: f64| {
        let found = column["quantiles"].as_array().into_iter().flatten().find(|quantile| quantile["share"].as_f64() == Some(share));
        found.map_or_else(|| "-".to_owned(), |quantile| within(&quantile["value"], &quantile["error"]))
    };
    let text = |key: &str| column[key].as_str().unwrap_or("?").to_owned();
    let number = |key: &str| shown(&column[key]);
    let values = column["numbers"].as_u64().unwrap_or_default() + column["text"].as_u64().unwrap_or_default();
    let name = match text("name") {
        name if name.is_empty() => format!("(column {place})"),
        name => name,
    };
    [
        name,
        text("kind"),
        values.to_string(),
        number("missing"),
        number("min"),
        quantile(0.25),
        quantile(0.5),
        quantile(0.75),
        number("max"),
        number("mean"),
        number("sd"),
    ]
}

/// Describes what the table of numbers does not show.
fn remarks(column: &Value) -> Vec<String> {
    let name = samefit_text::name(column["name"].as_str().unwrap_or("?"));
    let count = |value: &Value| value.as_u64().filter(|count| *count > 0);
    let text = count(&column["text"]).filter(|_| column["kind"] == "mixed");
    let text = text.map(|count| {
        format!(
            "{name}: {} of text, the first `{}`",
            counted(count, "cell"),
            samefit_text::name(column["first_text"].as_str().unwrap_or("?"))
        )
    });
    let outside =
        |key: &str, what: &str| count(&column["outside"][key]).map(|count| format!("{name}: {} {what}", counted(count, "number")));
    let outside = [
        outside("below", "below the plausible range in the schema"),
        outside("above", "above the plausible range in the schema"),
        outside("other", "that the schema does not list"),
    ];
    text.into_iter().chain(outside.into_iter().flatten()).collect()
}

fn absent(profile: &Value) -> Option<String> {
    let names = profile["missing_columns"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let names: Vec<_> = names.map(samefit_text::name).collect();
    (!names.is_empty()).then(|| format!("not in the data, though the schema describes them: {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_profile_is_described_as_a_table_with_remarks() {
        let quantiles = json!([{"share": 0.25, "value": 1.0, "error": 0.0}, {"share": 0.5, "value": 23.125, "error": 0.125}]);
        let document = json!({
            "rows": 3, "missing_columns": ["y"],
            "columns": [
                {"name": "x", "kind": "mixed", "numbers": 2, "text": 1, "first_text": "abc", "missing": 0, "mean": 1.5, "sd": 0.5,
                 "min": 1.0, "max": 2.0, "quantiles": quantiles, "outside": {"below": 0, "above": 1, "other": 0}},
                {"name": "note", "kind": "text", "numbers": 0, "text": 2, "first_text": "a", "missing": 1, "mean": null, "sd": null,
                 "min": null, "max": null, "quantiles": [], "outside": null},
            ],
        });
        let expected = "\
3 rows of 2 columns

       kind  values  missing  min  25 %  median  75 %  max  mean   sd
x     mixed       3        0    1     1    23.1     -    2   1.5  0.5
note   text       2        1    -     -       -     -    -     -    -

x: 1 cell of text, the first `abc`
x: 1 number above the plausible range in the schema
not in the data, though the schema describes them: y";
        assert_eq!(described(&document), expected);
        let unnamed = json!({"rows": 0, "notes": [{"text": "a header of numbers"}], "columns": [{"name": "", "kind": "empty"}]});
        assert!(described(&unnamed).contains("(column 1)  empty"));
        assert_eq!(notes(&unnamed, "a.csv"), ["note: a.csv: a header of numbers"]);
    }
}
