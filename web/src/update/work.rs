//! Long work with files: its beginning, its progress, its end.

use crate::command::Command;
use crate::drawing::Part;
use crate::files::RunningWork;
use crate::generation::Generation;
use crate::state::State;

/// Ends the work that goes on, if there is any. Its answer is late from now on.
pub(super) fn abandon(state: &mut State) -> Vec<Command> {
    state.generations.work.advance();
    if state.data.work.take().is_none() {
        return Vec::new();
    }
    vec![Command::CancelWork, Command::Draw(Part::Work)]
}

/// Ends the fit of pooled statistics, because the statistics change. Work with tables goes on.
pub(super) fn abandon_pooling(state: &mut State) -> Vec<Command> {
    if state.data.tables.is_empty() { abandon(state) } else { Vec::new() }
}

/// Shows that work begins. Returns its generation.
pub(super) fn begin(state: &mut State, name: String) -> (Generation, Vec<Command>) {
    let mut commands = abandon(state);
    state.data.work = Some(RunningWork { name, ..RunningWork::default() });
    state.data.error = None;
    commands.extend([Command::Draw(Part::Work), Command::Draw(Part::Data)]);
    (state.generations.work, commands)
}

/// Shows how far the work has come.
pub(super) fn progressed(state: &mut State, generation: Generation, done: f64, total: f64) -> Vec<Command> {
    let Some(work) = state.data.work.as_mut().filter(|_| state.generations.work == generation) else { return Vec::new() };
    (work.done, work.total) = (done, total);
    vec![Command::Draw(Part::Progress)]
}

/// Shows that work has ended.
pub(super) fn end(state: &mut State) -> Command {
    state.data.work = None;
    Command::Draw(Part::Work)
}
