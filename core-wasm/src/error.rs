//! The only error type: what is wrong with an input, where, and what to do.
//!
//! **Wording.** The first line of `text` is a sentence without a capital or a full stop that fits after
//! "file: row 17, column `bmi`: "; it says what was found and what was expected, in the words of the person who made
//! the file. The second line says what to do. Text from the input stands in backquotes, shortened. No file names: the
//! core does not know them. No "invalid", no "failed to".
//!
//! Every code is listed in [`CODES`], has a case in `data/cases/` and an entry in `docs/errors.md`.

use serde_json::{Map, Value, json};

/// Result of everything that can meet bad input.
pub type Result<T> = std::result::Result<T, Error>;

/// What is wrong with an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Error {
    /// Stable kebab-case name, one of [`CODES`].
    pub code: &'static str,
    /// The record as a spreadsheet counts: a header is row 1.
    pub row: Option<u64>,
    /// Column, feature or term at fault.
    pub column: Option<String>,
    /// What stood there, shortened.
    pub found: Option<String>,
    /// What should have stood there.
    pub expected: Option<String>,
    /// Sentence and, after a line break, what to do.
    pub text: String,
}

/// Longest piece of an input that a message repeats, in characters.
const FOUND_CHARS_MAX: usize = 40;

impl Error {
    /// An error with a sentence and a remedy.
    pub fn new(code: &'static str, sentence: impl AsRef<str>, remedy: impl AsRef<str>) -> Self {
        debug_assert!(CODES.iter().any(|(known, _)| *known == code), "{code} is not in CODES");
        let text = match remedy.as_ref() {
            "" => sentence.as_ref().to_owned(),
            remedy => format!("{}\n{remedy}", sentence.as_ref()),
        };
        Self { code, text, ..Self::default() }
    }

    /// "found `x`, expected y": the commonest shape.
    pub fn found(code: &'static str, found: &str, expected: &str, remedy: impl AsRef<str>) -> Self {
        let found = shorten(found);
        let mut error = Self::new(code, format!("found `{found}`, expected {expected}"), remedy);
        error.found = Some(found);
        error.expected = Some(expected.to_owned());
        error
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
        object.insert("code".into(), json!(self.code));
        object.insert("row".into(), json!(self.row));
        object.insert("column".into(), json!(self.column));
        object.insert("found".into(), json!(self.found));
        object.insert("expected".into(), json!(self.expected));
        object.insert("text".into(), json!(self.text));
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
        f.write_str(&self.text)
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
    Error::new("spent", "the stream has ended", "make a new one")
}

/// Every code and what it means. Notes (what the user should be told though nothing is wrong) have codes too.
pub const CODES: &[(&str, &str)] = &[
    ("no-data", "The input is empty: no header, or no object."),
    ("no-rows", "There is no row to fit: only a header, or every row was dropped."),
    ("not-utf-8", "Bytes that are not UTF-8 text."),
    ("not-text", "Control characters where a header is expected: a binary file."),
    ("line-ends", "Lines end with a bare carriage return."),
    ("delimiter", "The header has no delimiter but tabs, semicolons or bars."),
    ("duplicate-column", "Two columns, features or terms with the same name."),
    ("empty-column-name", "A column without a name."),
    ("column-name", "A column name that is too long, or that cannot be used in terms."),
    ("ragged-row", "A row with more or fewer fields than the header."),
    ("quote", "A quote in the middle of a field, text after a closing quote, or a quote that is never closed."),
    ("not-a-number", "Text where a decimal number is expected."),
    ("not-a-value", "Infinity: not a value."),
    ("too-many-digits", "A number of more than 60 digits."),
    (
        "exponent-too-large",
        "A number whose exponent is beyond 60, or that has more than 60 zeros after the point before its first other digit.",
    ),
    ("missing-values", "Cells without a value, counted by column."),
    ("missing-column", "The data have no such column."),
    ("column-lengths", "Columns of one batch with different lengths."),
    ("no-columns", "No column of numbers."),
    ("json", "Text that is not JSON, or JSON that is cut off."),
    ("duplicate-key", "A JSON object that names a key twice."),
    ("record", "A JSON record of another shape than attributes or a plain object."),
    ("plan", "A plan that says something it cannot say."),
    ("schema", "A schema that says something it cannot say."),
    ("term", "A term that is not a column, a power or a product."),
    ("target", "The target is missing or is also a feature."),
    ("statistics", "Statistics that are not in the format."),
    ("impossible-statistics", "Statistics that no data can have."),
    ("statistics-differ", "Statistics of different columns, units, terms or distribution."),
    ("missing-term", "The statistics lack a term that the plan needs."),
    ("units-differ", "Statistics in other units than the schema's."),
    ("collinear", "Columns with an exact linear relation between them."),
    ("constant-column", "A feature that has the same value in every row."),
    ("too-few-rows", "Fewer rows than coefficients."),
    ("out-of-range", "A result beyond what a 64-bit float can hold."),
    ("capacity", "More than samefit can count or hold."),
    ("model", "A model that is not in the format."),
    ("missing-feature", "The record lacks a variable that the model uses."),
    ("entries", "Entries of a form that are no object of texts, or that name no field of it."),
    ("unit", "A unit that the field does not have."),
    ("threshold", "A threshold that is not a positive number."),
    ("decimals", "Data that are to be shared, and a column of which nobody says how finely it is measured."),
    ("implausible", "A value outside the plausible range of its column, in data that are to be shared."),
    ("too-few-to-share", "Fewer rows than statistics must have that are shared: 50, and 10 for each column and term."),
    (
        "singled-out",
        "A column or term, or two of them together, whose sums would tell of fewer than 5 rows, in data that are to be shared.",
    ),
    ("part", "A part of a table that is not of this table, or of another version."),
    ("spent", "A stream that was used after its end."),
    ("column-left-out", "Note: a column of text that nobody named was left out."),
    ("rows-dropped", "Note: rows were left out because a value was missing."),
    ("coarser", "Note: a column is shared with fewer decimals than it is measured with."),
    ("rounded", "Note: values were rounded before they were summed."),
];
