//! Blocks of files to the files' sizes and digests, by whoever is free.
//!
//! A digest goes over a file's bytes in order, so one thread at a time works on it, holding the *baton*; the others parse meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use samefit_formats::hex;
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::input::blocks::Block;
use crate::ports::digest::Input;
use crate::ports::digest::Later;

/// Blocks that may wait before everyone waits for the digest.
const PENDING_MAX: usize = 32;

/// What is to be digested, in the order of the files, and what was.
#[derive(Default)]
pub(crate) struct Digests {
    pending: Mutex<VecDeque<Next>>,
    baton: Mutex<Baton>,
}

enum Next {
    Block(Arc<Block>),
    /// The end of this file, whose blocks these were.
    End(String),
    /// A file that was digested elsewhere.
    Whole(Input),
    /// A file that is digested meanwhile.
    Later(Later),
}

enum Done {
    Input(Input),
    Later(Later),
}

#[derive(Default)]
struct Baton {
    digest: Sha256,
    bytes: u64,
    done: Vec<Done>,
}

impl Digests {
    /// The next bytes of a file.
    pub(crate) fn block(&self, block: &Arc<Block>) {
        self.push(Next::Block(Arc::clone(block)));
    }

    /// The end of a file.
    pub(crate) fn end(&self, path: &str) {
        self.push(Next::End(path.to_owned()));
    }

    /// A file that was digested elsewhere.
    pub(crate) fn whole(&self, input: Input) {
        self.push(Next::Whole(input));
    }

    /// A file that is digested meanwhile.
    pub(crate) fn later(&self, later: Later) {
        self.push(Next::Later(later));
    }

    /// Takes the baton if nobody holds it, and digests what waits.
    pub(crate) fn help(&self) {
        let waiting = self.pending().len();
        match self.baton.try_lock() {
            Ok(mut baton) => self.digest(&mut baton),
            Err(TryLockError::WouldBlock) if waiting <= PENDING_MAX => {}
            Err(_) => self.digest(&mut self.baton.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Digests the rest: every file, in order.
    pub(crate) fn finish(self) -> Result<Vec<Input>> {
        self.help();
        let done = self.baton.into_inner().unwrap_or_else(PoisonError::into_inner).done;
        let input = |done| match done {
            Done::Input(input) => Ok(input),
            Done::Later(later) => later(),
        };
        done.into_iter().map(input).collect()
    }

    fn digest(&self, baton: &mut Baton) {
        while let Some(next) = self.pop() {
            match next {
                Next::Block(block) => {
                    baton.digest.update(&block[..]);
                    baton.bytes += block.len() as u64;
                }
                Next::End(path) => {
                    let digest = std::mem::take(&mut baton.digest).finalize();
                    let bytes = std::mem::take(&mut baton.bytes);
                    baton.done.push(Done::Input(Input { path, bytes, sha256: hex::encode(digest) }));
                }
                Next::Whole(input) => baton.done.push(Done::Input(input)),
                Next::Later(later) => baton.done.push(Done::Later(later)),
            }
        }
    }

    fn push(&self, next: Next) {
        self.pending().push_back(next);
    }

    fn pop(&self) -> Option<Next> {
        self.pending().pop_front()
    }

    fn pending(&self) -> MutexGuard<'_, VecDeque<Next>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::blocks::Blocks;

    #[test]
    fn files_come_in_their_order_whoever_digested_them() {
        let (digests, blocks) = (Digests::default(), Blocks::new(4));
        let mut text = &b"abcdefghij"[..];
        (0..3).for_each(|_| digests.block(&blocks.read(&mut text).unwrap()));
        digests.end("long");
        let elsewhere = Input { path: "gz".into(), bytes: 1, sha256: "00".into() };
        digests.whole(elsewhere.clone());
        std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(|| digests.help()))));
        digests.end("empty");
        let done = digests.finish().unwrap();
        let shown: Vec<(&str, u64)> = done.iter().map(|input| (input.path.as_str(), input.bytes)).collect();
        assert_eq!(shown, [("long", 10), ("gz", 1), ("empty", 0)]);
        assert_eq!(done[0].sha256, hex::encode(Sha256::digest(b"abcdefghij")));
        assert_eq!(done[2].sha256, hex::encode(Sha256::digest(b"")));
    }
}
