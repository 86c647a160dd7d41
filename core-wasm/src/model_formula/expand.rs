//! A formula's tree to its terms, by the rules of R's `terms.formula`.
//!
//! A term is a set of factors. The operators work on lists of terms in which each term stands once, at its first place. A model has an
//! intercept unless the last `0` or `1` says otherwise; a number that is subtracted means the other one.
//!
//! *Limits*: at most [`FORMULA_TERMS_MAX`] terms at any time, terms of at most [`DEGREE_MAX`] factors, and [`STEPS_MAX`] terms that are
//! made, added or removed.

use super::factor::{FormulaFactor, FormulaTerm};
use super::place::FormulaText;
use super::syntax::{Expression, Operand, OperandKind, Operator, Syntax};
use crate::error::{Code, Error, Result, shorten};
use crate::ordered::sort_by_key;
use crate::terms::DEGREE_MAX;
use std::collections::BTreeMap;

/// Most terms of a formula, and of each of its parts.
pub const FORMULA_TERMS_MAX: usize = 2048;
/// Most terms that are made, added or removed in an expansion. Together with the other limits this bounds its time.
const STEPS_MAX: usize = 1 << 18;

/// What a formula says of its right side.
pub(super) struct Expansion {
    pub(super) has_intercept: bool,
    /// Terms by the number of their factors, then in the order of the formula.
    pub(super) terms: Vec<FormulaTerm>,
}

/// Expands a formula for data with these columns, which are what `.` stands for.
///
/// # Errors
/// `no-columns` if `.` stands for none; `target` if the target is in a term; `term`, `capacity`.
pub(super) fn expand(syntax: &Syntax, columns: &[String]) -> Result<Expansion> {
    let factors = NumberedFactors::new(syntax, columns)?;
    let mut evaluator = Evaluator { factors: &factors, text: &syntax.text, has_intercept: true, steps: 0 };
    let mut sets = evaluator.evaluate(&syntax.right, false)?.into_ordered();
    sort_by_key(&mut sets, Vec::len);
    let has_intercept = evaluator.has_intercept;
    factors.check_target(syntax, &sets)?;
    if sets.is_empty() && !has_intercept {
        let help = "write a term after `~`, or `1` for the mean alone";
        return Err(Error::new(Code::Term, "the formula leaves neither a term nor the intercept", help));
    }
    Ok(Expansion { has_intercept, terms: sets.iter().map(|set| factors.term(set)).collect() })
}

/// A term: the numbers of its factors, in increasing order.
type FactorSet = Vec<usize>;

/// The factors of a formula, numbered in the order in which they first occur. Factors of removed terms count, as in R.
struct NumberedFactors {
    /// Each factor, with its place in the formula.
    factors: Vec<(FormulaFactor, usize)>,
    /// The factor of each operand; none for `.`.
    by_operand: Vec<Option<usize>>,
    /// The factors that `.` stands for; empty without a `.`.
    rest: Vec<usize>,
}

impl NumberedFactors {
    fn new(syntax: &Syntax, columns: &[String]) -> Result<Self> {
        let mut numbering = Numbering::default();
        let mut by_operand = Vec::new();
        let mut rest = Vec::new();
        for Operand { kind, at } in &syntax.operands {
            match kind {
                OperandKind::Factor(factor) => by_operand.push(Some(numbering.number(factor.clone(), *at))),
                OperandKind::Rest => {
                    if rest.is_empty() {
                        let others = columns.iter().filter(|column| **column != syntax.target);
                        rest = others.map(|column| numbering.number(FormulaFactor::Column(column.clone()), *at)).collect();
                    }
                    if rest.is_empty() {
                        let sentence = "`.` stands for all columns but the target, and there are none";
                        return Err(syntax.text.error(Code::NoColumns, *at, sentence, "write the terms, or `1` for the mean alone"));
                    }
                    by_operand.push(None);
                }
            }
        }
        Ok(Self { factors: numbering.factors, by_operand, rest })
    }

    /// Refuses the target in a term.
    fn check_target(&self, syntax: &Syntax, sets: &[FactorSet]) -> Result<()> {
        let has_target = |number: &&usize| self.factors[**number].0.columns().any(|column| column == syntax.target);
        match sets.iter().flatten().find(has_target) {
            None => Ok(()),
            Some(&number) => {
                let sentence = format!("the target `{}` is in a term too", shorten(&syntax.target));
                Err(syntax.text.error(Code::Target, self.factors[number].1, &sentence, "leave it out after `~`"))
            }
        }
    }

    fn term(&self, set: &FactorSet) -> FormulaTerm {
        FormulaTerm { factors: set.iter().map(|&number| self.factors[number].0.clone()).collect() }
    }
}

/// Numbers factors as they come.
#[derive(Default)]
struct Numbering {
    factors: Vec<(FormulaFactor, usize)>,
    numbers: BTreeMap<FormulaFactor, usize>,
}

impl Numbering {
    fn number(&mut self, factor: FormulaFactor, at: usize) -> usize {
        let next = self.factors.len();
        let number = *self.numbers.entry(factor.clone()).or_insert(next);
        if number == next {
            self.factors.push((factor, at));
        }
        number
    }
}

/// Terms in the order in which they were added, each once.
#[derive(Default)]
struct TermList {
    /// Each term with its rank. The ranks of removed terms stay unused.
    ranks: BTreeMap<FactorSet, usize>,
    next_rank: usize,
}

impl TermList {
    fn into_ordered(self) -> Vec<FactorSet> {
        let mut ordered: Vec<(FactorSet, usize)> = self.ranks.into_iter().collect();
        sort_by_key(&mut ordered, |&(_, rank)| rank);
        ordered.into_iter().map(|(set, _)| set).collect()
    }
}

struct Evaluator<'a> {
    factors: &'a NumberedFactors,
    text: &'a FormulaText,
    has_intercept: bool,
    steps: usize,
}

impl Evaluator<'_> {
    /// Returns the terms of an expression. `subtracted` says whether it is removed from others, where 1 means 0.
    fn evaluate(&mut self, expression: &Expression, subtracted: bool) -> Result<TermList> {
        let mut list = TermList::default();
        match expression {
            Expression::Intercept(is_one) => self.has_intercept = *is_one != subtracted,
            Expression::Operand(index) => {
                let numbers = self.factors.by_operand[*index].as_ref().map_or(self.factors.rest.as_slice(), std::slice::from_ref);
                self.insert(&mut list, numbers.iter().map(|&number| vec![number]))?;
            }
            Expression::Sum(parts) => {
                for (minus, part) in parts {
                    let part = self.evaluate(part, subtracted != *minus)?.into_ordered();
                    if *minus { self.remove(&mut list, &part)? } else { self.insert(&mut list, part)? }
                }
            }
            Expression::Chain(first, rest) => {
                list = self.evaluate(first, subtracted)?;
                for (operator, at, right) in rest {
                    let right = self.evaluate(right, subtracted)?.into_ordered();
                    list = self.combine(*operator, list.into_ordered(), right, *at)?;
                }
            }
            Expression::Power { base, power, at } => {
                let base = self.evaluate(base, subtracted)?.into_ordered();
                list = self.power(base, *power, *at)?;
            }
        }
        Ok(list)
    }

    fn combine(&mut self, operator: Operator, left: Vec<FactorSet>, right: Vec<FactorSet>, at: usize) -> Result<TermList> {
        let mut list = TermList::default();
        match operator {
            Operator::Interact => self.interact(&mut list, &left, &right, at)?,
            Operator::Cross => {
                self.insert(&mut list, left.iter().chain(&right).cloned())?;
                self.interact(&mut list, &left, &right, at)?;
            }
            Operator::In => {
                let all = self.union(&right, at)?;
                self.interact(&mut list, &left, &[all], at)?;
            }
            Operator::Nest => {
                let all = self.union(&left, at)?;
                self.insert(&mut list, left)?;
                self.interact(&mut list, &[all], &right, at)?;
            }
        }
        Ok(list)
    }

    /// Returns the interactions of terms up to a degree.
    fn power(&mut self, base: Vec<FactorSet>, power: u32, at: usize) -> Result<TermList> {
        let mut list = TermList::default();
        self.insert(&mut list, base.iter().cloned())?;
        for _ in 1..power {
            let lower = list.into_ordered();
            list = TermList::default();
            self.interact(&mut list, &base, &lower, at)?;
        }
        Ok(list)
    }

    /// Adds the interaction of every term on the left with every one on the right.
    fn interact(&mut self, list: &mut TermList, left: &[FactorSet], right: &[FactorSet], at: usize) -> Result<()> {
        for one in left {
            for other in right {
                let both = self.union(&[one, other], at)?;
                self.insert(list, [both])?;
            }
        }
        Ok(())
    }

    /// Returns the term of all factors of some terms.
    fn union<S: AsRef<[usize]>>(&self, sets: &[S], at: usize) -> Result<FactorSet> {
        let mut all: FactorSet = sets.iter().flat_map(|set| set.as_ref().iter().copied()).collect();
        all.sort_unstable();
        all.dedup();
        if all.len() > DEGREE_MAX as usize {
            let sentence = format!("a term would have {} factors, more than the {DEGREE_MAX} that can be fitted", all.len());
            return Err(self.text.error(Code::Capacity, at, &sentence, "write interactions of fewer factors"));
        }
        Ok(all)
    }

    fn insert(&mut self, list: &mut TermList, sets: impl IntoIterator<Item = FactorSet>) -> Result<()> {
        for set in sets {
            self.step()?;
            list.ranks.entry(set).or_insert(list.next_rank);
            list.next_rank += 1;
            if list.ranks.len() > FORMULA_TERMS_MAX {
                let sentence = format!("the formula has more than the {FORMULA_TERMS_MAX} terms that can be fitted");
                return Err(Error::new(Code::Capacity, sentence, "write fewer columns, or interactions of a lower degree"));
            }
        }
        Ok(())
    }

    fn remove(&mut self, list: &mut TermList, sets: &[FactorSet]) -> Result<()> {
        for set in sets {
            self.step()?;
            list.ranks.remove(set);
        }
        Ok(())
    }

    fn step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps <= STEPS_MAX {
            return Ok(());
        }
        let sentence = format!("the formula combines terms more than {STEPS_MAX} times");
        Err(Error::new(Code::Capacity, sentence, "write the same terms in a shorter way"))
    }
}
