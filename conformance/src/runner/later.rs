//! Functions that a later edition of the contract might have. Every runner is asked for them, so a new function changes no runner.

use super::engine::RunnerEngine;
use super::resource::STATISTICS;
use super::table::place;
use samefit_stages::error::Result;
use samefit_stages::ports::engine::Engine as _;
use serde_json::{Value as Json, json};

/// Places of functions of today, and the interface and name that they get besides.
const LATER: [(&str, &str, &str); 3] = [
    ("identity/version", "edition", "number"),
    ("training/statistics.parse", "training", "read"),
    ("training/statistics.to-json", "training", "text"),
];

/// Returns a table in which some functions, exports of today, stand a second time under other names.
///
/// # Errors
/// If the text is not the table of `abi.json`.
pub fn with_later_functions(table: &str) -> Result<String, String> {
    let mut table: Json = serde_json::from_str(table).map_err(|error| format!("abi.json: {error}"))?;
    let functions = table["functions"].as_array_mut().ok_or("abi.json has no functions")?;
    for (today, interface, name) in LATER {
        let found = functions.iter().find(|function| place(function).as_deref() == Some(today));
        let mut later = found.cloned().ok_or_else(|| format!("abi.json has no {today}"))?;
        later["interface"] = json!(interface);
        later["name"] = json!(name);
        functions.push(later);
    }
    Ok(table.to_string())
}

/// Calls the functions that [`with_later_functions`] added, and compares their results with those of today's.
///
/// # Errors
/// If a call fails, or a result differs.
pub fn check_later_functions(engine: &RunnerEngine, statistics: &str) -> Result<(), String> {
    let is_same = || -> Result<bool> {
        let number: String = engine.call("edition/number", &[])?;
        let text: String = engine.make(STATISTICS, "read", &[statistics.into()])?.call("text", &[])?;
        Ok(number == engine.identity()?.version && text == statistics)
    };
    match is_same() {
        Ok(true) => Ok(()),
        Ok(false) => Err("a function of a later contract has another result".to_owned()),
        Err(error) => Err(format!("a function of a later contract: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::Table;
    use super::*;

    #[test]
    fn functions_of_today_stand_a_second_time() {
        let later = with_later_functions(include_str!("../../../core-wasm/wit/abi.json")).unwrap();
        let later = Table::parse(&later).unwrap();
        assert_eq!(later.function("edition/number").unwrap().result.as_deref(), Some("string"));
        assert_eq!(later.function("training/statistics.text").unwrap().params, ["borrow<statistics>"]);
        assert!(later.function("training/statistics.to-json").is_ok());
    }
}
