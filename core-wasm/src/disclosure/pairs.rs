//! Rows that are to be shared to a verdict on each pair of terms: whether the released sums of a polynomial in the two would tell of few rows.
//!
//! The moments of two terms x and y are the sums of x, y, xy, x² and y², and so give the sum of each polynomial of degree two in x and y.
//! If such a polynomial is zero modulo m in all rows but few ([`APART_ROWS_MIN`]), its sum modulo m is that of these few rows alone. Products
//! are of this kind (few rows where xy is not zero), steps (few rows where x is no multiple of m), rare groups (x and y are 0 or 1, and both
//! are 1 in few rows), codes (x is 0 or 1 but in few rows) and a column that is a multiple of another but in few rows.
//!
//! All such polynomials are judged, modulo all numbers up to [`MODULUS_MAX`](samefit_kernels::spans::MODULUS_MAX): powers of primes suffice,
//! for what is not zero modulo a product is not zero modulo one of its powers of primes.
//!
//! *Method*: few rows tell as much of these polynomials as all do ([`Layers`]). Of most pairs, some dozens of rows show that no polynomial
//! can be zero in all rows but few, whatever rows come; the pair is *closed* then. A column of few values never comes so far, but for one of its
//! *values*: rows with this value tell nothing more, whatever the other term is. So does a *cell*, a value of each of the two terms.
//!
//! *Invariants*: the verdict depends neither on the order of the rows nor on how they were parted; memory does not grow with the rows.
//!
//! *Limits*: polynomials in three terms or more are not judged, nor larger moduli.

use crate::disclosure::policy::APART_ROWS_MIN;
use crate::statistics::Factors;
use dashu_base::RemEuclid;
use dashu_int::IBig;
use samefit_kernels::spans::{self, ALL, Layers, MODULI, OF_X, OF_Y, PRIMES, WeightedPoint, fewest_rows};
use serde::{Deserialize, Serialize};

/// Rows of the first block that is judged.
const FIRST_BLOCK_ROWS: usize = 256;
/// Rows of a block that a pair judges first; then twice as many, and so on. The first ones tell most.
const FIRST_ROWS: usize = 64;
/// Cells of a block: each next block has twice as many rows as the one before, up to so many cells.
const BLOCK_CELLS_MAX: usize = 1 << 15;
/// Values of a term that are told apart: the first ones that come.
const VALUES_MAX: usize = 16;
/// Rows that count as enough.
const ENOUGH: usize = APART_ROWS_MIN as usize;
/// All of [`MODULI`], a bit each.
const ALL_OPEN: u64 = (1 << PRIMES) - 1;

/// A residue for each of [`MODULI`].
type Residues = [u8; PRIMES];

/// Watches all pairs of terms.
#[derive(Default)]
pub(crate) struct Pairs {
    terms: Vec<Term>,
    /// Two different terms each, or, where there is one, this with itself.
    pairs: Vec<Pair>,
    block: Vec<Vec<Cell>>,
    block_rows: usize,
    /// The moduli for which some pair is not closed.
    open: u64,
}

/// A term, and its values that are told apart.
struct Term {
    factors: Factors,
    values: Vec<(i128, Residues)>,
    /// The moduli for which a pair with it is not closed, a bit each.
    open: u64,
}

/// The value of a term in a row.
#[derive(Clone, Copy)]
struct Cell {
    /// Its place among the values that are told apart.
    value: Option<u8>,
    residues: Residues,
}

/// A row as a pair sees it.
#[derive(Clone, Copy)]
struct Point<'a> {
    x: &'a Cell,
    y: &'a Cell,
}

/// A row that a pair keeps.
struct Kept {
    x: Cell,
    y: Cell,
}

/// What was seen of two terms.
struct Pair {
    terms: (usize, usize),
    /// The moduli for which rows to come may tell something.
    open: u64,
    /// The values of the first term, a bit each, of which all is known.
    known_x: u16,
    /// The same of the second.
    known_y: u16,
    /// For each value of the first term, the values of the second with which all is known of it.
    known_cells: [u16; VALUES_MAX],
    /// Rows that tell something beyond.
    rows: Vec<Kept>,
}

/// What was seen of all pairs, for another to [absorb](Pairs::absorb).
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Part {
    /// Of each term.
    values: Vec<Vec<String>>,
    pairs: Vec<PairPart>,
}

#[derive(Default, Serialize, Deserialize)]
struct PairPart {
    open: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known: Option<KnownPart>,
}

#[derive(Serialize, Deserialize)]
struct KnownPart {
    x: Vec<u8>,
    y: Vec<u8>,
    cells: Vec<(u8, u8)>,
    rows: Vec<(CellPart, CellPart)>,
}

/// The place of a value, if it is told apart, and its residues.
type CellPart = (Option<u8>, Vec<u8>);

/// A polynomial in two terms, or in one, that is zero in all rows but few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// The same twice for a polynomial in one term.
    pub(crate) terms: (usize, usize),
    /// The prime modulo a power of which it is so.
    pub(crate) prime: u32,
    /// In how many rows it is not zero.
    pub(crate) rows: usize,
}

impl Pairs {
    /// For columns, and terms beyond them.
    pub(crate) fn new(columns: usize, products: impl Iterator<Item = Factors>) -> Self {
        let factors = (0..columns).map(|at| vec![(at, 1)]).chain(products);
        let terms: Vec<Term> = factors.map(|factors| Term { factors, values: Vec::new(), open: ALL_OPEN }).collect();
        let alone = (terms.len() == 1).then_some((0, 0));
        let pairs = (0..terms.len()).flat_map(|second| (0..second).map(move |first| (first, second))).chain(alone).map(Pair::new).collect();
        Self { terms, pairs, block: Vec::new(), block_rows: FIRST_BLOCK_ROWS, open: ALL_OPEN }
    }

    /// One more row: the columns' values in units of their last decimals.
    pub(crate) fn add(&mut self, integers: &[IBig]) {
        if self.open == 0 {
            return;
        }
        let small: Vec<Option<i128>> = integers.iter().map(|integer| i128::try_from(integer).ok()).collect();
        let places: Vec<Option<u8>> = self.terms.iter().map(|term| term.place(term.value(&small))).collect();
        if self.pairs.iter().all(|pair| pair.open == 0 || pair.knows(places[pair.terms.0], places[pair.terms.1])) {
            return;
        }
        let cells = self.terms.iter_mut().zip(places).map(|(term, place)| term.cell(integers, &small, place));
        self.block.push(cells.collect());
        if self.block.len() >= self.block_rows {
            self.judge_block();
            self.block_rows = (self.block_rows * 2).min(BLOCK_CELLS_MAX / self.terms.len()).max(FIRST_BLOCK_ROWS);
        }
    }

    /// What was seen, as a part.
    pub(crate) fn part(mut self) -> Part {
        self.judge_block();
        let values = self.terms.iter().map(|term| term.values.iter().map(|(value, _)| value.to_string()).collect()).collect();
        Part { values, pairs: self.pairs.iter().map(Pair::part).collect() }
    }

    /// Adds what another has seen; none if it is of other terms.
    pub(crate) fn absorb(&mut self, part: Part) -> Option<()> {
        if part.values.len() != self.terms.len() || part.pairs.len() != self.pairs.len() {
            return None;
        }
        self.judge_block();
        let parsed = |values: &Vec<String>| values.iter().map(|value| value.parse().ok()).collect::<Option<Vec<i128>>>();
        let values = part.values.iter().map(parsed).collect::<Option<Vec<_>>>()?;
        for (pair, other) in self.pairs.iter_mut().zip(part.pairs) {
            pair.open &= other.open;
            let (first, second) = pair.terms;
            let points = match other.known {
                Some(known) if pair.open != 0 => known.points(&mut self.terms, pair, &values[first], &values[second])?,
                _ => Vec::new(),
            };
            let points: Vec<Point<'_>> = points.iter().map(Kept::point).collect();
            pair.judge(&points, &self.terms);
        }
        self.settle();
        Some(())
    }

    /// The polynomials that are zero in all rows but few: for each pair of terms, and for each term alone, that with the smallest prime.
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
            let points: Vec<Point<'_>> = block.iter().map(|row| Point { x: &row[first], y: &row[second] }).collect();
            pair.judge(&points, &self.terms);
        }
        self.settle();
    }

    fn settle(&mut self) {
        self.open = self.pairs.iter().fold(0, |open, pair| open | pair.open);
        self.terms.iter_mut().for_each(|term| term.open = 0);
        for pair in &self.pairs {
            self.terms[pair.terms.0].open |= pair.open;
            self.terms[pair.terms.1].open |= pair.open;
        }
    }
}

impl Term {
    /// Its value, if that is short.
    fn value(&self, columns: &[Option<i128>]) -> Option<i128> {
        if self.open == 0 {
            return None;
        }
        self.factors.iter().try_fold(1, |product: i128, &(at, power)| product.checked_mul(columns[at]?.checked_pow(power)?))
    }

    fn place(&self, value: Option<i128>) -> Option<u8> {
        let value = value?;
        self.values.iter().position(|(known, _)| *known == value).map(|at| at as u8)
    }

    /// The place of a value that is told apart from now on, if there is room.
    fn new_place(&mut self, value: i128) -> Option<u8> {
        if let Some(place) = self.place(Some(value)) {
            return Some(place);
        }
        if self.values.len() == VALUES_MAX {
            return None;
        }
        self.values.push((value, residues_of(value)));
        Some((self.values.len() - 1) as u8)
    }

    /// Its value in a row: `place` is where it is told apart, if it is.
    fn cell(&mut self, integers: &[IBig], small: &[Option<i128>], place: Option<u8>) -> Cell {
        if self.open == 0 {
            return Cell { value: None, residues: [0; PRIMES] };
        }
        let residues = match self.factors[..] {
            [(at, 1)] => residues(&integers[at], self.open),
            _ => {
                let mut product = [1; PRIMES];
                for &(at, power) in &self.factors {
                    let factor = residues(&integers[at], self.open);
                    (0..power).for_each(|_| spans::multiply(&mut product, &factor));
                }
                product
            }
        };
        let new = if place.is_none() && self.values.len() < VALUES_MAX { self.value(small) } else { None };
        let place = place.or_else(|| new.and_then(|value| self.new_place(value)));
        Cell { value: place, residues }
    }
}

impl Pair {
    fn new(terms: (usize, usize)) -> Self {
        Self { terms, open: ALL_OPEN, known_x: 0, known_y: 0, known_cells: [0; VALUES_MAX], rows: Vec::new() }
    }

    /// Whether a row with these values tells nothing more.
    fn knows(&self, x: Option<u8>, y: Option<u8>) -> bool {
        let has = |known: u16, value: Option<u8>| value.is_some_and(|value| known >> value & 1 == 1);
        has(self.known_x, x) || has(self.known_y, y) || x.is_some_and(|x| has(self.known_cells[usize::from(x)], y))
    }

    /// Adds rows: keeps those that tell something, and closes what is settled.
    fn judge(&mut self, points: &[Point<'_>], terms: &[Term]) {
        let (mut rest, mut count) = (points, FIRST_ROWS);
        while let Some((first, others)) = rest.split_at_checked(count.min(rest.len())).filter(|_| !rest.is_empty() && self.open != 0) {
            let new: Vec<Point<'_>> = first.iter().filter(|point| !self.knows(point.x.value, point.y.value)).copied().collect();
            if !new.is_empty() {
                self.judge_some(&new, terms);
            }
            (rest, count) = (others, count * 2);
        }
    }

    fn judge_some(&mut self, points: &[Point<'_>], terms: &[Term]) {
        let known = self.known_points(terms);
        let before = std::mem::take(&mut self.rows);
        let rows: Vec<Point<'_>> = before.iter().map(Kept::point).chain(points.iter().copied()).collect();
        let (mut columns, mut lines, mut cells) = self.candidates(&rows);
        let mut is_kept = vec![false; rows.len()];
        let (mut kept, mut xs, mut ys) = (Vec::new(), Vec::new(), Vec::new());
        for at in open_places(self.open) {
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
            columns.retain(|&x| layers.span_column(residue(self.terms.0, x)));
            lines.retain(|&y| layers.span_row(residue(self.terms.1, y)));
            cells.retain(|&(x, y)| layers.span(residue(self.terms.0, x), residue(self.terms.1, y)));
        }
        if self.open == 0 {
            *self = Self { open: 0, ..Self::new(self.terms) };
            return;
        }
        columns.into_iter().for_each(|x| self.known_x |= 1 << x);
        lines.into_iter().for_each(|y| self.known_y |= 1 << y);
        cells.into_iter().for_each(|(x, y)| self.known_cells[usize::from(x)] |= 1 << y);
        let kept = rows.into_iter().zip(is_kept).filter(|(point, kept)| *kept && !self.knows(point.x.value, point.y.value));
        self.rows = kept.map(|(point, _)| Kept { x: *point.x, y: *point.y }).collect();
    }

    /// The values of either term, and the cells, of which all may be known now.
    fn candidates(&self, rows: &[Point<'_>]) -> (Vec<u8>, Vec<u8>, Vec<(u8, u8)>) {
        let mut columns: Vec<u8> = rows.iter().filter_map(|point| point.x.value).collect();
        let mut lines: Vec<u8> = rows.iter().filter_map(|point| point.y.value).collect();
        let mut cells: Vec<(u8, u8)> = rows.iter().filter_map(|point| Some((point.x.value?, point.y.value?))).collect();
        columns.sort_unstable();
        columns.dedup();
        lines.sort_unstable();
        lines.dedup();
        cells.sort_unstable();
        cells.dedup();
        (columns, lines, cells)
    }

    /// Points that stand, as many times as rows are enough, for the rows of which all is known.
    fn known_points(&self, terms: &[Term]) -> Vec<(Residues, Residues)> {
        let value = |term: usize, at: usize| terms[term].values[at].1;
        let bits = |known: u16| (0..VALUES_MAX).filter(move |at| known >> at & 1 == 1);
        let (first, second) = self.terms;
        // a polynomial of degree two is known by three of its values
        let columns = bits(self.known_x).flat_map(|x| (0..3).map(move |y| (x, y))).map(|(x, y)| (value(first, x), residues_of(y)));
        let lines = bits(self.known_y).flat_map(|y| (0..3).map(move |x| (x, y))).map(|(x, y)| (residues_of(x), value(second, y)));
        let is_new = |x: &usize| self.known_x >> x & 1 == 0;
        let cells = (0..VALUES_MAX).filter(is_new).flat_map(|x| bits(self.known_cells[x] & !self.known_y).map(move |y| (x, y)));
        let cells = cells.map(|(x, y)| (value(first, x), value(second, y)));
        columns.chain(lines).chain(cells).collect()
    }

    fn part(&self) -> PairPart {
        if self.open == 0 {
            return PairPart::default();
        }
        let bits = |known: u16| (0..VALUES_MAX as u8).filter(|at| known >> at & 1 == 1).collect::<Vec<u8>>();
        let cells = (0..VALUES_MAX as u8).flat_map(|x| bits(self.known_cells[usize::from(x)]).into_iter().map(move |y| (x, y)));
        let cell = |cell: &Cell| (cell.value, cell.residues.to_vec());
        let rows = self.rows.iter().map(|point| (cell(&point.x), cell(&point.y)));
        let known = KnownPart { x: bits(self.known_x), y: bits(self.known_y), cells: cells.collect(), rows: rows.collect() };
        PairPart { open: self.open, known: Some(known) }
    }

    fn findings(&self, terms: &[Term]) -> Vec<Finding> {
        if self.rows.is_empty() {
            // of all rows all is known: enough are where a polynomial is not zero
            return Vec::new();
        }
        let known = self.known_points(terms);
        let (first, second) = self.terms;
        let of_modulus = |at: usize| {
            let known = known.iter().map(|(x, y)| (x[at], y[at], ENOUGH));
            let points = known.chain(self.rows.iter().map(|point| (point.x.residues[at], point.y.residues[at], 1)));
            let points: Vec<WeightedPoint> = points.collect();
            let find = |monomials: &[usize], terms| {
                let rows = fewest_rows(MODULI[at], monomials, &points, ENOUGH - 1)?;
                Some(Finding { terms, prime: MODULI[at].prime, rows })
            };
            let alone = [find(&OF_X, (first, first)), find(&OF_Y, (second, second))];
            let both = || find(&ALL, self.terms);
            match alone.iter().any(Option::is_some) {
                true => alone.into_iter().flatten().collect::<Vec<_>>(),
                false => both().into_iter().collect(),
            }
        };
        open_places(self.open).flat_map(of_modulus).collect()
    }
}

impl Kept {
    fn point(&self) -> Point<'_> {
        Point { x: &self.x, y: &self.y }
    }
}

impl KnownPart {
    /// What was seen of a pair, as rows; none if it is of no pair.
    fn points(self, terms: &mut [Term], pair: &Pair, of_first: &[i128], of_second: &[i128]) -> Option<Vec<Kept>> {
        let (first, second) = pair.terms;
        let mut cell = |term: usize, values: &[i128], at: u8| {
            let value = *values.get(usize::from(at))?;
            Some(Cell { value: terms[term].new_place(value), residues: residues_of(value) })
        };
        let other = |value| Cell { value: None, residues: residues_of(value) };
        let mut points = Vec::new();
        for at in self.x {
            let x = cell(first, of_first, at)?;
            if !pair.knows(x.value, None) {
                points.extend((0..3).map(|y| Kept { x, y: other(y) }));
            }
        }
        for at in self.y {
            let y = cell(second, of_second, at)?;
            if !pair.knows(None, y.value) {
                points.extend((0..3).map(|x| Kept { x: other(x), y }));
            }
        }
        for (x, y) in self.cells {
            let point = Kept { x: cell(first, of_first, x)?, y: cell(second, of_second, y)? };
            if !pair.knows(point.x.value, point.y.value) {
                points.push(point);
            }
        }
        let times = |point: Kept| std::iter::repeat_n((point.x, point.y), ENOUGH).map(|(x, y)| Kept { x, y });
        let mut points: Vec<Kept> = points.into_iter().flat_map(times).collect();
        let mut seen = |term: usize, values: &[i128], (value, residues): CellPart| {
            let value = value.and_then(|at| cell(term, values, at)).and_then(|cell| cell.value);
            residues.try_into().ok().map(|residues| Cell { value, residues })
        };
        for (x, y) in self.rows {
            points.push(Kept { x: seen(first, of_first, x)?, y: seen(second, of_second, y)? });
        }
        Some(points)
    }
}

/// The places in [`MODULI`] of these, a bit each.
fn open_places(open: u64) -> impl Iterator<Item = usize> {
    (0..PRIMES).filter(move |at| open >> at & 1 == 1)
}

/// The residues of an integer for these moduli, a bit each; zero for the others.
fn residues(integer: &IBig, open: u64) -> Residues {
    let mut residues = [0; PRIMES];
    match i64::try_from(integer) {
        Ok(integer) => spans::residues(integer, open, &mut residues),
        Err(_) => open_places(open).for_each(|at| {
            residues[at] = u8::try_from(integer.rem_euclid(IBig::from(MODULI[at].value))).unwrap_or_default();
        }),
    }
    residues
}

fn residues_of(value: i128) -> Residues {
    residues(&value.into(), ALL_OPEN)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;
    use proptest::prelude::*;

    const COLUMNS: usize = 3;

    fn pairs() -> Pairs {
        Pairs::new(COLUMNS, [vec![(0, 1), (1, 1)]].into_iter())
    }

    fn of(rows: &[[i64; COLUMNS]]) -> Pairs {
        let mut pairs = pairs();
        rows.iter().for_each(|row| pairs.add(&row.map(IBig::from)));
        pairs
    }

    /// What the rows themselves tell, all of them.
    fn told(rows: &[[i64; COLUMNS]]) -> Vec<Finding> {
        let terms = |row: &[i64; COLUMNS]| [row[0], row[1], row[2], row[0] * row[1]];
        let mut findings = Vec::new();
        for pair in pairs().pairs {
            let (first, second) = pair.terms;
            for modulus in MODULI {
                let residue = |value: i64| value.rem_euclid(modulus.value.into()) as u8;
                let points: Vec<WeightedPoint> = rows.iter().map(terms).map(|row| (residue(row[first]), residue(row[second]), 1)).collect();
                let find = |monomials: &[usize], terms| {
                    let rows = fewest_rows(modulus, monomials, &points, ENOUGH - 1)?;
                    Some(Finding { terms, prime: modulus.prime, rows })
                };
                let alone = [find(&OF_X, (first, first)), find(&OF_Y, (second, second))];
                let both = if alone == [None; 2] { find(&ALL, pair.terms) } else { None };
                findings.extend(alone.into_iter().flatten().chain(both));
            }
        }
        findings.sort_unstable();
        findings.dedup_by_key(|finding| finding.terms);
        findings
    }

    /// A column's kind and a number to the value.
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
        fn findings_are_those_of_all_rows_in_any_order_and_parts(rows in rows(), owners in prop::collection::vec(0usize..3, 600), turn in any::<prop::sample::Index>()) {
            let want = told(&rows);
            prop_assert_eq!(of(&rows).findings(), want.clone());
            let mut turned = rows.clone();
            turned.rotate_left(turn.index(rows.len().max(1)).min(rows.len()));
            turned.reverse();
            prop_assert_eq!(of(&turned).findings(), want.clone());
            let mut all = pairs();
            for owner in 0..3 {
                let shard: Vec<[i64; COLUMNS]> = rows.iter().zip(&owners).filter(|(_, other)| **other == owner).map(|(row, _)| *row).collect();
                let text = serde_json::to_string(&of(&shard).part()).unwrap();
                all.absorb(serde_json::from_str(&text).unwrap()).unwrap();
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
            let mut pairs = of(rows);
            pairs.judge_block();
            pairs.pairs.iter().map(|pair| pair.rows.len()).sum::<usize>()
        };
        assert!(kept(&rows(&|at, mixed| [mixed, at * 13 % 10_007, mixed * 31 % 1013])) < 50);
        assert!(kept(&rows(&|at, mixed| [at % 2, mixed % 997, i64::from(mixed % 11 == 0)])) < 50);
        assert!(kept(&rows(&|at, mixed| [mixed * 2, at * 5, mixed * 6 + 1])) < 500);
    }
}
