//! Refuses a model whose parts contradict each other, so that whoever reads a model may rely on its structure.

use super::{CoefficientFactor, EMPTY_CELLS_MAX, Model, ModelColumn};
use crate::error::{Code, Error, Result, list};
use crate::level::LEVELS_MAX;
use crate::model_formula::CATEGORIES_MAX;
use crate::ordered::IntoOrdered;
use crate::statistics::check_terms;
use crate::terms::{Variable, check_column_name, check_unique};
use std::collections::{BTreeMap, BTreeSet};

/// The columns that a prediction needs, by name: the levels of a category, and nothing of a number.
struct KnownColumns<'m>(BTreeMap<&'m str, Option<BTreeSet<&'m str>>>);

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
        let known = KnownColumns::of(self);
        self.check_coefficients(&known)?;
        if self.empty_cells.len() > EMPTY_CELLS_MAX {
            return wrong(&format!("`empty_cells` has more than {EMPTY_CELLS_MAX} combinations"));
        }
        self.empty_cells.iter().try_for_each(|cell| known.check_empty_cell(cell))
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
        let known = levels.iter().map(|one| one.level.text()).into_set();
        if levels.is_empty() || levels.len() > LEVELS_MAX || levels.iter().any(|one| !one.level.is_of_cell()) {
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

    fn check_coefficients(&self, known: &KnownColumns<'_>) -> Result<()> {
        check_unique(&self.coefficients.iter().map(|c| &c.name).collect::<Vec<_>>(), "coefficient")?;
        for term in self.terms()? {
            term.factors.iter().try_for_each(|(variable, power)| known.check(variable, *power))?;
            let variables = term.factors.iter().map(|(variable, _)| variable);
            let categories: Vec<&str> = variables.filter(|one| matches!(one, Variable::Level { .. })).map(Variable::column).collect();
            if categories.windows(2).any(|two| two[0] == two[1]) || categories.len() > CATEGORIES_MAX {
                let names = list([term.to_string()]);
                return wrong(&format!("the coefficient {names} has two levels of a category, or more than {CATEGORIES_MAX} categories"));
            }
        }
        Ok(())
    }
}

impl<'m> KnownColumns<'m> {
    fn of(model: &'m Model) -> Self {
        let mut columns = BTreeMap::new();
        for column in model.feature_columns() {
            let levels = column.levels.as_ref().map(|levels| levels.iter().map(|one| one.level.text()).into_set());
            columns.entry(column.name.as_str()).or_insert(levels);
        }
        Self(columns)
    }

    /// Checks a power of a variable of a coefficient, or of a combination of levels.
    fn check(&self, variable: &Variable, power: u32) -> Result<()> {
        let name = || list([variable.column()]);
        let Some(levels) = self.0.get(variable.column()) else {
            return wrong(&format!("the coefficients use the column {}, which is not among `columns`", name()));
        };
        match (variable, levels) {
            (Variable::Level { .. }, None) => {
                wrong(&format!("a coefficient uses the column {}, which has no levels, as a category", name()))
            }
            (Variable::Level { .. }, Some(_)) if power != 1 => wrong(&format!("a coefficient has a power of a level of {}", name())),
            (Variable::Level { level, .. }, Some(levels)) if !levels.contains(level.text()) => {
                let level = list([level.text()]);
                wrong(&format!("a coefficient is of the level {level} of {}, which is not among its levels", name()))
            }
            (Variable::Level { .. }, Some(_)) => Ok(()),
            (_, Some(_)) => wrong(&format!("a coefficient uses the category {} as a number", name())),
            (Variable::Spline { basis, .. }, None) if power != 1 || basis.is_none() => {
                wrong(&format!("a coefficient is not of one basis function of a spline of {}, to the power 1", name()))
            }
            (_, None) => Ok(()),
        }
    }

    /// Checks a combination of levels without rows.
    fn check_empty_cell(&self, cell: &[CoefficientFactor]) -> Result<()> {
        let columns = cell.iter().map(|factor| factor.column.as_str()).into_set();
        let is_combination =
            (2..=CATEGORIES_MAX).contains(&cell.len()) && columns.len() == cell.len() && cell.iter().all(|factor| factor.level.is_some());
        let variables: Option<Vec<Variable>> = cell.iter().map(CoefficientFactor::variable).collect();
        let Some(variables) = variables.filter(|_| is_combination) else {
            return wrong("one of `empty_cells` is not a combination of the levels of two categories or more");
        };
        variables.iter().zip(cell).try_for_each(|(variable, factor)| self.check(variable, factor.power))
    }
}

fn wrong<T>(sentence: &str) -> Result<T> {
    Err(Error::new(Code::Model, sentence, "train the model again"))
}
