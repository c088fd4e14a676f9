//! Looks for secrets in what an engine left behind: its store, its logs, what it printed. Changes nothing.

use std::{fs, path::Path};

/// Files below a folder that hold one of the secrets, as `path: which`.
///
/// # Errors
/// If a file cannot be read: what was not looked at is not clean.
pub fn found_below(folder: &Path, secrets: &[(&str, &[u8])]) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let kind = fs::symlink_metadata(&path).map_err(failed)?.file_type();
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                let bytes = fs::read(&path).map_err(failed)?;
                let held = secrets.iter().filter(|(_, secret)| holds(&bytes, secret));
                found.extend(held.map(|(name, _)| format!("{}: {name}", path.display())));
            }
        }
    }
    Ok(found)
}

fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    let Some(first) = secret.first() else { return false };
    let begins = bytes.iter().enumerate().filter(|(_, byte)| *byte == first);
    begins.into_iter().any(|(at, _)| bytes.get(at..).is_some_and(|rest| rest.starts_with(secret)))
}
