//! Which file each pattern of a manifest means.
//!
//! Looks at names and times, never at content. A pattern means exactly one file, or the newest where that is said.

use std::path::{Path, PathBuf};

use super::authored::AuthoredFile;
use super::{Authored, ManifestError, Problem, ProblemKind, SourceFile};

/// Finds the files of a manifest; paths are relative to the folder that the manifest lies in.
///
/// # Errors
/// [`ManifestError`] with every pattern that does not mean one file.
pub fn files(authored: &Authored, manifest: &Path) -> Result<Vec<SourceFile>, ManifestError> {
    let folder = manifest.parent().unwrap_or_else(|| Path::new(""));
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for file in &authored.files {
        match one_match(file, folder) {
            Ok(path) => {
                files.push(SourceFile {
                    trigger: file.trigger,
                    path,
                    allow_empty: file.allow_empty,
                    allow_drop: file.allow_drop,
                    key: file.key.clone(),
                });
            }
            Err(kind) => problems.push(Problem { line: Some(file.line), kind }),
        }
    }
    if problems.is_empty() {
        Ok(files)
    } else {
        Err(ManifestError { path: manifest.to_owned(), problems })
    }
}

fn one_match(file: &AuthoredFile, folder: &Path) -> Result<PathBuf, ProblemKind> {
    let plain = folder.join(&file.path);
    // A name with brackets in it is a file before it is a pattern.
    if plain.exists() {
        return Ok(plain);
    }
    let escaped = glob::Pattern::escape(&folder.to_string_lossy());
    let pattern = Path::new(&escaped).join(&file.path);
    let bad = |message: String| ProblemKind::BadValue(format!("path '{}': {message}", file.path));
    let found = glob::glob(&pattern.to_string_lossy()).map_err(|error| bad(error.to_string()))?;
    let mut matches = Vec::new();
    for path in found {
        let path = path.map_err(|error| bad(error.to_string()))?;
        if !is_hidden(&path) && !path.is_dir() {
            matches.push(path);
        }
    }
    match matches.as_slice() {
        [] => Err(ProblemKind::NoMatch(file.path.clone())),
        [one] => Ok(one.clone()),
        _ if file.newest => newest(&file.path, matches),
        _ => Err(ProblemKind::ManyMatches { pattern: file.path.clone(), matches }),
    }
}

/// Hidden files, and the lock files of spreadsheet programs.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| {
        let name = name.to_string_lossy();
        name.starts_with('.') || name.starts_with("~$")
    })
}

fn newest(pattern: &str, matches: Vec<PathBuf>) -> Result<PathBuf, ProblemKind> {
    let mut dated = Vec::with_capacity(matches.len());
    for path in matches {
        let modified = std::fs::metadata(&path).and_then(|data| data.modified());
        let modified = modified.map_err(|error| ProblemKind::Unreadable {
            path: path.clone(),
            message: error.to_string(),
        })?;
        dated.push((modified, path));
    }
    dated.sort();
    match dated.as_slice() {
        [.., (before, other), (last, path)] if before == last => Err(ProblemKind::NoNewest {
            pattern: pattern.to_owned(),
            matches: vec![other.clone(), path.clone()],
        }),
        [.., (_, path)] => Ok(path.clone()),
        [] => Err(ProblemKind::NoMatch(pattern.to_owned())),
    }
}
