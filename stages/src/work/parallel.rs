//! Many tables to their statistics by many threads, each with an instance of the engine: what one thread would have found, to the byte.
//!
//! Pieces are handed out in the order of the files, and a worker reads those of a file in increasing order. When it is handed a piece of the
//! next file, it leaves what it has read of this one as a *part*; the last to leave absorbs the parts. Rows are numbered by piece
//! ([`PIECE_ROWS_BITS`]), and counted through once all pieces before are read. Files are merged in their order.
//!
//! *Invariants*: after a piece that is at fault no other is handed out, and those before it are read to their ends. So the earliest fault of
//! the earliest file is found. No thread is begun unless there is a piece for it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::input::digests::Digests;
use crate::input::pieces::{Content, Header, Piece, Pieces};
use crate::plan::Plan;
use crate::ports::digest::Input;
use crate::ports::engine::{Engine, Piecewise, Summarizer};
use crate::ports::report::{Progress, Report};
use crate::source::Source;
use crate::stage::Stage;
use crate::work::finish::{end, end_notes};
use crate::work::rows::{PIECE_ROWS_BITS, counted_through, piece_of};
use crate::work::threads::{Parallel, by_many, lock};

/// Hands the statistics of every table, with its path, to `add`, in order; returns the files that were read.
pub(crate) fn tables(
    stage: &mut Stage<'_>,
    threads: usize,
    plan: &Plan,
    sources: &[&Source],
    add: &mut (dyn FnMut(String, &str) -> Result<()> + Send),
) -> Result<Vec<Input>> {
    let all = stage.begins(sources);
    let engine = stage.engine;
    let scout = move |source: &Source| -> Result<Box<dyn Piecewise + '_>> {
        Ok(engine.summarizer(&plan.text_for(source.format)).map_err(|failure| plan.blame(failure))?)
    };
    let pieces = Pieces::new(Box::new(scout), stage.files, plan.named_columns(), sources, stage.piece_bytes, threads);
    let work = Work {
        stopped: pieces.stopped(),
        pieces: Mutex::new(pieces),
        engine: stage.engine,
        accounts: Mutex::default(),
        digests: Digests::default(),
        merged: Mutex::new(Merged { add, next: 0, waiting: BTreeMap::new(), notes: Vec::new(), failure: None }),
        plan,
        sources,
        all,
    };
    let mut watcher: Option<&mut dyn Report> = if stage.report.watches() { Some(&mut *stage.report) } else { None };
    by_many(&work, threads, |begin_another| work.go(&mut watcher, begin_another));
    let Merged { notes, failure, .. } = work.merged.into_inner().unwrap_or_else(PoisonError::into_inner);
    notes.iter().for_each(|note| stage.report.note(note));
    failure.map_or_else(|| work.digests.finish(), Err)
}

impl Parallel for Work<'_> {
    fn help(&self, begin_another: &mut dyn FnMut()) {
        self.go(&mut None, begin_another);
    }
}

/// What the workers share.
struct Work<'a> {
    engine: &'a dyn Engine,
    stopped: Arc<AtomicBool>,
    pieces: Mutex<Pieces<'a>>,
    accounts: Mutex<BTreeMap<usize, Account>>,
    digests: Digests,
    merged: Mutex<Merged<'a>>,
    plan: &'a Plan,
    sources: &'a [&'a Source],
    all: Progress,
}

/// What is known of a file that is read.
#[derive(Default)]
struct Account {
    /// Workers who have read of it and not left it.
    workers: usize,
    parts: Vec<String>,
    /// Rows of each piece.
    rows: Vec<u64>,
    /// What tells the names of the columns, if there is more than one piece.
    header: Option<Header>,
    /// Why it cannot be read to its end, if that is no fault of the records before, and the piece at which that was found.
    failure: Option<(u64, Error)>,
}

impl Account {
    /// The first failure counts.
    fn fail(&mut self, piece: u64, failure: Error) {
        if self.failure.as_ref().is_none_or(|(first, _)| piece < *first) {
            self.failure = Some((piece, failure));
        }
    }
}

/// What a worker has read of a file.
struct Share<'a> {
    file: usize,
    summarizer: Box<dyn Summarizer + 'a>,
    /// What reading stopped at.
    verdict: Result<()>,
}

/// Statistics of files, merged in the order of the files.
struct Merged<'a> {
    add: &'a mut (dyn FnMut(String, &str) -> Result<()> + Send),
    next: usize,
    waiting: BTreeMap<usize, Result<Summed>>,
    notes: Vec<String>,
    failure: Option<Error>,
}

/// A file's statistics and what is to be said of it.
struct Summed {
    statistics: String,
    notes: Vec<String>,
}

impl<'a> Work<'a> {
    /// Reads pieces until there are none.
    fn go(&self, watcher: &mut Option<&mut dyn Report>, begin_another: impl FnOnce()) {
        let mut begin_another = Some(begin_another);
        let mut share: Option<Share<'a>> = None;
        loop {
            let (piece, more) = self.take(share.as_ref().map(|share| share.file), watcher);
            if more && let Some(begin_another) = begin_another.take() {
                begin_another();
            }
            let Some(piece) = piece else { break };
            if share.as_ref().is_some_and(|share| share.file != piece.file) {
                self.leave(share.take());
            }
            share = share.or_else(|| self.join(&piece));
            match &mut share {
                Some(share) => self.read(share, &piece),
                None => self.leave_without(piece.file),
            }
            drop(piece);
            self.digests.help();
        }
        self.leave(share);
        self.digests.help();
    }

    /// The next piece, and whether there are more. `working_at`: the file whose share this worker holds.
    fn take(&self, working_at: Option<usize>, watcher: &mut Option<&mut dyn Report>) -> (Option<Piece>, bool) {
        let mut pieces = lock(&self.pieces);
        let next = pieces.next(Some(&self.digests));
        if let Some(watcher) = watcher {
            let (file, bytes) = pieces.so_far();
            watcher.progress(&Progress { file, bytes, ..self.all });
        }
        let mut accounts = lock(&self.accounts);
        match next {
            Ok(Some(piece)) => {
                let account = accounts.entry(piece.file).or_default();
                account.workers += usize::from(working_at != Some(piece.file));
                account.header.clone_from(&piece.header);
                (Some(piece), pieces.has_more())
            }
            Ok(None) => (None, false),
            Err((file, failure)) => {
                let account = accounts.entry(file).or_default();
                account.fail(u64::MAX, failure);
                if account.workers == 0 && working_at != Some(file) {
                    // nobody will leave it
                    let account = accounts.remove(&file).unwrap_or_default();
                    drop((accounts, pieces));
                    self.close(file, account, None);
                }
                (None, false)
            }
        }
    }

    /// A share of the piece's file; none if it cannot be made, which the account then tells.
    fn join(&self, piece: &Piece) -> Option<Share<'a>> {
        let is_told = piece.number > 0 || matches!(piece.content, Content::Columns(..));
        match self.summarizer(piece.file, piece.header.as_ref().filter(|_| is_told)) {
            Ok(summarizer) => Some(Share { file: piece.file, summarizer, verdict: Ok(()) }),
            Err(failure) => {
                self.fail(piece.file, 0, failure);
                None
            }
        }
    }

    fn summarizer(&self, file: usize, header: Option<&Header>) -> Result<Box<dyn Summarizer + 'a>> {
        let plan = self.plan.text_for(self.sources[file].format);
        let mut summarizer = self.engine.summarizer(&plan).map_err(|failure| self.plan.blame(failure))?;
        match header {
            Some(Header::Records(records)) => drop(summarizer.header(records)?),
            Some(Header::Columns(table)) => {
                table.begin(summarizer.as_mut()).map_err(|failure| self.plan.blame_or(failure, self.sources[file]))?
            }
            None => {}
        }
        Ok(summarizer)
    }

    /// Reads a piece into a share, unless that has stopped before.
    fn read(&self, share: &mut Share<'a>, piece: &Piece) {
        if share.verdict.is_err() {
            return;
        }
        match records(share.summarizer.as_mut(), piece) {
            Ok(rows) => {
                let mut accounts = lock(&self.accounts);
                let account = accounts.entry(piece.file).or_default();
                let at = piece.number as usize;
                account.rows.resize(account.rows.len().max(at + 1), 0);
                account.rows[at] = rows;
            }
            Err(Stop::AtRecord(failure @ Error::Data { .. })) => {
                self.stop();
                share.verdict = Err(failure);
            }
            Err(Stop::Unreadable(failure @ Error::Data { .. })) => {
                self.fail(piece.file, piece.number, failure.in_file(&self.sources[piece.file].path));
            }
            Err(Stop::AtRecord(failure) | Stop::Unreadable(failure)) => self.fail(piece.file, piece.number, failure),
        }
    }

    /// Leaves a file: the last to leave brings everything together.
    fn leave(&self, share: Option<Share<'a>>) {
        let Some(mut share) = share else { return };
        if let Some(account) = self.last_in(share.file) {
            return self.close(share.file, account, Some(share));
        }
        match share.summarizer.state() {
            Ok(part) => lock(&self.accounts).entry(share.file).or_default().parts.push(part),
            Err(failure) => self.fail(share.file, 0, failure),
        }
        self.leave_without(share.file);
    }

    /// Leaves a file without a share, having put what there was into the account.
    fn leave_without(&self, file: usize) {
        let mut accounts = lock(&self.accounts);
        let account = accounts.entry(file).or_default();
        account.workers -= 1;
        if account.workers == 0 {
            let account = accounts.remove(&file).unwrap_or_default();
            drop(accounts);
            self.close(file, account, None);
        }
    }

    /// The account of a file, if nobody else works at it. Who leaves a file knows that all its pieces were handed out.
    fn last_in(&self, file: usize) -> Option<Account> {
        let mut accounts = lock(&self.accounts);
        if accounts.get(&file).is_some_and(|account| account.workers == 1) { accounts.remove(&file) } else { None }
    }

    fn fail(&self, file: usize, piece: u64, failure: Error) {
        self.stop();
        lock(&self.accounts).entry(file).or_default().fail(piece, failure);
    }

    /// The end of a file.
    fn close(&self, file: usize, account: Account, share: Option<Share<'a>>) {
        let summed = self.together(file, account, share);
        let failed = lock(&self.merged).add(file, summed, self.sources);
        if failed {
            self.stop();
        }
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Absorbs the parts of a file.
    fn together(&self, file: usize, account: Account, share: Option<Share<'a>>) -> Result<Summed> {
        let Account { parts, failure, rows, header, .. } = account;
        let source = self.sources[file];
        let blame = |failure| self.plan.blame_or(counted_through(failure, |piece| rows.iter().take(piece).sum()), source);
        let failure = match failure {
            // an instance is gone, and what it had read
            Some((_, gone @ (Error::Trap(_) | Error::Memory(_)))) => return Err(gone),
            failure => failure,
        };
        let (mut summarizer, mut verdict) = match (share, parts.is_empty()) {
            (Some(share), _) => (share.summarizer, share.verdict),
            // each of two thought that the other was the last
            (None, false) => (self.summarizer(file, header.as_ref())?, Ok(())),
            (None, true) => {
                let nobody = || Error::Trap("a file that nobody has read".to_owned());
                return Err(failure.map_or_else(nobody, |(_, failure)| failure));
            }
        };
        for part in parts {
            verdict = match summarizer.merge_state(&part) {
                Err(failure) if !matches!(failure, Error::Data { .. }) => return Err(failure),
                verdict => verdict,
            };
        }
        if let Some((at, failure)) = failure {
            // what comes first in the file counts
            return Err(verdict.err().filter(|verdict| piece_of(verdict) <= at).map_or(failure, blame));
        }
        verdict.map_err(blame)?;
        let statistics = end(self.plan, summarizer.as_mut()).map_err(blame)?;
        let mut all_notes = match &header {
            Some(Header::Columns(table)) => table.notes().to_vec(),
            _ => Vec::new(),
        };
        all_notes.extend(end_notes(self.plan, summarizer.as_mut(), &source.path)?);
        Ok(Summed { statistics, notes: all_notes })
    }
}

/// What the reading of a piece stops at.
enum Stop {
    /// A record, or the engine.
    AtRecord(Error),
    /// What cannot be read: no fault of the records before.
    Unreadable(Error),
}

/// Feeds the records of a piece; returns their number.
fn records(summarizer: &mut dyn Summarizer, piece: &Piece) -> Result<u64, Stop> {
    let before = piece.number << PIECE_ROWS_BITS;
    if piece.number > 0 {
        summarizer.continue_at(before + 1).map_err(Stop::AtRecord)?;
    }
    match &piece.content {
        Content::Records(slices) => slices.iter().try_for_each(|slice| summarizer.push(slice).map(drop)).map_err(Stop::AtRecord)?,
        Content::Columns(table, share) => {
            let mut batches = table.read(share).map_err(Stop::Unreadable)?;
            while let Some(batch) = batches.next().map_err(Stop::Unreadable)? {
                summarizer.add(&batch).map_err(Stop::AtRecord)?;
            }
        }
    }
    Ok(summarizer.rows().map_err(Stop::AtRecord)?.saturating_sub(before))
}

impl Merged<'_> {
    /// Adds a file when those before it are there. Returns whether something has failed.
    fn add(&mut self, file: usize, summed: Result<Summed>, sources: &[&Source]) -> bool {
        self.waiting.insert(file, summed);
        while self.failure.is_none()
            && let Some(summed) = self.waiting.remove(&self.next)
        {
            let path = &sources[self.next].path;
            self.next += 1;
            let added = summed.and_then(|summed| {
                self.notes.extend(summed.notes);
                (self.add)(summed.statistics, path)
            });
            self.failure = added.err();
        }
        self.failure.is_some()
    }
}
