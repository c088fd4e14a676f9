//! Which files of a run are sent, after what the store knows of earlier ones.
//!
//! Reads the store and, where a digest decides, the file. Sends nothing; the decisions are the core's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use knosc_bulk_import::admission::{
    self as rules, Admission, Candidate, Digest, Earlier, RecordedStep, Stamp, Unchanged,
};
use knosc_bulk_import::trigger::Trigger;
use knosc_runner::blobs::BlobSource;
use knosc_runner::journal::sqlite::{Kind, NewStep, RecordedRun, Store, file};

use crate::problem::{FileProblem, Problem};
use crate::when;

/// A file that somebody wants to send.
pub struct Wish {
    pub trigger: Trigger,
    pub file_name: String,
    pub path: PathBuf,
    pub content: Content,
}

/// Where a file's content is.
pub enum Content {
    /// At its path.
    File,
    /// Here: its path is a label of its own, which no other file has.
    Given(Arc<dyn BlobSource>),
}

/// Whether files are sent of a size that was refused as too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeLimit {
    Kept,
    Ignored,
}

impl SizeLimit {
    /// As a flag says.
    pub const fn new(ignored: bool) -> Self {
        if ignored { Self::Ignored } else { Self::Kept }
    }

    /// Refuses the first file that is as large as one that was refused lately, or larger.
    pub async fn check(
        self,
        store: &Store,
        tenant: &str,
        mut files: impl Iterator<Item = (&Path, u64)>,
    ) -> Result<(), Problem> {
        if self == Self::Ignored {
            return Ok(());
        }
        let Some(refused) = store.refused_size(tenant, when::now_ms()).await? else {
            return Ok(());
        };
        match files.find(|(_, size)| *size >= refused) {
            None => Ok(()),
            Some((path, size)) => Err(Problem::File {
                path: path.to_owned(),
                problem: FileProblem::OverSizeLimit { size, refused },
            }),
        }
    }
}

/// Decides on all files of a run; nothing may be sent if one is refused.
pub async fn admit(
    store: &Store,
    tenant: &str,
    wishes: Vec<Wish>,
    unchanged: Unchanged,
    limit: SizeLimit,
) -> Result<Vec<NewStep>, Problem> {
    let mut steps = Vec::with_capacity(wishes.len());
    let mut refused = Vec::new();
    for wish in wishes {
        let earlier = store.earlier(tenant, wish.trigger, None).await?;
        let candidate = match &wish.content {
            Content::File => candidate(wish.trigger, &wish.path)?,
            Content::Given(blob) => {
                let stamp = Stamp { size: blob.size(), mtime_ns: 0, ctime_ns: 0, inode: 0 };
                let path = wish.path.clone();
                Candidate { trigger: wish.trigger, path, stamp, digest: None }
            }
        };
        let candidate = with_digest(candidate, &earlier, &wish.content).await?;
        let unchanged_of = match rules::admit(&candidate, &earlier, unchanged) {
            Admission::Send => None,
            Admission::Unchanged(run) => Some(run),
            Admission::Refused(error) => {
                refused.push(error);
                continue;
            }
        };
        steps.push(NewStep {
            trigger: wish.trigger,
            file_name: wish.file_name,
            path: candidate.path,
            stamp: candidate.stamp,
            expected: candidate.digest,
            unchanged_of,
        });
    }
    if !refused.is_empty() {
        return Err(Problem::Refused(refused));
    }
    let sent = steps.iter().filter(|step| step.unchanged_of.is_none());
    let sized = sent.map(|step| (step.path.as_path(), step.stamp.size));
    limit.check(store, tenant, sized).await?;
    Ok(steps)
}

/// Whether a file of a run that is resumed may still be sent: it has to be as it was, and nothing may have overtaken it.
pub async fn readmit(
    store: &Store,
    run: &RecordedRun,
    step: &RecordedStep,
    limit: SizeLimit,
) -> Result<Option<Digest>, Problem> {
    if run.kind == Kind::Restored {
        return Err(Problem::Usage {
            message: format!("run {} has no file: it stands for what the journal lost", run.id),
            hint: "begin a run with the files that Knosc should have now",
        });
    }
    let unfit = |problem| Problem::File { path: step.path.clone(), problem };
    let now = match file::stamp(&step.path) {
        Ok(now) => now,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(unfit(if is_made(run, step) {
                FileProblem::Made
            } else {
                FileProblem::Gone
            }));
        }
        Err(error) => return Err(unfit(FileProblem::Unreadable(error.to_string()))),
    };
    if !is_as_recorded(step, now).await? {
        return Err(unfit(FileProblem::NotAsRecorded));
    }
    limit.check(store, &run.tenant, std::iter::once((step.path.as_path(), now.size))).await?;
    let earlier = store.earlier(&run.tenant, step.trigger, Some(&run.id)).await?;
    let candidate = Candidate {
        trigger: step.trigger,
        path: step.path.clone(),
        stamp: now,
        digest: step.digest,
    };
    let candidate = with_digest(candidate, &earlier, &Content::File).await?;
    rules::readmit(&candidate, run.number, &earlier)
        .map_err(|error| Problem::Refused(vec![error]))?;
    Ok(candidate.digest)
}

/// Whether a file holds what was recorded of it: by its content where that is known, and unless nothing can have touched it.
pub async fn is_as_recorded(step: &RecordedStep, now: Stamp) -> Result<bool, Problem> {
    match step.digest {
        None => Ok(now.is_as_recorded(&step.stamp)),
        Some(_) if now.is_same_state(&step.stamp) => Ok(true),
        Some(_) if now.size != step.stamp.size => Ok(false),
        Some(recorded) => Ok(hashed(&step.path).await? == recorded),
    }
}

/// A file's digest. Not this thread's work: a file may be large.
async fn hashed(path: &Path) -> Result<Digest, Problem> {
    let path = path.to_owned();
    let unreadable = {
        let path = path.clone();
        |message| Problem::File { path, problem: FileProblem::Unreadable(message) }
    };
    let hashed = tokio::task::spawn_blocking(move || file::digest(&path)).await;
    let hashed = hashed.map_err(|error| Problem::Internal(error.to_string()))?;
    hashed.map_err(|error| unreadable(error.to_string()))
}

/// Whether a pipeline made the file: such files are named below a folder that has the run's name, and never was there.
fn is_made(run: &RecordedRun, step: &RecordedStep) -> bool {
    let folder = step.path.parent().and_then(Path::file_name);
    run.kind == Kind::Pipeline && folder.is_some_and(|folder| folder == run.id.as_str())
}

fn candidate(trigger: Trigger, path: &Path) -> Result<Candidate, Problem> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let stamp = file::stamp(&path).map_err(|error| Problem::File {
        path: path.clone(),
        problem: FileProblem::Unreadable(error.to_string()),
    })?;
    Ok(Candidate { trigger, path, stamp, digest: None })
}

/// With the digest that is known; made from the content only where it decides.
async fn with_digest(
    mut candidate: Candidate,
    earlier: &[Earlier],
    content: &Content,
) -> Result<Candidate, Problem> {
    if candidate.digest.is_some() {
        return Ok(candidate);
    }
    candidate.digest = rules::known_digest(&candidate, earlier);
    if candidate.digest.is_none() && rules::needs_digest(&candidate, earlier) {
        let digest = match content {
            Content::File => hashed(&candidate.path).await?,
            Content::Given(blob) => {
                file::digest_of(blob.as_ref()).await.map_err(|error| Problem::File {
                    path: candidate.path.clone(),
                    problem: FileProblem::Unreadable(error.to_string()),
                })?
            }
        };
        candidate.digest = Some(digest);
    }
    Ok(candidate)
}
