//! Before an upload: does Knosc still take the session? One documented GET, where nothing else has shown it just now.
//!
//! Looks for 401 and 422 alone. Whatever else comes, or nothing, stops no upload; and an upload is never asked for twice.

use std::time::Duration;

use knosc_bulk_import::protocol::{Answer, Method, classify, validate_privileges};

use super::{SessionKeeper, SignInError};

/// A server that does not answer this in time may take the file all the same.
const TIME_MAX: Duration = Duration::from_secs(10);

/// The most that is read of the answer.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// What came of asking.
pub(crate) enum Proof {
    /// Nothing speaks against the session.
    Taken,
    /// Knosc did not take it, and there is another one now.
    Renewed,
    /// Knosc did not take it, and there is no other one.
    Refused(Answer),
}

impl SessionKeeper {
    /// Asks Knosc whether it takes the session of this generation, unless it did so within the last minute.
    ///
    /// However many uploads find it expired, it is renewed once.
    pub(crate) async fn prove(&self, generation: u64) -> Proof {
        if self.freshness.is_fresh(generation, self.clock.now_ms()) {
            return Proof::Taken;
        }
        let answer = tokio::time::timeout(TIME_MAX, self.asked(generation)).await;
        match answer {
            Ok(Ok(Some(answer))) if classify::wants_renewal(answer.status) => {
                if self.renew(generation).await { Proof::Renewed } else { Proof::Refused(answer) }
            }
            Ok(Ok(Some(answer))) => {
                self.answered(generation, answer.status);
                Proof::Taken
            }
            Ok(Ok(None)) => Proof::Renewed,
            Ok(Err(error)) => {
                tracing::debug!(%error, "the session could not be proved");
                Proof::Taken
            }
            Err(_) => {
                tracing::debug!("the session could not be proved in time");
                Proof::Taken
            }
        }
    }

    /// Notes that Knosc answered a request with the session of this generation.
    pub(crate) fn answered(&self, generation: u64, status: u16) {
        if (200..=299).contains(&status) {
            self.freshness.note(generation, self.clock.now_ms());
        }
    }

    /// `None` if there is another session by now.
    async fn asked(&self, generation: u64) -> Result<Option<Answer>, SignInError> {
        let (now, headers) = self.headers(Method::Get).await?;
        if now != generation {
            return Ok(None);
        }
        let request = validate_privileges::request();
        Ok(Some(self.client.exchange(&request, headers, ANSWER_BYTES_MAX).await?))
    }
}
