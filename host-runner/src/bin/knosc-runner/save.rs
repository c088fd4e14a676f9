//! Files that this tool writes for people: new ones only.
//!
//! Overwrites nothing: a manifest or a filled-in template is a person's work.

use std::io::Write as _;
use std::path::Path;

use crate::problem::Problem;

/// Writes a file that was not there before.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Problem::Exists { path: path.to_owned() },
        _ => Problem::Io { what: path.display().to_string(), message: error.to_string() },
    })
}
