//! One tenant's session: made once, renewed once for all who found it expired, and never by a loop.
//!
//! Holds the only copy of the tokens in the process. A refused sign-in is remembered and not repeated: three in a row lock the account.

mod one_time;
mod sign_in_error;

use std::fmt;
use std::sync::Arc;

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::protocol::authenticate::{self, SignIn};
use knosc_bulk_import::protocol::{
    ANSWER_BYTES_MAX, Answer, Method, Request, cookies, token_refresh, verify_2fa,
};
use knosc_bulk_import::session::Session;
use tokio::sync::Mutex;

pub use sign_in_error::SignInError;

use crate::clock::Clock;
use crate::credentials::{Credentials, Secret};
use crate::net::Client;
use one_time::OneTime;

/// Keeps one tenant's session. Share it in an [`Arc`]: two keepers of one user would sign in twice.
pub struct SessionKeeper {
    client: Client,
    credentials: Arc<dyn Credentials>,
    clock: Arc<dyn Clock>,
    /// Locked while a session is made, so that everybody else waits for that one instead of making another.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    session: Option<Session>,
    /// What the credentials gave last, to tell a newer one from it.
    given: Option<Session>,
    /// Counts the sessions; whoever found one expired says which.
    generation: u64,
    /// Why no further sign-in is tried.
    refused: Option<SignInError>,
    one_time: OneTime,
}

impl SessionKeeper {
    /// Keeps a session that does not exist yet; nothing is sent before it is needed.
    pub fn new(client: Client, credentials: Arc<dyn Credentials>, clock: Arc<dyn Clock>) -> Self {
        Self { client, credentials, clock, state: Mutex::default() }
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
            self.adopt(&mut state, session, true).await;
            return true;
        }
        let signed_in = self.signed_in_again(&mut state).await;
        if let Err(error) = &signed_in {
            tracing::warn!(%error, "the session could not be renewed");
        }
        signed_in.is_ok()
    }

    /// Forgets the session, after a logout. The next request signs in again.
    pub async fn forget(&self) {
        let mut state = self.state.lock().await;
        state.session = None;
        state.generation += 1;
    }

    async fn current(&self, state: &mut State) -> Result<Session, SignInError> {
        if let Some(session) = &state.session {
            return Ok(session.clone());
        }
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        match self.credentials.get().await? {
            Secret::Session(session) => Ok(self.take_given(state, session).await),
            secret @ Secret::SignIn { .. } => self.sign_in(state, secret).await,
        }
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

    async fn signed_in_again(&self, state: &mut State) -> Result<Session, SignInError> {
        if let Some(refused) = &state.refused {
            return Err(refused.clone());
        }
        match self.credentials.get().await? {
            // It is the one that Knosc did not take, or older.
            Secret::Session(session) if state.given.as_ref() == Some(&session) => {
                Err(SignInError::SessionExpired)
            }
            // Somebody else who uses these credentials has signed in meanwhile.
            Secret::Session(session) => Ok(self.take_given(state, session).await),
            secret @ Secret::SignIn { .. } => self.sign_in(state, secret).await,
        }
    }

    async fn take_given(&self, state: &mut State, session: Session) -> Session {
        state.given = Some(session.clone());
        self.adopt(state, session.clone(), false).await;
        session
    }

    /// Signs in once, and remembers a refusal.
    async fn sign_in(&self, state: &mut State, secret: Secret) -> Result<Session, SignInError> {
        match self.try_sign_in(state, secret).await {
            Ok(session) => {
                self.adopt(state, session.clone(), true).await;
                Ok(session)
            }
            Err(error) => {
                self.credentials.failed(&error).await;
                if error.is_final() {
                    state.refused = Some(error.clone());
                }
                Err(error)
            }
        }
    }

    async fn try_sign_in(&self, state: &mut State, secret: Secret) -> Result<Session, SignInError> {
        let Secret::SignIn { username, password, one_time } = secret else {
            return Err(SignInError::SessionExpired);
        };
        // A code that cannot be made would waste the password step.
        if let Some(secret) = &one_time {
            state.one_time.check(secret)?;
        }
        let answer = self.ask(&authenticate::request(&username, &password)).await?;
        let first_step = match authenticate::read(&answer).map_err(SignInError::from_fault)? {
            SignIn::SignedIn(session) => return Ok(session),
            SignIn::FirstSignInRequired => return Err(SignInError::FirstSignInRequired),
            SignIn::OneTimeCodeRequired(first_step) => first_step,
        };
        let secret = one_time.ok_or(SignInError::OneTimeSecretMissing)?;
        let code = state.one_time.next(&secret, &*self.clock).await?;
        let answer =
            self.ask(&verify_2fa::request(&username, &code, first_step.as_deref())).await?;
        verify_2fa::read(&answer).map_err(SignInError::from_fault)
    }

    async fn ask(&self, request: &Request) -> Result<Answer, SignInError> {
        Ok(self.client.exchange(request, Vec::new(), ANSWER_BYTES_MAX).await?)
    }

    async fn adopt(&self, state: &mut State, session: Session, is_new: bool) {
        if is_new {
            self.credentials.keep(&session).await;
        }
        state.session = Some(session);
        state.generation += 1;
    }
}

impl fmt::Debug for SessionKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKeeper").field("client", &self.client).finish_non_exhaustive()
    }
}

impl SignInError {
    fn from_fault(fault: Fault) -> Self {
        match fault {
            Fault::Transient(_) => Self::Unavailable(fault),
            fault => Self::Refused(fault),
        }
    }
}
