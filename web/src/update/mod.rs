//! Changes the state after an action, and says what the browser has to do.
//!
//! This module only finds the function for an action; each file beside it holds one flow. Nothing here touches the browser, so every flow
//! is tested natively.
//!
//! *Invariant*: an answer is used only if its generation, or its request key, is still the current one.

mod batch;
mod form;
mod intake;
mod model;
mod prediction;
mod preview;
mod records;
mod show;
mod startup;
mod training;
mod units;
mod what_if;
mod work;

use crate::action::Action;
use crate::command::{Command, OpenReason, Reply, ReplyTo, WorkStep};
use crate::drawing::Part;
use crate::generation::Generation;
use crate::state::{Section, State};

/// Changes the state and returns the commands for the browser, in their order.
pub fn update(state: &mut State, action: Action) -> Vec<Command> {
    match action {
        Action::Started(opening) => startup::opened(state, opening),
        Action::AddressChanged(section) => address_changed(state, section),
        Action::Resized(width) => resized(state, width),
        Action::NewerVersionReady => newer_version(state, true),
        Action::DismissNewerVersion => newer_version(state, false),
        Action::TakeNewerVersion => vec![Command::TakeNewerVersion],
        Action::GoTo(id) => vec![Command::Focus(id)],
        Action::Print => vec![Command::Draw(Part::Sheet), Command::Print],
        Action::LanguageChosen(language) => startup::choose_language(state, language),
        Action::ThemeChosen(theme) => {
            state.theme = theme;
            vec![Command::RememberTheme(theme), Command::ApplyTheme(theme)]
        }

        Action::Typed { field, text } => form::typed(state, &field, &text),
        Action::FieldLeft(field) => form::left(state, &field),
        Action::UnitChosen { field, unit } => units::chosen(state, &field, &unit),
        Action::UseUnit { field, unit } => units::use_unit(state, &field, &unit),
        Action::FillExample => form::fill_example(state),
        Action::ClearForm => form::clear(state),
        Action::Predict => prediction::predict(state),
        Action::Keep(comparison) => prediction::keep(state, comparison),
        Action::EndComparison => prediction::end_comparison(state),
        Action::CopyResult => prediction::copy(state),
        Action::Copied { key, text, taken } => prediction::copied(state, &key, text, taken),
        Action::WhatIfFieldChosen(field) => what_if::choose(state, &field),
        Action::SliderMoved(at) => what_if::moved(state, at),
        Action::UseMovedValue => prediction::use_moved_value(state),

        Action::ToggleImport => records::toggle_import(state),
        Action::ReadRecord(text) => records::read(state, &text),
        Action::UseRecord => records::enter_values(state),
        Action::DiscardRecord => records::discard(state),

        Action::FilesChosen(files) => intake::begin(state, files),
        Action::DialectChosen { table, choice } => preview::choose(state, table, &choice),
        Action::UsePreview => preview::go_on(state),
        Action::LeavePreview => preview::leave(state),
        Action::RemoveStatistics(at) => intake::remove_statistics(state, at),
        Action::StartOver => intake::start_over(state),
        Action::TargetChosen(target) => training::choose_target(state, target),
        Action::FeatureChosen { name, used } => training::choose_feature(state, name, used),
        Action::CategoryChosen { name, is_category } => training::choose_category(state, name, is_category),
        Action::DropMissingChosen(drop_missing) => {
            state.data.choice.drop_missing = drop_missing;
            Vec::new()
        }
        Action::ShareChosen(share) => {
            state.data.choice.share = share;
            vec![Command::Draw(Part::Data)]
        }
        Action::Train => training::train(state),
        Action::Download(file) => training::download(state, file),
        Action::PredictTables => batch::predict(state),
        Action::DownloadPredictions(at) => batch::download(state, at),
        Action::CancelWork => vec![Command::CancelWork],
        Action::UseTrainedModel => model::use_trained(state),
        Action::UseOwnModel => model::use_own(state),

        Action::Answered { reply_to, reply } => answered(state, reply_to, reply),
        Action::WorkAnswered { generation, step, reply } => work_answered(state, generation, step, reply),
        Action::WorkProgressed { generation, done, total } => work::progressed(state, generation, done, total),
    }
}

/// Finds the function for an answer. Each of them drops a late answer.
fn answered(state: &mut State, reply_to: ReplyTo, reply: Reply) -> Vec<Command> {
    match reply_to {
        ReplyTo::Texts { generation, language } => startup::texts(state, generation, language, reply),
        ReplyTo::Startup(file) => startup::file_read(state, file, reply),
        ReplyTo::SelfTest => startup::self_test(state, reply),
        ReplyTo::ServedModel => startup::served_model(state, reply),
        ReplyTo::OpenedModel { text, file, reason } => opened_model(state, &text, file, reason, reply),
        ReplyTo::Evaluated { key, next } => prediction::evaluated(state, key, next, reply),
        ReplyTo::Converted { field, chosen } => units::converted(state, &field, chosen, reply),
        ReplyTo::Ranges { model, wanted } => units::ranges(state, model, wanted, reply),
        ReplyTo::Explained(key) => prediction::explained(state, key, reply),
        ReplyTo::Swept { generation, what_if, next } => prediction::swept(state, generation, what_if, next, reply),
        ReplyTo::FileRead(generation) => intake::file_read(state, generation, reply),
        ReplyTo::FirstPreview { generation, table } => intake::previewed(state, generation, table, reply),
        ReplyTo::Previewed { generation, at, control } => preview::previewed(state, generation, at, control, reply),
        ReplyTo::StatisticsChecked { generation, statistics } => intake::statistics_checked(state, generation, statistics, reply),
        ReplyTo::SchemaChecked { generation, schema } => intake::schema_checked(state, generation, schema, reply),
    }
}

/// A model was opened by the worker, so it becomes the page's model; or it was refused.
fn opened_model(state: &mut State, text: &str, file: Option<String>, reason: OpenReason, reply: Reply) -> Vec<Command> {
    let opened = reply.map(|form| model::take(state, text, &form.into_text(), file));
    match (reason, opened) {
        (OpenReason::Startup, Ok(())) => startup::ask_self_test(state),
        (OpenReason::Served, Ok(())) => startup::ready(state),
        (OpenReason::Startup | OpenReason::Served, Err(error)) => startup::refuse_model(state, error),
        (OpenReason::Chosen, Ok(())) => model::show(state),
        (OpenReason::Chosen, Err(error)) => show::data_error(state, error),
        (OpenReason::Dropped(generation), opened) => {
            let commands = opened.map(|()| model::show(state));
            intake::model_opened(state, generation, commands)
        }
    }
}

/// Finds the function for an answer of long work. An answer of earlier work is late.
fn work_answered(state: &mut State, generation: Generation, step: WorkStep, reply: Reply) -> Vec<Command> {
    if state.generations.work != generation {
        return Vec::new();
    }
    match step {
        WorkStep::Profile => training::profiled(state, reply),
        WorkStep::PredictTables(model) => batch::predicted(state, model, reply),
        WorkStep::Statistics(training) => training::summed(state, generation, *training, reply),
        WorkStep::Fit(training) => training::fitted(state, generation, *training, reply),
        WorkStep::Residuals(training) => training::residuals(state, *training, reply),
    }
}

/// The address names another section, because a link was followed or the person went back.
fn address_changed(state: &mut State, section: Section) -> Vec<Command> {
    if section == state.section {
        return Vec::new();
    }
    state.section = section;
    vec![Command::Draw(Part::Page), show::focus("main")]
}

/// Pictures are drawn for the width that they have.
fn resized(state: &mut State, width: f64) -> Vec<Command> {
    if (state.width - width).abs() < 1.0 {
        return Vec::new();
    }
    state.width = width;
    let part = match state.section {
        Section::Predict => Part::Result,
        Section::Data => Part::Data,
        Section::About => Part::Section,
    };
    vec![Command::Draw(part)]
}

fn newer_version(state: &mut State, newer: bool) -> Vec<Command> {
    state.newer = newer;
    vec![Command::Draw(Part::Banners)]
}
