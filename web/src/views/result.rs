//! The result: prediction, interval, place among the training outcomes, warnings, contributions.

use samefit_render::bins::rebin;
use samefit_render::documents::list;
use samefit_render::markup::escape;
use samefit_render::outlook::{Outlook, Row};
use samefit_render::pages::{table_head, table_row};
use samefit_render::waterfall::{Step, Waterfall};
use serde_json::Value;

use super::words::{category_of_number, title, warning};
use crate::state::State;
use crate::state::patient::Patient;

/// Largest number of bars in the histogram of outcomes.
const BARS: usize = 18;

/// Returns the section below the form; empty before the first prediction.
#[must_use]
pub fn section(state: &State) -> String {
    let patient = &state.patient;
    if !patient.has_result() {
        return if state.kept.is_some() { super::compare::waiting(state) } else { String::new() };
    }
    let class = if patient.stale { " stale" } else { "" };
    let details = if state.kept.is_some() { super::compare::section(state) } else { String::new() };
    // the slider would move entries that this result is not of
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

/// Returns the note above a result of earlier entries. Such a result offers no buttons but to end a comparison: a copy would show it beside the
/// new entries.
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

/// Returns the ends of the interval, if there is one.
#[must_use]
pub fn interval(explanation: &Value) -> Option<(f64, f64)> {
    Some((explanation["interval"]["lower"].as_f64()?, explanation["interval"]["upper"].as_f64()?))
}

/// Returns the predicted value; NaN if there is none.
#[must_use]
pub fn prediction(explanation: &Value) -> f64 {
    explanation["prediction"].as_f64().unwrap_or(f64::NAN)
}

/// Returns every sentence about the prediction, for the page, the copied text and the printed sheet.
#[must_use]
pub fn sentences(state: &State, patient: &Patient) -> Vec<String> {
    let (texts, format) = (&state.texts, state.texts.format());
    let explanation = &patient.explanation;
    let mut sentences = Vec::new();
    let Some((lower, upper)) = interval(explanation) else {
        return vec![texts.text("result.no-interval").to_owned()];
    };
    sentences.push(texts.fill("result.sentence", &[("lower", &state.outcome(lower)), ("upper", &state.outcome(upper))]));
    sentences.extend(beyond(state, (lower, upper)));
    if let Some(share) = explanation["outcomes"]["below"]["share"].as_f64() {
        let mean = state.loaded.model.target_column().and_then(|column| column.number("mean")).unwrap_or(f64::NAN);
        sentences.push(texts.fill("result.position", &[("share", &format.whole(share * 100.0)), ("mean", &state.outcome(mean))]));
    }
    sentences.push(coverage(state).unwrap_or_else(|| texts.text("result.coverage-unknown").to_owned()));
    sentences
}

/// Returns how often the interval held on patients held out. Only the page's own model comes with this measurement.
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

/// Returns the sentence that the interval leaves the observed outcomes, if it does.
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
    let sentences = sentences(state, &state.patient);
    let (first, others) = sentences.split_first().map_or(("", [].as_slice()), |(first, others)| (first.as_str(), others));
    let others: String = others.iter().map(|sentence| format!("<p>{}</p>", escape(sentence))).collect();
    format!(
        "<p class=\"number\"><span>{label}</span> <strong id=\"prediction\">{value}</strong></p><p class=\"lead\" id=\"interval\">{}</p>{others}",
        escape(first),
    )
}

/// Returns the warnings beside the result; empty if there are none.
#[must_use]
pub fn warnings(state: &State, patient: &Patient) -> String {
    let warnings = all_warnings(state, patient);
    if warnings.is_empty() {
        return String::new();
    }
    let items: String = warnings.iter().map(|warning| format!("<li>{}</li>", escape(warning))).collect();
    format!("<div class=\"care\" role=\"note\"><h3>{}</h3><ul>{items}</ul></div>", state.t("warning.title"))
}

/// Returns the warnings of the prediction and those of the entries.
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

fn row(label: &str, explanation: &Value) -> Row {
    Row { label: label.to_owned(), value: prediction(explanation), interval: interval(explanation) }
}

/// Draws predictions and intervals on the scale of the outcome, above a histogram of the training outcomes.
#[must_use]
pub fn outlook(state: &State, rows: &[Row], width: f64) -> String {
    let format = state.texts.format();
    let target = state.loaded.model.target_column();
    let bins = target.map(|column| rebin(&column.cells(), BARS)).unwrap_or_default();
    let in_words = |row: &Row| {
        let (lower, upper) = row.interval.unwrap_or((f64::NAN, f64::NAN));
        let values = [("value", state.outcome(row.value)), ("lower", state.outcome(lower)), ("upper", state.outcome(upper))];
        state.texts.fill("result.alt", &[("value", &values[0].1), ("lower", &values[1].1), ("upper", &values[2].1)])
    };
    let label: Vec<String> = rows.iter().map(|row| format!("{} {}", row.label, in_words(row)).trim().to_owned()).collect();
    Outlook {
        width,
        format,
        digits: state.loaded.model.outcome_digits(),
        observed: target.and_then(samefit_render::documents::Column::range),
        bins: &bins,
        rows,
        axis: state.texts.schema(state.loaded.model.target_title()),
        bars: state.texts.text("result.bars"),
        label: &label.join(" "),
    }
    .svg()
}

/// Returns what each feature adds to the prediction, largest first, with the feature's training mean.
fn steps(state: &State, patient: &Patient) -> Vec<(Step, f64)> {
    let format = state.texts.format();
    let step = |entry: &Value| {
        let name = entry["name"].as_str().unwrap_or_default();
        let field = state.loaded.field(name).cloned().unwrap_or_else(|| serde_json::json!({"name": name}));
        let value = entry["value"].as_f64().unwrap_or(f64::NAN);
        let unit = field["units"][0]["label"].as_str().unwrap_or_default();
        let detail = if field["kind"] == "category" {
            category_of_number(&state.texts, &field, value).to_owned()
        } else {
            format!("{} {unit}", format.significant(value, 4)).trim().to_owned()
        };
        let label = title(&state.texts, &field).to_owned();
        let amount = entry["contribution"].as_f64().unwrap_or(0.0);
        (Step { label, detail, amount }, entry["mean"].as_f64().unwrap_or(f64::NAN))
    };
    let mut steps: Vec<_> = list(&patient.explanation["contributions"]).iter().map(step).collect();
    steps.sort_by(|a, b| b.0.amount.abs().total_cmp(&a.0.amount.abs()));
    steps
}

fn contributions(state: &State, patient: &Patient) -> String {
    let (texts, format) = (&state.texts, state.texts.format());
    let with_means = steps(state, patient);
    let steps: Vec<Step> = with_means.iter().map(|(step, _)| step.clone()).collect();
    let digits = state.loaded.model.outcome_digits();
    let in_words = |amount: f64| {
        let name = if amount < 0.0 { "why.takes" } else { "why.adds" };
        texts.fill(name, &[("amount", &format.fixed(amount.abs(), digits + 1))])
    };
    let listed: Vec<String> = steps.iter().map(|step| format!("{} {}", step.label, in_words(step.amount))).collect();
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
    let mut table =
        table_head(texts.text("why.table"), &["why.feature", "why.value", "why.mean", "why.contribution"].map(|name| texts.text(name)));
    for (step, mean) in &with_means {
        table_row(&mut table, &step.label, &[step.detail.clone(), format.significant(*mean, 4), in_words(step.amount)]);
    }
    format!(
        "<p>{}</p>{}<details><summary>{}</summary>{table}</tbody></table></div></details>",
        state.t("why.lead"),
        waterfall.svg(),
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

/// Returns what copying the result came to: nothing to do, or the text to copy by hand.
#[must_use]
pub fn copied(state: &State, by_hand: Option<&str>) -> String {
    let Some(text) = by_hand else { return state.t("actions.copied") };
    format!("<label class=\"stack\">{}<textarea rows=\"12\" readonly>{}</textarea></label>", state.t("actions.copy-by-hand"), escape(text))
}
