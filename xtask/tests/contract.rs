//! The contract of `core-wasm/wit` and what was built from it (`target/wasm/`), checked on the parsed files.
//!
//! - Only the shapes that every language can convert cross the boundary, and every item is documented.
//! - The component imports nothing.
//! - The command is one, and asks its runtime for folders, arguments, stdout and stderr.
//! - The published core modules are the components' inner ones, and use no more of WebAssembly than they say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};

use wasmparser::{Encoding, Operator, Parser, Payload, Validator, WasmFeatures};
use wit_component::DecodedWasm;
use wit_parser::{Docs, FunctionKind, Handle, Resolve, Type, TypeDefKind, TypeOwner, WorldItem};

/// The one record that may cross, and its fields.
const ERROR_FIELDS: [&str; 6] = ["code", "row", "column", "found", "expected", "text"];

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
    fn only_the_listed_shapes_cross_the_boundary() {
        let resolve = resolve();
        let mut faults = Vec::new();
        for (_, interface) in &resolve.interfaces {
            for function in interface.functions.values() {
                let at = format!("{}: {}", interface.name.as_deref().unwrap_or("?"), function.name);
                for parameter in &function.params {
                    check(&resolve, &parameter.ty, &format!("{at}: {}", parameter.name), &mut faults);
                }
                if let Some(result) = &function.result {
                    check(&resolve, result, &format!("{at}: result"), &mut faults);
                }
                if matches!(function.kind, FunctionKind::AsyncFreestanding | FunctionKind::AsyncMethod(_) | FunctionKind::AsyncStatic(_)) {
                    faults.push(format!("{at}: async"));
                }
            }
        }
        for (_, definition) in &resolve.types {
            if let TypeDefKind::Record(record) = &definition.kind {
                assert_eq!(definition.name.as_deref(), Some("error"), "the only record is `error`");
                assert_eq!(record.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(), ERROR_FIELDS);
                for field in &record.fields {
                    check(&resolve, &field.ty, &format!("error: {}", field.name), &mut faults);
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    /// Adds to `faults` if `shape` is none of those that may cross.
    fn check(resolve: &Resolve, shape: &Type, at: &str, faults: &mut Vec<String>) {
        let id = match shape {
            Type::String | Type::U32 | Type::U64 | Type::F64 | Type::Bool => return,
            Type::Id(id) => *id,
            other => return faults.push(format!("{at}: {other:?}")),
        };
        match &resolve.types[id].kind {
            TypeDefKind::List(Type::U8 | Type::F64) | TypeDefKind::Resource => {}
            TypeDefKind::Handle(Handle::Own(to) | Handle::Borrow(to)) | TypeDefKind::Type(Type::Id(to)) => {
                check(resolve, &Type::Id(*to), at, faults);
            }
            TypeDefKind::Option(inner) => check(resolve, inner, at, faults),
            TypeDefKind::Result(result) => {
                for inner in [&result.ok, &result.err].into_iter().flatten() {
                    check(resolve, inner, at, faults);
                }
            }
            // its fields are checked where all records are
            TypeDefKind::Record(_) => {}
            other => faults.push(format!("{at}: {other:?}")),
        }
    }

    #[test]
    fn every_item_is_documented() {
        let resolve = resolve();
        let mut bare = Vec::new();
        let mut need = |docs: &Docs, what: String| {
            if docs.contents.as_deref().unwrap_or("").trim().is_empty() {
                bare.push(what);
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
            // a `use` is documented where it comes from
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
        assert!(bare.is_empty(), "without a comment:\n{}", bare.join("\n"));
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

    /// WebAssembly 2.0 without its vectors: what every runtime of core modules has had for years.
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

    /// Interfaces that the command asks its runtime for. It calls nothing of the clock's: the state of a file has a time in it, as a type.
    const ASKED_FOR: [&str; 8] = [
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
    fn the_command_is_one_and_asks_for_folders_arguments_and_streams() {
        let command = published("samefit.command.wasm");
        let DecodedWasm::Component(resolve, world) = wit_component::decode(&command).unwrap() else { panic!("no component") };
        let names = |items: Vec<&WorldItem>| -> Vec<String> {
            let mut names: Vec<String> = items.into_iter().map(|item| interface_name(&resolve, item)).collect();
            names.sort();
            names
        };
        assert_eq!(names(resolve.worlds[world].imports.values().collect()), ASKED_FOR);
        assert_eq!(names(resolve.worlds[world].exports.values().collect()), ["wasi:cli/run"]);
        for (_, interface) in resolve.interfaces.iter().filter(|(_, interface)| interface.name.as_deref() == Some("wall-clock")) {
            assert!(interface.functions.is_empty(), "{:?}", interface.functions.keys());
        }
    }

    /// Package and name, without the version.
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

    /// A host of core modules supplies two functions an exported resource, as the tools call them, and nothing else.
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

    #[test]
    fn the_core_without_simd_has_no_vectors() {
        Validator::new_with_features(CORE_FEATURES).validate_all(&published("samefit.core-nosimd.wasm")).unwrap();
    }

    #[test]
    fn the_core_with_simd_has_no_relaxed_ones() {
        let core = published("samefit.core.wasm");
        Validator::new_with_features(CORE_FEATURES | WasmFeatures::SIMD).validate_all(&core).unwrap();
    }

    /// Memory that grows and traps is all that a module may do besides computing: no shared memory, no atomics.
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
