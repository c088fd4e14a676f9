//! A user name and a password become a session, with a second factor where Knosc asks for one.
//!
//! A refusal is remembered and not repeated: three in a row lock the account.

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::protocol::authenticate::{self, SignIn};
use knosc_bulk_import::protocol::verify_2fa;
use knosc_bulk_import::session::Session;

use super::{OneTimeError, SessionKeeper, SignInError, State};

impl SessionKeeper {
    /// Keeps what a sign-in came to, a refusal too.
    pub(super) async fn remember(
        &self,
        state: &mut State,
        signed_in: Result<Session, SignInError>,
    ) -> Result<Session, SignInError> {
        match signed_in {
            Ok(session) => {
                self.credentials.keep(&session).await;
                let session = state.adopt(session);
                self.freshness.note(state.generation, self.clock.now_ms());
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

    pub(super) async fn sign_in(
        &self,
        state: &mut State,
        username: &str,
        password: &str,
        one_time: Option<String>,
    ) -> Result<Session, SignInError> {
        // A code that cannot be made would waste the password step.
        if let Some(secret) = &one_time {
            state.one_time.check(secret)?;
        }
        let answer = self.ask(&authenticate::request(username, password)).await?;
        match authenticate::read(&answer).map_err(SignInError::from_fault)? {
            SignIn::SignedIn(session) => Ok(session),
            SignIn::FirstSignInRequired => Err(SignInError::FirstSignInRequired),
            SignIn::OneTimeCodeRequired(first_step) => {
                let secret = one_time.ok_or(OneTimeError::Missing)?;
                let code = state.one_time.next(&secret, &*self.clock).await?;
                let request = verify_2fa::request(username, &code, first_step.as_deref());
                verify_2fa::read(&self.ask(&request).await?).map_err(SignInError::from_fault)
            }
        }
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
