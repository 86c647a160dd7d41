//! Finds the folder that the runtime opened (the preopen) for a path as the user writes it, and the path below that folder.
//!
//! A path is in the preopen whose name is its longest prefix. A relative path without such a prefix is in the preopen that stands for the
//! working folder: `.`, or else `/`, or else the only one. `..` is passed to the runtime, which knows where links lead, but a path that climbs
//! out of a preopen is not in it.

/// A location in a preopen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Index of the preopen.
    pub preopen: usize,
    /// Path below the preopen; `.` for the preopen itself.
    pub below: String,
}

/// Returns the location of `path`, given the names of the preopens. Returns none if it is in no preopen.
pub fn locate<'a>(preopens: impl IntoIterator<Item = &'a str>, path: &str) -> Option<Location> {
    let wanted = PathParts::of(path);
    let names: Vec<PathParts<'_>> = preopens.into_iter().map(PathParts::of).collect();
    let named = names.iter().enumerate().filter_map(|(preopen, name)| Some((preopen, name.parts.len(), wanted.below(name)?)));
    // the longest name; of equally long ones the first
    let named = named.reduce(|best, next| if next.1 > best.1 { next } else { best });
    let (preopen, parts) = match named {
        Some((preopen, _, parts)) => (preopen, parts),
        None => (working_folder(&names)?, wanted.inside().filter(|_| !wanted.is_absolute)?),
    };
    Some(Location { preopen, below: join(parts, path.ends_with('/')) })
}

/// Returns the preopen that stands for the working folder, unless that is `.`: the name `.` is a prefix of every relative path already.
fn working_folder(names: &[PathParts<'_>]) -> Option<usize> {
    let root = names.iter().position(|name| name.is_absolute && name.parts.is_empty());
    root.or_else(|| (names.len() == 1).then_some(0))
}

fn join(parts: &[&str], is_folder: bool) -> String {
    match parts {
        [] => ".".to_owned(),
        // the slash stays, so that `model.csv/` fails as the folder that it asks for
        parts if is_folder => format!("{}/", parts.join("/")),
        parts => parts.join("/"),
    }
}

/// The names in a path, without `.` and empty ones.
struct PathParts<'p> {
    is_absolute: bool,
    parts: Vec<&'p str>,
}

impl<'p> PathParts<'p> {
    fn of(path: &'p str) -> Self {
        let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
        Self { is_absolute: path.starts_with('/'), parts: parts.collect() }
    }

    /// Returns the names after those of `folder`. Returns none if this path is not in it.
    fn below(&self, folder: &Self) -> Option<&[&'p str]> {
        let below = self.parts.strip_prefix(folder.parts.as_slice()).filter(|_| self.is_absolute == folder.is_absolute)?;
        stays_inside(below).then_some(below)
    }

    /// Returns all names, or none if `..` leads above the start.
    fn inside(&self) -> Option<&[&'p str]> {
        stays_inside(&self.parts).then_some(&self.parts)
    }
}

/// Returns whether no `..` leads above the start.
fn stays_inside(parts: &[&str]) -> bool {
    let mut depth = 0_usize;
    parts.iter().all(|part| match (*part, depth.checked_sub(1)) {
        ("..", None) => false,
        ("..", Some(above)) => {
            depth = above;
            true
        }
        _ => {
            depth += 1;
            true
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(preopens: &[&str], path: &str) -> Option<(usize, String)> {
        locate(preopens.iter().copied(), path).map(|location| (location.preopen, location.below))
    }

    fn found(preopen: usize, below: &str) -> Option<(usize, String)> {
        Some((preopen, below.to_owned()))
    }

    #[test]
    fn the_longest_name_wins_whatever_the_order() {
        for (preopens, data, all) in [(["/pfs", "/pfs/data"], 1, 0), (["/pfs/data", "/pfs"], 0, 1)] {
            assert_eq!(at(&preopens, "/pfs/data/a.csv"), found(data, "a.csv"));
            assert_eq!(at(&preopens, "/pfs/out/model.json"), found(all, "out/model.json"));
            // names are compared by folder, not by character
            assert_eq!(at(&preopens, "/pfs/database/a.csv"), found(all, "database/a.csv"));
        }
        assert_eq!(at(&[".", "data"], "data/a.csv"), found(1, "a.csv"));
        assert_eq!(at(&["a", "a"], "a/b"), found(0, "b"));
    }

    #[test]
    fn the_preopen_itself_is_a_dot() {
        assert_eq!(at(&["/pfs"], "/pfs"), found(0, "."));
        assert_eq!(at(&["/pfs/"], "/pfs/"), found(0, "."));
        assert_eq!(at(&["."], "."), found(0, "."));
        assert_eq!(at(&["."], ""), found(0, "."));
        assert_eq!(at(&["/"], "/"), found(0, "."));
    }

    #[test]
    fn relative_paths_are_in_the_working_folder() {
        assert_eq!(at(&["/data", "."], "out/m"), found(1, "out/m"));
        assert_eq!(at(&["/data", ""], "out/m"), found(1, "out/m"));
        assert_eq!(at(&["/data", "/"], "out/m"), found(1, "out/m"));
        assert_eq!(at(&["/data"], "out/m"), found(0, "out/m"));
        assert_eq!(at(&["data"], "out/m"), found(0, "out/m"));
        assert_eq!(at(&["/data", "/out"], "out/m"), None);
    }

    #[test]
    fn a_path_outside_all_preopens_is_not_found() {
        assert_eq!(at(&["."], "/etc/passwd"), None);
        assert_eq!(at(&["/data"], "/etc/passwd"), None);
        assert_eq!(at(&[], "a"), None);
        assert_eq!(at(&[], "/"), None);
    }

    #[test]
    fn dots_and_empty_names_are_dropped() {
        assert_eq!(at(&["./data/"], "data//./a.csv"), found(0, "a.csv"));
        assert_eq!(at(&["."], "./a.csv"), found(0, "a.csv"));
        assert_eq!(at(&["."], "a.csv/"), found(0, "a.csv/"));
    }

    #[test]
    fn no_path_climbs_out_of_a_preopen() {
        assert_eq!(at(&["."], "a/../b"), found(0, "a/../b"));
        assert_eq!(at(&["."], "../b"), None);
        assert_eq!(at(&["."], "a/../../b"), None);
        assert_eq!(at(&["/data"], "../b"), None);
        assert_eq!(at(&["/data", "/"], "/data/../b"), found(1, "data/../b"));
    }
}
