//! A path as a person writes it, to one of the folders that the runtime gave (the preopens) and the path below it.
//!
//! A path belongs to the preopen that names most of it. A relative path that none names belongs to the preopen that stands for the folder a
//! program starts in: `.`, else `/`, else the only one there is. `..` is left to the runtime, which knows where links lead, but a path that
//! climbs out of a preopen does not belong to it.

/// A place in a preopen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which preopen, counted from zero.
    pub preopen: usize,
    /// The path below it; `.` for the preopen itself.
    pub below: String,
}

/// Where `path` is, given the names of the preopens; none if no preopen holds it.
pub fn locate<'a>(preopens: impl IntoIterator<Item = &'a str>, path: &str) -> Option<Place> {
    let wanted = Parts::of(path);
    let names: Vec<Parts<'_>> = preopens.into_iter().map(Parts::of).collect();
    let named = names.iter().enumerate().filter_map(|(preopen, name)| Some((preopen, name.parts.len(), wanted.below(name)?)));
    // the longest name; of equal ones the first
    let named = named.reduce(|best, next| if next.1 > best.1 { next } else { best });
    let (preopen, parts) = match named {
        Some((preopen, _, parts)) => (preopen, parts),
        None => (start(&names)?, wanted.inside().filter(|_| !wanted.absolute)?),
    };
    Some(Place { preopen, below: text(parts, path.ends_with('/')) })
}

/// The preopen that stands for the folder a program starts in. One that is called `.` names every relative path and needs no search.
fn start(names: &[Parts<'_>]) -> Option<usize> {
    let root = names.iter().position(|name| name.absolute && name.parts.is_empty());
    root.or_else(|| (names.len() == 1).then_some(0))
}

fn text(parts: &[&str], is_folder: bool) -> String {
    match parts {
        [] => ".".to_owned(),
        // whoever writes `model.csv/` means a folder, and is told that it is none
        parts if is_folder => format!("{}/", parts.join("/")),
        parts => parts.join("/"),
    }
}

/// A path without what says nothing: `.`, doubled and final slashes.
struct Parts<'p> {
    absolute: bool,
    parts: Vec<&'p str>,
}

impl<'p> Parts<'p> {
    fn of(path: &'p str) -> Self {
        let parts = path.split('/').filter(|part| !matches!(*part, "" | "."));
        Self { absolute: path.starts_with('/'), parts: parts.collect() }
    }

    /// What follows `folder`, if this is in it.
    fn below(&self, folder: &Self) -> Option<&[&'p str]> {
        let below = self.parts.strip_prefix(folder.parts.as_slice()).filter(|_| self.absolute == folder.absolute)?;
        stays(below).then_some(below)
    }

    /// All of it, if it stays in the folder that it starts from.
    fn inside(&self) -> Option<&[&'p str]> {
        stays(&self.parts).then_some(&self.parts)
    }
}

/// True if no `..` leads above the start.
fn stays(parts: &[&str]) -> bool {
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
        locate(preopens.iter().copied(), path).map(|place| (place.preopen, place.below))
    }

    fn found(preopen: usize, below: &str) -> Option<(usize, String)> {
        Some((preopen, below.to_owned()))
    }

    #[test]
    fn the_longest_name_wins_whatever_the_order() {
        for (preopens, data, all) in [(["/pfs", "/pfs/data"], 1, 0), (["/pfs/data", "/pfs"], 0, 1)] {
            assert_eq!(at(&preopens, "/pfs/data/a.csv"), found(data, "a.csv"));
            assert_eq!(at(&preopens, "/pfs/out/model.json"), found(all, "out/model.json"));
            // names count by folders, not by letters
            assert_eq!(at(&preopens, "/pfs/database/a.csv"), found(all, "database/a.csv"));
        }
        assert_eq!(at(&[".", "data"], "data/a.csv"), found(1, "a.csv"));
        assert_eq!(at(&["a", "a"], "a/b"), found(0, "b"));
    }

    #[test]
    fn a_preopen_is_a_folder_itself() {
        assert_eq!(at(&["/pfs"], "/pfs"), found(0, "."));
        assert_eq!(at(&["/pfs/"], "/pfs/"), found(0, "."));
        assert_eq!(at(&["."], "."), found(0, "."));
        assert_eq!(at(&["."], ""), found(0, "."));
        assert_eq!(at(&["/"], "/"), found(0, "."));
    }

    #[test]
    fn relative_paths_start_in_the_working_folder() {
        assert_eq!(at(&["/data", "."], "out/m"), found(1, "out/m"));
        assert_eq!(at(&["/data", ""], "out/m"), found(1, "out/m"));
        assert_eq!(at(&["/data", "/"], "out/m"), found(1, "out/m"));
        assert_eq!(at(&["/data"], "out/m"), found(0, "out/m"));
        assert_eq!(at(&["data"], "out/m"), found(0, "out/m"));
        assert_eq!(at(&["/data", "/out"], "out/m"), None);
    }

    #[test]
    fn what_no_preopen_holds_is_not_found() {
        assert_eq!(at(&["."], "/etc/passwd"), None);
        assert_eq!(at(&["/data"], "/etc/passwd"), None);
        assert_eq!(at(&[], "a"), None);
        assert_eq!(at(&[], "/"), None);
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        assert_eq!(at(&["./data/"], "data//./a.csv"), found(0, "a.csv"));
        assert_eq!(at(&["."], "./a.csv"), found(0, "a.csv"));
        assert_eq!(at(&["."], "a.csv/"), found(0, "a.csv/"));
    }

    #[test]
    fn nothing_climbs_out() {
        assert_eq!(at(&["."], "a/../b"), found(0, "a/../b"));
        assert_eq!(at(&["."], "../b"), None);
        assert_eq!(at(&["."], "a/../../b"), None);
        assert_eq!(at(&["/data"], "../b"), None);
        assert_eq!(at(&["/data", "/"], "/data/../b"), found(1, "data/../b"));
    }
}
