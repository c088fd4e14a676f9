//! The import `journal`: every fact is durable before the component acts on it.
//!
//! `upload-sealed` is answered when all other bytes are on the socket, so that "sealed" means what it says.

use knosc_bulk_import::run::{Event, Fact};

use crate::bindings::knosc::bulk_import::journal::Host;
use crate::bindings::knosc::bulk_import::types as wit;
use crate::convert;
use crate::host::HostState;
use crate::progress::{Progress, tell};

impl Host for HostState {
    async fn history(&mut self) -> wasmtime::Result<Vec<wit::Event>> {
        match self.journal.history().await {
            Ok(history) => Ok(history.iter().map(convert::event_to).collect()),
            Err(error) => {
                self.journal_error = Some(error.clone());
                Err(error.into())
            }
        }
    }

    async fn append(&mut self, event: wit::Event) -> wasmtime::Result<Result<(), String>> {
        // A fact about nothing that was given would poison the journal: such a component is ended.
        let event = convert::event_from(event)?;
        if event.step >= self.file_count {
            return Err(wasmtime::Error::msg("an event of a file that was not given"));
        }
        if let Fact::UploadSealed(last_bytes) = event.fact {
            if let Err(reason) = self.seal(u64::from(last_bytes)).await {
                return Ok(Err(reason));
            }
            // From here on a cancelled call waits for the answer: the last bytes leave as soon as this is durable.
            self.sealed.send_replace(true);
        }
        Ok(self.record(event).await)
    }
}

impl HostState {
    /// Waits until every byte but the last ones left, and looks whether the file is still the one that was opened.
    async fn seal(&mut self, last_bytes: u64) -> Result<(), String> {
        let Some((meter, length)) = self.hooks.upload() else {
            return Err("no upload is under way".to_owned());
        };
        let Some(before) = length.checked_sub(last_bytes) else {
            return Err("more last bytes than the request has".to_owned());
        };
        meter.wait_for(before).await.map_err(|ended| ended.to_string())?;
        match &self.opened {
            Some(opened) if !opened.is_unchanged() => {
                Err("the file changed while it was being sent".to_owned())
            }
            _ => Ok(()),
        }
    }

    async fn record(&mut self, event: Event) -> Result<(), String> {
        let ends_upload = matches!(event.fact, Fact::UploadAccepted(_) | Fact::UploadEnded(_));
        let is_seal = matches!(event.fact, Fact::UploadSealed(_));
        let recorded = self.journal.append(event.clone()).await;
        if ends_upload || (is_seal && recorded.is_err()) {
            self.sealed.send_replace(false);
        }
        match recorded {
            Ok(()) => {
                tell(self.progress.as_ref(), Progress::Event(event));
                Ok(())
            }
            Err(error) => {
                self.journal_error = Some(error);
                Err("the host's journal did not take the event".to_owned())
            }
        }
    }
}
