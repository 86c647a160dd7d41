//! Checks the contract in `core-wasm/wit`, and the files that were built from it in `target/wasm/`.
//!
//! - The contract uses only types that every language can convert, and every item is documented.
//! - The component imports nothing.
//! - The WASI command needs only folders, arguments, stdout and stderr of its runtime.
//! - The published core modules are the inner modules of the components, and use only the listed features of WebAssembly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use wasmparser::{Encoding, ExternalKind, Operator, Parser, Payload, Validator, WasmFeatures};
use wit_component::DecodedWasm;
use wit_parser::{Docs, FunctionKind, Handle, Resolve, Type, TypeDefKind, TypeOwner, WorldItem};

/// The fields of the contract's only record, `error`.
const ERROR_FIELDS: [&str; 7] = ["code", "row", "column", "found", "expected", "text", "help"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn resolve() -> Resolve {
    let mut resolve = Resolve::default();
    resolve.push_path(root().join("core-wasm/wit")).unwrap();
    resolve
}

fn published(name: &str) -> Vec<u8> {
    let path = root().join("target/wasm").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; `cargo xtask wasm` makes it", path.display()))
}

mod wit {
    use super::*;

    #[test]
    fn the_contract_uses_only_the_listed_types() {
        let resolve = resolve();
        let mut problems = Vec::new();
        for (_, interface) in &resolve.interfaces {
            for function in interface.functions.values() {
                let at = format!("{}: {}", interface.name.as_deref().unwrap_or("?"), function.name);
                for parameter in &function.params {
                    check(&resolve, &parameter.ty, &format!("{at}: {}", parameter.name), &mut problems);
                }
                if let Some(result) = &function.result {
                    check(&resolve, result, &format!("{at}: result"), &mut problems);
                }
                if matches!(function.kind, FunctionKind::AsyncFreestanding | FunctionKind::AsyncMethod(_) | FunctionKind::AsyncStatic(_)) {
                    problems.push(format!("{at}: async"));
                }
            }
        }
        for (_, definition) in &resolve.types {
            if let TypeDefKind::Record(record) = &definition.kind {
                assert_eq!(definition.name.as_deref(), Some("error"), "the only record is `error`");
                assert_eq!(record.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ERROR_FIELDS);
                for field in &record.fields {
                    check(&resolve, &field.ty, &format!("error: {}", field.name), &mut problems);
                }
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }

    /// Adds to `problems` if a type is not one of those that the contract may use.
    fn check(resolve: &Resolve, used: &Type, at: &str, problems: &mut Vec<String>) {
        let id = match used {
            Type::String | Type::U32 | Type::U64 | Type::F64 | Type::Bool => return,
            Type::Id(id) => *id,
            other => return problems.push(format!("{at}: {other:?}")),
        };
        match &resolve.types[id].kind {
            TypeDefKind::List(Type::U8 | Type::F64) | TypeDefKind::Resource => {}
            TypeDefKind::Handle(Handle::Own(to) | Handle::Borrow(to)) | TypeDefKind::Type(Type::Id(to)) => {
                check(resolve, &Type::Id(*to), at, problems);
            }
            TypeDefKind::Option(inner) => check(resolve, inner, at, problems),
            TypeDefKind::Result(result) => {
                for inner in [&result.ok, &result.err].into_iter().flatten() {
                    check(resolve, inner, at, problems);
                }
            }
            // the test checks the fields of all records
            TypeDefKind::Record(_) => {}
            other => problems.push(format!("{at}: {other:?}")),
        }
    }

    #[test]
    fn every_item_is_documented() {
        let resolve = resolve();
        let mut undocumented = Vec::new();
        let mut need = |docs: &Docs, what: String| {
            if docs.contents.as_deref().unwrap_or("").trim().is_empty() {
                undocumented.push(what);
            }
        };
        for (_, package) in &resolve.packages {
            need(&package.docs, format!("package {}", package.name));
        }
        for (_, world) in &resolve.worlds {
            need(&world.docs, format!("world {}", world.name));
        }
        for (_, interface) in &resolve.interfaces {
            let name = interface.name.as_deref().unwrap_or("?");
            need(&interface.docs, format!("interface {name}"));
            for function in interface.functions.values() {
                need(&function.docs, format!("{name}: {}", function.name));
            }
        }
        for (_, definition) in &resolve.types {
            // a type that another interface defines is documented there
            let used = matches!(definition.kind, TypeDefKind::Type(_)) || definition.owner == TypeOwner::None;
            if let (Some(name), false) = (&definition.name, used) {
                need(&definition.docs, format!("type {name}"));
            }
            if let TypeDefKind::Record(record) = &definition.kind {
                for field in &record.fields {
                    need(&field.docs, format!("error: {}", field.name));
                }
            }
        }
        assert!(undocumented.is_empty(), "without a comment:\n{}", undocumented.join("\n"));
    }

    #[test]
    fn the_world_exports_every_interface_and_imports_none() {
        let resolve = resolve();
        let (_, world) = resolve.worlds.iter().find(|(_, world)| world.name == "regression").unwrap();
        let imported: Vec<_> = world.imports.values().filter(|item| !matches!(item, WorldItem::Type { .. })).collect();
        assert!(imported.is_empty(), "{imported:?}");
        assert_eq!(world.exports.len(), resolve.interfaces.len());
    }
}

mod built {
    use super::*;

    const PAIRS: [(&str, &str); 2] =
        [("samefit.component.wasm", "samefit.core.wasm"), ("samefit.component-nosimd.wasm", "samefit.core-nosimd.wasm")];

    /// WebAssembly 2.0 without vectors, which every runtime of core modules supports.
    const CORE_FEATURES: WasmFeatures = WasmFeatures::WASM2.difference(WasmFeatures::SIMD);

    #[test]
    fn the_component_imports_nothing() {
        for (name, _) in PAIRS {
            let component = published(name);
            let mut depth = 0;
            for payload in Parser::new(0).parse_all(&component) {
                match payload.unwrap() {
                    Payload::Version { encoding, .. } => {
                        assert!(depth > 0 || encoding == Encoding::Component, "{name} is no component");
                        depth += 1;
                    }
                    Payload::End(_) => depth -= 1,
                    Payload::ComponentImportSection(section) if depth == 1 => {
                        let imports: Vec<_> = section.into_iter().map(|import| import.unwrap().name.name.to_owned()).collect();
                        panic!("{name} imports {imports:?}");
                    }
                    _ => {}
                }
            }
        }
    }

    /// Interfaces that the WASI command imports. It calls no function of the clock: it only needs the type of a file's time.
    const IMPORTS: [&str; 8] = [
        "wasi:cli/environment",
        "wasi:cli/stderr",
        "wasi:cli/stdout",
        "wasi:clocks/wall-clock",
        "wasi:filesystem/preopens",
        "wasi:filesystem/types",
        "wasi:io/error",
        "wasi:io/streams",
    ];

    #[test]
    fn the_command_imports_only_folders_arguments_and_streams() {
        let command = published("samefit.command.wasm");
        let DecodedWasm::Component(resolve, world) = wit_component::decode(&command).unwrap() else { panic!("no component") };
        let names = |items: Vec<&WorldItem>| -> Vec<String> {
            let mut names: Vec<String> = items.into_iter().map(|item| interface_name(&resolve, item)).collect();
            names.sort();
            names
        };
        assert_eq!(names(resolve.worlds[world].imports.values().collect()), IMPORTS);
        assert_eq!(names(resolve.worlds[world].exports.values().collect()), ["wasi:cli/run"]);
        for (_, interface) in resolve.interfaces.iter().filter(|(_, interface)| interface.name.as_deref() == Some("wall-clock")) {
            assert!(interface.functions.is_empty(), "{:?}", interface.functions.keys());
        }
    }

    /// Returns package and name of an interface, without the version.
    fn interface_name(resolve: &Resolve, item: &WorldItem) -> String {
        let WorldItem::Interface { id, .. } = item else { panic!("not an interface: {item:?}") };
        let name = resolve.id_of(*id).unwrap();
        name.split_once('@').map_or(name.clone(), |(name, _)| name.to_owned())
    }

    #[test]
    fn the_core_module_is_the_inner_one() {
        for (component_name, core_name) in PAIRS {
            let component = published(component_name);
            let inner = Parser::new(0).parse_all(&component).find_map(|payload| match payload.unwrap() {
                Payload::ModuleSection { unchecked_range, .. } => Some(&component[unchecked_range]),
                _ => None,
            });
            assert!(inner == Some(published(core_name).as_slice()), "{core_name} is not the module inside {component_name}");
        }
    }

    /// A host of the core module supplies two functions for each exported resource, and nothing else.
    #[test]
    fn the_core_module_imports_only_the_handles_of_its_own_resources() {
        for (_, name) in PAIRS {
            let core = published(name);
            for payload in Parser::new(0).parse_all(&core) {
                if let Payload::ImportSection(section) = payload.unwrap() {
                    for import in section.into_imports() {
                        let import = import.unwrap();
                        let own = import.module.starts_with("[export]samefit:regression/");
                        let handle = import.name.starts_with("[resource-new]") || import.name.starts_with("[resource-drop]");
                        assert!(own && handle, "{name} imports {} {}", import.module, import.name);
                    }
                }
            }
        }
    }

    /// Returns the function exports of a core module, with their types as `abi.json` writes them.
    fn function_exports(core: &[u8]) -> BTreeMap<String, Value> {
        let (mut types, mut functions, mut exports) = (Vec::new(), Vec::new(), BTreeMap::new());
        for payload in Parser::new(0).parse_all(core) {
            match payload.unwrap() {
                Payload::TypeSection(section) => {
                    types.extend(section.into_iter_err_on_gc_types().map(|function| {
                        let function = function.unwrap();
                        let names = |types: &[wasmparser::ValType]| types.iter().map(ToString::to_string).collect::<Vec<_>>();
                        json!({"params": names(function.params()), "results": names(function.results())})
                    }));
                }
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        if let wasmparser::TypeRef::Func(index) = import.unwrap().ty {
                            functions.push(index);
                        }
                    }
                }
                Payload::FunctionSection(section) => functions.extend(section.into_iter().map(Result::unwrap)),
                Payload::ExportSection(section) => {
                    for export in section.into_iter().map(Result::unwrap).filter(|export| export.kind == ExternalKind::Func) {
                        exports.insert(export.name.to_owned(), types[functions[export.index as usize] as usize].clone());
                    }
                }
                _ => {}
            }
        }
        exports
    }

    #[test]
    fn the_table_of_functions_has_the_exports_of_the_core_module() {
        let table = std::fs::read_to_string(root().join("core-wasm/wit/abi.json")).unwrap();
        let table: Value = serde_json::from_str(&table).unwrap();
        for (_, name) in PAIRS {
            let mut exports = function_exports(&published(name));
            let allocate = json!({"params": ["i32", "i32", "i32", "i32"], "results": ["i32"]});
            assert_eq!(exports.remove("cabi_realloc"), Some(allocate), "{name}");
            let functions = table["functions"].as_array().unwrap();
            assert!(functions.len() > 50, "{}", functions.len());
            for function in functions {
                let export = function["export"].as_str().unwrap();
                assert_eq!(exports.remove(export).as_ref(), Some(&function["core"]), "{name}: {export}");
                if let Some(release) = function["post_return"].as_str() {
                    assert!(exports.remove(release).is_some(), "{name} has no {release}");
                }
            }
            for resource in table["resources"].as_array().unwrap() {
                let destructor = resource["destructor"].as_str().unwrap();
                assert!(exports.remove(destructor).is_some(), "{name} has no {destructor}");
            }
            // wit-bindgen exports the allocator under its own name too
            exports.retain(|export, _| !export.starts_with("cabi_realloc_wit_bindgen"));
            assert!(exports.is_empty(), "{name} has exports that are not in the table: {exports:?}");
        }
    }

    #[test]
    fn the_core_without_simd_has_no_vectors() {
        Validator::new_with_features(CORE_FEATURES).validate_all(&published("samefit.core-nosimd.wasm")).unwrap();
    }

    #[test]
    fn the_core_with_simd_has_no_relaxed_ones() {
        let core = published("samefit.core.wasm");
        Validator::new_with_features(CORE_FEATURES | WasmFeatures::SIMD).validate_all(&core).unwrap();
    }

    /// The core module has no shared memory and no atomic operations.
    #[test]
    fn the_core_computes_alone() {
        for (_, name) in PAIRS {
            let core = published(name);
            for payload in Parser::new(0).parse_all(&core) {
                match payload.unwrap() {
                    Payload::MemorySection(section) => {
                        for memory in section {
                            assert!(!memory.unwrap().shared, "{name} shares its memory");
                        }
                    }
                    Payload::CodeSectionEntry(body) => {
                        for operator in body.get_operators_reader().unwrap() {
                            assert!(!matches!(operator.unwrap(), Operator::MemoryAtomicNotify { .. } | Operator::AtomicFence));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn no_path_of_the_builder_is_in_the_bytes() {
        let home = std::env::home_dir().unwrap();
        for name in PAIRS.iter().flat_map(|pair| [pair.0, pair.1]).chain(["samefit.command.wasm"]) {
            let bytes = published(name);
            for path in [root(), home.clone()] {
                let path = format!("{}/", path.to_str().unwrap());
                let found = bytes.windows(path.len()).any(|window| window == path.as_bytes());
                assert!(!found, "{name} holds the path {path}");
            }
        }
    }

    #[test]
    fn the_digests_are_those_of_the_files() {
        use sha2::{Digest, Sha256};
        let list = String::from_utf8(published("SHA256SUMS")).unwrap();
        assert!(list.lines().count() == 5, "{list}");
        for (sha256, name) in list.lines().map(|line| line.split_once("  ").unwrap()) {
            let digest: String = samefit_formats::hex::encode(Sha256::digest(published(name)));
            assert_eq!(digest, sha256, "{name}");
        }
    }
}
