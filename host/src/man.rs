//! `man`: pages of the manual, made from the same descriptions as `--help`.

use clap::{Args, Command};
use clap_mangen::Man;
use samefit_stages::error::{Error, Result};
use samefit_stages::output::outputs::{Outputs, folder, write_error};
use samefit_stages::stage::Stage;

/// Flags of `man`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ManArgs {
    /// Folder for one page of the program and one of each verb; without it, the page of the program is printed
    #[arg(long, value_name = "DIR")]
    out: Option<String>,
}

/// Prints or writes the pages of the program that `command` describes.
pub(crate) fn run(stage: &mut Stage<'_>, args: &ManArgs, mut command: Command) -> Result<()> {
    command.build();
    let Some(out) = &args.out else { return stage.report.document(&page(&command)?.1) };
    let mut pages = Vec::new();
    add_pages(&command, &mut pages)?;
    let out = folder(stage.files, out.clone())?;
    let mut outputs = Outputs::new(stage.files, []);
    pages.iter().try_for_each(|(name, text)| outputs.put(&format!("{out}/{name}"), text))?;
    let written = outputs.commit()?;
    stage.report.say(&format!("wrote {} pages to {}", written.len(), samefit_text::line(&out)));
    Ok(())
}

/// Adds the page of a command and those of its verbs.
fn add_pages(command: &Command, pages: &mut Vec<(String, String)>) -> Result<()> {
    pages.push(page(command)?);
    command.get_subcommands().filter(|verb| !verb.is_hide_set()).try_for_each(|verb| add_pages(verb, pages))
}

/// Returns the file name and the text of the page of a command.
fn page(command: &Command) -> Result<(String, String)> {
    let man = Man::new(command.clone());
    let (name, mut text) = (man.get_filename(), Vec::new());
    man.render(&mut text).map_err(|error| failed(&name, &error))?;
    Ok((name, String::from_utf8_lossy(&text).into_owned()))
}

/// The error that a page cannot be made, which writing to memory never gives.
fn failed(name: &str, error: &std::io::Error) -> Error {
    write_error(name, error)
}
