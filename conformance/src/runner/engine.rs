//! The contract over a runner, as the engine of the stages.
//!
//! *Invariants*: every handle is freed when its Rust value is dropped.

use super::resource::{Resource, STATISTICS, converted};
use super::session::{Inbox, Introduction, Limits, Session, take};
use super::table::Table;
use super::value::Value;
use samefit_stages::error::{Error, Result};
use samefit_stages::ports::columns::Batch;
use samefit_stages::ports::engine::{
    Engine, Form, Identity, Interval, Merger, Model, PredictedBatch, PredictionStream, SplitStream, StatusCounts, Stream, Summarizer,
    Verdict,
};
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

/// An engine in another process.
pub struct RunnerEngine {
    session: Arc<Session>,
    introduction: Introduction,
}

impl RunnerEngine {
    /// Starts a runner. `table`: the text of the `abi.json` that it reads. `name`: its name in messages.
    ///
    /// # Errors
    /// If it does not start, or does not introduce itself.
    pub fn start(name: &str, command: &mut Command, table: &str, limits: Limits) -> Result<Self, String> {
        let (session, introduction) = Session::start(name, command, Table::parse(table)?, limits)?;
        Ok(Self { session: Arc::new(session), introduction })
    }

    /// Returns what the runner says about itself.
    #[must_use]
    pub fn introduction(&self) -> &Introduction {
        &self.introduction
    }

    /// Ends the runner's input, and waits for its end.
    ///
    /// # Errors
    /// If it does not end, ends with an error, or broke the protocol before.
    pub fn end(&self) -> Result<()> {
        self.session.end()
    }

    /// Calls a function at a place of the contract.
    pub(crate) fn call<T: TryFrom<Value, Error: ToString>>(&self, place: &str, args: &[Value]) -> Result<T> {
        converted(self.session.call(place, args)?)
    }

    /// Makes a resource by one of its static functions.
    pub(crate) fn make(&self, kind: &'static str, function: &str, args: &[Value]) -> Result<Resource> {
        let made = self.session.call(&format!("{kind}.{function}"), args)?;
        Resource::own(&self.session, kind, made)
    }

    fn statistics(&self, text: &str) -> Result<Resource> {
        self.make(STATISTICS, "parse", &[text.into()])
    }

    fn stream(&self, kind: &'static str, args: &[Value]) -> Result<Box<RunnerStream>> {
        Ok(Box::new(RunnerStream::new(self.make(kind, "new", args)?)))
    }
}

impl Engine for RunnerEngine {
    fn needed_columns(&self, plan: &str) -> Result<Option<BTreeSet<String>>> {
        let names: Option<String> = self.call("training/needed-columns", &[plan.into()])?;
        Ok(names.map(|names| parse_names(&names)).transpose()?.map(BTreeSet::from_iter))
    }

    fn order_levels(&self, levels: &[String]) -> Result<Vec<String>> {
        let levels = serde_json::Value::from(levels).to_string();
        parse_names(&self.call::<String>("training/order-levels", &[levels.as_str().into()])?)
    }

    fn summarizer(&self, plan: &str) -> Result<Box<dyn Summarizer + '_>> {
        Ok(self.stream("training/summarizer", &[plan.into()])?)
    }

    fn record_writer(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        Ok(self.stream("quality/record-writer", &[plan.into()])?)
    }

    fn profiler(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        Ok(self.stream("profile/profiler", &[plan.into()])?)
    }

    fn residuals(&self, model: &str, plan: &str) -> Result<Box<dyn Stream + '_>> {
        Ok(self.stream("quality/residuals", &[model.into(), plan.into()])?)
    }

    fn preview(&self, start: &[u8], plan: &str) -> Result<String> {
        self.call("profile/preview", &[start.into(), plan.into()])
    }

    fn merger(&self) -> Result<Box<dyn Merger + Send + '_>> {
        Ok(Box::new(RunnerMerger { engine: self, sum: None }))
    }

    fn subtract(&self, from: &str, gone: &str) -> Result<String> {
        let (from, gone) = (self.statistics(from)?, self.statistics(gone)?);
        from.call::<()>("subtract", &[gone.handle()])?;
        from.call("to-json", &[])
    }

    fn audit(&self, statistics: &str, notes: &str) -> Result<String> {
        self.statistics(statistics)?.call("audit", &[notes.into()])
    }

    fn fit(&self, statistics: &str, plan: &str) -> Result<String> {
        self.statistics(statistics)?.call("fit", &[plan.into()])
    }

    fn compare(&self, statistics: &str, plan: &str, other: &str) -> Result<String> {
        self.statistics(statistics)?.call("compare", &[plan.into(), other.into()])
    }

    fn test(&self, statistics: &str, plan: &str, restrictions: &str) -> Result<String> {
        self.statistics(statistics)?.call("test", &[plan.into(), restrictions.into()])
    }

    fn model(&self, text: &str) -> Result<Box<dyn Model + '_>> {
        Ok(Box::new(RunnerModel(self.make("prediction/model", "parse", &[text.into()])?)))
    }

    fn judge(&self, model: &str, records: &str, threshold: f64) -> Result<Verdict> {
        let records = self.statistics(records)?;
        let verdict = self.call("quality/judge", &[model.into(), records.handle(), threshold.into()])?;
        let verdict = records.own_other("quality/verdict", verdict)?;
        Ok(Verdict { report: verdict.call("report", &[])?, model: verdict.call("model", &[])? })
    }

    fn first_difference(&self, model: &str, other: &str) -> Result<Option<String>> {
        self.call("quality/first-difference", &[model.into(), other.into()])
    }

    fn form(&self, document: &str) -> Result<Box<dyn Form + '_>> {
        Ok(Box::new(RunnerForm(self.make("entry/form", "new", &[document.into()])?)))
    }

    fn identity(&self) -> Result<Identity> {
        Ok(Identity {
            version: self.call("identity/version", &[])?,
            formats: self.call("identity/formats", &[])?,
            limits: self.call("identity/limits", &[])?,
            component_sha256: self.introduction.digest.clone(),
        })
    }
}

/// Reads a JSON array of names.
fn parse_names(names: &str) -> Result<Vec<String>> {
    serde_json::from_str(names).map_err(|_| Error::Trap("names that are not as the contract says".to_owned()))
}

/// Any resource that takes bytes until it is finished.
///
/// The answer of `push` comes while the next bytes go, so the output and the error that it returns may be those of an earlier call.
struct RunnerStream {
    resource: Resource,
    /// Gets the answers of `push`.
    inbox: Inbox,
    /// Output that nobody has taken yet.
    output: Vec<u8>,
}

impl RunnerStream {
    fn new(resource: Resource) -> Self {
        Self { resource, inbox: Inbox::default(), output: Vec::new() }
    }

    /// Keeps the output that has arrived. Returns the first error that has.
    fn collect(&mut self) -> Result<()> {
        for value in take(&self.inbox)?.into_iter().filter(|value| *value != Value::Nothing) {
            self.output.extend(converted::<Vec<u8>>(value)?);
        }
        Ok(())
    }

    /// Calls a method after all bytes were read.
    fn call<T: TryFrom<Value, Error: ToString>>(&mut self, method: &str, args: &[Value]) -> Result<T> {
        self.settle()?;
        self.resource.call(method, args)
    }

    fn settle(&mut self) -> Result<()> {
        self.resource.settle()?;
        self.collect()
    }
}

impl Stream for RunnerStream {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        self.resource.call_later("push", &[chunk.into()], &self.inbox)?;
        self.collect()?;
        Ok(std::mem::take(&mut self.output))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let rest: Value = self.call("finish", &[])?;
        let rest = match rest {
            Value::Bytes(bytes) => bytes,
            Value::Text(text) => text.into_bytes(),
            handle => self.resource.own_other(STATISTICS, handle)?.call::<String>("to-json", &[])?.into_bytes(),
        };
        self.output.extend(rest);
        Ok(std::mem::take(&mut self.output))
    }

    fn notes(&mut self) -> Result<String> {
        self.call("notes", &[])
    }
}

impl SplitStream for RunnerStream {
    fn header(&mut self, records: &[u8]) -> Result<bool> {
        self.call("header", &[records.into()])
    }

    fn continue_at(&mut self, row: u64) -> Result<()> {
        self.call("continue-at", &[row.into()])
    }

    fn rows(&mut self) -> Result<u64> {
        self.call("rows", &[])
    }
}

impl Summarizer for RunnerStream {
    fn add(&mut self, batch: &Batch) -> Result<()> {
        self.resource.set_columns(batch)?;
        self.call("sum-columns", &[])
    }

    fn state(&mut self) -> Result<Vec<u8>> {
        self.call("state", &[])
    }

    fn finish_groups(&mut self, take: &mut dyn FnMut(String, String) -> Result<()>) -> Result<()> {
        let groups: Value = self.call("finish-groups", &[])?;
        let groups = self.resource.own_other("training/groups", groups)?;
        for name in parse_names(&groups.call::<String>("names", &[])?)? {
            let statistics = groups.call("take", &[name.as_str().into()])?;
            let text = groups.own_other(STATISTICS, statistics)?.call("to-json", &[])?;
            take(name, text)?;
        }
        Ok(())
    }

    fn finish_state(&mut self) -> Result<Vec<u8>> {
        self.call("finish-state", &[])
    }

    fn choose_decimals(&mut self) -> Result<String> {
        self.call("choose-decimals", &[])
    }

    fn choose_knots(&mut self) -> Result<String> {
        self.call("choose-knots", &[])
    }

    fn merge_state(&mut self, state: &[u8]) -> Result<()> {
        self.call("merge-state", &[state.into()])
    }
}

impl PredictionStream for RunnerStream {
    fn counts(&mut self) -> Result<StatusCounts> {
        StatusCounts::parse(&self.call::<String>("counts", &[])?)
    }
}

struct RunnerMerger<'e> {
    engine: &'e RunnerEngine,
    /// None before the first statistics.
    sum: Option<Resource>,
}

impl Merger for RunnerMerger<'_> {
    fn add(&mut self, statistics: &str) -> Result<()> {
        let next = self.engine.statistics(statistics)?;
        match &self.sum {
            Some(sum) => sum.call("merge", &[next.handle()]),
            None => {
                self.sum = Some(next);
                Ok(())
            }
        }
    }

    fn finish(&mut self) -> Result<String> {
        let nothing = || Error::usage("there are no statistics to merge", "name a file");
        self.sum.as_ref().ok_or_else(nothing)?.call("to-json", &[])
    }
}

struct RunnerModel(Resource);

impl Model for RunnerModel {
    fn plan(&self) -> Result<String> {
        self.0.call("plan", &[])
    }

    fn summary(&self, level: f64) -> Result<String> {
        self.0.call("summary", &[level.into()])
    }

    fn notes(&self) -> Result<String> {
        self.0.call("notes", &[])
    }

    fn predict_record(&self, attributes: &str, Interval { level, of_mean }: Interval) -> Result<String> {
        self.0.call("predict-record", &[attributes.into(), level.into(), of_mean.into()])
    }

    fn explain(&self, attributes: &str, level: f64) -> Result<String> {
        self.0.call("explain", &[attributes.into(), level.into()])
    }

    fn curve(&self, attributes: &str, column: &str, values: &str, Interval { level, of_mean }: Interval) -> Result<Vec<f64>> {
        self.0.call("curve", &[attributes.into(), column.into(), values.into(), level.into(), of_mean.into()])
    }

    fn predict_batch(&self, batch: &Batch, Interval { level, of_mean }: Interval) -> Result<PredictedBatch> {
        let resource = self.0.make_other("prediction/batch", &[self.0.handle()])?;
        resource.set_columns(batch)?;
        let values = resource.call("predict", &[level.into(), of_mean.into()])?;
        Ok(PredictedBatch { values, status: resource.call("status", &[])?, problems: resource.call("problems", &[])? })
    }

    fn table(&self, plan: &str) -> Result<Box<dyn PredictionStream>> {
        Ok(Box::new(RunnerStream::new(self.0.make_other("prediction/table", &[self.0.handle(), plan.into()])?)))
    }
}

struct RunnerForm(Resource);

impl Form for RunnerForm {
    fn fields(&mut self) -> Result<String> {
        self.0.call("fields", &[])
    }

    fn evaluate(&mut self, entries: &str) -> Result<String> {
        self.0.call("evaluate", &[entries.into()])
    }

    fn convert(&mut self, field: &str, value: &str, unit: &str, to: &str) -> Result<String> {
        self.0.call("convert", &[field.into(), value.into(), unit.into(), to.into()])
    }
}
