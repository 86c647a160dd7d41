//! Describes a model for people, from its text and the component's summary of it.
//!
//! What a document lacks is left out. Names in documents may come from anyone, so they are shown through `samefit_text`.

use std::borrow::Cow;

use samefit_text::name as shown_name;
use serde_json::Value;

use crate::args::LevelArg;
use crate::error::{Error, InputError, Result};
use crate::ports::engine::Model;
use crate::text::json;
use crate::text::numbers::{counted, degrees_of_freedom, percent, probability, shown};
use crate::text::table::table;

/// What the component calls the intercept. No column can have this name.
const INTERCEPT: &str = "(intercept)";

/// A model with the component's summary of it.
pub struct DescribedModel {
    model: Value,
    summary: Value,
}

/// Returns what the user should know of a model: features that nearly depend on others.
pub fn notes_of(model: &dyn Model) -> Result<Vec<InputError>> {
    serde_json::from_str(&model.notes()?).map_err(|_| Error::Trap("notes that are not as the contract says".to_owned()))
}

impl DescribedModel {
    /// Summarises a model with intervals of this level. `text`: its text.
    pub fn new(model: &dyn Model, text: &str, level: LevelArg) -> Result<Self> {
        let summary = json::parse_ours(&model.summary(level.get())?)?;
        Ok(Self { model: json::parse_ours(text)?, summary })
    }

    /// Returns the summary (Summary in `docs/formats.md`).
    pub fn summary(&self) -> &Value {
        &self.summary
    }

    /// Returns the model with its summary as the entry `summary`.
    pub fn document(&self) -> String {
        let mut document = self.model.clone();
        document["summary"] = self.summary.clone();
        json::document(&document)
    }

    /// Returns what a person sees after training: the coefficients with their intervals, and how well the model fits.
    pub fn text(&self) -> String {
        let mut lines = vec![self.formula(), String::new(), self.coefficients(), String::new()];
        lines.extend(self.f());
        lines.push(self.fit());
        lines.extend(self.quality_control());
        lines.join("\n")
    }

    /// Returns what `inspect` shows: also the likelihood, the variance inflation factors and the condition indices.
    pub fn long_text(&self) -> String {
        let mut lines = vec![self.formula(), String::new(), self.coefficients(), String::new()];
        lines.extend(self.f());
        lines.push(self.fit());
        lines.extend(self.likelihood());
        lines.extend(self.collinearity());
        lines.extend(self.features());
        lines.extend(self.quality_control());
        lines.join("\n")
    }

    fn formula(&self) -> String {
        let terms = self.estimates().map(|term| name(&term["name"])).collect::<Vec<_>>().join(" + ");
        let terms = if terms.is_empty() { "0".to_owned() } else { terms };
        let rows = self.summary["rows"].as_u64().unwrap_or(0);
        format!("{} = {terms}, fitted on {}", name(&self.model["target"]["column"]), counted(rows, "row"))
    }

    fn coefficients(&self) -> String {
        let interval = format!("{} interval", self.summary["level"].as_f64().map_or_else(|| "-".to_owned(), percent));
        let head = ["", "coefficient", "std error", "t", "p", interval.as_str(), "", ""];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(self.estimates().map(|term| {
            let [value, error, t, lower, upper] = ["coefficient", "std_error", "t", "lower", "upper"].map(|key| shown(&term[key]));
            let to = if term["lower"].is_null() { "" } else { "to" };
            [name(&term["name"]).into_owned(), value, error, t, probability(&term["p"]), lower, to.to_owned(), upper]
        }));
        table(&rows)
    }

    fn fit(&self) -> String {
        let summary = &self.summary;
        let kind = if summary["r_squared_kind"] == "uncentred" { " (uncentred: no intercept)" } else { "" };
        let adjusted = match &summary["adjusted_r_squared"] {
            Value::Null => String::new(),
            adjusted => format!(", adjusted R2 {}", shown(adjusted)),
        };
        format!(
            "R2 {}{kind}{adjusted}, residual sd {} on {}",
            shown(&summary["r_squared"]),
            shown(&summary["residual_sd"]),
            degrees_of_freedom(&summary["residual_df"]),
        )
    }

    fn f(&self) -> Option<String> {
        let summary = &self.summary;
        summary["f"].is_number().then(|| {
            let [features, residual] = [0, 1].map(|at| shown(&summary["f_df"][at]));
            format!("F {} on {features} and {residual} degrees of freedom, p {}", shown(&summary["f"]), probability(&summary["f_p"]))
        })
    }

    fn likelihood(&self) -> Option<String> {
        let [log_likelihood, aic, bic] = ["log_likelihood", "aic", "bic"].map(|key| &self.summary[key]);
        let all = format!("log-likelihood {}, AIC {}, BIC {}", shown(log_likelihood), shown(aic), shown(bic));
        log_likelihood.is_number().then_some(all)
    }

    fn collinearity(&self) -> Vec<String> {
        let factors = self.estimates().filter(|term| term["vif"].is_number());
        let factors: Vec<String> = factors.map(|term| format!("{} {}", name(&term["name"]), shown(&term["vif"]))).collect();
        let indices: Vec<String> = entries(&self.summary["collinearity"]["condition_indices"]).map(shown).collect();
        let line = |what: &str, list: Vec<String>| (!list.is_empty()).then(|| format!("{what}: {}", list.join(", ")));
        line("variance inflation factors", factors).into_iter().chain(line("condition indices", indices)).collect()
    }

    /// The joint tests of features with several coefficients.
    fn features(&self) -> Option<String> {
        let head = ["feature", "coefficients", "F", "p", "generalised VIF", "its root"];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(entries(&self.summary["features"]).map(|feature| {
            let [count, f, vif, root] = ["coefficients", "f", "generalised_vif", "generalised_vif_root"].map(|key| shown(&feature[key]));
            [name(&feature["name"]).into_owned(), count, f, probability(&feature["f_p"]), vif, root]
        }));
        (rows.len() > 1).then(|| format!("\n{}", table(&rows)))
    }

    fn quality_control(&self) -> Vec<String> {
        let model = &self.model;
        if !model["rmse"].is_number() {
            return Vec::new();
        }
        let (rmse, threshold) = (shown(&model["rmse"]), shown(&model["qc"]["threshold"]));
        let records = counted(model["qc"]["rows"].as_u64().unwrap_or(0), "record");
        vec![
            format!("states that quality control accepted it: rmse {rmse} over {records}, threshold {threshold}"),
            "this is not checked here: `samefit verify` with --records and --threshold checks it".to_owned(),
        ]
    }

    /// The entries of the summary's coefficients, that of the intercept first.
    fn estimates(&self) -> impl Iterator<Item = &Value> {
        entries(&self.summary["coefficients"])
    }
}

fn entries(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Returns a name in a document as it may be shown.
fn name(value: &Value) -> Cow<'_, str> {
    match value.as_str() {
        Some(INTERCEPT) => Cow::Borrowed("intercept"),
        name => shown_name(name.unwrap_or("?")),
    }
}
