//! Captures what programs write to stdout and stderr, and keeps the end of it.
//!
//! *Limits*: the last [`LOG_BYTES_MAX`] bytes are kept.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{ioctl_fionbio, ioctl_fionread};

/// How many bytes of a program's output are kept.
pub const LOG_BYTES_MAX: usize = 64 << 10;

/// How long to wait for output that is still in the pipe. A process that left its group can hold the pipe open and write on.
const DRAIN_TIME_MAX: Duration = Duration::from_secs(1);

/// The captured output of programs. A thread reads it from a pipe.
#[derive(Clone, Debug)]
pub struct ProgramOutput {
    tail: Arc<Mutex<LogTail>>,
    pipe: Arc<PipeReader>,
}

impl ProgramOutput {
    /// Starts capturing. Returns the captured output and the end of the pipe that programs write to.
    pub fn open() -> io::Result<(Self, PipeWriter)> {
        let (pipe, pipe_writer) = io::pipe()?;
        // a program can open its own end for reading and take the bytes away, so reading must never block
        ioctl_fionbio(&pipe, true)?;
        let output = Self { tail: Arc::default(), pipe: Arc::new(pipe) };
        let reader = output.clone();
        thread::Builder::new().spawn(move || while reader.read_more() {})?;
        Ok((output, pipe_writer))
    }

    /// Waits for output and keeps it. Returns whether more can come. The lock is held while bytes move from the pipe to the tail, so nobody sees
    /// an empty pipe whose bytes are not in the tail yet.
    fn read_more(&self) -> bool {
        let _ = poll(&mut [PollFd::new(&self.pipe, PollFlags::IN)], None);
        let mut tail = self.lock();
        let mut chunk = [0; 4096];
        match (&*self.pipe).read(&mut chunk) {
            Ok(0) => false,
            Ok(count) => {
                tail.push(&chunk[..count]);
                true
            }
            Err(error) => matches!(error.kind(), io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock),
        }
    }

    /// Returns what was written since the last call.
    pub fn take_output(&self) -> String {
        self.lock().take()
    }

    /// Returns what was written since the last call, after all programs have ended: waits until the pipe is empty, but at most
    /// `DRAIN_TIME_MAX`.
    pub fn take_last_output(&self) -> String {
        let begun = Instant::now();
        loop {
            let mut tail = self.lock();
            if ioctl_fionread(&self.pipe).unwrap_or(0) == 0 || begun.elapsed() > DRAIN_TIME_MAX {
                return tail.take();
            }
            drop(tail);
            thread::yield_now();
        }
    }

    fn lock(&self) -> MutexGuard<'_, LogTail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of a text that may be longer.
#[derive(Debug, Default)]
struct LogTail {
    bytes: VecDeque<u8>,
    is_cut: bool,
}

impl LogTail {
    fn push(&mut self, more: &[u8]) {
        self.bytes.extend(more);
        let excess = self.bytes.len().saturating_sub(LOG_BYTES_MAX);
        self.bytes.drain(..excess);
        self.is_cut |= excess > 0;
    }

    /// Empties the tail and returns its text. A text that was cut begins with `...` and a whole line.
    fn take(&mut self) -> String {
        let Self { bytes, is_cut } = std::mem::take(self);
        let bytes: Vec<u8> = bytes.into();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if is_cut { format!("...\n{}", text.split_once('\n').map_or(text.as_str(), |(_, rest)| rest)) } else { text }
    }
}
