//! The operations as instructions of WebAssembly's SIMD128.

use core::arch::wasm32::*;

pub(super) use core::arch::wasm32::v128 as Raw;

macro_rules! loads {
    ($($name:ident: $lanes:ty),*) => {$(
        #[inline(always)]
        #[allow(unsafe_code)]
        pub(super) fn $name(lanes: &$lanes) -> Raw {
            const { assert!(size_of::<$lanes>() == 16) };
            // SAFETY: the reference is to 16 bytes, as asserted above, that may be read. The instruction needs no alignment.
            unsafe { v128_load(core::ptr::from_ref(lanes).cast()) }
        }
    )*};
}

macro_rules! stores {
    ($($name:ident: $lanes:ty),*) => {$(
        #[inline(always)]
        #[allow(unsafe_code)]
        pub(super) fn $name(a: Raw, lanes: &mut $lanes) {
            const { assert!(size_of::<$lanes>() == 16) };
            // SAFETY: the reference is to 16 bytes, as asserted above, that may be written. The instruction needs no alignment, and every
            // pattern of bits is a value of the lanes' type.
            unsafe { v128_store(core::ptr::from_mut(lanes).cast(), a) }
        }
    )*};
}

macro_rules! instructions {
    ($($name:ident($($register:ident),*) => $instruction:expr;)*) => {$(
        #[inline(always)]
        pub(super) fn $name($($register: Raw),*) -> Raw {
            $instruction
        }
    )*};
}

loads!(load: [u8; 16], load_i16: [i16; 8], load_u32: [u32; 4], load_i64: [i64; 2]);
stores!(store_i16: [i16; 8], store_u32: [u32; 4], store_i64: [i64; 2]);

instructions! {
    eq_u8(a, b) => u8x16_eq(a, b);
    and(a, b) => v128_and(a, b);
    or(a, b) => v128_or(a, b);
    xor(a, b) => v128_xor(a, b);
    sub_u8(a, b) => u8x16_sub(a, b);
    max_u8(a, b) => u8x16_max(a, b);
    min_u8(a, b) => u8x16_min(a, b);
    swizzle(a, at) => i8x16_swizzle(a, at);
    mul_i16(a, b) => i16x8_mul(a, b);
    sub_i16(a, b) => i16x8_sub(a, b);
    shr_u16_8(a) => u16x8_shr(a, 8);
    dot_i16(a, b) => i32x4_dot_i16x8(a, b);
    narrow_i32(a, b) => i16x8_narrow_i32x4(a, b);
    add_i32(a, b) => i32x4_add(a, b);
    eq_u32(a, b) => u32x4_eq(a, b);
    min_u32(a, b) => u32x4_min(a, b);
    sub_u32(a, b) => u32x4_sub(a, b);
    shl_u32_4(a) => u32x4_shl(a, 4);
    add_u64(a, b) => u64x2_add(a, b);
    sub_u64(a, b) => u64x2_sub(a, b);
}

#[inline(always)]
pub(super) fn of_u64x2(low: u64, high: u64) -> Raw {
    u64x2(low, high)
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
pub(super) fn splat_u32(lane: u32) -> Raw {
    u32x4_splat(lane)
}

#[inline(always)]
pub(super) fn bitmask(a: Raw) -> u16 {
    i8x16_bitmask(a)
}

#[inline(always)]
pub(super) fn mul_lower(a: Raw, factor: u32) -> Raw {
    u64x2_extmul_low_u32x4(u32x4_shuffle::<0, 2, 0, 2>(a, a), u32x4_splat(factor))
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
pub(super) fn to_i32x4(a: Raw) -> [i32; 4] {
    [i32x4_extract_lane::<0>(a), i32x4_extract_lane::<1>(a), i32x4_extract_lane::<2>(a), i32x4_extract_lane::<3>(a)]
}

#[inline(always)]
pub(super) fn to_u64x2(a: Raw) -> [u64; 2] {
    [u64x2_extract_lane::<0>(a), u64x2_extract_lane::<1>(a)]
}
