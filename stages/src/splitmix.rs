//! Random integers from a seed, the same on every machine and in every version.
//!
//! SplitMix64 (Steele, Lea, Flood 2014): the seed advances by a fixed odd number, and its bits are mixed.

/// A random number generator.
pub(crate) struct SplitMix64(u64);

impl SplitMix64 {
    /// Begins the sequence of a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns an integer below `bound`: the high half of a 128-bit product. The probabilities of two values differ by at most 2^-64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first values of the authors' C program for seed 1234567.
    #[test]
    fn the_sequence_is_the_published_one() {
        let mut random = SplitMix64::new(1_234_567);
        let values: Vec<u64> = (0..5).map(|_| random.next()).collect();
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(values, published);
    }

    #[test]
    fn values_stay_below_the_bound() {
        let mut random = SplitMix64::new(1);
        assert!((1..1000).all(|bound| random.below(bound) < bound));
    }
}
