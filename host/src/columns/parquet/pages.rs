//! Checks the sizes in the pages of a Parquet file before its decoder uses them, and computes how many rows to decode at once.
//!
//! The header of a page states how many bytes it has after decompression and how many values, and the decoder allocates that much. A
//! dictionary stores a text once, and the decoder copies it into every row that refers to it. The same holds for the prefix that a
//! delta-encoded text shares with the text before it.
//!
//! *Limits*: [`PAGES_BYTES_MAX`], [`PAGE_VALUES_MAX`], [`HEADER_BYTES_MAX`], [`BATCH_BYTES_MAX`]; texts of at most [`TEXT_BYTES_MAX`].
//!
//! *Not here*: checksums, which the decoder compares; the lengths of the rows' texts (`values`).

use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::basic::{Compression, Type};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::serialized_reader::SerializedPageReader;
use samefit_stages::code::Code;
use samefit_stages::error::{Error, InputError, Result};

use super::delta::{self, is_delta};
use super::page_header::{self, PageHeader, PageKind};
use crate::columns::errors::{damaged, not_implemented, text_too_long, too_large};
use crate::columns::limits::{BATCH_ROWS, TEXT_BYTES_MAX};
use crate::columns::shared_file::{ParquetSource, SharedFile};

/// Most bytes of all pages that are in memory at once: one page of each column, and its dictionary.
const PAGES_BYTES_MAX: u64 = 2 << 30;
/// Most values of a page: as many as the largest row group that common writers create has.
const PAGE_VALUES_MAX: u64 = 1 << 26;
/// Most bytes of the header of a page, which contains the least and the greatest value of the page.
const HEADER_BYTES_MAX: u64 = 16 << 20;
/// Most bytes that a batch of rows may have, beside twice the bytes of its pages.
const BATCH_BYTES_MAX: u64 = 256 << 20;
/// Bytes in which a header is looked for first.
const FIRST_HEADER_BYTES: u64 = 256;

/// Returns how many rows to decode at once of the columns in `mask` of a row group. Fails if a page or text is too large.
pub(super) fn batch_rows(file: &Arc<SharedFile>, metadata: &ParquetMetaData, mask: &ProjectionMask, group: usize) -> Result<usize> {
    let leaves = 0..metadata.file_metadata().schema_descr().num_columns();
    let group = metadata.row_group(group);
    let rows = usize::try_from(group.num_rows()).map_err(damaged)?;
    let chunks = leaves.filter(|leaf| mask.leaf_included(*leaf)).map(|leaf| group.column(leaf));
    let columns = chunks.map(|chunk| ColumnPages::read(file, chunk, rows).map_err(|error| with_column(error, chunk)));
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let pages: u64 = columns.iter().map(ColumnPages::page_bytes).sum();
    if pages > PAGES_BYTES_MAX {
        return Err(too_large("pages", pages, PAGES_BYTES_MAX, "write the file again with smaller pages, or name fewer columns").into());
    }
    let bytes = |rows: usize| columns.iter().map(|column| column.batch_bytes(rows as u64)).sum::<u64>();
    let halved = std::iter::successors(Some(BATCH_ROWS), |rows| Some(rows / 2).filter(|rows| *rows > 0));
    Ok(halved.into_iter().find(|rows| bytes(*rows) <= BATCH_BYTES_MAX + 2 * pages).unwrap_or(1))
}

/// Adds the column's name to the error for something too large.
fn with_column(error: Error, chunk: &ColumnChunkMetaData) -> Error {
    match error {
        Error::Data { path, fault } if fault.code == Code::Capacity => {
            Error::Data { path, fault: fault.in_column(chunk.column_path().string()) }
        }
        other => other,
    }
}

/// The sizes that the pages of one column of a row group state.
#[derive(Default)]
struct ColumnPages {
    /// Decompressed bytes and number of values of each data page.
    pages: Vec<(u64, u64)>,
    dictionary_bytes: u64,
    /// Bytes of the longest value that is stored once and copied into many rows.
    longest_copied: u64,
}

impl ColumnPages {
    fn read(file: &Arc<SharedFile>, chunk: &ColumnChunkMetaData, rows: usize) -> Result<Self> {
        check_codec(chunk)?;
        let mut column = Self::default();
        let headers = headers(file, chunk, rows)?;
        for header in &headers {
            match header.kind {
                PageKind::Dictionary => column.dictionary_bytes = column.dictionary_bytes.max(header.decompressed_bytes),
                PageKind::Data => column.pages.push((header.decompressed_bytes, header.values)),
                PageKind::Other => {}
            }
        }
        let is_delta = headers.iter().any(|header| is_delta(header.encoding));
        column.longest_copied = match chunk.column_type() {
            Type::FIXED_LEN_BYTE_ARRAY => chunk.column_descr().type_length().max(0).unsigned_abs().into(),
            Type::BYTE_ARRAY if is_delta || column.dictionary_bytes > 0 => longest_copied(file, chunk, rows, is_delta)?,
            _ => 0,
        };
        Ok(column)
    }

    /// Returns the most bytes that are in memory while a page is read.
    fn page_bytes(&self) -> u64 {
        self.dictionary_bytes + self.pages.iter().map(|(bytes, _)| *bytes).max().unwrap_or(0)
    }

    /// Returns the most bytes of any `rows` consecutive rows.
    fn batch_bytes(&self, rows: u64) -> u64 {
        self.longest_copied.saturating_mul(rows).saturating_add(self.window_bytes(rows))
    }

    /// Returns the most bytes of the pages that contain any `rows` consecutive rows.
    fn window_bytes(&self, rows: u64) -> u64 {
        let (mut most, mut bytes, mut values, mut first) = (0, 0, 0, 0);
        for (last, (page_bytes, page_values)) in self.pages.iter().enumerate() {
            bytes += page_bytes;
            values += page_values;
            // the rows touch the first page if one row is in it, one in the last page, and the rest fills all pages between
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

/// Fails if the column is compressed with a codec that this program was built without.
fn check_codec(chunk: &ColumnChunkMetaData) -> Result<(), InputError> {
    match chunk.compression() {
        Compression::BROTLI(_) => Err(not_implemented("the codec Brotli")),
        Compression::LZO => Err(not_implemented("the codec LZO")),
        _ => Ok(()),
    }
}

/// Returns the headers of the pages of a column chunk that contain its rows. Some writers leave more bytes behind those pages.
pub(in crate::columns) fn headers(file: &Arc<SharedFile>, chunk: &ColumnChunkMetaData, rows: usize) -> Result<Vec<PageHeader>, InputError> {
    let (mut at, length) = chunk.byte_range();
    let end = at.checked_add(length).filter(|end| *end <= file.length()).ok_or_else(|| damaged("a column ends beyond the file"))?;
    let (mut headers, mut values) = (Vec::new(), 0);
    while at < end && values < rows as u64 {
        let header = read_header(file, at, end)?;
        at = at
            .checked_add(header.header_bytes + header.stored_bytes)
            .filter(|at| *at <= end)
            .ok_or_else(|| damaged("a page ends beyond its column"))?;
        // every value of a dictionary has at least one byte
        if header.values > PAGE_VALUES_MAX || header.kind == PageKind::Dictionary && header.values > header.decompressed_bytes {
            return Err(too_large("values in a page", header.values, PAGE_VALUES_MAX, "write the file again with smaller pages"));
        }
        values += if header.kind == PageKind::Data { header.values } else { 0 };
        headers.push(header);
    }
    Ok(headers)
}

/// Reads the header of the page at offset `at`, in a column that ends at `end`.
fn read_header(file: &Arc<SharedFile>, at: u64, end: u64) -> Result<PageHeader, InputError> {
    let mut length = FIRST_HEADER_BYTES;
    loop {
        let read = length.min(end - at);
        let bytes = file.bytes(at, read as usize).map_err(damaged)?;
        if let Some(header) = page_header::read(&bytes)? {
            return Ok(header);
        }
        if read < length || length >= HEADER_BYTES_MAX {
            return Err(damaged("the header of a page is cut off"));
        }
        length *= 8;
    }
}

/// Returns the bytes of the longest text in a chunk that can be copied into many rows: the longest text of its dictionary and, if it `has_delta`
/// pages, the size of the largest of those.
fn longest_copied(file: &Arc<SharedFile>, chunk: &ColumnChunkMetaData, rows: usize, has_delta: bool) -> Result<u64> {
    let source = Arc::new(ParquetSource(Arc::clone(file)));
    let failed = |error| file.parquet_error(&error);
    let mut reader = SerializedPageReader::new(source, chunk, rows, None).map_err(failed)?;
    let (mut longest, mut values) = (0, 0);
    while let Some(page) = reader.get_next_page().map_err(failed)? {
        match &page {
            Page::DictionaryPage { buf, num_values, .. } => {
                longest = longest.max(longest_of_dictionary(buf, *num_values)?);
                if longest > TEXT_BYTES_MAX as u64 {
                    return Err(text_too_long(longest).into());
                }
            }
            page if is_delta(Some(page.encoding())) => {
                delta::check_lengths(page, chunk.column_descr())?;
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

/// Returns the bytes of the longest of `count` texts of a dictionary, each of which follows its length.
fn longest_of_dictionary(texts: &[u8], count: u32) -> Result<u64, InputError> {
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
    fn a_window_is_all_pages_that_rows_can_touch() {
        let column = |pages: &[(u64, u64)]| ColumnPages { pages: pages.to_vec(), dictionary_bytes: 7, longest_copied: 3 };
        let pages = [(10, 2), (20, 3), (40, 1), (5, 4)];
        for (rows, bytes) in [(1, 40), (2, 60), (3, 65), (4, 65), (5, 70), (6, 75), (100, 75)] {
            assert_eq!(column(&pages).window_bytes(rows), bytes, "{rows} rows");
        }
        assert_eq!((column(&pages).page_bytes(), column(&pages).batch_bytes(4)), (47, 77));
        assert_eq!(column(&[]).window_bytes(5), 0);
    }

    #[test]
    fn the_longest_text_of_a_dictionary_is_found() {
        assert_eq!(longest_of_dictionary(b"\x01\0\0\0a\x03\0\0\0bcd\0\0\0\0", 3).unwrap(), 3);
        assert!(longest_of_dictionary(b"\x01\0\0\0a\x03\0\0\0bc", 2).is_err());
    }
}
