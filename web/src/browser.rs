//! Reads the document and changes it.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Document, Element, HtmlElement, HtmlInputElement, HtmlSelectElement, HtmlTextAreaElement, Window};

use crate::action::Opening;
use crate::drawing::Change;
use crate::state::{Section, Theme};
use crate::texts::Language;

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

/// Changes the document. An element that is not there stays away.
pub(crate) fn apply(change: &Change) {
    match change {
        Change::Html { id, html } => set_html(id, html),
        Change::Class { id, class, on } => set_class(id, class, *on),
        Change::Attribute { id, name, value } => set_attribute(id, name, value.as_deref()),
        Change::Title(title) => document().set_title(title),
    }
}

/// Replaces the content of an element, unless it is the same already.
fn set_html(id: &str, html: &str) {
    if let Some(element) = by_id(id)
        && element.inner_html() != html
    {
        element.set_inner_html(html);
    }
}

fn set_class(id: &str, class: &str, on: bool) {
    if let Some(element) = by_id(id) {
        let _ = element.class_list().toggle_with_force(class, on);
    }
}

fn set_attribute(id: &str, name: &str, value: Option<&str>) {
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

/// Returns the text in a field, a choice or a text area.
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

/// Returns the files that were chosen in an input.
pub(crate) fn chosen_files(element: &Element) -> Option<web_sys::FileList> {
    element.dyn_ref::<HtmlInputElement>().and_then(HtmlInputElement::files)
}

/// Moves the keyboard to an element, and scrolls to it.
pub(crate) fn focus(id: &str) {
    if let Some(element) = by_id(id).and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
        element.scroll_into_view();
    }
}

/// Returns the width of pictures inside a card, in pixels.
pub(crate) fn picture_width() -> f64 {
    let main = by_id("main").map_or(0, |main| main.client_width());
    // the padding of a card, as in the style sheet
    let sides = if main < 560 { 32 } else { 64 };
    f64::from((main - sides).clamp(260, 760))
}

/// Returns what the browser knows when the page is opened.
pub(crate) fn opening() -> Opening {
    let served = served();
    Opening {
        language: language(),
        theme: stored(STORED_THEME).map(|name| Theme::from_name(&name)).unwrap_or_default(),
        section: Section::of_address(&address()),
        width: picture_width(),
        served: served.is_some(),
        served_model: served.filter(|file| !file.is_empty()),
    }
}

/// Returns the remembered language, else the first of the browser's languages that the page has, else English.
fn language() -> Language {
    let stored = stored(STORED_LANGUAGE).and_then(|code| Language::from_tag(&code));
    let of_browser = || window().navigator().languages().iter().find_map(|tag| Language::from_tag(&tag.as_string()?));
    stored.or_else(of_browser).unwrap_or_default()
}

/// Stores the language for the next visit.
pub(crate) fn remember_language(language: Language) {
    store(STORED_LANGUAGE, language.code());
}

/// Tells the browser which language the document is in.
pub(crate) fn set_document_language(language: Language) {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("lang", language.code());
    }
}

/// Stores the colours for the next visit.
pub(crate) fn remember_theme(theme: Theme) {
    store(STORED_THEME, theme.name());
}

/// Shows the page in these colours.
pub(crate) fn apply_theme(theme: Theme) {
    if let Some(root) = document().document_element() {
        let _ = if theme == Theme::Auto { root.remove_attribute("data-theme") } else { root.set_attribute("data-theme", theme.name()) };
    }
}

/// Stores a preference. Nothing else is ever stored.
fn store(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(key, value);
    }
}

fn stored(key: &str) -> Option<String> {
    window().local_storage().ok().flatten()?.get_item(key).ok().flatten()
}

/// Returns what `samefit serve` writes into the page: the file of the model to open with, or an empty text. None on other servers.
fn served() -> Option<String> {
    document().query_selector("meta[name=samefit-served]").ok().flatten().map(|meta| attribute(&meta, "content"))
}

pub(crate) fn address() -> String {
    window().location().hash().unwrap_or_default()
}

/// Names the section in the address. If the address names it already, a link to it would do nothing, so it stays as it is.
pub(crate) fn set_address(section: Section) {
    if Section::of_address(&address()) != section {
        let _ = window().location().set_hash(section.name());
    }
}

/// Returns date and time as the browser writes them in this language.
pub(crate) fn now(language: Language) -> String {
    let date = js_sys::Date::new_0();
    String::from(date.to_locale_string(language.code(), &JsValue::UNDEFINED))
}

/// Copies a text to the clipboard. Returns whether the browser allowed it.
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

/// Returns an attribute of an element; empty if it has none.
pub(crate) fn attribute(element: &Element, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}
