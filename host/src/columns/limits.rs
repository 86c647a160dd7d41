//! The limits of reading columns.

/// Most rows of a batch. So few that the allocator reuses the buffers of ten columns for the next batch. It returns larger buffers to the
/// system, which must clear every page again; that takes a third of the time.
pub(super) const BATCH_ROWS: usize = 1 << 11;

/// Longest text of a cell in bytes: thousands of times as long as a number. A dictionary stores a text once, and any number of rows can refer
/// to it.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 20;
