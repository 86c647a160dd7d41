//! Random numbers, and the number of rounds of an attack.

/// Returns the number of rounds: `long` if the variable `SAMEFIT_ATTACKS` is `long`, else `short`.
pub(crate) fn rounds(short: usize, long: usize) -> usize {
    let is_long = std::env::var_os("SAMEFIT_ATTACKS").is_some_and(|value| value == "long");
    if is_long { long } else { short }
}

/// A random number generator: splitmix64 (Steele, Lea and Flood 2014). The seed is `SAMEFIT_ATTACK_SEED`, or 1.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// Returns the generator of one attack. Each `name` has numbers of its own.
    pub(crate) fn new(name: &str) -> Self {
        let seed = std::env::var("SAMEFIT_ATTACK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1_u64);
        Self(name.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)))
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `end`, which must not be zero.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.bits() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Returns a whole number from `least` to below `end`.
    pub(crate) fn from(&mut self, least: i64, end: i64) -> i64 {
        least + i64::try_from(self.below(usize::try_from(end - least).unwrap())).unwrap()
    }

    /// Returns `count` different numbers below `end`, or all of them if there are fewer.
    pub(crate) fn some(&mut self, count: usize, end: usize) -> Vec<usize> {
        let mut all: Vec<usize> = (0..end).collect();
        (0..count.min(end)).for_each(|at| all.swap(at, at + self.below(end - at)));
        all.truncate(count);
        all
    }
}
