//! Looks into files with the checks of `knosc-checks`, and weighs what they found.
//!
//! Opens files of this machine; sends nothing and prints nothing.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use knosc_bulk_import::admission::refresh::Contents;
use knosc_bulk_import::blob::FileKind;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::{Candidate, Checked, Elsewhere, Finding, Limits, ReadingOptions, Severity};
use knosc_runner::manifest::SourceFile;

use crate::args::JudgingArgs;
use crate::check;
use crate::exit::Exit;
use crate::problem::{FileProblem, Problem};
use crate::state::State;

/// What a person can do about findings that deny.
pub const HINT: &str = "mend the files; --allow CODE overrules a code, --no-check all of them";

/// Looks into all files, in the order of sending.
pub fn files(
    files: &[SourceFile],
    args: &JudgingArgs,
    against: &Against,
) -> Result<Vec<Checked>, Problem> {
    let limits = args.limits();
    let options = args.options();
    let mut contents = Vec::with_capacity(files.len());
    for file in files {
        contents.push((
            open(&file.path)?,
            kind(&file.path)?,
            against.template(file.trigger, args)?,
        ));
    }
    let candidates = files.iter().zip(&mut contents);
    let candidates = candidates
        .map(|(file, (content, kind, template))| candidate(file, *kind, template.take(), content));
    let mut checked =
        knosc_checks::check_with(candidates.collect(), &against.elsewhere, &options, &limits);
    let weights = args.weights();
    for file in &mut checked {
        weights.apply(&mut file.findings);
    }
    Ok(checked)
}

/// What one file makes of its table; nothing where it cannot be read as one.
pub fn contents(file: &SourceFile, options: &ReadingOptions) -> Result<Option<Contents>, Problem> {
    let (mut content, kind) = (open(&file.path)?, kind(&file.path)?);
    let candidate = candidate(file, kind, None, &mut content);
    let checked = knosc_checks::check(vec![candidate], options, &Limits::default()).pop();
    Ok(checked.and_then(|checked| checked.contents))
}

/// What each file makes of its table, in the order of the files and not in Knosc's, in which they were looked into.
pub fn take_contents(mut checked: Vec<Checked>) -> Vec<Option<Contents>> {
    checked.sort_by_key(|checked| checked.position);
    checked.into_iter().map(|checked| checked.contents).collect()
}

fn candidate<'c>(
    file: &SourceFile,
    kind: FileKind,
    template: Option<Vec<String>>,
    content: &'c mut BufReader<File>,
) -> Candidate<'c> {
    let name = file.name();
    let (trigger, allow_empty, key) = (file.trigger, file.allow_empty, file.key.clone());
    Candidate { trigger, name, kind, allow_empty, template, key, content }
}

/// Every finding that denies.
pub fn denying(checked: &[Checked]) -> Vec<Finding> {
    let findings = checked.iter().flat_map(|file| &file.findings);
    findings.filter(|finding| finding.severity == Severity::Deny).cloned().collect()
}

/// How the verb `check` ends.
pub fn exit(checked: &[Checked]) -> Exit {
    if denying(checked).is_empty() { Exit::Done } else { Exit::CheckFailed }
}

/// How many findings deny; each was told before.
pub fn told(denying: &[Finding]) -> String {
    let count: u64 = denying.iter().map(|finding| 1 + finding.more).sum();
    let found = if count == 1 { "one finding denies" } else { "findings deny" };
    let count = if count == 1 { String::new() } else { format!("{count} ") };
    format!("{count}{found} these files")
}

/// What files are compared with beside each other.
#[derive(Default)]
pub struct Against {
    /// What Knosc has.
    pub elsewhere: Vec<Elsewhere>,
    /// Files whose first row is the header that a trigger's file must have.
    pub templates: Vec<(Trigger, PathBuf)>,
}

impl Against {
    /// With the templates that were typed, and where there is none the one that was kept of the tenant.
    pub fn new(
        files: &[SourceFile],
        args: &JudgingArgs,
        kept: Option<(&State, &Origin)>,
        elsewhere: Vec<Elsewhere>,
    ) -> Self {
        let mut templates = args.template.clone();
        for file in files {
            let is_said = templates.iter().any(|(of, _)| *of == file.trigger);
            let kept = kept.and_then(|(state, origin)| state.template(origin, file.trigger));
            if let (false, Some(path)) = (is_said, kept) {
                templates.push((file.trigger, path));
            }
        }
        Self { elsewhere, templates }
    }

    fn template(
        &self,
        trigger: Trigger,
        args: &JudgingArgs,
    ) -> Result<Option<Vec<String>>, Problem> {
        let found = self.templates.iter().find(|(of, _)| *of == trigger);
        found.map(|(_, path)| header(path, &args.limits())).transpose()
    }
}

/// The names in the first row of a file.
pub fn header(path: &Path, limits: &Limits) -> Result<Vec<String>, Problem> {
    knosc_checks::header(kind(path)?, &mut open(path)?, limits).map_err(|error| Problem::File {
        path: path.to_owned(),
        problem: FileProblem::Check(error),
    })
}

fn open(path: &Path) -> Result<BufReader<File>, Problem> {
    let problem = |problem| Problem::File { path: path.to_owned(), problem };
    check::metadata(path).map_err(problem)?;
    let file = File::open(path).map_err(|error| problem(check::unreadable(error)))?;
    Ok(BufReader::new(file))
}

fn kind(path: &Path) -> Result<FileKind, Problem> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    FileKind::of_name(&name).map_err(|error| Problem::File {
        path: path.to_owned(),
        problem: FileProblem::Content(error),
    })
}
