//! Bytes of a table to the positions of its separators and decimal points or commas, 64 bytes at a time.
//!
//! Each 64 bytes become bit masks, one bit a byte, and positions are read off the masks. The bytes between them are not looked at: reading
//! them is the task of [`cells`](crate::cells). Separators and points inside quotes are removed from the masks. Rows with another number of
//! cells, with misplaced quotes, or blank make the bytes [`Irregular`]; a reader of single bytes has to read those.
//!
//! *Limits*: positions are offsets of 32 bits, so a chunk has fewer than 2^32 bytes.

use std::marker::PhantomData;

use crate::simd::V128;

/// Bytes that must be readable before and after the cells: a reader of cells looks no farther.
pub const MARGIN: usize = 32;
/// Bytes that become one mask.
pub const WORD: usize = 64;
/// Words after which counts of line breaks, which are bytes, could overflow.
const WORDS_MAX: usize = 255;
/// A byte below this one that is no separator may be a quote or a carriage return: [`Progress::special`].
const SPECIAL_BELOW: u8 = b'+';

/// Finds the cells of rows that all have the same number of them.
///
/// The positions it finds stand row after row; entry `i + 1` of each list belongs to cell `i`.
pub struct RowScanner {
    /// Cells in a row.
    width: usize,
    /// Complete rows.
    rows: usize,
    /// Offset of the separator after each cell; entry 0 is that of the separator before the first cell.
    ends: Vec<u32>,
    /// Offset of each cell's decimal point, or of its end if it has none; entry 0 is unused. Offset 0 means "none yet": it is in the
    /// margin.
    points: Vec<u32>,
    /// The shape of each cell: see [`CellPosition::shape`].
    shapes: Vec<u32>,
    /// Whether lines end with CRLF. The last cell of a row then ends before the carriage return.
    crlf: bool,
    /// Whether a quote was seen in any scan.
    quoted: bool,
}

/// The bytes that have a meaning in the cells of a table, besides quotes and line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Stands between cells.
    pub delimiter: u8,
    /// Stands before the decimals of a number. If it is the delimiter too, it is a point only inside quotes, where no scan looks for points.
    pub point: u8,
}

/// The error of rows that have to be read byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Irregular;

impl RowScanner {
    /// Returns a scanner for rows of `width` cells, which finds about `rows` of them at a time.
    pub fn new(width: usize, rows: usize) -> Self {
        let room = width * rows + WORD + 1;
        Self { width, rows: 0, ends: vec![0; room], points: vec![0; room], shapes: vec![0; room], crlf: false, quoted: false }
    }

    /// Finds complete rows in `bytes[from..to]`, where `from` is the start of a row. There may be none. [`MARGIN`] more bytes must stand
    /// before `from` and after `to`.
    ///
    /// Errors: [`Irregular`] if some rows have another number of cells, are blank, or have misplaced quotes or carriage returns.
    #[inline(never)]
    pub fn scan<'a>(&'a mut self, bytes: &'a [u8], from: usize, to: usize, marks: Marks) -> Result<Rows<'a>, Irregular> {
        if from < MARGIN || to.checked_add(MARGIN).is_none_or(|end| end > bytes.len()) || u32::try_from(bytes.len()).is_err() {
            return Err(Irregular);
        }
        let mut found = if self.quoted { self.look::<true>(bytes, from, to, marks) } else { self.look::<false>(bytes, from, to, marks) };
        if !self.quoted && found.special && bytes[from..found.at].contains(&b'"') {
            self.quoted = true;
            found = self.look::<true>(bytes, from, to, marks);
        }
        let rows = found.cells / self.width;
        // in a table of one column, a line of two quotes is blank
        if rows as u64 != found.newlines || found.quotes.misplaced || self.quoted && self.width == 1 {
            return Err(Irregular);
        }
        let is_line_end = |row: usize| bytes[self.ends[row * self.width] as usize] == b'\n';
        if !(1..=rows).all(is_line_end) {
            return Err(Irregular);
        }
        self.rows = rows;
        self.crlf = rows > 0 && found.special && self.ends_lines_with_returns(bytes)?;
        self.shape();
        // in a table of one column, an empty line is blank
        if self.width == 1 && self.shapes[1..=rows].contains(&0) {
            return Err(Irregular);
        }
        Ok(self.found(bytes))
    }

    /// Returns the rows that a scan found.
    fn found<'a>(&'a self, bytes: &'a [u8]) -> Rows<'a> {
        let cells = self.rows * self.width;
        Rows {
            bytes,
            rows: self.rows,
            width: self.width,
            befores: &self.ends[..cells],
            ends: &self.ends[1..=cells],
            points: &self.points[1..=cells],
            shapes: &self.shapes[1..=cells],
            end: self.ends[cells] as usize + 1 + usize::from(self.crlf && self.rows > 0),
            crlf: self.crlf,
        }
    }

    /// Gives cells without a point their end as point, and computes all shapes.
    fn shape(&mut self) {
        let cells = self.rows * self.width;
        if self.crlf {
            self.ends[..=cells].iter_mut().skip(self.width).step_by(self.width).for_each(|end| *end -= 1);
        }
        for from in (0..cells).step_by(4) {
            let Self { ends, points, shapes, .. } = self;
            shape_four(&ends[from..], &ends[from + 1..], &mut points[from + 1..], &mut shapes[from + 1..]);
        }
        if self.crlf {
            let firsts = self.shapes[..=cells].iter_mut().skip(1).step_by(self.width).skip(1);
            firsts.for_each(|shape| *shape -= if *shape >= 0xf00 { 0 } else { 0x100 });
        }
    }

    /// Scans words until enough cells are found or no whole word is left.
    fn look<const QUOTED: bool>(&mut self, bytes: &[u8], from: usize, to: usize, marks: Marks) -> Progress {
        let wanted = self.ends.len() - WORD - 1;
        let mut found = Progress { cells: 0, newlines: 0, special: false, at: from, quotes: QuoteState::default() };
        self.rows = 0;
        self.ends[0] = (from as u32).wrapping_sub(1);
        self.points.fill(0);
        while found.cells < wanted && found.at + WORD <= to {
            let words = bytes[found.at..to].chunks_exact(WORD).take(WORDS_MAX);
            self.words::<QUOTED>(words, marks, wanted, &mut found);
        }
        found
    }

    /// Scans up to [`WORDS_MAX`] words.
    #[inline(always)]
    fn words<'a, const QUOTED: bool>(&mut self, words: impl Iterator<Item = &'a [u8]>, marks: Marks, wanted: usize, found: &mut Progress) {
        let (delimiter, newline, point) = (V128::splat(marks.delimiter), V128::splat(b'\n'), V128::splat(marks.point));
        let (mut newlines, mut least, mut cells, mut at) = (V128::zero(), V128::splat(0xff), found.cells, found.at);
        for word in words {
            let (mut separators, mut points, mut ends, mut quotes, mut returns) = (0u64, 0u64, 0u64, 0u64, 0u64);
            for (i, part) in word.chunks_exact(16).enumerate() {
                let part = V128::load(part.try_into().unwrap_or(&[0; 16]));
                let newline = part.eq_u8(newline);
                let separator = part.eq_u8(delimiter).or(newline);
                newlines = newlines.sub_u8(newline);
                least = least.min_u8(part.or(separator));
                separators |= separator.bitmask() << (16 * i);
                points |= part.eq_u8(point).bitmask() << (16 * i);
                if QUOTED {
                    ends |= newline.bitmask() << (16 * i);
                    quotes |= part.eq_u8(V128::splat(b'"')).bitmask() << (16 * i);
                    returns |= part.eq_u8(V128::splat(b'\r')).bitmask() << (16 * i);
                }
            }
            if QUOTED {
                let outside = found.quotes.outside(quotes, separators, returns);
                separators &= outside;
                points &= outside;
                found.newlines += u64::from((ends & outside).count_ones());
            }
            points &= !separators;
            self.place_separators(separators, at as u32, cells);
            self.place_points(points, separators, at as u32, cells);
            cells += separators.count_ones() as usize;
            at += WORD;
            if cells >= wanted {
                break;
            }
        }
        (found.cells, found.at) = (cells, at);
        if !QUOTED {
            found.newlines += newlines.to_u8x16().iter().map(|&count| u64::from(count)).sum::<u64>();
        }
        found.special |= least.to_u8x16().iter().any(|&byte| byte < SPECIAL_BELOW);
    }

    /// Appends the positions of a mask's bits to the ends of cells.
    #[inline(always)]
    fn place_separators(&mut self, mut mask: u64, at: u32, cells: usize) {
        let (fours, _) = self.ends[cells + 1..][..WORD].as_chunks_mut::<4>();
        // four at a time: entries beyond the count are overwritten by those of the next word
        for four in fours.iter_mut().take(mask.count_ones().div_ceil(4) as usize) {
            for end in four {
                *end = at + mask.trailing_zeros();
                mask &= mask.wrapping_sub(1);
            }
        }
    }

    /// Writes the positions of a mask's bits as points. A point belongs to the cell that ends next.
    #[inline(always)]
    fn place_points(&mut self, mut mask: u64, separators: u64, at: u32, cells: usize) {
        let points = &mut self.points[cells + 1..][..=WORD];
        while mask != 0 {
            let place = mask.trailing_zeros();
            let cell = (separators & !(u64::MAX << place)).count_ones() as usize;
            points[cell] = at + place;
            mask &= mask - 1;
        }
    }

    /// Returns whether all lines end with CRLF.
    ///
    /// Errors: [`Irregular`] if there are carriage returns and one stands elsewhere than before a line feed, or not before every one.
    fn ends_lines_with_returns(&self, bytes: &[u8]) -> Result<bool, Irregular> {
        let rows = &bytes[self.ends[0] as usize + 1..self.ends[self.rows * self.width] as usize];
        let returns = rows.iter().filter(|&&byte| byte == b'\r').count();
        let all = (1..=self.rows).all(|row| bytes[self.ends[row * self.width] as usize - 1] == b'\r');
        match returns {
            0 => Ok(false),
            returns if all && returns == self.rows => Ok(true),
            _ => Err(Irregular),
        }
    }
}

/// Computes the shapes of the first four cells. `befores` has the offset of the byte before each cell, `ends` that of its end, and `points` that of
/// its point. A cell without a point, which has offset 0 there, gets its end. Entries beyond the last cell are overwritten and mean nothing.
#[inline(always)]
pub(crate) fn shape_four(befores: &[u32], ends: &[u32], points: &mut [u32], shapes: &mut [u32]) {
    let (Some(befores), Some(ends)) = (befores.first_chunk(), ends.first_chunk()) else { return };
    let (Some(own_points), Some(own_shapes)) = (points.first_chunk_mut(), shapes.first_chunk_mut()) else { return };
    let (befores, points, ends) = (V128::load_u32(befores), V128::load_u32(own_points), V128::load_u32(ends));
    let points = points.or(ends.and(points.eq_u32(V128::zero())));
    // all ones are -1: subtracting it adds one, adding it subtracts one
    let one = V128::zero().eq_u32(V128::zero());
    let most = V128::splat_u32(15);
    let before = points.sub_u32(befores).add_i32(one).min_u32(most);
    let behind = ends.sub_u32(points);
    // the point is no digit: one less, unless nothing stands there
    let decimals = behind.add_i32(one).sub_u32(behind.eq_u32(V128::zero())).min_u32(most);
    points.store_u32(own_points);
    before.shl_u32_4().or(decimals).shl_u32_4().store_u32(own_shapes);
}

/// The rows that a scan found, with their bytes.
///
/// *Invariants*: each list has an entry for each cell, row after row. Each of `points` is an offset in `bytes` with at least [`MARGIN`] bytes before
/// it and after it. The fields are private to this module; [`Rows::of_lists`] checks the second, and a scan looks only at bytes
/// that have margins.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    bytes: &'a [u8],
    rows: usize,
    width: usize,
    /// Offset of the byte before each cell.
    befores: &'a [u32],
    /// Offset of each cell's end.
    ends: &'a [u32],
    /// Offset of each cell's point, or of its end if it has none.
    points: &'a [u32],
    /// See [`CellPosition::shape`].
    shapes: &'a [u32],
    /// Offset of the first byte after the rows.
    end: usize,
    /// Whether lines end with CRLF.
    crlf: bool,
}

/// The positions of cells, row after row, with room for three more cells behind the last.
#[derive(Default)]
pub(crate) struct CellLists {
    /// Offset of the byte before each cell.
    pub(crate) befores: Vec<u32>,
    /// Offset of each cell's end.
    pub(crate) ends: Vec<u32>,
    /// Offset of each cell's point; 0 if it has none.
    pub(crate) points: Vec<u32>,
    shapes: Vec<u32>,
}

impl CellLists {
    /// Returns lists with room for some cells.
    pub(crate) fn new(cells: usize) -> Self {
        let list = || vec![0; cells + 3];
        Self { befores: list(), ends: list(), points: list(), shapes: list() }
    }
}

impl<'a> Rows<'a> {
    /// Returns the first `rows` rows, of `width` cells each, of lists of positions. `end`: the offset of the first byte after them.
    ///
    /// # Panics
    /// If there are too few cells, or one has no margins in `bytes`.
    pub(crate) fn of_lists(bytes: &'a [u8], lists: &'a mut CellLists, rows: usize, width: usize, end: usize) -> Self {
        let cells = rows * width;
        let CellLists { befores, ends, points, shapes } = lists;
        let (mut least, mut most) = (u32::MAX, 0);
        for from in (0..cells).step_by(4) {
            shape_four(&befores[from..], &ends[from..], &mut points[from..], &mut shapes[from..]);
        }
        for &point in &points[..cells] {
            (least, most) = (least.min(point), most.max(point));
        }
        assert!(cells == 0 || least as usize >= MARGIN && most as usize + MARGIN <= bytes.len(), "a cell without margins");
        Self {
            bytes,
            rows,
            width,
            befores: &befores[..cells],
            ends: &ends[..cells],
            points: &points[..cells],
            shapes: &shapes[..cells],
            end,
            crlf: false,
        }
    }

    /// Returns the number of rows.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of cells in a row.
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Returns the offset of the first byte after the rows.
    pub fn end(&self) -> usize {
        self.end
    }

    /// Appends the text of a cell to `out`: without the quotes around it, and with each doubled quote as one.
    pub fn unquote(&self, row: usize, column: usize, out: &mut Vec<u8>) {
        let cell = self.cell(row, column);
        let Some(quoted) = cell.strip_prefix(b"\"") else { return out.extend_from_slice(cell) };
        let quoted = quoted.strip_suffix(b"\"").unwrap_or(quoted);
        let mut first_half = false;
        for &byte in quoted {
            first_half = byte == b'"' && !first_half;
            if !first_half {
                out.push(byte);
            }
        }
    }

    /// Returns the bytes of a cell as they stand in the table.
    #[inline(always)]
    pub fn cell(&self, row: usize, column: usize) -> &'a [u8] {
        &self.bytes[self.bounds(row, column)]
    }

    #[inline(always)]
    fn bounds(&self, row: usize, column: usize) -> core::ops::Range<usize> {
        let at = row * self.width() + column;
        let return_before = usize::from(self.crlf && column == 0 && row > 0);
        self.befores[at] as usize + 1 + return_before..self.ends[at] as usize
    }

    /// Returns the bytes of which the cells are.
    #[inline(always)]
    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns where in [`Self::bytes`] a cell stands, without a quote before it and one after it.
    #[inline(always)]
    pub(crate) fn unquoted_bounds(&self, row: usize, column: usize) -> core::ops::Range<usize> {
        let bounds = self.bounds(row, column);
        match &self.bytes[bounds.clone()] {
            [b'"', _, ..] if self.bytes[bounds.end - 1] == b'"' => bounds.start + 1..bounds.end - 1,
            _ => bounds,
        }
    }

    /// Returns a cell without the quotes around it; none if there is a quote inside, which is half of a doubled one.
    #[inline]
    pub fn plain_cell(&self, row: usize, column: usize) -> Option<&'a [u8]> {
        let cell = self.cell(row, column);
        let cell = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell);
        (!cell.contains(&b'"')).then_some(cell)
    }

    /// Returns the positions of the cells of a column, from row `first` on.
    #[inline(always)]
    pub fn column(&self, column: usize, first: usize) -> CellPositions<'a> {
        let from = first * self.width() + column;
        CellPositions { bytes: self.bytes, points: &self.points[from..], shapes: &self.shapes[from..], width: self.width() }
    }
}

/// The positions of the cells of a column.
///
/// *Invariants*: each of `points` is an offset in `bytes` with at least [`MARGIN`] bytes before it and after it: a scan looks only at bytes
/// that have them. The fields are private to this module, so no other code can break this.
#[derive(Clone, Copy)]
pub struct CellPositions<'a> {
    bytes: &'a [u8],
    /// The points of all cells of the rows, from the column's first cell on. Every `width`th is the column's.
    points: &'a [u32],
    /// The shapes of the same cells.
    shapes: &'a [u32],
    width: usize,
}

/// The position of one cell in bytes that live for `'a`.
///
/// *Invariants*: at least [`MARGIN`] readable bytes stand before `point` and after it. Only [`CellPositions::get`] makes a position.
#[derive(Clone, Copy)]
pub(crate) struct CellPosition<'a> {
    /// The decimal point, or the end of the cell if it has none.
    point: *const u8,
    /// 256 times the number of characters before the point plus 16 times that after it. 15 stands for 15 or more.
    pub(crate) shape: u32,
    bytes: PhantomData<&'a [u8]>,
}

impl<'a> CellPositions<'a> {
    /// Returns the positions of the cells in `N` rows from `row` on. Panics if there are fewer.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(crate) fn get<const N: usize>(&self, row: usize) -> [CellPosition<'a>; N] {
        let first = row * self.width;
        assert!(N > 0 && first + (N - 1) * self.width < self.points.len() && self.points.len() == self.shapes.len(), "a row too many");
        core::array::from_fn(|i| {
            let at = first + i * self.width;
            // SAFETY: `at` is at most first + (N - 1) * width. The assertion above shows that this is below the length of both slices.
            let (point, shape) = unsafe { (*self.points.get_unchecked(at), *self.shapes.get_unchecked(at)) };
            // SAFETY: a point is an offset in `bytes` (invariant of these positions).
            CellPosition { point: unsafe { self.bytes.as_ptr().add(point as usize) }, shape, bytes: PhantomData }
        })
    }
}

impl CellPosition<'_> {
    /// Returns eight bytes, the first of them `before` < [`MARGIN`] bytes before the point.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(crate) fn bytes_8(self, before: usize) -> u64 {
        // SAFETY: the first byte is at most MARGIN - 1 = 31 bytes before the point, the last at most 7 after it. MARGIN bytes on either
        // side of it are readable (invariant). An array of bytes needs no alignment.
        u64::from_le_bytes(unsafe { *self.point.sub(before % MARGIN).cast() })
    }

    /// Returns sixteen bytes, the first of them `before` < [`MARGIN`] bytes before the point.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(crate) fn bytes_16(self, before: usize) -> V128 {
        // SAFETY: as in `bytes_8`, but the last byte is at most 15 after the point.
        V128::load(unsafe { &*self.point.sub(before % MARGIN).cast() })
    }

    /// Returns the first byte of the cell, if fewer than 15 characters stand before its point; else any byte.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(crate) fn first(self) -> u8 {
        // SAFETY: as in `bytes_8`, for one byte that is at most 31 bytes before the point.
        unsafe { *self.point.sub((self.shape >> 8) as usize % MARGIN) }
    }
}

/// What a scan has found so far.
struct Progress {
    /// Cells that ended.
    cells: usize,
    /// Line feeds outside of quotes.
    newlines: u64,
    /// Whether there may be quotes or carriage returns: a byte below [`SPECIAL_BELOW`] was seen that is no separator.
    special: bool,
    /// Offset of the next byte to scan.
    at: usize,
    quotes: QuoteState,
}

/// The state of quoting between two words.
///
/// Each quote opens or closes a quoted field. A doubled quote inside a field closes it and opens it again.
struct QuoteState {
    /// All ones if the next byte is inside quotes, else 0.
    inside: u64,
    /// One if a quote may open a field at the next byte, else 0.
    may_open: u64,
    /// One if the byte before the next one closed a field, else 0.
    closed: u64,
    /// Whether a quote stood where none may.
    misplaced: bool,
}

impl Default for QuoteState {
    fn default() -> Self {
        Self { inside: 0, may_open: 1, closed: 0, misplaced: false }
    }
}

impl QuoteState {
    /// Returns the mask of the bytes of a word that are outside of quotes. Closing quotes are outside.
    fn outside(&mut self, quotes: u64, separators: u64, returns: u64) -> u64 {
        // each bit is the parity of the quotes up to it
        let parity = [1, 2, 4, 8, 16, 32].iter().fold(quotes, |parity, shift| parity ^ (parity << shift));
        let inside = parity ^ self.inside;
        let (opening, closing, separators) = (quotes & inside, quotes & !inside, separators & !inside);
        let may_open = ((separators | closing) << 1) | self.may_open;
        let behind_closing = (closing << 1) | self.closed;
        self.misplaced |= opening & !may_open != 0 || behind_closing & !(separators | returns | quotes) != 0;
        self.may_open = (separators | closing) >> 63;
        self.closed = closing >> 63;
        self.inside = (inside >> 63).wrapping_neg();
        !inside
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes between margins, with a word of padding after them.
    fn padded(text: &str) -> Vec<u8> {
        let mut bytes = vec![b'0'; MARGIN];
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len() + WORD + MARGIN, b'0');
        bytes
    }

    const COMMAS: Marks = Marks { delimiter: b',', point: b'.' };

    /// The cells of all rows of a text, as they stand there; none if the text is irregular.
    fn cells(text: &str, width: usize) -> Option<Vec<String>> {
        let (bytes, mut scanner) = (padded(text), RowScanner::new(width, 64));
        let rows = scanner.scan(&bytes, MARGIN, bytes.len() - MARGIN, COMMAS).ok()?;
        assert_eq!(rows.end(), MARGIN + text.len());
        let cell = |at: usize| String::from_utf8_lossy(rows.cell(at / width, at % width)).into_owned();
        Some((0..rows.len() * width).map(cell).collect())
    }

    /// Cells without and with quotes, of which some hide separators and line breaks.
    fn cell() -> impl Strategy<Value = String> {
        let bare = prop::collection::vec(prop::sample::select(b"0123456789.-x".to_vec()), 1..20);
        let quoted = prop::collection::vec(prop::sample::select(vec!["a", ".", ",", "\n", "\"\""]), 0..9);
        prop_oneof![
            9 => bare.prop_map(|bytes| String::from_utf8(bytes).unwrap()),
            1 => quoted.prop_map(|parts| format!("\"{}\"", parts.concat())),
        ]
    }

    proptest! {
        #[test]
        fn cells_are_where_they_were_put(width in 2usize..6, crlf in any::<bool>(), cells_of in prop::collection::vec(cell(), 1..120)) {
            let rows: Vec<&[String]> = cells_of.chunks_exact(width).collect();
            let end = if crlf { "\r\n" } else { "\n" };
            let text: String = rows.iter().map(|row| row.join(",") + end).collect();
            prop_assert_eq!(cells(&text, width), Some(rows.concat()));
        }

        #[test]
        fn shapes_and_points_are_those_of_the_cell(cells_of in prop::collection::vec(cell(), 2..80)) {
            let cells_of: Vec<String> = cells_of.into_iter().filter(|cell| !cell.contains('"') && cell.matches('.').count() < 2).collect();
            prop_assume!(!cells_of.is_empty());
            let (bytes, mut scanner) = (padded(&cells_of.iter().map(|cell| cell.clone() + ",\n").collect::<String>()), RowScanner::new(2, 128));
            let rows = scanner.scan(&bytes, MARGIN, bytes.len() - MARGIN, COMMAS).unwrap();
            let (column, mut start) = (rows.column(0, 0), MARGIN);
            for (row, cell) in cells_of.iter().enumerate() {
                let [position] = column.get(row);
                let before = cell.find('.').unwrap_or(cell.len());
                let after = cell.len() - (before + 1).min(cell.len());
                prop_assert_eq!(position.shape as usize, 256 * before.min(15) + 16 * after.min(15), "{}", cell);
                prop_assert!(before >= 15 || position.first() == cell.as_bytes()[0]);
                let at = start + before - 5;
                prop_assert_eq!(&position.bytes_8(5).to_le_bytes(), &bytes[at..at + 8]);
                prop_assert_eq!(&position.bytes_16(5).to_u8x16(), &bytes[at..at + 16]);
                start += cell.len() + 2;
            }
        }
    }

    /// Where the delimiter is the point too, a point is only inside quotes, which hide it.
    #[test]
    fn a_delimiter_is_no_point() {
        let (bytes, mut scanner) = (padded("12,\"3,5\",7\n"), RowScanner::new(3, 64));
        let rows = scanner.scan(&bytes, MARGIN, bytes.len() - MARGIN, Marks { delimiter: b',', point: b',' }).unwrap();
        let shapes = [0, 1, 2].map(|column| rows.column(column, 0).get::<1>(0)[0].shape);
        assert_eq!(shapes, [256 * 2, 256 * 5, 256]);
        assert_eq!(rows.cell(0, 1), b"\"3,5\"");
    }

    #[test]
    fn irregular_rows_are_refused() {
        for (text, width) in
            [("1,2\n3\n", 2), ("1,2,3\n4\n", 2), ("1\n\n2\n", 1), ("\"\"\n", 1), ("1,2\r\n3,4\n", 2), ("1,\"2\"x\n", 2), ("1,2\"\n", 2)]
        {
            assert_eq!(cells(text, width), None, "{text:?}");
        }
        assert_eq!(cells("1,\"a\"\"b\"\n", 2), Some(vec!["1".to_owned(), "\"a\"\"b\"".to_owned()]));
    }
}
