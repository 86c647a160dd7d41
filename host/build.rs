//! Compiles the component ahead of time, so that the program holds machine code and no compiler, and starts in
//! milliseconds. The code is for a plain machine, not for the builder's own, so that it runs on every node; on x86-64 there is a second one
//! for machines of the last ten years, which the program prefers where it can.
//!
//! Reads `target/wasm/` (or the component that `SAMEFIT_COMPONENT` names) and writes to `OUT_DIR`:
//! `samefit.cwasm`, `samefit-newer.cwasm` (empty but on x86-64), `samefit-nosimd.cwasm` (for tests; empty if there is no such component beside the first) and
//! `component_sha256`, the digest of the core module in hexadecimal.
//!
//! The page, if `target/web` holds one, goes in as it is: `page.rs` lists its files for `serve`. Without it the program builds all the same.

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

/// x86-64-v2: what every server of the last fifteen years has. The SIMD of wasm needs SSE 4.1 to be fast.
const X86_64_FLAGS: [&str; 6] = ["has_sse3", "has_ssse3", "has_sse41", "has_sse42", "has_popcnt", "has_cmpxchg16b"];
/// What x86-64-v3 has beyond: instructions that count zeros, and vectors with three operands.
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
    let target = std::env::var("TARGET")?;
    let is_x86_64 = target.starts_with("x86_64");
    let plain = engine(&target, if is_x86_64 { &X86_64_FLAGS } else { &[] })?;
    let newer = is_x86_64.then(|| engine(&target, &[X86_64_FLAGS, X86_64_NEWER_FLAGS].concat())).transpose()?;
    let digest = Sha256::digest(core_module(&component)?);
    fs::write(out.join("component_sha256"), hex::encode(digest))?;
    let (code, newer_code, nosimd_code) = std::thread::scope(|scope| {
        let newer_code = scope.spawn(|| newer.map(|engine| engine.precompile_component(&component)).transpose());
        let nosimd_code = scope.spawn(|| nosimd.map(|component| plain.precompile_component(&component)).transpose());
        (plain.precompile_component(&component), newer_code.join(), nosimd_code.join())
    });
    fs::write(out.join("samefit.cwasm"), code?)?;
    let newer_code = newer_code.map_err(|_| "the compiler panicked")??;
    fs::write(out.join("samefit-newer.cwasm"), newer_code.unwrap_or_default())?;
    let nosimd_code = nosimd_code.map_err(|_| "the compiler panicked")??;
    fs::write(out.join("samefit-nosimd.cwasm"), nosimd_code.unwrap_or_default())?;
    Ok(())
}

/// Lists the page's files, each with the digest of its bytes. What is compressed for other servers stays out.
fn embed_page(out: &Path) -> Result<()> {
    let folder = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join(PAGE);
    let policy = Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join(POLICY);
    // cargo takes a folder that is not there for one that has changed, and would compile the program again each time
    fs::create_dir_all(&folder)?;
    println!("cargo::rerun-if-changed={}", folder.display());
    println!("cargo::rerun-if-changed={}", policy.display());
    let words = fs::read_to_string(policy)?;
    fs::write(out.join("policy.txt"), words.split_whitespace().collect::<Vec<_>>().join(" "))?;
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut list = String::from("&[");
    for path in paths.iter().filter(|path| path.extension().is_none_or(|extension| extension != "br")) {
        let name = path.file_name().and_then(|name| name.to_str()).ok_or("a name")?;
        let place = path.canonicalize()?;
        list += &format!("({name:?}, include_bytes!({:?}), {:?}),\n", place, hex::encode(Sha256::digest(fs::read(path)?)));
    }
    Ok(fs::write(out.join("page.rs"), list + "]")?)
}

fn component_path() -> Result<PathBuf> {
    Ok(match std::env::var_os(COMPONENT_VARIABLE) {
        Some(named) => PathBuf::from(named),
        None => Path::new(&std::env::var("CARGO_MANIFEST_DIR")?).join(COMPONENT),
    })
}

/// A compiler for a machine of the target's kind with these features. Naming the target keeps the builder's own processor out.
fn engine(target: &str, flags: &[&str]) -> Result<Engine> {
    let mut config = engine_config::engine_config();
    config.target(target)?;
    for flag in flags {
        // SAFETY: the flags only say which instructions may be used, and the program checks for them as it loads the code
        #[allow(unsafe_code)]
        unsafe {
            config.cranelift_flag_enable(flag)
        };
    }
    Ok(Engine::new(&config)?)
}

/// The first core module of the component, which is the one with the code.
fn core_module(component: &[u8]) -> Result<&[u8]> {
    for payload in Parser::new(0).parse_all(component) {
        if let Payload::ModuleSection { unchecked_range, .. } = payload? {
            return component.get(unchecked_range).ok_or_else(|| "a module beyond the component's end".into());
        }
    }
    Err("the component holds no core module".into())
}
