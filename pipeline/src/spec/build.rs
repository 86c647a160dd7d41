//! A document to a [`Spec`], or to all that is wrong with it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use super::fields::PIPELINE_SPEC;
use super::problem::{Findings, Problem};
use super::values::Wrong;
use super::{Input, Pfs, Spec, Transform, shape, values};
use crate::glob::Glob;

const PROJECT: &str = "default";
const MASTER: &str = "master";
const DATUM_TRIES: u32 = 3;

/// Reads a document.
pub(super) fn spec(file: &Path, document: &Value) -> Result<Spec, Vec<Problem>> {
    let name = document["pipeline"]["name"].as_str().map(str::to_owned);
    let mut findings = Findings::new(file, name);
    let fields = shape::object(&PIPELINE_SPEC, document, "", &mut findings);
    if findings.problems.is_empty()
        && let Some(spec) = build(&fields, document, &mut findings)
        && findings.problems.is_empty()
    {
        return Ok(Spec { notes: findings.notes, ..spec });
    }
    Err(findings.problems)
}

/// Every field has its type.
fn build(fields: &Map<String, Value>, document: &Value, findings: &mut Findings<'_>) -> Option<Spec> {
    let name = named(text(fields, "pipeline.name"), "pipeline.name", values::pipeline_name, findings);
    let project = text(fields, "pipeline.project.name").unwrap_or(PROJECT);
    if project != PROJECT {
        findings.note("pipeline.project", format!("not used: a store is one project, so `{project}` is not told from others"));
    }
    let transform = transform(fields, findings);
    let input = match fields.get("input") {
        Some(input) => Inputs { project, used: BTreeSet::new(), findings }.input(input, "input"),
        None => missing("input", "an input", "name a repo and a glob: {\"pfs\": {\"repo\": \"REPO\", \"glob\": \"/*\"}}", findings),
    };
    let output_branch = text(fields, "outputBranch").unwrap_or(MASTER).to_owned();
    check(Some(&output_branch), "outputBranch", values::name, findings);
    let limits = memory(fields, "resourceLimits.memory", findings);
    let requests = memory(fields, "resourceRequests.memory", findings);
    Some(Spec {
        workers: count(fields, "parallelismSpec.constant", findings).unwrap_or(1),
        datum_tries: count(fields, "datumTries", findings).unwrap_or(DATUM_TRIES),
        datum_timeout: time(fields, "datumTimeout", findings),
        job_timeout: time(fields, "jobTimeout", findings),
        set_datums: count(fields, "datumSetSpec.number", findings).map(u64::from),
        reprocess: reprocess(fields, findings),
        memory_bytes: limits.or(requests),
        name: name?,
        transform: transform?,
        input: input?,
        output_branch,
        salt: owned(fields, "salt"),
        file: findings.file.to_owned(),
        text: document.clone(),
        notes: Vec::new(),
    })
}

fn transform(fields: &Map<String, Value>, findings: &mut Findings<'_>) -> Option<Transform> {
    let cmd = texts(fields, "transform.cmd");
    if cmd.first().is_none_or(String::is_empty) {
        // a cluster takes such a spec, and kills its job
        return missing("transform.cmd", "a command", "write the program and its arguments: [\"samefit\", \"train\", ..]", findings);
    }
    let env = at(fields, "transform.env").and_then(Value::as_object).into_iter().flatten();
    let env = env.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    let codes = at(fields, "transform.acceptReturnCode").and_then(Value::as_array).into_iter().flatten();
    Some(Transform {
        cmd,
        env,
        user: owned(fields, "transform.user"),
        working_dir: owned(fields, "transform.workingDir"),
        // a code that no process can end with is none that is accepted
        accept_return_code: codes.filter_map(|code| i32::try_from(code.as_i64()?).ok()).collect(),
        datum_batching: flag(at(fields, "transform.datumBatching")),
    })
}

/// The inputs of one pipeline.
struct Inputs<'i, 'f> {
    project: &'i str,
    /// Names of inputs so far.
    used: BTreeSet<String>,
    findings: &'i mut Findings<'f>,
}

impl Inputs<'_, '_> {
    fn input(&mut self, input: &Value, place: &str) -> Option<Input> {
        match (input.get("pfs"), input.get("cross").and_then(Value::as_array)) {
            (Some(pfs), None) => self.pfs(pfs, &format!("{place}.pfs")).map(Input::Pfs),
            (None, Some(inputs)) if !inputs.is_empty() => self.cross(inputs, &format!("{place}.cross")),
            (Some(_), Some(_)) => {
                self.findings.problem(place, "both `pfs` and `cross`", "one of them", "put the `pfs` input into the list of `cross`");
                None
            }
            _ => missing(
                place,
                "`pfs` or `cross`",
                "name a repo and a glob: {\"pfs\": {\"repo\": \"REPO\", \"glob\": \"/*\"}}",
                self.findings,
            ),
        }
    }

    fn cross(&mut self, inputs: &[Value], place: &str) -> Option<Input> {
        let read: Vec<_> = inputs.iter().zip(0..).map(|(input, index)| self.input(input, &format!("{place}[{index}]"))).collect();
        let mut named: Vec<(&str, Input)> = inputs.iter().map(given_name).zip(read.into_iter().collect::<Option<Vec<_>>>()?).collect();
        named.sort_by_key(|(name, _)| *name);
        Some(Input::Cross(named.into_iter().map(|(_, input)| input).collect()))
    }

    fn pfs(&mut self, pfs: &Value, place: &str) -> Option<Pfs> {
        let fields = pfs.as_object()?;
        let repo = named(text(fields, "repo"), &format!("{place}.repo"), values::name, self.findings);
        let branch = text(fields, "branch").unwrap_or(MASTER).to_owned();
        check(Some(&branch), &format!("{place}.branch"), values::name, self.findings);
        let glob = self.glob(text(fields, "glob"), &format!("{place}.glob"));
        self.same(text(fields, "project"), self.project, &format!("{place}.project"));
        self.same(text(fields, "repoType"), "user", &format!("{place}.repoType"));
        let name = text(fields, "name").map_or_else(|| repo.clone(), |name| Some(name.to_owned()));
        self.name(name.as_deref(), &format!("{place}.name"));
        let empty_files = flag(fields.get("emptyFiles"));
        Some(Pfs { name: name?, repo: repo?, branch, glob: glob?, empty_files, field: place.to_owned() })
    }

    fn glob(&mut self, glob: Option<&str>, place: &str) -> Option<Glob> {
        let Some(glob) = glob else {
            return missing(place, "a glob", "write `/` for the whole repo, or `/*` for each file and folder in it", self.findings);
        };
        let parsed = Glob::parse(glob);
        parsed
            .map_err(|error| self.findings.problem(place, format!("{} in `{glob}`", error.found), error.expected, "correct the glob"))
            .ok()
    }

    fn name(&mut self, name: Option<&str>, place: &str) {
        check(name, place, values::input_name, self.findings);
        if let Some(name) = name.filter(|name| !self.used.insert((*name).to_owned())) {
            self.findings.problem(place, format!("`{name}` a second time"), "a name that no other input has", "give one of them a `name`");
        }
    }

    fn same(&mut self, given: Option<&str>, known: &str, place: &str) {
        if let Some(given) = given.filter(|given| *given != known) {
            self.findings.problem(
                place,
                format!("`{given}`"),
                format!("`{known}`"),
                "a Pachyderm cluster runs this; `samefit pipeline` does not",
            );
        }
    }
}

/// The name that the spec itself gives; a cross has that of its first input, once sorted.
fn given_name(input: &Value) -> &str {
    match input.get("cross").and_then(Value::as_array) {
        Some(inputs) => inputs.iter().map(given_name).min().unwrap_or_default(),
        None => input["pfs"]["name"].as_str().unwrap_or_default(),
    }
}

/// A value by its path, `transform.cmd`.
fn at<'v>(fields: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let value = fields.get(first)?;
    if rest.is_empty() { Some(value) } else { at(value.as_object()?, rest) }
}

/// A text that is not empty: to Pachyderm an empty one is none.
fn text<'v>(fields: &'v Map<String, Value>, path: &str) -> Option<&'v str> {
    at(fields, path).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn owned(fields: &Map<String, Value>, path: &str) -> Option<String> {
    text(fields, path).map(str::to_owned)
}

fn texts(fields: &Map<String, Value>, path: &str) -> Vec<String> {
    let items = at(fields, path).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn flag(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool).unwrap_or(false)
}

/// A whole number; zero is as none.
fn count(fields: &Map<String, Value>, path: &str, findings: &mut Findings<'_>) -> Option<u32> {
    let value = at(fields, path)?;
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    if count.is_none() {
        findings.problem(path, format!("`{value}`"), "a whole number from 0 to 4294967295", "write how many");
    }
    count.filter(|count| *count > 0)
}

fn time(fields: &Map<String, Value>, path: &str, findings: &mut Findings<'_>) -> Option<Duration> {
    check(text(fields, path), path, values::seconds, findings)
}

fn memory(fields: &Map<String, Value>, path: &str, findings: &mut Findings<'_>) -> Option<u64> {
    check(text(fields, path), path, values::bytes, findings)
}

fn reprocess(fields: &Map<String, Value>, findings: &mut Findings<'_>) -> bool {
    match text(fields, "reprocessSpec") {
        None | Some("until_success") => false,
        Some("every_job") => true,
        Some(other) => {
            let help = "leave it out, unless the command's results depend on more than its inputs";
            findings.problem("reprocessSpec", format!("`{other}`"), "`until_success` or `every_job`", help);
            false
        }
    }
}

/// What a text means; a problem if it means nothing.
fn check<T>(text: Option<&str>, place: &str, read: impl Fn(&str) -> Result<T, Wrong>, findings: &mut Findings<'_>) -> Option<T> {
    let text = text?;
    read(text).map_err(|Wrong { expected, help }| findings.problem(place, format!("`{text}`"), expected, help)).ok()
}

/// A name that must be there.
fn named(name: Option<&str>, place: &str, rule: fn(&str) -> Result<(), Wrong>, findings: &mut Findings<'_>) -> Option<String> {
    let Some(name) = name else {
        return missing(place, "a name", "write one", findings);
    };
    check(Some(name), place, rule, findings).map(|()| name.to_owned())
}

fn missing<T>(place: &str, expected: &str, help: &str, findings: &mut Findings<'_>) -> Option<T> {
    findings.problem(place, "nothing", expected, help);
    None
}
