//! From a manifest or a folder to checked files in the order of sending.
//!
//! Reads files of this machine; sends nothing.

use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::BlobSource;
use knosc_runner::manifest::{Authored, SourceFile, folder, resolve};

use crate::args::{FileArgs, Global, HeadArgs, JudgingArgs, SourceArgs};
use crate::check::{self, Limits};
use crate::judge;
use crate::problem::Problem;
use crate::render::{Reporter, Shown};
use crate::target::{self, Wanted};

/// What is to be sent, and to where; everything about it was checked.
pub struct Source {
    pub origin: Origin,
    pub files: Vec<SourceFile>,
    /// The same files, open, as they were checked.
    pub blobs: Vec<Arc<dyn BlobSource>>,
    pub plan: Plan,
    pub policy: Policy,
}

/// How long files of a folder must be left alone: there, an export job may be at work beside us.
const FOLDER_SETTLE: Duration = Duration::from_secs(10);

/// How often jobs on this machine are polled: nobody is bothered, and small files are done at once.
const LOOPBACK_POLL_MS: (u32, u32) = (50, 1_000);

/// The patience that an origin gets where nobody says another.
pub fn default_policy(origin: &Origin) -> Policy {
    with_default_polls(Policy::default(), origin)
}

fn with_default_polls(policy: Policy, origin: &Origin) -> Policy {
    if !origin.is_loopback() {
        return policy;
    }
    let (poll_interval_min_ms, poll_interval_max_ms) = LOOPBACK_POLL_MS;
    Policy { poll_interval_min_ms, poll_interval_max_ms, ..policy }
}

/// Reads and checks a manifest or a folder.
pub fn read(
    global: &Global,
    source: &SourceArgs,
    files: &FileArgs,
    head: &HeadArgs,
    settles: bool,
    reporter: &mut Reporter,
) -> Result<Source, Problem> {
    let path = &source.source;
    let is_folder = path.is_dir();
    let (found, authored) = if is_folder {
        (folder::read(path, &source.map, files.allow_empty)?, Authored::default())
    } else {
        from_manifest(source)?
    };
    let wanted = Wanted { base_url: authored.base_url, profile: authored.profile };
    let origin = target::origin(global, &wanted)?;
    let mut policy = authored.policy;
    if !authored.says_poll_interval {
        policy = with_default_polls(policy, &origin);
    }
    policy.allow_repeated_trigger |= source.allow_repeated_trigger;
    let settle =
        files.settle.unwrap_or(if is_folder && settles { FOLDER_SETTLE } else { Duration::ZERO });
    let judging = (!head.no_check).then_some(&head.judging);
    checked(origin, found, policy, Checks { files, settle, judging }, reporter)
}

fn from_manifest(source: &SourceArgs) -> Result<(Vec<SourceFile>, Authored), Problem> {
    let path = &source.source;
    let text = std::fs::read_to_string(path).map_err(|error| Problem::Io {
        what: path.display().to_string(),
        message: error.to_string(),
    })?;
    let authored = Authored::parse(path, &text)?;
    let files = resolve::files(&authored, path)?;
    Ok((files, authored))
}

/// What files are held to.
#[derive(Clone, Copy)]
pub struct Checks<'a> {
    pub files: &'a FileArgs,
    pub settle: Duration,
    /// Files are looked into.
    pub judging: Option<&'a JudgingArgs>,
}

/// Checks policy, order and every file.
pub fn checked(
    origin: Origin,
    mut files: Vec<SourceFile>,
    policy: Policy,
    checks: Checks<'_>,
    reporter: &mut Reporter,
) -> Result<Source, Problem> {
    policy.check(origin.is_loopback())?;
    let planned =
        files.iter().map(|file| Planned { trigger: file.trigger, file_name: file_name(file) });
    let plan = Plan::new(planned.collect(), policy.allow_repeated_trigger)?;
    let limits = Limits { max_bytes: checks.files.max_bytes, settle: checks.settle };
    let mut blobs: Vec<Arc<dyn BlobSource>> = Vec::with_capacity(files.len());
    for file in &mut files {
        file.allow_empty |= checks.files.allow_empty;
        let blob = check::file(file, limits, &mut |sentence| reporter.note(sentence))?;
        blobs.push(Arc::new(blob));
    }
    if let Some(judging) = checks.judging {
        let checked = judge::files(&files, judging)?;
        reporter.findings(&checked);
        let denying = judge::denying(&checked);
        if !denying.is_empty() {
            return Err(Problem::Unfit(denying));
        }
    }
    Ok(Source { origin, files, blobs, plan, policy })
}

/// With another shortest time between polls; the longest one follows where it has to.
pub fn with_interval(policy: Policy, interval: Option<Duration>) -> Policy {
    let Some(interval) = interval else { return policy };
    let min_ms = u32::try_from(interval.as_millis()).unwrap_or(u32::MAX);
    Policy {
        poll_interval_min_ms: min_ms,
        poll_interval_max_ms: policy.poll_interval_max_ms.max(min_ms),
        ..policy
    }
}

impl Source {
    /// The files as they are sent.
    pub fn steps(&self) -> Vec<(Trigger, Arc<dyn BlobSource>)> {
        let files = self.files.iter().zip(&self.blobs);
        files.map(|(file, blob)| (file.trigger, Arc::clone(blob))).collect()
    }

    /// The files as they are told.
    pub fn shown(&self) -> Vec<Shown> {
        let files = self.files.iter().zip(&self.blobs);
        files
            .map(|(file, blob)| Shown {
                trigger: file.trigger,
                file_name: file_name(file),
                path: file.path.display().to_string(),
                size: blob.size(),
                position: 0,
            })
            .collect()
    }
}

fn file_name(file: &SourceFile) -> String {
    file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
