//! Features to the columns of a design, without those that are zero in every row because no row has their levels.

use super::category::DesignCategory;
use super::cell_moments::{combinations, pairs};
use super::feature::{Feature, indicator, place};
use crate::decimal::Decimal;
use crate::error::{Code, Error, Result, list};
use crate::model::{CoefficientFactor, EMPTY_CELLS_MAX};
use crate::model_formula::{CategoricalTerm, CategoryCoding, CodedBlock, CodedCategory, full_rank_coding};
use crate::ordered::{IntoOrdered, sort_by};
use crate::plan::{Collinear, Plan};
use crate::statistics::Statistics;
use crate::terms::{Term, TermCombination};
use std::collections::BTreeSet;

/// Most coefficients of a model, without the intercept.
pub const COEFFICIENTS_MAX: usize = 2048;

/// A column of a design: a product of a numerical part and of indicators of levels.
#[derive(Clone, Debug)]
pub struct DesignColumn {
    /// The product.
    pub term: Term,
    /// The numerical part as a combination of (1, terms) of the statistics: weights and places.
    pub(super) parts: Vec<(Decimal, usize)>,
    /// What the combination is divided by; above zero.
    pub(super) divisor: Decimal,
    /// The levels of the indicators, as indexes of a category and of a level of it, by category.
    pub(super) levels: Vec<(usize, usize)>,
}

/// The columns of a design, and what it lacks.
pub(super) struct ExpandedColumns {
    pub(super) columns: Vec<DesignColumn>,
    pub(super) empty_cells: Vec<Vec<CoefficientFactor>>,
}

/// Codes the categories of features, and sets which columns each feature has.
///
/// Errors: `term`, `constant-column`, `capacity`, `missing-term`.
pub(super) fn expand(
    statistics: &Statistics,
    plan: &Plan,
    features: &mut [Feature],
    categories: &mut [DesignCategory],
) -> Result<ExpandedColumns> {
    let mut expansion = ExpandedColumns { columns: Vec::new(), empty_cells: Vec::new() };
    let cells = empty_cells(statistics, features, categories)?;
    let blocks = coded(features, plan.intercept)?;
    for (feature, blocks) in features.iter_mut().zip(blocks) {
        let start = expansion.columns.len();
        let bases =
            feature.bases.iter().map(|(term, combination)| Ok((term, placed(statistics, combination)?))).collect::<Result<Vec<_>>>()?;
        for block in blocks {
            for coded in &block {
                categories[coded.category].is_reduced |= coded.coding == CategoryCoding::Reduced;
            }
            for (numeric, (parts, divisor)) in &bases {
                for levels in products(&block, categories) {
                    if !cells.has(&levels) {
                        let term = term(feature, numeric, categories, &levels)?;
                        expansion.columns.push(DesignColumn { term, parts: parts.clone(), divisor: divisor.clone(), levels });
                    }
                    check_capacity(expansion.columns.len())?;
                }
            }
        }
        feature.columns = start..expansion.columns.len();
        if feature.columns.is_empty() && plan.collinear == Collinear::Error {
            return Err(constant(feature, categories));
        }
    }
    expansion.empty_cells = cells.0.iter().map(|cell| cell.iter().map(|&(at, level)| factor(&categories[at], level)).collect()).collect();
    Ok(expansion)
}

/// Returns for each feature its blocks of columns, with the categories in them in order.
fn coded(features: &[Feature], has_intercept: bool) -> Result<Vec<Vec<CodedBlock<usize>>>> {
    let term = |feature: &Feature| CategoricalTerm {
        numeric: (feature.numeric != Term::ONE).then(|| feature.numeric.to_string()),
        categories: feature.categories.clone(),
    };
    full_rank_coding(has_intercept, &features.iter().map(term).collect::<Vec<_>>())
}

/// Returns the combinations of levels of the columns of a block, each by category. The levels of the last category change fastest.
fn products(block: &[CodedCategory<usize>], categories: &[DesignCategory]) -> Vec<Vec<(usize, usize)>> {
    let mut products: Vec<Vec<(usize, usize)>> = vec![Vec::new()];
    for coded in block {
        let category = &categories[coded.category];
        let is_left_out = |level: &usize| coded.coding == CategoryCoding::Reduced && *level == category.reference;
        let levels: Vec<usize> = (0..category.levels.len()).filter(|level| !is_left_out(level)).collect();
        let with = |product: &Vec<(usize, usize)>| {
            levels.iter().map(|&level| [product.as_slice(), &[(coded.category, level)]].concat()).collect::<Vec<_>>()
        };
        products = products.iter().flat_map(with).collect();
    }
    products.iter_mut().for_each(|product| product.sort_unstable());
    products
}

/// Returns a combination as weights and places among (1, terms) of the statistics, and what it is divided by.
fn placed(statistics: &Statistics, combination: &TermCombination) -> Result<(Vec<(Decimal, usize)>, Decimal)> {
    let parts =
        combination.parts.iter().map(|(weight, term)| Ok((weight.clone(), place(statistics, term)?))).collect::<Result<Vec<_>>>()?;
    Ok((parts, Decimal { mantissa: combination.divisor.clone(), scale: 0 }))
}

fn term(feature: &Feature, numeric: &Term, categories: &[DesignCategory], levels: &[(usize, usize)]) -> Result<Term> {
    let indicators = levels.iter().map(|&(at, level)| (indicator(&categories[at], level), 1));
    let factors = numeric.factors.iter().cloned().chain(indicators).collect();
    Term::of(factors).ok_or_else(|| {
        Error::new(Code::Term, "the term has too high a degree", "name a product of fewer columns").in_column(&feature.term.to_string())
    })
}

fn check_capacity(count: usize) -> Result<()> {
    if count <= COEFFICIENTS_MAX {
        return Ok(());
    }
    let sentence = format!("the features have more than the {COEFFICIENTS_MAX} coefficients that a model can have");
    Err(Error::new(Code::Capacity, sentence, "leave out a product of categories, or make fewer levels of a category"))
}

/// Returns the error of a feature without columns, because its categories have one level each.
fn constant(feature: &Feature, categories: &[DesignCategory]) -> Error {
    let single = feature.categories.iter().map(|&at| &categories[at]).find(|category| category.levels.len() == 1);
    let sentence = match single {
        Some(category) => {
            format!("the category `{}` has the same level, `{}`, in every row", category.column, category.levels[0].level)
        }
        None => format!("{} adds nothing to the features before it", list([feature.term.to_string()])),
    };
    Error::new(Code::ConstantColumn, sentence, "leave it out of the features").in_column(&feature.term.to_string())
}

/// Returns the combinations of levels that features ask for and no row has, each by category. One that has another in it is left out.
///
/// Errors: `capacity`.
fn empty_cells(statistics: &Statistics, features: &[Feature], categories: &[DesignCategory]) -> Result<CellsWithoutRows> {
    let mut cells = CellsWithoutRows::default();
    let sets = features.iter().flat_map(|feature| {
        let mut set = feature.categories.clone();
        set.sort_unstable();
        subsets(&set, 2).into_iter().map(move |set| (set, feature))
    });
    let mut sets: Vec<(Vec<usize>, &Feature)> = sets.collect();
    sort_by(&mut sets, |(one, _), (other, _)| one.len().cmp(&other.len()).then_with(|| one.cmp(other)));
    sets.dedup_by(|(one, _), (other, _)| one == other);
    for (set, feature) in sets {
        let filled = filled_cells(statistics, categories, &set)?;
        let counts = set.iter().fold(1usize, |count, &at| count.saturating_mul(categories[at].levels.len()));
        if counts - filled.len() + cells.0.len() > EMPTY_CELLS_MAX {
            let sentence = format!("{} of the {counts} combinations of levels have no row", counts - filled.len());
            let help = "make one column of two of the categories, whose levels are their combinations, and use it instead";
            return Err(Error::new(Code::Capacity, sentence, help).in_column(&feature.term.to_string()));
        }
        for key in keys(&set, categories) {
            let cell: Vec<(usize, usize)> = set.iter().copied().zip(key.iter().copied()).collect();
            if !filled.contains(&key) && !cells.has(&cell) {
                cells.0.insert(cell);
            }
        }
    }
    Ok(cells)
}

/// Combinations of levels that no row has, as indexes of categories and levels, in order.
#[derive(Default)]
struct CellsWithoutRows(BTreeSet<Vec<(usize, usize)>>);

impl CellsWithoutRows {
    /// Returns whether no row has these levels, which are in order of their categories.
    fn has(&self, levels: &[(usize, usize)]) -> bool {
        !self.0.is_empty() && subsets(levels, 2).iter().any(|some| self.0.contains(some))
    }
}

/// Returns the combinations of levels of a set of categories that have rows.
fn filled_cells(statistics: &Statistics, categories: &[DesignCategory], set: &[usize]) -> Result<BTreeSet<Vec<usize>>> {
    match *set {
        [one, other] => Ok(pairs(statistics, categories, one, other)?.into_keys().map(|(a, b)| vec![a, b]).into_set()),
        _ => Ok(combinations(statistics, categories, set)?.into_keys().into_set()),
    }
}

/// Returns all combinations of the levels of some categories, as indexes. The last changes fastest.
fn keys(set: &[usize], categories: &[DesignCategory]) -> Vec<Vec<usize>> {
    let longer = |keys: Vec<Vec<usize>>, &at: &usize| -> Vec<Vec<usize>> {
        let with = |key: &Vec<usize>| (0..categories[at].levels.len()).map(|level| [key.as_slice(), &[level]].concat()).collect::<Vec<_>>();
        keys.iter().flat_map(with).collect()
    };
    set.iter().fold(vec![Vec::new()], longer)
}

/// Returns the parts of a list with `least` members or more, each in the order of the list.
pub(super) fn subsets<T: Clone>(list: &[T], least: usize) -> Vec<Vec<T>> {
    let longer = |parts: Vec<Vec<T>>, member: &T| -> Vec<Vec<T>> {
        let with = parts.iter().map(|part| [part.as_slice(), std::slice::from_ref(member)].concat()).collect::<Vec<_>>();
        [parts, with].concat()
    };
    let mut parts = list.iter().fold(vec![Vec::new()], longer);
    parts.retain(|part| part.len() >= least);
    parts
}

fn factor(category: &DesignCategory, level: usize) -> CoefficientFactor {
    CoefficientFactor::of_variable(&indicator(category, level))
}
