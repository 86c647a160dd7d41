//! Draws counts on a grid as shades: predicted against observed values, or against residuals.

use crate::format::NumberFormat;
use crate::markup::{Anchor, Markup, Svg};
use crate::prediction::draw_axis;
use crate::scale::Scale;

/// Counts on a grid of two axes.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap<'a> {
    /// Width in pixels.
    pub width: f64,
    /// How numbers are written.
    pub format: NumberFormat,
    /// The counts, row by row from the lowest `y`. A row starts at the lowest `x`.
    pub counts: &'a [f64],
    /// Number of counts in a row.
    pub columns: usize,
    /// The values at the left and the right side.
    pub x: (f64, f64),
    /// The values at the bottom and the top.
    pub y: (f64, f64),
    /// The ends of a reference line, each as x and y values.
    pub line: Option<((f64, f64), (f64, f64))>,
    /// Titles of the horizontal and the vertical axis.
    pub axes: (&'a str, &'a str),
    /// Description of the picture in words.
    pub label: &'a str,
}

const LEFT: f64 = 54.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const FOOT: f64 = 44.0;
/// Classes of the style sheet, from the lightest shade to the darkest.
const SHADES: [&str; 6] = ["shade1", "shade2", "shade3", "shade4", "shade5", "shade6"];

impl HeatMap<'_> {
    /// Returns the picture.
    #[must_use]
    pub fn svg(&self) -> Markup {
        let height = TOP + FOOT + (self.width - LEFT - RIGHT).min(380.0) * 0.8;
        let base = height - FOOT;
        let x = Scale::new(self.x, (LEFT, self.width - RIGHT));
        let y = Scale::new(self.y, (base, TOP));
        let mut svg = Svg::new("heat", self.width, height, self.label);
        for tick in y.ticks(5) {
            svg.line("grid", (LEFT, y.at(tick)), (self.width - RIGHT, y.at(tick)));
            svg.text("small", (LEFT - 6.0, y.at(tick) + 4.0), Anchor::End, &self.format.fixed(tick, y.digits(5)));
        }
        self.draw_cells(&mut svg, base);
        if let Some((from, to)) = self.line {
            svg.line("reference", (x.at(from.0), y.at(from.1)), (x.at(to.0), y.at(to.1)));
        }
        draw_axis(&mut svg, &x, base, self.format, self.axes.0, self.width);
        svg.text("small muted", (0.0, 12.0), Anchor::Start, self.axes.1);
        svg.finish()
    }

    fn draw_cells(&self, svg: &mut Svg, base: f64) {
        let columns = self.columns.max(1);
        let most = self.counts.iter().copied().fold(1.0, f64::max);
        let width = (self.width - LEFT - RIGHT) / columns as f64;
        let height = (base - TOP) / self.counts.len().div_ceil(columns).max(1) as f64;
        for (at, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0.0) {
            let (left, bottom) = (LEFT + (at % columns) as f64 * width, base - (at / columns) as f64 * height);
            svg.rect(shade(*count, most), (left, left + width), (bottom - height, bottom));
        }
    }
}

/// Returns the class of a count: on a logarithmic scale, the lightest shade for one and the darkest for the largest count.
fn shade(count: f64, most: f64) -> &'static str {
    let fraction = if most > 1.0 { count.ln() / most.ln() } else { 1.0 };
    let darkest = SHADES.len() - 1;
    SHADES[((fraction * darkest as f64).round().max(0.0) as usize).min(darkest)]
}
