//! Counts on a grid as a map of shades: predicted against observed, predicted against residual.

use crate::format::Format;
use crate::markup::{Anchor, Svg};
use crate::outlook::draw_axis;
use crate::scale::Scale;

/// The picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Heat<'a> {
    /// Width in pixels.
    pub width: f64,
    /// How numbers are written.
    pub format: Format,
    /// Counts, row by row from the lowest `y`, each from the lowest `x`.
    pub counts: &'a [f64],
    /// Cells in a row.
    pub columns: usize,
    /// Values at the sides.
    pub x: (f64, f64),
    /// Values at the bottom and the top.
    pub y: (f64, f64),
    /// Two ends of a line for comparison, as values.
    pub line: Option<((f64, f64), (f64, f64))>,
    /// What the axes show.
    pub axes: (&'a str, &'a str),
    /// What the whole says.
    pub label: &'a str,
}

const LEFT: f64 = 54.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 26.0;
const FOOT: f64 = 44.0;
/// Shades of the style sheet.
const SHADES: f64 = 6.0;

impl Heat<'_> {
    /// The picture as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
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
            svg.rect(&format!("shade{}", shade(*count, most)), (left, left + width), (bottom - height, bottom));
        }
    }
}

/// From 1, a count of one, to the darkest, the largest count: by orders of magnitude.
fn shade(count: f64, most: f64) -> u32 {
    let share = if most > 1.0 { count.ln() / most.ln() } else { 1.0 };
    1 + (share * (SHADES - 1.0)).round() as u32
}
