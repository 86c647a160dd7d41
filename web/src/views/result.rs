//! The result: prediction, interval, place among the training outcomes, warnings, contributions.

use samefit_render::bins::rebin;
use samefit_render::documents::{Column, list};
use samefit_render::markup::{Markup, Text, html};
use samefit_render::pages::{table, table_row};
use samefit_render::prediction::{Prediction, PredictionPlot};
use samefit_render::waterfall::{Step, Waterfall};
use serde_json::Value;

use super::compare::end_comparison;
use super::words::{about, category, problem, title, warning};
use crate::state::State;
use crate::state::loaded::LoadedModel;
use crate::state::patient::Patient;

/// Largest number of bars in the histogram of outcomes.
const BARS: usize = 18;
/// Shown in place of a number that is not there.
const NO_NUMBER: &str = "\u{2013}";

/// Returns the section below the form; empty before the first prediction.
#[must_use]
pub fn section(state: &State) -> Markup {
    let patient = &state.patient;
    if !patient.has_result() {
        return if state.kept.is_some() {
            super::compare::waiting(state)
        } else {
            html! {}
        };
    }
    html! {
        (stale_note(state))
        section.card.answer.stale[patient.stale] aria-labelledby="result-title" {
            h2 #result-title tabindex="-1" { (state.t("result.title")) }
            (headline(state))
            (warnings(state, patient))
            (picture(state))
            @if !patient.stale { (actions(state)) }
        }
        (super::compare::section(state))
        section.card.stale[patient.stale] { h2 { (state.t("contributions.title")) } (contributions(state, patient)) }
        // the slider would move entries that a stale result is not of
        @if !patient.stale { section.card #what-if { (super::what_if::section(state)) } }
    }
}

/// Returns the note above a result of earlier entries. Such a result offers no buttons but to end a comparison: a copy would show it beside
/// the new entries.
fn stale_note(state: &State) -> Markup {
    html! {
        @if state.patient.stale {
            p.stale-note role="status" { (state.t("form.stale")) }
            @if state.kept.is_some() { p.buttons { (end_comparison(state)) } }
        }
    }
}

/// Returns every sentence about the prediction, for the page, the copied text and the printed sheet.
#[must_use]
pub fn sentences(state: &State, patient: &Patient) -> Vec<String> {
    let (texts, format) = (&state.texts, state.texts.format());
    let explanation = &patient.explanation;
    let Some((lower, upper)) = patient.interval() else {
        return vec![texts.text("result.no-interval").to_owned()];
    };
    let mut sentences = vec![texts.fill("result.sentence", &[("lower", &state.outcome(lower)), ("upper", &state.outcome(upper))])];
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
    let column = state.loaded.model.target_column()?;
    let (low, high) = column.range()?;
    let name = match (lower < low, upper > high) {
        (true, true) => "result.beyond-both",
        (true, false) => "result.beyond-low",
        (false, true) => "result.beyond-high",
        (false, false) => return None,
    };
    let is_exact = column.has_exact_range();
    let [low, high] = [low, high].map(|end| if is_exact { state.texts.format().shortest(end) } else { state.outcome(end) });
    let in_words = |end: &str, is_exact| about(&state.texts, end.to_owned(), is_exact);
    // of both ends, the first says it for both
    let high = in_words(&high, is_exact || name == "result.beyond-both");
    Some(state.texts.fill(name, &[("low", &in_words(&low, is_exact)), ("high", &high)]))
}

fn headline(state: &State) -> Markup {
    let value = state.outcome(state.patient.prediction());
    let target = state.texts.schema(state.loaded.model.target_title());
    let label = match state.loaded.file {
        None => state.t("result.number").to_owned(),
        Some(_) => state.fill("result.number-other", &[("title", target)]),
    };
    let sentences = sentences(state, &state.patient);
    let (first, others) = sentences.split_first().map_or(("", [].as_slice()), |(first, others)| (first.as_str(), others));
    html! {
        p.number { span { (Text(&label)) } " " strong #prediction { (value) } }
        p.lead #interval { (Text(first)) }
        @for sentence in others { p { (Text(sentence)) } }
    }
}

/// Returns the warnings beside the result; empty if there are none.
#[must_use]
pub fn warnings(state: &State, patient: &Patient) -> Markup {
    let warnings = all_warnings(state, patient);
    html! {
        @if !warnings.is_empty() {
            div.care role="note" { h3 { (state.t("warning.title")) } ul { @for warning in &warnings { li { (Text(warning)) } } } }
        }
    }
}

/// Returns the warnings of the prediction and those of the entries.
#[must_use]
pub fn all_warnings(state: &State, patient: &Patient) -> Vec<String> {
    let of_values = list(&patient.explanation["warnings"]).iter().map(|found| warning(state, patient, found));
    let of_entries = list(&patient.evaluated["problems"]).iter().filter(|problem| problem["blocks"] == false);
    of_values.chain(of_entries.map(|found| problem(&state.texts, &state.loaded, found))).collect()
}

fn picture(state: &State) -> Markup {
    let predictions = match &state.kept {
        Some(kept) => vec![plotted("A", kept), plotted("B", &state.patient)],
        None => vec![plotted("", &state.patient)],
    };
    outlook(state, &predictions, state.width)
}

/// Returns a patient's prediction as the plot takes it.
#[must_use]
pub fn plotted(label: &str, patient: &Patient) -> Prediction {
    Prediction { label: label.to_owned(), value: patient.prediction(), interval: patient.interval() }
}

/// Draws predictions and intervals on the scale of the outcome, above a histogram of the training outcomes.
#[must_use]
pub fn outlook(state: &State, predictions: &[Prediction], width: f64) -> Markup {
    let target = state.loaded.model.target_column();
    let bins = target.map(|column| rebin(&column.bins(), BARS)).unwrap_or_default();
    let in_words = |one: &Prediction| {
        let (lower, upper) = one.interval.unwrap_or((f64::NAN, f64::NAN));
        let values = [state.outcome(one.value), state.outcome(lower), state.outcome(upper)];
        state.texts.fill("result.alt", &[("value", &values[0]), ("lower", &values[1]), ("upper", &values[2])])
    };
    let label: Vec<String> = predictions.iter().map(|one| format!("{} {}", one.label, in_words(one)).trim().to_owned()).collect();
    PredictionPlot {
        width,
        format: state.texts.format(),
        digits: state.loaded.model.outcome_digits(),
        observed: target.and_then(Column::range),
        bins: &bins,
        predictions,
        axis: state.texts.schema(state.loaded.model.target_title()),
        bars_label: state.t("result.bars"),
        label: &label.join(" "),
    }
    .svg()
}

/// What one feature adds to the prediction.
struct Contribution {
    step: Step,
    /// Mean of the feature in the training data; none for a category.
    mean: Option<f64>,
}

/// Returns what each feature adds to the prediction, largest first.
fn steps(state: &State, patient: &Patient) -> Vec<Contribution> {
    let mut steps: Vec<_> = list(&patient.explanation["contributions"]).iter().map(|entry| contribution(state, entry)).collect();
    steps.sort_by(|a, b| b.step.amount.abs().total_cmp(&a.step.amount.abs()));
    steps
}

fn contribution(state: &State, entry: &Value) -> Contribution {
    let format = state.texts.format();
    let name = entry["name"].as_str().unwrap_or_default();
    let field = state.loaded.field(name).unwrap_or(&Value::Null);
    let unit = field["units"][0]["label"].as_str().unwrap_or_default();
    let number = entry["value"].as_f64().map(|value| match LoadedModel::is_category(field) {
        // a model of an earlier version may take codes as numbers
        true => category(&state.texts, field, &entry["value"].to_string()).to_owned(),
        false => format!("{} {unit}", format.significant(value, 4)).trim().to_owned(),
    });
    let level = |(column, level): (&String, &Value)| {
        let field = state.loaded.field(column).unwrap_or(&Value::Null);
        level.as_str().map(|level| category(&state.texts, field, level).to_owned())
    };
    let levels = entry["levels"].as_object().into_iter().flatten().filter_map(level);
    let detail = number.into_iter().chain(levels).collect::<Vec<_>>().join(", ");
    let label = if field.is_null() { name } else { title(&state.texts, field) }.to_owned();
    let amount = entry["contribution"].as_f64().unwrap_or(0.0);
    Contribution { step: Step { label, detail, amount }, mean: entry["mean"].as_f64() }
}

fn contributions(state: &State, patient: &Patient) -> Markup {
    let format = state.texts.format();
    let contributions = steps(state, patient);
    let steps: Vec<Step> = contributions.iter().map(|one| one.step.clone()).collect();
    let heads =
        ["contributions.feature", "contributions.value", "contributions.mean", "contributions.contribution"].map(|name| state.t(name));
    let rows = contributions.iter().map(|Contribution { step, mean }| {
        let mean = mean.map_or_else(|| NO_NUMBER.to_owned(), |mean| format.significant(mean, 4));
        table_row(&step.label, &[step.detail.clone(), mean, amount_in_words(state, step.amount)])
    });
    html! {
        p {
            (state.t("contributions.lead"))
            @if state.loaded.fields().iter().any(LoadedModel::is_category) { " " (state.t("contributions.levels")) }
        }
        (waterfall(state, patient, &steps))
        details { summary { (state.t("contributions.table")) } (table(state.t("contributions.table"), &heads, rows)) }
    }
}

fn waterfall(state: &State, patient: &Patient, steps: &[Step]) -> Markup {
    let listed: Vec<String> = steps.iter().map(|step| format!("{} {}", step.label, amount_in_words(state, step.amount))).collect();
    Waterfall {
        width: state.width,
        format: state.texts.format(),
        digits: state.loaded.model.outcome_digits(),
        start: (state.t("contributions.start"), patient.explanation["start"]["value"].as_f64().unwrap_or(f64::NAN)),
        steps,
        end: (state.t("contributions.end"), patient.prediction()),
        axis: state.t("contributions.axis"),
        label: &state.fill("contributions.alt", &[("list", &listed.join(", "))]),
    }
    .svg()
}

fn amount_in_words(state: &State, amount: f64) -> String {
    let name = if amount < 0.0 { "contributions.takes" } else { "contributions.adds" };
    let digits = state.loaded.model.outcome_digits() + 1;
    state.fill(name, &[("amount", &state.texts.format().fixed(amount.abs(), digits))])
}

fn actions(state: &State) -> Markup {
    html! {
        p.buttons {
            button.quiet type="button" data-do="copy" { (state.t("actions.copy")) }
            " "
            button.quiet type="button" data-do="print" { (state.t("actions.print")) }
            @if state.kept.is_some() {
                (end_comparison(state))
            } @else {
                button.quiet type="button" data-do="keep-change" { (state.t("compare.change")) }
                button.quiet type="button" data-do="keep-other" { (state.t("compare.other")) }
            }
        }
        p #copied role="status" {}
    }
}

/// Returns what copying the result came to: nothing to do, or the text to copy by hand.
#[must_use]
pub fn copied(state: &State, by_hand: Option<&str>) -> Markup {
    match by_hand {
        None => html! { (state.t("actions.copied")) },
        Some(text) => html! { label.stack { (state.t("actions.copy-by-hand")) textarea rows="12" readonly { (Text(text)) } } },
    }
}
