//! The component in wasmtime, as the engine that the stages ask for. The only file of the program that knows WIT.
//!
//! Every stream, model and question gets an instance of its own, which costs microseconds: a trap, which poisons an instance for good,
//! poisons nothing else, and memory goes back to the system when the instance does. Models that nobody needs any more are kept, each with its
//! instance, for whoever asks for the same one next.
//!
//! *Limits*: [`MEMORY_BYTES_MAX`] an instance.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use samefit_stages::error::{Error, ErrorRecord, InputError, Result};
use samefit_stages::ports::columns::{Batch, Values};
use samefit_stages::ports::engine::{
    Engine, Form, Identity, Merger, Model, PredictionStream as Tabling, SplitStream, StatusCounts, Stream, Summarizer as Summing, Verdict,
};
use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{ResourceLimiter, Store};

use crate::engine_config::engine_config;
use crate::kept::{Kept, Key};
use crate::limits;

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated")]
mod contract {
    wasmtime::component::bindgen!({ path: "../core-wasm/wit", world: "regression" });
}

use contract::exports::samefit::regression::types;
use contract::{Regression, RegressionPre};

/// Most memory of an instance. Statistics of a thousand terms take a few MiB; half of what 32 bits can address is where something is wrong,
/// and a worker should hear it from us rather than from the system's out-of-memory killer.
pub(crate) const MEMORY_BYTES_MAX: usize = 2 << 30;

/// The component, compiled when this program was built: for a plain machine, and for a newer one.
static COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/samefit.cwasm"));
static COMPILED_NEWER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/samefit-newer.cwasm"));
const COMPONENT_SHA256: &str = include_str!(concat!(env!("OUT_DIR"), "/component_sha256"));

/// The component, ready to be instantiated.
pub(crate) struct Wasm {
    engine: wasmtime::Engine,
    component: RegressionPre<Limits>,
    models: Kept<Read>,
}

impl Wasm {
    /// The component that this program holds.
    pub(crate) fn embedded() -> Result<Self> {
        // SAFETY: the bytes are what `build.rs` of this very build had wasmtime compile, and are part of the program: they cannot have been
        // changed since without changing the program itself. wasmtime checks its own version and settings in them.
        #[allow(unsafe_code)]
        unsafe {
            Self::load(if is_newer() { COMPILED_NEWER } else { COMPILED })
        }
    }

    /// The component compiled for a plain machine, wherever this is.
    #[cfg(test)]
    pub(crate) fn plain() -> Result<Self> {
        // SAFETY: as in `embedded`.
        #[allow(unsafe_code)]
        unsafe {
            Self::load(COMPILED)
        }
    }

    /// The same component built without SIMD, which must answer alike.
    #[cfg(test)]
    pub(crate) fn without_simd() -> Result<Self> {
        static COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/samefit-nosimd.cwasm"));
        // SAFETY: as in `embedded`.
        #[allow(unsafe_code)]
        unsafe {
            Self::load(COMPILED)
        }
    }

    /// # Safety
    ///
    /// `compiled` must come from wasmtime's `precompile_component`, unchanged: it is machine code that will be run.
    #[allow(unsafe_code)]
    unsafe fn load(compiled: &[u8]) -> Result<Self> {
        let broken = |error: wasmtime::Error| {
            limits::exhausted(&error).unwrap_or_else(|| Error::Trap(format!("it cannot be loaded: {}", error.root_cause())))
        };
        let engine = wasmtime::Engine::new(&engine_config()).map_err(broken)?;
        // SAFETY: the caller's promise.
        let component = unsafe { Component::deserialize(&engine, compiled) }.map_err(broken)?;
        let component = Linker::new(&engine).instantiate_pre(&component).and_then(RegressionPre::new).map_err(broken)?;
        Ok(Self { engine, component, models: Kept::default() })
    }

    fn read_model(&self, text: &str) -> Result<Read> {
        let mut instance = self.instance()?;
        let model = instance.parse_model(text)?;
        Ok(Read { instance: Arc::new(Mutex::new(instance)), model })
    }

    fn instance(&self) -> Result<Instance> {
        limits::room_for_an_instance()?;
        let mut store = Store::new(&self.engine, Limits::default());
        store.limiter(|limits| limits);
        let exports = self.component.instantiate(&mut store);
        exports.map_err(|error| failed(&store, &error)).map(|exports| Instance { exports, store, broke_off: false })
    }
}

/// Whether this machine has what the code for a newer one needs (`X86_64_NEWER_FLAGS` in `build.rs`); wasmtime checks again as it loads it.
fn is_newer() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        has!("avx") && has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// An instance: its functions and its memory.
struct Instance {
    exports: Regression,
    store: Store<Limits>,
    /// Whether a call ended in a trap: no other can be made.
    broke_off: bool,
}

impl Instance {
    /// A call that cannot go wrong but by a trap.
    fn ask<T>(&mut self, call: impl FnOnce(&Regression, &mut Store<Limits>) -> wasmtime::Result<T>) -> Result<T> {
        let answer = call(&self.exports, &mut self.store);
        self.broke_off |= answer.is_err();
        answer.map_err(|error| failed(&self.store, &error))
    }

    /// A call that says so if its input is bad.
    fn try_ask<T>(&mut self, call: impl FnOnce(&Regression, &mut Store<Limits>) -> wasmtime::Result<Result<T, types::Error>>) -> Result<T> {
        self.ask(call)?.map_err(|error| InputError::from(error).into())
    }

    fn parse_statistics(&mut self, text: &str) -> Result<ResourceAny> {
        self.try_ask(|exports, store| exports.samefit_regression_training().statistics().call_parse(store, text))
    }

    fn statistics_text(&mut self, statistics: ResourceAny) -> Result<String> {
        self.ask(|exports, store| exports.samefit_regression_training().statistics().call_to_json(store, statistics))
    }

    fn parse_model(&mut self, text: &str) -> Result<ResourceAny> {
        self.try_ask(|exports, store| exports.samefit_regression_prediction().model().call_parse(store, text))
    }

    fn quotes(&mut self, chunk: &[u8]) -> Result<u64> {
        self.ask(|exports, store| exports.samefit_regression_training().call_quotes(store, chunk))
    }

    fn cut(&mut self, chunk: &[u8], quoted: bool) -> Result<Option<usize>> {
        let end = self.ask(|exports, store| exports.samefit_regression_training().call_cut(store, chunk, quoted))?;
        Ok(end.map(|end| end as usize))
    }

    fn release(&mut self, resource: ResourceAny) -> Result<()> {
        self.ask(|_, store| resource.resource_drop(store))
    }
}

/// What a call that broke off means: more memory asked for than there may be, or than there is, or a trap.
fn failed(store: &Store<Limits>, error: &wasmtime::Error) -> Error {
    match store.data().refused {
        Some(Refused::ByUs) => Error::memory(
            format!("more than {} MiB of memory are needed, which is the limit", MEMORY_BYTES_MAX >> 20),
            "sum fewer columns or terms at once",
        ),
        Some(Refused::BySystem) => limits::out_of_memory(),
        None => limits::exhausted(error).unwrap_or_else(|| Error::Trap(error.root_cause().to_string())),
    }
}

/// Who refused memory to an instance.
#[derive(Clone, Copy)]
enum Refused {
    ByUs,
    BySystem,
}

impl From<types::Error> for InputError {
    fn from(error: types::Error) -> Self {
        let types::Error { code, row, column, found, expected, text } = error;
        ErrorRecord { code, row, column, found, expected, text }.into()
    }
}

/// Guards an instance's memory.
#[derive(Default)]
struct Limits {
    /// Whether memory was asked for that there was none of, and beyond which limit.
    refused: Option<Refused>,
}

impl ResourceLimiter for Limits {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= MEMORY_BYTES_MAX;
        if !allowed {
            self.refused = Some(Refused::ByUs);
        }
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        // called after the limit was refused too
        self.refused = self.refused.or(Some(Refused::BySystem));
        Ok(())
    }

    fn table_growing(&mut self, _current: usize, _desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl Engine for Wasm {
    fn threads_max(&self) -> usize {
        limits::threads_max()
    }

    fn summarizer(&self, plan: &str) -> Result<Box<dyn Summing + '_>> {
        let mut instance = self.instance()?;
        let stream = instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_new(store, plan))?;
        Ok(Box::new(Summarizer { instance, stream }))
    }

    fn record_writer(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        let mut instance = self.instance()?;
        let stream = instance.try_ask(|exports, store| exports.samefit_regression_quality().record_writer().call_new(store, plan))?;
        Ok(Box::new(RecordWriter { instance, stream }))
    }

    fn profiler(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        let mut instance = self.instance()?;
        let stream = instance.try_ask(|exports, store| exports.samefit_regression_profile().profiler().call_new(store, plan))?;
        Ok(Box::new(Profiler { instance, stream }))
    }

    fn merger(&self) -> Result<Box<dyn Merger + Send + '_>> {
        Ok(Box::new(Sum { instance: self.instance()?, sum: None }))
    }

    fn subtract(&self, from: &str, gone: &str) -> Result<String> {
        let mut instance = self.instance()?;
        let from = instance.parse_statistics(from)?;
        let gone = instance.parse_statistics(gone)?;
        instance.try_ask(|exports, store| exports.samefit_regression_training().statistics().call_subtract(store, from, gone))?;
        instance.statistics_text(from)
    }

    fn audit(&self, statistics: &str, notes: &str) -> Result<String> {
        let mut instance = self.instance()?;
        let statistics = instance.parse_statistics(statistics)?;
        instance.try_ask(|exports, store| exports.samefit_regression_training().statistics().call_audit(store, statistics, notes))
    }

    fn fit(&self, statistics: &str, plan: &str) -> Result<String> {
        let mut instance = self.instance()?;
        let statistics = instance.parse_statistics(statistics)?;
        instance.try_ask(|exports, store| exports.samefit_regression_training().statistics().call_fit(store, statistics, plan))
    }

    fn model(&self, text: &str) -> Result<Box<dyn Model + '_>> {
        let (kept, key) = self.models.take(text);
        let read = kept.map_or_else(|| self.read_model(text), Ok)?;
        Ok(Box::new(Parsed { read, key, keeper: &self.models }))
    }

    fn judge(&self, model: &str, records: &str, threshold: f64) -> Result<Verdict> {
        let mut instance = self.instance()?;
        let records = instance.parse_statistics(records)?;
        let verdict =
            instance.try_ask(|exports, store| exports.samefit_regression_quality().call_judge(store, model, records, threshold))?;
        instance.ask(|exports, mut store| {
            let verdicts = exports.samefit_regression_quality().verdict();
            Ok(Verdict { report: verdicts.call_report(&mut store, verdict)?, model: verdicts.call_model(&mut store, verdict)? })
        })
    }

    fn first_difference(&self, model: &str, other: &str) -> Result<Option<String>> {
        self.instance()?.try_ask(|exports, store| exports.samefit_regression_quality().call_first_difference(store, model, other))
    }

    fn residuals(&self, model: &str, plan: &str) -> Result<Box<dyn Stream + '_>> {
        let mut instance = self.instance()?;
        let stream = instance.try_ask(|exports, store| exports.samefit_regression_quality().residuals().call_new(store, model, plan))?;
        Ok(Box::new(Residuals { instance, stream }))
    }

    fn form(&self, document: &str) -> Result<Box<dyn Form + '_>> {
        let mut instance = self.instance()?;
        let form = instance.try_ask(|exports, store| exports.samefit_regression_entry().form().call_new(store, document))?;
        Ok(Box::new(Asked { instance, form }))
    }

    fn identity(&self) -> Result<Identity> {
        self.instance()?.ask(|exports, mut store| {
            let identity = exports.samefit_regression_identity();
            Ok(Identity {
                version: identity.call_version(&mut store)?,
                formats: identity.call_formats(&mut store)?,
                limits: identity.call_limits(&mut store)?,
                component_sha256: COMPONENT_SHA256.to_owned(),
            })
        })
    }
}

struct Summarizer {
    instance: Instance,
    stream: ResourceAny,
}

impl Stream for Summarizer {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_push(store, stream, chunk))?;
        Ok(Vec::new())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        let statistics =
            self.instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_finish(store, stream))?;
        Ok(self.instance.statistics_text(statistics)?.into_bytes())
    }

    fn notes(&mut self) -> Result<String> {
        let stream = self.stream;
        self.instance.ask(|exports, store| exports.samefit_regression_training().summarizer().call_notes(store, stream))
    }
}

impl SplitStream for Summarizer {
    fn header(&mut self, records: &[u8]) -> Result<bool> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_header(store, stream, records))
    }

    fn continue_at(&mut self, row: u64) -> Result<()> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_continue_at(store, stream, row))
    }

    fn rows(&mut self) -> Result<u64> {
        let stream = self.stream;
        self.instance.ask(|exports, store| exports.samefit_regression_training().summarizer().call_rows(store, stream))
    }

    fn quotes(&mut self, chunk: &[u8]) -> Result<u64> {
        self.instance.quotes(chunk)
    }

    fn cut(&mut self, chunk: &[u8], quoted: bool) -> Result<Option<usize>> {
        self.instance.cut(chunk, quoted)
    }
}

impl Summing for Summarizer {
    fn add(&mut self, batch: &Batch) -> Result<()> {
        let stream = self.stream;
        for (name, values) in &batch.columns {
            self.instance.try_ask(|exports, store| {
                let summarizer = exports.samefit_regression_training().summarizer();
                match values {
                    Values::Numbers(numbers) => summarizer.call_set_f64(store, stream, name, numbers),
                    Values::Text(text) => summarizer.call_set_text(store, stream, name, text),
                }
            })?;
        }
        self.instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_sum_columns(store, stream))
    }

    fn state(&mut self) -> Result<String> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_state(store, stream))
    }

    fn finish_state(&mut self) -> Result<String> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_finish_state(store, stream))
    }

    fn choose_decimals(&mut self) -> Result<String> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_choose_decimals(store, stream))
    }

    fn merge_state(&mut self, state: &str) -> Result<()> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_training().summarizer().call_merge_state(store, stream, state))
    }
}

struct RecordWriter {
    instance: Instance,
    stream: ResourceAny,
}

impl Stream for RecordWriter {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_quality().record_writer().call_push(store, stream, chunk))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_quality().record_writer().call_finish(store, stream))
    }
}

struct Profiler {
    instance: Instance,
    stream: ResourceAny,
}

impl Stream for Profiler {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_profile().profiler().call_push(store, stream, chunk))?;
        Ok(Vec::new())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        let profile = self.instance.try_ask(|exports, store| exports.samefit_regression_profile().profiler().call_finish(store, stream))?;
        Ok(profile.into_bytes())
    }
}

struct Residuals {
    instance: Instance,
    stream: ResourceAny,
}

impl Stream for Residuals {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let stream = self.stream;
        self.instance.try_ask(|exports, store| exports.samefit_regression_quality().residuals().call_push(store, stream, chunk))?;
        Ok(Vec::new())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        let counted =
            self.instance.try_ask(|exports, store| exports.samefit_regression_quality().residuals().call_finish(store, stream))?;
        Ok(counted.into_bytes())
    }
}

/// A form, and the instance in which it was read.
struct Asked {
    instance: Instance,
    form: ResourceAny,
}

impl Form for Asked {
    fn fields(&mut self) -> Result<String> {
        let form = self.form;
        self.instance.ask(|exports, store| exports.samefit_regression_entry().form().call_fields(store, form))
    }

    fn evaluate(&mut self, entries: &str) -> Result<String> {
        let form = self.form;
        self.instance.try_ask(|exports, store| exports.samefit_regression_entry().form().call_evaluate(store, form, entries))
    }

    fn convert(&mut self, field: &str, value: &str, unit: &str, to: &str) -> Result<String> {
        let form = self.form;
        self.instance.try_ask(|exports, store| exports.samefit_regression_entry().form().call_convert(store, form, field, value, unit, to))
    }
}

struct Sum {
    instance: Instance,
    sum: Option<ResourceAny>,
}

impl Merger for Sum {
    fn add(&mut self, statistics: &str) -> Result<()> {
        let next = self.instance.parse_statistics(statistics)?;
        let Some(sum) = self.sum else {
            self.sum = Some(next);
            return Ok(());
        };
        self.instance.try_ask(|exports, store| exports.samefit_regression_training().statistics().call_merge(store, sum, next))?;
        self.instance.release(next)
    }

    fn finish(&mut self) -> Result<String> {
        let nothing = || Error::usage("there are no statistics to merge", "name a file");
        self.instance.statistics_text(self.sum.ok_or_else(nothing)?)
    }
}

/// A model, and the instance in which it was read.
#[derive(Clone)]
struct Read {
    instance: Arc<Mutex<Instance>>,
    model: ResourceAny,
}

/// A model in use. Its tables work in its instance too, one call at a time; a thread that wants its own reads the model again, which costs
/// little.
struct Parsed<'k> {
    read: Read,
    key: Key,
    keeper: &'k Kept<Read>,
}

impl Model for Parsed<'_> {
    fn plan(&self) -> Result<String> {
        lock(&self.read.instance).ask(|exports, store| exports.samefit_regression_prediction().model().call_plan(store, self.read.model))
    }

    fn predict_record(&self, attributes: &str) -> Result<String> {
        lock(&self.read.instance).try_ask(|exports, store| {
            exports.samefit_regression_prediction().model().call_predict_record(store, self.read.model, attributes)
        })
    }

    fn explain(&self, attributes: &str) -> Result<String> {
        lock(&self.read.instance)
            .try_ask(|exports, store| exports.samefit_regression_prediction().model().call_explain(store, self.read.model, attributes))
    }

    fn curve(&self, attributes: &str, column: &str, values: &[f64]) -> Result<Vec<f64>> {
        lock(&self.read.instance).try_ask(|exports, store| {
            exports.samefit_regression_prediction().model().call_curve(store, self.read.model, attributes, column, values)
        })
    }

    fn table(&self, plan: &str) -> Result<Box<dyn Tabling>> {
        let stream = lock(&self.read.instance)
            .try_ask(|exports, store| exports.samefit_regression_prediction().table().call_new(store, self.read.model, plan))?;
        Ok(Box::new(Table { instance: Arc::clone(&self.read.instance), stream }))
    }
}

impl Drop for Parsed<'_> {
    fn drop(&mut self) {
        if !lock(&self.read.instance).broke_off {
            self.keeper.put(&self.key, self.read.clone());
        }
    }
}

struct Table {
    instance: Arc<Mutex<Instance>>,
    stream: ResourceAny,
}

impl Stream for Table {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        lock(&self.instance).try_ask(|exports, store| exports.samefit_regression_prediction().table().call_push(store, self.stream, chunk))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        lock(&self.instance).try_ask(|exports, store| exports.samefit_regression_prediction().table().call_finish(store, self.stream))
    }
}

impl SplitStream for Table {
    fn header(&mut self, records: &[u8]) -> Result<bool> {
        lock(&self.instance)
            .try_ask(|exports, store| exports.samefit_regression_prediction().table().call_header(store, self.stream, records))
    }

    fn continue_at(&mut self, row: u64) -> Result<()> {
        lock(&self.instance)
            .try_ask(|exports, store| exports.samefit_regression_prediction().table().call_continue_at(store, self.stream, row))
    }

    fn rows(&mut self) -> Result<u64> {
        lock(&self.instance).ask(|exports, store| exports.samefit_regression_prediction().table().call_rows(store, self.stream))
    }

    fn quotes(&mut self, chunk: &[u8]) -> Result<u64> {
        lock(&self.instance).quotes(chunk)
    }

    fn cut(&mut self, chunk: &[u8], quoted: bool) -> Result<Option<usize>> {
        lock(&self.instance).cut(chunk, quoted)
    }
}

impl Tabling for Table {
    fn counts(&mut self) -> Result<StatusCounts> {
        let counts =
            lock(&self.instance).ask(|exports, store| exports.samefit_regression_prediction().table().call_counts(store, self.stream))?;
        StatusCounts::parse(&counts)
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        // an instance that trapped has nothing more to give back
        let _ = lock(&self.instance).release(self.stream);
    }
}

fn lock(instance: &Mutex<Instance>) -> MutexGuard<'_, Instance> {
    instance.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_beyond_the_limit_is_refused_and_remembered() {
        let wasm = Wasm::embedded().unwrap();
        let mut store = Store::new(&wasm.engine, Limits::default());
        assert!(store.data_mut().memory_growing(0, MEMORY_BYTES_MAX, None).unwrap());
        assert!(matches!(failed(&store, &wasmtime::Error::msg("a trap")), Error::Trap(_)));
        assert!(!store.data_mut().memory_growing(0, MEMORY_BYTES_MAX + 1, None).unwrap());
        assert!(matches!(failed(&store, &wasmtime::Error::msg("a trap")), Error::Memory(_)));
    }

    #[test]
    fn the_component_has_the_limits_of_the_stages() {
        let limits = Wasm::embedded().unwrap().identity().unwrap().limits;
        let limits: serde_json::Value = serde_json::from_str(&limits).unwrap();
        assert_eq!(limits["record_bytes"], samefit_stages::limits::RECORD_BYTES_MAX);
        assert_eq!(limits["columns"], samefit_stages::limits::COLUMNS_MAX);
    }

    #[test]
    fn bad_input_is_a_fault_and_the_engine_goes_on() {
        let wasm = Wasm::embedded().unwrap();
        let mut stream = wasm.summarizer("{}").unwrap();
        assert!(matches!(stream.push(b"a,y\n1,2,3\n"), Err(Error::Data { path: None, .. })));
        assert!(matches!(wasm.model("{}"), Err(Error::Data { .. })));
        assert_eq!(wasm.identity().unwrap().component_sha256.len(), 64);
    }
}
