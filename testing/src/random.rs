//! Random numbers that a seed repeats, and the number of rounds of a randomized test.

/// Returns the number of rounds of a randomized test: `short` by default, `long` if `SAMEFIT_ATTACKS=long`.
#[must_use]
pub fn rounds(short: usize, long: usize) -> usize {
    let is_long = std::env::var_os("SAMEFIT_ATTACKS").is_some_and(|value| value == "long");
    if is_long { long } else { short }
}

/// A generator of random numbers: splitmix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators").
///
/// The environment variable `SAMEFIT_ATTACK_SEED` sets the seed. Without it, the seed is 1, so each run tests the same values.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Creates the generator of one test. Generators with different names give different numbers for the same seed.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let seed = std::env::var("SAMEFIT_ATTACK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1_u64);
        Self::with_seed(seed, name)
    }

    /// FNV-1a over the name, from the seed.
    fn with_seed(seed: u64, name: &str) -> Self {
        Self(name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    /// Returns the next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to below `end`.
    ///
    /// # Panics
    ///
    /// If `end` is zero.
    pub fn below(&mut self, end: usize) -> usize {
        // usize has at most 64 bits, so neither conversion loses anything
        (self.bits() % end as u64) as usize
    }

    /// Returns a number from `least` to below `end`.
    ///
    /// # Panics
    ///
    /// If no number lies between them.
    pub fn between(&mut self, least: i64, end: i64) -> i64 {
        let width = usize::try_from(end - least).expect("`end` is below `least`");
        least + self.below(width).cast_signed() as i64
    }

    /// Returns one of the items.
    ///
    /// # Panics
    ///
    /// If there are no items.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Returns `count` different numbers below `end`, or all of them if there are fewer.
    pub fn sample(&mut self, count: usize, end: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..end).collect();
        (0..count.min(end)).for_each(|at| all.swap(at, at + self.below(end - at)));
        all.truncate(count);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_those_of_the_published_generator() {
        let mut random = Random(1_234_567);
        let first = [random.bits(), random.bits(), random.bits()];
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn a_seed_and_a_name_repeat_the_numbers() {
        let numbers = |seed, name: &str| {
            let mut random = Random::with_seed(seed, name);
            [random.bits(), random.bits()]
        };
        assert_eq!(numbers(1, "a"), numbers(1, "a"));
        assert_ne!(numbers(1, "a"), numbers(2, "a"));
        assert_ne!(numbers(1, "a"), numbers(1, "b"));
    }

    #[test]
    fn numbers_stay_in_their_range() {
        let mut random = Random::with_seed(1, "ranges");
        for _ in 0..1000 {
            assert!(random.below(3) < 3);
            assert!((-2..2).contains(&random.between(-2, 2)));
            let mut sample = random.sample(4, 6);
            sample.sort_unstable();
            sample.dedup();
            assert!(sample.len() == 4 && sample.iter().all(|number| *number < 6));
        }
        assert_eq!(random.sample(5, 2).len(), 2);
    }
}
