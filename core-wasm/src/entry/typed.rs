//! Reads the text in a field as a number and a unit.
//!
//! *Invariants*: comma or dot is the decimal sign. A text that could mean two numbers is refused.

use crate::decimal::{Decimal, parse};

/// A number and the text after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TypedNumber<'a> {
    /// The number, exactly as typed.
    pub(super) number: Decimal,
    /// The text after the number, without the spaces around it; `None` if there is none. It may name no unit.
    pub(super) unit: Option<&'a str>,
}

/// Why a text cannot be read as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NumberFault {
    /// The text does not begin with a number, or the number has too many digits.
    NotANumber,
    /// The number has more than one comma or dot.
    TwoSigns,
}

/// Reads a text that is not blank.
pub(super) fn read(text: &str) -> Result<TypedNumber<'_>, NumberFault> {
    let (number, rest) = text.trim().split_at(number_bytes(text.trim()));
    let rest = rest.trim_start();
    if rest.starts_with(|c: char| c.is_numeric() || matches!(c, '.' | ',' | '+' | '-')) {
        return Err(NumberFault::NotANumber);
    }
    if number.matches([',', '.']).count() > 1 {
        return Err(NumberFault::TwoSigns);
    }
    let number = number.replace(',', ".").replace('\u{2212}', "-");
    let number = parse(number.as_bytes()).map_err(|_| NumberFault::NotANumber)?;
    Ok(TypedNumber { number, unit: Some(rest).filter(|rest| !rest.is_empty()) })
}

/// Returns the length in bytes of the number at the start of a text: sign, digits, decimal signs, and an exponent if digits follow its letter.
fn number_bytes(text: &str) -> usize {
    let sign = sign_bytes(text);
    let digits = text[sign..].find(|c: char| !c.is_ascii_digit() && !matches!(c, ',' | '.')).map_or(text.len(), |at| sign + at);
    let exponent = text[digits..].strip_prefix(['e', 'E']).map_or(0, |rest| {
        let sign = sign_bytes(rest);
        let digits = rest[sign..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 { 0 } else { 1 + sign + digits }
    });
    digits + exponent
}

/// Returns the length in bytes of a sign at the start of a text. The minus sign U+2212 counts too.
fn sign_bytes(text: &str) -> usize {
    text.chars().next().filter(|c| matches!(c, '+' | '-' | '\u{2212}')).map_or(0, char::len_utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_separated_from_units() {
        for (text, number, unit) in [
            ("5,2", "5.2", None),
            (" 5.2 mmol/L ", "5.2", Some("mmol/L")),
            ("5.2mmol/l", "5.2", Some("mmol/l")),
            ("\u{a0}91\u{202f}mg/dL", "91", Some("mg/dL")),
            ("\u{2212}3,50", "-3.5", None),
            (",5", "0.5", None),
            ("120.", "120", None),
            ("1e2", "100", None),
            ("1e-2 kg", "0.01", Some("kg")),
            ("2 e", "2", Some("e")),
            ("2eV", "2", Some("eV")),
            ("5 %", "5", Some("%")),
        ] {
            let typed = read(text).unwrap();
            assert_eq!((typed.number.to_string().as_str(), typed.unit), (number, unit), "{text}");
        }
    }

    #[test]
    fn ambiguous_numbers_are_refused() {
        for text in ["1,234.5", "1.234,5", "1,2,3", "1..2", "5,.2 mg/dL"] {
            assert_eq!(read(text), Err(NumberFault::TwoSigns), "{text}");
        }
        for text in ["", "abc", "<5", "> 5", "12 5", "1 234", "120/80", "-", ",", "mg/dL", "--5", "1'200", "5 -6", "5 ½", "1e99"] {
            let fault = read(text).map(|typed| typed.unit.map(str::to_owned));
            match text {
                "120/80" | "1'200" => assert!(matches!(fault, Ok(Some(_))), "{text}: read as a number and an unknown unit"),
                _ => assert_eq!(fault, Err(NumberFault::NotANumber), "{text}"),
            }
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9eE.,+\u{2212} a\u{e4}-]{0,12}") {
            if let Ok(typed) = read(&text) {
                let unit = typed.unit.unwrap_or("");
                prop_assert!(text.trim().ends_with(unit));
                prop_assert!(text.matches([',', '.']).count() - unit.matches([',', '.']).count() <= 1);
            }
        }

        #[test]
        fn comma_and_dot_are_both_decimal_signs(whole in 0u32..100_000, fraction in 0u32..10_000) {
            let number = |sign: char| read(&format!("{whole}{sign}{fraction:04} mg/dL")).unwrap().number;
            prop_assert_eq!(number(','), number('.'));
            prop_assert_eq!(number(','), parse(format!("{whole}.{fraction:04}").as_bytes()).unwrap());
        }
    }
}
