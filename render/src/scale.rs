//! Maps values to coordinates on an axis, with ticks at round numbers.

/// A linear axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// The values at the ends.
    pub domain: (f64, f64),
    /// The coordinates of the ends, in pixels.
    pub range: (f64, f64),
}

impl Scale {
    /// Creates an axis from the lower to the upper value. If they are equal, the axis reaches half a unit to both sides.
    #[must_use]
    pub fn new((low, high): (f64, f64), range: (f64, f64)) -> Self {
        let domain = if high > low { (low, high) } else { (low - 0.5, low + 0.5) };
        Self { domain, range }
    }

    /// Returns the coordinate of a value.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        let share = (value - self.domain.0) / (self.domain.1 - self.domain.0);
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// Returns about `about` round values on the axis.
    #[must_use]
    pub fn ticks(&self, about: usize) -> Vec<f64> {
        let step = round_step((self.domain.1 - self.domain.0) / about.max(1) as f64);
        // the tolerance keeps the tick of an end that is a round value
        let (first, last) = ((self.domain.0 / step - 1e-9).ceil(), (self.domain.1 / step + 1e-9).floor());
        // multiples of the step: a running sum would add up rounding errors
        (0..=(last - first).max(0.0) as usize).map(|at| (first + at as f64) * step).collect()
    }

    /// Returns the number of digits after the point that the ticks of [`Self::ticks`] need, at most 9.
    #[must_use]
    pub fn digits(&self, about: usize) -> usize {
        let step = round_step((self.domain.1 - self.domain.0) / about.max(1) as f64);
        (0..9).find(|digits| ((step * 10f64.powi(*digits)).round() - step * 10f64.powi(*digits)).abs() < 1e-6).unwrap_or(9) as usize
    }
}

/// Returns the smallest step of 1, 2 or 5 times a power of ten that is not below `least`. Returns 1 if `least` is not positive and finite.
#[must_use]
pub fn round_step(least: f64) -> f64 {
    if !(least > 0.0 && least.is_finite()) {
        return 1.0;
    }
    let power = 10f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().find(|factor| factor * power >= least * 0.999_999).unwrap_or(10.0);
    step * power
}

/// Returns the lowest and the highest of the finite values. A single value gets half a unit to both sides; no value gives 0 to 1.
#[must_use]
pub fn extent(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let finite = values.into_iter().filter(|value| value.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    match high - low {
        width if width > 0.0 => (low, high),
        0.0 => (low - 0.5, high + 0.5),
        _ => (0.0, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        let scale = Scale::new((25.0, 346.0), (0.0, 100.0));
        assert_eq!(scale.ticks(6), [100.0, 200.0, 300.0]);
        assert_eq!(scale.digits(6), 0);
        assert_eq!(scale.at(25.0), 0.0);
        let fine = Scale::new((0.0, 0.35), (0.0, 1.0));
        assert_eq!((fine.ticks(7).len(), fine.digits(7)), (8, 2));
    }

    #[test]
    fn no_value_and_one_value_give_a_range() {
        assert_eq!(extent([]), (0.0, 1.0));
        assert_eq!(extent([3.0, f64::NAN]), (2.5, 3.5));
        assert_eq!(round_step(0.0), 1.0);
        assert_eq!(Scale::new((2.0, 2.0), (0.0, 10.0)).at(2.0), 5.0);
    }
}
