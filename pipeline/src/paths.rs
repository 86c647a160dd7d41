//! Paths in a repo: which are valid, and which exclude each other.

use std::path::Path;

use crate::datums::Tree;

/// Returns the path in a repo of the file `below`, if it is put into `folder`. The error says why there is no such path.
pub fn in_repo(folder: &str, below: &Path) -> Result<String, String> {
    let below = below.to_str().ok_or_else(|| format!("its name is not UTF-8: {below:?}"))?;
    let path = if below.is_empty() { folder.to_owned() } else { format!("{}/{below}", folder.trim_end_matches('/')) };
    check(&path).map(|()| path)
}

/// Checks that a text is the path of a file, such as `/a/1.json`.
pub fn check(path: &str) -> Result<(), String> {
    let below = path.strip_prefix('/').ok_or_else(|| format!("`{path}` does not begin with a slash"))?;
    if path.chars().any(char::is_control) {
        return Err(format!("{path:?} contains a control character"));
    }
    match below.split('/').find(|name| matches!(*name, "" | "." | "..")) {
        Some(name) => Err(format!("`{path}` contains `{name}` instead of the name of a file or folder")),
        None => Ok(()),
    }
}

/// Returns a file whose path is also that of a folder, and a file in that folder.
pub fn conflict(tree: &Tree) -> Option<(&str, &str)> {
    tree.keys().find_map(|path| {
        let above = path.match_indices('/').skip(1).map(|(end, _)| &path[..end]);
        above.into_iter().find(|above| tree.contains_key(*above)).map(|above| (above, path.as_str()))
    })
}

/// Returns whether a file's path is `path`, or is below it.
pub fn is_within(path: &str, file: &str) -> bool {
    let folder = path.trim_end_matches('/');
    file == folder || file.strip_prefix(folder).is_some_and(|below| below.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datums::ContentRef;
    use crate::store::objects::hash;

    #[test]
    fn a_path_has_a_name_after_each_slash() {
        assert_eq!(in_repo("/", Path::new("a/b.json")), Ok("/a/b.json".to_owned()));
        assert_eq!(in_repo("/x.json", Path::new("")), Ok("/x.json".to_owned()));
        ["a", "/", "/a//b", "/../a", "/a/.", "/a\nb"].iter().for_each(|path| assert!(check(path).is_err(), "{path}"));
    }

    #[test]
    fn a_file_and_a_folder_of_one_name_conflict() {
        let tree =
            |paths: &[&str]| paths.iter().map(|path| ((*path).to_owned(), ContentRef { sha256: hash(b""), bytes: 0 })).collect::<Tree>();
        assert_eq!(conflict(&tree(&["/a", "/a.b", "/a/b/c"])), Some(("/a", "/a/b/c")));
        assert_eq!(conflict(&tree(&["/a/b", "/a.b", "/ab"])), None);
    }

    #[test]
    fn files_below_a_folder_are_within_it() {
        assert!(is_within("/", "/a") && is_within("/a/", "/a/b") && is_within("/a", "/a") && !is_within("/a", "/ab"));
    }
}
