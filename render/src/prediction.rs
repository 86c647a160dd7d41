//! Draws predictions and their intervals above a histogram of the training data's outcomes.

use crate::bins::Bin;
use crate::format::NumberFormat;
use crate::markup::{Anchor, Markup, Svg, text_width};
use crate::scale::{Scale, extent};

/// One prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Name of this prediction among several. Empty if there is only one.
    pub label: String,
    /// The predicted value.
    pub value: f64,
    /// The ends of its interval, if it has one.
    pub interval: Option<(f64, f64)>,
}

/// Predictions on the axis of the outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct PredictionPlot<'a> {
    /// Width in pixels.
    pub width: f64,
    /// How numbers are written.
    pub format: NumberFormat,
    /// Digits after the point of predictions and of the ends of intervals.
    pub digits: usize,
    /// Lowest and highest outcome in the training data.
    pub observed: Option<(f64, f64)>,
    /// Outcomes in the training data.
    pub bins: &'a [Bin],
    /// The predictions, one below the other.
    pub predictions: &'a [Prediction],
    /// Title of the axis: the outcome.
    pub axis: &'a str,
    /// Label of the bars.
    pub bars_label: &'a str,
    /// Description of the picture in words.
    pub label: &'a str,
}

const SIDE: f64 = 22.0;
const ROW: f64 = 58.0;
const BARS: f64 = 64.0;
const FOOT: f64 = 44.0;

impl PredictionPlot<'_> {
    /// Returns the picture.
    #[must_use]
    pub fn svg(&self) -> Markup {
        let scale = self.scale();
        let rows = self.predictions.len() as f64 * ROW;
        let bars = if self.bins.is_empty() { 0.0 } else { BARS + 22.0 };
        let base = 8.0 + rows + bars;
        let mut svg = Svg::new("prediction", self.width, base + FOOT, self.label);
        if let Some((low, high)) = self.observed {
            svg.rect("observed", (scale.at(low), scale.at(high)), (0.0, base));
        }
        self.draw_bars(&mut svg, &scale, 8.0 + rows, base);
        for (index, prediction) in self.predictions.iter().enumerate() {
            self.draw_prediction(&mut svg, &scale, prediction, 8.0 + index as f64 * ROW, base);
        }
        draw_axis(&mut svg, &scale, base, self.format, self.axis, self.width);
        svg.finish()
    }

    fn scale(&self) -> Scale {
        let predicted =
            self.predictions.iter().flat_map(|one| [Some(one.value), one.interval.map(|ends| ends.0), one.interval.map(|ends| ends.1)]);
        let observed = self.observed.into_iter().flat_map(|(low, high)| [low, high]);
        let (low, high) = extent(predicted.flatten().chain(observed).chain(self.bins.iter().flat_map(|bin| [bin.from, bin.to])));
        Scale::new((low, high), (SIDE, self.width - SIDE))
    }

    fn draw_bars(&self, svg: &mut Svg, scale: &Scale, top: f64, base: f64) {
        if self.bins.is_empty() {
            return;
        }
        svg.text("small muted", (scale.at(self.bins[0].from).max(SIDE), top + 12.0), Anchor::Start, self.bars_label);
        let only = self.predictions.first().filter(|_| self.predictions.len() == 1);
        draw_bins(svg, scale, self.bins, (top + 22.0, base), only.map(|prediction| prediction.value));
    }

    fn draw_prediction(&self, svg: &mut Svg, scale: &Scale, prediction: &Prediction, top: f64, base: f64) {
        let y = top + 34.0;
        let x = scale.at(prediction.value);
        svg.line("guide", (x, y), (x, base));
        if let Some((lower, upper)) = prediction.interval {
            let (left, right) = (scale.at(lower), scale.at(upper));
            svg.rect("interval", (left, right), (y - 5.0, y + 5.0));
            for end in [left, right] {
                svg.line("cap", (end, y - 9.0), (end, y + 9.0));
            }
            let (lower, upper) = (self.format.fixed(lower, self.digits), self.format.fixed(upper, self.digits));
            svg.text("small", (left, y - 14.0), anchor_near_left(left, text_width(&lower)), &lower);
            svg.text(
                "small",
                (right, y - 14.0),
                if right + text_width(&upper) / 2.0 > self.width { Anchor::End } else { Anchor::Middle },
                &upper,
            );
        }
        svg.circle("point", (x, y), 6.5);
        let value = self.format.fixed(prediction.value, self.digits);
        let text = if prediction.label.is_empty() { value } else { format!("{}: {value}", prediction.label) };
        svg.text("strong", (x, y - 14.0), Anchor::Middle, &text);
    }
}

/// Returns the anchor that keeps a text of this width inside the left side.
fn anchor_near_left(x: f64, width: f64) -> Anchor {
    if x < width / 2.0 { Anchor::Start } else { Anchor::Middle }
}

/// Draws bars that stand on `base`. Bars wholly below `value` get another shade.
pub(crate) fn draw_bins(svg: &mut Svg, scale: &Scale, bins: &[Bin], (top, base): (f64, f64), value: Option<f64>) {
    let most = bins.iter().map(|bin| bin.count).fold(1.0, f64::max);
    for bin in bins.iter().filter(|bin| bin.count > 0.0) {
        let height = (base - top) * bin.count / most;
        let class = if value.is_some_and(|value| bin.to <= value) { "bar below" } else { "bar" };
        svg.rect(class, (scale.at(bin.from) + 0.5, scale.at(bin.to) - 0.5), (base - height, base));
    }
}

/// Draws a horizontal axis at `base` with ticks and a title below it.
pub(crate) fn draw_axis(svg: &mut Svg, scale: &Scale, base: f64, format: NumberFormat, title: &str, width: f64) {
    svg.line("axis", (scale.range.0, base), (scale.range.1, base));
    let about = (width / 80.0).max(4.0) as usize;
    for tick in scale.ticks(about) {
        let x = scale.at(tick);
        svg.line("axis", (x, base), (x, base + 5.0));
        svg.text("small", (x, base + 19.0), Anchor::Middle, &format.fixed(tick, scale.digits(about)));
    }
    svg.text("small muted", (f64::midpoint(scale.range.0, scale.range.1), base + 37.0), Anchor::Middle, title);
}
