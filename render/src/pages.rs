//! Whole pages for people who open a file: a model, a profile of a table.
//!
//! A page is one file without script or address; it is in English, as the program is.

use std::fmt::Write;

use serde_json::Value;

use crate::bins::rebin;
use crate::documents::{Column, Model, list};
use crate::format::Format;
use crate::histogram::Histogram;
use crate::markup::escape;
use crate::{STYLE, documents};

/// A page of its own with this title and body.
#[must_use]
pub fn document(title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n\
         <body class=\"report\">\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )
}

/// What to call the columns of [`coefficients`], and the intercept.
#[derive(Clone, Copy, Debug)]
pub struct CoefficientWords<'a> {
    /// What the table shows.
    pub caption: &'a str,
    /// The columns: feature, coefficient, standard error, t, p.
    pub columns: [&'a str; 5],
    /// The first row.
    pub intercept: &'a str,
}

/// In English.
pub const COEFFICIENTS: CoefficientWords<'static> =
    CoefficientWords { caption: "Coefficients", columns: ["Feature", "Coefficient", "Standard error", "t", "p"], intercept: "Intercept" };

/// The coefficients with every digit, as a table; `title` words a feature.
#[must_use]
pub fn coefficients(model: &Model, format: Format, words: CoefficientWords<'_>, title: &dyn Fn(&str) -> String) -> String {
    let mut html = table_head(words.caption, &words.columns);
    for row in model.coefficients() {
        let name = row.name.map_or_else(|| words.intercept.to_owned(), title);
        let number = |value: Option<f64>, digits| value.map_or_else(|| "\u{2013}".to_owned(), |value| format.significant(value, digits));
        let cells = [format.text(&row.exact), number(row.std_error, 4), number(row.t, 4), number(row.p, 2)];
        table_row(&mut html, &name, &cells);
    }
    html + "</tbody></table></div>"
}

/// The equation as a sentence of numbers and names.
#[must_use]
pub fn equation(model: &Model, format: Format) -> String {
    let mut text = String::new();
    for (at, row) in model.coefficients().iter().enumerate() {
        let magnitude = format.significant(row.coefficient.abs(), 6);
        let sign = if row.coefficient < 0.0 { "\u{2212}" } else { "+" };
        let _ = match (at, row.coefficient < 0.0) {
            (0, false) => write!(text, "{magnitude}"),
            (0, true) => write!(text, "{sign}{magnitude}"),
            _ => write!(text, " {sign} {magnitude}"),
        };
        if let Some(name) = row.name {
            let _ = write!(text, "\u{a0}×\u{a0}{name}");
        }
    }
    text
}

/// A page of `model.json`.
#[must_use]
pub fn model(document_: Value) -> String {
    let model = Model::new(document_);
    let format = Format::default();
    let mut body = String::new();
    let target = model.target("name").or(model.target("column")).unwrap_or("y");
    let _ = write!(body, "<p class=\"equation\"><b>{}</b> = {}</p>", escape(target), escape(&equation(&model, format)));
    let title = |name: &str| model.column(name).map_or(name, Column::title).to_owned();
    body += &coefficients(&model, format, COEFFICIENTS, &title);
    let columns: Vec<Column<'_>> = list(&model.document["columns"]).iter().map(Column::of).collect();
    body += &columns_table(&columns, format);
    document(model.title().unwrap_or("Model"), &body)
}

/// A page of a profile.
#[must_use]
pub fn profile(profile: &Value, title: &str) -> String {
    let format = Format::default();
    let rows = format.count(profile["rows"].as_u64().unwrap_or(0));
    let columns: Vec<Column<'_>> = documents::list(&profile["columns"]).iter().map(Column::of).collect();
    document(title, &format!("<p>{rows} rows, {} columns</p>{}", columns.len(), columns_table(&columns, format)))
}

fn columns_table(columns: &[Column<'_>], format: Format) -> String {
    let mut html = table_head("Columns", &["Column", "Mean", "Standard deviation", "Lowest", "Highest", "Missing", "Text", "Distribution"]);
    for column in columns {
        let number = |key: &str| column.number(key).map_or_else(|| "\u{2013}".to_owned(), |value| format.significant(value, 5));
        let cells = ["mean", "sd", "min", "max", "missing", "text"].map(number);
        let label = format!("Distribution of {}", column.name());
        table_row_with(&mut html, column.title(), &cells, &small_histogram(*column, format, &label));
    }
    html + "</tbody></table></div>"
}

/// A column's distribution, small enough for a row of a table; nothing without one.
#[must_use]
pub fn small_histogram(column: Column<'_>, format: Format, label: &str) -> String {
    let bins = rebin(&column.cells(), 24);
    if bins.is_empty() {
        return String::new();
    }
    Histogram { width: 140.0, height: 30.0, format, bins: &bins, axis: None, mark: None, label }.svg()
}

/// Opens a table, which scrolls by itself where it is too wide, down to its body.
#[must_use]
pub fn table_head(caption: &str, columns: &[&str]) -> String {
    let caption = escape(caption);
    let mut html = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table><caption>{caption}</caption><thead><tr>"
    );
    for column in columns {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(column));
    }
    html + "</tr></thead><tbody>"
}

/// A row with its name.
pub fn table_row(html: &mut String, name: &str, cells: &[String]) {
    table_row_with(html, name, cells, "");
}

/// A row with its name and, if there is one, a picture at its end.
pub fn table_row_with(html: &mut String, name: &str, cells: &[String], picture: &str) {
    let _ = write!(html, "<tr><th scope=\"row\">{}</th>", escape(name));
    for cell in cells {
        let _ = write!(html, "<td>{}</td>", escape(cell));
    }
    if !picture.is_empty() {
        let _ = write!(html, "<td>{picture}</td>");
    }
    *html += "</tr>";
}
