//! Commands that several flows use to show something.

use crate::command::Command;
use crate::drawing::Part;
use crate::error::Error;
use crate::state::{Section, State};

/// Moves the keyboard to an element.
pub(super) fn focus(id: &str) -> Command {
    Command::Focus(id.to_owned())
}

/// Opens a section and draws the page.
pub(super) fn open_section(state: &mut State, section: Section) -> Vec<Command> {
    state.section = section;
    vec![Command::SetAddress(section), Command::Draw(Part::Page)]
}

/// Shows an error that belongs to no field of the form.
pub(super) fn form_error(error: Error) -> Vec<Command> {
    vec![Command::Draw(Part::FormError(error)), focus("problems")]
}

/// Shows an error about the person's files, and ends the display of work.
pub(super) fn data_error(state: &mut State, error: Error) -> Vec<Command> {
    state.data.work = None;
    state.data.error = Some(error);
    let mut commands = open_section(state, Section::Data);
    commands.push(focus("data-fault"));
    commands
}
