//! How much of something is read, where it is not the component that reads it. The component has the same limits; a test compares them.

use crate::failure::Fault;

/// Most bytes of one record, or of a JSON file with one.
pub const RECORD_BYTES_MAX: usize = 16 << 20;
/// Most columns of a table.
pub const COLUMNS_MAX: usize = 1 << 15;
/// Longest text in a table or a line that people read, in characters; documents have all of it.
pub const SHOWN_CHARS_MAX: usize = 40;

/// A record of more than [`RECORD_BYTES_MAX`], in the component's words.
pub fn record_too_long() -> Fault {
    let text = format!("a record of more than {} MiB", RECORD_BYTES_MAX >> 20);
    Fault::new("capacity", text, "check that this is the right file and that its quotes are closed")
}

/// The beginning of a text, for people.
pub fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(shortened(&"é".repeat(SHOWN_CHARS_MAX)), "é".repeat(SHOWN_CHARS_MAX));
        assert_eq!(shortened(&"é".repeat(SHOWN_CHARS_MAX + 1)), "é".repeat(SHOWN_CHARS_MAX) + "…");
    }
}
