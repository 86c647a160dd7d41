//! The page that the program carries: the files of `target/web` when it was built.

/// A file of the page.
pub(crate) struct PageFile {
    /// Its name. The page has no folders.
    pub(crate) name: &'static str,
    pub(crate) bytes: &'static [u8],
    /// Digest of the bytes, in hexadecimal.
    pub(crate) sha256: &'static str,
}

/// The files, sorted by name. Empty if the program was built without the page.
pub(crate) const FILES: &[PageFile] = include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The page's content security policy (`web/policy.txt`) on one line.
pub(crate) const POLICY: &str = include_str!(concat!(env!("OUT_DIR"), "/policy.txt"));

/// Returns the file of this name.
pub(crate) fn file(name: &str) -> Option<&'static PageFile> {
    FILES.iter().find(|file| file.name == name)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    use std::path::Path;

    /// The page that `build.rs` embeds.
    const WEB: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/web");

    /// Returns whether the program carries the page; reports `what` as not run if it does not. Fails if the page is in `target/web` now.
    pub(crate) fn is_embedded(what: &str) -> bool {
        let is_built = Path::new(WEB).join("index.html").exists();
        assert!(!FILES.is_empty() || !is_built, "this was built without the page that is in target/web: build it again");
        if FILES.is_empty() {
            samefit_testing::not_run(what, "the program was built without the page");
        }
        !FILES.is_empty()
    }

    #[test]
    fn the_embedded_files_are_those_of_the_page() {
        assert_eq!(FILES.len().to_string(), env!("SAMEFIT_PAGE_FILES"));
        if !is_embedded("the files of the embedded page") {
            return;
        }
        for PageFile { name, bytes, sha256 } in FILES {
            assert_eq!(std::fs::read(Path::new(WEB).join(name)).unwrap(), *bytes, "{name}");
            assert!(sha256.len() == 64 && !bytes.is_empty() && !name.contains('/'), "{name}");
        }
        for name in ["index.html", "samefit.core.wasm"] {
            assert!(file(name).is_some(), "{name} is missing");
        }
    }
}
