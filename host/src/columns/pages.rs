//! Looks through the pages of a Parquet file for sizes that no memory has, before its decoder believes them, and finds how many rows can be
//! decoded at once.
//!
//! A page says in its header how many bytes it has when decompressed and how many values, and the decoder asks for as much. A text of a
//! dictionary stands there once and is copied into every row that names it, and so is what a delta-encoded text shares with the one before.
//!
//! *Limits*: [`PAGES_BYTES_MAX`], [`PAGE_VALUES_MAX`], [`HEADER_BYTES_MAX`], [`BATCH_BYTES`]; texts of [`TEXT_BYTES_MAX`](super::TEXT_BYTES_MAX).
//!
//! *Not here*: checksums, which the decoder compares; the lengths of the rows' texts (`values`).

use std::sync::Arc;

use ::parquet::arrow::ProjectionMask;
use ::parquet::basic::Type;
use ::parquet::column::page::{Page, PageReader};
use ::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use ::parquet::file::serialized_reader::SerializedPageReader;
use samefit_stages::code::Code;
use samefit_stages::error::{Error, InputError, Result};

use super::delta::{self, is_delta};
use super::header::{self, Header, Kind};
use super::parquet::failure;
use super::shared::{Chunks, Shared};
use super::{BATCH_ROWS, TEXT_BYTES_MAX, damaged, too_large};

/// Most bytes of all pages that are in memory at once: of each column one, and its dictionary.
const PAGES_BYTES_MAX: u64 = 2 << 30;
/// Most values of a page: as many as the largest row group that common writers make.
const PAGE_VALUES_MAX: u64 = 1 << 26;
/// Longest header of a page; it holds the page's least and greatest value.
const HEADER_BYTES_MAX: u64 = 16 << 20;
/// Bytes that a batch of rows may have beyond those of its pages.
const BATCH_BYTES: u64 = 256 << 20;
/// A header's bytes that are read at first.
const HEADER_BYTES: u64 = 256;

/// The rows that can be decoded at once of some columns of a row group.
pub(super) fn batch_rows(file: &Arc<Shared>, metadata: &ParquetMetaData, mask: &ProjectionMask, group: usize) -> Result<usize> {
    let leaves = 0..metadata.file_metadata().schema_descr().num_columns();
    let group = metadata.row_group(group);
    let rows = usize::try_from(group.num_rows()).map_err(damaged)?;
    let chunks = leaves.filter(|leaf| mask.leaf_included(*leaf)).map(|leaf| group.column(leaf));
    let columns = chunks.map(|chunk| Column::of(file, chunk, rows).map_err(|failure| named(failure, chunk))).collect::<Result<Vec<_>>>()?;
    let pages: u64 = columns.iter().map(Column::pages_bytes).sum();
    if pages > PAGES_BYTES_MAX {
        return Err(too_large("pages", pages, PAGES_BYTES_MAX, "write the file again with smaller pages, or name fewer columns").into());
    }
    let bytes = |rows: usize| columns.iter().map(|column| column.batch_bytes(rows as u64)).sum::<u64>();
    let halved = std::iter::successors(Some(BATCH_ROWS), |rows| Some(rows / 2).filter(|rows| *rows > 0));
    Ok(halved.into_iter().find(|rows| bytes(*rows) <= BATCH_BYTES + 2 * pages).unwrap_or(1))
}

fn named(failure: Error, chunk: &ColumnChunkMetaData) -> Error {
    match failure {
        Error::Data { path, fault } if fault.code == Code::Capacity => {
            Error::Data { path, fault: InputError { column: Some(chunk.column_path().string()), ..fault } }
        }
        other => other,
    }
}

/// What the pages of a column of a row group say of its bytes.
#[derive(Default)]
struct Column {
    /// Bytes and values of each data page.
    pages: Vec<(u64, u64)>,
    dictionary_bytes: u64,
    /// The longest value that is written once and copied into many rows, in bytes.
    longest: u64,
}

impl Column {
    fn of(file: &Arc<Shared>, chunk: &ColumnChunkMetaData, rows: usize) -> Result<Self> {
        let mut column = Self::default();
        let headers = headers(file, chunk, rows)?;
        for header in &headers {
            match header.kind {
                Kind::Dictionary => column.dictionary_bytes = column.dictionary_bytes.max(header.bytes),
                Kind::Data => column.pages.push((header.bytes, header.values)),
                Kind::Other => {}
            }
        }
        let is_delta = headers.iter().any(|header| is_delta(header.encoding));
        column.longest = match chunk.column_type() {
            Type::FIXED_LEN_BYTE_ARRAY => chunk.column_descr().type_length().max(0).unsigned_abs().into(),
            Type::BYTE_ARRAY if is_delta || column.dictionary_bytes > 0 => longest(file, chunk, rows, is_delta)?,
            _ => 0,
        };
        Ok(column)
    }

    /// Bytes that are in memory while a page is read.
    fn pages_bytes(&self) -> u64 {
        self.dictionary_bytes + self.pages.iter().map(|(bytes, _)| *bytes).max().unwrap_or(0)
    }

    /// Most bytes of so many rows one after another.
    fn batch_bytes(&self, rows: u64) -> u64 {
        self.longest.saturating_mul(rows).saturating_add(self.window_bytes(rows))
    }

    /// Most bytes of the pages that so many rows one after another stand in.
    fn window_bytes(&self, rows: u64) -> u64 {
        let (mut most, mut bytes, mut values, mut first) = (0, 0, 0, 0);
        for (last, (page_bytes, page_values)) in self.pages.iter().enumerate() {
            bytes += page_bytes;
            values += page_values;
            // one row in the first page, one in the last, and all of those between
            while first < last && values - self.pages[first].1 - page_values + 2 > rows {
                bytes -= self.pages[first].0;
                values -= self.pages[first].1;
                first += 1;
            }
            most = most.max(bytes);
        }
        most
    }
}

/// The headers of the pages of a column chunk, as far as its rows go: some writers leave bytes behind them.
pub(super) fn headers(file: &Arc<Shared>, chunk: &ColumnChunkMetaData, rows: usize) -> Result<Vec<Header>, InputError> {
    let (mut at, length) = chunk.byte_range();
    let end = at.checked_add(length).filter(|end| *end <= file.length()).ok_or_else(|| damaged("a column ends beyond the file"))?;
    let (mut headers, mut values) = (Vec::new(), 0);
    while at < end && values < rows as u64 {
        let header = header_at(file, at, end)?;
        at = at
            .checked_add(header.length + header.stored)
            .filter(|at| *at <= end)
            .ok_or_else(|| damaged("a page ends beyond its column"))?;
        // no value of a dictionary has less than a byte
        if header.values > PAGE_VALUES_MAX || header.kind == Kind::Dictionary && header.values > header.bytes {
            return Err(too_large("values in a page", header.values, PAGE_VALUES_MAX, "write the file again with smaller pages"));
        }
        values += if header.kind == Kind::Data { header.values } else { 0 };
        headers.push(header);
    }
    Ok(headers)
}

/// The header of the page that begins at a place.
fn header_at(file: &Arc<Shared>, at: u64, end: u64) -> Result<Header, InputError> {
    let mut length = HEADER_BYTES;
    loop {
        let read = length.min(end - at);
        let bytes = file.bytes(at, read as usize).map_err(damaged)?;
        if let Some(header) = header::read(&bytes)? {
            return Ok(header);
        }
        if read < length || length >= HEADER_BYTES_MAX {
            return Err(damaged("the header of a page is cut off"));
        }
        length *= 8;
    }
}

/// The longest text of a chunk that may be copied into many rows: of its dictionary, and, if it `has_delta` pages, the bytes of such a page.
fn longest(file: &Arc<Shared>, chunk: &ColumnChunkMetaData, rows: usize, has_delta: bool) -> Result<u64> {
    let failed = |error| failure(file, error);
    let mut reader = SerializedPageReader::new(Arc::new(Chunks(Arc::clone(file))), chunk, rows, None).map_err(failed)?;
    let (mut longest, mut values) = (0, 0);
    while let Some(page) = reader.get_next_page().map_err(failed)? {
        match &page {
            Page::DictionaryPage { buf, num_values, .. } => {
                longest = longest.max(longest_of_plain(buf, *num_values)?);
                if longest > TEXT_BYTES_MAX as u64 {
                    return Err(super::text_too_long(longest).into());
                }
            }
            page if is_delta(Some(page.encoding())) => {
                delta::check(page, chunk.column_descr())?;
                longest = longest.max(page.buffer().len() as u64);
            }
            _ => {}
        }
        values += if page.is_data_page() { u64::from(page.num_values()) } else { 0 };
        if !has_delta || values >= rows as u64 {
            break;
        }
    }
    Ok(longest)
}

/// The longest of the texts of a dictionary, each of which stands behind its length.
fn longest_of_plain(texts: &[u8], count: u32) -> Result<u64, InputError> {
    let (mut rest, mut longest) = (texts, 0);
    for _ in 0..count {
        let Some((length, behind)) = rest.split_first_chunk() else { break };
        let length = u32::from_le_bytes(*length);
        longest = longest.max(u64::from(length));
        rest = behind.get(length as usize..).ok_or_else(|| damaged("a text of a dictionary is cut off"))?;
    }
    Ok(longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_all_pages_that_rows_may_touch() {
        let column = |pages: &[(u64, u64)]| Column { pages: pages.to_vec(), dictionary_bytes: 7, longest: 3 };
        let pages = [(10, 2), (20, 3), (40, 1), (5, 4)];
        for (rows, bytes) in [(1, 40), (2, 60), (3, 65), (4, 65), (5, 70), (6, 75), (100, 75)] {
            assert_eq!(column(&pages).window_bytes(rows), bytes, "{rows} rows");
        }
        assert_eq!((column(&pages).pages_bytes(), column(&pages).batch_bytes(4)), (47, 77));
        assert_eq!(column(&[]).window_bytes(5), 0);
    }

    #[test]
    fn the_longest_text_of_a_dictionary_is_found() {
        assert_eq!(longest_of_plain(b"\x01\0\0\0a\x03\0\0\0bcd\0\0\0\0", 3).unwrap(), 3);
        assert!(longest_of_plain(b"\x01\0\0\0a\x03\0\0\0bc", 2).is_err());
    }
}
