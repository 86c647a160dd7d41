//! An open file of columns (Parquet, Arrow) and the columns to read of it.
//!
//! *Invariants*: a column is read only if the plan may need it. Rows count from 1, because there is no header.

use std::collections::BTreeSet;

use crate::code::Code;
use crate::error::{InputError, Result};
use crate::input::path_columns::WithPathColumns;
use crate::ports::columns::{Batch, BatchReader, ColumnFile, Field, Partition, ValueForm, Values};
use crate::ports::digest::PendingDigest;
use crate::ports::engine::Summarizer;
use crate::ports::files::{Files, Kind};
use crate::source::Source;

/// Most partitions for each thread. Parts differ in length, so several for each thread balance the work; each costs the search for its place.
const PARTITIONS_PER_THREAD: usize = 8;
/// Fewest rows of a partition that is smaller than a part.
const PARTITION_ROWS_MIN: usize = 1 << 15;

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
        let notes = if named.is_none() { left_out(file.fields(), is_data, source) } else { Vec::new() };
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
        self.file.read(&self.selected.iter().map(|&at| (at, ValueForm::Data)).collect::<Vec<_>>(), partition)
    }
}

/// Opens a file of columns.
pub(crate) fn open(files: &dyn Files, source: &Source) -> Result<Box<dyn ColumnFile>> {
    if source.kind != Kind::File {
        let help = "save it as a file first";
        return Err(InputError::new(Code::UnsupportedFormat, "columns cannot be read from a pipe", help).in_file(&source.path));
    }
    let file = files.columns(&source.path).map_err(|error| error.in_file(&source.path))?;
    if source.path_columns.is_empty() { Ok(file) } else { Ok(Box::new(WithPathColumns::new(file, &source.path_columns))) }
}

/// Whether a column is data if none are named: it can be read, and is not an index.
pub(crate) fn is_data(field: &Field) -> bool {
    field.is_readable() && !field.is_index
}

/// Returns notes on the columns that are not `taken`.
pub(crate) fn left_out(fields: &[Field], taken: impl Fn(&Field) -> bool, source: &Source) -> Vec<String> {
    let path = samefit_text::line(&source.path);
    let note = |field: &Field| {
        let why = match &field.refused {
            Some(refused) => format!("its values are of type {}, not numbers", refused.name),
            None => "it is the index that pandas wrote, labels of the rows and not data".to_owned(),
        };
        format!("note: {path}: column `{}`: left out: {why}", samefit_text::name(&field.name))
    };
    fields.iter().filter(|field| !taken(field)).map(note).collect()
}

/// Returns the indexes of the named columns. Returns those of all data if none are named, and those of all columns that can be read if one of
/// the named is not there: the engine's error then lists the columns that are.
fn select(fields: &[Field], named: Option<&BTreeSet<String>>) -> Result<Vec<usize>, InputError> {
    let exists = |name: &String| fields.iter().any(|field| field.name == *name);
    let indexes = |taken: &dyn Fn(&Field) -> bool| (0..fields.len()).filter(|&at| taken(&fields[at])).collect();
    let Some(named) = named else { return Ok(indexes(&is_data)) };
    if !named.iter().all(exists) {
        return Ok(indexes(&Field::is_readable));
    }
    if let Some((field, refused)) =
        fields.iter().filter(|field| named.contains(&field.name)).find_map(|field| Some((field, field.refused.as_ref()?)))
    {
        let sentence = format!("its values are of type {}, which are not numbers", refused.name);
        let help = format!("write it {}, or do not name it", refused.help);
        return Err(InputError::new(Code::ColumnType, sentence, help).in_column(&field.name));
    }
    Ok(indexes(&|field| named.contains(&field.name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::columns::RefusedType;

    fn field(name: &str, refused: Option<&str>) -> Field {
        let refused = refused.map(|name| RefusedType { name: name.to_owned(), help: "as a number", has_text: true });
        Field { name: name.to_owned(), refused, is_index: name == "id" }
    }

    fn named(names: &[&str]) -> Option<BTreeSet<String>> {
        Some(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn only_named_columns_are_read() {
        let fields = [field("a", None), field("day", Some("Date32")), field("b", None), field("y", None), field("id", None)];
        assert_eq!(select(&fields, named(&["y", "a"]).as_ref()).unwrap(), [0, 3]);
        assert_eq!(select(&fields, None).unwrap(), [0, 2, 3]);
        assert_eq!(select(&fields, named(&["y", "id"]).as_ref()).unwrap(), [3, 4]);
        assert_eq!(select(&fields, named(&["y", "z"]).as_ref()).unwrap(), [0, 2, 3, 4], "a name that does not exist");
        let error = select(&fields, named(&["day", "y"]).as_ref()).unwrap_err();
        assert_eq!((error.code, error.column.as_deref()), (Code::ColumnType, Some("day")));
    }
}
