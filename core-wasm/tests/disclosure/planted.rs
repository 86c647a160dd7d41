//! Random tables in which a few planted rows differ from all others. An attacker may know what the other rows have in common.

use crate::search::Table;
use samefit_core::functions::Function;
use samefit_testing::random::Random;

/// What all rows but the planted ones have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// x is a multiple of a step.
    Step,
    /// x has one remainder modulo a step.
    StepWithStart,
    /// x has no decimal.
    Decimal,
    /// Few rows have a decimal in x, and few in y. None has both.
    TwoDecimals,
    /// Few rows are in a group, and few in another. None is in both.
    RareGroups,
    /// x and y are zero in most rows. None has two other values.
    MostlyZero,
    /// x is zero.
    Zero,
    /// x has two values, and the planted rows have a third next to them.
    RareCode,
    /// x has two values, and the planted rows have a third far away.
    FarCode,
    /// y is a multiple of x, plus a constant.
    Multiple,
    /// The product xy is the same modulo a prime.
    Product,
    /// The square of x is the same modulo a prime.
    Square,
    /// The second binary digit of x is zero.
    BinaryDigit,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 13] = [
        Self::Step,
        Self::StepWithStart,
        Self::Decimal,
        Self::TwoDecimals,
        Self::RareGroups,
        Self::MostlyZero,
        Self::Zero,
        Self::RareCode,
        Self::FarCode,
        Self::Multiple,
        Self::Product,
        Self::Square,
        Self::BinaryDigit,
    ];
}

/// What is computed of x, as a term of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Computed {
    /// The square root, a whole number in all rows but the planted ones.
    Root,
    /// The logarithm to base 10, a whole number in all rows but the planted ones.
    Logarithm,
    /// The cube above a knot. All rows above it but the planted ones are a step of so many apart.
    StepsAboveKnot(i64),
    /// The cube above a knot. Only the planted rows are above it.
    FewAboveKnot,
}

/// The knot of the cubes.
const KNOT: i64 = 500;

impl Computed {
    /// The text of the term.
    pub(crate) fn term(self) -> String {
        match self {
            Self::Root => "sqrt(x)".to_owned(),
            Self::Logarithm => "log10(x)".to_owned(),
            Self::StepsAboveKnot(_) | Self::FewAboveKnot => format!("(x-{KNOT})+^3"),
        }
    }

    /// Returns the term's value for a value of x that is a multiple of `10^zeros`: a function in units of `10^-decimals`, a cube in the
    /// largest unit in which x and the knot are whole numbers.
    pub(crate) fn value(self, x: i64, zeros: u32, decimals: usize) -> i64 {
        let function = match self {
            Self::Root => Function::Sqrt.apply(&x.into()).unwrap(),
            Self::Logarithm => Function::Log10.apply(&x.into()).unwrap(),
            Self::StepsAboveKnot(_) | Self::FewAboveKnot => {
                let (mut unit, mut rest) = (KNOT, 10_i64.pow(zeros));
                while rest != 0 {
                    (unit, rest) = (rest, unit % rest);
                }
                return ((x - KNOT) / unit).max(0).pow(3);
            }
        };
        // digits of the shortest text are those that plain statistics sum
        match decimals {
            0..16 => (function * 10_f64.powi(decimals as i32)).round_ties_even() as i64,
            _ => {
                let text = function.to_string();
                let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
                format!("{whole}{fraction:0<decimals$}").parse().unwrap()
            }
        }
    }
}

/// Returns a table in which the term tells one to four planted rows from the others.
pub(crate) fn planted_term(computed: Computed, random: &mut Random) -> Planted {
    let mut made = ordinary(random);
    let count = made.table.rows.len();
    let order = random.sample(count, count);
    let (odd, others) = order.split_at(1 + random.below(4));
    for row in others {
        made.table.rows[*row][0] = match computed {
            Computed::Root => random.between(1, 50).pow(2),
            Computed::Logarithm => 10_i64.pow(random.below(5) as u32),
            Computed::StepsAboveKnot(step) if random.below(2) == 0 => KNOT + step * random.between(1, 90),
            Computed::StepsAboveKnot(_) | Computed::FewAboveKnot => random.between(1, KNOT),
        };
    }
    for row in odd {
        made.table.rows[*row][0] = match computed {
            // between two squares, and between two powers of ten
            Computed::Root => random.between(5, 50).pow(2) + random.between(1, 9),
            Computed::Logarithm => random.between(101, 900),
            Computed::StepsAboveKnot(step) => KNOT + step * random.between(1, 90) + random.between(1, step),
            Computed::FewAboveKnot => KNOT + random.between(1, 90),
        };
    }
    Planted { rows: odd.to_vec(), ..made }
}

/// A table with the columns x, y, z and w.
#[derive(Clone, Debug)]
pub(crate) struct Planted {
    pub(crate) table: Table,
    /// The decimals of each column's cells.
    pub(crate) decimals: [i32; 4],
    /// Indexes of the planted rows.
    pub(crate) rows: Vec<usize>,
}

const PRIMES: [i64; 10] = [3, 5, 7, 11, 13, 37, 53, 101, 199, 251];

/// Returns a table in which no row differs from the others.
pub(crate) fn ordinary(random: &mut Random) -> Planted {
    let count = 150 + random.below(100);
    let ends = [random.between(60, 3000), random.between(60, 3000), 500, 90];
    let rows = (0..count).map(|_| ends.map(|end| random.between(1, end)).to_vec()).collect();
    let names = ["x", "y", "z", "w"].map(str::to_owned).to_vec();
    Planted { table: Table { names, rows }, decimals: [0; 4], rows: Vec::new() }
}

/// Returns a table of a kind, with one to four planted rows.
pub(crate) fn planted(kind: Kind, random: &mut Random) -> Planted {
    let mut made = ordinary(random);
    let count = made.table.rows.len();
    let order = random.sample(count, count);
    let (odd, others) = order.split_at(1 + random.below(4));
    let prime = PRIMES[random.below(PRIMES.len())];
    let rows = &mut made.table.rows;
    match kind {
        Kind::Step | Kind::StepWithStart => plant_steps(rows, odd, kind == Kind::StepWithStart, random),
        Kind::Decimal | Kind::TwoDecimals => made.decimals = plant_decimals(rows, odd, others, kind == Kind::TwoDecimals, random),
        Kind::RareGroups | Kind::MostlyZero => plant_groups(rows, odd, others, kind == Kind::RareGroups, random),
        Kind::Zero => others.iter().for_each(|row| rows[*row][0] = 0),
        Kind::RareCode | Kind::FarCode => {
            others.iter().for_each(|row| rows[*row][0] = random.between(0, 2));
            let code = if kind == Kind::RareCode { 2 } else { random.between(2, 100_000) };
            odd.iter().for_each(|row| rows[*row][0] = code);
        }
        Kind::Multiple => {
            let (factor, more) = (random.between(1, 5), random.between(0, 9));
            rows.iter_mut().for_each(|row| row[1] = factor * row[0] + more);
            odd.iter().for_each(|row| rows[*row][1] += random.between(1, 9));
        }
        Kind::Product | Kind::Square => plant_residues(rows, odd, kind == Kind::Product, prime, random),
        Kind::BinaryDigit => {
            for (at, row) in rows.iter_mut().enumerate() {
                row[0] = row[0] * 4 + random.between(0, 2) + if odd.contains(&at) { 2 } else { 0 };
            }
        }
    }
    made.rows = odd.to_vec();
    made
}

fn plant_steps(rows: &mut [Vec<i64>], odd: &[usize], has_start: bool, random: &mut Random) {
    let step = random.between(2, 257);
    let start = if has_start { random.between(0, step) } else { 0 };
    rows.iter_mut().for_each(|row| row[0] = start + step * random.between(1, 90));
    odd.iter().for_each(|row| rows[*row][0] += random.between(1, step));
}

/// Returns the decimals of the columns. With `in_two`, other rows have a decimal in one of the two columns, but only planted ones in both.
fn plant_decimals(rows: &mut [Vec<i64>], odd: &[usize], others: &[usize], in_two: bool, random: &mut Random) -> [i32; 4] {
    for column in 0..if in_two { 2 } else { 1 } {
        rows.iter_mut().for_each(|row| row[column] *= 10);
        let more = if in_two { 4 + random.below(4) } else { 0 };
        for row in odd.iter().chain(&others[column * 20..][..more]) {
            rows[*row][column] += [1, 3, 7, 9][random.below(4)];
        }
    }
    [1, i32::from(in_two), 0, 0]
}

/// Sets x and y to zero, but for the rows of a group each. Only planted rows are in both groups.
fn plant_groups(rows: &mut [Vec<i64>], odd: &[usize], others: &[usize], is_indicator: bool, random: &mut Random) {
    for column in 0..2 {
        let size = 10 + random.below(20);
        let members: Vec<usize> = odd.iter().chain(&others[column * 40..][..size]).copied().collect();
        for (at, row) in rows.iter_mut().enumerate() {
            row[column] = match (members.contains(&at), is_indicator) {
                (false, _) => 0,
                (true, true) => 1,
                (true, false) => random.between(1, 9),
            };
        }
    }
}

/// Sets x and y so that their product, or the square of x, has one residue modulo a prime, except in the planted rows.
fn plant_residues(rows: &mut [Vec<i64>], odd: &[usize], of_product: bool, prime: i64, random: &mut Random) {
    let unit = random.between(1, prime);
    for (at, row) in rows.iter_mut().enumerate() {
        let free = random.between(1, prime);
        let inverse = (1..prime).find(|inverse| inverse * free % prime == 1).unwrap();
        let root = if random.below(2) == 0 { unit } else { prime - unit };
        let (x, y) = if of_product { (free, inverse * unit % prime) } else { (root, row[1]) };
        row[0] = x + prime * random.between(0, 9);
        row[1] = if of_product { y + prime * random.between(0, 9) } else { y };
        if odd.contains(&at) {
            // x is zero modulo the prime, and so are the product and the square
            row[0] = prime * random.between(1, 9);
        }
    }
}
