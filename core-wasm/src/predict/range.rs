//! A range of values with limits at its ends.

use crate::json;
use serde_json::{Value, json};

/// A range of values. The ends belong to it; `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ValueRange {
    /// Least value.
    pub min: Option<f64>,
    /// Greatest value.
    pub max: Option<f64>,
    /// Whether the ends are the limits themselves. Otherwise they are near: edges of bins of a histogram.
    pub is_exact: bool,
}

/// The side of a range on which a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outside {
    Below,
    Above,
}

impl ValueRange {
    /// Returns on which side of the range a value lies; `None` if it lies inside.
    pub(super) fn outside(self, value: f64) -> Option<Outside> {
        if self.min.is_some_and(|min| value < min) {
            return Some(Outside::Below);
        }
        self.max.is_some_and(|max| value > max).then_some(Outside::Above)
    }

    /// Returns the ends of the intersection of two ranges, infinite where there is no limit.
    pub(super) fn intersection(self, other: Self) -> (f64, f64) {
        let low = [self.min, other.min].into_iter().flatten().fold(f64::NEG_INFINITY, f64::max);
        let high = [self.max, other.max].into_iter().flatten().fold(f64::INFINITY, f64::min);
        (low, high)
    }

    /// Returns the range as English text: `18 to 42.2`, `about 18 to 42.5`, `at least 18`, `at most 42.2`.
    pub(super) fn text(self) -> String {
        let about = if self.is_exact { "" } else { "about " };
        match (self.min.map(json::number), self.max.map(json::number)) {
            (Some(min), Some(max)) => format!("{about}{min} to {max}"),
            (Some(min), None) => format!("at least {about}{min}"),
            (None, Some(max)) => format!("at most {about}{max}"),
            (None, None) => String::new(),
        }
    }

    /// Returns `{"min": .., "max": .., "exact": ..}` with decimal numbers as text, and null for no limit.
    pub fn to_json(self) -> Value {
        let text = |end: Option<f64>| end.map(json::number);
        json!({"min": text(self.min), "max": text(self.max), "exact": self.is_exact})
    }
}
