//! The section for the person's own files: profiles, predictions of every row, training, pooling.

use samefit_render::bins::Bin;
use samefit_render::documents::{Column, Model, list};
use samefit_render::heat_map::HeatMap;
use samefit_render::histogram::Histogram;
use samefit_render::markup::{Markup, Text, html};
use samefit_render::pages::{small_histogram, table, table_row_with_picture};
use serde_json::Value;

use super::about::coefficient_table;
use super::preview;
use super::words::error;
use crate::error::Error;
use crate::files::{ColumnKind, DataColumn, PredictedTable, StatisticsFile, Table, TrainedModel, category_control, contains};
use crate::state::State;

const BYTES_A_MEGABYTE: f64 = 1e6;
/// Shown in place of a number that is not there.
const NO_NUMBER: &str = "\u{2013}";

/// Returns the section.
#[must_use]
pub fn section(state: &State) -> Markup {
    html! {
        h1 { (state.t("data.title")) }
        p.lead { (state.t("data.lead")) }
        div.drop #drop {
            p {
                (state.t("data.drop")) " "
                label.file { span.button.main { (state.t("data.choose")) } input type="file" data-set="files" #files multiple; }
            }
            p.hint { (state.t("data.kinds")) }
        }
        div #work role="status" { (work(state)) }
        div #data { (results(state)) }
    }
}

/// Returns the work that goes on, with the button that ends it; empty if there is none.
#[must_use]
pub fn work(state: &State) -> Markup {
    let Some((work, (percent, line))) = state.data.work.as_ref().zip(progress(state)) else { return html! {} };
    let reading = state.fill("data.reading", &[("name", &work.name)]);
    html! {
        section.card {
            p { (Text(&reading)) }
            progress #progress max="100" value=(percent) aria-label=(Text(&reading)) {}
            p.hint #progress-line { (line) }
            p.buttons { button type="button" data-do="cancel" { (state.t("data.cancel")) } }
        }
    }
}

/// Returns how far the work has come, in percent and in words.
#[must_use]
pub fn progress(state: &State) -> Option<(String, String)> {
    let work = state.data.work.as_ref()?;
    let format = state.texts.format();
    let percent = if work.total > 0.0 { (100.0 * work.done / work.total).floor() } else { 0.0 };
    let megabytes = |bytes: f64| format.fixed(bytes / BYTES_A_MEGABYTE, 1);
    let values = [format.whole(percent), megabytes(work.done), megabytes(work.total)];
    let line = state.fill("data.progress", &[("percent", &values[0]), ("done", &values[1]), ("total", &values[2])]);
    let [percent, ..] = values;
    Some((percent, line))
}

/// Returns everything below the place to drop files.
#[must_use]
pub fn results(state: &State) -> Markup {
    let data = &state.data;
    let has_tables = !data.profiles.is_empty();
    let has_shown = data.error.is_some() || state.previews.has_any();
    let has_any = has_shown || data.schema.is_some() || has_tables || !data.statistics.is_empty() || data.trained.is_some();
    html! {
        @if let Some(wrong) = &data.error { (problem(state, wrong)) }
        (preview::card(state))
        @if let Some(schema) = &data.schema { p.chip { (Text(&state.fill("data.schema", &[("name", &schema.name)]))) } }
        @if has_tables { (profiles(state)) }
        @if !data.statistics.is_empty() { (pool(state)) }
        @if has_tables { (batch(state)) }
        @if has_tables || !data.statistics.is_empty() { (choice(state)) }
        @if let Some(trained) = &data.trained { (outcome(state, trained)) }
        @if has_any { p.buttons { button.quiet type="button" data-do="start-over" { (state.t("data.start-over")) } } }
    }
}

fn problem(state: &State, wrong: &Error) -> Markup {
    html! {
        section.card.bad #data-fault role="alert" tabindex="-1" {
            h2 { (state.t("summary.title")) }
            p.lines { (Text(&error(&state.texts, wrong))) }
        }
    }
}

fn profiles(state: &State) -> Markup {
    html! {
        section.card {
            h2 { (state.t("data.profile")) }
            @for (file, profile) in state.data.tables.iter().zip(&state.data.profiles) { (profile_table(state, file, profile)) }
        }
    }
}

fn profile_table(state: &State, file: &Table, profile: &Value) -> Markup {
    let (texts, format) = (&state.texts, state.texts.format());
    let heads = ["column", "numbers", "missing", "text", "mean", "sd", "min", "max", "distribution"].map(|name| format!("data.{name}"));
    let heads: Vec<&str> = heads.iter().map(|name| texts.text(name)).collect();
    let columns: Vec<Column<'_>> = list(&profile["columns"]).iter().map(Column::of).collect();
    let row = |column: &Column<'_>| {
        let number = |key: &str| column.number(key).map_or_else(|| NO_NUMBER.to_owned(), |value| format.significant(value, 5));
        let cells = ["numbers", "missing", "text", "mean", "sd", "min", "max"].map(number);
        let label = texts.fill("data.histogram", &[("title", column.name())]);
        table_row_with_picture(column.name(), &cells, small_histogram(*column, format, &label).as_ref())
    };
    let rows = format.count(profile["rows"].as_u64().unwrap_or(0));
    html! {
        p { (state.fill("data.profile-line", &[("rows", &rows), ("columns", &columns.len().to_string())])) }
        (table(&file.name, &heads, columns.iter().map(row)))
    }
}

fn pool(state: &State) -> Markup {
    let statistics = &state.data.statistics;
    let rows: u64 = statistics.iter().filter_map(|one| one.rows.parse::<u64>().ok()).sum();
    let rows = state.texts.format().count(rows);
    html! {
        section.card {
            h2 { (state.t("data.pool")) }
            p #pooled { (state.fill("data.pool-lead", &[("count", &statistics.len().to_string()), ("n", &rows)])) }
            ul { @for (at, one) in statistics.iter().enumerate() { (statistics_item(state, at, one)) } }
            p.hint { (state.t("data.pool-notice")) }
        }
    }
}

fn statistics_item(state: &State, at: usize, one: &StatisticsFile) -> Markup {
    html! {
        li {
            (Text(&one.name)) ": " (Text(&one.rows)) " "
            button.small type="button" data-do="drop-statistics" data-arg=(at)
                aria-label={ (state.t("data.remove")) ": " (Text(&one.name)) } {
                (state.t("data.remove"))
            }
        }
    }
}

fn batch(state: &State) -> Markup {
    let data = &state.data;
    let is_several = data.predicted.len() > 1;
    html! {
        section.card {
            h2 { (state.t("data.predict")) }
            p { (state.t("data.predict-lead")) }
            @if data.tables_of_rows().next().is_some() {
                p.buttons { button type="button" data-do="batch" { (state.t("data.predict")) } }
            }
            @if !data.tables.iter().all(Table::has_rows) { p { (state.t("data.rows-only")) } }
            @if !data.predicted.is_empty() {
                div #counts role="status" {
                    @for (at, (table, predictions)) in data.tables_of_rows().zip(&data.predicted).enumerate() {
                        (predicted(state, at, is_several.then_some(table.name.as_str()), predictions))
                    }
                }
            }
        }
    }
}

/// Returns how many rows of one table ended how. `name` tells the table from others.
fn predicted(state: &State, at: usize, name: Option<&str>, table: &PredictedTable) -> Markup {
    let counts = match &table.result {
        Ok(counts) => counts,
        Err(wrong) => return html! { p.problem.lines { (Text(&error(&state.texts, wrong))) } },
    };
    let parts = [counts.fine, counts.out_of_range, counts.missing, counts.error];
    let texts = parts.map(|part| state.texts.format().count(part));
    let total = state.texts.format().count(parts.iter().sum());
    let values = [("total", &*total), ("fine", &texts[0]), ("range", &texts[1]), ("missing", &texts[2]), ("error", &texts[3])];
    let download = state.t("data.download-predictions");
    let label = name.map(|name| format!("{download}: {name}"));
    html! {
        p { @if let Some(name) = name { (Text(name)) ": " } (state.fill("data.predicted", &values)) }
        p.buttons {
            button.quiet type="button" data-do="download-batch" data-arg=(at) aria-label=[label.as_deref().map(Text)] { (download) }
        }
    }
}

fn choice(state: &State) -> Markup {
    let (data, choice) = (&state.data, &state.data.choice);
    let is_pooled = data.profiles.is_empty();
    let columns = data.columns();
    let features = || columns.iter().enumerate().filter(|(_, column)| column.name != choice.target);
    let has_categories = features().any(|(_, column)| column.kind != ColumnKind::Number || column.can_be_marked);
    let (title, button) = if is_pooled { ("data.pool-fit", "data.pool-fit") } else { ("data.train", "data.fit") };
    html! {
        section.card {
            h2 { (state.t(title)) }
            p {
                label.stack {
                    (state.t("data.target"))
                    select data-set="target" #target {
                        @for column in columns.iter().filter(|column| column.kind == ColumnKind::Number) {
                            option selected[column.name == choice.target] { (Text(column.name)) }
                        }
                    }
                }
            }
            fieldset {
                legend { (state.t("data.features")) }
                div.checks {
                    @for (at, column) in features() { (feature(state, at, column)) }
                }
                @if has_categories { p.hint { (state.t("data.categories-note")) } }
                @if choice.features.is_empty() { p.problem { (state.t("data.features-none")) } }
            }
            @if !is_pooled { (row_choices(state)) }
            p.buttons { button.main type="button" data-do="train" { (state.t(button)) } }
        }
    }
}

/// Returns a column to predict from. `at` numbers it among all columns.
fn feature(state: &State, at: usize, column: &DataColumn<'_>) -> Markup {
    let is_used = contains(&state.data.choice.features, column.name);
    let kind = kind(state, column);
    let kind_id = (!kind.is_empty()).then(|| format!("kind-{at}"));
    html! {
        div.column {
            label.choice {
                input type="checkbox" data-set="feature" value=(column.name) checked[is_used] aria-describedby=[kind_id.as_deref()];
                " " (Text(column.name))
            }
            @if let Some(id) = &kind_id { p.hint #(id) { (Text(&kind)) } }
            @if column.can_be_marked { (category_choice(state, at, column)) }
        }
    }
}

/// Returns what is said of a column that is no column of numbers; empty for one that is.
fn kind(state: &State, column: &DataColumn<'_>) -> String {
    match (column.kind, column.levels) {
        (ColumnKind::Number | ColumnKind::Marked, _) => String::new(),
        (ColumnKind::Category, Some(levels)) => state.fill("data.kind.levels", &[("n", &levels.to_string())]),
        (ColumnKind::Category, None) => state.t("data.kind.category").to_owned(),
        (ColumnKind::Words, _) => state.t("data.kind.words").to_owned(),
        (ColumnKind::Text, _) => state.fill("data.kind.text", &[("text", column.first_text.unwrap_or_default())]),
    }
}

/// Returns the control by which the person calls a column a category.
fn category_choice(state: &State, at: usize, column: &DataColumn<'_>) -> Markup {
    let text = match column.levels {
        Some(levels) => state.fill("data.as-category-of", &[("n", &levels.to_string())]),
        None => state.t("data.as-category").to_owned(),
    };
    html! {
        label.choice.as-category {
            input type="checkbox" data-set="category" value=(column.name) checked[column.kind == ColumnKind::Marked]
                id=(category_control(at)) aria-label=(Text(&format!("{}: {text}", column.name)));
            " " (Text(&text))
        }
    }
}

/// Returns the choices that only tables have: missing values, and whether the statistics are to be shared.
fn row_choices(state: &State) -> Markup {
    let choice = &state.data.choice;
    html! {
        fieldset {
            legend { (state.t("data.missing-rows")) }
            (radio("missing", "error", state.t("data.missing-error"), !choice.drop_missing))
            (radio("missing", "drop", state.t("data.missing-drop"), choice.drop_missing))
        }
        fieldset {
            legend { (state.t("data.sharing")) }
            (radio("sharing", "keep", state.t("data.keep"), !choice.share))
            (radio("sharing", "share", state.t("data.share"), choice.share))
            p.hint { @if choice.share { (state.t("data.share-note")) } }
        }
    }
}

fn radio(set: &str, value: &str, text: &str, is_chosen: bool) -> Markup {
    html! { label.choice { input type="radio" name=(set) data-set=(set) value=(value) checked[is_chosen]; " " (text) } }
}

fn outcome(state: &State, trained: &TrainedModel) -> Markup {
    let model = Model::new(serde_json::from_str(&trained.model).unwrap_or_default());
    html! {
        section.card aria-labelledby="trained-title" {
            h2 #trained-title tabindex="-1" { (state.t("data.result")) }
            p.lead { (Text(&fit_line(state, &model))) }
            (coefficient_table(state, &model))
            @if !trained.notes.is_empty() {
                h3 { (state.t("data.notes")) }
                ul { @for note in &trained.notes { li.lines { (Text(&error(&state.texts, &Error::from_json(note)))) } } }
            }
            p.hint { (state.t("data.no-quality")) }
            p.buttons {
                button type="button" data-do="download-model" { (state.t("data.download-model")) }
                " "
                button type="button" data-do="download-statistics" { (state.t("data.download-statistics")) }
                @if trained.audit.is_some() {
                    button type="button" data-do="download-audit" title=(state.t("data.audit")) { (state.t("data.download-audit")) }
                }
                button.quiet type="button" data-do="use-model" { (state.t("data.use")) }
            }
        }
        (all_residuals(state, &trained.residuals))
    }
}

fn fit_line(state: &State, model: &Model) -> String {
    let format = state.texts.format();
    let number = |key: &str| model.fit(key).map_or_else(|| NO_NUMBER.to_owned(), |value| format.significant(value, 4));
    let values = [format.count(model.rows()), number("r_squared"), number("residual_sd"), number("residual_df")];
    let names = ["n", "r2", "sd", "df"];
    let mut named: Vec<(&str, &str)> = names.into_iter().zip(values.iter().map(String::as_str)).collect();
    named.push(("target", model.target_title()));
    state.fill("data.fitted", &named)
}

/// Returns a section for each table. With several tables each section names its table.
fn all_residuals(state: &State, all: &[Value]) -> Markup {
    html! {
        @for (table, one) in state.data.tables.iter().zip(all) {
            (residuals(state, (all.len() > 1).then_some(table.name.as_str()), one))
        }
    }
}

fn residuals(state: &State, name: Option<&str>, residuals: &Value) -> Markup {
    html! {
        section.card.residuals {
            h2 { (state.t("data.residuals")) @if let Some(name) = name { ": " (Text(name)) } }
            @if let Some(coverage) = coverage(state, residuals) { p { (coverage) } }
            h3 { (state.t("data.predicted-observed")) }
            (heat_map(state, &residuals["predicted_observed"], "data.predicted-observed", "data.observed", |x| (x, x)))
            h3 { (state.t("data.predicted-residual")) }
            (heat_map(state, &residuals["predicted_residual"], "data.predicted-residual", "data.residual", |x| (x, 0.0)))
            h3 { (state.t("data.residual-histogram")) }
            (histogram(state, &residuals["histogram"]))
        }
    }
}

/// Returns how often the interval holds on the rows of the fit.
fn coverage(state: &State, residuals: &Value) -> Option<String> {
    let format = state.texts.format();
    let coverage = &residuals["coverage"];
    let (inside, rows, share) = (coverage["inside"].as_u64()?, residuals["rows"].as_u64()?, coverage["share"].as_f64()?);
    let percent = format.fixed(100.0 * share, 1);
    Some(state.fill("data.coverage", &[("inside", &format.count(inside)), ("rows", &format.count(rows)), ("percent", &percent)]))
}

fn axis(value: &Value) -> Option<(f64, f64)> {
    Some((value["from"].as_f64()?, value["to"].as_f64()?))
}

fn counts(value: &Value) -> Vec<f64> {
    list(&value["counts"]).iter().filter_map(Value::as_f64).collect()
}

/// Draws counts in two directions. `line` returns a point of the line to compare with, for each end of the horizontal axis.
fn heat_map(state: &State, grid: &Value, title: &str, vertical: &str, line: fn(f64) -> (f64, f64)) -> Markup {
    let Some((x, y)) = axis(&grid["x"]).zip(axis(&grid["y"])) else { return html! {} };
    HeatMap {
        width: state.width,
        format: state.texts.format(),
        counts: &counts(grid),
        columns: usize::try_from(grid["x"]["cells"].as_u64().unwrap_or(1)).unwrap_or(1),
        x,
        y,
        line: Some((line(x.0), line(x.1))),
        axes: (state.t("data.predicted-axis"), state.t(vertical)),
        label: &state.fill("data.heat-alt", &[("title", state.t(title))]),
    }
    .svg()
}

fn histogram(state: &State, histogram: &Value) -> Markup {
    let Some((from, to)) = axis(&histogram["axis"]) else { return html! {} };
    let counts = counts(histogram);
    let width = (to - from) / counts.len().max(1) as f64;
    let bin = |(at, count): (usize, &f64)| Bin { from: from + at as f64 * width, to: from + (at as f64 + 1.0) * width, count: *count };
    let bins: Vec<Bin> = counts.iter().enumerate().map(bin).collect();
    Histogram {
        width: state.width,
        height: 110.0,
        format: state.texts.format(),
        bins: &bins,
        axis: Some(state.t("data.residual")),
        mark: Some(0.0),
        label: state.t("data.residual-histogram"),
    }
    .svg()
}
