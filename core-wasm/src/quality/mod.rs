//! Judges a model by records that it was not trained on, compares two models, and turns tables into QC records.
//!
//! *Invariants*: the root mean squared residual is computed exactly from the records' moments and both parts of the coefficients, and rounded
//! once. So it does not depend on the order of the records, and it is that of the predictions before they are rounded. With weights w it is
//! `sqrt(sum w e^2 / sum w)`.

mod residual_form;

use self::residual_form::{ResidualForm, missing};
use crate::cell_format::CellFormat;
use crate::decimal::{Decimal, parse_if_number, ten_to};
use crate::error::{Code, Error, Result, list, shorten};
use crate::json;
use crate::level::{Level, is_word, level_of};
use crate::model::{CoefficientFactor, Model, Qc};
use crate::plan::{Missing, Plan, Selection};
use crate::ratio::Ratio;
use crate::sink::{ColumnUse, Record, Sink};
use crate::solve::plausible;
use crate::statistics::Statistics;
use crate::table::Reader;
use dashu_int::IBig;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeSet;

/// The format of a report.
pub const REPORT_FORMAT: &str = "samefit-report/1";

/// The outcome of quality control.
pub struct Verdict {
    /// The report.
    pub report: Report,
    /// The accepted model, with its `rmse`; `None` if the model was refused.
    pub model: Option<Model>,
}

/// The contents of `report.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    format: &'static str,
    /// Whether `rmse` is below `threshold`.
    pub accepted: bool,
    /// Root mean squared residual over the records, weighted if the model is, in units of the target.
    pub rmse: f64,
    /// The bound that `rmse` must be below, in units of the target.
    pub threshold: f64,
    rows: i64,
    /// The column of the weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    weights: Option<String>,
    target: String,
    mean_residual: f64,
    model_residual_sd: Option<f64>,
    text: String,
}

/// Judges a model by its exact root mean squared residual over records. `records`: statistics of the records, made with the model's plan.
///
/// # Errors
/// `threshold`, `no-rows`, `statistics-differ` if the weights are not the model's, `missing-term`, `unknown-level`, `impossible-statistics`,
/// `out-of-range`.
pub fn judge(model: &Model, records: &Statistics, threshold: f64) -> Result<Verdict> {
    if !(threshold > 0.0 && threshold.is_finite()) {
        return Err(Error::found(
            Code::Threshold,
            &threshold.to_string(),
            "a number above zero, in units of the target",
            "give another --threshold",
        ));
    }
    plausible::check_counts(records)?;
    if records.rows == 0 {
        return Err(Error::new(Code::NoRows, "there is no record to judge the model by", "give at least one QC record"));
    }
    check_weights(model, records)?;
    check_levels(model, records)?;
    let residual = ResidualForm::new(model, records)?;
    let mean_residual = per_weight(&residual.sum()?, &residual.divisor, records).to_f64();
    let squares = residual.sum_of_squares()?;
    if squares < Decimal::ZERO {
        return Err(Error::new(
            Code::ImpossibleStatistics,
            "no data can have these statistics: the residuals' sum of squares is below zero",
            "summarise the records again",
        ));
    }
    let rmse = per_weight(&squares, &(&residual.divisor * &residual.divisor), records).sqrt_to_f64();
    if !rmse.is_finite() || !mean_residual.is_finite() {
        return Err(Error::new(Code::OutOfRange, "the residuals are beyond what a 64-bit float can hold", "check the records' units"));
    }
    let accepted = rmse < threshold;
    let report = Report {
        format: REPORT_FORMAT,
        accepted,
        rmse,
        threshold,
        rows: records.rows,
        weights: model.weights.as_ref().map(|weights| weights.column.clone()),
        target: model.target_name().to_owned(),
        mean_residual,
        model_residual_sd: model.fit.residual_sd,
        text: verdict_text(accepted, rmse, threshold, records),
    };
    let model = accepted.then(|| Model { rmse: Some(rmse), qc: Some(Qc { rows: records.rows, threshold }), ..model.clone() });
    Ok(Verdict { report, model })
}

/// Refuses records that are weighted by another column than the model's training data, or only one of the two.
fn check_weights(model: &Model, records: &Statistics) -> Result<()> {
    let (ours, theirs) = (model.weights.as_ref().map(|w| &w.column), records.weights.as_ref().map(|w| &w.column));
    if ours == theirs {
        return Ok(());
    }
    let say =
        |column: Option<&String>| column.map_or_else(|| "no weights".to_owned(), |column| format!("the weights `{}`", shorten(column)));
    let sentence = format!("the model was trained with {}, the records have {}", say(ours), say(theirs));
    let mut error = Error::new(Code::StatisticsDiffer, sentence, "summarise the records with the model's plan");
    (error.found, error.expected) = (Some(say(theirs)), Some(say(ours)));
    Err(error)
}

/// Refuses records with levels that the model does not know.
fn check_levels(model: &Model, records: &Statistics) -> Result<()> {
    let help = "leave the records out, or train the model with such rows";
    for column in model.feature_columns() {
        let Some(levels) = &column.levels else { continue };
        let known: BTreeSet<&Level> = levels.iter().map(|one| &one.level).collect();
        let category = records.levels.category(&column.name).ok_or_else(|| missing(&column.name))?;
        if let Some(level) = records.levels.categories[category].levels.keys().find(|level| !known.contains(level)) {
            let expected = format!("a level that the training data have rows of: {}", list(known.iter().map(|level| level.text())));
            return Err(Error::found(Code::UnknownLevel, level.text(), &expected, help).in_column(&column.name));
        }
    }
    for cell in &model.empty_cells {
        let level = |factor: &CoefficientFactor| Some((records.levels.category(&factor.column)?, factor.level.clone()?));
        let levels = cell.iter().map(level).collect::<Option<Vec<_>>>().unwrap_or_default();
        if records.levels.has_rows_with(&levels) {
            let names = list(levels.iter().map(|(_, level)| level.text()));
            let sentence = format!(
                "a record has the levels {names} together, which no row of the training data has, and the model has a product of them"
            );
            let columns: Vec<&str> = cell.iter().map(|factor| factor.column.as_str()).collect();
            return Err(Error::new(Code::UnknownLevel, sentence, help).in_column(&columns.join("*")));
        }
    }
    Ok(())
}

/// Returns a sum over a divisor and the total weight of the records, which without weights is their number.
fn per_weight(sum: &Decimal, divisor: &IBig, records: &Statistics) -> Ratio {
    let Decimal { mantissa, scale } = records.moments.at(0, 0);
    Ratio::from(sum).times(&Ratio::new(mantissa * divisor, ten_to(*scale)).inverted())
}

fn verdict_text(accepted: bool, rmse: f64, threshold: f64, records: &Statistics) -> String {
    let (verdict, relation) = if accepted { ("accepted", "below") } else { ("refused", "not below") };
    let weighted = if records.weights.is_some() { "weighted " } else { "" };
    let count = if records.rows == 1 { "1 record".to_owned() } else { format!("{} records", records.rows) };
    let (rmse, threshold) = (json::number(rmse), json::number(threshold));
    format!("{verdict}: the {weighted}root mean squared residual over {count} is {rmse}, {relation} the threshold of {threshold}")
}

/// Returns the path and the two values of the first difference between two models; `None` if there is none. The entries that quality
/// control adds, `rmse` and `qc`, are not compared.
///
/// # Errors
/// Those of reading a model.
pub fn first_difference(model: &str, other: &str) -> Result<Option<String>> {
    let read = |text: &str| {
        Model::parse(text)?;
        json::parse::<Value>(text, Code::Model, "a model made by samefit")
    };
    let (mut left, mut right) = (read(model)?, read(other)?);
    for value in [&mut left, &mut right] {
        if let Value::Object(object) = value {
            object.retain(|key, _| key != "rmse" && key != "qc");
        }
    }
    Ok(difference("", &left, &right))
}

fn difference(path: &str, left: &Value, right: &Value) -> Option<String> {
    match (left, right) {
        (Value::Object(a), Value::Object(b)) => {
            let keys = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                difference(&path, a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null))
            })
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| difference(&format!("{path}[{i}]"), a, b))
        }
        _ if left == right => None,
        _ => Some(format!("{path}: {} and {}", crate::error::shorten(&json::line(left)), crate::error::shorten(&json::line(right)))),
    }
}

/// Turns a table into QC records: one JSON object a line, in row order.
pub struct RecordWriter {
    /// `None` after the end.
    reader: Option<Reader>,
    rows: RecordSink,
}

impl RecordWriter {
    /// Returns a writer for a plan with a target.
    ///
    /// # Errors
    /// `target`, and those of the plan's columns and terms.
    pub fn new(plan: Plan) -> Result<Self> {
        plan.needed_target()?;
        let selection = plan.selection()?;
        Ok(Self {
            reader: Some(Reader::new(&plan)),
            rows: RecordSink { format: plan.cell_format(), plan, selection, columns: Vec::new(), out: Vec::new() },
        })
    }

    /// Reads the next bytes of the table. Returns the records that are complete.
    ///
    /// # Errors
    /// Those of the table, and of a row with a missing value or a text in a column that is needed.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        self.reader.as_mut().ok_or_else(crate::error::spent)?.push(chunk, &mut self.rows)?;
        Ok(std::mem::take(&mut self.rows.out))
    }

    /// Ends the table. Returns the rest of the records.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub fn finish(&mut self) -> Result<Vec<u8>> {
        self.reader.take().ok_or_else(crate::error::spent)?.finish(&mut self.rows)?;
        Ok(std::mem::take(&mut self.rows.out))
    }
}

/// Writes rows as QC records.
struct RecordSink {
    format: CellFormat,
    plan: Plan,
    selection: Selection,
    /// Index in the table and name of each column that is written.
    columns: Vec<(usize, String)>,
    out: Vec<u8>,
}

impl RecordSink {
    /// Returns whether a cell is a level: of a category, or a word in a column that may be one.
    fn is_category(&self, name: &str, cell: &[u8]) -> bool {
        self.plan.is_category(name) || self.selection.is_undecided(name) && is_word(&String::from_utf8_lossy(cell))
    }
}

/// Returns the cell of a category as JSON: a number if that says the same text, else a text.
fn level_value(cell: &[u8]) -> Result<String> {
    let level = level_of(cell)?;
    let text = level.as_ref().map_or("", Level::text);
    let number = parse_if_number(cell).map(|value| value.to_string()).filter(|number| *number == text);
    Ok(number.unwrap_or_else(|| Value::from(text).to_string()))
}

impl Sink for RecordSink {
    fn header(&mut self, names: &[String]) -> Result<()> {
        let mut places = self.selection.resolve(names)?;
        places.extend(self.selection.resolve_weights(names)?.filter(|place| !places.contains(place)));
        self.columns = places.into_iter().map(|place| (place, names[place].clone())).collect();
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        let target = self.plan.needed_target()?;
        let (mut variables, mut outcome) = (Vec::new(), String::new());
        for (place, name) in &self.columns {
            let cell = record.cell(*place);
            if self.format.is_missing(cell) {
                return match self.plan.missing {
                    Missing::Drop => Ok(()),
                    Missing::Error => Err(Error::new(
                        Code::MissingValues,
                        "there is no value",
                        "fill in the value, or leave such rows out with --missing drop",
                    )
                    .in_column(name)),
                };
            }
            let read =
                if self.is_category(name, cell) { level_value(cell) } else { self.format.parse(cell).map(|value| value.to_string()) };
            let value = read.map_err(|error| error.in_column(name))?;
            if name == target {
                outcome = value;
            } else {
                variables.push(format!("{{\"name\": {}, \"value\": {value}}}", Value::from(name.as_str())));
            }
        }
        let line = format!("{{\"independent_variables\": [{}], \"dependent_variable\": {outcome}}}\n", variables.join(", "));
        self.out.extend_from_slice(line.as_bytes());
        Ok(())
    }

    fn wants(&self) -> Vec<String> {
        self.selection.wanted()
    }

    fn uses(&self, columns: usize) -> Vec<ColumnUse> {
        let mut uses = vec![ColumnUse::Unread; columns];
        self.columns.iter().for_each(|(place, _)| uses[*place] = ColumnUse::Scalar);
        uses
    }

    fn target(&self) -> &str {
        self.plan.target().unwrap_or("dependent_variable")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::fit;
    use crate::summarizer::Summarizer;

    /// Coefficients of 1e14 that cancel: with one f64 each, the residuals would be 0.1 off.
    #[test]
    fn both_parts_of_coefficients_are_judged() {
        let plan = Plan { target: Some("load".to_owned()), ..Plan::default() };
        let mut summarizer = Summarizer::new(plan.clone()).unwrap();
        summarizer.push(include_bytes!("../../../data/collinear/weather.csv")).unwrap();
        let statistics = summarizer.finish().unwrap();
        let model = fit(&statistics, &plan).unwrap();
        let report = judge(&model, &statistics, 0.3).unwrap().report;
        // on the training rows: the root of rss over rows, where rss belongs to the exact coefficients
        let want = (model.fit.rss / 12.0).sqrt();
        assert!((report.rmse / want - 1.0).abs() < 1e-12, "{} {want}", report.rmse);
        assert!(report.mean_residual.abs() < 1e-12);

        let zero = |c: &crate::model::ModelCoefficient| crate::model::ModelCoefficient { remainder: 0.0, ..c.clone() };
        let coefficients = model.coefficients.iter().map(zero).collect();
        let one_part = Model { intercept_remainder: 0.0, coefficients, ..model.clone() };
        assert!((judge(&one_part, &statistics, 0.3).unwrap().report.rmse - want).abs() > 1e-4);
    }
}
