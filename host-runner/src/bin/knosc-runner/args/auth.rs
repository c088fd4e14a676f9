//! Where the secrets come from, as typed: names of files and commands, never a secret.
//!
//! The secrets themselves come from the variables that `credentials` names.

use std::path::PathBuf;

use clap::builder::FalseyValueParser;
use clap::{ArgAction, Args};

/// Where the secrets come from.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Sign-in")]
#[allow(clippy::struct_excessive_bools, reason = "each is one flag, and any of them may be given")]
pub struct AuthArgs {
    /// Read the user name from the first line of this file
    #[arg(long, global = true, env = "KNOSC_USERNAME_FILE", value_name = "FILE")]
    pub username_file: Option<PathBuf>,
    /// Read the user name from a line of standard input
    #[arg(long, global = true, env = "KNOSC_USERNAME_STDIN", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub username_stdin: bool,
    /// Read the user name from the first line that this command prints
    #[arg(long, global = true, env = "KNOSC_USERNAME_COMMAND", value_name = "COMMAND")]
    pub username_command: Option<String>,
    /// Read the password from the first line of this file
    #[arg(long, global = true, env = "KNOSC_PASSWORD_FILE", value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Read the password from a line of standard input, after the user name if that comes there too
    #[arg(long, global = true, env = "KNOSC_PASSWORD_STDIN", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub password_stdin: bool,
    /// Read the password from the first line that this command prints
    #[arg(long, global = true, env = "KNOSC_PASSWORD_COMMAND", value_name = "COMMAND")]
    pub password_command: Option<String>,
    /// Read the one-time secret, or a code, from the first line of this file
    #[arg(long, global = true, env = "KNOSC_TOTP_SECRET_FILE", value_name = "FILE")]
    pub totp_secret_file: Option<PathBuf>,
    /// Read the one-time secret, or a code, from a line of standard input, the last one
    #[arg(long, global = true, env = "KNOSC_TOTP_SECRET_STDIN", value_parser = FalseyValueParser::new(), action = ArgAction::SetTrue)]
    pub totp_secret_stdin: bool,
    /// Read the one-time secret, or a code, from the first line that this command prints
    #[arg(long, global = true, env = "KNOSC_TOTP_SECRET_COMMAND", value_name = "COMMAND")]
    pub totp_secret_command: Option<String>,
    /// Use the session of a cookie file as curl -c writes it
    #[arg(long, global = true, env = "KNOSC_COOKIES", value_name = "FILE")]
    pub cookies: Option<PathBuf>,
}
