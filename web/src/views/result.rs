//! What is shown of a prediction: number, interval, place among the training outcomes, warnings, contributions.

use samefit_render::bins::rebin;
use samefit_render::documents::list;
use samefit_render::markup::escape;
use samefit_render::pages::{table, table_row};
use samefit_render::prediction::{Prediction, PredictionPlot};
use samefit_render::waterfall::{Step, Waterfall};
use serde_json::Value;

use super::words::{category_of, title, warning};
use crate::state::{Patient, State};

/// About how many bars a histogram of outcomes has.
const BARS: usize = 18;

/// The section below the form; empty before the first prediction.
#[must_use]
pub fn section(state: &State) -> String {
    let patient = &state.patient;
    if !patient.has_result() {
        return if state.kept.is_some() { super::compare::waiting(state) } else { String::new() };
    }
    let class = if patient.stale { " stale" } else { "" };
    let details = if state.kept.is_some() { super::compare::section(state) } else { String::new() };
    // what would move is the entries, and this is no result of them
    let what_if = if patient.stale {
        String::new()
    } else {
        format!("<section class=\"card\" id=\"what-if\">{}</section>", super::what_if::section(state))
    };
    format!(
        "{}<section class=\"card answer{class}\" aria-labelledby=\"result-title\"><h2 id=\"result-title\" tabindex=\"-1\">{}</h2>{}{}{}{}</section>{details}\
         <section class=\"card{class}\"><h2>{}</h2>{}</section>{what_if}",
        stale_note(state),
        state.t("result.title"),
        headline(state),
        warnings(state, patient),
        picture(state),
        if patient.stale { String::new() } else { actions(state) },
        state.t("why.title"),
        contributions(state, patient),
    )
}

/// What is said above a result of other entries, and all that can be done with it: a copy, or A of a comparison, would pair it with these.
fn stale_note(state: &State) -> String {
    if !state.patient.stale {
        return String::new();
    }
    let end = if state.kept.is_some() { format!("<p class=\"buttons\">{}</p>", end_comparison(state)) } else { String::new() };
    format!("<p class=\"stale-note\" role=\"status\">{}</p>{end}", state.t("form.stale"))
}

fn end_comparison(state: &State) -> String {
    format!("<button type=\"button\" class=\"quiet\" data-do=\"compare-end\">{}</button>", state.t("compare.end"))
}

/// The ends of the interval, if there is one.
#[must_use]
pub fn interval(explanation: &Value) -> Option<(f64, f64)> {
    Some((explanation["interval"]["lower"].as_f64()?, explanation["interval"]["upper"].as_f64()?))
}

/// The predicted value.
#[must_use]
pub fn prediction(explanation: &Value) -> f64 {
    explanation["prediction"].as_f64().unwrap_or(f64::NAN)
}

/// Every sentence about the prediction, for the page, copies and prints.
#[must_use]
pub fn sentences(state: &State, patient: &Patient) -> Vec<String> {
    let (texts, format) = (&state.texts, state.texts.format());
    let explanation = &patient.explanation;
    let mut said = Vec::new();
    let Some((lower, upper)) = interval(explanation) else {
        return vec![texts.text("result.no-interval").to_owned()];
    };
    said.push(texts.fill("result.sentence", &[("lower", &state.outcome(lower)), ("upper", &state.outcome(upper))]));
    said.extend(beyond(state, (lower, upper)));
    if let Some(share) = explanation["outcomes"]["below"]["share"].as_f64() {
        let mean = state.loaded.model.target_column().and_then(|column| column.number("mean")).unwrap_or(f64::NAN);
        said.push(texts.fill("result.position", &[("share", &format.whole(share * 100.0)), ("mean", &state.outcome(mean))]));
    }
    said.push(coverage(state).unwrap_or_else(|| texts.text("result.coverage-unknown").to_owned()));
    said
}

/// How often the interval held, where that was measured.
#[must_use]
pub fn coverage(state: &State) -> Option<String> {
    if state.loaded.file.is_some() {
        return None;
    }
    let held = &state.check["coverage"];
    let (rows, inside, share) = (held["rows"].as_u64()?, held["inside"].as_u64()?, held["share"].as_f64()?);
    let format = state.texts.format();
    let percent = format.whole(100.0 * share);
    Some(state.texts.fill("result.coverage", &[("rows", &format.count(rows)), ("inside", &format.count(inside)), ("percent", &percent)]))
}

fn beyond(state: &State, (lower, upper): (f64, f64)) -> Option<String> {
    let (low, high) = state.loaded.model.target_column()?.range()?;
    let name = match (lower < low, upper > high) {
        (true, true) => "result.beyond-both",
        (true, false) => "result.beyond-low",
        (false, true) => "result.beyond-high",
        (false, false) => return None,
    };
    Some(state.texts.fill(name, &[("low", &state.outcome(low)), ("high", &state.outcome(high))]))
}

fn headline(state: &State) -> String {
    let value = state.outcome(prediction(&state.patient.explanation));
    let label = if state.loaded.file.is_none() {
        state.t("result.number")
    } else {
        state.tf("result.number-other", &[("title", state.texts.schema(state.loaded.model.target_title()))])
    };
    let said = sentences(state, &state.patient);
    let (first, others) = said.split_first().map_or(("", [].as_slice()), |(first, others)| (first.as_str(), others));
    let others: String = others.iter().map(|sentence| format!("<p>{}</p>", escape(sentence))).collect();
    format!(
        "<p class=\"number\"><span>{label}</span> <strong id=\"prediction\">{value}</strong></p><p class=\"lead\" id=\"interval\">{}</p>{others}",
        escape(first),
    )
}

/// What is to be read with care, beside the result.
#[must_use]
pub fn warnings(state: &State, patient: &Patient) -> String {
    let said = all_warnings(state, patient);
    if said.is_empty() {
        return String::new();
    }
    let items: String = said.iter().map(|warning| format!("<li>{}</li>", escape(warning))).collect();
    format!("<div class=\"care\" role=\"note\"><h3>{}</h3><ul>{items}</ul></div>", state.t("warning.title"))
}

/// Warnings of the prediction, and of the entries.
#[must_use]
pub fn all_warnings(state: &State, patient: &Patient) -> Vec<String> {
    let of_values = list(&patient.explanation["warnings"]).iter().map(|found| warning(state, patient, found));
    let of_entries = list(&patient.evaluated["problems"]).iter().filter(|problem| problem["blocks"] == false);
    of_values.chain(of_entries.map(|found| super::words::problem(&state.texts, &state.loaded, found))).collect()
}

fn picture(state: &State) -> String {
    let explanation = &state.patient.explanation;
    let rows = match &state.kept {
        Some(kept) => vec![row("A", &kept.explanation), row("B", explanation)],
        None => vec![row("", explanation)],
    };
    outlook(state, &rows, state.width)
}

fn row(label: &str, explanation: &Value) -> Prediction {
    Prediction { label: label.to_owned(), value: prediction(explanation), interval: interval(explanation) }
}

/// Predictions and intervals on the scale of the outcome.
#[must_use]
pub fn outlook(state: &State, rows: &[Prediction], width: f64) -> String {
    let format = state.texts.format();
    let target = state.loaded.model.target_column();
    let bins = target.map(|column| rebin(&column.bins(), BARS)).unwrap_or_default();
    let words = |row: &Prediction| {
        let (lower, upper) = row.interval.unwrap_or((f64::NAN, f64::NAN));
        let values = [("value", state.outcome(row.value)), ("lower", state.outcome(lower)), ("upper", state.outcome(upper))];
        state.texts.fill("result.alt", &[("value", &values[0].1), ("lower", &values[1].1), ("upper", &values[2].1)])
    };
    let label: Vec<String> = rows.iter().map(|row| format!("{} {}", row.label, words(row)).trim().to_owned()).collect();
    PredictionPlot {
        width,
        format,
        digits: state.loaded.model.outcome_digits(),
        observed: target.and_then(samefit_render::documents::Column::range),
        bins: &bins,
        predictions: rows,
        axis: state.texts.schema(state.loaded.model.target_title()),
        bars_label: state.texts.text("result.bars"),
        label: &label.join(" "),
    }
    .svg()
    .into_string()
}

/// What each feature adds, the largest first.
fn steps(state: &State, patient: &Patient) -> Vec<(Step, f64)> {
    let format = state.texts.format();
    let one = |entry: &Value| {
        let name = entry["name"].as_str().unwrap_or_default();
        let field = state.loaded.field(name).cloned().unwrap_or_else(|| serde_json::json!({"name": name}));
        let value = entry["value"].as_f64().unwrap_or(f64::NAN);
        let unit = field["units"][0]["label"].as_str().unwrap_or_default();
        let detail = if field["kind"] == "category" {
            category_of(&state.texts, &field, value).to_owned()
        } else {
            format!("{} {unit}", format.significant(value, 4)).trim().to_owned()
        };
        let label = title(&state.texts, &field).to_owned();
        let amount = entry["contribution"].as_f64().unwrap_or(0.0);
        (Step { label, detail, amount }, entry["mean"].as_f64().unwrap_or(f64::NAN))
    };
    let mut steps: Vec<_> = list(&patient.explanation["contributions"]).iter().map(one).collect();
    steps.sort_by(|a, b| b.0.amount.abs().total_cmp(&a.0.amount.abs()));
    steps
}

fn contributions(state: &State, patient: &Patient) -> String {
    let (texts, format) = (&state.texts, state.texts.format());
    let with_means = steps(state, patient);
    let steps: Vec<Step> = with_means.iter().map(|(step, _)| step.clone()).collect();
    let digits = state.loaded.model.outcome_digits();
    let words = |amount: f64| {
        let name = if amount < 0.0 { "why.takes" } else { "why.adds" };
        texts.fill(name, &[("amount", &format.fixed(amount.abs(), digits + 1))])
    };
    let listed: Vec<String> = steps.iter().map(|step| format!("{} {}", step.label, words(step.amount))).collect();
    let waterfall = Waterfall {
        width: state.width,
        format,
        digits,
        start: (texts.text("why.start"), patient.explanation["start"]["value"].as_f64().unwrap_or(f64::NAN)),
        steps: &steps,
        end: (texts.text("why.end"), prediction(&patient.explanation)),
        axis: texts.text("why.axis"),
        label: &texts.fill("why.alt", &[("list", &listed.join(", "))]),
    };
    let heads = ["why.feature", "why.value", "why.mean", "why.contribution"].map(|name| texts.text(name));
    let rows = with_means
        .iter()
        .map(|(step, mean)| table_row(&step.label, &[step.detail.clone(), format.significant(*mean, 4), words(step.amount)]));
    let table = table(texts.text("why.table"), &heads, rows).into_string();
    format!(
        "<p>{}</p>{}<details><summary>{}</summary>{table}</details>",
        state.t("why.lead"),
        waterfall.svg().into_string(),
        state.t("why.table")
    )
}

fn actions(state: &State) -> String {
    let compare = if state.kept.is_some() {
        end_comparison(state)
    } else {
        format!(
            "<button type=\"button\" class=\"quiet\" data-do=\"keep-change\">{}</button><button type=\"button\" class=\"quiet\" data-do=\"keep-other\">{}</button>",
            state.t("compare.change"),
            state.t("compare.other")
        )
    };
    format!(
        "<p class=\"buttons\"><button type=\"button\" class=\"quiet\" data-do=\"copy\">{}</button>\
         <button type=\"button\" class=\"quiet\" data-do=\"print\">{}</button>{compare}</p><p id=\"copied\" role=\"status\"></p>",
        state.t("actions.copy"),
        state.t("actions.print"),
    )
}
