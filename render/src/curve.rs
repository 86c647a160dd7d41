//! Draws how a prediction and its interval change as one value moves.

use crate::format::NumberFormat;
use crate::markup::{Anchor, Markup, Svg};
use crate::prediction::draw_axis;
use crate::scale::{Scale, extent};

/// A prediction for one value of the feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The feature's value.
    pub at: f64,
    /// The prediction.
    pub value: f64,
    /// The ends of the prediction's interval, if it has one.
    pub interval: Option<(f64, f64)>,
}

/// Predictions against the values of one feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve<'a> {
    /// Width in pixels.
    pub width: f64,
    /// How numbers are written.
    pub format: NumberFormat,
    /// The curve, in increasing order of the feature's value.
    pub points: &'a [CurvePoint],
    /// Lowest and highest value of the feature in the training data.
    pub training_range: Option<(f64, f64)>,
    /// The patient's own value.
    pub now: Option<CurvePoint>,
    /// The value that a person chose to look at.
    pub moved: Option<CurvePoint>,
    /// Title of the horizontal axis: the feature and its unit.
    pub x_axis: &'a str,
    /// Title of the vertical axis: the outcome.
    pub y_axis: &'a str,
    /// Label of the shaded training range.
    pub training_label: &'a str,
    /// Description of the picture in words.
    pub label: &'a str,
}

const LEFT: f64 = 46.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 30.0;
const FOOT: f64 = 44.0;

impl Curve<'_> {
    /// Returns the picture.
    #[must_use]
    pub fn svg(&self) -> Markup {
        let height = (self.width * 0.55).clamp(230.0, 340.0);
        let base = height - FOOT;
        let x = Scale::new(extent(self.points.iter().map(|point| point.at)), (LEFT, self.width - RIGHT));
        let ends = self
            .points
            .iter()
            .flat_map(|point| [point.value, point.interval.map_or(point.value, |i| i.0), point.interval.map_or(point.value, |i| i.1)]);
        let y = Scale::new(extent(ends), (base, TOP));
        let mut svg = Svg::new("curve", self.width, height, self.label);
        self.draw_training_range(&mut svg, &x, base);
        self.draw_grid(&mut svg, &y);
        self.draw_band(&mut svg, &x, &y);
        let line: Vec<_> = self.points.iter().map(|point| (x.at(point.at), y.at(point.value))).collect();
        svg.path("line", &line, false);
        if let Some(now) = &self.now {
            svg.circle("hollow", (x.at(now.at), y.at(now.value)), 6.0);
        }
        if let Some(moved) = &self.moved {
            self.draw_moved(&mut svg, &x, &y, moved);
        }
        draw_axis(&mut svg, &x, base, self.format, self.x_axis, self.width);
        svg.text("small muted", (0.0, 12.0), Anchor::Start, self.y_axis);
        svg.finish()
    }

    fn draw_training_range(&self, svg: &mut Svg, x: &Scale, base: f64) {
        let Some((low, high)) = self.training_range else { return };
        let (left, right) = (x.at(low.max(x.domain.0)), x.at(high.min(x.domain.1)));
        if left < right {
            svg.rect("observed", (left, right), (TOP, base));
            svg.text("small muted", (left + 4.0, TOP + 14.0), Anchor::Start, self.training_label);
        }
    }

    fn draw_grid(&self, svg: &mut Svg, y: &Scale) {
        for tick in y.ticks(5) {
            svg.line("grid", (LEFT, y.at(tick)), (self.width - RIGHT, y.at(tick)));
            svg.text("small", (LEFT - 6.0, y.at(tick) + 4.0), Anchor::End, &self.format.fixed(tick, y.digits(5)));
        }
    }

    fn draw_band(&self, svg: &mut Svg, x: &Scale, y: &Scale) {
        let upper = self.points.iter().filter_map(|point| point.interval.map(|ends| (x.at(point.at), y.at(ends.1))));
        let lower = self.points.iter().rev().filter_map(|point| point.interval.map(|ends| (x.at(point.at), y.at(ends.0))));
        let outline: Vec<_> = upper.chain(lower).collect();
        if !outline.is_empty() {
            svg.path("band", &outline, true);
        }
    }

    fn draw_moved(&self, svg: &mut Svg, x: &Scale, y: &Scale, moved: &CurvePoint) {
        let left = x.at(moved.at);
        if let Some((lower, upper)) = moved.interval {
            svg.line("cap", (left, y.at(lower)), (left, y.at(upper)));
        }
        svg.circle("point", (left, y.at(moved.value)), 6.5);
    }
}
