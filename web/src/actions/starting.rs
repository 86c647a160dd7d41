//! The page from its own files: the component, the model, the self-test, the language.

use samefit_render::documents::Model;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::drawing::{draw, redraw};
use super::turns::{OPENED, SWEEP, Turns, WORDS};
use super::{change, read};
use crate::component::{self, Fault};
use crate::state::{Loaded, Patient, Readiness, Section, WhatIf};
use crate::texts::Texts;
use crate::{browser, views};

/// Starts the page.
#[wasm_bindgen(start)]
pub(crate) fn start() {
    browser::apply_theme(&browser::theme());
    change(|state| state.section = Section::of_address(&browser::address()));
    browser::listen();
    spawn_local(async {
        speak(&browser::language()).await;
        change(|state| state.width = browser::picture_width());
        draw();
        if let Err(why) = prepare().await {
            change(|state| state.readiness = Readiness::Refused(why));
        }
        draw();
        if browser::is_served() {
            return;
        }
        let newer = Closure::<dyn FnMut()>::new(|| {
            change(|state| state.newer = true);
            redraw("banners", views::frame::banners);
        });
        component::watch(&newer);
        newer.forget();
    });
}

/// The component, the page's own model, and its stored example, whose answer has to be the stored one. An error is why not, as HTML.
async fn prepare() -> Result<(), String> {
    let why = |fault: Fault| read(|state| state.tf("refused.start", &[("why", &views::words::fault(&state.texts, &fault))]));
    let facts = component::start().await.map_err(why)?;
    let model = component::own("model.json").await.map_err(why)?;
    let check = component::own("check.json").await.map_err(why)?;
    let version = component::own("version.txt").await.unwrap_or_default();
    let check: Value = serde_json::from_str(&check).unwrap_or_default();
    change(|state| {
        state.facts = serde_json::from_str(&facts).unwrap_or_default();
        state.version = version;
        state.own_model = model.clone();
        state.check = check.clone();
    });
    open(model, None).await.map_err(why)?;
    let answer = component::ask("record", &[check["attributes"].as_str().unwrap_or_default()]).await.map_err(why)?;
    if answer.trim() != check["answer"].as_str().unwrap_or("\u{0}").trim() {
        return Err(read(|state| state.t("refused.selftest")));
    }
    change(|state| state.readiness = Readiness::Ready);
    if let Some(file) = browser::served_model() {
        let opened = match component::own("custom.json").await {
            Ok(text) => open(text, Some(file)).await,
            Err(fault) => Err(fault),
        };
        opened.map_err(why)?;
    }
    Ok(())
}

/// Makes a model the one of the page.
pub(super) async fn open(text: String, file: Option<String>) -> Result<(), Fault> {
    let form = component::ask("open", &[&text]).await?;
    change(|state| {
        let model = Model::new(serde_json::from_str(&text).unwrap_or_default());
        state.loaded = Loaded { model, text, form: serde_json::from_str(&form).unwrap_or_default(), file };
        OPENED.with(Turns::next);
        SWEEP.with(Turns::next);
        state.patient = Patient::default();
        state.kept = None;
        state.what_if = WhatIf::default();
        state.findings = None;
        state.ranges.clear();
        state.data.predicted.clear();
    });
    Ok(())
}

pub(super) async fn speak(language: &str) {
    let number = WORDS.with(Turns::next);
    let json = component::own(&format!("{language}.json")).await.unwrap_or_default();
    if !WORDS.with(|words| words.is(number)) {
        return;
    }
    change(|state| state.texts = Texts::new(language, &json));
    browser::apply_language(language);
}
