//! Many rows of CSV to predictions at once, with the same bits as one row at a time.

use super::options::OutputOptions;
use super::predictor::Predictor;
use crate::forecast::{Forecast, IntervalParams, LinearPredictor};
use samefit_kernels::scan::Rows;

impl Predictor {
    /// Predicts rows whose cells are at `places`. Marks the rows that need a warning or an error as unread.
    pub(super) fn forecast(&self, forecast: &mut Forecast, rows: &Rows<'_>, places: &[usize], options: OutputOptions) {
        forecast.read(rows, places);
        if options.all {
            for (column, ranges) in self.ranges.iter().enumerate() {
                forecast.mark_outside(column, ranges.without_warnings());
            }
        }
        self.forecast_read(forecast, options.all);
    }

    /// Predicts the rows whose cells were read. Marks the rows that need an error as unread.
    pub(crate) fn forecast_read(&self, forecast: &mut Forecast, intervals: bool) {
        let coefficients = &mut self.model.coefficients.iter().map(|coefficient| coefficient.coefficient);
        forecast.predict(LinearPredictor { terms: &self.terms, intercept: self.model.intercept, coefficients });
        if let Some(half_width) = self.half_width.filter(|_| intervals) {
            let factor = &self.model.leverage;
            forecast.predict_intervals(&IntervalParams { has_intercept: self.model.has_intercept, l: &factor.l, d: &factor.d, half_width });
        }
    }
}
