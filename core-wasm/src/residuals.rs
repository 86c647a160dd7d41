//! Compares a model's predictions with the outcomes in a table.
//!
//! *Invariants*: counts do not depend on the order of the rows. Mean and standard deviation of the residuals are updated row by row
//! (B. P. Welford, Technometrics 4, 1962), so their last digits may.
//!
//! *Limits*: memory for a batch of rows and for two grids of [`CELLS`] by [`CELLS`] counts, for any number of rows.

use crate::cell_format::CellFormat;
use crate::error::{Code, Error, Result, list, spent};
use crate::forecast::{Forecast, missing_value};
use crate::json;
use crate::model::Model;
use crate::plan::{Missing, Plan};
use crate::predict::{Prediction, Predictor};
use crate::sink::{ColumnUse, GatheredRecord, Record, Sink, each_record};
use crate::table::Reader;
use crate::terms::ColumnPlaces;
use samefit_kernels::scan::Rows;
use serde_json::{Value, json};

/// The format of the result.
pub const FORMAT: &str = "samefit-residuals/1";
/// Number of cells of an axis.
const CELLS: usize = 64;
/// Half the length of the axis of the residuals, in residual standard deviations. Also that of the outcomes, in their standard deviations,
/// if their range is not known.
const DEVIATIONS: f64 = 4.0;

/// Compares predictions and outcomes of a table.
pub struct Residuals {
    /// `None` after the end.
    reader: Option<Reader>,
    counting: ResidualSink,
}

impl Residuals {
    /// Returns a comparison for a table that is written as the plan says.
    pub fn new(predictor: Predictor, plan: &Plan) -> Self {
        Self { reader: Some(Reader::new(plan)), counting: ResidualSink::new(predictor.with_format(plan.cell_format()), plan.missing) }
    }

    /// Reads the next bytes of the table.
    ///
    /// # Errors
    /// Those of the table, of a model's column or a target that it lacks, and of a row that cannot be predicted.
    pub fn push(&mut self, chunk: &[u8]) -> Result<()> {
        self.reader.as_mut().ok_or_else(spent)?.push(chunk, &mut self.counting)
    }

    /// Ends the table. Returns Residuals (`docs/formats.md`) as JSON.
    ///
    /// # Errors
    /// As for [`Self::push`].
    pub fn finish(&mut self) -> Result<String> {
        self.reader.take().ok_or_else(spent)?.finish(&mut self.counting)?;
        Ok(json::document(&self.counting.to_json()))
    }
}

/// Predicts rows and counts how the outcomes compare.
struct ResidualSink {
    predictor: Predictor,
    missing: Missing,
    /// Index in the table of each of the model's columns, then of the target.
    places: Vec<usize>,
    forecast: Forecast,
    /// Rows left out because a value is missing.
    dropped: u64,
    residuals: ResidualMoments,
    /// Number of outcomes below, inside and above their intervals.
    coverage: [u64; 3],
    histogram: Histogram,
    observed: Grid,
    by_prediction: Grid,
}

impl ResidualSink {
    fn new(predictor: Predictor, missing: Missing) -> Self {
        let outcomes = Axis::of_outcomes(predictor.model());
        let residuals = Axis::of_residuals(predictor.model(), &outcomes);
        Self {
            missing,
            places: Vec::new(),
            forecast: Forecast::of_cells(predictor.variables(), 1),
            dropped: 0,
            residuals: ResidualMoments::default(),
            coverage: [0; 3],
            histogram: Histogram::new(residuals),
            observed: Grid::new(outcomes, outcomes),
            by_prediction: Grid::new(outcomes, residuals),
            predictor,
        }
    }

    /// Counts one row.
    fn count(&mut self, observed: f64, Prediction { value: predicted, interval }: Prediction) {
        let residual = observed - predicted;
        self.residuals.add(residual);
        if let Some((lower, upper)) = interval {
            let side = usize::from(observed >= lower) + usize::from(observed > upper);
            self.coverage[side] += 1;
        }
        self.histogram.add(residual);
        self.observed.add(predicted, observed);
        self.by_prediction.add(predicted, residual);
    }

    fn to_json(&self) -> Value {
        json!({
            "format": FORMAT, "target": self.predictor.model().target_name(),
            "rows": self.residuals.rows, "dropped": self.dropped,
            "residual": self.residuals.to_json(), "coverage": self.coverage_json(),
            "histogram": self.histogram.to_json(),
            "predicted_observed": self.observed.to_json(), "predicted_residual": self.by_prediction.to_json(),
        })
    }

    fn coverage_json(&self) -> Value {
        let [below, inside, above] = self.coverage;
        match below + inside + above {
            0 => Value::Null,
            rows => {
                json!({"level": self.predictor.interval().level, "below": below, "inside": inside, "above": above, "share": inside as f64 / rows as f64})
            }
        }
    }

    fn target_column(&self) -> &str {
        &self.predictor.model().target.column
    }
}

impl Sink for ResidualSink {
    fn header(&mut self, names: &[String]) -> Result<()> {
        self.places = self.predictor.places(names)?;
        let target = ColumnPlaces::new(names).find(self.target_column())?.ok_or_else(|| {
            let sentence = format!("the data have no such column, which the model predicts; they have {}", list(names));
            Error::new(Code::MissingColumn, sentence, "give data with the outcome").in_column(self.target_column())
        })?;
        self.places.push(target);
        Ok(())
    }

    fn rows(&mut self, rows: &Rows<'_>, first: u64) -> Result<()> {
        if !self.predictor.predicts_together(true) {
            return each_record(self, rows, first);
        }
        let mut forecast = std::mem::take(&mut self.forecast);
        forecast.read(rows, &self.places, self.predictor.variables());
        forecast.round_cells();
        self.predictor.forecast_read(&mut forecast, true);
        let mut gathered = GatheredRecord::default();
        for row in 0..rows.len() {
            if forecast.unread[row] {
                let number = first + row as u64;
                self.record(&gathered.gather(rows, row, number)).map_err(|error| error.at_row(number))?;
            } else {
                let observed = forecast.number(self.predictor.variables().numbers().len())[row];
                let ends = forecast.lower.get(row).copied().zip(forecast.upper.get(row).copied());
                self.count(observed, Prediction { value: forecast.values()[row], interval: ends });
            }
        }
        self.forecast = forecast;
        Ok(())
    }

    fn record(&mut self, record: &Record) -> Result<()> {
        if self.missing == Missing::Drop
            && self.places.iter().any(|&place| self.predictor.variables().format().is_missing(record.cell(place)))
        {
            self.dropped += 1;
            return Ok(());
        }
        let Some((&target, places)) = self.places.split_last() else { return Ok(()) };
        let row = self.predictor.row(places.iter().map(|&place| record.cell(place)))?;
        let observed =
            observed(record.cell(target), self.predictor.variables().format()).map_err(|error| error.in_column(self.target_column()))?;
        self.count(observed, self.predictor.predict(&row)?);
        Ok(())
    }

    fn wants(&self) -> Vec<String> {
        self.predictor.columns().iter().cloned().chain([self.target_column().to_owned()]).collect()
    }

    fn uses(&self, columns: usize) -> Vec<ColumnUse> {
        let mut uses = vec![ColumnUse::Unread; columns];
        self.places.iter().for_each(|&place| uses[place] = ColumnUse::Any);
        uses
    }

    fn target(&self) -> &str {
        self.target_column()
    }
}

/// Returns the outcome in a cell.
fn observed(cell: &[u8], format: &CellFormat) -> Result<f64> {
    if format.is_missing(cell) {
        return Err(missing_value());
    }
    Ok(format.parse(cell)?.to_f64())
}

/// Number, mean and spread of the residuals.
#[derive(Default)]
struct ResidualMoments {
    rows: u64,
    mean: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
    range: Option<(f64, f64)>,
}

impl ResidualMoments {
    fn add(&mut self, value: f64) {
        self.rows += 1;
        let from_mean = value - self.mean;
        self.mean += from_mean / self.rows as f64;
        self.squares += from_mean * (value - self.mean);
        let (min, max) = self.range.unwrap_or((value, value));
        self.range = Some((min.min(value), max.max(value)));
    }

    fn to_json(&self) -> Value {
        let Some((min, max)) = self.range else { return Value::Null };
        let rows = self.rows as f64;
        let sd = (self.rows > 1).then(|| libm::sqrt(self.squares / (rows - 1.0)));
        let rmse = libm::sqrt(self.squares / rows + self.mean * self.mean);
        json!({"mean": self.mean, "sd": sd, "rmse": rmse, "min": min, "max": max})
    }
}

/// A range that is divided into [`CELLS`] cells of equal length.
#[derive(Clone, Copy)]
struct Axis {
    from: f64,
    to: f64,
}

impl Axis {
    /// Returns an axis between two values. If they are equal, or not finite, it is 2 long.
    fn new(from: f64, to: f64) -> Self {
        if from < to && (to - from).is_finite() { Self { from, to } } else { Self { from: from - 1.0, to: from + 1.0 } }
    }

    /// Returns the axis of the outcomes: their range in the training data, else their mean and [`DEVIATIONS`] standard deviations either way.
    fn of_outcomes(model: &Model) -> Self {
        let target = model.columns.iter().find(|column| column.name == model.target.column);
        let ends = target.and_then(|column| column.min.zip(column.max));
        let spread = target.and_then(|column| column.mean.zip(column.sd));
        let (from, to) = ends.or(spread.map(|(mean, sd)| (mean - DEVIATIONS * sd, mean + DEVIATIONS * sd))).unwrap_or_default();
        Self::new(from, to)
    }

    /// Returns the axis of the residuals: zero and [`DEVIATIONS`] residual standard deviations either way.
    fn of_residuals(model: &Model, outcomes: &Self) -> Self {
        let reach = model.fit.residual_sd.filter(|sd| *sd > 0.0).map_or(outcomes.to - outcomes.from, |sd| DEVIATIONS * sd);
        Self::new(-reach, reach)
    }

    /// Returns the cell of a value; the error is the side of the axis on which the value lies.
    fn cell(&self, value: f64) -> std::result::Result<usize, Side> {
        if value < self.from {
            return Err(Side::Below);
        }
        if value > self.to {
            return Err(Side::Above);
        }
        let cell = (value - self.from) / (self.to - self.from) * CELLS as f64;
        Ok((cell as usize).min(CELLS - 1))
    }

    fn to_json(self) -> Value {
        json!({"from": self.from, "to": self.to, "cells": CELLS})
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Side {
    Below,
    Above,
}

/// Numbers of values in the cells of an axis, and beyond its ends.
struct Histogram {
    axis: Axis,
    counts: Vec<u64>,
    below: u64,
    above: u64,
}

impl Histogram {
    fn new(axis: Axis) -> Self {
        Self { axis, counts: vec![0; CELLS], below: 0, above: 0 }
    }

    fn add(&mut self, value: f64) {
        match self.axis.cell(value) {
            Ok(cell) => self.counts[cell] += 1,
            Err(Side::Below) => self.below += 1,
            Err(Side::Above) => self.above += 1,
        }
    }

    fn to_json(&self) -> Value {
        json!({"axis": self.axis.to_json(), "below": self.below, "above": self.above, "counts": self.counts})
    }
}

/// Numbers of pairs of values in the cells of two axes, and outside of them.
struct Grid {
    x: Axis,
    y: Axis,
    /// Row by row, from the lowest y.
    counts: Vec<u64>,
    outside: u64,
}

impl Grid {
    fn new(x: Axis, y: Axis) -> Self {
        Self { x, y, counts: vec![0; CELLS * CELLS], outside: 0 }
    }

    fn add(&mut self, x: f64, y: f64) {
        match (self.x.cell(x), self.y.cell(y)) {
            (Ok(x), Ok(y)) => self.counts[y * CELLS + x] += 1,
            _ => self.outside += 1,
        }
    }

    fn to_json(&self) -> Value {
        json!({"x": self.x.to_json(), "y": self.y.to_json(), "outside": self.outside, "counts": self.counts})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_includes_its_lower_edge_and_the_last_cell_both() {
        let axis = Axis::new(0.0, 64.0);
        let cells = [-0.5, 0.0, 0.9, 1.0, 63.9, 64.0, 64.1].map(|value| axis.cell(value));
        assert_eq!(cells, [Err(Side::Below), Ok(0), Ok(0), Ok(1), Ok(63), Ok(63), Err(Side::Above)]);
    }

    #[test]
    fn an_axis_of_equal_ends_includes_their_value() {
        assert_eq!(Axis::new(5.0, 5.0).cell(5.0), Ok(CELLS / 2));
    }

    #[test]
    fn moments_are_as_defined() {
        let mut moments = ResidualMoments::default();
        [1.0, 2.0, 3.0, 6.0].into_iter().for_each(|value| moments.add(value));
        assert_eq!(moments.to_json(), json!({"mean": 3.0, "sd": (14.0f64 / 3.0).sqrt(), "rmse": 12.5f64.sqrt(), "min": 1.0, "max": 6.0}));
    }
}
