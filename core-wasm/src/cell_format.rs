//! How the cells of a table are written: the mark before decimals, separators between thousands, and texts for missing values.
//!
//! *Invariants*: the way in which cells are written is in no result. A number that is written as `1.234,50` is 1234.50.
//!
//! *Not here*: the text of a number with a point ([`decimal`]), delimiters and quotes ([`table`](crate::table)).

use crate::decimal::{self, Decimal, SmallDecimal};
use crate::error::{Code, Error, Result, shorten};
use crate::hidden;
use crate::notation;

/// What to do with a cell of which nothing else is known.
pub const USUAL_ADVICE: &str = "correct the cell, or leave it empty if there is no value";
/// A text that no format reads as a number.
const NO_NUMBER: &[u8] = b"";
/// Digits between two separators.
const GROUP_DIGITS: usize = 3;
/// Bytes of a number that are rewritten without memory from the heap.
const SHORT_BYTES: usize = 64;
/// Characters that can be the mark before decimals.
const POINTS: &[char] = &['.', ','];
/// Characters that can stand between thousands.
const SEPARATORS: &[char] = &['.', ',', ' ', '\'', '_'];
/// What other programs write where there is no value, beside what is always missing: in lower case.
const USUAL_MISSING: &[&str] = &[
    "n/a",
    "n.a.",
    "n. a.",
    "#n/a",
    "#n/a n/a",
    "#na",
    "#nv",
    "#n/d",
    "<na>",
    "none",
    "nil",
    "nul",
    "-nan",
    "nan(ind)",
    "-nan(ind)",
    "missing",
    "(missing)",
    "unknown",
    "not available",
    "not applicable",
    "not reported",
    "no data",
    "(null)",
    "(none)",
    "(blank)",
    "(empty)",
    "<null>",
    "[null]",
    "\\n",
];
/// What a text consists of that stands where there is no value: `?`, `--`, `***`.
const FILLERS: &[char] = &['?', '-', '.', '*', '_', '\u{2013}', '\u{2014}'];
/// What the C library of Windows writes of floats that are no numbers, after a sign and `1.#`.
const WINDOWS_NAN: &[&str] = &["ind", "qnan", "snan"];

/// How cells are written.
#[derive(Clone, Debug, PartialEq)]
pub struct CellFormat {
    /// The mark before decimals, `.` or `,`.
    point: u8,
    /// The separator between groups of three digits; none if there is none. A space stands for all kinds of spaces.
    separator: Option<char>,
    /// Texts that mean a missing value, besides those that always do.
    missing: Vec<String>,
    /// The numbers among them.
    missing_numbers: Vec<Decimal>,
    /// Their nearest f64.
    missing_floats: Vec<f64>,
    /// What else to give where a text is to be a missing value; may be empty.
    with_missing: &'static str,
    /// Whether the cells are of CSV, so that its flags are a help.
    is_csv: bool,
}

impl Default for CellFormat {
    fn default() -> Self {
        Self::POINTS
    }
}

impl CellFormat {
    /// Numbers with a decimal point and no separators, and no further text for a missing value.
    pub const POINTS: Self = Self {
        point: b'.',
        separator: None,
        missing: Vec::new(),
        missing_numbers: Vec::new(),
        missing_floats: Vec::new(),
        with_missing: "",
        is_csv: false,
    };

    /// Returns the format of cells of CSV with these characters before decimals and between thousands.
    ///
    /// # Errors
    /// Those of [`Self::new`].
    pub fn of_csv(point: char, separator: Option<char>) -> Result<Self> {
        Ok(Self { is_csv: true, ..Self::new(point, separator)? })
    }

    /// Returns the format with this mark before decimals and this separator between thousands.
    ///
    /// # Errors
    /// `plan` for other characters than `.` and `,` before decimals, for a separator that is none of `.`, `,`, a space, `'` and `_`, and for a
    /// separator that is the mark before decimals too.
    pub fn new(point: char, separator: Option<char>) -> Result<Self> {
        if !POINTS.contains(&point) {
            let expected = "a point or a comma as `decimal`";
            return Err(Error::found(Code::Plan, &point.to_string(), expected, "give --decimal , or --decimal ."));
        }
        if let Some(separator) = separator.filter(|separator| !SEPARATORS.contains(separator)) {
            let expected = "a point, a comma, a space, `'` or `_` as `thousands`";
            return Err(Error::found(Code::Plan, &separator.to_string(), expected, "give one of these with --thousands"));
        }
        if separator == Some(point) {
            let other = if point == '.' { ',' } else { '.' };
            let sentence = format!("`{point}` cannot stand both before decimals and between thousands");
            return Err(Error::new(
                Code::Plan,
                sentence,
                format!("give --decimal {other} as well, or another character for one of the two"),
            ));
        }
        Ok(Self { point: point as u8, separator, ..Self::POINTS })
    }

    /// Returns the format with further texts that mean a missing value. One that is a number stands for all texts of this number.
    #[must_use]
    pub fn with_missing(self, texts: &[String]) -> Self {
        let missing: Vec<String> = texts.iter().map(|text| trimmed(text).to_owned()).collect();
        let numbers: Vec<Decimal> = missing.iter().filter_map(|text| self.number(text.as_bytes())).collect();
        let missing_floats = numbers.iter().map(Decimal::to_f64).collect();
        Self { missing, missing_numbers: numbers, missing_floats, ..self }
    }

    /// Returns the format with what else has to be given where a text is to be a missing value, such as `--missing drop`.
    #[must_use]
    pub fn advising(self, with_missing: &'static str) -> Self {
        Self { with_missing, ..self }
    }

    /// Returns the byte before decimals.
    pub fn point(&self) -> u8 {
        self.point
    }

    /// Returns the numbers that mean a missing value. Most formats have none.
    pub(crate) fn missing_numbers(&self) -> &[Decimal] {
        &self.missing_numbers
    }

    /// Returns whether a float means a missing value; NaN always does.
    pub fn is_missing_float(&self, value: f64) -> bool {
        value.is_nan() || self.missing_floats.contains(&value)
    }

    /// Returns whether a cell, without the spaces around it, says that there is no value.
    pub fn is_missing(&self, cell: &[u8]) -> bool {
        decimal::is_missing(cell) || !self.missing.is_empty() && self.is_further_missing(cell)
    }

    /// Returns whether a cell has one of the further texts for a missing value.
    pub(crate) fn is_further_missing(&self, cell: &[u8]) -> bool {
        self.missing.iter().any(|text| text.as_bytes() == cell)
            || !self.missing_numbers.is_empty() && self.number(cell).is_some_and(|number| self.missing_numbers.contains(&number))
    }

    /// Reads a value.
    ///
    /// # Errors
    /// Those of [`decimal::parse`]. The help of `not-a-number` tells how such a cell can be read.
    pub fn parse(&self, cell: &[u8]) -> Result<Decimal> {
        let advice = || self.advice(&String::from_utf8_lossy(cell)).unwrap_or_else(|| USUAL_ADVICE.to_owned());
        self.parse_unadvised(cell).map_err(|error| if error.code == Code::NotANumber { Error { help: advice(), ..error } } else { error })
    }

    /// Reads a value as [`Self::parse`] does, without the cost of finding out how a cell that is no number can be read.
    ///
    /// # Errors
    /// Those of [`decimal::parse`].
    pub(crate) fn parse_unadvised(&self, cell: &[u8]) -> Result<Decimal> {
        if self.has_points_alone() {
            return decimal::parse(cell);
        }
        self.with_point(cell, decimal::parse).unwrap_or_else(|| decimal::parse(NO_NUMBER)).map_err(|error| match error.code {
            Code::NotANumber => Error::found(error.code, &String::from_utf8_lossy(cell), "a decimal number", error.help),
            _ => error,
        })
    }

    /// Reads a value. Returns none, without the cost of an error, if the text is no value.
    pub fn number(&self, cell: &[u8]) -> Option<Decimal> {
        self.with_point(cell, decimal::parse_if_number).flatten()
    }

    /// Reads a value as [`Self::parse`] does, without big integers. Returns none if it has too many digits for that, is not a number, or means a
    /// missing value.
    pub(crate) fn small(&self, cell: &[u8]) -> Option<SmallDecimal> {
        let small = self.with_point(cell, decimal::parse_small).flatten()?;
        let is_missing = || self.is_further_missing(cell);
        (self.missing.is_empty() || !is_missing()).then_some(small)
    }

    /// Returns a cell as text with a decimal point and without separators, if it is a number, else as it is.
    pub fn plain(&self, cell: &[u8]) -> String {
        let text = |cell: &[u8]| String::from_utf8_lossy(cell).into_owned();
        if self.number(cell).is_some() { self.with_point(cell, text).unwrap_or_default() } else { text(cell) }
    }

    /// Returns whether numbers have decimal points and no separators.
    fn has_points_alone(&self) -> bool {
        self.point == b'.' && self.separator.is_none()
    }

    /// Calls `read` with a cell as it is written with a decimal point and without separators; `None` for a cell that has a point or separators
    /// where this format has none.
    fn with_point<R>(&self, cell: &[u8], read: impl FnOnce(&[u8]) -> R) -> Option<R> {
        if self.has_points_alone() {
            return Some(read(cell));
        }
        let (mut short, mut long) = ([0; SHORT_BYTES], Vec::new());
        let to = match short.get_mut(..cell.len()) {
            Some(short) => short,
            None => {
                long.resize(cell.len(), 0);
                &mut long
            }
        };
        let length = self.rewrite(cell, to)?;
        Some(read(&to[..length]))
    }

    /// Writes a cell with a decimal point and without separators, and returns its length. Whether it is a number is not decided here.
    fn rewrite(&self, cell: &[u8], to: &mut [u8]) -> Option<usize> {
        let sign = decimal::sign(cell).map_or(0, |(_, rest)| cell.len() - rest.len());
        let point = cell.iter().position(|&byte| byte == self.point);
        let (mut length, mut at, mut group, mut has_separator) = (0, 0, 0, false);
        while let Some(&byte) = cell.get(at) {
            let is_whole = point.is_none_or(|point| at < point);
            if let Some(bytes) = self.separator_at(cell, at).filter(|_| is_whole) {
                // groups of three digits, but for the first, which may be shorter and does not begin with a zero
                let begins_well = matches!(cell.get(sign), Some(b'1'..=b'9'));
                if !begins_well || if has_separator { group != GROUP_DIGITS } else { group == 0 || group > GROUP_DIGITS } {
                    return None;
                }
                (group, has_separator) = (0, true);
                at += bytes;
                continue;
            }
            let ends_group = Some(at) == point;
            if has_separator && ends_group && group != GROUP_DIGITS || byte == b'.' && self.point != b'.' {
                return None;
            }
            if has_separator && !byte.is_ascii_digit() && !ends_group {
                return None;
            }
            group += usize::from(byte.is_ascii_digit() && is_whole);
            *to.get_mut(length)? = if ends_group { b'.' } else { byte };
            (length, at) = (length + 1, at + 1);
        }
        (!has_separator || point.is_some() || group == GROUP_DIGITS).then_some(length)
    }

    /// Returns the length of the separator that stands at an offset of a cell, if one does.
    fn separator_at(&self, cell: &[u8], at: usize) -> Option<usize> {
        let separator = self.separator?;
        let is_one = |text: &&str| cell[at..].starts_with(text.as_bytes());
        match separator {
            ' ' => [" ", "\u{a0}", "\u{202f}", "\u{2009}", "\u{2007}"].iter().find(|text| is_one(text)).map(|text| text.len()),
            '\'' => ["'", "\u{2019}"].iter().find(|text| is_one(text)).map(|text| text.len()),
            other => (u32::from(cell[at]) == u32::from(other)).then_some(1),
        }
    }

    /// Returns how a cell that is no number can be read, or what it looks like; `None` if nothing is known about it.
    pub fn advice(&self, cell: &str) -> Option<String> {
        if let Some(flags) = self.reading_of(cell) {
            let rewrite = "write a point before the decimals and no separators between thousands";
            return Some(if self.is_csv { format!("give {flags}") } else { rewrite.to_owned() });
        }
        let seen = hidden::without(cell);
        Some(match () {
            () if hidden::is_in(cell) && self.number(seen.as_bytes()).is_some() => {
                "remove the character that cannot be seen from the cell".to_owned()
            }
            () if is_usually_missing(cell) => self.advice_for_missing(cell),
            () => return self.notation_advice(&seen),
        })
    }

    /// Returns what to do with a cell that is a number in a notation that no flag reads; `None` if it is none.
    pub(crate) fn notation_advice(&self, cell: &str) -> Option<String> {
        notation::advice(cell, |text| self.number(text.as_bytes()).is_some() || self.reading_of(text).is_some())
    }

    /// Returns what to do with a text that may mean a missing value.
    fn advice_for_missing(&self, cell: &str) -> String {
        let flags = [format!("--na {}", shell_word(&shorten(cell))), self.with_missing.to_owned()].join(" ");
        format!("give {} if it means a missing value, else correct the cell", flags.trim_end())
    }

    /// Returns the flags with which a text that is no number is one: "--decimal ,". `None` if there are none.
    fn reading_of(&self, cell: &str) -> Option<String> {
        let reads = |point: char, separator: Option<char>| {
            let format =
                Self::new(point, separator).ok().filter(|format| (format.point, format.separator) != (self.point, self.separator))?;
            format.number(trimmed(cell).as_bytes()).map(|number| (flags(point, separator), number))
        };
        let own = char::from(self.point);
        let pairs = [own, if own == '.' { ',' } else { '.' }].into_iter();
        let all = pairs
            .flat_map(|point| std::iter::once(None).chain(SEPARATORS.iter().copied().map(Some)).map(move |separator| (point, separator)));
        let mut found: Vec<(String, Decimal)> = Vec::new();
        for (flags, number) in all.filter_map(|(point, separator)| reads(point, separator)) {
            if found.iter().all(|(_, other)| *other != number) {
                found.push((flags, number));
            }
        }
        match found.as_slice() {
            [] => None,
            [(flags, _)] => Some(flags.clone()),
            [(flags, number), (other, less), ..] => Some(format!("{flags} if this is {number}, or {other} if it is {less}")),
        }
    }
}

/// Returns a text without the spaces around it.
fn trimmed(text: &str) -> &str {
    text.trim()
}

/// Returns whether a text is one that other programs write where there is no value.
pub fn is_usually_missing(cell: &str) -> bool {
    let text = trimmed(cell).to_lowercase();
    let is_filler = FILLERS.iter().any(|filler| text.starts_with(*filler) && text.chars().all(|c| c == *filler));
    USUAL_MISSING.contains(&text.as_str()) || is_filler || is_spreadsheet_error(&text) || is_windows_nan(&text)
}

/// Whether a text is what a spreadsheet shows of a formula that has no value, in any language: `#DIV/0!`, `#NAME?`, `#WERT!`.
fn is_spreadsheet_error(text: &str) -> bool {
    let name = text.strip_prefix('#').and_then(|rest| rest.strip_suffix(['!', '?']));
    name.is_some_and(|name| name.len() >= 2 && name.chars().all(|c| c.is_alphanumeric() || c == '/'))
}

/// Whether a text, in lower case, is `-1.#IND`, `1.#QNAN` or the like.
fn is_windows_nan(text: &str) -> bool {
    let number = text.trim_start_matches(['+', '-']);
    let name = number.strip_prefix("1.#").or_else(|| number.strip_prefix("1,#"));
    name.is_some_and(|name| WINDOWS_NAN.contains(&name.trim_end_matches('0')))
}

/// Returns the flags of a format.
fn flags(point: char, separator: Option<char>) -> String {
    let decimal = (point != '.').then(|| format!("--decimal {point}"));
    let thousands = separator.map(|separator| format!("--thousands {}", shell_word(&separator.to_string())));
    let all: Vec<String> = decimal.into_iter().chain(thousands).collect();
    if all.is_empty() { "--decimal .".to_owned() } else { all.join(" ") }
}

/// Returns a text as a word of a command line.
pub fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | '-' | '_' | '/' | '+' | ':' | '@' | '%');
    match () {
        () if !text.is_empty() && text.chars().all(is_plain) => text.to_owned(),
        () if text.contains('\'') => {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$").replace('`', "\\`"))
        }
        () => format!("'{text}'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(point: char, separator: Option<char>, cell: &str) -> Option<String> {
        CellFormat::new(point, separator).unwrap().number(cell.as_bytes()).map(|number| number.to_string())
    }

    #[test]
    fn decimal_commas_and_separators_are_read() {
        for (point, separator, cell, want) in [
            (',', None, "3,25", "3.25"),
            (',', None, "-,5", "-0.5"),
            (',', None, "1,5e3", "1500"),
            (',', Some('.'), "1.234.567,8", "1234567.8"),
            (',', Some('.'), "12", "12"),
            (',', Some(' '), "1\u{202f}234,5", "1234.5"),
            (',', Some(' '), "\u{2212}1\u{a0}234", "-1234"),
            ('.', Some(','), "+12,000", "12000"),
            ('.', Some(','), "1,234.50", "1234.5"),
            ('.', Some('\''), "1'234\u{2019}567", "1234567"),
            ('.', Some('_'), "1_000", "1000"),
        ] {
            assert_eq!(read(point, separator, cell).as_deref(), Some(want), "{cell}");
        }
    }

    #[test]
    fn groups_have_exactly_three_digits() {
        for (point, separator, cell) in [
            (',', None, "1.5"),
            (',', None, "1,2,3"),
            ('.', Some(','), "1,00"),
            ('.', Some(','), "1,0000"),
            ('.', Some(','), "1234,000"),
            ('.', Some(','), ",000"),
            ('.', Some(','), "1,,000"),
            ('.', Some(','), "1,000,"),
            ('.', Some(','), "0,125"),
            ('.', Some(','), "1,00.5"),
            ('.', Some(','), "1.000,5"),
            ('.', Some(','), "1,000e3"),
            (',', Some('.'), "1.5"),
            (',', Some(' '), "1 2"),
            ('.', Some(' '), "1  000"),
            ('.', Some(','), ""),
        ] {
            assert_eq!(read(point, separator, cell), None, "{cell}");
        }
    }

    #[test]
    fn marks_that_contradict_each_other_are_refused() {
        let help = |point, separator| CellFormat::new(point, separator).unwrap_err().help;
        assert_eq!(help('.', Some('.')), "give --decimal , as well, or another character for one of the two");
        assert_eq!(help(',', Some(',')), "give --decimal . as well, or another character for one of the two");
        assert_eq!(help(';', None), "give --decimal , or --decimal .");
        assert_eq!(help('.', Some('x')), "give one of these with --thousands");
    }

    #[test]
    fn further_texts_are_missing_values() {
        let format = CellFormat::new(',', None).unwrap().with_missing(&["?".to_owned(), " n/a ".to_owned(), "-999".to_owned()]);
        for cell in ["?", "n/a", "-999", "-999,0", "NA", ""] {
            assert!(format.is_missing(cell.as_bytes()), "{cell}");
        }
        for cell in ["N/A", "999", "??", "-999.0"] {
            assert!(!format.is_missing(cell.as_bytes()), "{cell}");
        }
        assert!(format.is_missing_float(-999.0) && format.is_missing_float(f64::NAN) && !format.is_missing_float(0.0));
        assert_eq!((format.small(b"-999"), format.small(b"2").map(|small| small.mantissa)), (None, Some(2)));
    }

    #[test]
    fn advice_names_the_flags_that_read_the_cell() {
        let csv = CellFormat::of_csv('.', None).unwrap().advising("--missing drop");
        for (cell, want) in [
            ("1,5", "give --decimal ,"),
            ("1,000", "give --thousands , if this is 1000, or --decimal , if it is 1"),
            ("1,000,000", "give --thousands ,"),
            ("1.234,5", "give --decimal , --thousands ."),
            ("1 000", "give --thousands ' '"),
            ("1\u{a0}000,5", "give --decimal , --thousands ' '"),
            ("1'000", "give --thousands \"'\""),
            ("?", "give --na '?' --missing drop if it means a missing value, else correct the cell"),
            ("#N/A", "give --na '#N/A' --missing drop if it means a missing value, else correct the cell"),
            ("N/A", "give --na N/A --missing drop if it means a missing value, else correct the cell"),
            ("\\N", "give --na '\\N' --missing drop if it means a missing value, else correct the cell"),
            ("5%", "write the number alone, without the sign for its unit"),
            ("$1,000", "write the number alone, without the sign for its unit"),
            ("-1.#IND", "give --na '-1.#IND' --missing drop if it means a missing value, else correct the cell"),
            ("#WERT!", "give --na '#WERT!' --missing drop if it means a missing value, else correct the cell"),
            ("(null)", "give --na '(null)' --missing drop if it means a missing value, else correct the cell"),
            ("0x1F", "write decimal digits instead of hexadecimal ones: 31 here"),
            ("12,34,567", "write the number without separators between its digits"),
            ("(1,234.50)", "write a minus before the number instead of the brackets around it"),
            ("\u{200b}5", "remove the character that cannot be seen from the cell"),
        ] {
            assert_eq!(csv.advice(cell).as_deref(), Some(want), "{cell}");
        }
        assert_eq!(csv.advice("2l.6"), None);
        assert_eq!(CellFormat::POINTS.advice("1,5").unwrap(), "write a point before the decimals and no separators between thousands");
        let comma = CellFormat::of_csv(',', None).unwrap();
        assert_eq!(comma.advice("1.234").unwrap(), "give --decimal , --thousands . if this is 1234, or --decimal . if it is 1.234");
        assert_eq!(comma.advice("?").unwrap(), "give --na '?' if it means a missing value, else correct the cell");
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_are_written(value in -999_999_999_999i64..=999_999_999_999, decimals in 0u32..9, point in prop::sample::select(POINTS), separator in prop::option::of(prop::sample::select(SEPARATORS))) {
            prop_assume!(separator != Some(point));
            let number = Decimal { mantissa: value.into(), scale: decimals };
            let text = number.to_string();
            let (whole, fraction) = text.split_once('.').map_or((text.as_str(), ""), |(whole, fraction)| (whole, fraction));
            let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
            let mut grouped = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if let Some(separator) = separator.filter(|_| at > 0 && (digits.len() - at) % GROUP_DIGITS == 0) {
                    grouped.push(separator);
                }
                grouped.push(digit);
            }
            let fraction = if fraction.is_empty() { String::new() } else { format!("{point}{fraction}") };
            let cell = format!("{sign}{grouped}{fraction}");
            let format = CellFormat::new(point, separator).unwrap();
            prop_assert_eq!(format.parse(cell.as_bytes()), Ok(number), "{}", cell);
            prop_assert_eq!(format.plain(cell.as_bytes()), text);
        }

        #[test]
        fn no_cell_is_read_in_two_ways(cell in "[-+]?[0-9]{0,4}([.,][0-9]{0,4}){0,3}(e[0-9])?", separator in prop::sample::select(SEPARATORS)) {
            // a number with a point is the same in every format that reads it, but for separators
            prop_assume!(separator != '.' && separator != ',');
            let formats = [CellFormat::new('.', None), CellFormat::new('.', Some(separator))].map(Result::unwrap);
            let [plain, separated] = formats.map(|format| format.number(cell.as_bytes()));
            prop_assert_eq!(plain, separated);
        }
    }
}
