//! Two patients, or two scenarios, side by side.

use samefit_render::markup::{Markup, Text, html};
use samefit_render::pages::{table, table_row};

use super::words::entered;
use crate::state::State;
use crate::state::patient::Patient;

/// Stands in a table where there is no value.
const NO_VALUE: &str = "\u{2013}";

/// Returns what is shown while A waits for B.
#[must_use]
pub fn waiting(state: &State) -> Markup {
    let value = state.kept.as_ref().map_or(f64::NAN, Patient::prediction);
    html! {
        section.card {
            h2 { (state.t("compare.title")) }
            p { "A: " strong { (state.outcome(value)) } }
            p { (state.t("compare.lead")) }
            p.buttons { (end_comparison(state)) }
        }
    }
}

/// Returns the button that ends the comparison.
#[must_use]
pub fn end_comparison(state: &State) -> Markup {
    html! { button.quiet type="button" data-do="compare-end" { (state.t("compare.end")) } }
}

/// Returns A and B in a table, and a sentence that says how they differ; empty without a comparison.
#[must_use]
pub fn section(state: &State) -> Markup {
    if state.kept.is_none() {
        return html! {};
    }
    let heads = [state.t("contributions.feature"), "A", "B"];
    html! {
        section.card.stale[state.patient.stale] #compared {
            h2 { (state.t("compare.title")) }
            p { (Text(&difference(state))) }
            (table(state.t("compare.caption"), &heads, rows(state)))
        }
    }
}

fn rows(state: &State) -> Vec<Markup> {
    let Some(kept) = &state.kept else { return Vec::new() };
    let (a, b) = (entered(&state.texts, &state.loaded, kept), entered(&state.texts, &state.loaded, &state.patient));
    let value_of = |entered: &[(String, String)], name: &str| {
        entered.iter().find(|(known, _)| known == name).map_or_else(|| NO_VALUE.to_owned(), |(_, value)| value.clone())
    };
    let mut names: Vec<&String> = a.iter().map(|(name, _)| name).collect();
    names.extend(b.iter().map(|(name, _)| name).filter(|name| !a.iter().any(|(known, _)| known == *name)));
    let entry = |name: &String| {
        let (first, second) = (value_of(&a, name), value_of(&b, name));
        let mark = if first == second { "" } else { "\u{2260} " };
        table_row(name, &[first, format!("{mark}{second}")])
    };
    let range = |one: &Patient| {
        one.interval().map_or_else(|| NO_VALUE.to_owned(), |(l, u)| format!("{} \u{2026} {}", state.outcome(l), state.outcome(u)))
    };
    let both = [kept, &state.patient];
    let mut rows: Vec<Markup> = names.into_iter().map(entry).collect();
    rows.push(table_row(state.t("compare.prediction"), &both.map(|one| state.outcome(one.prediction()))));
    rows.push(table_row(state.t("compare.interval"), &both.map(range)));
    rows
}

fn difference(state: &State) -> String {
    let Some(kept) = &state.kept else { return String::new() };
    let texts = &state.texts;
    let (a, b) = (kept.prediction(), state.patient.prediction());
    let amount = state.outcome((b - a).abs());
    if amount == state.outcome(0.0) {
        return texts.text("compare.same").to_owned();
    }
    let direction = texts.text(if b > a { "compare.higher" } else { "compare.lower" });
    let overlap = kept.interval().zip(state.patient.interval()).map(|(a, b)| a.1.min(b.1) - a.0.max(b.0));
    match overlap {
        Some(overlap) if overlap > 0.0 => {
            texts.fill("compare.difference", &[("amount", &amount), ("direction", direction), ("overlap", &state.outcome(overlap))])
        }
        _ => texts.fill("compare.apart", &[("amount", &amount), ("direction", direction)]),
    }
}
