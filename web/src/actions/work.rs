//! Long work with files: its beginning, how far it is, its end.

use wasm_bindgen::prelude::{Closure, JsValue};
use web_sys::File;

use super::drawing::redraw;
use super::turns::{Turns, WORK};
use super::{change, read};
use crate::browser::{self, FILES, SCHEMA};
use crate::files::{Busy, Data, Table};
use crate::{component, views};

pub(super) fn no_progress() -> Closure<dyn FnMut(f64, f64)> {
    Closure::new(|_, _| {})
}

/// Shows how far the work has come.
pub(super) fn progress(number: u32) -> Closure<dyn FnMut(f64, f64)> {
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
    if let Some((percent, line)) = read(views::data::progress) {
        browser::set_attribute("progress", "value", Some(&percent));
        browser::set_html("progress-line", &line);
    }
}

/// Ends the work that goes on with files, whose answer nobody waits for any more; the number of what comes now.
pub(super) fn anew() -> u32 {
    let number = WORK.with(Turns::next);
    if change(|state| state.data.busy.take()).is_some() {
        component::cancel();
        redraw("busy", views::data::busy);
    }
    number
}

/// A model of other statistics than there are now is not wanted; one of tables is what it was.
pub(super) fn pool_anew() {
    if read(|state| state.data.tables.is_empty()) {
        anew();
    }
}

/// Shows that work begins; its number.
pub(super) fn begin(name: &str) -> u32 {
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
pub(super) fn end(number: u32) -> bool {
    let wanted = WORK.with(|work| work.is(number));
    if wanted {
        change(|state| state.data.busy = None);
        redraw("busy", views::data::busy);
    }
    wanted
}

/// Files, of those tables that are wanted, as the worker takes them.
pub(super) fn for_worker(wanted: impl Fn(&Table) -> bool) -> JsValue {
    let tables = read(|state| state.data.tables.clone());
    let all = js_sys::Array::new();
    FILES.with_borrow(|files| {
        for (table, file) in tables.iter().zip(files).filter(|(table, _)| wanted(table)) {
            all.push(&one_for_worker(table, file));
        }
    });
    all.into()
}

/// The file of the schema, or null.
pub(super) fn schema_for_worker(data: &Data) -> JsValue {
    let file = data.schema.as_ref().and_then(|_| SCHEMA.with_borrow(Clone::clone));
    file.map_or(JsValue::NULL, |file| described(&file.name(), &file, &JsValue::NULL))
}

fn one_for_worker(table: &Table, file: &File) -> JsValue {
    described(&table.name, file, &js_sys::JSON::parse(&table.read.to_string()).unwrap_or_default())
}

fn described(name: &str, file: &File, read: &JsValue) -> JsValue {
    let object = js_sys::Object::new();
    let size = JsValue::from_f64(file.size());
    for (key, value) in [("name", &JsValue::from_str(name)), ("blob", file.as_ref()), ("size", &size), ("read", read)] {
        let _ = js_sys::Reflect::set(&object, &key.into(), value);
    }
    object.into()
}

pub(super) fn names(data: &Data) -> String {
    data.tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ")
}
