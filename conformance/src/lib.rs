//! Runs the conformance cases of `data/cases` over any engine, and compares the outputs as bytes.
//!
//! A case is a folder: `case.json` has the inputs, and the other files are the expected outputs. `data/cases/README.md` describes the format. The
//! cases do not depend on an engine, and an engine needs only the trait [`Engine`].
//!
//! - [`runner`] is an engine in another process, in any language.
//! - [`outcome`] says how an engine did on all cases.
//! - [`runners`] is the list of languages and engines; the program `engines` runs it.
//!
//! *Not here*: engines in Rust (the linked one in `wasi-command`, the component's in `host`), command lines (`host/tests`).

mod input;
pub mod outcome;
pub mod runner;
pub mod runners;

use input::{Input, text};
use samefit_stages::error::{Error, Result};
use samefit_stages::ports::engine::{Engine, PredictedBatch, Stream};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Sizes of the chunks in which data are given: whole, an odd size, one byte. The outputs must not depend on them.
const CHUNK_BYTES: [usize; 3] = [usize::MAX, 7, 1];
/// Longest data that are also given byte by byte.
const BYTEWISE_BYTES_MAX: usize = 4096;

/// The outputs of a case, by file name.
pub type Outputs = BTreeMap<String, Vec<u8>>;

/// A case.
pub struct Case {
    /// Name of its folder.
    pub name: String,
    folder: PathBuf,
    /// The folder of the files that `case.json` names.
    data: PathBuf,
}

/// Returns all cases in the folder `cases` of `data`, in order of their names.
///
/// # Errors
/// If the folder cannot be read.
pub fn cases(data: &Path) -> Result<Vec<Case>, String> {
    let root = data.join("cases");
    let entries = std::fs::read_dir(&root).map_err(|error| format!("{}: {error}", root.display()))?;
    let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect();
    folders.sort();
    let name = |folder: &Path| folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Ok(folders.into_iter().map(|folder| Case { name: name(&folder), folder, data: data.to_owned() }).collect())
}

impl Case {
    /// Returns the expected outputs.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn expected(&self) -> Result<Outputs, String> {
        let entries = std::fs::read_dir(&self.folder).map_err(|error| error.to_string())?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| name != "case.json");
        names.map(|name| std::fs::read(self.folder.join(&name)).map(|bytes| (name, bytes)).map_err(|error| error.to_string())).collect()
    }

    /// Runs the case, and compares its outputs with the expected ones. With `bless`, writes the outputs as the expected ones instead.
    ///
    /// # Errors
    /// A text that shows the first difference.
    pub fn check(&self, engine: &dyn Engine, bless: bool) -> Result<(), String> {
        let got = self.run(engine)?;
        if bless {
            return self.bless(&got);
        }
        let want = self.expected()?;
        let names: Vec<&String> = want.keys().chain(got.keys().filter(|name| !want.contains_key(*name))).collect();
        let differ = names.into_iter().find(|name| want.get(*name) != got.get(*name));
        differ
            .map_or(Ok(()), |name| Err(format!("{}: {name}\n  want: {}\n  got:  {}", self.name, show(want.get(name)), show(got.get(name)))))
    }

    /// Runs the case with each size of chunks, and returns the outputs, which must be the same.
    fn run(&self, engine: &dyn Engine) -> Result<Outputs, String> {
        let input = Input::read(&self.data, &self.folder.join("case.json"))?;
        let bytewise = input.data.len() <= BYTEWISE_BYTES_MAX;
        let sizes = CHUNK_BYTES.iter().filter(|&&size| size > 1 || bytewise);
        let results = sizes.map(|&size| self.run_in_chunks(&input, engine, size)).collect::<Result<Vec<_>, String>>()?;
        match results.windows(2).all(|pair| pair[0] == pair[1]) {
            true => results.into_iter().next().ok_or_else(|| "no run".to_owned()),
            false => Err(format!("{}: the size of the chunks changes the result", self.name)),
        }
    }

    fn run_in_chunks(&self, input: &Input, engine: &dyn Engine, size: usize) -> Result<Outputs, String> {
        let mut outputs = Outputs::new();
        match perform(input, engine, size, &mut outputs) {
            Ok(()) => Ok(outputs),
            Err(Error::Data { fault, .. }) => {
                let error = serde_json::to_string_pretty(&fault).map_err(|error| error.to_string())?;
                Ok(Outputs::from([("error.json".to_owned(), (error + "\n").into_bytes())]))
            }
            Err(other) => Err(format!("{}: {other}", self.name)),
        }
    }

    fn bless(&self, got: &Outputs) -> Result<(), String> {
        let was = self.expected()?;
        let removed = was.keys().filter(|name| !got.contains_key(*name)).map(|name| std::fs::remove_file(self.folder.join(name)));
        let changed = got.iter().filter(|(name, bytes)| was.get(*name) != Some(*bytes));
        let written = changed.map(|(name, bytes)| self.replace(name, bytes));
        removed.chain(written).collect::<Result<(), _>>().map_err(|error| error.to_string())
    }

    /// Writes an expected output. Other tests that read it at the same time read the old bytes or the new ones.
    fn replace(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let new = self.folder.with_extension("new");
        std::fs::write(&new, bytes)?;
        std::fs::rename(new, self.folder.join(name))
    }
}

fn perform(input: &Input, engine: &dyn Engine, size: usize, out: &mut Outputs) -> Result<()> {
    let plan = input.plan.to_string();
    match input.verb.as_str() {
        "train" => {
            let statistics = summarize(input, engine, &plan, size, out)?;
            if input.plan.get("columns").is_none() {
                put(out, "model.json", engine.fit(&statistics, &plan)?);
            }
            put(out, "statistics.json", statistics);
        }
        "share" => share(input, engine, size, out)?,
        "knots" => choose_knots(input, engine, size, out)?,
        "merge" => {
            let mut merger = engine.merger()?;
            input.documents.iter().try_for_each(|document| merger.add(document))?;
            put(out, "statistics.json", merger.finish()?);
        }
        "subtract" => put(out, "statistics.json", engine.subtract(document(input, 0), document(input, 1))?),
        "audit" => put(out, "audit.json", engine.audit(document(input, 0), &text(&input.data))?),
        "fit" => put(out, "model.json", engine.fit(document(input, 0), &plan)?),
        "plan" => put(out, "plan.json", engine.model(&input.model)?.plan()?),
        "predict" => put(out, "prediction.json", engine.model(&input.model)?.predict_record(&text(&input.data), input.interval)?),
        "summary" => {
            let model = engine.model(&input.model)?;
            put(out, "summary.json", model.summary(input.interval.level)?);
            put_notes(out, model.notes()?);
        }
        "compare" => put(out, "test.json", engine.compare(document(input, 0), &plan, &input.other)?),
        "test" => put(out, "test.json", engine.test(document(input, 0), &plan, &input.restrictions)?),
        "batch" => {
            let PredictedBatch { values, status, problems } = engine.model(&input.model)?.predict_batch(&input.columns, input.interval)?;
            put(out, "batch.json", serde_json::json!({"values": values, "status": status}).to_string() + "\n");
            put(out, "problems.json", problems);
        }
        "table" => {
            let model = engine.model(&input.model)?;
            let mut table = model.table(&plan)?;
            out.insert("predictions".to_owned(), feed(&mut *table, &input.data, size)?);
            if input.plan.get("on_error").is_some() {
                put(out, "counts.json", serde_json::json!(table.counts()?).to_string() + "\n");
            }
        }
        "records" => {
            out.insert("records.jsonl".to_owned(), feed(&mut *engine.record_writer(&plan)?, &input.data, size)?);
        }
        "profile" => {
            out.insert("profile.json".to_owned(), feed(&mut *engine.profiler(&plan)?, &input.data, size)?);
        }
        "preview" => put(out, "preview.json", engine.preview(&input.data, &plan)?),
        "explain" => put(out, "explanation.json", engine.model(&input.model)?.explain(&text(&input.data), input.interval.level)?),
        "curve" => {
            let values = engine.model(&input.model)?.curve(&text(&input.data), &input.column, &input.values, input.interval)?;
            put(out, "curve.json", serde_json::json!(values).to_string() + "\n");
        }
        "residuals" => {
            out.insert("residuals.json".to_owned(), feed(&mut *engine.residuals(&input.model, &plan)?, &input.data, size)?);
        }
        "form" => put(out, "form.json", engine.form(document(input, 0))?.fields()?),
        "evaluate" => put(out, "entries.json", engine.form(document(input, 0))?.evaluate(&text(&input.data))?),
        "convert" => {
            let [value, unit, to] = input.convert.each_ref().map(String::as_str);
            put(out, "converted.txt", engine.form(document(input, 0))?.convert(&input.column, value, unit, to)?);
        }
        "judge" => judge(input, engine, size, out)?,
        "difference" => put(out, "difference.txt", engine.first_difference(&input.model, document(input, 0))?.unwrap_or_default()),
        other => return Err(Error::usage(format!("case.json has the unknown verb `{other}`"), "name a verb")),
    }
    Ok(())
}

/// Runs both passes of sharing.
fn share(input: &Input, engine: &dyn Engine, size: usize, out: &mut Outputs) -> Result<()> {
    let mut first = engine.summarizer(&input.plan.to_string())?;
    push(&mut *first, &input.data, size)?;
    let shared = first.choose_decimals()?;
    let mut plan = input.plan.clone();
    plan["shared"] = serde_json::from_str(&shared).unwrap_or_default();
    put(out, "shared.json", shared);
    let mut second = engine.summarizer(&plan.to_string())?;
    let statistics = feed(&mut *second, &input.data, size)?;
    put(out, "statistics.json", text(&statistics));
    let notes = [first.notes()?, second.notes()?].map(|notes| notes.trim_matches(['[', ']']).to_owned());
    let notes = notes.into_iter().filter(|notes| !notes.is_empty()).collect::<Vec<_>>().join(", ");
    if !notes.is_empty() {
        put(out, "notes.json", format!("[{notes}]"));
    }
    Ok(())
}

/// Chooses knots in a first pass, and trains with them in a second.
fn choose_knots(input: &Input, engine: &dyn Engine, size: usize, out: &mut Outputs) -> Result<()> {
    let mut first = engine.summarizer(&input.plan.to_string())?;
    push(&mut *first, &input.data, size)?;
    let knots = first.choose_knots()?;
    let mut plan = input.plan.clone();
    plan["knots"] = serde_json::from_str(&knots).unwrap_or_default();
    put(out, "knots.json", knots);
    let plan = plan.to_string();
    let statistics = summarize(input, engine, &plan, size, out)?;
    put(out, "model.json", engine.fit(&statistics, &plan)?);
    put(out, "statistics.json", statistics);
    Ok(())
}

/// Judges the model by the case's data, or by its first document, which has statistics.
fn judge(input: &Input, engine: &dyn Engine, size: usize, out: &mut Outputs) -> Result<()> {
    let records = match input.documents.first() {
        Some(statistics) => statistics.clone(),
        None => {
            let plan = with_format(&engine.model(&input.model)?.plan()?, &input.plan);
            summarize(input, engine, &plan, size, out)?
        }
    };
    let verdict = engine.judge(&input.model, &records, input.threshold)?;
    put(out, "report.json", verdict.report);
    if let Some(model) = verdict.model {
        put(out, "model.json", model);
    }
    Ok(())
}

/// Returns the model's plan with the keys of the case's plan.
fn with_format(plan: &str, format: &Value) -> String {
    let mut plan: Value = serde_json::from_str(plan).unwrap_or_default();
    for (key, value) in format.as_object().into_iter().flatten() {
        plan[key] = value.clone();
    }
    plan.to_string()
}

fn summarize(input: &Input, engine: &dyn Engine, plan: &str, size: usize, out: &mut Outputs) -> Result<String> {
    let mut stream = engine.summarizer(plan)?;
    let statistics = feed(&mut *stream, &input.data, size)?;
    put_notes(out, stream.notes()?);
    Ok(text(&statistics))
}

fn put_notes(out: &mut Outputs, notes: String) {
    if notes != "[]" {
        put(out, "notes.json", notes);
    }
}

fn feed(stream: &mut dyn Stream, data: &[u8], size: usize) -> Result<Vec<u8>> {
    let mut out = push(stream, data, size)?;
    out.extend(stream.finish()?);
    Ok(out)
}

fn push<S: Stream + ?Sized>(stream: &mut S, data: &[u8], size: usize) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    for chunk in data.chunks(size.min(data.len().max(1))) {
        out.extend(stream.push(chunk)?);
    }
    Ok(out)
}

fn document(input: &Input, at: usize) -> &str {
    input.documents.get(at).map_or("", String::as_str)
}

fn put(out: &mut Outputs, name: &str, text: String) {
    out.insert(name.to_owned(), text.into_bytes());
}

fn show(bytes: Option<&Vec<u8>>) -> String {
    bytes.map_or_else(|| "no such file".to_owned(), |bytes| text(bytes))
}
