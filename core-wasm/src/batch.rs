//! A batch of values that a host sets column by column, to integers at one scale, some rows at a time.
//!
//! *Not here*: rows that lack a value or hold one that is not a number. This marks them as unread; [`summarizer`](crate::summarizer) reads
//! them one by one.

use crate::cell_format::CellFormat;
use crate::column::{ColumnIntegers, ScaledIntegers};
use crate::decimal::{Decimal, SmallDecimal, from_f64, power_of_ten, trim};
use crate::error::Result;
use crate::shortest::{IntegerSlice, ShortestReader, decimal_of};
use crate::statistics::{BlockColumn, NARROW_BITS, WIDE_BITS, raised_bits};
use samefit_kernels::integers::all_bits;
use std::ops::Range;
use std::sync::Arc;

/// The values of one column of a batch.
pub(crate) enum Values {
    /// Numbers, each of which means its shortest text. NaN is a missing value.
    Numbers(Vec<f64>),
    /// Text, one value a line.
    Text(TextColumn),
}

/// The values of a column as text, one a line.
pub(crate) struct TextColumn {
    text: Vec<u8>,
    /// Offset of the end of each line, without its line feed.
    ends: Vec<usize>,
}

/// Reads a column of a batch, some rows at a time.
#[derive(Default)]
pub(crate) struct BatchReader {
    format: Arc<CellFormat>,
    shortest: ShortestReader,
    /// The numbers of the rows, if they were text.
    parsed: Vec<SmallDecimal>,
    held: Held,
    /// The integers at one scale, in one of two types, after [`Self::bring_to_one_scale`].
    narrow: Vec<i64>,
    wide: Vec<i128>,
    /// Their scale and a bound of their bits; none if they have too many.
    common: Option<(u32, u32)>,
}

/// What the rows that were read last are.
#[derive(Clone, Copy, Default)]
enum Held {
    /// Nothing that counts: a column that is left out, or rows that have to be read one by one.
    #[default]
    Zeros,
    /// Numbers, in `shortest`.
    Numbers,
    /// Text, in `parsed`.
    Text,
}

impl TextColumn {
    /// Splits text into lines that end with LF or CRLF. The last line may lack its end.
    pub(crate) fn new(text: Vec<u8>) -> Self {
        let breaks = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        let last = text.last().is_some_and(|byte| *byte != b'\n').then_some(text.len());
        let ends = breaks.chain(last).collect();
        Self { text, ends }
    }

    /// Returns the value of a line, without the spaces around it.
    pub(crate) fn cell(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] + 1);
        let line = &self.text[start..self.ends[at]];
        trim(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

impl Values {
    /// Returns the number of values.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Text(lines) => lines.ends.len(),
        }
    }

    /// Returns one value; none if it is missing.
    ///
    /// Errors: those of [`CellFormat::parse_unadvised`] and [`from_f64`].
    pub(crate) fn value(&self, at: usize, format: &CellFormat) -> Result<Option<Decimal>> {
        match self {
            Self::Numbers(numbers) if format.is_missing_float(numbers[at]) => Ok(None),
            Self::Numbers(numbers) => from_f64(numbers[at]).map(Some),
            Self::Text(lines) => match lines.cell(at) {
                cell if format.is_missing(cell) => Ok(None),
                cell => format.parse_unadvised(cell).map(Some),
            },
        }
    }

    /// Returns one number of any size; none if the values are text, or the number is missing.
    ///
    /// Errors: `not-a-value` for infinity.
    pub(crate) fn number_of_any_size(&self, at: usize) -> Result<Option<Decimal>> {
        match self {
            Self::Numbers(numbers) if numbers[at].is_finite() => Ok(Some(decimal_of(numbers[at]))),
            Self::Numbers(_) => self.value(at, &CellFormat::POINTS),
            Self::Text(_) => Ok(None),
        }
    }

    /// Returns one value as it is written, without the spaces around it; empty if the values are numbers.
    pub(crate) fn text(&self, at: usize) -> &[u8] {
        match self {
            Self::Numbers(_) => b"",
            Self::Text(lines) => lines.cell(at),
        }
    }
}

impl BatchReader {
    /// A reader of values of which text is written so.
    pub(crate) fn new(format: Arc<CellFormat>) -> Self {
        Self { format, ..Self::default() }
    }

    /// Reads some rows. Sets `unread` for those whose value is missing, is not a number, or has too many digits.
    pub(crate) fn read(&mut self, values: &Values, rows: Range<usize>, unread: &mut [bool]) {
        match values {
            Values::Numbers(numbers) => {
                match self.shortest.read(&numbers[rows.clone()]) {
                    Ok(block) => {
                        self.held = Held::Numbers;
                        block.missing.iter().for_each(|&at| unread[at] = true);
                        if !self.format.missing_numbers().is_empty() {
                            let missing = numbers[rows].iter().map(|&value| self.format.is_missing_float(value));
                            missing.zip(unread).for_each(|(is_missing, unread)| *unread |= is_missing);
                        }
                    }
                    // reading one by one finds the value with the error; the reader still has the block before
                    Err(_) => {
                        self.held = Held::Zeros;
                        unread.fill(true);
                    }
                }
            }
            Values::Text(lines) => {
                self.held = Held::Text;
                self.parsed.clear();
                for (at, unread) in rows.zip(unread) {
                    let small = self.format.small(lines.cell(at));
                    *unread |= small.is_none();
                    self.parsed.push(small.unwrap_or(SmallDecimal { mantissa: 0, scale: 0, whole: None }));
                }
            }
        }
    }

    /// Reads some rows of a column whose values do not count, as zeros. Sets `unread` for those with a number or with a text that
    /// `is_passed_over` does not accept.
    pub(crate) fn zero(&mut self, values: &Values, rows: Range<usize>, unread: &mut [bool], is_passed_over: impl Fn(&[u8]) -> bool) {
        self.held = Held::Zeros;
        match values {
            Values::Numbers(numbers) => {
                rows.zip(unread).for_each(|(at, unread)| *unread |= !self.format.is_missing_float(numbers[at]));
            }
            Values::Text(lines) => rows.zip(unread).for_each(|(at, unread)| *unread |= !is_passed_over(lines.cell(at))),
        }
    }

    /// Makes [`Self::numbers`] of the rows that were read last.
    pub(crate) fn bring_to_one_scale(&mut self) {
        self.narrow.clear();
        self.wide.clear();
        self.common = None;
        match self.held {
            Held::Zeros => {}
            Held::Text => {
                let scale = self.parsed.iter().map(|small| small.scale).max().unwrap_or(0);
                let raised = |small: &SmallDecimal| raised_bits(bits(&[small.mantissa]), scale - small.scale);
                let bits = self.parsed.iter().map(raised).max().unwrap_or(0);
                if bits <= WIDE_BITS {
                    let integers = self.parsed.iter().map(|small| small.mantissa * power_of_ten(scale - small.scale));
                    if bits <= NARROW_BITS {
                        self.narrow.extend(integers.map(|integer| integer as i64))
                    } else {
                        self.wide.extend(integers)
                    }
                    self.common = Some((scale, bits));
                }
            }
            Held::Numbers => {
                let block = self.shortest.block();
                let bits = match block.integers {
                    IntegerSlice::Short(values) => u64::BITS - all_bits(values).leading_zeros(),
                    IntegerSlice::Wide(values) => bits(values),
                    IntegerSlice::Long(_) => u32::MAX,
                };
                match block.integers {
                    IntegerSlice::Short(values) if bits <= NARROW_BITS => self.narrow.extend_from_slice(values),
                    IntegerSlice::Short(values) => self.wide.extend(values.iter().map(|&value| i128::from(value))),
                    IntegerSlice::Wide(values) => self.wide.extend_from_slice(values),
                    IntegerSlice::Long(_) => {}
                }
                self.common = (bits <= WIDE_BITS).then_some((block.scale, bits));
            }
        }
    }

    /// Returns the numbers of the rows that were read last, after [`Self::bring_to_one_scale`]. Those of unread rows mean nothing. `None` if
    /// they have too many digits beside each other.
    pub(crate) fn numbers(&self) -> Option<ScaledIntegers<'_>> {
        let (scale, bits) = self.common?;
        let integers = match self.wide.is_empty() {
            true => ColumnIntegers::Narrow(&self.narrow),
            false => ColumnIntegers::Wide(&self.wide),
        };
        Some(ScaledIntegers { integers, bits, scale })
    }

    /// Appends the integers of the rows that were read last to a block, without those of unread rows.
    pub(crate) fn append_to(&self, to: &mut BlockColumn, unread: &[bool]) {
        match self.held {
            Held::Zeros => to.extend(&vec![0; unread.iter().filter(|unread| !**unread).count()], 0, 0),
            Held::Text => {
                for small in without_unread(&self.parsed, unread) {
                    to.extend_wide(&[small.mantissa], bits(&[small.mantissa]), small.scale);
                }
            }
            Held::Numbers => {
                let block = self.shortest.block();
                match block.integers {
                    IntegerSlice::Short(values) if block.missing.is_empty() && !unread.contains(&true) => {
                        to.extend(values, all_bits(values), block.scale);
                    }
                    IntegerSlice::Short(values) => {
                        let values: Vec<i64> = without_unread(values, unread).copied().collect();
                        to.extend(&values, all_bits(&values), block.scale);
                    }
                    IntegerSlice::Wide(values) => {
                        let values: Vec<i128> = without_unread(values, unread).copied().collect();
                        to.extend_wide(&values, bits(&values), block.scale);
                    }
                    IntegerSlice::Long(values) => {
                        for mantissa in without_unread(values, unread) {
                            to.push(&Decimal { mantissa: mantissa.clone(), scale: block.scale });
                        }
                    }
                }
            }
        }
    }
}

/// Returns the values of the rows that are not unread.
fn without_unread<'a, T>(values: &'a [T], unread: &'a [bool]) -> impl Iterator<Item = &'a T> {
    values.iter().zip(unread).filter(|(_, unread)| !**unread).map(|(value, _)| value)
}

/// Returns the number of bits of the greatest magnitude.
fn bits(values: &[i128]) -> u32 {
    u128::BITS - values.iter().fold(0, |all, value| all | value.unsigned_abs()).leading_zeros()
}
