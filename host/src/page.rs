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
