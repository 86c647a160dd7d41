//! What quality control adds to the text of a model that it accepts.

use serde_json::{Value, json};

use crate::text::json;

/// The verdict in an accepted model.
pub(crate) struct Acceptance {
    rmse: f64,
    rows: i64,
    threshold: f64,
}

impl Acceptance {
    /// Reads the acceptance in a model; none if quality control could not have added it.
    pub(crate) fn stated(model: &Value) -> Option<Self> {
        let (rmse, qc) = (model.get("rmse")?.as_f64()?, model.get("qc")?);
        let (rows, threshold) = (qc["rows"].as_i64()?, qc["threshold"].as_f64()?);
        (rmse >= 0.0 && rmse < threshold && rows > 0).then_some(Self { rmse, rows, threshold })
    }

    /// Adds this acceptance to a model's text, as the engine writes it: two lines after the target. A text without such a place stays as it is, and so
    /// differs from every model with an acceptance.
    pub(crate) fn added_to(&self, model: &str) -> String {
        let qc = json::line(&json!({"rows": self.rows, "threshold": self.threshold}));
        let lines = format!("\n  \"rmse\": {},\n  \"qc\": {qc},", Value::from(self.rmse));
        match model.split_once(AFTER_ACCEPTANCE) {
            Some((before, after)) => format!("{before}{lines}{AFTER_ACCEPTANCE}{after}"),
            None => model.to_owned(),
        }
    }
}

/// The text after an acceptance. It occurs once: JSON strings contain no line break, and deeper keys are indented more.
const AFTER_ACCEPTANCE: &str = "\n  \"intercept\": ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_is_added_after_the_target() {
        let model = "{\n  \"format\": \"f\",\n  \"target\": {\"column\": \"y\"},\n  \"intercept\": 1.0,\n  \"columns\": [\n    {\n      \"intercept\": 2\n    }\n  ]\n}\n";
        let acceptance = Acceptance { rmse: 56.0, rows: 88, threshold: 60.0 };
        let accepted = acceptance.added_to(model);
        let added = "\"column\": \"y\"},\n  \"rmse\": 56.0,\n  \"qc\": {\"rows\": 88, \"threshold\": 60.0},\n  \"intercept\": 1.0,\n";
        assert!(accepted.contains(added), "{accepted}");
        let lines = "  \"rmse\": 56.0,\n  \"qc\": {\"rows\": 88, \"threshold\": 60.0},\n";
        assert_eq!(accepted.replacen(lines, "", 1), model);
        assert_eq!(acceptance.added_to("{}\n"), "{}\n");
    }

    #[test]
    fn an_acceptance_that_quality_control_cannot_have_added_is_not_read() {
        let stated = |rmse: Value, qc: Value| Acceptance::stated(&json!({"rmse": rmse, "qc": qc})).is_some();
        assert!(stated(json!(56.5), json!({"rows": 88, "threshold": 60.0})));
        assert!(!stated(json!(60.0), json!({"rows": 88, "threshold": 60.0})));
        assert!(!stated(json!(-1.0), json!({"rows": 88, "threshold": 60.0})));
        assert!(!stated(json!(56.5), json!({"rows": 0, "threshold": 60.0})));
        assert!(!stated(json!(56.5), json!({"rows": 88})));
        assert!(!stated(json!(null), json!({"rows": 88, "threshold": 60.0})));
        assert!(Acceptance::stated(&json!({"rmse": 56.5})).is_none());
    }
}
