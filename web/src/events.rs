//! Turns events of the document into actions.

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Element, Event, EventTarget, File, FileList};

use crate::action::{Action, Button, Choice};
use crate::browser::{address, attribute, by_id, chosen_files, document, is_checked, picture_width, value_of, window};
use crate::state::Section;

/// Listens to everything that can happen, for as long as the page is open.
pub(crate) fn listen<A, F>(act: A, take_files: F)
where
    A: Fn(Action) + Clone + 'static,
    F: Fn(Vec<File>) + Clone + 'static,
{
    on("click", &act, |event| click(event).into_iter().collect());
    on("submit", &act, |event| {
        event.prevent_default();
        vec![Action::Predict]
    });
    on("input", &act, |event| input(event).into_iter().collect());
    on("focusout", &act, |event| {
        let field = origin(event, "input[type=text][data-field]");
        field.map(|element| Action::FieldLeft(attribute(&element, "data-field"))).into_iter().collect()
    });
    on("change", &act, change);
    on("dragover", &act, |event| {
        event.prevent_default();
        Vec::new()
    });
    listen_for_files(take_files);
    let (moved, resized) = (act.clone(), act);
    listen_to(window().as_ref(), "hashchange", move |_| moved(Action::AddressChanged(Section::of_address(&address()))));
    listen_to(window().as_ref(), "resize", move |_| resized(Action::Resized(picture_width())));
}

fn listen_for_files<F: Fn(Vec<File>) + Clone + 'static>(take_files: F) {
    let take_dropped = take_files.clone();
    listen_to(document().as_ref(), "drop", move |event| {
        event.prevent_default();
        let data = event.dyn_ref::<web_sys::DragEvent>().and_then(web_sys::DragEvent::data_transfer);
        take_dropped(files_of(data.and_then(|data| data.files())));
    });
    listen_to(document().as_ref(), "change", move |event| {
        if let Some(element) = origin(&event, "[data-set=files]") {
            take_files(files_of(chosen_files(&element)));
        }
    });
}

/// A button, or a link that acts as one.
fn click(event: &Event) -> Option<Action> {
    let element = origin(event, "[data-do]")?;
    if element.tag_name() == "A" {
        event.prevent_default();
    }
    let text = by_id(&attribute(&element, "data-value-of")).map(|named| value_of(&named)).unwrap_or_default();
    Action::of_button(Button {
        name: attribute(&element, "data-do"),
        argument: attribute(&element, "data-arg"),
        unit: attribute(&element, "data-unit-to"),
        text,
    })
}

/// Something changes while the person types or moves the slider.
fn input(event: &Event) -> Option<Action> {
    if let Some(element) = origin(event, "input[type=text][data-field]") {
        return Some(Action::Typed { field: attribute(&element, "data-field"), text: value_of(&element) });
    }
    origin(event, "[data-set=slider]").and_then(|element| choice(&element))
}

/// Something was chosen. A choice among categories is typed and left at once.
fn change(event: &Event) -> Vec<Action> {
    if let Some(element) = origin(event, "select[data-unit]") {
        return vec![Action::UnitChosen { field: attribute(&element, "data-unit"), unit: value_of(&element) }];
    }
    if let Some(element) = origin(event, "input[type=radio][data-field], select[data-field]") {
        let field = attribute(&element, "data-field");
        return vec![Action::Typed { field: field.clone(), text: value_of(&element) }, Action::FieldLeft(field)];
    }
    // the slider has told its value while it moved
    let element = origin(event, "[data-set]:not([data-set=slider])");
    element.and_then(|element| choice(&element)).into_iter().collect()
}

fn choice(element: &Element) -> Option<Action> {
    Action::of_choice(Choice {
        name: attribute(element, "data-set"),
        argument: attribute(element, "data-arg"),
        value: value_of(element),
        checked: is_checked(element),
    })
}

fn files_of(list: Option<FileList>) -> Vec<File> {
    list.map(|list| (0..list.length()).filter_map(|at| list.get(at)).collect()).unwrap_or_default()
}

fn on<A: Fn(Action) + Clone + 'static>(name: &str, act: &A, actions: impl Fn(&Event) -> Vec<Action> + 'static) {
    let act = act.clone();
    listen_to(document().as_ref(), name, move |event| actions(&event).into_iter().for_each(&act));
}

fn listen_to(target: &EventTarget, name: &str, act: impl FnMut(Event) + 'static) {
    let closure = Closure::<dyn FnMut(Event)>::new(act);
    let _ = target.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
    closure.forget();
}

/// Returns the element that an event is for: the nearest one that the selector fits.
fn origin(event: &Event, selector: &str) -> Option<Element> {
    event.target()?.dyn_into::<Element>().ok()?.closest(selector).ok().flatten()
}
