//! Tables to profiles, and tables or statistics to a model.

use samefit_render::documents::list;
use serde_json::{Value, json};

use crate::action::TrainingFile;
use crate::command::{Answer, Command, Reply, Request, Training, WorkStep};
use crate::drawing::Part;
use crate::error::Error;
use crate::files::{Data, Table, TrainedModel, category_control};
use crate::generation::Generation;
use crate::state::{Section, State};
use crate::update::show::{data_error, focus, open_section};
use crate::update::work::{begin, end};

/// Takes new tables in place of those before, and profiles them.
pub(super) fn profile(state: &mut State, tables: Vec<Table>) -> Vec<Command> {
    let work = state.data.work.take();
    state.data = Data { schema: state.data.schema.take(), tables, work, ..Data::default() };
    let mut commands = open_section(state, Section::Data);
    let (generation, begun) = begin(state, state.data.table_names());
    commands.extend(begun);
    commands.push(Command::Work { generation, request: Request::Profile(state.data.tables.clone()), step: WorkStep::Profile });
    commands
}

/// The profiles.
pub(super) fn profiled(state: &mut State, reply: Reply) -> Vec<Command> {
    let mut commands = vec![end(state)];
    match reply {
        Ok(profiles) => {
            let profiles: Value = serde_json::from_str(&profiles.into_text()).unwrap_or_default();
            state.data.profiles = list(&profiles).to_vec();
            state.data.preselect();
            commands.extend(open_section(state, Section::Data));
        }
        Err(error) => {
            state.data.tables.clear();
            commands.extend(data_error(state, error));
        }
    }
    commands
}

/// Begins a training run: on the tables, or on the sum of the statistics that were dropped.
pub(super) fn train(state: &mut State) -> Vec<Command> {
    if state.data.choice.features.is_empty() {
        return vec![Command::Draw(Part::Data)];
    }
    let data = &state.data;
    let is_pooled = data.profiles.is_empty();
    let tables = if is_pooled { Vec::new() } else { data.tables.clone() };
    let training = Training { tables: tables.clone(), plan: data.plan(), ..Training::default() };
    let request = if is_pooled {
        Request::Merge(data.statistics.iter().map(|one| one.text.clone()).collect())
    } else if data.choice.share {
        Request::Share { tables, plan: data.share_plan(), schema: data.schema.clone() }
    } else {
        Request::Summarize { tables, plan: training.plan.clone() }
    };
    let (generation, mut commands) = begin(state, state.data.table_names());
    commands.push(Command::Work { generation, request, step: WorkStep::Statistics(Box::new(training)) });
    commands
}

/// The statistics: asks for the model.
pub(super) fn summed(state: &mut State, generation: Generation, training: Training, reply: Reply) -> Vec<Command> {
    match reply.map(Answer::into_text) {
        Ok(text) => {
            let training = with_statistics(training, text);
            let request = Request::Fit { statistics: training.statistics.clone(), plan: training.plan.clone() };
            vec![Command::Work { generation, request, step: WorkStep::Fit(Box::new(training)) }]
        }
        Err(error) => failed(state, error),
    }
}

/// Reads the answer about statistics: of tables they come with notes, and with a line for the log if they are to be shared.
fn with_statistics(training: Training, text: String) -> Training {
    if training.tables.is_empty() {
        return Training { statistics: text, ..training };
    }
    let mut answer: Value = serde_json::from_str(&text).unwrap_or_default();
    let notes = list(&answer["notes"]).to_vec();
    let audit = answer["audit"].as_str().map(str::to_owned);
    let statistics = match answer["statistics"].take() {
        Value::String(statistics) => statistics,
        _ => String::new(),
    };
    Training { statistics, notes, audit, ..training }
}

/// The model: asks for its residuals, if there are rows.
pub(super) fn fitted(state: &mut State, generation: Generation, training: Training, reply: Reply) -> Vec<Command> {
    let model = match reply {
        Ok(answer) => answer.into_text(),
        Err(error) => return failed(state, error),
    };
    let training = Training { model, ..training };
    if training.tables.is_empty() {
        return trained(state, training, Vec::new());
    }
    let plan = training.plan.get("missing").map_or_else(|| json!({}), |missing| json!({"missing": missing}));
    let request = Request::Residuals { tables: training.tables.clone(), model: training.model.clone(), plan };
    vec![Command::Work { generation, request, step: WorkStep::Residuals(Box::new(training)) }]
}

/// The residuals, one document a table.
pub(super) fn residuals(state: &mut State, training: Training, reply: Reply) -> Vec<Command> {
    match reply {
        Ok(answer) => trained(state, training, serde_json::from_str(&answer.into_text()).unwrap_or_default()),
        Err(error) => failed(state, error),
    }
}

fn trained(state: &mut State, training: Training, residuals: Vec<Value>) -> Vec<Command> {
    let ended = end(state);
    let Training { model, statistics, audit, notes, .. } = training;
    state.data.trained = Some(TrainedModel { model, statistics, audit, notes, residuals });
    vec![ended, Command::Draw(Part::Data), focus("trained-title")]
}

fn failed(state: &mut State, error: Error) -> Vec<Command> {
    let mut commands = vec![end(state)];
    commands.extend(data_error(state, error));
    commands
}

/// Saves a result of training.
pub(super) fn download(state: &State, file: TrainingFile) -> Vec<Command> {
    let Some(trained) = &state.data.trained else { return Vec::new() };
    let (name, content) = match file {
        TrainingFile::Model => ("model.json", Some(&trained.model)),
        TrainingFile::Statistics => ("statistics.json", Some(&trained.statistics)),
        TrainingFile::Audit => ("statistics.audit.jsonl", trained.audit.as_ref()),
    };
    content.map(|content| Command::Download { name, content: content.clone() }).into_iter().collect()
}

/// Another column to predict: it changes places with the one before.
pub(super) fn choose_target(state: &mut State, target: String) -> Vec<Command> {
    let choice = &mut state.data.choice;
    choice.features.retain(|name| *name != target);
    let before = std::mem::replace(&mut choice.target, target);
    choice.features.push(before);
    vec![Command::Draw(Part::Data), focus("target")]
}

/// A column to predict from is added or left out.
pub(super) fn choose_feature(state: &mut State, name: String, used: bool) -> Vec<Command> {
    let features = &mut state.data.choice.features;
    features.retain(|known| *known != name);
    if used {
        features.push(name);
    }
    Vec::new()
}

/// A column is called a category, or no longer. A category cannot be predicted, so the columns to choose from change.
pub(super) fn choose_category(state: &mut State, name: String, is_category: bool) -> Vec<Command> {
    let data = &mut state.data;
    let at = data.columns().iter().position(|column| column.name == name);
    data.choice.categories.retain(|known| *known != name);
    if is_category {
        data.choice.categories.push(name);
    }
    let mut commands = vec![Command::Draw(Part::Data)];
    commands.extend(at.map(|at| focus(&category_control(at))));
    commands
}
