//! Reads a file into blocks of one size. A block's buffer is used again when nobody needs the block any more.

use std::io::{self, Read};
use std::ops::{Deref, Range};
use std::sync::{Arc, Mutex, PoisonError};

/// Buffers of one size.
pub(crate) struct BlockPool {
    free: Arc<Mutex<Vec<Vec<u8>>>>,
    block_bytes: usize,
}

/// The bytes of one read. Dropping the last reference returns the buffer to its pool.
pub(crate) struct Block {
    buffer: Vec<u8>,
    length: usize,
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// A range of a block.
pub(crate) struct Slice {
    block: Arc<Block>,
    range: Range<usize>,
}

impl BlockPool {
    /// A pool of blocks of `block_bytes`, at least 1.
    pub(crate) fn new(block_bytes: usize) -> Self {
        Self { free: Arc::default(), block_bytes: block_bytes.max(1) }
    }

    /// Reads until the block is full or the input ends. Only the last block of an input is not full.
    pub(crate) fn read(&self, from: &mut dyn Read) -> io::Result<Arc<Block>> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let buffer = free.unwrap_or_else(|| vec![0; self.block_bytes]);
        let mut block = Block { buffer, length: 0, free: Arc::clone(&self.free) };
        block.length = fill(from, &mut block.buffer)?;
        Ok(Arc::new(block))
    }
}

/// Reads until the buffer is full or the input ends. Returns the number of bytes read.
pub(crate) fn fill(from: &mut dyn Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while length < buffer.len() {
        match from.read(&mut buffer[length..]) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

impl Block {
    /// Whether the input may go on after this block.
    pub(crate) fn is_full(&self) -> bool {
        self.length == self.buffer.len()
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer[..self.length]
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let buffer = std::mem::take(&mut self.buffer);
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
    }
}

impl Slice {
    /// The whole block.
    pub(crate) fn whole(block: Arc<Block>) -> Self {
        Self { range: 0..block.len(), block }
    }

    /// Splits the slice at an offset.
    pub(crate) fn split(self, at: usize) -> (Self, Self) {
        let middle = self.range.start + at;
        (
            Self { block: Arc::clone(&self.block), range: self.range.start..middle },
            Self { range: middle..self.range.end, block: self.block },
        )
    }
}

impl Deref for Slice {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.block[self.range.clone()]
    }
}
