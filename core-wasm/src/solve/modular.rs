//! A symmetric matrix modulo a prime to its minors modulo that prime.
//!
//! Machine words only: a prime is below 2^30, so sixteen products of residues add up without overflow.
//!
//! *Limits*: a leading minor that the prime divides stops the elimination; such a prime says nothing.

/// Bits that a prime has at least.
pub const PRIME_BITS: usize = 29;
/// Products below 2^60 that fit in 64 bits together.
const PRODUCTS: usize = 16;

/// Primes below 2^30, from the largest down.
pub fn primes() -> impl Iterator<Item = u64> {
    ((1 << PRIME_BITS)..1u64 << (PRIME_BITS + 1)).rev().filter(|&n| is_prime(n))
}

/// Miller and Rabin's test; with these bases it is exact below 3,215,031,751 (G. Jaeschke, Math. Comp. 61, 1993). `n` is above 7.
fn is_prime(n: u64) -> bool {
    if n.is_multiple_of(2) {
        return false;
    }
    let twos = (n - 1).trailing_zeros();
    [2, 3, 5, 7].iter().all(|&base| {
        let mut x = power(base, (n - 1) >> twos, n);
        let passes = x == 1 || x == n - 1;
        passes
            || (1..twos).any(|_| {
                x = x * x % n;
                x == n - 1
            })
    })
}

/// `base^exponent` modulo `n` below 2^32.
fn power(mut base: u64, mut exponent: u64, n: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent % 2 == 1 {
            result = result * base % n;
        }
        base = base * base % n;
        exponent /= 2;
    }
    result
}

/// The number whose product with `a`, not zero, is 1 modulo the prime (Fermat).
pub fn inverse(a: u64, prime: u64) -> u64 {
    power(a, prime - 2, prime)
}

/// The factorisation `G = L D L'` modulo a prime.
pub struct Modular {
    prime: u64,
    /// Strict lower triangle of L, row by row.
    l: Vec<Vec<u32>>,
    /// `L_ij D_j`, row by row, D at the end.
    scaled: Vec<Vec<u32>>,
    /// Inverses of D.
    inverses: Vec<u64>,
    /// Leading minors, from that of no column on.
    minors: Vec<u64>,
}

impl Modular {
    /// Factors the lower triangle of residues. None if the prime divides one of the first `count` leading minors.
    pub fn of(gram: &[Vec<u32>], count: usize, prime: u64) -> Option<Self> {
        let mut factor = Self { prime, l: Vec::new(), scaled: Vec::new(), inverses: Vec::new(), minors: vec![1] };
        for row in gram {
            factor.append(row);
            let pivot = factor.scaled.last().and_then(|row| row.last()).copied().map_or(0, u64::from);
            if pivot == 0 && factor.inverses.len() < count {
                return None;
            }
            factor.inverses.push(inverse(pivot, prime));
            factor.minors.push(factor.minors.last().copied().unwrap_or(1) * pivot % prime);
        }
        Some(factor)
    }

    /// One more row: `L_ij D_j = g_ij - sum of L_jk L_ik D_k`.
    fn append(&mut self, row: &[u32]) {
        let mut scaled: Vec<u32> = Vec::with_capacity(row.len());
        let mut l: Vec<u32> = Vec::with_capacity(row.len());
        for (j, &entry) in row.iter().enumerate() {
            let known = if j + 1 == row.len() { self.dot(&scaled, &l) } else { self.dot(&scaled, &self.l[j]) };
            scaled.push(self.minus(u64::from(entry), known) as u32);
            if j + 1 < row.len() {
                l.push((u64::from(scaled[j]) * self.inverses[j] % self.prime) as u32);
            }
        }
        self.scaled.push(scaled);
        self.l.push(l);
    }

    /// The sum of the products of two lists, as far as the shorter one goes.
    fn dot(&self, left: &[u32], right: &[u32]) -> u64 {
        let (mut low, mut high) = (0, 0);
        for (left, right) in left.chunks(PRODUCTS).zip(right.chunks(PRODUCTS)) {
            let sum: u64 = left.iter().zip(right).map(|(&l, &r)| u64::from(l) * u64::from(r)).sum();
            low += sum & u64::from(u32::MAX);
            high += sum >> 32;
        }
        (((high % self.prime) << 32) + low) % self.prime
    }

    fn minus(&self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { a + self.prime - b }
    }

    /// What elimination leaves at (i, j); columns whose pivot the prime divides are passed over.
    pub fn left(&self, i: usize, j: usize) -> u64 {
        u64::from(self.scaled[i][j])
    }

    /// What fraction-free elimination leaves at (i, j).
    pub fn minor(&self, i: usize, j: usize) -> u64 {
        u64::from(self.scaled[i][j]) * self.minors[j] % self.prime
    }

    /// The numerators by Cramer's rule of the solution for column `count`, the target.
    pub fn numerators(&self, count: usize) -> Vec<u64> {
        self.combination(count).into_iter().map(|b| b * self.minors[count] % self.prime).collect()
    }

    /// Column `k` as a combination of the columns before it: backwards, `b_j = L_kj - sum of L_ij b_i`. Columns whose pivot the prime
    /// divides have no part in it.
    pub fn combination(&self, k: usize) -> Vec<u64> {
        let mut left = self.l[k].clone();
        for i in (0..k).rev() {
            let solved = u64::from(left[i]);
            for (entry, &l) in left.iter_mut().zip(&self.l[i]) {
                *entry = self.minus(u64::from(*entry), solved * u64::from(l) % self.prime) as u32;
            }
        }
        left.into_iter().map(u64::from).collect()
    }

    /// Entry `k` of D.
    pub fn pivot(&self, k: usize) -> u64 {
        self.left(k, k)
    }

    /// The determinant of the leading `count` columns without row and column `j`: the sum of `z_i^2 / D_i`, `L z` the j-th unit vector.
    pub fn adjugate(&self, j: usize, count: usize) -> u64 {
        let mut z = vec![0u32; j];
        z.push(1);
        for i in j + 1..count {
            z.push(self.minus(0, self.dot(&self.l[i], &z)) as u32 % self.prime as u32);
        }
        let terms = z.iter().zip(&self.inverses).map(|(&z, inverse)| u64::from(z) * u64::from(z) % self.prime * inverse % self.prime);
        terms.sum::<u64>() % self.prime * self.minors[count] % self.prime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primes_are_the_largest_below_two_to_thirty() {
        assert_eq!(primes().take(4).collect::<Vec<_>>(), [1_073_741_789, 1_073_741_783, 1_073_741_741, 1_073_741_723]);
        let by_division = |n: u64| (2..).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
        assert!(primes().take(20).all(by_division));
    }

    #[test]
    fn a_prime_that_divides_a_leading_minor_says_nothing() {
        let prime = 1_073_741_789;
        assert!(Modular::of(&[vec![2], vec![1, 3]], 2, prime).is_some_and(|factor| factor.minor(1, 1) == 5));
        assert!(Modular::of(&[vec![0], vec![1, 3]], 2, prime).is_none());
        // behind the design it may
        assert!(Modular::of(&[vec![1], vec![1, 1]], 1, prime).is_some_and(|factor| factor.minor(1, 1) == 0));
    }
}
