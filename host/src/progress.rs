//! Draws the progress of reading as one line of the terminal that is overwritten.
//!
//! *Limits*: drawn first after [`FIRST_AFTER`], then at most every [`REDRAW_AFTER`]. The line has fewer than 80 characters, so it never wraps.

use std::time::{Duration, Instant};

use samefit_stages::ports::report::Progress;

/// Work that takes less time shows no progress.
const FIRST_AFTER: Duration = Duration::from_millis(500);
const REDRAW_AFTER: Duration = Duration::from_millis(100);

/// Moves to the start of the line and clears it.
pub(crate) const ERASE: &str = "\r\x1b[K";

/// The progress line.
pub(crate) struct ProgressLine {
    started: Instant,
    /// When it was last drawn; none if it is not on the terminal.
    drawn: Option<Instant>,
}

impl ProgressLine {
    /// Creates a line for work that starts now.
    pub(crate) fn new() -> Self {
        Self { started: Instant::now(), drawn: None }
    }

    /// Returns what to write to the terminal, if it is time to draw the line.
    pub(crate) fn draw(&mut self, progress: &Progress) -> Option<String> {
        let (now, since) = (Instant::now(), self.drawn.unwrap_or(self.started));
        let wait = if self.drawn.is_some() { REDRAW_AFTER } else { FIRST_AFTER };
        if now - since < wait {
            return None;
        }
        self.drawn = Some(now);
        Some(format!("{ERASE}{}", text(progress, now - self.started)))
    }

    /// Forgets that the line is drawn. Returns whether it was, so that the caller erases it.
    pub(crate) fn clear(&mut self) -> bool {
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
    if let Some(left) = time_left(progress, seconds) {
        parts.push(format!("{left} left"));
    }
    parts.join("  ")
}

/// Returns the time left at the speed so far. None if the total is unknown or nothing was read.
fn time_left(progress: &Progress, seconds: f64) -> Option<String> {
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
    fn the_line_shows_share_speed_and_time_left() {
        let half = Progress { file: 3, files: 12, bytes: 42_000_000, bytes_total: Some(84_000_000) };
        assert_eq!(text(&half, Duration::from_secs(2)), "file 3 of 12  50 %  21 MB/s  2 s left");
        let pipe = Progress { file: 1, files: 1, bytes: 42_000_000, bytes_total: None };
        assert_eq!(text(&pipe, Duration::from_secs(2)), "42 MB  21 MB/s");
        let slow = Progress { bytes: 1, bytes_total: Some(7300), ..pipe };
        assert_eq!(text(&slow, Duration::from_secs(1)), "0 %  0 MB/s  2 h 1 min left");
        assert_eq!(text(&Progress { bytes: 0, ..half }, Duration::from_secs(1)), "file 3 of 12  0 %  0 MB/s");
    }

    #[test]
    fn the_line_is_not_drawn_at_once() {
        let mut line = ProgressLine::new();
        assert_eq!(line.draw(&Progress::default()), None);
        assert!(!line.clear());
        line.started -= FIRST_AFTER;
        assert!(line.draw(&Progress::default()).is_some());
        assert_eq!(line.draw(&Progress::default()), None);
        assert!(line.clear() && !line.clear());
    }
}
