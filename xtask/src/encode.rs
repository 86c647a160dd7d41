//! Turns a core module, as the linker leaves it, into a component, and finds the module in a component again.

use anyhow::{Context, Result, ensure};
use wasm_encoder::{Module, RawSection};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

/// A component and the core module inside it.
pub(crate) struct Encoded {
    pub(crate) component: Vec<u8>,
    pub(crate) core: Vec<u8>,
}

/// Encodes and validates.
pub(crate) fn encode(linked: &[u8]) -> Result<Encoded> {
    let component = ComponentEncoder::default().validate(true).module(&bare(linked)?)?.encode()?;
    let core = inner_module(&component)?.to_vec();
    Ok(Encoded { component, core })
}

/// The module without what no machine reads (names, producers, debugging), but with the description of its world,
/// which the encoder takes out and turns into the component's type.
fn bare(linked: &[u8]) -> Result<Vec<u8>> {
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

/// The first core module of a component, which is the one with the code: what follows only ties imports to it.
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
