//! Errors of the component, the worker and the page's own files.

use serde_json::Value;

/// An error, with the fields of the component's error record. A field that the record does not have is empty.
///
/// The worker adds three codes of its own: `trap` (the component stopped unexpectedly), `cancelled` and `page-file` (a file of the page
/// could not be read).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Error {
    /// The stable code, in kebab case.
    pub code: String,
    /// What is wrong, in English.
    pub sentence: String,
    /// What to do about it, in English.
    pub help: String,
    /// The file it is in.
    pub file: String,
    /// The row it is in, counted from 1.
    pub row: String,
    /// The column it is in.
    pub column: String,
    /// What stands there.
    pub found: String,
    /// What should stand there.
    pub expected: String,
}

impl Error {
    /// Reads the text of an error record. A text that is no JSON becomes the sentence.
    #[must_use]
    pub fn parse(record: &str) -> Self {
        serde_json::from_str(record)
            .map_or_else(|_| Self { sentence: record.to_owned(), ..Self::default() }, |record| Self::from_json(&record))
    }

    /// Reads an error record.
    #[must_use]
    pub fn from_json(record: &Value) -> Self {
        let field = |key: &str| match &record[key] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        Self {
            code: field("code"),
            sentence: field("text"),
            help: field("help"),
            file: field("file"),
            row: field("row"),
            column: field("column"),
            found: field("found"),
            expected: field("expected"),
        }
    }

    /// Names the file, unless the error names one already.
    #[must_use]
    pub fn in_file(mut self, name: &str) -> Self {
        if self.file.is_empty() {
            name.clone_into(&mut self.file);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_sentence_and_help() {
        let error = Error::parse(r#"{"code": "not-a-number", "row": 3, "column": "bmi", "text": "bad", "help": "fix it"}"#);
        assert_eq!((error.sentence.as_str(), error.help.as_str(), error.row.as_str()), ("bad", "fix it", "3"));
        assert_eq!((error.column.as_str(), error.file.as_str()), ("bmi", ""));
    }

    #[test]
    fn a_text_that_is_no_record_is_kept() {
        assert_eq!(Error::parse("out of memory").sentence, "out of memory");
    }

    #[test]
    fn the_first_file_stays() {
        let error = Error::parse("bad").in_file("a.csv").in_file("b.csv");
        assert_eq!(error.file, "a.csv");
    }
}
