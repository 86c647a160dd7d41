//! Reads from the component's JSON what pages and pictures show.

use serde_json::Value;

use crate::bins::Bin;
use crate::format::{NumberFormat, digits_of};

/// A model, as `model.json` has it.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// The content of `model.json`.
    pub document: Value,
}

/// A column of a model or of a profile.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a>(&'a Value);

/// The intercept or a coefficient, with its statistics.
#[derive(Clone, Debug)]
pub struct Coefficient<'a> {
    /// The feature's name. `None` for the intercept.
    pub name: Option<&'a str>,
    /// The factors of the feature. Empty for the intercept, and if the name says all.
    pub factors: Vec<Factor<'a>>,
    /// The coefficient.
    pub coefficient: f64,
    /// The coefficient's text in the document, with all digits.
    pub exact: String,
    /// Its standard error.
    pub std_error: Option<f64>,
    /// The coefficient divided by its standard error.
    pub t: Option<f64>,
    /// The two-sided p-value of `t`.
    pub p: Option<f64>,
}

/// A factor of a coefficient: a power of a column, or the indicator of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor<'a> {
    /// The column.
    pub column: &'a str,
    /// The level of the rows in which the indicator is 1. `None` for a column of numbers.
    pub level: Option<&'a str>,
    /// The power.
    pub power: u64,
}

/// A level of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level<'a> {
    /// The level, as in the data.
    pub level: &'a str,
    /// Number of rows of the training data.
    pub rows: u64,
}

impl Model {
    /// Creates a model from a document that the component has accepted.
    #[must_use]
    pub fn new(document: Value) -> Self {
        Self { document }
    }

    /// Returns the schema's title.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.document["schema_title"].as_str()
    }

    /// Returns the target's title, or its name, or its column, in that order.
    #[must_use]
    pub fn target_title(&self) -> &str {
        let target = &self.document["target"];
        ["title", "name", "column"].iter().find_map(|key| target[*key].as_str()).unwrap_or("y")
    }

    /// Returns a text of the target's entry.
    #[must_use]
    pub fn target(&self, key: &str) -> Option<&str> {
        self.document["target"][key].as_str()
    }

    /// Returns a number of the fit, for instance `r_squared`.
    #[must_use]
    pub fn fit(&self, key: &str) -> Option<f64> {
        self.document["fit"][key].as_f64()
    }

    /// Returns how many digits after the point to show of the outcome.
    ///
    /// The residuals' standard deviation decides, or that of the outcomes if there is none. A nearly exact fit gets at most four digits more
    /// than the outcomes have, and never more than an `f64` holds.
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

    /// Returns the number of rows in the fit.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.document["fit"]["rows"].as_u64().unwrap_or(0)
    }

    /// Returns the quality control's root mean squared error, number of records and threshold. `None` before quality control.
    #[must_use]
    pub fn quality(&self) -> Option<(f64, u64, f64)> {
        let qc = &self.document["qc"];
        Some((self.document["rmse"].as_f64()?, qc["rows"].as_u64()?, qc["threshold"].as_f64()?))
    }

    /// Returns the columns that the features use.
    #[must_use]
    pub fn feature_columns(&self) -> Vec<Column<'_>> {
        let columns = list(&self.document["columns"]);
        let features = columns.len().saturating_sub(1);
        columns[..features].iter().map(Column).collect()
    }

    /// Returns the target's column.
    #[must_use]
    pub fn target_column(&self) -> Option<Column<'_>> {
        list(&self.document["columns"]).last().map(Column)
    }

    /// Returns the column of this name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<Column<'_>> {
        list(&self.document["columns"]).iter().map(Column).find(|column| column.name() == name)
    }

    /// Returns the intercept, if the model has one, and the coefficients.
    #[must_use]
    pub fn coefficients(&self) -> Vec<Coefficient<'_>> {
        let model = &self.document;
        let intercept = (model["has_intercept"].as_bool() != Some(false)).then(|| Coefficient {
            name: None,
            factors: Vec::new(),
            coefficient: model["intercept"].as_f64().unwrap_or(0.0),
            exact: model["intercept"].to_string(),
            std_error: model["intercept_std_error"].as_f64(),
            t: model["intercept_t"].as_f64(),
            p: model["intercept_p"].as_f64(),
        });
        let others = list(&model["coefficients"]).iter().map(|entry| Coefficient {
            name: entry["name"].as_str(),
            factors: list(&entry["factors"]).iter().map(Factor::of).collect::<Option<_>>().unwrap_or_default(),
            coefficient: entry["coefficient"].as_f64().unwrap_or(0.0),
            exact: entry["coefficient"].to_string(),
            std_error: entry["std_error"].as_f64(),
            t: entry["t"].as_f64(),
            p: entry["p"].as_f64(),
        });
        intercept.into_iter().chain(others).collect()
    }

    /// Returns what people call the feature of a coefficient: the title of its column, `Site [North]` for the level of a category, and its
    /// name if it has other factors. `translate` words a title of the schema. `None` for the intercept.
    #[must_use]
    pub fn feature_title(&self, coefficient: &Coefficient<'_>, translate: &dyn Fn(&str) -> String) -> Option<String> {
        let name = coefficient.name?;
        let column_title = |name: &str| self.column(name).map_or_else(|| name.to_owned(), |column| translate(column.title()));
        let factor = |factor: &Factor<'_>| {
            let level_title = |level| self.column(factor.column).map_or(level, |column| column.level_title(level));
            let level = factor.level.map_or_else(String::new, |level| format!(" [{}]", translate(level_title(level))));
            let power = if factor.power == 1 { String::new() } else { format!("^{}", factor.power) };
            column_title(factor.column) + &level + &power
        };
        let factors: Vec<String> = coefficient.factors.iter().map(factor).collect();
        Some(if factors.is_empty() { column_title(name) } else { factors.join(" × ") })
    }
}

impl<'a> Factor<'a> {
    /// Reads a factor. `None` if it says more than a column, a level and a power: then only the name says what it is.
    fn of(value: &'a Value) -> Option<Self> {
        let is_known = value.as_object()?.keys().all(|key| ["column", "level", "power"].contains(&key.as_str()));
        let power = value["power"].as_u64().unwrap_or(1);
        is_known.then_some(Self { column: value["column"].as_str()?, level: value["level"].as_str(), power })
    }
}

impl<'a> Column<'a> {
    /// Creates a column from its entry in a model or in a profile.
    #[must_use]
    pub fn of(value: &'a Value) -> Self {
        Self(value)
    }

    /// Returns the column's name.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.0["name"].as_str().unwrap_or("")
    }

    /// Returns the title that the schema gives the column, or its name.
    #[must_use]
    pub fn title(self) -> &'a str {
        self.0["schema"]["title"].as_str().unwrap_or_else(|| self.name())
    }

    /// Returns the column's unit.
    #[must_use]
    pub fn unit(self) -> Option<&'a str> {
        self.0["schema"]["unit"].as_str()
    }

    /// Returns the levels that the training data have rows of; empty for a column of numbers.
    #[must_use]
    pub fn levels(self) -> Vec<Level<'a>> {
        let level = |one: &'a Value| Some(Level { level: one["level"].as_str()?, rows: one["rows"].as_u64()? });
        list(&self.0["levels"]).iter().filter_map(level).collect()
    }

    /// Returns the level with which the coefficients of the others compare.
    #[must_use]
    pub fn reference(self) -> Option<&'a str> {
        self.0["reference"].as_str()
    }

    /// Returns the title that the schema gives a level, or the level.
    #[must_use]
    pub fn level_title(self, level: &'a str) -> &'a str {
        let known = list(&self.0["schema"]["categories"]).iter().find(|category| category["value"] == level);
        known.and_then(|category| category["title"].as_str()).unwrap_or(level)
    }

    /// Returns a number of the column's entry, for instance `mean`.
    #[must_use]
    pub fn number(self, key: &str) -> Option<f64> {
        self.0[key].as_f64()
    }

    /// Returns the lowest and the highest value, or edges of bins that lie slightly outside the data: see [`Self::has_exact_range`].
    #[must_use]
    pub fn range(self) -> Option<(f64, f64)> {
        Some((self.number("min")?, self.number("max")?))
    }

    /// Returns whether the ends of the [`range`](Self::range) of a model's column are values of the data. Models made before ranges were exact
    /// do not say so.
    #[must_use]
    pub fn has_exact_range(self) -> bool {
        self.0["range_is_exact"] == true
    }

    /// Returns an end of the range of a model's column, `min` or `max`, as text: with all its digits if the range is exact, else rounded and
    /// put in words by `about`. `None` if the model does not tell it.
    #[must_use]
    pub fn range_end(self, key: &str, format: NumberFormat, digits: i32, about: &dyn Fn(&str) -> String) -> Option<String> {
        let end = self.number(key)?;
        Some(if self.has_exact_range() { format.shortest(end) } else { about(&format.significant(end, digits)) })
    }

    /// Returns the column's distribution, in increasing order of values. A value that was counted by itself is a bin without width.
    #[must_use]
    pub fn bins(self) -> Vec<Bin> {
        let distribution = &self.0["distribution"];
        let values = distribution["values"].as_object();
        let counts = values.map_or(distribution, |_| &distribution["bins"]).as_object();
        let value = |(value, count): (&String, &Value)| Some(Bin::of_value(value.parse().ok()?, count.as_f64()?));
        let bin = |(edge, count): (&String, &Value)| Some(Bin::of_distribution(edge.parse().ok()?, count.as_f64()?));
        let values = values.into_iter().flatten().filter_map(value);
        let mut bins: Vec<Bin> = values.chain(counts.into_iter().flatten().filter_map(bin)).collect();
        // a reader of JSON need not keep the order of keys
        bins.sort_by(|a, b| a.from.total_cmp(&b.from));
        bins
    }
}

/// Returns the entries of an array, and no entries of any other value.
#[must_use]
pub fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_level_is_called_by_its_title() {
        let site = json!({"name": "site", "levels": [{"level": "b", "rows": 12}],
            "schema": {"title": "Site", "categories": [{"value": "b", "title": "North"}, {"value": "c"}]}});
        let coefficients = json!([
            {"name": "age"},
            {"name": "site[b]", "factors": [{"column": "site", "level": "b"}]},
            {"name": "age^2*site[c]", "factors": [{"column": "age", "power": 2}, {"column": "site", "level": "c"}]},
            {"name": "ln(age)*site[b]", "factors": [{"column": "age", "function": "ln"}, {"column": "site", "level": "b"}]},
        ]);
        let age = json!({"name": "age", "schema": {"title": "Age"}});
        let model = Model::new(json!({"columns": [age, site, {"name": "y"}], "coefficients": coefficients}));
        let titles: Vec<_> = model.coefficients().iter().map(|one| model.feature_title(one, &str::to_owned)).collect();
        let expected = [None, Some("Age"), Some("Site [North]"), Some("Age^2 × Site [c]"), Some("ln(age)*site[b]")];
        assert_eq!(titles, expected.map(|title| title.map(str::to_owned)));
        assert_eq!(model.column("site").map(Column::levels), Some(vec![Level { level: "b", rows: 12 }]));
    }

    #[test]
    fn a_range_is_exact_if_the_model_says_so() {
        let distribution = json!({"values": {"42.2": 1, "18": 2}, "bins": {"42": 3}});
        let bmi = json!({"name": "bmi", "min": 18.0, "max": 42.2, "range_is_exact": true, "distribution": distribution});
        let age = json!({"name": "age", "min": 18.0, "max": 80.0, "distribution": {"18": 1, "79": 1}});
        let model = Model::new(json!({"columns": [bmi, age]}));
        let end = |name: &str, key: &str| {
            model.column(name).and_then(|column| column.range_end(key, NumberFormat::default(), 2, &|end| format!("about {end}")))
        };
        assert_eq!(["min", "max"].map(|key| end("bmi", key)), ["18", "42.2"].map(|end| Some(end.to_owned())));
        assert_eq!(["min", "max"].map(|key| end("age", key)), ["about 18", "about 80"].map(|end| Some(end.to_owned())));
        let bin = |from, to, count| Bin { from, to, count };
        let bins = model.column("bmi").map(Column::bins);
        assert_eq!(bins, Some(vec![bin(18.0, 18.0, 2.0), bin(42.0, 42.5, 3.0), bin(42.2, 42.2, 1.0)]));
    }

    #[test]
    fn outcomes_are_shown_with_significant_digits() {
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
