//! What the store knows of runs and their files, as values.
//!
//! Values only; what admissions are decided by is the core's.

use std::path::PathBuf;

use knosc_bulk_import::admission::{Digest, RecordedStep, Stamp};
use knosc_bulk_import::job::RowError;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::run::Event;
use knosc_bulk_import::trigger::Trigger;

/// What a run was asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One file.
    Upload,
    /// The files of a manifest or a folder.
    Run,
    /// Those of one call of a tenant's pipeline.
    Pipeline,
    /// No file: it stands for what a journal lost, until a person says what Knosc has.
    Restored,
}

impl Kind {
    /// The word for people, and in the store.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Run => "run",
            Self::Pipeline => "pipeline",
            Self::Restored => "restored",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Upload, Self::Run, Self::Pipeline, Self::Restored];
        all.into_iter().find(|kind| kind.word() == word)
    }
}

/// A file of a run that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewStep {
    /// Where the file goes.
    pub trigger: Trigger,
    /// Its name for Knosc.
    pub file_name: String,
    /// Where it is, so that the run can be resumed from elsewhere.
    pub path: PathBuf,
    /// How it was found.
    pub stamp: Stamp,
    /// Its digest, where it was known before sending.
    pub expected: Option<Digest>,
    /// The run in which the same bytes completed: the file is then not sent.
    pub unchanged_of: Option<String>,
}

/// A run that is about to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRun {
    /// Its id, from [`new_id`](super::id::new_id).
    pub id: String,
    /// The origin.
    pub tenant: String,
    /// What was asked for.
    pub kind: Kind,
    /// Unix time.
    pub created_ms: u64,
    /// How jobs are watched.
    pub policy: Policy,
    /// In the order given.
    pub steps: Vec<NewStep>,
}

/// A run as the store knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRun {
    /// Its id.
    pub id: String,
    /// Which run of the store this was; later ones have larger numbers, whatever the clock said.
    pub number: i64,
    /// The origin.
    pub tenant: String,
    /// What was asked for.
    pub kind: Kind,
    /// Unix time.
    pub created_ms: u64,
    /// When nothing was left to do.
    pub finished_ms: Option<u64>,
    /// How jobs are watched.
    pub policy: Policy,
    /// In the order of their indexes.
    pub steps: Vec<RecordedStep>,
}

/// An event and, where a person made it, who.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The fact.
    pub event: Event,
    /// `user@host` of a resolution.
    pub actor: Option<String>,
}

/// The row errors of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepErrors {
    /// Its index in the run's events.
    pub step: usize,
    /// What Knosc said, as far as it was kept.
    pub errors: Vec<RowError>,
}
