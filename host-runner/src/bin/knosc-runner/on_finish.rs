//! The command that somebody wants to hear how a run ended: it gets the JSON document on its standard input, and no secret.
//!
//! What it does changes nothing of how this process ends.

use std::io::{self, Write as _};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::{bounded, credentials};

/// A notification takes seconds; one that hangs is ended.
const WAIT_MAX: Duration = Duration::from_mins(10);

/// Runs the command to its end. Gives what went wrong with it, for a note.
pub fn tell(command: &str, document: &Value) -> Option<String> {
    match run(command, document) {
        Ok(Some(status)) if status.success() => None,
        Ok(None) => Some(
            "the command of --on-finish did not end within 10 minutes, and was ended".to_owned(),
        ),
        Ok(Some(status)) => Some(format!("the command of --on-finish ended with {status}")),
        Err(error) => Some(format!("the command of --on-finish: {error}")),
    }
}

fn run(command: &str, document: &Value) -> io::Result<Option<ExitStatus>> {
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
        let document = format!("{document}\n");
        // A command need not read it. A long one that it leaves unread waits in a pipe, which closes with the command.
        let writer = std::thread::Builder::new().spawn(move || {
            let _ = stdin.write_all(document.as_bytes());
        });
        drop(writer?);
    }
    bounded::wait(&mut child, WAIT_MAX)
}
