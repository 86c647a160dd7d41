//! HTML and SVG that cannot hold unescaped text.
//!
//! [`Markup`] is the type of finished HTML. The macro [`html!`] of the crate `maud` makes it, and escapes every value that is not `Markup`
//! itself. [`Svg`] draws shapes the same way.
//!
//! *Not here*: whole pages and tables (`pages.rs`).

use std::borrow::Cow;

use maud::{PreEscaped, Render};

pub use maud::{Markup, html};

use crate::format::Coordinate;

/// The style sheet of all pictures, tables and pages of this crate.
pub const STYLE: &str = include_str!("report.css");

/// Text from data, names or documents. It is escaped like any other text, and each control character that XML forbids is shown as U+FFFD.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a>(pub &'a str);

impl Render for Text<'_> {
    fn render_to(&self, buffer: &mut String) {
        printable(self.0).render_to(buffer);
    }
}

fn printable(text: &str) -> Cow<'_, str> {
    let is_forbidden = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(is_forbidden) { Cow::Owned(text.replace(is_forbidden, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

/// Which part of a text stands at its coordinate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The first character.
    Start,
    /// The middle.
    Middle,
    /// The last character.
    End,
}

impl Anchor {
    /// The value of the attribute `text-anchor`.
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// A picture that is being drawn. Coordinates are in pixels from the top left corner.
///
/// A class names a rule of the style sheet. It is part of the program, never data.
#[derive(Clone, Debug)]
pub struct Svg {
    class: &'static str,
    width: f64,
    height: f64,
    label: String,
    /// The shapes drawn so far, as markup.
    shapes: String,
}

impl Svg {
    /// Creates an empty picture. `label` describes it to people who cannot see it.
    #[must_use]
    pub fn new(class: &'static str, width: f64, height: f64, label: &str) -> Self {
        Self { class, width, height, label: label.to_owned(), shapes: String::new() }
    }

    /// Draws a rectangle between two x and two y coordinates, in either order.
    pub fn rect(&mut self, class: &'static str, (x1, x2): (f64, f64), (y1, y2): (f64, f64)) {
        let [x, y, width, height] = [x1.min(x2), y1.min(y2), (x2 - x1).abs(), (y2 - y1).abs()].map(Coordinate);
        self.draw(&html! { rect class=(class) x=(x) y=(y) width=(width) height=(height) {} });
    }

    /// Draws a straight line between two points.
    pub fn line(&mut self, class: &'static str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(Coordinate);
        self.draw(&html! { line class=(class) x1=(x1) y1=(y1) x2=(x2) y2=(y2) {} });
    }

    /// Draws a circle around a point.
    pub fn circle(&mut self, class: &'static str, (x, y): (f64, f64), radius: f64) {
        let [x, y, radius] = [x, y, radius].map(Coordinate);
        self.draw(&html! { circle class=(class) cx=(x) cy=(y) r=(radius) {} });
    }

    /// Draws a line through points. `closed`: it returns to its first point and so bounds an area.
    pub fn path(&mut self, class: &'static str, points: &[(f64, f64)], closed: bool) {
        let mut commands = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            commands.push(if index == 0 { 'M' } else { 'L' });
            Coordinate(*x).render_to(&mut commands);
            commands.push(' ');
            Coordinate(*y).render_to(&mut commands);
        }
        commands.push_str(if closed { "Z" } else { "" });
        self.draw(&html! { path class=(class) d=(commands) {} });
    }

    /// Writes one line of text.
    pub fn text(&mut self, class: &'static str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        let [x, y] = [x, y].map(Coordinate);
        self.draw(&html! { text class=(class) x=(x) y=(y) text-anchor=(anchor.name()) { (Text(text)) } });
    }

    /// Returns the picture.
    #[must_use]
    pub fn finish(self) -> Markup {
        let (width, height) = (Coordinate(self.width), Coordinate(self.height));
        html! {
            svg class={ "plot " (self.class) } xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (width) " " (height) }
                width=(width) height=(height) role="img" aria-label=(Text(&self.label)) {
                // markup already: only `draw` adds to it
                (PreEscaped(self.shapes))
            }
        }
    }

    fn draw(&mut self, shape: &Markup) {
        shape.render_to(&mut self.shapes);
    }
}

/// Estimates the width of a text at 13 pixels, in pixels: seven a character.
#[must_use]
pub fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * 7.0
}

/// Cuts a text to an estimated width in pixels. A cut text ends with an ellipsis.
#[must_use]
pub fn truncated(text: &str, width: f64) -> String {
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
    fn text_from_outside_is_escaped() {
        let text = Text("<b a=\"1\">&\u{0}\n");
        assert_eq!(html! { p title=(text) { (text) } }.into_string(), {
            let escaped = "&lt;b a=&quot;1&quot;&gt;&amp;\u{fffd}\n";
            format!("<p title=\"{escaped}\">{escaped}</p>")
        });
        let mut svg = Svg::new("x", 10.0, 10.0, "a \"b\"");
        svg.text("c", (0.0, 0.0), Anchor::Start, "<script>");
        let svg = svg.finish().into_string();
        assert!(svg.contains("aria-label=\"a &quot;b&quot;\"") && svg.ends_with("&lt;script&gt;</text></svg>"), "{svg}");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(truncated("Body mass index", 200.0), "Body mass index");
        assert_eq!(truncated("Body mass index", 42.0), "Body\u{2026}");
    }
}
