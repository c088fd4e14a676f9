//! Sessions: where a call's session comes from, and how it is renewed.
//!
//! Keeps no secret longer than the call, and puts none into a fault.

use wasi::cli::environment;

use crate::fault::{Fault, Refusal};
use crate::guest::access::Access;
use crate::guest::bindings::exports::knosc::bulk_import::importer::Auth;
use crate::guest::bindings::types as wit;
use crate::guest::clock::Deadline;
use crate::guest::grants::ENVIRONMENT;
use crate::guest::http::{self, Headers};
use crate::origin::Origin;
use crate::protocol::authenticate::{self as first_step, SignIn};
use crate::protocol::{
    ANSWER_BYTES_MAX, Answer, Method, Request, cookies, token_refresh, verify_2fa,
};
use crate::session::{RefreshPair, Session};

/// Names of the environment variables that `auth::environment` reads.
const ACCESS_TOKEN: &str = "KNOSC_ACCESS_TOKEN";
const CSRF_TOKEN: &str = "KNOSC_CSRF_TOKEN";
const USERNAME: &str = "KNOSC_USERNAME";
const PASSWORD: &str = "KNOSC_PASSWORD";

/// How long an answer proves a session: an upload that begins later is preceded by a question. Short against the life of any
/// token, long against the polls between two files.
const PROVEN_FOR_MS: u64 = 60_000;

/// A call's session, or none where the host adds it.
pub(super) struct SessionAccess {
    session: Option<Session>,
    /// Until when it counts as one that Knosc takes; none for one that was passed in, whose age is not known.
    proven: Option<Deadline>,
    /// What signs in once more where there is nothing to refresh with; forgotten when it was refused.
    sign_in: Option<(String, String)>,
}

impl SessionAccess {
    /// What `auth` gives; signs in where it names a user.
    pub(super) fn of(auth: Auth, origin: &Origin) -> Result<Self, Fault> {
        match auth {
            Auth::HostManaged => Ok(Self { session: None, proven: None, sign_in: None }),
            Auth::Session(session) => {
                Ok(Self { session: Some(from_wit(session)?), proven: None, sign_in: None })
            }
            Auth::Environment => Self::of_environment(origin),
        }
    }

    fn of_environment(origin: &Origin) -> Result<Self, Fault> {
        if let (Some(access_token), Some(csrf_token)) =
            (variable(ACCESS_TOKEN), variable(CSRF_TOKEN))
        {
            let session = sound(Session { access_token, csrf_token, refresh: None })?;
            let sign_in = credentials_of_environment();
            return Ok(Self { session: Some(session), proven: None, sign_in });
        }
        let Some((username, password)) = credentials_of_environment() else {
            return Err(Fault::PermanentInvalid(format!(
                "auth is environment, but neither {USERNAME} and {PASSWORD} nor {ACCESS_TOKEN} and {CSRF_TOKEN} are set for the component{ENVIRONMENT}"
            )));
        };
        let session = signed_in(authenticate(origin, &username, &password)?)?;
        let sign_in = Some((username, password));
        let mut access = Self { session: Some(session), proven: None, sign_in };
        access.prove();
        Ok(access)
    }
}

impl Access for SessionAccess {
    fn headers(&self, method: Method) -> Headers {
        self.session
            .as_ref()
            .map_or_else(Headers::new, |session| cookies::session_headers(session, method))
    }

    fn renew(&mut self, origin: &Origin) -> bool {
        let Some(session) = &self.session else { return false };
        let renewed = match refresh(origin, session) {
            Ok(None) => self.sign_in.take().and_then(|(username, password)| {
                let session = signed_in(authenticate(origin, &username, &password).ok()?).ok()?;
                self.sign_in = Some((username, password));
                Some(session)
            }),
            Ok(renewed) => renewed,
            Err(_) => None,
        };
        let is_renewed = renewed.is_some();
        self.session = renewed.or_else(|| self.session.take());
        if is_renewed {
            self.prove();
        }
        is_renewed
    }

    /// A host that adds the session also knows how old it is.
    fn is_proven(&self) -> bool {
        self.session.is_none() || self.proven.is_some_and(|until| until.left_ms() > 0)
    }

    fn prove(&mut self) {
        self.proven = Some(Deadline::after_ms(PROVEN_FOR_MS));
    }
}

/// `POST /api/authenticate`, once.
pub(super) fn authenticate(
    origin: &Origin,
    username: &str,
    password: &str,
) -> Result<SignIn, Fault> {
    first_step::read(&ask(origin, &first_step::request(username, password))?)
}

/// `POST /api/verify-2fa`, once.
pub(super) fn verify(
    origin: &Origin,
    username: &str,
    code: &str,
    first_step: Option<&str>,
) -> Result<Session, Fault> {
    verify_2fa::read(&ask(origin, &verify_2fa::request(username, code, first_step))?)
}

/// `POST /api/token-refresh`, once; none for a session that has nothing to refresh with.
pub(super) fn refresh(origin: &Origin, session: &Session) -> Result<Option<Session>, Fault> {
    let Some(pair) = &session.refresh else { return Ok(None) };
    token_refresh::read(&ask(origin, &token_refresh::request(pair))?, session).map(Some)
}

/// User name and password, where both are set.
pub(super) fn credentials_of_environment() -> Option<(String, String)> {
    Some((variable(USERNAME)?, variable(PASSWORD)?))
}

/// A session as a caller gave it.
pub(super) fn from_wit(session: wit::Session) -> Result<Session, Fault> {
    let refresh = session.refresh;
    sound(Session {
        access_token: session.access_token,
        csrf_token: session.csrf_token,
        refresh: refresh.map(|pair| RefreshPair { token: pair.token, csrf_token: pair.csrf_token }),
    })
}

/// A session as a caller gets it.
pub(super) fn to_wit(session: Session) -> wit::Session {
    let refresh = session.refresh;
    wit::Session {
        access_token: session.access_token,
        csrf_token: session.csrf_token,
        refresh: refresh
            .map(|pair| wit::RefreshPair { token: pair.token, csrf_token: pair.csrf_token }),
    }
}

fn sound(session: Session) -> Result<Session, Fault> {
    if cookies::is_sound(&session) {
        return Ok(session);
    }
    Err(Fault::PermanentInvalid(
        "a value of the session cannot stand in a header: empty, too long, or with a character that no cookie has"
            .to_owned(),
    ))
}

fn signed_in(sign_in: SignIn) -> Result<Session, Fault> {
    let missing = match sign_in {
        SignIn::SignedIn(session) => return Ok(session),
        SignIn::OneTimeCodeRequired(_) => {
            "this user signs in with a one-time code: call sessions.login and sessions.verify, and pass the session"
        }
        SignIn::FirstSignInRequired => "this user has to sign in to Knosc in a browser first",
    };
    Err(Fault::PermanentUnauthorized(Refusal::unanswered(missing)))
}

fn ask(origin: &Origin, request: &Request) -> Result<Answer, Fault> {
    Ok(http::ask(origin, request, Headers::new())?.read(ANSWER_BYTES_MAX))
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    environment::get_environment()
        .into_iter()
        .find(|(known, value)| known == name && !value.is_empty())
        .map(|(_, value)| value)
}
