//! Where the program of a datum runs: on this machine, in the datum's folder, or in a container ([`super::container`]).
//!
//! On this machine there is no `/pfs`, so an argument or a variable that begins with `/pfs` is rewritten. For `samefit` nothing is rewritten: the
//! variable [`PFS_VARIABLE`] tells it where `/pfs` is, so its messages and files are those that it writes in a container.
//!
//! *Limits*: `transform.user` and limits of memory have an effect only in containers. On this machine a program runs as the user of this one.

use std::ffi::OsString;
use std::path::PathBuf;

use super::datum_dir::DatumDir;
use super::launch::Launch;
use super::variables::Variables;
use crate::error::Result;
use crate::spec::Spec;
use samefit_text::message::Message;

/// The variable that tells `samefit` which folder stands for `/pfs`.
pub const PFS_VARIABLE: &str = "SAMEFIT_PFS";

/// Commands that run this version of samefit.
const SAMEFIT: [&str; 4] = ["samefit", "/samefit", "/bin/samefit", "/usr/local/bin/samefit"];

/// A way to run the program of a datum.
pub trait Runtime: Sync {
    /// Returns the path of `/pfs` as the program sees it.
    fn pfs(&self, dir: &DatumDir) -> PathBuf;
    /// Returns the folder of `pachctl` as the program sees it.
    fn bin(&self, dir: &DatumDir) -> PathBuf;
    /// Returns what has to be started to run the program of a spec.
    fn launch(&self, dir: &DatumDir, spec: &Spec, variables: &Variables) -> Result<Launch>;
    /// Returns a warning about a spec that may not work in this runtime.
    fn warning(&self, _spec: &Spec) -> Option<Message> {
        None
    }
    /// Removes what is left after the program and its processes have ended.
    fn clean_up(&self, _dir: &DatumDir) {}
}

/// Runs programs on this machine.
pub struct LocalRuntime;

impl Runtime for LocalRuntime {
    fn pfs(&self, dir: &DatumDir) -> PathBuf {
        dir.pfs()
    }

    fn bin(&self, dir: &DatumDir) -> PathBuf {
        dir.bin().path().to_owned()
    }

    fn launch(&self, dir: &DatumDir, spec: &Spec, variables: &Variables) -> Result<Launch> {
        let transform = &spec.transform;
        let (program, arguments) = transform.cmd.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let is_samefit = SAMEFIT.contains(&program);
        let folder = transform.working_dir.as_ref().map_or_else(|| dir.root().path().to_owned(), |folder| rewritten(dir, folder).into());
        let argument = |argument: &String| if is_samefit { argument.clone() } else { rewritten(dir, argument) };
        let mut launch = Launch {
            program: if is_samefit { dir.bin().path().join("samefit").into() } else { rewritten(dir, program).into() },
            arguments: arguments.iter().map(|text| argument(text).into()).collect(),
            variables: Vec::new(),
            folder,
        };
        launch.set("PATH", search_path(dir));
        launch.set("HOME", dir.home());
        launch.set(PFS_VARIABLE, dir.pfs());
        transform.env.iter().for_each(|(name, value)| launch.set(name, rewritten(dir, value)));
        variables.iter().for_each(|(name, value)| launch.set(name, value));
        Ok(launch)
    }

    /// Warns about an argument that contains `/pfs/` but is not rewritten.
    fn warning(&self, spec: &Spec) -> Option<Message> {
        let (program, arguments) = spec.transform.cmd.split_first()?;
        let is_missed = |argument: &&String| argument.contains("/pfs/") && split_flag(argument).1.strip_prefix("/pfs").is_none();
        let argument = arguments.iter().filter(|_| !SAMEFIT.contains(&program.as_str())).find(is_missed)?;
        let sentence = format!(
            "note: pipeline `{}`: `/pfs` inside `{argument}` is not rewritten, and there is no folder `/pfs` on this machine",
            spec.name
        );
        let help = "give the path as an argument of its own (`$1` in a shell) or in a variable of `transform.env`, or run with --container";
        Some(Message::new(sentence, help))
    }
}

/// Returns the `PATH` of this process with the datum's `bin` before it.
fn search_path(dir: &DatumDir) -> OsString {
    let mut path = dir.bin().path().as_os_str().to_owned();
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

/// Replaces `/pfs` by the datum's folder, at the beginning of a text or of the value in `--flag=value`.
fn rewritten(dir: &DatumDir, text: &str) -> String {
    let (flag, value) = split_flag(text);
    dir.local_path(value).map_or_else(|| text.to_owned(), |path| format!("{flag}{path}"))
}

/// Splits `--flag=value` into `--flag=` and `value`. For any other text, the first part is empty.
fn split_flag(text: &str) -> (&str, &str) {
    let end = text.find('=').filter(|_| text.starts_with('-')).map_or(0, |equals| equals + 1);
    text.split_at(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_begin_with_pfs_are_rewritten() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DatumDir::in_folder(folder.path(), std::path::Path::new("/bin/true")).unwrap();
        let pfs = dir.pfs().display().to_string();
        assert_eq!(rewritten(&dir, "/pfs"), pfs);
        assert_eq!(rewritten(&dir, "/pfs/out/"), format!("{pfs}/out/"));
        assert_eq!(rewritten(&dir, "--out=/pfs/out"), format!("--out={pfs}/out"));
        ["/pfsx", "a=/pfs/b", "see /pfs/out", "/pfs/../etc"].iter().for_each(|text| assert_eq!(rewritten(&dir, text), *text));
    }
}
