//! Compiles the component ahead of time, so that the program contains machine code and no compiler, and starts in milliseconds.
//!
//! The code is for any machine of the target's architecture, not for the machine that builds it. On x86-64 there is a second version for
//! processors of the last ten years; the program uses it where the processor allows.
//!
//! Reads `target/wasm/` (or the component that `SAMEFIT_COMPONENT` names) and writes these files to `OUT_DIR`:
//!
//! - `samefit.cwasm`: the compiled component.
//! - `samefit-newer.cwasm`: the same for newer processors; empty on other architectures than x86-64.
//! - `samefit-nosimd.cwasm`: the build without SIMD, for tests; empty if it is not beside the component.
//! - `component_sha256`: the SHA-256 of the core module in hexadecimal.
//! - `page.rs`: the list of the page's files in `target/web`, for `serve`. The list is empty if `target/web` is.
//! - `policy.txt`: the page's content security policy on one line.
//!
//! Sets the environment variable `SAMEFIT_PAGE_FILES` for the compiler: the number of the page's files.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use samefit_formats::hex;
use sha2::{Digest, Sha256};
use wasmparser::{Parser, Payload};
use wasmtime::Engine;

#[path = "src/engine_config.rs"]
mod engine_config;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const COMPONENT_VARIABLE: &str = "SAMEFIT_COMPONENT";
const COMPONENT: &str = "../target/wasm/samefit.component.wasm";
const PAGE: &str = "../target/web";
const POLICY: &str = "../web/policy.txt";
const NOSIMD: &str = "samefit.component-nosimd.wasm";
const PAGE_FILES_VARIABLE: &str = "SAMEFIT_PAGE_FILES";

/// x86-64-v2, which servers of the last fifteen years have. The SIMD instructions of WebAssembly need SSE 4.1 to be fast.
const X86_64_FLAGS: [&str; 6] = ["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt", "has_cmpxchg16b"];
/// What x86-64-v3 adds: instructions that count zero bits, and vector instructions with three operands.
const X86_64_NEWER_FLAGS: [&str; 6] = ["has_avx", "has_avx2", "has_bmi1", "has_bmi2", "has_lzcnt", "has_fma"];

fn main() -> Result<()> {
    println!("cargo::rerun-if-changed=src/engine_config.rs");
    println!("cargo::rerun-if-env-changed={COMPONENT_VARIABLE}");
    let path = component_path()?;
    println!("cargo::rerun-if-changed={}", path.display());
    let Ok(component) = fs::read(&path) else {
        println!("cargo::error={} is missing: run `sh scripts/just wasm` first", path.display());
        return Ok(());
    };
    let nosimd_path = path.with_file_name(NOSIMD);
    println!("cargo::rerun-if-changed={}", nosimd_path.display());
    let nosimd = fs::read(&nosimd_path).ok();

    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    embed_page(&out)?;
    let digest = Sha256::digest(core_module(&component)?);
    fs::write(out.join("component_sha256"), hex::encode(digest))?;
    compile(&component, nosimd.as_deref(), &out)
}

/// Compiles the component for every kind of processor, at the same time, and writes the code to `out`.
fn compile(component: &[u8], nosimd: Option<&[u8]>, out: &Path) -> Result<()> {
    let target = std::env::var("TARGET")?;
    let is_x86_64 = target.starts_with("x86_64");
    let plain = engine(&target, if is_x86_64 { &X86_64_FLAGS } else { &[] })?;
    let newer = is_x86_64.then(|| engine(&target, &[X86_64_FLAGS, X86_64_NEWER_FLAGS].concat())).transpose()?;
    let (code, newer_code, nosimd_code) = std::thread::scope(|scope| {
        let newer_code = scope.spawn(|| newer.map(|engine| engine.precompile_component(component)).transpose());
        let nosimd_code = scope.spawn(|| nosimd.map(|component| plain.precompile_component(component)).transpose());
        (plain.precompile_component(component), newer_code.join(), nosimd_code.join())
    });
    fs::write(out.join("samefit.cwasm"), code?)?;
    let newer_code = newer_code.map_err(|_| "the compiler panicked")??;
    fs::write(out.join("samefit-newer.cwasm"), newer_code.unwrap_or_default())?;
    let nosimd_code = nosimd_code.map_err(|_| "the compiler panicked")??;
    Ok(fs::write(out.join("samefit-nosimd.cwasm"), nosimd_code.unwrap_or_default())?)
}

/// Lists the page's files, each with the digest of its bytes. Leaves out the compressed copies, which are for other servers.
fn embed_page(out: &Path) -> Result<()> {
    let manifest_dir = std::env::var("CARGO_MANIFEST_DIR")?;
    let folder = Path::new(&manifest_dir).join(PAGE);
    let policy = Path::new(&manifest_dir).join(POLICY);
    // cargo treats a missing folder as changed and would compile the program again each time
    fs::create_dir_all(&folder)?;
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed={}", policy.display());
    let words = fs::read_to_string(policy)?;
    fs::write(out.join("policy.txt"), words.split_whitespace().collect::<Vec<_>>().join(" "))?;
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_none_or(|extension| extension != "br"));
    paths.sort();
    let mut list = String::from("&[");
    for path in &paths {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("the name of a file of the page is not UTF-8")?;
        let digest = hex::encode(Sha256::digest(fs::read(path)?));
        list += &format!("PageFile {{ name: {name:?}, bytes: include_bytes!({:?}), sha256: {digest:?} }},\n", path.canonicalize()?);
    }
    println!("cargo::rustc-env={PAGE_FILES_VARIABLE}={}", paths.len());
    Ok(fs::write(out.join("page.rs"), list + "]")?)
}

fn component_path() -> Result<PathBuf> {
    Ok(match std::env::var_os(COMPONENT_VARIABLE) {
        Some(named) => PathBuf::from(named),
        None => Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join(COMPONENT),
    })
}

/// Returns a compiler for machines of the target's architecture with these features. Naming the target keeps it from using the features of
/// the machine that builds.
fn engine(target: &str, flags: &[&str]) -> Result<Engine> {
    let mut config = engine_config::engine_config();
    config.target(target)?;
    for flag in flags {
        // SAFETY: the flags only say which instructions may be used, and the program checks for them when it loads the code
        #[allow(unsafe_code)]
        unsafe {
            config.cranelift_flag_enable(flag)
        };
    }
    Ok(Engine::new(&config)?)
}

/// Returns the first core module of the component: the one that contains the code.
fn core_module(component: &[u8]) -> Result<&[u8]> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection { unchecked_range, .. } = payload? {
            return component.get(unchecked_range).ok_or_else(|| "a module ends beyond the component".into());
        }
    }
    Err("the component contains no core module".into())
}
