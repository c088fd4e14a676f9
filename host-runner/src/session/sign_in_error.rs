//! Why there is no session, and whether asking again makes sense.
//!
//! Holds Knosc's words and no secret.

use knosc_bulk_import::fault::{Advice, Fault};

use crate::credentials::CredentialsError;
use crate::net::NetError;

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignInError {
    /// Knosc refused the user name, the password or the code. Final: it is not tried again.
    #[error("Knosc refused the sign-in: {}", .0.message())]
    Refused(Fault),
    /// Knosc was not well enough to sign anybody in.
    #[error("Knosc could not sign in now: {}", .0.message())]
    Unavailable(Fault),
    /// No answer came.
    #[error("no sign-in: {0}")]
    Net(#[from] NetError),
    /// The credentials gave nothing.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// The session is over, and there is no password to make another.
    #[error("the session has expired and cannot be renewed")]
    SessionExpired,
    /// Nobody has signed in as this user yet.
    #[error("this user has never signed in and must set a password first")]
    FirstSignInRequired,
    /// The user has a second factor, and there is no code for it.
    #[cfg(feature = "sign-in")]
    #[error(transparent)]
    OneTime(#[from] super::OneTimeError),
}

impl SignInError {
    /// What the caller may do next.
    pub const fn advice(&self) -> Advice {
        match self {
            Self::Unavailable(_) | Self::Credentials(CredentialsError::Unavailable(_)) => {
                Advice::CallAgain
            }
            Self::Net(error) => error.advice(),
            // Every other case needs other credentials.
            _ => Advice::SignIn,
        }
    }

    /// Whether another try with the same credentials cannot end better.
    pub const fn is_final(&self) -> bool {
        matches!(self.advice(), Advice::SignIn)
    }
}
