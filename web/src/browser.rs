//! The document: reading from it, writing to it, listening to it.

use std::cell::RefCell;

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, Event, File, HtmlElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement, Window};

use crate::actions;

thread_local! {
    /// The person's tables, beside what the state knows of them.
    pub(crate) static FILES: RefCell<Vec<File>> = const { RefCell::new(Vec::new()) };
    /// The file of the schema.
    pub(crate) static SCHEMA: RefCell<Option<File>> = const { RefCell::new(None) };
    /// What predictions of the tables gave, in the same order.
    pub(crate) static BATCH: RefCell<Vec<JsValue>> = const { RefCell::new(Vec::new()) };
}

const STORED_LANGUAGE: &str = "samefit-language";
const STORED_THEME: &str = "samefit-theme";

pub(crate) fn window() -> Window {
    web_sys::window().unwrap_throw()
}

pub(crate) fn document() -> Document {
    window().document().unwrap_throw()
}

pub(crate) fn by_id(id: &str) -> Option<Element> {
    document().get_element_by_id(id)
}

/// Replaces what an element holds, if it is there and would change.
pub(crate) fn set_html(id: &str, html: &str) {
    if let Some(element) = by_id(id)
        && element.inner_html() != html
    {
        element.set_inner_html(html);
    }
}

pub(crate) fn set_class(id: &str, class: &str, on: bool) {
    if let Some(element) = by_id(id) {
        let _ = element.class_list().toggle_with_force(class, on);
    }
}

pub(crate) fn set_attribute(id: &str, name: &str, value: Option<&str>) {
    if let Some(element) = by_id(id) {
        let _ = match value {
            Some(value) => element.set_attribute(name, value),
            None => element.remove_attribute(name),
        };
    }
}

/// Shows a text in a field.
pub(crate) fn set_value(id: &str, value: &str) {
    if let Some(input) = by_id(id).and_then(|element| element.dyn_into::<HtmlInputElement>().ok()) {
        input.set_value(value);
    }
}

/// What a field, a choice or a text area holds.
pub(crate) fn value_of(element: &Element) -> String {
    if let Some(input) = element.dyn_ref::<HtmlInputElement>() {
        return input.value();
    }
    if let Some(select) = element.dyn_ref::<HtmlSelectElement>() {
        return select.value();
    }
    element.dyn_ref::<HtmlTextAreaElement>().map(HtmlTextAreaElement::value).unwrap_or_default()
}

pub(crate) fn is_checked(element: &Element) -> bool {
    element.dyn_ref::<HtmlInputElement>().is_some_and(HtmlInputElement::checked)
}

pub(crate) fn files_of(element: &Element) -> Vec<File> {
    let list = element.dyn_ref::<HtmlInputElement>().and_then(HtmlInputElement::files);
    list.map(|list| (0..list.length()).filter_map(|at| list.get(at)).collect()).unwrap_or_default()
}

/// Moves the keyboard to an element, and the eyes.
pub(crate) fn focus(id: &str) {
    if let Some(element) = by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
        element.scroll_into_view();
    }
}

pub(crate) fn set_title(title: &str) {
    document().set_title(title);
}

/// Pixels for pictures inside a card.
pub(crate) fn picture_width() -> f64 {
    let main = by_id("main").map_or(0, |main| main.client_width());
    // the sides of a card, as the style sheet has them
    let sides = if main < 560 { 32 } else { 64 };
    f64::from((main - sides).clamp(260, 760))
}

/// The language that was chosen here before, else the first of the browser's that there is.
pub(crate) fn language() -> String {
    let known = |code: &str| crate::texts::LANGUAGES.iter().any(|(known, _)| *known == code);
    let stored = stored(STORED_LANGUAGE).filter(|code| known(code));
    let browser = || {
        let all = window().navigator().languages();
        let code = |value: JsValue| value.as_string().map(|tag| tag.chars().take(2).collect::<String>());
        all.iter().filter_map(code).find(|code| known(code))
    };
    stored.or_else(browser).unwrap_or_else(|| "en".to_owned())
}

pub(crate) fn keep_language(language: &str) {
    store(STORED_LANGUAGE, language);
}

/// Says which language the page is in, as its words come.
pub(crate) fn apply_language(language: &str) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("lang", language);
    }
}

/// The appearance that was chosen here before.
pub(crate) fn theme() -> String {
    stored(STORED_THEME).filter(|theme| theme == "light" || theme == "dark").unwrap_or_else(|| "auto".to_owned())
}

pub(crate) fn keep_theme(theme: &str) {
    store(STORED_THEME, theme);
    apply_theme(theme);
}

pub(crate) fn apply_theme(theme: &str) {
    if let Some(root) = document().document_element() {
        let _ = if theme == "auto" { root.remove_attribute("data-theme") } else { root.set_attribute("data-theme", theme) };
    }
}

/// Only preferences are ever stored.
fn store(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(key, value);
    }
}

fn stored(key: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

/// What `samefit serve` writes into the page: the file of the model to open with, or nothing.
fn served() -> Option<String> {
    document().query_selector("meta[name=samefit-served]").ok().flatten().map(|meta| attribute(&meta, "content"))
}

/// The page comes from the program on this machine, which is always there: no copy of it need be kept.
pub(crate) fn is_served() -> bool {
    served().is_some()
}

pub(crate) fn served_model() -> Option<String> {
    served().filter(|file| !file.is_empty())
}

pub(crate) fn address() -> String {
    window().location().hash().unwrap_or_default()
}

pub(crate) fn set_address(hash: &str) {
    let _ = window().location().set_hash(hash);
}

/// Date and time as the browser writes them in the page's language.
pub(crate) fn today(language: &str) -> String {
    let date = js_sys::Date::new_0();
    String::from(date.to_locale_string(language, &JsValue::UNDEFINED))
}

pub(crate) async fn copy(text: &str) -> bool {
    let clipboard = js_sys::Reflect::get(&window().navigator(), &"clipboard".into()).unwrap_or_default();
    if clipboard.is_undefined() {
        return false;
    }
    wasm_bindgen_futures::JsFuture::from(window().navigator().clipboard().write_text(text)).await.is_ok()
}

pub(crate) fn print() {
    let _ = window().print();
}

/// The text of a file.
pub(crate) async fn text(file: &File) -> Option<String> {
    wasm_bindgen_futures::JsFuture::from(file.text()).await.ok()?.as_string()
}

/// Listens to everything that can happen, for as long as the page is open.
pub(crate) fn listen() {
    on("click", |event| {
        if let Some(element) = origin(&event, "[data-do]") {
            if element.tag_name() == "A" {
                event.prevent_default();
            }
            actions::click(&attribute(&element, "data-do"), &attribute(&element, "data-arg"), &element);
        }
    });
    on("submit", |event| {
        event.prevent_default();
        actions::predict();
    });
    on("input", |event| {
        if let Some(element) = origin(&event, "input[type=text][data-field]") {
            actions::typed(&attribute(&element, "data-field"), &value_of(&element));
        } else if let Some(element) = origin(&event, "[data-set=slider]") {
            actions::moved(&value_of(&element));
        }
    });
    on("focusout", |event| {
        if let Some(element) = origin(&event, "input[type=text][data-field]") {
            actions::left(&attribute(&element, "data-field"));
        }
    });
    on("change", |event| {
        if let Some(element) = origin(&event, "select[data-unit]") {
            actions::unit(&attribute(&element, "data-unit"), &value_of(&element));
        } else if let Some(element) = origin(&event, "input[type=radio][data-field]") {
            actions::typed(&attribute(&element, "data-field"), &value_of(&element));
            actions::left(&attribute(&element, "data-field"));
        } else if let Some(element) = origin(&event, "[data-set]") {
            actions::set(&attribute(&element, "data-set"), &element);
        }
    });
    on("dragover", |event| event.prevent_default());
    on("drop", |event| {
        event.prevent_default();
        let list = event.dyn_ref::<web_sys::DragEvent>().and_then(web_sys::DragEvent::data_transfer).and_then(|data| data.files());
        let files = list.map(|list| (0..list.length()).filter_map(|at| list.get(at)).collect()).unwrap_or_default();
        actions::files(files);
    });
    listen_to(window().as_ref(), "hashchange", |_| actions::navigate());
    listen_to(window().as_ref(), "resize", |_| actions::resized());
}

fn on(name: &str, act: impl FnMut(Event) + 'static) {
    listen_to(document().as_ref(), name, act);
}

fn listen_to(target: &web_sys::EventTarget, name: &str, act: impl FnMut(Event) + 'static) {
    let closure = Closure::<dyn FnMut(Event)>::new(act);
    let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// The element that an event is for.
fn origin(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}

pub(crate) fn attribute(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}
