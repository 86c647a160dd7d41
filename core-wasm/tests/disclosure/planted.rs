//! Random tables in which a few planted rows differ from all others. An attacker may know what the other rows have in common.

use crate::search::Table;
use samefit_testing::random::Random;

/// The kinds of tables: what all rows but the planted ones have in common.
pub(crate) const KINDS: [&str; 13] = [
    "a step: x is a multiple of it",
    "a step and a start: x has one remainder",
    "a decimal: x has none",
    "decimals of two columns: no row has both",
    "rare groups: no row is in both",
    "columns that are mostly zero: no row is in both",
    "zero: x is zero",
    "a code: x has two values",
    "two codes: x has two values, and the planted ones are far away",
    "a multiple: y is a multiple of x, plus a constant",
    "a product: xy is the same modulo a prime",
    "a square: x² is the same modulo a prime",
    "a binary digit: the second digit of x in base two is zero",
];

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

/// Returns a table of one of [`KINDS`], with one to four planted rows.
pub(crate) fn planted(kind: usize, random: &mut Random) -> Planted {
    let mut made = ordinary(random);
    let count = made.table.rows.len();
    let order = random.sample(count, count);
    let few = 1 + random.below(4);
    let (odd, others) = order.split_at(few);
    let rows = &mut made.table.rows;
    let prime = PRIMES[random.below(PRIMES.len())];
    match kind {
        0 | 1 => {
            let step = random.between(2, 257);
            let start = if kind == 0 { 0 } else { random.between(0, step) };
            for row in rows.iter_mut() {
                row[0] = start + step * random.between(1, 90);
            }
            for row in odd {
                rows[*row][0] += random.between(1, step);
            }
        }
        2 | 3 => {
            made.decimals = [1, if kind == 3 { 1 } else { 0 }, 0, 0];
            let columns = if kind == 3 { 0..2 } else { 0..1 };
            for column in columns {
                rows.iter_mut().for_each(|row| row[column] *= 10);
                let beside = if kind == 3 { 4 + random.below(4) } else { 0 };
                let more = &others[column * 20..][..beside];
                for row in odd.iter().chain(more) {
                    rows[*row][column] += [1, 3, 7, 9][random.below(4)];
                }
            }
        }
        4 | 5 => {
            for column in 0..2 {
                let size = 10 + random.below(20);
                let members: Vec<usize> = odd.iter().chain(&others[column * 40..][..size]).copied().collect();
                for (at, row) in rows.iter_mut().enumerate() {
                    let is_in = members.contains(&at);
                    row[column] = if !is_in {
                        0
                    } else if kind == 4 {
                        1
                    } else {
                        random.between(1, 9)
                    };
                }
            }
        }
        6 => others.iter().for_each(|row| rows[*row][0] = 0),
        7 | 8 => {
            others.iter().for_each(|row| rows[*row][0] = random.between(0, 2));
            let code = if kind == 7 { 2 } else { random.between(2, 100_000) };
            odd.iter().for_each(|row| rows[*row][0] = code);
        }
        9 => {
            let (factor, more) = (random.between(1, 5), random.between(0, 9));
            rows.iter_mut().for_each(|row| row[1] = factor * row[0] + more);
            odd.iter().for_each(|row| rows[*row][1] += random.between(1, 9));
        }
        10 | 11 => {
            let unit = random.between(1, prime);
            for (at, row) in rows.iter_mut().enumerate() {
                let free = random.between(1, prime);
                let inverse = (1..prime).find(|inverse| inverse * free % prime == 1).unwrap();
                let root = if random.below(2) == 0 { unit } else { prime - unit };
                let (x, y) = if kind == 10 { (free, inverse * unit % prime) } else { (root, row[1]) };
                row[0] = x + prime * random.between(0, 9);
                row[1] = if kind == 10 { y + prime * random.between(0, 9) } else { y };
                if odd.contains(&at) {
                    // neither a root nor the same product
                    row[0] = prime * random.between(1, 9);
                }
            }
        }
        _ => {
            for (at, row) in rows.iter_mut().enumerate() {
                row[0] = row[0] * 4 + random.between(0, 2) + if odd.contains(&at) { 2 } else { 0 };
            }
        }
    }
    made.rows = odd.to_vec();
    made
}
