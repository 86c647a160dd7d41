//! Tells which types of columns are data, which have a text, and what to do about the others.

use arrow_schema::DataType;
use samefit_stages::ports::columns::RefusedType;

/// Returns what there is to say of a type whose values are neither numbers nor text.
pub(super) fn refused_type(data_type: &DataType) -> Option<RefusedType> {
    use DataType as T;
    const NUMBERS: &str = "as a column of integers or floats";
    let help = match data_type {
        T::Date32 | T::Date64 | T::Timestamp(..) => "as a number, such as the days since a date",
        T::Time32(_) | T::Time64(_) | T::Duration(_) => "as a number, such as of seconds",
        T::Interval(_) => "as a number, such as of days",
        T::List(_)
        | T::LargeList(_)
        | T::ListView(_)
        | T::LargeListView(_)
        | T::FixedSizeList(..)
        | T::Struct(_)
        | T::Map(..)
        | T::Union(..) => "as columns, one for each value in it",
        _ => NUMBERS,
    };
    let has_text = has_text(data_type);
    unsupported_type(data_type).map(|name| RefusedType { name, help, has_text })
}

/// Returns the name of the type if its values are neither numbers nor text.
fn unsupported_type(data_type: &DataType) -> Option<String> {
    use DataType as T;
    match data_type {
        T::Null | T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 | T::UInt64 => None,
        T::Float16 | T::Float32 | T::Float64 | T::Decimal32(..) | T::Decimal64(..) | T::Decimal128(..) | T::Decimal256(..) => None,
        T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Boolean => None,
        T::Dictionary(_, values) => unsupported_type(values),
        T::RunEndEncoded(_, values) => unsupported_type(values.data_type()),
        other => Some(other.to_string()),
    }
}

/// Whether values of a type that is neither a number nor a text have a text.
fn has_text(data_type: &DataType) -> bool {
    use DataType as T;
    match data_type {
        T::Date32 | T::Date64 | T::Time32(_) | T::Time64(_) | T::Timestamp(..) | T::Duration(_) => true,
        T::Dictionary(_, values) => has_text(values),
        T::RunEndEncoded(_, values) => has_text(values.data_type()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsupported_types_are_named() {
        let refused = refused_type(&DataType::Date32).unwrap();
        assert_eq!((refused.name.as_str(), refused.has_text), ("Date32", true));
        assert!(!refused_type(&DataType::Binary).unwrap().has_text);
        assert_eq!(unsupported_type(&DataType::Boolean), None);
        assert_eq!(unsupported_type(&DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8))), None);
    }
}
