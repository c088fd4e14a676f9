//! A journal in a database of the embedder's: a table of runs, and a row for each fact.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use knosc_bulk_import::run::Event;
use knosc_runner::BoxFuture;
use knosc_runner::journal::{Journal, JournalError};

/// Stands for a database: what is in it outlives every run. A real one commits before `append` returns.
#[derive(Clone, Default)]
pub(crate) struct Database {
    runs: Arc<Mutex<HashMap<String, Rows>>>,
}

/// What the database holds of one run.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    pub(crate) events: Vec<Event>,
    /// The digest of each step's file.
    pub(crate) digests: HashMap<usize, [u8; 16]>,
}

impl Database {
    /// What is known of a run.
    pub(crate) fn rows(&self, run: &str) -> Rows {
        self.tables().get(run).cloned().unwrap_or_default()
    }

    fn tables(&self) -> MutexGuard<'_, HashMap<String, Rows>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The journal of one run.
pub(crate) struct TableJournal {
    database: Database,
    run: String,
}

impl TableJournal {
    /// Of the run with this name.
    pub(crate) fn new(database: &Database, run: &str) -> Self {
        Self { database: database.clone(), run: run.to_owned() }
    }

    fn change(&self, change: impl FnOnce(&mut Rows)) {
        change(self.database.tables().entry(self.run.clone()).or_default());
    }
}

impl Journal for TableJournal {
    fn history(&self) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        Box::pin(async { Ok(self.database.rows(&self.run).events) })
    }

    fn append(&self, event: Event) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            self.change(|rows| match rows.events.last_mut() {
                Some(last) if event.repeats(last) => *last = event,
                _ => rows.events.push(event),
            });
            Ok(())
        })
    }

    fn digest(&self, step: usize, digest: [u8; 16]) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            self.change(|rows| {
                rows.digests.insert(step, digest);
            });
            Ok(())
        })
    }
}
