//! Runs the commands that a build of the page consists of.

use std::process::Command;

use anyhow::{Context, Result, ensure};

/// Runs a command to its end.
///
/// # Errors
/// The command cannot be started, or ends with a failure.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| name.clone())?;
    ensure!(status.success(), "{name} failed");
    Ok(())
}
