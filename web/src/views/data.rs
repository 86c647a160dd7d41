//! The section for the person's own files: profiles, predictions of every row, training, pooling.

use samefit_render::bins::Bin;
use samefit_render::documents::{Column, Model, list};
use samefit_render::heat::Heat;
use samefit_render::histogram::Histogram;
use samefit_render::markup::escape;
use samefit_render::pages::{small_histogram, table_head, table_row_with};
use serde_json::Value;

use super::words::error;
use crate::error::Error;
use crate::files::{PredictedTable, RunningWork, StatisticsFile, Table, TrainedModel, contains};
use crate::state::State;

const BYTES_A_MEGABYTE: f64 = 1e6;

/// Returns the section.
#[must_use]
pub fn section(state: &State) -> String {
    format!(
        "<h1>{}</h1><p class=\"lead\">{}</p><div class=\"drop\" id=\"drop\"><p>{} <label class=\"file\"><span class=\"button main\">{}</span>\
         <input type=\"file\" data-set=\"files\" id=\"files\" multiple></label></p><p class=\"hint\">{}</p></div>\
         <div id=\"work\" role=\"status\">{}</div><div id=\"data\">{}</div>",
        state.t("data.title"),
        state.t("data.lead"),
        state.t("data.drop"),
        state.t("data.choose"),
        state.t("data.kinds"),
        work(state),
        results(state)
    )
}

/// Returns the work that goes on, with the button that ends it; empty if there is none.
#[must_use]
pub fn work(state: &State) -> String {
    let (Some(RunningWork { name, .. }), Some((percent, line))) = (&state.data.work, progress(state)) else { return String::new() };
    let reading = state.tf("data.reading", &[("name", name)]);
    format!(
        "<section class=\"card\"><p>{reading}</p><progress id=\"progress\" max=\"100\" value=\"{percent}\" aria-label=\"{reading}\"></progress>\
         <p class=\"hint\" id=\"progress-line\">{line}</p><p class=\"buttons\"><button type=\"button\" data-do=\"cancel\">{}</button></p></section>",
        state.t("data.cancel"),
    )
}

/// Returns how far the work has come, in percent and in words.
#[must_use]
pub fn progress(state: &State) -> Option<(String, String)> {
    let RunningWork { done, total, .. } = state.data.work.as_ref()?;
    let format = state.texts.format();
    let percent = if *total > 0.0 { (100.0 * done / total).floor() } else { 0.0 };
    let values = [format.whole(percent), format.fixed(done / BYTES_A_MEGABYTE, 1), format.fixed(total / BYTES_A_MEGABYTE, 1)];
    let line = state.tf("data.progress", &[("percent", &values[0]), ("done", &values[1]), ("total", &values[2])]);
    let [percent, ..] = values;
    Some((percent, line))
}

/// Returns everything below the place to drop files.
#[must_use]
pub fn results(state: &State) -> String {
    let data = &state.data;
    let mut html = String::new();
    if let Some(wrong) = &data.error {
        html += &format!(
            "<section class=\"card bad\" id=\"data-fault\" role=\"alert\" tabindex=\"-1\"><h2>{}</h2><p class=\"lines\">{}</p></section>",
            state.t("error.title"),
            escape(&error(&state.texts, wrong))
        );
    }
    if let Some(schema) = &data.schema {
        html += &format!("<p class=\"chip\">{}</p>", state.tf("data.schema", &[("name", &schema.name)]));
    }
    html += &profiles(state);
    html += &pool(state);
    if !data.profiles.is_empty() {
        html += &batch(state);
    }
    if !data.profiles.is_empty() || !data.statistics.is_empty() {
        html += &choice(state);
    }
    if let Some(trained) = &data.trained {
        html += &outcome(state, trained);
    }
    if !html.is_empty() {
        html += &format!(
            "<p class=\"buttons\"><button type=\"button\" class=\"quiet\" data-do=\"start-over\">{}</button></p>",
            state.t("data.start-over")
        );
    }
    html
}

fn profiles(state: &State) -> String {
    let (texts, format) = (&state.texts, state.texts.format());
    let table_html = |(table, profile): (&Table, &Value)| {
        let heads = ["column", "numbers", "missing", "text", "mean", "sd", "min", "max", "distribution"].map(|name| format!("data.{name}"));
        let heads: Vec<&str> = heads.iter().map(|name| texts.text(name)).collect();
        let columns: Vec<Column<'_>> = list(&profile["columns"]).iter().map(Column::of).collect();
        let mut html = table_head(&table.name, &heads);
        for column in &columns {
            let number = |key: &str| column.number(key).map_or_else(|| "\u{2013}".to_owned(), |value| format.significant(value, 5));
            let cells = ["numbers", "missing", "text", "mean", "sd", "min", "max"].map(number);
            let label = texts.fill("data.histogram", &[("title", column.name())]);
            table_row_with(&mut html, column.name(), &cells, &small_histogram(*column, format, &label));
        }
        let rows = format.count(profile["rows"].as_u64().unwrap_or(0));
        let line = state.tf("data.profile-line", &[("rows", &rows), ("columns", &columns.len().to_string())]);
        format!("<p>{line}</p>{html}</tbody></table></div>")
    };
    let tables: String = state.data.tables.iter().zip(&state.data.profiles).map(table_html).collect();
    if tables.is_empty() {
        String::new()
    } else {
        format!("<section class=\"card\"><h2>{}</h2>{tables}</section>", state.t("data.profile"))
    }
}

fn pool(state: &State) -> String {
    let statistics = &state.data.statistics;
    if statistics.is_empty() {
        return String::new();
    }
    let rows: u64 = statistics.iter().filter_map(|one| one.rows.parse::<u64>().ok()).sum();
    let item = |(at, one): (usize, &StatisticsFile)| {
        format!(
            "<li>{}: {} <button type=\"button\" class=\"small\" data-do=\"drop-statistics\" data-arg=\"{at}\" aria-label=\"{}: {}\">{}</button></li>",
            escape(&one.name),
            escape(&one.rows),
            state.t("data.remove"),
            escape(&one.name),
            state.t("data.remove")
        )
    };
    let line = state.tf("data.pool-lead", &[("count", &statistics.len().to_string()), ("n", &state.texts.format().count(rows))]);
    format!(
        "<section class=\"card\"><h2>{}</h2><p id=\"pooled\">{line}</p><ul>{}</ul><p class=\"hint\">{}</p></section>",
        state.t("data.pool"),
        statistics.iter().enumerate().map(item).collect::<String>(),
        state.t("data.pool-notice")
    )
}

fn batch(state: &State) -> String {
    let button = if state.data.tables_of_rows().next().is_some() {
        format!("<p class=\"buttons\"><button type=\"button\" data-do=\"batch\">{}</button></p>", state.t("data.predict"))
    } else {
        String::new()
    };
    let others =
        if state.data.tables.iter().all(Table::has_rows) { String::new() } else { format!("<p>{}</p>", state.t("data.rows-only")) };
    let several = state.data.predicted.len() > 1;
    let tables = state.data.tables_of_rows().zip(&state.data.predicted).enumerate();
    let done: String = tables.map(|(at, (table, one))| predicted(state, at, several.then_some(table.name.as_str()), one)).collect();
    let done = if done.is_empty() { done } else { format!("<div id=\"counts\" role=\"status\">{done}</div>") };
    format!(
        "<section class=\"card\"><h2>{}</h2><p>{}</p>{button}{others}{done}</section>",
        state.t("data.predict"),
        state.t("data.predict-lead")
    )
}

/// Returns how many rows of one table ended how. `name` tells the table from others.
fn predicted(state: &State, at: usize, name: Option<&str>, table: &PredictedTable) -> String {
    let counts = match &table.result {
        Ok(counts) => counts,
        Err(wrong) => return format!("<p class=\"problem lines\">{}</p>", escape(&error(&state.texts, wrong))),
    };
    let parts = [counts.fine, counts.out_of_range, counts.missing, counts.error];
    let texts = parts.map(|part| state.texts.format().count(part));
    let total = state.texts.format().count(parts.iter().sum());
    let values = [("total", &*total), ("fine", &texts[0]), ("range", &texts[1]), ("missing", &texts[2]), ("error", &texts[3])];
    let of = name.map_or_else(String::new, |name| format!("{}: ", escape(name)));
    let label = name.map_or_else(String::new, |name| format!(" aria-label=\"{}: {}\"", state.t("data.download-predictions"), escape(name)));
    format!(
        "<p>{of}{}</p><p class=\"buttons\"><button type=\"button\" class=\"quiet\" data-do=\"download-batch\" data-arg=\"{at}\"{label}>{}</button></p>",
        state.tf("data.predicted", &values),
        state.t("data.download-predictions")
    )
}

fn radio(state: &State, set: &str, value: &str, text: &str, chosen: bool) -> String {
    let checked = if chosen { " checked" } else { "" };
    format!(
        "<label class=\"choice\"><input type=\"radio\" name=\"{set}\" data-set=\"{set}\" value=\"{value}\"{checked}> {}</label>",
        state.t(text)
    )
}

fn choice(state: &State) -> String {
    let (data, choice) = (&state.data, &state.data.choice);
    let pooled = data.profiles.is_empty();
    let columns = data.number_columns();
    let option = |name: &&str| {
        let chosen = if **name == choice.target { " selected" } else { "" };
        format!("<option{chosen}>{}</option>", escape(name))
    };
    let check = |name: &&str| {
        let checked = if contains(&choice.features, name) { " checked" } else { "" };
        let name = escape(name);
        format!("<label class=\"choice\"><input type=\"checkbox\" data-set=\"feature\" value=\"{name}\"{checked}> {name}</label>")
    };
    let others: Vec<&str> = columns.iter().copied().filter(|name| *name != choice.target).collect();
    let rows = if pooled {
        String::new()
    } else {
        format!(
            "<fieldset><legend>{}</legend>{}{}</fieldset><fieldset><legend>{}</legend>{}{}<p class=\"hint\">{}</p></fieldset>",
            state.t("data.missing-rows"),
            radio(state, "missing", "error", "data.missing-error", !choice.drop_missing),
            radio(state, "missing", "drop", "data.missing-drop", choice.drop_missing),
            state.t("data.sharing"),
            radio(state, "sharing", "keep", "data.keep", !choice.share),
            radio(state, "sharing", "share", "data.share", choice.share),
            if choice.share { state.t("data.share-note") } else { String::new() },
        )
    };
    let (title, button) = if pooled { ("data.pool-fit", "data.pool-fit") } else { ("data.train", "data.fit") };
    let none =
        if choice.features.is_empty() { format!("<p class=\"problem\">{}</p>", state.t("data.features-none")) } else { String::new() };
    format!(
        "<section class=\"card\"><h2>{}</h2><p><label class=\"stack\">{}<select data-set=\"target\" id=\"target\">{}</select></label></p>\
         <fieldset><legend>{}</legend><div class=\"checks\">{}</div>{none}</fieldset>{rows}\
         <p class=\"buttons\"><button type=\"button\" class=\"main\" data-do=\"train\">{}</button></p></section>",
        state.t(title),
        state.t("data.target"),
        columns.iter().map(option).collect::<String>(),
        state.t("data.features"),
        others.iter().map(check).collect::<String>(),
        state.t(button),
    )
}

fn outcome(state: &State, trained: &TrainedModel) -> String {
    let format = state.texts.format();
    let model = Model::new(serde_json::from_str(&trained.model).unwrap_or_default());
    let number = |key: &str| model.fit(key).map_or_else(|| "\u{2013}".to_owned(), |value| format.significant(value, 4));
    let (rows, target) = (format.count(model.rows()), model.target_title().to_owned());
    let values = [number("r_squared"), number("residual_sd"), number("residual_df")];
    let line = state.tf("data.fitted", &[("target", &target), ("n", &rows), ("r2", &values[0]), ("sd", &values[1]), ("df", &values[2])]);
    let notes: String = trained
        .notes
        .iter()
        .map(|note| format!("<li class=\"lines\">{}</li>", escape(&error(&state.texts, &Error::from_json(note)))))
        .collect();
    let notes = if notes.is_empty() { notes } else { format!("<h3>{}</h3><ul>{notes}</ul>", state.t("data.notes")) };
    let audit = trained.audit.as_ref().map_or_else(String::new, |_| {
        let (text, why) = (state.t("data.download-audit"), state.t("data.audit"));
        format!("<button type=\"button\" data-do=\"download-audit\" title=\"{why}\">{text}</button>")
    });
    let title = |name: &str| model.column(name).map_or(name, |column| state.texts.schema(column.title())).to_owned();
    format!(
        "<section class=\"card\" aria-labelledby=\"trained-title\"><h2 id=\"trained-title\" tabindex=\"-1\">{}</h2><p class=\"lead\">{line}</p>{}{notes}\
         <p class=\"hint\">{}</p><p class=\"buttons\"><button type=\"button\" data-do=\"download-model\">{}</button>\
         <button type=\"button\" data-do=\"download-statistics\">{}</button>{audit}<button type=\"button\" class=\"quiet\" data-do=\"use-model\">{}</button></p></section>{}",
        state.t("data.result"),
        super::about::coefficient_table(state, &model, &title),
        state.t("data.no-quality"),
        state.t("data.download-model"),
        state.t("data.download-statistics"),
        state.t("data.use"),
        all_residuals(state, &trained.residuals)
    )
}

/// Returns a section for each table. With several tables each section names its table.
fn all_residuals(state: &State, all: &[Value]) -> String {
    let tables = state.data.tables.iter().map(|table| table.name.as_str());
    let names = tables.map(|name| if all.len() > 1 { format!(": {}", escape(name)) } else { String::new() });
    names.zip(all).map(|(name, one)| residuals(state, &name, one)).collect()
}

fn residuals(state: &State, name: &str, residuals: &Value) -> String {
    let format = state.texts.format();
    let coverage = &residuals["coverage"];
    let counts = coverage["inside"].as_u64().zip(residuals["rows"].as_u64()).zip(coverage["share"].as_f64());
    let coverage = counts.map_or_else(String::new, |((inside, rows), share)| {
        let percent = format.fixed(100.0 * share, 1);
        let sentence =
            state.tf("data.coverage", &[("inside", &format.count(inside)), ("rows", &format.count(rows)), ("percent", &percent)]);
        format!("<p>{sentence}</p>")
    });
    let observed = heat(state, &residuals["predicted_observed"], "data.predicted-observed", "data.observed", |x| (x, x));
    let against = heat(state, &residuals["predicted_residual"], "data.predicted-residual", "data.residual", |x| (x, 0.0));
    format!(
        "<section class=\"card residuals\"><h2>{}{name}</h2>{coverage}<h3>{}</h3>{observed}<h3>{}</h3>{against}<h3>{}</h3>{}</section>",
        state.t("data.residuals"),
        state.t("data.predicted-observed"),
        state.t("data.predicted-residual"),
        state.t("data.residual-histogram"),
        histogram(state, &residuals["histogram"]),
    )
}

fn axis(value: &Value) -> Option<(f64, f64)> {
    Some((value["from"].as_f64()?, value["to"].as_f64()?))
}

fn counts(value: &Value) -> Vec<f64> {
    list(&value["counts"]).iter().filter_map(Value::as_f64).collect()
}

/// Draws counts in two directions. `line` returns a point of the line to compare with, for each end of the horizontal axis.
fn heat(state: &State, grid: &Value, title: &str, vertical: &str, line: fn(f64) -> (f64, f64)) -> String {
    let Some((x, y)) = axis(&grid["x"]).zip(axis(&grid["y"])) else { return String::new() };
    let texts = &state.texts;
    Heat {
        width: state.width,
        format: texts.format(),
        counts: &counts(grid),
        columns: usize::try_from(grid["x"]["cells"].as_u64().unwrap_or(1)).unwrap_or(1),
        x,
        y,
        line: Some((line(x.0), line(x.1))),
        axes: (texts.text("data.predicted-axis"), texts.text(vertical)),
        label: &texts.fill("data.heat-alt", &[("title", texts.text(title))]),
    }
    .svg()
}

fn histogram(state: &State, histogram: &Value) -> String {
    let Some((from, to)) = axis(&histogram["axis"]) else { return String::new() };
    let counts = counts(histogram);
    let width = (to - from) / counts.len().max(1) as f64;
    let bin = |(at, count): (usize, &f64)| Bin { from: from + at as f64 * width, to: from + (at as f64 + 1.0) * width, count: *count };
    let bins: Vec<Bin> = counts.iter().enumerate().map(bin).collect();
    let label = state.texts.text("data.residual-histogram");
    Histogram {
        width: state.width,
        height: 110.0,
        format: state.texts.format(),
        bins: &bins,
        axis: Some(state.texts.text("data.residual")),
        mark: Some(0.0),
        label,
    }
    .svg()
}
