//! Models that were changed after they were made: `verify` refuses each, whatever was changed.
//!
//! *Not here*: every single byte, which takes no processes (`conformance/tests/forgeries.rs`).

use std::fs;
use std::path::Path;

use crate::support::{Ran, Random, data, rounds, samefit, shell};

/// What a person types who knows all that a model was made from.
const ALL: &str = "verify forged.json --data raw.csv --schema schema.json --records held.csv --threshold 60";

fn place() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    fs::copy(data("diabetes_raw.csv"), place.path().join("all.csv")).unwrap();
    fs::copy(data("diabetes_raw.schema.json"), place.path().join("schema.json")).unwrap();
    let line = "head -300 all.csv > raw.csv; (head -1 all.csv; tail -142 all.csv) > held.csv; \
        samefit -q train --data raw.csv --schema schema.json --features bmi,ltg,sex,ldl --out m && samefit -q qc --strict --model m --records held.csv --threshold 60 --out qc";
    let ran = shell(place.path(), line);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    place
}

fn verify(place: &Path, model: &[u8], line: &str) -> Ran {
    fs::write(place.join("forged.json"), model).unwrap();
    let ran = samefit(place, &line.split(' ').collect::<Vec<_>>());
    ran.assert_orderly(line);
    ran
}

/// A model with something in it changed.
fn forged(model: &[u8], random: &mut Random) -> Vec<u8> {
    let at = random.below(model.len());
    let to = (at + 1 + random.below(12)).min(model.len());
    let splinters: [&[u8]; 12] =
        [b"", b"0", b"1", b"9", b"-", b"e9", b"\"", b"null", b"1e308", b"{\"a\": 1}", b", \"rmse\": 1.5", b"\xef\xbb\xbf"];
    let splinter = splinters[random.below(splinters.len())];
    let digits = || model.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()).map(|(at, _)| at);
    match random.below(6) {
        0 => [&model[..at], splinter, &model[at..]].concat(),
        1 => [&model[..at], splinter, &model[at + 1..]].concat(),
        2 => [&model[..at], splinter, &model[to..]].concat(),
        3 => [&model[..at], &model[to..]].concat(),
        4 => [&model[..at], &model[at..to], &model[at..]].concat(),
        _ => {
            // the most tempting: another digit
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
    let place = place();
    let model = fs::read(place.path().join("qc/model.json")).unwrap();
    assert_eq!(verify(place.path(), &model, ALL).code, 0);
    for _ in 0..rounds(60, 20_000) {
        let forged = forged(&model, &mut random);
        if forged == model {
            continue;
        }
        let ran = verify(place.path(), &forged, ALL);
        let is_refused = matches!(ran.code, 3 | 4) && !ran.stderr.contains("not verified");
        assert!(is_refused, "exit {}: {}\n{}", ran.code, String::from_utf8_lossy(&forged), ran.stderr);
    }
}

#[test]
fn what_is_not_given_is_not_verified() {
    let mut random = Random::new("forgeries by data alone");
    let place = place();
    let model = fs::read(place.path().join("qc/model.json")).unwrap();
    let flags =
        ["", " --schema schema.json", " --records held.csv --threshold 60", " --schema schema.json --records held.csv --threshold 60"];
    for (at, flags) in flags.iter().enumerate() {
        let ran = verify(place.path(), &model, &format!("verify forged.json --data raw.csv{flags}"));
        assert_eq!(ran.code, if at == 3 { 0 } else { 4 }, "{flags}: {}", ran.stderr);
        assert_eq!(ran.stderr.contains("not verified without --schema: target.name"), !flags.contains("--schema"), "{}", ran.stderr);
        let lists_rmse = ran.stderr.contains("not verified without --records and --threshold: rmse");
        assert_eq!(lists_rmse, !flags.contains("--records"), "{}", ran.stderr);
    }
    for _ in 0..rounds(20, 5000) {
        let forged = forged(&model, &mut random);
        let ran = verify(place.path(), &forged, "verify forged.json --data raw.csv");
        assert!(matches!(ran.code, 3 | 4), "exit {}: {}\n{}", ran.code, String::from_utf8_lossy(&forged), ran.stderr);
    }
}

/// What is no model, or one that contradicts itself, is bad data.
#[test]
fn what_is_no_model_is_bad_data() {
    let mut random = Random::new("no models");
    let place = place();
    let model = fs::read(place.path().join("qc/model.json")).unwrap();
    for _ in 0..rounds(10, 1000) {
        let cut = &model[..random.below(model.len() - 2)];
        verify(place.path(), cut, ALL).assert_refused(&String::from_utf8_lossy(cut));
    }
    let text = String::from_utf8(model).unwrap();
    for (of, with) in
        [("\"min\": \"10\"", "\"min\": \"1000\""), ("samefit-model/1", "samefit-model/2"), ("\"name\": \"bmi\"", "\"name\": \"bmj\"")]
    {
        let forged = text.replacen(of, with, 1);
        assert_ne!(forged, text);
        verify(place.path(), forged.as_bytes(), "verify forged.json --data raw.csv").assert_refused(with);
    }
}

/// An acceptance cut out of one model and pasted into another that was never judged.
#[test]
fn a_pasted_acceptance_is_refused() {
    let place = place();
    let accepted = fs::read_to_string(place.path().join("qc/model.json")).unwrap();
    let line = "samefit -q train --data held.csv --schema schema.json --features bmi,ltg,sex,ldl --out other";
    assert_eq!(shell(place.path(), line).code, 0);
    let other = fs::read_to_string(place.path().join("other/model.json")).unwrap();
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
        let ran = verify(place.path(), pasted.as_bytes(), line);
        assert_eq!(ran.code, 4, "{line}: {}", ran.stderr);
    }
    // and `inspect` does not take it for checked
    let ran = samefit(place.path(), &["inspect", "forged.json"]);
    assert!(
        ran.code == 0 && ran.stdout.contains("states that quality control accepted it") && ran.stdout.contains("not checked here"),
        "{}",
        ran.stdout
    );
}
