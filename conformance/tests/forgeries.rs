//! Every byte of a model is accounted for: whatever is changed in a model's file, `verify` does not call it verified.
//!
//! The verb runs in this process, over files in memory and an engine that remembers what it has computed, so that every byte can be tried.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use clap::Parser;
use samefit_stages::cli::StageVerb;
use samefit_stages::error::{Error, Result};
use samefit_stages::limits::SPLIT_BYTES;
use samefit_stages::ports::columns::Batch;
use samefit_stages::ports::engine::{Engine, Form, Identity, Merger, Model, SplitStream, Stream, Summarizer, Verdict};
use samefit_stages::ports::files::{Files, Kind, Output};
use samefit_stages::ports::report::Report;
use samefit_stages::stage::Stage;
use samefit_stages::text::json;
use samefit_stages::verbs::verify;
use samefit_stages::verbs::verify::VerifyArgs;
use samefit_wasi_command::engine::Linked;
use serde_json::{Map, Value, json};

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../data");

/// In a short round, one byte of so many is replaced by another thing besides the next digit or letter.
const OTHERS_EVERY: usize = 9;

/// Rows of the data that models are made of: few, so that their distributions are short.
const ROWS: usize = 12;

#[derive(Parser)]
struct Made {
    #[command(subcommand)]
    verb: StageVerb,
}

#[derive(Parser)]
struct Verify {
    #[command(flatten)]
    args: VerifyArgs,
}

/// A disk in memory, and an engine that remembers.
struct World {
    files: Memory,
    engine: Remembering,
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
        let files = files.into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())).collect();
        Self { files: Memory(Mutex::new(files)), engine: Remembering::default() }
    }

    /// The `model.json` that these command lines leave in `m`.
    fn made(lines: &[&str]) -> (Self, String) {
        let world = Self::new();
        for line in lines {
            let verb = Made::try_parse_from(std::iter::once("samefit").chain(line.split(' '))).unwrap().verb;
            world.in_stage(|stage| verb.run(stage)).unwrap_or_else(|failure| panic!("{line}: {failure}"));
        }
        let model = String::from_utf8(world.files.get("m/model.json").unwrap()).unwrap();
        (world, model)
    }

    fn in_stage(&self, act: impl FnOnce(&mut Stage<'_>) -> Result<()>) -> Result<()> {
        let (engine, files) = (&self.engine, &self.files);
        act(&mut Stage { engine, files, report: &mut Silent, threads: None, split_bytes: SPLIT_BYTES, command: &[] })
    }

    fn verify(&self, model: impl Into<Vec<u8>>, flags: &str) -> Result<()> {
        self.files.put("forged.json", model.into());
        let args = Verify::try_parse_from(format!("verify forged.json {flags}").split(' ')).unwrap().args;
        self.in_stage(|stage| verify::run(stage, &args))
    }
}

/// A model that was made, and the flags that verify all of it.
struct Original {
    world: World,
    model: String,
    flags: &'static str,
}

impl Original {
    fn new(lines: &[&str], flags: &'static str) -> Self {
        let (world, model) = World::made(lines);
        let original = Self { world, model, flags };
        original.world.verify(original.model.as_str(), flags).unwrap_or_else(|failure| panic!("{failure}"));
        original
    }

    /// Asserts that a changed model is refused, and not for something that was not given.
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

    /// Asserts that a changed model is not verified by its data alone.
    #[track_caller]
    fn assert_not_verified(&self, forged: impl Into<Vec<u8>>, what: &str) {
        let data = self.flags.split(" --").next().unwrap();
        let Err(failure) = self.world.verify(forged, data) else { panic!("{what}: it was verified") };
        assert!(matches!(failure.exit_code(), 3 | 4), "{what}: {failure}");
    }

    /// Tries every byte.
    fn try_every_byte(&self) {
        let bytes = self.model.as_bytes();
        for at in 0..bytes.len() {
            let with = |replacement: &[u8]| [&bytes[..at], replacement, &bytes[at + 1..]].concat();
            let next = if bytes[at].is_ascii_digit() { (bytes[at] - b'0' + 1) % 10 + b'0' } else { bytes[at] ^ 1 };
            let replacements = [&[next][..], b"", &[bytes[at], b'0'], &[bytes[at], b' '], b"\"", &[bytes[at] ^ 0x20], b"9", b"\xff"];
            // the first of them everywhere, and all of them if time is no matter
            let some = if is_long() { replacements.len() } else { 1 + usize::from(at % OTHERS_EVERY == 0) };
            for number in 0..some {
                let replacement =
                    if number == 0 { replacements[0] } else { replacements[(at / OTHERS_EVERY + number) % replacements.len()] };
                let what = || format!("byte {at} to {:?}", String::from_utf8_lossy(replacement));
                self.assert_refused(with(replacement), &what());
            }
        }
        self.assert_refused([bytes, b"\n"].concat(), "a line break at the end");
        self.assert_refused([bytes, b" "].concat(), "a space at the end");
        self.assert_refused(["\u{feff}".as_bytes(), bytes].concat(), "a byte order mark");
        self.assert_refused(self.model.replace('\n', "\r\n"), "other line breaks");
    }

    /// Tries every key: gone, added, twice, in another order, of another value.
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
                let some = if is_long() { others.len() } else { 1 };
                for other in others.iter().cycle().skip(at).take(some) {
                    forge("another value of", &|object| drop(object.insert(key.clone(), other.clone())));
                }
                // a key that stands twice, at the beginning and so passed over by most readers
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

/// Whether time is no matter.
fn is_long() -> bool {
    std::env::var_os("SAMEFIT_ATTACKS").is_some_and(|value| value == "long")
}

/// A document as the engine writes it.
fn engine_text(document: &Value) -> String {
    samefit_core::json::document(document)
}

/// A step from a value into it.
#[derive(Clone, Debug)]
enum Step {
    Key(String),
    At(usize),
}

/// Is given an object and its place.
type Visit<'a> = dyn FnMut(&[Step], &Map<String, Value>) + 'a;

fn each_object(value: &Value, place: &mut Vec<Step>, act: &mut Visit<'_>) {
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

/// What is not given to compare with is listed, with its value and the flags that verify it.
#[test]
fn what_is_not_verified_is_listed() {
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

/// An acceptance that is pasted into a model, or one of other records or of another threshold, is none.
#[test]
fn an_acceptance_that_nobody_gave_is_no_acceptance() {
    let original = accepted();
    let unjudged = String::from_utf8(original.world.files.get("t/model.json").unwrap()).unwrap();
    original.world.verify(unjudged.as_str(), "--data raw.csv --schema schema.json").unwrap();
    // the model that was never judged has no acceptance to verify
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

/// Nothing of a schema can stand in a model that was trained without one.
#[test]
fn a_schema_that_nobody_gave_is_not_verified() {
    let original = Original::new(&["train --data raw.csv --target y --features bmi,map --out m"], "--data raw.csv");
    let model: Value = serde_json::from_str(&original.model).unwrap();
    let mut ranged = model.clone();
    ranged["columns"][0]["schema"] = json!({"name": "bmi", "plausible": {"min": "1", "max": "2"}});
    original.assert_refused(engine_text(&ranged), "a range");
    let mut named = model.clone();
    named["target"]["name"] = json!("z");
    original.assert_refused(engine_text(&named), "a name");
    // a model as it would be with a schema: somebody has to give it
    let hash = ranged.as_object_mut().unwrap().shift_remove("statistics_sha256").unwrap();
    ranged["fields"] = json!([]);
    ranged["statistics_sha256"] = hash;
    let failure = original.world.verify(engine_text(&ranged), "--data raw.csv").unwrap_err();
    assert_eq!(failure.exit_code(), 4);
    assert!(failure.to_string().contains("not verified"), "{failure}");
    let failure = original.world.verify(engine_text(&ranged), "--data raw.csv --schema schema.json").unwrap_err();
    assert!(failure.exit_code() == 4 && failure.to_string().contains("is not the model of"), "{failure}");
}

/// Files by path.
struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl Memory {
    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        lock(&self.0)
    }

    fn get(&self, path: &str) -> Option<Vec<u8>> {
        self.files().get(path).cloned()
    }

    fn put(&self, path: &str, bytes: Vec<u8>) {
        self.files().insert(path.to_owned(), bytes);
    }
}

impl Files for Memory {
    fn kind(&self, path: &str) -> io::Result<Kind> {
        let below = format!("{path}/");
        match self.files().keys().find(|file| *file == path || file.starts_with(&below)) {
            Some(file) if file == path => Ok(Kind::File),
            Some(_) => Ok(Kind::Folder),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn names(&self, folder: &str) -> io::Result<Vec<String>> {
        let below = format!("{folder}/");
        Ok(self.files().keys().filter_map(|path| path.strip_prefix(&below).map(str::to_owned)).collect())
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn Read + Send + '_>> {
        Ok(Box::new(Cursor::new(self.get(path).ok_or(io::ErrorKind::NotFound)?)))
    }

    fn identity(&self, path: &str) -> io::Result<String> {
        self.kind(path).map(|_| path.to_owned())
    }

    fn output(&self) -> Box<dyn Output + Send + '_> {
        Box::new(Pending { files: self, new: Vec::new() })
    }
}

struct Pending<'a> {
    files: &'a Memory,
    new: Vec<(String, Vec<u8>)>,
}

impl Output for Pending<'_> {
    fn create(&mut self, path: &str) -> Result<usize> {
        self.new.push((path.to_owned(), Vec::new()));
        Ok(self.new.len() - 1)
    }

    fn write(&mut self, handle: usize, bytes: &[u8]) -> Result<()> {
        self.new[handle].1.extend_from_slice(bytes);
        Ok(())
    }

    fn close(&mut self, _handle: usize) -> Result<()> {
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<()> {
        self.files.files().remove(path);
        Ok(())
    }

    fn commit(self: Box<Self>) -> Result<()> {
        self.new.into_iter().for_each(|(path, bytes)| self.files.put(&path, bytes));
        Ok(())
    }
}

struct Silent;

impl Report for Silent {
    fn say(&mut self, _line: &str) {}

    fn note(&mut self, _line: &str) {}

    fn print(&mut self, _text: &str) -> Result<()> {
        Ok(())
    }

    fn document(&mut self, _text: &str) -> Result<()> {
        Ok(())
    }
}

/// Results by what they are of.
type Known<K, V> = Mutex<BTreeMap<K, V>>;
/// Statistics by plan and bytes.
type Sums = Known<(String, Vec<u8>), Vec<u8>>;
/// Reports and accepted models by model, statistics of records and threshold.
type Verdicts = Known<(String, String, u64), (String, Option<String>)>;

/// The linked engine, which computes every sum, every fit and every verdict once.
#[derive(Default)]
struct Remembering {
    sums: Sums,
    fits: Known<(String, String), String>,
    verdicts: Verdicts,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine for Remembering {
    fn summarizer(&self, plan: &str) -> Result<Box<dyn Summarizer + '_>> {
        Ok(Box::new(Summing { known: &self.sums, inner: Linked.summarizer(plan)?, plan: plan.to_owned(), bytes: Vec::new() }))
    }

    fn record_writer(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        Linked.record_writer(plan)
    }

    fn profiler(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        Linked.profiler(plan)
    }

    fn merger(&self) -> Result<Box<dyn Merger + Send + '_>> {
        Linked.merger()
    }

    fn subtract(&self, from: &str, gone: &str) -> Result<String> {
        Linked.subtract(from, gone)
    }

    fn audit(&self, statistics: &str, notes: &str) -> Result<String> {
        Linked.audit(statistics, notes)
    }

    fn fit(&self, statistics: &str, plan: &str) -> Result<String> {
        let key = (statistics.to_owned(), plan.to_owned());
        if let Some(model) = lock(&self.fits).get(&key) {
            return Ok(model.clone());
        }
        let model = Linked.fit(statistics, plan)?;
        lock(&self.fits).insert(key, model.clone());
        Ok(model)
    }

    fn model(&self, text: &str) -> Result<Box<dyn Model + '_>> {
        Linked.model(text)
    }

    fn judge(&self, model: &str, records: &str, threshold: f64) -> Result<Verdict> {
        let key = (model.to_owned(), records.to_owned(), threshold.to_bits());
        if let Some((report, model)) = lock(&self.verdicts).get(&key) {
            return Ok(Verdict { report: report.clone(), model: model.clone() });
        }
        let verdict = Linked.judge(model, records, threshold)?;
        lock(&self.verdicts).insert(key, (verdict.report.clone(), verdict.model.clone()));
        Ok(verdict)
    }

    fn first_difference(&self, model: &str, other: &str) -> Result<Option<String>> {
        Linked.first_difference(model, other)
    }

    fn residuals(&self, model: &str, plan: &str) -> Result<Box<dyn Stream + '_>> {
        Linked.residuals(model, plan)
    }

    fn form(&self, document: &str) -> Result<Box<dyn Form + '_>> {
        Linked.form(document)
    }

    fn identity(&self) -> Result<Identity> {
        Linked.identity()
    }
}

/// Reads when the end has come and the sum is not known.
struct Summing<'a> {
    known: &'a Sums,
    inner: Box<dyn Summarizer + 'a>,
    plan: String,
    bytes: Vec<u8>,
}

impl Summing<'_> {
    fn read(&mut self) -> Result<()> {
        self.inner.push(&std::mem::take(&mut self.bytes)).map(drop)
    }
}

impl Stream for Summing<'_> {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        self.bytes.extend_from_slice(chunk);
        Ok(Vec::new())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        if self.bytes.is_empty() {
            // what it has, it has from others
            return self.inner.finish();
        }
        let key = (self.plan.clone(), self.bytes.clone());
        if let Some(statistics) = lock(self.known).get(&key) {
            return Ok(statistics.clone());
        }
        self.read()?;
        let statistics = self.inner.finish()?;
        lock(self.known).insert(key, statistics.clone());
        Ok(statistics)
    }
}

impl SplitStream for Summing<'_> {
    fn header(&mut self, _records: &[u8]) -> Result<bool> {
        alone()
    }

    fn continue_at(&mut self, _row: u64) -> Result<()> {
        alone()
    }

    fn rows(&mut self) -> Result<u64> {
        alone()
    }

    fn quotes(&mut self, _chunk: &[u8]) -> Result<u64> {
        alone()
    }

    fn cut(&mut self, _chunk: &[u8], _quoted: bool) -> Result<Option<usize>> {
        alone()
    }
}

impl Summarizer for Summing<'_> {
    fn add(&mut self, _batch: &Batch) -> Result<()> {
        alone()
    }

    fn state(&mut self) -> Result<String> {
        alone()
    }

    fn finish_state(&mut self) -> Result<String> {
        self.read()?;
        self.inner.finish_state()
    }

    fn choose_decimals(&mut self) -> Result<String> {
        self.inner.choose_decimals()
    }

    fn merge_state(&mut self, state: &str) -> Result<()> {
        self.inner.merge_state(state)
    }
}

/// One thread reads whole files here.
fn alone<T>() -> Result<T> {
    Err(Error::Trap("there is one thread in this test".to_owned()))
}
