//! Refuses a model whose parts contradict each other, so that whoever reads a model may rely on its structure.

use super::{CoefficientFactor, Model, ModelColumn};
use crate::error::{Code, Error, Result, list};
use crate::statistics::check_terms;
use crate::terms::{NAME_CHARS_MAX, check_column_name, check_unique};
use std::collections::BTreeSet;

/// Most categories in a term: statistics have sums of the rows of at most two levels.
const CATEGORIES_MAX: usize = 2;

/// Most levels of a category.
const LEVELS_MAX: usize = 1000;

impl Model {
    /// Refuses a model whose parts contradict each other.
    ///
    /// # Errors
    /// `model`, `schema`, `column-name`, `term`, `capacity`, `duplicate-column`.
    pub(super) fn check(&self) -> Result<()> {
        check_terms(self.columns.len().max(self.coefficients.len()))?;
        self.columns.iter().map(|column| &column.name).chain([&self.target.column]).try_for_each(|name| check_column_name(name))?;
        self.described().check()?;
        self.check_weights()?;
        self.check_leverage()?;
        self.columns.iter().try_for_each(|column| self.check_column(column))?;
        self.check_terms()?;
        self.empty_cells.iter().try_for_each(|cell| self.check_empty_cell(cell))
    }

    fn check_weights(&self) -> Result<()> {
        let Some(weights) = &self.weights else { return Ok(()) };
        check_column_name(&weights.column)?;
        if weights.sum > 0.0 { Ok(()) } else { wrong("`weights.sum` is not above zero") }
    }

    fn check_leverage(&self) -> Result<()> {
        let size = self.coefficients.len() + usize::from(self.has_intercept);
        let (leverage, has_order) = (&self.leverage, self.leverage.order.is_some());
        let is_row = |(i, row): (usize, &Vec<f64>)| if has_order { row.len() <= i } else { row.len() == i };
        if leverage.d.len() != size || leverage.l.len() != size || !leverage.l.iter().enumerate().all(is_row) {
            return wrong("`leverage` has another size than the coefficients");
        }
        let is_like = |rows: &[Vec<f64>]| rows.iter().map(Vec::len).eq(leverage.l.iter().map(Vec::len));
        let remainders = (&leverage.l_remainder, &leverage.d_remainder);
        if !(remainders.0.is_empty() && remainders.1.is_empty() || is_like(remainders.0) && remainders.1.len() == size) {
            return wrong("the remainders of `leverage` have another size than its numbers");
        }
        if leverage.d.iter().any(|d| *d <= 0.0) {
            return wrong("`leverage.d` has a number that is not above zero");
        }
        let Some(order) = &leverage.order else { return Ok(()) };
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if sorted.into_iter().eq(0..size) { Ok(()) } else { wrong("`leverage.order` does not have each index of a coefficient once") }
    }

    /// Checks the levels of a column.
    fn check_column(&self, column: &ModelColumn) -> Result<()> {
        let Some(levels) = &column.levels else {
            return match (&column.reference, &column.kept) {
                (None, None) => Ok(()),
                (Some(_), _) => wrong(&format!("the column {} has a reference and no levels", list([&column.name]))),
                (None, Some(_)) => wrong(&format!("the column {} keeps levels and has no levels", list([&column.name]))),
            };
        };
        if column.name == self.target.column {
            return wrong("the target has levels");
        }
        let known: BTreeSet<&str> = levels.iter().map(|one| one.level.text()).collect();
        if levels.is_empty() || levels.len() > LEVELS_MAX || levels.iter().any(|one| !is_level(one.level.text())) {
            return wrong(&format!("the category {} has no levels, too many, or one that is not the text of a cell", list([&column.name])));
        }
        let is_weighted = self.weights.is_some();
        if levels.iter().any(|one| one.weight.is_some() != is_weighted || one.rows.is_some() == is_weighted) {
            let what = if is_weighted { "the weight of its rows" } else { "its number of rows" };
            return wrong(&format!("a level of the column {} does not have {what} alone", list([&column.name])));
        }
        if known.len() < levels.len() {
            return wrong(&format!("the column {} has a level twice", list([&column.name])));
        }
        if let Some(kept) = &column.kept {
            kept.check(Code::Model).map_err(|error| error.in_column(&column.name))?;
            if !levels.iter().all(|one| kept.allows(&one.level)) {
                return wrong(&format!("the column {} has a level that is neither kept nor `other`", list([&column.name])));
            }
        }
        if column.reference.as_ref().is_some_and(|reference| !known.contains(reference.text())) {
            return wrong(&format!("the reference of the column {} is not among its levels", list([&column.name])));
        }
        Ok(())
    }

    fn check_terms(&self) -> Result<()> {
        check_unique(&self.coefficients.iter().map(|c| &c.name).collect::<Vec<_>>(), "coefficient")?;
        for term in self.terms()? {
            let factors = term.factors.iter().map(|(variable, power)| CoefficientFactor::new(variable, *power)).collect::<Vec<_>>();
            factors.iter().try_for_each(|factor| self.check_factor(factor))?;
            let categories: Vec<&str> =
                factors.iter().filter(|factor| factor.level.is_some()).map(|factor| factor.column.as_str()).collect();
            if categories.windows(2).any(|two| two[0] == two[1]) || categories.len() > CATEGORIES_MAX {
                let names = list([term.to_string()]);
                return wrong(&format!("the coefficient {names} has two levels of a category, or more than {CATEGORIES_MAX} categories"));
            }
        }
        Ok(())
    }

    /// Checks a factor of a coefficient, or of a combination of levels, against the columns.
    fn check_factor(&self, factor: &CoefficientFactor) -> Result<()> {
        let name = list([&factor.column]);
        let Some(column) = self.feature_columns().find(|column| column.name == factor.column) else {
            return wrong(&format!("the coefficients use the column {name}, which is not among `columns`"));
        };
        match (&factor.level, &column.levels) {
            (None, None) => Ok(()),
            (None, Some(_)) => wrong(&format!("a coefficient uses the category {name} as a number")),
            (Some(_), None) => wrong(&format!("a coefficient uses the column {name}, which has no levels, as a category")),
            (Some(_), Some(_)) if factor.power != 1 => wrong(&format!("a coefficient has a power of a level of {name}")),
            (Some(level), Some(levels)) if !levels.iter().any(|known| known.level == *level) => {
                wrong(&format!("a coefficient is of the level {} of {name}, which is not among its levels", list([level.text()])))
            }
            _ => Ok(()),
        }
    }

    fn check_empty_cell(&self, cell: &[CoefficientFactor]) -> Result<()> {
        match cell {
            [one, other] if one.level.is_some() && other.level.is_some() && one.column != other.column => {
                self.check_factor(one).and_then(|()| self.check_factor(other))
            }
            _ => wrong("one of `empty_cells` is not a combination of the levels of two categories"),
        }
    }
}

/// Returns whether a text can be a level.
fn is_level(text: &str) -> bool {
    let is_short = text.chars().nth(NAME_CHARS_MAX).is_none();
    is_short && !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control)
}

fn wrong<T>(sentence: &str) -> Result<T> {
    Err(Error::new(Code::Model, sentence, "train the model again"))
}
