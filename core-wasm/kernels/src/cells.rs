//! Cells at known places to integers at one power of ten, a column at a time.
//!
//! A cell is read around its decimal point, so that each digit falls into the place of its power of ten whatever the length of the number,
//! and no cell asks for a branch. Bytes that are not the cell's are masked away by its shape; a cell that does not fit the pattern (an
//! exponent, a space, text, nothing) keeps a byte that is no digit, and one look at the greatest byte of the batch tells.
//!
//! *Not here*: what to do with a batch that does not fit (`train`, `predict`).

use crate::scan::{MARGIN, Place, Places};
use crate::simd::{V128, i16x8};

/// Shape of the numbers of a column that are read without looking at each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// No sign, up to 3 or 4 digits before the point and `decimals` of up to 4 behind it: 8 bytes.
    Short {
        /// Digits behind the point at most; the scale of the integers.
        decimals: usize,
    },
    /// A sign perhaps, and up to 14 digits, of which `decimals` behind the point at most, or `0.` and 14: 16 bytes.
    Long {
        /// Digits behind the point at most; the scale of the integers.
        decimals: usize,
    },
}

/// Digits before the point that the short pattern holds with so many decimals.
const SHORT_WHOLE: [usize; 5] = [4, 4, 3, 4, 3];
/// Bytes that the long pattern looks at.
const LONG_BYTES: usize = 16;

const _: () = assert!(MARGIN >= 2 * LONG_BYTES);

impl Pattern {
    /// The pattern for numbers like those seen; none if none holds them.
    pub fn of(signed: bool, whole: usize, decimals: usize) -> Option<Self> {
        match decimals {
            0..=4 if !signed && whole <= SHORT_WHOLE[decimals] => Some(Self::Short { decimals }),
            0..=14 if whole + usize::from(signed) < LONG_BYTES - 1 && whole + decimals < LONG_BYTES => Some(Self::Long { decimals }),
            _ => None,
        }
    }

    /// A pattern for what this one holds and for numbers like these; none if there is none.
    pub fn wider(self, signed: bool, whole: usize, decimals: usize) -> Option<Self> {
        let (own_signed, own_decimals) = (matches!(self, Self::Long { .. }), self.decimals());
        let own_whole = match self {
            Self::Short { decimals } => SHORT_WHOLE[decimals],
            Self::Long { .. } => 1,
        };
        Self::of(signed || own_signed, whole.max(own_whole), decimals.max(own_decimals))
            .or_else(|| Self::of(signed, whole, decimals.max(own_decimals)))
    }

    /// The power of ten of the integers.
    pub fn decimals(self) -> usize {
        match self {
            Self::Short { decimals } | Self::Long { decimals } => decimals,
        }
    }
}

/// Reads cells of a column, one for each place of `out`. None if one of them does not fit the pattern: then `out` means nothing. Else all
/// bits of all magnitudes.
#[inline(never)]
pub fn read(places: &Places<'_>, pattern: Pattern, out: &mut [i64]) -> Option<u64> {
    match pattern {
        Pattern::Short { decimals } => short(places, &SHORT[decimals], out),
        Pattern::Long { decimals } => long(places, &LONG[decimals], out),
    }
}

/// Constants of the short pattern for one number of decimals.
struct Short {
    /// Offset of the point in the eight bytes.
    whole: usize,
    /// Weights of the four pairs of digits, and of the two numbers they make.
    pairs: [i16; 4],
    halves: [i16; 2],
    /// Which bytes are digits, by the shape.
    masks: [u64; 256],
}

/// With three digits before it the point is the first byte of a pair, so what stands before it counts ten times.
static SHORT: [Short; 5] = [
    Short::new(0, [100, 1, 0, 0], [1, 0]),
    Short::new(1, [100, 1, 1, 0], [10, 1]),
    Short::new(2, [100, 1, 1, 0], [10, 1]),
    Short::new(3, [100, 1, 100, 1], [1000, 1]),
    Short::new(4, [100, 1, 100, 1], [1000, 1]),
];

impl Short {
    const fn new(decimals: usize, pairs: [i16; 4], halves: [i16; 2]) -> Self {
        let whole = SHORT_WHOLE[decimals];
        let point = 0xff << (8 * whole);
        let mut masks = [0; 256];
        let mut shape = 0;
        while shape < 256 {
            let (before, behind) = (shape >> 4 & 15, shape & 15);
            let fits = before <= whole && behind <= decimals && before + behind > 0;
            // the byte at the point is no digit: kept, it flags the cell
            masks[shape] = if fits { (below(whole + 1 + behind) ^ below(whole - before)) & !point } else { point };
            shape += 1;
        }
        Self { whole, pairs, halves, masks }
    }
}

/// The lowest `bytes` bytes.
const fn below(bytes: usize) -> u64 {
    if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 }
}

fn short(places: &Places<'_>, pattern: &Short, out: &mut [i64]) -> Option<u64> {
    let (mut greatest, mut bits) = (V128::zero(), 0u64);
    let (fours, rest) = out.as_chunks_mut::<4>();
    let behind = 4 * fours.len();
    for (row, out) in fours.iter_mut().enumerate() {
        (greatest, *out) = pattern.four(places, places.get(4 * row), greatest);
        bits |= (out[0] | out[1] | out[2] | out[3]) as u64;
    }
    for (row, out) in rest.iter_mut().enumerate() {
        let [place] = places.get(behind + row);
        let same;
        (greatest, same) = pattern.four(places, [place; 4], greatest);
        *out = same[0];
        bits |= same[0] as u64;
    }
    all_digits(greatest).then_some(bits)
}

impl Short {
    /// The numbers of four cells, and the greatest bytes with theirs.
    #[inline(always)]
    fn four(&self, places: &Places<'_>, four: [Place; 4], greatest: V128) -> (V128, [i64; 4]) {
        let [a, b, c, d] = four.map(|place| places.bytes_8(place, self.whole));
        let [a_mask, b_mask, c_mask, d_mask] = four.map(|place| self.masks[((place.shape / 16) & 255) as usize]);
        let zeros = V128::splat(b'0');
        let ab = V128::of_u64x2(a, b).sub_u8(zeros).and(V128::of_u64x2(a_mask, b_mask));
        let cd = V128::of_u64x2(c, d).sub_u8(zeros).and(V128::of_u64x2(c_mask, d_mask));
        let pairs = repeated(self.pairs);
        let halves = repeated([self.halves[0], self.halves[1], self.halves[0], self.halves[1]]);
        let numbers = ab.digit_pairs().dot_i16(pairs).narrow_i32(cd.digit_pairs().dot_i16(pairs)).dot_i16(halves);
        (greatest.max_u8(ab.max_u8(cd)), numbers.to_i32x4().map(i64::from))
    }
}

/// Constants of the long pattern for one number of decimals.
struct Long {
    /// Offset of the point in the sixteen bytes.
    whole: usize,
    /// Which bytes are digits, by the shape but for the sign.
    masks: [[u8; LONG_BYTES]; 256],
    /// Moves the point to the front, so that digits stand together.
    without_point: [u8; LONG_BYTES],
}

static LONG: [Long; 15] = {
    let mut all = [const { Long::new(0) }; 15];
    let mut decimals = 1;
    while decimals < 15 {
        all[decimals] = Long::new(decimals);
        decimals += 1;
    }
    all
};

/// All bits where a number begins with a minus, by its first byte.
static SIGNS: [u64; 256] = {
    let mut signs = [0; 256];
    signs[b'-' as usize] = u64::MAX;
    signs
};

impl Long {
    const fn new(decimals: usize) -> Self {
        let whole = LONG_BYTES - 1 - decimals;
        let mut new = Self { whole, masks: [[0; LONG_BYTES]; 256], without_point: [0; LONG_BYTES] };
        let mut shape = 0;
        while shape < 256 {
            let (before, behind) = (shape >> 4, shape & 15);
            let fits = before > 0 && before <= whole && before < 15 && behind <= decimals && behind < 15;
            let mut at = 0;
            while at < LONG_BYTES {
                // the byte at the point is no digit: kept, it flags the cell
                let keep = if fits { at != whole && at + before >= whole && at <= whole + behind } else { at == whole };
                new.masks[shape][at] = if keep { 0xff } else { 0 };
                at += 1;
            }
            shape += 1;
        }
        let mut at = 0;
        while at < LONG_BYTES {
            let from = if at == 0 {
                whole
            } else if at <= whole {
                at - 1
            } else {
                at
            };
            new.without_point[at] = from as u8;
            at += 1;
        }
        new
    }
}

fn long(places: &Places<'_>, pattern: &Long, out: &mut [i64]) -> Option<u64> {
    let mut seen = Seen { greatest: V128::zero(), bits: V128::zero() };
    let (twos, rest) = out.as_chunks_mut::<2>();
    let behind = 2 * twos.len();
    for (row, out) in twos.iter_mut().enumerate() {
        seen = pattern.two(places, places.get(2 * row), seen, out);
    }
    for (row, out) in rest.iter_mut().enumerate() {
        let [place] = places.get(behind + row);
        let mut same = [0; 2];
        seen = pattern.two(places, [place; 2], seen, &mut same);
        *out = same[0];
    }
    let [a, b] = seen.bits.to_u64x2();
    all_digits(seen.greatest).then_some(a | b)
}

/// The greatest bytes taken for digits, and the bits of the magnitudes.
#[derive(Clone, Copy)]
struct Seen {
    greatest: V128,
    bits: V128,
}

impl Long {
    /// The numbers of two cells, and what was seen with theirs.
    #[inline(always)]
    fn two(&self, places: &Places<'_>, [a, b]: [Place; 2], seen: Seen, out: &mut [i64; 2]) -> Seen {
        let ((a, a_sign), (b, b_sign)) = (self.digits(places, a), self.digits(places, b));
        let (hundreds, ten_thousands) = (repeated([100, 1, 100, 1]), repeated([10_000, 1, 10_000, 1]));
        let without_point = V128::load(&self.without_point);
        let fours = |digits: V128| digits.swizzle(without_point).digit_pairs().dot_i16(hundreds);
        let eights = fours(a).narrow_i32(fours(b)).dot_i16(ten_thousands);
        let magnitudes = eights.mul_lower(100_000_000).add_u64(eights.shr_u64(32));
        let signs = V128::of_u64x2(a_sign, b_sign);
        magnitudes.xor(signs).sub_u64(signs).store_i64(out);
        Seen { greatest: seen.greatest.max_u8(a.max_u8(b)), bits: seen.bits.or(magnitudes) }
    }

    /// The bytes of a cell that are digits, and all bits if a minus stands before them.
    #[inline(always)]
    fn digits(&self, places: &Places<'_>, place: Place) -> (V128, u64) {
        let sign = SIGNS[usize::from(places.first(place))];
        let unsigned = place.shape.wrapping_sub(sign as u32 & 0x100);
        let mask = V128::load(&self.masks[((unsigned / 16) & 255) as usize]);
        (places.bytes_16(place, self.whole).sub_u8(V128::splat(b'0')).and(mask), sign)
    }
}

fn repeated([a, b, c, d]: [i16; 4]) -> V128 {
    i16x8([a, b, c, d, a, b, c, d])
}

fn all_digits(greatest: V128) -> bool {
    greatest.to_u8x16().iter().all(|&digit| digit <= 9)
}
