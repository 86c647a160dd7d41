//! Stable names of kinds of errors.

use std::fmt;

/// The kind of an error in the data, as a stable kebab-case name.
///
/// The variants are the kinds that a stage or a host finds or handles itself. Where the component finds the same, it uses the same name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(from = "String", into = "String")]
#[allow(missing_docs, reason = "CODES describes each")]
pub enum Code {
    NotFound,
    NoDataFiles,
    UnsupportedFormat,
    ColumnType,
    Damaged,
    DuplicateColumn,
    Gzip,
    Zstd,
    DocumentTooLarge,
    Capacity,
    Quote,
    NoRows,
    NotUtf8,
    Json,
    DuplicateKey,
    CannotSplit,
    NotOurs,
    /// A schema is at fault. Only the component finds it.
    Schema,
    /// The decimals of a schema or of `--decimals` are at fault. Only the component finds it.
    Decimals,
    /// Any other kind that the component finds, by its name.
    Other(String),
}

/// The kinds of errors that are found without the component, with their meanings for `docs/errors.md`.
pub const CODES: &[(Code, &str)] = &[
    (Code::NotFound, "A file or folder that does not exist."),
    (Code::NoDataFiles, "A folder without data files."),
    (Code::UnsupportedFormat, "A file in a format that this version does not read."),
    (Code::ColumnType, "A column of Parquet or Arrow whose values are not numbers."),
    (Code::Damaged, "A Parquet or Arrow file or a workbook that is cut off or damaged, or a file in another format."),
    (Code::DuplicateColumn, "Two columns of Parquet or Arrow with the same name."),
    (Code::Gzip, "Data compressed with gzip that are cut off or damaged."),
    (Code::Zstd, "Data compressed with Zstandard that are cut off or damaged, or that need too much memory."),
    (Code::DocumentTooLarge, "A JSON document that is larger than any model or statistics."),
    (
        Code::Capacity,
        "More than samefit reads: a record that is too long (most often because a quote is never closed), too many columns, or pages, texts and batches of Parquet and Arrow that are too large.",
    ),
    (Code::Quote, "A quote that is never closed."),
    (Code::NoRows, "There is no row to split or to write."),
    (Code::NotUtf8, "Bytes that are not UTF-8 text."),
    (Code::Json, "Text that is not JSON, or JSON that is cut off."),
    (Code::DuplicateKey, "A JSON object that names a key twice."),
    (Code::CannotSplit, "Data that cannot be split in two: too few records for one side, or a single object."),
    (Code::NotOurs, "A file that is neither a model, nor statistics, nor a component."),
];

impl Code {
    /// Returns the name, such as `not-found`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::NotFound => "not-found",
            Self::NoDataFiles => "no-data-files",
            Self::UnsupportedFormat => "unsupported-format",
            Self::ColumnType => "column-type",
            Self::Damaged => "damaged",
            Self::DuplicateColumn => "duplicate-column",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::DocumentTooLarge => "document-too-large",
            Self::Capacity => "capacity",
            Self::Quote => "quote",
            Self::NoRows => "no-rows",
            Self::NotUtf8 => "not-utf-8",
            Self::Json => "json",
            Self::DuplicateKey => "duplicate-key",
            Self::CannotSplit => "cannot-split",
            Self::NotOurs => "not-ours",
            Self::Schema => "schema",
            Self::Decimals => "decimals",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<String> for Code {
    fn from(name: String) -> Self {
        let mut known = CODES.iter().map(|(code, _)| code).chain(&[Self::Schema, Self::Decimals]);
        known.find(|code| code.as_str() == name).cloned().unwrap_or(Self::Other(name))
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_the_code_that_has_it() {
        for code in CODES.iter().map(|(code, _)| code).chain(&[Code::Schema, Code::Decimals]) {
            assert_eq!(Code::from(code.to_string()), *code);
        }
        assert_eq!(Code::from("ragged-row".to_owned()), Code::Other("ragged-row".to_owned()));
    }
}
