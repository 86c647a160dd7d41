//! A fitted model, and its text `model.json`.
//!
//! *Invariants*: equal models have equal text. Keys have a fixed order, and floats are written as their shortest text that reads back as the
//! same float.
//!
//! Reading order: this file (what a model consists of), `features` (the features of its coefficients), `check` (what a forged model could
//! have wrong).
//!
//! *Not here*: fitting (`fit`), prediction (`predict`).

mod check;
pub mod features;

use crate::error::{Code, Error, Result, list};
use crate::functions::Function;
use crate::json;
use crate::level::{KeptLevels, Level};
use crate::ordered::IntoOrdered;
use crate::plan::Plan;
use crate::release_policy::Shared;
use crate::schema::{Field, Kind, Schema, Target};
use crate::splines::Knots;
use crate::terms::{Term, Variable};
use crate::two_part::TwoPartF64;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Name and version of the format.
pub const FORMAT: &str = "samefit-model/2";
/// The format before, which has no remainders. Such a model is read as one whose remainders are zero.
pub const FORMAT_1: &str = "samefit-model/1";

/// What R² of a model is whose columns span the constant.
pub const CENTRED: &str = "centred";
/// What R² of other models is.
pub const UNCENTRED: &str = "uncentred";

/// Most combinations of levels without rows.
pub const EMPTY_CELLS_MAX: usize = 1 << 16;

/// Most combinations of levels that a note names.
const EMPTY_CELLS_NAMED: usize = 8;

/// A fitted model. The section *model.json* of docs/formats.md describes each key.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Model {
    /// Always [`FORMAT`].
    pub format: String,
    /// The column that is predicted.
    pub target: Target,
    /// Root mean squared residual over the records of quality control; only of an accepted model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rmse: Option<f64>,
    /// How quality control accepted the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qc: Option<Qc>,
    /// The intercept; zero for a model without one.
    pub intercept: f64,
    /// The f64 nearest to the exact intercept less `intercept`.
    #[serde(default)]
    pub intercept_remainder: f64,
    /// Whether the model has an intercept.
    pub has_intercept: bool,
    /// The coefficients, in the order of the features.
    pub coefficients: Vec<ModelCoefficient>,
    /// Standard error of the intercept.
    pub intercept_std_error: Option<f64>,
    /// t statistic of the intercept.
    pub intercept_t: Option<f64>,
    /// Two-sided p value of the intercept.
    pub intercept_p: Option<f64>,
    /// How well the model fits its training data.
    pub fit: Fit,
    /// The weights of the rows of the training data; `None` if each row counted once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<ModelWeights>,
    /// The factors of X'X, from which the leverage of a record follows.
    pub leverage: Leverage,
    /// Features that nearly depend on others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near_collinear: Vec<NearCollinearity>,
    /// Features, or levels of them, that are left out because they depend on those before them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The columns that the features use, then the target.
    pub columns: Vec<ModelColumn>,
    /// Combinations of levels that a product of categories asks for, and of which the training data have no row. A record with one of them
    /// has no prediction.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub empty_cells: Vec<Vec<CoefficientFactor>>,
    /// The other fields of the schema that a form of these columns needs; `None` for a model without a schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
    /// Title of the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_title: Option<String>,
    /// How the values of its training data were rounded, if they were shared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// SHA-256 of the canonical statistics of the terms that the model uses, as hexadecimal digits.
    pub statistics_sha256: String,
}

/// How quality control accepted a model.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Qc {
    /// Number of records.
    pub rows: i64,
    /// The threshold; `rmse` is below it.
    pub threshold: f64,
}

/// One coefficient.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ModelCoefficient {
    /// The text of the term.
    pub name: String,
    /// The factors of the term. `None` if all of them are powers of columns, because then the name says all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factors: Option<Vec<CoefficientFactor>>,
    /// The coefficient.
    pub coefficient: f64,
    /// The f64 nearest to the exact coefficient less `coefficient`.
    #[serde(default)]
    pub remainder: f64,
    /// Standard error of the coefficient.
    pub std_error: Option<f64>,
    /// t statistic: `coefficient / std_error`.
    pub t: Option<f64>,
    /// Two-sided p value of `t`.
    pub p: Option<f64>,
    /// Share of the feature's variation that the other features do not explain: 1 - R² of the feature on them, or 1 / VIF. `None` in a
    /// model of format 1.
    #[serde(default)]
    pub tolerance: Option<f64>,
}

/// A factor of the term of a coefficient: a variable, and its power.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct CoefficientFactor {
    /// The column.
    pub column: String,
    /// For an indicator: the level of the rows in which it is 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// For a function of the column: its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// For a restricted cubic spline: its knots, as decimal numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub knots: Option<Vec<String>>,
    /// For a restricted cubic spline: the number of the basis function, from 1. The first is the column itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<usize>,
    /// The power.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub power: u32,
}

fn one() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_one(power: &u32) -> bool {
    *power == 1
}

impl CoefficientFactor {
    /// Returns the factors of a term; `None` if all of them are powers of columns.
    pub fn of(term: &Term) -> Option<Vec<Self>> {
        if term.factors.iter().all(|(variable, _)| matches!(variable, Variable::Column(_))) {
            return None;
        }
        Some(term.factors.iter().map(|(variable, power)| Self::new(variable, *power)).collect())
    }

    /// Returns a power of a variable.
    fn new(variable: &Variable, power: u32) -> Self {
        Self { power, ..Self::of_variable(variable) }
    }

    /// Returns a variable to the first power.
    pub fn of_variable(variable: &Variable) -> Self {
        let none = Self { column: variable.column().to_owned(), level: None, function: None, knots: None, basis: None, power: 1 };
        match variable {
            // only statistics have cubes, and only features have whole splines
            Variable::Column(_) | Variable::Cube { .. } => none,
            Variable::Level { level, .. } => Self { level: Some(level.clone()), ..none },
            Variable::Function { function, .. } => Self { function: Some(function.name().to_owned()), ..none },
            Variable::Spline { knots, basis, .. } => Self {
                knots: Some(knots.as_slice().iter().map(ToString::to_string).collect()),
                basis: basis.map(|basis| basis + 1),
                ..none
            },
        }
    }

    /// Returns the variable; `None` if the entries contradict each other or name nothing that there is.
    pub(crate) fn variable(&self) -> Option<Variable> {
        let column = self.column.clone();
        match (&self.level, &self.function, &self.knots, self.basis) {
            (None, None, None, None) => Some(Variable::Column(column)),
            (Some(level), None, None, None) => Some(Variable::Level { column, level: level.clone() }),
            (None, Some(name), None, None) => Function::from_name(name).map(|function| Variable::Function { function, column }),
            (None, None, Some(texts), Some(number)) => {
                let knots = Knots::parse(texts).ok()?;
                let basis = number.checked_sub(1).filter(|basis| *basis < knots.basis_len())?;
                Some(Variable::Spline { column, knots, basis: Some(basis) })
            }
            _ => None,
        }
    }
}

/// A level of a category in the training data.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ModelLevel {
    /// The level.
    pub level: Level,
    /// Number of rows; `None` if they have weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<i64>,
    /// The sum of the weights of the rows; `None` if each row counted once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

/// The weights of the rows of training data. Sums of squares and products are sums times these, means and standard deviations too.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct ModelWeights {
    /// The column of the weights.
    pub column: String,
    /// The sum of the weights.
    pub sum: f64,
    /// The sum of the natural logarithms of the weights, each of them rounded to the nearest f64.
    pub log_sum: f64,
}

/// How well a model fits its training data.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Fit {
    /// Number of rows; with weights, of those whose weight is above zero.
    pub rows: i64,
    /// Degrees of freedom: the number of rows less that of the coefficients, the intercept among them.
    pub residual_df: i64,
    /// Residual sum of squares; with weights, each square is multiplied by the weight of its row.
    pub rss: f64,
    /// Total sum of squares, about the mean or about zero, as `r_squared_kind` says. `None` in a model of format 1.
    #[serde(default)]
    pub tss: Option<f64>,
    /// Residual standard deviation: `sqrt(rss / residual_df)`.
    pub residual_sd: Option<f64>,
    /// Coefficient of determination: `1 - rss / tss`.
    pub r_squared: Option<f64>,
    /// `1 - (rss / residual_df) / (tss / total_df)`, where total_df is the number of rows, less one if the columns span the constant. `None`
    /// in a model of format 1.
    #[serde(default)]
    pub adjusted_r_squared: Option<f64>,
    /// F statistic of all features together: `((tss - rss) / model_df) / (rss / residual_df)` ([`Model::model_df`]). `None` without features or degrees of freedom,
    /// for a perfect fit, and in a model of format 1.
    #[serde(default)]
    pub f: Option<f64>,
    /// Upper tail of the F distribution at `f`.
    #[serde(default)]
    pub f_p: Option<f64>,
    /// [`CENTRED`] if the columns span the constant; else [`UNCENTRED`], and the total sum of squares is taken about zero.
    pub r_squared_kind: String,
}

/// The factors of X'X = L D L', where X has the intercept's column of ones and the features.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Leverage {
    /// The order of the columns of X in the factors: indexes among the intercept, if there is one, and then the coefficients. `None` if they
    /// stand in this order. The indicators of a large category stand first, because their rows of L are zeros.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Vec<usize>>,
    /// The rows of L, left of its unit diagonal. A row may leave out zeros at its beginning if there is an order.
    pub l: Vec<Vec<f64>>,
    /// The diagonal of D.
    pub d: Vec<f64>,
    /// For each entry of `l` the f64 nearest to the exact entry less it; empty in a model of format 1.
    #[serde(default)]
    pub l_remainder: Vec<Vec<f64>>,
    /// For each entry of `d` the f64 nearest to the exact entry less it; empty in a model of format 1.
    #[serde(default)]
    pub d_remainder: Vec<f64>,
}

/// A feature, or a level of it, that is left out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// The term that has no coefficient.
    pub column: String,
    /// What it is in every row, such as `age = 2*bmi + 3`.
    pub relation: String,
}

impl LeftOut {
    fn note(&self) -> Error {
        let sentence = format!("{} is left out: {} in every row", list([&self.column]), self.relation);
        let mut note = Error::new(Code::Collinear, sentence, "");
        note.found = Some(self.relation.clone());
        note
    }
}

impl Leverage {
    /// Returns the entry of L in row i and column j, left of the diagonal.
    pub(crate) fn l_at(&self, i: usize, j: usize) -> TwoPartF64 {
        // zeros at the beginning of a row may be left out
        (j + self.l[i].len()).checked_sub(i).map_or(TwoPartF64::ZERO, |at| self.l_entry(i, at))
    }

    /// Returns the last entries of row i of L, left of the diagonal. Those before them are zeros.
    pub(crate) fn l_row(&self, i: usize) -> impl Iterator<Item = TwoPartF64> {
        (0..self.l[i].len()).map(move |at| self.l_entry(i, at))
    }

    fn l_entry(&self, i: usize, at: usize) -> TwoPartF64 {
        let remainder = self.l_remainder.get(i).and_then(|row| row.get(at));
        TwoPartF64::new(self.l[i][at], remainder.copied().unwrap_or(0.0))
    }

    /// Returns whether row i of L has only zeros left of the diagonal.
    pub(crate) fn is_apart(&self, i: usize) -> bool {
        self.l[i].iter().all(|l| *l == 0.0)
    }

    /// Returns an entry of D.
    pub(crate) fn d_at(&self, i: usize) -> TwoPartF64 {
        TwoPartF64::new(self.d[i], self.d_remainder.get(i).copied().unwrap_or(0.0))
    }

    /// Returns the index in X of each column of the factors.
    pub(crate) fn columns(&self) -> Vec<usize> {
        self.order.clone().unwrap_or_else(|| (0..self.d.len()).collect())
    }
}

/// A feature that nearly is a linear combination of others, so that their coefficients are hardly determined.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct NearCollinearity {
    /// The feature, the last of those in the combination.
    pub column: String,
    /// The other features in the combination.
    pub others: Vec<String>,
    /// Share of the feature's variation that the features before it do not explain.
    pub tolerance: f64,
    /// The combination as text, such as `1.8*celsius + 32`; `None` if there is none with simple numbers.
    pub relation: Option<String>,
    /// A bound that the difference between the feature and the relation exceeds in no row of the training data.
    pub within: Option<f64>,
}

impl ModelCoefficient {
    /// Returns the term.
    ///
    /// # Errors
    /// `term`; `model` if the name is not the text of the factors.
    pub fn term(&self) -> Result<Term> {
        let Some(factors) = &self.factors else { return Term::parse(&self.name) };
        let variables = factors.iter().map(|factor| factor.variable().map(|variable| (variable, factor.power))).collect::<Option<_>>();
        variables.and_then(Term::of).filter(|term| term.to_string() == self.name).ok_or_else(|| {
            let sentence = format!("the factors of the coefficient {} are of another term", list([&self.name]));
            Error::new(Code::Model, sentence, "train the model again")
        })
    }
}

impl NearCollinearity {
    /// Returns the note on the feature. It serves as an error too.
    fn note(&self) -> Error {
        let column = list([&self.column]);
        let (sentence, help) = match (&self.relation, self.within) {
            (Some(relation), Some(within)) => (format!("{column} is {relation} to within {}", one_digit_up(within)), "leave one out"),
            _ => {
                let (others, tolerance) = (list(&self.others), self.tolerance);
                let sentence =
                    format!("{column} is nearly a linear combination of {others}: 1 - R² of it on the others is {tolerance:.0e}");
                let has_power = self.column.contains('^');
                let help = "leave one of them out, or subtract its mean from a column before its powers are made";
                (sentence, if has_power { help } else { "leave one of them out" })
            }
        };
        let mut note = Error::new(Code::NearCollinear, sentence, help);
        note.found.clone_from(&self.relation);
        note
    }
}

/// Returns a bound above zero as text with one significant digit, rounded up. A bound that was itself rounded up from a number with one digit
/// is that number.
fn one_digit_up(bound: f64) -> String {
    let shortest = format!("{bound:e}");
    let exponent: i32 = shortest.split_once('e').and_then(|(_, exponent)| exponent.parse().ok()).unwrap_or(0);
    let digit: u32 = shortest.chars().next().and_then(|digit| digit.to_digit(10)).unwrap_or(0);
    let at = |digit: u32| format!("{digit}e{exponent}").parse().unwrap_or(bound);
    let rounded: f64 = if at(digit) >= bound.next_down() { at(digit) } else { at(digit + 1) };
    if (1e-4..1e6).contains(&rounded) { rounded.to_string() } else { format!("{rounded:e}") }
}

/// A column in the training data.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct ModelColumn {
    /// Name of the column.
    pub name: String,
    /// Mean, weighted if there are weights.
    pub mean: Option<f64>,
    /// Standard deviation, with the divisor rows - 1; with weights w of sum W, the root of `sum w (x - mean)^2 / W * rows / (rows - 1)`.
    pub sd: Option<f64>,
    /// No value is below: the lowest value, or the lower edge of the lowest bin.
    pub min: Option<f64>,
    /// No value is above: the highest value, or the upper edge of the highest bin.
    pub max: Option<f64>,
    /// Whether `min` and `max` are the lowest and the highest value, not edges of bins.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub range_is_exact: bool,
    /// Number of values in each bin; of a column with a grid also those of its values.
    pub distribution: Option<Map<String, Value>>,
    /// The levels that the training data have rows of, in order; only of a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub levels: Option<Vec<ModelLevel>>,
    /// The levels that are kept, if every other level is `other`; only of a category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptLevels>,
    /// The level with which the coefficients of the other levels compare; only of a category that is coded so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Level>,
    /// The schema's description of the column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Field>,
}

impl Model {
    /// Returns the text of the file.
    pub fn to_json(&self) -> String {
        json::document(self)
    }

    /// Reads and checks a model.
    ///
    /// # Errors
    /// `json`, `duplicate-key`, `model`, `schema`, `column-name`, `term`, `capacity`.
    pub fn parse(text: &str) -> Result<Self> {
        let mut model: Self = json::parse(text, Code::Model, "a model made by samefit")?;
        if model.format == FORMAT_1 {
            FORMAT.clone_into(&mut model.format);
        }
        if model.format != FORMAT {
            return Err(Error::found(Code::Model, &model.format, &format!("the format {FORMAT}"), "train the model with this version"));
        }
        model.check()?;
        Ok(model)
    }

    /// Returns the terms of the coefficients.
    ///
    /// # Errors
    /// `term`.
    pub fn terms(&self) -> Result<Vec<Term>> {
        self.coefficients.iter().map(ModelCoefficient::term).collect()
    }

    /// Returns the description of a column.
    pub fn column(&self, name: &str) -> Option<&ModelColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Returns the columns that a prediction needs.
    pub fn feature_columns(&self) -> impl Iterator<Item = &ModelColumn> {
        self.columns.iter().filter(|column| column.name != self.target.column)
    }

    /// Returns the name of the prediction.
    pub fn target_name(&self) -> &str {
        self.target.name.as_deref().unwrap_or(&self.target.column)
    }

    /// Returns the sum of the weights of the training data: the number of rows, if each row counted once.
    pub fn total_weight(&self) -> f64 {
        self.weights.as_ref().map_or(self.fit.rows as f64, |weights| weights.sum)
    }

    /// Returns the plan that summarises data for this model, with the same column of weights. It does not round values as [`Self::shared`] says, because quality control judges
    /// a model by values as they were measured.
    pub fn plan(&self) -> Plan {
        Plan {
            target: Some(self.target.column.clone()),
            features: Some(self.feature_names()),
            categories: self.categories().map(str::to_owned).collect(),
            other: self.columns.iter().filter_map(|column| Some((column.name.clone(), column.kept.clone()?))).into_map(),
            intercept: self.has_intercept,
            weights: self.weights.as_ref().map(|weights| weights.column.clone()),
            distribution: self.columns.iter().any(|column| column.distribution.is_some()),
            schema: self.schema(),
            ..Plan::default()
        }
    }

    /// The schema that the model was trained with, as far as the model has it. What the model takes as a number is none of its categories.
    fn schema(&self) -> Option<Schema> {
        let mut schema = self.fields.as_ref().map(|_| self.described())?;
        let numbers: Vec<&str> = self.columns.iter().filter(|column| column.levels.is_none()).map(|column| column.name.as_str()).collect();
        for field in schema.columns.iter_mut().filter(|field| field.kind == Some(Kind::Category) && numbers.contains(&field.name.as_str()))
        {
            field.kind = None;
        }
        Some(schema)
    }

    /// Returns the model's descriptions of its columns as a schema.
    pub(crate) fn described(&self) -> Schema {
        Schema {
            format: crate::schema::FORMAT.to_owned(),
            title: self.schema_title.clone(),
            description: None,
            target: self.target.clone(),
            columns: self.columns.iter().filter_map(|column| column.schema.clone()).collect(),
            fields: self.fields.clone().unwrap_or_default(),
        }
    }

    /// Returns the degrees of freedom of the features together: the number of coefficients without the intercept, less one if they span the
    /// constant without it.
    pub fn model_df(&self) -> i64 {
        let spans = !self.has_intercept && self.fit.r_squared_kind == CENTRED;
        self.coefficients.len() as i64 - i64::from(spans)
    }

    /// Returns what the user should know about the model: the notes `near-collinear` and `collinear` for features that nearly depend on
    /// others, or that are left out because they do, and `empty-cells` for products of categories.
    pub fn notes(&self) -> Vec<Error> {
        let left_out = self.left_out.iter().map(LeftOut::note);
        self.near_collinear_notes().into_iter().chain(left_out).chain(self.empty_cells_note()).collect()
    }

    /// Returns the note `near-collinear` for each feature that nearly depends on others.
    pub(crate) fn near_collinear_notes(&self) -> Vec<Error> {
        self.near_collinear.iter().map(NearCollinearity::note).collect()
    }

    fn empty_cells_note(&self) -> Option<Error> {
        let text = |cell: &Vec<CoefficientFactor>| {
            cell.iter().filter_map(|factor| Some(factor.variable()?.to_string())).collect::<Vec<_>>().join("*")
        };
        let named: Vec<String> = self.empty_cells.iter().take(EMPTY_CELLS_NAMED).map(text).collect();
        let more = match self.empty_cells.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let sentence = format!("no row has {}{more}; they have no coefficient and no prediction", list(&named));
        (!named.is_empty()).then(|| Error::new(Code::EmptyCells, sentence, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_rounded_up_to_one_digit() {
        let bounds = [
            (6e-15, "6e-15"),
            (6e-15_f64.next_up(), "6e-15"),
            (6.1e-15, "7e-15"),
            (9.5e-16, "1e-15"),
            (0.031, "0.04"),
            (2.0, "2"),
            (96.0, "100"),
            (5e-324, "5e-324"),
        ];
        for (bound, text) in bounds {
            assert_eq!(one_digit_up(bound), text);
        }
    }
}
