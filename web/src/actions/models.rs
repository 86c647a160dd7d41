//! Which model the page predicts with.

use wasm_bindgen_futures::spawn_local;

use super::drawing::{draw, go};
use super::files::say_data_fault;
use super::read;
use super::starting::open;
use super::work::names;
use crate::browser;
use crate::state::Section;

pub(super) fn use_model() {
    let Some(model) = read(|state| state.data.trained.as_ref().map(|trained| trained.model.clone())) else { return };
    let name = read(|state| if state.data.tables.is_empty() { state.texts.text("data.pool").to_owned() } else { names(&state.data) });
    take_model(model, Some(name));
}

pub(super) fn own_model() {
    take_model(read(|state| state.own_model.clone()), None);
}

fn take_model(model: String, file: Option<String>) {
    spawn_local(async move {
        match open(model, file).await {
            Ok(()) => {
                go(Section::Predict);
                draw();
                browser::focus("main");
            }
            Err(fault) => say_data_fault(fault),
        }
    });
}
