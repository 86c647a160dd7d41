//! Two patients, or two scenarios, side by side.

use samefit_render::markup::escape;
use samefit_render::pages::{table_head, table_row};

use super::result::{interval, prediction};
use super::words::entered;
use crate::state::State;

/// Returns what is shown while A waits for B.
#[must_use]
pub fn waiting(state: &State) -> String {
    let value = state.kept.as_ref().map_or(f64::NAN, |kept| prediction(&kept.explanation));
    format!(
        "<section class=\"card\"><h2>{}</h2><p>A: <strong>{}</strong></p><p>{}</p><p class=\"buttons\">\
         <button type=\"button\" class=\"quiet\" data-do=\"compare-end\">{}</button></p></section>",
        state.t("compare.title"),
        state.outcome(value),
        state.t("compare.lead"),
        state.t("compare.end")
    )
}

/// Returns A and B in a table, and a sentence that says how they differ.
#[must_use]
pub fn section(state: &State) -> String {
    let Some(kept) = &state.kept else { return String::new() };
    let texts = &state.texts;
    let mut table = table_head(texts.text("compare.caption"), &[texts.text("why.feature"), "A", "B"]);
    let (a, b) = (entered(texts, &state.loaded, kept), entered(texts, &state.loaded, &state.patient));
    let value_of = |entered: &[(String, String)], name: &str| {
        entered.iter().find(|(known, _)| known == name).map_or_else(|| "\u{2013}".to_owned(), |(_, value)| value.clone())
    };
    let mut names: Vec<&String> = a.iter().map(|(name, _)| name).collect();
    names.extend(b.iter().map(|(name, _)| name).filter(|name| !a.iter().any(|(known, _)| known == *name)));
    for name in names {
        let (first, second) = (value_of(&a, name), value_of(&b, name));
        let mark = if first == second { "" } else { "\u{2260} " };
        table_row(&mut table, name, &[first, format!("{mark}{second}")]);
    }
    let both = [&kept.explanation, &state.patient.explanation];
    let range = |explanation| {
        interval(explanation).map_or_else(|| "\u{2013}".to_owned(), |(l, u)| format!("{} \u{2026} {}", state.outcome(l), state.outcome(u)))
    };
    table_row(&mut table, texts.text("compare.prediction"), &both.map(|one| state.outcome(prediction(one))));
    table_row(&mut table, texts.text("compare.interval"), &both.map(range));
    format!(
        "<section class=\"card{}\" id=\"compared\"><h2>{}</h2><p>{}</p>{table}</tbody></table></div></section>",
        if state.patient.stale { " stale" } else { "" },
        state.t("compare.title"),
        escape(&difference(state))
    )
}

fn difference(state: &State) -> String {
    let Some(kept) = &state.kept else { return String::new() };
    let texts = &state.texts;
    let (a, b) = (prediction(&kept.explanation), prediction(&state.patient.explanation));
    let amount = state.outcome((b - a).abs());
    if amount == state.outcome(0.0) {
        return texts.text("compare.same").to_owned();
    }
    let direction = texts.text(if b > a { "compare.higher" } else { "compare.lower" });
    let overlap = interval(&kept.explanation).zip(interval(&state.patient.explanation)).map(|(a, b)| a.1.min(b.1) - a.0.max(b.0));
    match overlap {
        Some(overlap) if overlap > 0.0 => {
            texts.fill("compare.difference", &[("amount", &amount), ("direction", direction), ("overlap", &state.outcome(overlap))])
        }
        _ => texts.fill("compare.apart", &[("amount", &amount), ("direction", direction)]),
    }
}
