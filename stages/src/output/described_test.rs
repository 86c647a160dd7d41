//! Describes the F test of two models, or of linear restrictions, for people.

use std::borrow::Cow;

use samefit_text::name as shown_name;
use serde_json::Value;

use crate::text::numbers::{counted, probability, shown};
use crate::text::table::table;

/// Describes a comparison or a test: both models with their residuals, and the F test.
pub fn text(test: &Value) -> String {
    let rows = counted(test["rows"].as_u64().unwrap_or(0), "row");
    let target = shown_name(test["target"].as_str().unwrap_or("?"));
    let (head, models) = match test.get("restrictions") {
        Some(restrictions) => {
            let head = format!("{target} on {rows}, tested: {}", list(restrictions));
            (head, [("restricted", &test["restricted"]), ("unrestricted", &test["model"])])
        }
        None => {
            let added = &test["added"];
            let which = if added.as_array().is_some_and(|added| added.len() == 1) { "with" } else { "with all of" };
            let head = format!("{target} on {rows}, {which} {} against without", list(added));
            (head, [("without", &test["smaller"]), ("with", &test["larger"])])
        }
    };
    let mut lines = vec![["model", "residual df", "residual sum of squares"].map(str::to_owned)];
    lines.extend(models.map(|(name, model)| [name.to_owned(), shown(&model["residual_df"]), shown(&model["rss"])]));
    format!("{head}\n\n{}\n\n{}", table(&lines), verdict(test))
}

fn verdict(test: &Value) -> String {
    let [restrictions, residual] = [0, 1].map(|at| shown(&test["f_df"][at]));
    let difference = shown(&test["sum_of_squares"]);
    if test["f"].is_null() {
        return format!("the difference is {difference}; there is no F, because no residuals are left to compare it with");
    }
    let (f, p) = (shown(&test["f"]), probability(&test["f_p"]));
    format!("the difference is {difference}: F {f} on {restrictions} and {residual} degrees of freedom, p {p}")
}

fn list(names: &Value) -> String {
    let names: Vec<Cow<'_, str>> = names.as_array().into_iter().flatten().filter_map(Value::as_str).map(shown_name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_comparison_names_both_models_and_the_terms_between_them() {
        let document = json!({
            "target": "y", "rows": 442, "added": ["ltg"],
            "smaller": {"residual_df": 440, "rss": 1_719_581.8}, "larger": {"residual_df": 439, "rss": 1_416_694.0},
            "sum_of_squares": 302_887.8, "f": 93.8577, "f_df": [1, 439], "f_p": 0.0,
        });
        let expected = "\
y on 442 rows, with ltg against without

model    residual df  residual sum of squares
without          440                1.71958e6
with             439                1.41669e6

the difference is 302888: F 93.8577 on 1 and 439 degrees of freedom, p < 1e-300";
        assert_eq!(text(&document), expected);
    }

    #[test]
    fn a_test_names_the_restrictions() {
        let document = json!({
            "target": "y", "rows": 4, "restrictions": ["a = b", "c = 0"],
            "restricted": {"residual_df": 2, "rss": 0.0}, "model": {"residual_df": 0, "rss": 0.0},
            "sum_of_squares": 0.0, "f": null, "f_df": [2, 0], "f_p": null,
        });
        let text = text(&document);
        assert!(text.starts_with("y on 4 rows, tested: a = b, c = 0\n"), "{text}");
        assert!(text.ends_with("there is no F, because no residuals are left to compare it with"), "{text}");
    }
}
