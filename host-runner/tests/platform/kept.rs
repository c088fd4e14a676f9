//! Journals in memory that a test reads afterwards.

use std::sync::{Arc, Mutex};

use knosc_bulk_import::run::Event;
use knosc_runner::BoxFuture;
use knosc_runner::error::Error;
use knosc_runner::journal::MemoryJournal;
use knosc_runner::platform::Journals;
use knosc_runner::platform::journals::{Begun, NewCall};

/// Each journal that was made.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Vec<Arc<MemoryJournal>>>);

impl Kept {
    /// The events of each call.
    pub(crate) fn events(&self) -> Vec<Vec<Event>> {
        self.0.lock().unwrap().iter().map(|one| one.events()).collect()
    }
}

impl Journals for Kept {
    fn begin<'a>(&'a self, call: NewCall<'a>) -> BoxFuture<'a, Result<Begun, Error>> {
        let journal = Arc::new(MemoryJournal::new());
        self.0.lock().unwrap().push(Arc::clone(&journal));
        Box::pin(async move { Ok(Begun::all(call, journal)) })
    }
}
