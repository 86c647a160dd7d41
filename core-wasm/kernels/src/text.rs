//! An f64 to its shortest decimal text that reads back as the same f64, and to the number of that text without writing it.

use crate::floats::INTEGER_BITS;
use crate::powers::F64_POWERS;

/// Appends the shortest text of a finite value, the same as in JSON.
pub fn append_f64(value: f64, out: &mut Vec<u8>) {
    out.extend_from_slice(zmij::Buffer::new().format_finite(value).as_bytes());
}

/// Appends a CSV record for each predicted value: the value, and if `all`, the ends of its interval and an empty cell for warnings. `ends`
/// are the lower and the upper ends; they are empty if there are no intervals, and so are their cells.
#[inline(never)]
pub fn append_predictions(values: &[f64], ends: (&[f64], &[f64]), all: bool, out: &mut Vec<u8>) {
    for (row, &value) in values.iter().enumerate() {
        append_f64(value, out);
        match (ends.0.get(row), ends.1.get(row)) {
            _ if !all => {}
            (Some(&lower), Some(&upper)) => {
                out.push(b',');
                append_f64(lower, out);
                out.push(b',');
                append_f64(upper, out);
                out.push(b',');
            }
            _ => out.extend_from_slice(b",,,"),
        }
        out.push(b'\n');
    }
}

/// The decimal number `digits * 10^-decimals` that the shortest text of an f64 says.
#[derive(Clone, Copy, Debug)]
pub struct ShortestDecimal {
    /// The digits as an integer, with the sign; at most 17 of them.
    pub digits: i64,
    /// The number of digits after the point. A negative number stands for zeros before the point.
    pub decimals: i32,
}

impl ShortestDecimal {
    /// Returns the decimal number that a finite value means.
    pub fn of(value: f64) -> Self {
        computed(value).unwrap_or_else(|| read_written(zmij::Buffer::new().format(value).as_bytes()))
    }

    /// Returns the power of ten by which the digits are multiplied at `scale` digits after the point; none if `scale` is less than
    /// `decimals`.
    pub fn raise_to(self, scale: u32) -> Option<usize> {
        usize::try_from(i64::from(scale) - i64::from(self.decimals)).ok()
    }
}

/// Returns the number of the shortest text where arithmetic alone proves it: for nearly all values between 10^-6 and 10^17.
///
/// `whole + low` is the value times a power of ten, exactly, with 17 digits before the point. A decimal reads back as the value if it is
/// nearer than half the distance to the next f64, which is between 1.1 and 11.1 here. So at most one multiple of 100 reads back. If none
/// does, the text is the nearest multiple of 10 that does, or else the nearest integer. Returns none where a distance is too close to a tie
/// or to that half, and for powers of two, whose two neighbours are not equally far.
fn computed(value: f64) -> Option<ShortestDecimal> {
    const DOUBT: f64 = 1e-3;
    const FRACTION: u64 = (1 << 52) - 1;
    let magnitude = value.abs();
    if !(1e-6..1e17).contains(&magnitude) || value.to_bits() & FRACTION == 0 {
        return None;
    }
    let exponent = (magnitude.to_bits() >> 52) as i32 - 1023;
    // 1233 / 4096 is just below log10(2): the power of ten is the right one or the next larger one
    let most = usize::try_from(16 - ((exponent * 1233) >> 12)).ok()?;
    let decimals = if magnitude * F64_POWERS.get(most)? < 1e17 { most } else { most - 1 };
    let (high, low) = exact_product(magnitude, F64_POWERS[decimals]);
    let half = f64::from_bits(((exponent + 1023 - 53) as u64) << 52) * F64_POWERS[decimals];
    let whole = high as i64;
    let (hundreds, below) = (whole / 100, (whole % 100) as f64 + low);
    // the nearest multiple of 100, then of 10, then of 1
    let nearest = |unit: f64| (below / unit + INTEGER_BITS - INTEGER_BITS) * unit;
    for unit in [100.0, 10.0, 1.0] {
        let near = nearest(unit);
        let off = (below - near).abs();
        if (off - half).abs() < DOUBT || off < half && (off - unit / 2.0).abs() < DOUBT {
            return None;
        }
        if off < half {
            let digits = hundreds * 100 + near as i64;
            return Some(stripped(value, digits, decimals as i32, unit > 1.0));
        }
    }
    None
}

/// Returns a product as the nearest f64 and the exact rest (T. J. Dekker, A floating-point technique for extending the available precision,
/// Numer. Math. 18, 1971). The product is far from overflow and underflow.
fn exact_product(a: f64, b: f64) -> (f64, f64) {
    let halves = |x: f64| {
        let scaled = x * 134_217_729.0; // 2^27 + 1
        let high = scaled - (scaled - x);
        (high, x - high)
    };
    let ((a_high, a_low), (b_high, b_low)) = (halves(a), halves(b));
    let high = a * b;
    (high, ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low)
}

/// Returns digits with the sign of `value`, and without zeros at the end of the decimals.
fn stripped(value: f64, mut digits: i64, mut decimals: i32, may_end_in_zeros: bool) -> ShortestDecimal {
    if may_end_in_zeros {
        while decimals > 0 && digits % 10 == 0 {
            digits /= 10;
            decimals -= 1;
        }
    }
    ShortestDecimal { digits: if value < 0.0 { -digits } else { digits }, decimals }
}

/// Reads a text that the formatter wrote: a sign, at most 17 digits with a point among them, an exponent.
fn read_written(text: &[u8]) -> ShortestDecimal {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    // the formatter writes whole numbers as `12.0`
    let (whole, rest) = read_digits(0, unsigned.strip_suffix(b".0").unwrap_or(unsigned));
    let after_point = rest.strip_prefix(b".").unwrap_or(rest);
    let (digits, rest) = read_digits(whole, after_point);
    let decimals = (after_point.len() - rest.len()) as i32;
    let exponent = match rest {
        [b'e', b'-', exponent @ ..] => -read_digits(0, exponent).0,
        [b'e', b'+', exponent @ ..] | [b'e', exponent @ ..] => read_digits(0, exponent).0,
        _ => 0,
    } as i32;
    ShortestDecimal { digits: if unsigned.len() < text.len() { -digits } else { digits }, decimals: decimals - exponent }
}

/// Appends the digits at the start of a text to the digits of `number`, eight at a time while there are as many. Returns the number and the
/// rest of the text.
fn read_digits(mut number: i64, mut text: &[u8]) -> (i64, &[u8]) {
    while let Some((eight, rest)) = text.split_first_chunk::<8>() {
        let values = u64::from_le_bytes(*eight).wrapping_sub(0x3030_3030_3030_3030);
        if (values | values.wrapping_add(0x7676_7676_7676_7676)) & 0x8080_8080_8080_8080 != 0 {
            break;
        }
        // pairs, then fours, then all eight: each step multiplies the earlier half and adds the later one
        let pairs = values.wrapping_mul(10).wrapping_add(values >> 8) & 0x00ff_00ff_00ff_00ff;
        let fours = pairs.wrapping_mul(100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
        let all = fours.wrapping_mul(10_000).wrapping_add(fours >> 32) & 0xffff_ffff;
        number = number * 100_000_000 + all.cast_signed();
        text = rest;
    }
    while let [digit @ b'0'..=b'9', rest @ ..] = text {
        number = number * 10 + i64::from(digit - b'0');
        text = rest;
    }
    (number, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimals(places: i32) -> impl Strategy<Value = f64> {
        (-9_999_999i64..9_999_999).prop_map(move |k| format!("{k}e-{places}").parse().unwrap_or(0.0))
    }

    proptest! {
        #[test]
        fn what_is_computed_is_what_would_be_written(values in prop::collection::vec(prop_oneof![-3.0f64..3.0, -1e-5f64..1e-5, 1e9f64..1e17, 1f64..1e6, decimals(9), (0u64..1 << 53, 0i32..22).prop_map(|(k, s)| format!("{k}e-{s}").parse::<f64>().unwrap_or(0.0))], 1000)) {
            for value in values {
                if let Some(got) = computed(value) {
                    let want = read_written(zmij::Buffer::new().format(value).as_bytes());
                    let plain = |one: ShortestDecimal| (i128::from(one.digits) * 10i128.pow((-one.decimals).max(0) as u32), one.decimals.max(0));
                    prop_assert_eq!(plain(got), plain(want), "{:e}", value);
                }
            }
        }
    }
}
