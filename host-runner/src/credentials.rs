//! Where a tenant's secrets come from: the one trait that an embedder fills in.
//!
//! Secrets pass through here and are never printed: `Debug` redacts.

use std::fmt;

use knosc_bulk_import::session::Session;

use crate::BoxFuture;
use crate::session::SignInError;

/// What opens a tenant.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// A session that somebody signed in; renewed as long as it has a refresh pair.
    Session(Session),
    /// A user name and a password.
    #[cfg(feature = "sign-in")]
    SignIn {
        /// The user name or e-mail address.
        username: String,
        /// The password.
        password: String,
        /// The base32 secret of an authenticator, or one code of six digits, for users with a second factor.
        one_time: Option<String>,
    },
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Session(_) => "Secret::Session(…)",
            #[cfg(feature = "sign-in")]
            Self::SignIn { .. } => "Secret::SignIn(…)",
        })
    }
}

/// Why there is no secret. The words are the embedder's and must not hold one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// Nothing is stored for this tenant.
    #[error("no credentials for this tenant: {0}")]
    Missing(String),
    /// What is stored was refused before, in these words, and is not given again: three refusals lock the account.
    #[error("these credentials were refused before ({0}); they were not tried again")]
    Refused(String),
    /// The store did not answer; it may later.
    #[error("the credentials cannot be read now: {0}")]
    Unavailable(String),
}

/// Gives a tenant's secret, and is told what became of it.
///
/// The host asks when it has no session, and never more often than it signs in.
pub trait Credentials: Send + Sync {
    /// Gives the secret.
    fn get(&self) -> BoxFuture<'_, Result<Secret, CredentialsError>>;

    /// Takes a new session, to be used by the next process instead of another sign-in.
    fn keep(&self, session: &Session) -> BoxFuture<'_, ()> {
        let _ = session;
        Box::pin(std::future::ready(()))
    }

    /// Hears that a sign-in with the secret came to nothing. Where the error [is final](SignInError::is_final), do not give the
    /// secret again: three refusals in a row lock the account. Not heard of a sign-in that its caller dropped.
    fn failed(&self, error: &SignInError) -> BoxFuture<'_, ()> {
        let _ = error;
        Box::pin(std::future::ready(()))
    }
}

impl fmt::Debug for dyn Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// One secret for the whole life of the process.
#[derive(Clone, Debug)]
pub struct StaticCredentials(Secret);

impl StaticCredentials {
    /// Holds a secret.
    pub const fn new(secret: Secret) -> Self {
        Self(secret)
    }
}

impl Credentials for StaticCredentials {
    fn get(&self) -> BoxFuture<'_, Result<Secret, CredentialsError>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

#[cfg(all(test, feature = "sign-in"))]
mod tests {
    use super::*;

    #[test]
    fn debug_output_holds_no_secret() {
        let secret = Secret::SignIn {
            username: "canary-name".into(),
            password: "canary-word".into(),
            one_time: Some("canary-code".into()),
        };
        let printed = format!("{secret:?} {:?}", StaticCredentials::new(secret.clone()));
        assert!(!printed.contains("canary"), "{printed}");
    }
}
