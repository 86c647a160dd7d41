//! Looks at the first bytes of what is read, which are then read as if nobody had looked. So pipes can be looked at too.

use std::io::{self, Read};

use crate::input::blocks::fill;
use crate::input::content::FIRST_BYTES;

/// A reader whose first bytes can be looked at.
pub(crate) struct Peeked<R> {
    inner: R,
    first: Vec<u8>,
    /// How many of `first` were read.
    passed: usize,
    /// Whether `first` is all there is. The end is not read twice: it costs a look at the file whether it changed.
    ended: bool,
}

impl<R: Read> Peeked<R> {
    /// Reads `inner`.
    pub(crate) fn new(inner: R) -> Self {
        Self { inner, first: Vec::new(), passed: 0, ended: false }
    }

    /// Returns the reader of everything but the first bytes.
    pub(crate) fn inner(&self) -> &R {
        &self.inner
    }

    /// Returns the first [`FIRST_BYTES`], or all if there are fewer. To be called before anything is read.
    pub(crate) fn first(&mut self) -> io::Result<&[u8]> {
        if self.first.is_empty() && !self.ended {
            self.first.resize(FIRST_BYTES, 0);
            let length = fill(&mut self.inner, &mut self.first);
            self.first.truncate(*length.as_ref().unwrap_or(&0));
            self.ended = length? < FIRST_BYTES;
        }
        Ok(&self.first)
    }
}

impl<R: Read> Read for Peeked<R> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let mut rest = &self.first[self.passed..];
        if rest.is_empty() {
            return if self.ended { Ok(0) } else { self.inner.read(chunk) };
        }
        let length = rest.read(chunk)?;
        self.passed += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns at most three bytes at once, as a pipe may, and fails if it is read after its end.
    struct Pipe<'a>(Option<&'a [u8]>);

    impl Read for Pipe<'_> {
        fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
            let Some(rest) = self.0 else { return Err(io::ErrorKind::BrokenPipe.into()) };
            let length = rest.len().min(chunk.len()).min(3);
            chunk[..length].copy_from_slice(&rest[..length]);
            self.0 = (length > 0).then_some(&rest[length..]);
            Ok(length)
        }
    }

    #[test]
    fn what_was_looked_at_is_read_once() {
        for length in [0, 1, 7, FIRST_BYTES - 1, FIRST_BYTES, 5 * FIRST_BYTES] {
            let bytes: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let mut reader = Peeked::new(Pipe(Some(&bytes)));
            assert_eq!(reader.first().unwrap(), &bytes[..length.min(FIRST_BYTES)]);
            assert_eq!(reader.first().unwrap().len(), length.min(FIRST_BYTES));
            let mut all = Vec::new();
            reader.read_to_end(&mut all).unwrap();
            assert_eq!(all, bytes, "{length} bytes");
        }
    }
}
