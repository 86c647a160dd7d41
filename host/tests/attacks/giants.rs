//! Inputs that exceed a limit by far: digits, zeros, exponents, names, columns, depth, keys, cells, lines, formulas, terms.
//!
//! Every verb that reads such an input ends with one of its own exit codes, in limited memory, and in the same way with one thread and with
//! two. An input beyond a limit is bad data.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::{RUN_SECONDS_MAX, Random, RunOutput, rounds, shell};

/// Most memory that a run may write to, in KiB: an instance of the component may have 2 GiB, and each thread has one.
const DATA_KIB_MAX: u64 = 6 << 20;

/// Returns a folder with a model, its data, its statistics and a schema.
fn test_folder() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    let rows: String = (0..60).map(|i| format!("{},{}\n", i, i * i % 17)).collect();
    write(&temp, "data.csv", &format!("x,y\n{rows}"));
    write(&temp, "schema.json", SCHEMA);
    run(temp.path(), "train --data data.csv --schema schema.json --out m").assert_done("train");
    run(temp.path(), "summarize --data data.csv --schema schema.json --out s.json").assert_done("summarize");
    temp
}

const SCHEMA: &str = r#"{"format": "samefit-schema/1", "target": {"column": "y"}, "columns": [{"name": "x", "plausible": {"min": "0"}}]}"#;

fn write(temp: &tempfile::TempDir, name: &str, text: &str) {
    std::fs::write(temp.path().join(name), text).unwrap();
}

/// Runs the program in limited memory.
fn run(folder: &Path, arguments: &str) -> RunOutput {
    shell(folder, &format!("ulimit -d {DATA_KIB_MAX}; exec samefit {arguments}"))
}

impl RunOutput {
    #[track_caller]
    fn assert_done(&self, what: &str) {
        assert_eq!(self.code, 0, "{what}: {}", self.stderr);
    }
}

/// What a table has too much of.
#[derive(Clone, Copy, Debug)]
enum Giant {
    Zeros,
    ZerosBehind,
    ZerosBefore,
    Digits,
    Exponent,
    Name,
    Columns,
    Cell,
    OpenQuote,
    Quotes,
    Delimiters,
    BlankLines,
    Spaces,
    Words,
}

const GIANTS: [Giant; 14] = [
    Giant::Zeros,
    Giant::ZerosBehind,
    Giant::ZerosBefore,
    Giant::Digits,
    Giant::Exponent,
    Giant::Name,
    Giant::Columns,
    Giant::Cell,
    Giant::OpenQuote,
    Giant::Quotes,
    Giant::Delimiters,
    Giant::BlankLines,
    Giant::Spaces,
    Giant::Words,
];

impl Giant {
    /// Returns a cell with it, if it is part of a cell.
    fn cell(self, size: usize) -> Option<String> {
        let zeros = "0".repeat(size);
        Some(match self {
            Self::Zeros => format!("-0.{zeros}1"),
            Self::ZerosBehind => format!("1.{zeros}"),
            Self::ZerosBefore => format!("{zeros}7"),
            Self::Digits => format!("12.5{}", "8".repeat(size)),
            Self::Exponent => format!("1e{}9", "0".repeat(size) + "99"),
            Self::Cell => "z".repeat(size),
            Self::Spaces => format!("{}1{}", " ".repeat(size), "\t".repeat(size)),
            Self::Words => "NA ".repeat(size / 3 + 1),
            _ => return None,
        })
    }

    /// Returns a table with it, beside the columns `x` and `y`.
    fn csv(self, size: usize) -> String {
        let rows = "1,2\n".repeat(70);
        let cell = self.cell(size);
        match self {
            _ if let Some(cell) = cell => format!("x,y\n{rows}{cell},3\n{rows}"),
            Self::Name => format!("x,y,{}\n{}", "n".repeat(size.max(2000)), "1,2,3\n".repeat(9)),
            Self::Columns => {
                let names: String = (0..size).map(|at| format!(",c{at}")).collect();
                format!("x,y{names}\n1,2{}\n3,4{}\n", ",1".repeat(size), ",2".repeat(size))
            }
            Self::OpenQuote => format!("x,y\n{rows}\"1,2\n{}", rows.repeat(size / 280 + 1)),
            Self::Quotes => format!("x,y\n{rows}\"{}\",2\n{rows}", "\"\"".repeat(size)),
            Self::Delimiters => format!("x,y\n{rows}{}\n{rows}", ",".repeat(size)),
            _ => format!("x,y\n{rows}{}{rows}", "\n".repeat(size)),
        }
    }

    /// Returns the same as JSON Lines, or none if JSON has nothing like it.
    fn json_lines(self, size: usize) -> Option<String> {
        let rows = "{\"x\": 1, \"y\": 2}\n".repeat(70);
        let record = match self {
            Self::Zeros | Self::ZerosBehind | Self::Digits | Self::Exponent => format!("{{\"x\": {}, \"y\": 3}}", self.cell(size)?),
            Self::ZerosBefore | Self::Cell | Self::Words => format!("{{\"x\": \"{}\", \"y\": 3}}", self.cell(size)?),
            Self::Name => format!("{{\"x\": 1, \"y\": 2, \"{}\": 3}}", "n".repeat(size.max(2000))),
            Self::Columns => {
                let keys: String = (0..size).map(|at| format!(", \"c{at}\": 1")).collect();
                format!("{{\"x\": 1, \"y\": 2{keys}}}")
            }
            Self::OpenQuote => format!("{{\"x\": \"{}", "1".repeat(size)),
            Self::Quotes => format!("{{\"x\": \"{}\", \"y\": 1}}", "\\\"".repeat(size)),
            Self::Delimiters => format!("{{\"x\": [{}1]}}", "1,".repeat(size)),
            Self::BlankLines => "\n".repeat(size),
            Self::Spaces => format!("{{\"x\": {}1, \"y\": 2}}", " ".repeat(size)),
        };
        Some(format!("{rows}{record}\n{rows}"))
    }
}

/// The verbs that read a table.
const TABLE_VERBS: [&str; 8] = [
    "train --target y --data IN --out o1",
    "summarize --data IN --out o2",
    "infer --model m --attributes IN --out o3",
    "qc --model m --records IN --threshold 9 --out o4",
    "profile IN",
    "verify m --data IN",
    "qc-pre-process --data IN --target y --out o5",
    "split IN --holdout 0.2 --out o6",
];

/// Returns whether a verb takes `--threads`.
fn takes_threads(verb: &str) -> bool {
    ["train", "summarize", "infer", "qc ", "verify"].iter().any(|name| verb.starts_with(name))
}

/// Runs a verb with one thread and with two, which must give the same result.
fn run_verb(folder: &Path, verb: &str, input: &str) -> RunOutput {
    let line = verb.replace("IN", input);
    if !takes_threads(verb) {
        return run(folder, &line);
    }
    let [one, two] = [1, 2].map(|threads| run(folder, &format!("{line} --threads {threads}")));
    assert_eq!((one.code, &one.stderr), (two.code, &two.stderr), "{line}");
    one
}

#[test]
fn every_verb_reads_or_refuses_giant_tables() {
    let (temp, mut random) = (test_folder(), Random::new("giant tables"));
    for round in 0..rounds(14, 400) {
        let giant = GIANTS[round % GIANTS.len()];
        let size = 10usize.pow(2 + u32::try_from(random.below(4)).unwrap()) + random.below(1000);
        let name = match giant.json_lines(size).filter(|_| random.below(2) == 0) {
            Some(text) => {
                write(&temp, "giant.jsonl", &text);
                "giant.jsonl"
            }
            None => {
                write(&temp, "giant.csv", &giant.csv(size));
                "giant.csv"
            }
        };
        let verb = if round < GIANTS.len() { TABLE_VERBS[round % TABLE_VERBS.len()] } else { random.pick(&TABLE_VERBS) };
        let ran = run_verb(temp.path(), verb, name);
        ran.assert_orderly(&format!("{giant:?} of {size}: {verb} {name}"));
    }
}

#[test]
fn values_beyond_a_limit_are_bad_data_in_every_format() {
    let temp = test_folder();
    for giant in [Giant::Zeros, Giant::ZerosBehind, Giant::Digits, Giant::Exponent] {
        write(&temp, "giant.csv", &giant.csv(100_000));
        write(&temp, "giant.jsonl", &giant.json_lines(100_000).unwrap());
        write(&temp, "giant.json", &format!("{{\"x\": {}, \"y\": 1}}", giant.cell(100_000).unwrap()));
        for (verb, input) in [
            (TABLE_VERBS[0], "giant.csv"),
            (TABLE_VERBS[1], "giant.jsonl"),
            (TABLE_VERBS[2], "giant.json"),
            (TABLE_VERBS[3], "giant.json"),
            (TABLE_VERBS[2], "giant.csv"),
            (TABLE_VERBS[6], "giant.csv"),
        ] {
            run_verb(temp.path(), verb, input).assert_refused(&format!("{giant:?}: {verb} {input}"));
        }
    }
}

#[test]
fn names_and_columns_beyond_a_limit_are_bad_data_and_leave_nothing() {
    let temp = test_folder();
    for (giant, size) in [(Giant::Name, 65_536), (Giant::Columns, 100_000)] {
        write(&temp, "giant.csv", &giant.csv(size));
        write(&temp, "giant.jsonl", &giant.json_lines(size).unwrap());
        write(&temp, "giant.json", giant.json_lines(size).unwrap().lines().nth(70).unwrap());
        for input in ["giant.csv", "giant.jsonl", "giant.json"] {
            for verb in [TABLE_VERBS[0], TABLE_VERBS[2], TABLE_VERBS[4]] {
                run_verb(temp.path(), verb, input).assert_refused(&format!("{giant:?}: {verb} {input}"));
            }
        }
    }
    assert!(["o1", "o3"].iter().all(|out| !temp.path().join(out).exists()), "something was written");
}

#[test]
fn a_record_that_is_too_long_is_the_same_error_for_any_number_of_threads() {
    let temp = test_folder();
    let (row, long) = ("{\"x\": 1, \"y\": 2}\n", |mib: usize| "1".repeat(mib << 20));
    for (mib, verbs) in [(17, &TABLE_VERBS[..1]), (66, &TABLE_VERBS[..3])] {
        let what = "row 7001: a record has more than 16 MiB";
        write(&temp, "long.jsonl", &format!("{}{{\"x\": {}, \"y\": 2}}\n{row}", row.repeat(7000), long(mib)));
        write(&temp, "long.csv", &format!("x,y\n{}\"{}\",2\n1,2\n", "1,2\n".repeat(6999), long(mib)));
        write(&temp, "long.json", &format!("{{\"x\": {}, \"y\": 2}}\n", long(mib)));
        for verb in [verbs[0], verbs[verbs.len() - 1]] {
            for input in ["long.jsonl", "long.csv"] {
                let ran = run_verb(temp.path(), verb, input);
                ran.assert_refused(&format!("{verb} {input}"));
                assert!(ran.stderr.contains(what), "{verb} {input}: {}", ran.stderr);
            }
            let ran = run_verb(temp.path(), verb, "long.json");
            ran.assert_refused(&format!("{verb} long.json"));
            assert!(ran.stderr.contains("a record has more than 16 MiB"), "{}", ran.stderr);
        }
    }
}

/// Returns statistics of one column with this moment.
fn statistics(moment: &str) -> String {
    format!(
        r#"{{"format": "samefit-statistics/1", "columns": [{{"name": "x"}}], "terms": [[["x", 1]]], "rows": "2", "moments": [["2"], ["{moment}", "1"]], "dropped": "0"}}"#
    )
}

/// Returns a document that exceeds a limit by far, and a verb that reads it.
fn document(random: &mut Random, size: usize) -> (String, &'static str) {
    let zeros = "0".repeat(size);
    let deep = |open: &str, close: &str| format!("{{\"a\": {}{}}}", open.repeat(size), close.repeat(size));
    let columns = |each: &dyn Fn(usize) -> String| (0..size).map(each).collect::<Vec<_>>().join(", ");
    let schema = |columns: &str| format!(r#"{{"format": "samefit-schema/1", "target": {{"column": "y"}}, "columns": [{columns}]}}"#);
    let text = match random.below(14) {
        0 => statistics(&format!("0.{zeros}1")),
        1 => statistics(&format!("1{zeros}")),
        2 => deep("[", "]"),
        3 => deep("{\"a\": ", "}"),
        4 => format!("{{{}}}", columns(&|at| format!("\"k{at}\": {at}"))),
        5 => schema(&format!("{{\"name\": \"x\", \"plausible\": {{\"min\": \"0.{zeros}1\"}}}}")),
        6 => schema(&format!("{{\"name\": \"{}\"}}", "n".repeat(size.max(2000)))),
        7 => schema(&columns(&|at| format!("{{\"name\": \"c{at}\"}}"))),
        8 => schema(&columns(&|at| {
            let at = size - at;
            format!("{{\"name\": \"c{at}\", \"entry\": {{\"formula\": \"ln\", \"inputs\": [\"c{}\"]}}}}", at - 1)
        })),
        9 => schema(&format!(
            "{{\"name\": \"x\", \"unit\": \"g\", \"other_units\": [{{\"unit\": \"kg\", \"to_base\": \"{zeros}1e{zeros}-9\"}}]}}"
        )),
        10 => std::fs::read_to_string(crate::support::data("cases/train-bmi-ltg/model.json")).unwrap().replacen(
            "\"bmi\"",
            &format!("\"{}\"", "n".repeat(size)),
            9,
        ),
        11 => format!(
            r#"{{"format": "samefit-statistics/1", "columns": [{}], "terms": [], "rows": "2", "moments": [["2"]], "dropped": "0"}}"#,
            columns(&|at| format!("{{\"name\": \"c{at}\"}}"))
        ),
        12 => format!(
            r#"{{"format": "samefit-statistics/1", "columns": [{{"name": "x"}}], "terms": [[{}]], "rows": "2", "moments": [["2"]], "dropped": "0"}}"#,
            columns(&|_| "[\"x\", 1]".to_owned())
        ),
        _ => format!(
            "{{\"format\": \"samefit-model/1\", \"coefficients\": [{}]}}",
            columns(&|at| format!("{{\"name\": \"c{at}\", \"coefficient\": 1e-{at}}}"))
        ),
    };
    (text, DOCUMENT_VERBS[random.below(DOCUMENT_VERBS.len())])
}

/// The verbs that read a document.
const DOCUMENT_VERBS: [&str; 9] = [
    "inspect IN",
    "merge IN s.json --out d1.json",
    "fit IN --target y --out d2",
    "forget IN --rows data.csv --out d3.json",
    "infer --model IN --attributes data.csv --out d4",
    "qc --model IN --records data.csv --threshold 9 --out d5",
    "verify IN --data data.csv",
    "train --schema IN --data data.csv --out d6",
    "profile data.csv --schema IN",
];

#[test]
fn every_verb_reads_or_refuses_giant_documents() {
    let (temp, mut random) = (test_folder(), Random::new("giant documents"));
    for _ in 0..rounds(30, 600) {
        let size = 10usize.pow(1 + u32::try_from(random.below(5)).unwrap());
        let (text, verb) = document(&mut random, size);
        write(&temp, "giant.json", &text);
        let ran = run(temp.path(), &verb.replace("IN", "giant.json"));
        ran.assert_orderly(&format!("{verb}: {}", &text[..text.len().min(200)]));
        assert_ne!(ran.code, 1, "{verb}: {}\n{}", &text[..text.len().min(200)], ran.stderr);
    }
}

#[test]
fn numbers_beyond_a_limit_are_bad_data_in_every_document() {
    let temp = test_folder();
    let zeros = format!("0.{}1", "0".repeat(100_000));
    let schema =
        |what: &str| format!(r#"{{"format": "samefit-schema/1", "target": {{"column": "y"}}, "columns": [{{"name": "x", {what}}}]}}"#);
    let range = schema(&format!(r#""plausible": {{"min": "{zeros}"}}"#));
    let factor = schema(&format!(r#""unit": "g", "other_units": [{{"unit": "kg", "to_base": "{zeros}"}}]"#));
    let model = std::fs::read_to_string(temp.path().join("m/model.json")).unwrap();
    let in_model = model.replacen(r#""min": "0""#, &format!(r#""min": "{zeros}""#), 1);
    assert_ne!(model, in_model, "the model has the schema's range");
    for (text, verbs) in [
        (statistics(&zeros), &DOCUMENT_VERBS[..4]),
        (in_model, &DOCUMENT_VERBS[4..7]),
        (range, &DOCUMENT_VERBS[7..]),
        (factor, &DOCUMENT_VERBS[7..]),
    ] {
        write(&temp, "zeros.json", &text);
        for verb in verbs {
            run(temp.path(), &verb.replace("IN", "zeros.json")).assert_refused(verb);
        }
    }
}

#[test]
fn thousands_of_chained_formulas_are_refused_at_once() {
    let temp = test_folder();
    let mut columns = String::from("{\"name\": \"c0\"}");
    for at in 1..20_000 {
        write!(
            columns,
            ", {{\"name\": \"c{at}\", \"entry\": {{\"formula\": \"friedewald\", \"inputs\": [\"c{0}\", \"c{0}\", \"c0\"]}}}}",
            at - 1
        )
        .unwrap();
    }
    write(&temp, "deep.json", &format!(r#"{{"format": "samefit-schema/1", "target": {{"column": "y"}}, "columns": [{columns}]}}"#));
    let ran = run(temp.path(), "train --schema deep.json --data data.csv --out o");
    ran.assert_refused("a deep schema");
    assert!(ran.stderr.contains("more than 16 entry formulas"), "{}", ran.stderr);
}

#[test]
fn a_long_list_of_names_on_the_command_line_is_refused_at_once() {
    let temp = test_folder();
    let names = (0..9000).map(|at| format!("c{at}")).collect::<Vec<_>>().join(",");
    for flag in ["--features", "--columns", "--terms"] {
        run(temp.path(), &format!("train --target y --data data.csv {flag} {names} --out o")).assert_refused(flag);
    }
    run(temp.path(), &format!("train --target {} --data data.csv --out o", "n".repeat(100_000))).assert_refused("--target");
}

#[test]
fn endless_input_is_refused() {
    let temp = test_folder();
    let limit = RUN_SECONDS_MAX / 2;
    for line in DOCUMENT_VERBS.iter().rev().take(rounds(3, 9)).map(|verb| verb.replace("IN", "/dev/zero")) {
        let ran = run(temp.path(), &line);
        ran.assert_refused(&line);
    }
    for verb in &TABLE_VERBS[..rounds(3, 6)] {
        run_verb(temp.path(), verb, "/dev/zero").assert_orderly(verb);
    }
    write(&temp, "endless.sh", &format!("timeout {limit} sh -c '{{ printf \"{{\\\"a\\\": \\\"\"; cat /dev/zero | tr \"\\\\0\" x; }}'"));
    for verb in ["inspect /dev/stdin", "train --schema /dev/stdin --data data.csv --out o", "pipeline validate /dev/stdin"] {
        let ran = shell(temp.path(), &format!("sh endless.sh | (ulimit -d {DATA_KIB_MAX}; samefit {verb})"));
        ran.assert_orderly(verb);
        assert_ne!(ran.code, 0, "{verb}");
    }
}

#[test]
fn a_pipeline_takes_no_device_and_no_endless_spec() {
    let temp = test_folder();
    let ran = run(temp.path(), "pipeline validate /dev/zero");
    ran.assert_orderly("validate");
    assert!(ran.code != 0 && ran.stderr.contains("more than 16 MiB"), "{}", ran.stderr);
    shell(temp.path(), "mkdir -p folder && mkfifo folder/pipe && ln -s /dev/zero folder-of-one").assert_done("mkfifo");
    for source in ["/dev/zero", "folder", "folder-of-one"] {
        let ran = run(temp.path(), &format!("pipeline --store store put repo:/a {source}"));
        ran.assert_orderly(source);
        assert_ne!(ran.code, 0, "{source}");
    }
}
