//! The export `sessions`: signing in, once and without a second try.

use super::access::{from_wit, to_wit as session_to_wit};
use super::{access, origin};
use crate::fault::{Fault, Refusal};
use crate::guest::bindings::Component;
use crate::guest::bindings::exports::knosc::bulk_import::sessions;
use crate::guest::bindings::types as wit;
use crate::guest::convert::to_wit;
use crate::guest::grants::ENVIRONMENT;
use crate::protocol::authenticate::SignIn;
use crate::session::Session;

impl sessions::Guest for Component {
    fn login(
        base_url: String,
        credentials: Option<sessions::Credentials>,
    ) -> Result<sessions::SignIn, wit::Fault> {
        login(&base_url, credentials).map(sign_in).map_err(to_wit::fault)
    }

    fn verify(
        base_url: String,
        username: String,
        code: String,
        first_step: Option<String>,
    ) -> Result<wit::Session, wit::Fault> {
        origin(&base_url)
            .and_then(|origin| access::verify(&origin, &username, &code, first_step.as_deref()))
            .map(session_to_wit)
            .map_err(to_wit::fault)
    }

    fn refresh(base_url: String, session: wit::Session) -> Result<wit::Session, wit::Fault> {
        refresh(&base_url, session).map(session_to_wit).map_err(to_wit::fault)
    }
}

fn login(base_url: &str, credentials: Option<sessions::Credentials>) -> Result<SignIn, Fault> {
    let origin = origin(base_url)?;
    let (username, password) = match credentials {
        Some(credentials) => (credentials.username, credentials.password),
        None => access::credentials_of_environment().ok_or_else(|| {
            Fault::PermanentInvalid(format!(
                "no credentials were given, and KNOSC_USERNAME and KNOSC_PASSWORD are not both set for the component{ENVIRONMENT}"
            ))
        })?,
    };
    access::authenticate(&origin, &username, &password)
}

fn refresh(base_url: &str, session: wit::Session) -> Result<Session, Fault> {
    let (origin, session) = (origin(base_url)?, from_wit(session)?);
    access::refresh(&origin, &session)?.ok_or_else(|| {
        Fault::PermanentUnauthorized(Refusal::unanswered(
            "the session has no refresh pair; sign in again",
        ))
    })
}

fn sign_in(sign_in: SignIn) -> sessions::SignIn {
    match sign_in {
        SignIn::SignedIn(session) => sessions::SignIn::SignedIn(session_to_wit(session)),
        SignIn::OneTimeCodeRequired(first_step) => {
            sessions::SignIn::OneTimeCodeRequired(first_step)
        }
        SignIn::FirstSignInRequired => sessions::SignIn::FirstSignInRequired,
    }
}
