//! Turns text in UTF-16 into UTF-8 while it is read.
//!
//! *Limits*: it holds [`BYTES_AT_ONCE`] of the text.

use std::fmt;
use std::io::{self, Read};

use crate::input::blocks::fill;
use crate::input::content::ByteOrder;

/// How much is converted at once.
const BYTES_AT_ONCE: usize = 1 << 16;

/// Reads text in UTF-16 as UTF-8, without its byte order mark.
pub(crate) struct Utf16Reader<R> {
    inner: R,
    order: ByteOrder,
    /// Bytes of a character whose end was not read yet: at most three.
    begun: Vec<u8>,
    /// What was converted, and how much of it was passed on.
    text: String,
    passed: usize,
    is_at_start: bool,
    ended: bool,
}

/// Text that is not UTF-16: half a character.
#[derive(Debug)]
pub(crate) struct HalfCharacter;

impl fmt::Display for HalfCharacter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half a character of UTF-16")
    }
}

impl std::error::Error for HalfCharacter {}

impl<R: Read> Utf16Reader<R> {
    /// Reads `inner`, whose bytes are UTF-16 in this order.
    pub(crate) fn new(inner: R, order: ByteOrder) -> Self {
        Self { inner, order, begun: Vec::new(), text: String::new(), passed: 0, is_at_start: true, ended: false }
    }

    /// Returns the reader of the bytes.
    pub(crate) fn inner(&self) -> &R {
        &self.inner
    }

    /// Converts the next bytes, if there are any.
    fn convert(&mut self) -> io::Result<()> {
        let mut bytes = std::mem::take(&mut self.begun);
        let begun = bytes.len();
        bytes.resize(begun + BYTES_AT_ONCE, 0);
        let read = fill(&mut self.inner, &mut bytes[begun..])?;
        bytes.truncate(begun + read);
        self.ended = read < BYTES_AT_ONCE;
        let mut units: Vec<u16> = bytes.chunks_exact(2).map(|pair| self.unit([pair[0], pair[1]])).collect();
        if !self.ended && units.last().is_some_and(|unit| matches!(unit, 0xd800..=0xdbff)) {
            units.pop();
        }
        self.begun = bytes.split_off(2 * units.len());
        let whole = !self.ended || self.begun.is_empty();
        self.text.clear();
        self.passed = 0;
        for character in char::decode_utf16(units) {
            self.text.push(character.map_err(|_| half_character())?);
        }
        if std::mem::take(&mut self.is_at_start) && self.text.starts_with('\u{feff}') {
            self.passed = '\u{feff}'.len_utf8();
        }
        if whole { Ok(()) } else { Err(half_character()) }
    }

    fn unit(&self, pair: [u8; 2]) -> u16 {
        if self.order == ByteOrder::LowFirst { u16::from_le_bytes(pair) } else { u16::from_be_bytes(pair) }
    }
}

fn half_character() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, HalfCharacter)
}

impl<R: Read> Read for Utf16Reader<R> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        while self.passed == self.text.len() && !self.ended {
            self.convert()?;
        }
        let length = (&self.text.as_bytes()[self.passed..]).read(chunk)?;
        self.passed += length;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(text: &str, order: ByteOrder) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if order == ByteOrder::LowFirst { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    fn read(bytes: &[u8], order: ByteOrder) -> io::Result<String> {
        let mut text = String::new();
        Utf16Reader::new(bytes, order).read_to_string(&mut text)?;
        Ok(text)
    }

    proptest! {
        #[test]
        fn text_stays_the_same(text: String, padding in 0..3usize) {
            // characters on both sides of a boundary of what is converted at once
            let text = format!("{}{text}\u{1f600}{text}", "x".repeat(BYTES_AT_ONCE / 2 - padding));
            for order in [ByteOrder::LowFirst, ByteOrder::HighFirst] {
                let marked = bytes(&format!("\u{feff}{text}"), order);
                prop_assert_eq!(read(&marked, order).unwrap(), text.clone());
            }
        }
    }

    #[test]
    fn half_a_character_is_an_error() {
        let whole = bytes("x\u{1f600}", ByteOrder::LowFirst);
        for bytes in [&whole[..1], &whole[..3], &whole[..4], &whole[4..]] {
            let error = read(bytes, ByteOrder::LowFirst).unwrap_err();
            assert!(error.get_ref().unwrap().is::<HalfCharacter>(), "{error}");
        }
        assert_eq!(read(&[], ByteOrder::LowFirst).unwrap(), "");
    }
}
