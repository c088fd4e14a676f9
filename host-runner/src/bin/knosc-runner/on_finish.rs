//! The command that somebody wants to hear how a run ended: it gets the JSON document on its standard input, and no secret.
//!
//! What it does changes nothing of how this process ends.

use std::io::{self, Write as _};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::credentials;

/// Runs the command to its end. Gives what went wrong with it, for a note.
pub fn tell(command: &str, document: &Value) -> Option<String> {
    match run(command, document) {
        Ok(status) if status.success() => None,
        Ok(status) => Some(format!("the command of --on-finish ended with {status}")),
        Err(error) => Some(format!("the command of --on-finish: {error}")),
    }
}

fn run(command: &str, document: &Value) -> io::Result<std::process::ExitStatus> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut process = Command::new(shell);
    process.arg(flag).arg(command).stdin(Stdio::piped());
    // Standard output is for results alone.
    process.stdout(io::stderr()).stderr(Stdio::inherit());
    // They are for this process alone.
    for secret in credentials::VARIABLES {
        process.env_remove(secret);
    }
    let mut child = process.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A command need not read it.
        let _ = stdin.write_all(format!("{document}\n").as_bytes());
    }
    child.wait()
}
