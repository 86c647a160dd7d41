//! The only error type: what is wrong with an input, where, and what to do.
//!
//! **Wording.** The sentence has no capital and no full stop, and it fits after "file: row 17, column `bmi`: ". It says what was found and what
//! was expected, in the words of the person who made the file. The help says what to do. Text from the input stands in backquotes, shortened.
//! A message names no file: the core does not know files. It avoids "invalid" and "failed to".

use serde_json::{Map, Value, json};

/// Result of everything that can meet bad input.
pub type Result<T> = std::result::Result<T, Error>;

/// The kinds of errors and notes. Each has a case in `data/cases/` and an entry in `docs/errors.md`.
///
/// A note is something the user should know although nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The input is empty: no header, or no object.
    NoData,
    /// There is no row to fit: only a header, or every row was dropped.
    NoRows,
    /// Bytes that are not UTF-8 text.
    NotUtf8,
    /// Control characters where a header is expected: a binary file.
    NotText,
    /// Lines end with a bare carriage return.
    LineEnds,
    /// The header has no delimiter but tabs, semicolons or bars.
    Delimiter,
    /// Two columns, features or terms with the same name.
    DuplicateColumn,
    /// A column without a name.
    EmptyColumnName,
    /// A column name that is too long, or that cannot be used in terms.
    ColumnName,
    /// A row with more or fewer fields than the header.
    RaggedRow,
    /// A quote in the middle of a field, text after a closing quote, or a quote that is never closed.
    Quote,
    /// Text where a decimal number is expected.
    NotANumber,
    /// Infinity: not a value.
    NotAValue,
    /// A number of more than 60 digits.
    TooManyDigits,
    /// A number whose exponent is beyond 60, or that has more than 60 zeros after the point before its first other digit.
    ExponentTooLarge,
    /// Cells without a value, counted by column.
    MissingValues,
    /// The data have no such column.
    MissingColumn,
    /// Columns of one batch with different lengths.
    ColumnLengths,
    /// No column of numbers.
    NoColumns,
    /// Text that is not JSON, or JSON that is cut off.
    Json,
    /// A JSON object that names a key twice.
    DuplicateKey,
    /// A JSON record of another shape than attributes or a plain object.
    Record,
    /// A plan that says something it cannot say.
    Plan,
    /// A schema that says something it cannot say.
    Schema,
    /// A term that is not a column, a power or a product.
    Term,
    /// The target is missing or is also a feature.
    Target,
    /// Statistics that are not in the format.
    Statistics,
    /// Statistics that no data can have.
    ImpossibleStatistics,
    /// Statistics of different columns, units, terms or distribution.
    StatisticsDiffer,
    /// The statistics lack a term that the plan needs.
    MissingTerm,
    /// Statistics in other units than the schema's.
    UnitsDiffer,
    /// Columns with an exact linear relation between them.
    Collinear,
    /// A feature that has the same value in every row.
    ConstantColumn,
    /// Fewer rows than coefficients.
    TooFewRows,
    /// A result beyond what a 64-bit float can hold.
    OutOfRange,
    /// More than samefit can count or hold.
    Capacity,
    /// A model that is not in the format.
    Model,
    /// The record lacks a variable that the model uses.
    MissingFeature,
    /// Entries of a form that are no object of texts, or that name no field of it.
    Entries,
    /// A unit that the field does not have.
    Unit,
    /// A threshold that is not a positive number.
    Threshold,
    /// Data that are to be shared, and a column of which nobody says how finely it is measured.
    Decimals,
    /// A value outside the plausible range of its column, in data that are to be shared.
    Implausible,
    /// Fewer rows than statistics must have that are shared: 50, and 10 for each column and term.
    TooFewToShare,
    /// A column or term, or two of them together, whose sums would tell of fewer than 5 rows, in data that are to be shared.
    SingledOut,
    /// A part of a table that is not of this table, or of another version.
    Part,
    /// A stream that was used after its end.
    Spent,
    /// Note: a column of text that nobody named was left out.
    ColumnLeftOut,
    /// Note: rows were left out because a value was missing.
    RowsDropped,
    /// Note: a column is shared with fewer decimals than it is measured with.
    Coarser,
    /// Note: values were rounded before they were summed.
    Rounded,
}

impl Code {
    /// Every code, in the order of `docs/errors.md`.
    pub const ALL: &[Self] = &[
        Self::NoData,
        Self::NoRows,
        Self::NotUtf8,
        Self::NotText,
        Self::LineEnds,
        Self::Delimiter,
        Self::DuplicateColumn,
        Self::EmptyColumnName,
        Self::ColumnName,
        Self::RaggedRow,
        Self::Quote,
        Self::NotANumber,
        Self::NotAValue,
        Self::TooManyDigits,
        Self::ExponentTooLarge,
        Self::MissingValues,
        Self::MissingColumn,
        Self::ColumnLengths,
        Self::NoColumns,
        Self::Json,
        Self::DuplicateKey,
        Self::Record,
        Self::Plan,
        Self::Schema,
        Self::Term,
        Self::Target,
        Self::Statistics,
        Self::ImpossibleStatistics,
        Self::StatisticsDiffer,
        Self::MissingTerm,
        Self::UnitsDiffer,
        Self::Collinear,
        Self::ConstantColumn,
        Self::TooFewRows,
        Self::OutOfRange,
        Self::Capacity,
        Self::Model,
        Self::MissingFeature,
        Self::Entries,
        Self::Unit,
        Self::Threshold,
        Self::Decimals,
        Self::Implausible,
        Self::TooFewToShare,
        Self::SingledOut,
        Self::Part,
        Self::Spent,
        Self::ColumnLeftOut,
        Self::RowsDropped,
        Self::Coarser,
        Self::Rounded,
    ];

    /// The stable kebab-case name, as files, other languages and `docs/errors.md` have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoData => "no-data",
            Self::NoRows => "no-rows",
            Self::NotUtf8 => "not-utf-8",
            Self::NotText => "not-text",
            Self::LineEnds => "line-ends",
            Self::Delimiter => "delimiter",
            Self::DuplicateColumn => "duplicate-column",
            Self::EmptyColumnName => "empty-column-name",
            Self::ColumnName => "column-name",
            Self::RaggedRow => "ragged-row",
            Self::Quote => "quote",
            Self::NotANumber => "not-a-number",
            Self::NotAValue => "not-a-value",
            Self::TooManyDigits => "too-many-digits",
            Self::ExponentTooLarge => "exponent-too-large",
            Self::MissingValues => "missing-values",
            Self::MissingColumn => "missing-column",
            Self::ColumnLengths => "column-lengths",
            Self::NoColumns => "no-columns",
            Self::Json => "json",
            Self::DuplicateKey => "duplicate-key",
            Self::Record => "record",
            Self::Plan => "plan",
            Self::Schema => "schema",
            Self::Term => "term",
            Self::Target => "target",
            Self::Statistics => "statistics",
            Self::ImpossibleStatistics => "impossible-statistics",
            Self::StatisticsDiffer => "statistics-differ",
            Self::MissingTerm => "missing-term",
            Self::UnitsDiffer => "units-differ",
            Self::Collinear => "collinear",
            Self::ConstantColumn => "constant-column",
            Self::TooFewRows => "too-few-rows",
            Self::OutOfRange => "out-of-range",
            Self::Capacity => "capacity",
            Self::Model => "model",
            Self::MissingFeature => "missing-feature",
            Self::Entries => "entries",
            Self::Unit => "unit",
            Self::Threshold => "threshold",
            Self::Decimals => "decimals",
            Self::Implausible => "implausible",
            Self::TooFewToShare => "too-few-to-share",
            Self::SingledOut => "singled-out",
            Self::Part => "part",
            Self::Spent => "spent",
            Self::ColumnLeftOut => "column-left-out",
            Self::RowsDropped => "rows-dropped",
            Self::Coarser => "coarser",
            Self::Rounded => "rounded",
        }
    }

    /// What the code means, in one sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::NoData => "The input is empty: no header, or no object.",
            Self::NoRows => "There is no row to fit: only a header, or every row was dropped.",
            Self::NotUtf8 => "Bytes that are not UTF-8 text.",
            Self::NotText => "Control characters where a header is expected: a binary file.",
            Self::LineEnds => "Lines end with a bare carriage return.",
            Self::Delimiter => "The header has no delimiter but tabs, semicolons or bars.",
            Self::DuplicateColumn => "Two columns, features or terms with the same name.",
            Self::EmptyColumnName => "A column without a name.",
            Self::ColumnName => "A column name that is too long, or that cannot be used in terms.",
            Self::RaggedRow => "A row with more or fewer fields than the header.",
            Self::Quote => "A quote in the middle of a field, text after a closing quote, or a quote that is never closed.",
            Self::NotANumber => "Text where a decimal number is expected.",
            Self::NotAValue => "Infinity: not a value.",
            Self::TooManyDigits => "A number of more than 60 digits.",
            Self::ExponentTooLarge => {
                "A number whose exponent is beyond 60, or that has more than 60 zeros after the point before its first other digit."
            }
            Self::MissingValues => "Cells without a value, counted by column.",
            Self::MissingColumn => "The data have no such column.",
            Self::ColumnLengths => "Columns of one batch with different lengths.",
            Self::NoColumns => "No column of numbers.",
            Self::Json => "Text that is not JSON, or JSON that is cut off.",
            Self::DuplicateKey => "A JSON object that names a key twice.",
            Self::Record => "A JSON record of another shape than attributes or a plain object.",
            Self::Plan => "A plan that says something it cannot say.",
            Self::Schema => "A schema that says something it cannot say.",
            Self::Term => "A term that is not a column, a power or a product.",
            Self::Target => "The target is missing or is also a feature.",
            Self::Statistics => "Statistics that are not in the format.",
            Self::ImpossibleStatistics => "Statistics that no data can have.",
            Self::StatisticsDiffer => "Statistics of different columns, units, terms or distribution.",
            Self::MissingTerm => "The statistics lack a term that the plan needs.",
            Self::UnitsDiffer => "Statistics in other units than the schema's.",
            Self::Collinear => "Columns with an exact linear relation between them.",
            Self::ConstantColumn => "A feature that has the same value in every row.",
            Self::TooFewRows => "Fewer rows than coefficients.",
            Self::OutOfRange => "A result beyond what a 64-bit float can hold.",
            Self::Capacity => "More than samefit can count or hold.",
            Self::Model => "A model that is not in the format.",
            Self::MissingFeature => "The record lacks a variable that the model uses.",
            Self::Entries => "Entries of a form that are no object of texts, or that name no field of it.",
            Self::Unit => "A unit that the field does not have.",
            Self::Threshold => "A threshold that is not a positive number.",
            Self::Decimals => "Data that are to be shared, and a column of which nobody says how finely it is measured.",
            Self::Implausible => "A value outside the plausible range of its column, in data that are to be shared.",
            Self::TooFewToShare => "Fewer rows than statistics must have that are shared: 50, and 10 for each column and term.",
            Self::SingledOut => {
                "A column or term, or two of them together, whose sums would tell of fewer than 5 rows, in data that are to be shared."
            }
            Self::Part => "A part of a table that is not of this table, or of another version.",
            Self::Spent => "A stream that was used after its end.",
            Self::ColumnLeftOut => "Note: a column of text that nobody named was left out.",
            Self::RowsDropped => "Note: rows were left out because a value was missing.",
            Self::Coarser => "Note: a column is shared with fewer decimals than it is measured with.",
            Self::Rounded => "Note: values were rounded before they were summed.",
        }
    }

    /// The code of a name; `None` if there is none of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind of error.
    pub code: Code,
    /// The record as a spreadsheet counts: a header is row 1.
    pub row: Option<u64>,
    /// Column, feature or term at fault.
    pub column: Option<String>,
    /// What stood there, shortened.
    pub found: Option<String>,
    /// What should have stood there.
    pub expected: Option<String>,
    /// What is wrong: a sentence without a capital or a full stop, on one line.
    pub sentence: String,
    /// What to do about it, on one line; empty for a note.
    pub help: String,
}

/// Longest piece of an input that a message repeats, in characters.
const FOUND_CHARS_MAX: usize = 40;

impl Error {
    /// An error with a sentence and help; a note has no help.
    pub fn new(code: Code, sentence: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, row: None, column: None, found: None, expected: None, sentence: sentence.into(), help: help.into() }
    }

    /// An error of the most common shape: "found `x`, expected y".
    pub fn found(code: Code, found: &str, expected: &str, help: impl Into<String>) -> Self {
        let found = shorten(found);
        let mut error = Self::new(code, format!("found `{found}`, expected {expected}"), help);
        error.found = Some(found);
        error.expected = Some(expected.to_owned());
        error
    }

    /// The sentence and, if there is help, a line break and the help: the `text` of the contract's error record.
    #[must_use]
    pub fn text(&self) -> String {
        if self.help.is_empty() { self.sentence.clone() } else { format!("{}\n{}", self.sentence, self.help) }
    }

    /// At this row, unless a row is known already.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Self {
        self.row = self.row.or(Some(row));
        self
    }

    /// In this column, unless a column is known already.
    #[must_use]
    pub fn in_column(mut self, column: &str) -> Self {
        self.column = self.column.or_else(|| Some(column.to_owned()));
        self
    }

    /// The record as JSON, with the fields in the contract's order.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("code".into(), json!(self.code.name()));
        object.insert("row".into(), json!(self.row));
        object.insert("column".into(), json!(self.column));
        object.insert("found".into(), json!(self.found));
        object.insert("expected".into(), json!(self.expected));
        object.insert("text".into(), json!(self.text()));
        Value::Object(object)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.row, &self.column) {
            (Some(row), Some(column)) => write!(f, "row {row}, column `{column}`: ")?,
            (Some(row), None) => write!(f, "row {row}: ")?,
            (None, Some(column)) => write!(f, "column `{column}`: ")?,
            (None, None) => {}
        }
        f.write_str(&self.text())
    }
}

impl std::error::Error for Error {}

/// The start of a piece of input, fit for a message: no control characters, no more than [`FOUND_CHARS_MAX`].
pub fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(FOUND_CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(FOUND_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}

/// Names in backquotes, separated by commas, at most ten of them.
pub fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut names = names.into_iter().map(|name| format!("`{}`", shorten(name.as_ref())));
    let mut shown: Vec<String> = names.by_ref().take(10).collect();
    let more = names.count();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

/// A stream that was used after its end.
pub fn spent() -> Error {
    Error::new(Code::Spent, "the stream has ended", "make a new one")
}
