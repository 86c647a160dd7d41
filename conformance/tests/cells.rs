//! Verbs over the linked engine and files in memory, for files as they come: columns in another order in each file, decimal commas, other
//! texts for missing values. The advice of messages is followed as it stands there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod command_line;

use samefit_stages::error::Result;
use samefit_stages::limits::SPLIT_BYTES;
use samefit_stages::testing::{MemoryFiles, ReportedLines};
use samefit_wasi_command::engine::LinkedEngine;

/// Runs a command line on so many threads that read splits of so many bytes.
fn run_split(files: &MemoryFiles, line: &[&str], threads: usize, split_bytes: usize) -> (Result<()>, ReportedLines) {
    command_line::run(&LinkedEngine, files, line, threads, split_bytes)
}

/// Runs a command line, and returns what it noted.
fn run(files: &MemoryFiles, line: &[&str]) -> Vec<String> {
    let (result, lines) = run_split(files, line, 1, SPLIT_BYTES);
    result.unwrap();
    lines.noted
}

fn error(files: &MemoryFiles, line: &[&str]) -> String {
    run_split(files, line, 1, SPLIT_BYTES).0.unwrap_err().to_string()
}

fn text(files: &MemoryFiles, path: &str) -> String {
    String::from_utf8(files.get(path).unwrap()).unwrap()
}

/// A training run, with further flags.
fn train<'a>(data: &'a str, target: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "--data", data, "--target", target, "--out", "m"][..], more].concat()
}

#[test]
fn files_have_their_columns_in_any_order() {
    let files = MemoryFiles::of(&[
        ("parts/a.csv", "g,x,z,y\na,1,5,2\nb,2,3,4\na,3,8,7\na,9,2,4\n"),
        (
            "parts/b.jsonl",
            "{\"y\":9,\"x\":4,\"g\":\"c\",\"z\":1}\n{\"y\":8,\"x\":5,\"g\":\"b\",\"z\":7}\n{\"y\":1,\"x\":5,\"g\":\"b\",\"z\":2}\n",
        ),
        ("parts/c.csv", "y,z,g,x\n3,6,c,6\n5,1,c,3\n2,2,b,1\n"),
        ("whole.csv", "g,x,z,y\na,1,5,2\nb,2,3,4\na,3,8,7\na,9,2,4\nc,4,1,9\nb,5,7,8\nb,5,2,1\nc,6,6,3\nc,3,1,5\nb,1,2,2\n"),
    ]);
    for (threads, split_bytes) in [(1, SPLIT_BYTES), (3, 8)] {
        for more in [&[][..], &["--features", "x,z"], &["--categories", "g", "--features", "g,x*g"], &["--categories", "g"], &["--by", "g"]]
        {
            let of = |data: &'static str, out: &'static str| {
                let line = [&["train", "--data", data, "--target", "y", "--out", out][..], more].concat();
                run_split(&files, &line, threads, split_bytes).0.unwrap();
            };
            of("parts", "parted");
            of("whole.csv", "whole");
            let models: &[&str] =
                if more == ["--by", "g"] { &["a/model.json", "b/model.json", "c/model.json", "groups.csv"] } else { &["model.json"] };
            for model in models {
                assert_eq!(text(&files, &format!("parted/{model}")), text(&files, &format!("whole/{model}")), "{more:?} {threads}");
            }
        }
        run(&files, &["train", "--data", "whole.csv", "--target", "y", "--features", "x,z", "--out", "whole"]);
        run_split(&files, &["qc", "--model", "whole", "--records", "parts", "--threshold", "10", "--out", "q"], threads, split_bytes)
            .0
            .unwrap();
    }
    // statistics that were made apart
    run(&files, &["summarize", "--data", "whole.csv", "--out", "whole.json"]);
    run(&files, &["summarize", "--data", "parts/a.csv", "--out", "a.json"]);
    run(&files, &["summarize", "--data", "parts/b.jsonl", "parts/c.csv", "--out", "bc.json"]);
    run(&files, &["merge", "a.json", "bc.json", "--out", "merged.json"]);
    assert_eq!(text(&files, "merged.json"), text(&files, "whole.json"));
    files.put("parts/d.csv", b"y,x\n9,4\n8,5\n".to_vec());
    assert_eq!(
        error(&files, &train("parts", "y", &[])),
        "error: parts/d.csv: the data before have numbers in `z`, these have none there\nhelp: name the columns that all of them have, with --features or --columns, or give data with the same columns; one that is there without a value can be named too, with --missing drop, which leaves its rows out"
    );
    run(&files, &train("parts", "y", &["--features", "x"]));
}

#[test]
fn advice_about_cells_works_as_it_stands() {
    let cars = "hp,weight,mpg\n130,3504,18\n?,2046,25\n95,2372,24\n?,2875,21\n88,2130,27\n165,3693,15\n";
    let files = MemoryFiles::of(&[
        ("de.csv", "laenge;breite;preis\n1,5;2,25;10,5\n2,5;1,75;12,25\n3,25;4,5;20,75\n4,5;3,5;22,5\n5,75;6,25;31\n"),
        ("points.csv", "laenge,breite,preis\n1.5,2.25,10.5\n2.5,1.75,12.25\n3.25,4.5,20.75\n4.5,3.5,22.5\n5.75,6.25,31\n"),
        ("thousands.csv", "area,price\n\"1,000\",10\n\"2,500\",22\n\"12,000\",110\n"),
        ("cars.csv", cars),
        ("dump.csv", "x,y\n1,2\n2,\\N\n3,7\n4,8\n"),
        ("smokers.csv", "smoker,y\nTRUE,2\nFALSE,4\nTRUE,7\nFALSE,1\n"),
        ("notes.csv", "x,notes,y\n1,,2\n2,,4\n3,,7\n"),
    ]);
    let features = ["--features", "laenge,breite", "--delimiter", ";"];
    assert_eq!(
        error(&files, &train("de.csv", "preis", &features)),
        "error: de.csv: row 2, column `laenge`: found `1,5`, expected a decimal number\nhelp: give --decimal ,"
    );
    run(&files, &train("de.csv", "preis", &[&features[..], &["--decimal", ","]].concat()));
    let model = text(&files, "m/model.json");
    run(&files, &["infer", "--model", "m", "--attributes", "de.csv", "--delimiter", ";", "--decimal", ",", "--with-input", "--out", "p"]);
    assert!(text(&files, "p/de.csv").starts_with("laenge,breite,preis,predicted_preis,lower,upper,warnings\n\"1,5\",\"2,25\",\"10,5\","));
    run(&files, &train("points.csv", "preis", &features[..2]));
    assert_eq!(text(&files, "m/model.json"), model);

    assert_eq!(
        error(&files, &train("thousands.csv", "price", &[])),
        "error: thousands.csv: column `price`: nothing is left to predict it from: `area` holds text, the first `1,000`\nhelp: give --thousands , if this is 1000, or --decimal , if it is 1; for the mean alone, give --formula 'price ~ 1' instead of --target"
    );
    run(&files, &train("thousands.csv", "price", &["--thousands", ","]));
    run(&files, &["train", "--data", "thousands.csv", "--formula", "price ~ 1", "--out", "m"]);

    assert_eq!(
        error(&files, &train("cars.csv", "mpg", &[])),
        "error: cars.csv: row 3, column `hp`: found `?`, expected a decimal number\nhelp: give --na '?' --missing drop if it means a missing value, else correct the cell"
    );
    let dropped = ["note: cars.csv: left out: 2 rows lack values (`hp` 2)"];
    assert_eq!(run(&files, &train("cars.csv", "mpg", &["--na", "?", "--missing", "drop"])), dropped);
    let qc = ["qc", "--model", "m", "--records", "cars.csv", "--threshold", "9", "--out", "q"];
    assert!(error(&files, &qc).contains("help: give --na '?' --missing drop if it means a missing value"));
    assert_eq!(run(&files, &[&qc[..], &["--na", "?", "--missing", "drop"]].concat()), dropped);
    let infer = ["infer", "--model", "m", "--attributes", "cars.csv", "--out", "p"];
    assert!(error(&files, &infer).contains("help: give --na '?' --on-error continue if it means a missing value"));
    run(&files, &[&infer[..], &["--na", "?", "--on-error", "continue"]].concat());
    assert_eq!(text(&files, "p/cars.csv").matches("hp:missing-values,missing").count(), 2);
    assert!(error(&files, &train("dump.csv", "y", &["--missing", "drop"])).contains("help: give --na '\\N' if it means a missing value"));
    run(&files, &train("dump.csv", "y", &["--missing", "drop", "--na", "\\N"]));

    assert!(error(&files, &train("smokers.csv", "y", &[])).contains("help: give --categories smoker; for the mean alone"));
    run(&files, &train("smokers.csv", "y", &["--categories", "smoker"]));
    assert_eq!(
        run(&files, &train("notes.csv", "y", &["--missing", "drop"])),
        ["note: notes.csv: column `notes`: left out: it holds no value"]
    );
    assert!(error(&files, &train("notes.csv", "y", &["--thousands", "."])).contains("help: give --decimal , as well"));
}
