//! `inspect` of a component: what it imports and exports, and its digests. Models and statistics are the stages' matter.

use std::fs::File;
use std::io::Read;

use samefit_formats::hex;
use samefit_stages::code::Code;
use samefit_stages::error::{Error, InputError, Result};
use samefit_stages::input::reading;
use samefit_stages::input::sources;
use samefit_stages::limits::DOCUMENT_BYTES_MAX;
use samefit_stages::stage::Stage;
use samefit_stages::text::json;
use samefit_stages::verbs::inspect;
use samefit_stages::verbs::inspect::InspectArgs;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasmparser::{Parser, Payload};

use crate::files::stands;

/// How every wasm file begins.
const MAGIC: &[u8] = b"\0asm";

/// Describes a component, or hands on to the stages.
pub(crate) fn run(stage: &mut Stage<'_>, args: &InspectArgs) -> Result<()> {
    let path = sources::document_path(stage.files, &args.file, "model.json")?;
    let mut start = [0; MAGIC.len()];
    let read = stage.files.open(&path).and_then(|mut file| file.read(&mut start)).map_err(|error| reading::read_error(&path, &error))?;
    if &start[..read] != MAGIC {
        return inspect::run(stage, &InspectArgs { file: path, ..args.clone() });
    }
    let mut bytes = Vec::new();
    let file = File::open(stands(&path)).map_err(|error| reading::read_error(&path, &error))?;
    file.take(DOCUMENT_BYTES_MAX as u64 + 1).read_to_end(&mut bytes).map_err(|error| reading::read_error(&path, &error))?;
    if bytes.len() > DOCUMENT_BYTES_MAX {
        return Err(reading::document_too_large(&path));
    }
    let found = Found::read(&bytes).map_err(|error| not_wasm(&error).in_file(&path))?;
    if args.json.json { stage.report.document(&json::document(&found.document())) } else { stage.report.print(&found.table()) }
}

/// What a component says of itself.
#[derive(Default)]
struct Found {
    kind: &'static str,
    bytes: usize,
    sha256: String,
    modules: Vec<String>,
    imports: Vec<String>,
    exports: Vec<String>,
}

impl Found {
    fn read(bytes: &[u8]) -> wasmparser::Result<Self> {
        let mut found = Self { kind: "component", bytes: bytes.len(), sha256: digest(bytes), ..Self::default() };
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(bytes) {
            match payload? {
                Payload::Version { encoding: wasmparser::Encoding::Module, .. } if depth == 0 => found.kind = "core module",
                Payload::ModuleSection { unchecked_range, .. } => {
                    found.modules.extend(bytes.get(unchecked_range).map(digest));
                    depth += 1;
                }
                Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) if depth > 0 => depth -= 1,
                payload if depth == 0 => found.section(payload)?,
                _ => {}
            }
        }
        Ok(found)
    }

    fn section(&mut self, payload: Payload<'_>) -> wasmparser::Result<()> {
        match payload {
            Payload::ComponentImportSection(section) => {
                section.into_iter().try_for_each(|import| import.map(|import| self.imports.push(import.name.name.to_owned())))
            }
            Payload::ComponentExportSection(section) => {
                section.into_iter().try_for_each(|export| export.map(|export| self.exports.push(export.name.name.to_owned())))
            }
            Payload::ImportSection(section) => section
                .into_imports()
                .try_for_each(|import| import.map(|import| self.imports.push(format!("{} {}", import.module, import.name)))),
            Payload::ExportSection(section) => {
                section.into_iter().try_for_each(|export| export.map(|export| self.exports.push(export.name.to_owned())))
            }
            _ => Ok(()),
        }
    }

    fn document(&self) -> Value {
        json!({
            "kind": self.kind,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "core_module_sha256": self.modules,
            "imports": self.imports,
            "exports": self.exports,
        })
    }

    fn table(&self) -> String {
        let list = |names: &[String]| if names.is_empty() { "nothing".to_owned() } else { names.join("\n          ") };
        let modules: String = self.modules.iter().map(|digest| format!("\nmodule    sha256 {digest}")).collect();
        format!(
            "{} of {} bytes\nsha256    {}{modules}\nimports   {}\nexports   {}\n",
            self.kind,
            self.bytes,
            self.sha256,
            list(&self.imports),
            list(&self.exports)
        )
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

fn not_wasm(error: &wasmparser::BinaryReaderError) -> Error {
    InputError::new(Code::NotOurs, format!("a WebAssembly file that is damaged: {error}"), "build or copy it again").into()
}
