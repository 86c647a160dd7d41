//! The section about the model: equation, data, fit, quality control, limits, digests. All of it is read from the model and the component.

use samefit_render::bins::rebin;
use samefit_render::documents::Column;
use samefit_render::histogram::Histogram;
use samefit_render::markup::escape;
use samefit_render::pages::{CoefficientWords, coefficients, equation, small_histogram, table_head, table_row_with};

use crate::state::State;

/// Returns the section.
#[must_use]
pub fn section(state: &State) -> String {
    let model = &state.loaded.model;
    let name = model.target("name").or(model.target("column")).unwrap_or_default();
    format!(
        "<h1>{}</h1><p class=\"lead\">{}</p>\
         <section class=\"card\"><h2>{}</h2><p>{}</p><p class=\"equation\"><b>{}</b> = {}</p>{}</section>\
         <section class=\"card\"><h2>{}</h2>{}</section>\
         <section class=\"card\"><h2>{}</h2>{}</section>\
         <section class=\"card\"><h2>{}</h2>{}</section>\
         <section class=\"card\"><h2>{}</h2><ul>{}</ul></section>\
         <section class=\"card\"><h2>{}</h2><p>{}</p></section>\
         <section class=\"card\"><h2>{}</h2>{}</section>",
        state.t("about.title"),
        state.t("about.lead"),
        state.t("about.equation"),
        state.t("about.equation-lead"),
        escape(name),
        escape(&equation(model, state.texts.format())),
        own_coefficients(state),
        state.t("about.data"),
        facts(state),
        state.t("about.outcome"),
        outcome(state),
        state.t("about.ranges"),
        columns(state),
        state.t("about.limits"),
        limits(state),
        state.t("about.calls"),
        state.t("about.calls-lead"),
        state.t("about.versions"),
        versions(state),
    )
}

/// Returns the coefficients of the page's model.
fn own_coefficients(state: &State) -> String {
    coefficient_table(state, &state.loaded.model, &|name| {
        state.loaded.model.column(name).map_or(name, |column| state.texts.schema(column.title())).to_owned()
    })
}

/// Returns the coefficients of any model in a table with the page's words. `title` names a feature.
pub(super) fn coefficient_table(state: &State, model: &samefit_render::documents::Model, title: &dyn Fn(&str) -> String) -> String {
    let texts = &state.texts;
    let columns = ["feature", "coefficient", "std-error", "t", "p"].map(|name| format!("table.{name}"));
    let columns = [0, 1, 2, 3, 4].map(|at: usize| texts.text(&columns[at]));
    let words = CoefficientWords { caption: texts.text("table.coefficients"), columns, intercept: texts.text("table.intercept") };
    coefficients(model, texts.format(), words, title)
}

fn list(pairs: &[(String, String)]) -> String {
    let items: String = pairs.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{value}</dd></div>")).collect();
    format!("<dl>{items}</dl>")
}

fn facts(state: &State) -> String {
    let (model, format) = (&state.loaded.model, state.texts.format());
    let number = |key: &str| model.fit(key).map_or_else(|| "\u{2013}".to_owned(), |value| format.significant(value, 4));
    let mut pairs = vec![
        (state.t("about.rows"), format.count(model.rows())),
        (state.t("about.features"), model.document["coefficients"].as_array().map_or(0, Vec::len).to_string()),
        (state.t("about.r2"), number("r_squared")),
        (state.t("about.sd"), number("residual_sd")),
        (state.t("about.df"), number("residual_df")),
    ];
    let quality = model.quality().map_or_else(
        || state.t("about.qc-none"),
        |(rmse, rows, threshold)| {
            let values = [format.significant(rmse, 4), format.count(rows), format.significant(threshold, 4)];
            state.tf("about.qc-passed", &[("rmse", &values[0]), ("rows", &values[1]), ("threshold", &values[2])])
        },
    );
    pairs.push((state.t("about.qc"), quality));
    if let Some(coverage) = super::result::coverage(state) {
        pairs.push((state.t("about.qc-coverage"), escape(&coverage)));
    }
    list(&pairs)
}

fn outcome(state: &State) -> String {
    let model = &state.loaded.model;
    let description = model.target("description").map_or("", |text| state.texts.schema(text));
    let title = state.texts.schema(model.target_title());
    let bins = model.target_column().map(|column| rebin(&column.cells(), 16)).unwrap_or_default();
    let picture = if bins.is_empty() {
        String::new()
    } else {
        let label = state.texts.fill("data.histogram", &[("title", title)]);
        Histogram {
            width: state.width,
            height: 110.0,
            format: state.texts.format(),
            bins: &bins,
            axis: Some(title),
            mark: None,
            label: &label,
        }
        .svg()
    };
    let about =
        model.document["schema_description"].as_str().map_or(String::new(), |text| format!("<p>{}</p>", escape(state.texts.schema(text))));
    format!("<p>{}</p>{about}{picture}", escape(description))
}

fn columns(state: &State) -> String {
    let (texts, format) = (&state.texts, state.texts.format());
    let heads = ["data.column", "data.mean", "data.sd", "data.min", "data.max", "data.distribution"].map(|name| texts.text(name));
    let mut html = table_head(texts.text("about.ranges"), &heads);
    let all = state.loaded.model.feature_columns().into_iter().chain(state.loaded.model.target_column());
    for column in all {
        let number = |key: &str| column.number(key).map_or_else(|| "\u{2013}".to_owned(), |value| format.significant(value, 4));
        let title = texts.schema(column.title());
        let unit = column.unit().map_or(String::new(), |unit| format!(" ({})", label(state, column, unit)));
        let picture = small_histogram(column, format, &texts.fill("data.histogram", &[("title", title)]));
        table_row_with(&mut html, &format!("{title}{unit}"), &["mean", "sd", "min", "max"].map(number), &picture);
    }
    html + "</tbody></table></div>"
}

fn label<'a>(state: &'a State, column: Column<'a>, unit: &'a str) -> &'a str {
    state.loaded.field(column.name()).map_or(unit, |field| super::words::unit_label(field, Some(unit)))
}

fn limits(state: &State) -> String {
    let rows = state.texts.format().count(state.loaded.model.rows());
    let mut names = vec!["rows", "linear", "interval", "cause", "range"];
    if state.loaded.file.is_none() {
        names.extend(["instrument", "sex", "place"]);
    }
    names.iter().map(|name| format!("<li>{}</li>", state.tf(&format!("about.limit.{name}"), &[("n", &rows)]))).collect()
}

fn versions(state: &State) -> String {
    let code = |text: &str| format!("<code class=\"digest\">{}</code>", escape(text));
    let pairs = [
        (state.t("about.page"), code(&state.version)),
        (state.t("about.component"), code(state.facts["version"].as_str().unwrap_or_default())),
        (state.t("about.core"), code(state.facts["sha256"].as_str().unwrap_or_default())),
        (state.t("about.statistics"), code(state.loaded.model.document["statistics_sha256"].as_str().unwrap_or_default())),
    ];
    format!("{}<p>{} {}</p>", list(&pairs), state.t("about.same"), state.t("selftest.passed"))
}
