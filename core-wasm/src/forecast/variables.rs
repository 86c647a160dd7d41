//! The cells of a row to the variables of a model: the numbers of its columns, and for each level that a coefficient uses 1 or 0.
//!
//! *Invariants*: the variables are the columns of numbers, in the model's order, then the indicators and then the functions and splines of
//! numbers, in the order in which the coefficients use them first. A row of variables is one of a model whose columns are all numbers.

use super::known_levels::KnownLevels;
use super::linear_form::TermFactors;
use crate::cell_format::CellFormat;
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list, shorten};
use crate::functions::Function;
use crate::model::{CoefficientFactor, Model, ModelColumn};
use crate::ordered::IntoOrdered;
use crate::splines::{SplinePiece, cube};
use crate::terms::Variable;
use dashu_int::IBig;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The variables of a model, and where they come from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    /// How cells are written.
    format: Arc<CellFormat>,
    /// The columns that a prediction needs.
    columns: Vec<ColumnKind>,
    /// For each number the index of its column.
    numbers: Vec<usize>,
    categories: Vec<CategoryVariables>,
    /// For each indicator, the index of its category and of its level.
    indicators: Vec<(usize, usize)>,
    /// For each number the variables that are computed from it, with their indexes. These follow those of the indicators.
    computed: Vec<Vec<(usize, ComputedKind)>>,
    /// Combinations of levels without rows in the training data.
    empty_cells: Vec<EmptyCells>,
}

/// The terms of a model's coefficients: products of variables over divisors.
pub(crate) struct ModelTerms {
    pub(crate) terms: Vec<TermFactors>,
    /// For each term an integer above zero.
    pub(crate) divisors: Vec<IBig>,
}

/// How a variable is computed from a number.
#[derive(Clone, Debug, PartialEq)]
enum ComputedKind {
    /// The f64 nearest to a function, as its shortest decimal.
    Function(Function),
    /// A basis function of a spline times its [`divisor`]: the sum of weights times `(x - knot)+^3`.
    Spline(Vec<(Decimal, Decimal)>),
}

/// The columns of a model by name.
type ColumnKinds<'m> = BTreeMap<&'m str, ColumnKind>;

/// What the cells of a column are.
#[derive(Clone, Copy, Debug)]
enum ColumnKind {
    /// The index of a number.
    Number(usize),
    /// The index of a category.
    Category(usize),
}

/// A category of a model.
#[derive(Clone, Debug)]
pub(super) struct CategoryVariables {
    /// Index of the column.
    pub(super) column: usize,
    pub(super) levels: KnownLevels,
    /// For each level the index of its variable, if a coefficient uses it.
    indicators: Vec<Option<usize>>,
}

/// The combinations of levels of two categories or more that have no rows.
#[derive(Clone, Debug)]
pub(super) struct EmptyCells {
    /// Indexes of the categories, in order.
    pub(super) categories: Vec<usize>,
    /// Indexes of their levels.
    pub(super) levels: BTreeSet<Vec<usize>>,
}

/// One row, read: the values of the variables, and the level of each category.
#[derive(Clone, Debug)]
pub struct ModelRow {
    pub(crate) values: Vec<Decimal>,
    levels: Vec<usize>,
}

impl Variables {
    /// Returns the variables of a model, and the terms of its coefficients as products of them.
    ///
    /// # Errors
    /// `term`, `model`.
    pub(crate) fn new(model: &Model) -> Result<(Self, ModelTerms)> {
        let (mut new, mut kinds) = (Self::default(), ColumnKinds::new());
        for column in model.feature_columns() {
            let kind = new.add_column(column);
            kinds.entry(&column.name).or_insert(kind);
        }
        let model_terms = model.terms()?;
        let variables = || model_terms.iter().flat_map(|term| &term.factors).map(|(variable, _)| variable);
        // the indexes of indicators come first
        variables().filter(|one| matches!(one, Variable::Level { .. })).try_for_each(|one| new.add_indicator(one, &kinds))?;
        variables().for_each(|one| new.add_computed(one, &kinds));
        new.add_empty_cells(model, &kinds)?;
        let (mut terms, mut divisors) = (Vec::new(), Vec::new());
        for term in &model_terms {
            terms.push(term.factors.iter().map(|(one, power)| Ok((new.index_of(one, &kinds)?, *power))).collect::<Result<_>>()?);
            divisors.push(term.factors.iter().map(|(one, power)| divisor(one).pow(*power as usize)).product());
        }
        Ok((new, ModelTerms { terms, divisors }))
    }

    /// Returns the variables of a model of so many columns of numbers.
    #[cfg(test)]
    pub(super) fn of_numbers(count: usize) -> Self {
        let columns = (0..count).map(ColumnKind::Number).collect();
        Self { columns, numbers: (0..count).collect(), computed: vec![vec![]; count], ..Self::default() }
    }

    /// Returns the variables for cells that are written so.
    pub(crate) fn with_format(self, format: CellFormat) -> Self {
        Self { format: Arc::new(format), ..self }
    }

    /// Returns how cells are written.
    pub(crate) fn format(&self) -> &Arc<CellFormat> {
        &self.format
    }

    fn add_column(&mut self, column: &ModelColumn) -> ColumnKind {
        let at = self.columns.len();
        let kind = if column.levels.is_none() {
            self.numbers.push(at);
            self.computed.push(Vec::new());
            ColumnKind::Number(self.numbers.len() - 1)
        } else {
            let levels = KnownLevels::new(column);
            self.categories.push(CategoryVariables { column: at, indicators: vec![None; levels.len()], levels });
            ColumnKind::Category(self.categories.len() - 1)
        };
        self.columns.push(kind);
        kind
    }

    /// Makes an indicator a variable, if it is none yet.
    fn add_indicator(&mut self, variable: &Variable, kinds: &ColumnKinds<'_>) -> Result<()> {
        let (category, level) = self.category_level(variable, kinds).ok_or_else(no_variable)?;
        let next = self.numbers.len() + self.indicators.len();
        let indicator = &mut self.categories[category].indicators[level];
        if indicator.is_none() {
            *indicator = Some(next);
            self.indicators.push((category, level));
        }
        Ok(())
    }

    /// Makes a function or a spline of a number a variable, if it is none yet.
    fn add_computed(&mut self, variable: &Variable, kinds: &ColumnKinds<'_>) {
        let (Some(kind), Some(ColumnKind::Number(number))) = (ComputedKind::of(variable), kinds.get(variable.column())) else { return };
        let next = self.count();
        if self.computed[*number].iter().all(|(_, known)| *known != kind) {
            self.computed[*number].push((next, kind));
        }
    }

    /// Returns the index of a variable that was added.
    fn index_of(&self, variable: &Variable, kinds: &ColumnKinds<'_>) -> Result<usize> {
        let index = match (variable, kinds.get(variable.column())) {
            // the first basis function of a spline is the number itself
            (Variable::Column(_) | Variable::Spline { basis: Some(0), .. }, Some(ColumnKind::Number(number))) => Some(*number),
            (Variable::Level { .. }, _) => {
                self.category_level(variable, kinds).and_then(|(category, level)| self.categories[category].indicators[level])
            }
            (_, Some(ColumnKind::Number(number))) => ComputedKind::of(variable)
                .and_then(|kind| self.computed[*number].iter().find(|(_, known)| *known == kind))
                .map(|(index, _)| *index),
            _ => None,
        };
        index.ok_or_else(no_variable)
    }

    /// Returns the indexes of the category and of the level of an indicator.
    fn category_level(&self, variable: &Variable, kinds: &ColumnKinds<'_>) -> Option<(usize, usize)> {
        match (variable, kinds.get(variable.column())) {
            (Variable::Level { level, .. }, Some(ColumnKind::Category(at))) => Some((*at, self.categories[*at].levels.position(level)?)),
            _ => None,
        }
    }

    fn add_empty_cells(&mut self, model: &Model, kinds: &ColumnKinds<'_>) -> Result<()> {
        for cell in &model.empty_cells {
            let level = |factor: &CoefficientFactor| self.category_level(&factor.variable()?, kinds);
            let mut levels: Vec<(usize, usize)> = cell.iter().map(level).collect::<Option<_>>().ok_or_else(no_variable)?;
            levels.sort_unstable();
            self.add_empty_cell(levels.into_iter().unzip());
        }
        Ok(())
    }

    fn add_empty_cell(&mut self, (categories, levels): (Vec<usize>, Vec<usize>)) {
        match self.empty_cells.iter_mut().find(|cells| cells.categories == categories) {
            Some(cells) => drop(cells.levels.insert(levels)),
            None => self.empty_cells.push(EmptyCells { categories, levels: std::iter::once(levels).into_set() }),
        }
    }

    /// Returns the number of columns that a prediction needs.
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Returns for each number the index of its column.
    pub(crate) fn numbers(&self) -> &[usize] {
        &self.numbers
    }

    /// Returns the categories.
    pub(super) fn categories(&self) -> &[CategoryVariables] {
        &self.categories
    }

    /// Returns the category and the level of an indicator; `None` for another variable.
    pub(super) fn indicator(&self, variable: usize) -> Option<(usize, usize)> {
        variable.checked_sub(self.numbers.len()).and_then(|at| self.indicators.get(at).copied())
    }

    /// Returns whether there are variables that are computed from numbers.
    pub(crate) fn has_computed(&self) -> bool {
        self.computed.iter().any(|of_number| !of_number.is_empty())
    }

    /// Returns the number of variables.
    fn count(&self) -> usize {
        self.numbers.len() + self.indicators.len() + self.computed.iter().map(Vec::len).sum::<usize>()
    }

    /// Returns the combinations of levels without rows in the training data.
    pub(super) fn empty_cells(&self) -> &[EmptyCells] {
        &self.empty_cells
    }

    /// Returns a row of zeros, whose columns are to be set.
    pub(crate) fn row(&self) -> ModelRow {
        ModelRow { values: vec![Decimal::ZERO; self.count()], levels: vec![0; self.categories.len()] }
    }

    /// Sets a column of a row to the value of a cell without spaces around it.
    ///
    /// # Errors
    /// `missing-values`, those of a number, `unknown-level`.
    pub(crate) fn set(&self, row: &mut ModelRow, column: usize, cell: &[u8]) -> Result<()> {
        let is_number = matches!(self.columns[column], ColumnKind::Number(_));
        let cell = if is_number { cell } else { trim_wide(cell) };
        if self.format.is_missing(cell) {
            return Err(missing_value());
        }
        match self.columns[column] {
            ColumnKind::Number(number) => self.set_value(row, number, self.format.parse(cell)?)?,
            ColumnKind::Category(at) => {
                let category = &self.categories[at];
                let level = category.levels.level_of(cell)?;
                if let Some(before) = category.indicators[row.levels[at]] {
                    row.values[before] = Decimal::ZERO;
                }
                if let Some(indicator) = category.indicators[level] {
                    row.values[indicator] = Decimal::from(1);
                }
                row.levels[at] = level;
            }
        }
        Ok(())
    }

    /// Sets a number of a row, and the variables that are computed from it.
    fn set_value(&self, row: &mut ModelRow, number: usize, value: Decimal) -> Result<()> {
        for (index, kind) in &self.computed[number] {
            row.values[*index] = kind.value(&value)?;
        }
        row.values[number] = value;
        Ok(())
    }

    /// Sets a column of a row to a number; a category to the level that the number's text is.
    ///
    /// # Errors
    /// `unknown-level`.
    pub(crate) fn set_number(&self, row: &mut ModelRow, column: usize, value: Decimal) -> Result<()> {
        match self.columns[column] {
            ColumnKind::Number(number) => self.set_value(row, number, value),
            ColumnKind::Category(_) => self.set(row, column, value.to_string().as_bytes()),
        }
    }

    /// Returns the level of a row's category, by the index of its column; none for a number.
    pub(crate) fn level<'a>(&'a self, row: &ModelRow, column: usize) -> Option<&'a str> {
        match self.columns[column] {
            ColumnKind::Number(_) => None,
            ColumnKind::Category(at) => Some(self.categories[at].levels.level(row.levels[at]).text()),
        }
    }

    /// Returns whether all indicators among the factors of a term are 1 in a row.
    pub(crate) fn has_levels(&self, row: &ModelRow, factors: &TermFactors) -> bool {
        factors.iter().filter_map(|&(variable, _)| self.indicator(variable)).all(|(category, level)| row.levels[category] == level)
    }

    /// Refuses a combination of levels that the training data have no row of, and whose coefficient is therefore not known. `names`: those
    /// of the columns.
    ///
    /// # Errors
    /// `unknown-level`.
    pub(crate) fn check(&self, row: &ModelRow, names: &[String]) -> Result<()> {
        for EmptyCells { categories, levels } in &self.empty_cells {
            if levels.contains(&categories.iter().map(|&category| row.levels[category]).collect::<Vec<_>>()) {
                let of = |&category: &usize| {
                    let CategoryVariables { column, levels, .. } = &self.categories[category];
                    (names[*column].as_str(), levels.level(row.levels[category]).text())
                };
                return Err(empty_cell(categories.iter().map(of).unzip()));
            }
        }
        Ok(())
    }
}

impl ComputedKind {
    /// Returns how a variable is computed; none if it is a number itself, or not computed from one.
    fn of(variable: &Variable) -> Option<Self> {
        match variable {
            Variable::Function { function, .. } => Some(Self::Function(*function)),
            Variable::Spline { knots, basis: Some(basis), .. } if *basis > 0 => {
                let cube = |(weight, piece): (Decimal, SplinePiece<'_>)| match piece {
                    SplinePiece::Cube(knot) => Some((weight, knot.clone())),
                    SplinePiece::X => None,
                };
                Some(Self::Spline(knots.scaled_basis(*basis).0.into_iter().filter_map(cube).collect()))
            }
            _ => None,
        }
    }

    /// Returns the variable for a number.
    ///
    /// Errors: `undefined`.
    fn value(&self, number: &Decimal) -> Result<Decimal> {
        match self {
            Self::Function(function) => function.value(number),
            Self::Spline(cubes) => {
                let parts = cubes.iter().filter(|(_, knot)| number > knot).map(|(weight, knot)| weight.times(&cube(number, knot)));
                Ok(parts.reduce(|sum, part| sum.plus(&part)).unwrap_or(Decimal::ZERO))
            }
        }
    }
}

/// Returns the integer by which a basis function of a spline has to be multiplied so that it is a decimal combination of cubes; 1 for other
/// variables.
fn divisor(variable: &Variable) -> IBig {
    match variable {
        Variable::Spline { knots, basis: Some(basis), .. } => knots.scaled_basis(*basis).1,
        _ => IBig::ONE,
    }
}

/// Returns a cell without spaces of any kind around it.
fn trim_wide(cell: &[u8]) -> &[u8] {
    std::str::from_utf8(cell).map_or(cell, |text| text.trim().as_bytes())
}

/// Returns the error of a row with levels that no row of the training data has together.
fn empty_cell((columns, levels): (Vec<&str>, Vec<&str>)) -> Error {
    let sentence = format!("the training data have no row with the levels {} together, and the model has a product of them", list(&levels));
    let mut error = Error::new(Code::UnknownLevel, sentence, "correct the values, or use a model of data with such rows");
    error.found = Some(shorten(&levels.join(", ")));
    error.in_column(&columns.join("*"))
}

/// Returns the error of a cell without a value.
pub(crate) fn missing_value() -> Error {
    Error::new(Code::MissingValues, "there is no value, and the model uses it", "fill in the value, or leave the record out")
}

fn no_variable() -> Error {
    Error::new(Code::Model, "the coefficients use a level or a column that the model does not have", "train the model again")
}
