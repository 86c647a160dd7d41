//! Writes numbers for people to read.

use maud::Render;

/// How numbers are written. Only the decimal separator depends on the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberFormat {
    /// The decimal separator: `.` or `,`.
    pub decimal: char,
}

impl Default for NumberFormat {
    fn default() -> Self {
        Self { decimal: '.' }
    }
}

/// Most digits after the point.
const DIGITS_MAX: usize = 15;
/// A number with more digits before the point is written with a power of ten.
const WHOLE_DIGITS_MAX: i32 = 12;
/// A number below this power of ten is written with a power of ten.
const EXPONENT_MIN: i32 = -6;
/// A p value that is 0 in a document is below this.
const P_MIN: f64 = 1e-300;
const MINUS: char = '\u{2212}';

impl NumberFormat {
    /// Writes a number with `digits` digits after the point. Zero has no sign, even if it is a rounded negative number.
    #[must_use]
    pub fn fixed(self, value: f64, digits: usize) -> String {
        let text = decimal(value.abs(), digits);
        let is_zero = !text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        self.with_sign(value < 0.0 && !is_zero, &text)
    }

    /// Writes a number rounded to a whole number.
    #[must_use]
    pub fn whole(self, value: f64) -> String {
        self.fixed(value, 0)
    }

    /// Writes a number like [`Self::fixed`], with a plus sign if it is above zero.
    #[must_use]
    pub fn signed(self, value: f64, digits: usize) -> String {
        let text = self.fixed(value, digits);
        let is_above = value > 0.0 && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        if is_above { format!("+{text}") } else { text }
    }

    /// Writes a number with `digits` significant digits, without zeros at the end. Writes a dash for a number that is not finite.
    #[must_use]
    pub fn significant(self, value: f64, digits: i32) -> String {
        if value == 0.0 || !value.is_finite() {
            return if value == 0.0 { "0".to_owned() } else { "\u{2013}".to_owned() };
        }
        let power = magnitude(value);
        if !(EXPONENT_MIN..WHOLE_DIGITS_MAX).contains(&power) {
            let mantissa = trimmed(&decimal(value.abs() / 10f64.powi(power), usize::try_from(digits - 1).unwrap_or(0)));
            return format!("{} × 10^{power}", self.with_sign(value < 0.0, &mantissa));
        }
        let after = usize::try_from(digits - 1 - power).unwrap_or(0);
        self.with_sign(value < 0.0, &trimmed(&decimal(value.abs(), after)))
    }

    /// Writes a p value with two significant digits. One that is too small for an f64 is 0, and is written as a bound.
    #[must_use]
    pub fn probability(self, p: f64) -> String {
        if p == 0.0 { format!("< {}", self.significant(P_MIN, 1)) } else { self.significant(p, 2) }
    }

    /// Writes a count. More than four digits are grouped in threes.
    #[must_use]
    pub fn count(self, value: u64) -> String {
        let digits = value.to_string();
        let mut text = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && digits.len() > 4 && (digits.len() - at).is_multiple_of(3) {
                // a narrow space, which every language reads alike
                text.push('\u{202f}');
            }
            text.push(digit);
        }
        text
    }

    /// Rewrites the decimal text of a file with this format's separator and minus sign. All digits stay.
    #[must_use]
    pub fn text(self, decimal: &str) -> String {
        let negative = decimal.starts_with('-');
        self.with_sign(negative, decimal.trim_start_matches('-'))
    }

    /// Writes the shortest decimal number that is nearest to this value, without an exponent.
    #[must_use]
    pub fn shortest(self, value: f64) -> String {
        self.text(&value.to_string())
    }

    fn with_sign(self, negative: bool, text: &str) -> String {
        let sign = if negative { MINUS.to_string() } else { String::new() };
        sign + &text.replace('.', self.decimal.encode_utf8(&mut [0; 4]))
    }
}

/// Writes a number that is not negative with `digits` digits after the point, at most 15. A tie is rounded up.
///
/// The page uses this in place of the standard library's formatter of floats, which is a tenth of the page's size.
#[must_use]
pub fn decimal(value: f64, digits: usize) -> String {
    let digits = digits.min(DIGITS_MAX);
    if !value.is_finite() {
        return "\u{2013}".to_owned();
    }
    let mut text = ((value * 10f64.powi(digits as i32)).round() as u64).to_string();
    while text.len() <= digits {
        text.insert(0, '0');
    }
    if digits > 0 {
        text.insert(text.len() - digits, '.');
    }
    text
}

/// Returns how many digits after the point to show of a number whose standard deviation is `sd`: those up to the second digit of `sd`.
#[must_use]
pub fn digits_of(sd: f64) -> usize {
    usize::try_from(1 - magnitude(sd)).unwrap_or(0).min(DIGITS_MAX)
}

/// Returns the power of ten of the first digit of a number that is not zero.
fn magnitude(value: f64) -> i32 {
    value.abs().log10().floor() as i32
}

/// A coordinate in a picture, in pixels. It is written to a tenth of a pixel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Coordinate(pub f64);

impl Render for Coordinate {
    fn render_to(&self, buffer: &mut String) {
        buffer.push_str(if self.0 < -0.05 { "-" } else { "" });
        buffer.push_str(&trimmed(&decimal(self.0.abs(), 1)));
    }
}

/// Removes zeros at the end of a fraction.
fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMA: NumberFormat = NumberFormat { decimal: ',' };

    #[test]
    fn numbers_are_written_for_people() {
        let point = NumberFormat::default();
        assert_eq!(point.fixed(-0.04, 1), "0.0");
        assert_eq!(COMMA.fixed(-12.34, 1), "\u{2212}12,3");
        assert_eq!(point.signed(12.34, 1), "+12.3");
        assert_eq!(point.signed(0.01, 1), "0.0");
        assert_eq!(COMMA.significant(1234.5678, 6), "1234,57");
        assert_eq!(point.significant(0.000_037_426_2, 3), "0.0000374");
        assert_eq!(point.significant(1.158_98e-32, 3), "1.16 × 10^-32");
        assert_eq!(point.significant(200.0, 4), "200");
        assert_eq!((point.probability(0.0), COMMA.probability(0.0123)), ("< 1 × 10^-300".to_owned(), "0,012".to_owned()));
        assert_eq!(point.count(2_000_000), "2\u{202f}000\u{202f}000");
        assert_eq!(point.count(1234), "1234");
        assert_eq!(COMMA.text("-4.8598"), "\u{2212}4,8598");
        assert_eq!(
            (decimal(0.0, 0), decimal(0.05, 1), decimal(9.999, 2), decimal(1e300, 1).len()),
            ("0".to_owned(), "0.1".to_owned(), "10.00".to_owned(), 21)
        );
        assert_eq!([53.9, 530.0, 5.39, 0.539, 0.0099, 1e-40].map(digits_of), [0, 0, 1, 2, 4, 15]);
        let coordinates = [-0.01, -12.34, 7.0].map(|value| Coordinate(value).render().into_string());
        assert_eq!(coordinates, ["0", "-12.3", "7"]);
    }
}
