//! Divides the text of CSV into records for a guess: no text is an error.
//!
//! *Not here*: the reading of tables, which refuses what is not well-formed ([`table`](crate::table)).

use std::borrow::Cow;

/// Most line breaks in a field in quotes at the end of the text. If there are more, its quote was probably never meant to open a field.
const OPEN_LINES_MAX: usize = 20;

/// One record, with its cells without the spaces around them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LooseRecord<'a> {
    /// Number of the line where it begins; the first line of the text is line 1.
    pub(super) line: u64,
    /// Its number, as a spreadsheet counts.
    pub(super) row: u64,
    /// The line where it begins.
    pub(super) text: &'a str,
    pub(super) cells: Vec<Cow<'a, str>>,
}

/// Returns the records of a text, without blank ones, and the offset where the last of them ends. A last record in which a quote is open
/// is none of them.
///
/// `skip`: how many lines are passed over at the beginning; `comments`: with which characters lines begin that are passed over.
pub(super) fn records<'a>(text: &'a str, delimiter: char, skip: u64, comments: &[char]) -> (Vec<LooseRecord<'a>>, usize) {
    let mut reader = LooseReader { text, at: 0, line: 1, delimiter };
    let (mut records, mut row) = (Vec::new(), 0);
    (0..skip).for_each(|_| {
        reader.pass_line();
        row += 1;
    });
    while reader.at < text.len() {
        let (begin, line) = (reader.at, reader.line);
        let whole_line = reader.line();
        row += 1;
        if whole_line.starts_with(comments) || row == skip + 1 && separator(whole_line).is_some() {
            reader.pass_line();
            continue;
        }
        let Some(cells) = reader.record() else { return (records, begin) };
        if cells.len() > 1 || !cells[0].is_empty() {
            records.push(LooseRecord { line, row, text: whole_line, cells });
        }
    }
    (records, text.len())
}

/// Returns the delimiter that a line such as `sep=;` names.
pub(super) fn separator(line: &str) -> Option<char> {
    samefit_formats::csv::separator_of_line(line.as_bytes()).map(char::from)
}

struct LooseReader<'a> {
    text: &'a str,
    /// Offset of the next byte.
    at: usize,
    line: u64,
    delimiter: char,
}

impl<'a> LooseReader<'a> {
    /// Returns the current line from here on, without its end.
    fn line(&self) -> &'a str {
        self.text[self.at..].lines().next().unwrap_or_default()
    }

    fn pass_line(&mut self) {
        self.at = self.text[self.at..].find('\n').map_or(self.text.len(), |end| self.at + end + 1);
        self.line += 1;
    }

    /// Reads one record. Returns none if a quote in it is open at the end of the text.
    fn record(&mut self) -> Option<Vec<Cow<'a, str>>> {
        let mut cells = Vec::new();
        loop {
            let rest = &self.text[self.at..];
            let spaces = rest.len() - rest.trim_start_matches(' ').len();
            let cell = match rest[spaces..].starts_with('"') && self.delimiter != ' ' {
                true => {
                    self.at += spaces;
                    self.quoted()?
                }
                false if rest.starts_with('"') => self.quoted()?,
                false => Cow::Borrowed(self.plain()),
            };
            cells.push(cell);
            match self.text[self.at..].chars().next() {
                Some('\n') => {
                    (self.at, self.line) = (self.at + 1, self.line + 1);
                    return Some(cells);
                }
                Some(delimiter) => self.at += delimiter.len_utf8(),
                None => return Some(cells),
            }
        }
    }

    /// Reads up to the next delimiter or line break.
    fn plain(&mut self) -> &'a str {
        self.whole_plain().trim()
    }

    /// The same with the spaces around it.
    fn whole_plain(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find([self.delimiter, '\n']).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// Reads a field in quotes, and what stands between its end and the next delimiter.
    fn quoted(&mut self) -> Option<Cow<'a, str>> {
        let begin = self.at + 1;
        let mut from = begin;
        let end = loop {
            match self.text[from..].find('"').map(|quote| from + quote) {
                Some(quote) if self.text[quote + 1..].starts_with('"') => from = quote + 2,
                Some(quote) => break quote,
                None if self.text[begin..].matches('\n').count() > OPEN_LINES_MAX => return Some(Cow::Borrowed(self.plain())),
                None => return None,
            }
        };
        let inside = &self.text[begin..end];
        self.line += inside.matches('\n').count() as u64;
        self.at = end + 1;
        let behind = self.whole_plain().trim_end();
        let inside = if inside.contains('"') { Cow::Owned(inside.replace("\"\"", "\"")) } else { Cow::Borrowed(inside) };
        Some(if behind.is_empty() { trimmed(inside) } else { Cow::Owned(inside.into_owned() + behind) })
    }
}

fn trimmed(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        let (records, _) = records(text, ';', 0, &['#']);
        records.into_iter().map(|record| record.cells.into_iter().map(Cow::into_owned).collect()).collect()
    }

    #[test]
    fn every_text_has_records() {
        assert_eq!(cells("a; b \r\n\n# x;y\n\"1;\n\"\"2\"\"\";3\"4\n"), [["a", "b"], ["1;\n\"2\"", "3\"4"]]);
        assert_eq!(cells("\"a\" b;c"), [["a b", "c"]], "as a spreadsheet reads it");
        assert_eq!(cells("a\n\"open\n"), [["a"]]);
        assert_eq!(cells(""), Vec::<Vec<String>>::new());
        let stray = format!("a;b\n\"1;2\n{}", "3;4\n".repeat(30));
        assert_eq!(cells(&stray)[1], ["\"1", "2"]);
    }

    #[test]
    fn a_record_knows_its_line_and_its_row() {
        let (found, end) = records("title\nsep=;\na;b\n\"x\ny\";1\n\n2;3\n\"cut", ';', 1, &[]);
        let places: Vec<_> = found.iter().map(|record| (record.line, record.row)).collect();
        assert_eq!(places, [(3, 3), (4, 4), (7, 6)]);
        assert_eq!(&"title\nsep=;\na;b\n\"x\ny\";1\n\n2;3\n\"cut"[end..], "\"cut");
    }
}
