//! Vectors of 128 bits: the few operations that reading numbers and summing products need, on three kinds of machine.
//!
//! wasm with SIMD128, x86-64 with SSE 4.1, and plain arrays everywhere else give the same bits for every operation, so nothing above this
//! module knows which one computes. Lanes are little-endian: lane 0 is the first in memory.
//!
//! *Not here*: what the operations are for (`scan`, `cells`, `statistics`).

/// 16 bytes, or as many lanes of 16, 32 or 64 bits as fit.
#[derive(Clone, Copy)]
pub(crate) struct V128(imp::Raw);

impl V128 {
    /// All bits zero.
    #[inline(always)]
    pub(crate) fn zero() -> Self {
        Self(imp::of_u64x2(0, 0))
    }

    /// Two lanes of 64 bits.
    #[inline(always)]
    pub(crate) fn of_u64x2(low: u64, high: u64) -> Self {
        Self(imp::of_u64x2(low, high))
    }

    /// 16 bytes from memory.
    #[inline(always)]
    pub(crate) fn load(bytes: &[u8; 16]) -> Self {
        Self(imp::load(bytes))
    }

    /// Eight lanes of 16 bits from memory.
    #[inline(always)]
    pub(crate) fn load_i16(lanes: &[i16; 8]) -> Self {
        Self(imp::load_i16(lanes))
    }

    /// Two lanes of 64 bits from memory.
    #[inline(always)]
    pub(crate) fn load_i64(lanes: &[i64; 2]) -> Self {
        Self(imp::load_i64(lanes))
    }

    /// The same byte in every lane.
    #[inline(always)]
    pub(crate) fn splat(byte: u8) -> Self {
        Self(imp::splat_u8(byte))
    }

    /// Bytes that are equal become 0xff, others 0.
    #[inline(always)]
    pub(crate) fn eq_u8(self, other: Self) -> Self {
        Self(imp::eq_u8(self.0, other.0))
    }

    /// The highest bit of every byte, the first byte's lowest.
    #[inline(always)]
    pub(crate) fn bitmask(self) -> u64 {
        u64::from(imp::bitmask(self.0))
    }

    #[inline(always)]
    pub(crate) fn and(self, other: Self) -> Self {
        Self(imp::and(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn or(self, other: Self) -> Self {
        Self(imp::or(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn sub_u8(self, other: Self) -> Self {
        Self(imp::sub_u8(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn max_u8(self, other: Self) -> Self {
        Self(imp::max_u8(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn min_u8(self, other: Self) -> Self {
        Self(imp::min_u8(self.0, other.0))
    }

    /// Byte i is byte `at[i]` of this vector; every `at[i]` is below 16.
    #[inline(always)]
    pub(crate) fn swizzle(self, at: Self) -> Self {
        Self(imp::swizzle(self.0, at.0))
    }

    /// Pairs of decimal digits to numbers from 0 to 99, in lanes of 16 bits: ten times the first byte, plus the second.
    #[inline(always)]
    pub(crate) fn digit_pairs(self) -> Self {
        // the high byte of (first + 256 second) * (1 + 256 * 10), as far as 16 bits hold it, is second + 10 first
        Self(imp::shr_u16_8(imp::mul_i16(self.0, imp::splat_u16(2561))))
    }

    /// Products of lanes of 16 bits, neighbours added: four lanes of 32 bits.
    #[inline(always)]
    pub(crate) fn dot_i16(self, other: Self) -> Self {
        Self(imp::dot_i16(self.0, other.0))
    }

    /// Lanes of 32 bits of both vectors to lanes of 16, this one's first; all of them fit.
    #[inline(always)]
    pub(crate) fn narrow_i32(self, other: Self) -> Self {
        Self(imp::narrow_i32(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn add_i32(self, other: Self) -> Self {
        Self(imp::add_i32(self.0, other.0))
    }

    /// Four lanes of 32 bits from memory.
    #[inline(always)]
    pub(crate) fn load_u32(lanes: &[u32; 4]) -> Self {
        Self(imp::load_u32(lanes))
    }

    /// Four lanes of 32 bits to memory.
    #[inline(always)]
    pub(crate) fn store_u32(self, lanes: &mut [u32; 4]) {
        imp::store_u32(self.0, lanes);
    }

    /// The same number in every lane of 32 bits.
    #[inline(always)]
    pub(crate) fn splat_u32(lane: u32) -> Self {
        Self(imp::splat_u32(lane))
    }

    /// Lanes of 32 bits that are equal become all ones, others 0.
    #[inline(always)]
    pub(crate) fn eq_u32(self, other: Self) -> Self {
        Self(imp::eq_u32(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn min_u32(self, other: Self) -> Self {
        Self(imp::min_u32(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn sub_u32(self, other: Self) -> Self {
        Self(imp::sub_u32(self.0, other.0))
    }

    /// Lanes of 32 bits shifted towards their highest bit by four.
    #[inline(always)]
    pub(crate) fn shl_u32_4(self) -> Self {
        Self(imp::shl_u32_4(self.0))
    }

    #[inline(always)]
    pub(crate) fn xor(self, other: Self) -> Self {
        Self(imp::xor(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn sub_u64(self, other: Self) -> Self {
        Self(imp::sub_u64(self.0, other.0))
    }

    /// The lower halves of lanes of 64 bits times a number.
    #[inline(always)]
    pub(crate) fn mul_lower(self, factor: u32) -> Self {
        Self(imp::mul_lower(self.0, factor))
    }

    /// Two lanes of 64 bits to memory.
    #[inline(always)]
    pub(crate) fn store_i64(self, lanes: &mut [i64; 2]) {
        imp::store_i64(self.0, lanes);
    }

    #[inline(always)]
    pub(crate) fn sub_i16(self, other: Self) -> Self {
        Self(imp::sub_i16(self.0, other.0))
    }

    #[inline(always)]
    pub(crate) fn add_u64(self, other: Self) -> Self {
        Self(imp::add_u64(self.0, other.0))
    }

    /// Lanes of 64 bits shifted towards their lowest bit, `bits` < 64.
    #[inline(always)]
    pub(crate) fn shr_u64(self, bits: u32) -> Self {
        Self(imp::shr_u64(self.0, bits))
    }

    /// Lanes of 64 bits shifted towards their highest bit, `bits` < 64.
    #[inline(always)]
    pub(crate) fn shl_u64(self, bits: u32) -> Self {
        Self(imp::shl_u64(self.0, bits))
    }

    /// Eight lanes of 16 bits to memory.
    #[inline(always)]
    pub(crate) fn store_i16(self, lanes: &mut [i16; 8]) {
        imp::store_i16(self.0, lanes);
    }

    /// The four lanes of 32 bits.
    #[inline(always)]
    pub(crate) fn to_i32x4(self) -> [i32; 4] {
        imp::to_i32x4(self.0)
    }

    /// The two lanes of 64 bits.
    #[inline(always)]
    pub(crate) fn to_u64x2(self) -> [u64; 2] {
        imp::to_u64x2(self.0)
    }

    /// The sixteen bytes.
    pub(crate) fn to_u8x16(self) -> [u8; 16] {
        let [low, high] = self.to_u64x2();
        (u128::from(low) | u128::from(high) << 64).to_le_bytes()
    }
}

/// `lanes` of 16 bits as a vector.
#[inline(always)]
pub(crate) fn i16x8(lanes: [i16; 8]) -> V128 {
    V128::load_i16(&lanes)
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod imp {
    use core::arch::wasm32::*;

    pub(super) type Raw = v128;

    #[inline(always)]
    pub(super) fn of_u64x2(low: u64, high: u64) -> Raw {
        u64x2(low, high)
    }
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(super) fn load(bytes: &[u8; 16]) -> Raw {
        // SAFETY: the reference is to 16 bytes that may be read, and the instruction needs no alignment.
        unsafe { v128_load(bytes.as_ptr().cast()) }
    }
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(super) fn load_i16(lanes: &[i16; 8]) -> Raw {
        // SAFETY: as in `load`.
        unsafe { v128_load(lanes.as_ptr().cast()) }
    }
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(super) fn load_i64(lanes: &[i64; 2]) -> Raw {
        // SAFETY: as in `load`.
        unsafe { v128_load(lanes.as_ptr().cast()) }
    }
    #[inline(always)]
    pub(super) fn splat_u8(byte: u8) -> Raw {
        u8x16_splat(byte)
    }
    #[inline(always)]
    pub(super) fn splat_u16(lane: u16) -> Raw {
        u16x8_splat(lane)
    }
    #[inline(always)]
    pub(super) fn eq_u8(a: Raw, b: Raw) -> Raw {
        u8x16_eq(a, b)
    }
    #[inline(always)]
    pub(super) fn bitmask(a: Raw) -> u16 {
        i8x16_bitmask(a)
    }
    #[inline(always)]
    pub(super) fn and(a: Raw, b: Raw) -> Raw {
        v128_and(a, b)
    }
    #[inline(always)]
    pub(super) fn or(a: Raw, b: Raw) -> Raw {
        v128_or(a, b)
    }
    #[inline(always)]
    pub(super) fn sub_u8(a: Raw, b: Raw) -> Raw {
        u8x16_sub(a, b)
    }
    #[inline(always)]
    pub(super) fn max_u8(a: Raw, b: Raw) -> Raw {
        u8x16_max(a, b)
    }
    #[inline(always)]
    pub(super) fn min_u8(a: Raw, b: Raw) -> Raw {
        u8x16_min(a, b)
    }
    #[inline(always)]
    pub(super) fn swizzle(a: Raw, at: Raw) -> Raw {
        i8x16_swizzle(a, at)
    }
    #[inline(always)]
    pub(super) fn mul_i16(a: Raw, b: Raw) -> Raw {
        i16x8_mul(a, b)
    }
    #[inline(always)]
    pub(super) fn shr_u16_8(a: Raw) -> Raw {
        u16x8_shr(a, 8)
    }
    #[inline(always)]
    pub(super) fn dot_i16(a: Raw, b: Raw) -> Raw {
        i32x4_dot_i16x8(a, b)
    }
    #[inline(always)]
    pub(super) fn narrow_i32(a: Raw, b: Raw) -> Raw {
        i16x8_narrow_i32x4(a, b)
    }
    #[inline(always)]
    pub(super) fn add_i32(a: Raw, b: Raw) -> Raw {
        i32x4_add(a, b)
    }
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(super) fn load_u32(lanes: &[u32; 4]) -> Raw {
        // SAFETY: as in `load`.
        unsafe { v128_load(lanes.as_ptr().cast()) }
    }
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(super) fn store_u32(a: Raw, lanes: &mut [u32; 4]) {
        // SAFETY: the reference is to 16 bytes that may be written, and the instruction needs no alignment.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), a) }
    }
    #[inline(always)]
    pub(super) fn splat_u32(lane: u32) -> Raw {
        u32x4_splat(lane)
    }
    #[inline(always)]
    pub(super) fn eq_u32(a: Raw, b: Raw) -> Raw {
        u32x4_eq(a, b)
    }
    #[inline(always)]
    pub(super) fn min_u32(a: Raw, b: Raw) -> Raw {
        u32x4_min(a, b)
    }
    #[inline(always)]
    pub(super) fn sub_u32(a: Raw, b: Raw) -> Raw {
        u32x4_sub(a, b)
    }
    #[inline(always)]
    pub(super) fn shl_u32_4(a: Raw) -> Raw {
        u32x4_shl(a, 4)
    }
    #[inline(always)]
    pub(super) fn xor(a: Raw, b: Raw) -> Raw {
        v128_xor(a, b)
    }
    #[inline(always)]
    pub(super) fn sub_u64(a: Raw, b: Raw) -> Raw {
        u64x2_sub(a, b)
    }
    #[inline(always)]
    pub(super) fn mul_lower(a: Raw, factor: u32) -> Raw {
        u64x2_extmul_low_u32x4(u32x4_shuffle::<0, 2, 0, 2>(a, a), u32x4_splat(factor))
    }
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(super) fn store_i64(a: Raw, lanes: &mut [i64; 2]) {
        // SAFETY: the reference is to 16 bytes that may be written, and the instruction needs no alignment.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), a) }
    }
    #[inline(always)]
    pub(super) fn sub_i16(a: Raw, b: Raw) -> Raw {
        i16x8_sub(a, b)
    }
    #[inline(always)]
    pub(super) fn add_u64(a: Raw, b: Raw) -> Raw {
        u64x2_add(a, b)
    }
    #[inline(always)]
    pub(super) fn shr_u64(a: Raw, bits: u32) -> Raw {
        u64x2_shr(a, bits)
    }
    #[inline(always)]
    pub(super) fn shl_u64(a: Raw, bits: u32) -> Raw {
        u64x2_shl(a, bits)
    }
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(super) fn store_i16(a: Raw, lanes: &mut [i16; 8]) {
        // SAFETY: the reference is to 16 bytes that may be written, and the instruction needs no alignment.
        unsafe { v128_store(lanes.as_mut_ptr().cast(), a) }
    }
    #[inline(always)]
    pub(super) fn to_i32x4(a: Raw) -> [i32; 4] {
        [i32x4_extract_lane::<0>(a), i32x4_extract_lane::<1>(a), i32x4_extract_lane::<2>(a), i32x4_extract_lane::<3>(a)]
    }
    #[inline(always)]
    pub(super) fn to_u64x2(a: Raw) -> [u64; 2] {
        [u64x2_extract_lane::<0>(a), u64x2_extract_lane::<1>(a)]
    }
}

#[cfg(all(target_arch = "x86_64", target_feature = "sse4.1"))]
#[allow(unsafe_code, reason = "each block calls instructions that this build requires of its machine (`target_feature` above)")]
mod imp {
    use core::arch::x86_64::*;

    pub(super) type Raw = __m128i;

    #[inline(always)]
    pub(super) fn of_u64x2(low: u64, high: u64) -> Raw {
        // SAFETY: SSE2 is there, see above; so for each below.
        unsafe { _mm_set_epi64x(high as i64, low as i64) }
    }
    #[inline(always)]
    pub(super) fn load(bytes: &[u8; 16]) -> Raw {
        // SAFETY: the reference is to 16 bytes that may be read, and the instruction needs no alignment.
        unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) }
    }
    #[inline(always)]
    pub(super) fn load_i16(lanes: &[i16; 8]) -> Raw {
        // SAFETY: as in `load`.
        unsafe { _mm_loadu_si128(lanes.as_ptr().cast()) }
    }
    #[inline(always)]
    pub(super) fn load_i64(lanes: &[i64; 2]) -> Raw {
        // SAFETY: as in `load`.
        unsafe { _mm_loadu_si128(lanes.as_ptr().cast()) }
    }
    #[inline(always)]
    pub(super) fn splat_u8(byte: u8) -> Raw {
        unsafe { _mm_set1_epi8(byte as i8) }
    }
    #[inline(always)]
    pub(super) fn splat_u16(lane: u16) -> Raw {
        unsafe { _mm_set1_epi16(lane as i16) }
    }
    #[inline(always)]
    pub(super) fn eq_u8(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_cmpeq_epi8(a, b) }
    }
    #[inline(always)]
    pub(super) fn bitmask(a: Raw) -> u16 {
        unsafe { _mm_movemask_epi8(a) as u16 }
    }
    #[inline(always)]
    pub(super) fn and(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_and_si128(a, b) }
    }
    #[inline(always)]
    pub(super) fn or(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_or_si128(a, b) }
    }
    #[inline(always)]
    pub(super) fn sub_u8(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_sub_epi8(a, b) }
    }
    #[inline(always)]
    pub(super) fn max_u8(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_max_epu8(a, b) }
    }
    #[inline(always)]
    pub(super) fn min_u8(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_min_epu8(a, b) }
    }
    #[inline(always)]
    pub(super) fn swizzle(a: Raw, at: Raw) -> Raw {
        unsafe { _mm_shuffle_epi8(a, at) }
    }
    #[inline(always)]
    pub(super) fn mul_i16(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_mullo_epi16(a, b) }
    }
    #[inline(always)]
    pub(super) fn shr_u16_8(a: Raw) -> Raw {
        unsafe { _mm_srli_epi16::<8>(a) }
    }
    #[inline(always)]
    pub(super) fn dot_i16(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_madd_epi16(a, b) }
    }
    #[inline(always)]
    pub(super) fn narrow_i32(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_packs_epi32(a, b) }
    }
    #[inline(always)]
    pub(super) fn add_i32(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_add_epi32(a, b) }
    }
    #[inline(always)]
    pub(super) fn load_u32(lanes: &[u32; 4]) -> Raw {
        // SAFETY: as in `load`.
        unsafe { _mm_loadu_si128(lanes.as_ptr().cast()) }
    }
    #[inline(always)]
    pub(super) fn store_u32(a: Raw, lanes: &mut [u32; 4]) {
        // SAFETY: the reference is to 16 bytes that may be written, and the instruction needs no alignment.
        unsafe { _mm_storeu_si128(lanes.as_mut_ptr().cast(), a) }
    }
    #[inline(always)]
    pub(super) fn splat_u32(lane: u32) -> Raw {
        unsafe { _mm_set1_epi32(lane as i32) }
    }
    #[inline(always)]
    pub(super) fn eq_u32(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_cmpeq_epi32(a, b) }
    }
    #[inline(always)]
    pub(super) fn min_u32(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_min_epu32(a, b) }
    }
    #[inline(always)]
    pub(super) fn sub_u32(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_sub_epi32(a, b) }
    }
    #[inline(always)]
    pub(super) fn shl_u32_4(a: Raw) -> Raw {
        unsafe { _mm_slli_epi32::<4>(a) }
    }
    #[inline(always)]
    pub(super) fn xor(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_xor_si128(a, b) }
    }
    #[inline(always)]
    pub(super) fn sub_u64(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_sub_epi64(a, b) }
    }
    #[inline(always)]
    pub(super) fn mul_lower(a: Raw, factor: u32) -> Raw {
        unsafe { _mm_mul_epu32(a, _mm_set1_epi32(factor as i32)) }
    }
    #[inline(always)]
    pub(super) fn store_i64(a: Raw, lanes: &mut [i64; 2]) {
        // SAFETY: the reference is to 16 bytes that may be written, and the instruction needs no alignment.
        unsafe { _mm_storeu_si128(lanes.as_mut_ptr().cast(), a) }
    }
    #[inline(always)]
    pub(super) fn sub_i16(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_sub_epi16(a, b) }
    }
    #[inline(always)]
    pub(super) fn add_u64(a: Raw, b: Raw) -> Raw {
        unsafe { _mm_add_epi64(a, b) }
    }
    #[inline(always)]
    pub(super) fn shr_u64(a: Raw, bits: u32) -> Raw {
        unsafe { _mm_srl_epi64(a, _mm_cvtsi32_si128(bits as i32)) }
    }
    #[inline(always)]
    pub(super) fn shl_u64(a: Raw, bits: u32) -> Raw {
        unsafe { _mm_sll_epi64(a, _mm_cvtsi32_si128(bits as i32)) }
    }
    #[inline(always)]
    pub(super) fn store_i16(a: Raw, lanes: &mut [i16; 8]) {
        // SAFETY: the reference is to 16 bytes that may be written, and the instruction needs no alignment.
        unsafe { _mm_storeu_si128(lanes.as_mut_ptr().cast(), a) }
    }
    #[inline(always)]
    pub(super) fn to_i32x4(a: Raw) -> [i32; 4] {
        let [low, high] = to_u64x2(a);
        [low as i32, (low >> 32) as i32, high as i32, (high >> 32) as i32]
    }
    #[inline(always)]
    pub(super) fn to_u64x2(a: Raw) -> [u64; 2] {
        unsafe { [_mm_cvtsi128_si64(a) as u64, _mm_cvtsi128_si64(_mm_unpackhi_epi64(a, a)) as u64] }
    }
}

#[cfg(not(any(all(target_arch = "wasm32", target_feature = "simd128"), all(target_arch = "x86_64", target_feature = "sse4.1"))))]
mod imp {
    pub(super) type Raw = [u8; 16];

    #[inline(always)]
    pub(super) fn of_u64x2(low: u64, high: u64) -> Raw {
        (u128::from(low) | u128::from(high) << 64).to_le_bytes()
    }
    #[inline(always)]
    pub(super) fn load(bytes: &[u8; 16]) -> Raw {
        *bytes
    }
    #[inline(always)]
    pub(super) fn load_i16(lanes: &[i16; 8]) -> Raw {
        of_i16(*lanes)
    }
    #[inline(always)]
    pub(super) fn load_i64(lanes: &[i64; 2]) -> Raw {
        of_u64x2(lanes[0] as u64, lanes[1] as u64)
    }
    #[inline(always)]
    pub(super) fn splat_u8(byte: u8) -> Raw {
        [byte; 16]
    }
    #[inline(always)]
    pub(super) fn splat_u16(lane: u16) -> Raw {
        of_i16([lane as i16; 8])
    }
    #[inline(always)]
    pub(super) fn eq_u8(a: Raw, b: Raw) -> Raw {
        bytes(a, b, |a, b| if a == b { 0xff } else { 0 })
    }
    #[inline(always)]
    pub(super) fn bitmask(a: Raw) -> u16 {
        a.iter().rev().fold(0, |mask, byte| mask << 1 | u16::from(byte >> 7))
    }
    #[inline(always)]
    pub(super) fn and(a: Raw, b: Raw) -> Raw {
        bytes(a, b, |a, b| a & b)
    }
    #[inline(always)]
    pub(super) fn or(a: Raw, b: Raw) -> Raw {
        bytes(a, b, |a, b| a | b)
    }
    #[inline(always)]
    pub(super) fn sub_u8(a: Raw, b: Raw) -> Raw {
        bytes(a, b, u8::wrapping_sub)
    }
    #[inline(always)]
    pub(super) fn max_u8(a: Raw, b: Raw) -> Raw {
        bytes(a, b, u8::max)
    }
    #[inline(always)]
    pub(super) fn min_u8(a: Raw, b: Raw) -> Raw {
        bytes(a, b, u8::min)
    }
    #[inline(always)]
    pub(super) fn swizzle(a: Raw, at: Raw) -> Raw {
        at.map(|at| a[usize::from(at & 15)])
    }
    #[inline(always)]
    pub(super) fn mul_i16(a: Raw, b: Raw) -> Raw {
        let (a, b) = (i16s(a), i16s(b));
        of_i16(core::array::from_fn(|i| a[i].wrapping_mul(b[i])))
    }
    #[inline(always)]
    pub(super) fn shr_u16_8(a: Raw) -> Raw {
        of_i16(i16s(a).map(|lane| (lane as u16 >> 8) as i16))
    }
    #[inline(always)]
    pub(super) fn dot_i16(a: Raw, b: Raw) -> Raw {
        let (a, b) = (i16s(a), i16s(b));
        let product = |i: usize| i32::from(a[i]) * i32::from(b[i]);
        of_i32(core::array::from_fn(|i| product(2 * i).wrapping_add(product(2 * i + 1))))
    }
    #[inline(always)]
    pub(super) fn narrow_i32(a: Raw, b: Raw) -> Raw {
        let (a, b) = (to_i32x4(a), to_i32x4(b));
        let narrow = |lane: i32| lane.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16;
        of_i16(core::array::from_fn(|i| narrow(if i < 4 { a[i] } else { b[i - 4] })))
    }
    #[inline(always)]
    pub(super) fn add_i32(a: Raw, b: Raw) -> Raw {
        let (a, b) = (to_i32x4(a), to_i32x4(b));
        of_i32(core::array::from_fn(|i| a[i].wrapping_add(b[i])))
    }
    #[inline(always)]
    pub(super) fn load_u32(lanes: &[u32; 4]) -> Raw {
        of_u32(*lanes)
    }
    #[inline(always)]
    pub(super) fn store_u32(a: Raw, lanes: &mut [u32; 4]) {
        *lanes = u32s(a);
    }
    #[inline(always)]
    pub(super) fn splat_u32(lane: u32) -> Raw {
        of_u32([lane; 4])
    }
    #[inline(always)]
    pub(super) fn eq_u32(a: Raw, b: Raw) -> Raw {
        lanes_u32(a, b, |a, b| if a == b { u32::MAX } else { 0 })
    }
    #[inline(always)]
    pub(super) fn min_u32(a: Raw, b: Raw) -> Raw {
        lanes_u32(a, b, u32::min)
    }
    #[inline(always)]
    pub(super) fn sub_u32(a: Raw, b: Raw) -> Raw {
        lanes_u32(a, b, u32::wrapping_sub)
    }
    #[inline(always)]
    pub(super) fn shl_u32_4(a: Raw) -> Raw {
        of_u32(u32s(a).map(|lane| lane << 4))
    }
    #[inline(always)]
    pub(super) fn xor(a: Raw, b: Raw) -> Raw {
        bytes(a, b, |a, b| a ^ b)
    }
    #[inline(always)]
    pub(super) fn sub_u64(a: Raw, b: Raw) -> Raw {
        let ([a, c], [b, d]) = (to_u64x2(a), to_u64x2(b));
        of_u64x2(a.wrapping_sub(b), c.wrapping_sub(d))
    }
    #[inline(always)]
    pub(super) fn mul_lower(a: Raw, factor: u32) -> Raw {
        let [low, high] = to_u64x2(a).map(|lane| (lane & 0xffff_ffff) * u64::from(factor));
        of_u64x2(low, high)
    }
    #[inline(always)]
    pub(super) fn store_i64(a: Raw, lanes: &mut [i64; 2]) {
        *lanes = to_u64x2(a).map(|lane| lane as i64);
    }
    #[inline(always)]
    pub(super) fn sub_i16(a: Raw, b: Raw) -> Raw {
        let (a, b) = (i16s(a), i16s(b));
        of_i16(core::array::from_fn(|i| a[i].wrapping_sub(b[i])))
    }
    #[inline(always)]
    pub(super) fn add_u64(a: Raw, b: Raw) -> Raw {
        let ([a, c], [b, d]) = (to_u64x2(a), to_u64x2(b));
        of_u64x2(a.wrapping_add(b), c.wrapping_add(d))
    }
    #[inline(always)]
    pub(super) fn shr_u64(a: Raw, bits: u32) -> Raw {
        let [low, high] = to_u64x2(a);
        of_u64x2(low >> bits, high >> bits)
    }
    #[inline(always)]
    pub(super) fn shl_u64(a: Raw, bits: u32) -> Raw {
        let [low, high] = to_u64x2(a);
        of_u64x2(low << bits, high << bits)
    }
    #[inline(always)]
    pub(super) fn store_i16(a: Raw, lanes: &mut [i16; 8]) {
        *lanes = i16s(a);
    }
    #[inline(always)]
    pub(super) fn to_i32x4(a: Raw) -> [i32; 4] {
        core::array::from_fn(|i| i32::from_le_bytes([a[4 * i], a[4 * i + 1], a[4 * i + 2], a[4 * i + 3]]))
    }
    #[inline(always)]
    pub(super) fn to_u64x2(a: Raw) -> [u64; 2] {
        let all = u128::from_le_bytes(a);
        [all as u64, (all >> 64) as u64]
    }

    #[inline(always)]
    fn bytes(a: Raw, b: Raw, op: impl Fn(u8, u8) -> u8) -> Raw {
        core::array::from_fn(|i| op(a[i], b[i]))
    }
    #[inline(always)]
    fn i16s(a: Raw) -> [i16; 8] {
        core::array::from_fn(|i| i16::from_le_bytes([a[2 * i], a[2 * i + 1]]))
    }
    #[inline(always)]
    fn of_i16(lanes: [i16; 8]) -> Raw {
        core::array::from_fn(|i| lanes[i / 2].to_le_bytes()[i % 2])
    }
    #[inline(always)]
    fn lanes_u32(a: Raw, b: Raw, op: impl Fn(u32, u32) -> u32) -> Raw {
        let (a, b) = (u32s(a), u32s(b));
        of_u32(core::array::from_fn(|i| op(a[i], b[i])))
    }
    #[inline(always)]
    fn u32s(a: Raw) -> [u32; 4] {
        to_i32x4(a).map(|lane| lane as u32)
    }
    #[inline(always)]
    fn of_u32(lanes: [u32; 4]) -> Raw {
        of_i32(lanes.map(|lane| lane as i32))
    }
    #[inline(always)]
    fn of_i32(lanes: [i32; 4]) -> Raw {
        core::array::from_fn(|i| lanes[i / 4].to_le_bytes()[i % 4])
    }
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
        assert_eq!(i16x8([1, -2, 3, -4, 5, 6, 7, 8]).narrow_i32(V128::zero()).to_u8x16()[0..2], i16::MIN.to_le_bytes());
    }
}
