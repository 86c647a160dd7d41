//! Calls of the contract's functions, as lines to a runner and lines back.
//!
//! A call waits for its answer, except one whose answer may come later ([`Session::call_later`]): a stream that gets its data byte by byte would
//! else wait for the runner at each byte.
//!
//! *Invariants*: answers come in the order of the requests. A runner that breaks the protocol is ended, and every later call returns the same
//! error.

use super::process::Process;
use super::table::{Function, Shape, Table};
use super::value::{self, Value, shortened};
use samefit_stages::error::{Error, ErrorRecord, InputError, Message, Result};
use serde_json::{Value as Json, json};
use std::collections::VecDeque;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most requests without an answer.
const REQUESTS_AHEAD_MAX: usize = 256;

/// How long a runner may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From its start to its first line. An engine may compile the module in that time.
    pub start: Duration,
    /// For one answer.
    pub answer: Duration,
    /// From the end of its input to its own end.
    pub end: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { start: Duration::from_secs(180), answer: Duration::from_secs(60), end: Duration::from_secs(20) }
    }
}

/// What a runner says about itself in its first line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
pub struct Introduction {
    /// The language and its version, such as `Python 3.13`.
    pub language: String,
    /// The engine and its version, such as `wasmtime 50 (Cranelift)`.
    pub engine: String,
    /// SHA-256 of the core module as it was loaded, in hexadecimal.
    pub digest: String,
}

/// A runner that was started.
pub(crate) struct Session {
    /// Its name in messages.
    name: String,
    table: Table,
    limits: Limits,
    state: Mutex<State>,
}

/// What changes from call to call.
struct State {
    /// The process, or why there is none any more.
    process: Result<Process, String>,
    /// The requests without an answer, oldest first.
    awaited: VecDeque<Awaited>,
    /// The number of traps so far. Each takes all handles with it.
    traps: u64,
}

/// A request without an answer.
enum Awaited {
    /// A call: the type of its result, and who gets it.
    Call(Option<String>, Inbox),
    /// The end of a handle, which nobody waits for.
    Free,
}

/// Gets answers that nobody waits for.
pub(crate) type Inbox = Arc<Mutex<Arrived>>;

/// Answers that arrived and were not taken yet.
#[derive(Default)]
pub(crate) struct Arrived {
    values: Vec<Value>,
    /// The first error, after which nothing counts.
    error: Option<Error>,
}

/// A handle of the runner.
#[derive(Clone, Copy)]
pub(crate) struct Handle {
    id: u64,
    /// [`State::traps`] at the time when it was made.
    traps: u64,
}

impl From<Handle> for Value {
    fn from(handle: Handle) -> Self {
        Self::Handle(handle.id)
    }
}

impl Session {
    /// Starts a runner.
    pub(crate) fn start(name: &str, command: &mut Command, table: Table, limits: Limits) -> Result<(Self, Introduction), String> {
        let mut process = Process::start(command)?;
        let line = process.receive(limits.start)?;
        let introduction =
            serde_json::from_str(&line).map_err(|_| format!("its first line is `{}`, which is no introduction", shortened(&line)))?;
        let state = State { process: Ok(process), awaited: VecDeque::new(), traps: 0 };
        Ok((Self { name: name.to_owned(), table, limits, state: Mutex::new(state) }, introduction))
    }

    /// Calls a function and waits for its result.
    pub(crate) fn call(&self, place: &str, args: &[Value]) -> Result<Value> {
        let inbox = Inbox::default();
        self.send(&mut self.lock(), place, args, &inbox)?;
        self.settle()?;
        take(&inbox)?.pop().ok_or_else(|| self.error("it gave no answer".to_owned()))
    }

    /// Calls a function whose answer goes to `inbox` at some time before [`settle`](Self::settle) returns.
    pub(crate) fn call_later(&self, place: &str, args: &[Value], inbox: &Inbox) -> Result<()> {
        let mut state = self.lock();
        self.send(&mut state, place, args, inbox)?;
        // answers are taken in batches too, so that a runner that reads all requests that are there gets many
        if state.awaited.len() < REQUESTS_AHEAD_MAX { Ok(()) } else { self.receive(&mut state, REQUESTS_AHEAD_MAX / 2) }
    }

    /// Waits until every call has its answer.
    pub(crate) fn settle(&self) -> Result<()> {
        self.receive(&mut self.lock(), 0)
    }

    /// Returns the handle that a call returned.
    pub(crate) fn own(&self, value: Value) -> Result<Handle> {
        match value {
            Value::Handle(id) => Ok(Handle { id, traps: self.lock().traps }),
            other => Err(self.error(format!("{other:?} is no handle"))),
        }
    }

    /// Frees a handle. A trap freed it already. If the runner cannot, a later call fails.
    pub(crate) fn free(&self, handle: Handle) {
        let mut state = self.lock();
        // a call on its way may trap
        let is_calling = state.awaited.iter().any(|awaited| matches!(awaited, Awaited::Call(..)));
        if is_calling && self.receive(&mut state, 0).is_err() || state.traps != handle.traps {
            return;
        }
        let _ = self.send_line(&mut state, &json!({"free": handle.id}), Awaited::Free);
    }

    /// Ends the input of the runner, which then ends by itself.
    pub(crate) fn end(&self) -> Result<()> {
        let mut state = self.lock();
        self.receive(&mut state, 0)?;
        let ended = state.process.as_mut().map_err(|words| words.clone()).and_then(|process| process.end(self.limits.end));
        ended.map_err(|words| self.broken(&mut state, words))
    }

    fn send(&self, state: &mut State, place: &str, args: &[Value], inbox: &Inbox) -> Result<()> {
        let encoded = self.table.function(place).and_then(|function| Ok((function, self.encode(function, args)?)));
        let (function, args) = encoded.map_err(|words| self.error(format!("{place}: {words}")))?;
        self.send_line(state, &json!({"call": place, "args": args}), Awaited::Call(function.result.clone(), Arc::clone(inbox)))
    }

    fn encode(&self, function: &Function, args: &[Value]) -> Result<Vec<Json>, String> {
        if args.len() != function.params.len() {
            return Err(format!("{} arguments for {} parameters", args.len(), function.params.len()));
        }
        function.params.iter().zip(args).map(|(name, value)| value::encode(&self.table, name, value)).collect()
    }

    fn send_line(&self, state: &mut State, line: &Json, awaited: Awaited) -> Result<()> {
        let process = state.process.as_mut().map_err(|words| self.error(words.clone()))?;
        if let Some(line) = if state.awaited.is_empty() { process.unasked() } else { None } {
            return Err(self.broken(state, format!("nobody asked for its answer `{}`", shortened(&line))));
        }
        process.send(line.to_string());
        state.awaited.push_back(awaited);
        Ok(())
    }

    /// Takes answers until at most so many are missing.
    fn receive(&self, state: &mut State, awaited_max: usize) -> Result<()> {
        while state.awaited.len() > awaited_max {
            let line = state.process.as_mut().map_err(|words| words.clone()).and_then(|process| process.receive(self.limits.answer));
            let line = line.map_err(|words| self.broken(state, words))?;
            let Some(awaited) = state.awaited.pop_front() else { return Ok(()) };
            self.deliver(state, awaited, &line).map_err(|words| self.broken(state, words))?;
        }
        Ok(())
    }

    /// Gives an answer to whom it is for.
    fn deliver(&self, state: &mut State, awaited: Awaited, line: &str) -> Result<(), String> {
        let Awaited::Call(result, inbox) = awaited else {
            return match self.read(None, line)? {
                Answer::Value(_) => Ok(()),
                Answer::Error(_) | Answer::Trap(_) => Err(format!("it did not free a handle: `{}`", shortened(line))),
            };
        };
        match self.read(result.as_deref(), line)? {
            Answer::Value(value) => lock(&inbox).values.push(value),
            Answer::Error(error) => put_error(&inbox, error.into()),
            Answer::Trap(words) => {
                state.traps += 1;
                put_error(&inbox, Error::Trap(words));
            }
        }
        Ok(())
    }

    /// Reads an answer to a function with this result.
    fn read(&self, result: Option<&str>, line: &str) -> Result<Answer, String> {
        let no_answer = |why: &str| format!("its answer `{}` {why}", shortened(line));
        let answer: Json = serde_json::from_str(line).map_err(|_| no_answer("is no JSON"))?;
        let entry = answer.as_object().filter(|object| object.len() == 1).and_then(|object| object.iter().next());
        let (ok, err) = match result.map(|name| self.table.shape(name)).transpose()? {
            Some(Shape::Result { ok, err }) => (ok.as_deref(), Some(err.as_str())),
            _ => (result, None),
        };
        match (entry.map(|(key, value)| (key.as_str(), value)), ok, err) {
            (Some(("ok", Json::Null)), None, _) => Ok(Answer::Value(Value::Nothing)),
            (Some(("ok", value)), Some(ok), _) => value::decode(&self.table, ok, value).map(Answer::Value),
            (Some(("err", record)), _, Some(err)) => {
                let record = value::decode(&self.table, err, record)?.into_document();
                let record: ErrorRecord = serde_json::from_value(record).map_err(|error| no_answer(&error.to_string()))?;
                Ok(Answer::Error(record.into()))
            }
            (Some(("trap", Json::String(words))), _, _) => Ok(Answer::Trap(words.clone())),
            _ => Err(no_answer("is no answer to this call")),
        }
    }

    /// Ends the process. Returns the error that every later call returns too.
    fn broken(&self, state: &mut State, words: String) -> Error {
        state.awaited.clear();
        state.process = Err(words.clone());
        self.error(words)
    }

    fn error(&self, words: String) -> Error {
        Error::io(self.name.as_str(), Message::without_help(words))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// What a runner answered.
enum Answer {
    Value(Value),
    Error(InputError),
    Trap(String),
}

/// Takes what has arrived.
pub(crate) fn take(inbox: &Inbox) -> Result<Vec<Value>> {
    let mut arrived = lock(inbox);
    match arrived.error.take() {
        Some(error) => Err(error),
        None => Ok(std::mem::take(&mut arrived.values)),
    }
}

fn put_error(inbox: &Inbox, error: Error) {
    lock(inbox).error.get_or_insert(error);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
