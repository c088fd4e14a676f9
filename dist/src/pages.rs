//! Man pages and completions, of the flags as they are typed.

use std::error::Error;
use std::fs;
use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;

/// The shells that clap knows and people have.
const SHELLS: [Shell; 5] = [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh];

/// `man/*.1` and `completions/*`, below a folder.
pub(crate) fn write(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    fs::create_dir_all(&man)?;
    fs::create_dir_all(&completions)?;
    // Whoever makes a release has variables of their own, which are nobody's defaults.
    let command = Cli::command().mut_args(|arg| arg.hide_env_values(true));
    clap_mangen::generate_to(command, &man)?;
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut Cli::command(), "knosc-runner", &completions)?;
    }
    Ok(())
}
