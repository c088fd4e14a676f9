//! Where the facts of a pipeline's `jobs` calls are kept, and which of its files are sent: the trait that a platform's host fills.
//!
//! Values and a trait. The host decides on what it knows of earlier runs; a pipeline hears a fault, and nothing of the host.

use std::fmt;
use std::sync::Arc;

use knosc_bulk_import::job::JobReport;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::policy::Policy;
use knosc_bulk_import::trigger::Trigger;

use crate::BoxFuture;
use crate::blobs::BlobSource;
use crate::error::Error;
use crate::journal::Journal;

/// Gives each `jobs` call of a pipeline a journal of its own, before anything is sent.
pub trait Journals: Send + Sync {
    /// Begins the run of one call: decides which of its files are sent, records it, and takes whatever has to be held until it ends.
    ///
    /// # Errors
    /// [`Error`] where it may not begin now: the storage fails, another run holds one of the triggers, a file was sent before. A
    /// [`Fault`](knosc_bulk_import::fault::Fault) is told to the pipeline as it is, and reported as
    /// [`JobCall::NotBegun`](super::JobCall::NotBegun); of the other cases it hears what it may do next.
    fn begin<'a>(&'a self, call: NewCall<'a>) -> BoxFuture<'a, Result<Begun, Error>>;

    /// Hears what a poll of the pipeline said of jobs, so that the journals of their uploads know it too. By default it is forgotten.
    fn observed<'a>(&'a self, origin: &'a Origin, reports: &'a [JobReport]) -> BoxFuture<'a, ()> {
        let _ = (origin, reports);
        Box::pin(std::future::ready(()))
    }
}

/// A call that is about to send files.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct NewCall<'a> {
    /// The tenant's name in the operator's file.
    pub tenant: &'a str,
    /// Its Knosc.
    pub origin: &'a Origin,
    /// Which function the pipeline called.
    pub function: Function,
    /// How its jobs are watched.
    pub policy: Policy,
    /// In the order given.
    pub steps: &'a [(Trigger, Arc<dyn BlobSource>)],
}

/// A function of `jobs` that sends files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// One file, and no poll.
    Upload,
    /// Any number of files, each to its end.
    RunOrdered,
}

/// A call that may begin.
pub struct Begun {
    /// Of this call alone, for the files that are sent.
    pub journal: Arc<dyn Journal>,
    /// What becomes of each file, in the order given.
    pub files: Vec<BegunFile>,
    /// Called when the call has ended, in whatever way. Where it is dropped instead, because the host ends, the system has to free
    /// what it holds.
    pub release: Option<Release>,
}

/// What becomes of a file.
#[derive(Debug)]
pub enum BegunFile {
    /// It is sent: the one that was given, or the same with a content that it must have.
    Sent(Arc<dyn BlobSource>),
    /// It is not sent: the same bytes completed in this run.
    Unchanged(String),
}

/// Gives back what a call held.
pub type Release = Box<dyn FnOnce() -> BoxFuture<'static, ()> + Send + Sync>;

impl Begun {
    /// A call that sends every file and holds nothing.
    pub fn all(call: NewCall<'_>, journal: Arc<dyn Journal>) -> Self {
        let files = call.steps.iter().map(|(_, blob)| BegunFile::Sent(Arc::clone(blob))).collect();
        Self { journal, files, release: None }
    }
}

impl fmt::Debug for Begun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").field("files", &self.files).finish_non_exhaustive()
    }
}
