//! Units of fields: what was typed is shown in another unit, and so is the training range.

use serde_json::Value;

use crate::command::{AfterEvaluation, Answer, Command, Conversion, Reply, ReplyTo, Request};
use crate::drawing::Part;
use crate::generation::Generation;
use crate::state::patient::Entry;
use crate::state::{ConvertedRange, State};
use crate::update::form::evaluate;
use crate::update::show::focus;

/// A unit was chosen. The field shows its value in this unit; what was typed still counts.
pub(super) fn chosen(state: &mut State, field: &str, to: &str) -> Vec<Command> {
    if state.loaded.field(field).is_none() {
        return Vec::new();
    }
    let own = state.loaded.own_unit(field);
    let entry = state.patient.entries.get_or_insert(field, own.clone());
    let (text, from) = entry.as_typed();
    let (text, from) = (text.to_owned(), from.map(str::to_owned).or(own));
    let is_same = from.as_deref() == Some(to) || text.trim().is_empty();
    entry.unit = Some(to.to_owned());
    entry.typed = (!is_same).then(|| (text.clone(), from.clone()));
    if is_same {
        entry.shown.clone_from(&text);
    }
    let chosen = entry.clone();
    let mut commands = vec![set_input(field, &chosen.shown), Command::Draw(Part::Unit(field.to_owned()))];
    if is_same {
        commands.extend(shown_in_unit(state, field, to));
    } else {
        let value = text.trim().replace(',', ".");
        let conversion = Conversion { field: field.to_owned(), value, from: from.unwrap_or_default(), to: to.to_owned() };
        let reply_to = ReplyTo::Converted { field: field.to_owned(), chosen };
        commands.push(Command::Ask { request: Request::Convert(conversion), reply_to });
    }
    commands
}

/// The value of a field in the chosen unit. It is late if the field has changed since.
pub(super) fn converted(state: &mut State, field: &str, chosen: Entry, reply: Reply) -> Vec<Command> {
    if state.patient.entries.get(field) != Some(&chosen) {
        return Vec::new();
    }
    let (text, _) = chosen.as_typed();
    // a text that is no number, and a value that is the same in both units, stay as they were typed
    let number = reply.ok().map(Answer::into_text).filter(|number| number != text);
    let entry = match number {
        Some(number) => Entry { shown: state.texts.format().text(&number), ..chosen },
        None => Entry { shown: text.to_owned(), typed: None, ..chosen },
    };
    let mut commands = vec![set_input(field, &entry.shown)];
    let unit = entry.unit.clone().unwrap_or_default();
    state.patient.entries.set(field, entry);
    commands.extend(shown_in_unit(state, field, &unit));
    commands
}

/// The person says that a value is meant in this unit.
pub(super) fn use_unit(state: &mut State, field: &str, unit: &str) -> Vec<Command> {
    let entry = state.patient.entries.get_or_insert(field, None);
    entry.unit = Some(unit.to_owned());
    entry.typed = None;
    state.patient.stale = true;
    let mut commands = vec![Command::Draw(Part::Page), focus(&format!("in-{field}"))];
    commands.extend(ask_ranges(state, vec![(field.to_owned(), unit.to_owned())]));
    commands.push(evaluate(state, AfterEvaluation::ShowMessages));
    commands
}

/// What follows once a field shows its value in another unit.
fn shown_in_unit(state: &State, field: &str, unit: &str) -> Vec<Command> {
    let mut commands = vec![Command::Draw(Part::Unit(field.to_owned()))];
    commands.extend(ask_ranges(state, vec![(field.to_owned(), unit.to_owned())]));
    if state.patient.entries.get(field).is_some_and(|entry| !entry.is_empty()) {
        commands.push(evaluate(state, AfterEvaluation::ShowMessages));
    }
    commands
}

fn set_input(field: &str, text: &str) -> Command {
    Command::SetInput { field: field.to_owned(), text: text.to_owned() }
}

/// Asks for the training ranges in all units that were chosen or typed. Hints, warnings and the curve need them.
pub(super) fn ask_all_ranges(state: &State) -> Option<Command> {
    let units = |field: &Value| {
        let name = field["name"].as_str()?;
        let typed = state.patient.field(name)["typed"]["unit"].as_str();
        let chosen = state.patient.entries.get(name).and_then(|entry| entry.unit.as_deref());
        Some([typed, chosen].into_iter().flatten().map(|unit| (name.to_owned(), unit.to_owned())).collect::<Vec<_>>())
    };
    let mut wanted: Vec<_> = state.loaded.fields().iter().filter_map(units).flatten().collect();
    wanted.dedup();
    ask_ranges(state, wanted)
}

/// Asks for those training ranges that are not known yet.
fn ask_ranges(state: &State, mut wanted: Vec<(String, String)>) -> Option<Command> {
    let own_and_range = |field: &str| {
        let known = state.loaded.field(field)?;
        Some((known["units"][0]["unit"].as_str().unwrap_or_default().to_owned(), known["training"].clone()))
    };
    let is_unknown = |field: &str, unit: &str| {
        let found = own_and_range(field);
        found.is_some_and(|(own, training)| own != unit && !training.is_null()) && state.range(field, unit).is_none()
    };
    wanted.retain(|(field, unit)| is_unknown(field, unit));
    let conversions: Vec<Conversion> = wanted
        .iter()
        .filter_map(|(field, unit)| Some((field, unit, own_and_range(field)?)))
        .flat_map(|(field, unit, (own, training))| {
            ["min", "max"].map(|end| Conversion {
                field: field.clone(),
                value: training[end].to_string(),
                from: own.clone(),
                to: unit.clone(),
            })
        })
        .collect();
    let reply_to = ReplyTo::Ranges { model: state.generations.model, wanted };
    (!conversions.is_empty()).then_some(Command::Ask { request: Request::ConvertAll(conversions), reply_to })
}

/// Training ranges in other units: for each field and unit two values. They are late if another model was opened since.
pub(super) fn ranges(state: &mut State, model: Generation, wanted: Vec<(String, String)>, reply: Reply) -> Vec<Command> {
    if state.generations.model != model {
        return Vec::new();
    }
    let ends: Vec<Option<String>> = reply.ok().and_then(|answer| serde_json::from_str(&answer.into_text()).ok()).unwrap_or_default();
    let number = |end: &Option<String>| end.as_ref().and_then(|text| text.parse().ok());
    let mut commands = Vec::new();
    for ((field, unit), ends) in wanted.into_iter().zip(ends.chunks_exact(2)) {
        if let (Some(low), Some(high), None) = (number(&ends[0]), number(&ends[1]), state.range(&field, &unit)) {
            commands.push(Command::Draw(Part::Unit(field.clone())));
            state.ranges.push(ConvertedRange { field, unit, low, high });
        }
    }
    // warnings of a result that is shown already name the range too
    if !commands.is_empty() && state.patient.is_current() {
        commands.push(Command::Draw(Part::Result));
    }
    commands
}
