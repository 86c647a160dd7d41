//! The only error type: what is wrong with an input, where, and what to do.
//!
//! **Wording guide.** The sentence has no capital and no full stop, and it fits after "file: row 17, column `bmi`: ". It says what was found and
//! what was expected, in the words of the person who made the file. The help says what to do. Text from the input stands in backquotes,
//! shortened. A message names no file, because the core does not know files. It avoids "invalid" and "failed to".

use crate::hidden;
use serde_json::{Map, Value, json};

/// The result of every function that reads input.
pub type Result<T> = std::result::Result<T, Error>;

/// Declares [`Code`] from one table: variant, stable name, meaning.
macro_rules! codes {
    ($($variant:ident = $name:literal: $meaning:literal,)*) => {
        /// The kind of an error or of a note. A note is something that the user should know although nothing is wrong.
        ///
        /// Each has a case in `data/cases/` and an entry in `docs/errors.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)*
        }

        impl Code {
            /// Every code, in the order of `docs/errors.md`.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the stable kebab-case name that stands in files and in `docs/errors.md`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// Returns the meaning in one sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)*
                }
            }
        }
    };
}

codes! {
    NoData = "no-data": "The input is empty: no header, or no object.",
    NoRows = "no-rows": "There are no rows to fit: the data have only a header, or every row was dropped.",
    NotUtf8 = "not-utf-8": "Bytes that are not UTF-8 text.",
    NotText = "not-text": "Control characters in the header or in a level: the file is probably binary.",
    LineEnds = "line-ends": "Lines that end with a carriage return alone.",
    Delimiter = "delimiter": "A header that is delimited by another character than expected.",
    DuplicateColumn = "duplicate-column": "Two columns, features or terms with the same name.",
    EmptyColumnName = "empty-column-name": "A header without any name, or a variable without one.",
    ColumnName = "column-name": "A column name that is too long, or that cannot be used in terms.",
    RaggedRow = "ragged-row": "A row with more or fewer fields than the header.",
    Quote = "quote": "A quote in the middle of a field, text after a closing quote, or a quote that is never closed.",
    NotANumber = "not-a-number": "Text where a decimal number is expected.",
    NotAValue = "not-a-value": "Infinity, which is not a value.",
    Undefined = "undefined": "A function of a number for which it is not defined, such as the logarithm of zero.",
    TooManyDigits = "too-many-digits": "A number of more than 60 digits.",
    ExponentTooLarge = "exponent-too-large": "A number with an exponent beyond 60 either way, or with more than 60 zeros between the point and the first other digit.",
    Weight = "weight": "A weight below zero, or a count that is not a whole number or below zero.",
    UnknownLevel = "unknown-level": "A value that is none of the levels of its category.",
    MissingValues = "missing-values": "Cells without a value, counted by column.",
    MissingColumn = "missing-column": "A column that the data do not have.",
    ColumnLengths = "column-lengths": "Columns of one batch with different lengths.",
    NoColumns = "no-columns": "Data without a column of numbers, or without one beside the target.",
    Json = "json": "Text that is not JSON, or JSON that is cut off.",
    DuplicateKey = "duplicate-key": "A JSON object with the same key twice.",
    Record = "record": "A JSON record that is neither attributes nor a plain object.",
    Plan = "plan": "A plan with a wrong key or value, or with keys that contradict each other.",
    Schema = "schema": "A schema with a wrong key or value, or with entries that contradict each other.",
    Term = "term": "A term that is not a column, a power or a product, or that uses categories in a way that has no meaning.",
    Target = "target": "A target that is missing, that is also a feature, or that is a category.",
    Statistics = "statistics": "A document that is not in the format of statistics.",
    ImpossibleStatistics = "impossible-statistics": "Statistics that no data can have.",
    StatisticsDiffer = "statistics-differ": "Statistics of different columns, categories, units, terms, weights, rounding or distribution.",
    MissingTerm = "missing-term": "A term that the plan needs and the statistics do not have.",
    UnitsDiffer = "units-differ": "Statistics in other units than the schema's.",
    Collinear = "collinear": "Columns with an exact linear relation between them. A note if the plan says to leave them out.",
    NearCollinear = "near-collinear": "Note: features with a linear relation between them that holds but for rounding. An error if the plan says so.",
    EmptyCells = "empty-cells": "Note: a product of categories has combinations of levels that no row has.",
    Reference = "reference": "A reference level that no row has, or one of a column that is not a category.",
    ConstantColumn = "constant-column": "A feature with the same value in every row.",
    TooFewRows = "too-few-rows": "Fewer rows than coefficients.",
    OutOfRange = "out-of-range": "A result that a 64-bit float cannot hold.",
    Capacity = "capacity": "Data or documents beyond a limit of samefit.",
    Model = "model": "A document that is not in the format of a model.",
    MissingFeature = "missing-feature": "A record without a variable that the model uses.",
    Entries = "entries": "Entries of a form that are not an object of texts, or that name a field that the form does not have.",
    Unit = "unit": "A unit that the field does not have.",
    NotNested = "not-nested": "Two models to compare, neither of which has all terms of the other and more.",
    Restriction = "restriction": "A restriction of coefficients that is no linear equation, or that follows from others or contradicts them.",
    Level = "level": "A level of confidence that is not between 0 and 1.",
    Threshold = "threshold": "A threshold that is not a positive number.",
    Decimals = "decimals": "Data to be shared, with a column of which neither the schema nor the plan says how finely it is measured.",
    Implausible = "implausible": "Data to be shared, with a value outside the plausible range of its column.",
    TooFewToShare = "too-few-to-share": "Data to be shared, with too few rows: 50 are needed, and 10 for each column and term.",
    SingledOut = "singled-out": "Data to be shared, with a column or term, or two of them together, whose sums would single out fewer than 5 rows.",
    Part = "part": "The state of a summarizer that another one cannot merge: it is of another plan, header or version.",
    Spent = "spent": "A stream that is used after its end.",
    Category = "category": "Note: a feature holds words and is taken as a category.",
    NumericHeader = "numeric-header": "Note: every name in the header is a number, as if the file had no header.",
    ColumnLeftOut = "column-left-out": "Note: a column was left out, because it holds text or no value, because it has no name of its own, or because the schema does not describe it.",
    RowsDropped = "rows-dropped": "Note: rows were left out because a value is missing.",
    Coarser = "coarser": "Note: a column is shared with fewer decimals than it is measured with.",
    Rounded = "rounded": "Note: values were rounded before they were summed.",
}

impl Code {
    /// Returns the code with this name; `None` if there is none.
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

/// An error in an input, or a note on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind of error.
    pub code: Code,
    /// Number of the record, as a spreadsheet counts: the header is row 1.
    pub row: Option<u64>,
    /// Column, feature or term where the error is.
    pub column: Option<String>,
    /// The text that was found, shortened.
    pub found: Option<String>,
    /// What was expected instead.
    pub expected: Option<String>,
    /// One sentence on one line, without a capital and a full stop.
    pub sentence: String,
    /// What to do, on one line; empty for a note.
    pub help: String,
}

/// Longest piece of the input in a message, in characters.
const FOUND_CHARS_MAX: usize = 40;

impl Error {
    /// Returns an error with a sentence and help, or a note if `help` is empty.
    pub fn new(code: Code, sentence: impl Into<String>, help: impl Into<String>) -> Self {
        Self { code, row: None, column: None, found: None, expected: None, sentence: sentence.into(), help: help.into() }
    }

    /// Returns an error of the most common form: "found `x`, expected y". Characters that cannot be seen are named.
    pub fn found(code: Code, found: &str, expected: &str, help: impl Into<String>) -> Self {
        let hidden = hidden::description(found).map_or_else(String::new, |what| format!(" {what}"));
        let found = shorten(found);
        let mut error = Self::new(code, format!("found `{found}`{hidden}, expected {expected}"), help);
        error.found = Some(found);
        error.expected = Some(expected.to_owned());
        error
    }

    /// Returns the sentence and, if there is help, a line break and the help.
    #[must_use]
    pub fn text(&self) -> String {
        if self.help.is_empty() { self.sentence.clone() } else { format!("{}\n{}", self.sentence, self.help) }
    }

    /// Sets the row, unless the error has one.
    #[must_use]
    pub fn at_row(mut self, row: u64) -> Self {
        self.row = self.row.or(Some(row));
        self
    }

    /// Sets the column, unless the error has one.
    #[must_use]
    pub fn in_column(mut self, column: &str) -> Self {
        self.column = self.column.or_else(|| Some(column.to_owned()));
        self
    }

    /// Returns the contract's error record as JSON, with its fields in the contract's order.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("code".into(), json!(self.code.name()));
        object.insert("row".into(), json!(self.row));
        object.insert("column".into(), json!(self.column));
        object.insert("found".into(), json!(self.found));
        object.insert("expected".into(), json!(self.expected));
        object.insert("text".into(), json!(self.sentence));
        object.insert("help".into(), json!(self.help));
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

/// Returns the start of a text without control characters, for a message.
pub fn shorten(text: &str) -> String {
    let mut short: String = text.chars().take(FOUND_CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(FOUND_CHARS_MAX).is_some() {
        short.push('…');
    }
    short
}

/// Returns names in backquotes, separated by commas. Lists ten of them, and counts the rest.
pub fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let mut names = names.into_iter().map(|name| format!("`{}`", shorten(name.as_ref())));
    let mut shown: Vec<String> = names.by_ref().take(10).collect();
    let more = names.count();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join(", ")
}

/// Returns the error of a stream that is used after its end.
pub fn spent() -> Error {
    Error::new(Code::Spent, "the stream has ended", "make a new one")
}
