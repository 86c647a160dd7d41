//! Requests to the worker and to the browser, through `client.js`, and their answers as data.

use js_sys::{Array, JSON, Object, Promise, Reflect};
use serde_json::{Value, json};
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::File;

use crate::command::{Answer, Conversion, Reply, Request};
use crate::error::Error;
use crate::files::{PredictedTable, SchemaFile, Table};
use crate::held::HeldFiles;

#[wasm_bindgen(raw_module = "./client.js")]
extern "C" {
    fn start() -> Promise;
    fn call(op: &str, args: &Array, progress: &JsValue) -> Promise;
    #[wasm_bindgen(js_name = pageFile)]
    fn page_file(path: &str) -> Promise;
    /// Ends the worker and all its work. Everything that was asked fails with `cancelled`.
    pub(crate) fn cancel();
    /// Saves a text or a blob as a file.
    pub(crate) fn download(name: &str, content: &JsValue);
    /// Keeps a copy of the page for use without a network. Calls back when a newer version waits.
    #[wasm_bindgen(js_name = watchForNewerVersion)]
    pub(crate) fn watch_for_newer_version(ready: &Closure<dyn FnMut()>);
    /// Replaces the page by the newer version.
    #[wasm_bindgen(js_name = takeNewerVersion)]
    pub(crate) fn take_newer_version();
}

/// A request that was sent.
pub(crate) struct Sent(Promise);

/// Sends a request. `progress` is called with the bytes done and to do.
pub(crate) fn send(request: &Request, held: &HeldFiles, progress: &JsValue) -> Sent {
    let ask = |op: &str, args: &[JsValue]| call(op, &args.iter().collect(), progress);
    let tables = |tables: &[Table]| tables.iter().map(|table| table_for_worker(table, held)).collect::<Array>().into();
    let plan = |plan: &Value| text(&plan.to_string());
    Sent(match request {
        Request::PageFile(path) => page_file(path),
        Request::StartComponent => start(),
        Request::OpenModel(document) => ask("open", &[text(document)]),
        Request::CheckSchema(document) => ask("schema", &[text(document)]),
        Request::Evaluate(entries) => ask("evaluate", &[text(entries)]),
        Request::Convert(Conversion { field, value, from, to }) => ask("convert", &[text(field), text(value), text(from), text(to)]),
        Request::ConvertAll(conversions) => ask("convertAll", &[text(&conversions_json(conversions))]),
        Request::Explain(attributes) => ask("explain", &[text(attributes)]),
        Request::PredictRecord(attributes) => ask("record", &[text(attributes)]),
        Request::Sweep { entries, field, unit, values } => {
            ask("sweep", &[text(entries), text(field), text(unit), text(&json!(values).to_string())])
        }
        Request::Preview(table) => ask("preview", &[table_for_worker(table, held)]),
        Request::ReadText(file) => held.get(*file).dyn_into::<File>().map_or_else(|_| Promise::resolve(&text("")), |file| file.text()),
        Request::Profile(files) => ask("profile", &[tables(files), text("{}")]),
        Request::Summarize { tables: files, plan: how } => ask("summarize", &[tables(files), plan(how)]),
        Request::Share { tables: files, plan: how, schema } => {
            ask("share", &[tables(files), plan(how), schema_for_worker(schema.as_ref(), held)])
        }
        Request::Merge(statistics) => ask("merge", &[statistics.iter().map(|one| text(one)).collect::<Array>().into()]),
        Request::Fit { statistics, plan: how } => ask("fit", &[text(statistics), plan(how)]),
        Request::Residuals { tables: files, model, plan: how } => ask("residuals", &[tables(files), text(model), plan(how)]),
        Request::PredictTables(files) => ask("batch", &[tables(files)]),
    })
}

/// Waits for the answer. Files that the worker made are handed to `hold`.
pub(crate) async fn reply(sent: Sent, hold: impl FnMut(JsValue) -> crate::files::Handle) -> Reply {
    match JsFuture::from(sent.0).await {
        Ok(answer) if Array::is_array(&answer) => Ok(Answer::Tables(predicted_tables(&answer, hold))),
        Ok(answer) => Ok(Answer::Text(answer.as_string().unwrap_or_default())),
        Err(error) => Err(Error::parse(&error_text(error))),
    }
}

fn text(value: &str) -> JsValue {
    JsValue::from_str(value)
}

/// The text of an error record, or of an exception of the browser.
fn error_text(error: JsValue) -> String {
    error.as_string().or_else(|| Object::from(error).to_string().as_string()).unwrap_or_default()
}

fn conversions_json(conversions: &[Conversion]) -> String {
    let list: Vec<Value> = conversions.iter().map(|one| json!([one.field, one.value, one.from, one.to])).collect();
    Value::Array(list).to_string()
}

fn predicted_tables(answer: &JsValue, mut hold: impl FnMut(JsValue) -> crate::files::Handle) -> Vec<PredictedTable> {
    let get = |one: &JsValue, key: &str| Reflect::get(one, &text(key)).unwrap_or_default();
    let table = |one: JsValue| {
        let said = serde_json::from_str(&get(&one, "said").as_string().unwrap_or_default()).unwrap_or_default();
        PredictedTable::new(&said, hold(get(&one, "blob")))
    };
    Array::from(answer).iter().map(table).collect()
}

fn table_for_worker(table: &Table, held: &HeldFiles) -> JsValue {
    let read = JSON::parse(&table.read.to_string()).unwrap_or_default();
    file_for_worker(&table.name, &held.get(table.file), &read)
}

fn schema_for_worker(schema: Option<&SchemaFile>, held: &HeldFiles) -> JsValue {
    schema.map_or(JsValue::NULL, |schema| file_for_worker(&schema.name, &held.get(schema.file), &JsValue::NULL))
}

/// A file as the worker takes it: `{name, blob, size, read}`.
fn file_for_worker(name: &str, file: &JsValue, read: &JsValue) -> JsValue {
    let object = Object::new();
    let size = JsValue::from_f64(file.dyn_ref::<File>().map_or(0.0, |file| file.size()));
    for (key, value) in [("name", &text(name)), ("blob", file), ("size", &size), ("read", read)] {
        let _ = Reflect::set(&object, &text(key), value);
    }
    object.into()
}
