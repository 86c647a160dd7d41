//! Checks that everything the project is built from may be given on under Apache-2.0.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, bail};
use spdx::{Expression, ParseMode};

use crate::wasm;

/// Licences that ask for no more than notices. A dependency under any other needs a decision, made here.
const AGREED: [&str; 11] =
    ["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "ISC", "MIT", "MIT-0", "Unicode-3.0", "Zlib"];
/// Exceptions that only give more freedom.
const EXCEPTIONS: [&str; 1] = ["LLVM-exception"];

/// Reads the licence of every package in the lock file; an error names those that do not fit.
pub(crate) fn check(root: &Path) -> Result<()> {
    let metadata = wasm::metadata(root)?;
    let mut by_licence: BTreeMap<String, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for package in metadata["packages"].as_array().context("cargo metadata")? {
        let licence = package["license"].as_str().unwrap_or("no licence named");
        *by_licence.entry(licence.to_owned()).or_default() += 1;
        if !agreed(licence) {
            faults.push(format!("{} {}: {licence}", package["name"], package["version"]));
        }
    }
    for (licence, packages) in &by_licence {
        println!("{packages:>4}  {licence}");
    }
    if !faults.is_empty() {
        bail!("licences that are not agreed on in xtask/src/licences.rs:\n  {}", faults.join("\n  "));
    }
    println!("{} packages, all under licences that are agreed on", by_licence.values().sum::<usize>());
    Ok(())
}

/// True if one of the choices that an SPDX expression leaves is agreed on.
fn agreed(licence: &str) -> bool {
    // the old way to write OR is a slash
    let expression = Expression::parse_mode(licence, ParseMode { allow_slash_as_or_operator: true, ..ParseMode::STRICT });
    expression.is_ok_and(|expression| {
        expression.evaluate(|request| {
            let name = request.license.id().is_some_and(|id| AGREED.contains(&id.name));
            let exception = request.addition.as_ref().is_none_or(|addition| addition.id().is_some_and(|id| EXCEPTIONS.contains(&id.name)));
            name && exception
        })
    })
}

#[cfg(test)]
mod tests {
    use super::agreed;

    #[test]
    fn a_choice_is_enough_and_a_condition_is_not() {
        assert!(agreed("MIT OR Apache-2.0"));
        assert!(agreed("MIT/Apache-2.0"));
        assert!(agreed("GPL-3.0-only OR MIT"));
        assert!(agreed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(agreed("Apache-2.0 WITH LLVM-exception"));
        assert!(!agreed("MIT AND GPL-3.0-only"));
        assert!(!agreed("Apache-2.0 WITH Classpath-exception-2.0"));
        assert!(!agreed("no licence named"));
    }
}
