//! The import `journal`: every fact is durable before the component acts on it.
//!
//! `upload-sealed` is answered when all other bytes are on the socket, so that "sealed" means what it says.

use knosc_bulk_import::run::{Event, Fact};

use crate::bindings::knosc::bulk_import::journal::Host;
use crate::bindings::knosc::bulk_import::types as wit;
use crate::blobs::BlobSourceError;
use crate::convert::Contract;
use crate::failpoint;
use crate::host::{HostedCtx, HostedCtxView};
use crate::progress::{Progress, tell};

impl Host for HostedCtxView<'_> {
    async fn history(&mut self) -> wasmtime::Result<Vec<wit::Event>> {
        match self.ctx.journal.history().await {
            Ok(history) => Ok(history.to_wit()),
            Err(error) => {
                self.ctx.stopped = Some(error.clone().into());
                Err(error.into())
            }
        }
    }

    async fn append(&mut self, event: wit::Event) -> wasmtime::Result<Result<(), String>> {
        // A fact about nothing that was given would poison the journal: such a component is ended.
        let event = Event::from_wit(event)?;
        if event.step >= self.ctx.expected.len() {
            return Err(wasmtime::Error::msg("an event of a file that was not given"));
        }
        self.ctx.hooks.step(event.step);
        match &event.fact {
            // A request after one that Knosc refused begins anew.
            Fact::UploadStarted(_) => self.ctx.stopped = None,
            Fact::UploadSealed(last_bytes) => {
                if let Err(said) = self.ctx.seal(event.step, u64::from(*last_bytes)).await {
                    return Ok(Err(said));
                }
                // From here on a cancelled call waits for the answer: the last bytes leave as soon as this is durable.
                self.ctx.sealed.send_replace(true);
            }
            _ => {}
        }
        Ok(self.ctx.record(event).await)
    }
}

impl HostedCtx {
    /// Waits until every byte but the last ones left, and looks whether the file is still the one that was planned.
    async fn seal(&mut self, step: usize, last_bytes: u64) -> Result<(), String> {
        const NO_UPLOAD: &str = "no upload of this file is under way";
        let (meter, length) = self.hooks.upload().ok_or(NO_UPLOAD)?;
        let before =
            length.checked_sub(last_bytes).ok_or("more last bytes than the request has")?;
        // What became of the connection is told by the answer.
        meter.wait_for(before).await.map_err(|ended| ended.to_string())?;
        let expected = self.expected(step);
        let opened = self.opened.as_mut().filter(|opened| opened.step() == step);
        let opened = opened.ok_or(NO_UPLOAD)?;
        let digest = opened.digest().await;
        // Without a digest to compare, an expected content is not known to be there.
        if !opened.is_unchanged() || (expected.is_some() && digest != expected) {
            let name = opened.name().to_owned();
            let said = "the file changed while it was being sent";
            return self.stop(BlobSourceError::Changed(name), said);
        }
        let Some(digest) = digest else { return Ok(()) };
        match self.journal.digest(step, digest).await {
            Ok(()) => Ok(()),
            Err(error) => self.stop(error, "the host's journal did not take the digest"),
        }
    }

    async fn record(&mut self, event: Event) -> Result<(), String> {
        let ends_upload = matches!(event.fact, Fact::UploadAccepted(_) | Fact::UploadEnded(_));
        let is_seal = matches!(event.fact, Fact::UploadSealed(_));
        failpoint::reach("append");
        let recorded = self.journal.append(event.clone()).await;
        failpoint::reach("appended");
        if ends_upload || (is_seal && recorded.is_err()) {
            self.sealed.send_replace(false);
        }
        match recorded {
            Ok(()) => {
                tell(self.progress.as_ref(), Progress::Event(event));
                Ok(())
            }
            Err(error) => self.stop(error, "the host's journal did not take the event"),
        }
    }
}
