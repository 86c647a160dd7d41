//! Tells which cells are dates: a workbook stores a date as a number, and only the format of the cell says what it is.

use std::collections::HashMap;
use std::fmt::Write as _;

use samefit_formats::calendar::{write_clock, write_date};

use super::archive::Archive;
use super::xml::{Part, Token, attributes};
use crate::error::InputError;

/// Milliseconds of a day. Workbooks store times as fractions of a day, and show no less than milliseconds.
const DAY: u64 = 86_400_000;
/// The number of 1970-01-01, and how many days later the workbooks of old Macintoshes begin to count.
const EPOCH: i64 = 25_569;
const LATER_EPOCH: i64 = 1_462;
/// The number of the day after 1900-02-28. That year had no such day, but workbooks count it.
const NO_DAY: i64 = 60;
/// The greatest number that is a date: the last day of the year 9999.
const LAST_DAY: f64 = 2_958_465.0;

/// What a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Number,
    /// A day, a time, or both.
    Date,
    /// A length of time.
    Duration,
}

/// The meanings of numbers, by the style of the cell.
pub(crate) struct Meanings(Vec<Meaning>);

impl Meanings {
    /// Reads the styles of a workbook.
    pub(crate) fn read(archive: &Archive, path: &str) -> Result<Self, InputError> {
        let Some(mut part) = Part::open(archive, path)? else { return Ok(Self(Vec::new())) };
        let (mut codes, mut meanings, mut is_in_cells) = (HashMap::new(), Vec::new(), false);
        loop {
            match part.next()? {
                Token::Start(element) => match element.local_name().as_ref() {
                    "numFmt" => {
                        if let [Some(id), Some(code)] = attributes(&element, ["numFmtId", "formatCode"]) {
                            codes.insert(id.into_owned(), of_code(&code));
                        }
                    }
                    "cellXfs" => is_in_cells = true,
                    "xf" if is_in_cells => {
                        let [id] = attributes(&element, ["numFmtId"]);
                        let id = id.unwrap_or_default();
                        meanings.push(codes.get(&*id).copied().unwrap_or_else(|| of_id(id.parse().unwrap_or(0))));
                    }
                    _ => {}
                },
                Token::End(element) => is_in_cells &= element.local_name().as_ref() != "cellXfs",
                Token::Eof => break,
                Token::Text(_) | Token::Other => {}
            }
        }
        part.finish()?;
        Ok(Self(meanings))
    }

    /// Returns what a number in a cell of this style means.
    pub(crate) fn of_style(&self, style: usize) -> Meaning {
        self.0.get(style).copied().unwrap_or(Meaning::Number)
    }
}

/// Returns the meaning of a format that every workbook has (ECMA-376, part 1, section 18.8.30).
fn of_id(id: u32) -> Meaning {
    match id {
        14..=22 | 27..=36 | 45 | 47 | 50..=58 => Meaning::Date,
        46 => Meaning::Duration,
        _ => Meaning::Number,
    }
}

/// Returns the meaning of a format by its code, such as `yyyy-mm-dd` or `0.00`.
fn of_code(code: &str) -> Meaning {
    let mut characters = code.chars();
    let mut is_date = false;
    while let Some(character) = characters.next() {
        match character {
            // a literal, a space as wide as a character, a character that fills up the cell
            '\\' | '_' | '*' => drop(characters.next()),
            '"' => drop(characters.by_ref().find(|next| *next == '"')),
            '[' => {
                let inside: String = characters.by_ref().take_while(|next| *next != ']').collect();
                if !inside.is_empty() && ["h", "m", "s"].iter().any(|unit| inside.to_lowercase().trim_start_matches(unit).is_empty()) {
                    return Meaning::Duration;
                }
            }
            // the next section is for negative numbers
            ';' => break,
            'G' | 'g' if characters.as_str().to_lowercase().starts_with("eneral") => return Meaning::Number,
            'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S' => is_date = true,
            _ => {}
        }
    }
    if is_date { Meaning::Date } else { Meaning::Number }
}

/// Returns the text of a date or of a length of time by ISO 8601; none for a number that is neither.
pub(crate) fn date_text(number: f64, meaning: Meaning, counts_later: bool) -> Option<String> {
    let mut text = String::new();
    if meaning == Meaning::Duration {
        // a sum of times; longer than any date would be
        let milliseconds = (number.abs() * DAY as f64).round();
        if milliseconds >= LAST_DAY * DAY as f64 {
            return None;
        }
        let (seconds, rest) = (milliseconds as u64 / 1000, milliseconds as u64 % 1000);
        text.push_str(if number < 0.0 { "-" } else { "" });
        write_clock(seconds, rest, 1000, &mut text).ok()?;
        return Some(text);
    }
    if !(0.0..LAST_DAY + 1.0).contains(&number) {
        return None;
    }
    let milliseconds = (number.fract() * DAY as f64).round() as u64;
    let (day, milliseconds) = (number.trunc() as i64 + i64::from(milliseconds == DAY), milliseconds % DAY);
    let is_time = number < 1.0 && day == 0 && !counts_later;
    if !is_time {
        match day {
            _ if counts_later => write_date(day + LATER_EPOCH - EPOCH, &mut text).ok()?,
            NO_DAY => text.push_str("1900-02-29"),
            _ => write_date(day - EPOCH + i64::from(day < NO_DAY), &mut text).ok()?,
        }
    }
    if is_time || milliseconds > 0 {
        write!(text, "{}", if is_time { "" } else { "T" }).ok()?;
        write_clock(milliseconds / 1000, milliseconds % 1000, 1000, &mut text).ok()?;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_dates_are_told_from_codes_of_numbers() {
        for code in ["yyyy-mm-dd", "d/m/yy", "mmm", "[$-409]h:mm AM/PM;@", "hh:mm:ss.000", "\"on\" dd.mm.", "[Red]yyyy"] {
            assert_eq!(of_code(code), Meaning::Date, "{code}");
        }
        for code in
            ["General", "0.00", "0.00E+00", "#,##0 \"days\"", "0\\d", "[Red]0.0", "_-* #,##0.00_-", "@", "0%;[Red]-0%;\"s\"", "[>=100]0"]
        {
            assert_eq!(of_code(code), Meaning::Number, "{code}");
        }
        assert_eq!(
            (of_code("[h]:mm:ss"), of_code("[mm]"), of_id(14), of_id(2)),
            (Meaning::Duration, Meaning::Duration, Meaning::Date, Meaning::Number)
        );
    }

    #[test]
    fn numbers_become_dates() {
        for (number, text) in [
            (1.0, "1900-01-01"),
            (59.0, "1900-02-28"),
            (60.0, "1900-02-29"),
            (61.0, "1900-03-01"),
            (43_831.0, "2020-01-01"),
            (43_831.5, "2020-01-01T12:00:00"),
            (43_831.999_999_999_9, "2020-01-02"),
            (43_831.000_002_893_52, "2020-01-01T00:00:00.25"),
            (0.520_833_333_333_333, "12:30:00"),
            (0.0, "00:00:00"),
            (LAST_DAY, "9999-12-31"),
        ] {
            assert_eq!(date_text(number, Meaning::Date, false).as_deref(), Some(text), "{number}");
        }
        assert_eq!(date_text(42_369.0, Meaning::Date, true).as_deref(), Some("2020-01-01"));
        assert_eq!(date_text(0.0, Meaning::Date, true).as_deref(), Some("1904-01-01"));
        assert_eq!(date_text(1.5, Meaning::Duration, false).as_deref(), Some("36:00:00"));
        assert_eq!(date_text(-0.25, Meaning::Duration, false).as_deref(), Some("-06:00:00"));
        for number in [-1.0, 1e9, f64::NAN, f64::INFINITY] {
            assert_eq!(date_text(number, Meaning::Date, false), None, "{number}");
        }
        assert_eq!(date_text(f64::INFINITY, Meaning::Duration, false), None);
    }
}
