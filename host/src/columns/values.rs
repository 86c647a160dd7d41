//! Converts Arrow arrays to values without rounding.
//!
//! Integers, floats and decimals are numbers. Texts are cells as in CSV, and booleans are the texts `true` and `false`: the levels of a category.
//! A null is a missing value. A number is passed as an f64 if the
//! shortest text of that f64 is the number itself; that holds for
//!
//! - integers up to 2^53,
//! - decimals of at most 15 digits, because two such decimals never have the same f64,
//! - every float of 16 or 32 bits, which stands for its own shortest text, of at most 9 digits.
//!
//! All other numbers are passed as text. A dictionary and runs are their values.
//!
//! *Not here*: dates, times, binary and nested values ([`refused_type`](super::types::refused_type)). The user has to say which numbers they are.

use std::fmt::{Display, Write as _};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, RunEndIndexType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, PrimitiveArray, RecordBatch, RunArray, UInt64Array};
use arrow_schema::{ArrowError, DataType};
use samefit_stages::error::InputError;
use samefit_stages::limits::RECORD_BYTES_MAX;
use samefit_stages::ports::columns::Values;

use super::errors::{text_too_long, too_large};
use super::float16;
use super::limits::{BATCH_ROWS, TEXT_BYTES_MAX};

/// The powers of ten that an f64 represents exactly.
const TENS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];
/// An f64 represents every integer up to here exactly.
const INTEGER_MAX: u64 = 1 << 53;
/// A decimal whose digits are below this, divided by a power in [`TENS`], is the only decimal of at most 15 digits with its f64.
const MANTISSA_MAX: i64 = 1_000_000_000_000_000;

/// Returns the values of an array. Fails for a type that [`refused_type`](super::types::refused_type) names.
pub(super) fn values(array: &dyn Array) -> Result<Values, ArrowError> {
    use DataType as T;
    Ok(match array.data_type() {
        T::Null => Values::Text(vec![b'\n'; array.len()]),
        T::Int8 => numbers::<Int8Type>(array, f64::from),
        T::Int16 => numbers::<Int16Type>(array, f64::from),
        T::Int32 => numbers::<Int32Type>(array, f64::from),
        T::UInt8 => numbers::<UInt8Type>(array, f64::from),
        T::UInt16 => numbers::<UInt16Type>(array, f64::from),
        T::UInt32 => numbers::<UInt32Type>(array, f64::from),
        T::Int64 => integers::<Int64Type>(array, |value| value.unsigned_abs() <= INTEGER_MAX, |value| value as f64),
        T::UInt64 => integers::<UInt64Type>(array, |value| value <= INTEGER_MAX, |value| value as f64),
        T::Float64 => numbers::<Float64Type>(array, |value| value),
        T::Float16 => numbers::<Float16Type>(array, |value| float16::f64_of_shortest_text(value.to_bits())),
        T::Float32 => {
            let mut scale = 0;
            numbers::<Float32Type>(array, |value| f64_of_shortest_text(value, &mut scale))
        }
        T::Decimal32(_, scale) => decimals::<Decimal32Type>(array, *scale, |value| Some(value.into())),
        T::Decimal64(_, scale) => decimals::<Decimal64Type>(array, *scale, Some),
        T::Decimal128(_, scale) => decimals::<Decimal128Type>(array, *scale, |value| value.try_into().ok()),
        T::Decimal256(_, scale) => decimals::<Decimal256Type>(array, *scale, |value| value.to_i128()?.try_into().ok()),
        T::Utf8 => text(array.len(), array.as_string::<i32>().iter()),
        T::LargeUtf8 => text(array.len(), array.as_string::<i64>().iter()),
        T::Utf8View => text(array.len(), array.as_string_view().iter()),
        T::Boolean => text(array.len(), array.as_boolean().iter().map(|value| value.map(|value| if value { "true" } else { "false" }))),
        T::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            return values(&arrow_select::take::take(dictionary.values(), dictionary.keys(), None)?);
        }
        T::RunEndEncoded(..) => return values(&without_runs(array)?),
        other => return Err(ArrowError::SchemaError(format!("a column of type {other}"))),
    })
}

/// Returns the values of an array that is stored as runs, one for each row.
pub(super) fn without_runs(array: &dyn Array) -> Result<ArrayRef, ArrowError> {
    let Some((values, run)) = runs(array) else { return Err(ArrowError::SchemaError("runs of another type than integers end".to_owned())) };
    let runs = UInt64Array::from_iter_values((0..array.len()).map(|row| run(row) as u64));
    arrow_select::take::take(values, &runs, None)
}

/// Returns the index among the values of the run that a row belongs to.
type RunOfRow<'a> = Box<dyn Fn(usize) -> usize + 'a>;

/// Returns the values of the runs, and which one a row has. None if the array is not stored as runs.
fn runs(array: &dyn Array) -> Option<(&ArrayRef, RunOfRow<'_>)> {
    fn of<R: RunEndIndexType>(runs: &RunArray<R>) -> (&ArrayRef, RunOfRow<'_>) {
        (runs.values(), Box::new(|row| runs.get_physical_index(row)))
    }
    let short = array.as_run_opt::<Int16Type>().map(of);
    short.or_else(|| array.as_run_opt::<Int32Type>().map(of)).or_else(|| array.as_run_opt::<Int64Type>().map(of))
}

/// Returns how many rows of a record batch to pass at once: at most [`BATCH_ROWS`], with at most [`RECORD_BYTES_MAX`] of text. Fails if one row
/// has more text than that, or a cell more than [`TEXT_BYTES_MAX`].
pub(super) fn rows_at_once(batch: &RecordBatch) -> Result<usize, InputError> {
    let texts: Vec<(usize, TextLengths<'_>)> =
        batch.columns().iter().enumerate().filter_map(|(at, array)| Some((at, text_lengths(array.as_ref())?))).collect();
    let mut together = 0;
    for row in 0..batch.num_rows().min(BATCH_ROWS) {
        let mut bytes = 0;
        for (at, length) in &texts {
            let length = length(row);
            if length > TEXT_BYTES_MAX {
                return Err(InputError { column: Some(batch.schema_ref().field(*at).name().clone()), ..text_too_long(length as u64) });
            }
            bytes += length;
        }
        if bytes > RECORD_BYTES_MAX {
            return Err(too_large("bytes of a row's texts", bytes as u64, RECORD_BYTES_MAX as u64, "name fewer columns"));
        }
        together += bytes;
        if together > RECORD_BYTES_MAX {
            return Ok(row);
        }
    }
    Ok(batch.num_rows().min(BATCH_ROWS))
}

/// Returns the bytes of the text in a row; zero if it is missing.
type TextLengths<'a> = Box<dyn Fn(usize) -> usize + 'a>;

/// Returns none if the array does not contain text.
fn text_lengths(array: &dyn Array) -> Option<TextLengths<'_>> {
    use DataType as T;
    Some(match array.data_type() {
        T::Utf8 => {
            let array = array.as_string::<i32>();
            Box::new(|row| array.value_length(row).unsigned_abs() as usize)
        }
        T::LargeUtf8 => {
            let array = array.as_string::<i64>();
            Box::new(|row| array.value_length(row).unsigned_abs() as usize)
        }
        T::Utf8View => {
            let array = array.as_string_view();
            Box::new(|row| array.value(row).len())
        }
        T::Dictionary(..) => {
            let array = array.as_any_dictionary();
            let (values, keys) = (text_lengths(array.values().as_ref())?, array.normalized_keys());
            let missing = array.keys().nulls();
            let none = array.values().is_empty();
            Box::new(move |row| if none || missing.is_some_and(|missing| missing.is_null(row)) { 0 } else { values(keys[row]) })
        }
        T::RunEndEncoded(..) => {
            let (values, run) = runs(array)?;
            let values = text_lengths(values.as_ref())?;
            Box::new(move |row| values(run(row)))
        }
        _ => return None,
    })
}

/// Converts every value to an f64 that represents it.
fn numbers<T: ArrowPrimitiveType>(array: &dyn Array, mut convert: impl FnMut(T::Native) -> f64) -> Values {
    let array: &PrimitiveArray<T> = array.as_primitive();
    let mut numbers: Vec<f64> = array.values().iter().map(|&value| convert(value)).collect();
    if let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) {
        numbers.iter_mut().enumerate().filter(|(at, _)| nulls.is_null(*at)).for_each(|(_, number)| *number = f64::NAN);
    }
    Values::Numbers(numbers)
}

/// Converts integers to f64 if all of them are exact as such, otherwise to text.
fn integers<T: ArrowPrimitiveType>(array: &dyn Array, is_exact: impl Fn(T::Native) -> bool, convert: impl Fn(T::Native) -> f64) -> Values
where
    T::Native: Display,
{
    if array.as_primitive::<T>().values().iter().all(|&value| is_exact(value)) {
        return numbers::<T>(array, convert);
    }
    text_of::<T>(array, |value, text| write!(text, "{value}"))
}

/// Converts decimals to f64 if all of them are exact as such, otherwise to text. `mantissa` returns the digits if they fit in 64 bits.
fn decimals<T: ArrowPrimitiveType>(array: &dyn Array, scale: i8, mantissa: impl Fn(T::Native) -> Option<i64>) -> Values
where
    T::Native: Display,
{
    let values = array.as_primitive::<T>().values();
    if let Some(power) = usize::try_from(scale).ok().and_then(|scale| TENS.get(scale))
        && values.iter().all(|&value| mantissa(value).is_some_and(|value| value.unsigned_abs() < MANTISSA_MAX.unsigned_abs()))
    {
        return numbers::<T>(array, |value| mantissa(value).unwrap_or_default() as f64 / power);
    }
    let mut digits = String::new();
    text_of::<T>(array, |value, text| {
        digits.clear();
        write!(digits, "{value}")?;
        write_decimal(&digits, scale, text)?;
        // as a level, a decimal has the same text whether or not others beside it have too many digits
        if scale > 0 {
            text.truncate(text.trim_end_matches('0').trim_end_matches('.').len());
        }
        Ok(())
    })
}

/// Appends `digits * 10^-scale` to `text`.
pub(super) fn write_decimal(digits: &str, scale: i8, text: &mut String) -> std::fmt::Result {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let Ok(places) = usize::try_from(scale) else { return write!(text, "{sign}{digits}e{}", i32::from(scale).abs()) };
    match digits.len().checked_sub(places) {
        Some(0) => write!(text, "{sign}0.{digits}"),
        Some(_) if places == 0 => write!(text, "{sign}{digits}"),
        Some(point) => write!(text, "{sign}{}.{}", &digits[..point], &digits[point..]),
        None => write!(text, "{sign}0.{digits:0>places$}"),
    }
}

/// Writes every value with `write`, a missing one as an empty cell.
pub(super) fn text_of<T: ArrowPrimitiveType>(
    array: &dyn Array,
    mut write: impl FnMut(T::Native, &mut String) -> std::fmt::Result,
) -> Values {
    let mut text = String::new();
    for value in array.as_primitive::<T>() {
        // writing to a string cannot fail
        let _ = value.map(|value| write(value, &mut text));
        text.push('\n');
    }
    Values::Text(text.into_bytes())
}

/// Returns texts as cells, each ended by a line feed.
fn text<'a>(rows: usize, cells: impl Iterator<Item = Option<&'a str>>) -> Values {
    let mut text = Vec::with_capacity(rows * 8);
    for cell in cells {
        let from = text.len();
        text.extend_from_slice(cell.unwrap_or_default().as_bytes());
        // a line feed ends a cell; a cell with a line break is never a number, and one with another control character is none either
        text[from..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = 0x1f);
        text.push(b'\n');
    }
    Values::Text(text)
}

/// Returns the f64 nearest to the shortest text of a float32. `scale` is the number of decimals of the last such text, which is tried first.
///
/// If a decimal `k * 10^-scale` of at most 6 digits rounds to this float32, it is the shortest text, because two such decimals never round to the
/// same float32. Here the decimal is rounded to f64 and then to float32. That differs from rounding once only if the f64 lies halfway between two
/// float32. In that case, and for more than 6 digits, the text itself is written and parsed.
fn f64_of_shortest_text(value: f32, scale: &mut usize) -> f64 {
    const BELOW_F32: u64 = (1 << 29) - 1;
    const HALFWAY: u64 = 1 << 28;
    let integer = (f64::from(value) * TENS[*scale]).round_ties_even();
    let number = integer / TENS[*scale];
    if integer.abs() < 1e6 && number as f32 == value && number.to_bits() & BELOW_F32 != HALFWAY {
        return number;
    }
    if !value.is_finite() {
        return f64::from(value);
    }
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format(value);
    if let Some((_, decimals)) = text.split_once('.').filter(|(_, decimals)| !decimals.contains('e')) {
        *scale = decimals.len().min(TENS.len() - 1);
    }
    text.parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::types::Int32Type as Key;
    use arrow_array::{
        BooleanArray, Decimal128Array, Decimal256Array, DictionaryArray, Float16Array, Float32Array, Float64Array, Int8Array, Int32Array,
        Int64Array, NullArray, StringArray, StringViewArray, UInt64Array,
    };
    use arrow_buffer::i256;

    /// Returns the cells as text, a missing one as `-`.
    fn cells(array: &dyn Array) -> Vec<String> {
        match values(array).unwrap() {
            Values::Numbers(numbers) => numbers.iter().map(|x| if x.is_nan() { "-".to_owned() } else { format!("{x}") }).collect(),
            Values::Text(text) => {
                let text = String::from_utf8(text).unwrap();
                text.lines().map(|line| if line.is_empty() { "-".to_owned() } else { format!("'{line}'") }).collect()
            }
        }
    }

    #[test]
    fn integers_are_exact() {
        assert_eq!(cells(&Int8Array::from(vec![Some(-128), None, Some(127)])), ["-128", "-", "127"]);
        assert_eq!(cells(&Int64Array::from(vec![Some(1 << 53), None, Some(-5)])), ["9007199254740992", "-", "-5"]);
        assert_eq!(
            cells(&Int64Array::from(vec![Some((1 << 53) + 1), None, Some(i64::MIN)])),
            ["'9007199254740993'", "-", "'-9223372036854775808'"]
        );
        assert_eq!(cells(&UInt64Array::from(vec![u64::MAX])), ["'18446744073709551615'"]);
    }

    #[test]
    fn decimals_are_exact() {
        let short = Decimal128Array::from(vec![Some(2103), None, Some(-5), Some(0)]).with_precision_and_scale(38, 2).unwrap();
        assert_eq!(cells(&short), ["21.03", "-", "-0.05", "0"]);
        let long = vec![Some(12_345_678_901_234_567_890_123), None, Some(-5), Some(0)];
        let long = Decimal128Array::from(long).with_precision_and_scale(38, 20).unwrap();
        assert_eq!(cells(&long), ["'123.45678901234567890123'", "-", "'-0.00000000000000000005'", "'0'"]);
        let negative = Decimal128Array::from(vec![Some(123)]).with_precision_and_scale(5, -3).unwrap();
        assert_eq!(cells(&negative), ["'123e3'"]);
        let huge = Decimal256Array::from(vec![Some(i256::MAX)]).with_precision_and_scale(76, 0).unwrap();
        assert_eq!(cells(&huge), [format!("'{}'", i256::MAX)]);
    }

    #[test]
    fn a_float32_is_its_own_shortest_text() {
        let array =
            Float32Array::from(vec![Some(0.1), None, Some(21.6), Some(16_777_216.0), Some(-0.0), Some(1e-30), Some(3.402_823_5e38)]);
        assert_eq!(cells(&array), ["0.1", "-", "21.6", "16777216", "-0", "0.000000000000000000000000000001", &format!("{}", 3.4028235e38)]);
        let mut scale = 0;
        for bits in (0..u32::MAX).step_by(4_099) {
            let value = f32::from_bits(bits);
            if value.is_finite() {
                let want: f64 = zmij::Buffer::new().format(value).parse().unwrap();
                assert_eq!(f64_of_shortest_text(value, &mut scale), want, "{value:e}");
            }
        }
        for value in 0..2_000_000 {
            let value: f32 = format!("{value}e-{}", value % 7).parse().unwrap();
            let want: f64 = zmij::Buffer::new().format(value).parse().unwrap();
            assert_eq!(f64_of_shortest_text(value, &mut scale), want, "{value:e}");
        }
    }

    #[test]
    fn booleans_are_levels() {
        let array = BooleanArray::from(vec![Some(true), None, Some(false)]);
        assert_eq!(cells(&array), ["'true'", "-", "'false'"]);
        assert_eq!(cells(&array.slice(1, 2)), ["-", "'false'"]);
    }

    #[test]
    fn texts_are_cells() {
        let array = StringArray::from(vec![Some("21.6"), None, Some("a\nb"), Some("")]);
        assert_eq!(cells(&array), ["'21.6'", "-", "'a\u{1f}b'", "-"]);
        assert_eq!(cells(&StringViewArray::from(vec![Some("x"), None])), ["'x'", "-"]);
        assert_eq!(cells(&NullArray::new(2)), ["-", "-"]);
    }

    #[test]
    fn runs_are_their_values() {
        let ends = Int32Array::from(vec![2, 3, 5]);
        let runs = RunArray::try_new(&ends, &Float64Array::from(vec![Some(0.5), None, Some(2.0)])).unwrap();
        assert_eq!(cells(&runs), ["0.5", "0.5", "-", "2", "2"]);
        assert_eq!(cells(&runs.slice(1, 3)), ["0.5", "-", "2"]);
        let texts = RunArray::try_new(&ends, &StringArray::from(vec!["abc", "", "x"])).unwrap();
        assert_eq!(cells(&texts), ["'abc'", "'abc'", "-", "'x'", "'x'"]);
        let lengths = text_lengths(&texts).unwrap();
        assert_eq!([0, 1, 2, 4].map(lengths), [3, 3, 0, 1]);
    }

    #[test]
    fn floats_of_16_bits_are_their_shortest_texts() {
        let array: Float16Array = [0x2e66, 0x3c00].map(f16_of_bits).into_iter().collect();
        assert_eq!(cells(&array), ["0.1", "1"]);
    }

    fn f16_of_bits(bits: u16) -> Option<<Float16Type as ArrowPrimitiveType>::Native> {
        Some(<Float16Type as ArrowPrimitiveType>::Native::from_bits(bits))
    }

    #[test]
    fn a_dictionary_is_its_values() {
        let keys = arrow_array::PrimitiveArray::<Key>::from(vec![Some(1), None, Some(0), Some(2)]);
        let numbers = Float64Array::from(vec![Some(0.5), Some(2.25), None]);
        let array = DictionaryArray::new(keys, std::sync::Arc::new(numbers));
        assert_eq!(cells(&array), ["2.25", "-", "0.5", "-"]);
    }
}
