//! Text of a path to its parts. Paths have `/` between folders, on every system we run on.

/// `name` in `folder`.
pub fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder if folder.ends_with('/') => format!("{folder}{name}"),
        folder => format!("{folder}/{name}"),
    }
}

/// The last part.
pub fn name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or(path)
}

/// The folder that holds `path`; empty for a bare name.
pub fn folder(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit_once('/').map_or("", |(folder, _)| if folder.is_empty() { "/" } else { folder })
}

/// `path` without the `.gz` of a compressed file.
pub fn without_gz(path: &str) -> &str {
    let (stem, extension) = split_extension(path);
    if extension.eq_ignore_ascii_case("gz") { stem } else { path }
}

/// `path` without the extension of its last part, `.gz` included.
pub fn without_extension(path: &str) -> &str {
    split_extension(without_gz(path)).0
}

/// The extension of the last part, in lower case, `.gz` passed over; empty if it has none.
pub fn extension(path: &str) -> String {
    split_extension(without_gz(path)).1.to_ascii_lowercase()
}

/// Stem and extension; a leading dot begins no extension.
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
    fn extensions() {
        assert_eq!(extension("site.1/a.CSV.gz"), "csv");
        assert_eq!(extension("site.1/a"), "");
        assert_eq!(without_extension("site.1/a.csv.gz"), "site.1/a");
        assert_eq!(without_extension("site.1/.hidden"), "site.1/.hidden");
        assert_eq!(without_gz("a.json.GZ"), "a.json");
        assert_eq!(without_gz("a.json"), "a.json");
    }

    #[test]
    fn parts() {
        assert_eq!((folder("a/b/c.csv"), name("a/b/c.csv")), ("a/b", "c.csv"));
        assert_eq!((folder("c.csv"), name("c.csv")), ("", "c.csv"));
        assert_eq!((folder("/c.csv"), name("/pfs/")), ("/", "pfs"));
        assert_eq!(join("out/", "a"), join("out", "a"));
        assert_eq!(join("", "a"), "a");
    }
}
