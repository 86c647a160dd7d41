//! Terms with categories to the coding of each category: with a column for every level, or for every level but the reference.
//!
//! The rule is that of patsy ("Redundancy and categorical factors" in <https://patsy.readthedocs.io/en/latest/formulas.html>): the columns of
//! all terms together span what the terms mean, and no column is a linear combination of others for want of a better coding.
//!
//! A category with a column for every level spans the constant and what its *reduced* coding spans: `a = 1 + a-`. So a term `a:b` means the
//! *parts* `1 + a- + b- + a-:b-`. Terms with the same numerical factors share their parts. They are taken by their number of categories,
//! then in their order. Each keeps the parts that none before it has, and joins them into fewer with full codings, from the shortest on:
//! `b- + a-:b- = a+:b-`.

use crate::error::{Code, Error, Result};
use crate::ordered::sort_by_key;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Most categories of a term. The parts of a term are 2 to this power.
pub const CATEGORIES_MAX: usize = 10;

/// A term of a model: the product of numerical factors and of categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoricalTerm<N, C> {
    /// What the numerical factors are together, equal in terms with the same ones; none without numerical factors.
    pub numeric: Option<N>,
    /// The categories.
    pub categories: Vec<C>,
}

/// Columns of a category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoryCoding {
    /// An indicator for every level.
    Full,
    /// An indicator for every level but the reference.
    Reduced,
}

/// A category in a block of columns, and how it is coded there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodedCategory<C> {
    /// The category.
    pub category: C,
    /// Its coding.
    pub coding: CategoryCoding,
}

/// The categories of a block of columns, in the order of the term.
pub type CodedBlock<C> = Vec<CodedCategory<C>>;

/// Returns the coding of each term, in the order of `terms`: a list of blocks of columns. The columns of a block are the products of the
/// term's numerical part with one column of each of the block's categories; a block without categories is the numerical part alone.
///
/// A term is more than one block if its parts cannot be joined into one, and none if earlier terms span it.
///
/// ```
/// use samefit_core::model_formula::{CategoricalTerm, CategoryCoding, full_rank_coding};
///
/// // y ~ 0 + a + a:b
/// let term = |categories| CategoricalTerm { numeric: None::<&str>, categories };
/// let blocks = full_rank_coding(false, &[term(vec!["a"]), term(vec!["a", "b"])])?;
/// let codings = |block: usize| blocks[block][0].iter().map(|coded| coded.coding).collect::<Vec<_>>();
/// assert_eq!(codings(0), [CategoryCoding::Full]);
/// assert_eq!(codings(1), [CategoryCoding::Full, CategoryCoding::Reduced]);
/// # Ok::<(), samefit_core::error::Error>(())
/// ```
///
/// # Errors
/// `capacity` for a term of more than [`CATEGORIES_MAX`] categories.
pub fn full_rank_coding<N: Ord, C: Ord + Clone>(has_intercept: bool, terms: &[CategoricalTerm<N, C>]) -> Result<Vec<Vec<CodedBlock<C>>>> {
    let mut spanned: BTreeMap<Option<&N>, BTreeSet<Vec<&C>>> = BTreeMap::new();
    if has_intercept {
        spanned.entry(None).or_default().insert(Vec::new());
    }
    let mut order: Vec<usize> = (0..terms.len()).collect();
    sort_by_key(&mut order, |&at| distinct(&terms[at].categories).len());
    let mut blocks = vec![Vec::new(); terms.len()];
    for at in order {
        let categories = distinct(&terms[at].categories);
        if categories.len() > CATEGORIES_MAX {
            let sentence = format!("a term has {} categories, more than the {CATEGORIES_MAX} that can be coded", categories.len());
            return Err(Error::new(Code::Capacity, sentence, "write interactions of fewer categories"));
        }
        let spanned = spanned.entry(terms[at].numeric.as_ref()).or_default();
        let mut parts = parts(categories.len());
        parts.retain(|part| spanned.insert(part.names(&categories)));
        join(&mut parts);
        blocks[at] = parts.iter().map(|part| part.coded(&categories)).collect();
    }
    Ok(blocks)
}

/// Returns each category once, at its first place.
fn distinct<C: Ord>(categories: &[C]) -> Vec<&C> {
    let mut seen = BTreeSet::new();
    categories.iter().filter(|category| seen.insert(*category)).collect()
}

/// A product of some of a term's categories. Bit `i` of a mask stands for the category at `i` from the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TermPart {
    categories: u32,
    /// Those with a column for every level.
    full: u32,
}

impl TermPart {
    /// Returns whether this part and a shorter one together are this part with one more full category.
    fn absorbs(self, shorter: Self) -> bool {
        let more = self.categories ^ shorter.categories;
        self.full == shorter.full && more.is_power_of_two() && self.categories & more != 0
    }

    /// Returns the categories in byte order, as a name of the part.
    fn names<'a, C: Ord>(self, categories: &[&'a C]) -> Vec<&'a C> {
        let mut names: Vec<&C> = self.members(categories).map(|(category, _)| category).collect();
        names.sort_unstable();
        names
    }

    fn coded<C: Clone>(self, categories: &[&C]) -> CodedBlock<C> {
        let coding = |bit| if self.full & bit == 0 { CategoryCoding::Reduced } else { CategoryCoding::Full };
        self.members(categories).map(|(category, bit)| CodedCategory { category: category.clone(), coding: coding(bit) }).collect()
    }

    /// Returns the categories in the order of the term, each with its bit.
    fn members<'a, 'b, C>(self, categories: &'b [&'a C]) -> impl Iterator<Item = (&'a C, u32)> + use<'a, 'b, C> {
        let bits = (0..categories.len()).rev().map(|shift| 1 << shift);
        categories.iter().copied().zip(bits).filter(move |(_, bit)| self.categories & bit != 0)
    }
}

/// Returns all parts of a term, all reduced: shorter ones first, then as their categories stand in the term.
fn parts(categories: usize) -> Vec<TermPart> {
    let mut parts: Vec<TermPart> = (0..1 << categories).map(|categories| TermPart { categories, full: 0 }).collect();
    sort_by_key(&mut parts, |part| (part.categories.count_ones(), Reverse(part.categories)));
    parts
}

/// Joins parts, the first that can be joined with the first that absorbs it, until none can.
fn join(parts: &mut Vec<TermPart>) {
    let pair = |parts: &[TermPart]| {
        let longer = |(at, part): (usize, &TermPart)| Some((at, at + 1 + parts[at + 1..].iter().position(|longer| longer.absorbs(*part))?));
        parts.iter().enumerate().find_map(longer)
    };
    while let Some((short, long)) = pair(parts) {
        let TermPart { categories, full } = parts[short];
        parts[long].full = full | (parts[long].categories ^ categories);
        parts.remove(short);
    }
}
