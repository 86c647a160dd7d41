//! Cells at known positions to integers at one power of ten, a column at a time.
//!
//! A cell is read around its decimal point. So each digit falls into the place of its power of ten, whatever the length of the number, and
//! no cell needs a branch. Bytes outside the cell are masked away by its shape. A cell that does not fit the pattern (an exponent, a space,
//! text, nothing) keeps a byte that is no digit, and one look at the greatest byte of the batch detects that.
//!
//! *Not here*: what to do with a batch that does not fit (`samefit-core`'s `column`).

use crate::scan::{CellPosition, CellPositions, MARGIN};
use crate::simd::{V128, i16x8};

/// The form of a column's numbers, which fixes how many bytes of each cell are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Eight bytes: no sign, at most 3 or 4 digits before the point, at most `decimals` <= 4 after it.
    Short {
        /// Most digits after the point, and the power of ten of the integers.
        decimals: usize,
    },
    /// Sixteen bytes: perhaps a sign, and at most 14 digits, at most `decimals` of them after the point; or `0.` and 14 digits.
    Long {
        /// Most digits after the point, and the power of ten of the integers.
        decimals: usize,
    },
}

/// Most digits before the point in a short pattern, by the number of decimals.
const SHORT_WHOLE: [usize; 5] = [4, 4, 3, 4, 3];
/// Bytes of a cell that the long pattern reads.
const LONG_BYTES: usize = 16;

const _: () = assert!(MARGIN >= 2 * LONG_BYTES);

impl Pattern {
    /// Returns the narrowest pattern for numbers with `whole` digits before the point and `decimals` after it, `signed` if some have a
    /// sign. Returns none if no pattern fits them.
    pub fn of(signed: bool, whole: usize, decimals: usize) -> Option<Self> {
        match decimals {
            0..=4 if !signed && whole <= SHORT_WHOLE[decimals] => Some(Self::Short { decimals }),
            0..=14 if whole + usize::from(signed) < LONG_BYTES - 1 && whole + decimals < LONG_BYTES => Some(Self::Long { decimals }),
            _ => None,
        }
    }

    /// Returns a pattern that fits what this one fits, and numbers as in [`Self::of`] too; none if there is no such pattern.
    pub fn wider(self, signed: bool, whole: usize, decimals: usize) -> Option<Self> {
        let (own_signed, own_decimals) = (matches!(self, Self::Long { .. }), self.decimals());
        let own_whole = match self {
            Self::Short { decimals } => SHORT_WHOLE[decimals],
            Self::Long { .. } => 1,
        };
        Self::of(signed || own_signed, whole.max(own_whole), decimals.max(own_decimals))
            .or_else(|| Self::of(signed, whole, decimals.max(own_decimals)))
    }

    /// Returns the power of ten by which numbers are multiplied to become integers.
    pub fn decimals(self) -> usize {
        match self {
            Self::Short { decimals } | Self::Long { decimals } => decimals,
        }
    }
}

/// Reads the first cells of a column, as many as `out` is long, as integers times `10^-decimals`.
///
/// Returns the bitwise or of all magnitudes. Returns none if a cell does not fit the pattern; `out` means nothing then.
#[inline(never)]
pub fn read(cells: &CellPositions<'_>, pattern: Pattern, out: &mut [i64]) -> Option<u64> {
    match pattern {
        Pattern::Short { decimals } => short(cells, &SHORT[decimals], out),
        Pattern::Long { decimals } => long(cells, &LONG[decimals], out),
    }
}

/// Constants of the short pattern for one number of decimals.
struct ShortTables {
    /// Offset of the point in the eight bytes: the most digits before it.
    whole: usize,
    /// Weights of the four pairs of digits in a half of the number.
    pairs: [i16; 4],
    /// Weights of the two halves in the number.
    halves: [i16; 2],
    /// For each shape over 16, which bytes are digits.
    masks: [u64; 256],
}

/// With three digits before it, the point is the first byte of a pair of digits. The pair then counts as one digit, and the pairs before it
/// ten times as much.
static SHORT: [ShortTables; 5] = [
    ShortTables::new(0, [100, 1, 0, 0], [1, 0]),
    ShortTables::new(1, [100, 1, 1, 0], [10, 1]),
    ShortTables::new(2, [100, 1, 1, 0], [10, 1]),
    ShortTables::new(3, [100, 1, 100, 1], [1000, 1]),
    ShortTables::new(4, [100, 1, 100, 1], [1000, 1]),
];

impl ShortTables {
    const fn new(decimals: usize, pairs: [i16; 4], halves: [i16; 2]) -> Self {
        let whole = SHORT_WHOLE[decimals];
        let point = 0xff << (8 * whole);
        let mut masks = [0; 256];
        let mut shape = 0;
        while shape < 256 {
            let (before, behind) = (shape >> 4 & 15, shape & 15);
            let fits = before <= whole && behind <= decimals && before + behind > 0;
            // the byte at the point is no digit: keeping it marks the cell as one that does not fit
            masks[shape] = if fits { (below(whole + 1 + behind) ^ below(whole - before)) & !point } else { point };
            shape += 1;
        }
        Self { whole, pairs, halves, masks }
    }
}

/// Returns the mask of the lowest `bytes` bytes.
const fn below(bytes: usize) -> u64 {
    if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 }
}

/// Does what [`read`] does for a short pattern.
fn short(cells: &CellPositions<'_>, pattern: &ShortTables, out: &mut [i64]) -> Option<u64> {
    let (mut greatest, mut bits) = (V128::zero(), 0u64);
    let (fours, rest) = out.as_chunks_mut::<4>();
    let behind = 4 * fours.len();
    for (row, out) in fours.iter_mut().enumerate() {
        (greatest, *out) = pattern.four(cells.get(4 * row), greatest);
        bits |= (out[0] | out[1] | out[2] | out[3]) as u64;
    }
    for (row, out) in rest.iter_mut().enumerate() {
        let [cell] = cells.get(behind + row);
        let same;
        (greatest, same) = pattern.four([cell; 4], greatest);
        *out = same[0];
        bits |= same[0] as u64;
    }
    all_digits(greatest).then_some(bits)
}

impl ShortTables {
    /// Reads four cells. Returns the greatest bytes so far, lane by lane, and the numbers.
    #[inline(always)]
    fn four(&self, four: [CellPosition<'_>; 4], greatest: V128) -> (V128, [i64; 4]) {
        let [a, b, c, d] = four.map(|cell| cell.bytes_8(self.whole));
        let [a_mask, b_mask, c_mask, d_mask] = four.map(|cell| self.masks[((cell.shape / 16) & 255) as usize]);
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
struct LongTables {
    /// Offset of the point in the sixteen bytes: the most characters before it.
    whole: usize,
    /// For each shape over 16, the sign not counted, which bytes are digits.
    masks: [[u8; LONG_BYTES]; 256],
    /// The order of the bytes that moves the point to the front, so that the digits stand together.
    without_point: [u8; LONG_BYTES],
}

static LONG: [LongTables; 15] = {
    let mut all = [const { LongTables::new(0) }; 15];
    let mut decimals = 1;
    while decimals < 15 {
        all[decimals] = LongTables::new(decimals);
        decimals += 1;
    }
    all
};

/// For each first byte of a cell, all ones if it is a minus, else 0.
static SIGNS: [u64; 256] = {
    let mut signs = [0; 256];
    signs[b'-' as usize] = u64::MAX;
    signs
};

impl LongTables {
    const fn new(decimals: usize) -> Self {
        let whole = LONG_BYTES - 1 - decimals;
        let mut new = Self { whole, masks: [[0; LONG_BYTES]; 256], without_point: [0; LONG_BYTES] };
        let mut shape = 0;
        while shape < 256 {
            let (before, behind) = (shape >> 4, shape & 15);
            let fits = before > 0 && before <= whole && before < 15 && behind <= decimals && behind < 15;
            let mut at = 0;
            while at < LONG_BYTES {
                // the byte at the point is no digit: keeping it marks the cell as one that does not fit
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

/// Does what [`read`] does for a long pattern.
fn long(cells: &CellPositions<'_>, pattern: &LongTables, out: &mut [i64]) -> Option<u64> {
    let mut seen = LongBatch { greatest: V128::zero(), bits: V128::zero() };
    let (twos, rest) = out.as_chunks_mut::<2>();
    let behind = 2 * twos.len();
    for (row, out) in twos.iter_mut().enumerate() {
        seen = pattern.two(cells.get(2 * row), seen, out);
    }
    for (row, out) in rest.iter_mut().enumerate() {
        let [cell] = cells.get(behind + row);
        let mut same = [0; 2];
        seen = pattern.two([cell; 2], seen, &mut same);
        *out = same[0];
    }
    let [a, b] = seen.bits.to_u64x2();
    all_digits(seen.greatest).then_some(a | b)
}

/// What a batch of long cells has shown so far.
#[derive(Clone, Copy)]
struct LongBatch {
    /// The greatest bytes taken for digits, lane by lane.
    greatest: V128,
    /// The bitwise or of all magnitudes, in two lanes of 64 bits.
    bits: V128,
}

impl LongTables {
    /// Reads two cells into `out`. Returns `seen` with theirs.
    #[inline(always)]
    fn two(&self, [a, b]: [CellPosition<'_>; 2], seen: LongBatch, out: &mut [i64; 2]) -> LongBatch {
        let ((a, a_sign), (b, b_sign)) = (self.digits(a), self.digits(b));
        let (hundreds, ten_thousands) = (repeated([100, 1, 100, 1]), repeated([10_000, 1, 10_000, 1]));
        let without_point = V128::load(&self.without_point);
        let fours = |digits: V128| digits.swizzle(without_point).digit_pairs().dot_i16(hundreds);
        let eights = fours(a).narrow_i32(fours(b)).dot_i16(ten_thousands);
        let magnitudes = eights.mul_lower(100_000_000).add_u64(eights.shr_u64(32));
        let signs = V128::of_u64x2(a_sign, b_sign);
        magnitudes.xor(signs).sub_u64(signs).store_i64(out);
        LongBatch { greatest: seen.greatest.max_u8(a.max_u8(b)), bits: seen.bits.or(magnitudes) }
    }

    /// Returns the bytes of a cell less `b'0'`, 0 outside the digits, and all ones if a minus stands before them, else 0.
    #[inline(always)]
    fn digits(&self, cell: CellPosition<'_>) -> (V128, u64) {
        let sign = SIGNS[usize::from(cell.first())];
        let unsigned = cell.shape.wrapping_sub(sign as u32 & 0x100);
        let mask = V128::load(&self.masks[((unsigned / 16) & 255) as usize]);
        (cell.bytes_16(self.whole).sub_u8(V128::splat(b'0')).and(mask), sign)
    }
}

/// Returns four lanes of 16 bits, twice.
fn repeated([a, b, c, d]: [i16; 4]) -> V128 {
    i16x8([a, b, c, d, a, b, c, d])
}

/// Returns whether every byte is at most 9.
fn all_digits(greatest: V128) -> bool {
    greatest.to_u8x16().iter().all(|&digit| digit <= 9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::{Marks, RowScanner, WORD};
    use proptest::prelude::*;

    /// Reads a column of cells; none if one does not fit the pattern.
    fn read_all(cells: &[String], pattern: Pattern) -> Option<(Vec<i64>, u64)> {
        read_marked(cells, pattern, Marks { delimiter: b',', point: b'.' })
    }

    /// As [`read_all`], for cells between other marks.
    fn read_marked(cells: &[String], pattern: Pattern, marks: Marks) -> Option<(Vec<i64>, u64)> {
        let mut bytes = vec![b'9'; MARGIN];
        cells.iter().for_each(|cell| bytes.extend(format!("{cell}{}\n", char::from(marks.delimiter)).as_bytes()));
        bytes.resize(bytes.len() + WORD + MARGIN, b'9');
        let mut scanner = RowScanner::new(2, 128);
        let rows = scanner.scan(&bytes, MARGIN, bytes.len() - MARGIN, marks).unwrap();
        let mut integers = vec![0; cells.len()];
        let bits = read(&rows.column(0, 0), pattern, &mut integers)?;
        Some((integers, bits))
    }

    /// A number of at most these digits before and after the point; of the sign, the digits and the point only what is needed.
    fn number(whole: usize, decimals: usize, signed: bool) -> impl Strategy<Value = String> {
        let digits = |most: usize| prop::collection::vec(0u8..10, 0..=most);
        (digits(whole), digits(decimals), any::<bool>(), any::<bool>()).prop_map(move |(before, after, minus, point)| {
            let text = |digits: &[u8]| digits.iter().map(|digit| char::from(b'0' + digit)).collect::<String>();
            let before = if before.is_empty() { "0".to_owned() } else { text(&before) };
            let point = if point || !after.is_empty() { "." } else { "" };
            format!("{}{before}{point}{}", if signed && minus { "-" } else { "" }, text(&after))
        })
    }

    /// A pattern, and cells that it fits.
    fn column() -> impl Strategy<Value = (Pattern, Vec<String>)> {
        let kinds = prop_oneof![
            (0usize..5).prop_map(|decimals| (false, SHORT_WHOLE[decimals], decimals)),
            (1usize..14, any::<bool>()).prop_map(|(decimals, signed)| (signed, 14 - decimals, decimals)),
            Just((true, 13, 0)),
            Just((true, 1, 14)),
        ];
        kinds.prop_flat_map(|(signed, whole, decimals)| {
            let pattern = Pattern::of(signed, whole, decimals).unwrap();
            (Just(pattern), prop::collection::vec(number(whole, decimals, signed), 1..40))
        })
    }

    /// What a cell says, times `10^decimals`.
    fn value(cell: &str, decimals: usize) -> i64 {
        let (whole, fraction) = cell.split_once('.').unwrap_or((cell, ""));
        format!("{whole}{fraction:0<decimals$}").parse().unwrap()
    }

    proptest! {
        #[test]
        fn cells_are_the_integers_that_they_say((pattern, cells) in column()) {
            let want: Vec<i64> = cells.iter().map(|cell| value(cell, pattern.decimals())).collect();
            let all = want.iter().fold(0, |all, value| all | value.unsigned_abs());
            prop_assert_eq!(read_all(&cells, pattern), Some((want, all)));
            let commas: Vec<String> = cells.iter().map(|cell| cell.replace('.', ",")).collect();
            let marks = Marks { delimiter: b';', point: b',' };
            prop_assert_eq!(read_marked(&commas, pattern, marks), read_all(&cells, pattern));
            // a point is no digit there
            prop_assert_eq!(read_marked(&cells, pattern, marks).is_some(), cells == commas);
        }

        #[test]
        fn a_cell_that_does_not_fit_is_noticed((pattern, mut cells) in column(), at in any::<prop::sample::Index>(), kind in 0usize..9) {
            let at = at.index(cells.len());
            let too_long = format!("1.{}", "1".repeat(pattern.decimals() + 1));
            cells[at] = ["", "-", ".", "1e1", " 7", "+7", "1.2.3", "x", &too_long][kind].to_owned();
            prop_assert_eq!(read_all(&cells, pattern), None, "{}", cells[at]);
        }
    }
}
