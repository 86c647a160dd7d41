//! The section about the model: equation, data, fit, quality control, limits, digests. All of it is read from the model and the component.

use samefit_render::bins::rebin;
use samefit_render::documents::{Coefficient, Column, Level, Model};
use samefit_render::histogram::Histogram;
use samefit_render::markup::{Markup, Text, html};
use samefit_render::pages::{CoefficientLabels, coefficients, equation, small_histogram, table, table_row, table_row_with_picture};

use crate::state::State;

/// Shown in place of a number that the model does not have.
const NO_NUMBER: &str = "\u{2013}";
/// Largest number of bars in the histogram of outcomes.
const BARS: usize = 16;

/// Returns the section.
#[must_use]
pub fn section(state: &State) -> Markup {
    let model = &state.loaded.model;
    let name = model.target("name").or(model.target("column")).unwrap_or_default();
    html! {
        h1 { (state.t("about.title")) }
        p.lead { (state.t("about.lead")) }
        section.card {
            h2 { (state.t("about.equation")) }
            p { (state.t("about.equation-lead")) }
            p.equation { b { (Text(name)) } " = " (Text(&equation(model, state.texts.format()))) }
            (coefficient_table(state, model))
        }
        section.card { h2 { (state.t("about.data")) } (facts(state)) }
        section.card { h2 { (state.t("about.outcome")) } (outcome(state)) }
        section.card { h2 { (state.t("about.ranges")) } (columns(state)) (levels(state)) }
        section.card { h2 { (state.t("about.limits")) } ul { @for limit in limits(state) { li { (Text(&limit)) } } } }
        section.card { h2 { (state.t("about.calls")) } p { (state.t("about.calls-lead")) } }
        section.card { h2 { (state.t("about.versions")) } (versions(state)) }
    }
}

/// Returns the coefficients of any model in a table with the page's words.
pub(super) fn coefficient_table(state: &State, model: &Model) -> Markup {
    let texts = &state.texts;
    let columns = ["feature", "coefficient", "std-error", "t", "p"].map(|name| format!("table.{name}"));
    let columns = [0, 1, 2, 3, 4].map(|at: usize| texts.text(&columns[at]));
    let labels = CoefficientLabels { caption: texts.text("table.coefficients"), columns, intercept: texts.text("table.intercept") };
    coefficients(model, texts.format(), labels, &|title| texts.schema(title).to_owned())
}

/// Returns names and values as a list.
fn description_list<'a>(pairs: impl IntoIterator<Item = (&'a str, Markup)>) -> Markup {
    html! { dl { @for (name, value) in pairs { div { dt { (name) } dd { (value) } } } } }
}

fn facts(state: &State) -> Markup {
    let (model, format) = (&state.loaded.model, state.texts.format());
    let number = |key: &str| model.fit(key).map_or_else(|| NO_NUMBER.to_owned(), |value| format.significant(value, 4));
    let quality = model.quality().map_or_else(
        || state.t("about.qc-none").to_owned(),
        |(rmse, rows, threshold)| {
            let values = [format.significant(rmse, 4), format.count(rows), format.significant(threshold, 4)];
            state.fill("about.qc-passed", &[("rmse", &values[0]), ("rows", &values[1]), ("threshold", &values[2])])
        },
    );
    let mut pairs = vec![
        ("about.rows", format.count(model.rows())),
        ("about.features", model.document["coefficients"].as_array().map_or(0, Vec::len).to_string()),
        ("about.r2", number("r_squared")),
        ("about.sd", number("residual_sd")),
        ("about.df", number("residual_df")),
        ("about.qc", quality),
    ];
    pairs.extend(super::result::coverage(state).map(|coverage| ("about.qc-coverage", coverage)));
    description_list(pairs.iter().map(|(name, value)| (state.t(name), html! { (Text(value)) })))
}

fn outcome(state: &State) -> Markup {
    let model = &state.loaded.model;
    let description = model.target("description").map_or("", |text| state.texts.schema(text));
    html! {
        p { (Text(description)) }
        @if let Some(about) = model.document["schema_description"].as_str() { p { (Text(state.texts.schema(about))) } }
        (outcome_histogram(state))
    }
}

fn outcome_histogram(state: &State) -> Markup {
    let model = &state.loaded.model;
    let title = state.texts.schema(model.target_title());
    let bins = model.target_column().map(|column| rebin(&column.bins(), BARS)).unwrap_or_default();
    if bins.is_empty() {
        return html! {};
    }
    let label = state.fill("data.histogram", &[("title", title)]);
    let (width, format) = (state.width, state.texts.format());
    Histogram { width, height: 110.0, format, bins: &bins, axis: Some(title), mark: None, label: &label }.svg()
}

fn columns(state: &State) -> Markup {
    let (texts, format) = (&state.texts, state.texts.format());
    let heads = ["data.column", "data.mean", "data.sd", "data.min", "data.max", "data.distribution"].map(|name| texts.text(name));
    let numbers = state.loaded.model.feature_columns().into_iter().filter(|column| column.levels().is_empty());
    let all = numbers.chain(state.loaded.model.target_column());
    let row = |column: Column<'_>| {
        let number = |key: &str| column.number(key).map_or_else(|| NO_NUMBER.to_owned(), |value| format.significant(value, 4));
        let title = texts.schema(column.title());
        let unit = column.unit().map_or(String::new(), |unit| format!(" ({})", unit_label(state, column, unit)));
        let picture = small_histogram(column, format, &texts.fill("data.histogram", &[("title", title)]));
        let about = |end: &str| texts.fill("range.about", &[("range", end)]);
        let end = |key: &str| column.range_end(key, format, 4, &about).unwrap_or_else(|| NO_NUMBER.to_owned());
        let cells = [number("mean"), number("sd"), end("min"), end("max")];
        table_row_with_picture(&format!("{title}{unit}"), &cells, picture.as_ref())
    };
    table(texts.text("about.ranges"), &heads, all.map(row))
}

/// Returns for each category a table of its levels in the training data.
fn levels(state: &State) -> Markup {
    let format = state.texts.format();
    let heads = ["about.level", "about.level-rows"].map(|name| state.t(name));
    let table_of = |column: Column<'_>| {
        let row = |level: Level<'_>| {
            let title = state.texts.schema(column.level_title(level.level));
            let is_reference = column.reference() == Some(level.level);
            let name = if is_reference { state.fill("about.reference", &[("level", title)]) } else { title.to_owned() };
            table_row(&name, &[format.count(level.rows)])
        };
        table(state.texts.schema(column.title()), &heads, column.levels().into_iter().map(row))
    };
    let categories = state.loaded.model.feature_columns().into_iter().filter(|column| !column.levels().is_empty());
    html! { @for column in categories { (table_of(column)) } }
}

fn unit_label<'a>(state: &'a State, column: Column<'a>, unit: &'a str) -> &'a str {
    state.loaded.field(column.name()).map_or(unit, |field| super::words::unit_label(field, Some(unit)))
}

fn limits(state: &State) -> Vec<String> {
    let rows = state.texts.format().count(state.loaded.model.rows());
    let model = &state.loaded.model;
    // a product changes the effect of one measurement by another
    let has_one_column = |one: Coefficient<'_>| one.name.is_none_or(|name| one.factors.len() == 1 || model.column(name).is_some());
    let linear = model.coefficients().into_iter().all(has_one_column).then_some("linear");
    let mut names: Vec<&str> = ["rows"].into_iter().chain(linear).chain(["interval", "cause", "range"]).collect();
    if state.loaded.file.is_none() {
        names.extend(["instrument", "sex", "place"]);
    }
    names.iter().map(|name| state.fill(&format!("about.limit.{name}"), &[("n", &rows)])).collect()
}

fn versions(state: &State) -> Markup {
    let code = |text: &str| html! { code.digest { (Text(text)) } };
    let pairs = [
        (state.t("about.page"), code(&state.version)),
        (state.t("about.component"), code(state.facts["version"].as_str().unwrap_or_default())),
        (state.t("about.core"), code(state.facts["sha256"].as_str().unwrap_or_default())),
        (state.t("about.statistics"), code(state.loaded.model.document["statistics_sha256"].as_str().unwrap_or_default())),
    ];
    html! { (description_list(pairs)) p { (state.t("about.same")) " " (state.t("selftest.passed")) } }
}
