//! Writes the software bill of materials of the image's program (CycloneDX 1.5, JSON).
//!
//! The list has the crates that are linked into the program, and into the component and the page inside it, with their checksums in the lock
//! file. It also has the libraries that a static program takes from the machine that builds it. Build tools, macros and tests are not in the
//! program, so they are not in the list.
//!
//! *Limits*: the page is always listed, though a program that was built before the page has none inside.
//!
//! *Invariants*: the same lock file and compiler give the same bytes. There is no time, random number or path of the machine in the list.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use cyclonedx_bom::external_models::uri::Purl;
use cyclonedx_bom::models::component::{Classification, Component, Components, Scope};
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::models::metadata::Metadata;
use cyclonedx_bom::models::property::{Properties, Property};
use cyclonedx_bom::prelude::{Bom, SpecVersion, Validate};
use serde_json::Value;

use crate::wasm;

const PROGRAM: &str = "samefit";
/// The parts that are linked separately: package, target, and name in the list.
const PARTS: [(&str, Option<&str>, &str); 3] = [
    (PROGRAM, None, "program"),
    ("samefit-component", Some("wasm32-unknown-unknown"), "component"),
    ("samefit-web", Some("wasm32-unknown-unknown"), "page"),
];

/// A package's name and version.
type PackageId = (String, String);

/// Writes the list to the file `to`, and prints how many components it has.
pub(crate) fn write(root: &Path, to: &Path) -> Result<()> {
    let bom = bom(root)?;
    let problems = bom.validate_version(SpecVersion::V1_5);
    ensure!(problems.passed(), "the bill of materials is not valid: {problems:?}");
    let count = bom.components.as_ref().map_or(0, |components| components.0.len());
    let mut text = Vec::new();
    bom.output_as_json_v1_5(&mut text)?;
    text.push(b'\n');
    std::fs::write(to, text).with_context(|| to.display().to_string())?;
    println!("{}: {count} components", to.display());
    Ok(())
}

fn bom(root: &Path) -> Result<Bom> {
    let mut linked = Linked::default();
    for (package, target, part) in PARTS {
        linked.read(&tree(root, package, target)?, part).context("cargo tree")?;
    }
    let facts = Facts { metadata: wasm::metadata(root)?, lock: std::fs::read_to_string(root.join("Cargo.lock"))? };
    let mut components = linked.parts.iter().map(|(package, parts)| facts.component(package, parts)).collect::<Result<Vec<Component>>>()?;
    let at = components.iter().position(|component| component.name.to_string() == PROGRAM).context("the program itself")?;
    let program = Component { component_type: Classification::Application, ..components.remove(at) };
    components.extend(machine_components(root)?);
    let dependencies =
        linked.edges.iter().map(|(from, to)| Ok(Dependency { dependency_ref: purl(from), dependencies: to.iter().map(purl).collect() }));
    Ok(Bom {
        version: 1,
        serial_number: None,
        metadata: Some(Metadata { component: Some(program), ..Metadata::default() }),
        components: Some(Components(components)),
        dependencies: Some(Dependencies(dependencies.collect::<Result<_>>()?)),
        spec_version: SpecVersion::V1_5,
        services: None,
        external_references: None,
        compositions: None,
        properties: None,
        vulnerabilities: None,
        signature: None,
        annotations: None,
        formulation: None,
    })
}

/// Returns the packages that cargo would link, one on a line, each after its depth in the tree.
fn tree(root: &Path, package: &str, target: Option<&str>) -> Result<String> {
    let target = target.map_or_else(|| host(root), |target| Ok(target.to_owned()))?;
    let arguments = ["tree", "--locked", "--edges", "normal,no-proc-macro", "--prefix", "depth", "--format", " {p}"];
    let rest = ["--package", package, "--target", &target];
    output_of(root, Command::new(wasm::cargo()).args(arguments).args(rest))
}

/// The packages that are linked.
#[derive(Default)]
struct Linked {
    /// The parts that each package is linked into.
    parts: BTreeMap<PackageId, BTreeSet<&'static str>>,
    /// The packages that each package depends on.
    edges: BTreeMap<PackageId, BTreeSet<PackageId>>,
}

impl Linked {
    /// Adds a tree of packages. Returns `None` if a line is not as cargo writes it.
    fn read(&mut self, tree: &str, part: &'static str) -> Option<()> {
        let mut above: Vec<PackageId> = Vec::new();
        for line in tree.lines().filter(|line| !line.is_empty()) {
            let mut words = line.split_whitespace();
            let depth: usize = words.next()?.parse().ok()?;
            let package = (words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned());
            above.truncate(depth);
            if let Some(needs) = above.last() {
                self.edges.entry(needs.clone()).or_default().insert(package.clone());
            }
            self.parts.entry(package.clone()).or_default().insert(part);
            above.push(package);
        }
        Some(())
    }
}

/// Where the facts about packages come from.
struct Facts {
    /// The output of `cargo metadata`.
    metadata: Value,
    /// The content of `Cargo.lock`.
    lock: String,
}

impl Facts {
    fn component(&self, package: &PackageId, parts: &BTreeSet<&str>) -> Result<Component> {
        let (name, version) = package;
        let packages = self.metadata["packages"].as_array().context("cargo metadata")?;
        let found = packages.iter().find(|found| found["name"] == **name && found["version"] == **version);
        // older packages write a slash for OR
        let licence = found.and_then(|found| found["license"].as_str()).map(|licence| licence.replace('/', " OR "));
        let mut component = component(package, &licence.with_context(|| format!("no licence is known of {name} {version}"))?)?;
        component.hashes =
            self.checksum(package).map(|sha256| Hashes(vec![Hash { alg: HashAlgorithm::SHA_256, content: HashValue(sha256) }]));
        component.properties = Some(Properties(parts.iter().map(|part| Property::new("samefit:linked-into", part)).collect()));
        Ok(component)
    }

    /// Returns the SHA-256 of the package's file in the registry. `None` for a package of this workspace.
    fn checksum(&self, (name, version): &PackageId) -> Option<String> {
        let (_, rest) = self.lock.split_once(&format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n"))?;
        let entry = rest.split("[[package]]").next()?;
        entry.lines().find_map(|line| line.strip_prefix("checksum = \"")?.strip_suffix('"')).map(str::to_owned)
    }
}

fn component(package: &PackageId, licence: &str) -> Result<Component> {
    let mut component = Component::new(Classification::Library, &package.0, &package.1, Some(purl(package)));
    component.purl = Some(Purl::new("cargo", &package.0, &package.1)?);
    component.licenses = Some(Licenses(vec![LicenseChoice::expression(licence)]));
    component.scope = Some(Scope::Required);
    Ok(component)
}

fn purl((name, version): &PackageId) -> String {
    format!("pkg:cargo/{name}@{version}")
}

/// Returns what comes with the compilers: the standard library, and the parts of the C library and of GCC in a static program.
fn machine_components(root: &Path) -> Result<Vec<Component>> {
    let release = compiler(root, "release: ")?;
    let libc = output_of(root, Command::new("getconf").arg("GNU_LIBC_VERSION"))?;
    let libc = libc.trim().strip_prefix("glibc ").context("this system does not have the GNU C library")?;
    let gcc = output_of(root, Command::new("cc").arg("-dumpfullversion"))?;
    let generic = |name: &str, version: &str, licence: &str| -> Result<Component> {
        let mut component = component(&(name.to_owned(), version.to_owned()), licence)?;
        component.purl = Some(Purl::new("generic", name, version)?);
        component.bom_ref = Some(format!("pkg:generic/{name}@{version}"));
        Ok(component)
    };
    Ok(vec![
        generic("rust-std", &release, "MIT OR Apache-2.0")?,
        generic("glibc", libc, "LGPL-2.1-or-later")?,
        generic("libgcc", gcc.trim(), "GPL-3.0-or-later WITH GCC-exception-3.1")?,
    ])
}

fn host(root: &Path) -> Result<String> {
    compiler(root, "host: ")
}

fn compiler(root: &Path, line: &str) -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = output_of(root, Command::new(rustc).arg("-vV"))?;
    Ok(output.lines().find_map(|text| text.strip_prefix(line)).context("rustc -vV")?.to_owned())
}

fn output_of(root: &Path, command: &mut Command) -> Result<String> {
    let what = format!("{:?}", command.get_program());
    let output = command.current_dir(root).output().with_context(|| what.clone())?;
    if !output.status.success() {
        bail!("{what} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_with_its_edges() {
        let mut linked = Linked::default();
        linked.read("0 a v1.0.0 (/home/a)\n1 b v2.0.0\n2 c v3.0.0\n1 c v3.0.0 (*)\n", "program").unwrap();
        linked.read("0 c v3.0.0\n", "component").unwrap();
        let package = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        assert_eq!(linked.parts[&package("c", "3.0.0")], BTreeSet::from(["component", "program"]));
        assert_eq!(linked.edges[&package("a", "1.0.0")], BTreeSet::from([package("b", "2.0.0"), package("c", "3.0.0")]));
        assert_eq!(linked.edges[&package("b", "2.0.0")], BTreeSet::from([package("c", "3.0.0")]));
    }

    #[test]
    fn a_checksum_is_that_of_the_version() {
        let entry = |version: &str, rest: &str| format!("[[package]]\nname = \"a\"\nversion = \"{version}\"\n{rest}\n");
        let lock = entry("1.0.0", "checksum = \"11\"") + &entry("2.0.0", "") + &entry("3.0.0", "checksum = \"33\"");
        let facts = Facts { metadata: Value::Null, lock };
        let checksum = |version: &str| facts.checksum(&("a".to_owned(), version.to_owned()));
        assert_eq!((checksum("1.0.0").as_deref(), checksum("2.0.0"), checksum("3.0.0").as_deref()), (Some("11"), None, Some("33")));
    }
}
