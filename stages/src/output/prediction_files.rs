//! Where predictions go: files with the names of their inputs, or standard output; and what is said of them.

use samefit_text::line;
use serde_json::{Value, json};

use crate::error::Result;
use crate::output::describe;
use crate::output::outputs::Outputs;
use crate::ports::columns::{ColumnWriter, PredictionRows};
use crate::ports::engine::StatusCounts;
use crate::ports::files::Files;
use crate::source::Source;
use crate::text::json;
use crate::text::numbers::counted;
use crate::text::paths::{STANDARD, join, written};
use crate::work::collector::{PredictionSink, RecordPrediction};
use crate::work::prediction_format::PredictionFormat;

/// Files that are listed for people; the others are counted.
const LISTED_MAX: usize = 10;

/// How predictions are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PredictionLayout {
    /// The format of the predictions; none for that of the data.
    pub(crate) to: Option<PredictionFormat>,
    /// Whether the columns of the input are written too.
    pub(crate) with_input: bool,
    /// How many columns a prediction has.
    pub(crate) added: usize,
    /// Whether every record has a status.
    pub(crate) continues: bool,
}

impl PredictionLayout {
    fn format(self, source: &Source) -> PredictionFormat {
        PredictionFormat::of(self.to, source)
    }

    /// Whether every column of the input stands in the predictions, with its type.
    pub(crate) fn keeps_columns_of(self, source: &Source) -> bool {
        self.format(source).takes_columns_of(source, self.with_input)
    }
}

/// Writes predictions into files.
pub(crate) struct PredictionWriter<'r> {
    files: &'r dyn Files,
    outputs: Outputs<'r>,
    /// The folder of the files, or standard output.
    out: &'r str,
    layout: PredictionLayout,
    open: OpenTable,
    summary: PredictionSummary,
}

/// The table that is being written.
#[derive(Default)]
struct OpenTable {
    /// Handle of its file.
    handle: usize,
    /// Turns its rows into a file of columns.
    columns: Option<Box<dyn ColumnWriter>>,
}

impl<'r> PredictionWriter<'r> {
    /// Begins to write into `out` what is predicted from `read`, which must not be overwritten.
    pub(crate) fn new<'p>(files: &'r dyn Files, read: impl IntoIterator<Item = &'p str>, out: &'r str, layout: PredictionLayout) -> Self {
        let summary = PredictionSummary::new(layout.continues);
        Self { files, outputs: Outputs::new(files, read), out, layout, open: OpenTable::default(), summary }
    }

    /// Puts every file in its place. Returns what to say of them.
    pub(crate) fn commit(self) -> Result<PredictionSummary> {
        self.outputs.commit()?;
        Ok(self.summary)
    }

    fn path(&self, source: &Source) -> String {
        match self.out {
            STANDARD => STANDARD.to_owned(),
            out => join(out, &PredictionFormat::name_for(self.layout.to, source)),
        }
    }
}

impl PredictionSink for PredictionWriter<'_> {
    fn record(&mut self, source: &Source, prediction: &RecordPrediction) -> Result<()> {
        if self.layout.format(source) != PredictionFormat::Json {
            self.begin(source)?;
            self.write(prediction.text.as_bytes())?;
            return self.end(source, &prediction.counts);
        }
        let to = self.path(source);
        self.outputs.put(&to, format!("{}\n", prediction.text.trim_end()))?;
        self.summary.record(source, to, prediction)
    }

    fn begin(&mut self, source: &Source) -> Result<()> {
        let format = self.layout.format(source);
        self.open.handle = self.outputs.create(&self.path(source))?;
        self.open.columns = match format.columns() {
            Some(kind) => {
                let input = self.layout.keeps_columns_of(source).then_some(source.path.as_str());
                Some(
                    self.files
                        .column_writer(kind, PredictionRows { added: self.layout.added }, input)
                        .map_err(|error| error.in_file(&source.path))?,
                )
            }
            None => None,
        };
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        match &mut self.open.columns {
            Some(columns) => self.outputs.write(self.open.handle, &columns.push(bytes)?),
            None => self.outputs.write(self.open.handle, bytes),
        }
    }

    fn end(&mut self, source: &Source, counts: &StatusCounts) -> Result<()> {
        if let Some(mut columns) = self.open.columns.take() {
            let rest = columns.finish().map_err(|error| error.in_file(&source.path))?;
            self.outputs.write(self.open.handle, &rest)?;
        }
        self.outputs.close(self.open.handle)?;
        self.summary.table(source, self.path(source), counts);
        Ok(())
    }
}

/// Which files were written: the first few for people, all of them for `--json`.
pub(crate) struct PredictionSummary {
    /// Whether records without a prediction are written too.
    continues: bool,
    listed: Vec<String>,
    files: Vec<Value>,
    counts: StatusCounts,
}

impl PredictionSummary {
    fn new(continues: bool) -> Self {
        Self { continues, listed: Vec::new(), files: Vec::new(), counts: StatusCounts::default() }
    }

    fn record(&mut self, source: &Source, to: String, prediction: &RecordPrediction) -> Result<()> {
        let counts = &prediction.counts;
        if self.listed.len() < LISTED_MAX {
            let (below, document) = (&source.below, json::parse_ours(&prediction.text)?);
            self.listed.push(match document["problem"].as_str().filter(|_| counts.refused() > 0) {
                Some(problem) => describe::no_prediction(below, problem),
                None => describe::prediction(below, &document),
            });
        }
        self.count(to, counts);
        Ok(())
    }

    fn table(&mut self, source: &Source, to: String, counts: &StatusCounts) {
        if self.listed.len() < LISTED_MAX {
            let refused = match counts.refused() {
                0 => String::new(),
                refused => format!(", {} without one", counted(refused, "record")),
            };
            self.listed.push(format!("{}: {}{refused}", line(&source.below), counted(counts.predicted(), "prediction")));
        }
        self.count(to, counts);
    }

    fn count(&mut self, to: String, counts: &StatusCounts) {
        self.files.push(json!({"path": to, "records": counts.predicted()}));
        self.counts.add(counts);
    }

    /// Returns a note on the records without a prediction, if there are any.
    pub(crate) fn note(&self, out: &str) -> Option<String> {
        let StatusCounts { missing, error, .. } = self.counts;
        let refused = self.counts.refused();
        let all = counted(refused + self.counts.predicted(), "record");
        let have = if refused == 1 { "has" } else { "have" };
        let why = format!("{missing} with status missing, {error} with status error");
        (refused > 0).then(|| format!("note: {}: {refused} of {all} {have} no prediction: {why}", line(written(out))))
    }

    /// Returns what to tell people.
    pub(crate) fn text(&self, out: &str) -> String {
        let mut lines = self.listed.clone();
        if self.files.len() > lines.len() {
            lines.push(format!("and {}", counted((self.files.len() - lines.len()) as u64, "more file")));
        }
        lines.push(format!(
            "wrote {} in {} to {}",
            counted(self.counts.predicted(), "prediction"),
            counted(self.files.len() as u64, "file"),
            line(written(out))
        ));
        lines.join("\n")
    }

    /// Returns the document of `--json`.
    pub(crate) fn document(&self) -> String {
        let mut document = json!({"files": self.files, "records": self.counts.predicted()});
        if self.continues {
            document["status"] = json!(self.counts);
        }
        json::document(&document)
    }
}
