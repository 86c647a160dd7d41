//! The text of a cell to the number of its level, by a table of hashes.
//!
//! A short text is found by its bytes as two integers, so no text is compared byte by byte.
//!
//! *Invariants*: nothing depends on the order of the table, which no code walks.
//!
//! *Limits*: at most [`TEXTS_MAX`] texts. Others are not kept.

use crate::scan::Rows;
use core::ops::Range;

/// Most texts in a table. A level may be written in several ways.
const TEXTS_MAX: usize = 1 << 12;
/// Slots of a new table: a power of two.
const SLOTS_MIN: usize = 1 << 6;
/// An odd number with irregular bits: 2^64 over the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// What [`TextTable::find_column`] writes for a cell whose text is not in the table.
pub const UNKNOWN: u32 = u32::MAX;

/// Numbers of levels by the texts of cells.
#[derive(Clone, Debug, Default)]
pub struct TextTable {
    /// A power of two of them, at least three quarters of which are empty, so that most texts stand where the search begins; none before the first
    /// text.
    slots: Vec<Slot>,
    /// Texts of more than [`SHORT`] bytes.
    long_texts: Vec<(Vec<u8>, u32)>,
    texts: usize,
}

/// A text of up to [`SHORT`] bytes with its level, or a place among the longer texts.
#[derive(Clone, Copy, Debug)]
struct Slot {
    key: TextKey,
    value: u32,
}

/// The length of a text and its first [`SHORT`] bytes, with zeros after a shorter one. Different short texts have different keys.
#[derive(Clone, Copy, Debug)]
struct TextKey {
    length: u32,
    first: [u64; 2],
}

/// Bytes of a key.
const SHORT: usize = 16;
/// The key of empty slots. No text is as long.
const EMPTY: Slot = Slot { key: TextKey { length: u32::MAX, first: [0; 2] }, value: 0 };

impl TextTable {
    /// Returns the number of the level of a text; none if the text is not in the table.
    pub fn get(&self, text: &[u8]) -> Option<u32> {
        self.find(text, TextKey::of(text))
    }

    /// Writes the number of each cell of a column of `rows`, [`UNKNOWN`] where the table does not have its text. Quotes around a cell are not part
    /// of it. Returns whether all were found. No text of the table has a quote: so a cell that is found has none inside.
    #[inline(never)]
    pub fn find_column(&self, rows: &Rows<'_>, column: usize, numbers: &mut Vec<u32>) -> bool {
        let mut all = true;
        numbers.clear();
        numbers.extend((0..rows.len()).map(|row| {
            let bounds = rows.unquoted_bounds(row, column);
            let key = TextKey::at(rows.bytes(), bounds.clone());
            let number = self.find(&rows.bytes()[bounds], key).unwrap_or(UNKNOWN);
            all &= number != UNKNOWN;
            number
        }));
        all
    }

    #[inline(always)]
    fn find(&self, text: &[u8], key: TextKey) -> Option<u32> {
        let mut at = self.first_slot(text, key)?;
        loop {
            let slot = &self.slots[at];
            if slot.key.is(&key) {
                if text.len() <= SHORT {
                    return Some(slot.value);
                }
                let (long, number) = &self.long_texts[slot.value as usize];
                if long == text {
                    return Some(*number);
                }
            }
            if slot.is_empty() {
                return None;
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Keeps the level of a text that is not in the table, if there is room.
    pub fn insert(&mut self, text: &[u8], level: u32) {
        if self.texts == TEXTS_MAX || u32::try_from(text.len()).is_err() {
            return;
        }
        if 4 * (self.texts + 1) > self.slots.len() {
            self.grow();
        }
        let key = TextKey::of(text);
        let value = match text.len() {
            0..=SHORT => level,
            _ => {
                self.long_texts.push((text.to_owned(), level));
                self.long_texts.len() as u32 - 1
            }
        };
        self.texts += 1;
        self.place(hash(text, key), Slot { key, value });
    }

    /// Returns the slot where the search for a text begins; none in an empty table.
    #[inline(always)]
    fn first_slot(&self, text: &[u8], key: TextKey) -> Option<usize> {
        (!self.slots.is_empty()).then(|| hash(text, key) as usize & (self.slots.len() - 1))
    }

    fn place(&mut self, hash: u64, slot: Slot) {
        let mut at = hash as usize & (self.slots.len() - 1);
        while !self.slots[at].is_empty() {
            at = (at + 1) & (self.slots.len() - 1);
        }
        self.slots[at] = slot;
    }

    /// Doubles the number of slots.
    fn grow(&mut self) {
        let size = (2 * self.slots.len()).max(SLOTS_MIN);
        for slot in std::mem::replace(&mut self.slots, vec![EMPTY; size]) {
            let hash = match slot.key.length {
                u32::MAX => continue,
                length if length as usize <= SHORT => short_hash(slot.key),
                _ => hash(&self.long_texts[slot.value as usize].0, slot.key),
            };
            self.place(hash, slot);
        }
    }
}

impl Slot {
    #[inline(always)]
    fn is_empty(&self) -> bool {
        self.key.length == EMPTY.key.length
    }
}

impl TextKey {
    /// Returns whether two keys are equal. The derived comparison would store both halves of a key to load them as one vector, which waits for
    /// the stores.
    #[inline(always)]
    fn is(&self, other: &Self) -> bool {
        (self.first[0] ^ other.first[0]) | (self.first[1] ^ other.first[1]) | u64::from(self.length ^ other.length) == 0
    }

    fn of(text: &[u8]) -> Self {
        let mut padded = [0; SHORT];
        let length = text.len().min(SHORT);
        padded[..length].copy_from_slice(&text[..length]);
        Self::new(&padded, text.len())
    }

    /// Returns the key of the text at `range` of `bytes`.
    #[inline(always)]
    fn at(bytes: &[u8], range: Range<usize>) -> Self {
        // what follows the text is read with it, and then replaced by zeros
        match bytes[range.start..].first_chunk() {
            Some(chunk) => Self::new(chunk, range.len()),
            None => Self::of(&bytes[range]),
        }
    }

    #[inline(always)]
    fn new(bytes: &[u8; SHORT], length: usize) -> Self {
        let half = |at: usize| u64::from_le_bytes(core::array::from_fn(|byte| bytes[at + byte]));
        let kept = |bytes: usize| if bytes >= 8 { u64::MAX } else { (1 << (8 * bytes)) - 1 };
        Self { length: length as u32, first: [half(0) & kept(length), half(8) & kept(length.saturating_sub(8))] }
    }
}

/// Returns a number that depends on all bytes of a text.
#[inline(always)]
fn hash(text: &[u8], key: TextKey) -> u64 {
    if text.len() <= SHORT {
        return short_hash(key);
    }
    text[SHORT..].chunks(8).fold(short_hash(key), |hash, chunk| mix(hash ^ chunk.iter().fold(0, |all, &byte| all << 8 | u64::from(byte))))
}

#[inline(always)]
fn short_hash(key: TextKey) -> u64 {
    mix(mix(key.first[0] ^ u64::from(key.length)).rotate_left(29) ^ key.first[1])
}

/// Spreads the bits of a number, above all into the low ones.
#[inline(always)]
fn mix(value: u64) -> u64 {
    let product = value.wrapping_mul(MULTIPLIER);
    product ^ product >> 32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn each_text_is_found_with_its_level(texts in prop::collection::vec(prop::collection::vec(0u8..3, 0..40), 1..300), other in prop::collection::vec(0u8..3, 0..40)) {
            let mut table = TextTable::default();
            let mut known = BTreeMap::new();
            for text in &texts {
                prop_assert_eq!(table.get(text), known.get(text).copied());
                if !known.contains_key(text) {
                    table.insert(text, known.len() as u32);
                    known.insert(text.clone(), known.len() as u32);
                }
            }
            for (text, level) in &known {
                prop_assert_eq!(table.get(text), Some(*level));
            }
            prop_assert_eq!(table.get(&other), known.get(&other).copied());
        }
    }

    #[test]
    fn a_full_table_still_finds_its_texts() {
        let mut table = TextTable::default();
        let text = |at: usize| format!("a text that is longer than sixteen bytes {at}").into_bytes();
        (0..TEXTS_MAX + 10).for_each(|at| table.insert(&text(at), at as u32));
        assert_eq!(table.get(&text(TEXTS_MAX - 1)), Some(TEXTS_MAX as u32 - 1));
        assert_eq!(table.get(&text(TEXTS_MAX)), None);
    }
}
