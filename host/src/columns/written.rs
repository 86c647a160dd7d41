//! Writes the values of Arrow arrays as the cells of CSV, for columns that pass through to a file.
//!
//! Integers and decimals keep their digits: 1001 and not 1001.0, 1.00 and not 1. Dates and times are written by ISO 8601. A time with the name of
//! a zone is written in UTC, because the program does not know the zones; one with an offset is written with that offset.
//!
//! *Not here*: binary and nested values, and intervals of the calendar. They have no text (`types`).

use std::fmt::{self, Display, Write as _};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, DurationMicrosecondType,
    DurationMillisecondType, DurationNanosecondType, DurationSecondType, Int8Type, Int16Type, Int32Type, Int64Type, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_schema::{ArrowError, DataType, TimeUnit};
use samefit_formats::calendar::{self, write_date};
use samefit_stages::ports::columns::Values;

use super::values::{self, text_of, write_decimal};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Returns the cells of an array. Floats stay numbers, because their shortest text is what is written of them.
pub(super) fn written(array: &dyn Array) -> Result<Values, ArrowError> {
    use DataType as T;
    use TimeUnit as U;
    Ok(match array.data_type() {
        T::Int8 => digits::<Int8Type>(array),
        T::Int16 => digits::<Int16Type>(array),
        T::Int32 => digits::<Int32Type>(array),
        T::Int64 => digits::<Int64Type>(array),
        T::UInt8 => digits::<UInt8Type>(array),
        T::UInt16 => digits::<UInt16Type>(array),
        T::UInt32 => digits::<UInt32Type>(array),
        T::UInt64 => digits::<UInt64Type>(array),
        T::Decimal32(_, scale) => decimals::<Decimal32Type>(array, *scale),
        T::Decimal64(_, scale) => decimals::<Decimal64Type>(array, *scale),
        T::Decimal128(_, scale) => decimals::<Decimal128Type>(array, *scale),
        T::Decimal256(_, scale) => decimals::<Decimal256Type>(array, *scale),
        T::Date32 => text_of::<Date32Type>(array, |days, text| write_date(days.into(), text)),
        // whole days by definition; some writers put times into it, which are not lost
        T::Date64 => text_of::<Date64Type>(array, |value, text| match value.rem_euclid(1000 * DAY) {
            0 => write_date(value.div_euclid(1000 * DAY), text),
            _ => write_instant(value, U::Millisecond, None, text),
        }),
        T::Time32(U::Second) => text_of::<Time32SecondType>(array, |value, text| write_time(value.into(), U::Second, text)),
        T::Time32(_) => text_of::<Time32MillisecondType>(array, |value, text| write_time(value.into(), U::Millisecond, text)),
        T::Time64(U::Microsecond) => text_of::<Time64MicrosecondType>(array, |value, text| write_time(value, U::Microsecond, text)),
        T::Time64(_) => text_of::<Time64NanosecondType>(array, |value, text| write_time(value, U::Nanosecond, text)),
        T::Timestamp(unit, zone) => {
            let (unit, zone) = (*unit, zone.as_deref());
            match unit {
                U::Second => text_of::<TimestampSecondType>(array, |value, text| write_instant(value, unit, zone, text)),
                U::Millisecond => text_of::<TimestampMillisecondType>(array, |value, text| write_instant(value, unit, zone, text)),
                U::Microsecond => text_of::<TimestampMicrosecondType>(array, |value, text| write_instant(value, unit, zone, text)),
                U::Nanosecond => text_of::<TimestampNanosecondType>(array, |value, text| write_instant(value, unit, zone, text)),
            }
        }
        T::Duration(unit) => match unit {
            U::Second => text_of::<DurationSecondType>(array, |value, text| write_duration(value, U::Second, text)),
            U::Millisecond => text_of::<DurationMillisecondType>(array, |value, text| write_duration(value, U::Millisecond, text)),
            U::Microsecond => text_of::<DurationMicrosecondType>(array, |value, text| write_duration(value, U::Microsecond, text)),
            U::Nanosecond => text_of::<DurationNanosecondType>(array, |value, text| write_duration(value, U::Nanosecond, text)),
        },
        T::Dictionary(..) => {
            let dictionary = array.as_any_dictionary();
            return written(&arrow_select::take::take(dictionary.values(), dictionary.keys(), None)?);
        }
        T::RunEndEncoded(..) => return written(&values::without_runs(array)?),
        _ => return values::values(array),
    })
}

fn digits<T: ArrowPrimitiveType>(array: &dyn Array) -> Values
where
    T::Native: Display,
{
    text_of::<T>(array, |value, text| write!(text, "{value}"))
}

fn decimals<T: ArrowPrimitiveType>(array: &dyn Array, scale: i8) -> Values
where
    T::Native: Display,
{
    let mut digits = String::new();
    text_of::<T>(array, |value, text| {
        digits.clear();
        write!(digits, "{value}")?;
        write_decimal(&digits, scale, text)
    })
}

/// Writes a moment. `zone`: that of the column; none if its times are those of no zone.
fn write_instant(value: i64, unit: TimeUnit, zone: Option<&str>, text: &mut String) -> fmt::Result {
    let (seconds, rest) = (value.div_euclid(per_second(unit)), value.rem_euclid(per_second(unit)));
    let offset = zone.and_then(offset_seconds);
    let local = seconds.saturating_add(offset.unwrap_or(0));
    write_date(local.div_euclid(DAY), text)?;
    text.push('T');
    write_clock_of(local.rem_euclid(DAY), rest, unit, text)?;
    match (zone, offset) {
        (None, _) => Ok(()),
        (Some(_), None | Some(0)) => text.write_char('Z'),
        (Some(zone), Some(_)) => text.write_str(zone),
    }
}

/// Returns the seconds of an offset such as `+01:00`; none for the name of a zone.
fn offset_seconds(zone: &str) -> Option<i64> {
    let (sign, rest) = zone.strip_prefix('-').map_or_else(|| zone.strip_prefix('+').map(|rest| (1, rest)), |rest| Some((-1, rest)))?;
    let (hours, minutes) = rest.split_once(':')?;
    let two_digits = |part: &str| if part.len() == 2 { part.parse::<u8>().ok() } else { None };
    Some(sign * (i64::from(two_digits(hours)?) * 3600 + i64::from(two_digits(minutes)?) * 60))
}

fn write_time(value: i64, unit: TimeUnit, text: &mut String) -> fmt::Result {
    write_clock_of(value.div_euclid(per_second(unit)), value.rem_euclid(per_second(unit)), unit, text)
}

fn write_clock_of(seconds: i64, rest: i64, unit: TimeUnit, text: &mut String) -> fmt::Result {
    calendar::write_clock(seconds.unsigned_abs(), rest.unsigned_abs(), per_second(unit).unsigned_abs(), text)
}

fn write_duration(value: i64, unit: TimeUnit, text: &mut String) -> fmt::Result {
    let (sign, value, per_second) = (if value < 0 { "-" } else { "" }, value.unsigned_abs(), per_second(unit).unsigned_abs());
    write!(text, "{sign}PT{}", value / per_second)?;
    calendar::write_fraction(value % per_second, per_second, text)?;
    text.write_char('S')
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{
        BooleanArray, Date32Array, Date64Array, Decimal128Array, DictionaryArray, DurationMillisecondArray, Float32Array, Int8Array,
        Int64Array, Time32SecondArray, Time64MicrosecondArray, TimestampNanosecondArray, TimestampSecondArray, UInt64Array,
    };

    fn cells(array: &dyn Array) -> Vec<String> {
        match written(array).unwrap() {
            Values::Numbers(numbers) => numbers.iter().map(|x| format!("{x:?}")).collect(),
            Values::Text(text) => String::from_utf8(text).unwrap().lines().map(str::to_owned).collect(),
        }
    }

    #[test]
    fn integers_and_decimals_keep_their_digits() {
        assert_eq!(cells(&Int64Array::from(vec![Some(1001), None, Some(i64::MIN)])), ["1001", "", "-9223372036854775808"]);
        assert_eq!(cells(&UInt64Array::from(vec![u64::MAX])), ["18446744073709551615"]);
        let decimals = Decimal128Array::from(vec![Some(100), None, Some(-5)]).with_precision_and_scale(12, 2).unwrap();
        assert_eq!(cells(&decimals), ["1.00", "", "-0.05"]);
        assert_eq!(cells(&BooleanArray::from(vec![Some(true), None, Some(false)])), ["true", "", "false"]);
        assert_eq!(cells(&Float32Array::from(vec![0.1, 1.0])), ["0.1", "1.0"]);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, date) in [(0, "1970-01-01"), (18_262, "2020-01-01"), (-1, "1969-12-31")] {
            assert_eq!(cells(&Date32Array::from(vec![days])), [date]);
        }
        assert_eq!(cells(&Date64Array::from(vec![86_400_000, 86_400_500])), ["1970-01-02", "1970-01-02T00:00:00.5"]);
    }

    #[test]
    fn times_are_written_by_iso_8601() {
        let nanoseconds = TimestampNanosecondArray::from(vec![Some(1_577_836_800_000_000_000), None, Some(-1)]);
        assert_eq!(cells(&nanoseconds), ["2020-01-01T00:00:00", "", "1969-12-31T23:59:59.999999999"]);
        for (zone, text) in [
            ("UTC", "2020-01-01T00:00:00Z"),
            ("Europe/Berlin", "2020-01-01T00:00:00Z"),
            ("+00:00", "2020-01-01T00:00:00Z"),
            ("+05:30", "2020-01-01T05:30:00+05:30"),
            ("-01:00", "2019-12-31T23:00:00-01:00"),
        ] {
            assert_eq!(cells(&TimestampSecondArray::from(vec![1_577_836_800]).with_timezone(zone)), [text]);
        }
        assert_eq!(cells(&Time32SecondArray::from(vec![45_000])), ["12:30:00"]);
        assert_eq!(cells(&Time64MicrosecondArray::from(vec![250_000])), ["00:00:00.25"]);
        assert_eq!(cells(&DurationMillisecondArray::from(vec![90_000, -500])), ["PT90S", "-PT0.5S"]);
        // the ends of what can be stored
        for value in [i64::MIN, i64::MAX] {
            assert_eq!(cells(&TimestampSecondArray::from(vec![value]).with_timezone("+23:00")).len(), 1);
            assert_eq!(cells(&Date64Array::from(vec![value])).len(), 1);
            assert_eq!(cells(&DurationMillisecondArray::from(vec![value])).len(), 1);
        }
    }

    #[test]
    fn a_dictionary_is_written_as_its_values() {
        let keys = Int8Array::from(vec![Some(1), None, Some(0)]);
        let array = DictionaryArray::new(keys, std::sync::Arc::new(Date32Array::from(vec![0, 1])));
        assert_eq!(cells(&array), ["1970-01-02", "", "1970-01-01"]);
    }
}
