//! Turns what a person types into a form into the columns of a model: units, entry formulas and problems.
//!
//! *Invariants*: nothing is filled in, clamped or guessed. A value is the typed number, its exact conversion, a
//! formula over such values, or one of a category's values.
//!
//! Reading order: [`typed`] (text to number and unit), [`units`], [`formula`], [`field`] and [`form`] (the fields of a form),
//! [`problem`] (what is wrong with an entry), [`evaluate`] (entries to values and problems).
//!
//! *Not here*: ranges of the training data (`predict`, `explain`). Beyond them a prediction is an extrapolation, but the entry is no
//! problem.

mod evaluate;
mod field;
mod form;
mod formula;
mod problem;
mod typed;
mod units;

pub use evaluate::{EnteredValue, Evaluation};
pub use form::Form;
pub use problem::{FieldProblem, ProblemCode};
