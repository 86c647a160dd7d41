//! Every row of the tables to a prediction.

use wasm_bindgen::prelude::JsValue;
use wasm_bindgen_futures::spawn_local;

use super::files::{change_data, say_data_fault};
use super::read;
use super::turns::question;
use super::work::{begin, end, for_worker, progress};
use crate::browser::BATCH;
use crate::component;
use crate::files::Table;

pub(super) fn batch() {
    let (files, model) = (for_worker(Table::has_rows), question().0);
    let names = read(|state| state.data.tables_of_rows().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", "));
    spawn_local(async move {
        let number = begin(&names);
        let closure = progress(number);
        let answer = component::work("batch", &[files], &closure).await;
        if !end(number) || question().0 != model {
            return;
        }
        match answer {
            Ok(all) => {
                let get = |one: &JsValue, key: &str| js_sys::Reflect::get(one, &key.into()).unwrap_or_default();
                let all: Vec<JsValue> = js_sys::Array::from(&all).to_vec();
                let said = |one| serde_json::from_str(&get(one, "said").as_string().unwrap_or_default()).unwrap_or_default();
                let predicted = all.iter().map(said).collect();
                BATCH.set(all.iter().map(|one| get(one, "blob")).collect());
                change_data(|data| data.predicted = predicted);
            }
            Err(fault) => say_data_fault(fault),
        }
    });
}

pub(super) fn download_batch(at: usize) {
    let name = read(|state| state.data.tables_of_rows().nth(at).map(Table::predictions_name));
    BATCH.with_borrow(|blobs| {
        if let Some((name, blob)) = name.zip(blobs.get(at)) {
            component::download(&name, blob, "text/plain");
        }
    });
}
