//! Models that were changed after training: `verify` refuses each of them, whatever was changed.
//!
//! *Not here*: changes of every single byte, which need no process (`conformance/tests/forgeries.rs`).

use std::fs;
use std::path::Path;

use crate::support::{Random, RunOutput, data, rounds, samefit, shell};

/// The command of a user who has all files from which the model was made.
const ALL: &str = "verify forged.json --data raw.csv --schema schema.json --records held.csv --threshold 60";

/// Returns a folder with a model that quality control accepted, and with the files from which it was made.
fn test_folder() -> tempfile::TempDir {
    let temp = tempfile::tempdir().unwrap();
    fs::copy(data("diabetes_raw.csv"), temp.path().join("all.csv")).unwrap();
    fs::copy(data("diabetes_raw.schema.json"), temp.path().join("schema.json")).unwrap();
    let line = "head -300 all.csv > raw.csv; (head -1 all.csv; tail -142 all.csv) > held.csv; \
        samefit -q train --data raw.csv --schema schema.json --features bmi,ltg,sex,ldl --out m && samefit -q qc --strict --model m --records held.csv --threshold 60 --out qc";
    let ran = shell(temp.path(), line);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    temp
}

fn verify(temp: &Path, model: &[u8], line: &str) -> RunOutput {
    fs::write(temp.join("forged.json"), model).unwrap();
    let ran = samefit(temp, &line.split(' ').collect::<Vec<_>>());
    ran.assert_orderly(line);
    ran
}

/// Returns the model with one change.
fn forged(model: &[u8], random: &mut Random) -> Vec<u8> {
    let at = random.below(model.len());
    let to = (at + 1 + random.below(12)).min(model.len());
    let fragments: [&[u8]; 12] =
        [b"", b"0", b"1", b"9", b"-", b"e9", b"\"", b"null", b"1e308", b"{\"a\": 1}", b", \"rmse\": 1.5", b"\xef\xbb\xbf"];
    let fragment = *random.pick(&fragments);
    let digits = || model.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at);
    match random.below(6) {
        0 => [&model[..at], fragment, &model[at..]].concat(),
        1 => [&model[..at], fragment, &model[at + 1..]].concat(),
        2 => [&model[..at], fragment, &model[to..]].concat(),
        3 => [&model[..at], &model[to..]].concat(),
        4 => [&model[..at], &model[at..to], &model[at..]].concat(),
        _ => {
            // the change that an attacker would want most: another digit
            let places: Vec<usize> = digits().collect();
            let mut model = model.to_vec();
            let digit = &mut model[*random.pick(&places)];
            *digit = (*digit - b'0' + 1 + random.below(8) as u8) % 10 + b'0';
            model
        }
    }
}

#[test]
fn a_forged_model_is_refused() {
    let mut random = Random::new("forgeries");
    let temp = test_folder();
    let model = fs::read(temp.path().join("qc/model.json")).unwrap();
    assert_eq!(verify(temp.path(), &model, ALL).code, 0);
    for _ in 0..rounds(60, 20_000) {
        let forged = forged(&model, &mut random);
        if forged == model {
            continue;
        }
        let ran = verify(temp.path(), &forged, ALL);
        let is_refused = matches!(ran.code, 3 | 4) && !ran.stderr.contains("not verified");
        assert!(is_refused, "exit {}: {}\n{}", ran.code, String::from_utf8_lossy(&forged), ran.stderr);
    }
}

#[test]
fn parts_without_their_file_are_not_verified() {
    let mut random = Random::new("forgeries by data alone");
    let temp = test_folder();
    let model = fs::read(temp.path().join("qc/model.json")).unwrap();
    let flags =
        ["", " --schema schema.json", " --records held.csv --threshold 60", " --schema schema.json --records held.csv --threshold 60"];
    for (at, flags) in flags.iter().enumerate() {
        let ran = verify(temp.path(), &model, &format!("verify forged.json --data raw.csv{flags}"));
        assert_eq!(ran.code, if at == 3 { 0 } else { 4 }, "{flags}: {}", ran.stderr);
        assert_eq!(ran.stderr.contains("not verified without --schema: target.name"), !flags.contains("--schema"), "{}", ran.stderr);
        let lists_rmse = ran.stderr.contains("not verified without --records and --threshold: rmse");
        assert_eq!(lists_rmse, !flags.contains("--records"), "{}", ran.stderr);
    }
    for _ in 0..rounds(20, 5000) {
        let forged = forged(&model, &mut random);
        let ran = verify(temp.path(), &forged, "verify forged.json --data raw.csv");
        assert!(matches!(ran.code, 3 | 4), "exit {}: {}\n{}", ran.code, String::from_utf8_lossy(&forged), ran.stderr);
    }
}

/// A file that is no model, or one that contradicts itself, is bad data.
#[test]
fn a_file_that_is_no_model_is_bad_data() {
    let mut random = Random::new("no models");
    let temp = test_folder();
    let model = fs::read(temp.path().join("qc/model.json")).unwrap();
    for _ in 0..rounds(10, 1000) {
        let cut = &model[..random.below(model.len() - 2)];
        verify(temp.path(), cut, ALL).assert_refused(&String::from_utf8_lossy(cut));
    }
    let text = String::from_utf8(model).unwrap();
    for (of, with) in
        [("\"min\": \"10\"", "\"min\": \"1000\""), ("samefit-model/2", "samefit-model/3"), ("\"name\": \"bmi\"", "\"name\": \"bmj\"")]
    {
        let forged = text.replacen(of, with, 1);
        assert_ne!(forged, text);
        verify(temp.path(), forged.as_bytes(), "verify forged.json --data raw.csv").assert_refused(with);
    }
}

/// The acceptance of one model is pasted into another model, which quality control never saw.
#[test]
fn a_pasted_acceptance_is_refused() {
    let temp = test_folder();
    let accepted = fs::read_to_string(temp.path().join("qc/model.json")).unwrap();
    let line = "samefit -q train --data held.csv --schema schema.json --features bmi,ltg,sex,ldl --out other";
    assert_eq!(shell(temp.path(), line).code, 0);
    let other = fs::read_to_string(temp.path().join("other/model.json")).unwrap();
    let lines = |from: &str, to: &str| {
        let (_, rest) = accepted.split_once(from).unwrap();
        format!("{from}{}", rest.split_once(to).unwrap().0)
    };
    let acceptance = lines("\n  \"rmse\"", "\n  \"intercept\"");
    let pasted = other.replacen("\n  \"intercept\"", &format!("{acceptance}\n  \"intercept\""), 1);
    assert!(pasted.len() > other.len());
    for line in [
        "verify forged.json --data held.csv",
        "verify forged.json --data held.csv --schema schema.json",
        "verify forged.json --data held.csv --schema schema.json --records held.csv --threshold 60",
        "verify forged.json --data held.csv --schema schema.json --records raw.csv --threshold 60",
    ] {
        let ran = verify(temp.path(), pasted.as_bytes(), line);
        assert_eq!(ran.code, 4, "{line}: {}", ran.stderr);
    }
    // and `inspect` says that it did not check the acceptance
    let ran = samefit(temp.path(), &["inspect", "forged.json"]);
    assert!(
        ran.code == 0 && ran.stdout.contains("states that quality control accepted it") && ran.stdout.contains("not checked here"),
        "{}",
        ran.stdout
    );
}
