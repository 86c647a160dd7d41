//! Files that were dropped: sorted by what they are, and taken in.

use samefit_render::documents::list;
use serde_json::{Value, json};
use wasm_bindgen::prelude::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::drawing::{draw, go, redraw};
use super::records::take_record;
use super::starting::open;
use super::training::profile;
use super::turns::{DROPPED, Turns};
use super::work::{no_progress, pool_anew};
use super::{change, read};
use crate::browser::{self, SCHEMA};
use crate::component::{self, Fault};
use crate::files::{Data, Kind, Statistics, Table, how_written, kind};
use crate::state::{Readiness, Section};
use crate::views;

/// Bytes of a file that tell what it is.
const HEAD_BYTES: f64 = 65_536.0;

/// Documents are read whole; a larger JSON file is a table.
const DOCUMENT_BYTES_MAX: f64 = 64e6;

/// Files that were dropped or chosen.
pub(crate) fn files(files: Vec<File>) {
    if files.is_empty() || read(|state| state.readiness != Readiness::Ready) {
        return;
    }
    let number = DROPPED.with(Turns::next);
    spawn_local(async move {
        change(|state| state.data.fault = None);
        let mut tables = Vec::new();
        for file in files {
            let sorted = sort(&file, &mut tables).await;
            if !DROPPED.with(|dropped| dropped.is(number)) {
                return;
            }
            if let Err(fault) = sorted {
                say_data_fault(in_file(&fault, &file.name()));
                return;
            }
        }
        if !tables.is_empty() {
            profile(tables).await;
        }
    });
}

/// Documents are taken in; tables are put aside.
async fn sort(file: &File, tables: &mut Vec<(File, Table)>) -> Result<(), Fault> {
    let name = file.name();
    let is_json = name.to_ascii_lowercase().ends_with(".json") && file.size() < DOCUMENT_BYTES_MAX;
    if !is_json {
        let head = component::head(file, HEAD_BYTES).await;
        let read = how_written(&name, &head);
        tables.push((file.clone(), Table { name, bytes: file.size() as u64, read }));
        return Ok(());
    }
    let text = browser::text(file).await.unwrap_or_default();
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    match kind(&document) {
        Kind::Model => {
            open(text, Some(name)).await?;
            go(Section::Predict);
            draw();
            browser::focus("main");
        }
        Kind::Statistics => take_statistics(name, text, &document).await?,
        Kind::Schema => {
            component::ask("schema", &[&text]).await?;
            SCHEMA.set(Some(file.clone()));
            show_data(|data| {
                data.schema = Some((name, document));
                data.choose();
            });
        }
        Kind::Record => take_record(&text),
        Kind::Table => tables.push((file.clone(), Table { name, bytes: file.size() as u64, read: json!({"format": "json"}) })),
    }
    Ok(())
}

async fn take_statistics(name: String, text: String, document: &Value) -> Result<(), Fault> {
    component::work("merge", &[JsValue::from(js_sys::Array::of1(&JsValue::from_str(&text)))], &no_progress()).await?;
    let columns = list(&document["columns"]).iter().filter_map(|column| Some(column["name"].as_str()?.to_owned())).collect();
    let rows = document["rows"].as_str().unwrap_or_default().to_owned();
    pool_anew();
    show_data(|data| {
        data.statistics.push(Statistics { name, text, rows, columns });
        data.choose();
        data.trained = None;
    });
    Ok(())
}

pub(super) fn change_data(act: impl FnOnce(&mut Data)) {
    change(|state| act(&mut state.data));
    redraw("data", views::data::results);
}

/// Changes what is known of files and goes there.
pub(super) fn show_data(act: impl FnOnce(&mut Data)) {
    go(Section::Data);
    change(|state| act(&mut state.data));
    draw();
}

/// A fault that says which file it is about.
fn in_file(fault: &str, name: &str) -> Fault {
    let mut fault: Value = serde_json::from_str(fault).unwrap_or_else(|_| json!({"text": fault}));
    if fault["file"].is_null() {
        fault["file"] = json!(name);
    }
    fault.to_string()
}

pub(super) fn say_data_fault(fault: Fault) {
    show_data(|data| {
        data.busy = None;
        data.fault = Some(fault);
    });
    browser::focus("data-fault");
}
