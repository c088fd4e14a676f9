//! Secrets from where the user keeps them: a cookie file, the session of an earlier `login`, or user name and password.
//!
//! Prints no secret, and gives a refused sign-in to Knosc only once, whichever process tries it: three refusals lock the account.

mod refusals;
mod sources;
mod tenants;
mod turn;

pub use sources::VARIABLES;
pub use tenants::{TenantCredentials, TenantSignIns};

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::protocol::cookies;
use knosc_bulk_import::session::Session;
use knosc_runner::BoxFuture;
use knosc_runner::credentials::{Credentials, CredentialsError, Secret};
use knosc_runner::session::{OneTimeError, SignInError};

use crate::args::AuthArgs;
use crate::problem::Problem;
use crate::state::State;
use sources::{SignIn, Sources};
use turn::Turn;

/// The secrets of one tenant.
pub struct CliCredentials {
    origin: Origin,
    state: Option<State>,
    need: Need,
    /// Given once: whoever asks again found it expired.
    session: Mutex<Option<Session>>,
    /// The last one that this process had, to tell another process's from it.
    known: Mutex<Option<Session>>,
    sources: Sources,
    sign_in: Mutex<Option<SignIn>>,
    /// Held from giving a password until Knosc judged it.
    turn: Mutex<Option<Turn>>,
    /// Nothing is kept of a session that the user brought in a file of their own.
    keeps: bool,
}

/// What a verb needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A session if there is one, else a sign-in.
    Any,
    /// A new sign-in: `login`.
    SignIn,
}

impl CliCredentials {
    /// Finds the secrets.
    ///
    /// # Errors
    /// [`Problem::NoCredentials`] if there are none, [`Problem::RefusedBefore`] if Knosc refused them before.
    pub fn find(
        origin: &Origin,
        state: Option<State>,
        args: &AuthArgs,
        need: Need,
    ) -> Result<Self, Problem> {
        let cookies = args.cookies.as_ref().filter(|_| need == Need::Any);
        let session = match (cookies, need) {
            (Some(path), _) => Some(from_cookies(path, origin)?),
            (None, Need::Any) => state.as_ref().and_then(|state| state.session(origin)),
            (None, Need::SignIn) => None,
        };
        let has_session = session.is_some();
        let terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        let sources = Sources {
            args: args.clone(),
            may_ask: need == Need::SignIn && terminal,
            none: cookies.is_some(),
        };
        let found = Self {
            origin: origin.clone(),
            state,
            need,
            known: Mutex::new(session.clone()),
            session: Mutex::new(session),
            sources,
            sign_in: Mutex::new(None),
            turn: Mutex::new(None),
            keeps: cookies.is_none(),
        };
        // With a session at hand the password may never be needed.
        if !has_session {
            let Some(sign_in) = found.sign_in()? else {
                return Err(Problem::NoCredentials { origin: origin.to_string() });
            };
            if let Some(message) = found.refused_before(&sign_in) {
                return Err(Problem::RefusedBefore { message });
            }
        }
        Ok(found)
    }

    /// The user name and password, looked up once.
    fn sign_in(&self) -> Result<Option<SignIn>, Problem> {
        let mut known = lock(&self.sign_in);
        if known.is_none() {
            *known = self.sources.read()?;
        }
        Ok(known.clone())
    }

    fn refused_before(&self, sign_in: &SignIn) -> Option<String> {
        refusals::find(self.state.as_ref()?, &self.origin, sign_in)
    }

    /// A session that another process made since this one looked.
    fn session_of_others(&self) -> Option<Session> {
        if self.need == Need::SignIn || !self.keeps {
            return None;
        }
        let session = self.state.as_ref()?.session(&self.origin)?;
        let mut known = lock(&self.known);
        if known.as_ref() == Some(&session) {
            return None;
        }
        *known = Some(session.clone());
        Some(session)
    }

    async fn secret(&self) -> Result<Secret, CredentialsError> {
        let session = lock(&self.session).take();
        if let Some(session) = session {
            return Ok(Secret::Session(session));
        }
        let sign_in =
            self.sign_in().map_err(|problem| CredentialsError::Unavailable(problem.to_string()))?;
        let ended = || {
            CredentialsError::Missing("the session has ended; run knosc-runner login".to_owned())
        };
        let sign_in = sign_in.ok_or_else(ended)?;
        let turn = match &self.state {
            Some(state) => turn::take(state, &self.origin).await?,
            None => None,
        };
        // Looked up only now: whoever had the turn before may have changed both.
        if let Some(session) = self.session_of_others() {
            return Ok(Secret::Session(session));
        }
        if let Some(message) = self.refused_before(&sign_in) {
            return Err(CredentialsError::Refused(message));
        }
        *lock(&self.turn) = turn;
        let SignIn { username, password, one_time } = sign_in;
        Ok(Secret::SignIn { username, password, one_time })
    }

    fn keep_session(&self, session: &Session) {
        *lock(&self.known) = Some(session.clone());
        if let Some(state) = self.state.as_ref().filter(|_| self.keeps) {
            if let Some(sign_in) = lock(&self.sign_in).as_ref() {
                refusals::forget_user(state, &self.origin, sign_in);
            }
            if let Err(error) = state.keep_session(&self.origin, session) {
                tracing::warn!("the session could not be kept: {error}");
            }
        }
        *lock(&self.turn) = None;
    }

    fn remember_failure(&self, error: &SignInError) {
        let message = final_message(error);
        if let (Some(message), Some(state), Some(sign_in)) =
            (message, &self.state, lock(&self.sign_in).as_ref())
        {
            refusals::add(state, &self.origin, sign_in, message);
        }
        *lock(&self.turn) = None;
    }
}

impl Credentials for CliCredentials {
    fn get(&self) -> BoxFuture<'_, Result<Secret, CredentialsError>> {
        Box::pin(self.secret())
    }

    fn keep(&self, session: &Session) -> BoxFuture<'_, ()> {
        self.keep_session(session);
        Box::pin(std::future::ready(()))
    }

    fn failed(&self, error: &SignInError) -> BoxFuture<'_, ()> {
        self.remember_failure(error);
        Box::pin(std::future::ready(()))
    }
}

/// What Knosc said of a sign-in that ends no better until the user or the secret changes.
fn final_message(error: &SignInError) -> Option<String> {
    match error {
        // A redirect or a proxy's page is no judgement on a password.
        SignInError::Refused(Fault::PermanentUnauthorized(refusal)) => {
            Some(refusal.message.clone())
        }
        // Each costs Knosc a sign-in.
        SignInError::FirstSignInRequired | SignInError::OneTime(OneTimeError::Missing) => {
            Some(error.to_string())
        }
        _ => None,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn from_cookies(path: &std::path::Path, origin: &Origin) -> Result<Session, Problem> {
    let io = |message: String| Problem::Io { what: path.display().to_string(), message };
    let text = std::fs::read_to_string(path).map_err(|error| io(error.to_string()))?;
    cookies::from_cookies_txt(&text, origin.host())
        .ok_or_else(|| io(format!("there is no session for {} in it", origin.host())))
}
