//! The loop of the page: an action changes the state, and the browser executes the commands that follow.
//!
//! *Invariant*: actions are handled one after another. An action that arrives while commands are executed, such as a field that loses the
//! keyboard because it is drawn anew, waits until they are done.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use crate::action::Action;
use crate::command::{Command, ReplyTo, Request, WorkStep};
use crate::drawing::{Part, changes};
use crate::files::ChosenFile;
use crate::generation::{Generation, RequestKey};
use crate::held::HeldFiles;
use crate::state::State;
use crate::update::update;
use crate::views::plain_text;
use crate::{browser, events, worker};

/// Starts the page.
#[wasm_bindgen(start)]
pub(crate) fn start() {
    let runtime = Runtime::default();
    let (actions, files) = (runtime.clone(), runtime.clone());
    events::listen(move |action| actions.dispatch(action), move |chosen| files.take_files(chosen));
    runtime.dispatch(Action::Started(browser::opening()));
}

/// The running page. A clone is the same page.
#[derive(Clone, Default)]
struct Runtime(Rc<Page>);

#[derive(Default)]
struct Page {
    state: RefCell<State>,
    held: RefCell<HeldFiles>,
    waiting: RefCell<VecDeque<Action>>,
    is_running: Cell<bool>,
}

impl Runtime {
    /// Handles an action now, or after those that are being handled.
    fn dispatch(&self, action: Action) {
        self.0.waiting.borrow_mut().push_back(action);
        if self.0.is_running.replace(true) {
            return;
        }
        while let Some(action) = self.next() {
            let commands = update(&mut self.0.state.borrow_mut(), action);
            commands.into_iter().for_each(|command| self.execute(command));
        }
        let state = self.0.state.borrow();
        self.0.held.borrow_mut().retain(|handle| state.uses(handle));
        self.0.is_running.set(false);
    }

    fn next(&self) -> Option<Action> {
        self.0.waiting.borrow_mut().pop_front()
    }

    /// Holds files that were dropped or chosen, and tells the state of them.
    fn take_files(&self, files: Vec<File>) {
        let hold =
            |file: File| ChosenFile { name: file.name(), bytes: file.size() as u64, file: self.0.held.borrow_mut().hold(file.into()) };
        let chosen = files.into_iter().map(hold).collect();
        self.dispatch(Action::FilesChosen(chosen));
    }

    fn execute(&self, command: Command) {
        match command {
            Command::Draw(part) => self.draw(&part),
            Command::Focus(id) => browser::focus(&id),
            Command::SetInput { field, text } => browser::set_value(&format!("in-{field}"), &text),
            Command::SetAddress(section) => browser::set_address(section),
            Command::SetDocumentLanguage(language) => browser::set_document_language(language),
            Command::RememberLanguage(language) => browser::remember_language(language),
            Command::ApplyTheme(theme) => browser::apply_theme(theme),
            Command::RememberTheme(theme) => browser::remember_theme(theme),
            Command::Ask { request, reply_to } => self.ask(&request, reply_to),
            Command::Work { generation, request, step } => self.work(generation, &request, step),
            Command::CancelWork => worker::cancel(),
            Command::Download { name, content } => worker::download(name, &JsValue::from_str(&content)),
            Command::DownloadFile { name, file } => worker::download(&name, &self.0.held.borrow().get(file)),
            Command::CopyResult(key) => self.copy_result(key),
            Command::Print => browser::print(),
            Command::WatchForNewerVersion => self.watch_for_newer_version(),
            Command::TakeNewerVersion => worker::take_newer_version(),
        }
    }

    fn draw(&self, part: &Part) {
        let changes = {
            let state = self.0.state.borrow();
            changes(&state, part, &|| browser::now(state.texts.language))
        };
        changes.iter().for_each(browser::apply);
    }

    fn ask(&self, request: &Request, reply_to: ReplyTo) {
        let sent = worker::send(request, &self.0.held.borrow(), &JsValue::NULL);
        let page = self.clone();
        spawn_local(async move {
            let reply = worker::reply(sent, |file| page.0.held.borrow_mut().hold(file)).await;
            page.dispatch(Action::Answered { reply_to, reply });
        });
    }

    fn work(&self, generation: Generation, request: &Request, step: WorkStep) {
        let page = self.clone();
        let progress = move |done, total| page.dispatch(Action::WorkProgressed { generation, done, total });
        let progress = Closure::<dyn FnMut(f64, f64)>::new(progress);
        let sent = worker::send(request, &self.0.held.borrow(), progress.as_ref());
        let page = self.clone();
        spawn_local(async move {
            let reply = worker::reply(sent, |file| page.0.held.borrow_mut().hold(file)).await;
            drop(progress);
            page.dispatch(Action::WorkAnswered { generation, step, reply });
        });
    }

    fn copy_result(&self, key: RequestKey) {
        let text = {
            let state = self.0.state.borrow();
            plain_text::text(&state, &browser::now(state.texts.language))
        };
        let page = self.clone();
        spawn_local(async move {
            let taken = browser::copy(&text).await;
            page.dispatch(Action::Copied { key, text, taken });
        });
    }

    fn watch_for_newer_version(&self) {
        let page = self.clone();
        let ready = Closure::<dyn FnMut()>::new(move || page.dispatch(Action::NewerVersionReady));
        worker::watch_for_newer_version(&ready);
        ready.forget();
    }
}
