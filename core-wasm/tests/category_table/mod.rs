//! Small tables with categories, and perhaps weights, and their statistics by the plainest sums.

use dashu_int::IBig;
use samefit_core::decimal::Decimal;
use samefit_core::functions::Function;
use samefit_core::level::Level;
use samefit_core::statistics::{COMBINED_MIN, CategorySums, CombinationSums, LevelSums, Moments, Statistics, SummedColumn, WeightSums};
use samefit_core::terms::{Term, Variable};
use std::collections::BTreeMap;

/// A table of columns of numbers and of categories.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    scale: u32,
    numbers: Vec<(String, Vec<i64>)>,
    categories: Vec<(String, Vec<Level>)>,
    weights: Option<Vec<i64>>,
}

impl Table {
    /// Returns a table without columns, whose numbers are integers over `10^scale`.
    pub(crate) fn new(scale: u32) -> Self {
        Self { scale, numbers: Vec::new(), categories: Vec::new(), weights: None }
    }

    pub(crate) fn number(mut self, name: &str, values: &[i64]) -> Self {
        self.numbers.push((name.to_owned(), values.to_vec()));
        self
    }

    pub(crate) fn category(mut self, name: &str, levels: &[&str]) -> Self {
        self.categories.push((name.to_owned(), levels.iter().map(|level| Level::new(level)).collect()));
        self
    }

    /// Gives each row a weight: an integer over `10^scale`.
    pub(crate) fn weights(self, weights: Option<Vec<i64>>) -> Self {
        Self { weights, ..self }
    }

    pub(crate) fn is_category(&self, column: &str) -> bool {
        self.categories.iter().any(|(name, _)| name == column)
    }

    /// Returns the number of rows with a weight.
    pub(crate) fn rows(&self) -> usize {
        self.all().len()
    }

    /// Returns the rows with a weight.
    fn all(&self) -> Vec<usize> {
        (0..self.numbers[0].1.len()).filter(|&row| self.weights.as_ref().is_none_or(|weights| weights[row] > 0)).collect()
    }

    /// Returns the weights of these rows, and the sum of their logarithms.
    fn weight_sums(&self) -> Option<WeightSums> {
        self.weights.as_ref()?;
        let logarithms = self.all().into_iter().map(|row| Function::Ln.value(&self.weight(row)).unwrap());
        let log_sum = logarithms.fold(Decimal::ZERO, |sum, logarithm| sum.plus(&logarithm)).normalized();
        Some(WeightSums { column: "w".to_owned(), log_sum })
    }

    fn weight(&self, row: usize) -> Decimal {
        match &self.weights {
            Some(weights) => Decimal { mantissa: IBig::from(weights[row]), scale: self.scale },
            None => Decimal::from(1),
        }
    }

    /// Returns the statistics of all columns and of these products.
    pub(crate) fn statistics(&self, products: &[&str]) -> Statistics {
        let columns = self.numbers.iter().map(|(name, _)| Term::column(name));
        let terms: Vec<Term> = columns.chain(products.iter().map(|text| Term::parse(text).unwrap())).collect();
        let all = self.all();
        Statistics {
            columns: self.numbers.iter().map(|(name, _)| SummedColumn { name: name.clone(), unit: None }).collect(),
            rows: self.rows() as i64,
            weights: self.weight_sums(),
            moments: self.moments(&terms, &all),
            levels: self.level_sums(&terms),
            distribution: None,
            dropped: 0,
            kept: BTreeMap::new(),
            shared: None,
            terms,
        }
    }

    /// Returns the moments of (1, terms, target), whose terms may have indicators.
    pub(crate) fn explicit(&self, terms: &[Term], target: &str) -> Moments {
        let all = self.all();
        self.moments(&[terms, &[Term::column(target)]].concat(), &all)
    }

    fn level_sums(&self, terms: &[Term]) -> LevelSums {
        let (mut categories, mut pairs, all) = (Vec::new(), Vec::new(), self.all());
        for (second, (column, levels)) in self.categories.iter().enumerate() {
            let mut rows: BTreeMap<Level, Vec<usize>> = BTreeMap::new();
            all.iter().for_each(|&row| rows.entry(levels[row].clone()).or_default().push(row));
            let sums = rows.into_iter().map(|(level, rows)| (level, self.moments(terms, &rows))).collect();
            categories.push(CategorySums { column: column.clone(), levels: sums });
            for (_, others) in &self.categories[..second] {
                let mut rows: BTreeMap<(Level, Level), Vec<usize>> = BTreeMap::new();
                all.iter().for_each(|&row| rows.entry((others[row].clone(), levels[row].clone())).or_default().push(row));
                pairs.push(rows.into_iter().map(|(levels, rows)| (levels, self.moments(terms, &rows))).collect());
            }
        }
        LevelSums { categories, pairs, combinations: self.combinations(terms, &all) }
    }

    /// Returns the sums of the combinations of levels of all categories, if there are three or more.
    fn combinations(&self, terms: &[Term], all: &[usize]) -> Vec<CombinationSums> {
        let mut rows: BTreeMap<Vec<Level>, Vec<usize>> = BTreeMap::new();
        let levels = |row: usize| self.categories.iter().map(|(_, levels)| levels[row].clone()).collect();
        all.iter().for_each(|&row| rows.entry(levels(row)).or_default().push(row));
        let cells = rows.into_iter().map(|(levels, rows)| (levels, self.moments(terms, &rows))).collect();
        let set = CombinationSums { categories: (0..self.categories.len()).collect(), cells };
        if self.categories.len() < COMBINED_MIN { Vec::new() } else { vec![set] }
    }

    /// Returns the weighted moments of (1, terms) over some rows.
    fn moments(&self, terms: &[Term], rows: &[usize]) -> Moments {
        let one = Term::ONE;
        let all: Vec<&Term> = std::iter::once(&one).chain(terms).collect();
        let values: Vec<Vec<Decimal>> = all.iter().map(|term| rows.iter().map(|&row| self.value(term, row)).collect()).collect();
        let weights: Vec<Decimal> = rows.iter().map(|&row| self.weight(row)).collect();
        let product = |i: usize, j: usize, at: usize| values[i][at].times(&values[j][at]).times(&weights[at]);
        let sum = |i: usize, j: usize| (0..rows.len()).fold(Decimal::ZERO, |sum, at| sum.plus(&product(i, j, at)));
        Moments((0..all.len()).flat_map(|i| (0..=i).map(move |j| (i, j))).map(|(i, j)| sum(i, j).normalized()).collect())
    }

    fn value(&self, term: &Term, row: usize) -> Decimal {
        let one = Decimal { mantissa: IBig::ONE, scale: 0 };
        let times = |product: Decimal, factor: Decimal| product.times(&factor);
        let factor = |(variable, power): &(Variable, u32)| (0..*power).map(|_| self.factor(variable, row)).fold(one.clone(), times);
        term.factors.iter().map(factor).fold(one.clone(), times)
    }

    fn factor(&self, variable: &Variable, row: usize) -> Decimal {
        match variable {
            Variable::Column(name) => {
                let (_, values) = self.numbers.iter().find(|(own, _)| own == name).unwrap();
                Decimal { mantissa: IBig::from(values[row]), scale: self.scale }
            }
            Variable::Level { column, level } => {
                let (_, levels) = self.categories.iter().find(|(own, _)| own == column).unwrap();
                Decimal { mantissa: IBig::from(i64::from(levels[row] == *level)), scale: 0 }
            }
            Variable::Function { .. } | Variable::Cube { .. } | Variable::Spline { .. } => unreachable!("these tables have no functions"),
        }
    }
}
