//! The text of a JSON object to the places of its values, in one pass; and these to the cells of a row.
//!
//! *Invariants*: what a scan accepts is JSON without a key twice in an object. It also accepts the numbers `NaN`, `Infinity` and `-Infinity` as
//! Python writes them. It does not accept everything that is JSON: not escapes in the keys of nested objects.
//!
//! *Limits*: texts below 4 GiB; at most [`DEPTH_MAX`] objects and arrays within one another.
//!
//! *Not here*: what escapes mean. Keys are equal here if they are written alike.

use std::ops::Range;

/// Objects and arrays within one another that are scanned.
pub const DEPTH_MAX: usize = 127;

/// What a value is, as far as its first byte and its escapes tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A number without an exponent, `true` or `false`: its text is its value.
    Plain,
    /// A number with an exponent.
    Exponent,
    /// A text without escapes.
    Text,
    /// A text with escapes.
    EscapedText,
    /// `null`.
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
pub struct ScannedValue {
    /// What it is.
    pub kind: ValueKind,
    start: u32,
    end: u32,
}

impl ScannedValue {
    /// Returns where the value is written; a text without its quotes.
    pub(crate) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Returns where the value is written; a text with its quotes.
    pub(crate) fn written(&self) -> Range<usize> {
        match self.kind {
            ValueKind::Text | ValueKind::EscapedText => self.start as usize - 1..self.end as usize + 1,
            _ => self.range(),
        }
    }

    /// Returns the value as it is written; a text without its quotes.
    pub fn raw<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        &text[self.start as usize..self.end as usize]
    }

    /// Appends the value as it is written; a text without its quotes.
    #[inline(always)]
    pub fn push_raw(&self, text: &[u8], out: &mut Vec<u8>) {
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
}

/// Bytes that are compared with others, sixteen at once: most often what stands between two values of an object, which is a comma, a space, a key
/// in quotes, a colon and a space.
#[derive(Clone, Default)]
pub(crate) struct FixedBytes {
    /// The first sixteen bytes, and the bits that count in them.
    words: [u64; 2],
    bits: [u64; 2],
    /// The bytes after them.
    rest: Vec<u8>,
    length: usize,
}

impl FixedBytes {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let word = |from: usize| bytes.iter().skip(from).take(8).rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
        let bits = |from: usize| bytes.iter().skip(from).take(8).fold(0, |bits, _| bits << 8 | 0xff);
        let rest = bytes.get(16..).unwrap_or_default().to_vec();
        Self { words: [word(0), word(8)], bits: [bits(0), bits(8)], rest, length: bytes.len() }
    }

    /// Returns the number of the bytes.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        self.length
    }

    /// Whether a text begins with the bytes. In the last sixteen bytes of a text they may be overlooked.
    #[inline(always)]
    pub(crate) fn begin(&self, text: &[u8]) -> bool {
        let [Some(first), Some(second)] = [text.first_chunk(), text.get(8..).and_then(<[u8]>::first_chunk)] else { return false };
        let differ = |at: usize, eight: &[u8; 8]| (u64::from_le_bytes(*eight) ^ self.words[at]) & self.bits[at];
        let differ = differ(0, first) | differ(1, second);
        differ == 0 && (self.rest.is_empty() || text[16..].starts_with(&self.rest))
    }
}

/// The entries of one object after another. Objects most often have the same keys in the same order, so a key is compared with the one at its
/// place in the object before, together with what stands around it.
#[derive(Default)]
pub struct ObjectScanner {
    /// The values, in the order of the text.
    values: Vec<ScannedValue>,
    /// The keys as they are written, one after another, of the last object whose keys differ from those before.
    keys: Vec<u8>,
    /// Where each of them ends.
    key_ends: Vec<usize>,
    /// What stood before the value of each of them; no bytes if that is not known.
    separators: Vec<FixedBytes>,
    /// The keys of the object that is scanned; only if they differ.
    new_keys: Vec<Range<usize>>,
    /// Keys of nested objects that are open.
    nested_keys: Vec<Range<usize>>,
    /// Counts the changes of keys.
    shape: u64,
    /// Whether a key of the last shape has escapes.
    has_escapes: bool,
}

impl ObjectScanner {
    /// Scans an object with white space around it. Returns whether that was possible.
    #[inline(never)]
    pub fn scan(&mut self, text: &[u8]) -> bool {
        self.values.clear();
        self.new_keys.clear();
        self.nested_keys.clear();
        u32::try_from(text.len()).is_ok() && self.object(&mut TextCursor { text, at: 0 }).is_some()
    }

    /// Returns a number that changes when the keys are not those of the object before.
    pub fn shape(&self) -> u64 {
        self.shape
    }

    /// Returns the values of the last object, in the order of the text.
    pub fn values(&self) -> &[ScannedValue] {
        &self.values
    }

    /// Returns the keys of the last object, as they are written.
    pub fn keys(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.key_ends.len()).filter_map(|at| self.known_key(at))
    }

    /// Whether a key of the last object has escapes. Then two keys may be equal that are not written alike.
    pub fn has_escapes(&self) -> bool {
        self.has_escapes
    }

    fn object(&mut self, cursor: &mut TextCursor<'_>) -> Option<()> {
        let mut is_known = true;
        loop {
            match self.separators.get(self.values.len()) {
                Some(separator) if is_known && separator.len() > 0 && separator.begin(cursor.rest()) => cursor.at += separator.len(),
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
            self.separators[at] = FixedBytes::of(&cursor.text[start..cursor.at]);
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
        self.separators.resize(self.key_ends.len(), FixedBytes::default());
        self.shape += 1;
        self.has_escapes = self.keys.contains(&b'\\');
        let mut sorted: Vec<&[u8]> = self.keys().collect();
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
    pub(crate) fn value(&mut self, cursor: &mut TextCursor<'_>, depth: usize) -> Option<ScannedValue> {
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
pub(crate) struct TextCursor<'t> {
    pub(crate) text: &'t [u8],
    pub(crate) at: usize,
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

/// A text that is often written, with zeros behind it.
#[derive(Clone, Debug)]
pub struct PaddedText {
    bytes: Vec<u8>,
    length: usize,
}

impl PaddedText {
    /// Bytes that are copied at once.
    const CHUNK: usize = 32;

    /// Pads a text.
    pub fn new(text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(bytes.len().max(Self::CHUNK), 0);
        Self { bytes, length: text.len() }
    }

    /// Appends the text.
    #[inline(always)]
    pub fn push(&self, out: &mut Vec<u8>) {
        match self.bytes.first_chunk::<{ Self::CHUNK }>() {
            // to copy 32 bytes is much faster than to copy a few
            Some(chunk) if self.length <= chunk.len() => {
                let length = out.len() + self.length;
                out.extend_from_slice(chunk);
                out.truncate(length);
            }
            _ => out.extend_from_slice(&self.bytes[..self.length]),
        }
    }
}

/// Appends cells of a row of CSV, each with a comma after it: the values at `places` of an object, from the index `from` on; nothing where there
/// is no place. Stops at a value that is no cell as it is written, and returns its index among the places, or their number.
#[inline(never)]
pub fn append_cells(text: &[u8], values: &[ScannedValue], places: &[Option<usize>], from: usize, out: &mut Vec<u8>) -> usize {
    for (at, place) in places.iter().enumerate().skip(from) {
        if let Some(value) = place.and_then(|place| values.get(place)) {
            match value.kind {
                ValueKind::Plain => value.push_raw(text, out),
                ValueKind::Text if !value.raw(text).contains(&b',') => value.push_raw(text, out),
                ValueKind::Null | ValueKind::NotANumber => {}
                _ => return at,
            }
        }
        out.push(b',');
    }
    places.len()
}

/// Appends the values of an object, from the index `from` on, each after its key; nothing for those without a key. Stops before a value that
/// is not JSON as it is written, or has escapes, or is nested, and returns its index, or their number.
#[inline(never)]
pub fn append_entries(text: &[u8], values: &[ScannedValue], keys: &[Option<PaddedText>], from: usize, out: &mut Vec<u8>) -> usize {
    for (at, (value, key)) in values.iter().zip(keys).enumerate().skip(from) {
        let Some(key) = key else { continue };
        match value.kind {
            ValueKind::Plain => {
                key.push(out);
                value.push_raw(text, out);
            }
            ValueKind::Text => {
                key.push(out);
                out.push(b'"');
                value.push_raw(text, out);
                out.push(b'"');
            }
            _ => return at,
        }
    }
    values.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixed_bytes_are_compared_whole() {
        for length in 1..=60 {
            let text: Vec<u8> = (0..100).collect();
            let fixed = FixedBytes::of(&text[..length]);
            assert!(fixed.begin(&text), "{length}");
            for at in 0..length {
                let mut other = text.clone();
                other[at] = b'x';
                assert!(!fixed.begin(&other), "{length} {at}");
            }
            // what follows them does not matter, if it is there
            let mut other = text.clone();
            other[length..].fill(b'x');
            assert!(fixed.begin(&other), "{length}");
            assert!(!fixed.begin(&text[..length - 1]));
        }
    }

    #[test]
    fn values_become_cells_and_entries() {
        let text = br#"{"a": 1.5, "b": "x,y", "c": null, "d": "z", "e": [1], "f": 2}"#;
        let mut scanner = ObjectScanner::default();
        assert!(scanner.scan(text));
        let (mut cells, mut entries) = (Vec::new(), Vec::new());
        let places = [Some(5), None, Some(2), Some(3), Some(1), Some(0)];
        assert_eq!(append_cells(text, scanner.values(), &places, 0, &mut cells), 4);
        assert_eq!(append_cells(text, scanner.values(), &places, 5, &mut cells), 6);
        assert_eq!(cells, b"2,,,z,1.5,");
        let long = "k".repeat(40);
        let keys = ["a", "b", &long, "d"].map(|key| (key != "b").then(|| PaddedText::new(&format!("{key}="))));
        assert_eq!(append_entries(text, scanner.values(), &keys, 0, &mut entries), 2);
        assert_eq!(append_entries(text, scanner.values(), &keys, 3, &mut entries), 6);
        assert_eq!(entries, b"a=1.5d=\"z\"");
    }

    #[test]
    fn objects_are_scanned_whatever_came_before() {
        let mut scanner = ObjectScanner::default();
        for (text, keys) in [
            (r#"{"a":1,"b":{"c":[true,false,null,"x"]}}"#, Some("a b")),
            (r#" { "a" : -0.5e+1 , "b" : "\u00e9" } "#, Some("a b")),
            (r#"{"a":1,"b":2}"#, Some("a b")),
            (r#"{"a":1,"b":2}"#, Some("a b")),
            (r#"{"a":1,"c":2}"#, Some("a c")),
            (r#"{"a":1,"a":2}"#, None),
            (r#"{"a":1,"a":2}"#, None),
            (r#"{"a":1,"c":{"d":1,"d":1}}"#, None),
            (r#"{"a":NaN,"c":-Infinity}"#, Some("a c")),
            ("{}", Some("")),
            (r#"{"a":01}"#, None),
            (r#"{"a":1.}"#, None),
            (r#"{"a":1,}"#, None),
            (r#"{"a" 1}"#, None),
            (r#"{"a":1} 2"#, None),
            ("{\"a\":\"\n\"}", None),
            (r#"{"a":"\x"}"#, None),
            (r#"{"a":"\ud800"}"#, None),
            (r#"{"a":1"#, None),
            (r#"{"a":1}"#, Some("a")),
        ] {
            let expected = scanner.scan(text.as_bytes()).then(|| scanner.keys().map(String::from_utf8_lossy).collect::<Vec<_>>().join(" "));
            assert_eq!(expected.as_deref(), keys, "{text}");
        }
    }
}
