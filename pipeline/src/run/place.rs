//! Where the program of a datum runs: here, in the datum's folder, or in a container ([`super::container`]).
//!
//! Here nothing stands at `/pfs`, so an argument or a variable that begins with `/pfs` is rewritten. `samefit` needs no rewriting: it finds in
//! the variable `SAMEFIT_PFS` where `/pfs` stands, so that what it says and writes is what it would say and write in a container.
//!
//! *Limits*: a spec's limit of memory and its `transform.user` hold in containers only; here a program runs as whoever runs this one.

use std::ffi::OsString;
use std::path::PathBuf;

use super::datum_dir::DatumDir;
use super::launch::Launch;
use super::variables::Variables;
use crate::error::Result;
use crate::spec::Spec;

/// Where `samefit` finds `/pfs`.
pub const PFS_VARIABLE: &str = "SAMEFIT_PFS";

/// Commands that mean the program that runs.
const OURS: [&str; 4] = ["samefit", "/samefit", "/bin/samefit", "/usr/local/bin/samefit"];

/// A kind of place.
pub trait Place: Sync {
    /// `/pfs` as the program knows it.
    fn pfs(&self, dir: &DatumDir) -> PathBuf;
    /// Where the program finds `pachctl`.
    fn bin(&self, dir: &DatumDir) -> PathBuf;
    /// What starts the program.
    fn launch(&self, dir: &DatumDir, spec: &Spec, variables: &Variables) -> Result<Launch>;
    /// What a person should know of a spec that runs here.
    fn doubt(&self, _spec: &Spec) -> Option<String> {
        None
    }
    /// Ends what ending the program and its children leaves.
    fn end(&self, _dir: &DatumDir) {}
}

/// The machine itself.
pub struct Here;

impl Place for Here {
    fn doubt(&self, spec: &Spec) -> Option<String> {
        let (program, arguments) = spec.transform.cmd.split_first()?;
        let hidden = |argument: &&String| argument.contains("/pfs/") && value(argument).1.strip_prefix("/pfs").is_none();
        let argument = arguments.iter().filter(|_| !OURS.contains(&program.as_str())).find(hidden)?;
        Some(format!(
            "note: pipeline `{}`: `/pfs` inside `{argument}` stays as it is, and nothing stands there\nhelp: give the path as an argument of its \
             own (`$1` in a shell) or in a variable of `transform.env`, or run with --container",
            spec.name
        ))
    }

    fn pfs(&self, dir: &DatumDir) -> PathBuf {
        dir.pfs()
    }

    fn bin(&self, dir: &DatumDir) -> PathBuf {
        dir.bin().path().to_owned()
    }

    fn launch(&self, dir: &DatumDir, spec: &Spec, variables: &Variables) -> Result<Launch> {
        let transform = &spec.transform;
        let (program, arguments) = transform.cmd.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let ours = OURS.contains(&program);
        let folder = transform.working_dir.as_ref().map_or_else(|| dir.root().path().to_owned(), |folder| rewritten(dir, folder).into());
        let mut launch = Launch {
            program: if ours { dir.bin().path().join("samefit").into() } else { rewritten(dir, program).into() },
            arguments: arguments.iter().map(|argument| if ours { argument.clone() } else { rewritten(dir, argument) }.into()).collect(),
            variables: Vec::new(),
            folder,
        };
        launch.set("PATH", path(dir));
        launch.set("HOME", dir.home());
        launch.set(PFS_VARIABLE, dir.pfs());
        transform.env.iter().for_each(|(name, value)| launch.set(name, rewritten(dir, value)));
        variables.iter().for_each(|(name, value)| launch.set(name, value));
        Ok(launch)
    }
}

fn path(dir: &DatumDir) -> OsString {
    let mut path = dir.bin().path().as_os_str().to_owned();
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

/// A text with the folder for `/pfs` where it begins with that, or where the value of `--flag=value` does.
fn rewritten(dir: &DatumDir, text: &str) -> String {
    let (flag, value) = value(text);
    dir.seen(value).map_or_else(|| text.to_owned(), |at| format!("{flag}{at}"))
}

/// `--flag=` and the value, or nothing and the text.
fn value(text: &str) -> (&str, &str) {
    let end = text.find('=').filter(|_| text.starts_with('-')).map_or(0, |at| at + 1);
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_with_pfs_is_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DatumDir::kept(folder.path(), std::path::Path::new("/bin/true")).unwrap();
        let pfs = dir.pfs().display().to_string();
        assert_eq!(rewritten(&dir, "/pfs"), pfs);
        assert_eq!(rewritten(&dir, "/pfs/out/"), format!("{pfs}/out/"));
        assert_eq!(rewritten(&dir, "--out=/pfs/out"), format!("--out={pfs}/out"));
        ["/pfsx", "a=/pfs/b", "see /pfs/out", "/pfs/../etc"].iter().for_each(|text| assert_eq!(rewritten(&dir, text), *text));
    }
}
