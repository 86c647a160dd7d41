//! A model and one record to everything that a person should see of the prediction.
//!
//! *Method*: the leverage of a record is a measure of its distance from the training data: `h = 1/n + D2 / (n - 1)`, where D2 is the squared
//! Mahalanobis distance with the means and covariances of the training data. A record is unlike the training data if h is above 3 p / n,
//! three times the mean leverage of the training data. D. C. Hoaglin and R. E. Welsch (The American Statistician 32, 1978) and
//! D. A. Belsley, E. Kuh and R. E. Welsch (Regression Diagnostics, 1980) look at training rows above 2 p / n; 3 p / n is the customary
//! bound for predictions (A. Tropsha, P. Gramatica and V. K. Gombar, QSAR & Combinatorial Science 22, 2003).
//!
//! If records are normally distributed, `D2 n (n - k) / ((n^2 - 1) k)` of a new record has the F distribution with k and n - k degrees of
//! freedom, where k is the number of features (T. W. Anderson, An Introduction to Multivariate Statistical Analysis, 5.2).
//!
//! With weights of sum W, h is that of a record of weight 1: `h = 1/W + n / (n - 1) D2 / W` with weighted means and covariances, whose mean,
//! weighted too, is p / W. So W stands for n in the bound.

use crate::decimal::{Decimal, trim};
use crate::error::{Code, Error, Result, list};
use crate::fisher::upper_tail;
use crate::json;
use crate::model::Model;
use crate::predict::{Predictor, Warning, WarningCode, interval_json};
use crate::records::parse_object;
use crate::statistics::{distribution_from_json, exact_decimal};
use crate::terms::Term;
use crate::two_part::TwoPartF64;
use serde_json::{Value, json};

/// A record is unlike the training data above this many times their mean leverage.
const UNLIKE_FROM: f64 = 3.0;
const RULE: &str = "3 p / n";
const WEIGHTED_RULE: &str = "3 p / W";
const SOURCE: &str =
    "Hoaglin and Welsch, The American Statistician 32 (1978); Tropsha, Gramatica and Gombar, QSAR & Combinatorial Science 22 (2003)";

impl Predictor {
    /// Explains the prediction for one record (Explanation in `docs/formats.md`).
    ///
    /// # Errors
    /// Those of [`Self::predict_record`].
    pub fn explain(&self, attributes: &[u8]) -> Result<Value> {
        let values = self.values_of(&parse_object(attributes)?, None)?;
        let prediction = self.predict(&values)?;
        let likeness = Likeness::of(self, &self.leverage_parts(&values));
        let warnings = self.warnings(&values).iter().map(Warning::to_json_with_limits).chain(likeness.warning()).collect::<Vec<_>>();
        let (start, contributions) = contributions(self, &values)?;
        Ok(json!({
            "target": self.model().target,
            "prediction": prediction.value,
            "interval": interval_json(&prediction, self.interval()),
            "outcomes": outcomes(self.model(), prediction.value),
            "start": start, "contributions": contributions,
            "likeness": likeness.to_json(),
            "warnings": warnings,
        }))
    }

    /// Predicts for each of `values` of one column, while the other columns stay as `attributes` says. `values` is a JSON array of numbers
    /// or texts. The result is that of [`Self::predict_columns`].
    ///
    /// # Errors
    /// `missing-column`, `json`, `record` if `values` is no such array, and those of [`Self::predict_record`]. Rows count from 1.
    pub fn curve(&self, attributes: &[u8], column: &str, values: &[u8]) -> Result<Vec<f64>> {
        let at = self.columns().iter().position(|name| name == column).ok_or_else(|| {
            let sentence = format!("the model uses no such column; it uses {}", list(self.columns()));
            Error::new(Code::MissingColumn, sentence, "name one of these").in_column(column)
        })?;
        let mut row = self.values_of(&parse_object(attributes)?, Some(at))?;
        let cells = array_of_cells(values)?;
        let mut out = vec![0.0; 3 * cells.len()];
        for (point, cell) in cells.iter().enumerate() {
            let predicted = self.value(column, trim(cell.as_bytes())).and_then(|value| {
                row[at] = value;
                self.predict(&row)
            });
            let prediction = predicted.map_err(|error| error.at_row(point as u64 + 1))?;
            let (lower, upper) = prediction.interval.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
            (out[point], out[cells.len() + point], out[2 * cells.len() + point]) = (prediction.value, lower, upper);
        }
        Ok(out)
    }
}

/// Returns the texts of a JSON array of numbers and texts; null is empty text, a missing value.
fn array_of_cells(text: &[u8]) -> Result<Vec<String>> {
    const WHAT: &str = "an array of numbers or texts";
    let Ok(text) = std::str::from_utf8(text) else {
        return Err(Error::new(Code::NotUtf8, "the bytes are not UTF-8 text", "give JSON in UTF-8"));
    };
    let wrong = |value: &Value| Error::found(Code::Record, &json::line(value), WHAT, "correct the values");
    let value = json::value(text, Code::Record, WHAT)?;
    let cell = |value: &Value| match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(wrong(other)),
    };
    value.as_array().ok_or_else(|| wrong(&value))?.iter().map(cell).collect()
}

/// Returns what each feature adds to the prediction for the mean record (without an intercept: for zeros), and that prediction. Each number
/// is computed exactly and rounded once, so they add up to the prediction but for half an ulp of each.
fn contributions(predictor: &Predictor, values: &[Decimal]) -> Result<(Value, Vec<Value>)> {
    let (model, form) = (predictor.model(), predictor.form());
    // with an intercept, the first column of L holds the means of the features
    let mean = |feature: usize| match model.has_intercept {
        true => {
            let remainder = model.leverage.l_remainder.get(feature + 1).and_then(|row| row.first());
            TwoPartF64 { high: model.leverage.l[feature + 1][0], low: remainder.copied().unwrap_or(0.0) }
        }
        false => TwoPartF64::ZERO,
    };
    let means: Vec<TwoPartF64> = (0..model.coefficients.len()).map(mean).collect();
    let one = |((at, c), value): ((usize, &crate::model::ModelCoefficient), &Decimal)| {
        let columns: Vec<String> = Term::parse(&c.name)?.columns().map(str::to_owned).collect();
        Ok(json!({
            "name": c.name, "columns": columns, "value": value.to_f64(), "mean": means[at].high, "coefficient": c.coefficient,
            "contribution": form.contribution(at, value, means[at]),
        }))
    };
    let all = model.coefficients.iter().enumerate().zip(&form.design(values)).map(one).collect::<Result<Vec<_>>>()?;
    Ok((json!({"value": form.at_terms(&means), "at": if model.has_intercept { "mean" } else { "zero" }}), all))
}

/// Returns where a value lies among the outcomes of the training data; null if the model has no distribution of them.
fn outcomes(model: &Model, value: f64) -> Value {
    let target = model.columns.iter().find(|column| column.name == model.target.column);
    let counts = target.and_then(|column| distribution_from_json(&Value::Object(column.distribution.clone()?)));
    let Some(counts) = counts else { return Value::Null };
    let Some((min, max)) = counts.range() else { return Value::Null };
    let total = counts.iter().map(|(_, count)| count as f64).sum::<f64>();
    let (mut below, mut within, mut part) = (0.0, 0.0, 0.0);
    for (cell, count) in counts.iter() {
        let (low, high) = cell.range();
        if high <= value {
            below += count as f64;
        } else if low < value {
            (within, part) = (count as f64, (value - low) / (high - low));
        }
    }
    let share = |count: f64| count / total;
    json!({
        "min": min, "max": max,
        "below": {"share": share(below + within * part), "low": share(below), "high": share(below + within)},
    })
}

/// How like the training data a record is.
struct Likeness {
    rule: &'static str,
    leverage: f64,
    /// Mean leverage of the training data.
    mean: f64,
    /// Squared Mahalanobis distance, and the probability of a greater one. `None` without an intercept or without features.
    distance: Option<(f64, f64)>,
}

impl Likeness {
    fn of(predictor: &Predictor, parts: &[f64]) -> Self {
        let model = predictor.model();
        let leverage = parts.iter().fold(0.0, |sum, part| sum + part);
        let (n, total, features) = (model.fit.rows as f64, model.total_weight(), model.coefficients.len());
        let distance = (model.has_intercept && features > 0 && model.fit.rows > features as i64).then(|| {
            let squared = (n - 1.0) * (total / n) * parts[1..].iter().fold(0.0, |sum, part| sum + part);
            // n^2 - 1 as (n - 1) (n + 1): no digits are lost to cancellation
            (squared, upper_tail(squared * n / ((n - 1.0) * (n + 1.0)), features as u32, n - features as f64))
        });
        let rule = if model.weights.is_some() { WEIGHTED_RULE } else { RULE };
        Self { rule, leverage, mean: parts.len() as f64 / total, distance: distance.filter(|(squared, _)| squared.is_finite()) }
    }

    fn is_unlike(&self) -> bool {
        self.leverage > UNLIKE_FROM * self.mean
    }

    fn warning(&self) -> Option<Value> {
        let times = |ratio: f64| exact_decimal(ratio).rounded(1).to_string();
        self.is_unlike().then(|| {
            let text = format!(
                "the values together are unlike those of the training data, {} times as far out (by leverage) as these on average, where \
                 {UNLIKE_FROM} times is the bound: the prediction is an extrapolation, and its interval may be too narrow",
                times(self.leverage / self.mean)
            );
            let bound = json::number(UNLIKE_FROM * self.mean);
            json!({
                "code": WarningCode::UnlikeCombination.name(), "column": null, "found": json::number(self.leverage),
                "expected": format!("a leverage of at most {bound}"), "limits": {"min": null, "max": bound}, "text": text,
            })
        })
    }

    fn to_json(&self) -> Value {
        json!({
            "leverage": self.leverage, "threshold": UNLIKE_FROM * self.mean, "unlike": self.is_unlike(), "rule": self.rule, "source": SOURCE,
            "distance_squared": self.distance.map(|(squared, _)| squared), "p": self.distance.map(|(_, p)| p),
        })
    }
}
