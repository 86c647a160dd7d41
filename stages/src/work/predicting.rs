//! Many files to their predictions by one thread or many, each with the model read in an instance of its own: what one thread would have
//! written, byte for byte and in the same order.
//!
//! Tables are shared piece by piece (`pieces`), small JSON files some at a time; a file of columns is predicted by one when its turn has come. Everything that is handed out has a number, and what comes of it
//! is written in the order of the numbers (`turns`) by whoever brings the next, while the others compute. Rows of a piece are numbered from its
//! own number shifted by [`PIECE_ROWS_BITS`], and counted through as it is written.
//!
//! *Invariants*: nothing is handed out after a fault is found, and what was handed out before is worked at to its end. So the earliest fault of
//! the earliest file is found. No thread is begun unless there is something for it to do.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use crate::error::{Error, Result};
use crate::input::columns;
use crate::input::pieces::{Piece, Pieces};
use crate::input::reading;
use crate::plan::Plan;
use crate::ports::engine::{Engine, Model, Piecewise, Table};
use crate::ports::files::Files;
use crate::ports::report::{Progress, Report};
use crate::source::{Format, Source};
use crate::stage::Stage;
use crate::work::rows::{PIECE_ROWS_BITS, counted_through};
use crate::work::threads::{Parallel, by_many, lock};
use crate::work::turns::Turns;

/// Files with one record that are handed out together: few beside thousands, and many beside the cost of handing out.
const RECORDS_AT_ONCE: usize = 32;

/// Results of a thread that may wait for their turn.
const AHEAD: usize = 4;

/// Takes predictions, in order. A file is a record, or it begins, is written to and ends.
pub(crate) trait Sink: Send {
    /// The whole of a file with one record.
    fn record(&mut self, source: &Source, prediction: &str) -> Result<()>;
    /// A table begins.
    fn begin(&mut self, source: &Source) -> Result<()>;
    /// More of the table.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
    /// The table ends.
    fn end(&mut self, source: &Source, records: u64) -> Result<()>;
}

/// What to predict with.
pub(crate) struct With<'a> {
    /// The model's text, which was read without a fault.
    pub(crate) model: &'a str,
    /// How the bytes are written, and what is to be.
    pub(crate) plan: &'a Plan,
}

/// Hands the predictions of every record of every file to `sink`.
pub(crate) fn all(stage: &mut Stage<'_>, with: &With<'_>, model: &dyn Model, sources: &[Source], sink: &mut dyn Sink) -> Result<()> {
    let threads = stage.threads.map_or(1, NonZeroUsize::get);
    let tables: Vec<&Source> = sources.iter().filter(|source| matches!(source.format, Format::Csv | Format::JsonLines)).collect();
    let pieces = Pieces::new(Box::new(scouts(stage.engine, with)), stage.files, None, &tables, stage.piece_bytes, threads);
    let work = Work {
        engine: stage.engine,
        files: stage.files,
        with,
        sources,
        stopped: pieces.stopped(),
        bytes: AtomicU64::new(0),
        hand: Mutex::new(Hand { pieces, source: 0, number: 0 }),
        turns: Turns::new(threads * AHEAD),
        end: Mutex::new(End { sink, sources, rows: 0, records: 0, failure: None }),
        all: stage.begins(&sources.iter().collect::<Vec<_>>()),
    };
    let mut watcher: Option<&mut dyn Report> = if stage.report.watches() { Some(&mut *stage.report) } else { None };
    by_many(&work, threads, |begin_another| work.go(model, &mut watcher, begin_another));
    lock(&work.end).failure.take().map_or(Ok(()), Err)
}

/// Finds headers and borders in an instance of its own, with a model that is read when it is first needed.
fn scouts<'a>(engine: &'a dyn Engine, with: &'a With<'a>) -> impl Fn(&Source) -> Result<Box<dyn Piecewise + 'a>> + Send + 'a {
    let model = OnceLock::new();
    move |source| {
        let model: &Mutex<Box<dyn Model + 'a>> = match model.get() {
            Some(model) => model,
            None => {
                let read = Mutex::new(engine.model(with.model)?);
                model.get_or_init(|| read)
            }
        };
        Ok(lock(model).table(&with.plan.text_for(source.format))?)
    }
}

impl Parallel for Work<'_> {
    fn help(&self, begin_another: &mut dyn FnMut()) {
        // without another model, the others do the work
        if let Ok(model) = self.engine.model(self.with.model) {
            self.go(model.as_ref(), &mut None, begin_another);
        }
    }
}

/// What the workers share.
struct Work<'a> {
    engine: &'a dyn Engine,
    files: &'a dyn Files,
    with: &'a With<'a>,
    sources: &'a [Source],
    stopped: Arc<AtomicBool>,
    /// Read of files with one record, as stored.
    bytes: AtomicU64,
    hand: Mutex<Hand<'a>>,
    turns: Turns<Done>,
    end: Mutex<End<'a>>,
    all: Progress,
}

/// Hands out what there is to do.
struct Hand<'a> {
    pieces: Pieces<'a>,
    /// The file that is next, or some of which is.
    source: usize,
    number: u64,
}

/// Something to do.
enum Job {
    Piece(usize, Piece),
    Records(Range<usize>),
    Columns(usize),
    /// What was to be read cannot be.
    Failed(Error),
}

/// What came of it.
enum Done {
    Piece {
        source: usize,
        number: u64,
        last: bool,
        predicted: Result<Predicted>,
    },
    Records {
        from: usize,
        predictions: Vec<String>,
        failure: Option<Error>,
    },
    /// It is written.
    Columns,
    Failed(Error),
}

/// The predictions of a piece.
struct Predicted {
    bytes: Vec<Vec<u8>>,
    rows: u64,
    records: u64,
}

/// A table that a worker reads pieces of.
struct Share {
    source: usize,
    table: Box<dyn Table>,
    records: u64,
}

/// Where everything comes together in its order.
struct End<'a> {
    sink: &'a mut dyn Sink,
    sources: &'a [Source],
    /// Rows and records of the table that is written.
    rows: u64,
    records: u64,
    failure: Option<Error>,
}

impl Work<'_> {
    /// Does what there is to do.
    fn go(&self, model: &dyn Model, watcher: &mut Option<&mut dyn Report>, begin_another: impl FnOnce()) {
        let mut begin_another = Some(begin_another);
        let mut share = None;
        loop {
            let (job, more) = self.take(watcher);
            if more && let Some(begin_another) = begin_another.take() {
                begin_another();
            }
            let Some((number, job)) = job else { break };
            self.turns.near(number);
            if let Job::Columns(_) = job {
                self.turns.come(number);
            }
            let done = self.work(model, &mut share, job);
            self.turns.bring(number, done, |done| self.write(done));
        }
    }

    /// The next job with its number, and whether there are more.
    fn take(&self, watcher: &mut Option<&mut dyn Report>) -> (Option<(u64, Job)>, bool) {
        let mut hand = lock(&self.hand);
        let job = if self.stopped.load(Ordering::Relaxed) { None } else { hand.next(self.sources) };
        if let Some(watcher) = watcher {
            let bytes = hand.pieces.so_far().1 + self.bytes.load(Ordering::Relaxed);
            watcher.progress(&Progress { file: (hand.source + 1).min(self.all.files), bytes, ..self.all });
        }
        (job, hand.source < self.sources.len() && !self.stopped.load(Ordering::Relaxed))
    }

    fn work(&self, model: &dyn Model, share: &mut Option<Share>, job: Job) -> Done {
        let done = match job {
            Job::Piece(source, piece) => {
                let predicted = self.piece(model, share, source, &piece);
                Done::Piece { source, number: piece.number, last: piece.last, predicted }
            }
            Job::Records(range) => self.records(model, range),
            Job::Columns(source) => self.columns(model, source).map_or_else(Done::Failed, |()| Done::Columns),
            Job::Failed(failure) => Done::Failed(failure),
        };
        if done.is_failure() {
            self.stopped.store(true, Ordering::Relaxed);
            *share = None;
        }
        done
    }

    fn piece(&self, model: &dyn Model, share: &mut Option<Share>, source: usize, piece: &Piece) -> Result<Predicted> {
        if share.as_ref().is_none_or(|share| share.source != source) {
            *share = None;
            let mut table = model.table(&self.with.plan.text_for(self.sources[source].format))?;
            if let Some(header) = piece.header_records().filter(|_| piece.number > 0) {
                table.header(header)?;
            }
            *share = Some(Share { source, table, records: 0 });
        }
        let Some(share) = share else { return Ok(Predicted { bytes: Vec::new(), rows: 0, records: 0 }) };
        let table = &mut share.table;
        let before = piece.number << PIECE_ROWS_BITS;
        if piece.number > 0 {
            table.continue_at(before + 1)?;
        }
        let mut bytes = piece.records().iter().map(|slice| table.push(slice)).collect::<Result<Vec<_>>>()?;
        if piece.last {
            bytes.push(table.finish()?);
        }
        let (rows, records) = (table.rows()?.saturating_sub(before), table.predictions()?);
        let so_far = std::mem::replace(&mut share.records, records);
        Ok(Predicted { bytes, rows, records: records - so_far })
    }

    /// Writes as it reads: it is this file's turn.
    fn columns(&self, model: &dyn Model, source: usize) -> Result<()> {
        let source = &self.sources[source];
        let blame = |failure: Error| failure.in_file(&source.path);
        let mut end = lock(&self.end);
        if end.failure.is_some() {
            return Ok(());
        }
        let mut table = model.table(&self.with.plan.text_for(source.format)).map_err(blame)?;
        end.sink.begin(source)?;
        columns::each_chunk(self.files, source, |chunk| end.sink.write(&table.push(chunk).map_err(blame)?))?;
        end.sink.write(&table.finish().map_err(blame)?)?;
        end.sink.end(source, table.predictions()?)
    }

    fn records(&self, model: &dyn Model, range: Range<usize>) -> Done {
        let (from, mut predictions) = (range.start, Vec::with_capacity(range.len()));
        for source in &self.sources[range] {
            match self.record(model, source) {
                Ok(prediction) => predictions.push(prediction),
                Err(failure) => return Done::Records { from, predictions, failure: Some(failure.in_file(&source.path)) },
            }
        }
        Done::Records { from, predictions, failure: None }
    }

    fn record(&self, model: &dyn Model, source: &Source) -> Result<String> {
        let (attributes, bytes) = reading::record_text(self.files, &source.path)?;
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if self.with.plan.get("only").is_none() {
            return model.predict_record(&attributes);
        }
        let mut table = model.table(&self.with.plan.text_for(Format::Json))?;
        table.push(attributes.as_bytes())?;
        String::from_utf8(table.finish()?).map_err(|_| Error::Trap("a prediction that is not UTF-8".to_owned()))
    }

    /// Called with what is next in order, by one thread at a time.
    fn write(&self, done: Done) {
        let mut end = lock(&self.end);
        if end.failure.is_some() {
            return;
        }
        if let Err(failure) = end.take(done) {
            end.failure = Some(failure);
            self.stopped.store(true, Ordering::Relaxed);
        }
    }
}

impl Hand<'_> {
    fn next(&mut self, sources: &[Source]) -> Option<(u64, Job)> {
        let source = sources.get(self.source)?;
        let job = match source.format {
            Format::Json => {
                let records =
                    sources[self.source..].iter().take(RECORDS_AT_ONCE).take_while(|source| source.format == Format::Json).count();
                let range = self.source..self.source + records;
                self.source = range.end;
                Job::Records(range)
            }
            Format::Parquet | Format::Arrow => {
                self.source += 1;
                Job::Columns(self.source - 1)
            }
            Format::Csv | Format::JsonLines => match self.pieces.next(None) {
                Ok(piece) => {
                    let (source, piece) = (self.source, piece?);
                    self.source += usize::from(piece.last);
                    Job::Piece(source, piece)
                }
                Err((_, failure)) => Job::Failed(failure),
            },
        };
        self.number += 1;
        Some((self.number - 1, job))
    }
}

impl Done {
    fn is_failure(&self) -> bool {
        match self {
            Self::Piece { predicted, .. } => predicted.is_err(),
            Self::Records { failure, .. } => failure.is_some(),
            Self::Columns => false,
            Self::Failed(_) => true,
        }
    }
}

impl End<'_> {
    fn take(&mut self, done: Done) -> Result<()> {
        match done {
            Done::Piece { source, number, last, predicted } => {
                let source = &self.sources[source];
                if number == 0 {
                    (self.rows, self.records) = (0, 0);
                    self.sink.begin(source)?;
                }
                let predicted = predicted.map_err(|failure| counted_through(failure, |_| self.rows).in_file(&source.path))?;
                predicted.bytes.iter().try_for_each(|bytes| self.sink.write(bytes))?;
                self.rows += predicted.rows;
                self.records += predicted.records;
                if last { self.sink.end(source, self.records) } else { Ok(()) }
            }
            Done::Records { from, predictions, failure } => {
                let mut pairs = self.sources[from..].iter().zip(&predictions);
                pairs.try_for_each(|(source, prediction)| self.sink.record(source, prediction))?;
                failure.map_or(Ok(()), Err)
            }
            Done::Columns => Ok(()),
            Done::Failed(failure) => Err(failure),
        }
    }
}
