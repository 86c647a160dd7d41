//! Which parts of a prediction are written, and what happens to records that cannot be predicted.

use crate::plan::{Format, OnError, Only, OutputFormat, Plan};

/// The parts of a plan that say how predictions are written.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutputOptions {
    /// Whether the interval and the warnings are written, beside the predicted value.
    pub(super) all: bool,
    /// Whether the record is written, beside its prediction.
    pub(super) input: bool,
    /// Whether a record that cannot be predicted is written without a prediction, and every record with its status.
    pub(super) continues: bool,
}

impl OutputOptions {
    /// The options of a whole prediction with its record.
    pub(super) const WHOLE: Self = Self { all: true, input: true, continues: false };

    /// Returns the options of a plan. A JSON object is returned with its prediction, unless the plan has `only`.
    pub(super) fn of(plan: &Plan) -> Self {
        let all = plan.only != Some(Only::Predicted);
        let is_object = plan.format != Format::Csv && plan.to.is_none_or(|to| to == OutputFormat::Jsonl);
        Self { all, input: plan.with_input || all && is_object, continues: plan.on_error == OnError::Continue }
    }
}
