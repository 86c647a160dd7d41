//! Tables are shown before they are used: their first rows, and how they seem to be written.

use serde_json::Value;

use crate::command::{Command, Reply, ReplyTo, Request};
use crate::drawing::Part;
use crate::generation::Generation;
use crate::preview::{DialectChoice, PreviewedTable, Previews, dialect_control};
use crate::state::{Section, State};
use crate::update::show::{data_error, focus, open_section};
use crate::update::training::profile;

/// The button that goes on with the tables.
const GO_ON: &str = "preview-go";

/// Shows the tables. Tables of which there is nothing to show are used at once.
pub(super) fn show(state: &mut State, tables: Vec<PreviewedTable>) -> Vec<Command> {
    state.previews = Previews { tables };
    if !state.previews.has_any() {
        return go_on(state);
    }
    let mut commands = open_section(state, Section::Data);
    commands.push(focus(GO_ON));
    commands
}

/// The person says how a table is written: asks what it looks like then. Earlier answers are late.
pub(super) fn choose(state: &mut State, at: usize, choice: &DialectChoice) -> Vec<Command> {
    state.previews.choose(at, choice);
    state.data.error = None;
    let generation = state.generations.preview.advance();
    let control = dialect_control(choice.key(), at);
    let shown = state.previews.tables.iter().enumerate().filter(|(_, table)| table.document.is_object());
    let ask = |(of, previewed): (usize, &PreviewedTable)| Command::Ask {
        request: Request::Preview(previewed.table.clone()),
        reply_to: ReplyTo::Previewed { generation, at: of, control: (of == at).then(|| control.clone()) },
    };
    shown.map(ask).collect()
}

/// The new preview of a table. `control`: the control that asked for it, which keeps the keyboard.
pub(super) fn previewed(state: &mut State, generation: Generation, at: usize, control: Option<String>, reply: Reply) -> Vec<Command> {
    if state.generations.preview != generation {
        return Vec::new();
    }
    let Some(previewed) = state.previews.tables.get_mut(at) else { return Vec::new() };
    match reply {
        Ok(answer) => {
            previewed.document = serde_json::from_str(&answer.into_text()).unwrap_or_default();
            let mut commands = vec![Command::Draw(Part::Data)];
            commands.extend(control.map(|control| focus(&control)));
            commands
        }
        Err(error) => {
            let name = previewed.table.name.clone();
            data_error(state, error.in_file(&name))
        }
    }
}

/// Uses the tables as they are shown.
pub(super) fn go_on(state: &mut State) -> Vec<Command> {
    let tables = discard(state).tables.iter().map(PreviewedTable::accepted).collect::<Vec<_>>();
    if tables.is_empty() { Vec::new() } else { profile(state, tables) }
}

/// Leaves the tables. Those that were there before stay.
pub(super) fn leave(state: &mut State) -> Vec<Command> {
    discard(state);
    vec![Command::Draw(Part::Data), focus("main")]
}

/// Takes the tables away. Answers about them are late from now on.
pub(super) fn discard(state: &mut State) -> Previews {
    state.generations.preview.advance();
    std::mem::take(&mut state.previews)
}

/// Returns the error of a table in which there is nothing to show.
pub(super) fn error_of_empty(document: &Value) -> Option<crate::error::Error> {
    let has_columns = document["columns"].as_array().is_some_and(|columns| !columns.is_empty());
    (!has_columns && document["error"].is_object()).then(|| crate::error::Error::from_json(&document["error"]))
}
