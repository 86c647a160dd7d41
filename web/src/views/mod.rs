//! State to HTML, a file for each part of the page. None of them changes anything.

pub mod about;
pub mod compare;
pub mod data;
pub mod fhir;
pub mod form;
pub mod frame;
pub mod result;
pub mod sheet;
pub mod what_if;
pub mod words;
