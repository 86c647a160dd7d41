//! The version of the component, the formats that it reads and writes, and its limits.

use crate::json::line;
use crate::release_policy;
use crate::{decimal, model, records, schema, statistics, terms};
use serde_json::json;

/// Version of the component.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Returns the format of each file that the component writes, as a JSON object on one line.
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

/// Returns the limits, as a JSON object on one line.
///
/// - `digits`, `exponent`: of a value
/// - `degree`: of a term
/// - `terms`: columns and terms that are summed together
/// - `columns`: of a table
/// - `name_chars`: of a name
/// - `formulas_deep`: entry formulas whose inputs are formulas in turn
/// - `record_bytes`: of a record
/// - `shared_rows`, `shared_term_rows`: fewest rows of shared statistics, and fewest for each column and term
/// - `shared_apart_rows`: fewest rows that shared sums may single out
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
        "shared_rows": release_policy::ROWS_MIN,
        "shared_term_rows": release_policy::TERM_ROWS_MIN,
        "shared_apart_rows": release_policy::SINGLED_OUT_ROWS_MIN,
    }))
}
