//! `--by` of `train` and `summarize`: statistics, and a model, for each group of rows, in a folder of its own, and `groups.csv`, which lists them.
//!
//! *Invariants*: the files of a group are those that the verb writes for a table of its rows alone without the column of the groups, except
//! that all rows decide which columns count. A group without a model stops no other, and no model of an earlier run stays in its folder.

use serde_json::{Map, Value, json};

use crate::args::{JsonArg, Shown};
use crate::code::Code;
use crate::error::{Error, InputError, Result};
use crate::output::described_model::{DescribedModel, notes_of};
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::output::provenance;
use crate::plan::Plan;
use crate::ports::digest::InputFile;
use crate::source::Source;
use crate::stage::Stage;
use crate::text::json;
use crate::text::numbers::{counted, shown};
use crate::text::paths::{extension, join};
use crate::text::table::table;
use crate::work::finish::GroupStatistics;
use crate::work::summing;
use crate::work::summing::GroupSum;

/// Longest name of a file or folder on common systems, in bytes.
const NAME_BYTES_MAX: usize = 255;
/// Groups without a model that the error names.
const NAMED_MAX: usize = 10;

/// Sums the data and fits a model for each group. `read_before`: the files as a first pass over the data found them.
pub(super) fn train(
    stage: &mut Stage<'_>,
    plan: &Plan,
    sources: &[Source],
    read_before: &[InputFile],
    out: &str,
    shown: Shown,
) -> Result<()> {
    let sum = summing::sum_groups(stage, plan, sources)?;
    summing::check_unchanged(read_before, &sum.inputs)?;
    let provenance = provenance::text(stage, &sum.inputs, plan.get("knots"))?;
    let (out, mut outputs) = begin(stage, &sum, sources, out)?;
    let mut groups = Vec::with_capacity(sum.groups.len());
    for group in &sum.groups {
        let mut listed = Listed::new(group).map_err(|error| error.in_file(&sum.name))?;
        outputs.put(&join(&out, &listed.statistics_path()), &group.statistics)?;
        let model_path = join(&out, &listed.model_path());
        match fit(stage, plan, &group.statistics, shown) {
            Ok((text, notes, described)) => {
                outputs.put(&model_path, text)?;
                let name = samefit_text::name(&group.group);
                let note = |note: &InputError| format!("note: {}: group `{name}`: {note}", samefit_text::line(&sum.name));
                notes.iter().for_each(|of_model| stage.report.note(&note(of_model)));
                listed.outcome = Some(Ok(described.summary().clone()));
            }
            Err(Error::Data { path: None, fault }) => {
                outputs.remove(&model_path)?;
                listed.outcome = Some(Err(fault));
            }
            Err(error) => return Err(error.in_file(&sum.name)),
        }
        groups.push(listed);
    }
    outputs.put(&join(&out, "provenance.json"), provenance)?;
    end(stage, outputs, &out, &groups, shown.json)?;
    failure(&groups, &out).map_or(Ok(()), |failure| Err(failure.in_file(&sum.name)))
}

/// Sums the data of each group.
pub(super) fn summarize(stage: &mut Stage<'_>, plan: &Plan, sources: &[Source], out: &str, json: JsonArg) -> Result<()> {
    if extension(out) == "json" {
        let sentence = format!("`{}` is the name of a file, and --by writes a folder for each group", samefit_text::line(out));
        return Err(Error::usage(sentence, "give --out a folder"));
    }
    let sum = summing::sum_groups(stage, plan, sources)?;
    let (out, mut outputs) = begin(stage, &sum, sources, out)?;
    let groups = sum.groups.iter().map(Listed::new).collect::<Result<Vec<_>>>().map_err(|error| error.in_file(&sum.name))?;
    for (group, listed) in sum.groups.iter().zip(&groups) {
        outputs.put(&join(&out, &listed.statistics_path()), &group.statistics)?;
    }
    end(stage, outputs, &out, &groups, json)
}

/// Begins to write. Returns the folder for all groups.
fn begin<'a>(stage: &Stage<'a>, sum: &GroupSum, sources: &[Source], out: &str) -> Result<(String, Outputs<'a>)> {
    let out = outputs::folder(stage.files, outputs::expand(out, sources)?)?;
    Ok((out, Outputs::new(stage.files, sum.inputs.iter().map(|input| input.path.as_str()))))
}

/// Writes `groups.csv`, puts all files in their places, and reports the groups.
fn end(stage: &mut Stage<'_>, mut outputs: Outputs<'_>, out: &str, groups: &[Listed], json: JsonArg) -> Result<()> {
    let list = join(out, "groups.csv");
    outputs.put(&list, csv(groups))?;
    outputs.commit()?;
    stage.show(json.json, &text(groups), &json::document(&json!({"groups": groups.iter().map(Listed::document).collect::<Vec<_>>()})))?;
    let models = groups.iter().filter(|group| matches!(group.outcome, Some(Ok(_)))).count() as u64;
    let models =
        if groups.iter().any(|group| group.outcome.is_some()) { format!(" and {}", counted(models, "model")) } else { String::new() };
    let line = format!("wrote {} and the statistics{models} of {}", samefit_text::line(&list), counted(groups.len() as u64, "group"));
    stage.report.say(&line);
    Ok(())
}

/// Fits a model. Returns its text, the notes on it, and its description.
fn fit(stage: &Stage<'_>, plan: &Plan, statistics: &str, shown: Shown) -> Result<(String, Vec<InputError>, DescribedModel)> {
    let text = stage.engine.fit(statistics, &plan.text()).map_err(|error| plan.blame(error))?;
    let model = stage.engine.model(&text)?;
    let described = DescribedModel::new(&*model, &text, shown.level)?;
    Ok((text, notes_of(&*model)?, described))
}

/// A group as `groups.csv` lists it.
struct Listed {
    group: String,
    /// Name of its folder.
    folder: String,
    rows: String,
    dropped: String,
    /// The summary of its model, or why it has none; none if no model was asked for.
    outcome: Option<Result<Value, InputError>>,
}

impl Listed {
    fn new(group: &GroupStatistics) -> Result<Self> {
        let statistics = json::parse_ours(&group.statistics)?;
        let count = |key: &str| statistics[key].as_str().unwrap_or("0").to_owned();
        Ok(Self {
            group: group.group.clone(),
            folder: folder_name(&group.group)?,
            rows: count("rows"),
            dropped: count("dropped"),
            outcome: None,
        })
    }

    fn statistics_path(&self) -> String {
        join(&self.folder, "statistics.json")
    }

    fn model_path(&self) -> String {
        join(&self.folder, "model.json")
    }

    /// The cells of `groups.csv` by column, in order.
    fn cells(&self) -> Vec<(&'static str, String)> {
        let mut cells = vec![
            ("group", self.group.clone()),
            ("statistics", self.statistics_path()),
            ("rows", self.rows.clone()),
            ("dropped", self.dropped.clone()),
        ];
        let number = |summary: &Value, key: &str| if summary[key].is_null() { String::new() } else { summary[key].to_string() };
        cells.extend(match &self.outcome {
            None => Vec::new(),
            Some(Ok(summary)) => vec![
                ("status", "fitted".to_owned()),
                ("model", self.model_path()),
                ("r_squared", number(summary, "r_squared")),
                ("residual_sd", number(summary, "residual_sd")),
                ("message", String::new()),
                ("help", String::new()),
            ],
            Some(Err(fault)) => {
                let column = fault.column.as_deref().map(|column| format!("column `{column}`: ")).unwrap_or_default();
                vec![
                    ("status", fault.code.as_str().to_owned()),
                    ("model", String::new()),
                    ("r_squared", String::new()),
                    ("residual_sd", String::new()),
                    ("message", format!("{column}{}", fault.message.sentence)),
                    ("help", fault.message.help.clone().unwrap_or_default()),
                ]
            }
        });
        cells
    }

    /// The group as `--json` shows it.
    fn document(&self) -> Value {
        let mut document = Map::new();
        document.insert("group".to_owned(), json!(self.group));
        document.insert("statistics".to_owned(), json!(self.statistics_path()));
        document.insert("rows".to_owned(), json!(self.rows.parse::<i64>().ok()));
        document.insert("dropped".to_owned(), json!(self.dropped.parse::<i64>().ok()));
        match &self.outcome {
            None => {}
            Some(Ok(summary)) => {
                document.insert("status".to_owned(), json!("fitted"));
                document.insert("model".to_owned(), json!(self.model_path()));
                document.insert("r_squared".to_owned(), summary["r_squared"].clone());
                document.insert("residual_sd".to_owned(), summary["residual_sd"].clone());
            }
            Some(Err(fault)) => {
                document.insert("status".to_owned(), json!(fault.code));
                document.insert("error".to_owned(), json!(fault));
            }
        }
        Value::Object(document)
    }
}

/// Returns the text of `groups.csv`.
fn csv(groups: &[Listed]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, group) in groups.iter().enumerate() {
        let (names, cells): (Vec<_>, Vec<_>) = group.cells().into_iter().unzip();
        if at == 0 {
            samefit_formats::csv::push_record(&mut out, names);
        }
        samefit_formats::csv::push_record(&mut out, cells);
    }
    out
}

/// Returns the table that a person sees.
fn text(groups: &[Listed]) -> String {
    let is_fitted = groups.iter().any(|group| group.outcome.is_some());
    if !is_fitted {
        let rows = groups.iter().map(|group| [group.group.clone(), group.rows.clone()]);
        return table(&std::iter::once(["group", "rows"].map(str::to_owned)).chain(rows).collect::<Vec<_>>());
    }
    let row = |group: &Listed| {
        let number = |key: &str| match &group.outcome {
            Some(Ok(summary)) => shown(&summary[key]),
            _ => "-".to_owned(),
        };
        let status = match &group.outcome {
            Some(Err(fault)) => fault.code.as_str(),
            _ => "fitted",
        };
        [group.group.clone(), group.rows.clone(), number("r_squared"), number("residual_sd"), status.to_owned()]
    };
    let head = ["group", "rows", "R2", "residual sd", "status"].map(str::to_owned);
    table(&std::iter::once(head).chain(groups.iter().map(row)).collect::<Vec<_>>())
}

/// Returns the error that names the groups without a model; none if all have one. Its code is that of the first.
fn failure(groups: &[Listed], out: &str) -> Option<InputError> {
    let failed: Vec<(&str, &InputError)> =
        groups.iter().filter_map(|group| Some((group.group.as_str(), group.outcome.as_ref()?.as_ref().err()?))).collect();
    let (_, first) = failed.first()?;
    let mut names: Vec<String> = failed.iter().take(NAMED_MAX).map(|(group, _)| format!("`{}`", samefit_text::name(group))).collect();
    if failed.len() > NAMED_MAX {
        names.push(format!("and {} more", failed.len() - NAMED_MAX));
    }
    let have = if failed.len() == 1 { "has" } else { "have" };
    let sentence = format!("{} of {} {have} no model: {}", failed.len(), counted(groups.len() as u64, "group"), names.join(", "));
    let list = samefit_text::line(&join(out, "groups.csv")).into_owned();
    Some(InputError::new(first.code.clone(), sentence, format!("`{list}` says why; the other groups have their models")))
}

/// Returns the name of the folder of a group: its bytes, percent-encoded outside `[A-Za-z0-9_-]`.
///
/// # Errors
/// `capacity` if the name is longer than systems allow.
fn folder_name(group: &str) -> Result<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let encoded = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    let name: String = group.bytes().map(encoded).collect();
    if name.len() <= NAME_BYTES_MAX {
        return Ok(name);
    }
    let sentence = format!("the group `{}` is too long for the name of a folder", samefit_text::name(group));
    Err(InputError::new(Code::Capacity, sentence, "give the groups shorter names, or divide the rows by another column").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_have_names_that_every_system_allows() {
        assert_eq!(folder_name("north_1-A").unwrap(), "north_1-A");
        assert_eq!(folder_name("Côte d'Or/2.5 %").unwrap(), "C%C3%B4te%20d%27Or%2F2%2E5%20%25");
        assert_eq!(folder_name("..").unwrap(), "%2E%2E");
        assert_eq!(folder_name(&"é".repeat(43)).unwrap_err().exit_code(), 3);
    }

    #[test]
    fn the_list_has_a_line_for_each_group() {
        let group = |group: &str, outcome| Listed {
            group: group.to_owned(),
            folder: folder_name(group).unwrap(),
            rows: "7".to_owned(),
            dropped: "0".to_owned(),
            outcome,
        };
        let fault = InputError::new(Code::Capacity, "too, much", "take less").in_column("x");
        let groups = [group("a b", Some(Ok(json!({"r_squared": 0.5, "residual_sd": null})))), group("c", Some(Err(fault)))];
        let text = String::from_utf8(csv(&groups)).unwrap();
        let expected = "group,statistics,rows,dropped,status,model,r_squared,residual_sd,message,help\n\
            a b,a%20b/statistics.json,7,0,fitted,a%20b/model.json,0.5,,,\n\
            c,c/statistics.json,7,0,capacity,,,,\"column `x`: too, much\",take less\n";
        assert_eq!(text, expected);
        let failure = failure(&groups, "out").unwrap().to_string();
        assert!(failure.starts_with("1 of 2 groups has no model: `c`\nhelp: `out/groups.csv` says why"), "{failure}");
        assert_eq!(groups[1].document()["error"]["column"], "x");
    }
}
