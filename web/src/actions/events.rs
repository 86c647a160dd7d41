//! Names of clicks and choices to what they do.

use wasm_bindgen_futures::spawn_local;
use web_sys::Element;

use super::batch::{batch, download_batch};
use super::change;
use super::drawing::{draw, draw_result, draw_sheet, redraw};
use super::files::{change_data, files};
use super::form::{clear, example};
use super::models::{own_model, use_model};
use super::records::{take_record, toggle_import, use_record};
use super::result::{copy, keep};
use super::starting::speak;
use super::training::{download, train};
use super::turns::{DROPPED, Turns};
use super::units::use_unit;
use super::what_if::{choose_what_if, use_moved};
use super::work::{anew, pool_anew};
use crate::browser::{self, FILES};
use crate::files::Data;
use crate::{component, views};

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
        "download-model" => download("model.json", |trained| Some(&trained.model)),
        "download-statistics" => download("statistics.json", |trained| Some(&trained.statistics)),
        "download-audit" => download("statistics.audit.jsonl", |trained| trained.audit.as_ref()),
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
