//! A symmetric matrix modulo a prime to its minors modulo that prime.
//!
//! All numbers are machine words. A prime is below 2^30, so sixteen products of residues add up without overflow.
//!
//! *Limits*: a prime that divides a leading minor stops the elimination. Such a prime proves nothing.

/// The product of n primes has at least `n * PRIME_BITS` bits.
pub const PRIME_BITS: usize = 29;
/// Products below 2^60 whose sum fits in 64 bits.
const PRODUCTS: usize = 16;

/// Returns the primes between 2^29 and 2^30, from the largest down.
pub fn primes() -> impl Iterator<Item = u64> {
    ((1 << PRIME_BITS)..1u64 << (PRIME_BITS + 1)).rev().filter(|&n| is_prime(n))
}

/// Returns whether `n` > 7 is a prime, by Miller and Rabin's test. With these bases it is exact below 3,215,031,751 (G. Jaeschke, On strong
/// pseudoprimes to several bases, Math. Comp. 61, 1993).
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

/// Returns `base^exponent` modulo `n` < 2^32.
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

/// Returns the inverse of `a` modulo a prime that does not divide it, by Fermat's little theorem.
pub fn inverse(a: u64, prime: u64) -> u64 {
    power(a, prime - 2, prime)
}

/// The factorisation `G = L D L'` modulo a prime.
pub struct ModularLdl {
    prime: u64,
    /// The lower triangle of L without the diagonal, row by row.
    l: Vec<Vec<u32>>,
    /// The number of zeros at the beginning of each row, which cost nothing.
    starts: Vec<usize>,
    /// `L_ij D_j`, row by row, with `D_i` at the end of row i.
    scaled: Vec<Vec<u32>>,
    /// The inverse of each `D_i`; 0 if it is 0.
    inverses: Vec<u64>,
    /// The leading minors, from that of no column, which is 1.
    minors: Vec<u64>,
}

impl ModularLdl {
    /// Factors a lower triangle of residues. Returns none if the prime divides one of the first `count` leading minors.
    pub fn of(gram: &[Vec<u32>], count: usize, prime: u64) -> Option<Self> {
        let mut factor = Self { prime, l: Vec::new(), starts: Vec::new(), scaled: Vec::new(), inverses: Vec::new(), minors: vec![1] };
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

    /// Factors one more row: `L_ij D_j = g_ij - sum over k < j of L_jk L_ik D_k`.
    fn append(&mut self, row: &[u32]) {
        let place = row.len().saturating_sub(1);
        let start = row[..place].iter().position(|&entry| entry != 0).unwrap_or(place);
        let mut scaled: Vec<u32> = vec![0; start];
        let mut l: Vec<u32> = vec![0; start];
        for (j, &entry) in row.iter().enumerate().skip(start) {
            let known = if j == place {
                self.dot(&scaled[start..], &l[start..])
            } else {
                let common = start.max(self.starts[j]);
                self.dot(&scaled[common..], &self.l[j][common..])
            };
            scaled.push(self.minus(u64::from(entry), known) as u32);
            if j < place {
                l.push((u64::from(scaled[j]) * self.inverses[j] % self.prime) as u32);
            }
        }
        self.scaled.push(scaled);
        self.starts.push(start);
        self.l.push(l);
    }

    /// Returns the sum of the products of two lists, up to the end of the shorter one.
    fn dot(&self, left: &[u32], right: &[u32]) -> u64 {
        let (mut low, mut high) = (0, 0);
        for (left, right) in left.chunks(PRODUCTS).zip(right.chunks(PRODUCTS)) {
            let sum: u64 = left.iter().zip(right).map(|(&l, &r)| u64::from(l) * u64::from(r)).sum();
            low += sum & u64::from(u32::MAX);
            high += sum >> 32;
        }
        (((high % self.prime) << 32) + low) % self.prime
    }

    /// Returns `a - b`.
    fn minus(&self, a: u64, b: u64) -> u64 {
        if a >= b { a - b } else { a + self.prime - b }
    }

    /// Returns what elimination leaves at (i, j), `L_ij D_j`. Columns whose pivot the prime divides are skipped.
    pub fn remainder(&self, i: usize, j: usize) -> u64 {
        u64::from(self.scaled[i][j])
    }

    /// Returns the minor that fraction-free elimination leaves at (i, j).
    pub fn minor(&self, i: usize, j: usize) -> u64 {
        u64::from(self.scaled[i][j]) * self.minors[j] % self.prime
    }

    /// Returns the numerators, by Cramer's rule, of the solution for column `count`, the target.
    pub fn numerators(&self, count: usize) -> Vec<u64> {
        self.combination(count).into_iter().map(|b| b * self.minors[count] % self.prime).collect()
    }

    /// Returns the coefficients of column `k` on the columns before it, by substitution backwards:
    /// `b_j = L_kj - sum over i > j of L_ij b_i`. Columns whose pivot the prime divides have the coefficient 0.
    pub fn combination(&self, k: usize) -> Vec<u64> {
        let mut left = self.l[k].clone();
        for i in (0..k).rev() {
            let solved = u64::from(left[i]);
            if solved == 0 {
                continue;
            }
            for (entry, &l) in left.iter_mut().zip(&self.l[i]).skip(self.starts[i]) {
                *entry = self.minus(u64::from(*entry), solved * u64::from(l) % self.prime) as u32;
            }
        }
        left.into_iter().map(u64::from).collect()
    }

    /// Returns `D_k`.
    pub fn pivot(&self, k: usize) -> u64 {
        self.remainder(k, k)
    }

    /// Returns the determinant of the leading `count` columns without row and column `j`: their determinant times the sum of `z_i^2 / D_i`,
    /// where `L z` is the j-th unit vector.
    pub fn adjugate(&self, j: usize, count: usize) -> u64 {
        let mut z = vec![0u32; j];
        z.push(1);
        for i in j + 1..count {
            let common = self.starts[i].max(j);
            z.push(self.minus(0, self.dot(&self.l[i][common..], &z[common..])) as u32 % self.prime as u32);
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
    fn a_prime_that_divides_a_leading_minor_is_refused() {
        let prime = 1_073_741_789;
        assert!(ModularLdl::of(&[vec![2], vec![1, 3]], 2, prime).is_some_and(|factor| factor.minor(1, 1) == 5));
        assert!(ModularLdl::of(&[vec![0], vec![1, 3]], 2, prime).is_none());
        // after the leading columns it may divide a minor
        assert!(ModularLdl::of(&[vec![1], vec![1, 1]], 1, prime).is_some_and(|factor| factor.minor(1, 1) == 0));
    }
}
