//! The cells of one column, for a batch of rows, to integers at one scale: by a pattern where cells fit one, else one by one.
//!
//! *Not here*: rows that lack a value or hold text. This marks them as unread; [`summarizer`](crate::summarizer) and
//! [`predict`](crate::predict) read them as records.

use crate::cell_format::CellFormat;
use crate::decimal::{Decimal, SmallDecimal, exact_power_of_ten, power_of_ten, trim};
use crate::functions::Function;
use crate::statistics::{BlockColumn, NARROW_BITS, WIDE_BITS, raised_bits};
use samefit_kernels::cells::{Pattern, read};
use samefit_kernels::scan::Rows;
use samefit_kernels::{floats, integers};
use std::sync::Arc;

/// Rows that are tried together by the pattern after a batch as a whole did not fit it.
const STRIDE: usize = 16;

/// The integers of a column, in the narrower type that holds all of them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ColumnIntegers<'a> {
    /// Integers of up to 62 bits.
    Narrow(&'a [i64]),
    /// Integers of up to 126 bits.
    Wide(&'a [i128]),
}

/// Decimal numbers: integers times `10^-scale`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScaledIntegers<'a> {
    pub(crate) integers: ColumnIntegers<'a>,
    /// An upper bound of the bits of a magnitude.
    pub(crate) bits: u32,
    pub(crate) scale: u32,
}

impl ScaledIntegers<'_> {
    /// Sets `unread` for the rows of whose number one of the functions is not defined.
    pub(crate) fn mark_undefined(self, functions: &[Function], unread: &mut [bool]) {
        let Some(least) = functions.iter().map(|function| i64::from(!function.is_defined_at_zero())).max() else { return };
        match self.integers {
            ColumnIntegers::Narrow(values) => values.iter().zip(unread).for_each(|(value, unread)| *unread |= *value < least),
            ColumnIntegers::Wide(values) => values.iter().zip(unread).for_each(|(value, unread)| *unread |= *value < least.into()),
        }
    }

    /// Sets `unread` for the rows that have this number.
    pub(crate) fn mark_equal(self, number: &Decimal, unread: &mut [bool]) {
        let number = number.clone().normalized();
        // a number with more decimals is none of these
        let Some(number) = (number.scale <= self.scale).then(|| number.mantissa_at(self.scale)) else { return };
        match (self.integers, i64::try_from(&number), i128::try_from(&number)) {
            (ColumnIntegers::Narrow(values), Ok(number), _) => {
                values.iter().zip(unread).for_each(|(value, unread)| *unread |= *value == number)
            }
            (ColumnIntegers::Wide(values), _, Ok(number)) => {
                values.iter().zip(unread).for_each(|(value, unread)| *unread |= *value == number)
            }
            _ => {}
        }
    }

    /// Replaces `out` by the nearest f64 of each number.
    pub(crate) fn to_f64(self, out: &mut Vec<f64>) {
        out.clear();
        let decimal = |mantissa: i128| Decimal { mantissa: mantissa.into(), scale: self.scale }.to_f64();
        match (self.integers, exact_power_of_ten(self.scale)) {
            // both are exact f64, so the division rounds once
            (ColumnIntegers::Narrow(values), Some(power)) if self.bits <= 53 => floats::quotients(values, power, out),
            (ColumnIntegers::Narrow(values), _) => out.extend(values.iter().map(|&value| decimal(value.into()))),
            (ColumnIntegers::Wide(values), _) => out.extend(values.iter().map(|&value| decimal(value))),
        }
    }
}

/// Reads a column batch by batch. It learns the pattern that most cells fit.
#[derive(Clone, Default)]
pub(crate) struct CellReader {
    format: Arc<CellFormat>,
    /// The pattern so far; none before the first number.
    pattern: Option<Pattern>,
    /// The integers of the batch at `scale`, if they fit in 64 bits.
    narrow: Vec<i64>,
    /// The bitwise or of the magnitudes in `narrow`.
    narrow_bits: u64,
    /// The integers of the batch at `scale`, if they do not fit in 64 bits; else empty.
    wide: Vec<i128>,
    /// Most bits of a magnitude in `wide`.
    wide_bits: u32,
    /// Digits after the point of all integers.
    scale: u32,
    /// Numbers that did not fit the pattern and were read one by one, with their rows.
    others: Vec<(usize, SmallDecimal)>,
}

impl CellReader {
    /// A reader of cells that are written so.
    pub(crate) fn new(format: Arc<CellFormat>) -> Self {
        Self { format, ..Self::default() }
    }

    /// Reads a column of all rows. Sets `unread` for the rows whose cell is not a number, means a missing value, or has too many digits beside
    /// the others.
    pub(crate) fn read(&mut self, rows: &Rows<'_>, column: usize, unread: &mut [bool]) {
        self.narrow.resize(rows.len(), 0);
        self.wide.clear();
        self.scale = self.pattern.map_or(0, |pattern| pattern.decimals() as u32);
        match self.pattern.and_then(|pattern| read(&rows.column(column, 0), pattern, &mut self.narrow)) {
            Some(bits) => self.narrow_bits = bits,
            None => self.read_in_strides(rows, column, unread),
        }
        for missing in self.format.missing_numbers() {
            self.numbers().mark_equal(missing, unread);
        }
    }

    /// Holds zeros for all rows, for a column whose cells do not count.
    pub(crate) fn zero(&mut self, rows: usize) {
        self.narrow.clear();
        self.narrow.resize(rows, 0);
        self.wide.clear();
        (self.narrow_bits, self.scale) = (0, 0);
    }

    /// Appends the integers of the batch to a block, without those of unread rows. `unread` is none if every row was read.
    pub(crate) fn append_to(&mut self, to: &mut BlockColumn, unread: Option<&[bool]>) {
        if self.wide.is_empty() {
            keep_read(&mut self.narrow, unread);
            to.extend(&self.narrow, self.narrow_bits, self.scale);
        } else {
            keep_read(&mut self.wide, unread);
            to.extend_wide(&self.wide, self.wide_bits, self.scale);
        }
    }

    /// Returns the numbers of the batch. Those of unread rows mean nothing.
    pub(crate) fn numbers(&self) -> ScaledIntegers<'_> {
        match self.wide.is_empty() {
            true => {
                let bits = u64::BITS - self.narrow_bits.leading_zeros();
                ScaledIntegers { integers: ColumnIntegers::Narrow(&self.narrow), bits, scale: self.scale }
            }
            false => ScaledIntegers { integers: ColumnIntegers::Wide(&self.wide), bits: self.wide_bits, scale: self.scale },
        }
    }

    /// Reads a batch of which not all cells fit the pattern.
    fn read_in_strides(&mut self, rows: &Rows<'_>, column: usize, unread: &mut [bool]) {
        self.narrow_bits = 0;
        self.others.clear();
        let pattern_scale = self.scale;
        let mut narrow = std::mem::take(&mut self.narrow);
        for first in (0..narrow.len()).step_by(STRIDE) {
            let stop = narrow.len().min(first + STRIDE);
            if self.fits(rows, column, first, &mut narrow[first..stop]) {
                continue;
            }
            for row in first..stop {
                if !self.fits(rows, column, row, &mut narrow[row..=row]) {
                    narrow[row] = 0;
                    unread[row] |= !self.read_one(row, rows.cell(row, column), pattern_scale);
                }
            }
        }
        self.narrow = narrow;
        self.drop_others_if_too_long(pattern_scale, unread);
        self.join(pattern_scale);
        self.learn();
    }

    /// Reads the cells from row `first` on, as many as `out` is long, by the pattern. Returns whether they fit it.
    fn fits(&mut self, rows: &Rows<'_>, column: usize, first: usize, out: &mut [i64]) -> bool {
        let bits = self.pattern.and_then(|pattern| read(&rows.column(column, first), pattern, out));
        self.narrow_bits |= bits.unwrap_or(0);
        bits.is_some()
    }

    /// Reads one cell without a pattern. Returns false if it is not a number, or needs more than [`WIDE_BITS`] bits at the batch's scale.
    fn read_one(&mut self, row: usize, cell: &[u8], pattern_scale: u32) -> bool {
        // a quote inside the cell makes it no number
        let cell = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell);
        let Some(small) = self.format.small(trim(cell)) else { return false };
        let scale = self.scale.max(small.scale);
        if bits_at(small, scale) > WIDE_BITS || scale > self.scale && self.bits_at(scale, pattern_scale) > WIDE_BITS {
            return false;
        }
        self.scale = scale;
        self.others.push((row, small));
        true
    }

    /// Returns an upper bound of the bits of all integers at a scale that is not less than theirs.
    fn bits_at(&self, scale: u32, pattern_scale: u32) -> u32 {
        let narrow = raised_bits(u64::BITS - self.narrow_bits.leading_zeros(), scale - pattern_scale);
        self.others.iter().map(|&(_, small)| bits_at(small, scale)).fold(narrow, u32::max)
    }

    /// Marks the numbers that were read one by one as unread if, at their scale, some integer needs more than [`WIDE_BITS`] bits. That
    /// happens if long integers come after a number with many decimals.
    fn drop_others_if_too_long(&mut self, pattern_scale: u32, unread: &mut [bool]) {
        if self.bits_at(self.scale, pattern_scale) > WIDE_BITS {
            self.others.drain(..).for_each(|(row, _)| unread[row] = true);
            self.scale = pattern_scale;
        }
    }

    /// Brings the integers of the pattern and the other numbers to one scale.
    fn join(&mut self, pattern_scale: u32) {
        let bits = self.bits_at(self.scale, pattern_scale);
        let factor = power_of_ten(self.scale - pattern_scale);
        let at_scale = |small: SmallDecimal| small.mantissa * power_of_ten(self.scale - small.scale);
        if bits > NARROW_BITS {
            self.wide_bits = bits;
            self.wide.extend(self.narrow.iter().map(|&value| i128::from(value) * factor));
            self.others.iter().for_each(|&(row, small)| self.wide[row] = at_scale(small));
            return;
        }
        if factor != 1 {
            integers::multiply(&mut self.narrow, factor as i64);
        }
        self.others.iter().for_each(|&(row, small)| self.narrow[row] = at_scale(small) as i64);
        self.narrow_bits = integers::all_bits(&self.narrow);
    }

    /// Changes the pattern to one that the other numbers fit as well. If there is none, it is chosen for the more common kind of numbers.
    fn learn(&mut self) {
        let plain = self.others.iter().filter_map(|&(_, small)| Some((small.mantissa < 0, small.whole?, small.scale as usize)));
        let fitting = plain.filter(|&(signed, whole, decimals)| Pattern::of(signed, whole, decimals).is_some());
        let Some((signed, whole, decimals)) = fitting.reduce(|a, b| (a.0 || b.0, a.1.max(b.1), a.2.max(b.2))) else { return };
        let wider = match self.pattern {
            Some(pattern) => pattern.wider(signed, whole, decimals),
            None => Pattern::of(signed, whole, decimals),
        };
        let rare = self.others.len() < self.narrow.len() / 4;
        self.pattern = wider.or(self.pattern.filter(|_| rare)).or_else(|| Pattern::of(signed, whole.min(1), decimals));
    }
}

/// Returns an upper bound of the bits of a number at a scale that is not less than its own.
fn bits_at(small: SmallDecimal, scale: u32) -> u32 {
    raised_bits(u128::BITS - small.mantissa.unsigned_abs().leading_zeros(), scale - small.scale)
}

/// Keeps the values of the rows that were read. `unread` is none if every row was.
pub(crate) fn keep_read<T>(values: &mut Vec<T>, unread: Option<&[bool]>) {
    if let Some(unread) = unread {
        let mut unread = unread.iter();
        values.retain(|_| !unread.next().is_some_and(|unread| *unread));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decimal::parse;
    use crate::statistics::block_values;
    use proptest::prelude::*;
    use samefit_kernels::scan::{MARGIN, Marks, RowScanner, WORD};

    const MARKS: Marks = Marks { delimiter: b',', point: b'.' };

    #[test]
    fn only_the_root_is_defined_for_zero() {
        let marked = |functions: &[Function]| {
            let numbers = ScaledIntegers { integers: ColumnIntegers::Narrow(&[-1, 0, 1]), bits: 1, scale: 0 };
            let mut unread = [false; 3];
            numbers.mark_undefined(functions, &mut unread);
            unread
        };
        assert_eq!(marked(&[]), [false; 3]);
        assert_eq!(marked(&[Function::Sqrt]), [true, false, false]);
        assert_eq!(marked(&[Function::Sqrt, Function::Log10]), [true, true, false]);
    }

    /// Cells as in files: most of one kind, some of another.
    fn cell() -> impl Strategy<Value = String> {
        prop_oneof![
            20 => "[0-9]{1,4}(\\.[0-9]{0,4})?",
            20 => "-?0\\.[0-9]{10,14}",
            10 => "-?[0-9]{1,9}(\\.[0-9]{1,9})?",
            2 => "[+-]?[0-9]{0,20}(\\.[0-9]{0,20})?(e[+-]?[0-9]{1,2})?",
            1 => "[-+.0-9eE x,]{0,18}".prop_map(|text| text.replace(',', "")),
            1 => Just("NA".to_owned()),
        ]
    }

    /// Tables whose columns hold cells of one kind, or of all kinds.
    fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
        let kind = |pattern: &'static str| prop::collection::vec(pattern, 40..41).boxed();
        let column = prop_oneof![
            kind("[0-9]{1,3}"),
            kind("[0-9]{1,3}(\\.[0-9]{1,2})?"),
            kind("[0-9]{1,4}(\\.[0-9]{1,3})?"),
            kind("-?[0-9]\\.[0-9]{8,14}"),
            kind("-?[0-9]{1,2}\\.[0-9]{1,3}"),
            kind("-?0\\.[0-9]{13,16}"),
            kind("-?0\\.[0-9]{16,19}"),
            prop::collection::vec(cell(), 40..41).boxed(),
        ];
        (prop::collection::vec(column, 1..5), 1usize..40).prop_map(|(columns, rows)| {
            // an empty line is no record of one cell, and a single point looks like an empty cell
            let is_nothing = |cell: &String| cell.is_empty() || cell == ".";
            let cell = |column: &Vec<String>, row: usize| if is_nothing(&column[row]) { "0".to_owned() } else { column[row].clone() };
            (0..rows).map(|row| columns.iter().map(|column| cell(column, row)).collect()).collect()
        })
    }

    #[test]
    fn integers_too_long_at_the_scale_of_another_number_are_unread() {
        // all cells but one fit the pattern; at the scale of that one, the cells after it need more than 126 bits
        let cell = |row: usize| if row == 20 { "3.91E-36".to_owned() } else { if row < 20 { "0" } else { "99" }.to_owned() };
        let cells: Vec<String> = (0..40).map(cell).collect();
        let text: String = cells.iter().map(|cell| format!("{cell},1\n")).collect();
        let mut bytes = vec![b'0'; MARGIN];
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len() + WORD + MARGIN, b'0');
        let mut scanner = RowScanner::new(2, 128);
        let rows = scanner.scan(&bytes, MARGIN, bytes.len() - MARGIN, MARKS).unwrap();
        let mut column = CellReader::default();
        for _ in 0..2 {
            let mut unread = vec![false; cells.len()];
            column.read(&rows, 0, &mut unread);
            let mut block = BlockColumn::new();
            column.append_to(&mut block, Some(&unread));
            let read = cells.iter().zip(&unread).filter(|(_, unread)| !**unread);
            assert_eq!(block_values(&block), read.map(|(cell, _)| parse(cell.as_bytes()).unwrap()).collect::<Vec<_>>());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn cells_are_what_they_say(table in table(), crlf in any::<bool>()) {
            let text: String = table.iter().map(|row| row.join(",") + if crlf { "\r\n" } else { "\n" }).collect();
            let mut bytes = vec![b'0'; MARGIN];
            bytes.extend(text.as_bytes());
            bytes.resize(bytes.len() + WORD + MARGIN, b'0');
            let mut scanner = RowScanner::new(table[0].len(), 128);
            let rows = scanner.scan(&bytes, MARGIN, bytes.len() - MARGIN, MARKS).unwrap();
            prop_assert_eq!(rows.len(), table.len());
            prop_assert_eq!(rows.end(), MARGIN + text.len());
            for (at, _) in table[0].iter().enumerate() {
                let mut column = CellReader::default();
                // the second time with the pattern learnt from the first
                for _ in 0..2 {
                    let mut unread = vec![false; table.len()];
                    column.read(&rows, at, &mut unread);
                    let mut block = BlockColumn::new();
                    column.append_to(&mut block, Some(&unread));
                    let want: Vec<Decimal> = table.iter().zip(&unread).filter(|(_, unread)| !**unread).map(|(row, _)| parse(trim(row[at].as_bytes())).unwrap()).collect();
                    prop_assert_eq!(block_values(&block), want);
                    let mut floats = Vec::new();
                    column.read(&rows, at, &mut unread);
                    column.numbers().to_f64(&mut floats);
                    for ((row, float), _) in table.iter().zip(floats).zip(&unread).filter(|(_, unread)| !**unread) {
                        prop_assert_eq!(float.to_bits(), parse(trim(row[at].as_bytes())).unwrap().to_f64().to_bits());
                    }
                    // a long number makes others too long at its scale
                    let long = table.iter().any(|row| row[at].len() > 20 || row[at].contains(['e', 'E']));
                    for (row, unread) in table.iter().zip(&unread) {
                        prop_assert!(!unread || long || parse(trim(row[at].as_bytes())).is_err());
                    }
                }
            }
        }
    }
}
