//! The cells of a row to the variables of a model: the numbers of its columns, and for each level that a coefficient uses 1 or 0.
//!
//! *Invariants*: the variables are the columns of numbers, in the model's order, then the indicators and then the functions and splines of
//! numbers, in the order in which the coefficients use them first. A row of variables is one of a model whose columns are all numbers.

use super::level_reader::KnownLevels;
use super::linear_form::TermFactors;
use crate::decimal::{Decimal, is_missing, parse, ten_to};
use crate::error::{Code, Error, Result, list, shorten};
use crate::functions::Function;
use crate::model::{Model, ModelColumn};
use crate::splines::Knots;
use crate::terms::Variable;
use dashu_int::IBig;
use std::collections::{BTreeMap, BTreeSet};

/// The variables of a model, and where they come from.
#[derive(Clone, Debug)]
pub(crate) struct Variables {
    /// The columns that a prediction needs.
    columns: Vec<ColumnKind>,
    /// For each number the index of its column.
    numbers: Vec<usize>,
    categories: Vec<CategoryVariables>,
    /// For each indicator, the index of its category and of its level.
    indicators: Vec<(usize, usize)>,
    /// The variables that are computed from numbers. Their indexes follow those of the indicators.
    computed: Vec<ComputedVariable>,
    /// Combinations of levels without rows in the training data.
    empty_cells: Vec<EmptyCells>,
}

/// The terms of a model's coefficients: products of variables over divisors.
pub(crate) struct ModelTerms {
    pub(crate) terms: Vec<TermFactors>,
    /// For each term an integer above zero.
    pub(crate) divisors: Vec<IBig>,
}

/// A variable that is computed from a number of the row.
#[derive(Clone, Debug, PartialEq)]
struct ComputedVariable {
    /// The index of the number.
    number: usize,
    kind: ComputedKind,
}

/// How a variable is computed.
#[derive(Clone, Debug, PartialEq)]
enum ComputedKind {
    /// The f64 nearest to a function, as its shortest decimal.
    Function(Function),
    /// A basis function of a spline times its [`basis_divisor`].
    Spline(Knots, usize),
}

/// A variable among those of its kind.
#[derive(Clone, Copy)]
enum VariableSlot {
    Number(usize),
    Indicator(usize),
    Computed(usize),
}

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
    pub(super) reader: KnownLevels,
    /// For each level the index of its variable, if a coefficient uses it.
    indicators: Vec<Option<usize>>,
}

/// The combinations of levels of two categories that have no rows.
#[derive(Clone, Debug)]
pub(super) struct EmptyCells {
    /// Indexes of the categories.
    pub(super) categories: [usize; 2],
    /// Indexes of their levels.
    pub(super) levels: BTreeSet<[usize; 2]>,
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
        let mut new =
            Self { columns: vec![], numbers: vec![], categories: vec![], indicators: vec![], computed: vec![], empty_cells: vec![] };
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, column) in model.feature_columns().enumerate() {
            places.entry(&column.name).or_insert(at);
            new.add_column(column);
        }
        let mut indexes: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        let (mut slots, mut divisors) = (Vec::new(), Vec::new());
        for term in model.terms()? {
            let mut factors: Vec<(VariableSlot, u32)> = Vec::new();
            let mut divisor = IBig::ONE;
            for (variable, power) in &term.factors {
                let source = places.get(variable.column()).map(|&at| new.columns[at]).ok_or_else(no_variable)?;
                let slot = match (variable, source) {
                    (Variable::Column(_), ColumnKind::Number(number)) => VariableSlot::Number(number),
                    (Variable::Level { level, .. }, ColumnKind::Category(category)) => {
                        let level = new.categories[category].reader.position(level);
                        let next = indexes.len();
                        VariableSlot::Indicator(*indexes.entry((category, level.ok_or_else(no_variable)?)).or_insert(next))
                    }
                    (Variable::Function { function, .. }, ColumnKind::Number(number)) => {
                        VariableSlot::Computed(new.computed_index(ComputedVariable { number, kind: ComputedKind::Function(*function) }))
                    }
                    (Variable::Spline { knots, basis: Some(basis), .. }, ColumnKind::Number(number)) => {
                        divisor *= basis_divisor(knots, *basis).0.pow(*power as usize);
                        VariableSlot::Computed(
                            new.computed_index(ComputedVariable { number, kind: ComputedKind::Spline(knots.clone(), *basis) }),
                        )
                    }
                    _ => return Err(no_variable()),
                };
                factors.push((slot, *power));
            }
            slots.push(factors);
            divisors.push(divisor);
        }
        let (numbers, indicators) = (new.numbers.len(), indexes.len());
        let index = |slot: VariableSlot| match slot {
            VariableSlot::Number(number) => number,
            VariableSlot::Indicator(indicator) => numbers + indicator,
            VariableSlot::Computed(computed) => numbers + indicators + computed,
        };
        let terms = slots.into_iter().map(|factors| factors.into_iter().map(|(slot, power)| (index(slot), power)).collect()).collect();
        let indexes = indexes.into_iter().map(|(level, indicator)| (level, numbers + indicator));
        let source = |column: &str| places.get(column).map(|&at| new.columns[at]);
        let cells = model.empty_cells.iter().map(|cell| {
            let level = |factor: &crate::model::CoefficientFactor| match (source(&factor.column), &factor.level) {
                (Some(ColumnKind::Category(category)), Some(level)) => Some((category, new.categories[category].reader.position(level)?)),
                _ => None,
            };
            if let [one, other] = &cell[..] { level(one).zip(level(other)).ok_or_else(no_variable) } else { Err(no_variable()) }
        });
        let cells = cells.collect::<Result<Vec<_>>>()?;
        cells.into_iter().for_each(|(one, other)| new.add_empty_cell(one, other));
        let mut indicators: Vec<((usize, usize), usize)> = indexes.collect();
        indicators.sort_unstable_by_key(|(_, index)| *index);
        for ((category, level), index) in indicators {
            new.categories[category].indicators[level] = Some(index);
            new.indicators.push((category, level));
        }
        Ok((new, ModelTerms { terms, divisors }))
    }

    /// Returns the variables of a model of so many columns of numbers.
    #[cfg(test)]
    pub(super) fn of_numbers(count: usize) -> Self {
        let columns = (0..count).map(ColumnKind::Number).collect();
        Self { columns, numbers: (0..count).collect(), categories: vec![], indicators: vec![], computed: vec![], empty_cells: vec![] }
    }

    fn add_column(&mut self, column: &ModelColumn) {
        let at = self.columns.len();
        if column.levels.is_none() {
            self.columns.push(ColumnKind::Number(self.numbers.len()));
            self.numbers.push(at);
            return;
        }
        let reader = KnownLevels::new(column);
        self.columns.push(ColumnKind::Category(self.categories.len()));
        self.categories.push(CategoryVariables { column: at, indicators: vec![None; reader.len()], reader });
    }

    /// Returns the index of a computed variable, which becomes one if it is new.
    fn computed_index(&mut self, variable: ComputedVariable) -> usize {
        let known = self.computed.iter().position(|other| *other == variable);
        known.unwrap_or_else(|| {
            self.computed.push(variable);
            self.computed.len() - 1
        })
    }

    fn add_empty_cell(&mut self, one: (usize, usize), other: (usize, usize)) {
        let (first, second) = (one.min(other), one.max(other));
        let (categories, levels) = ([first.0, second.0], [first.1, second.1]);
        match self.empty_cells.iter_mut().find(|cells| cells.categories == categories) {
            Some(cells) => drop(cells.levels.insert(levels)),
            None => self.empty_cells.push(EmptyCells { categories, levels: BTreeSet::from([levels]) }),
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
        !self.computed.is_empty()
    }

    /// Returns the combinations of levels without rows in the training data.
    pub(super) fn empty_cells(&self) -> &[EmptyCells] {
        &self.empty_cells
    }

    /// Returns a row of zeros, whose columns are to be set.
    pub(crate) fn row(&self) -> ModelRow {
        let variables = self.numbers.len() + self.indicators.len() + self.computed.len();
        ModelRow { values: vec![Decimal::ZERO; variables], levels: vec![0; self.categories.len()] }
    }

    /// Sets a column of a row to the value of a cell without spaces around it.
    ///
    /// # Errors
    /// `missing-values`, those of a number, `unknown-level`.
    pub(crate) fn set(&self, row: &mut ModelRow, column: usize, cell: &[u8]) -> Result<()> {
        let is_number = matches!(self.columns[column], ColumnKind::Number(_));
        let cell = if is_number { cell } else { trim_wide(cell) };
        if is_missing(cell) {
            return Err(missing());
        }
        match self.columns[column] {
            ColumnKind::Number(number) => self.set_value(row, number, parse(cell)?)?,
            ColumnKind::Category(at) => {
                let category = &self.categories[at];
                let level = category.reader.level_of(cell)?;
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
        let first = self.numbers.len() + self.indicators.len();
        for (at, computed) in self.computed.iter().enumerate().filter(|(_, computed)| computed.number == number) {
            row.values[first + at] = computed.kind.value(&value)?;
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
            ColumnKind::Category(at) => Some(self.categories[at].reader.level(row.levels[at]).text()),
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
            if levels.contains(&categories.map(|category| row.levels[category])) {
                let of = |category: usize| {
                    let CategoryVariables { column, reader, .. } = &self.categories[category];
                    (names[*column].as_str(), reader.level(row.levels[category]).text())
                };
                return Err(empty_cell(categories.map(of)));
            }
        }
        Ok(())
    }
}

impl ComputedKind {
    /// Returns the variable for a number.
    ///
    /// Errors: `undefined`.
    fn value(&self, number: &Decimal) -> Result<Decimal> {
        match self {
            Self::Function(function) => function.value(number),
            Self::Spline(knots, basis) => {
                let (_, scale) = basis_divisor(knots, *basis);
                let parts = knots.scaled_basis(*basis).0.into_iter().map(|(weight, piece)| weight.times(&piece.value(number)));
                let sum = parts.fold(Decimal::ZERO, |sum, part| sum.plus(&part));
                Ok(sum.times(&Decimal { mantissa: ten_to(scale), scale: 0 }))
            }
        }
    }
}

/// Returns the integer by which a basis function of a spline has to be multiplied so that it is a decimal combination of cubes, and the power
/// of ten in it.
fn basis_divisor(knots: &Knots, basis: usize) -> (IBig, u32) {
    let divisor = knots.scaled_basis(basis).1.normalized();
    (divisor.mantissa, divisor.scale)
}

/// Returns a cell without spaces of any kind around it.
fn trim_wide(cell: &[u8]) -> &[u8] {
    std::str::from_utf8(cell).map_or(cell, |text| text.trim().as_bytes())
}

/// Returns the error of a row with two levels that no row of the training data has together: columns and levels.
fn empty_cell([one, other]: [(&str, &str); 2]) -> Error {
    let levels = [one.1, other.1];
    let sentence = format!("the training data have no row with the levels {} together, and the model has a product of them", list(levels));
    let mut error = Error::new(Code::UnknownLevel, sentence, "correct the values, or use a model of data with such rows");
    error.found = Some(shorten(&levels.join(", ")));
    error.in_column(&format!("{}*{}", one.0, other.0))
}

fn missing() -> Error {
    Error::new(Code::MissingValues, "there is no value, and the model uses it", "fill in the value, or leave the record out")
}

fn no_variable() -> Error {
    Error::new(Code::Model, "the coefficients use a level or a column that the model does not have", "train the model again")
}
