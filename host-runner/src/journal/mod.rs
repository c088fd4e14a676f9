//! Where the facts of a run are kept: the trait that a host fills, and one in memory.
//!
//! A journal holds exactly one run. It decides nothing: whether facts fit together is the run machine's.

#[cfg(feature = "sqlite")]
pub mod sqlite;

use std::fmt;
use std::sync::{Mutex, PoisonError};

use knosc_bulk_import::run::Event;

use crate::BoxFuture;

/// The record of one run.
///
/// `append` returns only when the event would survive a crash: the component makes its next request after that, and a run is
/// rebuilt from these events alone. One writer at a time; the command line tool holds a lock of its `SQLite` store for it.
pub trait Journal: Send + Sync {
    /// Every event so far, in the order of appending; empty for a new run.
    fn history(&self) -> BoxFuture<'_, Result<Vec<Event>, JournalError>>;

    /// Makes one event durable. What a poll saw (`job-observed`, `poll-failed`) may wait for the next event that is not of a poll, if it
    /// outlives the process meanwhile: nothing is sent on its word before that.
    ///
    /// An event that [repeats](Event::repeats) the last one need not be written.
    fn append(&self, event: Event) -> BoxFuture<'_, Result<(), JournalError>>;

    /// Takes the digest of the file of a step, its XXH3 of 128 bits, big-endian, so that the same file can be known again.
    ///
    /// Called once before the append of `upload-sealed`; durable with it at the latest. Not called where no digest was made. By
    /// default it is forgotten.
    fn digest(&self, step: usize, digest: [u8; 16]) -> BoxFuture<'_, Result<(), JournalError>> {
        let _ = (step, digest);
        Box::pin(std::future::ready(Ok(())))
    }
}

impl fmt::Debug for dyn Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Journal")
    }
}

/// Why a journal did not take or give its events.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process works on this run.
    #[error("the journal is in use: {0}")]
    Locked(String),
    /// The events cannot be read.
    #[error("the journal cannot be read: {0}")]
    Read(String),
    /// The event cannot be made durable.
    #[error("the journal cannot be written: {0}")]
    Write(String),
}

/// A journal that lives as long as its process: for tests, and for embedders that keep the report instead.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    events: Mutex<Vec<Event>>,
}

impl MemoryJournal {
    /// A new run's journal.
    pub fn new() -> Self {
        Self::default()
    }

    /// The journal of a run that had come so far: the events of an earlier report.
    pub fn resuming(events: Vec<Event>) -> Self {
        Self { events: Mutex::new(events) }
    }

    /// What was appended so far.
    pub fn events(&self) -> Vec<Event> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A repetition takes the place of the one before, so that 100,000 polls cost no memory.
    fn remember(&self, event: Event) {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        match events.last_mut() {
            Some(last) if event.repeats(last) => *last = event,
            _ => events.push(event),
        }
    }
}

impl Journal for MemoryJournal {
    fn history(&self) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        Box::pin(async { Ok(self.events()) })
    }

    fn append(&self, event: Event) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async {
            self.remember(event);
            Ok(())
        })
    }
}
