//! Events to calls of the component, and their answers to new state and redrawn parts of the page.
//!
//! Invariants:
//! - No borrow of the state lives across an `await`.
//! - An answer that comes after something newer was asked is thrown away.

use std::cell::{Cell, RefCell};

use samefit_report::documents::{Model, list};
use samefit_report::format::decimal;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, File};

use crate::browser::{self, BATCH, FILES};
use crate::component::{self, Fault};
use crate::files::{self, Busy, Data, Kind, Statistics, Table, Trained};
use crate::state::{Entry, Loaded, Patient, Readiness, Section, State, WhatIf};
use crate::texts::Texts;
use crate::views;
use crate::{fhir, record};

thread_local! {
    static STATE: RefCell<State> = RefCell::new(State::default());
}

/// Counts what is asked of one kind, so that an answer that comes after something newer was asked is known.
#[derive(Debug)]
struct Turns(Cell<u32>);

impl Turns {
    const fn new() -> Self {
        Self(Cell::new(0))
    }

    /// From here on all answers to what was asked before are late; the number of this turn.
    fn next(&self) -> u32 {
        self.0.set(self.0.get().wrapping_add(1));
        self.0.get()
    }

    /// Whether nothing newer was asked.
    fn is(&self, number: u32) -> bool {
        self.0.get() == number
    }
}

thread_local! {
    /// Predictions along a field.
    static SWEEP: Turns = const { Turns::new() };
    /// Work with files, and what puts an end to its use.
    static WORK: Turns = const { Turns::new() };
    /// Files that were dropped.
    static DROPPED: Turns = const { Turns::new() };
    /// Languages.
    static WORDS: Turns = const { Turns::new() };
}

/// What a prediction is of: the model, by the digest of its statistics, and the entries. An answer to another one is late.
fn question() -> (Value, String) {
    read(|state| (state.loaded.model.document["statistics_sha256"].clone(), state.patient.entries_json()))
}

/// Places of the slider.
const PLACES: usize = 61;
/// Bytes of a file that tell what it is.
const HEAD_BYTES: f64 = 65_536.0;
/// Documents are read whole; a larger JSON file is a table.
const DOCUMENT_BYTES_MAX: f64 = 64e6;

fn read<T>(look: impl FnOnce(&State) -> T) -> T {
    STATE.with_borrow(look)
}

fn change<T>(act: impl FnOnce(&mut State) -> T) -> T {
    STATE.with_borrow_mut(act)
}

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
async fn open(text: String, file: Option<String>) -> Result<(), Fault> {
    let form = component::ask("open", &[&text]).await?;
    change(|state| {
        let model = Model::new(serde_json::from_str(&text).unwrap_or_default());
        state.loaded = Loaded { model, text, form: serde_json::from_str(&form).unwrap_or_default(), file };
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

async fn speak(language: &str) {
    let number = WORDS.with(Turns::next);
    let json = component::own(&format!("{language}.json")).await.unwrap_or_default();
    if !WORDS.with(|words| words.is(number)) {
        return;
    }
    change(|state| state.texts = Texts::new(language, &json));
    browser::apply_language(language);
}

// ---- drawing

fn draw() {
    change(|state| state.width = browser::picture_width());
    let theme = browser::theme();
    browser::set_html("page", &read(|state| views::frame::page(state, &theme)));
    draw_sheet();
    entitle();
}

fn redraw(id: &str, view: fn(&State) -> String) {
    browser::set_html(id, &read(view));
}

fn entitle() {
    let title = read(|state| {
        let section = state.texts.text(&format!("nav.{}", state.section.name())).to_owned();
        let bad = state.section == Section::Predict && !views::form::summary(state).is_empty();
        if bad { format!("{}: {section} – samefit", state.texts.text("error.prefix")) } else { format!("{section} – samefit") }
    });
    browser::set_title(&title);
}

fn draw_sheet() {
    let language = read(|state| state.texts.language.clone());
    let today = browser::today(&language);
    change(|state| state.today = today);
    redraw("sheet", views::sheet::sheet);
}

/// What is said beside every field, which leaves the fields alone.
fn draw_messages() {
    let said: Vec<(String, String, String)> = read(|state| {
        let one = |field: &Value| {
            let (said, computed) = views::form::messages(state, field);
            Some((field["name"].as_str()?.to_owned(), said, computed))
        };
        state.loaded.fields().iter().filter(|field| !Loaded::is_hidden(field)).filter_map(one).collect()
    });
    for (name, said, computed) in said {
        let bad = !said.is_empty();
        browser::set_html(&format!("problem-{name}"), &said);
        browser::set_html(&format!("computed-{name}"), &computed);
        browser::set_class(&format!("field-{name}"), "has-problem", bad);
        browser::set_attribute(&format!("in-{name}"), "aria-invalid", bad.then_some("true"));
    }
    redraw("summary", views::form::summary);
    entitle();
}

fn draw_result() {
    change(|state| state.width = browser::picture_width());
    redraw("result", views::result::section);
    draw_sheet();
}

/// Pictures are drawn for the width there is.
pub(crate) fn resized() {
    let width = browser::picture_width();
    if (read(|state| state.width) - width).abs() < 1.0 {
        return;
    }
    change(|state| state.width = width);
    match read(|state| state.section) {
        Section::Predict => redraw("result", views::result::section),
        Section::Data => redraw("data", views::data::results),
        Section::About => redraw("main", views::frame::section),
    }
}

/// Opens a section, and says so in the address: a link to the section that the address names already does nothing.
fn go(section: Section) {
    change(|state| state.section = section);
    if Section::of_address(&browser::address()) != section {
        browser::set_address(section.name());
    }
}

/// The address says which section is open.
pub(crate) fn navigate() {
    let section = Section::of_address(&browser::address());
    if section != read(|state| state.section) {
        change(|state| state.section = section);
        draw();
        browser::focus("main");
    }
}

// ---- the form

/// A field's text changed. Nothing is said of it before the person leaves the field.
pub(crate) fn typed(name: &str, value: &str) {
    change(|state| {
        let unit = state.loaded.field(name).and_then(|field| field["units"][0]["unit"].as_str()).map(str::to_owned);
        let entry = state.patient.entries.of(name, unit);
        value.clone_into(&mut entry.shown);
        entry.typed = None;
        entry.left = false;
    });
    grow_stale();
}

fn grow_stale() {
    let first = change(|state| {
        let first = state.patient.has_result() && !state.patient.stale;
        state.patient.stale = true;
        first
    });
    if first {
        draw_result();
    }
}

/// The person leaves a field: now it is looked at.
pub(crate) fn left(name: &str) {
    let filled = change(|state| {
        let there = state.patient.entries.get(name).is_some();
        if there {
            state.patient.entries.of(name, None).left = true;
        }
        there
    });
    if filled {
        spawn_local(async {
            evaluate().await;
        });
    }
}

/// What the component makes of the entries; whether they are still the entries.
async fn evaluate() -> bool {
    let asked = question();
    let answer = component::ask("evaluate", &[&asked.1]).await;
    if question() != asked {
        return false;
    }
    match answer {
        Ok(answer) => {
            change(|state| state.patient.evaluated = serde_json::from_str(&answer).unwrap_or_default());
            draw_messages();
            learn_ranges().await;
            question() == asked
        }
        Err(fault) => {
            say_fault(&fault);
            false
        }
    }
}

/// Something that belongs to no field.
fn say_fault(fault: &str) {
    let html = read(|state| {
        let said = samefit_report::markup::escape(&views::words::fault(&state.texts, fault));
        format!(
            "<section class=\"card bad\" id=\"problems\" tabindex=\"-1\" role=\"alert\"><h2>{}</h2><p>{said}</p></section>",
            state.t("error.title")
        )
    });
    browser::set_html("summary", &html);
    browser::focus("problems");
}

/// The person asks for a prediction.
pub(crate) fn predict() {
    change(|state| state.patient.asked = true);
    spawn_local(async {
        let asked = question();
        let is_old = || question() != asked;
        if !evaluate().await {
            return;
        }
        let attributes = read(|state| state.patient.evaluated["attributes"].clone());
        if attributes.is_null() {
            change(|state| state.patient.explanation = Value::Null);
            draw_result();
            browser::focus("problems");
            return;
        }
        let answer = component::ask("explain", &[&attributes.to_string()]).await;
        if is_old() {
            return;
        }
        match answer {
            Ok(answer) => {
                change(|state| {
                    state.patient.explanation = serde_json::from_str(&answer).unwrap_or_default();
                    state.patient.stale = false;
                });
                // the slider's place is there before the result is, so that nothing moves
                let field = read(|state| Some(state.what_if.field.clone()).filter(|field| views::what_if::movable(state).contains(field)));
                let field = field.or_else(|| read(favourite));
                sweep(field).await;
                if is_old() {
                    return;
                }
                draw_result();
                browser::focus("result-title");
            }
            Err(fault) => say_fault(&fault),
        }
    });
}

/// The field that moves the prediction most.
fn favourite(state: &State) -> Option<String> {
    let movable = views::what_if::movable(state);
    let amount = |entry: &&Value| entry["contribution"].as_f64().unwrap_or(0.0).abs();
    let entries = list(&state.patient.explanation["contributions"]).iter();
    let best =
        entries.filter(|entry| movable.iter().any(|name| entry["name"] == name.as_str())).max_by(|a, b| amount(a).total_cmp(&amount(b)));
    best.and_then(|entry| entry["name"].as_str()).map(str::to_owned).or_else(|| movable.first().cloned())
}

/// A unit was chosen: what stands in the field is shown in it, and what was typed is kept.
pub(crate) fn unit(name: &str, to: &str) {
    let Some((text, from, own)) = read(|state| {
        let own = state.loaded.field(name)?["units"][0]["unit"].as_str().map(str::to_owned);
        let entry = state.patient.entries.get(name).cloned().unwrap_or_default();
        let (text, from) = entry.as_typed();
        Some((text.to_owned(), from.map(str::to_owned).or_else(|| own.clone()), own))
    }) else {
        return;
    };
    let same = from.as_deref() == Some(to) || text.trim().is_empty();
    // what was typed counts already; the text in the field follows, unless something newer comes before it
    let chosen = change(|state| {
        let entry = state.patient.entries.of(name, own);
        entry.unit = Some(to.to_owned());
        entry.typed = (!same).then(|| (text.clone(), from.clone()));
        if same {
            entry.shown.clone_from(&text);
        }
        entry.clone()
    });
    browser::set_value(&format!("in-{name}"), &chosen.shown);
    draw_unit(name);
    let (name, to) = (name.to_owned(), to.to_owned());
    spawn_local(async move {
        if !same {
            let plain = text.trim().replace(',', ".");
            let shown = component::ask("convert", &[&name, &plain, from.as_deref().unwrap_or_default(), &to]).await;
            if read(|state| state.patient.entries.get(&name) != Some(&chosen)) {
                return;
            }
            // what is no number, or the same in both units, stands there as it did
            let shown = shown.ok().filter(|shown| *shown != text).map(|shown| read(|state| state.texts.format().text(&shown)));
            let typed = shown.is_some().then_some((text.clone(), from));
            let shown = shown.unwrap_or(text);
            browser::set_value(&format!("in-{name}"), &shown);
            change(|state| state.patient.entries.set(&name, Entry { shown, typed, ..chosen }));
        }
        learn_range(&name, &to).await;
        draw_unit(&name);
        if read(|state| state.patient.entries.get(&name).is_some_and(|entry| !entry.shown.trim().is_empty())) {
            evaluate().await;
        }
    });
}

/// The label and the range follow the unit.
fn draw_unit(name: &str) {
    let drawn = read(|state| {
        let field = state.loaded.field(name)?;
        let entry = state.patient.entries.get(name)?;
        let unit = views::words::unit_label(field, entry.unit.as_deref()).to_owned();
        let title = views::words::title(&state.texts, field).to_owned();
        Some((title, unit, views::form::hint(state, field, entry)))
    });
    let Some((title, unit, hint)) = drawn else { return };
    let [title, unit] = [title, unit].map(|text| samefit_report::markup::escape(&text));
    browser::set_html(&format!("label-{name}"), &format!("{title} <span class=\"unit\">({unit})</span>"));
    browser::set_html(&format!("hint-{name}"), &hint);
}

/// The training range in another unit, as the component converts it; whether it was not known before.
async fn learn_range(name: &str, unit: &str) -> bool {
    let model = question().0;
    let Some((own, training)) = read(|state| {
        let field = state.loaded.field(name)?;
        let own = field["units"][0]["unit"].as_str().unwrap_or_default().to_owned();
        let known = own == unit || field["training"].is_null() || state.range(name, unit).is_some();
        (!known).then(|| (own, field["training"].clone()))
    }) else {
        return false;
    };
    let mut ends = Vec::new();
    for end in [&training["min"], &training["max"]] {
        let converted = component::ask("convert", &[name, &end.to_string(), &own, unit]).await;
        ends.extend(converted.ok().and_then(|text| text.parse::<f64>().ok()));
    }
    let [low, high] = ends[..] else { return false };
    if question().0 != model {
        return false;
    }
    change(|state| state.ranges.push(((name.to_owned(), unit.to_owned()), (low, high))));
    true
}

/// The training ranges in all units that were chosen or typed, for hints, warnings and the curve.
async fn learn_ranges() {
    let wanted = |state: &State, field: &Value| {
        let name = field["name"].as_str()?;
        let typed = state.patient.field(name)["typed"]["unit"].as_str();
        let chosen = state.patient.entries.get(name).and_then(|entry| entry.unit.as_deref());
        Some([typed, chosen].into_iter().flatten().map(|unit| (name.to_owned(), unit.to_owned())).collect::<Vec<_>>())
    };
    let wanted: Vec<_> = read(|state| state.loaded.fields().iter().filter_map(|field| wanted(state, field)).flatten().collect());
    for (name, unit) in wanted {
        if learn_range(&name, &unit).await {
            draw_unit(&name);
        }
    }
}

/// Entries that did not come from the keyboard.
fn enter(entries: impl IntoIterator<Item = (String, String, Option<String>)>) {
    change(|state| {
        for (name, shown, unit) in entries {
            let own = state.loaded.field(&name).and_then(|field| field["units"][0]["unit"].as_str()).map(str::to_owned);
            state.patient.entries.set(&name, Entry { shown, unit: unit.or(own), typed: None, left: true });
        }
        state.patient.stale = true;
    });
}

fn example() {
    let entries: Vec<_> = read(|state| {
        let format = state.texts.format();
        let example = state.check["example"].as_object();
        example.into_iter().flatten().filter_map(|(name, value)| Some((name.clone(), format.text(value.as_str()?), None))).collect()
    });
    enter(entries);
    draw();
    spawn_local(async {
        evaluate().await;
    });
    browser::focus("form");
}

/// An empty form.
fn clear() {
    SWEEP.with(Turns::next);
    change(|state| {
        state.patient = Patient::default();
        state.what_if = WhatIf::default();
    });
    draw();
    let first = read(|state| state.loaded.fields().first().and_then(|field| field["name"].as_str().map(str::to_owned)));
    browser::focus(&format!("in-{}", first.unwrap_or_default()));
}

// ---- what if

/// Predictions along the range of a field.
async fn sweep(field: Option<String>) {
    let Some(field) = field else {
        change(|state| state.what_if = WhatIf::default());
        return;
    };
    let Some((what_if, entries)) = read(|state| Some((places(state, &field)?, state.patient.entries_json()))) else { return };
    let number = SWEEP.with(Turns::next);
    let values = json!(what_if.values).to_string();
    let answer =
        component::ask("sweep", &[&entries, &field, what_if.unit.as_deref().unwrap_or_default(), &values]).await.unwrap_or_default();
    if !SWEEP.with(|sweep| sweep.is(number)) {
        return;
    }
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let result = |one: &Value| one.is_array().then(|| [one[0].as_f64(), one[1].as_f64(), one[2].as_f64()]);
    let results = list(&answer).iter().map(result).collect();
    change(|state| state.what_if = WhatIf { results, ..what_if });
}

/// Where the slider can stand: over the training range and the patient's own value, in steps as fine as the field is measured.
fn places(state: &State, name: &str) -> Option<WhatIf> {
    let field = state.loaded.field(name)?;
    let evaluated = state.patient.field(name);
    let unit = state.patient.entries.get(name).and_then(|entry| entry.as_typed().1.map(str::to_owned));
    let unit = evaluated["typed"]["unit"].as_str().map(str::to_owned).or(unit);
    let now: f64 = evaluated["typed"]["value"].as_str().and_then(|text| text.parse().ok())?;
    let known = list(&field["units"]).iter().find(|known| known["unit"].as_str() == unit.as_deref()).unwrap_or(&field["units"][0]);
    let to_base: f64 = known["to_base"].as_str().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let trained = field["training"]["min"].as_f64().zip(field["training"]["max"].as_f64());
    // what is no column has no training range: half to twice the value
    let (low, high) = trained.map_or((now / 2.0, now * 2.0), |(low, high)| (low / to_base, high / to_base));
    let end = |key: &str| known["plausible"][key].as_str().and_then(|text| text.parse::<f64>().ok());
    let low = low.min(now).max(end("min").unwrap_or(f64::NEG_INFINITY));
    let high = high.max(now).min(end("max").unwrap_or(f64::INFINITY));
    let digits = usize::try_from(known["decimals"].as_u64().unwrap_or(2)).unwrap_or(2).min(6);
    let mut values: Vec<f64> = (0..PLACES).map(|at| low + (high - low) * at as f64 / (PLACES - 1) as f64).collect();
    values.push(now);
    values.sort_by(f64::total_cmp);
    let mut texts: Vec<String> =
        values.iter().map(|value| if *value < 0.0 { format!("-{}", decimal(-*value, digits)) } else { decimal(*value, digits) }).collect();
    texts.retain(|text| text.parse::<f64>().is_ok_and(|value| value >= low && value <= high));
    texts.dedup();
    let distance = |text: &String| (text.parse::<f64>().unwrap_or(f64::NAN) - now).abs();
    let at = (0..texts.len()).min_by(|a, b| distance(&texts[*a]).total_cmp(&distance(&texts[*b]))).unwrap_or(0);
    Some(WhatIf { field: name.to_owned(), unit, values: texts, results: Vec::new(), now: Some(now), at })
}

/// The slider moved.
pub(crate) fn moved(place: &str) {
    change(|state| state.what_if.at = place.parse().unwrap_or(0));
    let text = read(|state| views::what_if::value_text(state, state.what_if.at));
    browser::set_attribute("what-if-slider", "aria-valuetext", Some(&text));
    redraw("what-if-shown", views::what_if::shown);
}

fn choose_what_if(field: String) {
    spawn_local(async move {
        sweep(Some(field)).await;
        redraw("what-if", views::what_if::section);
        browser::focus("what-if-field");
    });
}

fn use_moved() {
    let entry = read(|state| {
        let what_if = &state.what_if;
        Some((what_if.field.clone(), state.texts.format().text(what_if.values.get(what_if.at)?), what_if.unit.clone()))
    });
    enter(entry);
    draw();
    predict();
}

// ---- clicks and choices

/// A button, or a link that is one.
pub(crate) fn click(name: &str, arg: &str, element: &Element) {
    match name {
        "skip" => browser::focus("main"),
        "go" => browser::focus(arg),
        "example" => example(),
        "clear" => clear(),
        "import" => toggle_import(),
        "use-unit" => use_unit(arg, &browser::attribute(element, "data-unit-to")),
        "keep-change" => keep(false),
        "keep-other" => keep(true),
        "compare-end" => {
            change(|state| state.kept = None);
            draw_result();
        }
        "use-moved" => use_moved(),
        "copy" => copy(),
        "print" => {
            draw_sheet();
            browser::print();
        }
        "fhir-read" => {
            let text = browser::by_id("fhir-text").map(|element| browser::value_of(&element)).unwrap_or_default();
            take_record(&text);
        }
        "fhir-use" => use_record(),
        "fhir-cancel" => {
            change(|state| (state.findings, state.importing) = (None, false));
            redraw("fhir", views::fhir::section);
        }
        "own-model" => own_model(),
        "update" => component::update(),
        "later" => {
            change(|state| state.newer = false);
            redraw("banners", views::frame::banners);
        }
        "cancel" => component::cancel(),
        "batch" => batch(),
        "download-batch" => download_batch(arg.parse().unwrap_or(usize::MAX)),
        "train" => train(),
        "download-model" => download("model.json", |trained| &trained.model),
        "download-statistics" => download("statistics.json", |trained| &trained.statistics),
        "use-model" => use_model(),
        "drop-statistics" => {
            let at: usize = arg.parse().unwrap_or(usize::MAX);
            pool_anew();
            change_data(|data| {
                if at < data.statistics.len() {
                    data.statistics.remove(at);
                }
            });
        }
        "start-over" => {
            FILES.with_borrow_mut(Vec::clear);
            DROPPED.with(Turns::next);
            anew();
            change_data(|data| *data = Data::default());
            browser::focus("main");
        }
        _ => {}
    }
}

/// A choice.
pub(crate) fn set(name: &str, element: &Element) {
    let value = browser::value_of(element);
    match name {
        "language" => spawn_local(async move {
            browser::keep_language(&value);
            speak(&value).await;
            draw();
        }),
        "theme" => browser::keep_theme(&value),
        "what-if" => choose_what_if(value),
        "files" => files(browser::files_of(element)),
        "target" => {
            change_data(|data| {
                let old = std::mem::replace(&mut data.choice.target, value.clone());
                data.choice.features.retain(|name| *name != value);
                data.choice.features.push(old);
            });
            browser::focus("target");
        }
        "feature" => {
            let on = browser::is_checked(element);
            change(|state| {
                let features = &mut state.data.choice.features;
                features.retain(|name| *name != value);
                if on {
                    features.push(value);
                }
            });
        }
        "missing" => change(|state| state.data.choice.drop_missing = value == "drop"),
        "sharing" => change_data(|data| data.choice.share = value == "share"),
        _ => {}
    }
}

fn change_data(act: impl FnOnce(&mut Data)) {
    change(|state| act(&mut state.data));
    redraw("data", views::data::results);
}

fn toggle_import() {
    let open = change(|state| {
        state.importing = !state.importing;
        state.findings = None;
        state.importing
    });
    redraw("fhir", views::fhir::section);
    if open {
        browser::focus("fhir-title");
    }
}

fn use_unit(name: &str, unit: &str) {
    change(|state| {
        let entry = state.patient.entries.of(name, None);
        entry.unit = Some(unit.to_owned());
        entry.typed = None;
        state.patient.stale = true;
    });
    draw();
    browser::focus(&format!("in-{name}"));
    let (name, unit) = (name.to_owned(), unit.to_owned());
    spawn_local(async move {
        learn_range(&name, &unit).await;
        draw_unit(&name);
        evaluate().await;
    });
}

fn keep(other: bool) {
    if !read(|state| state.patient.is_current()) {
        return;
    }
    change(|state| {
        state.kept = Some(state.patient.clone());
        if other {
            state.patient = Patient::default();
        }
    });
    if other {
        clear();
    } else {
        draw_result();
        browser::focus("form");
    }
}

fn copy() {
    if !read(|state| state.patient.is_current()) {
        return;
    }
    draw_sheet();
    let (text, asked) = (read(record::text), question());
    spawn_local(async move {
        let copied = browser::copy(&text).await;
        if question() != asked {
            return;
        }
        let html = if copied {
            read(|state| state.t("actions.copied"))
        } else {
            let text = samefit_report::markup::escape(&text);
            read(|state| {
                format!(
                    "<label class=\"stack\">{}<textarea rows=\"12\" readonly>{text}</textarea></label>",
                    state.t("actions.copy-by-hand")
                )
            })
        };
        browser::set_html("copied", &html);
    });
}

// ---- records

fn take_record(text: &str) {
    let found = read(|state| fhir::read(text, state.loaded.fields()));
    match found {
        Ok(findings) => {
            change(|state| state.findings = Some(findings));
            go(Section::Predict);
            draw();
            browser::focus("fhir-title");
        }
        Err((name, found)) => {
            change(|state| (state.importing, state.findings) = (true, None));
            go(Section::Predict);
            draw();
            browser::set_html("fhir-problem", &read(|state| state.tf(name, &[("found", &found)])));
        }
    }
}

fn use_record() {
    let Some(findings) = change(|state| {
        state.importing = false;
        state.findings.take()
    }) else {
        return;
    };
    let format = read(|state| state.texts.format());
    enter(findings.found.into_iter().map(|found| (found.field, format.text(&found.value), found.unit)));
    draw();
    spawn_local(async {
        evaluate().await;
    });
    browser::focus("form");
}

// ---- files

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
        let head = browser::text(file, Some(HEAD_BYTES)).await.unwrap_or_default();
        let read = files::how_written(&name, &head);
        tables.push((file.clone(), Table { name, bytes: file.size() as u64, read }));
        return Ok(());
    }
    let text = browser::text(file, None).await.unwrap_or_default();
    let document: Value = serde_json::from_str(&text).unwrap_or_default();
    match files::kind(&document) {
        Kind::Model => {
            open(text, Some(name)).await?;
            go(Section::Predict);
            draw();
            browser::focus("main");
        }
        Kind::Statistics => take_statistics(name, text, &document).await?,
        Kind::Schema => {
            component::ask("schema", &[&text]).await?;
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

/// Changes what is known of files and goes there.
fn show_data(act: impl FnOnce(&mut Data)) {
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

fn say_data_fault(fault: Fault) {
    show_data(|data| {
        data.busy = None;
        data.fault = Some(fault);
    });
    browser::focus("data-fault");
}

fn no_progress() -> Closure<dyn FnMut(f64, f64)> {
    Closure::new(|_, _| {})
}

/// Shows how far the work has come, about as often as a person sees it.
fn progress(number: u32) -> Closure<dyn FnMut(f64, f64)> {
    Closure::new(move |done, total| {
        if !WORK.with(|work| work.is(number)) {
            return;
        }
        change(|state| {
            if let Some(busy) = &mut state.data.busy {
                (busy.done, busy.total) = (done, total);
            }
        });
        show_progress();
    })
}

/// Only the numbers change, so that the button to cancel stays the one it is.
fn show_progress() {
    let Some((percent, line)) = read(|state| {
        let busy = state.data.busy.as_ref()?;
        let format = state.texts.format();
        let percent = if busy.total > 0.0 { (100.0 * busy.done / busy.total).floor() } else { 0.0 };
        let values = [format.whole(percent), format.fixed(busy.done / 1e6, 1), format.fixed(busy.total / 1e6, 1)];
        Some((percent, state.tf("data.progress", &[("percent", &values[0]), ("done", &values[1]), ("total", &values[2])])))
    }) else {
        return;
    };
    browser::set_attribute("progress", "value", Some(&decimal(percent, 0)));
    browser::set_html("progress-line", &line);
}

/// Ends the work that goes on with files, whose answer nobody waits for any more; the number of what comes now.
fn anew() -> u32 {
    let number = WORK.with(Turns::next);
    if change(|state| state.data.busy.take()).is_some() {
        component::cancel();
        redraw("busy", views::data::busy);
    }
    number
}

/// A model of other statistics than there are now is not wanted; one of tables is what it was.
fn pool_anew() {
    if read(|state| state.data.tables.is_empty()) {
        anew();
    }
}

/// Shows that work begins; its number.
fn begin(name: &str) -> u32 {
    let number = anew();
    change(|state| {
        state.data.busy = Some(Busy { name: name.to_owned(), ..Busy::default() });
        state.data.fault = None;
    });
    redraw("busy", views::data::busy);
    redraw("data", views::data::results);
    number
}

/// Shows that work has ended; whether its answer is still wanted.
fn end(number: u32) -> bool {
    let wanted = WORK.with(|work| work.is(number));
    if wanted {
        change(|state| state.data.busy = None);
        redraw("busy", views::data::busy);
    }
    wanted
}

/// Files, of those tables that are wanted, as the worker takes them.
fn for_worker(wanted: impl Fn(&Table) -> bool) -> JsValue {
    let tables = read(|state| state.data.tables.clone());
    let all = js_sys::Array::new();
    FILES.with_borrow(|files| {
        for (table, file) in tables.iter().zip(files).filter(|(table, _)| wanted(table)) {
            all.push(&one_for_worker(table, file));
        }
    });
    all.into()
}

fn one_for_worker(table: &Table, file: &File) -> JsValue {
    let object = js_sys::Object::new();
    let read = js_sys::JSON::parse(&table.read.to_string()).unwrap_or_default();
    let size = JsValue::from_f64(file.size());
    for (key, value) in [("name", JsValue::from_str(&table.name)), ("blob", file.into()), ("size", size), ("read", read)] {
        let _ = js_sys::Reflect::set(&object, &key.into(), &value);
    }
    object.into()
}

fn names(data: &Data) -> String {
    data.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ")
}

async fn profile(tables: Vec<(File, Table)>) {
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

fn batch() {
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

fn download_batch(at: usize) {
    let name = read(|state| state.data.tables_of_rows().nth(at).map(Table::predictions_name));
    BATCH.with_borrow(|blobs| {
        if let Some((name, blob)) = name.zip(blobs.get(at)) {
            component::download(&name, blob, "text/plain");
        }
    });
}

fn download(name: &str, text: fn(&Trained) -> &String) {
    let content = read(|state| state.data.trained.as_ref().map(|trained| text(trained).clone()));
    if let Some(content) = content {
        component::download(name, &JsValue::from_str(&content), "application/json");
    }
}

fn train() {
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
    let (statistics, notes) = if pooled {
        let texts: js_sys::Array = data.statistics.iter().map(|one| JsValue::from_str(&one.text)).collect();
        let sum = component::work("merge", &[texts.into()], &closure).await?;
        (sum.as_string().unwrap_or_default(), Vec::new())
    } else {
        let (op, plan) = if data.choice.share { ("share", data.share_plan().to_string()) } else { ("summarize", plan.clone()) };
        let answer = component::work(op, &[files.clone(), JsValue::from_str(&plan)], &closure).await?;
        let mut answer: Value = serde_json::from_str(&answer.as_string().unwrap_or_default()).unwrap_or_default();
        let notes = list(&answer["notes"]).to_vec();
        (answer["statistics"].take().as_str().unwrap_or_default().to_owned(), notes)
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
    Ok(Trained { model, statistics, notes, residuals })
}

fn use_model() {
    let Some(model) = read(|state| state.data.trained.as_ref().map(|trained| trained.model.clone())) else { return };
    let name = read(|state| if state.data.tables.is_empty() { state.texts.text("data.pool").to_owned() } else { names(&state.data) });
    take_model(model, Some(name));
}

fn own_model() {
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
