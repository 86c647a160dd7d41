//! Runs the component in wasmtime, as the engine of the stages. The only module of the program that knows WIT.
//!
//! Every stream, model and single call gets its own instance, which takes microseconds. A trap makes an instance unusable but affects no
//! other, and dropping an instance returns its memory to the system. Models that are no longer in use stay in a cache with their instances.
//!
//! *Limits*: an instance has at most [`MEMORY_BYTES_MAX`] of memory.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use samefit_stages::error::{Error, ErrorRecord, InputError, Result};
use samefit_stages::ports::columns::{Batch, Values};
use samefit_stages::ports::engine::{
    Engine, Form, Identity, Interval, Merger, Model, PredictedBatch, PredictionStream, SplitStream, StatusCounts, Stream, Summarizer,
    Verdict,
};
use wasmtime::component::{Component, Linker, ResourceAny};
use wasmtime::{ResourceLimiter, Store};

use crate::engine_config::engine_config;
use crate::instance_cache::{CacheKey, InstanceCache};
use crate::system_limits;

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({ path: "../core-wasm/wit", world: "regression" });
}

use bindings::exports::samefit::regression::types;
use bindings::{Regression, RegressionPre};

/// Most bytes of memory of an instance. Statistics of a thousand terms take a few MiB. An instance that needs half of what 32 bits can address
/// has something wrong with its input, and the error should come from here rather than from the system's out-of-memory killer.
pub(crate) const MEMORY_BYTES_MAX: usize = 2 << 30;

/// The component, compiled by `build.rs` for any processor of the target.
static COMPILED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/samefit.cwasm"));
/// The same for newer processors.
static COMPILED_NEWER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/samefit-newer.cwasm"));
const COMPONENT_SHA256: &str = include_str!(concat!(env!("OUT_DIR"), "/component_sha256"));

/// The component, loaded and ready to be instantiated.
pub(crate) struct WasmEngine {
    engine: wasmtime::Engine,
    component: RegressionPre<MemoryLimiter>,
    models: InstanceCache<SharedResource>,
    /// The statistics that were summed last, so that fitting a model to them need not parse their text.
    statistics: InstanceCache<SharedResource>,
}

impl WasmEngine {
    /// Loads the component that this program carries.
    pub(crate) fn embedded() -> Result<Self> {
        // SAFETY: wasmtime's compiler wrote these bytes when `build.rs` of this build ran it. They are part of the program, so nobody can
        // change them without changing the program. wasmtime checks its version and settings in them.
        #[allow(unsafe_code)]
        unsafe {
            Self::load(if is_newer_processor() { COMPILED_NEWER } else { COMPILED })
        }
    }

    /// Loads the code for any processor, even if this one is newer.
    #[cfg(test)]
    pub(crate) fn for_any_processor() -> Result<Self> {
        // SAFETY: as in `embedded`.
        #[allow(unsafe_code)]
        unsafe {
            Self::load(COMPILED)
        }
    }

    /// Loads the build of the component without SIMD, which must give the same results.
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
    /// `compiled` must be the unchanged result of wasmtime's `precompile_component`: the program runs it as machine code.
    #[allow(unsafe_code)]
    unsafe fn load(compiled: &[u8]) -> Result<Self> {
        let load_error = |error: wasmtime::Error| {
            system_limits::limit_error(&error).unwrap_or_else(|| Error::Trap(format!("it cannot be loaded: {}", error.root_cause())))
        };
        let engine = wasmtime::Engine::new(&engine_config()).map_err(load_error)?;
        // SAFETY: the caller guarantees it.
        let component = unsafe { Component::deserialize(&engine, compiled) }.map_err(load_error)?;
        let component = Linker::new(&engine).instantiate_pre(&component).and_then(RegressionPre::new).map_err(load_error)?;
        Ok(Self { engine, component, models: InstanceCache::default(), statistics: InstanceCache::default() })
    }

    fn parse_model(&self, text: &str) -> Result<SharedResource> {
        let mut instance = self.instance()?;
        let resource = instance.parse_model(text)?;
        Ok(SharedResource { instance: Arc::new(Mutex::new(instance)), resource })
    }

    fn parse_statistics(&self, text: &str) -> Result<SharedResource> {
        let mut instance = self.instance()?;
        let resource = instance.parse_statistics(text)?;
        Ok(SharedResource { instance: Arc::new(Mutex::new(instance)), resource })
    }

    fn instance(&self) -> Result<Instance> {
        system_limits::check_room_for_instance()?;
        let mut store = Store::new(&self.engine, MemoryLimiter::default());
        store.limiter(|limiter| limiter);
        let exports = self.component.instantiate(&mut store);
        exports.map_err(|error| call_error(&store, &error)).map(|exports| Instance { exports, store, is_trapped: false })
    }
}

/// Returns whether this processor has the features of `X86_64_NEWER_FLAGS` in `build.rs`. wasmtime checks them again when it loads the code.
fn is_newer_processor() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        has!("avx") && has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// An instance of the component: its functions and its memory.
struct Instance {
    exports: Regression,
    store: Store<MemoryLimiter>,
    /// Whether a call trapped. wasmtime refuses all later calls.
    is_trapped: bool,
}

impl Instance {
    /// Calls a function of the contract that returns no error. It can still trap.
    fn call<T>(&mut self, function: impl FnOnce(&Regression, &mut Store<MemoryLimiter>) -> wasmtime::Result<T>) -> Result<T> {
        let result = function(&self.exports, &mut self.store);
        self.is_trapped |= result.is_err();
        result.map_err(|error| call_error(&self.store, &error))
    }

    /// Calls a function of the contract that returns an error for bad input.
    fn try_call<T>(
        &mut self,
        function: impl FnOnce(&Regression, &mut Store<MemoryLimiter>) -> wasmtime::Result<Result<T, types::Error>>,
    ) -> Result<T> {
        self.call(function)?.map_err(|error| InputError::from(error).into())
    }

    fn parse_statistics(&mut self, text: &str) -> Result<ResourceAny> {
        self.try_call(|exports, store| exports.samefit_regression_training().statistics().call_parse(store, text))
    }

    fn statistics_text(&mut self, statistics: ResourceAny) -> Result<String> {
        self.call(|exports, store| exports.samefit_regression_training().statistics().call_to_json(store, statistics))
    }

    fn parse_model(&mut self, text: &str) -> Result<ResourceAny> {
        self.try_call(|exports, store| exports.samefit_regression_prediction().model().call_parse(store, text))
    }

    fn predict_batch(&mut self, resource: ResourceAny, batch: &Batch, Interval { level, of_mean }: Interval) -> Result<PredictedBatch> {
        for (name, values) in &batch.columns {
            self.try_call(|exports, store| {
                let batches = exports.samefit_regression_prediction().batch();
                match values {
                    Values::Numbers(numbers) => batches.call_set_f64(store, resource, name, numbers),
                    Values::Text(text) => batches.call_set_text(store, resource, name, text),
                }
            })?;
        }
        let values =
            self.try_call(|exports, store| exports.samefit_regression_prediction().batch().call_predict(store, resource, level, of_mean))?;
        let status = self.call(|exports, store| exports.samefit_regression_prediction().batch().call_status(store, resource))?;
        let problems = self.call(|exports, store| exports.samefit_regression_prediction().batch().call_problems(store, resource))?;
        Ok(PredictedBatch { values, status, problems })
    }

    fn release(&mut self, resource: ResourceAny) -> Result<()> {
        self.call(|_, store| resource.resource_drop(store))
    }
}

/// Returns what an error of a call means: memory beyond the limit, memory that the system refused, or a trap.
fn call_error(store: &Store<MemoryLimiter>, error: &wasmtime::Error) -> Error {
    match store.data().refusal {
        Some(MemoryRefusal::OverLimit) => Error::memory(
            format!("this needs more than {} MiB of memory, which is the limit", MEMORY_BYTES_MAX >> 20),
            "sum fewer columns or terms at once",
        ),
        Some(MemoryRefusal::BySystem) => system_limits::out_of_memory(),
        None => system_limits::limit_error(error).unwrap_or_else(|| Error::Trap(error.root_cause().to_string())),
    }
}

/// Why an instance did not get more memory.
#[derive(Clone, Copy)]
enum MemoryRefusal {
    /// It would have more than [`MEMORY_BYTES_MAX`].
    OverLimit,
    /// The system has no more.
    BySystem,
}

impl From<types::Error> for InputError {
    fn from(error: types::Error) -> Self {
        let types::Error { code, row, column, found, expected, text, help } = error;
        ErrorRecord { code, row, column, found, expected, text, help }.into()
    }
}

/// Limits the memory of an instance, and remembers whether memory was refused.
#[derive(Default)]
struct MemoryLimiter {
    refusal: Option<MemoryRefusal>,
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= MEMORY_BYTES_MAX;
        if !allowed {
            self.refusal = Some(MemoryRefusal::OverLimit);
        }
        Ok(allowed)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        // wasmtime also calls this after `memory_growing` returned false
        self.refusal = self.refusal.or(Some(MemoryRefusal::BySystem));
        Ok(())
    }

    fn table_growing(&mut self, _current: usize, _desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(true)
    }
}

impl Engine for WasmEngine {
    fn threads_max(&self) -> usize {
        system_limits::threads_max()
    }

    fn summarizer(&self, plan: &str) -> Result<Box<dyn Summarizer + '_>> {
        let mut instance = self.instance()?;
        let stream = instance.try_call(|exports, store| exports.samefit_regression_training().summarizer().call_new(store, plan))?;
        Ok(Box::new(WasmSummarizer { instance: Arc::new(Mutex::new(instance)), stream, cache: &self.statistics }))
    }

    fn record_writer(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        let mut instance = self.instance()?;
        let stream = instance.try_call(|exports, store| exports.samefit_regression_quality().record_writer().call_new(store, plan))?;
        Ok(Box::new(WasmRecordWriter { instance, stream }))
    }

    fn profiler(&self, plan: &str) -> Result<Box<dyn Stream + '_>> {
        let mut instance = self.instance()?;
        let stream = instance.try_call(|exports, store| exports.samefit_regression_profile().profiler().call_new(store, plan))?;
        Ok(Box::new(WasmProfiler { instance, stream }))
    }

    fn preview(&self, start: &[u8], plan: &str) -> Result<String> {
        self.instance()?.try_call(|exports, store| exports.samefit_regression_profile().call_preview(store, start, plan))
    }

    fn merger(&self) -> Result<Box<dyn Merger + Send + '_>> {
        Ok(Box::new(WasmMerger { instance: self.instance()?, sum: None }))
    }

    fn subtract(&self, from: &str, gone: &str) -> Result<String> {
        let mut instance = self.instance()?;
        let from = instance.parse_statistics(from)?;
        let gone = instance.parse_statistics(gone)?;
        instance.try_call(|exports, store| exports.samefit_regression_training().statistics().call_subtract(store, from, gone))?;
        instance.statistics_text(from)
    }

    fn audit(&self, statistics: &str, notes: &str) -> Result<String> {
        let mut instance = self.instance()?;
        let statistics = instance.parse_statistics(statistics)?;
        instance.try_call(|exports, store| exports.samefit_regression_training().statistics().call_audit(store, statistics, notes))
    }

    fn fit(&self, statistics: &str, plan: &str) -> Result<String> {
        let kept = self.statistics.take(statistics).0;
        let SharedResource { instance, resource } = kept.map_or_else(|| self.parse_statistics(statistics), Ok)?;
        lock(&instance).try_call(|exports, store| exports.samefit_regression_training().statistics().call_fit(store, resource, plan))
    }

    fn needed_columns(&self, plan: &str) -> Result<Option<BTreeSet<String>>> {
        let columns = self.instance()?.try_call(|exports, store| exports.samefit_regression_training().call_needed_columns(store, plan))?;
        Ok(columns.map(|names| parse_names(&names)).transpose()?.map(BTreeSet::from_iter))
    }

    fn order_levels(&self, levels: &[String]) -> Result<Vec<String>> {
        let levels = serde_json::Value::from(levels).to_string();
        parse_names(&self.instance()?.try_call(|exports, store| exports.samefit_regression_training().call_order_levels(store, &levels))?)
    }

    fn compare(&self, statistics: &str, plan: &str, other: &str) -> Result<String> {
        let mut instance = self.instance()?;
        let statistics = instance.parse_statistics(statistics)?;
        instance.try_call(|exports, store| exports.samefit_regression_training().statistics().call_compare(store, statistics, plan, other))
    }

    fn test(&self, statistics: &str, plan: &str, restrictions: &str) -> Result<String> {
        let mut instance = self.instance()?;
        let statistics = instance.parse_statistics(statistics)?;
        instance
            .try_call(|exports, store| exports.samefit_regression_training().statistics().call_test(store, statistics, plan, restrictions))
    }

    fn model(&self, text: &str) -> Result<Box<dyn Model + '_>> {
        let (cached, key) = self.models.take(text);
        let model = cached.map_or_else(|| self.parse_model(text), Ok)?;
        Ok(Box::new(WasmModel { model, key, cache: &self.models }))
    }

    fn judge(&self, model: &str, records: &str, threshold: f64) -> Result<Verdict> {
        let mut instance = self.instance()?;
        let records = instance.parse_statistics(records)?;
        let verdict =
            instance.try_call(|exports, store| exports.samefit_regression_quality().call_judge(store, model, records, threshold))?;
        instance.call(|exports, mut store| {
            let verdicts = exports.samefit_regression_quality().verdict();
            Ok(Verdict { report: verdicts.call_report(&mut store, verdict)?, model: verdicts.call_model(&mut store, verdict)? })
        })
    }

    fn first_difference(&self, model: &str, other: &str) -> Result<Option<String>> {
        self.instance()?.try_call(|exports, store| exports.samefit_regression_quality().call_first_difference(store, model, other))
    }

    fn residuals(&self, model: &str, plan: &str) -> Result<Box<dyn Stream + '_>> {
        let mut instance = self.instance()?;
        let stream = instance.try_call(|exports, store| exports.samefit_regression_quality().residuals().call_new(store, model, plan))?;
        Ok(Box::new(WasmResiduals { instance, stream }))
    }

    fn form(&self, document: &str) -> Result<Box<dyn Form + '_>> {
        let mut instance = self.instance()?;
        let form = instance.try_call(|exports, store| exports.samefit_regression_entry().form().call_new(store, document))?;
        Ok(Box::new(WasmForm { instance, form }))
    }

    fn identity(&self) -> Result<Identity> {
        self.instance()?.call(|exports, mut store| {
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

/// Reads a JSON array of names from the component.
fn parse_names(names: &str) -> Result<Vec<String>> {
    serde_json::from_str(names).map_err(|_| Error::Trap("names that are not as the contract says".to_owned()))
}

struct WasmSummarizer<'c> {
    instance: Arc<Mutex<Instance>>,
    stream: ResourceAny,
    /// Keeps the statistics, in case a model is fitted to them.
    cache: &'c InstanceCache<SharedResource>,
}

impl Stream for WasmSummarizer<'_> {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let stream = self.stream;
        lock(&self.instance)
            .try_call(|exports, store| exports.samefit_regression_training().summarizer().call_push(store, stream, chunk))?;
        Ok(Vec::new())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        let mut instance = lock(&self.instance);
        let resource = instance.try_call(|exports, store| exports.samefit_regression_training().summarizer().call_finish(store, stream))?;
        let text = instance.statistics_text(resource)?;
        let (_, key) = self.cache.take(&text);
        self.cache.put(&key, SharedResource { instance: Arc::clone(&self.instance), resource });
        Ok(text.into_bytes())
    }

    fn notes(&mut self) -> Result<String> {
        let stream = self.stream;
        lock(&self.instance).call(|exports, store| exports.samefit_regression_training().summarizer().call_notes(store, stream))
    }
}

impl SplitStream for WasmSummarizer<'_> {
    fn header(&mut self, records: &[u8]) -> Result<bool> {
        let stream = self.stream;
        lock(&self.instance)
            .try_call(|exports, store| exports.samefit_regression_training().summarizer().call_header(store, stream, records))
    }

    fn continue_at(&mut self, row: u64) -> Result<()> {
        let stream = self.stream;
        lock(&self.instance)
            .try_call(|exports, store| exports.samefit_regression_training().summarizer().call_continue_at(store, stream, row))
    }

    fn rows(&mut self) -> Result<u64> {
        let stream = self.stream;
        lock(&self.instance).call(|exports, store| exports.samefit_regression_training().summarizer().call_rows(store, stream))
    }
}

impl Summarizer for WasmSummarizer<'_> {
    fn add(&mut self, batch: &Batch) -> Result<()> {
        let stream = self.stream;
        for (name, values) in &batch.columns {
            lock(&self.instance).try_call(|exports, store| {
                let summarizer = exports.samefit_regression_training().summarizer();
                match values {
                    Values::Numbers(numbers) => summarizer.call_set_f64(store, stream, name, numbers),
                    Values::Text(text) => summarizer.call_set_text(store, stream, name, text),
                }
            })?;
        }
        lock(&self.instance).try_call(|exports, store| exports.samefit_regression_training().summarizer().call_sum_columns(store, stream))
    }

    fn state(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        lock(&self.instance).try_call(|exports, store| exports.samefit_regression_training().summarizer().call_state(store, stream))
    }

    fn finish_groups(&mut self, take: &mut dyn FnMut(String, String) -> Result<()>) -> Result<()> {
        let (stream, mut instance) = (self.stream, lock(&self.instance));
        let groups =
            instance.try_call(|exports, store| exports.samefit_regression_training().summarizer().call_finish_groups(store, stream))?;
        let names = instance.call(|exports, store| exports.samefit_regression_training().groups().call_names(store, groups))?;
        for name in parse_names(&names)? {
            let statistics =
                instance.call(|exports, store| exports.samefit_regression_training().groups().call_take(store, groups, &name))?;
            let statistics = statistics.ok_or_else(|| Error::Trap("a group without statistics".to_owned()))?;
            let text = instance.statistics_text(statistics)?;
            instance.release(statistics)?;
            take(name, text)?;
        }
        instance.release(groups)
    }

    fn finish_state(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        lock(&self.instance).try_call(|exports, store| exports.samefit_regression_training().summarizer().call_finish_state(store, stream))
    }

    fn choose_decimals(&mut self) -> Result<String> {
        let stream = self.stream;
        lock(&self.instance)
            .try_call(|exports, store| exports.samefit_regression_training().summarizer().call_choose_decimals(store, stream))
    }

    fn choose_knots(&mut self) -> Result<String> {
        let stream = self.stream;
        lock(&self.instance).try_call(|exports, store| exports.samefit_regression_training().summarizer().call_choose_knots(store, stream))
    }

    fn merge_state(&mut self, state: &[u8]) -> Result<()> {
        let stream = self.stream;
        lock(&self.instance)
            .try_call(|exports, store| exports.samefit_regression_training().summarizer().call_merge_state(store, stream, state))
    }
}

struct WasmRecordWriter {
    instance: Instance,
    stream: ResourceAny,
}

impl Stream for WasmRecordWriter {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let stream = self.stream;
        self.instance.try_call(|exports, store| exports.samefit_regression_quality().record_writer().call_push(store, stream, chunk))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        self.instance.try_call(|exports, store| exports.samefit_regression_quality().record_writer().call_finish(store, stream))
    }
}

struct WasmProfiler {
    instance: Instance,
    stream: ResourceAny,
}

impl Stream for WasmProfiler {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let stream = self.stream;
        self.instance.try_call(|exports, store| exports.samefit_regression_profile().profiler().call_push(store, stream, chunk))?;
        Ok(Vec::new())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        let profile =
            self.instance.try_call(|exports, store| exports.samefit_regression_profile().profiler().call_finish(store, stream))?;
        Ok(profile.into_bytes())
    }
}

struct WasmResiduals {
    instance: Instance,
    stream: ResourceAny,
}

impl Stream for WasmResiduals {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        let stream = self.stream;
        self.instance.try_call(|exports, store| exports.samefit_regression_quality().residuals().call_push(store, stream, chunk))?;
        Ok(Vec::new())
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        let stream = self.stream;
        let counted =
            self.instance.try_call(|exports, store| exports.samefit_regression_quality().residuals().call_finish(store, stream))?;
        Ok(counted.into_bytes())
    }
}

struct WasmForm {
    instance: Instance,
    form: ResourceAny,
}

impl Form for WasmForm {
    fn fields(&mut self) -> Result<String> {
        let form = self.form;
        self.instance.call(|exports, store| exports.samefit_regression_entry().form().call_fields(store, form))
    }

    fn evaluate(&mut self, entries: &str) -> Result<String> {
        let form = self.form;
        self.instance.try_call(|exports, store| exports.samefit_regression_entry().form().call_evaluate(store, form, entries))
    }

    fn convert(&mut self, field: &str, value: &str, unit: &str, to: &str) -> Result<String> {
        let form = self.form;
        self.instance.try_call(|exports, store| exports.samefit_regression_entry().form().call_convert(store, form, field, value, unit, to))
    }
}

struct WasmMerger {
    instance: Instance,
    /// None before the first statistics.
    sum: Option<ResourceAny>,
}

impl Merger for WasmMerger {
    fn add(&mut self, statistics: &str) -> Result<()> {
        let next = self.instance.parse_statistics(statistics)?;
        let Some(sum) = self.sum else {
            self.sum = Some(next);
            return Ok(());
        };
        self.instance.try_call(|exports, store| exports.samefit_regression_training().statistics().call_merge(store, sum, next))?;
        self.instance.release(next)
    }

    fn finish(&mut self) -> Result<String> {
        let nothing = || Error::usage("there are no statistics to merge", "name a file");
        self.instance.statistics_text(self.sum.ok_or_else(nothing)?)
    }
}

/// A resource, and the instance that contains it and perhaps others.
#[derive(Clone)]
struct SharedResource {
    instance: Arc<Mutex<Instance>>,
    resource: ResourceAny,
}

/// A model in use. It returns to the cache when it is dropped.
///
/// Its tables share its instance, one call at a time. A thread that wants its own instance parses the model again, which takes little time.
struct WasmModel<'c> {
    model: SharedResource,
    key: CacheKey,
    cache: &'c InstanceCache<SharedResource>,
}

impl Model for WasmModel<'_> {
    fn plan(&self) -> Result<String> {
        lock(&self.model.instance)
            .call(|exports, store| exports.samefit_regression_prediction().model().call_plan(store, self.model.resource))
    }

    fn summary(&self, level: f64) -> Result<String> {
        lock(&self.model.instance)
            .try_call(|exports, store| exports.samefit_regression_prediction().model().call_summary(store, self.model.resource, level))
    }

    fn notes(&self) -> Result<String> {
        lock(&self.model.instance)
            .call(|exports, store| exports.samefit_regression_prediction().model().call_notes(store, self.model.resource))
    }

    fn predict_record(&self, attributes: &str, Interval { level, of_mean }: Interval) -> Result<String> {
        lock(&self.model.instance).try_call(|exports, store| {
            let models = exports.samefit_regression_prediction().model();
            models.call_predict_record(store, self.model.resource, attributes, level, of_mean)
        })
    }

    fn explain(&self, attributes: &str, level: f64) -> Result<String> {
        lock(&self.model.instance).try_call(|exports, store| {
            exports.samefit_regression_prediction().model().call_explain(store, self.model.resource, attributes, level)
        })
    }

    fn curve(&self, attributes: &str, column: &str, values: &str, Interval { level, of_mean }: Interval) -> Result<Vec<f64>> {
        lock(&self.model.instance).try_call(|exports, store| {
            let models = exports.samefit_regression_prediction().model();
            models.call_curve(store, self.model.resource, attributes, column, values, level, of_mean)
        })
    }

    fn predict_batch(&self, batch: &Batch, interval: Interval) -> Result<PredictedBatch> {
        let mut instance = lock(&self.model.instance);
        let resource =
            instance.call(|exports, store| exports.samefit_regression_prediction().batch().call_new(store, self.model.resource))?;
        let predicted = instance.predict_batch(resource, batch, interval);
        // fails if the instance trapped; then its memory goes with it
        let _ = instance.release(resource);
        predicted
    }

    fn table(&self, plan: &str) -> Result<Box<dyn PredictionStream>> {
        let stream = lock(&self.model.instance)
            .try_call(|exports, store| exports.samefit_regression_prediction().table().call_new(store, self.model.resource, plan))?;
        Ok(Box::new(WasmTable { instance: Arc::clone(&self.model.instance), stream }))
    }
}

impl Drop for WasmModel<'_> {
    fn drop(&mut self) {
        if !lock(&self.model.instance).is_trapped {
            self.cache.put(&self.key, self.model.clone());
        }
    }
}

struct WasmTable {
    instance: Arc<Mutex<Instance>>,
    stream: ResourceAny,
}

impl Stream for WasmTable {
    fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>> {
        lock(&self.instance).try_call(|exports, store| exports.samefit_regression_prediction().table().call_push(store, self.stream, chunk))
    }

    fn finish(&mut self) -> Result<Vec<u8>> {
        lock(&self.instance).try_call(|exports, store| exports.samefit_regression_prediction().table().call_finish(store, self.stream))
    }
}

impl SplitStream for WasmTable {
    fn header(&mut self, records: &[u8]) -> Result<bool> {
        lock(&self.instance)
            .try_call(|exports, store| exports.samefit_regression_prediction().table().call_header(store, self.stream, records))
    }

    fn continue_at(&mut self, row: u64) -> Result<()> {
        lock(&self.instance)
            .try_call(|exports, store| exports.samefit_regression_prediction().table().call_continue_at(store, self.stream, row))
    }

    fn rows(&mut self) -> Result<u64> {
        lock(&self.instance).call(|exports, store| exports.samefit_regression_prediction().table().call_rows(store, self.stream))
    }
}

impl PredictionStream for WasmTable {
    fn counts(&mut self) -> Result<StatusCounts> {
        let counts =
            lock(&self.instance).call(|exports, store| exports.samefit_regression_prediction().table().call_counts(store, self.stream))?;
        StatusCounts::parse(&counts)
    }
}

impl Drop for WasmTable {
    fn drop(&mut self) {
        // fails if the instance trapped; then its memory goes with it
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
    fn memory_over_the_limit_is_an_error_of_its_own() {
        let wasm = WasmEngine::embedded().unwrap();
        let mut store = Store::new(&wasm.engine, MemoryLimiter::default());
        assert!(store.data_mut().memory_growing(0, MEMORY_BYTES_MAX, None).unwrap());
        assert!(matches!(call_error(&store, &wasmtime::Error::msg("a trap")), Error::Trap(_)));
        assert!(!store.data_mut().memory_growing(0, MEMORY_BYTES_MAX + 1, None).unwrap());
        assert!(matches!(call_error(&store, &wasmtime::Error::msg("a trap")), Error::Memory(_)));
    }

    #[test]
    fn the_component_has_the_limits_of_the_stages() {
        let limits = WasmEngine::embedded().unwrap().identity().unwrap().limits;
        let limits: serde_json::Value = serde_json::from_str(&limits).unwrap();
        assert_eq!(limits["record_bytes"], samefit_stages::limits::RECORD_BYTES_MAX);
        assert_eq!(limits["columns"], samefit_stages::limits::COLUMNS_MAX);
    }

    #[test]
    fn after_bad_input_the_engine_goes_on() {
        let wasm = WasmEngine::embedded().unwrap();
        let mut stream = wasm.summarizer("{}").unwrap();
        assert!(matches!(stream.push(b"a,y\n1,2,3\n"), Err(Error::Data { path: None, .. })));
        assert!(matches!(wasm.model("{}"), Err(Error::Data { .. })));
        assert_eq!(wasm.identity().unwrap().component_sha256.len(), 64);
    }
}
