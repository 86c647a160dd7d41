//! Elements of SVG and HTML to text.

use std::fmt::Write;

use crate::format::Place;

/// Text that stands for itself in HTML and SVG, attributes included.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // XML knows no other control characters
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Where a text is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// At its first character.
    Start,
    /// In its middle.
    Middle,
    /// At its last character.
    End,
}

/// A picture as it grows.
#[derive(Clone, Debug)]
pub struct Svg {
    text: String,
}

impl Svg {
    /// An empty picture of this size that says `label` to who cannot see it.
    #[must_use]
    pub fn new(class: &str, width: f64, height: f64, label: &str) -> Self {
        let label = escape(label);
        let (width, height) = (Place(width), Place(height));
        let text = format!(
            r#"<svg class="plot {class}" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}">"#
        );
        Self { text }
    }

    /// A rectangle; its sides may come in either order.
    pub fn rect(&mut self, class: &str, (x1, x2): (f64, f64), (y1, y2): (f64, f64)) {
        let [x, y, width, height] = [x1.min(x2), y1.min(y2), (x2 - x1).abs(), (y2 - y1).abs()].map(Place);
        self.put(format_args!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}"/>"#));
    }

    /// A straight line.
    pub fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(Place);
        self.put(format_args!(r#"<line class="{class}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>"#));
    }

    /// A dot.
    pub fn dot(&mut self, class: &str, (x, y): (f64, f64), radius: f64) {
        let [x, y, radius] = [x, y, radius].map(Place);
        self.put(format_args!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{radius}"/>"#));
    }

    /// A line through points, closed to an area if asked.
    pub fn path(&mut self, class: &str, points: &[(f64, f64)], closed: bool) {
        let mut d = String::new();
        for (at, (x, y)) in points.iter().enumerate() {
            let [x, y] = [*x, *y].map(Place);
            let _ = write!(d, "{}{x} {y}", if at == 0 { 'M' } else { 'L' });
        }
        let end = if closed { "Z" } else { "" };
        self.put(format_args!(r#"<path class="{class}" d="{d}{end}"/>"#));
    }

    /// A line of text.
    pub fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let text = escape(text);
        let [x, y] = [x, y].map(Place);
        self.put(format_args!(r#"<text class="{class}" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>"#));
    }

    /// The picture.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.text.push_str("</svg>");
        self.text
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        let _ = self.text.write_fmt(element);
    }
}

/// About how wide a text of this many characters is, at 13 pixels.
#[must_use]
pub fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * 7.0
}

/// The text, cut so that it is no wider than this.
#[must_use]
pub fn fitted(text: &str, width: f64) -> String {
    if text_width(text) <= width {
        return text.to_owned();
    }
    let characters = (width / 7.0).max(2.0) as usize - 1;
    text.chars().take(characters).collect::<String>().trim_end().to_owned() + "\u{2026}"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_from_outside_are_text() {
        assert_eq!(escape("<b a=\"1\">&'\u{0}"), "&lt;b a=&quot;1&quot;&gt;&amp;&#39;\u{fffd}");
        let mut svg = Svg::new("x", 10.0, 10.0, "a \"b\"");
        svg.text("c", (0.0, 0.0), Anchor::Start, "<script>");
        assert!(svg.finish().contains("&lt;script&gt;</text></svg>"));
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(fitted("Body mass index", 200.0), "Body mass index");
        assert_eq!(fitted("Body mass index", 42.0), "Body\u{2026}");
    }
}
