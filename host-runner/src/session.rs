//! One tenant's session: made once, renewed once for all who found it expired, and never by a loop.
//!
//! Holds the only copy of the tokens in the process. A refused sign-in is remembered and not repeated: three in a row lock the account.

mod freshness;
#[cfg(feature = "sign-in")]
mod one_time;
mod proof;
#[cfg(feature = "sign-in")]
mod sign_in;
mod sign_in_error;

use std::fmt;
use std::sync::Arc;

use knosc_bulk_import::protocol::{
    ANSWER_BYTES_MAX, Answer, Method, Request, cookies, token_refresh,
};
use knosc_bulk_import::session::Session;
use tokio::sync::Mutex;

#[cfg(feature = "sign-in")]
pub use one_time::OneTimeError;
pub use sign_in_error::SignInError;

use crate::clock::Clock;
use crate::credentials::{Credentials, Secret};
use crate::net::Client;
use freshness::Freshness;
pub(crate) use proof::Proof;

/// Keeps one tenant's session. Share it in an [`Arc`]: two keepers of one user would sign in twice.
pub struct SessionKeeper {
    client: Client,
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
    /// Locked while a session is made, so that everybody else waits for that one instead of making another.
    state: Mutex<State>,
    /// When Knosc last took the session.
    freshness: Freshness,
}

#[derive(Default)]
struct State {
    session: Option<Session>,
    /// What the credentials gave last, to tell a newer one from it.
    given: Option<Session>,
    /// Counts the sessions; whoever found one expired says which.
    generation: u64,
    /// Why no further sign-in is tried.
    #[cfg(feature = "sign-in")]
    refused: Option<SignInError>,
    #[cfg(feature = "sign-in")]
    one_time: one_time::OneTime,
}

impl SessionKeeper {
    /// Keeps a session that does not exist yet; nothing is sent before it is needed.
    pub fn new(client: Client, credentials: Arc<dyn Credentials>, clock: Arc<dyn Clock>) -> Self {
        let (state, freshness) = (Mutex::default(), Freshness::default());
        Self { client, credentials, clock, state, freshness }
    }

    /// The tenant's clock.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Gives the headers that a request of this method carries, and which session they are from. Signs in if there is none yet.
    ///
    /// # Errors
    /// [`SignInError`] if there is no session to be had.
    pub async fn headers(
        &self,
        method: Method,
    ) -> Result<(u64, Vec<(&'static str, String)>), SignInError> {
        let mut state = self.state.lock().await;
        let session = self.current(&mut state).await?;
        Ok((state.generation, cookies::session_headers(&session, method)))
    }

    /// Gives the session. Signs in if there is none yet.
    ///
    /// # Errors
    /// [`SignInError`] if there is no session to be had.
    #[cfg(feature = "account")]
    pub async fn session(&self) -> Result<Session, SignInError> {
        self.current(&mut *self.state.lock().await).await
    }

    /// Replaces the session that Knosc did not take any more; says whether the request is worth making again.
    ///
    /// However many callers come with the same generation, Knosc is asked once: one refresh, and where that fails one
    /// sign-in, if the credentials are a user name and a password.
    pub async fn renew(&self, generation: u64) -> bool {
        let mut state = self.state.lock().await;
        if state.generation > generation {
            return state.session.is_some();
        }
        if let Some(session) = self.refreshed(&state).await {
            self.credentials.keep(&session).await;
            state.adopt(session);
            self.freshness.note(state.generation, self.clock.now_ms());
            return true;
        }
        let made = self.made(&mut state).await;
        if let Err(error) = &made {
            tracing::warn!(%error, "the session could not be renewed");
        }
        made.is_ok()
    }

    /// Forgets the session, after a logout. The next request signs in again; a session that was given once is not taken again.
    #[cfg(feature = "account")]
    pub async fn forget(&self) {
        let mut state = self.state.lock().await;
        state.session = None;
        state.generation += 1;
    }

    async fn current(&self, state: &mut State) -> Result<Session, SignInError> {
        if let Some(session) = &state.session {
            return Ok(session.clone());
        }
        self.made(state).await
    }

    /// Asks for a new access token; `None` where there is no refresh pair, or Knosc does not take it any more.
    async fn refreshed(&self, state: &State) -> Option<Session> {
        let before = state.session.as_ref()?;
        let request = token_refresh::request(before.refresh.as_ref()?);
        let answer = self.ask(&request).await.ok()?;
        token_refresh::read(&answer, before)
            .inspect_err(|fault| {
                tracing::info!(reason = fault.message(), "the refresh was refused");
            })
            .ok()
    }

    /// Another session than the last one, from what the credentials give now.
    async fn made(&self, state: &mut State) -> Result<Session, SignInError> {
        #[cfg(feature = "sign-in")]
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        match self.credentials.get().await? {
            // It is the one that Knosc did not take, or older.
            Secret::Session(session) if state.given.as_ref() == Some(&session) => {
                Err(SignInError::SessionExpired)
            }
            // The first one, or somebody else who uses these credentials has signed in meanwhile.
            Secret::Session(session) => {
                state.given = Some(session.clone());
                Ok(state.adopt(session))
            }
            #[cfg(feature = "sign-in")]
            Secret::SignIn { username, password, one_time } => {
                let signed_in = self.sign_in(state, &username, &password, one_time).await;
                self.remember(state, signed_in).await
            }
        }
    }

    async fn ask(&self, request: &Request) -> Result<Answer, SignInError> {
        Ok(self.client.exchange(request, Vec::new(), ANSWER_BYTES_MAX).await?)
    }
}

impl State {
    fn adopt(&mut self, session: Session) -> Session {
        self.session = Some(session.clone());
        self.generation += 1;
        session
    }
}

impl fmt::Debug for SessionKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKeeper").field("client", &self.client).finish_non_exhaustive()
    }
}
