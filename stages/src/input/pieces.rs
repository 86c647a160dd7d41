//! Files to pieces: whole records of about a block's length, for many workers to read at once.
//!
//! A block is read, and the engine's `cut` finds the first record that ends in it: so far goes the piece that began in the block before.
//! Whether a block begins inside a quoted field follows from the number of quotes before it. Nothing is copied: a piece is slices of blocks.
//! A file of columns is in parts already, and a piece is some of them, or some rows of one.
//!
//! *Limits*: a record that is longer than a block makes its piece longer, up to [`PIECE_BYTES_MAX`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memchr;

use crate::error::{Error, Result};
use crate::input::blocks::{Blocks, Slice};
use crate::input::columns::Table;
use crate::input::digests::Digests;
use crate::input::reading::{Body, Digesting};
use crate::limits::RECORD_BYTES_MAX;
use crate::ports::columns::Share;
use crate::ports::digest::Later;
use crate::ports::engine::Piecewise;
use crate::ports::files::Files;
use crate::source::{Format, Source};

/// Longest piece: what is longer is a record that is too long, however many of its bytes are doubled quotes.
const PIECE_BYTES_MAX: usize = 4 * RECORD_BYTES_MAX;

/// Most record ends are found within so many bytes, and more need not be handed to the engine.
const CUT_BYTES: usize = 1 << 12;

/// Whole records of one file.
pub(crate) struct Piece {
    /// The file's place among the sources.
    pub(crate) file: usize,
    /// The piece's place in the file.
    pub(crate) number: u64,
    /// Whether the file ends with it.
    pub(crate) last: bool,
    pub(crate) content: Content,
    /// For whoever does not read the first piece; none if the file is one piece.
    pub(crate) header: Option<Header>,
}

impl Piece {
    /// The records; none of a file of columns.
    pub(crate) fn records(&self) -> &[Slice] {
        if let Content::Records(slices) = &self.content { slices } else { &[] }
    }

    /// The records up to the header, if that is what tells the names.
    pub(crate) fn header_records(&self) -> Option<&[u8]> {
        if let Some(Header::Records(records)) = &self.header { Some(records) } else { None }
    }
}

/// What is read.
pub(crate) enum Content {
    /// Whole records.
    Records(Vec<Slice>),
    /// Rows of a file of columns.
    Columns(Arc<Table>, Share),
}

/// What tells the names of the columns.
#[derive(Clone)]
pub(crate) enum Header {
    /// The records up to the header.
    Records(Arc<[u8]>),
    /// The file itself.
    Columns(Arc<Table>),
}

/// Makes what finds a file's header and borders.
type Scouts<'a> = Box<dyn Fn(&Source) -> Result<Box<dyn Piecewise + 'a>> + Send + 'a>;

/// Hands out the pieces of files, one file after another.
pub(crate) struct Pieces<'a> {
    scouts: Scouts<'a>,
    files: &'a dyn Files,
    /// Names of the columns that may be needed of a file of columns; all if there are none.
    named: Option<BTreeSet<String>>,
    sources: &'a [&'a Source],
    blocks: Blocks,
    opened: usize,
    open: Option<Opened<'a>>,
    threads: usize,
    stopped: Arc<AtomicBool>,
    /// Bytes read so far, as stored.
    bytes_before: u64,
}

enum Opened<'a> {
    Records(Box<Open<'a>>),
    Columns(OpenTable),
}

/// A file of columns that is read.
struct OpenTable {
    table: Arc<Table>,
    file: usize,
    number: usize,
    shares: Vec<Share>,
    later: Later,
    /// Size of the file, if that is known.
    bytes: u64,
}

/// A file that is read.
struct Open<'a> {
    body: Body<'a>,
    file: usize,
    number: u64,
    /// What was read and not handed out.
    rest: Vec<Slice>,
    /// Whether the next block begins inside a quoted field.
    quoted: bool,
    /// Knows the header and finds the borders, once there are two blocks.
    scout: Option<Box<dyn Piecewise + 'a>>,
    header: Option<Header>,
    /// Bytes of the first piece that the scout was shown.
    searched: usize,
    ended: bool,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(
        scouts: Scouts<'a>,
        files: &'a dyn Files,
        named: Option<BTreeSet<String>>,
        sources: &'a [&'a Source],
        bytes: usize,
        threads: usize,
    ) -> Self {
        let (blocks, stopped) = (Blocks::new(bytes), Arc::default());
        Self { scouts, files, named, sources, blocks, opened: 0, open: None, threads, stopped, bytes_before: 0 }
    }

    /// The next piece; none at the end of the last file. An error comes with the place of its file, and is the end. What is read is digested
    /// if there is a place for it.
    pub(crate) fn next(&mut self, digests: Option<&Digests>) -> Result<Option<Piece>, (usize, Error)> {
        if self.stopped.load(Ordering::Relaxed) || self.open.is_none() && !self.open_next(digests.is_some())? {
            return Ok(None);
        }
        let mut open = match self.open.take() {
            Some(Opened::Records(open)) => open,
            Some(Opened::Columns(table)) => return Ok(Some(self.next_of_columns(table, digests))),
            None => return Ok(None),
        };
        let file = open.file;
        let piece = open.next(self, digests);
        if open.ended {
            self.bytes_before += open.body.stored();
        } else {
            self.open = Some(Opened::Records(open));
        }
        piece.map(Some).map_err(|failure| {
            self.stop();
            (file, failure)
        })
    }

    /// Once it is set, no more is handed out.
    pub(crate) fn stopped(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stopped)
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether there is more to hand out.
    pub(crate) fn has_more(&self) -> bool {
        !self.stopped.load(Ordering::Relaxed) && (self.open.is_some() || self.opened < self.sources.len())
    }

    /// Files begun, and bytes read as stored.
    pub(crate) fn so_far(&self) -> (usize, u64) {
        (self.opened, self.bytes_before + self.open.as_ref().map_or(0, Opened::stored))
    }

    /// The next piece of a file of columns, which has one at least.
    fn next_of_columns(&mut self, mut open: OpenTable, digests: Option<&Digests>) -> Piece {
        let share = open.shares.get(open.number).cloned().unwrap_or_else(|| open.table.whole());
        let header = Some(Header::Columns(Arc::clone(&open.table)));
        let content = Content::Columns(Arc::clone(&open.table), share);
        let last = open.number + 1 >= open.shares.len();
        let piece = Piece { file: open.file, number: open.number as u64, last, content, header };
        open.number += 1;
        if !last {
            self.open = Some(Opened::Columns(open));
        } else {
            self.bytes_before += open.bytes;
            if let Some(digests) = digests {
                digests.later(open.later);
            }
        }
        piece
    }

    fn open_table(&self, file: usize, table: Table) -> OpenTable {
        let (shares, later) = (table.shares(self.threads), table.begin_input());
        let bytes = self.files.bytes(&self.sources[file].path).unwrap_or(0);
        OpenTable { table: Arc::new(table), file, number: 0, shares, later, bytes }
    }

    fn open_next(&mut self, digested: bool) -> Result<bool, (usize, Error)> {
        let Some(source) = self.sources.get(self.opened) else { return Ok(false) };
        let file = self.opened;
        self.opened += 1;
        let digesting = if digested { Digesting::Compressed } else { Digesting::Nothing };
        let opened = match source.format.holds_columns() {
            true => Table::open(self.files, self.named.as_ref(), source).map(|table| Opened::Columns(self.open_table(file, table))),
            false => Body::open(self.files, &source.path, digesting).map(|body| Opened::Records(Box::new(Open::new(file, body)))),
        };
        match opened {
            Ok(opened) => {
                self.open = Some(opened);
                Ok(true)
            }
            Err(failure) => {
                self.stop();
                Err((file, failure))
            }
        }
    }
}

impl Opened<'_> {
    /// Bytes read so far, as stored.
    fn stored(&self) -> u64 {
        match self {
            Self::Records(open) => open.body.stored(),
            Self::Columns(open) => open.bytes * open.number as u64 / open.shares.len().max(1) as u64,
        }
    }
}

impl<'a> Open<'a> {
    fn new(file: usize, body: Body<'a>) -> Self {
        let (rest, scout, header) = (Vec::new(), None, None);
        Self { body, file, number: 0, rest, quoted: false, scout, header, searched: 0, ended: false }
    }

    /// The next piece of this file, which has one at least, if it is empty.
    fn next(&mut self, all: &Pieces<'a>, digests: Option<&Digests>) -> Result<Piece> {
        let source = all.sources[self.file];
        loop {
            let block = all.blocks.read(&mut self.body).map_err(|error| self.body.failed(&source.path, &error))?;
            if let Some(digests) = digests.filter(|_| self.body.is_plain()) {
                digests.block(&block);
            }
            if !block.is_full() {
                self.ended = true;
                if let Some(digests) = digests {
                    self.body.end(&source.path, digests);
                }
                self.rest.push(Slice::whole(block));
                return Ok(self.piece());
            }
            let slice = Slice::whole(block);
            match self.scout.is_some() || !self.rest.is_empty() {
                // the first block: there may be no other
                false => self.rest.push(slice),
                true => {
                    self.look_ahead(all, source)?;
                    if let Some(piece) = self.border(slice, source, all)? {
                        return Ok(piece);
                    }
                }
            }
        }
    }

    /// There is more than a block: from now on pieces are cut.
    fn look_ahead(&mut self, all: &Pieces<'a>, source: &Source) -> Result<()> {
        if self.scout.is_some() {
            return Ok(());
        }
        let mut scout = (all.scouts)(source)?;
        let quotes = self.rest.iter().map(|slice| quotes(scout.as_mut(), source, slice)).sum::<Result<u64>>()?;
        self.quoted = quotes % 2 == 1;
        self.scout = Some(scout);
        Ok(())
    }

    /// Adds a block to the rest; returns the piece that ends in it.
    fn border(&mut self, block: Slice, source: &Source, all: &Pieces<'a>) -> Result<Option<Piece>> {
        let Some(scout) = &mut self.scout else { return Ok(None) };
        let end = cut(scout.as_mut(), &block, self.quoted)?;
        self.quoted ^= quotes(scout.as_mut(), source, &block)? % 2 == 1;
        let Some(end) = end else {
            self.rest.push(block);
            if !self.is_too_long() {
                return Ok(None);
            }
            // who reads the piece will find that its record is too long, with its row
            all.stop();
            return Ok(Some(self.piece()));
        };
        let (head, tail) = block.split(end);
        self.rest.push(head);
        if self.header.is_none() {
            match self.find_header() {
                Ok(true) => {}
                Ok(false) => {
                    self.rest.push(tail);
                    return Ok(None);
                }
                // who reads the piece will find it too, with its row
                Err(Error::Data { .. }) => all.stop(),
                Err(failure) => return Err(failure),
            }
        }
        let piece = self.piece();
        self.rest.push(tail);
        Ok(Some(piece))
    }

    /// Feeds the scout the records of the first piece until it knows the names.
    fn find_header(&mut self) -> Result<bool> {
        let Some(scout) = &mut self.scout else { return Ok(false) };
        let bytes: Vec<u8> = self.rest.iter().flat_map(|slice| slice.iter().copied()).collect();
        loop {
            // blank lines go together: each alone would be a call
            let blank = blank_lines(&bytes[self.searched..]);
            let length = if blank == 0 { cut(scout.as_mut(), &bytes[self.searched..], false)? } else { Some(blank) };
            let Some(length) = length else { return Ok(false) };
            let records = self.searched..self.searched + length;
            self.searched = records.end;
            if scout.header(&bytes[records.clone()])? {
                self.header = Some(Header::Records(Arc::from(&bytes[..records.end])));
                return Ok(true);
            }
        }
    }

    fn is_too_long(&self) -> bool {
        self.rest.iter().map(|slice| slice.len()).sum::<usize>() > PIECE_BYTES_MAX
    }

    /// What was read and not handed out, as a piece.
    fn piece(&mut self) -> Piece {
        let (content, header) = (Content::Records(std::mem::take(&mut self.rest)), self.header.clone());
        let piece = Piece { file: self.file, number: self.number, last: self.ended, content, header };
        self.number += 1;
        piece
    }
}

/// Number of quote characters that mean something.
fn quotes(scout: &mut (dyn Piecewise + '_), source: &Source, bytes: &[u8]) -> Result<u64> {
    if source.format == Format::Csv && memchr(b'"', bytes).is_some() { scout.quotes(bytes) } else { Ok(0) }
}

/// Offset just after the first record end.
fn cut(scout: &mut (dyn Piecewise + '_), bytes: &[u8], quoted: bool) -> Result<Option<usize>> {
    let near = bytes.len().min(CUT_BYTES);
    Ok(match scout.cut(&bytes[..near], quoted)? {
        None if near < bytes.len() => scout.cut(bytes, quoted)?,
        end => end,
    })
}

/// How many bytes at the beginning are whole blank lines.
fn blank_lines(bytes: &[u8]) -> usize {
    let end = bytes.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(bytes.len());
    bytes[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1)
}
