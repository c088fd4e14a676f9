//! From a manifest or a folder to checked files in the order of sending.
//!
//! Reads files of this machine; sends nothing.

use std::time::Duration;

use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_runner::manifest::{Authored, SourceFile, folder, resolve};

use crate::args::{FileArgs, Global, SourceArgs};
use crate::check::{self, Limits};
use crate::problem::Problem;
use crate::render::Shown;
use crate::target::{self, Wanted};

/// What is to be sent, and to where; everything about it was checked.
pub struct Source {
    pub origin: Origin,
    pub files: Vec<SourceFile>,
    pub sizes: Vec<u64>,
    pub plan: Plan,
    pub policy: Policy,
}

/// How long files of a folder must be left alone: there, an export job may be at work beside us.
const FOLDER_SETTLE: Duration = Duration::from_secs(10);

/// Reads and checks a manifest or a folder.
pub fn read(
    global: &Global,
    source: &SourceArgs,
    files: &FileArgs,
    settles: bool,
) -> Result<Source, Problem> {
    let path = &source.source;
    let is_folder = path.is_dir();
    let (found, mut policy, wanted) = if is_folder {
        (folder::read(path, &source.map, files.allow_empty)?, Policy::default(), Wanted::default())
    } else {
        from_manifest(source)?
    };
    policy.allow_repeated_trigger |= source.allow_repeated_trigger;
    let origin = target::origin(global, &wanted)?;
    let settle =
        files.settle.unwrap_or(if is_folder && settles { FOLDER_SETTLE } else { Duration::ZERO });
    checked(origin, found, policy, files, settle)
}

fn from_manifest(source: &SourceArgs) -> Result<(Vec<SourceFile>, Policy, Wanted), Problem> {
    let path = &source.source;
    let text = std::fs::read_to_string(path).map_err(|error| Problem::Io {
        what: path.display().to_string(),
        message: error.to_string(),
    })?;
    let authored = Authored::parse(path, &text)?;
    let files = resolve::files(&authored, path)?;
    Ok((files, authored.policy, Wanted { base_url: authored.base_url, profile: authored.profile }))
}

/// Checks policy, order and every file.
pub fn checked(
    origin: Origin,
    mut files: Vec<SourceFile>,
    policy: Policy,
    args: &FileArgs,
    settle: Duration,
) -> Result<Source, Problem> {
    policy.check(origin.is_loopback())?;
    let planned =
        files.iter().map(|file| Planned { trigger: file.trigger, file_name: file_name(file) });
    let plan = Plan::new(planned.collect(), policy.allow_repeated_trigger)?;
    let limits = Limits { max_bytes: args.max_bytes, settle };
    let mut sizes = Vec::with_capacity(files.len());
    for file in &mut files {
        file.allow_empty |= args.allow_empty;
        sizes.push(check::file(file, limits)?);
    }
    Ok(Source { origin, files, sizes, plan, policy })
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
    /// The files as they are told.
    pub fn shown(&self) -> Vec<Shown> {
        let files = self.files.iter().zip(&self.sizes);
        files
            .map(|(file, size)| Shown {
                trigger: file.trigger,
                file_name: file_name(file),
                path: file.path.display().to_string(),
                size: *size,
            })
            .collect()
    }
}

fn file_name(file: &SourceFile) -> String {
    file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
