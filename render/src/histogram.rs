//! Draws a histogram.

use crate::bins::Bin;
use crate::format::NumberFormat;
use crate::markup::{Markup, Svg};
use crate::prediction::{draw_axis, draw_bins};
use crate::scale::{Scale, extent};

/// Bars of counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram<'a> {
    /// Width in pixels.
    pub width: f64,
    /// Height of the tallest bar in pixels.
    pub height: f64,
    /// How numbers are written.
    pub format: NumberFormat,
    /// The bars.
    pub bins: &'a [Bin],
    /// Title of the axis. Without a title, only the base line is drawn.
    pub axis: Option<&'a str>,
    /// A value to mark with a line.
    pub mark: Option<f64>,
    /// Description of the picture in words.
    pub label: &'a str,
}

const SIDE: f64 = 16.0;
const FOOT: f64 = 44.0;

impl Histogram<'_> {
    /// Returns the picture.
    #[must_use]
    pub fn svg(&self) -> Markup {
        let (side, foot) = if self.axis.is_some() { (SIDE, FOOT) } else { (0.0, 1.0) };
        let base = self.height + 2.0;
        let scale = Scale::new(extent(self.bins.iter().flat_map(|bin| [bin.from, bin.to])), (side, self.width - side));
        let mut svg = Svg::new("histogram", self.width, base + foot, self.label);
        draw_bins(&mut svg, &scale, self.bins, (2.0, base), None);
        if let Some(mark) = self.mark {
            svg.line("reference", (scale.at(mark), 0.0), (scale.at(mark), base));
        }
        match self.axis {
            Some(title) => draw_axis(&mut svg, &scale, base, self.format, title, self.width),
            None => svg.line("axis", (0.0, base), (self.width, base)),
        }
        svg.finish()
    }
}
