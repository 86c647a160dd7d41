//! An open file of columns (Parquet, Arrow) and the columns to read of it.
//!
//! *Invariants*: a column is read only if the plan may need it. Rows count from 1, because there is no header.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::error::{InputError, Result};
use crate::ports::columns::{Batch, BatchReader, ColumnFile, Field, Partition, Values};
use crate::ports::digest::PendingDigest;
use crate::ports::engine::Summarizer;
use crate::ports::files::{Files, Kind};
use crate::source::Source;

/// Most partitions for each thread. Parts differ in length, so several for each thread balance the work; each costs the search for its place.
const PARTITIONS_PER_THREAD: usize = 8;
/// Fewest rows of a partition that is smaller than a part.
const PARTITION_ROWS_MIN: usize = 1 << 15;

/// What to do about a column whose type is refused.
const COLUMN_TYPE_HELP: &str = "write the column as numbers (you decide which number stands for which value), or leave it out";

/// A file of columns, and which of its columns to read.
pub(crate) struct SelectedColumns {
    file: Box<dyn ColumnFile>,
    /// Increasing indexes of the columns to read.
    selected: Vec<usize>,
    notes: Vec<String>,
}

impl SelectedColumns {
    /// Opens a file. Selects the columns in `named`, or all columns that can be read if `named` is none.
    ///
    /// # Errors
    /// `column-type` if a named column has a type whose values are not numbers.
    pub(crate) fn open(files: &dyn Files, named: Option<&BTreeSet<String>>, source: &Source) -> Result<Self> {
        let file = open(files, source)?;
        let selected = select(file.fields(), named).map_err(|error| error.in_file(&source.path))?;
        let notes = if named.is_none() { refused(file.fields(), source) } else { Vec::new() };
        Ok(Self { file, selected, notes })
    }

    /// Returns what the user should be told: which columns are left out.
    pub(crate) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Begins to compute the size and digest of the file, in the background.
    pub(crate) fn begin_digest(&self) -> PendingDigest {
        self.file.begin_digest()
    }

    /// Returns the partition that is the whole file.
    pub(crate) fn whole(&self) -> Partition {
        Partition::Parts(0..self.file.parts())
    }

    /// Divides the file into partitions of about the same size, in order, for `threads` to read. Returns at least one.
    pub(crate) fn partitions(&self, threads: usize) -> Vec<Partition> {
        let parts = self.file.parts();
        let cuts = |length: usize, count: usize| (0..count).map(move |at| length * at / count..length * (at + 1) / count);
        if parts >= threads {
            return cuts(parts, parts.min(threads * PARTITIONS_PER_THREAD)).map(Partition::Parts).collect();
        }
        let divide = |part: usize| match self.file.rows(part) {
            Some(rows) => {
                let count = threads.div_ceil(parts).min(rows / PARTITION_ROWS_MIN).max(1);
                cuts(rows, count).map(|rows| Partition::Rows(part, rows)).collect()
            }
            None => vec![Partition::Parts(part..part + 1)],
        };
        let partitions: Vec<Partition> = (0..parts).flat_map(divide).collect();
        if partitions.is_empty() { vec![self.whole()] } else { partitions }
    }

    /// Tells a summarizer the names of the columns. It checks them even if no row follows.
    pub(crate) fn add_names(&self, summarizer: &mut dyn Summarizer) -> Result<()> {
        let empty = |&at: &usize| (self.file.fields()[at].name.clone(), Values::Numbers(Vec::new()));
        summarizer.add(&Batch { rows: 0, columns: self.selected.iter().map(empty).collect() })
    }

    /// Reads the selected columns of a partition.
    pub(crate) fn read(&self, partition: &Partition) -> Result<Box<dyn BatchReader>> {
        self.file.read(&self.selected, partition)
    }
}

/// Opens a file of columns.
pub(crate) fn open(files: &dyn Files, source: &Source) -> Result<Box<dyn ColumnFile>> {
    if source.kind != Kind::File {
        let help = "save it as a file first";
        return Err(InputError::new(Code::UnsupportedFormat, "columns cannot be read from a pipe", help).in_file(&source.path));
    }
    files.columns(&source.path).map_err(|error| error.in_file(&source.path))
}

/// Returns notes on the columns whose type is refused.
pub(crate) fn refused(fields: &[Field], source: &Source) -> Vec<String> {
    let path = samefit_text::line(&source.path);
    let note = |field: &Field| {
        let (name, refused) = (samefit_text::name(&field.name), field.refused.as_ref()?);
        Some(format!("note: {path}: column `{name}`: left out: its values are of type {refused}, not numbers"))
    };
    fields.iter().filter_map(note).collect()
}

/// Returns the indexes of the named columns. Returns those of all columns that can be read if none are named, or if one of them is not there:
/// the engine's error then lists the columns that are.
fn select(fields: &[Field], named: Option<&BTreeSet<String>>) -> Result<Vec<usize>, InputError> {
    let exists = |name: &String| fields.iter().any(|field| field.name == *name);
    let named = named.filter(|names| names.iter().all(exists));
    let is_named = |field: &Field| named.is_none_or(|names| names.contains(&field.name));
    if let (Some(_), Some(field)) = (named, fields.iter().find(|field| is_named(field) && field.refused.is_some())) {
        let sentence = format!("its values are of type {}, which are not numbers", field.refused.as_deref().unwrap_or_default());
        return Err(InputError::new(Code::ColumnType, sentence, COLUMN_TYPE_HELP).in_column(&field.name));
    }
    Ok((0..fields.len()).filter(|&at| fields[at].refused.is_none() && is_named(&fields[at])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, refused: Option<&str>) -> Field {
        Field { name: name.to_owned(), refused: refused.map(str::to_owned) }
    }

    fn named(names: &[&str]) -> Option<BTreeSet<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn only_named_columns_are_read() {
        let fields = [field("a", None), field("day", Some("Date32")), field("b", None), field("y", None)];
        assert_eq!(select(&fields, named(&["y", "a"]).as_ref()).unwrap(), [0, 3]);
        assert_eq!(select(&fields, None).unwrap(), [0, 2, 3]);
        assert_eq!(select(&fields, named(&["y", "z"]).as_ref()).unwrap(), [0, 2, 3], "a name that does not exist");
        let error = select(&fields, named(&["day", "y"]).as_ref()).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), (Code::ColumnType, Some("day")));
    }
}
