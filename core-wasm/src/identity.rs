//! What the component says of itself.

use crate::json::line;
use crate::{decimal, model, schema, statistics, table, terms};
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

/// JSON object of limits: digits and exponent of a value, degree of a term, terms summed together, bytes of a record.
pub fn limits() -> String {
    line(&json!({
        "digits": decimal::DIGITS_MAX,
        "exponent": decimal::EXPONENT_MAX,
        "degree": terms::DEGREE_MAX,
        "terms": statistics::TERMS_MAX,
        "record_bytes": table::RECORD_BYTES_MAX,
    }))
}
