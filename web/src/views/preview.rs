//! Tables before they are used: their first rows, and controls for how they are written.

use samefit_render::documents::list;
use samefit_render::markup::{Markup, Text, html};
use samefit_render::pages::{table, table_row};
use serde_json::Value;

use super::words::error;
use crate::error::Error;
use crate::preview::{PreviewedTable, dialect_control};
use crate::state::State;

/// Shown in place of a name that is not there.
const NO_NAME: &str = "\u{2013}";
/// Columns that are shown.
const COLUMNS_MAX: usize = 30;

/// Returns the card with the previews; empty without one.
#[must_use]
pub fn card(state: &State) -> Markup {
    let groups = state.previews.groups();
    html! {
        @if !groups.is_empty() {
            section.card aria-labelledby="preview-title" {
                h2 #preview-title { (state.t("preview.title")) }
                p #preview-lead { (state.t("preview.lead")) }
                p.buttons {
                    button.main #preview-go type="button" data-do="use-preview" aria-describedby="preview-title preview-lead" {
                        (state.t("preview.go"))
                    }
                    button.quiet type="button" data-do="leave-preview" { (state.t("preview.leave")) }
                }
                @for tables in &groups { (group(state, tables)) }
            }
        }
    }
}

/// Returns the preview of tables that are written alike: the first rows of the first, and the controls for all.
fn group(state: &State, tables: &[usize]) -> Markup {
    let [at, ..] = tables else { return html! {} };
    let name_of = |at: &usize| state.previews.tables[*at].table.name.as_str();
    let names: Vec<&str> = tables.iter().map(name_of).collect();
    let previewed = &state.previews.tables[*at];
    let document = &previewed.document;
    html! {
        h3 { (Text(&names.join(", "))) }
        (controls(state, *at, previewed))
        @if document["error"].is_object() {
            p.problem.lines { (Text(&error(&state.texts, &Error::from_json(&document["error"])))) }
        }
        @if !list(&document["remarks"]).is_empty() {
            ul { @for remark in list(&document["remarks"]) { li { (Text(&remark_text(state, remark))) } } }
        }
        (rows(state, names[0], document))
    }
}

/// Returns a remark of the component in the language of the page.
fn remark_text(state: &State, remark: &Value) -> String {
    let text = |key: &str| remark[key].as_str().unwrap_or_default();
    let row = remark["row"].as_u64().map(|row| state.texts.format().count(row)).unwrap_or_default();
    let name = format!("preview.remark.{}", text("code"));
    match state.texts.find(&name) {
        Some(_) => state.fill(&name, &[("column", text("column")), ("found", text("found")), ("row", &row)]),
        None => text("text").to_owned(),
    }
}

fn controls(state: &State, at: usize, previewed: &PreviewedTable) -> Markup {
    let plan = &previewed.document["plan"];
    let text = |key: &str, default: &'static str| plan[key].as_str().map_or_else(|| default.to_owned(), str::to_owned);
    let skip = plan["skip"].as_u64().unwrap_or(0).to_string();
    let missing: Vec<&str> = list(&plan["na"]).iter().filter_map(Value::as_str).collect();
    let header = if plan["header"].is_array() { "none" } else { "data" };
    let none = state.t("preview.none");
    let space = state.t("preview.space");
    let delimiters = [
        (",", state.t("preview.comma")),
        (";", state.t("preview.semicolon")),
        ("\t", state.t("preview.tab")),
        ("|", state.t("preview.bar")),
    ];
    // a line `sep=;` names the delimiter, and the plan does not
    let delimiter = previewed.table.read["delimiter"].as_str().map_or_else(|| text("delimiter", ","), str::to_owned);
    let is_csv = previewed.table.read["format"] == "csv";
    html! {
        div.dialect {
            @if is_csv {
                (select(at, "delimiter", state.t("preview.delimiter"), &delimiter, &delimiters))
                (select(at, "decimal", state.t("preview.decimal"), &text("decimal", "."), &[(".", state.t("preview.point")), (",", state.t("preview.comma"))]))
                (select(at, "thousands", state.t("preview.thousands"), &text("thousands", ""),
                    &[("", none), (".", state.t("preview.point")), (",", state.t("preview.comma")), (" ", space), ("'", "'"), ("_", "_")]))
                (select(at, "header", state.t("preview.header"), header, &[("data", state.t("preview.yes")), ("none", state.t("preview.no"))]))
                (select(at, "comment", state.t("preview.comment"), &text("comment", ""), &[("", none), ("#", "#"), ("%", "%"), ("!", "!")]))
                label.stack {
                    (state.t("preview.skip"))
                    input type="number" min="0" step="1" data-set="dialect-skip" data-arg=(at) id=(dialect_control("skip", at)) value=(skip);
                }
            }
            label.stack {
                (state.t("preview.na"))
                input type="text" data-set="dialect-na" data-arg=(at) id=(dialect_control("na", at)) value=(Text(&missing.join(" "))) autocomplete="off";
            }
        }
    }
}

/// Returns a choice of one of several values. One that is not among them is added.
fn select(at: usize, key: &str, label: &str, value: &str, options: &[(&str, &str)]) -> Markup {
    let is_other = !options.iter().any(|(option, _)| *option == value);
    html! {
        label.stack {
            (label)
            select data-set=(format!("dialect-{key}")) data-arg=(at) id=(dialect_control(key, at)) {
                @for (option, text) in options { option value=(Text(option)) selected[*option == value] { (Text(text)) } }
                @if is_other { option value=(Text(value)) selected[true] { (Text(value)) } }
            }
        }
    }
}

fn rows(state: &State, name: &str, document: &Value) -> Markup {
    let columns = list(&document["columns"]);
    let shown = columns.iter().take(COLUMNS_MAX);
    let names = shown.clone().map(|column| column["name"].as_str().filter(|name| !name.is_empty()).unwrap_or(NO_NAME));
    let heads: Vec<&str> = std::iter::once(state.t("preview.row")).chain(names).collect();
    let kind = |column: &Value| state.t(&format!("preview.kind.{}", column["kind"].as_str().unwrap_or_default())).to_owned();
    let kinds: Vec<String> = shown.map(kind).collect();
    let row = |(number, cells): (usize, &Value)| {
        let cells: Vec<String> = list(cells).iter().take(COLUMNS_MAX).map(|cell| cell.as_str().unwrap_or_default().to_owned()).collect();
        table_row(&number.to_string(), &cells)
    };
    let all = std::iter::once(table_row(state.t("preview.kind"), &kinds)).chain((1..).zip(list(&document["rows"])).map(row));
    let more = columns.len().saturating_sub(COLUMNS_MAX);
    html! {
        (table(&state.fill("preview.rows", &[("name", name)]), &heads, all))
        @if more > 0 { p.hint { (state.fill("preview.more", &[("n", &more.to_string())])) } }
    }
}
