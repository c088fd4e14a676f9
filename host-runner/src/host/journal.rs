//! The import `journal`: every fact is durable before the component acts on it.
//!
//! `upload-sealed` is answered when all other bytes are on the socket, so that "sealed" means what it says.

use data_encoding::HEXLOWER;
use knosc_bulk_import::run::{Event, Fact};

use crate::bindings::knosc::bulk_import::journal::Host;
use crate::bindings::knosc::bulk_import::types as wit;
use crate::blobs::BlobSourceError;
use crate::host::{HostedCtx, HostedCtxView, Stopped};
use crate::journal::JournalError;
use crate::net::Ended;
use crate::progress::{Progress, tell};
use crate::{convert, failpoint};

/// Why an upload's last bytes may not leave. The component is told in words.
#[derive(Clone, Debug, thiserror::Error)]
enum Unsealed {
    #[error("no upload is under way")]
    NoUpload,
    #[error("more last bytes than the request has")]
    TooManyBytes,
    #[error(transparent)]
    Ended(#[from] Ended),
    #[error("the file changed while it was being sent")]
    Changed(BlobSourceError),
    #[error("the host's journal did not take the digest")]
    Journal(JournalError),
}

impl Host for HostedCtxView<'_> {
    async fn history(&mut self) -> wasmtime::Result<Vec<wit::Event>> {
        match self.ctx.journal.history().await {
            Ok(history) => Ok(history.iter().map(convert::event_to).collect()),
            Err(error) => {
                self.ctx.stopped = Some(Stopped::Journal(error.clone()));
                Err(error.into())
            }
        }
    }

    async fn append(&mut self, event: wit::Event) -> wasmtime::Result<Result<(), String>> {
        // A fact about nothing that was given would poison the journal: such a component is ended.
        let mut event = convert::event_from(event)?;
        let Some(expected) = self.ctx.expected.get(event.step).copied() else {
            return Err(wasmtime::Error::msg("an event of a file that was not given"));
        };
        match &mut event.fact {
            Fact::UploadStarted(sent) => {
                // A request after one that Knosc refused begins anew.
                self.ctx.stopped = None;
                if let Some(sha256) = expected {
                    sent.sha256 = Some(HEXLOWER.encode(&sha256));
                }
            }
            Fact::UploadSealed(last_bytes) => {
                if let Err(unsealed) = self.ctx.seal(event.step, u64::from(*last_bytes)).await {
                    return Ok(Err(self.ctx.unsealed(unsealed)));
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
    async fn seal(&mut self, step: usize, last_bytes: u64) -> Result<(), Unsealed> {
        let (meter, length) = self.hooks.upload().ok_or(Unsealed::NoUpload)?;
        let before = length.checked_sub(last_bytes).ok_or(Unsealed::TooManyBytes)?;
        meter.wait_for(before).await?;
        let expected = self.expected(step);
        let Some(opened) = self.opened.as_mut().filter(|opened| opened.step() == step) else {
            return Err(Unsealed::NoUpload);
        };
        let digest = opened.digest().await;
        // Without a digest to compare, an expected content is not known to be there.
        if !opened.is_unchanged() || (expected.is_some() && digest != expected) {
            let name = opened.name().to_owned();
            return Err(Unsealed::Changed(BlobSourceError::Changed { name }));
        }
        match digest {
            Some(sha256) => self.journal.digest(step, sha256).await.map_err(Unsealed::Journal),
            None => Ok(()),
        }
    }

    fn unsealed(&mut self, unsealed: Unsealed) -> String {
        let said = unsealed.to_string();
        match unsealed {
            Unsealed::Changed(error) => self.stopped = Some(Stopped::Blob(error)),
            Unsealed::Journal(error) => self.stopped = Some(Stopped::Journal(error)),
            // What became of the connection is told by the answer.
            Unsealed::NoUpload | Unsealed::TooManyBytes | Unsealed::Ended(_) => {}
        }
        said
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
            Err(error) => {
                self.stopped = Some(Stopped::Journal(error));
                Err("the host's journal did not take the event".to_owned())
            }
        }
    }
}
