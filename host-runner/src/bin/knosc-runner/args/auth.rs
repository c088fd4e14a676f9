//! Where the secrets come from, as typed: names of files and commands, never a secret.
//!
//! The secrets themselves come from the variables that `credentials` names.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args};

/// Where the secrets come from.
#[derive(Clone, Debug, Args)]
pub struct AuthArgs {
    /// Read the password from the first line of this file
    #[arg(
        long,
        global = true,
        env = "KNOSC_PASSWORD_FILE",
        value_name = "FILE",
        help_heading = "Sign-in"
    )]
    pub password_file: Option<PathBuf>,
    /// Read the password from the first line of standard input
    #[arg(long, global = true, env = "KNOSC_PASSWORD_STDIN", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue, help_heading = "Sign-in")]
    pub password_stdin: bool,
    /// Read the password from the first line that this command prints
    #[arg(
        long,
        global = true,
        env = "KNOSC_PASSWORD_COMMAND",
        value_name = "COMMAND",
        help_heading = "Sign-in"
    )]
    pub password_command: Option<String>,
    /// Use the session of a cookie file as curl -c writes it
    #[arg(
        long,
        global = true,
        env = "KNOSC_COOKIES",
        value_name = "FILE",
        help_heading = "Sign-in"
    )]
    pub cookies: Option<PathBuf>,
}
