//! The attack: searches for polynomials that are zero in all rows but few, and computes their sums from a released document.
//!
//! It shares no code with disclosure control: it evaluates each polynomial in every row, while `samefit_kernels::spans` computes spans.

use samefit_testing::random::Random;
use serde_json::Value;
use std::collections::BTreeMap;

/// This many rows are enough; fewer are few.
const ENOUGH: usize = 5;
/// The largest modulus.
const MODULUS_MAX: i64 = 256;

/// A table of whole numbers: values that are rounded as a document says, in units of their last decimals.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Vec<i64>>,
}

/// The polynomial `a + bx + cy + dxy + ex² + fy²` in two columns, modulo a number.
#[derive(Clone, Debug)]
pub(crate) struct Polynomial {
    x: usize,
    y: usize,
    factors: [i64; 6],
    modulus: i64,
}

/// A polynomial that is zero in all rows but few, and the indexes of these few rows.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) polynomial: Polynomial,
    pub(crate) rows: Vec<usize>,
}

/// A released document: its sums of products in units of last decimals. Index 0 is the column of ones.
pub(crate) struct Released {
    moments: Vec<Vec<i128>>,
}

impl Released {
    /// Reads the sums of the columns `names` in this order. `decimals` gives their units.
    pub(crate) fn read(text: &str, names: &[String], decimals: &BTreeMap<String, i32>) -> Self {
        let document: Value = serde_json::from_str(text).unwrap();
        Self::of(&document, &document["moments"], names, decimals)
    }

    /// As [`Self::read`], for the sums of the rows with a level of the only category.
    pub(crate) fn read_level(text: &str, level: &str, names: &[String], decimals: &BTreeMap<String, i32>) -> Self {
        let document: Value = serde_json::from_str(text).unwrap();
        let levels = document["categories"][0]["levels"].as_array().unwrap();
        let entry = levels.iter().find(|entry| entry["level"] == level).unwrap();
        Self::of(&document, &entry["moments"], names, decimals)
    }

    fn of(document: &Value, moments: &Value, names: &[String], decimals: &BTreeMap<String, i32>) -> Self {
        let terms = document["terms"].as_array().unwrap();
        let place = |name: &String| terms.iter().position(|term| term_text(term) == *name).unwrap() + 1;
        let places: Vec<(usize, i32)> = std::iter::once((0, 0)).chain(names.iter().map(|name| (place(name), decimals[name]))).collect();
        let sum = |a: usize, b: usize| moments[a.max(b)][a.min(b)].as_str().unwrap();
        let moment = |&(a, scale): &(usize, i32), &(b, other): &(usize, i32)| in_units(sum(a, b), scale + other);
        Self { moments: places.iter().map(|a| places.iter().map(|b| moment(a, b)).collect()).collect() }
    }

    /// Returns the sums of the columns.
    pub(crate) fn sums(&self) -> Vec<i128> {
        self.moments.iter().skip(1).map(|row| row[0]).collect()
    }

    fn sum(&self, a: Option<usize>, b: Option<usize>, modulus: i64) -> i64 {
        let place = |column: Option<usize>| column.map_or(0, |column| column + 1);
        i64::try_from(self.moments[place(a)][place(b)].rem_euclid(modulus.into())).unwrap()
    }

    /// Returns the sum of a polynomial over all rows, modulo its modulus.
    pub(crate) fn sum_of(&self, polynomial: &Polynomial) -> i64 {
        let (x, y, m) = (Some(polynomial.x), Some(polynomial.y), polynomial.modulus);
        let sums = [(None, None), (x, None), (y, None), (x, y), (x, x), (y, y)].map(|(a, b)| self.sum(a, b, m));
        polynomial.factors.iter().zip(sums).map(|(factor, sum)| factor * sum).sum::<i64>().rem_euclid(m)
    }

    /// Returns the remainder in another column of the only row in which the polynomial is not zero. The polynomial must be linear, and its
    /// modulus a prime; else returns `None`.
    pub(crate) fn remainder_in(&self, polynomial: &Polynomial, column: usize) -> Option<i64> {
        let [constant, x, y, rest @ ..] = polynomial.factors;
        if rest != [0; 3] {
            return None;
        }
        let m = polynomial.modulus;
        let of = |other| {
            constant * self.sum(None, other, m) + x * self.sum(Some(polynomial.x), other, m) + y * self.sum(Some(polynomial.y), other, m)
        };
        let (alone, times) = (of(None).rem_euclid(m), of(Some(column)).rem_euclid(m));
        (is_prime(m) && alone != 0).then(|| inverse(alone, m) * times % m)
    }
}

/// Returns the text of a term of one variable: a column, a function, or a cube; of all others, an empty text.
fn term_text(term: &Value) -> String {
    let (variable, is_alone) = (&term[0][0], term[0][1] == 1 && term.get(1).is_none());
    let text = |key: &str| variable[key].as_str();
    match (variable.as_str(), text("column"), text("function"), text("knot")) {
        _ if !is_alone => String::new(),
        (Some(column), ..) => column.to_owned(),
        (_, Some(column), Some(function), _) => format!("{function}({column})"),
        (_, Some(column), _, Some(knot)) => format!("({column}-{knot})+^3"),
        _ => String::new(),
    }
}

/// Returns a decimal in units of the last of these decimals. It must be a multiple of this unit.
fn in_units(text: &str, decimals: i32) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap();
    let zeros = decimals - i32::try_from(fraction.len()).unwrap();
    let power = 10_i128.pow(zeros.unsigned_abs());
    if zeros >= 0 {
        return digits * power;
    }
    assert_eq!(digits % power, 0, "{text} is a sum of multiples of 10^-{decimals}");
    digits / power
}

impl Polynomial {
    fn value(&self, row: &[i64]) -> i64 {
        let (x, y) = (row[self.x] % self.modulus, row[self.y] % self.modulus);
        self.factors.iter().zip([1, x, y, x * y, x * x, y * y]).map(|(factor, power)| factor * power).sum::<i64>().rem_euclid(self.modulus)
    }

    /// Returns the sum over some rows.
    pub(crate) fn sum_over(&self, table: &Table, rows: &[usize]) -> i64 {
        rows.iter().map(|row| self.value(&table.rows[*row])).sum::<i64>() % self.modulus
    }

    /// Returns the modulus.
    pub(crate) fn modulus(&self) -> i64 {
        self.modulus
    }

    /// Returns the rows where it is not zero, if there are any and they are few.
    fn few(&self, table: &Table) -> Option<Vec<usize>> {
        let rows = (0..table.rows.len()).filter(|row| self.value(&table.rows[*row]) != 0);
        let few: Vec<usize> = rows.take(ENOUGH).collect();
        (1..ENOUGH).contains(&few.len()).then_some(few)
    }
}

/// Searches all pairs of columns and all moduli. Tries the polynomials that a person thinks of, and for each prime `tries` polynomials that
/// are zero in some random rows.
pub(crate) fn search(table: &Table, random: &mut Random, tries: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let columns = table.names.len();
    for modulus in 2..=MODULUS_MAX {
        let is_prime = is_prime(modulus);
        let often: Vec<Vec<i64>> = (0..columns).map(|column| frequent(table, modulus, |row| row[column])).collect();
        for (x, y) in (0..columns).flat_map(|x| (x..columns).map(move |y| (x, y))) {
            let mut all = obvious_polynomials(table, (x, &often[x]), (y, &often[y]), modulus);
            if is_prime {
                all.extend((0..tries).filter_map(|_| through_random_rows(table, x, y, modulus, random)));
            }
            found.extend(all.into_iter().filter_map(|polynomial| polynomial.few(table).map(|rows| Found { polynomial, rows })));
        }
    }
    found
}

/// Returns the three most frequent remainders.
fn frequent(table: &Table, modulus: i64, value: impl Fn(&[i64]) -> i64) -> Vec<i64> {
    let mut counts = vec![(0, 0); usize::try_from(modulus).unwrap()];
    for row in &table.rows {
        let remainder = value(row).rem_euclid(modulus);
        counts[usize::try_from(remainder).unwrap()] = (counts[usize::try_from(remainder).unwrap()].0 - 1, remainder);
    }
    counts.sort_unstable();
    counts.into_iter().take(3).filter(|(count, _)| *count < 0).map(|(_, value)| value).collect()
}

/// Returns the polynomials of steps, products, groups and codes: x - u, xy - c and (x - u)(y - v), for frequent remainders u, v and c.
fn obvious_polynomials(table: &Table, (x, of_x): (usize, &[i64]), (y, of_y): (usize, &[i64]), modulus: i64) -> Vec<Polynomial> {
    let polynomial = |factors: [i64; 6]| Polynomial { x, y, factors: factors.map(|factor| factor.rem_euclid(modulus)), modulus };
    let product = frequent(table, modulus, |row| row[x] % modulus * (row[y] % modulus));
    let steps = of_x.iter().map(|u| polynomial([-u, 1, 0, 0, 0, 0]));
    let products = product.iter().take(1).map(|c| polynomial([-c, 0, 0, 1, 0, 0]));
    let groups = of_x.iter().flat_map(|u| of_y.iter().map(move |v| (u, v))).map(|(u, v)| polynomial([u * v, -v, -u, 1, 0, 0]));
    steps.chain(products).chain(groups).collect()
}

/// Returns a polynomial that is zero in three to five random rows. There is always one, because it has six coefficients.
fn through_random_rows(table: &Table, x: usize, y: usize, prime: i64, random: &mut Random) -> Option<Polynomial> {
    let count = 3 + random.below(3);
    let mut rows: Vec<[i64; 6]> = (0..count)
        .map(|_| {
            let row = &table.rows[random.below(table.rows.len())];
            let (x, y) = (row[x].rem_euclid(prime), row[y].rem_euclid(prime));
            [1, x, y, x * y, x * x, y * y].map(|power| power % prime)
        })
        .collect();
    // Gauss-Jordan elimination; each reduced row has a one at its pivot
    let mut pivots: Vec<usize> = Vec::new();
    for place in 0..6 {
        let rank = pivots.len();
        let Some(at) = (rank..rows.len()).find(|at| rows[*at][place] != 0) else { continue };
        rows.swap(rank, at);
        let inverse = inverse(rows[rank][place], prime);
        rows[rank] = rows[rank].map(|power| power * inverse % prime);
        let pivot = rows[rank];
        for at in (0..rows.len()).filter(|at| *at != rank) {
            let factor = rows[at][place];
            (0..6).for_each(|i| rows[at][i] = (rows[at][i] - factor * pivot[i]).rem_euclid(prime));
        }
        pivots.push(place);
    }
    let mut factors = [0; 6];
    let free: Vec<usize> = (0..6).filter(|place| !pivots.contains(place)).collect();
    let is_sparse = random.below(2) == 0;
    let only = random.below(free.len().max(1));
    for (at, place) in free.iter().enumerate() {
        factors[*place] = if is_sparse { i64::from(at == only) } else { i64::try_from(random.below(usize::try_from(prime).ok()?)).ok()? };
    }
    for (rank, place) in pivots.iter().enumerate() {
        factors[*place] = (-free.iter().map(|other| rows[rank][*other] * factors[*other]).sum::<i64>()).rem_euclid(prime);
    }
    Some(Polynomial { x, y, factors, modulus: prime })
}

fn is_prime(number: i64) -> bool {
    (2..number).take_while(|divisor| divisor * divisor <= number).all(|divisor| number % divisor != 0)
}

/// Returns the inverse modulo a prime, by Fermat's little theorem.
fn inverse(number: i64, prime: i64) -> i64 {
    let (mut power, mut inverse, mut exponent) = (number, 1, prime - 2);
    while exponent > 0 {
        if exponent % 2 == 1 {
            inverse = inverse * power % prime;
        }
        power = power * power % prime;
        exponent /= 2;
    }
    inverse
}
