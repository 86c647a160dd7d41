//! One pair of terms: which of its rows must be kept, and which polynomials are zero in all rows but few.
//!
//! A pair is *open* for a modulus while later rows can still change the verdict. It closes when the rows so far show that no polynomial can be
//! zero in all rows but few, whatever rows follow. All is *known* of a value of a term when more rows with this value cannot change the
//! verdict, whatever the other term is. All is known of two values together when more rows with both cannot change it.

use super::residues::{ALL_MODULI, ModuliSet, Residues, all_residues, indexes};
use super::term::{PairedTerm, TermValue, VALUES_MAX};
use crate::release_policy::SINGLED_OUT_ROWS_MIN;
use samefit_kernels::spans::{ALL, Layers, MODULI, OF_X, OF_Y, WeightedPoint, fewest_rows};

/// This many rows are enough; fewer are few.
pub(super) const ENOUGH: usize = SINGLED_OUT_ROWS_MIN as usize;

/// Rows of a block that a pair judges first. It then judges twice as many, and so on, because the first rows tell most.
const FIRST_ROWS: usize = 64;

/// The values of both terms in one row.
#[derive(Clone, Copy)]
pub(super) struct PairRow<'a> {
    pub(super) x: &'a TermValue,
    pub(super) y: &'a TermValue,
}

/// The values of both terms in a row that is kept.
pub(super) struct KeptRow {
    pub(super) x: TermValue,
    pub(super) y: TermValue,
}

/// Two terms, and what their rows show.
pub(super) struct TermPair {
    /// Indexes of the terms.
    pub(super) terms: (usize, usize),
    /// The moduli for which the pair is open.
    pub(super) open: ModuliSet,
    /// The remembered values of the first term of which all is known, one bit each.
    pub(super) known_x: u16,
    /// The same of the second term.
    pub(super) known_y: u16,
    /// For each remembered value of the first term, the values of the second of which all is known together with it.
    pub(super) known_xy: [u16; VALUES_MAX],
    /// Rows that tell something more.
    pub(super) rows: Vec<KeptRow>,
}

/// A polynomial in two terms, or in one, that is zero in all rows but few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Indexes of the terms; twice the same index for a polynomial in one term.
    pub(crate) terms: (usize, usize),
    /// The polynomial is taken modulo a power of this prime.
    pub(crate) prime: u32,
    /// The number of rows where it is not zero.
    pub(crate) rows: usize,
}

impl TermPair {
    /// A pair without rows.
    pub(super) fn new(terms: (usize, usize)) -> Self {
        Self { terms, open: ALL_MODULI, known_x: 0, known_y: 0, known_xy: [0; VALUES_MAX], rows: Vec::new() }
    }

    /// Returns whether a row with these values cannot change the verdict.
    pub(super) fn knows(&self, x: Option<u8>, y: Option<u8>) -> bool {
        let has = |known: u16, value: Option<u8>| value.is_some_and(|value| known >> value & 1 == 1);
        has(self.known_x, x) || has(self.known_y, y) || x.is_some_and(|x| has(self.known_xy[usize::from(x)], y))
    }

    /// Adds rows: keeps those that tell something, and closes moduli that are settled.
    pub(super) fn judge(&mut self, rows: &[PairRow<'_>], terms: &[PairedTerm]) {
        let (mut rest, mut count) = (rows, FIRST_ROWS);
        while let Some((first, others)) = rest.split_at_checked(count.min(rest.len())).filter(|_| !rest.is_empty() && self.open != 0) {
            let new: Vec<PairRow<'_>> = first.iter().filter(|row| !self.knows(row.x.known, row.y.known)).copied().collect();
            if !new.is_empty() {
                self.judge_new(&new, terms);
            }
            (rest, count) = (others, count * 2);
        }
    }

    fn judge_new(&mut self, new: &[PairRow<'_>], terms: &[PairedTerm]) {
        let known = self.known_points(terms);
        let before = std::mem::take(&mut self.rows);
        let rows: Vec<PairRow<'_>> = before.iter().map(KeptRow::borrow).chain(new.iter().copied()).collect();
        let mut candidates = Candidates::of(&rows);
        let mut is_kept = vec![false; rows.len()];
        let (mut kept, mut xs, mut ys) = (Vec::new(), Vec::new(), Vec::new());
        for at in indexes(self.open) {
            let mut layers = Layers::new(MODULI[at], ENOUGH);
            for (x, y) in &known {
                (0..ENOUGH).for_each(|_| _ = layers.keep(x[at], y[at]));
            }
            kept.clear();
            xs.clear();
            ys.clear();
            xs.extend(rows.iter().map(|row| row.x.residues[at]));
            ys.extend(rows.iter().map(|row| row.y.residues[at]));
            layers.keep_all(&xs, &ys, &mut kept);
            if layers.is_full() {
                self.open &= !(1 << at);
                continue;
            }
            kept.iter().for_each(|&row| is_kept[row] = true);
            let residue = |term: usize, value: u8| terms[term].values[usize::from(value)].1[at];
            candidates.xs.retain(|&x| layers.span_column(residue(self.terms.0, x)));
            candidates.ys.retain(|&y| layers.span_row(residue(self.terms.1, y)));
            candidates.xys.retain(|&(x, y)| layers.span(residue(self.terms.0, x), residue(self.terms.1, y)));
        }
        if self.open == 0 {
            *self = Self { open: 0, ..Self::new(self.terms) };
            return;
        }
        candidates.xs.into_iter().for_each(|x| self.known_x |= 1 << x);
        candidates.ys.into_iter().for_each(|y| self.known_y |= 1 << y);
        candidates.xys.into_iter().for_each(|(x, y)| self.known_xy[usize::from(x)] |= 1 << y);
        let kept = rows.into_iter().zip(is_kept).filter(|(row, kept)| *kept && !self.knows(row.x.known, row.y.known));
        self.rows = kept.map(|(row, _)| KeptRow { x: *row.x, y: *row.y }).collect();
    }

    /// Returns points that stand for all rows of which all is known. Each point stands for [`ENOUGH`] rows.
    fn known_points(&self, terms: &[PairedTerm]) -> Vec<(Residues, Residues)> {
        let value = |term: usize, at: usize| terms[term].values[at].1;
        let bits = |known: u16| (0..VALUES_MAX).filter(move |at| known >> at & 1 == 1);
        let (first, second) = self.terms;
        // three of its values determine a polynomial of degree two
        let of_x = bits(self.known_x).flat_map(|x| (0..3).map(move |y| (x, y))).map(|(x, y)| (value(first, x), all_residues(y)));
        let of_y = bits(self.known_y).flat_map(|y| (0..3).map(move |x| (x, y))).map(|(x, y)| (all_residues(x), value(second, y)));
        let is_new = |x: &usize| self.known_x >> x & 1 == 0;
        let of_xy = (0..VALUES_MAX).filter(is_new).flat_map(|x| bits(self.known_xy[x] & !self.known_y).map(move |y| (x, y)));
        of_x.chain(of_y).chain(of_xy.map(|(x, y)| (value(first, x), value(second, y)))).collect()
    }

    /// Returns the polynomials that are zero in all rows but few, for each open modulus.
    pub(super) fn findings(&self, terms: &[PairedTerm]) -> Vec<Finding> {
        if self.rows.is_empty() {
            // all is known of every row, so each polynomial is zero everywhere or not zero in enough rows
            return Vec::new();
        }
        let known = self.known_points(terms);
        indexes(self.open).flat_map(|at| self.findings_modulo(at, &known)).collect()
    }

    /// Returns the findings for one of [`MODULI`]: polynomials in one term, or, if there are none, in both.
    fn findings_modulo(&self, at: usize, known: &[(Residues, Residues)]) -> Vec<Finding> {
        let (first, second) = self.terms;
        let known = known.iter().map(|(x, y)| (x[at], y[at], ENOUGH));
        let points: Vec<WeightedPoint> = known.chain(self.rows.iter().map(|row| (row.x.residues[at], row.y.residues[at], 1))).collect();
        let find = |monomials: &[usize], terms| {
            let rows = fewest_rows(MODULI[at], monomials, &points, ENOUGH - 1)?;
            Some(Finding { terms, prime: MODULI[at].prime, rows })
        };
        let of_one = [find(&OF_X, (first, first)), find(&OF_Y, (second, second))];
        match of_one.iter().any(Option::is_some) {
            true => of_one.into_iter().flatten().collect(),
            false => find(&ALL, self.terms).into_iter().collect(),
        }
    }
}

impl KeptRow {
    /// The values of the row.
    pub(super) fn borrow(&self) -> PairRow<'_> {
        PairRow { x: &self.x, y: &self.y }
    }
}

/// Remembered values of which all may be known now, sorted.
struct Candidates {
    xs: Vec<u8>,
    ys: Vec<u8>,
    xys: Vec<(u8, u8)>,
}

impl Candidates {
    fn of(rows: &[PairRow<'_>]) -> Self {
        Self {
            xs: sorted(rows.iter().filter_map(|row| row.x.known)),
            ys: sorted(rows.iter().filter_map(|row| row.y.known)),
            xys: sorted(rows.iter().filter_map(|row| Some((row.x.known?, row.y.known?)))),
        }
    }
}

fn sorted<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    items.sort_unstable();
    items.dedup();
    items
}
