//! Turns the state into HTML, and into text to copy. A file for each part of the page; none of them changes the state.

pub mod about;
pub mod compare;
pub mod data;
pub mod fhir;
pub mod form;
pub mod frame;
pub mod plain_text;
pub mod preview;
pub mod result;
pub mod sheet;
pub mod what_if;
pub mod words;
