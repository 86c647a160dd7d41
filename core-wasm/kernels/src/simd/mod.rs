//! Vectors of 128 bits: the few operations that reading numbers and summing products need.
//!
//! Three implementations compute the same bits for every operation: WebAssembly's SIMD128, x86-64 up to SSE 4.1, and plain arrays for every
//! other machine. Nothing above this module knows which of them computes. Lanes are little-endian: lane 0 is the first in memory.
//!
//! *Tests*: `scripts/check-kernels` runs this crate's tests once with each implementation.
//!
//! *Not here*: what the operations are for ([`scan`](crate::scan), [`cells`](crate::cells), [`products`](crate::products)).

#[cfg(any(
    test,
    not(any(all(target_arch = "wasm32", target_feature = "simd128"), all(target_arch = "x86_64", target_feature = "sse4.1")))
))]
mod arrays;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod wasm;
#[cfg(all(target_arch = "x86_64", target_feature = "sse4.1"))]
mod x86;

#[cfg(not(any(all(target_arch = "wasm32", target_feature = "simd128"), all(target_arch = "x86_64", target_feature = "sse4.1"))))]
use arrays as imp;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use wasm as imp;
#[cfg(all(target_arch = "x86_64", target_feature = "sse4.1"))]
use x86 as imp;

/// 16 bytes, or as many lanes of 16, 32 or 64 bits as fit.
#[derive(Clone, Copy)]
pub(crate) struct V128(imp::Raw);

impl V128 {
    /// Returns a vector of zeros.
    #[inline(always)]
    pub(crate) fn zero() -> Self {
        Self(imp::of_u64x2(0, 0))
    }

    /// Returns a vector of two lanes of 64 bits.
    #[inline(always)]
    pub(crate) fn of_u64x2(low: u64, high: u64) -> Self {
        Self(imp::of_u64x2(low, high))
    }

    /// Loads 16 bytes.
    #[inline(always)]
    pub(crate) fn load(bytes: &[u8; 16]) -> Self {
        Self(imp::load(bytes))
    }

    /// Loads eight lanes of 16 bits.
    #[inline(always)]
    pub(crate) fn load_i16(lanes: &[i16; 8]) -> Self {
        Self(imp::load_i16(lanes))
    }

    /// Loads four lanes of 32 bits.
    #[inline(always)]
    pub(crate) fn load_u32(lanes: &[u32; 4]) -> Self {
        Self(imp::load_u32(lanes))
    }

    /// Loads two lanes of 64 bits.
    #[inline(always)]
    pub(crate) fn load_i64(lanes: &[i64; 2]) -> Self {
        Self(imp::load_i64(lanes))
    }

    /// Stores eight lanes of 16 bits.
    #[inline(always)]
    pub(crate) fn store_i16(self, lanes: &mut [i16; 8]) {
        imp::store_i16(self.0, lanes);
    }

    /// Stores four lanes of 32 bits.
    #[inline(always)]
    pub(crate) fn store_u32(self, lanes: &mut [u32; 4]) {
        imp::store_u32(self.0, lanes);
    }

    /// Stores two lanes of 64 bits.
    #[inline(always)]
    pub(crate) fn store_i64(self, lanes: &mut [i64; 2]) {
        imp::store_i64(self.0, lanes);
    }

    /// Returns a vector with the same byte in each of its 16 lanes.
    #[inline(always)]
    pub(crate) fn splat(byte: u8) -> Self {
        Self(imp::splat_u8(byte))
    }

    /// Returns a vector with the same number in each of its four lanes of 32 bits.
    #[inline(always)]
    pub(crate) fn splat_u32(lane: u32) -> Self {
        Self(imp::splat_u32(lane))
    }

    /// Compares bytes: 0xff where they are equal, 0 elsewhere.
    #[inline(always)]
    pub(crate) fn eq_u8(self, other: Self) -> Self {
        Self(imp::eq_u8(self.0, other.0))
    }

    /// Compares lanes of 32 bits: all ones where they are equal, 0 elsewhere.
    #[inline(always)]
    pub(crate) fn eq_u32(self, other: Self) -> Self {
        Self(imp::eq_u32(self.0, other.0))
    }

    /// Collects the highest bit of each byte: bit i of the result is that of byte i.
    #[inline(always)]
    pub(crate) fn bitmask(self) -> u64 {
        u64::from(imp::bitmask(self.0))
    }

    /// Computes the bitwise and.
    #[inline(always)]
    pub(crate) fn and(self, other: Self) -> Self {
        Self(imp::and(self.0, other.0))
    }

    /// Computes the bitwise or.
    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        Self(imp::or(self.0, other.0))
    }

    /// Computes the bitwise exclusive or.
    #[inline(always)]
    pub(crate) fn xor(self, other: Self) -> Self {
        Self(imp::xor(self.0, other.0))
    }

    /// Subtracts bytes, modulo 2^8.
    #[inline(always)]
    pub(crate) fn sub_u8(self, other: Self) -> Self {
        Self(imp::sub_u8(self.0, other.0))
    }

    /// Returns the greater of two unsigned bytes, lane by lane.
    #[inline(always)]
    pub(crate) fn max_u8(self, other: Self) -> Self {
        Self(imp::max_u8(self.0, other.0))
    }

    /// Returns the smaller of two unsigned bytes, lane by lane.
    #[inline(always)]
    pub(crate) fn min_u8(self, other: Self) -> Self {
        Self(imp::min_u8(self.0, other.0))
    }

    /// Gathers bytes: byte i of the result is byte `at[i]` of this vector. Every `at[i]` is below 16.
    #[inline(always)]
    pub(crate) fn swizzle(self, at: Self) -> Self {
        Self(imp::swizzle(self.0, at.0))
    }

    /// Turns pairs of decimal digits (bytes from 0 to 9) into numbers from 0 to 99, in lanes of 16 bits: ten times the first byte plus the
    /// second.
    #[inline(always)]
    pub(crate) fn digit_pairs(self) -> Self {
        // (first + 256 second) * (1 + 256 * 10) modulo 2^16 has the high byte second + 10 first
        Self(imp::shr_u16_8(imp::mul_i16(self.0, imp::splat_u16(2561))))
    }

    /// Subtracts lanes of 16 bits, modulo 2^16.
    #[inline(always)]
    pub(crate) fn sub_i16(self, other: Self) -> Self {
        Self(imp::sub_i16(self.0, other.0))
    }

    /// Multiplies signed lanes of 16 bits and adds the products of neighbours: four lanes of 32 bits, modulo 2^32.
    #[inline(always)]
    pub(crate) fn dot_i16(self, other: Self) -> Self {
        Self(imp::dot_i16(self.0, other.0))
    }

    /// Narrows signed lanes of 32 bits to 16 bits: this vector's four lanes, then the other's. Lanes that do not fit become the nearest
    /// number that does.
    #[inline(always)]
    pub(crate) fn narrow_i32(self, other: Self) -> Self {
        Self(imp::narrow_i32(self.0, other.0))
    }

    /// Adds lanes of 32 bits, modulo 2^32.
    #[inline(always)]
    pub(crate) fn add_i32(self, other: Self) -> Self {
        Self(imp::add_i32(self.0, other.0))
    }

    /// Subtracts lanes of 32 bits, modulo 2^32.
    #[inline(always)]
    pub(crate) fn sub_u32(self, other: Self) -> Self {
        Self(imp::sub_u32(self.0, other.0))
    }

    /// Returns the smaller of two unsigned numbers of 32 bits, lane by lane.
    #[inline(always)]
    pub(crate) fn min_u32(self, other: Self) -> Self {
        Self(imp::min_u32(self.0, other.0))
    }

    /// Multiplies lanes of 32 bits by 16, modulo 2^32.
    #[inline(always)]
    pub(crate) fn shl_u32_4(self) -> Self {
        Self(imp::shl_u32_4(self.0))
    }

    /// Adds lanes of 64 bits, modulo 2^64.
    #[inline(always)]
    pub(crate) fn add_u64(self, other: Self) -> Self {
        Self(imp::add_u64(self.0, other.0))
    }

    /// Subtracts lanes of 64 bits, modulo 2^64.
    #[inline(always)]
    pub(crate) fn sub_u64(self, other: Self) -> Self {
        Self(imp::sub_u64(self.0, other.0))
    }

    /// Multiplies the lower 32 bits of each lane of 64 bits by a number: the products have 64 bits.
    #[inline(always)]
    pub(crate) fn mul_lower(self, factor: u32) -> Self {
        Self(imp::mul_lower(self.0, factor))
    }

    /// Shifts lanes of 64 bits to the right by `bits` < 64.
    #[inline(always)]
    pub(crate) fn shr_u64(self, bits: u32) -> Self {
        Self(imp::shr_u64(self.0, bits))
    }

    /// Shifts lanes of 64 bits to the left by `bits` < 64.
    #[inline(always)]
    pub(crate) fn shl_u64(self, bits: u32) -> Self {
        Self(imp::shl_u64(self.0, bits))
    }

    /// Returns the four lanes of 32 bits.
    #[inline(always)]
    pub(crate) fn to_i32x4(self) -> [i32; 4] {
        imp::to_i32x4(self.0)
    }

    /// Returns the two lanes of 64 bits.
    #[inline(always)]
    pub(crate) fn to_u64x2(self) -> [u64; 2] {
        imp::to_u64x2(self.0)
    }

    /// Returns the 16 bytes.
    pub(crate) fn to_u8x16(self) -> [u8; 16] {
        let [low, high] = self.to_u64x2();
        (u128::from(low) | u128::from(high) << 64).to_le_bytes()
    }
}

/// Returns eight lanes of 16 bits as a vector.
#[inline(always)]
pub(crate) fn i16x8(lanes: [i16; 8]) -> V128 {
    V128::load_i16(&lanes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_digits_become_numbers() {
        let digits: [u8; 16] = [0, 0, 0, 9, 9, 0, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8];
        let pairs = V128::load(&digits).digit_pairs();
        let weights = i16x8([100, 1, 100, 1, 100, 1, 100, 1]);
        assert_eq!(pairs.dot_i16(weights).to_i32x4(), [9, 9099, 1234, 5678]);
    }

    #[test]
    fn products_of_neighbours_are_added() {
        let a = i16x8([1, 2, -3, 4, i16::MIN, i16::MIN, 7, 8]);
        let b = i16x8([10, 100, 1000, -1, i16::MAX, i16::MAX, 0, 1]);
        assert_eq!(a.dot_i16(b).to_i32x4(), [210, -3004, -2 * 32768 * 32767, 8]);
        assert_eq!(a.dot_i16(b).add_i32(a.dot_i16(b)).to_i32x4()[1], -6008);
    }

    #[test]
    fn bytes_are_compared_gathered_and_moved() {
        let text = V128::load(b"a,b,,c........,,");
        assert_eq!(text.eq_u8(V128::splat(b',')).bitmask(), 0b1100_0000_0001_1010);
        let back: [u8; 16] = core::array::from_fn(|i| 15 - i as u8);
        assert_eq!(&text.swizzle(V128::load(&back)).to_u8x16(), b",,........c,,b,a");
        assert_eq!(text.sub_u8(V128::splat(b'a')).max_u8(V128::zero()).min_u8(V128::splat(200)).to_u8x16()[0..4], [0, 200, 1, 200]);
    }

    /// Lanes that do not fit in 16 bits become the nearest number that does.
    #[test]
    fn narrowing_saturates() {
        let wide = V128::load_u32(&[65_536, -65_536i32 as u32, 7, -7i32 as u32]);
        let mut narrow = [0; 8];
        wide.narrow_i32(V128::zero()).store_i16(&mut narrow);
        assert_eq!(narrow, [i16::MAX, i16::MIN, 7, -7, 0, 0, 0, 0]);
    }
}

/// Every operation of an implementation in vectors against that in plain arrays. A build for a machine without vectors has nothing to
/// compare.
#[cfg(all(test, any(all(target_arch = "wasm32", target_feature = "simd128"), all(target_arch = "x86_64", target_feature = "sse4.1"))))]
mod instruction_tests {
    use super::{arrays, imp};
    use proptest::prelude::*;

    /// Bytes of any kind, and those at which signs, carries and saturation begin.
    fn bytes() -> impl Strategy<Value = [u8; 16]> {
        prop_oneof![any::<[u8; 16]>(), prop::array::uniform16(prop::sample::select(vec![0, 1, 0x7f, 0x80, 0xff]))]
    }

    /// The bytes of a register.
    fn read(register: imp::Raw) -> [u8; 16] {
        let [low, high] = imp::to_u64x2(register);
        arrays::of_u64x2(low, high)
    }

    macro_rules! assert_same {
        ($($name:ident($($vector:ident),+ $(; $number:expr)?)),+) => {$(
            prop_assert_eq!(
                read(imp::$name($(imp::load(&$vector)),+ $(, $number)?)),
                arrays::$name($($vector),+ $(, $number)?),
                "{}", stringify!($name)
            );
        )+};
    }

    proptest! {
        #[test]
        fn instructions_compute_what_arrays_do(a in bytes(), b in bytes(), bits in 0u32..64, factor in any::<u32>()) {
            let at = b.map(|byte| byte % 16);
            assert_same!(
                eq_u8(a, b), eq_u32(a, b), and(a, b), or(a, b), xor(a, b), sub_u8(a, b), max_u8(a, b), min_u8(a, b), swizzle(a, at), mul_i16(a, b),
                sub_i16(a, b), shr_u16_8(a), dot_i16(a, b), narrow_i32(a, b), add_i32(a, b), sub_u32(a, b), min_u32(a, b), shl_u32_4(a),
                add_u64(a, b), sub_u64(a, b), mul_lower(a; factor), shr_u64(a; bits), shl_u64(a; bits)
            );
            let register = imp::load(&a);
            prop_assert_eq!(imp::bitmask(register), arrays::bitmask(a));
            prop_assert_eq!(imp::to_i32x4(register), arrays::to_i32x4(a));
            prop_assert_eq!(imp::to_u64x2(register), arrays::to_u64x2(a));
        }

        #[test]
        fn lanes_are_moved_as_arrays_move_them(a in bytes(), byte in any::<u8>(), lane in any::<u32>()) {
            prop_assert_eq!(read(imp::splat_u8(byte)), arrays::splat_u8(byte));
            prop_assert_eq!(read(imp::splat_u16(lane as u16)), arrays::splat_u16(lane as u16));
            prop_assert_eq!(read(imp::splat_u32(lane)), arrays::splat_u32(lane));
            let [low, high] = arrays::to_u64x2(a);
            prop_assert_eq!(read(imp::of_u64x2(low, high)), a);
            let (mut shorts, mut words, mut longs) = ([0; 8], [0; 4], [0; 2]);
            imp::store_i16(imp::load(&a), &mut shorts);
            imp::store_u32(imp::load(&a), &mut words);
            imp::store_i64(imp::load(&a), &mut longs);
            let (mut other_shorts, mut other_words, mut other_longs) = ([0; 8], [0; 4], [0; 2]);
            arrays::store_i16(arrays::load(&a), &mut other_shorts);
            arrays::store_u32(arrays::load(&a), &mut other_words);
            arrays::store_i64(arrays::load(&a), &mut other_longs);
            prop_assert_eq!((shorts, words, longs), (other_shorts, other_words, other_longs));
            prop_assert_eq!((arrays::load_i16(&shorts), arrays::load_u32(&words), arrays::load_i64(&longs)), (a, a, a));
            prop_assert_eq!((read(imp::load_i16(&shorts)), read(imp::load_u32(&words)), read(imp::load_i64(&longs))), (a, a, a));
        }
    }
}
