//! Sums tables with several threads, each with an instance of the engine. The result is the same, byte for byte, for any number of threads.
//!
//! Workers take splits from one queue. A worker reads its splits of a file into one summarizer. When it gets a split of the next file, it sends what
//! it has read to the one [`Reducer`]. The thread that begins is a worker too; between splits it does the reducer's work.
//!
//! *Invariants*: after a split at fault no other is handed out, and those before it are read to their ends, so the reducer finds the earliest error
//! of the earliest file. A thread begins only if there is a split for it.
//!
//! *Limits*: the channel to the reducer holds [`MESSAGES_PER_THREAD`] messages for each thread; a worker waits if it is full.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex};

use crate::error::Result;
use crate::input::digests::DigestQueue;
use crate::input::splits::{FileSplit, FileSplits, SplitOptions};
use crate::plan::Plan;
use crate::ports::digest::InputFile;
use crate::ports::report::{Progress, Report};
use crate::source::Source;
use crate::stage::Stage;
use crate::work::file_state::{FileState, SumContext};
use crate::work::file_worker::{FileWorker, PartialState, WorkerMessage};
use crate::work::reducer::{AddSum, Reducer};
use crate::work::threads::{BeginHelper, ParallelWork, lock, with_helpers};

/// Messages that may wait for the reducer.
const MESSAGES_PER_THREAD: usize = 4;

/// Sums every table, and hands each sum and its path to `add`, in order. Returns the files that were read.
pub(crate) fn sum_tables(
    stage: &mut Stage<'_>,
    threads: usize,
    plan: &Plan,
    sources: &[&Source],
    add: AddSum<'_>,
) -> Result<Vec<InputFile>> {
    let all = stage.begin_progress(sources);
    let context = SumContext { engine: stage.engine, plan, sources };
    let digests = DigestQueue::default();
    let has_columns = sources.iter().any(|source| source.format.holds_columns());
    let needed_columns = if has_columns { plan.needed_columns(stage.engine)? } else { None };
    let splits = FileSplits::new(SplitOptions {
        files: stage.files,
        sources,
        make_finder: Box::new(|source| context.header_finder(source)),
        passed_lines: plan.passed_lines(),
        needed_columns,
        block_bytes: stage.split_bytes,
        threads,
        digests: Some(&digests),
    });
    let stop = splits.stop_flag();
    let mut reducer = Reducer::new(&context, add, stop.clone());
    let sum = ParallelSum { context: &context, splits: Mutex::new(splits), stop, digests: &digests, all };
    let report: Option<&mut dyn Report> = if stage.report.watches() { Some(&mut *stage.report) } else { None };
    let (sender, receiver) = mpsc::sync_channel(threads * MESSAGES_PER_THREAD);
    with_helpers(&sum, threads, sender, |begin_helper| {
        sum.work(&mut LocalResults { reducer: &mut reducer, receiver: &receiver, report }, begin_helper);
        receiver.iter().for_each(|message| reducer.receive(message));
    });
    drop(sum);
    let (notes, failure) = reducer.finish();
    notes.iter().for_each(|note| stage.report.note(note));
    failure.map_or_else(|| digests.finish(), Err)
}

/// What the threads share.
struct ParallelSum<'a> {
    context: &'a SumContext<'a>,
    /// The queue of splits.
    splits: Mutex<FileSplits<'a>>,
    stop: Arc<AtomicBool>,
    digests: &'a DigestQueue,
    all: Progress,
}

/// Takes what a worker has read.
trait Results<'a> {
    /// Takes a part of a file that has no summarizer.
    fn partial(&mut self, partial: PartialState);
    /// Takes a worker that has no more splits of its file.
    fn worker(&mut self, worker: FileWorker<'a>);
    /// Is called before each split.
    fn before_split(&mut self, _progress: &Progress) {}
}

/// Results of a helping thread: they go to the reducer's thread, which receives until all senders are gone.
struct SentResults<'a, 's> {
    context: &'a SumContext<'a>,
    sender: &'s SyncSender<WorkerMessage>,
}

impl<'a> Results<'a> for SentResults<'a, '_> {
    fn partial(&mut self, partial: PartialState) {
        let _ = self.sender.send(WorkerMessage::Partial(partial));
    }

    fn worker(&mut self, worker: FileWorker<'a>) {
        let _ = self.sender.send(worker.into_message(self.context));
    }
}

/// Results of the reducer's own thread.
struct LocalResults<'a, 'r, 't, 'p> {
    reducer: &'t mut Reducer<'a, 'r>,
    receiver: &'t Receiver<WorkerMessage>,
    report: Option<&'p mut dyn Report>,
}

impl<'a> Results<'a> for LocalResults<'a, '_, '_, '_> {
    fn partial(&mut self, partial: PartialState) {
        self.reducer.receive(WorkerMessage::Partial(partial));
    }

    fn worker(&mut self, worker: FileWorker<'a>) {
        self.reducer.take_worker(worker);
    }

    fn before_split(&mut self, progress: &Progress) {
        self.receiver.try_iter().for_each(|message| self.reducer.receive(message));
        if let Some(report) = &mut self.report {
            report.progress(progress);
        }
    }
}

impl<'a> ParallelWork for ParallelSum<'a> {
    type Handle = SyncSender<WorkerMessage>;

    fn help(&self, sender: &SyncSender<WorkerMessage>, begin_helper: BeginHelper<'_>) {
        self.work(&mut SentResults { context: self.context, sender }, begin_helper);
    }
}

impl<'a> ParallelSum<'a> {
    /// Reads splits until there are none.
    fn work(&self, results: &mut dyn Results<'a>, begin_helper: BeginHelper<'_>) {
        let mut begin_helper = Some(begin_helper);
        let mut worker: Option<FileWorker<'a>> = None;
        while let Some((split, has_more)) = self.take_split(results) {
            if has_more && let Some(begin_helper) = begin_helper.take() {
                begin_helper();
            }
            if worker.as_ref().is_some_and(|worker| worker.file != split.file)
                && let Some(worker) = worker.take()
            {
                results.worker(worker);
            }
            let goes_on = self.read(&mut worker, &split, results);
            drop(split);
            self.digests.work();
            if !goes_on {
                break;
            }
        }
        if let Some(worker) = worker {
            results.worker(worker);
        }
        self.digests.work();
    }

    /// Returns the next split, and whether there are more.
    fn take_split(&self, results: &mut dyn Results<'a>) -> Option<(FileSplit, bool)> {
        let (next, has_more, progress) = {
            let mut splits = lock(&self.splits);
            let next = splits.next();
            (next, splits.has_more(), splits.progress())
        };
        let (file, bytes) = progress;
        results.before_split(&Progress { file, bytes, ..self.all });
        match next {
            Ok(split) => Some((split?, has_more)),
            Err((file, failure)) => {
                results.partial(PartialState::without_summarizer(file, FileState::failed(failure)));
                None
            }
        }
    }

    /// Reads a split, with a new worker if there is none. Returns whether this thread can go on; if not, no split is handed out any more.
    fn read(&self, worker: &mut Option<FileWorker<'a>>, split: &FileSplit, results: &mut dyn Results<'a>) -> bool {
        if worker.is_none() {
            match FileWorker::begin(self.context, split) {
                Ok(begun) => *worker = Some(begun),
                Err(failed) => results.partial(*failed),
            }
        }
        let goes_on = worker.as_mut().is_some_and(|worker| worker.read(self.context, split));
        if !goes_on {
            self.stop.store(true, Ordering::Relaxed);
        }
        goes_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::Code;
    use crate::error::{Error, InputError};
    use crate::ports::columns::Batch;
    use crate::ports::engine::{Engine, Form, Identity, Merger, Model, SplitStream, Stream, Summarizer, Verdict};
    use crate::ports::files::Kind;
    use crate::source::Format;
    use crate::testing::{MemoryFiles, NoEngine, in_stage_with};
    use std::collections::BTreeSet;

    /// An engine that sums nothing but the number of rows. A line `bad` is at fault.
    struct LineEngine;

    #[derive(Default)]
    struct LineCounter {
        lines: u64,
        /// Number of the next row.
        next: u64,
        header: bool,
        bad_row: Option<u64>,
        /// The beginning of a line whose end has not come.
        rest: Vec<u8>,
    }

    impl LineCounter {
        fn verdict(&self) -> Result<()> {
            match self.bad_row {
                Some(row) => Err(InputError::new(Code::Quote, "bad", "correct it").at_row(row).into()),
                None => Ok(()),
            }
        }
    }

    impl Stream for LineCounter {
        fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
            self.rest.extend_from_slice(chunk);
            while let Some(end) = self.rest.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                self.next += 1;
                let is_header = !std::mem::replace(&mut self.header, true);
                if line == b"bad\n" && self.bad_row.is_none() {
                    self.bad_row = Some(self.next);
                }
                self.lines += u64::from(!is_header);
            }
            self.verdict().map(|()| Vec::new())
        }

        fn finish(&mut self) -> Result<Vec<u8>> {
            self.verdict()?;
            Ok(self.lines.to_string().into_bytes())
        }
    }

    impl SplitStream for LineCounter {
        fn header(&mut self, _: &[u8]) -> Result<bool> {
            self.header = true;
            Ok(true)
        }

        fn continue_at(&mut self, row: u64) -> Result<()> {
            self.next = row - 1;
            Ok(())
        }

        fn rows(&mut self) -> Result<u64> {
            Ok(self.next)
        }
    }

    impl Summarizer for LineCounter {
        fn add(&mut self, _: &Batch) -> Result<()> {
            Err(Error::Trap("columns are not tested here".to_owned()))
        }

        fn state(&mut self) -> Result<Vec<u8>> {
            Ok(format!("{} {}", self.lines, self.bad_row.unwrap_or(0)).into_bytes())
        }

        fn finish_groups(&mut self, _: &mut dyn FnMut(String, String) -> Result<()>) -> Result<()> {
            Err(Error::Trap("groups are not tested here".to_owned()))
        }

        fn finish_state(&mut self) -> Result<Vec<u8>> {
            self.state()
        }

        fn choose_decimals(&mut self) -> Result<String> {
            Err(Error::Trap("sharing is not tested here".to_owned()))
        }

        fn choose_knots(&mut self) -> Result<String> {
            Err(Error::Trap("knots are not tested here".to_owned()))
        }

        fn merge_state(&mut self, state: &[u8]) -> Result<()> {
            let (lines, row) = std::str::from_utf8(state).unwrap().split_once(' ').unwrap();
            let row: Option<u64> = Some(row.parse().unwrap()).filter(|row| *row > 0);
            self.lines += lines.parse::<u64>().unwrap();
            self.bad_row = self.bad_row.into_iter().chain(row).min();
            self.verdict()
        }
    }

    impl Engine for LineEngine {
        fn summarizer(&self, _: &str) -> Result<Box<dyn Summarizer + '_>> {
            Ok(Box::new(LineCounter::default()))
        }

        fn record_writer(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
            NoEngine.record_writer(plan)
        }

        fn profiler(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
            NoEngine.profiler(plan)
        }

        fn preview(&self, start: &[u8], plan: &str) -> Result<String> {
            NoEngine.preview(start, plan)
        }

        fn merger(&self) -> Result<Box<dyn Merger + Send + '_>> {
            NoEngine.merger()
        }

        fn subtract(&self, from: &str, gone: &str) -> Result<String> {
            NoEngine.subtract(from, gone)
        }

        fn audit(&self, statistics: &str, notes: &str) -> Result<String> {
            NoEngine.audit(statistics, notes)
        }

        fn fit(&self, statistics: &str, plan: &str) -> Result<String> {
            NoEngine.fit(statistics, plan)
        }

        fn needed_columns(&self, plan: &str) -> Result<Option<BTreeSet<String>>> {
            NoEngine.needed_columns(plan)
        }

        fn order_levels(&self, levels: &[String]) -> Result<Vec<String>> {
            NoEngine.order_levels(levels)
        }

        fn compare(&self, statistics: &str, plan: &str, other: &str) -> Result<String> {
            NoEngine.compare(statistics, plan, other)
        }

        fn test(&self, statistics: &str, plan: &str, restrictions: &str) -> Result<String> {
            NoEngine.test(statistics, plan, restrictions)
        }

        fn model(&self, text: &str) -> Result<Box<dyn Model + '_>> {
            NoEngine.model(text)
        }

        fn judge(&self, model: &str, records: &str, threshold: f64) -> Result<Verdict> {
            NoEngine.judge(model, records, threshold)
        }

        fn first_difference(&self, model: &str, other: &str) -> Result<Option<String>> {
            NoEngine.first_difference(model, other)
        }

        fn residuals(&self, model: &str, plan: &str) -> Result<Box<dyn Stream + '_>> {
            NoEngine.residuals(model, plan)
        }

        fn form(&self, document: &str) -> Result<Box<dyn Form + '_>> {
            NoEngine.form(document)
        }

        fn identity(&self) -> Result<Identity> {
            NoEngine.identity()
        }
    }

    /// Sums files of these texts. Returns the sums in the order in which they were passed on, and the error.
    fn sums(texts: &[String], threads: usize) -> (Vec<String>, Result<Vec<InputFile>>) {
        let paths: Vec<String> = (0..texts.len()).map(|at| format!("{at}.csv")).collect();
        let files: Vec<(&str, &str)> = paths.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let source = |path: &String| Source::new(path, path, Format::Csv, Kind::File);
        let sources: Vec<Source> = paths.iter().map(source).collect();
        let mut sums = Vec::new();
        let inputs = in_stage_with(&LineEngine, &MemoryFiles::of(&files), 16, &[], |stage| {
            let mut add = |sum: Vec<u8>, path: &str| {
                sums.push(format!("{path} {}", String::from_utf8(sum).unwrap()));
                Ok(())
            };
            sum_tables(stage, threads, &Plan::new(), &sources.iter().collect::<Vec<_>>(), &mut add)
        });
        (sums, inputs.0)
    }

    #[test]
    fn sums_come_in_the_order_of_the_files_for_any_number_of_threads() {
        let texts: Vec<String> = (0..40).map(|file| format!("a\n{}", "1\n".repeat(file * 7 % 60))).collect();
        let expected: Vec<String> = (0..40).map(|file| format!("{file}.csv {}", file * 7 % 60)).collect();
        for threads in [2, 3, 7] {
            let (sums, inputs) = sums(&texts, threads);
            assert_eq!(sums, expected, "{threads} threads");
            assert_eq!(inputs.unwrap().len(), texts.len());
        }
    }

    #[test]
    fn the_earliest_error_of_the_earliest_file_is_found() {
        let text = |bad: &[usize]| {
            let line = |row: usize| if bad.contains(&row) { "bad\n" } else { "1\n" };
            format!("a\n{}", (0..200).map(line).collect::<String>())
        };
        let texts = [text(&[]), text(&[150, 30, 31]), text(&[0]), text(&[])];
        for threads in [2, 3, 7] {
            let (sums, inputs) = sums(&texts, threads);
            assert_eq!(sums, ["0.csv 200"], "{threads} threads");
            assert_eq!(inputs.unwrap_err().to_string(), "error: 1.csv: row 32: bad\nhelp: correct it");
        }
    }
}
