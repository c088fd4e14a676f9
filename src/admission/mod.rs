//! Whether a file may be sent, from what was sent to the same tenant and trigger before.
//!
//! Pure decisions on rows that were read; opens nothing. Knosc has no idempotency key: this is what stands in for one.

mod known;
pub mod refresh;
pub mod size_limit;

pub use known::{Digest, Earlier, RecordedStep, Stamp, Standing};

use crate::trigger::Trigger;

/// What becomes of a file whose bytes completed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchanged {
    /// It is not sent, and counts as done.
    Skip,
    /// It is sent again.
    Send,
    /// Nothing is sent.
    Refuse,
}

/// A file that somebody wants to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it goes.
    pub trigger: Trigger,
    /// Where it is.
    pub path: std::path::PathBuf,
    /// As it is now.
    pub stamp: Stamp,
    /// Its digest, if it is known.
    pub digest: Option<Digest>,
}

/// What may be done with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It may be sent.
    Send,
    /// The same bytes completed in this run, and nothing was accepted after them.
    Unchanged(String),
    /// Nothing may be sent.
    Refused(AdmissionError),
}

/// Why a file is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// An earlier file of the same trigger may have been accepted; another one could overtake it.
    #[error("whether '{file_name}' of run {run} was accepted by {trigger} is not known")]
    UnknownBefore {
        /// The run.
        run: String,
        /// Where it went.
        trigger: Trigger,
        /// What was sent.
        file_name: String,
    },
    /// The same bytes were accepted, and it is not known how that ended.
    #[error("the same file was accepted by {trigger} in run {run} as job {job_id} ({})", .standing.word())]
    StillOpen {
        /// The run.
        run: String,
        /// Where it went.
        trigger: Trigger,
        /// Its job.
        job_id: String,
        /// Pending or lost.
        standing: Standing,
    },
    /// The same bytes completed, and nothing was accepted after them.
    #[error("the same file completed in {trigger} in run {run}")]
    Completed {
        /// The run.
        run: String,
        /// Where it went.
        trigger: Trigger,
    },
    /// A later run loaded another file: sending this one now would put old data over new.
    #[error("run {run} sent another file to {trigger} since")]
    Overtaken {
        /// The later run.
        run: String,
        /// Where both go.
        trigger: Trigger,
    },
}

impl AdmissionError {
    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::UnknownBefore { .. } => {
                "look in Knosc whether it arrived, then say so with knosc-runner runs resolve; runs show says what to look at"
            }
            Self::StillOpen { standing: Standing::Lost, .. } => {
                "look in Knosc for the job; if it is not there, say so with knosc-runner runs resolve RUN STEP --not-accepted"
            }
            Self::StillOpen { .. } => "watch that run to its end with knosc-runner resume",
            Self::Completed { .. } => "nothing needs to be done; --unchanged send sends it again",
            Self::Overtaken { .. } => "begin a new run with the files as they are now",
        }
    }
}

/// The digest that an earlier run made of just this state of the file.
pub fn known_digest(candidate: &Candidate, earlier: &[Earlier]) -> Option<Digest> {
    let mut same = earlier.iter().filter(|earlier| is_same_state(candidate, earlier));
    same.find_map(|earlier| earlier.step.digest)
}

/// Whether the file's digest decides: only a file of the same length can hold the same bytes.
pub fn needs_digest(candidate: &Candidate, earlier: &[Earlier]) -> bool {
    let counts = |standing: Standing| {
        matches!(standing, Standing::Pending | Standing::Lost | Standing::Completed)
    };
    earlier.iter().any(|earlier| {
        earlier.step.stamp.size == candidate.stamp.size && counts(earlier.step.standing)
    })
}

/// Whether a file may be sent. `earlier` is everything that other runs did with the tenant's trigger, in any order.
pub fn admit(candidate: &Candidate, earlier: &[Earlier], unchanged: Unchanged) -> Admission {
    let trigger = candidate.trigger;
    let standing = |standing| {
        earlier.iter().filter(move |earlier: &&Earlier| earlier.step.standing == standing)
    };
    if let Some(unknown) = standing(Standing::Unknown).next() {
        return Admission::Refused(AdmissionError::UnknownBefore {
            run: unknown.run.clone(),
            trigger,
            file_name: unknown.step.file_name.clone(),
        });
    }
    let mut open = standing(Standing::Pending).chain(standing(Standing::Lost));
    if let Some(open) = open.find(|earlier| may_be_same_content(candidate, earlier)) {
        return Admission::Refused(AdmissionError::StillOpen {
            run: open.run.clone(),
            trigger,
            job_id: open.step.job_id.clone().unwrap_or_default(),
            standing: open.step.standing,
        });
    }
    // Only the file that Knosc took last says what is there now: A, B, A is a change back to A.
    let accepted = earlier.iter().filter(|earlier| earlier.step.accepted.is_some());
    let last = accepted.max_by_key(|earlier| earlier.step.accepted);
    match (last, unchanged) {
        (Some(last), Unchanged::Skip | Unchanged::Refuse)
            if last.step.standing == Standing::Completed && is_same_content(candidate, last) =>
        {
            let run = last.run.clone();
            match unchanged {
                Unchanged::Skip => Admission::Unchanged(run),
                _ => Admission::Refused(AdmissionError::Completed { run, trigger }),
            }
        }
        _ => Admission::Send,
    }
}

/// Whether a file of a run that is resumed may still be sent: not once a later run had something accepted, or something unknown.
pub fn readmit(
    candidate: &Candidate,
    run_number: i64,
    earlier: &[Earlier],
) -> Result<(), AdmissionError> {
    let later =
        |earlier: &&Earlier| earlier.run_number > run_number && earlier.step.accepted.is_some();
    if let Admission::Refused(refused) = admit(candidate, earlier, Unchanged::Refuse) {
        return Err(refused);
    }
    match earlier.iter().find(later) {
        Some(later) => {
            let (run, trigger) = (later.run.clone(), candidate.trigger);
            Err(AdmissionError::Overtaken { run, trigger })
        }
        None => Ok(()),
    }
}

fn is_same_state(candidate: &Candidate, earlier: &Earlier) -> bool {
    candidate.stamp.is_same_state(&earlier.step.stamp) && candidate.path == earlier.step.path
}

/// By their digests; where one is missing, by a stamp that only the same bytes have.
fn is_same_content(candidate: &Candidate, earlier: &Earlier) -> bool {
    match (candidate.digest, earlier.step.digest) {
        (Some(now), Some(then)) => now == then,
        _ => is_same_state(candidate, earlier),
    }
}

/// The same question about a file that Knosc may still be working on: what cannot be ruled out counts.
fn may_be_same_content(candidate: &Candidate, earlier: &Earlier) -> bool {
    if let (Some(now), Some(then)) = (candidate.digest, earlier.step.digest) {
        return now == then;
    }
    let (now, then) = (&candidate.stamp, &earlier.step.stamp);
    let looks_same = now.size == then.size && now.mtime_ns == then.mtime_ns;
    looks_same && candidate.path == earlier.step.path
}
