use samefit_web::action::Action;
use samefit_web::drawing::{Change, Part, changes};
use samefit_web::error::Error;
use samefit_web::texts::{Language, Texts};

use crate::support::{Page, is_evaluate};
use crate::training::with_table;

pub(crate) fn html(page: &Page, part: &Part) -> Vec<(String, String)> {
    let change = |change| match change {
        Change::Html { id, html } => Some((id, html)),
        _ => None,
    };
    changes(&page.state, part, &|| "today".to_owned()).into_iter().filter_map(change).collect()
}

pub(crate) fn with_english_texts(mut page: Page) -> Page {
    let texts = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/texts/en.json")).unwrap();
    page.state.texts = Texts::new(Language::English, &texts);
    page
}

#[test]
fn every_part_is_drawn_into_elements_that_the_page_has() {
    let page = with_english_texts(Page::with_result());
    let whole: String = html(&page, &Part::Page).into_iter().map(|(_, html)| html).collect();
    let parts = [
        Part::Banners,
        Part::Messages,
        Part::Unit("tc".to_owned()),
        Part::FormError(Error::default()),
        Part::Record,
        Part::Result,
        Part::Sheet,
        Part::Copied(None),
        Part::WhatIf,
        Part::WhatIfValue,
    ];
    for part in parts {
        let drawn = html(&page, &part);
        assert!(!drawn.is_empty(), "{part:?}");
        for (id, _) in drawn.iter().filter(|(id, _)| id != "page") {
            assert!(whole.contains(&format!("id=\"{id}\"")), "{part:?} draws into {id}, which the page does not have");
        }
    }
}

#[test]
fn the_parts_of_own_files_are_drawn_into_elements_that_the_section_has() {
    let mut page = with_english_texts(with_table());
    page.act(Action::Train);
    let whole: String = html(&page, &Part::Page).into_iter().map(|(_, html)| html).collect();
    for part in [Part::Data, Part::Work, Part::Progress] {
        let drawn = html(&page, &part);
        assert!(!drawn.is_empty(), "{part:?}");
        for (id, _) in drawn {
            assert!(whole.contains(&format!("id=\"{id}\"")), "{part:?} draws into {id}");
        }
    }
}

#[test]
fn the_title_says_that_there_is_a_problem() {
    let mut page = with_english_texts(Page::ready());
    let commands = page.act(Action::Predict);
    page.answer(&commands, is_evaluate, r#"{"problems": [{"name": "bmi", "code": "missing", "blocks": true}]}"#);
    let drawn = changes(&page.state, &Part::Messages, &String::new);
    assert!(drawn.contains(&Change::Title("Error: Predict – samefit".to_owned())), "{drawn:?}");
    let marked = Change::Attribute { id: "in-bmi".to_owned(), name: "aria-invalid", value: Some("true".to_owned()) };
    assert!(drawn.contains(&marked), "{drawn:?}");
}

#[test]
fn texts_from_outside_are_escaped() {
    let mut page = with_english_texts(Page::ready());
    page.act(Action::Typed { field: "bmi".to_owned(), text: "\"><script>".to_owned() });
    page.state.loaded.file = Some("<script>".to_owned());
    let whole: String = html(&page, &Part::Page).into_iter().map(|(_, html)| html).collect();
    assert!(!whole.contains("<script>") && whole.contains("&lt;script&gt;"));
}

#[test]
fn the_sheet_has_the_date_it_is_drawn_with() {
    let page = with_english_texts(Page::with_result());
    assert!(html(&page, &Part::Sheet)[0].1.contains("today"));
}
