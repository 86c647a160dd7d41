//! Specs as people write them: what is accepted, what is refused and with which message.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::fields::{Field, FieldType, PIPELINE_SPEC, Support};
use super::*;

/// A spec with only the required fields.
const PLAIN: &str =
    r#"{"pipeline": {"name": "model"}, "transform": {"cmd": ["samefit"]}, "input": {"pfs": {"repo": "training_data", "glob": "/"}}}"#;

/// Reads a file with this text. In messages its name is `a.json`.
fn read_text(text: &str) -> Result<Vec<Spec>, Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), text).unwrap();
    let prefix = format!("{}/", folder.path().display());
    read(&[folder.path().to_owned()]).map_err(|problems| problems.iter().map(|problem| problem.to_string().replace(&prefix, "")).collect())
}

/// Returns `PLAIN` with one field added or changed at a JSON pointer.
fn with(pointer: &str, value: serde_json::Value) -> String {
    let mut spec: serde_json::Value = serde_json::from_str(PLAIN).unwrap();
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    spec.pointer_mut(parent).unwrap()[key] = value;
    spec.to_string()
}

fn one(text: &str) -> Spec {
    read_text(text).unwrap_or_else(|problems| panic!("{problems:?}")).remove(0)
}

fn problems(text: &str) -> String {
    read_text(text).unwrap_err().join("\n")
}

#[track_caller]
fn assert_problem(pointer: &str, value: serde_json::Value, message: &str) {
    let problems = problems(&with(pointer, value));
    assert_eq!(problems, format!("a.json: pipeline `model`, field {message}"));
}

#[test]
fn defaults_are_pachyderms() {
    let spec = one(PLAIN);
    assert_eq!((spec.name.as_str(), spec.output_branch.as_str()), ("model", "master"));
    assert_eq!((spec.workers, spec.datum_tries, spec.set_datums), (1, 3, None));
    assert_eq!((spec.datum_timeout, spec.job_timeout, spec.memory_bytes), (None, None, None));
    assert_eq!((spec.reprocess, spec.salt, spec.transform.datum_batching), (false, None, false));
    let pfs = spec.input.pfs()[0].clone();
    assert_eq!(
        (pfs.name.as_str(), pfs.repo.as_str(), pfs.branch.as_str(), pfs.glob.text()),
        ("training_data", "training_data", "master", "/")
    );
    assert_eq!((pfs.empty_files, pfs.field.as_str()), (false, "input.pfs"));
    assert!(lint(&[one(PLAIN)]).is_empty());
}

const EVERYTHING: &str = r#"{
    "pipeline": {"name": "infer", "project": {"name": "default"}},
    "description": "predicts",
    "transform": {
        "cmd": ["samefit", "infer"], "image": "samefit/samefit:0.1.0", "env": {"A": "1"}, "user": "1000", "working_dir": "/tmp",
        "accept_return_code": [4], "datum_batching": true
    },
    "input": {"cross": [
        {"pfs": {"repo": "attributes", "glob": "/*", "empty_files": true, "branch": "live"}},
        {"pfs": {"repo": "qcontrol", "name": "accepted", "glob": "/model.json"}}
    ]},
    "parallelism_spec": {"constant": 10},
    "output_branch": "out",
    "datum_tries": 1,
    "datum_timeout": "60s",
    "job_timeout": "600s",
    "datum_set_spec": {"number": 100},
    "reprocess_spec": "every_job",
    "salt": "s",
    "resource_requests": {"memory": "64Mi"},
    "resource_limits": {"memory": "128Mi"}
}"#;

#[test]
fn every_field_is_read_in_both_spellings() {
    let camel = |text: &str| {
        let mut out = String::new();
        for (part, quoted) in text.split('"').zip([false, true].into_iter().cycle()) {
            let key = quoted && part.contains('_') && !part.contains("qc") && part != "every_job";
            let mut words = part.split('_');
            let first = words.next().unwrap().to_owned();
            let capitals = |words: std::str::Split<'_, char>| words.map(|word| word[..1].to_uppercase() + &word[1..]).collect::<String>();
            out += &if key { first + &capitals(words) } else { part.to_owned() };
            out.push('"');
        }
        out.trim_end_matches('"').to_owned()
    };
    let spec = one(EVERYTHING);
    let same = one(&camel(EVERYTHING));
    assert!(camel(EVERYTHING).contains("\"datumSetSpec\""));
    assert_eq!(
        format!("{:?}", Spec { text: json!(null), file: PathBuf::new(), ..spec.clone() }),
        format!("{:?}", Spec { text: json!(null), file: PathBuf::new(), ..same })
    );
    assert_eq!(spec.transform.cmd, ["samefit", "infer"]);
    assert_eq!((spec.transform.user.as_deref(), spec.transform.working_dir.as_deref()), (Some("1000"), Some("/tmp")));
    assert_eq!(
        (spec.transform.env["A"].as_str(), spec.transform.accept_return_code.as_slice(), spec.transform.datum_batching),
        ("1", &[4][..], true)
    );
    assert_eq!((spec.workers, spec.datum_tries, spec.set_datums, spec.memory_bytes), (10, 1, Some(100), Some(128 << 20)));
    assert_eq!((spec.datum_timeout, spec.job_timeout), (Some(Duration::from_secs(60)), Some(Duration::from_secs(600))));
    assert_eq!((spec.output_branch.as_str(), spec.reprocess, spec.salt.as_deref()), ("out", true, Some("s")));
    let inputs = spec.input.pfs();
    assert_eq!((inputs[0].repo.as_str(), inputs[0].branch.as_str(), inputs[0].empty_files), ("attributes", "live", true));
    assert_eq!((inputs[1].name.as_str(), inputs[1].field.as_str()), ("accepted", "input.cross[1].pfs"));
}

#[test]
fn a_file_holds_one_document_or_several_or_an_array() {
    let other = PLAIN.replace("\"model\"", "\"other\"");
    for text in [format!("{PLAIN}\n{other}"), format!("[{PLAIN}, {other}]"), format!("{PLAIN}{other}")] {
        let names: Vec<_> = read_text(&text).unwrap().into_iter().map(|spec| spec.name).collect();
        assert_eq!(names, ["model", "other"]);
    }
}

#[test]
fn a_folder_stands_for_its_json_files_sorted_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in
        [("b.json", PLAIN.replace("model", "b")), ("a.json", PLAIN.replace("model", "a")), ("README.md", "no spec".to_owned())]
    {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let names: Vec<_> = read(&[folder.path().to_owned()]).unwrap().into_iter().map(|spec| spec.name).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn files_without_a_spec_are_refused() {
    let not_json = problems("{\"pipeline\": }");
    assert_eq!(
        not_json,
        "a.json: found text that is not JSON at line 1, column 14, expected a pipeline spec, several, or a list of them\nhelp: write the spec as JSON; YAML is not read here"
    );
    let twice = problems(&PLAIN.replace("\"repo\"", "\"repo\": \"a\", \"repo\""));
    assert!(twice.starts_with("a.json: found text that is not sound JSON (the key `repo` a second time at line 1 column"), "{twice}");
    assert!(problems("").starts_with("a.json: found no document, expected"));
    assert!(problems("[]").starts_with("a.json: found no document, expected"));
    assert_eq!(problems("3"), "a.json: found `3`, expected an object\nhelp: write `{ }` with the fields inside");
    let folder = tempfile::tempdir().unwrap();
    let absent = read(&[folder.path().join("none.json")]).unwrap_err();
    assert!(absent[0].to_string().ends_with("help: check the path"), "{}", absent[0]);
    let empty = read(&[folder.path().to_owned()]).unwrap_err();
    assert!(empty[0].to_string().contains("found a folder without a `.json` file"), "{}", empty[0]);
}

#[test]
fn null_is_the_same_as_a_missing_field() {
    let text = with("/datumTries", json!(null));
    assert_eq!(one(&text).datum_tries, 3);
    assert_eq!(one(&with("/spout", json!(null))).name, "model");
    assert_eq!(one(&with("/s3Out", json!(false))).name, "model");
    assert_eq!(one(&with("/parallelismSpec", json!({"constant": 0}))).workers, 1);
}

#[test]
fn unknown_fields_are_refused_with_the_nearest_name() {
    assert_problem(
        "/parallelism",
        json!({}),
        "`parallelism`: found `parallelism`, expected a field of Pachyderm's pipeline spec\nhelp: write `parallelismSpec`",
    );
    assert_problem(
        "/transform/datum_batch",
        json!(true),
        "`transform.datum_batch`: found `datum_batch`, expected a field of Pachyderm's pipeline spec\nhelp: write `datumBatching`",
    );
    assert_problem(
        "/input/pfs/globs",
        json!("/"),
        "`input.pfs.globs`: found `globs`, expected a field of Pachyderm's pipeline spec\nhelp: write `glob`",
    );
    assert_problem(
        "/pipeline/x",
        json!(1),
        "`pipeline.x`: found `x`, expected a field of Pachyderm's pipeline spec\nhelp: remove it; there are name, project",
    );
}

#[test]
fn features_of_a_cluster_only_are_refused_by_name() {
    let cluster = "expected none\nhelp: a Pachyderm cluster runs this; `samefit pipeline` does not";
    for (pointer, value, what) in [
        ("/egress", json!({"URL": "s3://bucket"}), "`egress`: found results sent to a bucket or a database"),
        ("/s3Out", json!(true), "`s3Out`: found output through Pachyderm's S3 gateway"),
        ("/service", json!({"internalPort": 80}), "`service`: found a service"),
        ("/spout", json!({}), "`spout`: found a spout"),
        ("/tfJob", json!({"tfJob": "x"}), "`tfJob`: found a Kubeflow job"),
        ("/determined", json!({"workspaces": ["w"]}), "`determined`: found an account with Determined"),
        ("/transform/errCmd", json!(["true"]), "`transform.errCmd`: found a command for datums that failed"),
        ("/transform/stdin", json!(["x"]), "`transform.stdin`: found text for the command's standard input"),
        ("/transform/secrets", json!([{"name": "s"}]), "`transform.secrets`: found secrets of a cluster"),
        ("/input/pfs/joinOn", json!("$1"), "`input.pfs.joinOn`: found the key of a join"),
        ("/input/pfs/groupBy", json!("$1"), "`input.pfs.groupBy`: found the key of a group"),
        ("/input/pfs/s3", json!(true), "`input.pfs.s3`: found input through Pachyderm's S3 gateway"),
        ("/input/pfs/trigger", json!({"size": "1M"}), "`input.pfs.trigger`: found a trigger"),
        ("/input/pfs/commit", json!("abc"), "`input.pfs.commit`: found a commit as an input, which Pachyderm refuses too"),
        ("/input/pfs/propagationSpec", json!({"never": true}), "`input.pfs.propagationSpec`: found an input whose changes start no job"),
        ("/input/union", json!([{"pfs": {"repo": "a", "glob": "/"}}]), "`input.union`: found a union of inputs"),
        ("/input/join", json!([{"pfs": {"repo": "a", "glob": "/"}}]), "`input.join`: found a join of inputs"),
        ("/input/group", json!([{"pfs": {"repo": "a", "glob": "/"}}]), "`input.group`: found a group of inputs"),
        ("/input/cron", json!({"spec": "@every 60s"}), "`input.cron`: found a clock as an input"),
    ] {
        assert_problem(pointer, value, &format!("{what}, {cluster}"));
    }
    assert_problem(
        "/input/pfs/project",
        json!("other"),
        "`input.pfs.project`: found `other`, expected `default`\nhelp: a Pachyderm cluster runs this; `samefit pipeline` does not",
    );
}

#[test]
fn types_are_checked_and_the_help_shows_the_right_value() {
    assert_problem(
        "/parallelismSpec",
        json!({"constant": "1"}),
        "`parallelismSpec.constant`: found the string `1`, expected a whole number\nhelp: write 1 without quotes",
    );
    assert_problem(
        "/datumTries",
        json!(1.5),
        "`datumTries`: found `1.5`, expected a whole number\nhelp: write it without quotes and without a point",
    );
    assert_problem(
        "/datumTries",
        json!(-1),
        "`datumTries`: found `-1`, expected a whole number from 0 to 4294967295\nhelp: write how many",
    );
    assert_problem(
        "/transform/cmd",
        json!("samefit train"),
        "`transform.cmd`: found the string `samefit train`, expected a list\nhelp: write `[ ]` around it",
    );
    assert_problem("/transform/cmd", json!(["samefit", 3]), "`transform.cmd[1]`: found `3`, expected a string\nhelp: put it in quotes");
    assert_problem(
        "/transform/datumBatching",
        json!("true"),
        "`transform.datumBatching`: found the string `true`, expected true or false\nhelp: write true without quotes",
    );
    assert_problem("/transform/env", json!({"A": 1}), "`transform.env.A`: found `1`, expected a string\nhelp: put it in quotes");
    assert_problem(
        "/transform/env",
        json!(["A=1"]),
        "`transform.env`: found a list, expected an object of strings\nhelp: write `{ \"NAME\": \"VALUE\" }`",
    );
    assert_eq!(
        problems(&with("/pipeline", json!("model"))),
        "a.json: field `pipeline`: found the string `model`, expected an object\nhelp: write `{ }` with the fields inside"
    );
}

#[test]
fn values_are_checked() {
    assert_problem(
        "/datumTimeout",
        json!("1m"),
        "`datumTimeout`: found `1m`, expected a number of seconds, such as `60s`\nhelp: write `60s`",
    );
    assert_problem(
        "/jobTimeout",
        json!("1h30m"),
        "`jobTimeout`: found `1h30m`, expected a number of seconds, such as `60s`\nhelp: write `5400s`",
    );
    assert_problem(
        "/resourceLimits",
        json!({"memory": "lots"}),
        "`resourceLimits.memory`: found `lots`, expected an amount of memory, such as `256Mi`\nhelp: write a number and one of Ki, Mi, Gi, Ti, k, M, G, T",
    );
    assert_problem(
        "/reprocessSpec",
        json!("always"),
        "`reprocessSpec`: found `always`, expected `until_success` or `every_job`\nhelp: leave it out, unless the command's results depend on more than its inputs",
    );
    assert_problem("/outputBranch", json!("a b"), "`outputBranch`: found `a b`, expected letters, digits, `_` and `-`\nhelp: write `a_b`");
    assert_problem(
        "/input/pfs/repo",
        json!("a/b"),
        "`input.pfs.repo`: found `a/b`, expected letters, digits, `_` and `-`\nhelp: write `a_b`",
    );
    assert_problem(
        "/input/pfs/name",
        json!("out"),
        "`input.pfs.name`: found `out`, expected a name that is not reserved\nhelp: give the input a `name`: /pfs/out is for results, /pfs/.env for variables",
    );
    assert_problem(
        "/input/pfs/glob",
        json!("/{a,b"),
        "`input.pfs.glob`: found `{` in `/{a,b`, expected a `}` that closes it\nhelp: correct the glob",
    );
    assert_problem(
        "/input/pfs/glob",
        json!(""),
        "`input.pfs.glob`: found nothing, expected a glob\nhelp: write `/` for the whole repo, or `/*` for each file and folder in it",
    );
    assert_problem(
        "/input/pfs/repo",
        json!("out"),
        "`input.pfs.name`: found `out`, expected a name that is not reserved\nhelp: give the input a `name`: /pfs/out is for results, /pfs/.env for variables",
    );
}

#[test]
fn required_fields_are_asked_for() {
    assert_problem(
        "/transform",
        json!({"image": "x"}),
        "`transform.cmd`: found nothing, expected a command\nhelp: write the program and its arguments: [\"samefit\", \"train\", ..]",
    );
    assert_problem(
        "/transform/cmd",
        json!([]),
        "`transform.cmd`: found nothing, expected a command\nhelp: write the program and its arguments: [\"samefit\", \"train\", ..]",
    );
    assert_problem(
        "/input",
        json!(null),
        "`input`: found nothing, expected an input\nhelp: name a repo and a glob: {\"pfs\": {\"repo\": \"REPO\", \"glob\": \"/*\"}}",
    );
    assert_problem(
        "/input",
        json!({"cross": []}),
        "`input`: found nothing, expected `pfs` or `cross`\nhelp: name a repo and a glob: {\"pfs\": {\"repo\": \"REPO\", \"glob\": \"/*\"}}",
    );
    assert_problem(
        "/input/cross",
        json!([{"pfs": {"repo": "a", "glob": "/"}}]),
        "`input`: found both `pfs` and `cross`, expected one of them\nhelp: put the `pfs` input into the list of `cross`",
    );
    assert_eq!(
        problems("{}"),
        "a.json: field `pipeline.name`: found nothing, expected a name\nhelp: write one\n\
         a.json: field `transform.cmd`: found nothing, expected a command\nhelp: write the program and its arguments: [\"samefit\", \"train\", ..]\n\
         a.json: field `input`: found nothing, expected an input\nhelp: name a repo and a glob: {\"pfs\": {\"repo\": \"REPO\", \"glob\": \"/*\"}}"
    );
}

#[test]
fn a_field_in_both_spellings_is_refused() {
    let text = PLAIN.replacen('{', r#"{"datumTries": 1, "datum_tries": 2, "#, 1);
    assert_eq!(
        problems(&text),
        "a.json: pipeline `model`, field `datum_tries`: found `datumTries` a second time, expected it once\nhelp: remove one of the two spellings"
    );
}

fn crossed(inputs: serde_json::Value) -> String {
    with("/input", json!({"cross": inputs}))
}

#[test]
fn names_of_inputs_are_unique() {
    let twice = crossed(json!([{"pfs": {"repo": "a", "glob": "/"}}, {"cross": [{"pfs": {"repo": "b", "name": "a", "glob": "/"}}]}]));
    assert_eq!(
        problems(&twice),
        "a.json: pipeline `model`, field `input.cross[1].cross[0].pfs.name`: found `a` a second time, expected a name that no other input has\nhelp: give one of them a `name`"
    );
    let renamed = crossed(json!([{"pfs": {"repo": "a", "glob": "/"}}, {"pfs": {"repo": "a", "name": "b", "glob": "/"}}]));
    assert_eq!(one(&renamed).input.pfs().len(), 2);
}

#[test]
fn a_cross_is_sorted_by_the_names_that_the_spec_gives() {
    let names = |inputs| one(&crossed(inputs)).input.pfs().iter().map(|pfs| pfs.name.clone()).collect::<Vec<_>>();
    let pfs = |repo: &str| json!({"pfs": {"repo": repo, "glob": "/"}});
    let named = |name: &str| json!({"pfs": {"repo": "r", "name": name, "glob": "/"}});
    assert_eq!(names(json!([named("b"), named("a")])), ["a", "b"]);
    assert_eq!(names(json!([pfs("b"), pfs("a")])), ["b", "a"]);
    assert_eq!(names(json!([named("b"), pfs("z"), named("a"), pfs("y")])), ["z", "y", "a", "b"]);
    assert_eq!(names(json!([named("c"), {"cross": [named("d"), named("b")]}, named("a")])), ["a", "b", "d", "c"]);
}

#[test]
fn the_order_of_keys_changes_nothing() {
    fn reversed(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::Object(fields) => fields.into_iter().rev().map(|(key, value)| (key, reversed(value))).collect(),
            serde_json::Value::Array(items) => items.into_iter().map(reversed).collect(),
            other => other,
        }
    }
    let there: serde_json::Value = serde_json::from_str(EVERYTHING).unwrap();
    let back = reversed(there.clone());
    assert_ne!(there.to_string(), back.to_string());
    let plain = |text: &str| format!("{:?}", Spec { text: json!(null), file: PathBuf::new(), ..one(text) });
    assert_eq!(plain(&there.to_string()), plain(&back.to_string()));
}

fn notes(specs: &[Spec]) -> Vec<String> {
    let help = |note: &Note| note.help.iter().map(|help| format!("\n{help}")).collect::<String>();
    lint(specs).iter().map(|note| format!("{}: {}{}", note.field, note.text, help(note))).collect()
}

#[test]
fn fields_without_effect_are_noted() {
    let spec = one(&with("/podPatch", json!("[]")));
    let shown = lint(&[spec]).remove(0).to_string();
    assert!(
        shown.starts_with("note: ")
            && shown
                .ends_with("pipeline `model`, field `podPatch`: not used: it configures the pods of a cluster, and there are none here"),
        "{shown}"
    );
    assert_eq!(
        notes(&[one(&with("/resourceRequests", json!({"cpu": 1, "memory": "64Mi", "gpu": {"type": "nvidia.com/gpu", "number": 1}})))]),
        ["resourceRequests.gpu: not used: it configures the nodes of a cluster, and there are none here"]
    );
    assert_eq!(
        notes(&[one(&with("/pipeline/project", json!({"name": "clinic"})))]),
        ["pipeline.project: not used: a store holds one project, so the name `clinic` has no effect"]
    );
    assert_eq!(notes(&[one(&with("/autoscaling", json!(false)))]), [] as [&str; 0]);
    assert_eq!(
        notes(&[one(&with("/input/pfs/lazy", json!(true)))]),
        ["input.pfs.lazy: not used: whole files are written before the program starts"]
    );
    assert_eq!(notes(&[one(&with("/input/pfs/lazy", json!(false)))]), [] as [&str; 0]);
}

#[test]
fn costly_inputs_are_noted() {
    let infer = with("/input", json!({"cross": [{"pfs": {"repo": "attributes", "glob": "/*"}}, {"pfs": {"repo": "model", "glob": "/"}}]}))
        .replace("\"name\":\"model\"", "\"name\":\"infer\"");
    assert_eq!(
        notes(&[one(PLAIN), one(&infer)]),
        [
            "input.cross[1].pfs.glob: `/` takes everything that `model` writes, also the record of how it was made: any change of it runs every datum again\nname the file that is needed, such as `/model.json`"
        ]
    );
    assert_eq!(notes(&[one(&infer)]), [] as [&str; 0]);
    assert_eq!(
        notes(&[one(&with("/input/pfs/glob", json!("/**")))]),
        [
            "input.pfs.glob: `/**` matches folders and also the files in them, so a file is in several datums\nwrite `*` for each part of the path, such as `/*/*`"
        ]
    );
    assert_eq!(
        notes(&[one(&with("/parallelismSpec", json!({"constant": 8})))]),
        [
            "parallelismSpec.constant: 8 workers share at most one datum: no glob matches more than one path\nwrite a glob that splits the data, such as `/*`"
        ]
    );
    let reader = PLAIN.replace("model", "reader").replace("\"training_data\"", "\"model\", \"branch\": \"staging\"");
    assert_eq!(
        notes(&[one(PLAIN), one(&reader)]),
        ["input.pfs.branch: pipeline `model` writes branch `master`, so nothing writes branch `staging`\nread the branch that is written"]
    );
}

fn schema() -> serde_json::Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../pachyderm/CreatePipelineRequest.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn the_fields_are_those_of_pachyderms_schema() {
    fn compare(fields: &[Field], definition: &str, schema: &serde_json::Value, seen: &mut BTreeSet<String>) {
        if !seen.insert(definition.to_owned()) {
            return;
        }
        let properties = schema["definitions"][definition]["properties"].as_object().unwrap();
        let known: BTreeSet<&str> = fields.iter().map(|field| field.name).collect();
        assert_eq!(known, properties.keys().map(String::as_str).collect(), "{definition}");
        for field in fields {
            let property = &properties[field.name];
            let reference =
                |property: &serde_json::Value| property["$ref"].as_str().map(|reference| reference["#/definitions/".len()..].to_owned());
            let text = property.to_string();
            match field.kind {
                FieldType::Object(fields) => compare(fields, &reference(property).unwrap(), schema, seen),
                FieldType::Objects(fields) => compare(fields, &reference(&property["items"]).unwrap(), schema, seen),
                FieldType::Duration => assert!(text.contains("pattern"), "{text}"),
                FieldType::StringMap => assert!(property["additionalProperties"]["type"] == "string", "{text}"),
                FieldType::Strings | FieldType::Integers => assert!(property["items"].is_object() && text.contains("array"), "{text}"),
                FieldType::String => assert!(text.contains("\"string\"") && !text.contains("pattern"), "{text}"),
                FieldType::Boolean => assert!(text.contains("\"boolean\""), "{text}"),
                FieldType::Integer => assert!(text.contains("\"integer\""), "{text}"),
                FieldType::Number => assert!(text.contains("\"number\""), "{text}"),
            }
        }
    }
    let mut seen = BTreeSet::new();
    compare(&PIPELINE_SPEC, "CreatePipelineRequest", &schema(), &mut seen);
    assert!(seen.len() > 20, "{seen:?}");
    assert!(PIPELINE_SPEC.iter().filter(|field| matches!(field.support, Support::Used)).count() == 13);
}

/// Pachyderm's schema checks only types. Everything that it refuses is refused here too.
#[test]
fn whatever_pachyderms_schema_refuses_is_refused() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let camel: serde_json::Value = serde_json::from_str(&with("/datumTimeout", json!("60s"))).unwrap();
    assert!(validator.is_valid(&camel));
    for (pointer, value) in [
        ("/parallelismSpec", json!({"constant": "1"})),
        ("/datumTimeout", json!("1m")),
        ("/datumTimeout", json!("60")),
        ("/nonsense", json!(1)),
        ("/input/pfs/nonsense", json!(1)),
        ("/transform/cmd", json!("x")),
        ("/transform/env", json!({"A": 1})),
        ("/resourceLimits", json!({"memory": 64})),
        ("/metadata", json!({"labels": {"a": 1}})),
        ("/podPatch", json!([])),
    ] {
        let text = with(pointer, value);
        assert!(!validator.is_valid(&serde_json::from_str(&text).unwrap()), "{text}");
        assert!(read_text(&text).is_err(), "{text}");
    }
}
