//! Tables to profiles, statistics and a model.

use samefit_render::documents::list;
use serde_json::{Value, json};
use wasm_bindgen::prelude::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::drawing::redraw;
use super::files::{change_data, say_data_fault, show_data};
use super::work::{begin, end, for_worker, names, progress, schema_for_worker};
use super::{change, read};
use crate::browser::{self, FILES};
use crate::component::{self, Fault};
use crate::files::{Data, Table, Trained};
use crate::views;

pub(super) async fn profile(tables: Vec<(File, Table)>) {
    FILES.with_borrow_mut(|files| *files = tables.iter().map(|(file, _)| file.clone()).collect());
    show_data(|data| {
        *data = Data { schema: data.schema.take(), ..Data::default() };
        data.tables = tables.into_iter().map(|(_, table)| table).collect();
    });
    let number = begin(&read(|state| names(&state.data)));
    let closure = progress(number);
    let answer = component::work("profile", &[for_worker(|_| true), JsValue::from_str("{}")], &closure).await;
    if !end(number) {
        return;
    }
    match answer {
        Ok(profiles) => show_data(|data| {
            let profiles: Value = serde_json::from_str(&profiles.as_string().unwrap_or_default()).unwrap_or_default();
            data.profiles = list(&profiles).to_vec();
            data.choose();
        }),
        Err(fault) => {
            FILES.with_borrow_mut(Vec::clear);
            change(|state| state.data.tables.clear());
            say_data_fault(fault);
        }
    }
}

pub(super) fn train() {
    if read(|state| state.data.choice.features.is_empty()) {
        redraw("data", views::data::results);
        return;
    }
    spawn_local(async {
        let number = begin(&read(|state| names(&state.data)));
        let trained = fit(number).await;
        if !end(number) {
            return;
        }
        match trained {
            Ok(trained) => {
                change_data(|data| data.trained = Some(trained));
                browser::focus("trained-title");
            }
            Err(fault) => say_data_fault(fault),
        }
    });
}

/// Statistics of the tables, or the sum of those that were dropped; a model of them; and how it fits the tables. Files and choice are those of
/// the beginning, whatever a person does meanwhile.
async fn fit(number: u32) -> Result<Trained, Fault> {
    let data = read(|state| state.data.clone());
    let (files, plan, pooled) = (for_worker(|_| true), data.plan().to_string(), data.profiles.is_empty());
    let closure = progress(number);
    let (statistics, notes, audit) = if pooled {
        let texts: js_sys::Array = data.statistics.iter().map(|one| JsValue::from_str(&one.text)).collect();
        let sum = component::work("merge", &[texts.into()], &closure).await?;
        (sum.as_string().unwrap_or_default(), Vec::new(), None)
    } else {
        let answer = if data.choice.share {
            let args = [files.clone(), JsValue::from_str(&data.share_plan().to_string()), schema_for_worker(&data)];
            component::work("share", &args, &closure).await?
        } else {
            component::work("summarize", &[files.clone(), JsValue::from_str(&plan)], &closure).await?
        };
        let mut answer: Value = serde_json::from_str(&answer.as_string().unwrap_or_default()).unwrap_or_default();
        let notes = list(&answer["notes"]).to_vec();
        let audit = answer["audit"].as_str().map(str::to_owned);
        (answer["statistics"].take().as_str().unwrap_or_default().to_owned(), notes, audit)
    };
    let model = component::ask("fit", &[&statistics, &plan]).await?;
    let residuals = if pooled {
        Vec::new()
    } else {
        let missing = if data.choice.drop_missing { json!({"missing": "drop"}) } else { json!({}) };
        let args = [files, JsValue::from_str(&model), JsValue::from_str(&missing.to_string())];
        let answer = component::work("residuals", &args, &closure).await?;
        serde_json::from_str(&answer.as_string().unwrap_or_default()).unwrap_or_default()
    };
    Ok(Trained { model, statistics, audit, notes, residuals })
}

pub(super) fn download(name: &str, text: fn(&Trained) -> Option<&String>) {
    let content = read(|state| text(state.data.trained.as_ref()?).cloned());
    if let Some(content) = content {
        component::download(name, &JsValue::from_str(&content), "application/json");
    }
}
