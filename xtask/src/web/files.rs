//! Copies the other files of the page, writes the service worker's list of all files, and compresses each file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use samefit_formats::hex;
use sha2::{Digest, Sha256};

/// Folders whose files are copied as they are.
const FOLDERS: [&str; 4] = ["web/assets", "web/worker", "web/texts", "web/model"];
/// The caller of the core module, which the npm package has too.
const CALLER: &str = "embed/js/src/component.js";
/// Lists all other files, so it is written last.
const SERVICE_WORKER: &str = "sw.js";
/// The Content-Security-Policy of the page. `samefit serve` sends it as a header too, with the directives that only a header can have.
const POLICY: &str = "web/policy.txt";

/// Completes the page in `out`.
pub(crate) fn complete(root: &Path, out: &Path) -> Result<()> {
    for folder in FOLDERS {
        copy(&root.join(folder), out)?;
    }
    fs::copy(root.join(CALLER), out.join("component.js")).context(CALLER)?;
    let style = [root.join("render/src/report.css"), root.join("web/assets/page.css")].map(fs::read_to_string);
    let [report, page] = style;
    let report = report?;
    let chosen = chosen_dark(&report).context("report.css has no colours for the dark")?;
    fs::write(out.join("page.css"), shorter(&(report + &chosen + &page?)))?;
    let policy = fs::read_to_string(root.join(POLICY)).context(POLICY)?;
    let index = fs::read_to_string(out.join("index.html"))?.replace("@CSP@", &one_line(&policy));
    fs::write(out.join("index.html"), index)?;
    let version = service_worker(out)?;
    println!("version {version}");
    compress(out)
}

/// Copies the files of a folder that the browser asks for.
fn copy(folder: &Path, out: &Path) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let name = path.file_name().context("a name")?;
        let wanted = path
            .extension()
            .is_some_and(|extension| ["js", "json", "html", "css", "svg", "webmanifest"].iter().any(|known| extension == *known));
        if path.is_file() && wanted {
            let bytes = fs::read(&path)?;
            // texts become shorter; a model keeps its bytes
            let bytes = if folder.ends_with("texts") { minified_json(&bytes)? } else { bytes };
            fs::write(out.join(name), bytes)?;
        }
    }
    Ok(())
}

/// Writes the service worker with its list of files, and the version, which is a digest of all files. Returns the version.
fn service_worker(out: &Path) -> Result<String> {
    let mut digests = BTreeMap::new();
    for path in files(out)? {
        let name = path.file_name().and_then(|name| name.to_str()).context("a name")?.to_owned();
        if name != SERVICE_WORKER {
            digests.insert(name, hex::encode(Sha256::digest(fs::read(&path)?)));
        }
    }
    let all = digests.iter().fold(String::new(), |mut all, (name, digest)| {
        let _ = writeln!(all, "{digest}  {name}");
        all
    });
    let version = hex::encode(Sha256::digest(&all))[..12].to_owned();
    let names: Vec<&str> = ["./", "version.txt"].into_iter().chain(digests.keys().map(String::as_str)).collect();
    let template = fs::read_to_string(out.join(SERVICE_WORKER))?;
    ensure!(template.contains("'@FILES@'") && template.contains("@VERSION@"), "sw.js has no place for its list");
    fs::write(
        out.join(SERVICE_WORKER),
        template.replace("'@FILES@'", &format!("'{}'", names.join("', '"))).replace("@VERSION@", &version),
    )?;
    fs::write(out.join("SHA256SUMS"), all)?;
    fs::write(out.join("version.txt"), &version)?;
    Ok(version)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.is_file()).collect())
}

/// Writes a brotli copy of each file, and prints the sizes.
fn compress(out: &Path) -> Result<()> {
    let mut sizes = Vec::new();
    for path in files(out)? {
        let bytes = fs::read(&path)?;
        let name = path.file_name().and_then(|name| name.to_str()).context("a name")?.to_owned();
        let mut twin = Vec::new();
        brotli::CompressorWriter::new(&mut twin, 1 << 16, 11, 24).write_all(&bytes)?;
        fs::write(path.with_file_name(format!("{name}.br")), &twin)?;
        sizes.push((twin.len(), bytes.len(), name));
    }
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    for (small, large, name) in &sizes {
        println!("{small:>8} of {large:>8} bytes  {name}");
    }
    let total: usize = sizes.iter().map(|size| size.0).sum();
    let core = sizes.iter().find(|size| size.2 == "samefit.core.wasm").map_or(0, |size| size.0);
    println!("{total:>8} bytes compressed, {} of them beside the core module", total - core);
    Ok(())
}

/// Returns the dark colours for a person who chooses them on the page. The style sheet has them only for a device that is set to dark.
fn chosen_dark(css: &str) -> Option<String> {
    let (_, colours) = css.split_once(":root:not([data-theme=\"light\"]) {")?;
    Some(format!(":root[data-theme=\"dark\"] {{{}}}\n", colours.split_once('}')?.0))
}

/// Removes comments and indentation.
fn shorter(css: &str) -> String {
    let mut text = String::new();
    for part in css.split("/*") {
        text += part.split_once("*/").map_or(part, |(_, rest)| rest);
    }
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// Removes line breaks and indentation. No text has a line break in it.
fn minified_json(bytes: &[u8]) -> Result<Vec<u8>> {
    let text = std::str::from_utf8(bytes)?;
    Ok(text.lines().map(str::trim).collect::<String>().into_bytes())
}

fn one_line(policy: &str) -> String {
    policy.split_whitespace().collect::<Vec<_>>().join(" ")
}
