//! Parses the strings of a spec: names, times and amounts of memory.

use std::time::Duration;

/// Why a string is not a valid value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct InvalidValue {
    pub(super) expected: &'static str,
    pub(super) help: String,
}

fn invalid<T>(expected: &'static str, help: impl Into<String>) -> Result<T, InvalidValue> {
    Err(InvalidValue { expected, help: help.into() })
}

/// Longest name of a pipeline. A cluster adds to it to name its own resources, which have at most 63 characters.
const PIPELINE_NAME_MAX: usize = 51;

/// Checks the name of a pipeline.
pub(super) fn pipeline_name(text: &str) -> Result<(), InvalidValue> {
    name(text)?;
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return invalid("a name that begins with a letter or a digit", "write another name");
    }
    if text.len() > PIPELINE_NAME_MAX {
        return invalid("a name of at most 51 characters", format!("leave out {}", text.len() - PIPELINE_NAME_MAX));
    }
    Ok(())
}

/// Returns whether a string is a valid name of a repo or of a branch.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// Checks the name of a repo or of a branch.
pub(super) fn name(text: &str) -> Result<(), InvalidValue> {
    if is_name(text) {
        return Ok(());
    }
    let plain: String = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect();
    invalid("letters, digits, `_` and `-`", if plain.is_empty() { "write a name".to_owned() } else { format!("write `{plain}`") })
}

/// Checks the name of an input, which names a folder below `/pfs` and an environment variable.
pub(super) fn input_name(text: &str) -> Result<(), InvalidValue> {
    match text {
        "out" | ".env" => {
            invalid("a name that is not reserved", "give the input a `name`: /pfs/out is for results, /pfs/.env for variables")
        }
        "." | ".." => invalid("the name of a folder", "write another name"),
        _ if text.contains(|c: char| matches!(c, '/' | '=') || c.is_control()) => {
            invalid("the name of a folder", "write letters, digits and `_`")
        }
        _ => Ok(()),
    }
}

/// Parses a time as Pachyderm accepts it, such as `60s`.
pub(super) fn seconds(text: &str) -> Result<Duration, InvalidValue> {
    let expected = "a number of seconds, such as `60s`";
    let digits = text.strip_suffix('s').filter(|digits| digits.chars().all(|c| c.is_ascii_digit() || c == '.'));
    let parsed = digits.and_then(|digits| digits.parse().ok()).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match (parsed, go_duration(text)) {
        (Some(Duration::ZERO), _) => invalid("a time above zero", "write `60s`, or leave it out for no limit"),
        (Some(duration), _) => Ok(duration),
        (None, Some(seconds)) => invalid(expected, format!("write `{seconds}s`")),
        (None, None) => invalid(expected, "write the time in seconds"),
    }
}

/// Parses a duration as Go writes it, such as `1h30m`, and returns its seconds. Pachyderm does not accept this form, so it only serves the help.
fn go_duration(text: &str) -> Option<f64> {
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let letters = rest[digits..].find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len() - digits);
        let unit = match &rest[digits..digits + letters] {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        seconds += rest[..digits].parse::<f64>().ok()? * unit;
        rest = &rest[digits + letters..];
    }
    (seconds > 0.0).then_some(seconds)
}

/// Parses an amount of memory, such as `256Mi`, `1G` or `1000000`, and returns its bytes.
pub(super) fn bytes(text: &str) -> Result<u64, InvalidValue> {
    const UNITS: [(&str, u64); 11] = [
        ("Ki", 1 << 10),
        ("Mi", 1 << 20),
        ("Gi", 1 << 30),
        ("Ti", 1 << 40),
        ("Pi", 1 << 50),
        ("k", 1_000),
        ("K", 1_000),
        ("M", 1_000_000),
        ("G", 1_000_000_000),
        ("T", 1_000_000_000_000),
        ("P", 1_000_000_000_000_000),
    ];
    let (digits, unit) = UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, *unit))).unwrap_or((text, 1));
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    match digits.parse::<f64>() {
        // the 53 bits of an f64 are enough for an amount of memory
        Ok(amount) if plain && amount > 0.0 => Ok((amount * unit as f64) as u64),
        _ => invalid("an amount of memory, such as `256Mi`", "write a number and one of Ki, Mi, Gi, Ti, k, M, G, T"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help<T>(result: Result<T, InvalidValue>) -> String {
        result.err().map(|invalid| invalid.help).unwrap()
    }

    #[test]
    fn times_are_in_seconds_and_the_help_converts_other_units() {
        assert_eq!(seconds("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(seconds("0.5s"), Ok(Duration::from_millis(500)));
        assert_eq!(seconds(".5s"), Ok(Duration::from_millis(500)));
        assert_eq!(help(seconds("1m")), "write `60s`");
        assert_eq!(help(seconds("1h30m")), "write `5400s`");
        assert_eq!(help(seconds("1m1.5s")), "write `61.5s`");
        assert_eq!(help(seconds("500ms")), "write `0.5s`");
        assert_eq!(help(seconds("0s")), "write `60s`, or leave it out for no limit");
        for bad in ["", "s", "60", "-1s", "1e3s", "1.2.3s", "soon", "1d", "infs", " 1s", "99999999999999999999999s"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn memory_is_parsed_to_bytes() {
        assert_eq!(bytes("256Mi"), Ok(256 << 20));
        assert_eq!(bytes("1.5G"), Ok(1_500_000_000));
        assert_eq!(bytes("64k"), bytes("64K"));
        assert_eq!(bytes("1000"), Ok(1000));
        for bad in ["", "Mi", "0", "-1Mi", "1Zi", "1 Mi", "inf", "nan", "1e3"] {
            assert!(bytes(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_checked() {
        assert_eq!(pipeline_name("qc_pre-process2"), Ok(()));
        assert_eq!(help(pipeline_name("qc.report")), "write `qc_report`");
        assert_eq!(help(pipeline_name("_qc")), "write another name");
        assert_eq!(help(pipeline_name(&"a".repeat(54))), "leave out 3");
        assert_eq!(pipeline_name(&"a".repeat(51)), Ok(()));
        assert_eq!(help(name("")), "write a name");
        assert!(name("a/b").is_err() && name("ä").is_err());
        assert!(input_name("my.data").is_ok());
        assert!(["out", ".env", "..", "a/b", "a=b"].iter().all(|name| input_name(name).is_err()));
    }
}
