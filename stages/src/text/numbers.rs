//! Writes numbers for people, with six significant digits. Files and `--json` have all digits.

use serde_json::Value;

/// Significant digits for people.
const DIGITS: usize = 6;

/// Rounds to six significant digits, without trailing zeros. A very large or very small number has an exponent.
pub fn rounded(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 { "0".to_owned() } else { value.to_string() };
    }
    let scientific = format!("{value:.*e}", DIGITS - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if (-5..DIGITS as i32).contains(&exponent) => {
            let decimals = usize::try_from(DIGITS as i32 - 1 - exponent).unwrap_or(0);
            trimmed(&format!("{value:.decimals$}")).to_owned()
        }
        _ => format!("{}e{exponent}", trimmed(mantissa)),
    }
}

/// Writes a number of a document: an integer as it is, another number rounded, `-` for anything else.
pub fn shown(value: &Value) -> String {
    if value.is_i64() || value.is_u64() {
        return value.to_string();
    }
    value.as_f64().map_or_else(|| "-".to_owned(), rounded)
}

/// Writes a p value. One below the smallest that an f64 holds is 0 in a document.
pub fn probability(value: &Value) -> String {
    if value.as_f64() == Some(0.0) { "< 1e-300".to_owned() } else { shown(value) }
}

/// Counts degrees of freedom: `1 degree of freedom`.
pub fn degrees_of_freedom(value: &Value) -> String {
    let count = shown(value);
    if count == "1" { "1 degree of freedom".to_owned() } else { format!("{count} degrees of freedom") }
}

/// Writes a number that is known up to an error, without the digits that are smaller than the error.
pub fn within(value: &Value, error: &Value) -> String {
    let (Some(number), Some(error)) = (value.as_f64(), error.as_f64()) else { return "-".to_owned() };
    if error <= 0.0 {
        return shown(value);
    }
    let decimals = (-(2.0 * error).log10()).ceil();
    match decimals >= 0.0 && decimals <= DIGITS as f64 {
        true => format!("{number:.*}", decimals as usize),
        false => rounded(number),
    }
}

/// Counts things: `1 file`, `2 files`.
pub fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits() {
        let cases = [
            (152.133_484_162_895, "152.133"),
            (675.0697744316064, "675.07"),
            (0.0, "0"),
            (-0.00012345678, "-0.000123457"),
            (1.5e-23, "1.5e-23"),
            (999_999.5, "1e6"),
            (1_234_567.0, "1.23457e6"),
            (442.0, "442"),
            (-3.0, "-3"),
            (f64::INFINITY, "inf"),
        ];
        for (value, text) in cases {
            assert_eq!(rounded(value), text);
        }
    }

    #[test]
    fn words_agree_with_the_count() {
        assert_eq!(degrees_of_freedom(&1.into()), "1 degree of freedom");
        assert_eq!(degrees_of_freedom(&0.into()), "0 degrees of freedom");
        assert_eq!((counted(1, "row"), counted(2, "row")), ("1 row".to_owned(), "2 rows".to_owned()));
    }

    #[test]
    fn a_probability_too_small_for_an_f64_has_a_bound() {
        assert_eq!((probability(&0.0.into()), probability(&1e-290.into())), ("< 1e-300".to_owned(), "1e-290".to_owned()));
    }

    #[test]
    fn digits_smaller_than_the_error_are_left_out() {
        let cases =
            [(23.125, 0.125, "23.1"), (0.503_906, 0.003_906, "0.504"), (1.0, 0.0, "1"), (4112.0, 16.0, "4112"), (1e-9, 1e-11, "1e-9")];
        for (value, error, text) in cases {
            assert_eq!(within(&value.into(), &error.into()), text);
        }
    }
}
