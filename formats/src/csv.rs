//! Writes CSV, and finds where records of CSV end.
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
    fn a_record_ends_at_a_line_break_outside_quotes() {
        let ends = |chunk: &[u8], mut quoted: bool| (record_end(chunk, &mut quoted), quoted);
        assert_eq!(ends(b"a,\"\n\"\nb", false), (Some(6), false));
        assert_eq!(ends(b"\n\"\nb", true), (Some(3), false));
        assert_eq!(ends(b"a,b", false), (None, false));
        assert_eq!(ends(b"a,\"b\n", false), (None, true));
        assert_eq!(quotes(b"\"a\"\",\""), 4);
    }
}
