//! Secrets from where the user keeps them: a cookie file, the session of an earlier `login`, or user name and password from
//! the environment, a file, standard input, a command or a prompt.
//!
//! Prints no secret, and gives a refused password to Knosc only once: three refusals lock the account.

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{BufRead as _, IsTerminal as _};
use std::sync::{Mutex, PoisonError};

use knosc_bulk_import::fault::Fault;
use knosc_bulk_import::origin::Origin;
use knosc_bulk_import::protocol::cookies;
use knosc_bulk_import::session::Session;
use knosc_runner::BoxFuture;
use knosc_runner::credentials::{Credentials, CredentialsError, Secret};
use sha2::{Digest as _, Sha256};

use crate::args::AuthArgs;
use crate::problem::Problem;
use crate::state::{State, StoredRefusal};

/// The secrets of one tenant.
pub struct CliCredentials {
    origin: Origin,
    state: Option<State>,
    /// Given once: whoever asks again found it expired.
    session: Mutex<Option<Session>>,
    sources: Sources,
    sign_in: Mutex<Option<SignIn>>,
    /// Nothing is kept of a session that the user brought in a file of their own.
    keeps: bool,
}

/// Where a user name and a password come from. Looked up when they are needed: a command may ask the user.
struct Sources {
    args: AuthArgs,
    may_ask: bool,
    none: bool,
}

/// A user name and a password.
#[derive(Clone)]
struct SignIn {
    username: String,
    password: String,
    one_time: Option<String>,
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
            session: Mutex::new(session),
            sources,
            sign_in: Mutex::new(None),
            keeps: cookies.is_none(),
        };
        // With a session at hand the password may never be needed.
        if !has_session {
            if found.sign_in()?.is_none() {
                return Err(Problem::NoCredentials { origin: origin.to_string() });
            }
            if let Some(message) = found.refused_before() {
                return Err(Problem::RefusedBefore { message });
            }
        }
        Ok(found)
    }

    /// The user name and password, looked up once.
    fn sign_in(&self) -> Result<Option<SignIn>, Problem> {
        let mut known = self.sign_in.lock().unwrap_or_else(PoisonError::into_inner);
        if known.is_none() {
            *known = self.sources.read()?;
        }
        Ok(known.clone())
    }

    /// What Knosc said when it refused just this user name and password.
    fn refused_before(&self) -> Option<String> {
        let refusal = self.state.as_ref()?.refusal(&self.origin)?;
        let digest = self.sign_in().ok()??.digest(&refusal.salt);
        (digest == refusal.digest).then_some(refusal.message)
    }

    fn remember_refusal(&self, fault: &Fault) {
        let (Some(state), Ok(Some(sign_in))) = (&self.state, self.sign_in()) else { return };
        let salt = salt();
        let refusal = StoredRefusal {
            digest: sign_in.digest(&salt),
            salt,
            message: fault.message().to_owned(),
        };
        if let Err(error) = state.keep_refusal(&self.origin, &refusal) {
            tracing::warn!("the refused sign-in could not be remembered: {error}");
        }
    }

    fn secret(&self) -> Result<Secret, CredentialsError> {
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(session) = session {
            return Ok(Secret::Session(session));
        }
        let sign_in =
            self.sign_in().map_err(|problem| CredentialsError::Unavailable(problem.to_string()))?;
        let ended = || {
            CredentialsError::Missing("the session has ended; run knosc-runner login".to_owned())
        };
        let sign_in = sign_in.ok_or_else(ended)?;
        if let Some(message) = self.refused_before() {
            return Err(CredentialsError::Missing(format!("they were refused before: {message}")));
        }
        let SignIn { username, password, one_time } = sign_in;
        Ok(Secret::SignIn { username, password, one_time })
    }
}

impl Credentials for CliCredentials {
    fn get(&self) -> BoxFuture<'_, Result<Secret, CredentialsError>> {
        Box::pin(std::future::ready(self.secret()))
    }

    fn keep(&self, session: &Session) -> BoxFuture<'_, ()> {
        if let Some(state) = self.state.as_ref().filter(|_| self.keeps) {
            state.forget_refusal(&self.origin);
            if let Err(error) = state.keep_session(&self.origin, session) {
                tracing::warn!("the session could not be kept: {error}");
            }
        }
        Box::pin(std::future::ready(()))
    }

    fn refused(&self, fault: &Fault) -> BoxFuture<'_, ()> {
        self.remember_refusal(fault);
        Box::pin(std::future::ready(()))
    }
}

impl SignIn {
    /// Of all that Knosc judged: whoever changes one of them may try again.
    fn digest(&self, salt: &str) -> String {
        let mut hash = Sha256::new();
        for part in
            [salt, &self.username, &self.password, self.one_time.as_deref().unwrap_or_default()]
        {
            hash.update(part.len().to_le_bytes());
            hash.update(part.as_bytes());
        }
        hash.finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// From the randomly keyed hasher of the standard library: a salt has to differ, not to be secret.
fn salt() -> String {
    let draw = || std::hash::RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", draw(), draw())
}

fn from_cookies(path: &std::path::Path, origin: &Origin) -> Result<Session, Problem> {
    let io = |message: String| Problem::Io { what: path.display().to_string(), message };
    let text = std::fs::read_to_string(path).map_err(|error| io(error.to_string()))?;
    cookies::from_cookies_txt(&text, origin.host())
        .ok_or_else(|| io(format!("there is no session for {} in it", origin.host())))
}

impl Sources {
    fn read(&self) -> Result<Option<SignIn>, Problem> {
        if self.none {
            return Ok(None);
        }
        let username = match variable("KNOSC_USERNAME") {
            Some(username) => username,
            None if self.may_ask => ask_name()?,
            None => return Ok(None),
        };
        let password = match password(&self.args)? {
            Some(password) => password,
            None if self.may_ask => ask_secret("Password: ")?,
            None => return Ok(None),
        };
        let mut one_time = variable("KNOSC_TOTP_SECRET");
        if one_time.is_none() && self.may_ask {
            one_time = Some(ask_secret("One-time code, if your user has one (else Enter): ")?);
        }
        Ok(Some(SignIn { username, password, one_time: one_time.filter(|text| !text.is_empty()) }))
    }
}

fn password(args: &AuthArgs) -> Result<Option<String>, Problem> {
    let io = |what: &str, error: std::io::Error| Problem::Io {
        what: what.to_owned(),
        message: error.to_string(),
    };
    if let Some(path) = &args.password_file {
        let text = std::fs::read_to_string(path)
            .map_err(|error| io(&path.display().to_string(), error))?;
        return Ok(first_line(&text));
    }
    if args.password_stdin {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| io("standard input", error))?;
        return Ok(first_line(&line));
    }
    if let Some(command) = &args.password_command {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut process = std::process::Command::new(shell);
        let output = process.arg(flag).arg(command).stderr(std::process::Stdio::inherit()).output();
        let output = output.map_err(|error| io("--password-command", error))?;
        if !output.status.success() {
            let message = format!("it ended with {}", output.status);
            return Err(Problem::Io { what: "--password-command".to_owned(), message });
        }
        return Ok(first_line(&String::from_utf8_lossy(&output.stdout)));
    }
    Ok(variable("KNOSC_PASSWORD"))
}

fn first_line(text: &str) -> Option<String> {
    text.lines().next().filter(|line| !line.is_empty()).map(str::to_owned)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn ask_name() -> Result<String, Problem> {
    use std::io::Write as _;
    let failed = |error: std::io::Error| Problem::Internal(error.to_string());
    anstream::stderr().write_all(b"User name: ").map_err(failed)?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(failed)?;
    Ok(line.trim().to_owned())
}

fn ask_secret(prompt: &str) -> Result<String, Problem> {
    rpassword::prompt_password(prompt).map_err(|error| Problem::Internal(error.to_string()))
}
