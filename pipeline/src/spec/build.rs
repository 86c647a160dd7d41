//! Builds a [`Spec`] from a document, or reports everything that is wrong with it.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use super::fields::PIPELINE_SPEC;
use super::problem::{CLUSTER_ONLY, Findings, Problem};
use super::types::{DEFAULT_BRANCH, Input, Pfs, Spec, Transform};
use super::values::InvalidValue;
use super::{normalize, values};
use crate::glob::Glob;

const PROJECT: &str = "default";
const DATUM_TRIES: u32 = 3;

/// Builds the spec of one document.
pub(super) fn spec(document: &Value, file: &Path) -> Result<Spec, Vec<Problem>> {
    let name = document["pipeline"]["name"].as_str().map(str::to_owned);
    let mut findings = Findings::new(file, name);
    let fields = normalize::object(&PIPELINE_SPEC, document, "", &mut findings);
    if findings.problems.is_empty()
        && let Some(spec) = build(&fields, document, &mut findings)
        && findings.problems.is_empty()
    {
        return Ok(Spec { notes: findings.notes, ..spec });
    }
    Err(findings.problems)
}

/// Builds the spec from fields that all have the right type.
fn build(fields: &Map<String, Value>, document: &Value, findings: &mut Findings<'_>) -> Option<Spec> {
    let name = required_name(string(fields, "pipeline.name"), "pipeline.name", values::pipeline_name, findings);
    let project = string(fields, "pipeline.project.name").unwrap_or(PROJECT);
    if project != PROJECT {
        findings.add_note("pipeline.project", format!("not used: a store holds one project, so the name `{project}` has no effect"));
    }
    let transform = transform(fields, findings);
    let input = match fields.get("input") {
        Some(input) => InputReader { project, names: BTreeSet::new(), findings }.input(input, "input"),
        None => missing("input", "an input", "name a repo and a glob: {\"pfs\": {\"repo\": \"REPO\", \"glob\": \"/*\"}}", findings),
    };
    let output_branch = string(fields, "outputBranch").unwrap_or(DEFAULT_BRANCH).to_owned();
    parse(Some(&output_branch), "outputBranch", values::name, findings);
    let limits = memory(fields, "resourceLimits.memory", findings);
    let requests = memory(fields, "resourceRequests.memory", findings);
    Some(Spec {
        workers: count(fields, "parallelismSpec.constant", findings).unwrap_or(1),
        datum_tries: count(fields, "datumTries", findings).unwrap_or(DATUM_TRIES),
        datum_timeout: duration(fields, "datumTimeout", findings),
        job_timeout: duration(fields, "jobTimeout", findings),
        set_datums: count(fields, "datumSetSpec.number", findings).map(u64::from),
        reprocess: reprocess(fields, findings),
        memory_bytes: limits.or(requests),
        name: name?,
        transform: transform?,
        input: input?,
        output_branch,
        salt: owned_string(fields, "salt"),
        file: findings.file.to_owned(),
        text: document.clone(),
        notes: Vec::new(),
    })
}

fn transform(fields: &Map<String, Value>, findings: &mut Findings<'_>) -> Option<Transform> {
    let cmd = strings(fields, "transform.cmd");
    if cmd.first().is_none_or(String::is_empty) {
        // a cluster accepts such a spec, and then kills its job
        return missing("transform.cmd", "a command", "write the program and its arguments: [\"samefit\", \"train\", ..]", findings);
    }
    let env = value_at(fields, "transform.env").and_then(Value::as_object).into_iter().flatten();
    let env = env.map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned())).collect();
    let codes = value_at(fields, "transform.acceptReturnCode").and_then(Value::as_array).into_iter().flatten();
    Some(Transform {
        cmd,
        env,
        user: owned_string(fields, "transform.user"),
        working_dir: owned_string(fields, "transform.workingDir"),
        // no process can end with a code outside of i32, so such a code is dropped
        accept_return_code: codes.filter_map(|code| i32::try_from(code.as_i64()?).ok()).collect(),
        datum_batching: boolean(value_at(fields, "transform.datumBatching")),
    })
}

/// Reads the inputs of one pipeline.
struct InputReader<'i, 'f> {
    project: &'i str,
    /// The names of the inputs read so far.
    names: BTreeSet<String>,
    findings: &'i mut Findings<'f>,
}

impl InputReader<'_, '_> {
    /// Reads the input at the path `field` of the spec.
    fn input(&mut self, input: &Value, field: &str) -> Option<Input> {
        match (input.get("pfs"), input.get("cross").and_then(Value::as_array)) {
            (Some(pfs), None) => self.pfs(pfs, &format!("{field}.pfs")).map(Input::Pfs),
            (None, Some(inputs)) if !inputs.is_empty() => self.cross(inputs, &format!("{field}.cross")),
            (Some(_), Some(_)) => {
                self.findings.add_problem(field, "both `pfs` and `cross`", "one of them", "put the `pfs` input into the list of `cross`");
                None
            }
            _ => missing(
                field,
                "`pfs` or `cross`",
                "name a repo and a glob: {\"pfs\": {\"repo\": \"REPO\", \"glob\": \"/*\"}}",
                self.findings,
            ),
        }
    }

    fn cross(&mut self, inputs: &[Value], field: &str) -> Option<Input> {
        let read: Vec<_> = inputs.iter().zip(0..).map(|(input, index)| self.input(input, &format!("{field}[{index}]"))).collect();
        let mut named: Vec<(&str, Input)> = inputs.iter().map(given_name).zip(read.into_iter().collect::<Option<Vec<_>>>()?).collect();
        named.sort_by_key(|(name, _)| *name);
        Some(Input::Cross(named.into_iter().map(|(_, input)| input).collect()))
    }

    fn pfs(&mut self, pfs: &Value, field: &str) -> Option<Pfs> {
        let fields = pfs.as_object()?;
        let repo = required_name(string(fields, "repo"), &format!("{field}.repo"), values::name, self.findings);
        let branch = string(fields, "branch").unwrap_or(DEFAULT_BRANCH).to_owned();
        parse(Some(&branch), &format!("{field}.branch"), values::name, self.findings);
        let glob = self.glob(string(fields, "glob"), &format!("{field}.glob"));
        self.require_value(string(fields, "project"), self.project, &format!("{field}.project"));
        self.require_value(string(fields, "repoType"), "user", &format!("{field}.repoType"));
        let name = string(fields, "name").map_or_else(|| repo.clone(), |name| Some(name.to_owned()));
        self.check_name(name.as_deref(), &format!("{field}.name"));
        let empty_files = boolean(fields.get("emptyFiles"));
        Some(Pfs { name: name?, repo: repo?, branch, glob: glob?, empty_files, field: field.to_owned() })
    }

    fn glob(&mut self, glob: Option<&str>, field: &str) -> Option<Glob> {
        let Some(glob) = glob else {
            return missing(field, "a glob", "write `/` for the whole repo, or `/*` for each file and folder in it", self.findings);
        };
        let parsed = Glob::parse(glob);
        parsed
            .map_err(|error| self.findings.add_problem(field, format!("{} in `{glob}`", error.found), error.expected, "correct the glob"))
            .ok()
    }

    fn check_name(&mut self, name: Option<&str>, field: &str) {
        parse(name, field, values::input_name, self.findings);
        if let Some(name) = name.filter(|name| !self.names.insert((*name).to_owned())) {
            let found = format!("`{name}` a second time");
            self.findings.add_problem(field, found, "a name that no other input has", "give one of them a `name`");
        }
    }

    /// Refuses every value but one, which is the only one that means something here.
    fn require_value(&mut self, given: Option<&str>, only: &str, field: &str) {
        if let Some(given) = given.filter(|given| *given != only) {
            self.findings.add_problem(field, format!("`{given}`"), format!("`{only}`"), CLUSTER_ONLY);
        }
    }
}

/// Returns the name by which Pachyderm sorts an input of a cross: the name in the spec, or the smallest one inside a nested cross.
fn given_name(input: &Value) -> &str {
    match input.get("cross").and_then(Value::as_array) {
        Some(inputs) => inputs.iter().map(given_name).min().unwrap_or_default(),
        None => input["pfs"]["name"].as_str().unwrap_or_default(),
    }
}

/// Returns the value at a path such as `transform.cmd`.
fn value_at<'v>(fields: &'v Map<String, Value>, path: &str) -> Option<&'v Value> {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let value = fields.get(first)?;
    if rest.is_empty() { Some(value) } else { value_at(value.as_object()?, rest) }
}

/// Returns the string at a path. An empty string counts as missing, as in Pachyderm.
fn string<'v>(fields: &'v Map<String, Value>, path: &str) -> Option<&'v str> {
    value_at(fields, path).and_then(Value::as_str).filter(|text| !text.is_empty())
}

fn owned_string(fields: &Map<String, Value>, path: &str) -> Option<String> {
    string(fields, path).map(str::to_owned)
}

fn strings(fields: &Map<String, Value>, path: &str) -> Vec<String> {
    let items = value_at(fields, path).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn boolean(value: Option<&Value>) -> bool {
    value.and_then(Value::as_bool).unwrap_or(false)
}

/// Returns the whole number at a path. Zero counts as missing.
fn count(fields: &Map<String, Value>, path: &str, findings: &mut Findings<'_>) -> Option<u32> {
    let value = value_at(fields, path)?;
    let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
    if count.is_none() {
        findings.add_problem(path, format!("`{value}`"), "a whole number from 0 to 4294967295", "write how many");
    }
    count.filter(|count| *count > 0)
}

fn duration(fields: &Map<String, Value>, path: &str, findings: &mut Findings<'_>) -> Option<Duration> {
    parse(string(fields, path), path, values::seconds, findings)
}

fn memory(fields: &Map<String, Value>, path: &str, findings: &mut Findings<'_>) -> Option<u64> {
    parse(string(fields, path), path, values::bytes, findings)
}

fn reprocess(fields: &Map<String, Value>, findings: &mut Findings<'_>) -> bool {
    match string(fields, "reprocessSpec") {
        None | Some("until_success") => false,
        Some("every_job") => true,
        Some(other) => {
            let help = "leave it out, unless the command's results depend on more than its inputs";
            findings.add_problem("reprocessSpec", format!("`{other}`"), "`until_success` or `every_job`", help);
            false
        }
    }
}

/// Parses a string if it is there, and adds a problem if it is not valid.
fn parse<T>(text: Option<&str>, field: &str, parser: impl Fn(&str) -> Result<T, InvalidValue>, findings: &mut Findings<'_>) -> Option<T> {
    let text = text?;
    parser(text).map_err(|InvalidValue { expected, help }| findings.add_problem(field, format!("`{text}`"), expected, help)).ok()
}

/// Returns a name, and adds a problem if it is missing or not valid.
fn required_name(
    name: Option<&str>,
    field: &str,
    check: fn(&str) -> Result<(), InvalidValue>,
    findings: &mut Findings<'_>,
) -> Option<String> {
    let Some(name) = name else {
        return missing(field, "a name", "write one", findings);
    };
    parse(Some(name), field, check, findings).map(|()| name.to_owned())
}

/// Adds a problem about a missing field, and returns nothing.
fn missing<T>(field: &str, expected: &str, help: &str, findings: &mut Findings<'_>) -> Option<T> {
    findings.add_problem(field, "nothing", expected, help);
    None
}
