//! The component's JSON to what pages and pictures show of it.

use serde_json::Value;

use crate::bins::{Bin, cell};
use crate::format::digits_of;

/// What a page shows of a model.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The whole document.
    pub document: Value,
}

/// A column of a model or of a profile, as far as the document tells.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a>(&'a Value);

/// A coefficient with what belongs to it.
#[derive(Clone, Debug)]
pub struct Coefficient<'a> {
    /// The feature; none for the intercept.
    pub name: Option<&'a str>,
    /// Its coefficient.
    pub coefficient: f64,
    /// The same with every digit, as the document has it.
    pub exact: String,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// Over its standard error.
    pub t: Option<f64>,
    /// Probability of a t as large by chance.
    pub p: Option<f64>,
}

impl Model {
    /// Reads `model.json`, which the component has accepted.
    #[must_use]
    pub fn new(document: Value) -> Self {
        Self { document }
    }

    /// The schema's title.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.document["schema_title"].as_str()
    }

    /// What the target is called: its title, else its name, else its column.
    #[must_use]
    pub fn target_title(&self) -> &str {
        let target = &self.document["target"];
        ["title", "name", "column"].iter().find_map(|key| target[*key].as_str()).unwrap_or("y")
    }

    /// A text of the target's entry.
    #[must_use]
    pub fn target(&self, key: &str) -> Option<&str> {
        self.document["target"][key].as_str()
    }

    /// The key under which predictions hold the predicted value.
    #[must_use]
    pub fn predicted_key(&self) -> String {
        format!("predicted_{}", self.target("name").or(self.target("column")).unwrap_or("y"))
    }

    /// A number of the fit.
    #[must_use]
    pub fn fit(&self, key: &str) -> Option<f64> {
        self.document["fit"][key].as_f64()
    }

    /// Digits after the point with which its outcome is written: as the residuals scatter, else as the outcomes do. A fit that leaves hardly
    /// anything gets no more than four digits beyond those of the outcomes, and none that a number of 64 bits does not have.
    #[must_use]
    pub fn outcome_digits(&self) -> usize {
        let outcomes = self.target_column();
        let usable = |value: &f64| *value > 0.0 && value.is_finite();
        let spread = outcomes.and_then(|column| column.number("sd")).filter(usable);
        let of_spread = spread.map_or(0, digits_of);
        let wanted = self.fit("residual_sd").filter(usable).map_or(of_spread, digits_of);
        let largest = outcomes.and_then(Column::range).map_or(1.0, |(low, high)| low.abs().max(high.abs())).max(1.0);
        wanted.min(of_spread + 4).min(digits_of(largest / 1e13))
    }

    /// How many rows it was fitted on.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.document["fit"]["rows"].as_u64().unwrap_or(0)
    }

    /// Root mean squared residual, number of records and threshold of its quality control.
    #[must_use]
    pub fn quality(&self) -> Option<(f64, u64, f64)> {
        let qc = &self.document["qc"];
        Some((self.document["rmse"].as_f64()?, qc["rows"].as_u64()?, qc["threshold"].as_f64()?))
    }

    /// The columns that the features use.
    #[must_use]
    pub fn feature_columns(&self) -> Vec<Column<'_>> {
        let columns = list(&self.document["columns"]);
        let features = columns.len().saturating_sub(1);
        columns[..features].iter().map(Column).collect()
    }

    /// The column of the target.
    #[must_use]
    pub fn target_column(&self) -> Option<Column<'_>> {
        list(&self.document["columns"]).last().map(Column)
    }

    /// A column by its name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<Column<'_>> {
        list(&self.document["columns"]).iter().map(Column).find(|column| column.name() == name)
    }

    /// The intercept, if it has one, and the coefficients.
    #[must_use]
    pub fn coefficients(&self) -> Vec<Coefficient<'_>> {
        let model = &self.document;
        let intercept = (model["has_intercept"].as_bool() != Some(false)).then(|| Coefficient {
            name: None,
            coefficient: model["intercept"].as_f64().unwrap_or(0.0),
            exact: model["intercept"].to_string(),
            std_error: model["intercept_std_error"].as_f64(),
            t: model["intercept_t"].as_f64(),
            p: model["intercept_p"].as_f64(),
        });
        let others = list(&model["coefficients"]).iter().map(|entry| Coefficient {
            name: entry["name"].as_str(),
            coefficient: entry["coefficient"].as_f64().unwrap_or(0.0),
            exact: entry["coefficient"].to_string(),
            std_error: entry["std_error"].as_f64(),
            t: entry["t"].as_f64(),
            p: entry["p"].as_f64(),
        });
        intercept.into_iter().chain(others).collect()
    }
}

impl<'a> Column<'a> {
    /// A column of a profile.
    #[must_use]
    pub fn of(value: &'a Value) -> Self {
        Self(value)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.0["name"].as_str().unwrap_or("")
    }

    /// The title that the schema gives it, else its name.
    #[must_use]
    pub fn title(self) -> &'a str {
        self.0["schema"]["title"].as_str().unwrap_or_else(|| self.name())
    }

    /// Its unit.
    #[must_use]
    pub fn unit(self) -> Option<&'a str> {
        self.0["schema"]["unit"].as_str()
    }

    /// A number of its entry.
    #[must_use]
    pub fn number(self, key: &str) -> Option<f64> {
        self.0[key].as_f64()
    }

    /// Outer edges of the outermost cells.
    #[must_use]
    pub fn range(self) -> Option<(f64, f64)> {
        Some((self.number("min")?, self.number("max")?))
    }

    /// Its values by cell.
    #[must_use]
    pub fn cells(self) -> Vec<Bin> {
        let counts = self.0["distribution"].as_object();
        let mut cells: Vec<Bin> =
            counts.into_iter().flatten().filter_map(|(edge, count)| Some(cell(edge.parse().ok()?, count.as_f64()?))).collect();
        // objects need not keep their order
        cells.sort_by(|a, b| a.from.total_cmp(&b.from));
        cells
    }
}

/// The entries of an array; none of anything else.
#[must_use]
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn outcomes_have_the_digits_that_mean_something() {
        let digits = |residual_sd: Value, sd: f64, max: f64| {
            let column = json!({"name": "y", "sd": sd, "min": 0.0, "max": max});
            Model::new(json!({"fit": {"residual_sd": residual_sd}, "columns": [column]})).outcome_digits()
        };
        assert_eq!(digits(json!(53.9), 77.0, 346.0), 0);
        assert_eq!(digits(json!(0.31), 0.9, 5.0), 2);
        assert_eq!(digits(json!(null), 0.9, 5.0), 2);
        assert_eq!(digits(json!(0.0), 77.0, 346.0), 0);
        assert_eq!(digits(json!(1e-14), 0.9, 5.0), 6);
        assert_eq!(digits(json!(0.001), 1.0, 1e12), 2);
        assert_eq!(Model::default().outcome_digits(), 0);
    }
}
