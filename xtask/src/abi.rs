//! The contract into a table of the core module's functions, for hosts that call the core module without a component runtime.
//!
//! `docs/abi.md` explains the table. A host needs no generated code: it reads the table, and converts the few shapes of the contract.
//!
//! *Invariant*: the table follows from the WIT alone. `xtask/tests/contract.rs` compares it with the exports of the core module.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use samefit_formats::json;
use serde_json::{Value, json};
use wit_parser::abi::{AbiVariant, FlatTypes, WasmType};
use wit_parser::{Function, FunctionKind, Handle, Int, Resolve, SizeAlign, Type, TypeDefKind, TypeId, WorldItem, WorldKey};

/// The table's file, beside the WIT.
const FILE: &str = "core-wasm/wit/abi.json";
const WIT: &str = "core-wasm/wit";
const WORLD: &str = "regression";

/// Writes the table.
pub(crate) fn write(root: &Path) -> Result<()> {
    fs::write(root.join(FILE), table(root)?).context(FILE)?;
    println!("{FILE}");
    Ok(())
}

/// Returns the text of the table.
fn table(root: &Path) -> Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(root.join(WIT))?;
    let world = resolve.select_world(&[package], Some(WORLD))?;
    let mut table = Table::new(&resolve);
    for (key, item) in &resolve.worlds[world].exports {
        let WorldItem::Interface { id, .. } = item else { bail!("the world exports something that is no interface") };
        table.interface(&resolve.name_world_key(key), key, *id)?;
    }
    let Table { types, resources, functions, .. } = table;
    let package = resolve.packages[package].name.to_string();
    Ok(json::document(&json!({"package": package, "types": types, "resources": resources, "functions": functions})))
}

/// The parts of the table so far.
struct Table<'a> {
    resolve: &'a Resolve,
    sizes: SizeAlign,
    /// By name.
    types: BTreeMap<String, Value>,
    resources: Vec<Value>,
    functions: Vec<Value>,
}

impl<'a> Table<'a> {
    fn new(resolve: &'a Resolve) -> Self {
        let mut sizes = SizeAlign::default();
        sizes.fill(resolve);
        Self { resolve, sizes, types: BTreeMap::new(), resources: Vec::new(), functions: Vec::new() }
    }

    /// Adds an interface. `exported`: its name in the core module's exports.
    fn interface(&mut self, exported: &str, key: &WorldKey, id: wit_parser::InterfaceId) -> Result<()> {
        let interface = &self.resolve.interfaces[id];
        let name = interface.name.as_deref().with_context(|| format!("{key:?} has no name"))?;
        for (resource, &id) in &interface.types {
            if matches!(self.resolve.types[id].kind, TypeDefKind::Resource) {
                self.resources.push(json!({
                    "name": resource, "interface": name, "import": format!("[export]{exported}"), "new": format!("[resource-new]{resource}"),
                    "drop": format!("[resource-drop]{resource}"), "destructor": format!("{exported}#[dtor]{resource}"),
                }));
            }
        }
        for function in interface.functions.values() {
            let entry = self.function(exported, name, function).with_context(|| format!("{name}: {}", function.name))?;
            self.functions.push(entry);
        }
        Ok(())
    }

    fn function(&mut self, exported: &str, interface: &str, function: &Function) -> Result<Value> {
        let (kind, resource) = match function.kind {
            FunctionKind::Freestanding => ("function", None),
            FunctionKind::Method(id) => ("method", Some(id)),
            FunctionKind::Static(id) => ("static", Some(id)),
            _ => bail!("a kind of function that hosts do not know"),
        };
        let resource = resource.and_then(|id| self.resolve.types[id].name.clone());
        let signature = self.resolve.wasm_signature(AbiVariant::GuestExport, function);
        ensure!(!signature.indirect_params, "more parameters than a core function takes");
        let export = function.legacy_core_export_name(Some(exported)).into_owned();
        let params =
            function.params.iter().map(|parameter| Ok(json!([parameter.name, self.name(parameter.ty)?]))).collect::<Result<Vec<_>>>()?;
        let result = function.result.map(|result| self.name(result)).transpose()?;
        let post_return = function.result.is_some_and(|result| self.owns_memory(result)).then(|| format!("cabi_post_{export}"));
        Ok(json!({
            "interface": interface, "resource": resource, "name": function.item_name(), "kind": kind, "export": export, "params": params,
            "result": result, "result_by_pointer": signature.retptr, "post_return": post_return,
            "core": {"params": core_types(&signature.params)?, "results": core_types(&signature.results)?},
        }))
    }

    /// Returns the name of a type, and adds the type to the table.
    fn name(&mut self, named: Type) -> Result<String> {
        let (name, shape) = match named {
            Type::Bool => ("bool".to_owned(), json!({"kind": "bool"})),
            Type::U8 => ("u8".to_owned(), json!({"kind": "u8"})),
            Type::U32 => ("u32".to_owned(), json!({"kind": "u32"})),
            Type::U64 => ("u64".to_owned(), json!({"kind": "u64"})),
            Type::F64 => ("f64".to_owned(), json!({"kind": "f64"})),
            Type::String => ("string".to_owned(), json!({"kind": "string"})),
            Type::Id(id) => match self.shape(id)? {
                Some(shape) => shape,
                None => return self.alias(id),
            },
            other => bail!("the type {other:?} is not one of the contract"),
        };
        let mut entry = shape;
        if !["option", "record", "result"].iter().any(|only_returned| entry["kind"] == *only_returned) {
            let mut core = [WasmType::I32; Resolve::MAX_FLAT_PARAMS];
            let mut core = FlatTypes::new(&mut core);
            ensure!(self.resolve.push_flat(&named, &mut core), "`{name}` has more core values than a function takes");
            entry["core"] = json!(core_types(&core.to_vec())?);
        }
        entry["size"] = json!(self.sizes.size(&named).size_wasm32());
        entry["align"] = json!(self.sizes.align(&named).align_wasm32());
        self.types.insert(name.clone(), entry);
        Ok(name)
    }

    /// Returns the name of the type that another name stands for.
    fn alias(&mut self, id: TypeId) -> Result<String> {
        match self.resolve.types[id].kind {
            TypeDefKind::Type(to) => self.name(to),
            _ => bail!("a type that is not one of the contract"),
        }
    }

    /// Returns name and shape of a type that the contract composes; `None` for any other.
    fn shape(&mut self, id: TypeId) -> Result<Option<(String, Value)>> {
        let definition = &self.resolve.types[id];
        Ok(Some(match &definition.kind {
            TypeDefKind::Handle(handle) => {
                let (kind, to) = match handle {
                    Handle::Own(to) => ("own", to),
                    Handle::Borrow(to) => ("borrow", to),
                };
                let resource = self.resource(*to)?;
                (format!("{kind}<{resource}>"), json!({"kind": kind, "resource": resource}))
            }
            TypeDefKind::List(element) => {
                let element = self.name(*element)?;
                (format!("list<{element}>"), json!({"kind": "list", "element": element}))
            }
            TypeDefKind::Option(some) => {
                let payload = self.sizes.payload_offset(Int::U8, [None, Some(some)]).size_wasm32();
                let some = self.name(*some)?;
                (format!("option<{some}>"), json!({"kind": "option", "some": some, "payload": payload}))
            }
            TypeDefKind::Result(result) => {
                let payload = self.sizes.payload_offset(Int::U8, [result.ok.as_ref(), result.err.as_ref()]).size_wasm32();
                let [ok, err] = [result.ok, result.err].map(|part| part.map(|part| self.name(part)).transpose());
                let (ok, err) = (ok?, err?);
                let name = format!("result<{}, {}>", ok.as_deref().unwrap_or("_"), err.as_deref().unwrap_or("_"));
                (name, json!({"kind": "result", "ok": ok, "err": err, "payload": payload}))
            }
            TypeDefKind::Record(record) => {
                let offsets = self.sizes.field_offsets(record.fields.iter().map(|field| &field.ty));
                let offsets: Vec<usize> = offsets.iter().map(|(offset, _)| offset.size_wasm32()).collect();
                let fields = record.fields.iter().zip(offsets);
                let fields =
                    fields.map(|(field, offset)| Ok(json!([field.name, self.name(field.ty)?, offset]))).collect::<Result<Vec<_>>>()?;
                (definition.name.clone().context("a record without a name")?, json!({"kind": "record", "fields": fields}))
            }
            _ => return Ok(None),
        }))
    }

    /// Returns the name of a resource.
    fn resource(&self, id: TypeId) -> Result<String> {
        match &self.resolve.types[id] {
            wit_parser::TypeDef { kind: TypeDefKind::Type(Type::Id(to)), .. } => self.resource(*to),
            definition => definition.name.clone().context("a resource without a name"),
        }
    }

    /// Returns whether a result owns memory of the module, which the host gives back after it has read it.
    fn owns_memory(&self, result: Type) -> bool {
        let Type::Id(id) = result else { return result == Type::String };
        match &self.resolve.types[id].kind {
            TypeDefKind::List(_) => true,
            TypeDefKind::Type(to) | TypeDefKind::Option(to) => self.owns_memory(*to),
            TypeDefKind::Result(result) => [result.ok, result.err].into_iter().flatten().any(|part| self.owns_memory(part)),
            TypeDefKind::Record(record) => record.fields.iter().any(|field| self.owns_memory(field.ty)),
            _ => false,
        }
    }
}

/// Returns the names of core types. A pointer and a length have 32 bits.
fn core_types(types: &[WasmType]) -> Result<Vec<&'static str>> {
    let name = |core: &WasmType| match core {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => Ok("i32"),
        WasmType::I64 => Ok("i64"),
        WasmType::F64 => Ok("f64"),
        other => bail!("the core type {other:?} is not one of the contract"),
    };
    types.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use super::*;

    #[test]
    fn the_table_is_up_to_date() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let written = fs::read_to_string(root.join(FILE)).unwrap();
        assert!(written == table(root).unwrap(), "{FILE} differs from the contract: `cargo xtask abi` writes it again");
    }

    /// A handle names its resource, and nothing else.
    #[test]
    fn names_of_resources_are_unique() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let table: Value = serde_json::from_str(&table(root).unwrap()).unwrap();
        let mut names: Vec<&str> =
            table["resources"].as_array().unwrap().iter().map(|resource| resource["name"].as_str().unwrap()).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert!(names.len() == all && all > 5, "{names:?}");
    }
}
