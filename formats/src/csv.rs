//! Writes CSV, finds where records of CSV end, and reads the line in which spreadsheets name the delimiter.
//!
//! A written table has commas between fields, and LF after each record. A field with a comma, a quote or a line break stands in quotes, and its
//! quotes are doubled (RFC 4180).

/// The byte that ends every record of CSV and of JSON Lines that samefit writes.
pub const RECORD_END: u8 = b'\n';

/// Appends one field, in quotes if it needs them.
pub fn push_field(out: &mut Vec<u8>, text: &[u8]) {
    if !needs_quotes(text) {
        return out.extend_from_slice(text);
    }
    out.push(b'"');
    for &byte in text {
        out.push(byte);
        if byte == b'"' {
            out.push(b'"');
        }
    }
    out.push(b'"');
}

/// Appends one record: fields with commas between them, and [`RECORD_END`].
pub fn push_record<T: AsRef<[u8]>>(out: &mut Vec<u8>, fields: impl IntoIterator<Item = T>) {
    for (at, field) in fields.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        push_field(out, field.as_ref());
    }
    out.push(RECORD_END);
}

/// Returns the number of quotes. After an odd number of quotes, a byte of well-formed CSV is inside a quoted field.
#[must_use]
pub fn quotes(chunk: &[u8]) -> u64 {
    chunk.iter().filter(|&&byte| byte == b'"').count() as u64
}

/// Returns the offset just after the first line break outside quotes, if there is one.
///
/// `quoted`: whether the chunk begins inside a quoted field; afterwards, whether the bytes after the returned offset do, or those after the
/// chunk.
#[must_use]
pub fn record_end(chunk: &[u8], quoted: &mut bool) -> Option<usize> {
    let ends_record = |&byte: &u8| {
        *quoted ^= byte == b'"';
        byte == RECORD_END && !*quoted
    };
    chunk.iter().position(ends_record).map(|at| at + 1)
}

/// Most bytes of a line that [`separator_of_line`] reads, without the line feed.
pub const SEPARATOR_LINE_BYTES_MAX: usize = 8;

/// Returns the delimiter that a line such as `sep=;` names. Spreadsheets write it before the header.
#[must_use]
pub fn separator_of_line(line: &[u8]) -> Option<u8> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (name, value) = line.split_at_checked(SEPARATOR_NAME.len())?;
    match value {
        [byte] if name.eq_ignore_ascii_case(SEPARATOR_NAME) && is_separator(*byte) => Some(*byte),
        _ => None,
    }
}

/// Whether a line that begins with `begin` and `next` may be one that names a delimiter. `begin` may be one, or is empty.
#[must_use]
pub fn may_be_separator_line(begin: &[u8], next: u8) -> bool {
    let quotes = usize::from(begin.first() == Some(&b'"'));
    match (begin, begin.len() - quotes) {
        ([], _) => matches!(next, b'"' | b's' | b'S'),
        (_, at) => SEPARATOR_NAME.get(at).is_none_or(|expected| next.eq_ignore_ascii_case(expected)),
    }
}

/// What a line that names a delimiter begins with.
const SEPARATOR_NAME: &[u8] = b"sep=";

/// Whether a byte may stand between fields.
fn is_separator(byte: u8) -> bool {
    byte != b'"' && (byte.is_ascii_punctuation() || matches!(byte, b'\t' | b' '))
}

fn needs_quotes(text: &[u8]) -> bool {
    text.iter().any(|byte| matches!(byte, b'"' | b',' | b'\n' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[&str]) -> String {
        let mut out = Vec::new();
        push_record(&mut out, fields);
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn fields_are_quoted_only_if_they_need_it() {
        assert_eq!(record(&["a", "b,c", "", "x\"y", " d", "\r"]), "a,\"b,c\",,\"x\"\"y\", d,\"\r\"\n");
        assert_eq!(record(&[]), "\n");
    }

    #[test]
    fn a_line_may_name_the_delimiter() {
        for (line, delimiter) in [("sep=;\n", b';'), ("SEP=\t\r\n", b'\t'), ("\"sep=,\"\r\n", b','), ("sep=|", b'|')] {
            assert_eq!(separator_of_line(line.as_bytes()), Some(delimiter), "{line:?}");
            let text = line.trim_end_matches('\n').as_bytes();
            assert!((0..text.len()).all(|at| may_be_separator_line(&text[..at], text[at])), "{line:?}");
            assert!(text.len() <= SEPARATOR_LINE_BYTES_MAX);
        }
        for line in ["", "sep=", "sep=;;", "sep=a", "sep=\"", "separator=;", "x,y", "se"] {
            assert_eq!(separator_of_line(line.as_bytes()), None, "{line:?}");
        }
        assert!(!may_be_separator_line(b"se", b'x') && !may_be_separator_line(b"", b'x') && !may_be_separator_line(b"\"s", b'x'));
    }

    #[test]
    fn a_record_ends_at_a_line_break_outside_quotes() {
        let ends = |chunk: &[u8], mut quoted: bool| (record_end(chunk, &mut quoted), quoted);
        assert_eq!(ends(b"a,\"\n\"\nb", false), (Some(6), false));
        assert_eq!(ends(b"\n\"\nb", true), (Some(3), false));
        assert_eq!(ends(b"a,b", false), (None, false));
        assert_eq!(ends(b"a,\"b\n", false), (None, true));
        assert_eq!(quotes(b"\"a\"\",\""), 4);
    }
}
