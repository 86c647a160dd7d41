//! Computes the sizes and SHA-256 digests of files while other threads parse them.
//!
//! A digest takes the bytes of a file in order, so one thread at a time computes. The thread that reads a block adds it to the queue. A thread that has
//! finished a split takes the hash state, if it is free, and digests what is in the queue.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use samefit_formats::hex;
use sha2::{Digest, Sha256};

use crate::error::Result;
use crate::input::blocks::Block;
use crate::ports::digest::{InputFile, PendingDigest};

/// Tasks that may be in the queue before a thread waits for the hash state. This bounds the memory of blocks that are not yet digested.
const QUEUED_MAX: usize = 32;

/// What is to be digested, in the order of the files, and the digests so far.
#[derive(Default)]
pub(crate) struct DigestQueue {
    tasks: Mutex<VecDeque<DigestTask>>,
    state: Mutex<HashState>,
}

enum DigestTask {
    /// The next bytes of a file.
    Block(Arc<Block>),
    /// The end of the file at this path.
    End(String),
    /// A file whose digest is computed elsewhere.
    Elsewhere(FileDigest),
}

/// A file's digest, or a way to wait for it.
enum FileDigest {
    Known(InputFile),
    Pending(PendingDigest),
}

/// The digest of the file that is being read, and those of the files before it.
#[derive(Default)]
struct HashState {
    digest: Sha256,
    bytes: u64,
    files: Vec<FileDigest>,
}

impl DigestQueue {
    /// Adds the next bytes of a file.
    pub(crate) fn push_block(&self, block: &Arc<Block>) {
        self.push(DigestTask::Block(Arc::clone(block)));
    }

    /// Adds the end of a file.
    pub(crate) fn push_end(&self, path: &str) {
        self.push(DigestTask::End(path.to_owned()));
    }

    /// Adds a file whose digest is known.
    pub(crate) fn push_known(&self, file: InputFile) {
        self.push(DigestTask::Elsewhere(FileDigest::Known(file)));
    }

    /// Adds a file whose digest another thread computes.
    pub(crate) fn push_pending(&self, digest: PendingDigest) {
        self.push(DigestTask::Elsewhere(FileDigest::Pending(digest)));
    }

    /// Digests what is in the queue, unless another thread does. If the queue is long, waits for that thread first.
    pub(crate) fn work(&self) {
        let queued = self.tasks().len();
        match self.state.try_lock() {
            Ok(mut state) => self.digest(&mut state),
            Err(TryLockError::WouldBlock) if queued <= QUEUED_MAX => {}
            Err(_) => self.digest(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Digests the rest of the queue. Returns all files in the order in which they were added.
    pub(crate) fn finish(self) -> Result<Vec<InputFile>> {
        self.work();
        let files = self.state.into_inner().unwrap_or_else(PoisonError::into_inner).files;
        let wait = |file| match file {
            FileDigest::Known(file) => Ok(file),
            FileDigest::Pending(digest) => digest(),
        };
        files.into_iter().map(wait).collect()
    }

    fn digest(&self, state: &mut HashState) {
        while let Some(task) = self.pop() {
            state.apply(task);
        }
    }

    fn push(&self, task: DigestTask) {
        self.tasks().push_back(task);
    }

    fn pop(&self) -> Option<DigestTask> {
        self.tasks().pop_front()
    }

    fn tasks(&self) -> MutexGuard<'_, VecDeque<DigestTask>> {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HashState {
    fn apply(&mut self, task: DigestTask) {
        match task {
            DigestTask::Block(block) => {
                self.digest.update(&block[..]);
                self.bytes += block.len() as u64;
            }
            DigestTask::End(path) => {
                let digest = std::mem::take(&mut self.digest).finalize();
                let bytes = std::mem::take(&mut self.bytes);
                self.files.push(FileDigest::Known(InputFile { path, bytes, sha256: hex::encode(digest) }));
            }
            DigestTask::Elsewhere(file) => self.files.push(file),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::blocks::BlockPool;

    #[test]
    fn files_keep_their_order_whichever_thread_digests_them() {
        let (digests, blocks) = (DigestQueue::default(), BlockPool::new(4));
        let mut text = &b"abcdefghij"[..];
        (0..3).for_each(|_| digests.push_block(&blocks.read(&mut text).unwrap()));
        digests.push_end("long");
        digests.push_known(InputFile { path: "gz".into(), bytes: 1, sha256: "00".into() });
        std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(|| digests.work()))));
        digests.push_end("empty");
        let files = digests.finish().unwrap();
        let shown: Vec<(&str, u64)> = files.iter().map(|file| (file.path.as_str(), file.bytes)).collect();
        assert_eq!(shown, [("long", 10), ("gz", 1), ("empty", 0)]);
        assert_eq!(files[0].sha256, hex::encode(Sha256::digest(b"abcdefghij")));
        assert_eq!(files[2].sha256, hex::encode(Sha256::digest(b"")));
    }
}
