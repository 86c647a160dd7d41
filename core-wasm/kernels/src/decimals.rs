//! Decimal numbers to their canonical text: no exponent, no zeros at the end of the decimals, no sign on zero.

/// Most decimals of a number that [`DecimalText`] holds.
pub const SCALE_MAX: u32 = 40;
/// A sign, a point, and the digits of the largest integer or those of [`SCALE_MAX`] decimals with the zero before them.
const BYTES_MAX: usize = 2 + 1 + SCALE_MAX as usize;

/// The text of a decimal number.
#[derive(Clone, Copy, Debug)]
pub struct DecimalText {
    bytes: [u8; BYTES_MAX],
    /// Where the text begins, which ends where the bytes end.
    start: usize,
}

impl DecimalText {
    /// Returns the text of `mantissa / 10^scale`; none beyond [`SCALE_MAX`].
    #[inline(never)]
    #[must_use]
    pub fn new(mantissa: i64, scale: u32) -> Option<Self> {
        if scale > SCALE_MAX {
            return None;
        }
        let (mut magnitude, mut scale) = (mantissa.unsigned_abs(), scale);
        while scale > 0 && magnitude % 10 == 0 {
            (magnitude, scale) = (magnitude / 10, scale - 1);
            if magnitude == 0 {
                scale = 0;
            }
        }
        let mut text = Self { bytes: [0; BYTES_MAX], start: BYTES_MAX };
        if scale > 0 {
            for _ in 0..scale {
                text.push_front(b'0' + (magnitude % 10) as u8);
                magnitude /= 10;
            }
            text.push_front(b'.');
        }
        loop {
            text.push_front(b'0' + (magnitude % 10) as u8);
            magnitude /= 10;
            if magnitude == 0 {
                break;
            }
        }
        if mantissa < 0 {
            text.push_front(b'-');
        }
        Some(text)
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // digits, a point and a sign are ASCII
        std::str::from_utf8(&self.bytes[self.start..]).unwrap_or_default()
    }

    fn push_front(&mut self, byte: u8) {
        self.start -= 1;
        self.bytes[self.start] = byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(mantissa: i64, scale: u32) -> Option<String> {
        DecimalText::new(mantissa, scale).map(|text| text.as_str().to_owned())
    }

    #[test]
    fn texts_are_canonical() {
        assert_eq!(text(0, 3).as_deref(), Some("0"));
        assert_eq!(text(-1200, 3).as_deref(), Some("-1.2"));
        assert_eq!(text(1200, 2).as_deref(), Some("12"));
        assert_eq!(text(7, 3).as_deref(), Some("0.007"));
        assert_eq!(text(i64::MIN, 0).as_deref(), Some("-9223372036854775808"));
        assert_eq!(text(i64::MIN + 1, 1).as_deref(), Some("-922337203685477580.7"));
        assert_eq!(text(-1, SCALE_MAX), Some(format!("-0.{}1", "0".repeat(39))));
        assert_eq!(text(1, SCALE_MAX + 1), None);
    }

    proptest! {
        #[test]
        fn texts_have_the_digits_of_the_mantissa(mantissa: i64, scale in 0..=SCALE_MAX) {
            let text = text(mantissa, scale).unwrap();
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            prop_assert!(!fraction.ends_with('0'));
            let digits = format!("{whole}{fraction:0<width$}", width = scale as usize);
            prop_assert_eq!(digits.parse::<i128>().unwrap(), i128::from(mantissa));
        }
    }
}
