//! Draws the contributions of features as steps from the average prediction to one prediction.

use crate::format::NumberFormat;
use crate::markup::{Anchor, Markup, Svg, text_width, truncated};
use crate::prediction::draw_axis;
use crate::scale::{Scale, extent};

/// The contribution of one feature.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name of the feature.
    pub label: String,
    /// Its value with the unit.
    pub detail: String,
    /// The contribution, in units of the outcome.
    pub amount: f64,
}

/// Steps from one total to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Waterfall<'a> {
    /// Width in pixels.
    pub width: f64,
    /// How numbers are written.
    pub format: NumberFormat,
    /// Digits after the point of the two totals. Contributions have one more.
    pub digits: usize,
    /// Label and value of the first total.
    pub start: (&'a str, f64),
    /// The steps, from top to bottom.
    pub steps: &'a [Step],
    /// Label and value of the last total.
    pub end: (&'a str, f64),
    /// Title of the axis.
    pub axis: &'a str,
    /// Description of the picture in words.
    pub label: &'a str,
}

/// In a narrower picture, a label stands above its bar instead of beside it.
const NARROW: f64 = 520.0;
const SIDE: f64 = 10.0;
/// Width of a number beside a bar.
const AMOUNT: f64 = 52.0;
const FOOT: f64 = 44.0;

impl Waterfall<'_> {
    /// Returns the picture.
    #[must_use]
    pub fn svg(&self) -> Markup {
        let narrow = self.width < NARROW;
        let (left, row) = if narrow { (SIDE, 40.0) } else { (250.0_f64.min(self.width * 0.42), 28.0) };
        let scale = self.scale(left);
        let base = 6.0 + row * (self.steps.len() + 2) as f64;
        let mut svg = Svg::new("waterfall", self.width, base + FOOT, self.label);
        let mut rows =
            Rows { svg: &mut svg, format: self.format, digits: self.digits, scale, left, row, narrow, width: self.width, y: 6.0 };
        rows.total(self.start.0, self.start.1);
        let mut reached = self.start.1;
        for step in self.steps {
            rows.step(step, reached);
            reached += step.amount;
        }
        rows.total(self.end.0, self.end.1);
        let (x, scale) = (scale.at(self.start.1), rows.scale);
        svg.line("guide", (x, 6.0), (x, base));
        draw_axis(&mut svg, &scale, base, self.format, self.axis, scale.range.1 - scale.range.0);
        svg.finish()
    }

    fn scale(&self, left: f64) -> Scale {
        let mut reached = self.start.1;
        let mut totals = vec![self.start.1, self.end.1];
        for step in self.steps {
            reached += step.amount;
            totals.push(reached);
        }
        let (low, high) = extent(totals);
        let margin = (high - low) * 0.04;
        Scale::new((low - margin, high + margin), (left + AMOUNT, self.width - SIDE - AMOUNT))
    }
}

/// The rows drawn so far. `y` is the top of the next row.
struct Rows<'a> {
    svg: &'a mut Svg,
    format: NumberFormat,
    digits: usize,
    scale: Scale,
    left: f64,
    row: f64,
    narrow: bool,
    width: f64,
    y: f64,
}

impl Rows<'_> {
    /// Returns the y coordinate of the middle of the row's bar.
    fn middle(&self) -> f64 {
        self.y + self.row - 13.0
    }

    fn label(&mut self, class: &'static str, label: &str, detail: &str) {
        let y = if self.narrow { self.y + 13.0 } else { self.middle() + 4.0 };
        let room = if self.narrow { self.scale.range.1 } else { self.left };
        let detail_width = if detail.is_empty() { 0.0 } else { text_width(detail) + 8.0 };
        let label = truncated(label, (room - detail_width - SIDE).max(60.0));
        self.svg.text(class, (0.0, y), Anchor::Start, &label);
        if !detail.is_empty() {
            let x = if self.narrow { self.width } else { self.left };
            self.svg.text("small muted", (x, y), Anchor::End, detail);
        }
    }

    fn total(&mut self, label: &str, value: f64) {
        self.label("strong", label, "");
        let (x, y) = (self.scale.at(value), self.middle());
        self.svg.circle("point", (x, y), 6.0);
        self.svg.text("strong", (x + 12.0, y + 4.5), Anchor::Start, &self.format.fixed(value, self.digits));
        self.y += self.row;
    }

    fn step(&mut self, step: &Step, reached: f64) {
        self.label("", &step.label, &step.detail);
        let (from, to, y) = (self.scale.at(reached), self.scale.at(reached + step.amount), self.middle());
        let up = step.amount >= 0.0;
        self.svg.rect(if up { "up" } else { "down" }, (from, to), (y - 8.0, y + 8.0));
        let (x, anchor) = if up { (to + 6.0, Anchor::Start) } else { (to - 6.0, Anchor::End) };
        self.svg.text("small", (x, y + 4.0), anchor, &self.format.signed(step.amount, self.digits + 1));
        self.svg.line("link", (to, y - 8.0), (to, y + self.row - 8.0));
        self.y += self.row;
    }
}
