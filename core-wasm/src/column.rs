//! The cells of one column of some rows to integers at one scale, by a pattern where they fit one, else one by one.
//!
//! *Not here*: rows that lack a value or hold text (`train` reads those as records; this marks them).

use crate::decimal::{Decimal, Small, exact_power_of_ten, parse_small, power_of_ten, trim};
use crate::statistics::{BlockColumn, NARROW_BITS, WIDE_BITS, raised};
use samefit_kernels::cells::{Pattern, read};
use samefit_kernels::scan::Rows;
use samefit_kernels::{floats, integers};

/// Rows that are tried again together where not all of a batch fit the pattern.
const STRIDE: usize = 16;
/// Reads a column, batch after batch.
#[derive(Clone, Default)]
pub(crate) struct Column {
    pattern: Option<Pattern>,
    /// The batch's integers at `scale`, if they fit in 64 bits; all bits of their magnitudes.
    narrow: Vec<i64>,
    narrow_bits: u64,
    /// Else these, of at most `wide_bits` bits.
    wide: Vec<i128>,
    wide_bits: u32,
    scale: u32,
    /// Numbers that were read one by one, with their rows.
    others: Vec<(usize, Small)>,
}

impl Column {
    /// Reads column `column` of all rows. Marks the rows whose cells are no numbers, or are too long beside the others.
    pub(crate) fn read(&mut self, rows: &Rows<'_>, column: usize, unread: &mut [bool]) {
        self.narrow.resize(rows.len(), 0);
        self.wide.clear();
        self.scale = self.pattern.map_or(0, |pattern| pattern.decimals() as u32);
        match self.pattern.and_then(|pattern| read(&rows.column(column, 0), pattern, &mut self.narrow)) {
            Some(bits) => self.narrow_bits = bits,
            None => self.read_in_strides(rows, column, unread),
        }
    }

    /// Zeros for all rows: a column whose cells do not count.
    pub(crate) fn zero(&mut self, rows: usize) {
        self.narrow.clear();
        self.narrow.resize(rows, 0);
        self.wide.clear();
        (self.narrow_bits, self.scale) = (0, 0);
    }

    /// Hands on the integers, but for those of unread rows, if there are some.
    pub(crate) fn hand_on(&mut self, unread: Option<&[bool]>, to: &mut BlockColumn) {
        if self.wide.is_empty() {
            keep(&mut self.narrow, unread);
            to.extend(&self.narrow, self.narrow_bits, self.scale);
        } else {
            keep(&mut self.wide, unread);
            to.extend_wide(&self.wide, self.wide_bits, self.scale);
        }
    }

    /// The nearest f64 of each number; anything for unread rows.
    pub(crate) fn to_f64(&self, out: &mut Vec<f64>) {
        out.clear();
        let decimal = |mantissa: i128| Decimal { mantissa: mantissa.into(), scale: self.scale }.to_f64();
        match exact_power_of_ten(self.scale) {
            _ if !self.wide.is_empty() => out.extend(self.wide.iter().map(|&value| decimal(value))),
            // two exact numbers, and one division that rounds
            Some(power) if self.narrow_bits < 1 << 53 => floats::quotients(&self.narrow, power, out),
            _ => out.extend(self.narrow.iter().map(|&value| decimal(value.into()))),
        }
    }

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

    /// Whether the cells from row `first` on fit the pattern; then they are read.
    fn fits(&mut self, rows: &Rows<'_>, column: usize, first: usize, out: &mut [i64]) -> bool {
        let bits = self.pattern.and_then(|pattern| read(&rows.column(column, first), pattern, out));
        self.narrow_bits |= bits.unwrap_or(0);
        bits.is_some()
    }

    /// Reads a cell by itself; false if it is no number, or too long beside the others.
    fn read_one(&mut self, row: usize, cell: &[u8], pattern_scale: u32) -> bool {
        // a quote inside is no digit
        let cell = cell.strip_prefix(b"\"").and_then(|cell| cell.strip_suffix(b"\"")).unwrap_or(cell);
        let Some(small) = parse_small(trim(cell)) else { return false };
        let scale = self.scale.max(small.scale);
        if bits_at(small, scale) > WIDE_BITS || scale > self.scale && self.bits_at(scale, pattern_scale) > WIDE_BITS {
            return false;
        }
        self.scale = scale;
        self.others.push((row, small));
        true
    }

    /// Bits of all integers at a scale that is not lower than theirs.
    fn bits_at(&self, scale: u32, pattern_scale: u32) -> u32 {
        let narrow = raised(u64::BITS - self.narrow_bits.leading_zeros(), scale - pattern_scale);
        self.others.iter().map(|&(_, small)| bits_at(small, scale)).fold(narrow, u32::max)
    }

    /// What fitted the pattern after a number of many decimals may be too long at that number's scale.
    fn drop_others_if_too_long(&mut self, pattern_scale: u32, unread: &mut [bool]) {
        if self.bits_at(self.scale, pattern_scale) > WIDE_BITS {
            self.others.drain(..).for_each(|(row, _)| unread[row] = true);
            self.scale = pattern_scale;
        }
    }

    /// Brings what the pattern read and the other numbers to one scale.
    fn join(&mut self, pattern_scale: u32) {
        let bits = self.bits_at(self.scale, pattern_scale);
        let factor = power_of_ten(self.scale - pattern_scale);
        let at_scale = |small: Small| small.mantissa * power_of_ten(self.scale - small.scale);
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

    /// A pattern for the numbers that the one so far did not fit, and for those that it did. Where none is for both, what is commoner counts.
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

fn bits_at(small: Small, scale: u32) -> u32 {
    raised(u128::BITS - small.mantissa.unsigned_abs().leading_zeros(), scale - small.scale)
}

/// Leaves out the values of unread rows.
fn keep<T>(values: &mut Vec<T>, unread: Option<&[bool]>) {
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
    use samefit_kernels::scan::{Grid, MARGIN, WORD};

    /// Cells as files have them: most alike, some of another kind.
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

    /// Tables whose columns hold one kind of cells each, or all kinds.
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
            // an empty line is no record of one cell, and a lone point looks like one
            let is_nothing = |cell: &String| cell.is_empty() || cell == ".";
            let cell = |column: &Vec<String>, row: usize| if is_nothing(&column[row]) { "0".to_owned() } else { column[row].clone() };
            (0..rows).map(|row| columns.iter().map(|column| cell(column, row)).collect()).collect()
        })
    }

    #[test]
    fn what_fits_the_pattern_may_be_too_long_beside_a_number_before_it() {
        // the pattern fits all but one, and at that one's scale those after it need more than 126 bits
        let cell = |row: usize| if row == 20 { "3.91E-36".to_owned() } else { if row < 20 { "0" } else { "99" }.to_owned() };
        let cells: Vec<String> = (0..40).map(cell).collect();
        let text: String = cells.iter().map(|cell| format!("{cell},1\n")).collect();
        let mut bytes = vec![b'0'; MARGIN];
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len() + WORD + MARGIN, b'0');
        let mut grid = Grid::new(2, 128);
        let rows = grid.scan(&bytes, MARGIN, bytes.len() - MARGIN, b',').unwrap();
        let mut column = Column::default();
        for _ in 0..2 {
            let mut unread = vec![false; cells.len()];
            column.read(&rows, 0, &mut unread);
            let mut block = BlockColumn::new();
            column.hand_on(Some(&unread), &mut block);
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
            let mut grid = Grid::new(table[0].len(), 128);
            let rows = grid.scan(&bytes, MARGIN, bytes.len() - MARGIN, b',').unwrap();
            prop_assert_eq!(rows.len(), table.len());
            prop_assert_eq!(rows.end(), MARGIN + text.len());
            for (at, _) in table[0].iter().enumerate() {
                let mut column = Column::default();
                // the second time with a pattern that was learnt
                for _ in 0..2 {
                    let mut unread = vec![false; table.len()];
                    column.read(&rows, at, &mut unread);
                    let mut block = BlockColumn::new();
                    column.hand_on(Some(&unread), &mut block);
                    let want: Vec<Decimal> = table.iter().zip(&unread).filter(|(_, unread)| !**unread).map(|(row, _)| parse(trim(row[at].as_bytes())).unwrap()).collect();
                    prop_assert_eq!(block_values(&block), want);
                    let mut floats = Vec::new();
                    column.read(&rows, at, &mut unread);
                    column.to_f64(&mut floats);
                    for ((row, float), _) in table.iter().zip(floats).zip(&unread).filter(|(_, unread)| !**unread) {
                        prop_assert_eq!(float.to_bits(), parse(trim(row[at].as_bytes())).unwrap().to_f64().to_bits());
                    }
                    // what is long makes others too long
                    let long = table.iter().any(|row| row[at].len() > 20 || row[at].contains(['e', 'E']));
                    for (row, unread) in table.iter().zip(&unread) {
                        prop_assert!(!unread || long || parse(trim(row[at].as_bytes())).is_err());
                    }
                }
            }
        }
    }
}
