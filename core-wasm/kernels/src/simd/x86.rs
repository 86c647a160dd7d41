//! The operations as instructions of x86-64 up to SSE 4.1.
//!
//! This module is compiled only if the build requires SSE 4.1 of its machine (`target_feature` in the parent module), for instance with
//! `-C target-cpu=x86-64-v3`. That is the proof which every `unsafe` block below refers to.
#![allow(unsafe_code, reason = "each block calls one instruction that this build requires of its machine")]

use core::arch::x86_64::*;

pub(super) use core::arch::x86_64::__m128i as Raw;

macro_rules! loads {
    ($($name:ident: $lanes:ty),*) => {$(
        #[inline(always)]
        pub(super) fn $name(lanes: &$lanes) -> Raw {
            const { assert!(size_of::<$lanes>() == 16) };
            // SAFETY: the reference is to 16 bytes, as asserted above, that may be read. The instruction needs no alignment, and the
            // machine has it.
            unsafe { _mm_loadu_si128(core::ptr::from_ref(lanes).cast()) }
        }
    )*};
}

macro_rules! stores {
    ($($name:ident: $lanes:ty),*) => {$(
        #[inline(always)]
        pub(super) fn $name(a: Raw, lanes: &mut $lanes) {
            const { assert!(size_of::<$lanes>() == 16) };
            // SAFETY: the reference is to 16 bytes, as asserted above, that may be written. The instruction needs no alignment, the machine
            // has it, and every pattern of bits is a value of the lanes' type.
            unsafe { _mm_storeu_si128(core::ptr::from_mut(lanes).cast(), a) }
        }
    )*};
}

macro_rules! instructions {
    ($($name:ident($($argument:ident: $type:ty),*) -> $result:ty => $instruction:expr;)*) => {$(
        #[inline(always)]
        pub(super) fn $name($($argument: $type),*) -> $result {
            // SAFETY: the instruction reads and writes registers only, and the machine has it.
            unsafe { $instruction }
        }
    )*};
}

loads!(load: [u8; 16], load_i16: [i16; 8], load_u32: [u32; 4], load_i64: [i64; 2]);
stores!(store_i16: [i16; 8], store_u32: [u32; 4], store_i64: [i64; 2]);

instructions! {
    of_u64x2(low: u64, high: u64) -> Raw => _mm_set_epi64x(high as i64, low as i64);
    splat_u8(byte: u8) -> Raw => _mm_set1_epi8(byte as i8);
    splat_u16(lane: u16) -> Raw => _mm_set1_epi16(lane as i16);
    splat_u32(lane: u32) -> Raw => _mm_set1_epi32(lane as i32);
    eq_u8(a: Raw, b: Raw) -> Raw => _mm_cmpeq_epi8(a, b);
    bitmask(a: Raw) -> u16 => _mm_movemask_epi8(a) as u16;
    and(a: Raw, b: Raw) -> Raw => _mm_and_si128(a, b);
    or(a: Raw, b: Raw) -> Raw => _mm_or_si128(a, b);
    xor(a: Raw, b: Raw) -> Raw => _mm_xor_si128(a, b);
    sub_u8(a: Raw, b: Raw) -> Raw => _mm_sub_epi8(a, b);
    max_u8(a: Raw, b: Raw) -> Raw => _mm_max_epu8(a, b);
    min_u8(a: Raw, b: Raw) -> Raw => _mm_min_epu8(a, b);
    swizzle(a: Raw, at: Raw) -> Raw => _mm_shuffle_epi8(a, at);
    mul_i16(a: Raw, b: Raw) -> Raw => _mm_mullo_epi16(a, b);
    sub_i16(a: Raw, b: Raw) -> Raw => _mm_sub_epi16(a, b);
    shr_u16_8(a: Raw) -> Raw => _mm_srli_epi16::<8>(a);
    dot_i16(a: Raw, b: Raw) -> Raw => _mm_madd_epi16(a, b);
    narrow_i32(a: Raw, b: Raw) -> Raw => _mm_packs_epi32(a, b);
    add_i32(a: Raw, b: Raw) -> Raw => _mm_add_epi32(a, b);
    eq_u32(a: Raw, b: Raw) -> Raw => _mm_cmpeq_epi32(a, b);
    min_u32(a: Raw, b: Raw) -> Raw => _mm_min_epu32(a, b);
    sub_u32(a: Raw, b: Raw) -> Raw => _mm_sub_epi32(a, b);
    shl_u32_4(a: Raw) -> Raw => _mm_slli_epi32::<4>(a);
    add_u64(a: Raw, b: Raw) -> Raw => _mm_add_epi64(a, b);
    sub_u64(a: Raw, b: Raw) -> Raw => _mm_sub_epi64(a, b);
    mul_lower(a: Raw, factor: u32) -> Raw => _mm_mul_epu32(a, _mm_set1_epi32(factor as i32));
    shr_u64(a: Raw, bits: u32) -> Raw => _mm_srl_epi64(a, _mm_cvtsi32_si128(bits as i32));
    shl_u64(a: Raw, bits: u32) -> Raw => _mm_sll_epi64(a, _mm_cvtsi32_si128(bits as i32));
    to_u64x2(a: Raw) -> [u64; 2] => [_mm_cvtsi128_si64(a) as u64, _mm_cvtsi128_si64(_mm_unpackhi_epi64(a, a)) as u64];
}

#[inline(always)]
pub(super) fn to_i32x4(a: Raw) -> [i32; 4] {
    let [low, high] = to_u64x2(a);
    [low as i32, (low >> 32) as i32, high as i32, (high >> 32) as i32]
}
