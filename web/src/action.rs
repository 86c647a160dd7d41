//! Everything that can happen to the page, and how clicks and choices become actions.
//!
//! A button has the attribute `data-do`, sometimes with `data-arg` and `data-unit-to`; a choice has `data-set`. Only this file reads them.

use crate::command::{Reply, ReplyTo, WorkStep};
use crate::files::ChosenFile;
use crate::generation::{Generation, RequestKey};
use crate::preview::DialectChoice;
use crate::state::{Section, Theme};
use crate::texts::Language;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// The page was opened.
    Started(Opening),
    /// The address changed.
    AddressChanged(Section),
    /// Pictures have another width, in pixels.
    Resized(f64),
    /// A newer version of the page waits.
    NewerVersionReady,

    /// Go to the element with this id.
    GoTo(String),
    /// Fill in the stored example.
    FillExample,
    /// Empty the form.
    ClearForm,
    /// Open or close the place for a FHIR record.
    ToggleImport,
    /// Take the value of a field in this unit.
    UseUnit {
        /// Name of the field.
        field: String,
        /// The unit.
        unit: String,
    },
    /// Keep the result as A of a comparison.
    Keep(Comparison),
    /// End the comparison.
    EndComparison,
    /// Enter the value at which the slider stands.
    UseMovedValue,
    /// Copy the result as text.
    CopyResult,
    /// Print the result.
    Print,
    /// Read a FHIR record.
    ReadRecord(String),
    /// Enter the values of the FHIR record.
    UseRecord,
    /// Forget the FHIR record.
    DiscardRecord,
    /// Go back to the page's own model.
    UseOwnModel,
    /// Use the newer version of the page.
    TakeNewerVersion,
    /// Stay with this version of the page for now.
    DismissNewerVersion,
    /// Use the tables as they are shown.
    UsePreview,
    /// Leave the tables that are shown.
    LeavePreview,
    /// End the long work.
    CancelWork,
    /// Predict every row of the tables.
    PredictTables,
    /// Save the predictions of the table with this number.
    DownloadPredictions(usize),
    /// Train a model.
    Train,
    /// Save a result of training.
    Download(TrainingFile),
    /// Use the trained model on the page.
    UseTrainedModel,
    /// Remove the statistics with this number.
    RemoveStatistics(usize),
    /// Forget all of the person's files.
    StartOver,

    /// Predict from the form.
    Predict,
    /// The text of a field changed.
    Typed {
        /// Name of the field.
        field: String,
        /// The text.
        text: String,
    },
    /// The person left a field.
    FieldLeft(String),
    /// A unit was chosen for a field.
    UnitChosen {
        /// Name of the field.
        field: String,
        /// The unit.
        unit: String,
    },
    /// The slider moved to the value with this number.
    SliderMoved(usize),

    /// A language was chosen.
    LanguageChosen(Language),
    /// Colours were chosen.
    ThemeChosen(Theme),
    /// The field that the slider moves was chosen.
    WhatIfFieldChosen(String),
    /// Files were dropped or chosen.
    FilesChosen(Vec<ChosenFile>),
    /// The person said how a table is written.
    DialectChosen {
        /// The index of the table; those that are written alike change with it.
        table: usize,
        /// What was chosen.
        choice: DialectChoice,
    },
    /// The column to predict was chosen.
    TargetChosen(String),
    /// A column to predict from was added or left out.
    FeatureChosen {
        /// Name of the column.
        name: String,
        /// Whether it is used.
        used: bool,
    },
    /// A column was called a category, or no longer.
    CategoryChosen {
        /// Name of the column.
        name: String,
        /// Whether it is one.
        is_category: bool,
    },
    /// Whether rows with missing values are left out was chosen.
    DropMissingChosen(bool),
    /// Whether the statistics are to be shared was chosen.
    ShareChosen(bool),

    /// A request was answered.
    Answered {
        /// What the answer is for.
        reply_to: ReplyTo,
        /// The answer.
        reply: Reply,
    },
    /// A step of long work was answered.
    WorkAnswered {
        /// The generation of the work.
        generation: Generation,
        /// Which step.
        step: WorkStep,
        /// The answer.
        reply: Reply,
    },
    /// Long work went on.
    WorkProgressed {
        /// The generation of the work.
        generation: Generation,
        /// Bytes done.
        done: f64,
        /// Bytes to do.
        total: f64,
    },
    /// The clipboard took the result, or refused it.
    Copied {
        /// The result that was copied.
        key: RequestKey,
        /// Its text.
        text: String,
        /// Whether the clipboard took it.
        taken: bool,
    },
}

/// What the browser knows when the page is opened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Opening {
    /// The remembered language, else the browser's.
    pub language: Language,
    /// The remembered colours.
    pub theme: Theme,
    /// The section that the address names.
    pub section: Section,
    /// Width of pictures, in pixels.
    pub width: f64,
    /// Whether the program `samefit serve` serves the page.
    pub served: bool,
    /// The file of the model that `samefit serve --model` opens the page with.
    pub served_model: Option<String>,
}

/// How a comparison goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// With other values of the same patient.
    ChangeValues,
    /// With another patient.
    OtherPatient,
}

/// A file that training makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingFile {
    /// `model.json`
    Model,
    /// `statistics.json`
    Statistics,
    /// `statistics.audit.jsonl`
    Audit,
}

/// The attributes of a button.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Button {
    /// `data-do`
    pub name: String,
    /// `data-arg`
    pub argument: String,
    /// `data-unit-to`
    pub unit: String,
    /// The text of the element that `data-value-of` names.
    pub text: String,
}

/// The attributes and the value of a choice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// `data-set`
    pub name: String,
    /// `data-arg`
    pub argument: String,
    /// The chosen value.
    pub value: String,
    /// Whether it is checked.
    pub checked: bool,
}

impl Action {
    /// Returns the action of a button. None for a name that no button has.
    #[must_use]
    pub fn of_button(button: Button) -> Option<Self> {
        let Button { name, argument, unit, text } = button;
        let number = || argument.parse().ok();
        Some(match name.as_str() {
            "go" => Self::GoTo(argument),
            "example" => Self::FillExample,
            "clear" => Self::ClearForm,
            "import" => Self::ToggleImport,
            "use-unit" => Self::UseUnit { field: argument, unit },
            "keep-change" => Self::Keep(Comparison::ChangeValues),
            "keep-other" => Self::Keep(Comparison::OtherPatient),
            "compare-end" => Self::EndComparison,
            "use-moved" => Self::UseMovedValue,
            "copy" => Self::CopyResult,
            "print" => Self::Print,
            "fhir-read" => Self::ReadRecord(text),
            "fhir-use" => Self::UseRecord,
            "fhir-cancel" => Self::DiscardRecord,
            "own-model" => Self::UseOwnModel,
            "update" => Self::TakeNewerVersion,
            "later" => Self::DismissNewerVersion,
            "use-preview" => Self::UsePreview,
            "leave-preview" => Self::LeavePreview,
            "cancel" => Self::CancelWork,
            "batch" => Self::PredictTables,
            "download-batch" => Self::DownloadPredictions(number()?),
            "train" => Self::Train,
            "download-model" => Self::Download(TrainingFile::Model),
            "download-statistics" => Self::Download(TrainingFile::Statistics),
            "download-audit" => Self::Download(TrainingFile::Audit),
            "use-model" => Self::UseTrainedModel,
            "drop-statistics" => Self::RemoveStatistics(number()?),
            "start-over" => Self::StartOver,
            _ => return None,
        })
    }

    /// Returns the action of a choice. None for a name that no choice has. Files are not chosen in this way, because they have no text.
    #[must_use]
    pub fn of_choice(choice: Choice) -> Option<Self> {
        let Choice { name, argument, value, checked } = choice;
        if let Some(key) = name.strip_prefix("dialect-") {
            return Some(Self::DialectChosen { table: argument.parse().ok()?, choice: DialectChoice::of(key, &value)? });
        }
        Some(match name.as_str() {
            "language" => Self::LanguageChosen(Language::from_tag(&value)?),
            "theme" => Self::ThemeChosen(Theme::from_name(&value)),
            "what-if" => Self::WhatIfFieldChosen(value),
            "slider" => Self::SliderMoved(value.parse().unwrap_or(0)),
            "target" => Self::TargetChosen(value),
            "feature" => Self::FeatureChosen { name: value, used: checked },
            "category" => Self::CategoryChosen { name: value, is_category: checked },
            "missing" => Self::DropMissingChosen(value == "drop"),
            "sharing" => Self::ShareChosen(value == "share"),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
    use super::*;

    /// The names that follow this text in all views.
    fn names_after(opening: &str) -> Vec<String> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/views")).unwrap() {
            let source = std::fs::read_to_string(entry.unwrap().path()).unwrap().replace("\\\"", "\"");
            let values = source.split(opening).skip(1).filter_map(|rest| rest.split('"').next());
            found.extend(values.filter(|value| !value.starts_with('{')).map(str::to_owned));
        }
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn every_button_of_the_views_has_an_action() {
        let names = names_after("data-do=\"");
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            let button = Button { name: name.clone(), argument: "0".to_owned(), ..Button::default() };
            assert!(Action::of_button(button).is_some(), "{name}");
        }
    }

    #[test]
    fn every_choice_of_the_views_has_an_action() {
        let names = [names_after("data-set=\""), names_after("radio(\"")].concat();
        assert!(names.len() >= 9, "{names:?}");
        for name in names.into_iter().filter(|name| name != "files") {
            let value = if name == "dialect-skip" { "2" } else { "en" };
            let choice = Choice { name: name.clone(), argument: "0".to_owned(), value: value.to_owned(), checked: true };
            assert!(Action::of_choice(choice).is_some(), "{name}");
        }
    }

    #[test]
    fn attributes_become_data() {
        let button = |name: &str, argument: &str| Button { name: name.to_owned(), argument: argument.to_owned(), ..Button::default() };
        assert_eq!(Action::of_button(button("download-batch", "2")), Some(Action::DownloadPredictions(2)));
        assert_eq!(Action::of_button(button("download-batch", "two")), None);
        assert_eq!(Action::of_button(button("nonsense", "")), None);
        let suggestion = Button { unit: "mmol/L".to_owned(), ..button("use-unit", "tc") };
        assert_eq!(Action::of_button(suggestion), Some(Action::UseUnit { field: "tc".to_owned(), unit: "mmol/L".to_owned() }));
        let choice = |name: &str, value: &str| Choice { name: name.to_owned(), value: value.to_owned(), ..Choice::default() };
        assert_eq!(Action::of_choice(choice("language", "de")), Some(Action::LanguageChosen(Language::German)));
        assert_eq!(Action::of_choice(choice("missing", "drop")), Some(Action::DropMissingChosen(true)));
        let left_out = Action::FeatureChosen { name: "age".to_owned(), used: false };
        assert_eq!(Action::of_choice(choice("feature", "age")), Some(left_out));
    }
}
