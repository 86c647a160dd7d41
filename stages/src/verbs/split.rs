//! `split`: divides a table into two tables, training and holdout. Records are copied byte for byte.
//!
//! The holdout is chosen by Knuth's selection sampling (The Art of Computer Programming, 3.4.2, algorithm S). With t of N records seen and m of n
//! chosen, the next record is chosen with probability (n - m) / (N - t). So the holdout has exactly the wanted size, and all choices of records are
//! equally likely. A first pass counts N, a second pass chooses. The same seed gives the same bytes on every machine.
//!
//! Both tables are written as the table is: with its delimiter, with the lines before its header, and without a header if it has none. So they are
//! read with the same flags. Comments among the records are left out. A file of columns is written as CSV, with dates and times as text, and a note
//! for each column that has no text.
//!
//! *Not here*: the values in the records, which are not read.

use clap::Args;
use serde_json::json;

use crate::args::{DialectArgs, JsonArg, SheetArg};
use crate::code::Code;
use crate::error::{Error, InputError, Result};
use crate::input::column_csv;
use crate::input::record_cutter::{Piece, RecordCutter};
use crate::input::sources;
use crate::output::outputs;
use crate::output::outputs::Outputs;
use crate::plan::Plan;
use crate::ports::columns::{Field, ValueForm};
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
    /// Table to split (.csv, .tsv, .jsonl, each also .gz or .zst; .parquet, .arrow, .arrows, .feather)
    #[arg(value_name = "DATA")]
    pub data: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub sheet: SheetArg,
    /// Fraction of the records for the holdout, between 0 and 1
    #[arg(long, value_name = "FRACTION", value_parser = fraction)]
    pub holdout: f64,
    /// Seed of the random choice: the same seed always gives the same split
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Folder for training.csv and holdout.csv. `{input}` in it means the path of the table without extension
    #[arg(long, value_name = "DIR")]
    pub out: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub dialect: DialectArgs,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Counts the records, then writes each to one of the two tables.
pub fn run(stage: &mut Stage<'_>, args: &SplitArgs) -> Result<()> {
    stage.use_sheet(&args.sheet);
    let source = sources::find_one(stage, &args.data, Some(&args.out))?;
    refuse_unsplittable(&source)?;
    column_csv::left_out(stage.files, &source, is_copied)?.iter().for_each(|note| stage.report.note(note));
    let plan = Plan::new().dialect(&args.dialect);
    let rows = count(stage, &plan, &source)?;
    let holdout = holdout_rows(rows, args.holdout).map_err(|error| error.in_file(&source.path))?;
    let out = outputs::folder(stage.files, outputs::expand(&args.out, std::slice::from_ref(&source))?)?;
    let mut outputs = Outputs::new(stage.files, [source.path.as_str()]);
    let extension = if source.format == Format::Tsv { "tsv" } else { source.format.name() };
    let handles = ["training", "holdout"].map(|name| outputs.create(&join(&out, &format!("{name}.{extension}"))));
    let [training_handle, holdout_handle] = handles;
    let (training_handle, holdout_handle) = (training_handle?, holdout_handle?);
    let mut sampler = HoldoutSampler { random: SplitMix64::new(args.seed), rows_left: rows, holdout_left: holdout };
    each_record(stage, &plan, &source, |record, is_header| {
        let to_holdout = !is_header && sampler.next();
        if is_header || to_holdout {
            outputs.write(holdout_handle, record)?;
        }
        if !to_holdout { outputs.write(training_handle, record) } else { Ok(()) }
    })?;
    outputs.close(training_handle)?;
    outputs.close(holdout_handle)?;
    let written = outputs.commit()?;
    report(stage, args, rows, holdout, &written)
}

/// Whether a column of a file of columns is written. The labels that pandas makes up for rows are not: a model of the two tables would take
/// them for data.
fn is_copied(field: &Field) -> bool {
    field.is_writable() && !(field.is_index && field.name.starts_with("__index_level_"))
}

/// Chooses the records of the holdout.
struct HoldoutSampler {
    random: SplitMix64,
    rows_left: u64,
    holdout_left: u64,
}

impl HoldoutSampler {
    /// Whether the next record goes to the holdout.
    fn next(&mut self) -> bool {
        let chosen = self.random.below(self.rows_left) < self.holdout_left;
        self.rows_left = self.rows_left.saturating_sub(1);
        self.holdout_left -= u64::from(chosen);
        chosen
    }
}

fn refuse_unsplittable(source: &Source) -> Result<()> {
    match (source.format, source.kind) {
        (Format::Json, _) => {
            let help = "write the records to JSON Lines, one object a line, or to CSV";
            Err(InputError::new(Code::CannotSplit, "a JSON file is one object, which cannot be split", help).in_file(&source.path))
        }
        (_, Kind::Pipe) => {
            let path = samefit_text::line(&source.path);
            let sentence = format!("`{path}` is a pipe, which can be read once, and this verb reads its data twice");
            Err(Error::usage(sentence, "write it to a file first"))
        }
        _ => Ok(()),
    }
}

fn count(stage: &Stage<'_>, plan: &Plan, source: &Source) -> Result<u64> {
    let mut rows = 0;
    each_record(stage, plan, source, |_, is_header| {
        rows += u64::from(!is_header);
        Ok(())
    })?;
    Ok(rows)
}

/// Passes every record to `take`, and whether it is the header. A line before the first record is as the header.
fn each_record(stage: &Stage<'_>, plan: &Plan, source: &Source, mut take: impl FnMut(&[u8], bool) -> Result<()>) -> Result<()> {
    let mut cutter = RecordCutter::new(source.format, plan.passed_lines());
    let mut before_header = source.format.of_bytes() == Format::Csv && (source.format.holds_columns() || !plan.has_given_header());
    let mut before_records = true;
    let mut take = |piece: Piece<'_>| match piece {
        Piece::Record(record) => {
            before_records = false;
            take(record, std::mem::take(&mut before_header))
        }
        Piece::PassedLine(line) if before_records => take(line, true),
        Piece::PassedLine(_) => Ok(()),
    };
    let in_file = |error: Error| error.in_file(&source.path);
    column_csv::each_chunk(
        stage.files,
        source,
        |field| is_copied(field).then_some(ValueForm::Written),
        |chunk| cutter.push(chunk, &mut take).map_err(in_file),
    )?;
    cutter.finish(&mut take).map_err(in_file)
}

/// Returns round(fraction * rows). An error if one side would have no record.
fn holdout_rows(rows: u64, fraction: f64) -> Result<u64, InputError> {
    let holdout = (fraction * rows as f64).round() as u64;
    match rows {
        0 => Err(InputError::new(Code::NoRows, "there are no records in it", "check that this is the right file")),
        _ if holdout == 0 || holdout >= rows => {
            let text = format!("a holdout of {fraction} of {rows} records is {holdout}, which leaves one side without records");
            Err(InputError::new(Code::CannotSplit, text, "choose another --holdout, or gather more data"))
        }
        _ => Ok(holdout),
    }
}

fn report(stage: &mut Stage<'_>, args: &SplitArgs, rows: u64, holdout: u64, written: &[String]) -> Result<()> {
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

fn fraction(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|fraction| *fraction > 0.0 && *fraction < 1.0).ok_or_else(|| "expected a number between 0 and 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{MemoryFiles, in_stage};
    use proptest::prelude::*;

    fn split(name: &str, data: &[u8], holdout: f64, seed: u64) -> Result<(String, String), Error> {
        split_as(DialectArgs::default(), name, data, holdout, seed)
    }

    fn split_as(dialect: DialectArgs, name: &str, data: &[u8], holdout: f64, seed: u64) -> Result<(String, String), Error> {
        let files = MemoryFiles::of(&[(name, data)]);
        let (data, out) = (name.to_owned(), "out".to_owned());
        let args = SplitArgs { data, holdout, seed, out, dialect, sheet: SheetArg::default(), json: JsonArg::default() };
        in_stage(&files, |stage| run(stage, &args)).0?;
        let extension = name.rsplit('.').next().unwrap();
        let [training, holdout] =
            ["training", "holdout"].map(|part| String::from_utf8(files.get(&format!("out/{part}.{extension}")).unwrap()).unwrap());
        Ok((training, holdout))
    }

    /// Returns the lines of `parts` in the order of `whole`, in which all lines are different.
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
    fn both_tables_are_written_as_the_table_is() {
        let dialect = DialectArgs { skip: Some(1), comment: Some('#'), ..DialectArgs::default() };
        let data = "title \"\n# a\nx\ty\n# \"\n1\t2\n2\t3\n";
        let (training, holdout) = split_as(dialect.clone(), "d.tsv", data.as_bytes(), 0.5, 1).unwrap();
        let (begin, rows) = ("title \"\n# a\nx\ty\n", "1\t2\n2\t3\n");
        assert_eq!(together(rows, [&training[begin.len()..], &holdout[begin.len()..]]).concat(), rows);
        assert!(training.starts_with(begin) && holdout.starts_with(begin));
        let headless = DialectArgs { header: Some(crate::args::Names(vec!["x".to_owned()])), ..dialect };
        let (training, holdout) = split_as(headless, "d.csv", b"title\n1\n2\n", 0.5, 1).unwrap();
        let (begin, rows) = ("title\n", "1\n2\n");
        assert_eq!(together(rows, [&training[begin.len()..], &holdout[begin.len()..]]).concat(), rows);
    }

    #[test]
    fn data_that_cannot_be_split_are_an_error() {
        for (name, data, words) in [
            ("d.csv", "a,b\n", "there are no records in it"),
            ("d.csv", "", "there are no records in it"),
            ("d.csv", "a\n1\n", "a holdout of 0.2 of 1 records is 0, which leaves one side without records"),
            ("d.csv", "a\n\"1\n", "row 2: a quoted field is never closed"),
            ("d.json", "{}", "a JSON file is one object"),
        ] {
            let error = split(name, data.as_bytes(), 0.2, 1).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
            assert_eq!(error.exit_code(), 3);
        }
    }

    proptest! {
        #[test]
        fn the_two_tables_together_are_the_whole(rows in 2u64..80, fraction in 0.01f64..0.99, seed: u64) {
            let lines: String = (0..rows).map(|row| format!("{{\"row\": {row}, \"text\": \"\\\"\"}}\n")).collect();
            let expected = (fraction * rows as f64).round() as u64;
            prop_assume!(expected > 0 && expected < rows);
            let (training, holdout) = split("d.jsonl", lines.as_bytes(), fraction, seed).unwrap();
            prop_assert_eq!(holdout.lines().count() as u64, expected);
            prop_assert_eq!(together(&lines, [&training, &holdout]).concat(), lines.clone());
            prop_assert_eq!(split("d.jsonl", lines.as_bytes(), fraction, seed).unwrap(), (training, holdout));
        }
    }

    /// The same seed chooses the same rows in every version. These are the rows of version 0.1.
    #[test]
    fn a_seed_chooses_the_same_rows_in_every_version() {
        let data: String = std::iter::once("n\n".to_owned()).chain((1..=20).map(|row| format!("{row}\n"))).collect();
        let (_, holdout) = split("d.csv", data.as_bytes(), 0.25, 1).unwrap();
        assert_eq!(holdout, "n\n9\n13\n15\n16\n20\n");
    }
}
