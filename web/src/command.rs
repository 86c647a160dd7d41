//! What the browser has to do after an action: draw, ask the worker, move the keyboard, download, copy, print.

use serde_json::Value;

use crate::drawing::Part;
use crate::error::Error;
use crate::files::{Handle, PredictedTable, SchemaFile, StatisticsFile, Table};
use crate::generation::{Generation, RequestKey};
use crate::state::patient::Entry;
use crate::state::{Section, Theme, WhatIf};
use crate::texts::Language;

/// One thing for the browser to do. Commands are executed in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Draw a part of the page from the state.
    Draw(Part),
    /// Move the keyboard to the element with this id, and scroll to it.
    Focus(String),
    /// Show a text in a field of the form.
    SetInput {
        /// Name of the field.
        field: String,
        /// The text.
        text: String,
    },
    /// Name the section in the address, unless the address names it already.
    SetAddress(Section),
    /// Tell the browser which language the document is in.
    SetDocumentLanguage(Language),
    /// Store the language for the next visit.
    RememberLanguage(Language),
    /// Show the colours.
    ApplyTheme(Theme),
    /// Store the colours for the next visit.
    RememberTheme(Theme),
    /// Ask for something; the answer comes as `Action::Answered`.
    Ask {
        /// What is asked.
        request: Request,
        /// What the answer is for.
        reply_to: ReplyTo,
    },
    /// Ask for something that takes long; the answer comes as `Action::WorkAnswered`, progress as `Action::WorkProgressed`.
    Work {
        /// The generation of the work.
        generation: Generation,
        /// What is asked.
        request: Request,
        /// What the answer is for.
        step: WorkStep,
    },
    /// End the worker and all its work. Every unanswered request gets the error `cancelled`.
    CancelWork,
    /// Save a text as a file.
    Download {
        /// Name of the file.
        name: &'static str,
        /// Its content.
        content: String,
    },
    /// Save a file that the worker made.
    DownloadFile {
        /// Name to save it under.
        name: String,
        /// The file.
        file: Handle,
    },
    /// Copy the result as text to the clipboard; `Action::Copied` tells how it ended.
    CopyResult(RequestKey),
    /// Open the browser's print dialogue.
    Print,
    /// Keep a copy of the page for use without a network, and tell when a newer version waits.
    WatchForNewerVersion,
    /// Replace the page by the newer version.
    TakeNewerVersion,
}

/// A conversion of one value between two units of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// Name of the field.
    pub field: String,
    /// The number as text, with a decimal point.
    pub value: String,
    /// The value's unit.
    pub from: String,
    /// The wanted unit.
    pub to: String,
}

/// A question to the worker or to the browser. All are answered with [`Answer::Text`], but for [`Request::PredictTables`].
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The text of one of the page's own files.
    PageFile(String),
    /// Start the component. Answered with what it says of itself.
    StartComponent,
    /// Make a model the one that the worker predicts with. Answered with its form.
    OpenModel(String),
    /// Check a schema.
    CheckSchema(String),
    /// Evaluate the entries of the form.
    Evaluate(String),
    /// Convert one value. Answered with the number as text.
    Convert(Conversion),
    /// Convert several values. Answered with a list: the number as text, or null where a value cannot be converted.
    ConvertAll(Vec<Conversion>),
    /// Predict from attributes, with contributions and warnings.
    Explain(String),
    /// Predict from attributes, as the program does.
    PredictRecord(String),
    /// Predict for several values of one field, all others as entered.
    Sweep {
        /// The entries.
        entries: String,
        /// The field.
        field: String,
        /// The values' unit.
        unit: String,
        /// The values.
        values: Vec<String>,
    },
    /// The preview of a table, whose `read` has the keys of the plan that are known.
    Preview(Table),
    /// The whole text of a person's file.
    ReadText(Handle),
    /// Profile each table.
    Profile(Vec<Table>),
    /// Sum the tables.
    Summarize {
        /// The tables.
        tables: Vec<Table>,
        /// The plan.
        plan: Value,
    },
    /// Sum the tables so that the statistics may be shared.
    Share {
        /// The tables.
        tables: Vec<Table>,
        /// The plan.
        plan: Value,
        /// The schema's file, for the log.
        schema: Option<SchemaFile>,
    },
    /// Add statistics.
    Merge(Vec<String>),
    /// Fit a model of statistics.
    Fit {
        /// The statistics.
        statistics: String,
        /// The plan.
        plan: Value,
    },
    /// Compute the residuals of each table.
    Residuals {
        /// The tables.
        tables: Vec<Table>,
        /// The model.
        model: String,
        /// The plan.
        plan: Value,
    },
    /// Predict every row of the tables. Answered with [`Answer::Tables`].
    PredictTables(Vec<Table>),
}

/// An answer to a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A text; often JSON.
    Text(String),
    /// Predictions, one file a table.
    Tables(Vec<PredictedTable>),
}

impl Answer {
    /// Returns the text; empty if the answer is none.
    #[must_use]
    pub fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Tables(_) => String::new(),
        }
    }
}

/// What an answer is for, with all that is needed to go on.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyTo {
    /// The texts of a language.
    Texts {
        /// The generation of the choice.
        generation: Generation,
        /// The language.
        language: Language,
    },
    /// Something that the page needs to start.
    Startup(StartupFile),
    /// The prediction of the stored example.
    SelfTest,
    /// Text of the model that `samefit serve --model` opens the page with.
    ServedModel,
    /// The form of a model.
    OpenedModel {
        /// The model's text.
        text: String,
        /// The file it came from; none for the page's own.
        file: Option<String>,
        /// Why it was opened.
        reason: OpenReason,
    },
    /// The evaluation of the entries.
    Evaluated {
        /// What was evaluated.
        key: RequestKey,
        /// What to do next.
        next: AfterEvaluation,
    },
    /// The text of a field in another unit.
    Converted {
        /// Name of the field.
        field: String,
        /// What stood there when the unit was chosen.
        chosen: Entry,
    },
    /// Training ranges in other units: two values, lowest and highest, for each field and unit.
    Ranges {
        /// The model.
        model: Generation,
        /// Fields and units.
        wanted: Vec<(String, String)>,
    },
    /// A prediction.
    Explained(RequestKey),
    /// Predictions along a field.
    Swept {
        /// The generation of the sweep.
        generation: Generation,
        /// The field, its values and where the slider stands.
        what_if: WhatIf,
        /// What to do next.
        next: AfterSweep,
    },
    /// Text of the first file of the intake, a document.
    FileRead(Generation),
    /// Preview of the first file of the intake, a table.
    FirstPreview {
        /// The generation of the intake.
        generation: Generation,
        /// The table.
        table: Table,
    },
    /// Another preview of a table that is shown.
    Previewed {
        /// The generation of the previews.
        generation: Generation,
        /// The index of the table.
        at: usize,
        /// The control that was used, if it is of this table.
        control: Option<String>,
    },
    /// Whether statistics are accepted.
    StatisticsChecked {
        /// The generation of the intake.
        generation: Generation,
        /// The statistics.
        statistics: StatisticsFile,
    },
    /// Whether a schema is accepted.
    SchemaChecked {
        /// The generation of the intake.
        generation: Generation,
        /// The schema.
        schema: SchemaFile,
    },
}

/// What the page needs to start, beside its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartupFile {
    /// What the component says of itself.
    Facts,
    /// The page's own model.
    Model,
    /// The stored example.
    Check,
    /// The page's version.
    Version,
}

/// Why a model was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenReason {
    /// It is the page's own and the page starts.
    Startup,
    /// `samefit serve --model` names it.
    Served,
    /// The person wants to use it.
    Chosen,
    /// The person dropped its file, in this generation of the intake.
    Dropped(Generation),
}

/// What to do once the entries are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterEvaluation {
    /// Show problems and computed values beside the fields.
    ShowMessages,
    /// Predict as well.
    Predict,
}

/// What to do once the predictions along a field are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AfterSweep {
    /// Show the result, if it is still wanted.
    ShowResult(RequestKey),
    /// Show the section about what would be different.
    ShowWhatIf,
}

/// A step of long work.
#[derive(Clone, Debug, PartialEq)]
pub enum WorkStep {
    /// Profiles of the tables.
    Profile,
    /// Predictions of the tables, with this model.
    PredictTables(Generation),
    /// Statistics to train on.
    Statistics(Box<Training>),
    /// The model.
    Fit(Box<Training>),
    /// Residuals of the model.
    Residuals(Box<Training>),
}

/// A training run. It keeps the files and the choice of its beginning, whatever the person changes meanwhile.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Training {
    /// The tables; none for pooled statistics.
    pub tables: Vec<Table>,
    /// The plan.
    pub plan: Value,
    /// Text of the statistics, once there.
    pub statistics: String,
    /// The component's notes.
    pub notes: Vec<Value>,
    /// The line for the log, if the statistics are to be shared.
    pub audit: Option<String>,
    /// Text of the model, once there.
    pub model: String,
}

/// The result of a request.
pub type Reply = Result<Answer, Error>;
