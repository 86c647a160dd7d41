//! `split`: a table to two tables, training and holdout, record by record, byte for byte.
//!
//! Knuth's selection sampling (The Art of Computer Programming, 3.4.2, algorithm S): with t records seen of N, and m chosen of n, the next is
//! chosen with probability (n - m) / (N - t). So the holdout has exactly the size asked for, every choice of records is equally likely, and one
//! pass with no memory of the past is enough; a pass before it counts N. The same seed gives the same bytes everywhere.
//!
//! *Not here*: what is in the records. Splitting moves bytes.

use clap::Args;
use serde_json::json;

use crate::args::JsonArg;
use crate::error::{Error, InputError, Result};
use crate::input::columns;
use crate::input::cutter::Cutter;
use crate::input::sources;
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::ports::files::Kind;
use crate::source::{Format, Source};
use crate::splitmix::SplitMix64;
use crate::stage::Stage;
use crate::text::json;
use crate::text::numbers::counted;
use crate::text::paths::join;

/// Flags of `split`.
#[derive(Args, Clone, Debug)]
pub struct SplitArgs {
    /// The table to split (.csv, .jsonl, each also .gz or .zst; .parquet, .arrow, .arrows, .feather)
    #[arg(value_name = "DATA")]
    pub data: String,
    /// Share of the records that goes to the holdout, between 0 and 1
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub holdout: f64,
    /// Which of the equally likely splits: the same seed always gives the same one
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Folder for training.csv and holdout.csv; `{input}` in it stands for the table's path without extension
    #[arg(long, value_name = "DIR")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Counts the records, then deals them out.
pub fn run(stage: &mut Stage<'_>, args: &SplitArgs) -> Result<()> {
    let source = sources::find_one(stage, &args.data, Some(&args.out))?;
    refuse_what_cannot_be_split(&source)?;
    let rows = count(stage, &source)?;
    let holdout = holdout_rows(rows, args.holdout).map_err(|fault| fault.in_file(&source.path))?;
    let out = outputs::folder(stage.files, outputs::place(&args.out, std::slice::from_ref(&source))?)?;
    let mut outputs = Outputs::new(stage.files, [source.path.as_str()]);
    let extension = source.format.name();
    let handles = ["training", "holdout"].map(|name| outputs.create(&join(&out, &format!("{name}.{extension}"))));
    let [training_handle, holdout_handle] = handles;
    let (training_handle, holdout_handle) = (training_handle?, holdout_handle?);
    let mut deal = Deal { random: SplitMix64::new(args.seed), rows_left: rows, holdout_left: holdout };
    each_record(stage, &source, |record, is_header| {
        let to_holdout = !is_header && deal.next();
        if is_header || to_holdout {
            outputs.write(holdout_handle, record)?;
        }
        if !to_holdout { outputs.write(training_handle, record) } else { Ok(()) }
    })?;
    outputs.close(training_handle)?;
    outputs.close(holdout_handle)?;
    let written = outputs.commit()?;
    tell(stage, args, rows, holdout, &written)
}

/// Which records go to the holdout.
struct Deal {
    random: SplitMix64,
    rows_left: u64,
    holdout_left: u64,
}

impl Deal {
    fn next(&mut self) -> bool {
        let chosen = self.random.below(self.rows_left) < self.holdout_left;
        self.rows_left = self.rows_left.saturating_sub(1);
        self.holdout_left -= u64::from(chosen);
        chosen
    }
}

fn refuse_what_cannot_be_split(source: &Source) -> Result<()> {
    match (source.format, source.kind) {
        (Format::Json, _) => {
            let help = "write the records to JSON Lines, one object a line, or to CSV";
            Err(InputError::new("cannot-split", "a JSON file is one object, which cannot be split", help).in_file(&source.path))
        }
        (_, Kind::Pipe) => Err(Error::Usage(format!(
            "`{}` can be read once, and this reads twice\nwrite it to a file first",
            samefit_text::line(&source.path)
        ))),
        _ => Ok(()),
    }
}

fn count(stage: &Stage<'_>, source: &Source) -> Result<u64> {
    let mut rows = 0;
    each_record(stage, source, |_, is_header| {
        rows += u64::from(!is_header);
        Ok(())
    })?;
    Ok(rows)
}

/// Hands every record to `take`, and whether it is the header.
fn each_record(stage: &Stage<'_>, source: &Source, mut take: impl FnMut(&[u8], bool) -> Result<()>) -> Result<()> {
    let mut cutter = Cutter::new(source.format);
    let mut before_header = source.format.of_bytes() == Format::Csv;
    let mut take = |record: &[u8]| take(record, std::mem::take(&mut before_header));
    let blame = |failure: Error| failure.in_file(&source.path);
    columns::each_chunk(stage.files, source, |chunk| cutter.push(chunk, &mut take).map_err(blame))?;
    cutter.finish(&mut take).map_err(blame)
}

/// round(share * rows), at least one record on each side.
fn holdout_rows(rows: u64, share: f64) -> Result<u64, InputError> {
    let holdout = (share * rows as f64).round() as u64;
    match rows {
        0 => Err(InputError::new("no-rows", "there is no record in it", "check that this is the right file")),
        _ if holdout == 0 || holdout >= rows => {
            let text = format!("a holdout of {share} of {rows} records is {holdout}, which leaves one side without a record");
            Err(InputError::new("cannot-split", text, "choose another --holdout, or gather more data"))
        }
        _ => Ok(holdout),
    }
}

fn tell(stage: &mut Stage<'_>, args: &SplitArgs, rows: u64, holdout: u64, written: &[String]) -> Result<()> {
    let [training_path, holdout_path] = written else { return Ok(()) };
    let training = rows - holdout;
    let document = json!({
        "training": {"path": training_path, "rows": training},
        "holdout": {"path": holdout_path, "rows": holdout},
        "seed": args.seed,
    });
    let text = format!(
        "wrote {} to {} and {} to {} (seed {})",
        counted(training, "row"),
        samefit_text::line(training_path),
        counted(holdout, "row"),
        samefit_text::line(holdout_path),
        args.seed
    );
    stage.show(args.json.json, &text, &json::document(&document))
}

fn share(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|share| *share > 0.0 && *share < 1.0).ok_or_else(|| "expected a number between 0 and 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Memory, in_stage};
    use proptest::prelude::*;

    fn split(name: &str, data: &[u8], holdout: f64, seed: u64) -> Result<(String, String), Error> {
        let files = Memory::of(&[(name, data)]);
        let args = SplitArgs { data: name.to_owned(), holdout, seed, out: "out".to_owned(), json: JsonArg::default() };
        in_stage(&files, |stage| run(stage, &args)).0?;
        let extension = if name.ends_with("l") { "jsonl" } else { "csv" };
        let [training, holdout] =
            ["training", "holdout"].map(|part| String::from_utf8(files.get(&format!("out/{part}.{extension}")).unwrap()).unwrap());
        Ok((training, holdout))
    }

    /// The lines of `parts` in the order of `whole`, where all lines are different.
    fn together(whole: &str, parts: [&str; 2]) -> Vec<String> {
        let mut lines: Vec<String> = parts.iter().flat_map(|part| part.split_inclusive('\n')).map(str::to_owned).collect();
        lines.sort_by_key(|line| whole.find(line.trim_end()));
        lines
    }

    #[test]
    fn the_header_is_in_both_and_quoted_line_breaks_stay_whole() {
        let data = "\u{feff}a,b\r\n1,\"x\ny\"\r\n\r\n2,z\r\n3,w";
        let (training, holdout) = split("d.csv", data.as_bytes(), 0.34, 7).unwrap();
        assert!(training.starts_with("\u{feff}a,b\r\n") && holdout.starts_with("\u{feff}a,b\r\n"));
        let rows = training["\u{feff}a,b\r\n".len()..].len() + holdout["\u{feff}a,b\r\n".len()..].len();
        assert_eq!(rows, "1,\"x\ny\"\r\n2,z\r\n3,w".len());
        assert_eq!((training + &holdout).matches("\"x\ny\"").count(), 1);
    }

    #[test]
    fn what_cannot_be_split_is_said() {
        for (name, data, words) in [
            ("d.csv", "a,b\n", "there is no record in it"),
            ("d.csv", "", "there is no record in it"),
            ("d.csv", "a\n1\n", "a holdout of 0.2 of 1 records is 0, which leaves one side without a record"),
            ("d.csv", "a\n\"1\n", "row 2: a quoted field is never closed"),
            ("d.json", "{}", "a JSON file is one object"),
        ] {
            let failure = split(name, data.as_bytes(), 0.2, 1).unwrap_err();
            assert!(failure.to_string().contains(words), "{failure}");
            assert_eq!(failure.exit_code(), 3);
        }
    }

    proptest! {
        #[test]
        fn the_parts_are_the_whole(rows in 2u64..80, share in 0.01f64..0.99, seed: u64) {
            let lines: String = (0..rows).map(|row| format!("{{\"row\": {row}, \"text\": \"\\\"\"}}\n")).collect();
            let expected = (share * rows as f64).round() as u64;
            prop_assume!(expected > 0 && expected < rows);
            let (training, holdout) = split("d.jsonl", lines.as_bytes(), share, seed).unwrap();
            prop_assert_eq!(holdout.lines().count() as u64, expected);
            prop_assert_eq!(together(&lines, [&training, &holdout]).concat(), lines.clone());
            prop_assert_eq!(split("d.jsonl", lines.as_bytes(), share, seed).unwrap(), (training, holdout));
        }
    }

    /// The same seed chooses the same rows in every version: these are version 0.1's.
    #[test]
    fn a_seed_is_a_promise() {
        let data: String = std::iter::once("n\n".to_owned()).chain((1..=20).map(|row| format!("{row}\n"))).collect();
        let (_, holdout) = split("d.csv", data.as_bytes(), 0.25, 1).unwrap();
        assert_eq!(holdout, "n\n9\n13\n15\n16\n20\n");
    }
}
