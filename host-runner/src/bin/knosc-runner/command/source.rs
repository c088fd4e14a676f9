//! From a manifest or a folder to checked files in the order of sending.
//!
//! Reads files of this machine; sends nothing.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use knosc_bulk_import::admission::refresh::{Allowance, Contents};
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::plan::{Plan, Planned};
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::trigger::Trigger;
use knosc_checks::ReadingOptions;
use knosc_runner::blobs::BlobSource;
use knosc_runner::journal::sqlite::Store;
use knosc_runner::manifest::{Authored, SourceFile, folder, resolve};

use crate::args::{FileArgs, Global, HeadArgs, JudgingArgs, SourceArgs};
use crate::check::{self, Limits};
use crate::elsewhere;
use crate::guard;
use crate::judge::{self, Against};
use crate::problem::Problem;
use crate::render::{Reporter, Shown};
use crate::state::State;
use crate::target::{self, Wanted};

/// What is to be sent, and to where; everything about it was checked.
pub struct Source {
    pub origin: Origin,
    pub files: Vec<SourceFile>,
    /// The same files, open, as they were checked.
    pub blobs: Vec<Arc<dyn BlobSource>>,
    /// What is in them, where somebody looked.
    pub contents: Vec<Option<Contents>>,
    pub plan: Plan,
    pub policy: Policy,
    /// Whether the manifest says the time between polls.
    pub says_poll_interval: bool,
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
pub async fn read(
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
        from_manifest(&source.source)?
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
    let against = if head.no_check {
        Against::default()
    } else {
        against(global, &origin, &found, &head.judging, reporter).await?
    };
    let look = if head.no_check { Look::Nowhere } else { Look::Judge(&head.judging, &against) };
    let checks = Checks { global, files, settle, look };
    let source = checked(origin.clone(), found, policy, checks, reporter)?;
    Ok(Source { says_poll_interval: authored.says_poll_interval, ..source })
}

/// What a tenant's files are compared with: its kept templates, and what it has if that is asked for.
pub async fn against(
    global: &Global,
    origin: &Origin,
    files: &[SourceFile],
    judging: &JudgingArgs,
    reporter: &mut Reporter,
) -> Result<Against, Problem> {
    let elsewhere = if judging.against_knosc {
        elsewhere::read(global, origin, files, reporter).await?
    } else {
        Vec::new()
    };
    let state = State::new(global.state.clone());
    let kept = state.as_ref().map(|state| (state, origin));
    Ok(Against::new(files, judging, kept, elsewhere))
}

/// The files that a manifest names, and what else it says.
pub fn from_manifest(path: &Path) -> Result<(Vec<SourceFile>, Authored), Problem> {
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
    pub global: &'a Global,
    pub files: &'a FileArgs,
    pub settle: Duration,
    pub look: Look<'a>,
}

/// How far files are looked into.
#[derive(Clone, Copy)]
pub enum Look<'a> {
    Nowhere,
    /// What they hold is compared with what was loaded before.
    Contents(&'a ReadingOptions),
    /// They are held to everything that is known.
    Judge(&'a JudgingArgs, &'a Against),
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
        files.iter().map(|file| Planned { trigger: file.trigger, file_name: file.name() });
    let plan = Plan::new(planned.collect(), policy.allow_repeated_trigger)?;
    let limits = Limits { max_bytes: checks.files.max_bytes, settle: checks.settle };
    let mut blobs: Vec<Arc<dyn BlobSource>> = Vec::with_capacity(files.len());
    for file in &mut files {
        allow(file, checks.files, &|flag| checks.global.is_of_profile(flag));
        let blob = check::file(file, limits, &mut |sentence| reporter.note(sentence))?;
        blobs.push(Arc::new(blob));
    }
    let contents = match checks.look {
        Look::Nowhere => vec![None; files.len()],
        Look::Contents(options) => {
            let contents = files.iter().map(|file| judge::contents(file, options));
            contents.collect::<Result<_, _>>()?
        }
        Look::Judge(judging, against) => {
            let checked = judge::files(&files, judging, against)?;
            reporter.findings(&checked);
            let denying = judge::denying(&checked);
            if !denying.is_empty() {
                return Err(Problem::Unfit(denying));
            }
            judge::take_contents(checked)
        }
    };
    Ok(Source { origin, files, blobs, contents, plan, policy, says_poll_interval: false })
}

/// What is typed, or in a variable, goes before what the manifest says, and that before the profile.
fn allow(file: &mut SourceFile, args: &FileArgs, is_of_profile: &dyn Fn(&str) -> bool) {
    let all = args.allow_empty.then_some(Allowance::ALL);
    file.allow_drop = if is_of_profile("allow-empty") {
        file.allow_drop.or(all)
    } else {
        all.or(file.allow_drop)
    };
    file.allow_drop = if is_of_profile("allow-drop") {
        file.allow_drop.or(args.allow_drop)
    } else {
        args.allow_drop.or(file.allow_drop)
    };
    file.allow_empty |= file.allow_drop.is_some_and(Allowance::permits_empty);
    let key = args.key.iter().find(|(trigger, _)| *trigger == file.trigger);
    let key = key.map(|(_, columns)| columns.clone());
    file.key = if is_of_profile("key") { file.key.take().or(key) } else { key.or(file.key.take()) };
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
    /// Says what files leave out of what was loaded before, and refuses those that leave out too much.
    pub async fn guard(
        &self,
        store: Option<&Store>,
        order: &[usize],
        reporter: &mut Reporter,
    ) -> Result<(), Problem> {
        let tenant = self.origin.to_string();
        let guarded = guard::compare(store, &tenant, &self.files, &self.contents, order).await?;
        reporter.guarded(&guarded);
        let refused: Vec<_> = guarded.into_iter().filter(guard::Guarded::is_refused).collect();
        if refused.is_empty() { Ok(()) } else { Err(Problem::Dropped(refused)) }
    }

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
                file_name: file.name(),
                path: file.path.display().to_string(),
                size: blob.size(),
                position: 0,
            })
            .collect()
    }
}
