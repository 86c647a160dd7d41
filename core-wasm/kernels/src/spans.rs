//! Points (x, y) modulo powers of primes to a verdict: is there a polynomial of degree two that is zero at all but a few of them?
//!
//! A polynomial `a + bx + cy + dxy + ex² + fy²` is a linear combination of six monomials, so a point is a row of six residues. If a row is
//! a combination of some other rows, then a polynomial that is not zero at its point is not zero at one of theirs. [`Layers`] keep points
//! in several disjoint sets. A point whose row is spanned by every set adds nothing: a polynomial that is not zero there is not zero at one
//! point of each set, so at as many points as there are sets.
//!
//! *Invariants*: for each polynomial, count the points where it is not zero, up to the number of layers. The points that are kept give the
//! same count as all points.
//!
//! *Method*: a span modulo a power of a prime is in Howell form (J. A. Howell, Spans in the module (Z_m)^s, Linear and Multilinear Algebra
//! 19, 1986), an echelon form in which reduction alone decides membership.

/// Number of monomials in two variables of a degree of at most two, in the order 1, x, y, xy, x², y².
pub const MONOMIALS: usize = 6;
/// Indexes of the monomials in x alone: 1, x, x².
pub const OF_X: [usize; 3] = [0, 1, 4];
/// Indexes of the monomials in y alone: 1, y, y².
pub const OF_Y: [usize; 3] = [0, 2, 5];
/// Indexes of all monomials.
pub const ALL: [usize; MONOMIALS] = [0, 1, 2, 3, 4, 5];
/// Largest modulus.
pub const MODULUS_MAX: u32 = 256;
/// Number of primes up to [`MODULUS_MAX`].
pub const PRIMES: usize = 54;
/// Number of powers of primes up to [`MODULUS_MAX`].
pub const PRIME_POWERS: usize = 70;

/// The highest power of each prime that is not above [`MODULUS_MAX`], in the order of the primes.
pub const MODULI: [Modulus; PRIMES] = moduli();

/// A power of a prime, `prime^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modulus {
    /// The prime.
    pub prime: u32,
    /// Its exponent.
    pub exponent: u32,
    /// The power itself.
    pub value: u32,
    /// The least integer above `2^32 / value`.
    reciprocal: u64,
}

/// Computes [`MODULI`].
const fn moduli() -> [Modulus; PRIMES] {
    let mut moduli = [Modulus::new(2, 1); PRIMES];
    let (mut count, mut prime) = (0, 2);
    while prime <= MODULUS_MAX {
        let mut divisor = 2;
        while divisor * divisor <= prime && prime % divisor != 0 {
            divisor += 1;
        }
        if divisor * divisor > prime {
            let mut exponent = 1;
            while prime.pow(exponent + 1) <= MODULUS_MAX {
                exponent += 1;
            }
            moduli[count] = Modulus::new(prime, exponent);
            count += 1;
        }
        prime += 1;
    }
    assert!(count == PRIMES, "PRIMES counts them");
    moduli
}

/// Returns the powers of primes up to [`MODULUS_MAX`]: those of two in increasing order, then those of three, and so on.
pub const fn prime_powers() -> [u16; PRIME_POWERS] {
    let mut powers = [0; PRIME_POWERS];
    let (mut count, mut at) = (0, 0);
    while at < PRIMES {
        let mut power = MODULI[at].prime;
        while power <= MODULI[at].value {
            powers[count] = power as u16;
            count += 1;
            power *= MODULI[at].prime;
        }
        at += 1;
    }
    assert!(count == PRIME_POWERS, "PRIME_POWERS counts them");
    powers
}

/// Integers below this are divided by multiplication with a reciprocal. The reciprocal times the modulus exceeds 2^32 by at most
/// [`MODULUS_MAX`]. The quotient is exact if the integer times this excess is below 2^32.
const REDUCED_MAX: u32 = 1 << 24;

impl Modulus {
    /// Returns `prime^exponent`.
    const fn new(prime: u32, exponent: u32) -> Self {
        let value = prime.pow(exponent);
        Self { prime, exponent, value, reciprocal: (1 << 32) / value as u64 + 1 }
    }

    /// Returns the remainder of an integer below [`REDUCED_MAX`].
    fn reduce(self, integer: u32) -> u32 {
        integer - ((u64::from(integer) * self.reciprocal) >> 32) as u32 * self.value
    }

    /// Returns how often the prime divides a residue, and `exponent` for zero.
    fn valuation(self, mut residue: u32) -> u32 {
        if residue == 0 {
            return self.exponent;
        }
        let mut valuation = 0;
        while residue.is_multiple_of(self.prime) {
            residue /= self.prime;
            valuation += 1;
        }
        valuation
    }

    /// Returns the inverse of a residue that the prime does not divide.
    fn inverse(self, residue: u32) -> u32 {
        // there are value / prime * (prime - 1) units, so this power is the inverse (Euler)
        let mut exponent = self.value / self.prime * (self.prime - 1) - 1;
        let (mut power, mut inverse) = (residue, 1);
        while exponent > 0 {
            if exponent % 2 == 1 {
                inverse = inverse * power % self.value;
            }
            power = power * power % self.value;
            exponent /= 2;
        }
        inverse
    }

    /// Subtracts `factor` times `other` from `row`, residue by residue.
    fn subtract(self, row: &mut [u32], factor: u32, other: &[u32]) {
        let factor = self.value - factor;
        row.iter_mut().zip(other).for_each(|(own, other)| *own = self.reduce(*own + factor * other));
    }

    /// Returns the values of the monomials at a point.
    fn monomials(self, x: u8, y: u8) -> [u32; MONOMIALS] {
        let (x, y) = (u32::from(x), u32::from(y));
        [1, x, y, self.reduce(x * y), self.reduce(x * x), self.reduce(y * y)]
    }

    /// Returns the sum of the valuations of the pivots of the span of all points. For powers of two it is 2, because `x² - x` and `y² - y`
    /// are always even.
    fn valuations_of_all(self) -> u32 {
        if self.prime == 2 { 2 } else { 0 }
    }
}

/// Writes the remainders of an integer modulo [`MODULI`], for the moduli whose bit in `open` is set. The others keep what they hold.
#[inline(never)]
pub fn residues(integer: i64, open: u64, residues: &mut [u8; PRIMES]) {
    let small = u32::try_from(integer).ok().filter(|small| *small < REDUCED_MAX);
    let mut open = open & ((1 << PRIMES) - 1);
    while open != 0 {
        let at = open.trailing_zeros() as usize;
        open &= open - 1;
        residues[at] = match small {
            Some(small) => MODULI[at].reduce(small) as u8,
            None => integer.rem_euclid(i64::from(MODULI[at].value)) as u8,
        };
    }
}

/// Multiplies residues modulo [`MODULI`], each by the one of the same modulus.
#[inline(never)]
pub fn multiply(residues: &mut [u8; PRIMES], by: &[u8; PRIMES]) {
    for ((own, by), modulus) in residues.iter_mut().zip(by).zip(&MODULI) {
        *own = modulus.reduce(u32::from(*own) * u32::from(*by)) as u8;
    }
}

/// The module of all linear combinations of some rows, in Howell form.
#[derive(Clone, Debug)]
struct Span {
    modulus: Modulus,
    /// In row i all residues before i are zero, and residue i, the pivot, is `prime^valuations[i]`.
    rows: [[u32; MONOMIALS]; MONOMIALS],
    /// The exponent of the modulus where there is no such row.
    valuations: [u32; MONOMIALS],
    /// Whether the rows of all points are in the span.
    is_full: bool,
}

impl Span {
    /// Returns the span of no rows.
    fn new(modulus: Modulus) -> Self {
        Self { modulus, rows: [[0; MONOMIALS]; MONOMIALS], valuations: [modulus.exponent; MONOMIALS], is_full: false }
    }

    /// Returns whether a row is in the span.
    fn contains(&self, mut row: [u32; MONOMIALS]) -> bool {
        if self.is_full {
            return true;
        }
        for at in 0..MONOMIALS {
            if row[at] == 0 {
                continue;
            }
            let Some(factor) = self.factor(at, row[at]) else { return false };
            self.modulus.subtract(&mut row[at..], factor, &self.rows[at][at..]);
        }
        true
    }

    /// Returns the factor by which pivot `at` is multiplied to give a residue; none if it is no multiple.
    fn factor(&self, at: usize, residue: u32) -> Option<u32> {
        match self.valuations[at] {
            0 => Some(residue),
            valuation if valuation == self.modulus.exponent => None,
            valuation => {
                let pivot = self.modulus.prime.pow(valuation);
                residue.is_multiple_of(pivot).then_some(residue / pivot)
            }
        }
    }

    /// Adds a row to those that are spanned.
    fn insert(&mut self, row: [u32; MONOMIALS]) {
        let mut rows = vec![row];
        while let Some(mut row) = rows.pop() {
            for at in 0..MONOMIALS {
                if row[at] == 0 {
                    continue;
                }
                let valuation = self.modulus.valuation(row[at]);
                if valuation < self.valuations[at] {
                    let pivot = self.modulus.prime.pow(valuation);
                    let unit = self.modulus.inverse(row[at] / pivot);
                    row.iter_mut().for_each(|residue| *residue = *residue * unit % self.modulus.value);
                    // the multiple of the row at which its pivot becomes zero is in the span as well
                    let multiple = self.modulus.value / pivot;
                    rows.push(row.map(|residue| residue * multiple % self.modulus.value));
                    std::mem::swap(&mut row, &mut self.rows[at]);
                    self.valuations[at] = valuation;
                }
                if let Some(factor) = self.factor(at, row[at]) {
                    self.modulus.subtract(&mut row[at..], factor, &self.rows[at][at..]);
                }
            }
        }
        let is_pivot = |valuation: &u32| *valuation < self.modulus.exponent;
        self.is_full = self.valuations.iter().all(is_pivot) && self.valuations.iter().sum::<u32>() <= self.modulus.valuations_of_all();
    }
}

/// Disjoint sets of points; the span of each contains that of the next.
#[derive(Clone, Debug)]
pub struct Layers {
    spans: Vec<Span>,
}

impl Layers {
    /// Returns `layers` sets without points.
    pub fn new(modulus: Modulus, layers: usize) -> Self {
        Self { spans: vec![Span::new(modulus); layers] }
    }

    /// Adds a point to the first set that does not span it. Returns whether there is such a set.
    pub fn keep(&mut self, x: u8, y: u8) -> bool {
        let Some(last) = self.spans.last() else { return false };
        let row = last.modulus.monomials(x, y);
        if last.contains(row) {
            return false;
        }
        match self.spans.iter_mut().find(|span| !span.contains(row)) {
            Some(span) => {
                span.insert(row);
                true
            }
            None => false,
        }
    }

    /// Adds points `(xs[i], ys[i])` until the sets are full, and appends the indexes of those that were [kept](Self::keep) to `kept`.
    #[inline(never)]
    pub fn keep_all(&mut self, xs: &[u8], ys: &[u8], kept: &mut Vec<usize>) {
        for (at, (x, y)) in xs.iter().zip(ys).enumerate() {
            if self.is_full() {
                return;
            }
            if self.keep(*x, *y) {
                kept.push(at);
            }
        }
    }

    /// Returns whether each set spans a point.
    #[inline(never)]
    pub fn span(&self, x: u8, y: u8) -> bool {
        self.spans.last().is_none_or(|last| last.contains(last.modulus.monomials(x, y)))
    }

    /// Returns whether each set spans all points `(x, y)` of this `x`. Three of them span the rest, because rows are polynomials of degree
    /// two in `y`.
    pub fn span_column(&self, x: u8) -> bool {
        (0..3).all(|y| self.span(x, y))
    }

    /// Returns whether each set spans all points `(x, y)` of this `y`.
    pub fn span_row(&self, y: u8) -> bool {
        (0..3).all(|x| self.span(x, y))
    }

    /// Returns whether each set spans all points.
    pub fn is_full(&self) -> bool {
        self.spans.last().is_none_or(|last| last.is_full)
    }
}

/// A point `(x, y)` and the number of rows that lie there.
pub type WeightedPoint = (u8, u8, usize);

/// Returns the least number of rows, from 1 to `most`, outside which a polynomial of these monomials is zero modulo a power of the prime
/// that divides the modulus. Returns none if every polynomial that is not zero at all rows is not zero at more than `most`.
pub fn fewest_rows(modulus: Modulus, monomials: &[usize], points: &[WeightedPoint], most: usize) -> Option<usize> {
    let mut points = points.to_vec();
    let key = |point: &WeightedPoint| (if monomials == OF_Y { 0 } else { point.0 }, if monomials == OF_X { 0 } else { point.1 });
    points.sort_unstable_by_key(|point| (key(point), *point));
    points.dedup_by(|next, kept| {
        let same = key(next) == key(kept);
        kept.2 += if same { next.2 } else { 0 };
        same
    });
    let weights: Vec<usize> = points.iter().map(|point| point.2).collect();
    let values: Vec<[u32; MONOMIALS]> = points.iter().map(|point| modulus.monomials(point.0, point.1)).collect();
    let words = monomials.iter().map(|&monomial| values.iter().map(|row| row[monomial]).collect()).collect();
    let words = saturated(modulus, words);
    let field = Modulus::new(modulus.prime, 1);
    (1..=most).find(|most| has_light_word(field, &words, &weights, &mut vec![false; points.len()], *most))
}

/// Returns a basis, modulo the prime, of the words that have a multiple by a power of the prime among the combinations of `words`.
fn saturated(modulus: Modulus, mut words: Vec<Vec<u32>>) -> Vec<Vec<u32>> {
    let mut basis = Vec::new();
    loop {
        let least = |word: &Vec<u32>| word.iter().enumerate().map(|(at, residue)| (modulus.valuation(*residue), at)).min();
        let Some((valuation, place, at)) =
            words.iter().enumerate().filter_map(|(at, word)| least(word).map(|(valuation, place)| (valuation, place, at))).min()
        else {
            return basis;
        };
        if valuation == modulus.exponent {
            return basis;
        }
        let pivot = modulus.prime.pow(valuation);
        let mut word = words.swap_remove(at);
        let unit = modulus.inverse(word[place] / pivot);
        word.iter_mut().for_each(|residue| *residue = *residue * unit % modulus.value);
        for other in &mut words {
            let factor = other[place] / pivot;
            modulus.subtract(other, factor, &word);
        }
        basis.push(word.into_iter().map(|residue| residue / pivot % modulus.prime).collect());
    }
}

/// Returns whether some combination of these independent words, not zero itself, is zero outside the `given` points and points of at most
/// `most` rows.
///
/// The search branches at a point where not every word is zero. Either the combination is zero there, which leaves one word fewer. Or it is
/// not, which leaves as many rows fewer as the point has. So the search is short.
fn has_light_word(field: Modulus, words: &[Vec<u32>], weights: &[usize], given: &mut Vec<bool>, most: usize) -> bool {
    let Some(first) = words.first() else { return false };
    let is_open = |at: &usize| !given[*at] && words.iter().any(|word| word[*at] != 0);
    let Some(at) = (0..first.len()).find(is_open) else { return true };
    if has_light_word(field, &zero_at(field, words, at), weights, given, most) {
        return true;
    }
    let Some(rest) = most.checked_sub(weights[at]) else { return false };
    given[at] = true;
    let found = has_light_word(field, words, weights, given, rest);
    given[at] = false;
    found
}

/// Returns a basis of the combinations of words that are zero at a point where one of the words is not.
fn zero_at(field: Modulus, words: &[Vec<u32>], at: usize) -> Vec<Vec<u32>> {
    let mut words = words.to_vec();
    let Some(pivot) = words.iter().position(|word| word[at] != 0) else { return words };
    let pivot = words.swap_remove(pivot);
    let inverse = field.inverse(pivot[at]);
    for word in words.iter_mut().filter(|word| word[at] != 0) {
        let factor = word[at] * inverse % field.value;
        field.subtract(word, factor, &pivot);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn modulus(prime: u32, exponent: u32) -> Modulus {
        Modulus::new(prime, exponent)
    }

    /// Does what [`fewest_rows`] does for up to four rows, by trying every polynomial.
    fn of_all_polynomials(modulus: Modulus, monomials: &[usize], points: &[(u8, u8)]) -> Option<usize> {
        let rows: Vec<[u32; MONOMIALS]> = points.iter().map(|point| modulus.monomials(point.0, point.1)).collect();
        let count = |index: u32| {
            let factors = |at: usize| index / modulus.value.pow(at as u32) % modulus.value;
            let value =
                |row: &[u32; MONOMIALS]| monomials.iter().enumerate().map(|(at, monomial)| factors(at) * row[*monomial]).sum::<u32>();
            rows.iter().filter(|row| value(row) % modulus.value != 0).count()
        };
        (0..modulus.value.pow(monomials.len() as u32)).map(count).filter(|count| (1..5).contains(count)).min()
    }

    fn weighted(points: &[(u8, u8)]) -> Vec<WeightedPoint> {
        points.iter().map(|&(x, y)| (x, y, 1)).collect()
    }

    fn kept(modulus: Modulus, points: &[(u8, u8)]) -> Vec<(u8, u8)> {
        let mut layers = Layers::new(modulus, 5);
        points.iter().copied().filter(|&(x, y)| layers.keep(x, y)).collect()
    }

    /// Points of which most lie at a few points or on a line.
    fn points(modulus: Modulus) -> impl Strategy<Value = Vec<(u8, u8)>> {
        let value = modulus.value;
        let any = move || (0..value, 0..value);
        let point = prop_oneof![
            1 => any(),
            2 => (0..value, 0..2u32),
            2 => (0..2u32, 0..value),
            2 => (0..value).prop_map(|x| (x, x)),
            2 => any().prop_map(move |(x, y)| (x / 2 * 2, y)),
        ];
        let few = prop::collection::vec(any(), 0..5);
        let kinds = prop_oneof![prop::collection::vec(point, 0..60).boxed(), prop::collection::vec((0..value, 0..2u32), 0..60).boxed()];
        let line = prop::collection::vec((0..value).prop_map(move |x| (x, (x * 2 + 1) % value)), 0..40);
        let points = (few, kinds, line, 0..3u8).prop_map(|(few, kinds, line, kind)| match kind {
            0 => [few, kinds].concat(),
            1 => [few, line].concat(),
            _ => kinds,
        });
        points.prop_map(|points| points.iter().map(|&(x, y)| (x as u8, y as u8)).collect())
    }

    #[test]
    fn moduli_are_the_powers_of_primes() {
        let powers = prime_powers();
        let is_power = |number: u16| {
            (2..=number)
                .find(|prime| number.is_multiple_of(*prime))
                .is_some_and(|prime| (1..9).any(|exponent| u32::from(prime).pow(exponent) == u32::from(number)))
        };
        let mut sorted = powers;
        sorted.sort_unstable();
        assert!((2..=256).filter(|number| is_power(*number)).eq(sorted));
        assert_eq!(MODULI[0], modulus(2, 8));
        assert_eq!(MODULI[PRIMES - 1], modulus(251, 1));
    }

    #[test]
    fn residues_are_remainders() {
        for integer in [0, 1, 255, 256, 65_535, 1 << 23, (1 << 24) - 1, 1 << 24, i64::MAX, -1, i64::MIN] {
            let mut came = [0; PRIMES];
            residues(integer, u64::MAX, &mut came);
            let want = MODULI.map(|modulus| integer.rem_euclid(i64::from(modulus.value)) as u8);
            assert_eq!(came, want, "{integer}");
        }
        for modulus in MODULI {
            assert!(
                (0..REDUCED_MAX)
                    .step_by(997)
                    .chain(REDUCED_MAX - 1000..REDUCED_MAX)
                    .all(|small| modulus.reduce(small) == small % modulus.value)
            );
        }
    }

    #[test]
    fn enough_points_of_all_kinds_are_full() {
        for modulus in MODULI {
            let mut layers = Layers::new(modulus, 5);
            let count = (0..4000u32)
                .filter(|at| layers.keep((at * 89 % 257 % modulus.value) as u8, (at * at * 7 % 8191 % modulus.value) as u8))
                .count();
            assert!(layers.is_full(), "{modulus:?}");
            assert!(count <= 60, "{modulus:?}: {count}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn the_search_finds_what_all_polynomials_give(
            (modulus, points, last) in prop::sample::select(vec![modulus(2, 1), modulus(2, 2), modulus(3, 1), modulus(5, 1)])
                .prop_flat_map(|modulus| (Just(modulus), points(modulus), any::<prop::sample::Index>())),
        ) {
            let want = of_all_polynomials(modulus, &ALL, &points);
            prop_assert_eq!(fewest_rows(modulus, &ALL, &weighted(&points), 4), want);
            for monomials in [OF_X, OF_Y] {
                prop_assert_eq!(fewest_rows(modulus, &monomials, &weighted(&points), 4), of_all_polynomials(modulus, &monomials, &points));
            }
            // the points that are kept give the same result, in any order
            let mut turned = points.clone();
            turned.rotate_left(last.index(points.len().max(1)).min(points.len()));
            prop_assert_eq!(fewest_rows(modulus, &ALL, &weighted(&kept(modulus, &points)), 4), want);
            prop_assert_eq!(fewest_rows(modulus, &ALL, &weighted(&kept(modulus, &turned)), 4), want);
        }

        #[test]
        fn what_layers_keep_tells_as_much_for_each_modulus(
            (modulus, points) in prop::sample::select(MODULI.to_vec()).prop_flat_map(|modulus| (Just(modulus), points(modulus))),
        ) {
            let all = fewest_rows(modulus, &ALL, &weighted(&points), 4);
            prop_assert_eq!(fewest_rows(modulus, &ALL, &weighted(&kept(modulus, &points)), 4), all);
        }
    }
}
