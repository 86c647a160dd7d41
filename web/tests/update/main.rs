//! Every flow of the page without a browser: actions go in, commands come out, and the answers of the worker are given by hand.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod categories;
mod comparison;
mod drawing;
mod files;
mod form;
mod language;
mod prediction;
mod preview;
mod record;
mod startup;
mod support;
mod training;
mod units;
mod what_if;
