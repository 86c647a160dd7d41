//! Describes statistics and predictions for people, in short text.
//!
//! What a document lacks is left out, so a newer or older document is described as far as possible. Names in documents may come from anyone, so they
//! are shown through `samefit_text`.

use std::borrow::Cow;

use samefit_text::name as shown_name;
use serde_json::Value;

use crate::text::numbers::{counted, percent, shown};
use crate::text::table::table;

/// Describes statistics in a line, and in a second line how values were rounded for release.
pub fn statistics_line(statistics: &Value) -> String {
    let columns: Vec<Cow<'_, str>> = entries(&statistics["columns"]).filter_map(|column| column["name"].as_str()).map(shown_name).collect();
    let terms = entries(&statistics["terms"]).count().saturating_sub(columns.len());
    let products = if terms == 0 { String::new() } else { format!(" and {}", counted(terms as u64, "product")) };
    let of = counted(columns.len() as u64, "column");
    let rounded = decimals(statistics).map(|decimals| format!("\nrounded for release, to these decimals: {decimals}")).unwrap_or_default();
    format!("summed {} of {of}{products}: {}{rounded}", row_count(statistics), columns.join(", "))
}

/// Describes statistics: rows, columns, terms, distribution.
pub fn statistics(statistics: &Value) -> String {
    let mut rows = vec![["column", "unit", "cells"].map(str::to_owned)];
    rows.extend(entries(&statistics["columns"]).map(|column| {
        let name = raw(&column["name"]);
        let cells = cells(&statistics["distribution"][name]).map_or_else(|| "-".to_owned(), |cells| cells.to_string());
        [name.to_owned(), column["unit"].as_str().unwrap_or("-").to_owned(), cells]
    }));
    let distribution = if statistics.get("distribution").is_some() { "with" } else { "without" };
    format!(
        "statistics of {} ({} dropped), {distribution} distribution\n\n{}\n\nterms: {}",
        row_count(statistics),
        text(&statistics["dropped"]),
        table(&rows),
        terms(statistics).iter().map(|term| shown_name(term)).collect::<Vec<_>>().join(", ")
    )
}

/// Returns how many counts a column's distribution has: those of bins, and with a grid those of values too. `None` without distribution.
fn cells(distribution: &Value) -> Option<usize> {
    let counts = distribution.as_object()?;
    let len = |key: &str| distribution[key].as_object().map_or(0, serde_json::Map::len);
    Some(if distribution["values"].is_object() { len("values") + len("bins") } else { counts.len() })
}

/// Describes whether the statistics in a document were made with `--share`.
pub fn release(document: &Value) -> String {
    match decimals(document) {
        Some(decimals) => format!("made with --share: values are rounded to these decimals: {decimals}"),
        None => "made without --share: from values as they were measured, so it may reveal single rows".to_owned(),
    }
}

/// Lists decimals by column, and then by function: `bmi 1, y 0, ln(bmi) 4`.
fn decimals(document: &Value) -> Option<String> {
    let shared = &document["shared"];
    let columns = shared["decimals"].as_object()?.iter().map(|(name, decimals)| format!("{} {decimals}", shown_name(name)));
    let function = |rounded: &Value| {
        let (function, column) = (rounded["function"].as_str()?, rounded["column"].as_str()?);
        Some(format!("{function}({}) {}", shown_name(column), rounded["decimals"]))
    };
    let functions = shared["functions"].as_array().into_iter().flatten().filter_map(function);
    Some(columns.chain(functions).collect::<Vec<_>>().join(", "))
}

/// Returns the terms of statistics as text: `age`, `bmi^2`, `age*bmi`, `ln(tg)`, `(age-30)+^3`.
pub fn terms(statistics: &Value) -> Vec<String> {
    let variable = |variable: &Value| match (variable["function"].as_str(), variable["knot"].as_str()) {
        (Some(function), _) => format!("{function}({})", raw(&variable["column"])),
        (None, Some(knot)) => {
            let less = knot.strip_prefix('-').map_or_else(|| format!("-{knot}"), |size| format!("+{size}"));
            format!("({}{less})+^3", raw(&variable["column"]))
        }
        (None, None) => raw(variable).to_owned(),
    };
    let factor = |factor: &Value| match factor[1].as_u64() {
        Some(1) | None => variable(&factor[0]),
        Some(power) => format!("{}^{power}", variable(&factor[0])),
    };
    entries(&statistics["terms"]).map(|term| entries(term).map(factor).collect::<Vec<_>>().join("*")).collect()
}

/// Describes a prediction in a line, and its warnings in lines below.
pub fn prediction(file: &str, prediction: &Value) -> String {
    let Some((name, value)) = prediction.as_object().and_then(|object| object.iter().next()) else { return shown_name(file).into_owned() };
    let interval = &prediction["interval"];
    let interval = match interval["level"].as_f64() {
        Some(level) => {
            let of = if interval["of"] == "mean" { " of the mean" } else { "" };
            format!(" ({} interval{of} {} to {})", percent(level), shown(&interval["lower"]), shown(&interval["upper"]))
        }
        None => String::new(),
    };
    let warnings = entries(&prediction["warnings"])
        .map(|warning| format!("\n  warning: {}", samefit_text::line(&raw(&warning["text"]).replace('\n', "; "))));
    format!("{}: {} {}{interval}{}", shown_name(file), shown_name(name), shown(value), warnings.collect::<String>())
}

/// A record without a prediction, and why, on a line.
pub fn no_prediction(file: &str, problem: &str) -> String {
    format!("{}: no prediction ({})", shown_name(file), samefit_text::line(problem))
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns a text of a document as it may be shown.
fn text(value: &Value) -> Cow<'_, str> {
    shown_name(raw(value))
}

/// Returns a text of a document as it is.
fn raw(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

/// Counts rows; statistics have the number as text.
fn row_count(statistics: &Value) -> String {
    let rows = text(&statistics["rows"]);
    if rows == "1" { "1 row".to_owned() } else { format!("{rows} rows") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn statistics_are_described_with_counts() {
        let document = json!({
            "columns": [{"name": "age", "unit": "a"}, {"name": "y"}], "rows": "442", "dropped": "0",
            "terms": [[["age", 1]], [["y", 1]], [["age", 2]]],
            "distribution": {"age": {"values": {"18": 3, "20": 1}, "bins": {"150": 1}}, "y": {}},
        });
        assert_eq!(statistics_line(&document), "summed 442 rows of 2 columns and 1 product: age, y");
        let expected = "\
statistics of 442 rows (0 dropped), with distribution

column  unit  cells
age        a      3
y          -      0

terms: age, y, age^2";
        assert_eq!(statistics(&document), expected);
    }

    #[test]
    fn a_release_is_described() {
        let document = json!({"columns": [{"name": "y"}], "rows": "50", "shared": {"decimals": {"bmi": 1, "y": -1}}});
        assert_eq!(statistics_line(&document), "summed 50 rows of 1 column: y\nrounded for release, to these decimals: bmi 1, y -1");
        assert_eq!(release(&document), "made with --share: values are rounded to these decimals: bmi 1, y -1");
        let functions = json!([{"column": "bmi", "function": "ln", "decimals": 4}]);
        let document = json!({"shared": {"decimals": {"bmi": 1}, "functions": functions}});
        assert_eq!(release(&document), "made with --share: values are rounded to these decimals: bmi 1, ln(bmi) 4");
        assert!(release(&json!({})).starts_with("made without --share"));
    }

    #[test]
    fn a_prediction_is_described_in_a_line() {
        let document = json!({
            "predicted_y": 206.0254218480623, "interval": {"level": 0.95, "lower": 94.1, "upper": 317.9},
            "warnings": [{"text": "bmi is above the range seen in training\ntake care"}],
        });
        let expected =
            "a.json: predicted_y 206.025 (95 % interval 94.1 to 317.9)\n  warning: bmi is above the range seen in training; take care";
        assert_eq!(prediction("a.json", &document), expected);
    }
}
