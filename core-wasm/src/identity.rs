//! What the component says of itself.

use crate::disclosure::policy;
use crate::json::line;
use crate::{decimal, model, records, schema, statistics, terms};
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

/// JSON object of limits: digits and exponent of a value, degree of a term, terms summed together, columns of a table,
/// characters of a name, bytes of a record, entry formulas that need one another, fewest rows that are shared, in all, for each term, and apart from others.
pub fn limits() -> String {
    line(&json!({
        "digits": decimal::DIGITS_MAX,
        "exponent": decimal::EXPONENT_MAX,
        "degree": terms::DEGREE_MAX,
        "terms": statistics::TERMS_MAX,
        "columns": terms::COLUMNS_MAX,
        "name_chars": terms::NAME_CHARS_MAX,
        "formulas_deep": schema::FORMULAS_DEEP_MAX,
        "record_bytes": records::RECORD_BYTES_MAX,
        "shared_rows": policy::ROWS_MIN,
        "shared_term_rows": policy::TERM_ROWS_MIN,
        "shared_apart_rows": policy::APART_ROWS_MIN,
    }))
}
