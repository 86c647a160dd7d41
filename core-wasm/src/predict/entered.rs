//! Records that hold what a form asks for, instead of the model's columns, to predictions: each as if a person had typed it into the form.

use super::options::OutputOptions;
use super::outcome::{Predicted, Refusal};
use super::predictor::Predictor;
use crate::entry::{EnteredValue, Form};
use crate::forecast::ModelRow;

/// Predicts records through the form of a model.
pub(super) struct EnteredPredictor {
    form: Form,
}

impl EnteredPredictor {
    /// Returns a predictor if records with these names have to be entered through the model's form: they lack a column of the model, but
    /// the form computes it from fields that they have. `None` if the names are the model's columns, or too few for the form as well.
    pub(super) fn for_names<S: AsRef<str>>(predictor: &Predictor, names: &[S]) -> Option<Self> {
        let has = |column: &String| names.iter().any(|name| name.as_ref() == column);
        if predictor.columns.iter().all(has) {
            return None;
        }
        let form = Form::of_model(&predictor.model);
        form.is_needed_for(names).then_some(Self { form })
    }

    /// Returns whether the form has a field of this name.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.form.has_field(name)
    }

    /// Predicts a record of names and texts. The first problem that blocks refuses it; other problems become cautions.
    pub(super) fn predict<'t>(
        &self,
        predictor: &Predictor,
        entries: impl IntoIterator<Item = (&'t str, String)>,
        options: OutputOptions,
    ) -> Result<Predicted, Refusal> {
        let evaluation = self.form.evaluate_texts(entries);
        if let Some(problem) = evaluation.problems().iter().find(|problem| problem.code.blocks()) {
            return Err(Refusal::of_problem(evaluation.name_of(problem), problem));
        }
        // a column of the model without a value is a problem that blocks
        let row = predictor.entered_row(predictor.columns.iter().map(|name| evaluation.value(name)));
        let predicted = row.and_then(|row| predictor.predict_parts(&row, options)).map_err(|error| Refusal::of_error(&error))?;
        let cautions = evaluation.problems().iter().map(|problem| (evaluation.name_of(problem).to_owned(), problem.code));
        Ok(Predicted { cautions: cautions.collect(), ..predicted })
    }
}

impl Predictor {
    /// Returns the row of the values of the columns. A value that is missing is an error.
    fn entered_row<'v>(&self, values: impl Iterator<Item = Option<&'v EnteredValue>>) -> crate::error::Result<ModelRow> {
        let mut row = self.variables.row();
        for (column, value) in values.enumerate() {
            match value {
                // a computed number may have more digits than a cell
                Some(EnteredValue::Number(number)) => self.variables.set_number(&mut row, column, number.clone()),
                Some(EnteredValue::Level(text)) => self.variables.set(&mut row, column, text.trim().as_bytes()),
                None => self.variables.set(&mut row, column, b""),
            }
            .map_err(|error| error.in_column(&self.columns[column]))?;
        }
        self.variables.check(&row, &self.columns)?;
        Ok(row)
    }
}
