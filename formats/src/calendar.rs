//! Writes days and times of day by ISO 8601.

use std::fmt::{self, Write};

/// Writes a day, counted from 1970-01-01, in the calendar that ISO 8601 uses for all time. A year of more than four digits has a sign.
///
/// # Errors
/// Those of `to`; none for a `String`.
pub fn write_date(days: i64, to: &mut impl Write) -> fmt::Result {
    // years begin in March, so that the day that some years have more is the last; 400 years are 146097 days
    let days = i128::from(days) + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = year + era * 400 + i128::from(month >= 10);
    let month = if month < 10 { month + 3 } else { month - 9 };
    match year {
        0..=9999 => write!(to, "{year:04}-{month:02}-{day:02}"),
        _ => write!(to, "{year:+05}-{month:02}-{day:02}"),
    }
}

/// Writes a time such as `12:30:00.25`. `rest`: the fraction of a second as whole units, of which a second has `per_second`, a power of ten.
///
/// # Errors
/// Those of `to`; none for a `String`.
pub fn write_clock(seconds: u64, rest: u64, per_second: u64, to: &mut impl Write) -> fmt::Result {
    write!(to, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
    write_fraction(rest, per_second, to)
}

/// Writes a fraction such as `.25`, or nothing for zero. `per_second`: as in [`write_clock`].
///
/// # Errors
/// Those of `to`; none for a `String`.
pub fn write_fraction(rest: u64, per_second: u64, to: &mut impl Write) -> fmt::Result {
    if rest == 0 {
        return Ok(());
    }
    let digits = per_second.ilog10() as usize;
    write!(to, ".{}", format!("{rest:0digits$}").trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(days: i64) -> String {
        let mut text = String::new();
        write_date(days, &mut text).unwrap();
        text
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (18_262, "2020-01-01"),
            (-1, "1969-12-31"),
            (-719_528, "0000-01-01"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
            (-719_529, "-0001-12-31"),
        ] {
            assert_eq!(date(days), expected);
        }
        for days in [i64::MIN, i64::MAX] {
            assert!(date(days).len() > 20);
        }
    }

    /// Every day of 400 years has the next one after it.
    #[test]
    fn a_day_follows_a_day() {
        let (mut year, mut month, mut day) = (1999, 1, 1);
        for days in 10_592..10_592 + 146_097 {
            assert_eq!(date(days), format!("{year:04}-{month:02}-{day:02}"));
            let is_leap = year % 4 == 0 && year % 100 != 0 || year % 400 == 0;
            let length = match month {
                2 => 28 + i32::from(is_leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            (year, month, day) = match (month, day) {
                (12, 31) => (year + 1, 1, 1),
                (_, day) if day == length => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }

    #[test]
    fn a_time_has_no_zeros_at_its_end() {
        let mut text = String::new();
        write_clock(45_296, 250_000, 1_000_000, &mut text).unwrap();
        write_clock(0, 0, 1, &mut text).unwrap();
        assert_eq!(text, "12:34:56.2500:00:00");
    }
}
