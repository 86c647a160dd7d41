//! Encodes a linked core module as a component, and finds the core module in a component.

use anyhow::{Context, Result, ensure};
use wasm_encoder::{Module, RawSection};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

/// A component, and the core module inside it.
pub(crate) struct Encoded {
    pub(crate) component: Vec<u8>,
    pub(crate) core: Vec<u8>,
}

/// Encodes what the linker wrote as a component, and validates it.
pub(crate) fn encode(linked: &[u8]) -> Result<Encoded> {
    let component = ComponentEncoder::default().validate(true).module(&without_custom_sections(linked)?)?.encode()?;
    let core = inner_module(&component)?.to_vec();
    Ok(Encoded { component, core })
}

/// Removes the custom sections of a module: names, producers, debugging. The section `component-type` stays, because the encoder makes the
/// component's type of it.
fn without_custom_sections(linked: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(linked) {
        let payload = payload.context("reading what the linker wrote")?;
        if matches!(&payload, Payload::CustomSection(section) if !section.name().starts_with("component-type")) {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let data = linked.get(range).context("a section beyond the end")?;
            module.section(&RawSection { id, data });
        }
    }
    Ok(module.finish())
}

/// Returns the first core module of a component. That one holds the code; the ones behind it only connect imports.
fn inner_module(component: &[u8]) -> Result<&[u8]> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection { unchecked_range, .. } = payload? {
            let core = component.get(unchecked_range);
            return core.context("a module beyond the end");
        }
    }
    ensure!(!component.is_empty(), "the component is empty");
    anyhow::bail!("the component holds no core module")
}
