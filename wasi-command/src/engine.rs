//! The model logic as the engine of the stages, linked into the same program.

use samefit_core::error::{Code, Error as CoreError};
use samefit_core::json::{self, document};
use samefit_core::model::Model as CoreModel;
use samefit_core::plan::Plan;
use samefit_core::predict::{self, Predictor};
use samefit_core::quality::{self, RecordWriter};
use samefit_core::residuals::Residuals;
use samefit_core::statistics::Statistics;
use samefit_core::summarizer::{self, forget};
use samefit_core::{audit, entry, fit, hypotheses, identity, preview, profile, summary};
use samefit_stages::error::{ErrorRecord, InputError, Result};
use samefit_stages::ports::columns::{Batch, Values};
use samefit_stages::ports::engine::{
    Engine, Form, Identity, Interval, Merger, Model, PredictedBatch, PredictionStream, SplitStream, StatusCounts, Stream, Summarizer,
    Verdict,
};
use std::cell::{Ref, RefCell};
use std::collections::BTreeSet;

/// The engine that calls the linked model logic directly.
pub struct LinkedEngine;

impl Engine for LinkedEngine {
    fn summarizer(&self, plan: &str) -> Result<Box<dyn Summarizer + '_>> {
        Ok(Box::new(LinkedSummarizer(stage_result(Plan::parse(plan).and_then(summarizer::Summarizer::new))?)))
    }

    fn record_writer(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        Ok(Box::new(LinkedRecordWriter(stage_result(Plan::parse(plan).and_then(RecordWriter::new))?)))
    }

    fn profiler(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        Ok(Box::new(LinkedProfiler(profile::Profiler::new(&stage_result(Plan::parse(plan))?))))
    }

    fn preview(&self, start: &[u8], plan: &str) -> Result<String> {
        stage_result(preview::preview(start, plan))
    }

    fn merger(&self) -> Result<Box<dyn Merger + Send + '_>> {
        Ok(Box::new(LinkedMerger(None)))
    }

    fn subtract(&self, from: &str, gone: &str) -> Result<String> {
        let mut rest = stage_result(Statistics::parse(from))?;
        stage_result(Statistics::parse(gone).and_then(|gone| forget(&mut rest, &gone)))?;
        Ok(rest.to_json())
    }

    fn audit(&self, statistics: &str, notes: &str) -> Result<String> {
        let statistics = stage_result(Statistics::parse(statistics))?;
        stage_result(audit::audit(&statistics, notes).map(|entries| document(&entries)))
    }

    fn fit(&self, statistics: &str, plan: &str) -> Result<String> {
        let statistics = stage_result(Statistics::parse(statistics))?;
        Ok(stage_result(Plan::parse(plan).and_then(|plan| fit::fit(&statistics, &plan)))?.to_json())
    }

    fn needed_columns(&self, plan: &str) -> Result<Option<BTreeSet<String>>> {
        let columns = stage_result(Plan::parse(plan).and_then(|plan| plan.needed_columns()))?;
        Ok(columns.map(BTreeSet::from_iter))
    }

    fn order_levels(&self, levels: &[String]) -> Result<Vec<String>> {
        Ok(summarizer::order_levels(levels))
    }

    fn compare(&self, statistics: &str, plan: &str, other: &str) -> Result<String> {
        let statistics = stage_result(Statistics::parse(statistics))?;
        let (plan, other) = (stage_result(Plan::parse(plan))?, stage_result(Plan::parse(other))?);
        stage_result(hypotheses::compare(&statistics, &plan, &other).map(|comparison| document(&comparison)))
    }

    fn test(&self, statistics: &str, plan: &str, restrictions: &str) -> Result<String> {
        let statistics = stage_result(Statistics::parse(statistics))?;
        let plan = stage_result(Plan::parse(plan))?;
        stage_result(hypotheses::test(&statistics, &plan, restrictions).map(|test| document(&test)))
    }

    fn model(&self, text: &str) -> Result<Box<dyn Model + '_>> {
        Ok(Box::new(LinkedModel(RefCell::new(stage_result(CoreModel::parse(text).and_then(Predictor::new))?))))
    }

    fn judge(&self, model: &str, records: &str, threshold: f64) -> Result<Verdict> {
        let records = stage_result(Statistics::parse(records))?;
        let verdict = stage_result(CoreModel::parse(model).and_then(|model| quality::judge(&model, &records, threshold)))?;
        Ok(Verdict { report: document(&verdict.report), model: verdict.model.as_ref().map(CoreModel::to_json) })
    }

    fn first_difference(&self, model: &str, other: &str) -> Result<Option<String>> {
        stage_result(quality::first_difference(model, other))
    }

    fn residuals(&self, model: &str, plan: &str) -> Result<Box<dyn Stream + '_>> {
        let predictor = stage_result(CoreModel::parse(model).and_then(Predictor::new))?;
        Ok(Box::new(LinkedResiduals(Residuals::new(predictor, &stage_result(Plan::parse(plan))?))))
    }

    fn form(&self, document: &str) -> Result<Box<dyn Form + '_>> {
        Ok(Box::new(LinkedForm(stage_result(entry::Form::parse(document))?)))
    }

    fn identity(&self) -> Result<Identity> {
        Ok(Identity {
            version: identity::VERSION.to_owned(),
            formats: identity::formats(),
            limits: identity::limits(),
            component_sha256: String::new(),
        })
    }
}

struct LinkedSummarizer(summarizer::Summarizer);
struct LinkedRecordWriter(RecordWriter);
struct LinkedProfiler(profile::Profiler);
/// The sum so far; none before the first statistics.
struct LinkedMerger(Option<Statistics>);
struct LinkedModel(RefCell<Predictor>);
struct LinkedTable(predict::Table);
struct LinkedResiduals(Residuals);
struct LinkedForm(entry::Form);

impl Stream for LinkedSummarizer {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        stage_result(self.0.push(chunk).map(|()| Vec::new()))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        stage_result(self.0.finish().map(|statistics| statistics.to_json().into_bytes()))
    }

    fn notes(&mut self) -> Result<String> {
        Ok(self.0.notes())
    }
}

impl SplitStream for LinkedSummarizer {
    fn header(&mut self, records: &[u8]) -> Result<bool> {
        stage_result(self.0.header(records))
    }

    fn continue_at(&mut self, row: u64) -> Result<()> {
        stage_result(self.0.continue_at(row))
    }

    fn rows(&mut self) -> Result<u64> {
        Ok(self.0.rows())
    }
}

impl Summarizer for LinkedSummarizer {
    fn add(&mut self, batch: &Batch) -> Result<()> {
        for (name, values) in &batch.columns {
            match values {
                Values::Numbers(numbers) => self.0.set_f64(name, numbers.as_slice()),
                Values::Text(text) => self.0.set_text(name, text.as_slice()),
            }
        }
        stage_result(self.0.sum_columns())
    }

    fn state(&mut self) -> Result<Vec<u8>> {
        stage_result(self.0.state())
    }

    fn finish_groups(&mut self, take: &mut dyn FnMut(String, String) -> Result<()>) -> Result<()> {
        let mut groups = stage_result(self.0.finish_groups())?;
        let names: Vec<String> = groups.names().into_iter().map(str::to_owned).collect();
        names.into_iter().try_for_each(|name| match groups.take(&name) {
            Some(statistics) => take(name, statistics.to_json()),
            None => Ok(()),
        })
    }

    fn finish_state(&mut self) -> Result<Vec<u8>> {
        stage_result(self.0.finish_state())
    }

    fn choose_decimals(&mut self) -> Result<String> {
        stage_result(self.0.choose_decimals().map(|shared| document(&shared)))
    }

    fn choose_knots(&mut self) -> Result<String> {
        stage_result(self.0.choose_knots().map(|knots| document(&knots)))
    }

    fn merge_state(&mut self, state: &[u8]) -> Result<()> {
        stage_result(self.0.merge_state(state))
    }
}

impl Stream for LinkedRecordWriter {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        stage_result(self.0.push(chunk))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        stage_result(self.0.finish())
    }
}

impl Stream for LinkedProfiler {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        stage_result(self.0.push(chunk).map(|()| Vec::new()))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        stage_result(self.0.finish().map(String::into_bytes))
    }
}

impl Stream for LinkedResiduals {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        stage_result(self.0.push(chunk).map(|()| Vec::new()))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        stage_result(self.0.finish().map(String::into_bytes))
    }
}

impl Form for LinkedForm {
    fn fields(&mut self) -> Result<String> {
        Ok(document(&self.0.fields()))
    }

    fn evaluate(&mut self, entries: &str) -> Result<String> {
        stage_result(self.0.evaluate(entries).map(|evaluation| document(&evaluation.to_json())))
    }

    fn convert(&mut self, field: &str, value: &str, unit: &str, to: &str) -> Result<String> {
        stage_result(self.0.convert(field, value, unit, to))
    }
}

impl Merger for LinkedMerger {
    fn add(&mut self, statistics: &str) -> Result<()> {
        let more = stage_result(Statistics::parse(statistics))?;
        match &mut self.0 {
            Some(sum) => stage_result(sum.merge(&more)),
            none => {
                *none = Some(more);
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> Result<String> {
        let nothing = || CoreError::new(Code::NoData, "there are no statistics to merge", "name at least one file");
        stage_result(self.0.as_ref().map(Statistics::to_json).ok_or_else(nothing))
    }
}

impl LinkedModel {
    /// A predictor keeps its last interval, whose quantile takes a while to find.
    fn with(&self, Interval { level, of_mean }: Interval) -> Result<Ref<'_, Predictor>> {
        stage_result(self.0.borrow_mut().set_interval(predict::Interval { level, of_mean }))?;
        Ok(self.0.borrow())
    }
}

impl Model for LinkedModel {
    fn plan(&self) -> Result<String> {
        Ok(document(&self.0.borrow().model().plan()))
    }

    fn summary(&self, level: f64) -> Result<String> {
        stage_result(summary::summary(self.0.borrow().model(), level).map(|summary| document(&summary)))
    }

    fn notes(&self) -> Result<String> {
        Ok(json::line(&self.0.borrow().model().notes().iter().map(CoreError::to_json).collect()))
    }

    fn predict_record(&self, attributes: &str, interval: Interval) -> Result<String> {
        stage_result(self.with(interval)?.predict_record(attributes.as_bytes()).map(|prediction| document(&prediction)))
    }

    fn explain(&self, attributes: &str, level: f64) -> Result<String> {
        let explanation = self.with(Interval { level, of_mean: false })?.explain(attributes.as_bytes());
        stage_result(explanation.map(|explanation| document(&explanation)))
    }

    fn curve(&self, attributes: &str, column: &str, values: &str, interval: Interval) -> Result<Vec<f64>> {
        stage_result(self.with(interval)?.curve(attributes.as_bytes(), column, values.as_bytes()))
    }

    fn predict_batch(&self, batch: &Batch, Interval { level, of_mean }: Interval) -> Result<PredictedBatch> {
        let mut linked = predict::Batch::new(self.0.borrow().clone());
        for (column, values) in &batch.columns {
            match values {
                Values::Numbers(values) => linked.set_f64(column, values.as_slice()),
                Values::Text(text) => linked.set_text(column, text.as_slice()),
            }
        }
        let values = stage_result(linked.predict(predict::Interval { level, of_mean }))?;
        Ok(PredictedBatch { values, status: linked.status().to_vec(), problems: json::line(&linked.problems()) })
    }

    fn table(&self, plan: &str) -> Result<Box<dyn PredictionStream>> {
        let table = Plan::parse(plan).and_then(|plan| predict::Table::new(self.0.borrow().clone(), &plan));
        Ok(Box::new(LinkedTable(stage_result(table)?)))
    }
}

impl SplitStream for LinkedTable {
    fn header(&mut self, records: &[u8]) -> Result<bool> {
        stage_result(self.0.header(records))
    }

    fn continue_at(&mut self, row: u64) -> Result<()> {
        stage_result(self.0.continue_at(row))
    }

    fn rows(&mut self) -> Result<u64> {
        Ok(self.0.rows())
    }
}

impl PredictionStream for LinkedTable {
    fn counts(&mut self) -> Result<StatusCounts> {
        StatusCounts::parse(&self.0.counts().to_json().to_string())
    }
}

impl Stream for LinkedTable {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        stage_result(self.0.push(chunk))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        stage_result(self.0.finish())
    }
}

/// Turns the core's error into that of the stages. The stage adds the name of the file.
fn stage_result<T>(result: Result<T, CoreError>) -> Result<T> {
    result.map_err(|error| {
        let record = ErrorRecord {
            code: error.code.name().to_owned(),
            row: error.row,
            column: error.column,
            found: error.found,
            expected: error.expected,
            text: error.sentence,
            help: error.help,
        };
        InputError::from(record).into()
    })
}
