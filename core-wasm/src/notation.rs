//! Tells in which other way a cell is written that is no decimal number: hexadecimal, a date, with a unit, in brackets, as a bound.
//!
//! *Invariants*: nothing here reads a value. Who wrote `(12)` or `1.0D+03` most likely meant a number, but only a person can say so. The advice
//! works if it is followed.
//!
//! *Not here*: decimal commas, separators between thousands and texts for missing values, which a plan can name
//! ([`cell_format`](crate::cell_format)).

/// Dashes that stand where a minus should.
const DASHES: &[(char, &str)] = &[
    ('\u{2010}', "a hyphen, U+2010"),
    ('\u{2011}', "a non-breaking hyphen, U+2011"),
    ('\u{2012}', "a figure dash, U+2012"),
    ('\u{2013}', "an en dash, U+2013"),
    ('\u{2014}', "an em dash, U+2014"),
    ('\u{fe63}', "a small hyphen, U+FE63"),
    ('\u{ff0d}', "a wide hyphen, U+FF0D"),
];

/// Quotes that do not divide CSV.
const QUOTES: &[char] = &['\'', '"', '`', '\u{b4}', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}', '\u{201e}', '\u{ab}', '\u{bb}'];

/// What stands before a bound.
const BOUNDS: &[&str] = &["<=", ">=", "<", ">", "\u{2264}", "\u{2265}", "~", "\u{2248}", "ca. ", "ca "];

/// Units that stand in cells behind their numbers, or before them.
const UNITS: &[&str] = &[
    "%",
    "\u{2030}",
    "\u{b0}",
    "\u{b0}C",
    "\u{b0}F",
    "C",
    "F",
    "K",
    "mm",
    "cm",
    "dm",
    "m",
    "km",
    "in",
    "ft",
    "mi",
    "mg",
    "g",
    "kg",
    "t",
    "lb",
    "lbs",
    "oz",
    "\u{b5}g",
    "\u{3bc}g",
    "ug",
    "ng",
    "ml",
    "mL",
    "cl",
    "dl",
    "l",
    "L",
    "ms",
    "s",
    "sec",
    "min",
    "h",
    "hr",
    "hrs",
    "d",
    "days",
    "years",
    "yrs",
    "y",
    "mmHg",
    "mm Hg",
    "bpm",
    "Hz",
    "kHz",
    "MHz",
    "V",
    "mV",
    "A",
    "mA",
    "W",
    "kW",
    "kWh",
    "J",
    "kJ",
    "Pa",
    "hPa",
    "kPa",
    "bar",
    "mbar",
    "kcal",
    "cal",
    "mol",
    "mmol",
    "mmol/l",
    "mmol/L",
    "mg/dl",
    "mg/dL",
    "g/l",
    "g/L",
    "g/dl",
    "g/dL",
    "kg/m2",
    "kg/m\u{b2}",
    "km/h",
    "m/s",
    "mph",
    "m2",
    "m\u{b2}",
    "m3",
    "m\u{b3}",
    "ppm",
    "EUR",
    "USD",
    "GBP",
    "CHF",
    "JPY",
    "CNY",
    "SEK",
    "NOK",
    "DKK",
    "PLN",
    "CAD",
    "AUD",
    "INR",
];

/// Returns what a cell looks like that is no number as the table writes them, and what to do. `None` if it looks like nothing that is known.
///
/// `is_number`: whether a text is a number, perhaps one with other marks than the table's.
pub(crate) fn advice(cell: &str, is_number: impl Fn(&str) -> bool) -> Option<String> {
    let cell = cell.trim();
    let sure = |text: &str| text.contains(|c: char| c.is_ascii_digit()) && is_number(text);
    match () {
        () if cell.contains('\0') => {
            Some("zero bytes stand here, as after a crash: copy the file again, whole, or remove this row".to_owned())
        }
        () if is_hexadecimal(cell) => Some(of_hexadecimal(cell)),
        () if is_date(cell) => Some("write the days since a fixed day, or the year alone, instead of a date".to_owned()),
        () if is_time(cell) => Some("write minutes or hours instead of a time of day".to_owned()),
        () if bare_of_quotes(cell).is_some_and(&sure) => Some("write the number without the quotes around it".to_owned()),
        () if in_brackets(cell).is_some_and(&sure) => Some("write a minus before the number instead of the brackets around it".to_owned()),
        () if cell.strip_suffix(['-', '\u{2212}']).is_some_and(&sure) => Some("write the minus before the number".to_owned()),
        () if is_bound(cell, sure) => {
            Some("write the number to take for this bound, or leave the cell empty if there is no value".to_owned())
        }
        () if with_exponent_of_e(cell).is_some_and(|text| sure(&text)) => Some("write E instead of D before the exponent".to_owned()),
        () if has_unit(cell, sure) => Some("write the number alone, without the sign for its unit".to_owned()),
        () if is_separated(cell, sure) => Some("write the number without separators between its digits".to_owned()),
        () => of_dash(cell, sure),
    }
}

fn is_hexadecimal(cell: &str) -> bool {
    let digits = unsigned(cell).strip_prefix("0x").or_else(|| unsigned(cell).strip_prefix("0X"));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn unsigned(cell: &str) -> &str {
    cell.strip_prefix(['+', '-']).unwrap_or(cell)
}

fn of_hexadecimal(cell: &str) -> String {
    let sign = if cell.starts_with('-') { "-" } else { "" };
    let value = unsigned(cell).get(2..).and_then(|digits| u128::from_str_radix(digits, 16).ok());
    let value = value.map_or_else(String::new, |value| format!(": {sign}{value} here"));
    format!("write decimal digits instead of hexadecimal ones{value}")
}

fn bare_of_quotes(cell: &str) -> Option<&str> {
    let bare = cell.trim_matches(QUOTES).trim();
    (bare.len() < cell.len()).then_some(bare)
}

fn in_brackets(cell: &str) -> Option<&str> {
    Some(cell.strip_prefix('(')?.strip_suffix(')')?.trim_matches(is_sign).trim()).filter(|inner| !inner.starts_with(['-', '+']))
}

fn is_bound(cell: &str, is_number: impl Fn(&str) -> bool) -> bool {
    let rest = BOUNDS.iter().find_map(|bound| cell.strip_prefix(bound)).map(str::trim);
    rest.is_some_and(|rest| is_number(rest) || has_unit(rest, &is_number))
}

/// Returns a number as Fortran writes it, `1.0D+03`, with an E.
fn with_exponent_of_e(cell: &str) -> Option<String> {
    cell.contains(['d', 'D']).then(|| cell.replacen(['d', 'D'], "E", 1))
}

/// Whether a character is that of a unit or a currency.
fn is_sign(c: char) -> bool {
    matches!(c, '%' | '‰' | '°' | '$' | '\u{a2}'..='\u{a5}' | '\u{e3f}' | '\u{20a0}'..='\u{20cf}' | '\u{fe69}' | '\u{ff04}' | '\u{ffe0}' | '\u{ffe1}' | '\u{ffe5}' | '\u{ffe6}')
}

/// Whether a text is a number with a unit or a currency.
fn has_unit(cell: &str, is_number: impl Fn(&str) -> bool) -> bool {
    let bare = cell.trim_matches(|c: char| is_sign(c) || c.is_whitespace());
    if bare.len() < cell.trim().len() && (is_number(bare) || is_number(&cell.replace(is_sign, ""))) {
        return true;
    }
    UNITS.iter().any(|unit| {
        let rest = cell.strip_suffix(unit).or_else(|| cell.strip_prefix(unit).filter(|rest| rest.starts_with(' ')));
        // `3C` and `2A` are codes of houses and classes
        let is_letter = unit.len() == 1 && unit.bytes().all(|byte| byte.is_ascii_uppercase());
        rest.is_some_and(|rest| (!is_letter || rest.ends_with(' ')) && is_number(rest.trim()))
    })
}

/// Whether a text is a number once the marks between its digits are left out, such as `12,34,567`.
fn is_separated(cell: &str, is_number: impl Fn(&str) -> bool) -> bool {
    let is_mark = |c: char| matches!(c, ',' | '\'' | '\u{2019}' | '_' | ' ' | '\u{a0}' | '\u{202f}');
    let marks = unsigned(cell).chars().filter(|c| is_mark(*c)).count();
    let is_plain = |c: char| c.is_ascii_digit() || is_mark(c) || c == '.';
    marks > 1
        && unsigned(cell).starts_with(|c: char| c.is_ascii_digit())
        && unsigned(cell).chars().all(is_plain)
        && is_number(&cell.replace(is_mark, ""))
}

fn of_dash(cell: &str, is_number: impl Fn(&str) -> bool) -> Option<String> {
    let (dash, called) = DASHES.iter().find(|(dash, _)| cell.starts_with(*dash))?;
    is_number(cell[dash.len_utf8()..].trim()).then(|| format!("write a minus instead of {called}, before the number"))
}

/// Whether a cell is a date: year, month and day with `-`, `/` or `.` between them, or day, month and year, perhaps with a time behind.
pub(crate) fn is_date(cell: &str) -> bool {
    let (date, time) = cell.split_once(['T', ' ']).unwrap_or((cell, ""));
    let Some(mark) = date.chars().find(|c| !c.is_ascii_digit()).filter(|mark| matches!(mark, '-' | '/' | '.')) else { return false };
    let parts: Vec<&str> = date.split(mark).collect();
    let [first, month, last] = parts.as_slice() else { return false };
    let is_short =
        |text: &str| matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit()) && text != "0" && text != "00";
    let is_year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_short(month)
        && (is_year(first) && is_short(last) || is_short(first) && (is_year(last) || is_short(last)))
        && (time.is_empty() || time.contains(':') && time.starts_with(|c: char| c.is_ascii_digit()) && time.len() <= 20)
}

/// Whether a cell is a time of day: `10:30`, `10:30:05.5`.
fn is_time(cell: &str) -> bool {
    let parts: Vec<&str> = cell.split(':').collect();
    let is_short = |text: &&str| matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit());
    match parts.as_slice() {
        [hours, minutes] => is_short(hours) && is_short(minutes),
        [hours, minutes, seconds] => {
            is_short(hours) && is_short(minutes) && is_short(&seconds.split(['.', ',']).next().unwrap_or_default())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::parse_if_number;

    fn says(cell: &str) -> String {
        advice(cell, |text| parse_if_number(text.as_bytes()).is_some()).unwrap_or_default()
    }

    #[test]
    fn other_ways_to_write_numbers_are_told() {
        for (cell, words) in [
            ("0x1F", "decimal digits instead of hexadecimal ones: 31 here"),
            ("-0XfF", ": -255 here"),
            ("0x1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF", "decimal digits"),
            ("'5'", "without the quotes"),
            ("'5", "without the quotes"),
            ("\u{201c}5\u{201d}", "without the quotes"),
            ("(12)", "a minus before the number instead of the brackets"),
            ("($ 12.50)", "instead of the brackets"),
            ("12-", "write the minus before the number"),
            ("\u{2013}12", "write a minus instead of an en dash, U+2013"),
            ("<0.5", "for this bound"),
            ("> 90", "for this bound"),
            ("<5 mg", "for this bound"),
            ("1.0D+03", "write E instead of D"),
            ("5 %", "without the sign for its unit"),
            ("\u{20ac} 5", "without the sign for its unit"),
            ("EUR 5", "without the sign for its unit"),
            ("5 EUR", "without the sign for its unit"),
            ("5kg", "without the sign for its unit"),
            ("5 mm Hg", "without the sign for its unit"),
            ("37.5 \u{b0}C", "without the sign for its unit"),
            ("21\u{b0}", "without the sign for its unit"),
            ("3 C", "without the sign for its unit"),
            ("12,34,567", "without separators"),
            ("2024-01-05", "instead of a date"),
            ("10:30", "instead of a time"),
            ("10:30:05.5", "instead of a time"),
            ("1\0\0", "zero bytes"),
        ] {
            assert!(says(cell).contains(words), "{cell}: {}", says(cell));
        }
    }

    #[test]
    fn other_texts_are_not_taken_for_numbers() {
        for cell in [
            "", "x", "0x", "0xyz", "()", "(a)", "(-12)", "-", "--5", "<", "<a", "3C", "2A", "D", "5D", "kg", "5 houses", "a:b", "1:2:3:4",
            "1,5", "\u{2013}", "'",
        ] {
            assert_eq!(says(cell), "", "{cell}");
        }
    }

    #[test]
    fn dates_are_told_from_numbers_and_words() {
        for date in ["2020-01-31", "31.1.2020", "1/31/2020", "31.01.20", "2020-01-31T10:00:00Z", "2020/1/3 10:00"] {
            assert!(is_date(date), "{date}");
        }
        for other in ["", "1.5", "2020", "1.2.3.4", "a-b-c", "2020-00-10", "1.234.567", "2020-01-31 x"] {
            assert!(!is_date(other), "{other}");
        }
    }
}
