//! Columns that are set one batch after another to integers at one scale, some rows at a time.
//!
//! *Not here*: rows that lack a value or hold what is no number (`train` takes those one by one; this marks them).

use crate::decimal::{Decimal, Small, from_f64, is_missing, parse, parse_small, trim};
use crate::error::Result;
use crate::shortest::{Integers, Shortest};
use crate::statistics::BlockColumn;
use samefit_kernels::integers::all_bits;
use std::ops::Range;

/// The values of one column of a batch.
pub(crate) enum Values {
    /// Each means its shortest text; NaN is a missing value.
    Numbers(Vec<f64>),
    /// One a line.
    Text(Lines),
}

/// Text, and where its lines end.
pub(crate) struct Lines {
    text: Vec<u8>,
    ends: Vec<usize>,
}

/// Reads a column, some rows after others.
#[derive(Default)]
pub(crate) struct Column {
    shortest: Shortest,
    /// The rows' numbers, if they were text.
    written: Vec<Small>,
    held: Held,
}

/// What was read last.
#[derive(Clone, Copy, Default)]
enum Held {
    /// Zeros, so many.
    #[default]
    Zeros,
    Numbers,
    Written,
}

impl Lines {
    /// Lines that end with LF, but for the last perhaps.
    pub(crate) fn new(text: Vec<u8>) -> Self {
        let breaks = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        let last = text.last().is_some_and(|byte| *byte != b'\n').then_some(text.len());
        let ends = breaks.chain(last).collect();
        Self { text, ends }
    }

    /// The cell of a line.
    fn cell(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] + 1);
        let line = &self.text[start..self.ends[at]];
        trim(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

impl Values {
    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Text(lines) => lines.ends.len(),
        }
    }

    /// One value; none if it is missing.
    pub(crate) fn value(&self, at: usize) -> Result<Option<Decimal>> {
        match self {
            Self::Numbers(numbers) if numbers[at].is_nan() => Ok(None),
            Self::Numbers(numbers) => from_f64(numbers[at]).map(Some),
            Self::Text(lines) => match lines.cell(at) {
                cell if is_missing(cell) => Ok(None),
                cell => parse(cell).map(Some),
            },
        }
    }
}

impl Column {
    /// Reads some rows. Marks those whose values are missing, no numbers, or too long to be read beside others.
    pub(crate) fn read(&mut self, values: &Values, rows: Range<usize>, unread: &mut [bool]) {
        match values {
            Values::Numbers(numbers) => {
                self.held = Held::Numbers;
                match self.shortest.read(&numbers[rows]) {
                    Ok(block) => block.missing.iter().for_each(|&at| unread[at] = true),
                    // one by one, the values before the one at fault are found to be none
                    Err(_) => unread.fill(true),
                }
            }
            Values::Text(lines) => {
                self.held = Held::Written;
                self.written.clear();
                for (at, unread) in rows.zip(unread) {
                    let small = parse_small(lines.cell(at));
                    *unread |= small.is_none();
                    self.written.push(small.unwrap_or(Small { mantissa: 0, scale: 0, whole: None }));
                }
            }
        }
    }

    /// Zero for all rows of a column whose values do not count. Marks those that are not text beyond doubt.
    pub(crate) fn zero(&mut self, values: &Values, rows: Range<usize>, unread: &mut [bool], is_plain_text: impl Fn(&[u8]) -> bool) {
        self.held = Held::Zeros;
        match values {
            Values::Numbers(_) => unread.fill(true),
            Values::Text(lines) => rows.zip(unread).for_each(|(at, unread)| *unread |= !is_plain_text(lines.cell(at))),
        }
    }

    /// Hands on what was read, but for the rows that are marked.
    pub(crate) fn hand_on(&self, unread: &[bool], to: &mut BlockColumn) {
        match self.held {
            Held::Zeros => to.extend(&vec![0; unread.iter().filter(|unread| !**unread).count()], 0, 0),
            Held::Written => {
                for small in read_only(&self.written, unread) {
                    to.extend_wide(&[small.mantissa], bits(&[small.mantissa]), small.scale);
                }
            }
            Held::Numbers => {
                let block = self.shortest.block();
                match block.integers {
                    Integers::Short(values) if block.missing.is_empty() && !unread.contains(&true) => {
                        to.extend(values, all_bits(values), block.scale);
                    }
                    Integers::Short(values) => {
                        let values: Vec<i64> = read_only(values, unread).copied().collect();
                        to.extend(&values, all_bits(&values), block.scale);
                    }
                    Integers::Wide(values) => {
                        let values: Vec<i128> = read_only(values, unread).copied().collect();
                        to.extend_wide(&values, bits(&values), block.scale);
                    }
                    Integers::Long(values) => {
                        for mantissa in read_only(values, unread) {
                            to.push(&Decimal { mantissa: mantissa.clone(), scale: block.scale });
                        }
                    }
                }
            }
        }
    }
}

/// What stands in rows that are not marked.
fn read_only<'a, T>(values: &'a [T], unread: &'a [bool]) -> impl Iterator<Item = &'a T> {
    values.iter().zip(unread).filter(|(_, unread)| !**unread).map(|(value, _)| value)
}

/// Bits of the greatest magnitude.
fn bits(values: &[i128]) -> u32 {
    u128::BITS - values.iter().fold(0, |all, value| all | value.unsigned_abs()).leading_zeros()
}
