//! An array of Arrow to the values that it means, exactly.
//!
//! Integers, floats and decimals are numbers; text is cells as CSV would hold them. A null is a missing value. Where an f64's shortest text is
//! the number itself, the number is handed on as that f64: integers up to 2^53, decimals of at most 15 digits (no other decimal of so few
//! digits has the same f64), and so every float32, which means its own shortest text, of at most 9 digits. All others go as text.
//!
//! *Not here*: dates, times, booleans, binary, nested values ([`refused`]): what number they are is for the user to say.

use std::fmt::{Display, Write as _};

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, PrimitiveArray, RecordBatch};
use arrow_schema::{ArrowError, DataType};
use samefit_stages::error::InputError;
use samefit_stages::limits::RECORD_BYTES_MAX;
use samefit_stages::ports::columns::Values;

use super::{BATCH_ROWS, TEXT_BYTES_MAX, text_too_long, too_large};

/// The powers of ten that are f64.
const TENS: [f64; 23] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22];
/// Integers up to here are f64, and mean themselves as such.
const WHOLE_MAX: u64 = 1 << 53;
/// Decimals below this, times a power of ten in [`TENS`], are the only ones of 15 digits or fewer that have their f64.
const SHORT_MAX: i64 = 1_000_000_000_000_000;

/// The name of a type whose values are neither numbers nor text; none if they are.
pub(super) fn refused(data_type: &DataType) -> Option<String> {
    use DataType as T;
    match data_type {
        T::Null | T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => None,
        T::Float32 | T::Float64 | T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => None,
        T::Utf8 | T::LargeUtf8 | T::Utf8View => None,
        T::Dictionary(_, values) => refused(values),
        other => Some(other.to_string()),
    }
}

/// The values of an array.
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
        T::Int64 => whole::<Int64Type>(array, |value| value.unsigned_abs() <= WHOLE_MAX, |value| value as f64),
        T::UInt64 => whole::<UInt64Type>(array, |value| value <= WHOLE_MAX, |value| value as f64),
        T::Float64 => numbers::<Float64Type>(array, |value| value),
        T::Float32 => {
            let mut scale = 0;
            numbers::<Float32Type>(array, |value| widened(value, &mut scale))
        }
        T::Decimal32(_, scale) => decimals::<Decimal32Type>(array, *scale, |value| Some(value.into())),
        T::Decimal64(_, scale) => decimals::<Decimal64Type>(array, *scale, Some),
        T::Decimal128(_, scale) => decimals::<Decimal128Type>(array, *scale, |value| value.try_into().ok()),
        T::Decimal256(_, scale) => decimals::<Decimal256Type>(array, *scale, |value| value.to_i128()?.try_into().ok()),
        T::Utf8 => text(array.len(), array.as_string::<i32>().iter()),
        T::LargeUtf8 => text(array.len(), array.as_string::<i64>().iter()),
        T::Utf8View => text(array.len(), array.as_string_view().iter()),
        T::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            return values(&arrow_select::take::take(dictionary.values(), dictionary.keys(), None)?);
        }
        other => return Err(ArrowError::SchemaError(format!("a column of type {other}"))),
    })
}

/// How many of a batch's rows may come together: as many as have no more text than [`RECORD_BYTES_MAX`], one at least.
pub(super) fn rows_at_once(batch: &RecordBatch) -> Result<usize, InputError> {
    let texts: Vec<(usize, Lengths<'_>)> =
        batch.columns().iter().enumerate().filter_map(|(at, array)| Some((at, lengths(array.as_ref())?))).collect();
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

/// The bytes of the text in a row; zero where it is missing.
type Lengths<'a> = Box<dyn Fn(usize) -> usize + 'a>;

/// None if the array holds no text.
fn lengths(array: &dyn Array) -> Option<Lengths<'_>> {
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
            let (values, keys) = (lengths(array.values().as_ref())?, array.normalized_keys());
            let missing = array.keys().nulls();
            let none = array.values().is_empty();
            Box::new(move |row| if none || missing.is_some_and(|missing| missing.is_null(row)) { 0 } else { values(keys[row]) })
        }
        _ => return None,
    })
}

fn numbers<T: ArrowPrimitiveType>(array: &dyn Array, mut convert: impl FnMut(T::Native) -> f64) -> Values {
    let array: &PrimitiveArray<T> = array.as_primitive();
    let mut numbers: Vec<f64> = array.values().iter().map(|&value| convert(value)).collect();
    if let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) {
        numbers.iter_mut().enumerate().filter(|(at, _)| nulls.is_null(*at)).for_each(|(_, number)| *number = f64::NAN);
    }
    Values::Numbers(numbers)
}

fn whole<T: ArrowPrimitiveType>(array: &dyn Array, is_short: impl Fn(T::Native) -> bool, convert: impl Fn(T::Native) -> f64) -> Values
where
    T::Native: Display,
{
    if array.as_primitive::<T>().values().iter().all(|&value| is_short(value)) {
        return numbers::<T>(array, convert);
    }
    text_of::<T>(array, |value, text| write!(text, "{value}"))
}

/// `short`: the mantissa, if it fits in 64 bits.
fn decimals<T: ArrowPrimitiveType>(array: &dyn Array, scale: i8, short: impl Fn(T::Native) -> Option<i64>) -> Values
where
    T::Native: Display,
{
    let values = array.as_primitive::<T>().values();
    if let Some(power) = usize::try_from(scale).ok().and_then(|scale| TENS.get(scale))
        && values.iter().all(|&value| short(value).is_some_and(|value| value.unsigned_abs() < SHORT_MAX.unsigned_abs()))
    {
        return numbers::<T>(array, |value| short(value).unwrap_or_default() as f64 / power);
    }
    let mut digits = String::new();
    text_of::<T>(array, |value, text| {
        digits.clear();
        write!(digits, "{value}")?;
        write_decimal(&digits, scale, text)
    })
}

/// Writes `digits * 10^-scale`.
fn write_decimal(digits: &str, scale: i8, text: &mut String) -> std::fmt::Result {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    let Ok(places) = usize::try_from(scale) else { return write!(text, "{sign}{digits}e{}", i32::from(scale).abs()) };
    match digits.len().checked_sub(places) {
        Some(0) => write!(text, "{sign}0.{digits}"),
        Some(_) if places == 0 => write!(text, "{sign}{digits}"),
        Some(point) => write!(text, "{sign}{}.{}", &digits[..point], &digits[point..]),
        None => write!(text, "{sign}0.{digits:0>places$}"),
    }
}

fn text_of<T: ArrowPrimitiveType>(array: &dyn Array, mut write: impl FnMut(T::Native, &mut String) -> std::fmt::Result) -> Values {
    let mut text = String::new();
    for value in array.as_primitive::<T>() {
        // writing to a string does not fail
        let _ = value.map(|value| write(value, &mut text));
        text.push('\n');
    }
    Values::Text(text.into_bytes())
}

fn text<'a>(rows: usize, cells: impl Iterator<Item = Option<&'a str>>) -> Values {
    let mut text = Vec::with_capacity(rows * 8);
    for cell in cells {
        let from = text.len();
        text.extend_from_slice(cell.unwrap_or_default().as_bytes());
        // a cell is a line; a line break makes it text in CSV too, and any other control character does the same
        text[from..].iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = 0x1f);
        text.push(b'\n');
    }
    Values::Text(text)
}

/// The f64 nearest to a float32's shortest text. `scale`: where that text was found last, tried first.
///
/// If `k * 10^-scale` with at most 6 digits has this float32, it is the shortest text: no two such decimals share one. Rounding it to f64 first
/// and to float32 then could differ from rounding once only if the f64 is halfway between two float32; then, and beyond 6 digits, text is written.
fn widened(value: f32, scale: &mut usize) -> f64 {
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
        Decimal128Array, Decimal256Array, DictionaryArray, Float32Array, Float64Array, Int8Array, Int64Array, NullArray, StringArray,
        StringViewArray, UInt64Array,
    };
    use arrow_buffer::i256;

    /// The cells as text, a missing one as `-`.
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
    fn integers_are_themselves() {
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
        assert_eq!(cells(&long), ["'123.45678901234567890123'", "-", "'-0.00000000000000000005'", "'0.00000000000000000000'"]);
        let negative = Decimal128Array::from(vec![Some(123)]).with_precision_and_scale(5, -3).unwrap();
        assert_eq!(cells(&negative), ["'123e3'"]);
        let huge = Decimal256Array::from(vec![Some(i256::MAX)]).with_precision_and_scale(76, 0).unwrap();
        assert_eq!(cells(&huge), [format!("'{}'", i256::MAX)]);
    }

    #[test]
    fn a_float32_means_its_own_text() {
        let array =
            Float32Array::from(vec![Some(0.1), None, Some(21.6), Some(16_777_216.0), Some(-0.0), Some(1e-30), Some(3.402_823_5e38)]);
        assert_eq!(cells(&array), ["0.1", "-", "21.6", "16777216", "-0", "0.000000000000000000000000000001", &format!("{}", 3.4028235e38)]);
        let mut scale = 0;
        for bits in (0..u32::MAX).step_by(4_099) {
            let value = f32::from_bits(bits);
            if value.is_finite() {
                let want: f64 = zmij::Buffer::new().format(value).parse().unwrap();
                assert_eq!(widened(value, &mut scale), want, "{value:e}");
            }
        }
        for value in 0..2_000_000 {
            let value: f32 = format!("{value}e-{}", value % 7).parse().unwrap();
            let want: f64 = zmij::Buffer::new().format(value).parse().unwrap();
            assert_eq!(widened(value, &mut scale), want, "{value:e}");
        }
    }

    #[test]
    fn text_is_cells() {
        let array = StringArray::from(vec![Some("21.6"), None, Some("a\nb"), Some("")]);
        assert_eq!(cells(&array), ["'21.6'", "-", "'a\u{1f}b'", "-"]);
        assert_eq!(cells(&StringViewArray::from(vec![Some("x"), None])), ["'x'", "-"]);
        assert_eq!(cells(&NullArray::new(2)), ["-", "-"]);
    }

    #[test]
    fn a_dictionary_is_what_it_stands_for() {
        let keys = arrow_array::PrimitiveArray::<Key>::from(vec![Some(1), None, Some(0), Some(2)]);
        let numbers = Float64Array::from(vec![Some(0.5), Some(2.25), None]);
        let array = DictionaryArray::new(keys, std::sync::Arc::new(numbers));
        assert_eq!(cells(&array), ["2.25", "-", "0.5", "-"]);
    }

    #[test]
    fn what_is_no_number_is_named() {
        assert_eq!(refused(&DataType::Date32).as_deref(), Some("Date32"));
        assert_eq!(refused(&DataType::Boolean).as_deref(), Some("Boolean"));
        assert_eq!(refused(&DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8))), None);
    }
}
