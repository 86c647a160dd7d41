//! Writes bytes as hexadecimal digits, and reads them.

/// Returns two lower-case digits for each byte.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.as_ref().iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Returns the bytes of digits of either case; `None` if a character is not a digit, or if the number of digits is odd.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_survive_the_round_trip() {
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(encode([0, 0x0f, 0xa0, 0xff]), "000fa0ff");
        assert_eq!(decode(&encode(&all)), Some(all));
        assert_eq!(decode("aAfF"), Some(vec![0xaa, 0xff]));
    }

    #[test]
    fn other_text_is_refused() {
        for text in ["0", "0g", "é", " 00"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
