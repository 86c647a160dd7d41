//! Predictions with their intervals on the scale of the outcome, above the outcomes of the training data.

use crate::bins::Bin;
use crate::format::Format;
use crate::markup::{Anchor, Svg, text_width};
use crate::scale::{Scale, extent};

/// One prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What tells it from the others; empty if it is alone.
    pub label: String,
    /// The predicted value.
    pub value: f64,
    /// Ends of its interval, if it has one.
    pub interval: Option<(f64, f64)>,
}

/// The picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook<'a> {
    /// Width in pixels.
    pub width: f64,
    /// How numbers are written.
    pub format: Format,
    /// Digits after the point of predictions and ends of intervals.
    pub digits: usize,
    /// Lowest and highest outcome that was observed.
    pub observed: Option<(f64, f64)>,
    /// Observed outcomes.
    pub bins: &'a [Bin],
    /// The predictions.
    pub rows: &'a [Row],
    /// What the axis shows.
    pub axis: &'a str,
    /// What the bars show.
    pub bars: &'a str,
    /// What the whole says.
    pub label: &'a str,
}

const SIDE: f64 = 22.0;
const ROW: f64 = 58.0;
const BARS: f64 = 64.0;
const FOOT: f64 = 44.0;

impl Outlook<'_> {
    /// The picture as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let scale = self.scale();
        let rows = self.rows.len() as f64 * ROW;
        let bars = if self.bins.is_empty() { 0.0 } else { BARS + 22.0 };
        let base = 8.0 + rows + bars;
        let mut svg = Svg::new("outlook", self.width, base + FOOT, self.label);
        if let Some((low, high)) = self.observed {
            svg.rect("observed", (scale.at(low), scale.at(high)), (0.0, base));
        }
        self.draw_bars(&mut svg, &scale, 8.0 + rows, base);
        for (at, row) in self.rows.iter().enumerate() {
            self.draw_row(&mut svg, &scale, row, 8.0 + at as f64 * ROW, base);
        }
        draw_axis(&mut svg, &scale, base, self.format, self.axis, self.width);
        svg.finish()
    }

    fn scale(&self) -> Scale {
        let ends = self.rows.iter().flat_map(|row| [Some(row.value), row.interval.map(|ends| ends.0), row.interval.map(|ends| ends.1)]);
        let seen = self.observed.into_iter().flat_map(|(low, high)| [low, high]);
        let (low, high) = extent(ends.flatten().chain(seen).chain(self.bins.iter().flat_map(|bin| [bin.from, bin.to])));
        Scale::new((low, high), (SIDE, self.width - SIDE))
    }

    fn draw_bars(&self, svg: &mut Svg, scale: &Scale, top: f64, base: f64) {
        if self.bins.is_empty() {
            return;
        }
        svg.text("small muted", (scale.at(self.bins[0].from).max(SIDE), top + 12.0), Anchor::Start, self.bars);
        draw_bins(svg, scale, self.bins, (top + 22.0, base), self.rows.first().filter(|_| self.rows.len() == 1).map(|row| row.value));
    }

    fn draw_row(&self, svg: &mut Svg, scale: &Scale, row: &Row, top: f64, base: f64) {
        let y = top + 34.0;
        let x = scale.at(row.value);
        svg.line("guide", (x, y), (x, base));
        if let Some((lower, upper)) = row.interval {
            let (left, right) = (scale.at(lower), scale.at(upper));
            svg.rect("interval", (left, right), (y - 5.0, y + 5.0));
            for end in [left, right] {
                svg.line("cap", (end, y - 9.0), (end, y + 9.0));
            }
            let (lower, upper) = (self.format.fixed(lower, self.digits), self.format.fixed(upper, self.digits));
            svg.text("small", (left, y - 14.0), side(left, text_width(&lower)), &lower);
            svg.text(
                "small",
                (right, y - 14.0),
                if right + text_width(&upper) / 2.0 > self.width { Anchor::End } else { Anchor::Middle },
                &upper,
            );
        }
        svg.dot("point", (x, y), 6.5);
        let value = self.format.fixed(row.value, self.digits);
        let text = if row.label.is_empty() { value } else { format!("{}: {value}", row.label) };
        svg.text("strong", (x, y - 14.0), Anchor::Middle, &text);
    }
}

/// Text near the left side starts there.
fn side(x: f64, width: f64) -> Anchor {
    if x < width / 2.0 { Anchor::Start } else { Anchor::Middle }
}

/// Bars that stand on `base`; those that lie wholly below `value` are marked.
pub(crate) fn draw_bins(svg: &mut Svg, scale: &Scale, bins: &[Bin], (top, base): (f64, f64), value: Option<f64>) {
    let most = bins.iter().map(|bin| bin.count).fold(1.0, f64::max);
    for bin in bins.iter().filter(|bin| bin.count > 0.0) {
        let height = (base - top) * bin.count / most;
        let class = if value.is_some_and(|value| bin.to <= value) { "bar below" } else { "bar" };
        svg.rect(class, (scale.at(bin.from) + 0.5, scale.at(bin.to) - 0.5), (base - height, base));
    }
}

/// A horizontal axis below `base` with its title.
pub(crate) fn draw_axis(svg: &mut Svg, scale: &Scale, base: f64, format: Format, title: &str, width: f64) {
    svg.line("axis", (scale.range.0, base), (scale.range.1, base));
    let about = (width / 80.0).max(4.0) as usize;
    for tick in scale.ticks(about) {
        let x = scale.at(tick);
        svg.line("axis", (x, base), (x, base + 5.0));
        svg.text("small", (x, base + 19.0), Anchor::Middle, &format.fixed(tick, scale.digits(about)));
    }
    svg.text("small muted", (f64::midpoint(scale.range.0, scale.range.1), base + 37.0), Anchor::Middle, title);
}
