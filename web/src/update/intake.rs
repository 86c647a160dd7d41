//! Files that were dropped: sorted by what they are, one after another.

use serde_json::{Value, json};

use crate::command::{Command, OpenReason, Reply, ReplyTo, Request};
use crate::drawing::Part;
use crate::error::Error;
use crate::files::{ChosenFile, Data, DocumentKind, SchemaFile, StatisticsFile, Table, document_kind, table_format};
use crate::generation::Generation;
use crate::preview::{Intake, PreviewedTable};
use crate::state::{Readiness, Section, State};
use crate::update::model;
use crate::update::preview;
use crate::update::records;
use crate::update::show::{data_error, focus, open_section};
use crate::update::work::{abandon, abandon_pooling};

/// Documents are read whole; a larger JSON file is a table.
const DOCUMENT_BYTES_MAX: u64 = 64_000_000;

/// Files were dropped or chosen. They replace files that are not sorted yet.
pub(super) fn begin(state: &mut State, files: Vec<ChosenFile>) -> Vec<Command> {
    if files.is_empty() || state.readiness != Readiness::Ready {
        return Vec::new();
    }
    state.generations.intake.advance();
    state.data.error = None;
    state.intake = Some(Intake { waiting: files.into(), tables: Vec::new() });
    read_next(state)
}

/// Asks for the next file, or shows the tables once all files are sorted.
fn read_next(state: &mut State) -> Vec<Command> {
    let Some(intake) = &mut state.intake else { return Vec::new() };
    if let Some(next) = intake.waiting.front() {
        let generation = state.generations.intake;
        let table = Table { file: next.file, name: next.name.clone(), bytes: next.bytes, read: table_format(&next.name) };
        let (request, reply_to) = match () {
            () if is_document(next) => (Request::ReadText(next.file), ReplyTo::FileRead(generation)),
            () if table.has_rows() => (Request::Preview(table.clone()), ReplyTo::FirstPreview { generation, table }),
            () => return collect(state, table, Value::Null),
        };
        return vec![Command::Ask { request, reply_to }];
    }
    let tables = state.intake.take().map(|intake| intake.tables).unwrap_or_default();
    if tables.is_empty() { Vec::new() } else { preview::show(state, tables) }
}

fn is_document(file: &ChosenFile) -> bool {
    file.name.to_ascii_lowercase().ends_with(".json") && file.bytes < DOCUMENT_BYTES_MAX
}

/// The text of the document that was asked for.
pub(super) fn file_read(state: &mut State, generation: Generation, reply: Reply) -> Vec<Command> {
    if state.generations.intake != generation {
        return Vec::new();
    }
    let Some(file) = state.intake.as_ref().and_then(|intake| intake.waiting.front()).cloned() else { return Vec::new() };
    match reply {
        Ok(text) => sort(state, generation, file, text.into_text()),
        Err(error) => failed(state, error),
    }
}

fn sort(state: &mut State, generation: Generation, file: ChosenFile, text: String) -> Vec<Command> {
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    let ChosenFile { file: handle, name, .. } = file.clone();
    match document_kind(&document) {
        DocumentKind::Model => vec![model::open(text, Some(name), OpenReason::Dropped(generation))],
        DocumentKind::Statistics => {
            let statistics = StatisticsFile::new(name, text.clone(), &document);
            vec![Command::Ask { request: Request::Merge(vec![text]), reply_to: ReplyTo::StatisticsChecked { generation, statistics } }]
        }
        DocumentKind::Schema => {
            let schema = SchemaFile { file: handle, name, document };
            vec![Command::Ask { request: Request::CheckSchema(text), reply_to: ReplyTo::SchemaChecked { generation, schema } }]
        }
        DocumentKind::Record => {
            let commands = records::read(state, &text);
            go_on(state, commands)
        }
        DocumentKind::Table => {
            let table = Table { file: handle, name, bytes: file.bytes, read: json!({"format": "json"}) };
            collect(state, table, Value::Null)
        }
    }
}

/// The preview of the table that was asked for.
pub(super) fn previewed(state: &mut State, generation: Generation, table: Table, reply: Reply) -> Vec<Command> {
    if state.generations.intake != generation {
        return Vec::new();
    }
    let document: Value = match reply {
        Ok(answer) => serde_json::from_str(&answer.into_text()).unwrap_or_default(),
        Err(error) => return failed(state, error),
    };
    match preview::error_of_empty(&document) {
        Some(error) => failed(state, error),
        None => collect(state, table, document),
    }
}

fn collect(state: &mut State, table: Table, document: Value) -> Vec<Command> {
    if let Some(intake) = &mut state.intake {
        intake.tables.push(PreviewedTable { table, document });
    }
    go_on(state, Vec::new())
}

/// Leaves the file that is sorted now, and goes on with the next one.
fn go_on(state: &mut State, mut commands: Vec<Command>) -> Vec<Command> {
    if let Some(intake) = &mut state.intake {
        intake.waiting.pop_front();
    }
    commands.extend(read_next(state));
    commands
}

/// An error ends the intake: the files after this one are not read.
fn failed(state: &mut State, error: Error) -> Vec<Command> {
    let name = state.intake.take().and_then(|intake| intake.waiting.front().map(|file| file.name.clone())).unwrap_or_default();
    data_error(state, error.in_file(&name))
}

/// A model that was dropped is open, or was refused.
pub(super) fn model_opened(state: &mut State, generation: Generation, commands: Result<Vec<Command>, Error>) -> Vec<Command> {
    let is_wanted = state.generations.intake == generation;
    match commands {
        // the worker has opened the model, so the page shows it even if other files were dropped since
        Ok(commands) if is_wanted => go_on(state, commands),
        Ok(commands) => commands,
        Err(error) if is_wanted => failed(state, error),
        Err(_) => Vec::new(),
    }
}

/// Statistics are accepted or refused. Those that are there already are refused: the same rows would count twice.
pub(super) fn statistics_checked(state: &mut State, generation: Generation, mut statistics: StatisticsFile, reply: Reply) -> Vec<Command> {
    if state.generations.intake != generation {
        return Vec::new();
    }
    match reply {
        Ok(answer) => statistics.canonical = answer.into_text(),
        Err(error) => return failed(state, error),
    }
    if let Some(same) = state.data.statistics.iter().find(|one| one.canonical == statistics.canonical) {
        let error = Error { code: "same-statistics".to_owned(), found: same.name.clone(), ..Error::default() };
        return failed(state, error);
    }
    let mut commands = abandon_pooling(state);
    state.data.statistics.push(statistics);
    state.data.preselect();
    state.data.trained = None;
    commands.extend(open_section(state, Section::Data));
    go_on(state, commands)
}

/// A schema is accepted or refused.
pub(super) fn schema_checked(state: &mut State, generation: Generation, schema: SchemaFile, reply: Reply) -> Vec<Command> {
    if state.generations.intake != generation {
        return Vec::new();
    }
    if let Err(error) = reply {
        return failed(state, error);
    }
    state.data.schema = Some(schema);
    state.data.preselect();
    let commands = open_section(state, Section::Data);
    go_on(state, commands)
}

/// Removes one of the statistics that were dropped.
pub(super) fn remove_statistics(state: &mut State, at: usize) -> Vec<Command> {
    let mut commands = abandon_pooling(state);
    if at < state.data.statistics.len() {
        state.data.statistics.remove(at);
    }
    commands.push(Command::Draw(Part::Data));
    commands
}

/// Forgets all files of the person.
pub(super) fn start_over(state: &mut State) -> Vec<Command> {
    state.generations.intake.advance();
    state.intake = None;
    let mut commands = abandon(state);
    preview::discard(state);
    state.data = Data::default();
    commands.extend([Command::Draw(Part::Data), focus("main")]);
    commands
}
