//! The value that moves: the range of the slider or the levels of a category, and the predictions along it.

use samefit_render::documents::list;
use samefit_render::format::decimal;
use serde_json::Value;

use crate::command::{AfterSweep, Answer, Command, Reply, ReplyTo, Request};
use crate::drawing::Part;
use crate::generation::Generation;
use crate::state::loaded::LoadedModel;
use crate::state::{State, WhatIf};
use crate::update::show::focus;

/// Number of values along the range.
const STEPS: usize = 61;

/// Asks for predictions along the range of a field, or at each of its levels. None if the field has no value to start from.
pub(super) fn sweep(state: &mut State, field: &str, next: AfterSweep) -> Option<Command> {
    let is_category = state.loaded.field(field).is_some_and(LoadedModel::is_category);
    let what_if = if is_category { levels(state, field) } else { slider(state, field) }?;
    let request = Request::Sweep {
        entries: state.patient.entries_json(),
        field: field.to_owned(),
        unit: what_if.unit.clone().unwrap_or_default(),
        values: what_if.values.clone(),
    };
    let generation = state.generations.sweep.advance();
    Some(Command::Ask { request, reply_to: ReplyTo::Swept { generation, what_if, next } })
}

/// Takes the predictions along a field, unless another sweep was asked for since.
pub(super) fn take_sweep(state: &mut State, generation: Generation, what_if: WhatIf, reply: Reply) -> bool {
    if state.generations.sweep != generation {
        return false;
    }
    let answer: Value = reply.map(Answer::into_text).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let result = |one: &Value| one.is_array().then(|| [one[0].as_f64(), one[1].as_f64(), one[2].as_f64()]);
    state.what_if = WhatIf { results: list(&answer).iter().map(result).collect(), ..what_if };
    true
}

/// Another field was chosen to move.
pub(super) fn choose(state: &mut State, field: &str) -> Vec<Command> {
    sweep(state, field, AfterSweep::ShowWhatIf).into_iter().collect()
}

/// Shows the section with the field that was chosen.
pub(super) fn show() -> Vec<Command> {
    vec![Command::Draw(Part::WhatIf), focus("what-if-field")]
}

/// The slider moved, or another level was chosen to look at.
pub(super) fn moved(state: &mut State, at: usize) -> Vec<Command> {
    state.what_if.at = at;
    vec![Command::Draw(Part::WhatIfValue)]
}

/// Returns the levels of a category, the patient's own to be looked at first.
fn levels(state: &State, name: &str) -> Option<WhatIf> {
    let categories = list(&state.loaded.field(name)?["categories"]).iter();
    let values: Vec<String> = categories.filter_map(|category| Some(category["value"].as_str()?.to_owned())).collect();
    let own = state.patient.field(name)["value"].as_str()?;
    let at = values.iter().position(|value| value == own).unwrap_or(0);
    Some(WhatIf { field: name.to_owned(), unit: None, values, results: Vec::new(), now: None, at })
}

/// Returns the values at which the slider can stand: over the training range and the patient's own value, within what is plausible, in
/// steps as fine as the field is measured.
fn slider(state: &State, name: &str) -> Option<WhatIf> {
    let field = state.loaded.field(name)?;
    let evaluated = state.patient.field(name);
    let unit = state.patient.entries.get(name).and_then(|entry| entry.as_typed().1.map(str::to_owned));
    let unit = evaluated["typed"]["unit"].as_str().map(str::to_owned).or(unit);
    let now: f64 = evaluated["typed"]["value"].as_str().and_then(|text| text.parse().ok())?;
    let known = list(&field["units"]).iter().find(|known| known["unit"].as_str() == unit.as_deref()).unwrap_or(&field["units"][0]);
    let (low, high) = slider_range(field, known, now);
    let digits = usize::try_from(known["decimals"].as_u64().unwrap_or(2)).unwrap_or(2).min(6);
    let values = slider_values((low, high), now, digits);
    let distance = |text: &String| (text.parse::<f64>().unwrap_or(f64::NAN) - now).abs();
    let at = (0..values.len()).min_by(|a, b| distance(&values[*a]).total_cmp(&distance(&values[*b]))).unwrap_or(0);
    Some(WhatIf { field: name.to_owned(), unit, values, results: Vec::new(), now: Some(now), at })
}

/// Returns the ends of the slider, in the unit `known` of the field.
fn slider_range(field: &Value, known: &Value, now: f64) -> (f64, f64) {
    let to_base: f64 = known["to_base"].as_str().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let trained = field["training"]["min"].as_f64().zip(field["training"]["max"].as_f64());
    // a field that is no column of the model has no training range: half to twice the value
    let (low, high) = trained.map_or((now / 2.0, now * 2.0), |(low, high)| (low / to_base, high / to_base));
    let plausible = |key: &str| known["plausible"][key].as_str().and_then(|text| text.parse::<f64>().ok());
    let low = low.min(now).max(plausible("min").unwrap_or(f64::NEG_INFINITY));
    let high = high.max(now).min(plausible("max").unwrap_or(f64::INFINITY));
    (low, high)
}

/// Returns values from low to high and the patient's own, in order, with this many decimals, each once.
fn slider_values((low, high): (f64, f64), now: f64, digits: usize) -> Vec<String> {
    let mut values: Vec<f64> = (0..STEPS).map(|at| low + (high - low) * at as f64 / (STEPS - 1) as f64).collect();
    values.push(now);
    values.sort_by(f64::total_cmp);
    let text = |value: &f64| if *value < 0.0 { format!("-{}", decimal(-*value, digits)) } else { decimal(*value, digits) };
    let mut texts: Vec<String> = values.iter().map(text).collect();
    texts.retain(|text| text.parse::<f64>().is_ok_and(|value| value >= low && value <= high));
    texts.dedup();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slider_has_every_value_once_and_stays_in_its_range() {
        let values = slider_values((18.0, 20.0), 18.5, 1);
        assert_eq!(values.first().map(String::as_str), Some("18.0"));
        assert_eq!(values.last().map(String::as_str), Some("20.0"));
        assert_eq!(values.len(), 21);
        assert!(values.iter().any(|value| value == "18.5"));
    }

    #[test]
    fn the_slider_goes_no_further_than_what_is_plausible() {
        let field = serde_json::json!({"training": {"min": 18, "max": 42}});
        let unit = serde_json::json!({"plausible": {"min": "20", "max": "80"}});
        assert_eq!(slider_range(&field, &unit, 50.0), (20.0, 50.0));
    }
}
