//! Makes text safe to show on a terminal: replaces dangerous characters by escapes, and shortens long words.
//!
//! Names of files, columns and keys, cells, and messages of other programs come from strangers. A terminal obeys some characters as commands,
//! draws some in another order, and does not draw others. So everything that people read goes through [`lines`] when it is printed. A name in
//! a message also goes through [`name`] or [`path`] first, so that it stays one word on one line.
//!
//! *Not here*: files, and what `--json` prints. Programs read these, and their bytes are the result.
//!
//! *Limits*: [`WORD_CHARS_MAX`], [`PATH_CHARS_MAX`], [`LINE_CHARS_MAX`]. Longer text is cut, and its length is shown instead.

pub mod message;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// Longest word that is shown whole, in characters.
pub const WORD_CHARS_MAX: usize = 200;

/// Longest word with slashes that is shown whole, in characters. The system's paths are no longer.
pub const PATH_CHARS_MAX: usize = 4096;

/// Longest line that is shown whole, in characters. It has room for the names of a thousand columns.
pub const LINE_CHARS_MAX: usize = 1 << 16;

/// Number of characters that are shown of a longer word.
const WORD_CHARS_SHOWN: usize = 100;

/// Returns a name, a cell or a word of another program on one line. Line breaks become escapes, and a long text is shortened.
pub fn name(text: &str) -> Cow<'_, str> {
    match shortened(text, WORD_CHARS_MAX, WORD_CHARS_SHOWN) {
        Cow::Borrowed(text) => escaped(text, |_| false),
        Cow::Owned(text) => Cow::Owned(escaped(&text, |_| false).into_owned()),
    }
}

/// Returns a sentence on one line. Line breaks and tabs become escapes.
pub fn line(text: &str) -> Cow<'_, str> {
    escaped(text, |_| false)
}

/// Returns a path on one line. Bytes that are not UTF-8 are shown as `\xFF`.
pub fn path(path: impl AsRef<Path>) -> String {
    bytes_with(path.as_ref().as_os_str().as_encoded_bytes(), |_| false)
}

/// Returns text of any number of lines, ready to print. Line breaks and tabs stay. Long words and lines are shortened.
pub fn lines(text: &str) -> Cow<'_, str> {
    let is_layout = |c| matches!(c, '\n' | '\t');
    let is_short = |line: &str| {
        line.len() <= WORD_CHARS_MAX || (line.len() <= LINE_CHARS_MAX && line.split([' ', '\t']).all(|word| word.len() <= WORD_CHARS_MAX))
    };
    if text.split('\n').all(is_short) {
        return escaped(text, is_layout);
    }
    let mut short = String::with_capacity(text.len().min(LINE_CHARS_MAX));
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        let mut shown = String::new();
        for part in line.split_inclusive([' ', '\t']) {
            let (word, space) = part.strip_suffix([' ', '\t']).map_or((part, ""), |word| (word, &part[word.len()..]));
            let most = if word.contains('/') { PATH_CHARS_MAX } else { WORD_CHARS_MAX };
            shown.push_str(&shortened(word, most, WORD_CHARS_SHOWN));
            shown.push_str(space);
        }
        short.push_str(&shortened(&shown, LINE_CHARS_MAX, LINE_CHARS_MAX));
        short.push_str(end);
    }
    Cow::Owned(escaped(&short, is_layout).into_owned())
}

/// Returns the output of another program. Line breaks and tabs stay. Bytes that are not UTF-8 are shown as `\xFF`.
pub fn bytes(bytes: &[u8]) -> String {
    bytes_with(bytes, |c| matches!(c, '\n' | '\t'))
}

fn bytes_with(bytes: &[u8], stays: impl Fn(char) -> bool + Copy) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&escaped(chunk.valid(), stays));
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02X}");
        }
    }
    shown
}

/// Returns a text of at most `most` characters whole, and of a longer one the first `shown` characters and its length.
fn shortened(text: &str, most: usize, shown: usize) -> Cow<'_, str> {
    // a text has no more characters than bytes
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let count = text.chars().count();
    if count <= most {
        return Cow::Borrowed(text);
    }
    let end = text.char_indices().nth(shown).map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}… ({count} characters)", &text[..end]))
}

/// Replaces misleading characters by escapes, but for those that `stays` accepts.
fn escaped(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| misleads(c) && !stays(c)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            _ if !misleads(c) || stays(c) => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(shown)
}

/// Returns whether a terminal may obey a character, not draw it, or draw it out of order.
///
/// These are controls, line and paragraph separators, and Unicode's `Default_Ignorable_Code_Point`. Joiners (U+200C, U+200D) are among them,
/// because two names that differ by a joiner look the same. Variation selectors are not, because they only choose how the character before
/// them is drawn.
pub fn misleads(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e00ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_and_ordering_characters_become_escapes() {
        assert_eq!(lines("a\u{1b}]0;x\u{7}b\u{7f}\u{9b}31m\r\n\tc\u{0}"), "a\\u{1b}]0;x\\u{7}b\\u{7f}\\u{9b}31m\\r\n\tc\\u{0}");
        assert_eq!(name("a\n\tb\u{202e}c"), "a\\n\\tb\\u{202e}c");
        assert_eq!(line("a\nb"), "a\\nb");
        for c in "\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}\u{200b}\u{200c}\u{200d}\u{feff}\u{2028}\u{2029}\u{85}".chars() {
            let shown = format!("\\u{{{:x}}}", u32::from(c));
            assert_eq!(lines(&c.to_string()), shown);
        }
    }

    #[test]
    fn text_of_any_language_stays() {
        let text = "ΔT [°C] größe e\u{301} 体重 ❤\u{fe0f} شماره `a`\\n";
        assert!(matches!(lines(text), Cow::Borrowed(_)));
        assert_eq!(name(text), text);
    }

    #[test]
    fn bytes_that_are_not_utf_8_become_escapes() {
        assert_eq!(bytes(b"a\xffb\xc2\x9b\n"), "a\\xFFb\\u{9b}\n");
        #[cfg(unix)]
        assert_eq!(path(Path::new::<std::ffi::OsStr>(std::os::unix::ffi::OsStrExt::from_bytes(&b"d/\x1b\xfe\n"[..]))), "d/\\u{1b}\\xFE\\n");
    }

    #[test]
    fn long_words_are_shortened_and_long_paths_are_not() {
        let word = "é".repeat(WORD_CHARS_MAX);
        assert_eq!(lines(&word), word);
        let long = format!("found {}é`, expected\n{word}x\n", word);
        let first = format!("found {}… (203 characters) expected\n", "é".repeat(100));
        assert_eq!(lines(&long), first + &"é".repeat(100) + "… (201 characters)\n");
        assert_eq!(name(&format!("{word} {word}")), "é".repeat(100) + "… (401 characters)");
        let path = "/ab".repeat(1000);
        assert_eq!(lines(&path), path);
        assert!(lines(&"/a".repeat(PATH_CHARS_MAX)).len() < 200);
        let line = "a ".repeat(LINE_CHARS_MAX);
        assert!(lines(&line).ends_with(&format!("… ({} characters)", 2 * LINE_CHARS_MAX)));
    }
}
