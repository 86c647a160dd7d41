//! Quality control judges what `infer` says: its root mean squared residual is that of the predictions that are written.

use std::fs;

use crate::test_folder::TestFolder;

/// Data, target and features. The columns of the Wampler sets are left out, because their predictions are exact.
const SETS: [(&str, &str, &str); 8] = [
    ("diabetes.csv", "y", "age,sex,bmi,map,tc,ldl,hdl,tch,ltg,glu"),
    ("diabetes_raw.csv", "y", "bmi,map,ltg,age*bmi,tc^2"),
    ("nist/longley.csv", "y", "x1,x2,x3,x4,x5,x6"),
    ("nist/filip.csv", "y", "x,x^2,x^3,x^4,x^5,x^6,x^7,x^8,x^9,x^10"),
    ("nist/norris.csv", "y", "x"),
    ("collinear/weather.csv", "load", "celsius,fahrenheit"),
    ("collinear/shares.csv", "y", "a,b,c"),
    ("collinear/ids.csv", "y", "id"),
];

#[test]
fn quality_control_judges_what_is_predicted() {
    for (data, target, features) in SETS {
        let folder = TestFolder::new();
        let train = format!("samefit train --data data/{data} --target {target} --features '{features}' --out m --quiet");
        let qc = format!("samefit qc --model m --records data/{data} --threshold 1e9 --report-only --out qc --quiet");
        let infer = format!("samefit infer --model m --attributes data/{data} --only predicted --with-input --out p --quiet");
        for line in [train, qc, infer] {
            assert_eq!(folder.shell(&line).code(), 0, "{line}");
        }
        let report: serde_json::Value = serde_json::from_str(&fs::read_to_string(folder.path("qc/report.json")).unwrap()).unwrap();
        let stated = report["rmse"].as_f64().unwrap();
        let name = data.rsplit('/').next().unwrap();
        let rmse = rmse(&fs::read_to_string(folder.path("p").join(name)).unwrap(), target);
        assert!((rmse / stated - 1.0).abs() < 1e-12, "{data}: predictions {rmse}, quality control {stated}");
    }
}

/// Returns the root mean squared residual of a table with the predictions in its last column.
fn rmse(table: &str, target: &str) -> f64 {
    let mut lines = table.lines();
    let place = lines.next().unwrap().split(',').position(|name| name == target).unwrap();
    let squares: Vec<f64> = lines
        .map(|line| {
            let cells: Vec<f64> = line.split(',').map(|cell| cell.parse().unwrap()).collect();
            (cells[place] - cells.last().unwrap()).powi(2)
        })
        .collect();
    (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
}
