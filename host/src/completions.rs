//! `completions`: what a shell needs to complete command lines of this program.

use clap::{Args, Command, ValueEnum};
use samefit_stages::error::Result;
use samefit_stages::stage::Stage;

/// Flags of `completions`.
#[derive(Args, Clone, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell that will read them
    #[arg(value_name = "bash|zsh|fish|powershell", value_enum, hide_possible_values = true)]
    shell: Shell,
}

/// A shell that can complete command lines.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
}

/// Prints the script that completes the command lines that `command` describes.
pub(crate) fn run(stage: &mut Stage<'_>, args: &CompletionsArgs, command: Command) -> Result<()> {
    stage.report.document(&script(args.shell, command))
}

fn script(shell: Shell, mut command: Command) -> String {
    use clap_complete::Shell as Kind;
    let kind = match shell {
        Shell::Bash => Kind::Bash,
        Shell::Zsh => Kind::Zsh,
        Shell::Fish => Kind::Fish,
        Shell::Powershell => Kind::PowerShell,
    };
    let (name, mut script) = (command.get_name().to_owned(), Vec::new());
    clap_complete::generate(kind, &mut command, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
