//! What the component says of itself.

use crate::json::line;
use crate::{decimal, model, schema, shared, statistics, table, terms};
use serde_json::json;

/// Version of the component.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// JSON object from file to format.
pub fn formats() -> String {
    line(&json!({
        "model.json": model::FORMAT,
        "statistics.json": statistics::FORMAT,
        "schema.json": schema::FORMAT,
        "report.json": crate::quality::REPORT_FORMAT,
        "profile.json": crate::profile::FORMAT,
        "residuals.json": crate::residuals::FORMAT,
    }))
}

/// JSON object of limits: digits and exponent of a value, degree of a term, terms summed together, bytes of a record, fewest rows that
/// are shared, in all, for each term, and apart from others.
pub fn limits() -> String {
    line(&json!({
        "digits": decimal::DIGITS_MAX,
        "exponent": decimal::EXPONENT_MAX,
        "degree": terms::DEGREE_MAX,
        "terms": statistics::TERMS_MAX,
        "record_bytes": table::RECORD_BYTES_MAX,
        "shared_rows": shared::ROWS_MIN,
        "shared_term_rows": shared::TERM_ROWS_MIN,
        "shared_apart_rows": shared::APART_ROWS_MIN,
    }))
}
