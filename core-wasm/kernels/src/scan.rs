//! Bytes of a table to the places of its separators and decimal points, 64 bytes at a time.
//!
//! Each 64 bytes become bit masks, one bit a byte; the places are read off the masks without a question about what stands between them: that
//! is for [`cells`](crate::cells) to read. Where there are quotes, what stands inside them is taken off the masks. Rows with another number of cells, with
//! misplaced quotes, or blank are [`Irregular`] and left to the reader of single bytes.
//!
//! *Limits*: places are offsets of 32 bits, so a chunk has fewer than 2^32 bytes.

use crate::simd::V128;

/// Bytes that must be readable on either side of the cells: as far as a reader of cells looks.
pub const MARGIN: usize = 32;
/// Bytes looked at together.
pub const WORD: usize = 64;
/// Words after which counts of bytes could overflow.
const WORDS_MAX: usize = 255;
/// All separators and points are below this byte, digits and signs above, but for the plus.
const SPECIAL_BELOW: u8 = b'+';

/// Places of the cells of some rows, row after row.
pub struct Grid {
    width: usize,
    /// Complete rows.
    rows: usize,
    /// The separator behind each cell; the first entry is the one before the first cell.
    ends: Vec<u32>,
    /// The decimal point of each cell, or its end if it has none; the first entry is unused. No point stands at 0, which is a margin's.
    points: Vec<u32>,
    /// Characters of each cell before its point times 256, and behind it times 16; 15 characters stand for more too.
    shapes: Vec<u32>,
    /// Whether lines end with CRLF; the last cell of a row ends before its carriage return.
    crlf: bool,
    /// Whether a quote was seen.
    quoted: bool,
}

/// Rows that are to be read byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Irregular;

impl Grid {
    /// For rows of `width` cells, about `rows` of them at a time.
    pub fn new(width: usize, rows: usize) -> Self {
        let room = width * rows + WORD + 1;
        Self { width, rows: 0, ends: vec![0; room], points: vec![0; room], shapes: vec![0; room], crlf: false, quoted: false }
    }

    /// Finds rows in `bytes` from the row start `from` on, looking at no byte from `to` on; there may be none. [`MARGIN`] bytes stand before and
    /// behind.
    #[inline(never)]
    pub fn scan<'a>(&'a mut self, bytes: &'a [u8], from: usize, to: usize, delimiter: u8) -> Result<Rows<'a>, Irregular> {
        if from < MARGIN || to.checked_add(MARGIN).is_none_or(|end| end > bytes.len()) || u32::try_from(bytes.len()).is_err() {
            return Err(Irregular);
        }
        let mut found =
            if self.quoted { self.look::<true>(bytes, from, to, delimiter) } else { self.look::<false>(bytes, from, to, delimiter) };
        if !self.quoted && found.special && bytes[from..found.at].contains(&b'"') {
            self.quoted = true;
            found = self.look::<true>(bytes, from, to, delimiter);
        }
        let rows = found.cells / self.width;
        // a line of two quotes is blank too
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
        // a line with nothing in it is no record of one cell
        if self.width == 1 && self.shapes[1..=rows].contains(&0) {
            return Err(Irregular);
        }
        Ok(Rows { bytes, grid: self })
    }

    /// Points of cells without one, and the shapes.
    fn shape(&mut self) {
        let cells = self.rows * self.width;
        if self.crlf {
            self.ends[..=cells].iter_mut().skip(self.width).step_by(self.width).for_each(|end| *end -= 1);
        }
        for from in (0..cells).step_by(4) {
            self.shape_four(from);
        }
        if self.crlf {
            let firsts = self.shapes[..=cells].iter_mut().skip(1).step_by(self.width).skip(1);
            firsts.for_each(|shape| *shape -= if *shape >= 0xf00 { 0 } else { 0x100 });
        }
    }

    /// The same for the four cells behind `from`; what lies beyond the last one is nobody's.
    #[inline(always)]
    fn shape_four(&mut self, from: usize) {
        let four = |places: &[u32], from: usize| places[from..].first_chunk().map_or(V128::zero(), V128::load_u32);
        let (befores, points, ends) = (four(&self.ends, from), four(&self.points, from + 1), four(&self.ends, from + 1));
        let points = points.or(ends.and(points.eq_u32(V128::zero())));
        // all ones are -1
        let one = V128::zero().eq_u32(V128::zero());
        let most = V128::splat_u32(15);
        let before = points.sub_u32(befores).add_i32(one).min_u32(most);
        let behind = ends.sub_u32(points);
        // a point is no digit: one less, but for nothing
        let decimals = behind.add_i32(one).sub_u32(behind.eq_u32(V128::zero())).min_u32(most);
        let shapes = before.shl_u32_4().or(decimals).shl_u32_4();
        let to = from + 1;
        if let (Some(own_points), Some(own_shapes)) = (self.points[to..].first_chunk_mut(), self.shapes[to..].first_chunk_mut()) {
            points.store_u32(own_points);
            shapes.store_u32(own_shapes);
        }
    }

    /// Looks at words until enough cells are found.
    fn look<const QUOTED: bool>(&mut self, bytes: &[u8], from: usize, to: usize, delimiter: u8) -> Found {
        let wanted = self.ends.len() - WORD - 1;
        let mut found = Found { cells: 0, newlines: 0, special: false, at: from, quotes: Quotes::default() };
        self.rows = 0;
        self.ends[0] = (from as u32).wrapping_sub(1);
        self.points.fill(0);
        while found.cells < wanted && found.at + WORD <= to {
            let words = bytes[found.at..to].chunks_exact(WORD).take(WORDS_MAX);
            self.words::<QUOTED>(words, delimiter, wanted, &mut found);
        }
        found
    }

    /// The same for so many words that counts of bytes do not overflow.
    #[inline(always)]
    fn words<'a, const QUOTED: bool>(&mut self, words: impl Iterator<Item = &'a [u8]>, delimiter: u8, wanted: usize, found: &mut Found) {
        let (delimiter, newline, point) = (V128::splat(delimiter), V128::splat(b'\n'), V128::splat(b'.'));
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

    #[inline(always)]
    fn place_separators(&mut self, mut mask: u64, at: u32, cells: usize) {
        let (fours, _) = self.ends[cells + 1..][..WORD].as_chunks_mut::<4>();
        // four at a time: what is beyond the count is overwritten by what follows
        for four in fours.iter_mut().take(mask.count_ones().div_ceil(4) as usize) {
            for end in four {
                *end = at + mask.trailing_zeros();
                mask &= mask.wrapping_sub(1);
            }
        }
    }

    /// A point belongs to the cell that ends next.
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

    /// Whether lines end with CRLF; irregular if carriage returns stand elsewhere than before every line feed.
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

/// Rows that were found, and the bytes they were found in.
#[derive(Clone, Copy)]
pub struct Rows<'a> {
    bytes: &'a [u8],
    grid: &'a Grid,
}

impl<'a> Rows<'a> {
    /// Number of rows.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.grid.rows
    }

    /// Whether none were found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Cells in a row.
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.grid.width
    }

    /// Offset of the first byte behind the rows.
    pub fn end(&self) -> usize {
        self.grid.ends[self.len() * self.width()] as usize + 1 + usize::from(self.grid.crlf && !self.is_empty())
    }

    /// Adds the text of a cell: without the quotes around it, and with single ones for doubled ones.
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

    /// The bytes of a cell, as they stand there.
    #[inline(always)]
    pub fn cell(&self, row: usize, column: usize) -> &'a [u8] {
        let at = row * self.width() + column;
        let return_before = usize::from(self.grid.crlf && column == 0 && row > 0);
        &self.bytes[self.grid.ends[at] as usize + 1 + return_before..self.grid.ends[at + 1] as usize]
    }

    /// The cells of column `column`, from row `first` on.
    #[inline(always)]
    pub fn column(&self, column: usize, first: usize) -> Places<'a> {
        let (from, to) = (first * self.width() + column + 1, self.len() * self.width() + 1);
        Places { bytes: self.bytes, points: &self.grid.points[from..to], shapes: &self.grid.shapes[from..to], width: self.width() }
    }
}

/// The cells of a column.
#[derive(Clone, Copy)]
pub struct Places<'a> {
    bytes: &'a [u8],
    /// From the column's first cell on, all cells of the rows: every `width`th is the column's. Each point has at least [`MARGIN`] bytes before
    /// and behind it, as [`Grid::scan`] sees to.
    points: &'a [u32],
    shapes: &'a [u32],
    width: usize,
}

/// Where a cell is. Only [`Places`] makes one, and only it can tell the point.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    point: u32,
    /// Characters before the point times 256, and behind it times 16; 15 characters stand for more too.
    pub(crate) shape: u32,
}

impl Places<'_> {
    /// The places of the cells in `N` rows from `row` on.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(crate) fn get<const N: usize>(&self, row: usize) -> [Place; N] {
        let first = row * self.width;
        assert!(N > 0 && first + (N - 1) * self.width < self.points.len() && self.points.len() == self.shapes.len(), "a row too many");
        core::array::from_fn(|i| {
            let at = first + i * self.width;
            // SAFETY: `at` is at most first + (N - 1) * width, which was just seen to be below the length of both slices.
            unsafe { Place { point: *self.points.get_unchecked(at), shape: *self.shapes.get_unchecked(at) } }
        })
    }

    /// Eight bytes, the first of them `before` bytes before the point.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(crate) fn bytes_8(&self, place: Place, before: usize) -> u64 {
        let at = place.point as usize - before % MARGIN;
        // SAFETY: at least MARGIN = 32 bytes stand on either side of each point, so those from `at` to `at + 8` are among `bytes`.
        unsafe { u64::from_le_bytes(*self.bytes.as_ptr().add(at).cast()) }
    }

    /// Sixteen bytes, the first of them `before` bytes before the point.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(crate) fn bytes_16(&self, place: Place, before: usize) -> V128 {
        let at = place.point as usize - before % MARGIN;
        // SAFETY: as above, up to `at + 16`. An array of bytes needs no alignment.
        V128::load(unsafe { &*self.bytes.as_ptr().add(at).cast() })
    }

    /// The first byte of the cell, if it has fewer than 15 characters before its point.
    #[inline(always)]
    #[allow(unsafe_code)]
    pub(crate) fn first(&self, place: Place) -> u8 {
        let at = place.point as usize - (place.shape >> 8) as usize % MARGIN;
        // SAFETY: as above.
        unsafe { *self.bytes.as_ptr().add(at) }
    }
}

/// What was seen while scanning.
struct Found {
    cells: usize,
    newlines: u64,
    /// Whether there are bytes that stand in few tables.
    special: bool,
    /// The first byte that was not looked at.
    at: usize,
    quotes: Quotes,
}

/// Quotes from word to word. Each of them opens or closes a quoted field, or is half of a doubled one, which closes it and opens it again.
struct Quotes {
    /// All ones if the next byte is inside quotes.
    inside: u64,
    /// One if a quote may open at the next byte.
    may_open: u64,
    /// One if the byte before the next one closed.
    closed: u64,
    misplaced: bool,
}

impl Default for Quotes {
    fn default() -> Self {
        Self { inside: 0, may_open: 1, closed: 0, misplaced: false }
    }
}

impl Quotes {
    /// The bytes of a word that are outside of quotes; closing quotes are.
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
