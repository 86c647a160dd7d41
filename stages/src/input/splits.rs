//! Cuts files into splits of whole records, so that several workers can read one file at the same time.
//!
//! Bytes are read block by block. A split ends at the first record end of a block, and the next split begins there. Whether a block begins inside
//! a quoted field follows from the bytes before it, and in JSON that is not one object a line, from the brackets before it (`record_ends`). A
//! split is a list of slices of blocks, so no bytes are copied.
//!
//! A file of columns is divided into parts already. A split is some of its parts, or some rows of one part.
//!
//! *Limits*: a split is about one block long. A record longer than a block makes its split longer, up to [`SPLIT_BYTES_MAX`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::code::Code;
use crate::error::{Error, InputError, Result};
use crate::input::blocks::{Block, BlockPool, Slice};
use crate::input::body::{Body, Digesting};
use crate::input::digests::DigestQueue;
use crate::input::header_finder::HeaderFinder;
use crate::input::record_ends::{End, PassedLines, RecordEnds};
use crate::input::selected_columns::SelectedColumns;
use crate::limits::RECORD_BYTES_MAX;
use crate::ports::columns::Partition;
use crate::ports::digest::PendingDigest;
use crate::ports::files::Files;
use crate::source::Source;

/// Longest split. A longer one holds a record that is too long, even if each of its bytes is a doubled quote.
const SPLIT_BYTES_MAX: usize = 4 * RECORD_BYTES_MAX;

/// Some whole records of one file, for one worker.
pub(crate) struct FileSplit {
    /// Index of the file among the sources.
    pub(crate) file: usize,
    /// Index of the split in its file.
    pub(crate) number: u64,
    /// Whether this is the file's last split.
    pub(crate) last: bool,
    /// What to read.
    pub(crate) content: SplitContent,
    /// Names the columns for workers that do not read the first split. None if the file has one split.
    pub(crate) header: Option<Header>,
}

/// What a split holds.
pub(crate) enum SplitContent {
    /// Bytes of whole records, in order.
    Records(Vec<Slice>),
    /// Rows of a file of columns.
    Columns(Arc<SelectedColumns>, Partition),
}

/// Where a worker learns the names of the columns.
#[derive(Clone)]
pub(crate) enum Header {
    /// The records up to and including the header.
    Records(Arc<[u8]>),
    /// The file of columns itself.
    Columns(Arc<SelectedColumns>),
}

impl FileSplit {
    /// Returns the bytes of the records; none for a file of columns.
    pub(crate) fn records(&self) -> &[Slice] {
        if let SplitContent::Records(slices) = &self.content { slices } else { &[] }
    }

    /// Returns the records up to and including the header, if the header is made of records.
    pub(crate) fn header_records(&self) -> Option<&[u8]> {
        if let Some(Header::Records(records)) = &self.header { Some(records) } else { None }
    }
}

/// Makes a [`HeaderFinder`] for a file. Called at most once for each file, and only for files longer than a block.
pub(crate) type MakeFinder<'a> = Box<dyn Fn(&Source) -> Result<HeaderFinder<'a>> + Send + 'a>;

/// What to cut into splits, and how.
pub(crate) struct SplitOptions<'a> {
    pub(crate) files: &'a dyn Files,
    /// The files, in the order in which their splits are handed out.
    pub(crate) sources: &'a [&'a Source],
    pub(crate) make_finder: MakeFinder<'a>,
    /// The lines of CSV that are passed over.
    pub(crate) passed_lines: PassedLines,
    /// Columns to read of a file of columns; all if none are named.
    pub(crate) needed_columns: Option<BTreeSet<String>>,
    /// Length of a block, in bytes.
    pub(crate) block_bytes: usize,
    /// How many threads read a file of columns.
    pub(crate) threads: usize,
    /// Receives every byte as stored, if the files' digests are wanted.
    pub(crate) digests: Option<&'a DigestQueue>,
}

/// Hands out the splits of files, one file after another.
pub(crate) struct FileSplits<'a> {
    context: SplitContext<'a>,
    /// How many files were opened.
    opened: usize,
    open: Option<OpenFile<'a>>,
    /// Bytes of the files that are finished, as stored.
    bytes_before: u64,
}

struct SplitContext<'a> {
    options: SplitOptions<'a>,
    blocks: BlockPool,
    stopped: Arc<AtomicBool>,
}

impl<'a> FileSplits<'a> {
    pub(crate) fn new(options: SplitOptions<'a>) -> Self {
        let blocks = BlockPool::new(options.block_bytes);
        let context = SplitContext { options, blocks, stopped: Arc::default() };
        Self { context, opened: 0, open: None, bytes_before: 0 }
    }

    /// Returns the next split; none after the last one, and none after [`stop_flag`](Self::stop_flag) was set.
    ///
    /// # Errors
    /// The index of the file that could not be read, and why. No split is handed out after it.
    pub(crate) fn next(&mut self) -> Result<Option<FileSplit>, (usize, Error)> {
        if self.context.is_stopped() {
            return Ok(None);
        }
        if self.open.is_none() {
            self.open = self.open_next()?;
        }
        let Some(open) = &mut self.open else { return Ok(None) };
        let file = self.opened - 1;
        let split = open.next(&self.context).inspect_err(|_| self.context.stop());
        if split.as_ref().map_or(true, |split| split.last) {
            self.bytes_before += open.bytes_read();
            self.open = None;
        }
        split.map(Some).map_err(|error| (file, error))
    }

    /// Returns the flag that ends the handing out of splits when it is set.
    pub(crate) fn stop_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.context.stopped)
    }

    /// Whether there are more splits to hand out.
    pub(crate) fn has_more(&self) -> bool {
        !self.context.is_stopped() && (self.open.is_some() || self.opened < self.context.options.sources.len())
    }

    /// Returns how many files were opened, and how many bytes of them were read, as stored.
    pub(crate) fn progress(&self) -> (usize, u64) {
        (self.opened, self.bytes_before + self.open.as_ref().map_or(0, OpenFile::bytes_read))
    }

    fn open_next(&mut self) -> Result<Option<OpenFile<'a>>, (usize, Error)> {
        let file = self.opened;
        let Some(source) = self.context.options.sources.get(file) else { return Ok(None) };
        self.opened += 1;
        OpenFile::open(&self.context, file, source).map(Some).map_err(|error| {
            self.context.stop();
            (file, error)
        })
    }
}

impl SplitContext<'_> {
    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// The file that is being cut.
enum OpenFile<'a> {
    Records(Box<RecordFile<'a>>),
    Columns(ColumnSplits),
}

impl<'a> OpenFile<'a> {
    fn open(context: &SplitContext<'a>, file: usize, source: &Source) -> Result<Self> {
        let SplitOptions { files, needed_columns, threads, digests, passed_lines, .. } = &context.options;
        if source.format.holds_columns() {
            let columns = SelectedColumns::open(*files, needed_columns.as_ref(), source)?;
            let bytes = files.bytes(&source.path).unwrap_or(0);
            return Ok(Self::Columns(ColumnSplits::new(columns, file, bytes, *threads)));
        }
        let digesting = if digests.is_some() { Digesting::Converted } else { Digesting::Nothing };
        let ends = RecordEnds::new(source.format, *passed_lines);
        Body::open_source(*files, source, digesting).map(|body| Self::Records(Box::new(RecordFile::new(file, body, ends))))
    }

    /// Returns the next split. A file has at least one, even if it is empty.
    fn next(&mut self, context: &SplitContext<'a>) -> Result<FileSplit> {
        match self {
            Self::Records(records) => records.next(context),
            Self::Columns(columns) => Ok(columns.next(context)),
        }
    }

    /// Returns how many bytes were read so far, as stored.
    fn bytes_read(&self) -> u64 {
        match self {
            Self::Records(records) => records.body.stored(),
            Self::Columns(columns) => columns.bytes_read(),
        }
    }
}

/// A file of columns that is being cut.
struct ColumnSplits {
    columns: Arc<SelectedColumns>,
    file: usize,
    number: usize,
    partitions: Vec<Partition>,
    digest: Option<PendingDigest>,
    /// Size of the file; 0 if it is unknown.
    bytes: u64,
}

impl ColumnSplits {
    fn new(columns: SelectedColumns, file: usize, bytes: u64, threads: usize) -> Self {
        let (partitions, digest) = (columns.partitions(threads), Some(columns.begin_digest()));
        Self { columns: Arc::new(columns), file, number: 0, partitions, digest, bytes }
    }

    fn next(&mut self, context: &SplitContext<'_>) -> FileSplit {
        let partition = self.partitions.get(self.number).cloned().unwrap_or_else(|| self.columns.whole());
        let header = Some(Header::Columns(Arc::clone(&self.columns)));
        let content = SplitContent::Columns(Arc::clone(&self.columns), partition);
        let last = self.number + 1 >= self.partitions.len();
        let split = FileSplit { file: self.file, number: self.number as u64, last, content, header };
        self.number += 1;
        if last && let (Some(digests), Some(digest)) = (context.options.digests, self.digest.take()) {
            digests.push_pending(digest);
        }
        split
    }

    fn bytes_read(&self) -> u64 {
        self.bytes * self.number as u64 / self.partitions.len().max(1) as u64
    }
}

/// A file of records that is being cut.
struct RecordFile<'a> {
    body: Body<'a>,
    file: usize,
    number: u64,
    /// What was read and not yet handed out.
    pending: Vec<Slice>,
    /// Finds the ends of records, from the next block on.
    ends: RecordEnds,
    /// Finds the header, from the second block on, until it is found.
    finder: Option<HeaderFinder<'a>>,
    header: Option<Header>,
    ended: bool,
}

impl<'a> RecordFile<'a> {
    fn new(file: usize, body: Body<'a>, ends: RecordEnds) -> Self {
        let (pending, finder, header) = (Vec::new(), None, None);
        Self { body, file, number: 0, pending, ends, finder, header, ended: false }
    }

    fn next(&mut self, context: &SplitContext<'a>) -> Result<FileSplit> {
        let source = context.options.sources[self.file];
        loop {
            let block = Slice::whole(self.read_block(context, source)?);
            let is_first = self.number == 0 && self.pending.is_empty();
            if self.ended || is_first {
                if !is_first {
                    self.ends.pass(&block);
                    self.check_closed(source)?;
                } else if !self.ended {
                    // no split ends in the first block, so that a file of one block needs no header
                    self.ends.pass(&block);
                }
                self.pending.push(block);
            } else if let Some(split) = self.end_split_in(block, context, source)? {
                return Ok(split);
            }
            if self.ended {
                return Ok(self.take_split());
            }
        }
    }

    /// Reads the next block and passes it on to be digested. A block that is not full ends the file.
    fn read_block(&mut self, context: &SplitContext<'a>, source: &Source) -> Result<Arc<Block>> {
        let block = context.blocks.read(&mut self.body).map_err(|error| self.body.read_error(&source.path, &error))?;
        self.ended = !block.is_full();
        if let Some(digests) = context.options.digests {
            if self.body.is_plain() {
                digests.push_block(&block);
            }
            if self.ended {
                self.body.push_digest(&source.path, digests);
            }
        }
        Ok(block)
    }

    /// Refuses an array of records that ends without its bracket. No worker would see that, because each reads a part of the array.
    fn check_closed(&self, source: &Source) -> Result<()> {
        if !self.ends.lacks_bracket() {
            return Ok(());
        }
        let sentence = "the JSON is cut off: the array of records is not closed";
        Err(InputError::new(Code::Json, sentence, "copy the file again, whole").in_file(&source.path))
    }

    /// Adds a block to what is pending. Returns the split that ends in it, if one does.
    fn end_split_in(&mut self, block: Slice, context: &SplitContext<'a>, source: &Source) -> Result<Option<FileSplit>> {
        let end = self.ends.next(&block).map(End::offset);
        if let Some(end) = end {
            self.ends.pass(&block[end..]);
        }
        let Some(end) = end else {
            self.pending.push(block);
            if self.pending.iter().map(|slice| slice.len()).sum::<usize>() <= SPLIT_BYTES_MAX {
                return Ok(None);
            }
            // the worker that reads the split finds the record that is too long, and its row
            context.stop();
            return Ok(Some(self.take_split()));
        };
        let (head, tail) = block.split(end);
        self.pending.push(head);
        if self.header.is_none() {
            let bytes: Vec<u8> = self.pending.iter().flat_map(|slice| slice.iter().copied()).collect();
            let finder = match &mut self.finder {
                Some(finder) => finder,
                none => none.insert((context.options.make_finder)(source)?),
            };
            match finder.header_end(&bytes) {
                Ok(Some(length)) => {
                    self.header = Some(Header::Records(Arc::from(&bytes[..length])));
                    self.finder = None;
                }
                Ok(None) => {
                    self.pending.push(tail);
                    return Ok(None);
                }
                // the worker that reads the split finds the same error, and its row
                Err(Error::Data { .. }) => context.stop(),
                Err(error) => return Err(error),
            }
        }
        let split = self.take_split();
        self.pending.push(tail);
        Ok(Some(split))
    }

    /// Turns what is pending into a split.
    fn take_split(&mut self) -> FileSplit {
        let (content, header) = (SplitContent::Records(std::mem::take(&mut self.pending)), self.header.clone());
        let split = FileSplit { file: self.file, number: self.number, last: self.ended, content, header };
        self.number += 1;
        split
    }
}
