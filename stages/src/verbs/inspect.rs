//! `inspect`: describes a model or statistics on stdout.
//!
//! *Not here*: components, which are not JSON. The native program describes them.

use clap::Args;

use crate::args::{JsonArg, LevelArg};
use crate::code::Code;
use crate::error::{Error, InputError, Result};
use crate::input::reading;
use crate::output::describe;
use crate::output::described_model::{DescribedModel, notes_of};
use crate::stage::Stage;
use crate::text::json;

/// Flags of `inspect`.
#[derive(Args, Clone, Debug)]
pub struct InspectArgs {
    /// Model, statistics or component (.wasm)
    #[arg(value_name = "FILE")]
    pub file: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub level: LevelArg,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub json: JsonArg,
}

/// Describes a document that the engine accepts.
pub fn run(stage: &mut Stage<'_>, args: &InspectArgs) -> Result<()> {
    let (text, _) = reading::text(stage.files, &args.file)?;
    let document = json::parse(&text, &args.file)?;
    let in_file = |error: Error| error.in_file(&args.file);
    let (table, document) = match document["format"].as_str().unwrap_or_default() {
        format if format.starts_with("samefit-statistics/") => {
            let mut merger = stage.engine.merger()?;
            merger.add(&text).map_err(in_file)?;
            (format!("{}\n\n{}", describe::statistics(&document), describe::release(&document)), text)
        }
        format if format.starts_with("samefit-model/") || document.get("coefficients").is_some() => {
            let model = stage.engine.model(&text).map_err(in_file)?;
            for note in notes_of(&*model).map_err(in_file)? {
                stage.report.note(&format!("note: {}: {note}", samefit_text::line(&args.file)));
            }
            let model = DescribedModel::new(&*model, &text, args.level).map_err(in_file)?;
            (format!("{}\n\n{}", model.long_text(), describe::release(&document)), model.document())
        }
        _ => return Err(not_ours().in_file(&args.file)),
    };
    if args.json.json { stage.report.document(&document) } else { stage.report.print(&(table + "\n")) }
}

fn not_ours() -> InputError {
    InputError::new(Code::NotOurs, "this is neither a model, nor statistics, nor a component", "check that this is the right file")
}
