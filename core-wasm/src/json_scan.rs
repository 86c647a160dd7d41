//! The text of a JSON object to the places of its keys and values, in one pass and without a tree.
//!
//! *Invariants*: what this accepts is JSON without a key twice, and the entries are those that `serde_json` reads. It also accepts the
//! numbers `NaN`, `Infinity` and `-Infinity` as Python writes them. What it does not accept, some of which is JSON, has to be read by
//! [`records::parse_object`](crate::records::parse_object), which also says what is wrong.
//!
//! *Limits*: texts below 4 GiB; objects and arrays within one another as everywhere.

use samefit_formats::syntax::DEPTH_MAX;
use std::borrow::Cow;
use std::ops::Range;

/// What a value is, as far as its first byte and its escapes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueKind {
    /// A number without an exponent, `true` or `false`: its text is its value.
    Plain,
    /// A number with an exponent.
    Exponent,
    /// A text without escapes.
    Text,
    /// A text with escapes.
    EscapedText,
    Null,
    /// `NaN`, which means null.
    NotANumber,
    /// `Infinity` or `-Infinity`.
    Infinity,
    /// An object or array.
    Nested,
}

/// A value in the text of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScannedValue {
    pub(crate) kind: ValueKind,
    start: u32,
    end: u32,
}

impl ScannedValue {
    /// Returns the value as it is written; a text without its quotes.
    pub(crate) fn raw<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.start as usize..self.end as usize]
    }

    /// Appends the value as it is written; a text without its quotes.
    #[inline(always)]
    pub(crate) fn push_raw(&self, text: &[u8], out: &mut Vec<u8>) {
        let (start, end) = (self.start as usize, self.end as usize);
        match text.get(start..).and_then(|rest| rest.first_chunk::<16>()) {
            // to copy 16 bytes is much faster than to copy a few
            Some(chunk) if end - start <= chunk.len() => {
                let length = out.len() + (end - start);
                out.extend_from_slice(chunk);
                out.truncate(length);
            }
            _ => out.extend_from_slice(&text[start..end]),
        }
    }

    /// Returns the value as the cell of a table: null is empty, and what is nested is its JSON.
    pub(crate) fn cell<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        match self.kind {
            ValueKind::Null | ValueKind::NotANumber => Cow::Borrowed(b""),
            ValueKind::EscapedText => Cow::Owned(unescaped(self.raw(text)).into_bytes()),
            // as `serde_json` writes it, because the text may be a level
            ValueKind::Exponent => Cow::Owned(with_usual_exponent(self.raw(text))),
            _ => Cow::Borrowed(self.raw(text)),
        }
    }
}

/// Longest [`Separator`], in bytes.
const SEPARATOR_BYTES_MAX: usize = 47;

/// What stands between two values of an object: most often a comma, a space, a key in quotes, a colon and a space.
#[derive(Clone, Copy, Default)]
struct Separator {
    /// The bytes, eight in a word.
    words: [u64; SEPARATOR_BYTES_MAX / 8 + 1],
    /// Zero if it is not known.
    length: usize,
    /// The bits of its bytes in the last of its words.
    last_bits: u64,
}

impl Separator {
    /// Returns a separator; one that is not known if it is too long.
    fn of(bytes: &[u8]) -> Self {
        let mut new = Self::default();
        if bytes.len() > SEPARATOR_BYTES_MAX {
            return new;
        }
        for (word, eight) in new.words.iter_mut().zip(bytes.chunks(8)) {
            *word = eight.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        }
        Self { length: bytes.len(), last_bits: (1 << (bytes.len() % 8 * 8)) - 1, ..new }
    }

    /// Whether this is known and a text begins with it. Near the end of the text it may be overlooked.
    #[inline(always)]
    fn begins(&self, text: &[u8]) -> bool {
        let (eights, last) = (text.as_chunks::<8>().0, self.length / 8);
        let Some(eight) = eights.get(last) else { return false };
        self.length > 0
            && (u64::from_le_bytes(*eight) ^ self.words[last]) & self.last_bits == 0
            && eights[..last].iter().zip(&self.words).all(|(eight, word)| u64::from_le_bytes(*eight) == *word)
    }
}

/// The entries of one object after another. Objects most often have the same keys in the same order, so a key is compared with the one at its
/// place in the object before, together with what stands around it.
#[derive(Default)]
pub(crate) struct ObjectScan {
    /// The values, in the order of the text.
    pub(crate) values: Vec<ScannedValue>,
    /// The keys as they are written, one after another, of the last object whose keys differ from those before.
    keys: Vec<u8>,
    /// Where each of them ends.
    key_ends: Vec<usize>,
    /// What stood before the value of each of them.
    separators: Vec<Separator>,
    /// The keys of the object that is scanned; only if they differ.
    new_keys: Vec<Range<usize>>,
    /// Keys of nested objects that are open.
    nested_keys: Vec<Range<usize>>,
    /// Counts the changes of keys.
    shape: u64,
}

impl ObjectScan {
    /// Scans an object with white space around it. Returns whether that was possible.
    pub(crate) fn scan(&mut self, text: &[u8]) -> bool {
        self.values.clear();
        self.new_keys.clear();
        self.nested_keys.clear();
        u32::try_from(text.len()).is_ok() && self.object(&mut TextCursor { text, at: 0 }).is_some()
    }

    /// Returns a number that changes when the keys are not those of the object before.
    pub(crate) fn shape(&self) -> u64 {
        self.shape
    }

    /// Returns the keys of the last object.
    pub(crate) fn names(&self) -> Vec<String> {
        let starts = std::iter::once(0).chain(self.key_ends.iter().copied());
        starts.zip(&self.key_ends).map(|(start, &end)| unescaped(&self.keys[start..end])).collect()
    }

    fn object(&mut self, cursor: &mut TextCursor<'_>) -> Option<()> {
        let mut is_known = true;
        loop {
            match self.separators.get(self.values.len()) {
                Some(separator) if is_known && separator.begins(cursor.rest()) => cursor.at += separator.length,
                _ => match self.key(cursor, is_known)? {
                    Some(known) => is_known = known,
                    None => break,
                },
            }
            let value = self.value(cursor, 1)?;
            self.values.push(value);
        }
        cursor.skip_space();
        if cursor.at < cursor.text.len() {
            return None;
        }
        if is_known && self.values.len() == self.key_ends.len() { Some(()) } else { self.learn_keys(cursor.text, is_known) }
    }

    /// Reads what stands before the next value. `is_known`: whether all keys so far are those of the object before. Returns whether this is still
    /// so; `None` in the inner option at the end of the object.
    fn key(&mut self, cursor: &mut TextCursor<'_>, is_known: bool) -> Option<Option<bool>> {
        let (at, start) = (self.values.len(), cursor.at);
        cursor.skip_space();
        if at == 0 {
            cursor.expect(b'{')?;
            cursor.skip_space();
            if cursor.expect(b'}').is_some() {
                return Some(None);
            }
        } else if !cursor.goes_on(b'}')? {
            return Some(None);
        }
        cursor.skip_space();
        cursor.expect(b'"')?;
        let (key, _) = cursor.string()?;
        cursor.skip_space();
        cursor.expect(b':')?;
        cursor.skip_space();
        let is_known = is_known && self.known_key(at) == Some(&cursor.text[key.clone()]);
        if is_known {
            self.separators[at] = Separator::of(&cursor.text[start..cursor.at]);
        } else {
            self.new_keys.push(key);
        }
        Some(Some(is_known))
    }

    /// Returns a key as it is written.
    fn known_key(&self, at: usize) -> Option<&[u8]> {
        let start = at.checked_sub(1).map_or(Some(0), |before| self.key_ends.get(before).copied())?;
        self.keys.get(start..*self.key_ends.get(at)?)
    }

    /// Makes the keys of this object the known ones. `is_known`: whether they are the first of the known ones. `None` if a key stands twice.
    #[cold]
    fn learn_keys(&mut self, text: &[u8], is_known: bool) -> Option<()> {
        let old = if is_known { self.values.len() } else { self.values.len() - self.new_keys.len() };
        self.key_ends.truncate(old);
        self.keys.truncate(self.key_ends.last().copied().unwrap_or(0));
        for key in &self.new_keys {
            self.keys.extend_from_slice(&text[key.clone()]);
            self.key_ends.push(self.keys.len());
        }
        self.separators.truncate(old);
        self.separators.resize(self.key_ends.len(), Separator::default());
        self.shape += 1;
        let names = self.names();
        let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        if sorted.windows(2).any(|pair| pair[0] == pair[1]) {
            // no other object may be taken for one with these keys
            self.keys.clear();
            self.key_ends.clear();
            self.separators.clear();
            return None;
        }
        Some(())
    }

    /// Reads a value. `depth`: the objects and arrays that are open around it.
    #[inline]
    fn value(&mut self, cursor: &mut TextCursor<'_>, depth: usize) -> Option<ScannedValue> {
        let start = cursor.at;
        let kind = match cursor.peek()? {
            b'"' => {
                cursor.at += 1;
                let (range, has_escapes) = cursor.string()?;
                let kind = if has_escapes { ValueKind::EscapedText } else { ValueKind::Text };
                return Some(ScannedValue { kind, start: range.start as u32, end: range.end as u32 });
            }
            b'-' if cursor.rest().starts_with(b"-I") => {
                cursor.literal(b"-Infinity")?;
                ValueKind::Infinity
            }
            b'-' | b'0'..=b'9' => {
                if cursor.number()? {
                    ValueKind::Exponent
                } else {
                    ValueKind::Plain
                }
            }
            b't' => {
                cursor.literal(b"true")?;
                ValueKind::Plain
            }
            b'f' => {
                cursor.literal(b"false")?;
                ValueKind::Plain
            }
            b'n' => {
                cursor.literal(b"null")?;
                ValueKind::Null
            }
            b'N' => {
                cursor.literal(b"NaN")?;
                ValueKind::NotANumber
            }
            b'I' => {
                cursor.literal(b"Infinity")?;
                ValueKind::Infinity
            }
            b'[' | b'{' if depth < DEPTH_MAX => {
                self.nested(cursor, depth + 1)?;
                ValueKind::Nested
            }
            _ => return None,
        };
        Some(ScannedValue { kind, start: start as u32, end: cursor.at as u32 })
    }

    /// Passes over a nested object or array. `depth`: the objects and arrays that are open, with this one.
    fn nested(&mut self, cursor: &mut TextCursor<'_>, depth: usize) -> Option<()> {
        let is_object = cursor.peek()? == b'{';
        let close = if is_object { b'}' } else { b']' };
        let first_key = self.nested_keys.len();
        cursor.at += 1;
        cursor.skip_space();
        if cursor.peek()? == close {
            cursor.at += 1;
            return Some(());
        }
        loop {
            cursor.skip_space();
            if is_object {
                cursor.expect(b'"')?;
                let (key, has_escapes) = cursor.string()?;
                if has_escapes {
                    return None;
                }
                self.nested_keys.push(key);
                cursor.skip_space();
                cursor.expect(b':')?;
                cursor.skip_space();
            }
            self.value(cursor, depth)?;
            cursor.skip_space();
            if !cursor.goes_on(close)? {
                break;
            }
        }
        let keys = &mut self.nested_keys[first_key..];
        keys.sort_unstable_by_key(|key| &cursor.text[key.clone()]);
        if keys.windows(2).any(|pair| cursor.text[pair[0].clone()] == cursor.text[pair[1].clone()]) {
            return None;
        }
        self.nested_keys.truncate(first_key);
        Some(())
    }
}

/// A place in a text. Its methods return `None` where the text is not JSON.
struct TextCursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> TextCursor<'t> {
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline(always)]
    fn rest(&self) -> &'t [u8] {
        &self.text[self.at..]
    }

    #[inline(always)]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    #[inline(always)]
    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek() == Some(byte)).then(|| self.at += 1)
    }

    /// Reads the comma or the closing bracket after an entry. Returns whether it was the comma.
    #[inline(always)]
    fn goes_on(&mut self, close: u8) -> Option<bool> {
        let byte = self.peek()?;
        self.at += 1;
        (byte == b',' || byte == close).then_some(byte == b',')
    }

    fn literal(&mut self, literal: &[u8]) -> Option<()> {
        self.rest().starts_with(literal).then(|| self.at += literal.len())
    }

    #[inline(always)]
    fn digits(&mut self) -> Option<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > start).then_some(())
    }

    /// Reads a number. Returns whether it has an exponent.
    #[inline]
    fn number(&mut self) -> Option<bool> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        // no digit follows a leading zero
        match self.peek()? {
            b'0' => self.at += 1,
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
            return Some(true);
        }
        Some(false)
    }

    /// Reads a string after its opening quote. Returns its range without quotes, and whether it has escapes.
    #[inline]
    fn string(&mut self) -> Option<(Range<usize>, bool)> {
        let start = self.at;
        let (mut has_escapes, mut is_ascii) = (false, true);
        loop {
            match self.peek()? {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    has_escapes = true;
                    self.escape()?;
                }
                0..0x20 => return None,
                byte => {
                    is_ascii &= byte.is_ascii();
                    self.at += 1;
                }
            }
        }
        let range = start..self.at;
        self.at += 1;
        if !is_ascii {
            std::str::from_utf8(&self.text[range.clone()]).ok()?;
        }
        Some((range, has_escapes))
    }

    /// Reads an escape after its backslash. A code unit of a pair is accepted only in a pair.
    fn escape(&mut self) -> Option<()> {
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(()),
            b'u' => match self.code_unit()? {
                0xdc00..=0xdfff => None,
                0xd800..=0xdbff => {
                    self.literal(b"\\u")?;
                    (0xdc00..=0xdfff).contains(&self.code_unit()?).then_some(())
                }
                _ => Some(()),
            },
            _ => None,
        }
    }

    fn code_unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |unit, &digit| Some(unit * 16 + char::from(digit).to_digit(16)?))
    }
}

/// Returns a number with a small `e`, and a sign of its exponent.
fn with_usual_exponent(number: &[u8]) -> Vec<u8> {
    let at = number.iter().position(u8::is_ascii_alphabetic).unwrap_or(number.len());
    let (mantissa, exponent) = number.split_at(at);
    let digits = exponent.get(1..).unwrap_or_default();
    let sign: &[u8] = if digits.first().is_some_and(u8::is_ascii_digit) { b"e+" } else { b"e" };
    [mantissa, sign, digits].concat()
}

/// Returns the text of a string that was scanned.
fn unescaped(raw: &[u8]) -> String {
    let raw = String::from_utf8_lossy(raw);
    if !raw.contains('\\') {
        return raw.into_owned();
    }
    // the escapes have been checked, so this is a string
    serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_default()
}

/// Returns JSON for a text that has `NaN`, `Infinity` and `-Infinity` where numbers stand: null for the first, and texts for the other two.
pub(crate) fn without_python_numbers(text: &str) -> Cow<'_, str> {
    if !text.contains("NaN") && !text.contains("Infinity") {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (String::with_capacity(text.len() + 16), text);
    while let Some(at) = rest.find(['"', 'N', 'I', '-']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let known = [("NaN", "null"), ("Infinity", "\"Infinity\""), ("-Infinity", "\"-Infinity\"")];
        let (read, written) = match known.into_iter().find(|(number, _)| from.starts_with(number)) {
            Some((number, json)) => (number.len(), json),
            None if from.starts_with('"') => {
                let length = string_length(from);
                (length, &from[..length])
            }
            None => (1, &from[..1]),
        };
        out.push_str(written);
        rest = &from[read..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Returns the length of the string that a text begins with, with its quotes.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let is_end = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        is_end
    });
    end.map_or(text.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;
    use crate::json;
    use proptest::prelude::*;
    use serde_json::Value;

    /// The names and cells of an object, as the scan reads them.
    fn scanned(scan: &mut ObjectScan, text: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
        let cell = |value: &ScannedValue| match value.kind {
            ValueKind::Nested => {
                serde_json::from_slice(value.raw(text)).map_or_else(|_| b"?".to_vec(), |tree: Value| tree.to_string().into())
            }
            _ => value.cell(text).into_owned(),
        };
        scan.scan(text).then(|| scan.names().into_iter().zip(scan.values.iter().map(cell)).collect())
    }

    /// The same as `serde_json` reads them.
    fn parsed(text: &[u8]) -> Option<Vec<(String, Vec<u8>)>> {
        let text = std::str::from_utf8(text).ok()?;
        let Ok(Value::Object(object)) = json::value(text, Code::Record, "an object") else { return None };
        let cell = |value: Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        Some(object.into_iter().map(|(name, value)| (name, cell(value).into_bytes())).collect())
    }

    fn value() -> impl Strategy<Value = String> {
        let scalar = prop_oneof![
            4 => "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,2})?",
            1 => "-?[0-9.eE+]{1,5}",
            3 => "\"[a-z é\\PC]{0,4}\"",
            1 => Just(r#""\u00e9\n\ud83d\ude00\"""#.to_owned()),
            1 => Just(r#""\ud83d""#.to_owned()),
            1 => prop::sample::select(vec!["true", "false", "null", "nul", "True", "\"a\tb\"", "\"\\x\""]).prop_map(str::to_owned),
        ];
        scalar.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..3).prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::vec(("[ab]", inner), 0..3).prop_map(|entries| object(&entries, ",")),
            ]
        })
    }

    fn object<K: AsRef<str>>(entries: &[(K, String)], separator: &str) -> String {
        let entries: Vec<String> = entries.iter().map(|(key, value)| format!("\"{}\":{value}", key.as_ref())).collect();
        format!("{{{}}}", entries.join(separator))
    }

    /// A few keys, so that they repeat from object to object, and now and then within one.
    fn record() -> impl Strategy<Value = String> {
        let keys = prop::sample::select(vec!["a", "b", "bc", "c", "d e", "\\u0061", "é", ""]);
        let drawn = prop::collection::vec((keys, value()), 0..5).prop_map(|entries| object(&entries, ", "));
        let usual = (value(), value()).prop_map(|(a, b)| object(&[("a", a), ("b", b)], ","));
        prop_oneof![drawn, usual]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        /// Records, some of them damaged, have the same cells as in a tree, or both ways refuse them.
        #[test]
        fn records_are_those_of_a_tree(records in prop::collection::vec((record(), any::<prop::sample::Index>(), "[\\PC]?", 0u8..4), 1..6)) {
            let mut scan = ObjectScan::default();
            for (record, at, other, damage) in records {
                let mut text = record.into_bytes();
                let at = at.index(text.len());
                match damage {
                    0 => text[at] = other.bytes().next().unwrap_or(b'"'),
                    1 => drop(text.remove(at)),
                    _ => {}
                }
                match (scanned(&mut scan, &text), parsed(&text)) {
                    (Some(ours), Some(theirs)) => prop_assert_eq!(ours, theirs),
                    (None, None) => {}
                    // escapes in nested keys are left to the tree
                    (None, Some(_)) => prop_assert!(text.contains(&b'\\')),
                    (Some(ours), None) => prop_assert!(false, "{ours:?} of {}", String::from_utf8_lossy(&text)),
                }
            }
        }
    }

    #[test]
    fn keys_are_those_of_the_object_whatever_came_before() {
        let mut scan = ObjectScan::default();
        let names = |scan: &mut ObjectScan, text: &str| {
            scanned(scan, text.as_bytes()).map(|cells| cells.into_iter().map(|(name, _)| name).collect::<String>())
        };
        for (text, expected) in [
            (r#"{"a":1,"b":2,"c":3}"#, Some("abc")),
            (r#"{"a":1,"b":2}"#, Some("ab")),
            (r#"{"a":1,"b":2,"c":3}"#, Some("abc")),
            (r#"{"a":1,"c":2,"b":3}"#, Some("acb")),
            (r#"{"a":1,"c":2,"a":3}"#, None),
            (r#"{"a":1,"c":2,"a":3}"#, None),
            (r#"{"a":1,"c":2,"\u0061":3}"#, None),
            (r#"{"a":1,"c":{"d":1,"d":2}}"#, None),
            (r#"{"a":1,"c":{"d":1,"e":2}}"#, Some("ac")),
            ("{}", Some("")),
            (r#"{"a":1,"#, None),
            (r#"{"a":1}"#, Some("a")),
        ] {
            assert_eq!(names(&mut scan, text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn separators_are_compared_whole() {
        for length in 1..=SEPARATOR_BYTES_MAX + 1 {
            let text: Vec<u8> = (0..100).collect();
            let separator = Separator::of(&text[..length]);
            assert_eq!(separator.begins(&text), length <= SEPARATOR_BYTES_MAX, "{length}");
            for at in 0..length {
                let mut other = text.clone();
                other[at] = b'x';
                assert!(!separator.begins(&other), "{length} {at}");
            }
            assert!(!separator.begins(&text[..length - 1]));
        }
        assert!(!Separator::default().begins(b"0123456789"));
    }

    #[test]
    fn an_unchanged_shape_keeps_its_number() {
        let mut scan = ObjectScan::default();
        let shapes = [r#"{"a":1}"#, r#" {"a" : 2 } "#, r#"{"b":1}"#, r#"{"b":2}"#].map(|text| {
            assert!(scan.scan(text.as_bytes()));
            scan.shape()
        });
        assert_eq!(shapes, [1, 1, 2, 2]);
    }

    #[test]
    fn depth_is_that_of_a_tree() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        assert!(ObjectScan::default().scan(nested(DEPTH_MAX).as_bytes()) && parsed(nested(DEPTH_MAX).as_bytes()).is_some());
        assert!(!ObjectScan::default().scan(nested(DEPTH_MAX + 1).as_bytes()) && parsed(nested(DEPTH_MAX + 1).as_bytes()).is_none());
    }

    #[test]
    fn numbers_of_python_are_read() {
        let text = r#"{"a": NaN, "b": -Infinity, "c": [Infinity, "NaN \" Infinity"], "d": -1, "e": "I"}"#;
        let cells = scanned(&mut ObjectScan::default(), text.as_bytes()).unwrap();
        assert_eq!(cells.iter().map(|(_, cell)| String::from_utf8_lossy(cell)).take(2).collect::<Vec<_>>(), ["", "-Infinity"]);
        let json = r#"{"a": null, "b": "-Infinity", "c": ["Infinity", "NaN \" Infinity"], "d": -1, "e": "I"}"#;
        assert_eq!(without_python_numbers(text), json);
        assert!(!ObjectScan::default().scan(br#"{"a": nan}"#));
    }
}
