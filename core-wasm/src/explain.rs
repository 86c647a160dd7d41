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

use crate::decimal::trim;
use crate::error::{Code, Error, Result, list};
use crate::fisher::upper_tail;
use crate::forecast::ExactNumber;
use crate::json;
use crate::model::Model;
use crate::model::features::ModelFeature;
use crate::predict::{ModelRow, Predictor, Warning, WarningCode, interval_json};
use crate::records::parse_object;
use crate::statistics::{CountedRange, counted_ranges, exact_decimal};
use crate::two_part::TwoPartF64;
use serde_json::{Map, Value, json};

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
        let row = self.row_of(&parse_object(attributes)?)?;
        let prediction = self.predict(&row)?;
        let likeness = Likeness::of(self, &self.leverage_parts(&row));
        let warnings = self.warnings(&row).iter().map(Warning::to_json_with_limits).chain(likeness.warning()).collect::<Vec<_>>();
        let (start, contributions) = contributions(self, &row)?;
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
    /// or texts; of a category, they are levels. The result is that of [`Self::predict_columns`].
    ///
    /// # Errors
    /// `missing-column`, `json`, `record` if `values` is no such array, and those of [`Self::predict_record`]. Rows count from 1.
    pub fn curve(&self, attributes: &[u8], column: &str, values: &[u8]) -> Result<Vec<f64>> {
        let at = self.columns().iter().position(|name| name == column).ok_or_else(|| {
            let sentence = format!("the model uses no such column; it uses {}", list(self.columns()));
            Error::new(Code::MissingColumn, sentence, "name one of these").in_column(column)
        })?;
        let mut row = self.row_without(&parse_object(attributes)?, Some(at))?;
        let cells = array_of_cells(values)?;
        let mut out = vec![0.0; 3 * cells.len()];
        for (point, cell) in cells.iter().enumerate() {
            let set = self.set(&mut row, at, trim(cell.as_bytes())).and_then(|()| self.variables().check(&row, self.columns()));
            let prediction = set.and_then(|()| self.predict(&row)).map_err(|error| error.at_row(point as u64 + 1))?;
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
        Value::Bool(value) => Ok(value.to_string()),
        other => Err(wrong(other)),
    };
    value.as_array().ok_or_else(|| wrong(&value))?.iter().map(cell).collect()
}

/// Returns what each feature adds to the prediction for the mean record (without an intercept: for zeros), and that prediction. Each number
/// is computed exactly from the means and rounded once, so they add up to the prediction but for half an ulp of each.
fn contributions(predictor: &Predictor, row: &ModelRow) -> Result<(Value, Vec<Value>)> {
    let (model, form) = (predictor.model(), predictor.form());
    let (means, design) = (design_means(model), form.design(&row.values));
    let all = model.features()?.into_iter().map(|feature| contribution(predictor, row, feature, &design, &means)).collect();
    Ok((json!({"value": form.at_terms(&means), "at": if model.has_intercept { "mean" } else { "zero" }}), all))
}

/// Returns what one feature adds to the prediction, as JSON. `design` and `means`: the values of the terms of all coefficients, and their
/// means.
fn contribution(predictor: &Predictor, row: &ModelRow, feature: ModelFeature, design: &[ExactNumber], means: &[TwoPartF64]) -> Value {
    let (coefficients, form) = (&predictor.model().coefficients, predictor.form());
    let is_number = feature.columns.iter().any(|(_, is_category)| !is_category);
    let categories = feature.columns.iter().filter(|(_, is_category)| *is_category).map(|(column, _)| column);
    let levels: Map<String, Value> = categories.map(|column| (column.clone(), json!(predictor.level(row, column)))).collect();
    // the terms of all other coefficients are zero
    let has_levels = |at: &usize| predictor.variables().has_levels(row, &form.terms()[*at]);
    let own: Vec<usize> = feature.coefficients.iter().copied().filter(has_levels).collect();
    // a spline has several coefficients, one of which is that of the column itself
    let of_columns = own.iter().copied().find(|&at| coefficients[at].is_of_columns());
    let mut out = Map::new();
    out.insert("name".to_owned(), json!(feature.name));
    out.insert("columns".to_owned(), feature.columns.iter().map(|(column, _)| column.as_str()).collect());
    let has_categories = !levels.is_empty();
    if has_categories {
        out.insert("levels".to_owned(), Value::Object(levels));
    }
    out.insert("value".to_owned(), json!(of_columns.filter(|_| is_number).map(|at| design[at].to_f64())));
    out.insert("mean".to_owned(), json!(of_columns.filter(|_| !has_categories).map(|at| means[at].high)));
    out.insert("coefficient".to_owned(), json!(of_columns.filter(|_| own.len() == 1).map(|at| coefficients[at].coefficient)));
    let sum = form.contribution(feature.coefficients.iter().map(|&at| (at, &design[at], means[at])));
    out.insert("contribution".to_owned(), json!(sum));
    Value::Object(out)
}

/// Returns the mean of each term over the training data; zeros for a model without an intercept. The mean of an indicator is its share of
/// the rows, or of their weights.
fn design_means(model: &Model) -> Vec<TwoPartF64> {
    let (leverage, order) = (&model.leverage, model.leverage.columns());
    let mut means = vec![TwoPartF64::ZERO; model.coefficients.len()];
    let Some(intercept) = order.iter().position(|&at| at == 0).filter(|_| model.has_intercept) else { return means };
    // row i of G = L D L' has the sums of products with the intercept's column of ones
    let factor = |i: usize, j: usize| if i == j { TwoPartF64::ONE } else { leverage.l_at(i, j) };
    let sum = |i: usize| {
        let parts = (0..=i.min(intercept)).map(|j| factor(i, j).times(factor(intercept, j)).times(leverage.d_at(j)));
        parts.fold(TwoPartF64::ZERO, TwoPartF64::plus)
    };
    let total = sum(intercept);
    for (i, &at) in order.iter().enumerate().filter(|(_, at)| **at > 0) {
        // where the intercept stands first, its column of L has the means
        means[at - 1] = if intercept == 0 { factor(i, 0) } else { sum(i).over(total) };
    }
    means
}

/// Returns where a value lies among the outcomes of the training data; null if the model has no distribution of them.
fn outcomes(model: &Model, value: f64) -> Value {
    let target = model.columns.iter().find(|column| column.name == model.target.column);
    let counts = target.and_then(|column| counted_ranges(&Value::Object(column.distribution.clone()?)));
    let range = target.and_then(|column| Some((column.min?, column.max?, column.range_is_exact)));
    let (Some(counts), Some((min, max, is_exact))) = (counts, range) else { return Value::Null };
    let total = counts.iter().map(|one| one.count as f64).sum::<f64>();
    // of the ranges around the value, such a part is taken to be below it
    let (mut below, mut within, mut part) = (0.0, 0.0, 0.0);
    for CountedRange { low, high, count } in counts {
        if high < value || high == value && low < high {
            below += count as f64;
        } else if low < value {
            within += count as f64;
            part += count as f64 * ((value - low) / (high - low));
        }
    }
    let share = |count: f64| count / total;
    json!({
        "min": min, "max": max, "range_is_exact": is_exact,
        "below": {"share": share(below + part), "low": share(below), "high": share(below + within)},
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
            // the intercept stands first but in the factors of categories
            let from_mean =
                if model.leverage.order.is_none() { parts[1..].iter().fold(0.0, |sum, part| sum + part) } else { leverage - 1.0 / total };
            let squared = (n - 1.0) * (total / n) * from_mean.max(0.0);
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
                "expected": format!("a leverage of at most {bound}"), "limits": {"min": null, "max": bound, "exact": true}, "text": text,
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
