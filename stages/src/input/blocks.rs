//! Buffers of one size that are read into, shared by those who parse and those who digest, and used again.

use std::io::{self, Read};
use std::ops::{Deref, Range};
use std::sync::{Arc, Mutex, PoisonError};

/// Where buffers come from and go back to.
pub(crate) struct Blocks {
    free: Arc<Mutex<Vec<Vec<u8>>>>,
    bytes: usize,
}

/// What was read at once. Its buffer goes back when the last who holds it lets go.
pub(crate) struct Block {
    buffer: Vec<u8>,
    length: usize,
    free: Arc<Mutex<Vec<Vec<u8>>>>,
}

/// A part of a block.
pub(crate) struct Slice {
    block: Arc<Block>,
    range: Range<usize>,
}

impl Blocks {
    /// Blocks of so many bytes, at least one.
    pub(crate) fn new(bytes: usize) -> Self {
        Self { free: Arc::default(), bytes: bytes.max(1) }
    }

    /// Reads until a block is full or the input ends; then it is not full.
    pub(crate) fn read(&self, from: &mut dyn Read) -> io::Result<Arc<Block>> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let buffer = free.unwrap_or_else(|| vec![0; self.bytes]);
        let mut block = Block { buffer, length: 0, free: Arc::clone(&self.free) };
        block.length = fill(from, &mut block.buffer)?;
        Ok(Arc::new(block))
    }
}

/// Reads until the buffer is full or the input ends.
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
    /// A whole block.
    pub(crate) fn whole(block: Arc<Block>) -> Self {
        Self { range: 0..block.len(), block }
    }

    /// This slice in two.
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
