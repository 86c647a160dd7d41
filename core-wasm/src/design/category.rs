//! Statistics and a plan to the levels of a category that have rows, and the reference among them.

use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list, shorten};
use crate::level::{Level, position};
use crate::model::ModelLevel;
use crate::plan::Plan;
use crate::statistics::{Moments, Statistics};

/// Most levels that an error names.
const LISTED_MAX: usize = 20;

/// A category of a design.
#[derive(Clone, Debug)]
pub struct DesignCategory {
    /// The column.
    pub column: String,
    /// The index of the category in the statistics.
    pub(super) at: usize,
    /// The levels that have rows, in order.
    pub levels: Vec<ModelLevel>,
    /// The index of the level that has no column in a reduced coding.
    pub reference: usize,
    /// Whether a feature has a reduced coding of the category.
    pub is_reduced: bool,
}

impl DesignCategory {
    /// Describes the category at an index in the statistics.
    ///
    /// Errors: `reference`, `no-rows`, `impossible-statistics`.
    pub(super) fn new(statistics: &Statistics, plan: &Plan, at: usize) -> Result<Self> {
        let category = &statistics.levels.categories[at];
        let level = |(level, moments): (&Level, &Moments)| {
            let total = moments.at(0, 0);
            // with weights nobody knows the number of rows
            let (rows, weight) = match statistics.weights {
                Some(_) => (None, Some(total.to_f64())),
                None => (i64::try_from(&total.mantissa).ok().filter(|_| total.scale == 0), None),
            };
            if !has_rows(moments) || rows.is_none() && weight.is_none() {
                let what = if weight.is_some() { "rows whose weights add up to" } else { "rows:" };
                let sentence = format!("the level `{}` has {what} {total}", shorten(level.text()));
                return Err(contradiction(sentence).in_column(&category.column));
            }
            Ok(ModelLevel { level: level.clone(), rows, weight })
        };
        let levels = category.levels.iter().map(level).collect::<Result<Vec<_>>>()?;
        let reference = reference(plan, &category.column, &levels)?;
        Ok(Self { column: category.column.clone(), at, levels, reference, is_reduced: false })
    }
}

/// Returns whether moments are those of any rows: their number, or the sum of their weights, is above zero.
pub(super) fn has_rows(moments: &Moments) -> bool {
    *moments.at(0, 0) > Decimal::ZERO
}

/// Returns the index of the reference: that of the plan, else the schema's first category that has rows, else the first level.
fn reference(plan: &Plan, column: &str, levels: &[ModelLevel]) -> Result<usize> {
    let find = |text: &str| position(levels.iter().map(|level| &level.level), &Level::new(text));
    if let Some(text) = plan.reference.get(column) {
        return find(text).ok_or_else(|| without_rows(column, text, levels));
    }
    let listed = plan.schema.iter().flat_map(|schema| &schema.columns).filter(|field| field.name == column);
    let mut values = listed.flat_map(|field| field.categories.iter().flatten());
    Ok(values.find_map(|category| find(&category.value)).unwrap_or(0))
}

fn without_rows(column: &str, text: &str, levels: &[ModelLevel]) -> Error {
    let named = list(levels.iter().take(LISTED_MAX).map(|level| shorten(level.level.text())));
    let sentence = format!("no row has the reference level `{}`; there are rows of {named}", shorten(text));
    let mut error = Error::new(Code::Reference, sentence, "name a level that has rows").in_column(column);
    error.found = Some(shorten(text));
    error
}

/// Returns the error of statistics whose sums by level contradict each other.
pub(super) fn contradiction(sentence: String) -> Error {
    Error::new(Code::ImpossibleStatistics, format!("no data can have these statistics: {sentence}"), "summarise the data again")
}
