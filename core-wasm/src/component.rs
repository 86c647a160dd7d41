//! Exports the plain logic as the component of `wit/regression.wit`. No other file of this crate knows WIT.
//!
//! *Invariants*: every export returns bad input as the error record. Nothing here computes.

use crate::entry::Form;
use crate::error::{Code, Error as CoreError};
use crate::model::Model;
use crate::plan::Plan;
use crate::predict::{Batch, Interval, PredictedRows, Predictor, Table};
use crate::quality::{self, RecordWriter};
use crate::residuals::Residuals;
use crate::statistics::Statistics;
use crate::summarizer::{self, Groups, Summarizer};
use crate::{hypotheses, json, preview, profile, summary};
use std::cell::{Ref, RefCell};

#[allow(unsafe_code, missing_docs, clippy::all, clippy::pedantic, unreachable_pub)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "regression" });
    use crate::component::Component;
    export!(Component);
}

use bindings::exports::samefit::regression::{
    entry as entering, identity, prediction, profile as profiling, quality as checking, training, types,
};
use types::Error;

struct Component;

impl From<CoreError> for Error {
    fn from(error: CoreError) -> Self {
        Self {
            code: error.code.name().to_owned(),
            row: error.row,
            column: error.column,
            found: error.found,
            expected: error.expected,
            text: error.sentence,
            help: error.help,
        }
    }
}

impl training::Guest for Component {
    type Summarizer = RefCell<Summarizer>;
    type Groups = RefCell<Groups>;
    type Statistics = RefCell<Statistics>;

    fn needed_columns(plan: String) -> Result<Option<String>, Error> {
        Ok(Plan::parse(&plan)?.needed_columns()?.map(|columns| json::line(&columns.into())))
    }

    fn order_levels(levels: String) -> Result<String, Error> {
        let levels: Vec<String> = json::parse(&levels, Code::Plan, "a list of levels")?;
        Ok(json::line(&summarizer::order_levels(&levels).into()))
    }
}

impl training::GuestSummarizer for RefCell<Summarizer> {
    fn new(plan: String) -> Result<training::Summarizer, Error> {
        Ok(training::Summarizer::new(Self::new(Summarizer::new(Plan::parse(&plan)?)?)))
    }

    fn push(&self, chunk: Vec<u8>) -> Result<(), Error> {
        Ok(self.borrow_mut().push(&chunk)?)
    }

    fn header(&self, records: Vec<u8>) -> Result<bool, Error> {
        Ok(self.borrow_mut().header(&records)?)
    }

    fn continue_at(&self, row: u64) -> Result<(), Error> {
        Ok(self.borrow_mut().continue_at(row)?)
    }

    fn state(&self) -> Result<Vec<u8>, Error> {
        Ok(self.borrow_mut().state()?)
    }

    fn merge_state(&self, state: Vec<u8>) -> Result<(), Error> {
        Ok(self.borrow_mut().merge_state(&state)?)
    }

    fn finish_state(&self) -> Result<Vec<u8>, Error> {
        Ok(self.borrow_mut().finish_state()?)
    }

    fn choose_decimals(&self) -> Result<String, Error> {
        Ok(json::document(&self.borrow_mut().choose_decimals()?))
    }

    fn choose_knots(&self) -> Result<String, Error> {
        Ok(json::document(&self.borrow_mut().choose_knots()?))
    }

    fn set_f64(&self, column: String, values: Vec<f64>) -> Result<(), Error> {
        self.borrow_mut().set_f64(&column, values);
        Ok(())
    }

    fn set_text(&self, column: String, values: Vec<u8>) -> Result<(), Error> {
        self.borrow_mut().set_text(&column, values);
        Ok(())
    }

    fn sum_columns(&self) -> Result<(), Error> {
        Ok(self.borrow_mut().sum_columns()?)
    }

    fn rows(&self) -> u64 {
        self.borrow().rows()
    }

    fn notes(&self) -> String {
        self.borrow().notes()
    }

    fn finish(&self) -> Result<training::Statistics, Error> {
        Ok(training::Statistics::new(RefCell::new(self.borrow_mut().finish()?)))
    }

    fn finish_groups(&self) -> Result<training::Groups, Error> {
        Ok(training::Groups::new(RefCell::new(self.borrow_mut().finish_groups()?)))
    }
}

impl training::GuestGroups for RefCell<Groups> {
    fn names(&self) -> String {
        json::line(&self.borrow().names().into())
    }

    fn take(&self, group: String) -> Option<training::Statistics> {
        self.borrow_mut().take(&group).map(|statistics| training::Statistics::new(RefCell::new(statistics)))
    }
}

impl training::GuestStatistics for RefCell<Statistics> {
    fn parse(text: String) -> Result<training::Statistics, Error> {
        Ok(training::Statistics::new(Self::new(Statistics::parse(&text)?)))
    }

    fn merge(&self, other: training::StatisticsBorrow<'_>) -> Result<(), Error> {
        // a copy, because `other` may be this same resource
        let other = other.get::<Self>().borrow().clone();
        Ok(self.borrow_mut().merge(&other)?)
    }

    fn subtract(&self, other: training::StatisticsBorrow<'_>) -> Result<(), Error> {
        let other = other.get::<Self>().borrow().clone();
        Ok(summarizer::forget(&mut self.borrow_mut(), &other)?)
    }

    fn to_json(&self) -> String {
        self.borrow().to_json()
    }

    fn audit(&self, notes: String) -> Result<String, Error> {
        Ok(json::document(&crate::audit::audit(&self.borrow(), &notes)?))
    }

    fn fit(&self, plan: String) -> Result<String, Error> {
        Ok(crate::fit::fit(&self.borrow(), &Plan::parse(&plan)?)?.to_json())
    }

    fn compare(&self, plan: String, other: String) -> Result<String, Error> {
        Ok(json::document(&hypotheses::compare(&self.borrow(), &Plan::parse(&plan)?, &Plan::parse(&other)?)?))
    }

    fn test(&self, plan: String, restrictions: String) -> Result<String, Error> {
        Ok(json::document(&hypotheses::test(&self.borrow(), &Plan::parse(&plan)?, &restrictions)?))
    }
}

impl prediction::Guest for Component {
    type Model = OpenModel;
    type Batch = RefCell<Batch>;
    type Table = RefCell<Table>;
}

impl prediction::GuestBatch for RefCell<Batch> {
    fn new(model: prediction::ModelBorrow<'_>) -> prediction::Batch {
        prediction::Batch::new(Self::new(Batch::new(model.get::<OpenModel>().predictor.borrow().clone())))
    }

    fn set_f64(&self, column: String, values: Vec<f64>) -> Result<(), Error> {
        self.borrow_mut().set_f64(&column, values);
        Ok(())
    }

    fn set_text(&self, column: String, values: Vec<u8>) -> Result<(), Error> {
        self.borrow_mut().set_text(&column, values);
        Ok(())
    }

    fn predict(&self, level: f64, of_mean: bool) -> Result<Vec<f64>, Error> {
        Ok(self.borrow_mut().predict(Interval { level, of_mean })?)
    }

    fn status(&self) -> Vec<u8> {
        self.borrow().status().to_vec()
    }

    fn problems(&self) -> String {
        json::line(&self.borrow().problems())
    }
}

/// A model that predicts, and what it learned from the rows before.
struct OpenModel {
    predictor: RefCell<Predictor>,
    rows: RefCell<PredictedRows>,
}

impl OpenModel {
    /// Returns the predictor with this interval. It keeps its last one, whose quantile takes a while to find.
    fn with_interval(&self, level: f64, of_mean: bool) -> Result<Ref<'_, Predictor>, Error> {
        self.predictor.borrow_mut().set_interval(Interval { level, of_mean })?;
        Ok(self.predictor.borrow())
    }
}

impl prediction::GuestModel for OpenModel {
    fn parse(text: String) -> Result<prediction::Model, Error> {
        let predictor = Predictor::new(Model::parse(&text)?)?;
        let rows = RefCell::new(PredictedRows::new(&predictor));
        Ok(prediction::Model::new(Self { predictor: RefCell::new(predictor), rows }))
    }

    fn plan(&self) -> String {
        json::document(&self.predictor.borrow().model().plan())
    }

    fn columns(&self) -> String {
        json::line(&self.predictor.borrow().columns().into())
    }

    fn summary(&self, level: f64) -> Result<String, Error> {
        Ok(json::document(&summary::summary(self.predictor.borrow().model(), level)?))
    }

    fn notes(&self) -> String {
        json::line(&self.predictor.borrow().model().notes().iter().map(CoreError::to_json).collect())
    }

    fn predict_record(&self, attributes: String, level: f64, of_mean: bool) -> Result<String, Error> {
        Ok(json::document(&self.with_interval(level, of_mean)?.predict_record(attributes.as_bytes())?))
    }

    fn predict_columns(&self, values: Vec<f64>, rows: u32, level: f64, of_mean: bool) -> Result<Vec<f64>, Error> {
        Ok(self.rows.borrow_mut().predict(&*self.with_interval(level, of_mean)?, &values, rows as usize)?)
    }

    fn explain(&self, attributes: String, level: f64) -> Result<String, Error> {
        Ok(json::document(&self.with_interval(level, false)?.explain(attributes.as_bytes())?))
    }

    fn curve(&self, attributes: String, column: String, values: String, level: f64, of_mean: bool) -> Result<Vec<f64>, Error> {
        Ok(self.with_interval(level, of_mean)?.curve(attributes.as_bytes(), &column, values.as_bytes())?)
    }
}

impl prediction::GuestTable for RefCell<Table> {
    fn new(model: prediction::ModelBorrow<'_>, plan: String) -> Result<prediction::Table, Error> {
        let predictor = model.get::<OpenModel>().predictor.borrow().clone();
        Ok(prediction::Table::new(Self::new(Table::new(predictor, &Plan::parse(&plan)?)?)))
    }

    fn push(&self, chunk: Vec<u8>) -> Result<Vec<u8>, Error> {
        Ok(self.borrow_mut().push(&chunk)?)
    }

    fn header(&self, records: Vec<u8>) -> Result<bool, Error> {
        Ok(self.borrow_mut().header(&records)?)
    }

    fn continue_at(&self, row: u64) -> Result<(), Error> {
        Ok(self.borrow_mut().continue_at(row)?)
    }

    fn rows(&self) -> u64 {
        self.borrow().rows()
    }

    fn counts(&self) -> String {
        json::line(&self.borrow().counts().to_json())
    }

    fn finish(&self) -> Result<Vec<u8>, Error> {
        Ok(self.borrow_mut().finish()?)
    }
}

impl checking::Guest for Component {
    type RecordWriter = RefCell<RecordWriter>;
    type Residuals = RefCell<Residuals>;
    type Verdict = quality::Verdict;

    fn judge(model: String, records: training::StatisticsBorrow<'_>, threshold: f64) -> Result<checking::Verdict, Error> {
        let records = records.get::<RefCell<Statistics>>().borrow();
        Ok(checking::Verdict::new(quality::judge(&Model::parse(&model)?, &records, threshold)?))
    }

    fn first_difference(model: String, other: String) -> Result<Option<String>, Error> {
        Ok(quality::first_difference(&model, &other)?)
    }
}

impl checking::GuestRecordWriter for RefCell<RecordWriter> {
    fn new(plan: String) -> Result<checking::RecordWriter, Error> {
        Ok(checking::RecordWriter::new(Self::new(RecordWriter::new(Plan::parse(&plan)?)?)))
    }

    fn push(&self, chunk: Vec<u8>) -> Result<Vec<u8>, Error> {
        Ok(self.borrow_mut().push(&chunk)?)
    }

    fn finish(&self) -> Result<Vec<u8>, Error> {
        Ok(self.borrow_mut().finish()?)
    }
}

impl checking::GuestResiduals for RefCell<Residuals> {
    fn new(model: String, plan: String) -> Result<checking::Residuals, Error> {
        let predictor = Predictor::new(Model::parse(&model)?)?;
        Ok(checking::Residuals::new(Self::new(Residuals::new(predictor, &Plan::parse(&plan)?))))
    }

    fn push(&self, chunk: Vec<u8>) -> Result<(), Error> {
        Ok(self.borrow_mut().push(&chunk)?)
    }

    fn finish(&self) -> Result<String, Error> {
        Ok(self.borrow_mut().finish()?)
    }
}

impl checking::GuestVerdict for quality::Verdict {
    fn report(&self) -> String {
        json::document(&self.report)
    }

    fn model(&self) -> Option<String> {
        self.model.as_ref().map(Model::to_json)
    }
}

impl profiling::Guest for Component {
    type Profiler = RefCell<profile::Profiler>;

    fn preview(start: Vec<u8>, plan: String) -> Result<String, Error> {
        Ok(preview::preview(&start, &plan)?)
    }
}

impl profiling::GuestProfiler for RefCell<profile::Profiler> {
    fn new(plan: String) -> Result<profiling::Profiler, Error> {
        Ok(profiling::Profiler::new(Self::new(profile::Profiler::new(&Plan::parse(&plan)?))))
    }

    fn push(&self, chunk: Vec<u8>) -> Result<(), Error> {
        Ok(self.borrow_mut().push(&chunk)?)
    }

    fn finish(&self) -> Result<String, Error> {
        Ok(self.borrow_mut().finish()?)
    }
}

impl entering::Guest for Component {
    type Form = Form;
}

impl entering::GuestForm for Form {
    fn new(document: String) -> Result<entering::Form, Error> {
        Ok(entering::Form::new(Self::parse(&document)?))
    }

    fn fields(&self) -> String {
        json::document(&self.fields())
    }

    fn evaluate(&self, entries: String) -> Result<String, Error> {
        Ok(json::document(&self.evaluate(&entries)?.to_json()))
    }

    fn convert(&self, field: String, value: String, unit: String, to: String) -> Result<String, Error> {
        Ok(self.convert(&field, &value, &unit, &to)?)
    }
}

impl identity::Guest for Component {
    fn version() -> String {
        crate::identity::VERSION.to_owned()
    }

    fn formats() -> String {
        crate::identity::formats()
    }

    fn limits() -> String {
        crate::identity::limits()
    }
}
