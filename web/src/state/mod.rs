//! Everything that the page knows.

pub mod loaded;
pub mod patient;

use serde_json::Value;

use crate::error::Error;
use crate::fhir::FhirValues;
use crate::files::{Data, Handle};
use crate::generation::{Generations, RequestKey};
use crate::preview::{Intake, Previews};
use crate::state::loaded::LoadedModel;
use crate::state::patient::Patient;
use crate::texts::{Language, Texts};

/// The state of the page. `update` changes it; the views only read it.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The texts of the page's language.
    pub texts: Texts,
    /// The chosen colours.
    pub theme: Theme,
    /// The section that is open.
    pub section: Section,
    /// Whether the page can predict.
    pub readiness: Readiness,
    /// Files that the page waits for while it starts.
    pub startup: Startup,
    /// What the component says of itself: version, limits, digest.
    pub facts: Value,
    /// Version of the page: a digest of its files.
    pub version: String,
    /// Whether a newer version of the page waits.
    pub newer: bool,
    /// The language that was chosen last, if its texts could not be loaded.
    pub missing_language: Option<Language>,
    /// The model in use.
    pub loaded: LoadedModel,
    /// Text of the model that the page comes with.
    pub own_model: String,
    /// The stored example, its answer, and how often the intervals of the page's own model held.
    pub check: Value,
    /// The form and its result.
    pub patient: Patient,
    /// The result that was kept as A of a comparison.
    pub kept: Option<Patient>,
    /// The value that the slider moves.
    pub what_if: WhatIf,
    /// Values of a FHIR record that the person has not confirmed yet.
    pub fhir_values: Option<FhirValues>,
    /// Whether the place for a FHIR record is open.
    pub importing: bool,
    /// The person's own files.
    pub data: Data,
    /// Files that were dropped and are not sorted yet.
    pub intake: Option<Intake>,
    /// Tables that are shown before they are used.
    pub previews: Previews,
    /// Training ranges in other units than the fields' own.
    pub ranges: Vec<ConvertedRange>,
    /// Width of pictures, in pixels.
    pub width: f64,
    /// Which answers are still wanted.
    pub generations: Generations,
}

/// A section of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// The form and its result.
    #[default]
    Predict,
    /// Tables, training, pooling.
    Data,
    /// The model.
    About,
}

impl Section {
    /// Every section, in the order of the menu.
    pub const ALL: [Self; 3] = [Self::Predict, Self::Data, Self::About];

    /// Returns the name, as in addresses and in the names of texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Predict => "predict",
            Self::Data => "data",
            Self::About => "about",
        }
    }

    /// Returns the section of an address such as `#data`. Any other address means the form.
    #[must_use]
    pub fn of_address(hash: &str) -> Self {
        Self::ALL.into_iter().find(|section| hash.trim_start_matches('#') == section.name()).unwrap_or_default()
    }
}

/// The colours of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Light or dark, as the device is set.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every theme, in the order in which the page offers them.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    /// Returns the name, as it is stored, in the style sheet and in the names of texts.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Returns the theme of a name. Any other name means [`Theme::Auto`].
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.name() == name).unwrap_or_default()
    }
}

/// Whether the page may predict.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Readiness {
    /// Not yet.
    #[default]
    Starting,
    /// Yes: the stored example gave the stored answer.
    Ready,
    /// No, for this reason.
    Refused(Refusal),
}

/// Why the page does not predict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The stored example gave another answer than the stored one.
    SelfTest,
    /// The component or the page's model could not be started.
    Start(Error),
}

/// What the page waits for while it starts. The next step needs all of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Startup {
    /// Whether the files were asked for.
    pub asked: bool,
    /// What the component says of itself.
    pub facts: Option<Value>,
    /// Text of the page's own model.
    pub model: Option<String>,
    /// The stored example.
    pub check: Option<Value>,
    /// The page's version.
    pub version: Option<String>,
    /// Whether the program `samefit serve` serves the page. Then the browser need not keep a copy.
    pub served: bool,
    /// The file of the model that `samefit serve --model` opens the page with.
    pub served_model: Option<String>,
}

/// The value that moves, and the predictions along its range.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WhatIf {
    /// Name of the field.
    pub field: String,
    /// Its unit.
    pub unit: Option<String>,
    /// The values, as text: numbers, or the levels of a category.
    pub values: Vec<String>,
    /// For each value prediction, lower and upper end; none where the value is impossible.
    pub results: Vec<Option<[Option<f64>; 3]>>,
    /// The patient's own value; none for a level.
    pub now: Option<f64>,
    /// The value that is looked at, where the slider stands.
    pub at: usize,
}

/// The training range of a field in a unit that is not the field's own.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvertedRange {
    /// Name of the field.
    pub field: String,
    /// The unit.
    pub unit: String,
    /// Lowest training value.
    pub low: f64,
    /// Highest training value.
    pub high: f64,
}

impl State {
    /// Returns the training range of a field in another unit than its own, if it is known.
    #[must_use]
    pub fn range(&self, field: &str, unit: &str) -> Option<(f64, f64)> {
        self.ranges.iter().find(|known| known.field == field && known.unit == unit).map(|known| (known.low, known.high))
    }

    /// Identifies the prediction that the page would ask for now.
    #[must_use]
    pub fn request_key(&self) -> RequestKey {
        RequestKey { model: self.generations.model, entries: self.patient.entries_json() }
    }

    /// Returns the names of the fields whose value can be moved: those that were entered, not computed.
    #[must_use]
    pub fn movable_fields(&self) -> Vec<String> {
        let moves = |field: &&Value| {
            let how = self.patient.field(field["name"].as_str().unwrap_or_default())["how"].as_str();
            !LoadedModel::is_hidden(field) && matches!(how, Some("typed" | "converted"))
        };
        self.loaded.fields().iter().filter(moves).filter_map(|field| Some(field["name"].as_str()?.to_owned())).collect()
    }

    /// Whether the state still refers to something that the browser holds for it.
    #[must_use]
    pub fn uses(&self, handle: Handle) -> bool {
        self.data.uses(handle) || self.previews.uses(handle) || self.intake.as_ref().is_some_and(|intake| intake.uses(handle))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_name_sections() {
        assert_eq!(Section::of_address("#about"), Section::About);
        assert_eq!(Section::of_address(""), Section::Predict);
        assert_eq!(Section::of_address("#nonsense"), Section::Predict);
    }

    #[test]
    fn names_name_themes() {
        assert_eq!(Theme::from_name("dark"), Theme::Dark);
        assert_eq!(Theme::from_name("nonsense"), Theme::Auto);
    }
}
