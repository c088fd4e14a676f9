//! How tenants of the operator's file sign in from here: one process after another, and never again with what Knosc refused.
//!
//! The secrets come from where that file says; of what was refused a salted hash is kept.

use std::sync::{Arc, Mutex};

use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::session::Session;
use knosc_runner::BoxFuture;
use knosc_runner::credentials::{Credentials, CredentialsError, Secret};
use knosc_runner::platform::SignIns;
use knosc_runner::platform::tenants::{SecretSource, TenantSpec, UnreadableSecret};
use knosc_runner::session::SignInError;

use super::sources::SignIn;
use super::turn::{self, Turn};
use super::{final_message, lock, refusals};
use crate::state::State;

/// A tenant's own, where the operator's file says that they are.
pub struct TenantCredentials(pub TenantSpec);

impl Credentials for TenantCredentials {
    fn get(&self) -> BoxFuture<'_, Result<Secret, CredentialsError>> {
        let missing = |error: UnreadableSecret| CredentialsError::Missing(error.to_string());
        let read = |source: &SecretSource| source.read().map_err(missing);
        let sign_in = &self.0.sign_in;
        let secret = || {
            Ok(Secret::SignIn {
                username: read(&sign_in.username)?,
                password: read(&sign_in.password)?,
                one_time: sign_in.one_time.as_ref().map(read).transpose()?,
            })
        };
        Box::pin(std::future::ready(secret()))
    }
}

/// All tenants'.
pub struct TenantSignIns(pub State);

impl SignIns for TenantSignIns {
    fn of(&self, spec: &TenantSpec, from_file: Arc<dyn Credentials>) -> Arc<dyn Credentials> {
        Arc::new(Remembering {
            from_file,
            origin: spec.origin.clone(),
            state: self.0.clone(),
            given: Mutex::default(),
            turn: Mutex::default(),
        })
    }
}

/// One tenant's.
struct Remembering {
    from_file: Arc<dyn Credentials>,
    origin: Origin,
    state: State,
    given: Mutex<Option<SignIn>>,
    /// Held from giving a password until Knosc judged it.
    turn: Mutex<Option<Turn>>,
}

impl Remembering {
    async fn secret(&self) -> Result<Secret, CredentialsError> {
        let turn = turn::take(&self.state, &self.origin).await?;
        let secret = self.from_file.get().await?;
        if let Secret::SignIn { username, password, one_time } = &secret {
            let sign_in = SignIn {
                username: username.clone(),
                password: password.clone(),
                one_time: one_time.clone(),
            };
            if let Some(message) = refusals::find(&self.state, &self.origin, &sign_in) {
                return Err(CredentialsError::Refused(message));
            }
            *lock(&self.given) = Some(sign_in);
        }
        *lock(&self.turn) = turn;
        Ok(secret)
    }
}

impl Credentials for Remembering {
    fn get(&self) -> BoxFuture<'_, Result<Secret, CredentialsError>> {
        Box::pin(self.secret())
    }

    fn keep(&self, _: &Session) -> BoxFuture<'_, ()> {
        if let Some(sign_in) = lock(&self.given).take() {
            refusals::forget_user(&self.state, &self.origin, &sign_in);
        }
        *lock(&self.turn) = None;
        Box::pin(std::future::ready(()))
    }

    fn failed(&self, error: &SignInError) -> BoxFuture<'_, ()> {
        if let (Some(message), Some(sign_in)) = (final_message(error), lock(&self.given).take()) {
            refusals::add(&self.state, &self.origin, &sign_in, message);
        }
        *lock(&self.turn) = None;
        Box::pin(std::future::ready(()))
    }
}
