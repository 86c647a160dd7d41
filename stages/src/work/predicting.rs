//! Predicts every record of many files with several threads. The result is the same, byte for byte, for any number of threads.
//!
//! Each thread reads the model into an instance of its own. Threads take tasks from one queue: a split of a table, a few JSON files with one record
//! each, or a file of columns. Tasks are numbered. A [`ReorderBuffer`] passes their results to the [`Collector`] in order, so what is written has
//! the order of the input, while the other threads compute on.
//!
//! A file of columns is predicted when its turn has come, by one thread, which writes as it reads.
//!
//! *Invariants*: no task is handed out after an error is found, and tasks that were handed out before are finished. So the earliest error of the
//! earliest file is found. A thread begins only if there is a task for it.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::input::header_finder::HeaderFinder;
use crate::input::splits::{FileSplit, FileSplits, MakeFinder, SplitOptions};
use crate::input::{column_csv, reading};
use crate::plan::Plan;
use crate::ports::columns::{Field, ValueForm};
use crate::ports::engine::{Engine, Interval, Model, PredictionStream, StatusCounts};
use crate::ports::files::Files;
use crate::ports::report::{Progress, Report};
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::work::collector::{Collector, PredictionSink, RecordPrediction, SplitPredictions, TaskResult};
use crate::work::prediction_format::PredictionFormat;
use crate::work::reorder::ReorderBuffer;
use crate::work::row_numbers::rows_before;
use crate::work::threads::{BeginHelper, ParallelWork, lock, with_helpers};

/// Files with one record each in one task. They are few beside thousands of files, and their work is large beside the cost of a task.
const RECORDS_PER_TASK: usize = 32;

/// Results for each thread that are computed or wait for their turn.
const SLOTS_PER_THREAD: usize = 4;

/// The model to predict with, and how.
pub(crate) struct PredictionPlan<'a> {
    /// The model's text, which the engine has accepted.
    pub(crate) model: &'a str,
    /// How records are read, and what is written of a prediction.
    pub(crate) plan: &'a Plan,
    /// The format of the predictions; none for that of the data.
    pub(crate) to: Option<PredictionFormat>,
}

impl PredictionPlan<'_> {
    /// Returns the engine's plan for a file.
    fn text_for(&self, source: &Source) -> String {
        PredictionFormat::plan_for(self.to, self.plan, source)
    }
}

/// Predicts every record of every file and hands the predictions to `sink`, in order. `model`: the model of `with`, for this thread.
pub(crate) fn predict_all(
    stage: &mut Stage<'_>,
    with: &PredictionPlan<'_>,
    model: &dyn Model,
    sources: &[Source],
    sink: &mut dyn PredictionSink,
) -> Result<()> {
    let threads = stage.threads.map_or(1, NonZeroUsize::get);
    let tables: Vec<&Source> = sources.iter().filter(|source| source.format.is_table_of_records()).collect();
    let splits = FileSplits::new(SplitOptions {
        files: stage.files,
        sources: &tables,
        make_finder: header_finders(stage.engine, with),
        passed_lines: with.plan.passed_lines(),
        needed_columns: None,
        block_bytes: stage.split_bytes,
        threads,
        digests: None,
    });
    let prediction = ParallelPrediction {
        engine: stage.engine,
        files: stage.files,
        with,
        sources,
        stop: splits.stop_flag(),
        record_bytes: AtomicU64::new(0),
        queue: Mutex::new(WorkQueue { splits, source: 0, number: 0 }),
        buffer: ReorderBuffer::new(threads * SLOTS_PER_THREAD),
        collector: Mutex::new(Collector::new(sink, sources)),
        all: stage.begin_progress(&sources.iter().collect::<Vec<_>>()),
    };
    let mut report: Option<&mut dyn Report> = if stage.report.watches() { Some(&mut *stage.report) } else { None };
    with_helpers(&prediction, threads, (), |begin_helper| prediction.work(model, &mut report, begin_helper));
    lock(&prediction.collector).take_failure().map_or(Ok(()), Err)
}

/// Makes boundary finders in an instance of their own. The model is read when the first is needed.
fn header_finders<'a>(engine: &'a dyn Engine, with: &'a PredictionPlan<'a>) -> MakeFinder<'a> {
    let model = OnceLock::new();
    Box::new(move |source| {
        let model: &Mutex<Box<dyn Model + 'a>> = match model.get() {
            Some(model) => model,
            None => {
                let read = Mutex::new(engine.model(with.model)?);
                model.get_or_init(|| read)
            }
        };
        let stream = lock(model).table(&with.text_for(source))?;
        Ok(HeaderFinder::new(stream, with.plan.record_ends(source.format)))
    })
}

/// What the threads share.
struct ParallelPrediction<'a> {
    engine: &'a dyn Engine,
    files: &'a dyn Files,
    with: &'a PredictionPlan<'a>,
    sources: &'a [Source],
    /// Ends the handing out of tasks.
    stop: Arc<AtomicBool>,
    /// Bytes read of files with one record, as stored.
    record_bytes: AtomicU64,
    queue: Mutex<WorkQueue<'a>>,
    buffer: ReorderBuffer<TaskResult>,
    collector: Mutex<Collector<'a>>,
    all: Progress,
}

/// Hands out tasks in the order of the files.
struct WorkQueue<'a> {
    splits: FileSplits<'a>,
    /// Index of the next file, or of the file that is being split.
    source: usize,
    /// Number of the next task.
    number: u64,
}

enum Task {
    /// A split of the table with this index among the sources.
    Split(usize, FileSplit),
    /// Files with one record each, by their indexes.
    Records(Range<usize>),
    /// The file of columns with this index.
    Columns(usize),
    /// What was next cannot be read.
    Failed(Error),
}

/// The stream that predicts a worker's splits of one table.
struct TableWorker {
    source: usize,
    stream: Box<dyn PredictionStream>,
    /// Records so far, by status.
    counts: StatusCounts,
}

impl ParallelWork for ParallelPrediction<'_> {
    type Handle = ();

    fn help(&self, (): &(), begin_helper: BeginHelper<'_>) {
        // if the model cannot be read once more, the other threads do the work
        if let Ok(model) = self.engine.model(self.with.model) {
            self.work(model.as_ref(), &mut None, begin_helper);
        }
    }
}

impl ParallelPrediction<'_> {
    /// Does tasks until there are none.
    fn work(&self, model: &dyn Model, report: &mut Option<&mut dyn Report>, begin_helper: BeginHelper<'_>) {
        let mut begin_helper = Some(begin_helper);
        let mut worker = None;
        loop {
            let (task, has_more) = self.take_task(report);
            if has_more && let Some(begin_helper) = begin_helper.take() {
                begin_helper();
            }
            let Some((number, task)) = task else { break };
            self.buffer.wait_slot(number);
            if let Task::Columns(_) = task {
                self.buffer.wait_turn(number);
            }
            let result = self.run(model, &mut worker, task);
            self.buffer.submit(number, result, |result| self.collect(result));
        }
    }

    /// Returns the next task with its number, and whether there are more.
    fn take_task(&self, report: &mut Option<&mut dyn Report>) -> (Option<(u64, Task)>, bool) {
        let mut queue = lock(&self.queue);
        let task = if self.is_stopped() { None } else { queue.next(self.sources) };
        if let Some(report) = report {
            let bytes = queue.splits.progress().1 + self.record_bytes.load(Ordering::Relaxed);
            report.progress(&Progress { file: (queue.source + 1).min(self.all.files), bytes, ..self.all });
        }
        (task, queue.source < self.sources.len() && !self.is_stopped())
    }

    fn run(&self, model: &dyn Model, worker: &mut Option<TableWorker>, task: Task) -> TaskResult {
        let result = match task {
            Task::Split(source, split) => {
                let predictions = self.predict_split(model, worker, source, &split);
                TaskResult::Split { source, number: split.number, last: split.last, predictions }
            }
            Task::Records(range) => self.predict_records(model, range),
            Task::Columns(source) => self.predict_columns(model, source).map_or_else(TaskResult::Failed, |()| TaskResult::Columns),
            Task::Failed(failure) => TaskResult::Failed(failure),
        };
        if result.is_failure() {
            self.stop();
            *worker = None;
        }
        result
    }

    fn predict_split(
        &self,
        model: &dyn Model,
        worker: &mut Option<TableWorker>,
        source: usize,
        split: &FileSplit,
    ) -> Result<SplitPredictions> {
        let mut table = match worker.take().filter(|worker| worker.source == source) {
            Some(table) => table,
            None => self.table_worker(model, source, split)?,
        };
        let predictions = table.predict(split)?;
        *worker = Some(table);
        Ok(predictions)
    }

    fn table_worker(&self, model: &dyn Model, source: usize, split: &FileSplit) -> Result<TableWorker> {
        let mut stream = model.table(&self.with.text_for(&self.sources[source]))?;
        if let Some(header) = split.header_records().filter(|_| split.number > 0) {
            stream.header(header)?;
        }
        Ok(TableWorker { source, stream, counts: StatusCounts::default() })
    }

    /// Predicts a file of columns and writes as it reads. Called when it is the file's turn.
    fn predict_columns(&self, model: &dyn Model, source: usize) -> Result<()> {
        let source = &self.sources[source];
        let in_file = |error: Error| error.in_file(&source.path);
        let mut collector = lock(&self.collector);
        if collector.has_failed() {
            return Ok(());
        }
        let writes_input =
            self.with.plan.get("with_input").is_some() && !PredictionFormat::of(self.with.to, source).takes_columns_of(source, true);
        let passing = if writes_input { Some(categories(model)?) } else { None };
        let mut stream = model.table(&self.with.text_for(source)).map_err(in_file)?;
        let sink = collector.sink();
        sink.begin(source)?;
        let form = |field: &Field| match &passing {
            // a level is found by its text, which is that of a number as it was in training
            Some(categories) if !categories.contains(&field.name) => field.is_writable().then_some(ValueForm::Written),
            _ => field.as_data(),
        };
        column_csv::each_chunk(self.files, source, form, |chunk| sink.write(&stream.push(chunk).map_err(in_file)?))?;
        sink.write(&stream.finish().map_err(in_file)?)?;
        sink.end(source, &stream.counts()?)
    }

    fn predict_records(&self, model: &dyn Model, range: Range<usize>) -> TaskResult {
        let (from, mut predictions) = (range.start, Vec::with_capacity(range.len()));
        for source in &self.sources[range] {
            match self.predict_record(model, source) {
                Ok(prediction) => predictions.push(prediction),
                Err(failure) => return TaskResult::Records { from, predictions, failure: Some(failure.in_file(&source.path)) },
            }
        }
        TaskResult::Records { from, predictions, failure: None }
    }

    fn predict_record(&self, model: &dyn Model, source: &Source) -> Result<RecordPrediction> {
        let (attributes, bytes) = reading::record_text(self.files, &source.path)?;
        self.record_bytes.fetch_add(bytes, Ordering::Relaxed);
        if self.with.to.is_none() && ["only", "on_error", "level", "interval"].iter().all(|key| self.with.plan.get(key).is_none()) {
            let text = model.predict_record(&attributes, Interval::default())?;
            return Ok(RecordPrediction { text, counts: StatusCounts::one("fine")? });
        }
        let mut stream = model.table(&self.with.text_for(source))?;
        let mut bytes = stream.push(attributes.as_bytes())?;
        bytes.extend(stream.finish()?);
        let text = String::from_utf8(bytes).map_err(|_| Error::Trap("a prediction that is not UTF-8".to_owned()))?;
        Ok(RecordPrediction { text, counts: stream.counts()? })
    }

    /// Writes the result that is next in order. The buffer calls it from one thread at a time.
    fn collect(&self, result: TaskResult) {
        let mut collector = lock(&self.collector);
        collector.collect(result);
        if collector.has_failed() {
            self.stop();
        }
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Returns the columns that are categories of the model.
fn categories(model: &dyn Model) -> Result<Vec<String>> {
    let plan = Plan::of_engine(&model.plan()?)?;
    let named = plan.get("categories").and_then(Value::as_array);
    Ok(named.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
}

impl TableWorker {
    fn predict(&mut self, split: &FileSplit) -> Result<SplitPredictions> {
        let before = rows_before(split.number);
        if split.number > 0 {
            self.stream.continue_at(before + 1)?;
        }
        let mut bytes = split.records().iter().map(|slice| self.stream.push(slice)).collect::<Result<Vec<_>>>()?;
        if split.last {
            bytes.push(self.stream.finish()?);
        }
        let (rows, counts) = (self.stream.rows()?.saturating_sub(before), self.stream.counts()?);
        let counts_before = std::mem::replace(&mut self.counts, counts);
        Ok(SplitPredictions { bytes, rows, counts: counts.since(&counts_before) })
    }
}

impl WorkQueue<'_> {
    fn next(&mut self, sources: &[Source]) -> Option<(u64, Task)> {
        let source = sources.get(self.source)?;
        let task = match source.format {
            Format::Json => Task::Records(self.take_records(sources)),
            Format::Parquet | Format::Arrow => {
                self.source += 1;
                Task::Columns(self.source - 1)
            }
            Format::Csv | Format::Tsv | Format::JsonLines | Format::Workbook => match self.splits.next() {
                Ok(split) => {
                    let (source, split) = (self.source, split?);
                    self.source += usize::from(split.last);
                    Task::Split(source, split)
                }
                Err((_, failure)) => Task::Failed(failure),
            },
        };
        self.number += 1;
        Some((self.number - 1, task))
    }

    fn take_records(&mut self, sources: &[Source]) -> Range<usize> {
        let next = sources[self.source..].iter().take(RECORDS_PER_TASK);
        let from = self.source;
        self.source += next.take_while(|source| source.format == Format::Json).count();
        from..self.source
    }
}
