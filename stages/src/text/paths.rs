//! Takes paths apart and puts them together. Paths have `/` between folders on every supported system.

/// Means standard input where a file is read, and standard output where one is written.
pub const STANDARD: &str = "-";

/// Returns the path to read for a path of the command line.
pub fn to_read(path: &str) -> &str {
    if path == STANDARD { "/dev/stdin" } else { path }
}

/// Returns a path that was written, for people.
pub fn written(path: &str) -> &str {
    if path == STANDARD { "standard output" } else { path }
}

/// Returns the path of `name` in `folder`.
pub fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder if folder.ends_with('/') => format!("{folder}{name}"),
        folder => format!("{folder}/{name}"),
    }
}

/// Returns the last part of a path.
pub fn name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// Returns the folder that holds `path`; empty for a bare name.
pub fn folder(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit_once('/').map_or("", |(folder, _)| if folder.is_empty() { "/" } else { folder })
}

/// A compression format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
}

/// Returns how a file is compressed, from its extension.
pub fn compression(path: &str) -> Option<Compression> {
    match split_extension(path).1.to_ascii_lowercase().as_str() {
        "gz" => Some(Compression::Gzip),
        "zst" | "zstd" => Some(Compression::Zstd),
        _ => None,
    }
}

/// Returns `path` without the extension of a compressed file: `a.csv` for `a.csv.gz`.
pub fn without_compression(path: &str) -> &str {
    if compression(path).is_some() { split_extension(path).0 } else { path }
}

/// Returns `path` without its extensions: `a` for `a.csv` and for `a.csv.gz`.
pub fn without_extension(path: &str) -> &str {
    split_extension(without_compression(path)).0
}

/// Returns `path` without its last extension: `a.csv` for `a.csv.bz2`.
pub fn stem(path: &str) -> &str {
    split_extension(path).0
}

/// Returns the extension in lower case: `csv` for `a.CSV` and for `a.csv.gz`. Empty if there is none.
pub fn extension(path: &str) -> String {
    split_extension(without_compression(path)).1.to_ascii_lowercase()
}

/// Splits a path into stem and extension. A dot at the beginning of a name does not begin an extension.
fn split_extension(path: &str) -> (&str, &str) {
    let name_start = path.rfind('/').map_or(0, |slash| slash + 1);
    match path[name_start..].rfind('.') {
        Some(dot) if dot > 0 => (&path[..name_start + dot], &path[name_start + dot + 1..]),
        _ => (path, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_taken_off() {
        assert_eq!(extension("site.1/a.CSV.gz"), "csv");
        assert_eq!(extension("site.1/a"), "");
        assert_eq!(without_extension("site.1/a.csv.gz"), "site.1/a");
        assert_eq!(without_extension("site.1/.hidden"), "site.1/.hidden");
        assert_eq!(without_compression("a.json.GZ"), "a.json");
        assert_eq!(without_compression("a.json.zst"), "a.json");
        assert_eq!(without_compression("a.json"), "a.json");
        assert_eq!((compression("a.csv.Zstd"), compression("gz")), (Some(Compression::Zstd), None));
    }

    #[test]
    fn paths_are_taken_apart_and_put_together() {
        assert_eq!((folder("a/b/c.csv"), name("a/b/c.csv")), ("a/b", "c.csv"));
        assert_eq!((folder("c.csv"), name("c.csv")), ("", "c.csv"));
        assert_eq!((folder("/c.csv"), name("/pfs/")), ("/", "pfs"));
        assert_eq!(join("out/", "a"), join("out", "a"));
        assert_eq!(join("", "a"), "a");
    }
}
