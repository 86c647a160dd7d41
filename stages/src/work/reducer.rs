//! Brings together what the workers have read: merges their states file by file, closes the files in order, and passes their sums on.
//!
//! There is one reducer, on the thread that began the work, so nothing here is shared between threads.
//!
//! *Invariants*: sums are passed on in the order of the files. After the first error nothing more is passed on, and it is the earliest error of
//! the earliest file, because all splits before the one at fault are read to their ends.
//!
//! *Limits*: of a file whose turn has not come, states are kept as text; at most one summarizer waits.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};
use crate::work::file_state::{FileState, FileSum, Reading, SumContext};
use crate::work::file_worker::{FileWorker, PartialState, WorkerMessage};

/// Receives the sum of a file and its path.
pub(crate) type AddSum<'r> = &'r mut dyn FnMut(Vec<u8>, &str) -> Result<()>;

/// Merges what the workers send.
pub(crate) struct Reducer<'a, 'r> {
    context: &'a SumContext<'a>,
    add: AddSum<'r>,
    /// Tells the queue to give out no more splits.
    stop: Arc<AtomicBool>,
    /// Index of the file whose sum is passed on next.
    next: usize,
    files: BTreeMap<usize, OpenSum<'a>>,
    notes: Vec<String>,
    failure: Option<Error>,
}

/// What has arrived of a file.
enum OpenSum<'a> {
    Parts(Box<FileParts<'a>>),
    Whole(Result<FileSum>),
}

/// The parts of a file that have arrived.
#[derive(Default)]
struct FileParts<'a> {
    state: FileState,
    /// The summarizer to merge the other states into, if the worker of this thread has read some of the file.
    reading: Option<Reading<'a>>,
    states: Vec<Vec<u8>>,
}

impl<'a, 'r> Reducer<'a, 'r> {
    pub(crate) fn new(context: &'a SumContext<'a>, add: AddSum<'r>, stop: Arc<AtomicBool>) -> Self {
        Self { context, add, stop, next: 0, files: BTreeMap::new(), notes: Vec::new(), failure: None }
    }

    /// Takes what a worker on another thread has read of a file.
    pub(crate) fn receive(&mut self, message: WorkerMessage) {
        match message {
            WorkerMessage::Partial(PartialState { file, state, summarizer_state }) => self.add_part(file, state, None, summarizer_state),
            WorkerMessage::Whole(file, sum) => {
                self.files.insert(file, OpenSum::Whole(sum));
            }
        }
        self.close_complete();
    }

    /// Takes what the worker on this thread has read of a file. If the file is next, its summarizer is kept, for the other states to be merged into.
    pub(crate) fn take_worker(&mut self, worker: FileWorker<'a>) {
        if worker.has_whole_file() || worker.file != self.next || self.has_reading(worker.file) {
            return self.receive(worker.into_message(self.context));
        }
        let FileWorker { file, state, reading } = worker;
        self.add_part(file, state, Some(reading), None);
        self.close_complete();
    }

    /// Closes the files that are left when all workers have ended. Returns the notes on the files that were summed, and the first error.
    pub(crate) fn finish(mut self) -> (Vec<String>, Option<Error>) {
        while self.failure.is_none()
            && let Some(file) = self.files.remove(&self.next)
        {
            self.close(file);
        }
        (self.notes, self.failure)
    }

    fn has_reading(&self, file: usize) -> bool {
        matches!(self.files.get(&file), Some(OpenSum::Parts(parts)) if parts.reading.is_some())
    }

    fn add_part(&mut self, file: usize, part: FileState, reading: Option<Reading<'a>>, summarizer_state: Option<Vec<u8>>) {
        if part.has_failed() {
            self.stop();
        }
        if let OpenSum::Parts(parts) = self.files.entry(file).or_insert_with(|| OpenSum::Parts(Box::default())) {
            parts.state.merge(part);
            parts.states.extend(summarizer_state);
            if reading.is_some() {
                parts.reading = reading;
            }
        }
    }

    /// Closes the files of which everything has arrived, in order.
    fn close_complete(&mut self) {
        while self.failure.is_none()
            && self.files.get(&self.next).is_some_and(OpenSum::is_complete)
            && let Some(file) = self.files.remove(&self.next)
        {
            self.close(file);
        }
    }

    /// Closes the next file and hands its sum on.
    fn close(&mut self, file: OpenSum<'a>) {
        let at = self.next;
        self.next += 1;
        let sum = match file {
            OpenSum::Parts(parts) => parts.state.close(self.context, at, parts.reading, parts.states),
            OpenSum::Whole(sum) => sum,
        };
        let added = sum.and_then(|sum| {
            self.notes.extend(sum.notes);
            (self.add)(sum.sum, &self.context.sources[at].path)
        });
        if let Err(failure) = added {
            self.failure = Some(failure);
            self.stop();
        }
    }

    fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl OpenSum<'_> {
    fn is_complete(&self) -> bool {
        match self {
            Self::Parts(parts) => parts.state.is_complete(),
            Self::Whole(_) => true,
        }
    }
}
