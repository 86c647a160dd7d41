//! Forged models: `verify` refuses a model's file in which any byte or key was changed.
//!
//! The verb runs in this process, over files in memory and an engine that caches its results, so that every byte can be tried.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod command_line;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::Parser;
use samefit_stages::error::{Error, Result};
use samefit_stages::limits::SPLIT_BYTES;
use samefit_stages::ports::columns::Batch;
use samefit_stages::ports::engine::{Engine, Form, Identity, Merger, Model, SplitStream, Stream, Summarizer, Verdict};
use samefit_stages::testing::{MemoryFiles, in_stage_with};
use samefit_stages::text::json;
use samefit_stages::verbs::verify::{self, VerifyArgs};
use samefit_wasi_command::engine::LinkedEngine;
use serde_json::{Map, Value, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

/// In a short run, every so many bytes one byte has a second replacement.
const SECOND_REPLACEMENT_EVERY: usize = 9;

/// Rows of training data. They are few so that the models' distributions are short.
const ROWS: usize = 12;

#[derive(Parser)]
struct Verify {
    #[command(flatten)]
    args: VerifyArgs,
}

/// Files in memory, and an engine that caches its results.
struct World {
    files: MemoryFiles,
    engine: CachingEngine,
}

impl World {
    fn new() -> Self {
        let read = |name: &str| std::fs::read_to_string(format!("{DATA}/{name}")).unwrap();
        let lines = |name: &str, rows: usize| read(name).lines().take(rows + 1).map(|line| format!("{line}\n")).collect::<String>();
        let files = [
            ("raw.csv", lines("diabetes_raw.csv", ROWS)),
            ("all.csv", lines("diabetes_raw.csv", 442)),
            ("records.csv", lines("diabetes_raw.csv", 20)),
            ("schema.json", read("diabetes_raw.schema.json")),
        ];
        Self { files: MemoryFiles::of(&files), engine: CachingEngine::default() }
    }

    /// Runs command lines, and returns the model that they write to the folder `m`.
    fn after(lines: &[&str]) -> (Self, String) {
        let world = Self::new();
        for line in lines {
            let words: Vec<&str> = line.split(' ').collect();
            let (result, _) = command_line::run(&world.engine, &world.files, &words, 1, SPLIT_BYTES);
            result.unwrap_or_else(|failure| panic!("{line}: {failure}"));
        }
        let model = String::from_utf8(world.files.get("m/model.json").unwrap()).unwrap();
        (world, model)
    }

    fn verify(&self, model: impl Into<Vec<u8>>, flags: &str) -> Result<()> {
        self.files.put("forged.json", model.into());
        let args = Verify::try_parse_from(format!("verify forged.json {flags}").split(' ')).unwrap().args;
        in_stage_with(&self.engine, &self.files, SPLIT_BYTES, &[], |stage| verify::run(stage, &args)).0
    }
}

/// A genuine model, and the flags with which `verify` accepts it.
struct Original {
    world: World,
    model: String,
    flags: &'static str,
}

impl Original {
    fn new(lines: &[&str], flags: &'static str) -> Self {
        let (world, model) = World::after(lines);
        let original = Self { world, model, flags };
        original.world.verify(original.model.as_str(), flags).unwrap_or_else(|failure| panic!("{failure}"));
        original
    }

    /// Asserts that `verify` refuses a changed model although it was given all it needs.
    #[track_caller]
    fn assert_refused(&self, forged: impl Into<Vec<u8>>, what: &str) {
        let forged = forged.into();
        if forged == self.model.as_bytes() {
            return;
        }
        let Err(failure) = self.world.verify(forged, self.flags) else { panic!("{what}: it was verified") };
        let is_refused = matches!(failure.exit_code(), 3 | 4) && !failure.to_string().contains("not verified");
        assert!(is_refused, "{what}: {failure}");
    }

    /// Asserts that `verify` does not accept a model if it is given the data alone.
    #[track_caller]
    fn assert_not_verified(&self, forged: impl Into<Vec<u8>>, what: &str) {
        let data = self.flags.split(" --").next().unwrap();
        let Err(failure) = self.world.verify(forged, data) else { panic!("{what}: it was verified") };
        assert!(matches!(failure.exit_code(), 3 | 4), "{what}: {failure}");
    }

    /// Changes every byte.
    fn try_every_byte(&self) {
        let bytes = self.model.as_bytes();
        for at in 0..bytes.len() {
            let with = |replacement: &[u8]| [&bytes[..at], replacement, &bytes[at + 1..]].concat();
            let next = if bytes[at].is_ascii_digit() { (bytes[at] - b'0' + 1) % 10 + b'0' } else { bytes[at] ^ 1 };
            let replacements = [&[next][..], b"", &[bytes[at], b'0'], &[bytes[at], b' '], b"\"", &[bytes[at] ^ 0x20], b"9", b"\xff"];
            // a short run tries the first of them at every byte, a long run all of them
            let count = if is_long() { replacements.len() } else { 1 + usize::from(at % SECOND_REPLACEMENT_EVERY == 0) };
            for number in 0..count {
                let replacement =
                    if number == 0 { replacements[0] } else { replacements[(at / SECOND_REPLACEMENT_EVERY + number) % replacements.len()] };
                let what = || format!("byte {at} to {:?}", String::from_utf8_lossy(replacement));
                self.assert_refused(with(replacement), &what());
            }
        }
        self.assert_refused([bytes, b"\n"].concat(), "a line break at the end");
        self.assert_refused([bytes, b" "].concat(), "a space at the end");
        self.assert_refused(["\u{feff}".as_bytes(), bytes].concat(), "a byte order mark");
        self.assert_refused(self.model.replace('\n', "\r\n"), "other line breaks");
    }

    /// Changes every key: removes it, adds one beside it, moves it, gives it another value, writes it twice.
    fn try_every_key(&self) {
        let model: Value = serde_json::from_str(&self.model).unwrap();
        let mut tried = 0;
        each_object(&model, &mut Vec::new(), &mut |place, object| {
            for (at, (key, value)) in object.iter().enumerate() {
                let mut forge = |what: &str, change: &dyn Fn(&mut Map<String, Value>)| {
                    let mut forged = model.clone();
                    change(object_at(&mut forged, place));
                    self.assert_refused(engine_text(&forged), &format!("{what} `{key}` at {place:?}"));
                    tried += 1;
                };
                forge("without", &|object| drop(object.shift_remove(key)));
                forge("another key beside", &|object| drop(object.insert(format!("{key}_"), value.clone())));
                forge("moved to the end:", &|object| {
                    let value = object.shift_remove(key).unwrap();
                    object.insert(key.clone(), value);
                });
                let others = [json!(null), json!(0), json!("x"), json!([]), json!({}), json!(true)];
                let count = if is_long() { others.len() } else { 1 };
                for other in others.iter().cycle().skip(at).take(count) {
                    forge("another value of", &|object| drop(object.insert(key.clone(), other.clone())));
                }
                // a duplicate key at the beginning, where most readers ignore it
                if at == 0 {
                    let text = json::line(&Value::Object(object.clone()));
                    let whole = json::line(&model);
                    let twice = text.replacen('{', &format!("{{{}: {}, ", Value::from(key.as_str()), json::line(value)), 1);
                    self.assert_refused(whole.replacen(&text, &twice, 1), &format!("`{key}` twice at {place:?}"));
                }
            }
        });
        assert!(tried > 100, "{tried} tried");
    }
}

/// Whether this is a long run.
fn is_long() -> bool {
    std::env::var_os("SAMEFIT_ATTACKS").is_some_and(|value| value == "long")
}

/// Returns a document in the layout of the engine.
fn engine_text(document: &Value) -> String {
    samefit_core::json::document(document)
}

/// A step from a JSON value to one of its parts.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    At(usize),
}

/// Receives an object and its place.
type VisitObject<'a> = dyn FnMut(&[Step], &Map<String, Value>) + 'a;

fn each_object(value: &Value, place: &mut Vec<Step>, act: &mut VisitObject<'_>) {
    if let Value::Object(object) = value {
        act(place, object);
    }
    let below: Vec<(Step, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, value)| (Step::Key(key.clone()), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (Step::At(at), value)).collect(),
        _ => Vec::new(),
    };
    for (step, value) in below {
        place.push(step);
        each_object(value, place, act);
        place.pop();
    }
}

fn object_at<'a>(value: &'a mut Value, place: &[Step]) -> &'a mut Map<String, Value> {
    let found = place.iter().fold(value, |value, step| match step {
        Step::Key(key) => &mut value[key.as_str()],
        Step::At(at) => &mut value[*at],
    });
    found.as_object_mut().unwrap()
}

const TRAIN: &str = "train --data raw.csv --target y --schema schema.json --features sex,ltg,bmi^2 --out t";
const JUDGE: &str = "qc --model t --records records.csv --threshold 300 --out m";
const ALL: &str = "--data raw.csv --schema schema.json --records records.csv --threshold 300";

fn accepted() -> Original {
    Original::new(&[TRAIN, JUDGE], ALL)
}

#[test]
fn no_byte_of_an_accepted_model_can_be_changed() {
    accepted().try_every_byte();
}

#[test]
fn no_key_of_an_accepted_model_can_be_changed() {
    accepted().try_every_key();
}

#[test]
fn no_byte_of_an_accepted_model_is_verified_by_its_data_alone() {
    let original = accepted();
    original.assert_not_verified(original.model.as_str(), "the model itself");
    let bytes = original.model.as_bytes();
    for at in 0..bytes.len() {
        let next = if bytes[at].is_ascii_digit() { (bytes[at] - b'0' + 1) % 10 + b'0' } else { bytes[at] ^ 1 };
        original.assert_not_verified([&bytes[..at], &[next], &bytes[at + 1..]].concat(), &format!("byte {at}"));
        if is_long() {
            original.assert_not_verified([&bytes[..at], &bytes[at + 1..]].concat(), &format!("without byte {at}"));
        }
    }
}

#[test]
fn no_byte_of_other_models_can_be_changed() {
    let plain = ["train --data raw.csv --target y --features bmi,map --out m"];
    let named = ["train --data raw.csv --target y --target-name progression --features bmi --no-intercept --no-distribution --out m"];
    let shared = [
        "summarize --data all.csv --schema schema.json --columns sex,hdl,y --share --out s.json",
        "fit s.json --schema schema.json --target y --features sex,hdl --out m",
    ];
    for (lines, flags) in [
        (&plain[..], "--data raw.csv"),
        (&named[..], "--data raw.csv --target-name progression"),
        (&shared[..], "--data all.csv --schema schema.json"),
    ] {
        let original = Original::new(lines, flags);
        original.try_every_byte();
        original.try_every_key();
    }
}

/// `verify` lists the parts that it was given nothing to compare with, and the flags that verify them.
#[test]
fn parts_that_are_not_verified_are_listed() {
    let original = accepted();
    let refused = |flags: &str| original.world.verify(original.model.as_str(), flags).unwrap_err().to_string();
    let text = refused("--data raw.csv");
    assert!(
        text.contains("not verified") && text.ends_with("give --schema, and --records and --threshold to make every part again"),
        "{text}"
    );
    let text = refused("--data raw.csv --schema schema.json");
    assert!(
        text.contains("2 parts are not verified") && text.ends_with("give --records and --threshold to make every part again"),
        "{text}"
    );
    let text = refused("--data raw.csv --records records.csv --threshold 300");
    assert!(text.contains("not verified") && text.ends_with("give --schema to make every part again"), "{text}");
}

/// An acceptance is refused that was pasted into a model, or that is of other records or of another threshold.
#[test]
fn a_forged_acceptance_is_refused() {
    let original = accepted();
    let unjudged = String::from_utf8(original.world.files.get("t/model.json").unwrap()).unwrap();
    original.world.verify(unjudged.as_str(), "--data raw.csv --schema schema.json").unwrap();
    // the model before quality control has no acceptance
    original.assert_refused(unjudged.as_str(), "no acceptance");
    for (rmse, rows, threshold) in [("12.5", "20", "300.0"), ("300.5", "20", "300.0"), ("1.0", "0", "300.0"), ("1e400", "20", "300.0")] {
        let pasted = format!("\n  \"rmse\": {rmse},\n  \"qc\": {{\"rows\": {rows}, \"threshold\": {threshold}}},\n  \"intercept\": ");
        let forged = unjudged.replacen("\n  \"intercept\": ", &pasted, 1);
        assert_ne!(forged, unjudged);
        original.assert_refused(forged.as_str(), "a pasted acceptance");
        let failure = original.world.verify(forged, "--data raw.csv --schema schema.json").unwrap_err();
        assert!(matches!(failure.exit_code(), 3 | 4), "{failure}");
    }
    for other in ["--records raw.csv --threshold 300", "--records records.csv --threshold 299", "--records records.csv --threshold 1"] {
        let failure = original.world.verify(original.model.as_str(), &format!("--data raw.csv --schema schema.json {other}")).unwrap_err();
        assert_eq!(failure.exit_code(), 4);
        assert!(failure.to_string().contains("is not the model of"), "{other}: {failure}");
    }
}

/// A model that was trained without a schema cannot have parts of one.
#[test]
fn a_forged_schema_is_refused() {
    let original = Original::new(&["train --data raw.csv --target y --features bmi,map --out m"], "--data raw.csv");
    let model: Value = serde_json::from_str(&original.model).unwrap();
    let mut ranged = model.clone();
    ranged["columns"][0]["schema"] = json!({"name": "bmi", "plausible": {"min": "1", "max": "2"}});
    original.assert_refused(engine_text(&ranged), "a range");
    let mut named = model.clone();
    named["target"]["name"] = json!("z");
    original.assert_refused(engine_text(&named), "a name");
    // the form of a model that was trained with a schema, which `verify` must be given
    let hash = ranged.as_object_mut().unwrap().shift_remove("statistics_sha256").unwrap();
    ranged["fields"] = json!([]);
    ranged["statistics_sha256"] = hash;
    let failure = original.world.verify(engine_text(&ranged), "--data raw.csv").unwrap_err();
    assert_eq!(failure.exit_code(), 4);
    assert!(failure.to_string().contains("not verified"), "{failure}");
    let failure = original.world.verify(engine_text(&ranged), "--data raw.csv --schema schema.json").unwrap_err();
    assert!(failure.exit_code() == 4 && failure.to_string().contains("is not the model of"), "{failure}");
}

/// Cached results by their inputs.
type Cache<K, V> = Mutex<BTreeMap<K, V>>;
/// Statistics by plan and data.
type StatisticsCache = Cache<(String, Vec<u8>), Vec<u8>>;
/// Reports and accepted models, by model, statistics of the records, and threshold.
type VerdictCache = Cache<(String, String, u64), (String, Option<String>)>;

/// The linked engine with caches of statistics, models and verdicts.
#[derive(Default)]
struct CachingEngine {
    sums: StatisticsCache,
    fits: Cache<(String, String), String>,
    verdicts: VerdictCache,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine for CachingEngine {
    fn summarizer(&self, plan: &str) -> Result<Box<dyn Summarizer + '_>> {
        Ok(Box::new(CachingSummarizer {
            cache: &self.sums,
            inner: LinkedEngine.summarizer(plan)?,
            plan: plan.to_owned(),
            bytes: Vec::new(),
        }))
    }

    fn record_writer(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        LinkedEngine.record_writer(plan)
    }

    fn profiler(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        LinkedEngine.profiler(plan)
    }

    fn preview(&self, start: &[u8], plan: &str) -> Result<String> {
        LinkedEngine.preview(start, plan)
    }

    fn merger(&self) -> Result<Box<dyn Merger + Send + '_>> {
        LinkedEngine.merger()
    }

    fn subtract(&self, from: &str, gone: &str) -> Result<String> {
        LinkedEngine.subtract(from, gone)
    }

    fn audit(&self, statistics: &str, notes: &str) -> Result<String> {
        LinkedEngine.audit(statistics, notes)
    }

    fn fit(&self, statistics: &str, plan: &str) -> Result<String> {
        let key = (statistics.to_owned(), plan.to_owned());
        if let Some(model) = lock(&self.fits).get(&key) {
            return Ok(model.clone());
        }
        let model = LinkedEngine.fit(statistics, plan)?;
        lock(&self.fits).insert(key, model.clone());
        Ok(model)
    }

    fn needed_columns(&self, plan: &str) -> Result<Option<BTreeSet<String>>> {
        LinkedEngine.needed_columns(plan)
    }

    fn order_levels(&self, levels: &[String]) -> Result<Vec<String>> {
        LinkedEngine.order_levels(levels)
    }

    fn compare(&self, statistics: &str, plan: &str, other: &str) -> Result<String> {
        LinkedEngine.compare(statistics, plan, other)
    }

    fn test(&self, statistics: &str, plan: &str, restrictions: &str) -> Result<String> {
        LinkedEngine.test(statistics, plan, restrictions)
    }

    fn model(&self, text: &str) -> Result<Box<dyn Model + '_>> {
        LinkedEngine.model(text)
    }

    fn judge(&self, model: &str, records: &str, threshold: f64) -> Result<Verdict> {
        let key = (model.to_owned(), records.to_owned(), threshold.to_bits());
        if let Some((report, model)) = lock(&self.verdicts).get(&key) {
            return Ok(Verdict { report: report.clone(), model: model.clone() });
        }
        let verdict = LinkedEngine.judge(model, records, threshold)?;
        lock(&self.verdicts).insert(key, (verdict.report.clone(), verdict.model.clone()));
        Ok(verdict)
    }

    fn first_difference(&self, model: &str, other: &str) -> Result<Option<String>> {
        LinkedEngine.first_difference(model, other)
    }

    fn residuals(&self, model: &str, plan: &str) -> Result<Box<dyn Stream + '_>> {
        LinkedEngine.residuals(model, plan)
    }

    fn form(&self, document: &str) -> Result<Box<dyn Form + '_>> {
        LinkedEngine.form(document)
    }

    fn identity(&self) -> Result<Identity> {
        LinkedEngine.identity()
    }
}

/// A summarizer that keeps its bytes, and reads them only if their statistics are not cached.
struct CachingSummarizer<'a> {
    cache: &'a StatisticsCache,
    inner: Box<dyn Summarizer + 'a>,
    plan: String,
    bytes: Vec<u8>,
}

impl CachingSummarizer<'_> {
    fn read(&mut self) -> Result<()> {
        self.inner.push(&std::mem::take(&mut self.bytes)).map(drop)
    }
}

impl Stream for CachingSummarizer<'_> {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        self.bytes.extend_from_slice(chunk);
        Ok(Vec::new())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        if self.bytes.is_empty() {
            // it has only merged states
            return self.inner.finish();
        }
        let key = (self.plan.clone(), self.bytes.clone());
        if let Some(statistics) = lock(self.cache).get(&key) {
            return Ok(statistics.clone());
        }
        self.read()?;
        let statistics = self.inner.finish()?;
        lock(self.cache).insert(key, statistics.clone());
        Ok(statistics)
    }
}

impl SplitStream for CachingSummarizer<'_> {
    fn header(&mut self, _records: &[u8]) -> Result<bool> {
        one_thread_only()
    }

    fn continue_at(&mut self, _row: u64) -> Result<()> {
        one_thread_only()
    }

    fn rows(&mut self) -> Result<u64> {
        one_thread_only()
    }
}

impl Summarizer for CachingSummarizer<'_> {
    fn add(&mut self, _batch: &Batch) -> Result<()> {
        one_thread_only()
    }

    fn state(&mut self) -> Result<Vec<u8>> {
        one_thread_only()
    }

    fn finish_groups(&mut self, take: &mut dyn FnMut(String, String) -> Result<()>) -> Result<()> {
        self.read()?;
        self.inner.finish_groups(take)
    }

    fn finish_state(&mut self) -> Result<Vec<u8>> {
        self.read()?;
        self.inner.finish_state()
    }

    fn choose_decimals(&mut self) -> Result<String> {
        self.inner.choose_decimals()
    }

    fn choose_knots(&mut self) -> Result<String> {
        self.inner.choose_knots()
    }

    fn merge_state(&mut self, state: &[u8]) -> Result<()> {
        self.inner.merge_state(state)
    }
}

/// The error of methods that only several threads call.
fn one_thread_only<T>() -> Result<T> {
    Err(Error::Trap("there is one thread in this test".to_owned()))
}
