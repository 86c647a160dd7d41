//! The operations on plain arrays of bytes: for machines without vectors, and what the others are tested against.

/// Sixteen bytes.
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
    map_bytes(a, b, |a, b| if a == b { 0xff } else { 0 })
}

#[inline(always)]
pub(super) fn bitmask(a: Raw) -> u16 {
    a.iter().rev().fold(0, |mask, byte| mask << 1 | u16::from(byte >> 7))
}

#[inline(always)]
pub(super) fn and(a: Raw, b: Raw) -> Raw {
    map_bytes(a, b, |a, b| a & b)
}

#[inline(always)]
pub(super) fn or(a: Raw, b: Raw) -> Raw {
    map_bytes(a, b, |a, b| a | b)
}

#[inline(always)]
pub(super) fn sub_u8(a: Raw, b: Raw) -> Raw {
    map_bytes(a, b, u8::wrapping_sub)
}

#[inline(always)]
pub(super) fn max_u8(a: Raw, b: Raw) -> Raw {
    map_bytes(a, b, u8::max)
}

#[inline(always)]
pub(super) fn min_u8(a: Raw, b: Raw) -> Raw {
    map_bytes(a, b, u8::min)
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
    map_u32s(a, b, |a, b| if a == b { u32::MAX } else { 0 })
}

#[inline(always)]
pub(super) fn min_u32(a: Raw, b: Raw) -> Raw {
    map_u32s(a, b, u32::min)
}

#[inline(always)]
pub(super) fn sub_u32(a: Raw, b: Raw) -> Raw {
    map_u32s(a, b, u32::wrapping_sub)
}

#[inline(always)]
pub(super) fn shl_u32_4(a: Raw) -> Raw {
    of_u32(u32s(a).map(|lane| lane << 4))
}

#[inline(always)]
pub(super) fn xor(a: Raw, b: Raw) -> Raw {
    map_bytes(a, b, |a, b| a ^ b)
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
fn map_bytes(a: Raw, b: Raw, op: impl Fn(u8, u8) -> u8) -> Raw {
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
fn map_u32s(a: Raw, b: Raw, op: impl Fn(u32, u32) -> u32) -> Raw {
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
