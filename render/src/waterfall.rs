//! Contributions to a prediction as steps from the average to this one.

use crate::format::Format;
use crate::markup::{Anchor, Svg, fitted, text_width};
use crate::scale::{Scale, extent};

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What contributes.
    pub label: String,
    /// Its value with unit.
    pub detail: String,
    /// How much.
    pub amount: f64,
}

/// The picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Waterfall<'a> {
    /// Width in pixels.
    pub width: f64,
    /// How numbers are written.
    pub format: Format,
    /// Digits after the point of where the bars end; amounts have one more.
    pub digits: usize,
    /// What the first bar stands for, and where it ends.
    pub start: (&'a str, f64),
    /// In the order of drawing.
    pub steps: &'a [Step],
    /// What the last bar stands for, and where it ends.
    pub end: (&'a str, f64),
    /// What the axis shows.
    pub axis: &'a str,
    /// What the whole says.
    pub label: &'a str,
}

/// Below this width a label stands above its bar.
const NARROW: f64 = 520.0;
const SIDE: f64 = 10.0;
/// Room for an amount beside a bar.
const AMOUNT: f64 = 52.0;
const FOOT: f64 = 44.0;

impl Waterfall<'_> {
    /// The picture as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let narrow = self.width < NARROW;
        let (left, row) = if narrow { (SIDE, 40.0) } else { (250.0_f64.min(self.width * 0.42), 28.0) };
        let scale = self.scale(left);
        let base = 6.0 + row * (self.steps.len() + 2) as f64;
        let mut svg = Svg::new("waterfall", self.width, base + FOOT, self.label);
        let mut pen = Pen { svg: &mut svg, format: self.format, digits: self.digits, scale, left, row, narrow, width: self.width, y: 6.0 };
        pen.total(self.start.0, self.start.1);
        let mut reached = self.start.1;
        for step in self.steps {
            pen.step(step, reached);
            reached += step.amount;
        }
        pen.total(self.end.0, self.end.1);
        let (x, scale) = (scale.at(self.start.1), pen.scale);
        svg.line("guide", (x, 6.0), (x, base));
        crate::outlook::draw_axis(&mut svg, &scale, base, self.format, self.axis, scale.range.1 - scale.range.0);
        svg.finish()
    }

    fn scale(&self, left: f64) -> Scale {
        let mut reached = self.start.1;
        let mut places = vec![self.start.1, self.end.1];
        for step in self.steps {
            reached += step.amount;
            places.push(reached);
        }
        let (low, high) = extent(places);
        let margin = (high - low) * 0.04;
        Scale::new((low - margin, high + margin), (left + AMOUNT, self.width - SIDE - AMOUNT))
    }
}

/// Draws one row after another.
struct Pen<'a> {
    svg: &'a mut Svg,
    format: Format,
    digits: usize,
    scale: Scale,
    left: f64,
    row: f64,
    narrow: bool,
    width: f64,
    y: f64,
}

impl Pen<'_> {
    /// The line on which a row's bar stands.
    fn middle(&self) -> f64 {
        self.y + self.row - 13.0
    }

    fn name(&mut self, class: &str, label: &str, detail: &str) {
        let y = if self.narrow { self.y + 13.0 } else { self.middle() + 4.0 };
        let room = if self.narrow { self.scale.range.1 } else { self.left };
        let detail_width = if detail.is_empty() { 0.0 } else { text_width(detail) + 8.0 };
        let label = fitted(label, (room - detail_width - SIDE).max(60.0));
        self.svg.text(class, (0.0, y), Anchor::Start, &label);
        if !detail.is_empty() {
            let x = if self.narrow { self.width } else { self.left };
            self.svg.text("small muted", (x, y), Anchor::End, detail);
        }
    }

    fn total(&mut self, label: &str, value: f64) {
        self.name("strong", label, "");
        let (x, y) = (self.scale.at(value), self.middle());
        self.svg.dot("point", (x, y), 6.0);
        self.svg.text("strong", (x + 12.0, y + 4.5), Anchor::Start, &self.format.fixed(value, self.digits));
        self.y += self.row;
    }

    fn step(&mut self, step: &Step, reached: f64) {
        self.name("", &step.label, &step.detail);
        let (from, to, y) = (self.scale.at(reached), self.scale.at(reached + step.amount), self.middle());
        let up = step.amount >= 0.0;
        self.svg.rect(if up { "up" } else { "down" }, (from, to), (y - 8.0, y + 8.0));
        let (x, anchor) = if up { (to + 6.0, Anchor::Start) } else { (to - 6.0, Anchor::End) };
        self.svg.text("small", (x, y + 4.0), anchor, &self.format.signed(step.amount, self.digits + 1));
        self.svg.line("link", (to, y - 8.0), (to, y + self.row - 8.0));
        self.y += self.row;
    }
}
