//! Whole HTML pages for people who open a file: a model, the profile of a table.
//!
//! A page is one file without scripts or addresses. Pages are in English, like the program.

use maud::{DOCTYPE, PreEscaped};
use serde_json::Value;

use crate::bins::rebin;
use crate::documents::{Column, Model, list};
use crate::format::NumberFormat;
use crate::histogram::Histogram;
use crate::markup::{Markup, STYLE, Text, html};

/// Shown in place of a number that is not there.
const NO_NUMBER: &str = "\u{2013}";

/// Labels of the table that [`coefficients`] returns.
#[derive(Clone, Copy, Debug)]
pub struct CoefficientLabels<'a> {
    /// Caption of the table.
    pub caption: &'a str,
    /// Column heads: feature, coefficient, standard error, t, p.
    pub columns: [&'a str; 5],
    /// Name of the intercept's row.
    pub intercept: &'a str,
}

/// Significant digits of the numbers in a table of columns.
const DIGITS: i32 = 5;

/// The labels in English.
pub const ENGLISH_LABELS: CoefficientLabels<'static> =
    CoefficientLabels { caption: "Coefficients", columns: ["Feature", "Coefficient", "Standard error", "t", "p"], intercept: "Intercept" };

/// Returns the page of a model, for the content of `model.json`.
#[must_use]
pub fn model(document: Value) -> String {
    let model = Model::new(document);
    let format = NumberFormat::default();
    let target = model.target("name").or(model.target("column")).unwrap_or("y");
    let columns: Vec<Column<'_>> = list(&model.document["columns"]).iter().map(Column::of).collect();
    let body = html! {
        p.equation { b { (Text(target)) } " = " (Text(&equation(&model, format))) }
        (coefficients(&model, format, ENGLISH_LABELS, &str::to_owned))
        (columns_table(&columns, format, |column, key| column.range_end(key, format, DIGITS, &|end| format!("about {end}"))))
    };
    page(model.title().unwrap_or("Model"), &body)
}

/// Returns the page of a profile. `title` names the table.
#[must_use]
pub fn profile(profile: &Value, title: &str) -> String {
    let format = NumberFormat::default();
    let rows = format.count(profile["rows"].as_u64().unwrap_or(0));
    let columns: Vec<Column<'_>> = list(&profile["columns"]).iter().map(Column::of).collect();
    let body = html! {
        p { (rows) (if rows == "1" { " row, " } else { " rows, " }) (columns.len()) (if columns.len() == 1 { " column" } else { " columns" }) }
        // the ends are values of the table
        (columns_table(&columns, format, |column, key| column.number(key).map(|end| format.significant(end, DIGITS))))
    };
    page(title, &body)
}

/// Returns the text of an HTML file.
fn page(title: &str, body: &Markup) -> String {
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                meta name="color-scheme" content="light dark";
                title { (Text(title)) }
                // our own style sheet: HTML does not unescape what stands in this element
                style { "\n" (PreEscaped(STYLE)) }
            }
            body.report {
                main {
                    h1 { (Text(title)) }
                    (body)
                }
            }
        }
    };
    html.into_string() + "\n"
}

/// Returns a table of the intercept and the coefficients with all their digits. `translate` words a title of the schema.
#[must_use]
pub fn coefficients(model: &Model, format: NumberFormat, labels: CoefficientLabels<'_>, translate: &dyn Fn(&str) -> String) -> Markup {
    let rows = model.coefficients().into_iter().map(|row| {
        let name = model.feature_title(&row, translate).unwrap_or_else(|| labels.intercept.to_owned());
        let number = |value: Option<f64>, digits| value.map_or_else(|| NO_NUMBER.to_owned(), |value| format.significant(value, digits));
        let p = row.p.map_or_else(|| NO_NUMBER.to_owned(), |p| format.probability(p));
        table_row(&name, &[format.text(&row.exact), number(row.std_error, 4), number(row.t, 4), p])
    });
    table(labels.caption, &labels.columns, rows)
}

/// Returns the right side of a model's equation as text, for instance `152.1 + 5.6 × bmi`, to six significant digits.
#[must_use]
pub fn equation(model: &Model, format: NumberFormat) -> String {
    let mut text = String::new();
    for (index, row) in model.coefficients().iter().enumerate() {
        text += match (index, row.coefficient < 0.0) {
            (0, false) => "",
            (0, true) => "\u{2212}",
            (_, false) => " + ",
            (_, true) => " \u{2212} ",
        };
        text += &format.significant(row.coefficient.abs(), 6);
        if let Some(name) = row.name {
            text += "\u{a0}×\u{a0}";
            text += name;
        }
    }
    text
}

/// Returns a table of columns. `end` gives the text of the lowest (`min`) or the highest value (`max`) of a column.
fn columns_table(columns: &[Column<'_>], format: NumberFormat, end: impl Fn(Column<'_>, &str) -> Option<String>) -> Markup {
    let rows = columns.iter().map(|column| {
        let number = |key: &str| column.number(key).map_or_else(|| NO_NUMBER.to_owned(), |value| format.significant(value, DIGITS));
        let [mean, sd, missing, text] = ["mean", "sd", "missing", "text"].map(number);
        let [min, max] = ["min", "max"].map(|key| end(*column, key).unwrap_or_else(|| NO_NUMBER.to_owned()));
        let cells = [mean, sd, min, max, missing, text];
        let picture = small_histogram(*column, format, &format!("Distribution of {}", column.name()));
        table_row_with_picture(column.title(), &cells, picture.as_ref())
    });
    table("Columns", &["Column", "Mean", "Standard deviation", "Lowest", "Highest", "Missing", "Text", "Distribution"], rows)
}

/// Returns a column's distribution as a picture for a row of a table. `None` if the column has no distribution.
#[must_use]
pub fn small_histogram(column: Column<'_>, format: NumberFormat, label: &str) -> Option<Markup> {
    let bins = rebin(&column.bins(), 24);
    (!bins.is_empty()).then(|| Histogram { width: 140.0, height: 30.0, format, bins: &bins, axis: None, mark: None, label }.svg())
}

/// Returns a table of these rows. A table that is too wide for the page scrolls by itself.
#[must_use]
pub fn table(caption: &str, columns: &[&str], rows: impl IntoIterator<Item = Markup>) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(Text(caption)) {
            table {
                caption { (Text(caption)) }
                thead {
                    tr {
                        @for column in columns { th scope="col" { (Text(column)) } }
                    }
                }
                tbody {
                    @for row in rows { (row) }
                }
            }
        }
    }
}

/// Returns a row of a table: its name, then its cells.
#[must_use]
pub fn table_row(name: &str, cells: &[String]) -> Markup {
    table_row_with_picture(name, cells, None)
}

/// Returns a row of a table, with a picture in its last cell if there is one.
#[must_use]
pub fn table_row_with_picture(name: &str, cells: &[String], picture: Option<&Markup>) -> Markup {
    html! {
        tr {
            th scope="row" { (Text(name)) }
            @for cell in cells { td { (Text(cell)) } }
            @if let Some(picture) = picture { td { (picture) } }
        }
    }
}
