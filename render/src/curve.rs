//! How a prediction and its interval change as one value moves.

use crate::format::Format;
use crate::markup::{Anchor, Svg};
use crate::outlook::draw_axis;
use crate::scale::{Scale, extent};

/// One place of the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    /// The value that moves.
    pub at: f64,
    /// The prediction there.
    pub value: f64,
    /// Ends of its interval, if it has one.
    pub interval: Option<(f64, f64)>,
}

/// The picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve<'a> {
    /// Width in pixels.
    pub width: f64,
    /// How numbers are written.
    pub format: Format,
    /// In increasing order of the value that moves.
    pub places: &'a [Place],
    /// The values of the training data.
    pub trained: Option<(f64, f64)>,
    /// Where the patient stands.
    pub now: Option<Place>,
    /// Where the value was moved to.
    pub moved: Option<Place>,
    /// What moves, with its unit.
    pub x_axis: &'a str,
    /// What is predicted.
    pub y_axis: &'a str,
    /// What the shaded part of the axis means.
    pub trained_words: &'a str,
    /// What the whole says.
    pub label: &'a str,
}

const LEFT: f64 = 46.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 30.0;
const FOOT: f64 = 44.0;

impl Curve<'_> {
    /// The picture as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let height = (self.width * 0.55).clamp(230.0, 340.0);
        let base = height - FOOT;
        let x = Scale::new(extent(self.places.iter().map(|place| place.at)), (LEFT, self.width - RIGHT));
        let ends = self
            .places
            .iter()
            .flat_map(|place| [place.value, place.interval.map_or(place.value, |i| i.0), place.interval.map_or(place.value, |i| i.1)]);
        let y = Scale::new(extent(ends), (base, TOP));
        let mut svg = Svg::new("curve", self.width, height, self.label);
        self.draw_trained(&mut svg, &x, base);
        self.draw_rows(&mut svg, &y);
        self.draw_band(&mut svg, &x, &y);
        let line: Vec<_> = self.places.iter().map(|place| (x.at(place.at), y.at(place.value))).collect();
        svg.path("line", &line, false);
        if let Some(now) = &self.now {
            svg.dot("hollow", (x.at(now.at), y.at(now.value)), 6.0);
        }
        if let Some(moved) = &self.moved {
            self.draw_moved(&mut svg, &x, &y, moved);
        }
        draw_axis(&mut svg, &x, base, self.format, self.x_axis, self.width);
        svg.text("small muted", (0.0, 12.0), Anchor::Start, self.y_axis);
        svg.finish()
    }

    fn draw_trained(&self, svg: &mut Svg, x: &Scale, base: f64) {
        let Some((low, high)) = self.trained else { return };
        let (left, right) = (x.at(low.max(x.domain.0)), x.at(high.min(x.domain.1)));
        if left < right {
            svg.rect("observed", (left, right), (TOP, base));
            svg.text("small muted", (left + 4.0, TOP + 14.0), Anchor::Start, self.trained_words);
        }
    }

    fn draw_rows(&self, svg: &mut Svg, y: &Scale) {
        for tick in y.ticks(5) {
            svg.line("grid", (LEFT, y.at(tick)), (self.width - RIGHT, y.at(tick)));
            svg.text("small", (LEFT - 6.0, y.at(tick) + 4.0), Anchor::End, &self.format.fixed(tick, y.digits(5)));
        }
    }

    fn draw_band(&self, svg: &mut Svg, x: &Scale, y: &Scale) {
        let upper = self.places.iter().filter_map(|place| place.interval.map(|ends| (x.at(place.at), y.at(ends.1))));
        let lower = self.places.iter().rev().filter_map(|place| place.interval.map(|ends| (x.at(place.at), y.at(ends.0))));
        let outline: Vec<_> = upper.chain(lower).collect();
        if !outline.is_empty() {
            svg.path("band", &outline, true);
        }
    }

    fn draw_moved(&self, svg: &mut Svg, x: &Scale, y: &Scale, moved: &Place) {
        let left = x.at(moved.at);
        if let Some((lower, upper)) = moved.interval {
            svg.line("cap", (left, y.at(lower)), (left, y.at(upper)));
        }
        svg.dot("point", (left, y.at(moved.value)), 6.5);
    }
}
