//! Checks every two terms: whether the released sums of a polynomial in the two would single out few rows.
//!
//! The moments of two terms x and y are the sums of x, y, xy, x² and y². So they give the sum of every polynomial of degree two in x and y.
//! If such a polynomial is zero modulo m in all rows but few, then its sum modulo m is that of these few rows alone
//! ([`SINGLED_OUT_ROWS_MIN`](crate::release_policy::SINGLED_OUT_ROWS_MIN) rows are enough). Examples: products (xy is zero but in few rows), steps
//! (x is a multiple of m but in few rows), rare groups (x and y are 0 or 1, and both are 1 in few rows), codes (x is 0 or 1 but in few rows),
//! and a column that is a multiple of another but in few rows.
//!
//! All such polynomials are checked, modulo all numbers up to [`MODULUS_MAX`](samefit_kernels::spans::MODULUS_MAX). Prime powers suffice: a
//! number that is not zero modulo a product is not zero modulo one of the prime powers in it.
//!
//! *Method*: few rows tell as much of these polynomials as all rows do ([`Layers`](samefit_kernels::spans::Layers)). For most pairs, some
//! dozens of rows close the pair (`pair`). A column of few values never closes it, but more rows with a value of which all is known tell
//! nothing.
//!
//! *Invariants*: the findings depend neither on the order of the rows nor on how they were divided. Memory does not grow with the rows.
//!
//! *Limits*: polynomials in three or more terms and larger moduli are not checked.

mod pair;
mod residues;
mod state;
mod term;

pub(crate) use pair::Finding;
pub(crate) use state::PairChecksState;

use crate::statistics::Factors;
use dashu_int::IBig;
use pair::{KeptRow, PairRow, TermPair};
use residues::{ALL_MODULI, ModuliSet};
use term::{PairedTerm, TermValue};

/// Rows of the first block that is judged.
const FIRST_BLOCK_ROWS: usize = 256;
/// Each block has twice as many rows as the one before, up to so many values.
const BLOCK_VALUES_MAX: usize = 1 << 15;

/// The checks of all pairs of terms.
#[derive(Default)]
pub(crate) struct PairChecks {
    terms: Vec<PairedTerm>,
    /// All pairs of two different terms. If there is only one term, its pair with itself.
    pairs: Vec<TermPair>,
    /// Rows that are not judged yet: a value for each term.
    block: Vec<Vec<TermValue>>,
    /// The block is judged when it has so many rows.
    block_rows: usize,
    /// The moduli for which some pair is open.
    open: ModuliSet,
}

impl PairChecks {
    /// Checks of columns, and of products of columns.
    pub(crate) fn new(columns: usize, products: impl Iterator<Item = Factors>) -> Self {
        let terms: Vec<PairedTerm> = (0..columns).map(|at| vec![(at, 1)]).chain(products).map(PairedTerm::new).collect();
        let with_itself = (terms.len() == 1).then_some((0, 0));
        let pairs = (0..terms.len()).flat_map(|second| (0..second).map(move |first| (first, second)));
        let pairs = pairs.chain(with_itself).map(TermPair::new).collect();
        Self { terms, pairs, block: Vec::new(), block_rows: FIRST_BLOCK_ROWS, open: ALL_MODULI }
    }

    /// Adds a row. `integers` are the columns' values in units of their last decimals.
    pub(crate) fn add(&mut self, integers: &[IBig]) {
        if self.open == 0 {
            return;
        }
        let small: Vec<Option<i128>> = integers.iter().map(|integer| i128::try_from(integer).ok()).collect();
        let known: Vec<Option<u8>> = self.terms.iter().map(|term| term.known(term.small_value(&small))).collect();
        if self.pairs.iter().all(|pair| pair.open == 0 || pair.knows(known[pair.terms.0], known[pair.terms.1])) {
            return;
        }
        let values = self.terms.iter_mut().zip(known).map(|(term, known)| term.value(integers, &small, known));
        self.block.push(values.collect());
        if self.block.len() >= self.block_rows {
            self.judge_block();
            self.block_rows = (self.block_rows * 2).min(BLOCK_VALUES_MAX / self.terms.len()).max(FIRST_BLOCK_ROWS);
        }
    }

    /// Returns what these checks know.
    pub(crate) fn into_state(mut self) -> PairChecksState {
        self.judge_block();
        PairChecksState::new(&self.terms, &self.pairs)
    }

    /// Adds what other checks know; `None` if they are of other terms.
    pub(crate) fn merge(&mut self, state: PairChecksState) -> Option<()> {
        if !state.has_shape(self.terms.len(), self.pairs.len()) {
            return None;
        }
        self.judge_block();
        let values = state.parse_values()?;
        for (pair, other) in self.pairs.iter_mut().zip(state.pairs) {
            pair.open &= other.open;
            let (first, second) = pair.terms;
            let rows = match other.known {
                Some(known) if pair.open != 0 => known.into_rows(&mut self.terms, pair, &values[first], &values[second])?,
                _ => Vec::new(),
            };
            let rows: Vec<PairRow<'_>> = rows.iter().map(KeptRow::borrow).collect();
            pair.judge(&rows, &self.terms);
        }
        self.close_terms();
        Some(())
    }

    /// Returns the polynomials that are zero in all rows but few: for each pair of terms, and for each term alone, the one with the smallest
    /// prime.
    pub(crate) fn findings(&mut self) -> Vec<Finding> {
        self.judge_block();
        let mut findings: Vec<Finding> = self.pairs.iter().flat_map(|pair| pair.findings(&self.terms)).collect();
        findings.sort_unstable();
        findings.dedup_by_key(|finding| finding.terms);
        findings
    }

    fn judge_block(&mut self) {
        let block = std::mem::take(&mut self.block);
        for pair in self.pairs.iter_mut().filter(|pair| pair.open != 0) {
            let (first, second) = pair.terms;
            let rows: Vec<PairRow<'_>> = block.iter().map(|row| PairRow { x: &row[first], y: &row[second] }).collect();
            pair.judge(&rows, &self.terms);
        }
        self.close_terms();
    }

    /// Closes the terms, and the checks as a whole, for moduli for which no pair is open.
    fn close_terms(&mut self) {
        self.open = self.pairs.iter().fold(0, |open, pair| open | pair.open);
        self.terms.iter_mut().for_each(|term| term.open = 0);
        for pair in &self.pairs {
            self.terms[pair.terms.0].open |= pair.open;
            self.terms[pair.terms.1].open |= pair.open;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::pair::ENOUGH;
    use super::*;
    use proptest::prelude::*;
    use samefit_kernels::spans::{ALL, MODULI, OF_X, OF_Y, WeightedPoint, fewest_rows};

    const COLUMNS: usize = 3;

    fn checks() -> PairChecks {
        PairChecks::new(COLUMNS, [vec![(0, 1), (1, 1)]].into_iter())
    }

    fn of(rows: &[[i64; COLUMNS]]) -> PairChecks {
        let mut checks = checks();
        rows.iter().for_each(|row| checks.add(&row.map(IBig::from)));
        checks
    }

    /// The findings of all rows, computed without dropping any.
    fn findings_of_all(rows: &[[i64; COLUMNS]]) -> Vec<Finding> {
        let terms = |row: &[i64; COLUMNS]| [row[0], row[1], row[2], row[0] * row[1]];
        let mut findings = Vec::new();
        for pair in checks().pairs {
            let (first, second) = pair.terms;
            for modulus in MODULI {
                let residue = |value: i64| value.rem_euclid(modulus.value.into()) as u8;
                let points: Vec<WeightedPoint> = rows.iter().map(terms).map(|row| (residue(row[first]), residue(row[second]), 1)).collect();
                let find = |monomials: &[usize], terms| {
                    let rows = fewest_rows(modulus, monomials, &points, ENOUGH - 1)?;
                    Some(Finding { terms, prime: modulus.prime, rows })
                };
                let of_one = [find(&OF_X, (first, first)), find(&OF_Y, (second, second))];
                let both = if of_one == [None; 2] { find(&ALL, pair.terms) } else { None };
                findings.extend(of_one.into_iter().flatten().chain(both));
            }
        }
        findings.sort_unstable();
        findings.dedup_by_key(|finding| finding.terms);
        findings
    }

    /// Returns a value of a column of some kind, made of a random number and of the value of the first column.
    fn value(kind: u8, number: i64, first: i64) -> i64 {
        match kind {
            0 => number,
            1 => i64::from(number % 3 == 0),
            2 => i64::from(number % 23 == 0),
            3 => number % 4 * 10,
            4 => number * 37,
            5 => number % 97 * 2,
            6 => first * 3 - 1,
            7 => -(number % 20),
            _ => 1 - first.rem_euclid(2),
        }
    }

    fn rows() -> impl Strategy<Value = Vec<[i64; COLUMNS]>> {
        let numbers = prop::collection::vec([0i64..1_000_000, 0i64..1_000_000, 0i64..1_000_000], 0..600);
        let odd = prop::collection::vec(([0usize..600, 0..COLUMNS, 0..1], -50i64..50), 0..4);
        (numbers, [0u8..9, 0..9, 0..9], odd).prop_map(|(numbers, kinds, odd)| {
            let row = |numbers: &[i64; COLUMNS]| {
                let first = value(kinds[0].min(5), numbers[0], 0);
                [first, value(kinds[1], numbers[1], first), value(kinds[2], numbers[2], first)]
            };
            let mut rows: Vec<[i64; COLUMNS]> = numbers.iter().map(row).collect();
            for ([at, column, _], more) in odd {
                if let Some(row) = rows.get_mut(at) {
                    row[column] += more;
                }
            }
            rows
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn findings_do_not_depend_on_order_or_division_of_rows(rows in rows(), owners in prop::collection::vec(0usize..3, 600), turn in any::<prop::sample::Index>()) {
            let want = findings_of_all(&rows);
            prop_assert_eq!(of(&rows).findings(), want.clone());
            let mut turned = rows.clone();
            turned.rotate_left(turn.index(rows.len().max(1)).min(rows.len()));
            turned.reverse();
            prop_assert_eq!(of(&turned).findings(), want.clone());
            let mut all = checks();
            for owner in 0..3 {
                let shard: Vec<[i64; COLUMNS]> = rows.iter().zip(&owners).filter(|(_, other)| **other == owner).map(|(row, _)| *row).collect();
                let text = serde_json::to_string(&of(&shard).into_state()).unwrap();
                all.merge(serde_json::from_str(&text).unwrap()).unwrap();
            }
            prop_assert_eq!(all.findings(), want);
        }
    }

    #[test]
    fn few_rows_are_kept() {
        let rows = |value: &dyn Fn(i64, i64) -> [i64; COLUMNS]| -> Vec<[i64; COLUMNS]> {
            (0..20_000).map(|at| value(at, at * at % 8191 + at * 7 % 1009)).collect()
        };
        let kept = |rows: &[[i64; COLUMNS]]| {
            let mut checks = of(rows);
            checks.judge_block();
            checks.pairs.iter().map(|pair| pair.rows.len()).sum::<usize>()
        };
        assert!(kept(&rows(&|at, mixed| [mixed, at * 13 % 10_007, mixed * 31 % 1013])) < 50);
        assert!(kept(&rows(&|at, mixed| [at % 2, mixed % 997, i64::from(mixed % 11 == 0)])) < 50);
        assert!(kept(&rows(&|at, mixed| [mixed * 2, at * 5, mixed * 6 + 1])) < 500);
    }
}
