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
    #[cfg(feature = "one-time-codes")]
    #[error(transparent)]
    OneTime(#[from] super::OneTimeError),
    /// The user has a second factor, which this host was built without.
    #[cfg(not(feature = "one-time-codes"))]
    #[error("this user has a second factor, and this host makes no one-time codes")]
    SecondFactor,
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

    /// What the caller can do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Refused(Fault::PermanentUnauthorized(_)) => {
                "check user name and password; three failures in a row lock the account, so this process does not try again"
            }
            Self::Refused(_) => {
                "check that the base URL is Knosc's, and whether a proxy answers in its place"
            }
            Self::Unavailable(_) => "sign in again later",
            Self::Net(error) => error.hint(),
            Self::Credentials(error) => error.hint(),
            Self::SessionExpired => {
                "sign in again, and store the new session with its refresh cookies"
            }
            Self::FirstSignInRequired => "sign in once with a browser and set a password",
            #[cfg(feature = "one-time-codes")]
            Self::OneTime(error) => error.hint(),
            #[cfg(not(feature = "one-time-codes"))]
            Self::SecondFactor => "build it with the feature `one-time-codes`, or give a session",
        }
    }

    /// Whether another try with the same credentials cannot end better.
    pub const fn is_final(&self) -> bool {
        matches!(self.advice(), Advice::SignIn)
    }
}
