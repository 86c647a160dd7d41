//! Where the program of a datum runs: here, in the datum's folder, or in a container ([`super::container`]).
//!
//! Here nothing stands at `/pfs`, so an argument or a variable that begins with `/pfs` is rewritten. `samefit` needs no rewriting: it finds in
//! the variable `SAMEFIT_PFS` where `/pfs` stands, so that what it says and writes is what it would say and write in a container.
//!
//! *Limits*: a spec's limit of memory and its `transform.user` hold in containers only; here a program runs as whoever runs this one.

use std::path::PathBuf;
use std::process::Command;

use super::desk::Desk;
use super::variables::Variables;
use crate::failure::Failure;
use crate::spec::Spec;

/// Where `samefit` finds `/pfs`.
pub const PFS_VARIABLE: &str = "SAMEFIT_PFS";

/// Commands that mean the program that runs.
const OURS: [&str; 4] = ["samefit", "/samefit", "/bin/samefit", "/usr/local/bin/samefit"];

/// A kind of place.
pub trait Place: Sync {
    /// `/pfs` as the program knows it.
    fn pfs(&self, desk: &Desk) -> PathBuf;
    /// Where the program knows a file of the desk's `bin`.
    fn bin(&self, desk: &Desk) -> PathBuf;
    /// What starts the program.
    fn command(&self, desk: &Desk, spec: &Spec, variables: &Variables) -> Result<Command, Failure>;
    /// What a person should know of a spec that runs here.
    fn doubt(&self, _spec: &Spec) -> Option<String> {
        None
    }
    /// Ends what ending the command's process group leaves.
    fn end(&self, _desk: &Desk) {}
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

    fn pfs(&self, desk: &Desk) -> PathBuf {
        desk.pfs()
    }

    fn bin(&self, desk: &Desk) -> PathBuf {
        desk.bin()
    }

    fn command(&self, desk: &Desk, spec: &Spec, variables: &Variables) -> Result<Command, Failure> {
        let transform = &spec.transform;
        let (program, arguments) = transform.cmd.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
        let ours = OURS.contains(&program);
        let mut command = Command::new(if ours { desk.bin().join("samefit") } else { PathBuf::from(rewritten(desk, program)) });
        command.args(arguments.iter().map(|argument| if ours { argument.clone() } else { rewritten(desk, argument) }));
        command.env_clear().env("PATH", path(desk)).env("HOME", desk.home()).env(PFS_VARIABLE, desk.pfs());
        command.envs(transform.env.iter().map(|(name, value)| (name, rewritten(desk, value)))).envs(variables);
        let folder = transform.working_dir.as_ref().map_or_else(|| desk.root().to_owned(), |folder| PathBuf::from(rewritten(desk, folder)));
        command.current_dir(folder);
        Ok(command)
    }
}

fn path(desk: &Desk) -> std::ffi::OsString {
    let mut path = desk.bin().into_os_string();
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

/// A text with the folder for `/pfs` where it begins with that, or where the value of `--flag=value` does.
fn rewritten(desk: &Desk, text: &str) -> String {
    let (flag, value) = value(text);
    desk.seen(value).map_or_else(|| text.to_owned(), |at| format!("{flag}{at}"))
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
        let desk = Desk::new(folder.path().join("d"), std::path::Path::new("/bin/true"), false).unwrap();
        let pfs = desk.pfs().display().to_string();
        assert_eq!(rewritten(&desk, "/pfs"), pfs);
        assert_eq!(rewritten(&desk, "/pfs/out/"), format!("{pfs}/out/"));
        assert_eq!(rewritten(&desk, "--out=/pfs/out"), format!("--out={pfs}/out"));
        ["/pfsx", "a=/pfs/b", "see /pfs/out", "/pfs/../etc"].iter().for_each(|text| assert_eq!(rewritten(&desk, text), *text));
    }
}
