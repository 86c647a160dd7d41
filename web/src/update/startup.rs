//! The start of the page: its texts, the component, its own model, the self-test.

use crate::action::Opening;
use crate::command::{Answer, Command, OpenReason, Reply, ReplyTo, Request, StartupFile};
use crate::drawing::Part;
use crate::error::Error;
use crate::generation::Generation;
use crate::state::{Readiness, Refusal, State};
use crate::texts::{Language, Texts};
use crate::update::model;
use crate::update::show::focus;

/// The page was opened. Its texts come first, because everything else is shown with them.
pub(super) fn opened(state: &mut State, opening: Opening) -> Vec<Command> {
    state.theme = opening.theme;
    state.section = opening.section;
    state.width = opening.width;
    state.startup.served = opening.served;
    state.startup.served_model = opening.served_model;
    vec![Command::ApplyTheme(opening.theme), ask_texts(state, opening.language)]
}

/// Another language was chosen.
pub(super) fn choose_language(state: &mut State, language: Language) -> Vec<Command> {
    vec![ask_texts(state, language)]
}

fn ask_texts(state: &mut State, language: Language) -> Command {
    let generation = state.generations.language.advance();
    let request = Request::PageFile(format!("{}.json", language.code()));
    Command::Ask { request, reply_to: ReplyTo::Texts { generation, language } }
}

/// The texts of a language. They are late if another language was chosen since. The first texts let the page start. If later ones are not
/// there, the page keeps its language and says so.
pub(super) fn texts(state: &mut State, generation: Generation, language: Language, reply: Reply) -> Vec<Command> {
    if state.generations.language != generation {
        return Vec::new();
    }
    let texts = reply.ok().and_then(|answer| Texts::read(language, &answer.into_text()));
    let is_first = !std::mem::replace(&mut state.startup.asked, true);
    state.missing_language = (!is_first && texts.is_none()).then_some(language);
    if state.missing_language.is_some() {
        return vec![Command::Draw(Part::Page), focus("banners")];
    }
    state.texts = texts.unwrap_or_else(|| Texts::new(language, ""));
    let mut commands = vec![Command::SetDocumentLanguage(language), Command::Draw(Part::Page)];
    match is_first {
        true => commands.extend(ask_startup_files()),
        false => commands.push(Command::RememberLanguage(language)),
    }
    commands
}

fn ask_startup_files() -> [Command; 4] {
    let file = |name: &str, file| Command::Ask { request: Request::PageFile(name.to_owned()), reply_to: ReplyTo::Startup(file) };
    [
        Command::Ask { request: Request::StartComponent, reply_to: ReplyTo::Startup(StartupFile::Facts) },
        file("model.json", StartupFile::Model),
        file("check.json", StartupFile::Check),
        file("version.txt", StartupFile::Version),
    ]
}

/// Something that the page needs to start. Once everything is there, the page's own model is opened.
pub(super) fn file_read(state: &mut State, file: StartupFile, reply: Reply) -> Vec<Command> {
    let text = match reply.map(Answer::into_text) {
        Ok(text) => text,
        // the page works without the name of its version
        Err(_) if file == StartupFile::Version => String::new(),
        Err(error) => return refuse(state, Refusal::Start(error)),
    };
    let startup = &mut state.startup;
    match file {
        StartupFile::Facts => startup.facts = Some(serde_json::from_str(&text).unwrap_or_default()),
        StartupFile::Model => startup.model = Some(text),
        StartupFile::Check => startup.check = Some(serde_json::from_str(&text).unwrap_or_default()),
        StartupFile::Version => startup.version = Some(text),
    }
    if startup.facts.is_none() || startup.model.is_none() || startup.check.is_none() || startup.version.is_none() {
        return Vec::new();
    }
    state.facts = startup.facts.take().unwrap_or_default();
    state.own_model = startup.model.take().unwrap_or_default();
    state.check = startup.check.take().unwrap_or_default();
    state.version = startup.version.take().unwrap_or_default();
    vec![model::open(state.own_model.clone(), None, OpenReason::Startup)]
}

/// The page's own model is open: asks for the prediction of the stored example.
pub(super) fn ask_self_test(state: &State) -> Vec<Command> {
    let attributes = state.check["attributes"].as_str().unwrap_or_default().to_owned();
    vec![Command::Ask { request: Request::PredictRecord(attributes), reply_to: ReplyTo::SelfTest }]
}

/// The prediction of the stored example. It has to be the stored one.
pub(super) fn self_test(state: &mut State, reply: Reply) -> Vec<Command> {
    let answer = match reply {
        Ok(answer) => answer.into_text(),
        Err(error) => return refuse(state, Refusal::Start(error)),
    };
    if state.check["answer"].as_str().map(str::trim) != Some(answer.trim()) {
        return refuse(state, Refusal::SelfTest);
    }
    if state.startup.served_model.is_none() {
        return ready(state);
    }
    vec![Command::Ask { request: Request::PageFile("custom.json".to_owned()), reply_to: ReplyTo::ServedModel }]
}

/// The text of the model that the program serves with the page.
pub(super) fn served_model(state: &mut State, reply: Reply) -> Vec<Command> {
    match reply {
        Ok(text) => vec![model::open(text.into_text(), state.startup.served_model.clone(), OpenReason::Served)],
        Err(error) => refuse(state, Refusal::Start(error)),
    }
}

/// The page is ready to predict.
pub(super) fn ready(state: &mut State) -> Vec<Command> {
    state.readiness = Readiness::Ready;
    end(state)
}

/// The page's model or the served one was refused.
pub(super) fn refuse_model(state: &mut State, error: Error) -> Vec<Command> {
    refuse(state, Refusal::Start(error))
}

fn refuse(state: &mut State, refusal: Refusal) -> Vec<Command> {
    state.readiness = Readiness::Refused(refusal);
    end(state)
}

fn end(state: &State) -> Vec<Command> {
    let mut commands = vec![Command::Draw(Part::Page)];
    // the program on this machine is always there, so a copy of the page need not be kept
    commands.extend((!state.startup.served).then_some(Command::WatchForNewerVersion));
    commands
}
