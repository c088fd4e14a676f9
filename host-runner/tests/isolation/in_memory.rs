//! A journal in memory for each run, for platforms whose tests do not read it again.

use std::sync::Arc;

use knosc_runner::BoxFuture;
use knosc_runner::error::Error;
use knosc_runner::journal::MemoryJournal;
use knosc_runner::platform::Journals;
use knosc_runner::platform::journals::{Begun, NewCall};

pub(crate) struct InMemory;

impl Journals for InMemory {
    fn begin<'a>(&'a self, call: NewCall<'a>) -> BoxFuture<'a, Result<Begun, Error>> {
        Box::pin(async move { Ok(Begun::all(call, Arc::new(MemoryJournal::new()))) })
    }
}
