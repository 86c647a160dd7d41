//! Trains a model with native code instead of the component: `samefit-bench-native --data FILE --target y --threads 1`.
//!
//! It prints the model that `samefit train` writes. It does the work of one of the program's threads: it reads, digests, sums and fits.

use std::fs::File;
use std::io::{Read, Write};

use samefit_core::error::Error;
use samefit_core::fit::fit;
use samefit_core::plan::{Format, Plan};
use samefit_core::summarizer::Summarizer;
use sha2::{Digest, Sha256};

/// Bytes that are read at once, the same number as in the program.
const CHUNK_BYTES: usize = 256 << 10;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let data = argument("--data")?;
    let format = if data.ends_with(".csv") { Format::Csv } else { Format::Jsonl };
    let features = argument("--features").ok().map(|f| f.split(',').map(|name| name.to_owned()).collect());
    let plan = Plan { find_categories: features.is_some(), features, target: Some(argument("--target")?), format, ..Plan::default() };
    if argument("--threads")? != "1" {
        return Err("there is only one thread".into());
    }
    let mut file = File::open(&data)?;
    let mut summarizer = Summarizer::new(plan.clone()).map_err(shown)?;
    let (mut chunk, mut digest) = (vec![0; CHUNK_BYTES], Sha256::new());
    loop {
        let length = file.read(&mut chunk)?;
        if length == 0 {
            break;
        }
        digest.update(&chunk[..length]);
        summarizer.push(&chunk[..length]).map_err(shown)?;
    }
    // the compiler may leave out a digest that nobody uses
    std::hint::black_box(digest.finalize());
    let model = summarizer.finish().and_then(|statistics| fit(&statistics, &plan)).map_err(shown)?;
    Ok(std::io::stdout().write_all(model.to_json().as_bytes())?)
}

fn argument(name: &str) -> Result<String, String> {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).ok_or_else(|| format!("{name} is missing"))
}

fn shown(error: Error) -> String {
    error.to_string()
}
