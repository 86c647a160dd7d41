//! Files to pieces: whole records of about a block's length, for many workers to read at once.
//!
//! A block is read, and the engine's `cut` finds the first record that ends in it: so far goes the piece that began in the block before.
//! Whether a block begins inside a quoted field follows from the number of quotes before it. Nothing is copied: a piece is slices of blocks.
//!
//! *Limits*: a record that is longer than a block makes its piece longer, up to [`PIECE_BYTES_MAX`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memchr;

use crate::blocks::{Blocks, Slice};
use crate::digests::Digests;
use crate::engine::{Answer, Shared};
use crate::failure::{Failure, Fault};
use crate::files::Files;
use crate::inputs::{Format, Source};
use crate::reading::{Body, Digesting};

/// Bytes that are read at once: little beside a processor's cache, much beside the cost of a piece.
pub const PIECE_BYTES: usize = 1 << 18;

/// Longest piece: records are shorter.
const PIECE_BYTES_MAX: usize = 64 << 20;

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
    pub(crate) slices: Vec<Slice>,
    /// The records up to the header, for whoever does not read the first piece; none if the file is one piece.
    pub(crate) header: Option<Arc<[u8]>>,
}

/// Makes what finds a file's header and borders.
type Scouts<'a> = Box<dyn Fn(&Source) -> Answer<Box<dyn Shared + 'a>> + Send + 'a>;

/// Hands out the pieces of files, one file after another.
pub(crate) struct Pieces<'a> {
    scouts: Scouts<'a>,
    files: &'a dyn Files,
    sources: &'a [&'a Source],
    blocks: Blocks,
    opened: usize,
    open: Option<Open<'a>>,
    stopped: Arc<AtomicBool>,
    /// Bytes read so far, as stored.
    bytes_before: u64,
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
    scout: Option<Box<dyn Shared + 'a>>,
    header: Option<Arc<[u8]>>,
    /// Bytes of the first piece that the scout was shown.
    searched: usize,
    ended: bool,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(scouts: Scouts<'a>, files: &'a dyn Files, sources: &'a [&'a Source], bytes: usize) -> Self {
        let (blocks, stopped) = (Blocks::new(bytes), Arc::default());
        Self { scouts, files, sources, blocks, opened: 0, open: None, stopped, bytes_before: 0 }
    }

    /// The next piece; none at the end of the last file. An error comes with the place of its file, and is the end. What is read is digested
    /// if there is a place for it.
    pub(crate) fn next(&mut self, digests: Option<&Digests>) -> Result<Option<Piece>, (usize, Failure)> {
        if self.stopped.load(Ordering::Relaxed) || self.open.is_none() && !self.open_next(digests.is_some())? {
            return Ok(None);
        }
        let Some(mut open) = self.open.take() else { return Ok(None) };
        let file = open.file;
        let piece = open.next(self, digests);
        if open.ended {
            self.bytes_before += open.body.stored();
        } else {
            self.open = Some(open);
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
        (self.opened, self.bytes_before + self.open.as_ref().map_or(0, |open| open.body.stored()))
    }

    fn open_next(&mut self, digested: bool) -> Result<bool, (usize, Failure)> {
        let Some(source) = self.sources.get(self.opened) else { return Ok(false) };
        let file = self.opened;
        self.opened += 1;
        match Body::open(self.files, &source.path, if digested { Digesting::Compressed } else { Digesting::Nothing }) {
            Ok(body) => {
                let (rest, scout, header) = (Vec::new(), None, None);
                self.open = Some(Open { body, file, number: 0, rest, quoted: false, scout, header, searched: 0, ended: false });
                Ok(true)
            }
            Err(failure) => {
                self.stop();
                Err((file, failure))
            }
        }
    }
}

impl<'a> Open<'a> {
    /// The next piece of this file, which has one at least, if it is empty.
    fn next(&mut self, all: &Pieces<'a>, digests: Option<&Digests>) -> Answer<Piece> {
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
    fn look_ahead(&mut self, all: &Pieces<'a>, source: &Source) -> Answer<()> {
        if self.scout.is_some() {
            return Ok(());
        }
        let mut scout = (all.scouts)(source)?;
        let quotes = self.rest.iter().map(|slice| quotes(scout.as_mut(), source, slice)).sum::<Answer<u64>>()?;
        self.quoted = quotes % 2 == 1;
        self.scout = Some(scout);
        Ok(())
    }

    /// Adds a block to the rest; returns the piece that ends in it.
    fn border(&mut self, block: Slice, source: &Source, all: &Pieces<'a>) -> Answer<Option<Piece>> {
        let Some(scout) = &mut self.scout else { return Ok(None) };
        let end = cut(scout.as_mut(), &block, self.quoted)?;
        self.quoted ^= quotes(scout.as_mut(), source, &block)? % 2 == 1;
        let Some(end) = end else {
            self.rest.push(block);
            return self.check_length(source).map(|()| None);
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
                Err(Failure::Data { .. }) => all.stop(),
                Err(failure) => return Err(failure),
            }
        }
        let piece = self.piece();
        self.rest.push(tail);
        Ok(Some(piece))
    }

    /// Feeds the scout the records of the first piece until it knows the names.
    fn find_header(&mut self) -> Answer<bool> {
        let Some(scout) = &mut self.scout else { return Ok(false) };
        let bytes: Vec<u8> = self.rest.iter().flat_map(|slice| slice.iter().copied()).collect();
        while let Some(length) = cut(scout.as_mut(), &bytes[self.searched..], false)? {
            let records = self.searched..self.searched + length;
            self.searched = records.end;
            if scout.header(&bytes[records.clone()])? {
                self.header = Some(Arc::from(&bytes[..records.end]));
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn check_length(&self, source: &Source) -> Answer<()> {
        if self.rest.iter().map(|slice| slice.len()).sum::<usize>() <= PIECE_BYTES_MAX {
            return Ok(());
        }
        let text = format!("a record of more than {} MiB", PIECE_BYTES_MAX >> 20);
        Err(Fault::new("capacity", text, "check that this is the right file and that its quotes are closed").in_file(&source.path))
    }

    /// What was read and not handed out, as a piece.
    fn piece(&mut self) -> Piece {
        let (slices, header) = (std::mem::take(&mut self.rest), self.header.clone());
        let piece = Piece { file: self.file, number: self.number, last: self.ended, slices, header };
        self.number += 1;
        piece
    }
}

/// Number of quote characters that mean something.
fn quotes(scout: &mut (dyn Shared + '_), source: &Source, bytes: &[u8]) -> Answer<u64> {
    if source.format == Format::Csv && memchr(b'"', bytes).is_some() { scout.quotes(bytes) } else { Ok(0) }
}

/// Offset just after the first record end.
fn cut(scout: &mut (dyn Shared + '_), bytes: &[u8], quoted: bool) -> Answer<Option<usize>> {
    let near = bytes.len().min(CUT_BYTES);
    Ok(match scout.cut(&bytes[..near], quoted)? {
        None if near < bytes.len() => scout.cut(bytes, quoted)?,
        end => end,
    })
}
