//! Predictions of every row of the tables.

use crate::command::{Answer, Command, Reply, Request, WorkStep};
use crate::drawing::Part;
use crate::files::Table;
use crate::generation::Generation;
use crate::state::State;
use crate::update::show::data_error;
use crate::update::work::{begin, end};

/// Asks for predictions of all tables that have rows.
pub(super) fn predict(state: &mut State) -> Vec<Command> {
    let tables: Vec<Table> = state.data.tables_of_rows().cloned().collect();
    let names = tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ");
    let (generation, mut commands) = begin(state, names);
    let step = WorkStep::PredictTables(state.generations.model);
    commands.push(Command::Work { generation, request: Request::PredictTables(tables), step });
    commands
}

/// The predictions. They are dropped if another model was opened since.
pub(super) fn predicted(state: &mut State, model: Generation, reply: Reply) -> Vec<Command> {
    let mut commands = vec![end(state)];
    if state.generations.model != model {
        return commands;
    }
    match reply {
        Ok(Answer::Tables(tables)) => {
            state.data.predicted = tables;
            commands.push(Command::Draw(Part::Data));
        }
        Ok(Answer::Text(_)) => {}
        Err(error) => commands.extend(data_error(state, error)),
    }
    commands
}

/// Saves the predictions of one table.
pub(super) fn download(state: &State, at: usize) -> Vec<Command> {
    let table = state.data.tables_of_rows().nth(at).zip(state.data.predicted.get(at));
    let command = |(table, predicted): (&Table, &crate::files::PredictedTable)| Command::DownloadFile {
        name: table.predictions_name(),
        file: predicted.file,
    };
    table.map(command).into_iter().collect()
}
