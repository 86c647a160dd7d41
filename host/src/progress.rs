//! How far the reading has come, as one line of the terminal that is written over.
//!
//! *Limits*: shown after [`QUIET_FOR`], drawn every [`DRAWN_EVERY`]; a line of less than 80 characters, so that it never wraps.

use std::time::{Duration, Instant};

use samefit_stages::ports::report::Progress;

/// Work that is done sooner shows nothing.
const QUIET_FOR: Duration = Duration::from_millis(500);
const DRAWN_EVERY: Duration = Duration::from_millis(100);

/// Back to the start of the line, and nothing after it.
pub(crate) const ERASE: &str = "\r\x1b[K";

/// When the line was drawn.
pub(crate) struct Line {
    begun: Instant,
    drawn: Option<Instant>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), drawn: None }
    }

    /// What to write now, if anything.
    pub(crate) fn draw(&mut self, progress: &Progress) -> Option<String> {
        let (now, since) = (Instant::now(), self.drawn.unwrap_or(self.begun));
        let wait = if self.drawn.is_some() { DRAWN_EVERY } else { QUIET_FOR };
        if now - since < wait {
            return None;
        }
        self.drawn = Some(now);
        Some(format!("{ERASE}{}", text(progress, now - self.begun)))
    }

    /// Whether there is a line to erase; then there is none.
    pub(crate) fn erased(&mut self) -> bool {
        self.drawn.take().is_some()
    }
}

fn text(progress: &Progress, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let mut parts = Vec::new();
    if progress.files > 1 {
        parts.push(format!("file {} of {}", progress.file, progress.files));
    }
    match progress.bytes_total.filter(|total| *total > 0) {
        Some(total) => parts.push(format!("{} %", (progress.bytes.min(total) * 100) / total)),
        None => parts.push(format!("{} MB", progress.bytes / 1_000_000)),
    }
    parts.push(format!("{:.0} MB/s", progress.bytes as f64 / 1e6 / seconds));
    if let Some(left) = left(progress, seconds) {
        parts.push(format!("{left} left"));
    }
    parts.join("  ")
}

/// Time that the rest will take if it goes on as it went.
fn left(progress: &Progress, seconds: f64) -> Option<String> {
    let rest = progress.bytes_total?.checked_sub(progress.bytes)?;
    if progress.bytes == 0 {
        return None;
    }
    let left = (seconds * rest as f64 / progress.bytes as f64).ceil() as u64;
    Some(match left {
        0..60 => format!("{left} s"),
        60..3600 => format!("{} min {} s", left / 60, left % 60),
        _ => format!("{} h {} min", left / 3600, left / 60 % 60),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_far_how_fast_and_how_long() {
        let half = Progress { file: 3, files: 12, bytes: 42_000_000, bytes_total: Some(84_000_000) };
        assert_eq!(text(&half, Duration::from_secs(2)), "file 3 of 12  50 %  21 MB/s  2 s left");
        let pipe = Progress { file: 1, files: 1, bytes: 42_000_000, bytes_total: None };
        assert_eq!(text(&pipe, Duration::from_secs(2)), "42 MB  21 MB/s");
        let slow = Progress { bytes: 1, bytes_total: Some(7300), ..pipe };
        assert_eq!(text(&slow, Duration::from_secs(1)), "0 %  0 MB/s  2 h 1 min left");
        assert_eq!(text(&Progress { bytes: 0, ..half }, Duration::from_secs(1)), "file 3 of 12  0 %  0 MB/s");
    }

    #[test]
    fn nothing_is_drawn_at_once() {
        let mut line = Line::new();
        assert_eq!(line.draw(&Progress::default()), None);
        assert!(!line.erased());
        line.begun -= QUIET_FOR;
        assert!(line.draw(&Progress::default()).is_some());
        assert_eq!(line.draw(&Progress::default()), None);
        assert!(line.erased() && !line.erased());
    }
}
