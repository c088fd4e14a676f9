//! A folder of exports in the place of a manifest.
//!
//! Reads names, never content. Every file that could be sent must mean one trigger: a file that is passed over in silence is
//! an import that nobody notices is missing.

use std::path::{Path, PathBuf};

use knosc_bulk_import::trigger::Trigger;

use super::names;
use super::{ManifestError, Problem, ProblemKind, SourceFile};

/// A person's own rule, `ITM*.csv=item-master`; it goes before the known names.
#[derive(Clone, Debug)]
pub struct NameRule {
    pattern: glob::Pattern,
    trigger: Trigger,
}

impl std::str::FromStr for NameRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (pattern, trigger) =
            text.rsplit_once('=').ok_or_else(|| "write PATTERN=TRIGGER".to_owned())?;
        Ok(Self {
            pattern: glob::Pattern::new(pattern)
                .map_err(|error| format!("'{pattern}': {error}"))?,
            trigger: trigger
                .parse()
                .map_err(|error: knosc_bulk_import::trigger::UnknownTrigger| error.to_string())?,
        })
    }
}

/// Finds the files of a folder and their triggers, sorted by name.
///
/// # Errors
/// [`ManifestError`] with every file that means no trigger, every trigger that two files mean, every open workbook.
pub fn read(
    folder: &Path,
    rules: &[NameRule],
    allow_empty: bool,
) -> Result<Vec<SourceFile>, ManifestError> {
    let fail = |kinds: Vec<ProblemKind>| ManifestError {
        path: folder.to_owned(),
        problems: kinds.into_iter().map(|kind| Problem { line: None, kind }).collect(),
    };
    let unreadable = |error: std::io::Error| {
        fail(vec![ProblemKind::Unreadable { path: folder.to_owned(), message: error.to_string() }])
    };
    let mut problems = Vec::new();
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name =
            path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if let Some(workbook) = name.strip_prefix("~$") {
            problems.push(ProblemKind::OpenWorkbook(workbook.to_owned()));
        } else if !name.starts_with('.') && !path.is_dir() && is_export(&name) {
            match trigger_of(&name, rules) {
                Some(trigger) => files.push(SourceFile::new(trigger, path, allow_empty)),
                None => problems.push(ProblemKind::UnknownName(name)),
            }
        }
    }
    files.sort_by(|a, b| (a.trigger, &a.path).cmp(&(b.trigger, &b.path)));
    problems.extend(repeats(&files));
    if files.is_empty() && problems.is_empty() {
        problems.push(ProblemKind::EmptyFolder);
    }
    problems.sort_by_key(ToString::to_string);
    if problems.is_empty() { Ok(files) } else { Err(fail(problems)) }
}

/// Files that were named one by one, and their triggers by their names.
///
/// # Errors
/// [`ManifestError`] with every file whose name means no trigger.
pub fn of_paths(
    paths: &[PathBuf],
    rules: &[NameRule],
    allow_empty: bool,
) -> Result<Vec<SourceFile>, ManifestError> {
    let (mut files, mut problems) = (Vec::new(), Vec::new());
    for path in paths {
        let name = base_name(path).to_string_lossy().into_owned();
        match trigger_of(&name, rules) {
            Some(trigger) => files.push(SourceFile::new(trigger, path.clone(), allow_empty)),
            None => problems.push(Problem { line: None, kind: ProblemKind::UnknownName(name) }),
        }
    }
    let folder = paths.first().and_then(|path| path.parent());
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.to_owned();
    if problems.is_empty() { Ok(files) } else { Err(ManifestError { path: folder, problems }) }
}

fn trigger_of(name: &str, rules: &[NameRule]) -> Option<Trigger> {
    let any_case = glob::MatchOptions { case_sensitive: false, ..glob::MatchOptions::new() };
    let rule = rules.iter().find(|rule| rule.pattern.matches_with(name, any_case));
    rule.map(|rule| rule.trigger).or_else(|| names::trigger_of(name))
}

/// Other files (a readme, a log) may lie beside the exports.
fn is_export(name: &str) -> bool {
    knosc_bulk_import::blob::FileKind::of_name(name).is_ok()
}

fn repeats(sorted: &[SourceFile]) -> Vec<ProblemKind> {
    let same = sorted.chunk_by(|a, b| a.trigger == b.trigger);
    same.filter_map(|files| match files {
        [first, _, ..] => Some(ProblemKind::TwoForOne {
            trigger: first.trigger,
            files: files.iter().map(|file| base_name(&file.path)).collect(),
        }),
        _ => None,
    })
    .collect()
}

fn base_name(path: &Path) -> PathBuf {
    path.file_name().map(PathBuf::from).unwrap_or_default()
}
