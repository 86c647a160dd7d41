//! Text to an exact decimal number: an integer and a power of ten.
//!
//! *Limits*: a value has at most [`DIGITS_MAX`] digits and an exponent from -[`EXPONENT_MAX`] to [`EXPONENT_MAX`]. Zeros between the point
//! and the first other digit have the same limit as an exponent, because they say the same. A sum of products of values has as many digits
//! as its degree allows ([`parse_sum`]). All limits are checked on the text, before a number is made of it.
//!
//! *Not here*: what to do with a missing value ([`is_missing`] detects it, callers decide), sums of columns
//! ([`statistics`](crate::statistics)).

use crate::error::{Code, Error, Result};
use dashu_base::DivRemEuclid;
use dashu_int::{IBig, UBig};
use samefit_kernels::decimals::DecimalText;
use samefit_kernels::powers::{F64_POWERS, I64_EXPONENT_MAX, I64_POWERS, I128_EXPONENT_MAX, I128_POWERS};
use std::cmp::Ordering;

/// Most digits of a value; leading zeros do not count.
pub const DIGITS_MAX: usize = 60;
/// Largest magnitude of a value's exponent, and most zeros between the point and the first other digit.
pub const EXPONENT_MAX: i64 = 60;
/// Most digits before the point of a value: all of its digits and its exponent.
const WHOLE_DIGITS_MAX: usize = DIGITS_MAX + EXPONENT_MAX as usize;
/// Most digits after the point of a value: zeros, all of its digits, and its exponent.
const FRACTION_DIGITS_MAX: usize = WHOLE_DIGITS_MAX + EXPONENT_MAX as usize;
/// Digits of the largest difference of two numbers of rows, which have 64 bits.
const ROWS_DIGITS_MAX: usize = 20;

/// An exact decimal number, `mantissa * 10^-scale`.
///
/// Numbers are equal if their values are: `1.50` is `1.5`. `Display` writes the canonical text, without an exponent, zeros at the end of
/// the decimals, or a sign on zero.
///
/// ```
/// use samefit_core::decimal::parse;
///
/// let sum = parse(b"0.1")?.plus(&parse(b"2e-1")?);
/// assert_eq!(sum, parse(b"0.30")?);
/// assert_eq!(sum.to_string(), "0.3");
/// // ties go to the even digit
/// assert_eq!(parse(b"42.5")?.rounded(0).to_string(), "42");
/// assert_eq!(parse(b"1234")?.rounded(-2).to_string(), "1200");
/// # Ok::<(), samefit_core::error::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decimal {
    /// The digits as an integer, with the sign.
    pub mantissa: IBig,
    /// Number of digits after the point.
    pub scale: u32,
}

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self { mantissa: IBig::ZERO, scale: 0 };

    /// Returns the mantissa of this number with `scale` digits after the point. `scale` is not less than the number's own.
    pub fn mantissa_at(&self, scale: u32) -> IBig {
        match scale - self.scale {
            0 => self.mantissa.clone(),
            power => &self.mantissa * ten_to(power),
        }
    }

    /// Returns the same number with the least scale: no zeros at the end of its decimals.
    #[must_use]
    pub fn normalized(mut self) -> Self {
        if let Ok(mut mantissa) = i64::try_from(&self.mantissa) {
            while self.scale > 0 && mantissa % 10 == 0 {
                (mantissa, self.scale) = (mantissa / 10, self.scale - 1);
            }
            return Self { mantissa: mantissa.into(), scale: self.scale };
        }
        let ten = IBig::from(10);
        while self.scale > 0 && &self.mantissa % &ten == IBig::ZERO {
            self.mantissa /= &ten;
            self.scale -= 1;
        }
        self
    }

    /// Returns the nearest number with at most `decimals` digits after the point; ties go to the even last digit. A negative `decimals`
    /// means zeros before the point.
    #[must_use]
    pub fn rounded(&self, decimals: i32) -> Self {
        if i64::from(self.scale) <= i64::from(decimals) {
            return self.clone();
        }
        scaled(self.integer_at(decimals), decimals.into())
    }

    /// Returns this number times `10^decimals`, rounded to an integer, ties to even.
    pub(crate) fn integer_at(&self, decimals: i32) -> IBig {
        let power = i64::from(self.scale) - i64::from(decimals);
        let exponent = power.unsigned_abs() as u32;
        if power <= 0 {
            return &self.mantissa * ten_to(exponent);
        }
        match i128::try_from(&self.mantissa) {
            Ok(mantissa) if (exponent as usize) < I128_EXPONENT_MAX => small_quotient(mantissa, power_of_ten(exponent)).into(),
            _ => Self::nearest(&self.mantissa, &ten_to(exponent), 0).mantissa,
        }
    }

    /// Returns the nearest f64, ties to even.
    pub fn to_f64(&self) -> f64 {
        // usually both integers are exact f64, so the division rounds once
        if let (Ok(mantissa), Some(power)) = (i64::try_from(&self.mantissa), exact_power_of_ten(self.scale))
            && mantissa.unsigned_abs() < 1 << 53
        {
            return mantissa as f64 / power;
        }
        crate::rounding::ratio_to_f64(&self.mantissa, &ten_to(self.scale))
    }

    /// Returns the sum of two numbers.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self { mantissa: self.mantissa_at(scale) + other.mantissa_at(scale), scale }
    }

    /// Adds a number to this one: gives what [`Self::plus`] does, without new memory where both fit.
    pub fn add(&mut self, other: &Self) {
        let short = |value: &Self| i64::try_from(&value.mantissa).ok();
        if self.scale != other.scale {
            *self = self.plus(other);
        } else if let (Some(one), Some(two)) = (short(self), short(other))
            && let Some(sum) = one.checked_add(two)
        {
            self.mantissa = sum.into();
        } else {
            self.mantissa += &other.mantissa;
        }
    }

    /// Returns the canonical text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        self.append_to(&mut text);
        text
    }

    /// Appends the canonical text.
    pub fn append_to(&self, text: &mut String) {
        match i64::try_from(&self.mantissa).ok().and_then(|mantissa| DecimalText::new(mantissa, self.scale)) {
            Some(short) => text.push_str(short.as_str()),
            None => text.push_str(&self.long_text()),
        }
    }

    /// Returns the canonical text of a number of any length.
    fn long_text(&self) -> String {
        let text = self.mantissa.to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return text;
        }
        let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
        // zeros stand between the point and the digits of a small number
        let zeros = scale.saturating_sub(digits.len());
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(scale));
        let fraction = fraction.trim_end_matches('0');
        let whole = if whole.is_empty() { "0" } else { whole };
        match fraction {
            "" => format!("{sign}{whole}"),
            _ => format!("{sign}{whole}.{:0<zeros$}{fraction}", ""),
        }
    }

    /// Returns the product of two numbers.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self { mantissa: &self.mantissa * &other.mantissa, scale: self.scale + other.scale }
    }

    /// Returns `numerator / denominator` rounded to `scale` digits after the point, ties to even. The denominator is above zero.
    pub fn nearest(numerator: &IBig, denominator: &IBig, scale: u32) -> Self {
        let (quotient, rest) = (numerator * ten_to(scale)).div_rem_euclid(denominator);
        let twice = IBig::from(rest * 2u8);
        let up = match twice.cmp(denominator) {
            Ordering::Less => false,
            Ordering::Greater => true,
            Ordering::Equal => &quotient % IBig::from(2) != IBig::ZERO,
        };
        Self { mantissa: quotient + IBig::from(u8::from(up)), scale }
    }

    /// Returns the largest number of `scale` digits after the point that is not above `numerator / denominator`. The denominator is above
    /// zero.
    pub fn floor(numerator: &IBig, denominator: &IBig, scale: u32) -> Self {
        let (mantissa, _) = (numerator * ten_to(scale)).div_rem_euclid(denominator);
        Self { mantissa, scale }
    }

    /// Returns the number with the opposite sign.
    #[must_use]
    pub fn negated(&self) -> Self {
        Self { mantissa: -&self.mantissa, scale: self.scale }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (scale - self.scale, scale - other.scale) {
            (0, 0) => self.mantissa.cmp(&other.mantissa),
            (0, _) => self.mantissa.cmp(&other.mantissa_at(scale)),
            _ => self.mantissa_at(scale).cmp(&other.mantissa),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { mantissa: value.into(), scale: 0 }
    }
}

/// Writes the canonical text: no exponent, no zeros at the end of the decimals, no sign on zero.
impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

/// Returns `mantissa / divisor` rounded to an integer, ties to even. The divisor is above zero and below half of the largest i128.
fn small_quotient(mantissa: i128, divisor: i128) -> i128 {
    let (floor, twice) = (mantissa.div_euclid(divisor), 2 * mantissa.rem_euclid(divisor));
    let up = twice > divisor || twice == divisor && floor % 2 != 0;
    floor + i128::from(up)
}

/// Returns `10^exponent`.
pub fn ten_to(exponent: u32) -> IBig {
    match I128_POWERS.get(exponent as usize) {
        Some(power) => (*power).into(),
        None => IBig::from(10).pow(exponent as usize),
    }
}

/// Returns `10^exponent`, or the largest power of ten below 2^127 if that is less.
///
/// Callers multiply numbers by it whose products fit in 128 bits. So a larger exponent comes with the number zero only, and any power will
/// do.
pub(crate) fn power_of_ten(exponent: u32) -> i128 {
    I128_POWERS[(exponent as usize).min(I128_EXPONENT_MAX)]
}

/// Returns `10^exponent` if an f64 holds it exactly.
pub(crate) fn exact_power_of_ten(exponent: u32) -> Option<f64> {
    F64_POWERS.get(exponent as usize).copied()
}

/// Returns whether a cell, without the spaces around it, says that there is no value: it is empty, or `NA`, `NaN` or `null` in any case.
pub fn is_missing(cell: &[u8]) -> bool {
    matches!(cell.len(), 0 | 2..=4) && (cell.is_empty() || [&b"na"[..], b"nan", b"null"].iter().any(|word| cell.eq_ignore_ascii_case(word)))
}

/// Returns a cell without the spaces around it: spaces of every kind, and tabs.
pub fn trim(mut cell: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = cell {
        cell = rest;
    }
    let is_wide = |byte: Option<&u8>| byte.is_some_and(|byte| !byte.is_ascii());
    if is_wide(cell.first()) || is_wide(cell.last()) { trim_wide(cell) } else { cell }
}

/// Returns a cell that begins or ends with a character beyond ASCII without the spaces around it.
#[cold]
fn trim_wide(cell: &[u8]) -> &[u8] {
    let is_space = |c: char| c == ' ' || c == '\t' || !c.is_ascii() && c.is_whitespace();
    std::str::from_utf8(cell).map_or(cell, |text| text.trim_matches(is_space).as_bytes())
}

/// Returns whether a cell begins with a minus, and the rest; `None` if it begins with no sign. The minus of mathematics, U+2212, is one too.
pub(crate) fn sign(cell: &[u8]) -> Option<(bool, &[u8])> {
    match cell {
        [b'-', rest @ ..] | [0xe2, 0x88, 0x92, rest @ ..] => Some((true, rest)),
        [b'+', rest @ ..] => Some((false, rest)),
        _ => None,
    }
}

/// Reads a value: sign, digits, point, exponent.
///
/// Errors: `not-a-number`, `not-a-value`, `too-many-digits`, `exponent-too-large`, `not-utf-8`.
pub fn parse(cell: &[u8]) -> Result<Decimal> {
    read(cell).map_err(|fault| fault.into_error(cell))
}

/// Reads a value as [`parse`] does. Returns none, without the cost of an error, if the text is no value.
pub fn parse_if_number(cell: &[u8]) -> Option<Decimal> {
    read(cell).ok()
}

/// Why a text is no value.
enum ParseFault {
    NotANumber,
    /// Too many zeros between the point and the first other digit.
    TooManyZeros,
    /// So many digits.
    TooManyDigits(usize),
    ExponentTooLarge,
}

impl ParseFault {
    /// Returns the error for the text of the cell.
    fn into_error(self, cell: &[u8]) -> Error {
        match self {
            Self::NotANumber => explain(cell),
            Self::TooManyZeros => too_many_zeros(cell),
            Self::TooManyDigits(digits) => too_many_digits(cell, digits),
            Self::ExponentTooLarge => exponent_too_large(cell),
        }
    }
}

/// Reads a value.
fn read(cell: &[u8]) -> std::result::Result<Decimal, ParseFault> {
    let parts = split(cell).ok_or(ParseFault::NotANumber)?;
    let whole = strip_leading_zeros(parts.whole);
    let fraction = if whole.is_empty() { strip_leading_zeros(parts.fraction) } else { parts.fraction };
    if parts.fraction.len() - fraction.len() > EXPONENT_MAX as usize {
        return Err(ParseFault::TooManyZeros);
    }
    if whole.len() + fraction.len() > DIGITS_MAX {
        return Err(ParseFault::TooManyDigits(whole.len() + fraction.len()));
    }
    let digits = [whole, fraction].concat();
    let exponent = exponent_value(parts.exponent).ok_or(ParseFault::ExponentTooLarge)?;
    let mantissa = IBig::from_parts(parts.sign, digits_value(&digits));
    Ok(scaled(mantissa, parts.fraction.len() as i64 - exponent))
}

/// A decimal number of at most [`SMALL_DIGITS_MAX`] digits: `mantissa * 10^-scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SmallDecimal {
    /// The digits as an integer, with the sign.
    pub(crate) mantissa: i128,
    /// Number of digits after the point.
    pub(crate) scale: u32,
    /// Number of digits before the point as they are written; none if an exponent follows.
    pub(crate) whole: Option<usize>,
}

/// Most digits of a number that [`parse_small`] reads: twice as many as 64 bits always hold.
const SMALL_DIGITS_MAX: usize = 36;

/// Reads a value as [`parse`] does, without big integers. Returns none if it has too many digits for that, or is not a number.
pub(crate) fn parse_small(cell: &[u8]) -> Option<SmallDecimal> {
    let (negative, text) = sign(cell).unwrap_or((false, cell));
    let (mut halves, mut digits, mut point, mut at) = ([0u64; 2], 0, None, 0);
    while let Some(&byte) = text.get(at) {
        match byte.wrapping_sub(b'0') {
            digit @ 0..=9 => {
                let half = halves.get_mut(digits / (SMALL_DIGITS_MAX / 2))?;
                *half = *half * 10 + u64::from(digit);
                digits += 1;
            }
            _ if byte == b'.' && point.is_none() => point = Some(digits),
            _ => break,
        }
        at += 1;
    }
    let exponent = match text.get(at) {
        Some(b'e' | b'E') => Some(exponent_of(&text[at + 1..])?),
        Some(_) => return None,
        None => None,
    };
    let low_digits = digits.saturating_sub(SMALL_DIGITS_MAX / 2) as u32;
    let magnitude = i128::from(halves[0]) * if low_digits > 0 { power_of_ten(low_digits) } else { 1 } + i128::from(halves[1]);
    let scale = (digits - point.unwrap_or(digits)) as i64 - exponent.unwrap_or(0);
    let up = scale.min(0).unsigned_abs() as usize;
    if digits == 0 || digits + up > SMALL_DIGITS_MAX {
        return None;
    }
    let magnitude = magnitude * if up > 0 { power_of_ten(up as u32) } else { 1 };
    let whole = exponent.is_none().then_some(point.unwrap_or(digits));
    Some(SmallDecimal { mantissa: if negative { -magnitude } else { magnitude }, scale: scale.max(0) as u32, whole })
}

/// Reads the exponent after an `e`. Returns none if it is not a number or beyond [`EXPONENT_MAX`].
fn exponent_of(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    (!digits.is_empty() && digits.iter().all(u8::is_ascii_digit)).then(|| exponent_value(Some(text))).flatten()
}

/// Reads a sum of products of `degree` values, in the canonical text of [`Decimal`]. Returns none if the text is not canonical, or longer
/// than such a sum can be.
pub fn parse_sum(text: &str, degree: u32) -> Option<Decimal> {
    // no short text is too long, but a sum of no values has no decimals
    if let Some(value) = short_sum(text.as_bytes()).filter(|value| degree > 0 || value.scale == 0) {
        return Some(value);
    }
    let parts = split(text.as_bytes())?;
    let values = degree as usize;
    if parts.whole.len() > values * WHOLE_DIGITS_MAX + ROWS_DIGITS_MAX || parts.fraction.len() > values * FRACTION_DIGITS_MAX {
        return None;
    }
    let digits: Vec<u8> = parts.whole.iter().chain(parts.fraction).copied().collect();
    let value = Decimal { mantissa: IBig::from_parts(parts.sign, digits_value(&digits)), scale: u32::try_from(parts.fraction.len()).ok()? };
    (value.to_string() == text).then_some(value)
}

/// Reads a sum of at most 18 digits. Returns none for any other text.
fn short_sum(text: &[u8]) -> Option<Decimal> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    let point = digits.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = point.map_or((digits, &b""[..]), |point| (&digits[..point], &digits[point + 1..]));
    let is_canonical = match (whole, fraction.last()) {
        ([] | [b'0', _, ..], _) | (_, Some(b'0')) => false,
        (_, None) => point.is_none() && (whole != b"0" || digits.len() == text.len()),
        _ => true,
    };
    if !is_canonical || whole.len() + fraction.len() > I64_EXPONENT_MAX || !whole.iter().chain(fraction).all(u8::is_ascii_digit) {
        return None;
    }
    let magnitude = whole.iter().chain(fraction).fold(0, |value, &digit| value * 10 + i64::from(digit - b'0'));
    let mantissa = if digits.len() < text.len() { -magnitude } else { magnitude };
    Some(Decimal { mantissa: mantissa.into(), scale: fraction.len() as u32 })
}

/// Returns the decimal number that an f64 means: that of the shortest text that reads back as the same f64.
///
/// Of several such texts it is the nearest, and of two equally near ones that with the even last digit. Python, JavaScript and our own JSON
/// choose the same; Rust's standard library rounds such ties up.
///
/// Errors: `not-a-value` for infinity, `exponent-too-large` beyond [`EXPONENT_MAX`].
pub fn from_f64(value: f64) -> Result<Decimal> {
    if value.is_infinite() {
        return Err(explain(if value > 0.0 { b"inf" } else { b"-inf" }));
    }
    parse(zmij::Buffer::new().format(value).as_bytes())
}

/// The parts of the text of a number.
struct NumberText<'a> {
    sign: dashu_base::Sign,
    /// Digits before the point.
    whole: &'a [u8],
    /// Digits after the point.
    fraction: &'a [u8],
    /// The exponent with its sign; none if the text has none.
    exponent: Option<&'a [u8]>,
}

/// Splits the text of a number into its parts. Returns none if it is not a number.
fn split(cell: &[u8]) -> Option<NumberText<'_>> {
    let (is_negative, rest) = sign(cell).unwrap_or((false, cell));
    let sign = if is_negative { dashu_base::Sign::Negative } else { dashu_base::Sign::Positive };
    let (number, exponent) = match rest.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let (whole, fraction) = match number.iter().position(|&b| b == b'.') {
        Some(at) => (&number[..at], &number[at + 1..]),
        None => (number, &number[number.len()..]),
    };
    let all_digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(b"-").or_else(|| e.strip_prefix(b"+")).unwrap_or(e);
        !e.is_empty() && all_digits(e)
    });
    let some_digit = !whole.is_empty() || !fraction.is_empty();
    (some_digit && all_digits(whole) && all_digits(fraction) && exponent_ok).then_some(NumberText { sign, whole, fraction, exponent })
}

fn strip_leading_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&b| b == b'0').count();
    &digits[zeros..]
}

/// Returns the integer that ASCII digits say.
fn digits_value(digits: &[u8]) -> UBig {
    let part = |digits: &[u8]| digits.iter().fold(0u64, |sum, &b| sum * 10 + u64::from(b - b'0'));
    let (first, rest) = digits.split_at(digits.len().min(I64_EXPONENT_MAX));
    let mut value = UBig::from(part(first));
    for chunk in rest.chunks(I64_EXPONENT_MAX) {
        value = value * UBig::from(I64_POWERS[chunk.len()].unsigned_abs()) + UBig::from(part(chunk));
    }
    value
}

/// Returns the exponent as a number, 0 if there is no exponent. Returns none if it is beyond [`EXPONENT_MAX`].
fn exponent_value(text: Option<&[u8]>) -> Option<i64> {
    let Some(text) = text else { return Some(0) };
    let negative = text.first() == Some(&b'-');
    let digits = strip_leading_zeros(text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text));
    if digits.len() > 3 {
        return None;
    }
    let value = digits.iter().fold(0i64, |sum, &b| sum * 10 + i64::from(b - b'0'));
    (value <= EXPONENT_MAX).then_some(if negative { -value } else { value })
}

/// Returns `mantissa * 10^-decimals`. A negative `decimals` makes the mantissa longer.
pub(crate) fn scaled(mantissa: IBig, decimals: i64) -> Decimal {
    match u32::try_from(decimals) {
        Ok(scale) => Decimal { mantissa, scale },
        Err(_) => Decimal { mantissa: mantissa * ten_to(decimals.unsigned_abs() as u32), scale: 0 },
    }
}

/// Returns the error of a cell that is not a number.
fn explain(cell: &[u8]) -> Error {
    const EXPECTED: &str = "a decimal number";
    let Ok(text) = std::str::from_utf8(cell) else {
        return Error::found(Code::NotUtf8, &String::from_utf8_lossy(cell), "UTF-8 text", "save the file as UTF-8");
    };
    let word = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    // the last is what the C library of Windows writes
    if matches!(word.as_str(), "inf" | "infinity" | "\u{221e}") || word.trim_end_matches('0') == "1.#inf" {
        return Error::found(Code::NotAValue, text, EXPECTED, "leave the cell empty if there is no value; infinity is not one");
    }
    let remedy = if text.contains(',') && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b',' | b'.' | b'-' | b'+')) {
        "write a point before the decimals and no separators between thousands"
    } else {
        "correct the cell, or leave it empty if there is no value"
    };
    Error::found(Code::NotANumber, text, EXPECTED, remedy)
}

fn too_many_digits(cell: &[u8], digits: usize) -> Error {
    let text = String::from_utf8_lossy(cell);
    Error::found(Code::TooManyDigits, &text, &format!("at most {DIGITS_MAX} digits, not {digits}"), "round the value")
}

fn exponent_too_large(cell: &[u8]) -> Error {
    out_of_scale(cell, &format!("an exponent of at most {EXPONENT_MAX} either way"))
}

fn too_many_zeros(cell: &[u8]) -> Error {
    out_of_scale(cell, &format!("at most {EXPONENT_MAX} zeros between the point and the first other digit"))
}

fn out_of_scale(cell: &[u8], expected: &str) -> Error {
    Error::found(Code::ExponentTooLarge, &String::from_utf8_lossy(cell), expected, "choose another unit for the column")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(cell: &str) -> String {
        parse(cell.as_bytes()).unwrap().to_string()
    }

    fn code(cell: &str) -> &'static str {
        parse(cell.as_bytes()).unwrap_err().code.name()
    }

    #[test]
    fn numbers_are_read() {
        for (cell, want) in [
            ("151.0", "151"),
            ("-0.0", "0"),
            ("+.50", "0.5"),
            ("5.", "5"),
            ("6.12835790605e-05", "0.0000612835790605"),
            ("1e3", "1000"),
            ("-12.5E+1", "-125"),
            ("\u{2212}5", "-5"),
            ("0000000000000000000000000000000000000000000000000000000000000000000000001", "1"),
            ("1e-60", &format!("0.{}1", "0".repeat(59))),
        ] {
            assert_eq!(text(cell), want, "{cell}");
        }
    }

    #[test]
    fn zeros_after_the_point_are_limited_like_an_exponent() {
        let zeros = |count: usize| format!("0.{}", "0".repeat(count));
        for (cell, want) in [
            (zeros(60), "0".to_owned()),
            (zeros(60) + "1", zeros(60) + "1"),
            (format!("-{}1e-60", &zeros(60)[1..]), format!("-{}1", zeros(120))),
            (format!("{}{}e-60", zeros(60), "9".repeat(60)), zeros(120) + &"9".repeat(60)),
            ("0".repeat(100_000) + "7", "7".to_owned()),
            (format!("1e{}5", "0".repeat(100_000)), "100000".to_owned()),
        ] {
            assert_eq!(text(&cell), want);
        }
        for cell in [zeros(61), zeros(61) + "1", zeros(100_000), zeros(100_000) + "1", format!("-.{}1e60", "0".repeat(61))] {
            assert_eq!(code(&cell), "exponent-too-large", "{cell}");
        }
        assert_eq!(code(&format!("1.{}", zeros(60).replace('.', ""))), "too-many-digits");
    }

    #[test]
    fn rounds_half_to_even() {
        for (cell, decimals, want) in [
            ("42.5", 0, "42"),
            ("43.5", 0, "44"),
            ("-42.5", 0, "-42"),
            ("-43.5", 0, "-44"),
            ("42.50000000000000000000000000000000001", 0, "43"),
            ("-42.50000000000000000000000000000000001", 0, "-43"),
            ("0.25", 1, "0.2"),
            ("0.35", 1, "0.4"),
            ("-0.5", 0, "0"),
            ("2.5e-1", 1, "0.2"),
            ("-7.5e1", -1, "-80"),
            ("65", -1, "60"),
            ("1e3", -3, "1000"),
            ("500", -3, "0"),
            ("1500.0001", -3, "2000"),
            ("12.30", 1, "12.3"),
            ("12.3", 4, "12.3"),
            ("9.99", 1, "10"),
            ("0", -5, "0"),
        ] {
            assert_eq!(parse(cell.as_bytes()).unwrap().rounded(decimals).to_string(), want, "{cell} to {decimals}");
        }
    }

    proptest! {
        #[test]
        fn rounding_gives_the_nearest_number(mantissa in any::<i128>(), scale in 0u32..45, decimals in -12i32..20) {
            let value = Decimal { mantissa: mantissa.into(), scale };
            let rounded = value.rounded(decimals);
            let text = rounded.to_string();
            prop_assert!(text.split_once('.').map_or(0, |(_, fraction)| fraction.len()) <= decimals.max(0) as usize);
            prop_assert!(text == "0" || decimals >= 0 || text.ends_with(&"0".repeat(decimals.unsigned_abs() as usize)));
            // twice the distance is at most a unit, and if it is one, the unit's number is even
            let unit = Decimal { mantissa: ten_to(decimals.min(0).unsigned_abs()), scale: decimals.max(0) as u32 };
            let twice = value.plus(&rounded.negated()).times(&Decimal { mantissa: 2.into(), scale: 0 });
            let magnitude = if twice.mantissa < IBig::ZERO { twice.negated() } else { twice };
            let beyond = unit.plus(&magnitude.negated());
            prop_assert!(beyond.mantissa >= IBig::ZERO);
            let half = rounded.times(&Decimal { mantissa: ten_to(decimals.max(0) as u32), scale: 0 }).normalized().mantissa / ten_to(decimals.min(0).unsigned_abs());
            prop_assert!(beyond != Decimal::ZERO || half % IBig::from(2) == IBig::ZERO);
            prop_assert_eq!(rounded.rounded(decimals), rounded);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for cell in ["", "-", ".", "e5", "1e", "1e+", "1 2", "0x10", "1_0", "1,5", "--1", "1.2.3", "2l.6"] {
            assert_eq!(code(cell), "not-a-number", "{cell}");
        }
        assert_eq!(code("-inf"), "not-a-value");
        assert_eq!(code(&"1".repeat(61)), "too-many-digits");
        assert_eq!(code("1e61"), "exponent-too-large");
        assert_eq!(code("1e99999999999999999999"), "exponent-too-large");
        assert_eq!(parse(b"\xff").unwrap_err().code, Code::NotUtf8);
    }

    #[test]
    fn quotients_are_rounded_to_even_and_down() {
        let nearest = |n: i64, d: i64, scale| Decimal::nearest(&n.into(), &d.into(), scale).to_string();
        let cases = [(1, 3, 2, "0.33"), (2, 3, 2, "0.67"), (1, 8, 2, "0.12"), (3, 8, 2, "0.38"), (-1, 8, 2, "-0.12"), (-3, 8, 2, "-0.38")];
        for (n, d, scale, want) in cases.into_iter().chain([(-2, 3, 0, "-1"), (5, 10, 0, "0"), (15, 10, 0, "2"), (7, 1, 3, "7")]) {
            assert_eq!(nearest(n, d, scale), want, "{n} / {d}");
        }
        let floor = |n: i64, d: i64| Decimal::floor(&n.into(), &d.into(), 1).to_string();
        assert_eq!([floor(2, 3), floor(-2, 3), floor(1, 2)], ["0.6", "-0.7", "0.5"]);
    }

    #[test]
    fn missing_values_are_recognised() {
        for cell in ["", "NA", "na", "NaN", "nan", "null", "NULL"] {
            assert!(is_missing(cell.as_bytes()), "{cell}");
        }
        for cell in ["N/A", "0", "n", "none", "nulls"] {
            assert!(!is_missing(cell.as_bytes()), "{cell}");
        }
    }

    #[test]
    fn spaces_of_every_kind_around_a_cell_do_not_count() {
        for (cell, want) in
            [(" 5\t", "5"), ("\u{a0}5", "5"), ("5\u{202f} ", "5"), (" \u{2007}\u{3000}ä b\u{a0}", "ä b"), ("\u{200b}5", "\u{200b}5")]
        {
            assert_eq!(trim(cell.as_bytes()), want.as_bytes(), "{cell:?}");
        }
        assert_eq!(trim(b" \xff "), b"\xff");
        assert_eq!(trim("\u{a0}".as_bytes()), b"");
    }

    #[test]
    fn sums_are_read_from_canonical_text_only() {
        for (text, ok) in [
            ("0", true),
            ("-0.5", true),
            ("12", true),
            ("0.50", false),
            ("-0", false),
            ("1e3", false),
            ("+1", false),
            ("01", false),
            (".5", false),
        ] {
            assert_eq!(parse_sum(text, 2).is_some(), ok, "{text}");
        }
        // a value of the most digits either way, squared, for the most rows
        let (whole, fraction) = ("9".repeat(2 * 120 + 20), "9".repeat(2 * 180));
        for (text, degree, ok) in [
            (format!("-{whole}.{fraction}"), 2, true),
            (format!("{whole}.{fraction}"), 1, false),
            (format!("1{whole}"), 2, false),
            (format!("0.0{fraction}"), 2, false),
            (i64::MIN.to_string(), 0, true),
            ("0.1".to_owned(), 0, false),
        ] {
            assert_eq!(parse_sum(&text, degree).is_some(), ok, "{text}");
        }
    }

    #[test]
    fn of_two_shortest_texts_the_even_one_counts() {
        // a sixteenth more or less reads back as the same f64, so both 569.2 and 569.3 do
        assert_eq!(from_f64(798_262_579_619_569.0 + 0.25).unwrap().to_string(), "798262579619569.2");
    }

    proptest! {
        #[test]
        fn rounds_as_the_standard_library(digits in "-?[0-9]{1,40}(\\.[0-9]{1,19})?(e-?[0-9]{1,2})?") {
            if let Ok(value) = parse(digits.as_bytes()) {
                let want: f64 = digits.parse().unwrap();
                prop_assert_eq!(value.to_f64().to_bits(), if want == 0.0 { 0 } else { want.to_bits() });
            }
        }

        #[test]
        fn small_numbers_are_read_alike(text in "[+-]?[0-9]{0,20}(\\.[0-9]{0,20})?(e[+-]?[0-9]{1,2})?[ x]?") {
            let (small, exact) = (parse_small(text.as_bytes()), parse(text.as_bytes()));
            if let Some(small) = small {
                let exact = exact.unwrap();
                prop_assert_eq!((IBig::from(small.mantissa), small.scale), (exact.mantissa, exact.scale));
            } else if let Ok(exact) = exact {
                let is_long = exact.mantissa.to_string().len() + exact.scale as usize >= SMALL_DIGITS_MAX / 2;
                prop_assert!(is_long || exact == Decimal::ZERO);
            }
        }

        #[test]
        fn adding_is_the_sum(a: i64, b: i128, scales in prop::array::uniform2(0u32..20), equal: bool) {
            let one = Decimal { mantissa: a.into(), scale: scales[0] };
            for other in [Decimal { mantissa: b.into(), scale: scales[usize::from(!equal)] }, one.clone()] {
                let mut sum = one.clone();
                sum.add(&other);
                prop_assert_eq!(&sum, &one.plus(&other));
                prop_assert_eq!(parse(sum.text().as_bytes()).map(Decimal::normalized).ok(), Some(sum.normalized()));
            }
        }

        #[test]
        fn short_sums_are_their_texts(text in "-?(0|00|[0-9]{0,18})(\\.[0-9]{0,9})?[ e]?", long in "-?[1-9][0-9]{0,24}(\\.[0-9]{0,3}[1-9])?") {
            for text in [&text, &long] {
                let short = short_sum(text.as_bytes());
                let is_canonical = parse(text.as_bytes()).is_ok_and(|value| value.to_string() == *text);
                let digits = text.bytes().filter(u8::is_ascii_digit).count();
                prop_assert_eq!(short.is_some(), is_canonical && digits <= I64_EXPONENT_MAX, "{}", text);
                prop_assert!(short.is_none_or(|value| value.to_string() == *text), "{}", text);
            }
            prop_assert_eq!(parse_sum("1.5", 0), None);
        }

        #[test]
        fn f64_means_its_shortest_text(value in -1e50f64..1e50) {
            prop_assert_eq!(from_f64(value).unwrap().to_f64(), value);
        }
    }
}
