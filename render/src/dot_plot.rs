//! Draws predictions and their intervals for the levels of a category, one level below the other.

use crate::format::NumberFormat;
use crate::markup::{Anchor, Markup, Svg, truncated};
use crate::prediction::draw_axis;
use crate::scale::{Scale, extent};

/// The prediction at one level.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// What people call the level.
    pub label: String,
    /// The predicted value.
    pub value: f64,
    /// The ends of its interval, if it has one.
    pub interval: Option<(f64, f64)>,
    /// Whether it is the patient's own level.
    pub is_own: bool,
    /// Whether a person chose it to look at.
    pub is_chosen: bool,
}

/// Predictions at the levels of a category.
#[derive(Clone, Debug, PartialEq)]
pub struct DotPlot<'a> {
    /// Width in pixels.
    pub width: f64,
    /// How numbers are written.
    pub format: NumberFormat,
    /// Digits after the point of the predictions.
    pub digits: usize,
    /// The predictions, from top to bottom.
    pub dots: &'a [Dot],
    /// Title of the axis: the outcome.
    pub axis: &'a str,
    /// Description of the picture in words.
    pub label: &'a str,
}

/// In a narrower picture, a label stands above its dot instead of beside it.
const NARROW: f64 = 520.0;
const SIDE: f64 = 22.0;
/// Width of a number at the end of a row.
const AMOUNT: f64 = 60.0;
const TOP: f64 = 6.0;
const FOOT: f64 = 44.0;

impl DotPlot<'_> {
    /// Returns the picture.
    #[must_use]
    pub fn svg(&self) -> Markup {
        let is_narrow = self.width < NARROW;
        let (left, row) = if is_narrow { (SIDE, 44.0) } else { (190.0_f64.min(self.width * 0.35), 30.0) };
        let ends = self.dots.iter().flat_map(|dot| [Some(dot.value), dot.interval.map(|ends| ends.0), dot.interval.map(|ends| ends.1)]);
        let scale = Scale::new(extent(ends.flatten()), (left, self.width - AMOUNT));
        let base = TOP + row * self.dots.len() as f64;
        let mut svg = Svg::new("dots", self.width, base + FOOT, self.label);
        for (at, dot) in self.dots.iter().enumerate() {
            let y = TOP + row * at as f64 + row - 13.0;
            let (label_y, room) = if is_narrow { (y - 16.0, self.width) } else { (y + 4.0, left - SIDE) };
            svg.text(if dot.is_own { "strong" } else { "" }, (0.0, label_y), Anchor::Start, &truncated(&dot.label, room));
            self.draw_dot(&mut svg, &scale, dot, y);
        }
        draw_axis(&mut svg, &scale, base, self.format, self.axis, scale.range.1 - scale.range.0);
        svg.finish()
    }

    fn draw_dot(&self, svg: &mut Svg, scale: &Scale, dot: &Dot, y: f64) {
        let x = scale.at(dot.value);
        if let Some((lower, upper)) = dot.interval {
            let (left, right) = (scale.at(lower), scale.at(upper));
            svg.rect("interval", (left, right), (y - 4.0, y + 4.0));
            if dot.is_chosen {
                [left, right].into_iter().for_each(|end| svg.line("cap", (end, y - 7.0), (end, y + 7.0)));
            }
        }
        svg.circle(if dot.is_own { "hollow" } else { "point" }, (x, y), 6.0);
        svg.text("small", (self.width, y + 4.0), Anchor::End, &self.format.fixed(dot.value, self.digits));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(label: &str, value: f64) -> Dot {
        Dot { label: label.to_owned(), value, interval: Some((value - 10.0, value + 10.0)), is_own: label == "b", is_chosen: label == "a" }
    }

    #[test]
    fn every_level_has_a_dot_with_its_interval_and_number() {
        let dots = [dot("a", 100.0), dot("b", 120.5), Dot { interval: None, ..dot("c", 90.0) }];
        let format = NumberFormat { decimal: ',' };
        let plot = DotPlot { width: 600.0, format, digits: 1, dots: &dots, axis: "y", label: "levels" };
        let svg = plot.svg().into_string();
        assert_eq!((svg.matches("class=\"point\"").count(), svg.matches("class=\"hollow\"").count()), (2, 1));
        assert_eq!((svg.matches("class=\"interval\"").count(), svg.matches("class=\"cap\"").count()), (2, 2));
        assert!(svg.contains(">120,5</text>") && svg.contains(">b</text>"), "{svg}");
        assert!(DotPlot { width: 300.0, ..plot }.svg().into_string().contains(">a</text>"));
    }
}
